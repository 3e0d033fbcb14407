"""A desk sits down only where it finds its work again."""

from __future__ import annotations

import pytest
from tests.desk.awaited import AwaitedDesk
from tests.desk.conftest import DOCUMENT

from socialcollab.desk import Desk
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore, Projection, SqliteStore

ORGANIZATION = Organization.loads(DOCUMENT)
WITHOUT_DUE = tuple(projection for projection in Desk.PROJECTIONS if projection.name != "due")
WITHOUT_PLANS = tuple(projection for projection in Desk.PROJECTIONS if projection.name != "plans")
OTHER_PLANS = (*WITHOUT_PLANS, Projection("plans", ("at",), ("at",)))


@pytest.mark.parametrize("kind", [Desk, AwaitedDesk])
@pytest.mark.parametrize(
    ("projections", "missing"),
    [
        ((), [projection.name for projection in Desk.PROJECTIONS]),
        (WITHOUT_DUE, ["due"]),
        (OTHER_PLANS, ["plans"]),
    ],
    ids=["none", "all but one", "one otherwise"],
)
def test_a_store_without_the_indexes_is_refused_and_told_what_to_pass(
    kind, projections, missing, tmp_path
) -> None:
    store = SqliteStore(tmp_path / "desk.db", projections=projections)
    for one in (MemoryStore(projections), store):
        with pytest.raises(
            InvalidValueError, match=r"`\w+`.*projections=Desk\.PROJECTIONS"
        ) as caught:
            kind.create(one, ORGANIZATION, owner="eva")
        assert tuple(missing) == caught.value.value
        assert not one.organizations()
    store.close()


@pytest.mark.parametrize("projections", [(), WITHOUT_DUE], ids=["none", "all but one"])
def test_a_desk_that_is_there_is_not_opened_without_them_either(projections, tmp_path) -> None:
    path = tmp_path / "desk.db"
    Desk.create(path, ORGANIZATION, owner="eva").close()
    store = SqliteStore(path, projections=projections)
    with pytest.raises(InvalidValueError, match=r"`\w+`.*projections=Desk\.PROJECTIONS"):
        Desk.open(store)
    store.close()
    with Desk.open(path) as desk:
        assert "northwind" == desk.id
        assert desk.audit().clean

"""What hangs on one person: everywhere that the document or a fact names them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from tests.organization.test_faults import GOOD

from socialcollab.errors import NotFoundError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.permissions import Absence
from socialcollab.testing.documents import documents


def places(organization: Organization, member: str) -> dict[str, bool]:
    return {one.place: one.alone for one in organization.references_to(member).references}


def test_everything_that_names_somebody_is_found_with_its_place() -> None:
    found = places(Organization.template("northwind"), "eva")
    assert found["workspaces[0].lead"]
    assert not found["teams[0].members[2]"]
    assert not found["rotations[0].members[2]"]
    assert any(place.startswith("grants[") for place in found)


def test_who_stands_alone_needs_an_heir() -> None:
    removal = Organization.template("northwind").references_to("noor")
    assert all(one.alone for one in removal.needing_successor)
    assert {"approvals", "grants"} <= {one.section for one in removal.needing_successor}
    assert "nobody else" in str(removal)
    assert "only member" in removal._repr_html_()


def test_absences_of_somebody_and_in_which_they_stand_in_are_among_it() -> None:
    absence = Absence(
        id="a1", member="ben", delegate="eva", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 9)
    )
    organization = Organization.template("northwind").with_state(RuntimeState(absences=(absence,)))
    for member in ("ben", "eva"):
        assert "absence a1" in places(organization, member)
    assert "absence a1" not in places(organization, "ana")


def test_somebody_who_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="did you mean `eva`"):
        Organization.template("northwind").references_to("evaa")


def test_nothing_hangs_on_whom_nothing_names() -> None:
    text = GOOD + '\n[[members]]\nid = "zoe"\n'
    assert "nothing hangs on zoe" == str(Organization.loads(text).references_to("zoe"))


@given(documents())
def test_whoever_is_named_anywhere_is_found(document) -> None:
    """As often as a document, written out, has the name as a value of its own."""
    try:
        organization = Organization.from_dict(document)
    except ExceptionGroup:
        return

    def count(value: object, member: str) -> int:
        if isinstance(value, dict):
            return sum(count(one, member) for key, one in value.items() if key != "id")
        if isinstance(value, list):
            return sum(count(one, member) for one in value)
        return value in (member, f"member:{member}")

    for one in organization.members:
        assert count(document, one.id) == len(organization.references_to(one.id).references)

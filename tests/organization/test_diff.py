"""Differences between two organizations."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import Member, Profile
from socialcollab.organization import Organization, changes_between
from socialcollab.permissions import Grant
from socialcollab.scheduling import SlotPlan

NORTHWIND = Organization.template("northwind")


def test_no_changes() -> None:
    """An organization does not differ from itself."""
    assert changes_between(NORTHWIND, NORTHWIND) == ()


@pytest.mark.parametrize(
    ("added", "name", "permissions", "resources"),
    [
        ({"members": [Member(id="zoe")]}, "zoe", ("manage_access",), ("*",)),
        ({"members": [Member(id="zoe", kind="client", of="tulip")]}, "zoe", ("manage_access",),
         ("tulip",)),
        ({"profiles": [Profile(id="tulip-fb", workspace="tulip", network="facebook")]}, "tulip-fb",
         ("manage_access",), ("tulip",)),
        ({"grants": [Grant(to="member:ana", role="editor", on="tulip-x")]},
         f"grants[{len(NORTHWIND.grants)}]", ("manage_access",), ("tulip",)),
        ({"slot_plans": [SlotPlan(on={"workspace": "*"}, max_per_day=9)]},
         f"slot_plans[{len(NORTHWIND.slot_plans)}]", ("manage_policies",), ("*",)),
    ],
)  # fmt: skip
def test_added_and_removed(added, name, permissions, resources) -> None:
    """An added entry requires permissions where it applies; removed again, it is reported so."""
    after = NORTHWIND.with_sections(**added)
    (change,) = changes_between(NORTHWIND, after)
    assert ("added", *added, name) == (change.kind, change.section, change.name)
    assert change.before == {}
    assert (permissions, resources) == (change.required_permissions, change.resources)
    (change,) = changes_between(after, NORTHWIND)
    assert ("removed", name, {}) == (change.kind, change.name, change.after)


def test_changed() -> None:
    """A changed entry lists the differing keys, including keys that are not in the digest."""
    ana, *others = NORTHWIND.members
    renamed = attrs.evolve(NORTHWIND, members=(attrs.evolve(ana, name="A. Prado"), *others))
    assert renamed.digest == NORTHWIND.digest
    (change,) = changes_between(NORTHWIND, renamed)
    assert "changed members ana (name)" == str(change)
    assert ("Ana Prado", "A. Prado") == (change.before["name"], change.after["name"])


def test_repeated_entry() -> None:
    """A second grant with the same values is an added entry."""
    twice = NORTHWIND.with_sections(grants=[NORTHWIND.grants[0]])
    (change,) = changes_between(NORTHWIND, twice)
    assert f"added grants[{len(NORTHWIND.grants)}]" == str(change)

"""Differences between two organizations."""

from __future__ import annotations

import attrs
import pytest

from socialcollab.directory import Member, Profile
from socialcollab.organization import Organization, changes_between, policy_changes
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
    """An added entry requires permissions on its resources; a removed entry is also reported."""
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


def test_policy_changes() -> None:
    """Changed policies are listed with the values of each step, but without permissions."""
    first, *others = NORTHWIND.approvals
    changed = attrs.evolve(
        first, steps=(attrs.evolve(first.steps[0], quorum=2, distinct=True),), late="hold"
    )
    after = attrs.evolve(
        NORTHWIND, approvals=(changed, *others), grants=NORTHWIND.grants[:-1]
    ).with_sections(slot_plans=[SlotPlan(on="tulip-x", max_per_day=9)])
    changes = policy_changes(NORTHWIND, after)
    assert ["changed approvals editorial (late, steps)", "added slot_plans[1]"] == [
        str(change) for change in changes
    ]
    assert {
        f"steps {first.steps[0].id}: quorum: default -> 2",
        f"steps {first.steps[0].id}: distinct: default -> true",
    } <= set(changes[0].details)
    assert ("on: tulip-x", "max_per_day: 9") == changes[1].details
    assert policy_changes(NORTHWIND, NORTHWIND) == ()

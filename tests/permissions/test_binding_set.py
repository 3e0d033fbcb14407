"""Replacing rules: answers follow the new rules, and most cached results are kept."""

from __future__ import annotations

import datetime as dt
import random

import attrs
import pytest
from tests.permissions.random_organizations import PERMISSIONS, random_instant, random_organization

from socialcollab.directory import Member, Profile
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access, Forbid, Grant
from socialcollab.testing.strategies import SmallOrganization

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
# With this many members, a few changed rules do not cause the table to be rebuilt.
BYSTANDERS = tuple(Member(id=f"by{number}") for number in range(80))


def changed(rng: random.Random, organization: SmallOrganization) -> SmallOrganization:
    """Remove rules, give rules to other members, or insert copies."""
    grants, forbids = list(organization.grants), list(organization.forbids)
    for lines in (grants, forbids):
        for _ in range(rng.randint(0, 2)):
            if lines and rng.random() < 0.6:
                lines.pop(rng.randrange(len(lines)))
            if lines and rng.random() < 0.6:
                number = rng.randrange(len(lines))
                lines[number] = attrs.evolve(lines[number], to="member:m1")
            if lines and rng.random() < 0.6:
                other = attrs.evolve(rng.choice(lines), to="team:t1")
                lines.insert(rng.randrange(len(lines) + 1), other)
    return attrs.evolve(
        organization,
        grants=[attrs.evolve(one, place=f"grants[{n}]") for n, one in enumerate(grants)],
        forbids=[attrs.evolve(one, place=f"forbids[{n}]") for n, one in enumerate(forbids)],
    )


@pytest.mark.integration
def test_with_rules_equals_new_access() -> None:
    """After random replacements, the answers equal those of a new `Access` with the new rules."""
    kept = 0
    for seed in range(10):
        rng = random.Random(seed)
        before = random_organization(rng)
        before = attrs.evolve(before, members=(*before.members, *BYSTANDERS))
        access, at = before.access(), random_instant(rng)
        people = [one.id for one in before.members[:6]]
        for _ in range(3):
            for member in people:
                access.allows(member, "view", "*", at=at)
                access.permission_periods(member)
            before = changed(rng, before)
            access = access.with_rules(grants=before.grants, forbids=before.forbids)
            kept += len(access.bindings.rows)
            expected = before.access()
            for member in people:
                for permission in PERMISSIONS:
                    for resource in before.resources:
                        question = member, permission, resource
                        found = access.check(*question, at=at)
                        said = f"seed {seed}: {question} {at}"
                        assert expected.check(*question, at=at).reasons == found.reasons, said
                        assert expected.allows(*question, at=at) == bool(found), said
                        assert bool(found) == access.allows(*question, at=at), said
                assert expected.permission_periods(member) == access.permission_periods(member)
    assert kept > 17


def office(grants: list[Grant], forbids: list[Forbid] | None = None) -> Access:
    return Access.of(
        members=BYSTANDERS,
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        grants=grants,
        forbids=forbids or [],
    )


def given() -> list[Grant]:
    return [Grant(to=f"member:{one.id}", permissions="view", on="tulip-x") for one in BYSTANDERS]


@pytest.mark.parametrize("equal", [False, True], ids=["same values", "equal values"])
def test_one_changed_grant(*, equal: bool) -> None:
    """If one grant changes, only one member's row is recomputed."""
    lines = given()
    before = office(lines)
    rows = {one.id: before.bindings.row(one.id) for one in BYSTANDERS}
    lines = given() if equal else list(lines)
    lines[7] = Grant(to="member:by7", permissions="draft", on="tulip-x")
    after = before.with_rules(grants=lines)
    assert rows.keys() - {"by7"} == after.bindings.rows.keys()
    assert all(after.bindings.rows[name] is rows[name] for name in after.bindings.rows)
    assert [number for number in range(80) if after.bindings.grants[number] is not
            before.bindings.grants[number]] == [7]  # fmt: skip
    assert after.allows("by7", "draft", "tulip-x", at=NOW)
    assert not after.allows("by7", "view", "tulip-x", at=NOW)
    assert before.allows("by7", "view", "tulip-x", at=NOW)


def test_places_after_removal() -> None:
    """Removing a grant changes the places of the grants after it."""
    lines = given()
    before = office(lines)
    assert before.check("by9", "view", "tulip-x", at=NOW).reasons[0]["rule"] == "grants[9]"
    after = before.with_rules(grants=[*lines[:4], *lines[5:]])
    assert not after.allows("by4", "view", "tulip-x", at=NOW)
    assert after.check("by3", "view", "tulip-x", at=NOW).reasons[0]["rule"] == "grants[3]"
    assert after.check("by9", "view", "tulip-x", at=NOW).reasons[0]["rule"] == "grants[8]"


def test_many_changes() -> None:
    """If most rules change, everything is recomputed."""
    after = office(given()).with_rules(
        grants=[], forbids=[Forbid(to="member:by1", permissions="view", on="tulip-x")]
    )
    assert not after.bindings.rows
    assert after.members("view", "tulip-x", at=NOW) == ()


def test_unknown_name_in_new_rules() -> None:
    """An unknown name in the new rules is refused."""
    wrong = Grant(to="member:zoe", permissions="view", on="tulip-x")
    with pytest.raises(InvalidValueError, match=r"grant at grants\[80\] applies to `member:zoe`"):
        office(given()).with_rules(grants=[*given(), wrong])

"""Delegations: what the delegates of absent members may do."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.permissions import Absence, Access, Forbid, Grant, Role, Rotation

X = Profile(id="tulip-x", workspace="tulip", network="x")
DIKE = Profile(id="dike-x", workspace="dike", network="x")
TULIP = Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam")
DIKES = Workspace(id="dike", lead="eva", default_approval="none", timezone="America/New_York")
ROLES = [Role(id="writer", permissions=["view", "draft"]), Role(id="care", permissions=["hold"])]
WEEKEND = Rotation(
    id="weekend", role="care", on={"workspace": "*"}, members=["ana", "ben", "eva"],
    start=dt.date(2026, 3, 20), every="friday 17:00", end="monday 09:00",
)  # fmt: skip
JULY = dt.datetime(2026, 7, 6, 12, tzinfo=dt.UTC)


def access(*rules: object, members=("ana", "ben", "eva")) -> Access:
    def of(kind: type) -> list:
        return [one for one in rules if isinstance(one, kind)]

    return Access.of(
        members=members, profiles=[X, DIKE], roles=ROLES, workspaces=[TULIP, DIKES],
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), absences=of(Absence),
    )  # fmt: skip


def gives(to: str, *permissions: str, on: object = "tulip-x") -> Grant:
    return Grant(to=f"member:{to}", permissions=permissions, on=on)


def forbids(to: str, *permissions: str) -> Forbid:
    return Forbid(to=f"member:{to}", permissions=permissions, on="tulip-x")


def away(member: str, delegate: str, *permissions: str, number: int = 1, **more) -> Absence:
    days = {"start": dt.date(2026, 7, 1), "end": dt.date(2026, 7, 15), **more}
    return Absence(
        id=f"a{number}", member=member, delegate=delegate, permissions=permissions, **days
    )


def test_delegate() -> None:
    """A delegate has the permissions of the absent member during the absence."""
    asked = access(gives("ana", "publish"), away("ana", "ben"))
    assert asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert asked.allows("ana", "publish", "tulip-x", at=JULY)
    for outside in (dt.datetime(2026, 6, 30, 12), dt.datetime(2026, 7, 15, 12)):  # noqa: DTZ001
        assert not asked.allows("ben", "publish", "tulip-x", at=outside.replace(tzinfo=dt.UTC))
    verdict = asked.check("ben", "publish", "tulip-x", at=JULY)
    assert ["delegate_of", "grant.member"] == [reason.code for reason in verdict.reasons]
    assert "`ben` is the delegate of `ana` until 2026-07-15" in verdict.explain()
    assert ("ben",) == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_named_permissions() -> None:
    """Only the permissions that the absence names are delegated."""
    asked = access(gives("ana", "publish", "approve"), away("ana", "ben", "approve"))
    assert asked.allows("ben", "approve", "tulip-x", at=JULY)
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)


@pytest.mark.parametrize("member", ["ana", "ben"])
def test_forbid_on_either(member: str) -> None:
    """A forbid on either member applies to the delegate."""
    asked = access(gives("ana", "publish"), away("ana", "ben"), forbids(member, "publish"))
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert not asked.check("ben", "publish", "tulip-x", at=JULY)
    assert () == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_not_passed_on() -> None:
    """A delegation is not passed on."""
    asked = access(gives("ana", "publish"), away("ana", "ben"), away("ben", "eva", number=2))
    assert asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert not asked.allows("eva", "publish", "tulip-x", at=JULY)


def test_shift_is_delegated() -> None:
    """A shift is delegated like a grant."""
    friday = dt.datetime(2026, 3, 20, 17, tzinfo=dt.UTC)
    week = {"start": dt.date(2026, 3, 16), "end": dt.date(2026, 3, 30)}
    asked = access(WEEKEND, away("ana", "eva", **week))
    verdict = asked.check("eva", "hold", "tulip-x", at=friday)
    assert ["delegate_of", "shift.on_duty"] == [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("author", ["ana", "ben"])
def test_own_posts(author: str) -> None:
    """A delegate cannot act on a post that either member wrote."""
    asked = access(gives("ana", "publish"), away("ana", "ben"))
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY, authors=[author])
    assert not asked.check("ben", "publish", "tulip-x", at=JULY, authors=[author])
    assert asked.allows("ana", "publish", "tulip-x", at=JULY, authors=[author])
    assert asked.allows("ben", "publish", "tulip-x", at=JULY, authors=["eva"])


def test_suspended() -> None:
    """If either member is suspended, nothing is delegated."""
    for suspended in ("ana", "ben"):
        people = [Member(id=name, suspended=name == suspended) for name in ("ana", "ben", "eva")]
        asked = access(gives("ana", "publish"), away("ana", "ben"), members=people)
        assert not asked.allows("ben", "publish", "tulip-x", at=JULY)
        assert () == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_unknown_members() -> None:
    """Absences and delegates that are not members are ignored."""
    asked = access(gives("ana", "publish"), away("ana", "zoe"), away("zoe", "ben", number=2))
    assert () == asked.absences
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)


@given(st.permutations([away("ana", "ben"), away("eva", "ben", number=2)]))
def test_order_of_absences(absences: list[Absence]) -> None:
    """The order of absences does not matter."""
    asked = access(gives("ana", "publish"), gives("eva", "publish"), *absences)
    verdict = asked.check("ben", "publish", "tulip-x", at=JULY)
    assert ["ana", "ana"] == [verdict.reasons[0]["absent"], verdict.reasons[1]["member"]]

"""Members who leave have no permissions from that day on; nothing changes before."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.organization import DanglingRule, Organization, dangling_rules
from socialcollab.pages import permissions_table
from socialcollab.permissions import (
    Absence,
    Access,
    Forbid,
    Grant,
    Role,
    Rotation,
    compare,
    coverage,
    gains,
)
from socialcollab.testing.strategies import small_organizations

LEFT = dt.date(2026, 4, 7)
# The day's first instant in Tokyo, where Ana lives, and in Amsterdam, where the others live.
TOKYO = dt.datetime(2026, 4, 6, 15, tzinfo=dt.UTC)
AMSTERDAM = dt.datetime(2026, 4, 6, 22, tzinfo=dt.UTC)
MOMENT = dt.timedelta(microseconds=1)
TULIP = {"workspace": "tulip"}
ROTATION = Rotation(
    id="desk", role="editor", on=TULIP, members=["ben", "ana"], start=dt.date(2026, 4, 1),
    every="day 09:00",
)  # fmt: skip


def rules(*values: object, left: dict[str, dt.date] | None = None, **zones: str) -> Access:
    def of(kind: type) -> list:
        return [one for one in values if isinstance(one, kind)]

    leaving = {"ana": LEFT} if left is None else left
    return Access.of(
        members=[
            Member(id=name, timezone=zones.get(name, ""), left=leaving.get(name))
            for name in ("ana", "ben", "eva")
        ],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        workspaces=[Workspace(id="tulip", lead="eva", default_approval="none")],
        roles=[Role(id="editor", permissions=["view", "approve"])],
        grants=of(Grant),
        forbids=of(Forbid),
        rotations=of(Rotation),
        absences=of(Absence),
        timezone="Europe/Amsterdam",
    )


EDITOR = Grant(to="member:ana", role="editor", on=TULIP)


@pytest.mark.parametrize(("zones", "first"), [({"ana": "Asia/Tokyo"}, TOKYO), ({}, AMSTERDAM)])
def test_last_instant(zones, first) -> None:
    """A leaving member loses all permissions at midnight in their zone, or the organization's."""
    access = rules(EDITOR, **zones)
    for at, may in ((first - MOMENT, True), (first, False), (first + dt.timedelta(900), False)):
        assert may == access.allows("ana", "approve", "tulip-x", at=at)
        verdict = access.check("ana", "approve", "tulip-x", at=at)
        assert may == bool(verdict)
        assert may == access.has_role("ana", "editor", "tulip-x", at=at)
        assert may == ("ana" in access.members("approve", "tulip", at=at))
        assert (("tulip-x",) if may else ()) == access.profiles("ana", "view", at=at)
    assert verdict.explain() == ("refused: `ana` left the organization on 2026-04-07")
    assert ((None, first),) == access.permission_periods("ana")["approve", "tulip-x"]
    assert {"ana": ((None, first),)} == dict(access.role_periods("editor", "tulip-x"))


def test_can_give_until_leaving() -> None:
    """A member cannot give permissions beyond the day on which they leave."""
    manager = Grant(to="member:ana", permissions=["manage_access", "view"], on=TULIP)
    access = rules(manager)
    before = AMSTERDAM - MOMENT
    for end, may in ((LEFT, True), (dt.date(2026, 4, 8), False), (None, False)):
        grant = Grant(to="member:ben", permissions="view", on=TULIP, end=end)
        assert may == bool(access.can_give("ana", grant, at=before))
    assert not access.can_give("ana", attrs.evolve(grant, end=LEFT), at=AMSTERDAM)


def test_shifts_after_leaving() -> None:
    """No member is on duty during the shifts of a member who has left."""
    access = rules(ROTATION)
    # Ana's shifts are on the second, fourth, ... of April, so she is on duty at that midnight.
    assert not access.allows("ben", "approve", "tulip-x", at=AMSTERDAM)
    assert not access.allows("ana", "approve", "tulip-x", at=AMSTERDAM)
    assert "ana" not in access.members("approve", "tulip-x", at=AMSTERDAM)
    start, end = (
        dt.datetime(2026, 4, 5, 7, tzinfo=dt.UTC),
        dt.datetime(2026, 4, 9, 7, tzinfo=dt.UTC),
    )
    there = {
        member: [
            at for at in _hours(start, end) if access.allows(member, "approve", "tulip-x", at=at)
        ]
        for member in ("ana", "ben")
    }
    assert all(at < AMSTERDAM for at in there["ana"])
    for loss in coverage(access, start=start, end=end, without=["ana"]).losses:
        assert loss.end <= AMSTERDAM
        assert set(loss.lost) <= {"approve", "view", "rotation:desk"}
    assert coverage(access, start=AMSTERDAM, end=end, without=["ana"]).losses == ()
    with_ben = coverage(access, start=AMSTERDAM, end=end, without=["ben"]).losses
    assert {("ben",)} == {loss.absent for loss in with_ben}


def _hours(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    return [
        start + dt.timedelta(hours=n) for n in range(int((end - start).total_seconds() // 3600))
    ]


def test_delegation_after_leaving() -> None:
    """A member who has left is not a delegate and has no delegate."""
    away = Absence(
        id="a", member="eva", delegate="ana", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1),
        zone="Europe/Amsterdam",
    )  # fmt: skip
    access = rules(Grant(to="member:eva", role="editor", on=TULIP), away)
    for at, may in ((AMSTERDAM - MOMENT, True), (AMSTERDAM, False)):
        assert may == access.allows("ana", "approve", "tulip-x", at=at)
        assert may == bool(access.delegates("eva", "approve", "tulip-x", at=at))
    other = attrs.evolve(away, member="ana", delegate="ben")
    access = rules(EDITOR, other)
    assert access.allows("ben", "approve", "tulip-x", at=AMSTERDAM - MOMENT)
    assert not access.allows("ben", "approve", "tulip-x", at=AMSTERDAM)


def test_coming_back() -> None:
    """Removing `left` restores all permissions and shifts."""
    gone, back = rules(EDITOR, ROTATION), rules(EDITOR, ROTATION, left={})
    later = rules(EDITOR, ROTATION, left={"ana": dt.date(2026, 5, 7)})
    at = AMSTERDAM + dt.timedelta(days=1)
    assert {("ana", "approve", "tulip-x", AMSTERDAM, None)} <= {
        attrs.astuple(gain) for gain in gains(gone, back, at=at)
    }
    assert () == tuple(gains(back, gone, at=at))
    # This includes a place in a rotation, for exactly the time in between.
    shifts = (
        rules(ROTATION),
        rules(ROTATION, left={"ana": dt.date(2026, 5, 7)}),
        rules(ROTATION, left={}),
    )
    for less, more, end in ((0, 1, later.bindings.scope.leaving["ana"]), (0, 2, None)):
        found = [
            gain for gain in gains(shifts[less], shifts[more], at=at) if gain.resource == "tulip-x"
        ]
        assert [("approve", AMSTERDAM, end), ("view", AMSTERDAM, end)] == [
            (gain.permission, gain.start, gain.end) for gain in found
        ]
        assert () == tuple(gains(shifts[more], shifts[less], at=at))
    assert ["loses"] == [change.kind for change in compare(shifts[2], shifts[0]).changes]


def test_ended_suspension_gives_shifts() -> None:
    """Ending a suspension restores the member's shifts in a rotation."""

    def of(*, suspended: bool) -> Access:
        return Access.of(
            members=[Member(id="ana", suspended=suspended), "ben", "eva"],
            profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
            roles=[Role(id="editor", permissions=["approve"])],
            rotations=[ROTATION],
            workspaces=[Workspace(id="tulip", lead="eva", default_approval="none")],
        )

    found = gains(of(suspended=True), of(suspended=False), at=AMSTERDAM)
    assert {"ana"} == {gain.member for gain in found}


@given(small_organizations(), st.sampled_from(("ana", "ben", "eva")), st.integers(1, 30))
def test_leaving_takes_everything(organization, who: str, day: int) -> None:
    """Leaving has no effect before its day, and removes all permissions from then on."""

    def with_left(left: dt.date | None) -> Access:
        members = tuple(
            attrs.evolve(one, left=left) if one.id == who else one for one in organization.members
        )
        return attrs.evolve(organization, members=members).access()

    stays, leaves = with_left(None), with_left(dt.date(2026, 3, day))
    instant = leaves.bindings.scope.leaving[who]
    for at in (
        instant - dt.timedelta(days=3),
        instant - MOMENT,
        instant,
        instant + dt.timedelta(3),
    ):
        for resource in organization.resources:
            theirs = set(leaves.permissions_of(who, resource, at=at))
            assert theirs == (
                set(stays.permissions_of(who, resource, at=at)) if at < instant else set()
            )
            for other in leaves.member_ids:
                has, had = (
                    set(one.permissions_of(other, resource, at=at)) for one in (leaves, stays)
                )
                assert has <= had
    assert () == tuple(gains(stays, leaves, at=instant))


def northwind(*gone: str) -> Organization:
    organization = Organization.template("northwind")
    members = [
        attrs.evolve(one, left=LEFT) if one.id in gone else one for one in organization.members
    ]
    return attrs.evolve(organization, members=tuple(members))


def test_dangling_rules() -> None:
    """A rule that names only members who have left is reported."""
    assert () == dangling_rules(northwind(), AMSTERDAM)
    assert () == dangling_rules(northwind("noor"), AMSTERDAM - MOMENT)
    places = {one.place: one.members for one in dangling_rules(northwind("noor"), AMSTERDAM)}
    assert {("noor",)} == set(places.values())
    assert any(place.endswith("reviewers") for place in places)
    both = {one.place for one in dangling_rules(northwind("ben", "eva"), AMSTERDAM)}
    alone = {one.place for one in dangling_rules(northwind("ben"), AMSTERDAM)}
    assert alone < both
    assert DanglingRule(place="workspaces[0].lead", members=("eva",)) in dangling_rules(
        northwind("eva"), AMSTERDAM
    )
    assert "names only members who have left: `eva`" in str(
        dangling_rules(northwind("eva"), AMSTERDAM)[0]
    )


def test_left_in_document() -> None:
    """The key `left` is preserved by writing and changes the digest."""
    organization = northwind("ben")
    again = Organization.loads(organization.to_toml(), files=organization.files)
    assert organization == again
    assert "left = 2026-04-07" in again.to_toml()
    assert northwind().digest != again.digest
    assert "vertrokken" in permissions_table(organization, at=AMSTERDAM, language="nl")
    assert "left" not in permissions_table(organization, at=AMSTERDAM - MOMENT)

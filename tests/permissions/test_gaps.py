"""Gaps of rotations, compared with a naive search."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import pytest
from tests.permissions import naive_access as naive
from tests.permissions.random_organizations import FIRST, random_organization

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.permissions import (
    Absence,
    Access,
    Forbid,
    Gap,
    ListedShift,
    Rotation,
    ShiftSwap,
    gaps,
)

WEEKEND = Rotation(
    id="weekend", role="care", on={"workspace": "tulip"}, members=["ana", "ben"],
    start=dt.date(2026, 3, 20), every="friday 17:00", end="monday 09:00", timezone="UTC",
)  # fmt: skip


def access(*values: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in values if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva", Member(id="sus", suspended=True)],
        profiles=[
            Profile(id="tulip-x", workspace="tulip", network="x"),
            Profile(id="tulip-mastodon", workspace="tulip", network="mastodon"),
        ],
        workspaces=[Workspace(id="tulip", lead="eva", default_approval="none")],
        roles={"care": ["hold", "view"]},
        forbids=of(Forbid),
        rotations=of(Rotation),
        absences=of(Absence),
        swaps=of(ShiftSwap),
    )


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def found(*values: object, start: str = "2026-03-20 17:00", end: str = "2026-04-03 17:00") -> list:
    return [
        (gap.kind, gap.member, f"{gap.start:%m-%d %H:%M}", f"{gap.end:%m-%d %H:%M}")
        for gap in gaps(access(*values), start=utc(start), end=utc(end))
    ]


def test_intended_break() -> None:
    """The break that a rule makes between shifts is not a gap."""
    assert [] == found(WEEKEND)
    # A window may start and end in the middle of an intended break.
    assert [] == found(WEEKEND, start="2026-03-25 12:00", end="2026-03-26 12:00")


def test_before_first_shift() -> None:
    """The time before the first shift is a gap."""
    assert [("no_shift", "", "03-01 00:00", "03-20 17:00")] == found(
        WEEKEND, start="2026-03-01 00:00"
    )


def test_holes_of_list() -> None:
    """The times before, between and after listed shifts are gaps."""
    listed = Rotation(
        id="care", role="care", on={"workspace": "tulip"}, timezone="UTC", hand_off="09:00",
        shifts=[
            ListedShift(member="ben", start=dt.date(2026, 3, 26), end=dt.date(2026, 3, 28)),
            ListedShift(member="ana", start=dt.date(2026, 3, 22), end=dt.date(2026, 3, 24)),
        ],
    )  # fmt: skip
    assert [
        ("no_shift", "", "03-20 17:00", "03-22 09:00"),
        ("no_shift", "", "03-24 09:00", "03-26 09:00"),
        ("no_shift", "", "03-28 09:00", "04-03 17:00"),
    ] == found(listed)
    (gap, *_) = gaps(access(listed), start=utc("2026-03-20 17:00"), end=utc("2026-04-01 00:00"))
    assert (("tulip-mastodon", "tulip-x"), ("hold", "view")) == (gap.resources, gap.permissions)


def test_intended_break_of_list() -> None:
    """In a list, only the break after the `end` of a shift is intended."""
    listed = Rotation(
        id="care", role="care", on={"workspace": "tulip"}, timezone="UTC", hand_off="17:00",
        end="monday 09:00",
        shifts=[
            ListedShift(member="ana", start=dt.date(2026, 3, 20), end=dt.date(2026, 3, 22)),
            ListedShift(member="ben", start=dt.date(2026, 3, 27)),
        ],
    )  # fmt: skip
    assert [
        ("no_shift", "", "03-22 17:00", "03-23 09:00"),
        ("no_shift", "", "03-30 09:00", "04-03 17:00"),
    ] == found(listed)


def test_swap_fills_gap() -> None:
    """A swap fills a gap."""
    listed = Rotation(
        id="care", role="care", on={"workspace": "tulip"}, timezone="UTC",
        shifts=[ListedShift(member="ana", start=dt.date(2026, 3, 20), end=dt.date(2026, 3, 22))],
    )  # fmt: skip
    swap = ShiftSwap(
        id="s", rotation="care", member="eva", start="2026-03-22 00:00", end="2026-04-09 00:00"
    )
    assert [] == found(listed, swap)


def away(member: str, delegate: str = "", number: int = 1, **more: object) -> Absence:
    return Absence(
        id=f"a{number}", member=member, delegate=delegate,
        start=dt.date(2026, 3, 21), end=dt.date(2026, 3, 22), **more,
    )  # fmt: skip


def test_absence() -> None:
    """The shift of an absent member is a gap unless a delegate is available."""
    gap = ("absent", "ana", "03-21 00:00", "03-22 00:00")
    assert [gap] == found(WEEKEND, away("ana"))
    assert [] == found(WEEKEND, away("ben"))
    assert [] == found(WEEKEND, away("ana", "ben"))
    assert [gap] == found(WEEKEND, away("ana", "ben"), away("ben", number=2))
    assert [gap] == found(WEEKEND, away("ana", "sus"))
    assert [] == found(
        WEEKEND, away("ana"), ShiftSwap(id="s", rotation="weekend", member="ben",
                                   start="2026-03-21 00:00", end="2026-03-22 00:00")
    )  # fmt: skip


def test_partial_delegation() -> None:
    """A delegate for some permissions leaves a gap for the others."""
    (gap,) = gaps(
        access(WEEKEND, away("ana", "ben", permissions=["view"])),
        start=utc("2026-03-20 17:00"), end=utc("2026-03-23 00:00"),
    )  # fmt: skip
    assert ("absent", ("hold",)) == (gap.kind, gap.permissions)
    assert (
        "rotation weekend: no member has hold on all of tulip from 2026-03-21 00:00 until"
        " 2026-03-22 00:00 UTC: ana is absent, and no delegate is available"
    ) == str(gap)
    assert "ana is absent" in gap._repr_html_()


def test_forbid_and_suspension() -> None:
    """The shifts of suspended members and of members with forbids are gaps."""
    forbid = Forbid(to="member:ben", permissions=["hold"], on="tulip-x")
    (gap,) = gaps(
        access(WEEKEND, forbid), start=utc("2026-03-20 17:00"), end=utc("2026-04-03 17:00")
    )
    assert ("forbidden", "ben", ("hold",), ("tulip-x",)) == (
        gap.kind, gap.member, gap.permissions, gap.resources,
    )  # fmt: skip
    swap = ShiftSwap(
        id="s", rotation="weekend", member="sus", start="2026-03-21 00:00", end="2026-03-21 12:00"
    )
    assert [("suspended", "sus", "03-21 00:00", "03-21 12:00")] == found(WEEKEND, swap)
    bounded = Forbid(
        to="member:ana", permissions=["hold", "view"], on={"workspace": "tulip"},
        start=dt.date(2026, 3, 21), end=dt.date(2026, 3, 22),
    )  # fmt: skip
    assert [("forbidden", "ana", "03-21 00:00", "03-22 00:00")] == found(WEEKEND, bounded)


def test_left_member() -> None:
    """The shifts of a member who has left are gaps."""
    asked = Access.of(
        members=["ana", Member(id="ben", left=dt.date(2026, 3, 28), timezone="UTC")],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        roles={"care": ["hold"]},
        rotations=[WEEKEND],
    )
    found = gaps(asked, start=utc("2026-03-20 17:00"), end=utc("2026-04-03 17:00"))
    assert [("left", "ben", utc("2026-03-28 00:00"), utc("2026-03-30 09:00"))] == [
        (gap.kind, gap.member, gap.start, gap.end) for gap in found
    ]


def test_invalid_windows() -> None:
    """Empty windows and naive instants are refused."""
    with pytest.raises(InvalidValueError, match="which is not after"):
        found(WEEKEND, start="2026-04-03 17:00")
    with pytest.raises(NaiveDatetimeError):
        gaps(access(), start=dt.datetime(2026, 3, 20), end=utc("2026-04-03 17:00"))  # noqa: DTZ001


def test_gaps_of_organization() -> None:
    """The gaps of an organization take its runtime state into account."""
    acme = Organization.template("rotating", id="acme")
    start, end = utc("2026-06-01 12:00"), utc("2026-06-08 05:00")
    assert () == acme.gaps(start=start, end=end)
    holder = acme.access.on_duty("week", "*", at=start)
    absence = Absence(
        id="a", member=holder, start=dt.date(2026, 6, 3), end=dt.date(2026, 6, 4),
        zone="Europe/Amsterdam",
    )  # fmt: skip
    (gap,) = acme.with_state(RuntimeState(absences=(absence,))).gaps(start=start, end=end)
    assert ("absent", holder) == (gap.kind, gap.member)
    assert (utc("2026-06-02 22:00"), utc("2026-06-03 22:00")) == (gap.start, gap.end)


def missing(org, rotation, resource: str, at: dt.datetime) -> set[tuple[str, str, str]]:
    """Return the missing permissions, each with the cause and the member on duty."""
    people = {one.id: one for one in org.members}
    holder = next(
        (one for one in people if naive.takes_shift(org, rotation, one, resource, at)), None
    )
    permissions = naive.permissions_of(org, rotation)
    if holder is None:
        return (
            set()
            if is_intended_break(org, rotation, resource, at)
            else {(one, "no_shift", "") for one in permissions}
        )
    if people[holder].suspended:
        return {(one, "suspended", holder) for one in permissions}
    if has_left(org, people[holder], at):
        return {(one, "left", holder) for one in permissions}
    forbidden = {one for one in permissions if naive.is_forbidden(org, holder, one, resource, at)}
    found = {(one, "forbidden", holder) for one in forbidden}
    absent = {one.member for one in org.absences if naive.is_absent(one, at)}
    if holder not in absent:
        return found
    for permission in permissions - forbidden:
        if not any(
            one.member == holder
            and naive.is_absent(one, at)
            and one.delegate in people
            and not people[one.delegate].suspended
            and not has_left(org, people[one.delegate], at)
            and one.delegate not in absent
            and (not one.permissions or permission in one.permissions)
            and not naive.is_forbidden(org, one.delegate, permission, resource, at)
            for one in org.absences
        ):
            found.add((permission, "absent", holder))
    return found


def has_left(org, person, at: dt.datetime) -> bool:
    gone = naive.bound(person.left, person.timezone or org.timezone)
    return gone is not None and gone <= at


def is_intended_break(org, rotation, resource: str, at: dt.datetime) -> bool:
    """Return whether `end` has ended a shift, and another shift follows."""
    zone = rotation.timezone or naive.zone_at(org, resource)
    if rotation.end is None:
        return False
    if rotation.shifts:
        starts = []
        for one in rotation.shifts:
            day = one.start
            if not isinstance(day, dt.datetime):
                hour, minute = map(int, str(rotation.hand_off or "00:00").split(":"))
                day = dt.datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001
            starts.append(naive.bound(day, zone))
        begun = [one for one in starts if one <= at]
        if not begun or not any(one > at for one in starts):
            return False
        last = max(begun)
        since = last.date() - dt.timedelta(days=1)
    else:
        begun = naive.occurrences(rotation.every, rotation.start, zone, at)
        if not begun:
            return False
        last, since = begun[-1], rotation.start
    return any(last < over <= at for over in naive.occurrences(rotation.end, since, zone, at))


@pytest.mark.integration
def test_gaps_agree_with_naive_evaluator() -> None:
    """The gaps are those that the naive evaluator finds instant by instant."""
    kinds: Counter[str] = Counter()
    for seed in range(30):
        compare_gaps(seed, kinds)
    # Every kind of gap must have occurred, and also instants without a gap.
    assert {"no_shift", "suspended", "left", "absent", "forbidden", ""} == set(kinds)


def compare_gaps(seed: int, kinds: Counter[str]) -> None:
    rng = random.Random(seed)
    org = random_organization(rng)
    start, end = FIRST - dt.timedelta(days=2), FIRST + dt.timedelta(days=20)
    reported: tuple[Gap, ...] = gaps(org.access(), start=start, end=end)
    for gap in reported:
        assert start <= gap.start < gap.end <= end
    for _ in range(30):
        at = start + dt.timedelta(minutes=30 * rng.randrange(48 * 22))
        for rotation in org.rotations:
            for profile in org.profiles:
                resource = profile.id
                if not naive.covers(org, rotation.on, resource) or not naive.permissions_of(
                    org, rotation
                ):
                    continue
                expected = missing(org, rotation, resource, at)
                said = {
                    (permission, gap.kind, gap.member)
                    for gap in reported
                    if gap.rotation == rotation.id
                    and resource in gap.resources
                    and gap.start <= at < gap.end
                    for permission in gap.permissions
                }
                assert expected == said, (seed, rotation, resource, at)
                kinds.update({kind for _, kind, _ in expected} or {""})

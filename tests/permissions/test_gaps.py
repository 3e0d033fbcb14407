"""When nobody can do what a duty gives, though somebody should."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

import pytest
from tests.permissions import naive_access as naive
from tests.permissions.random_organizations import FIRST, make

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


def access(*lines: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in lines if isinstance(one, kind)]

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


def found(*lines: object, start: str = "2026-03-20 17:00", end: str = "2026-04-03 17:00") -> list:
    return [
        (gap.kind, gap.member, f"{gap.start:%m-%d %H:%M}", f"{gap.end:%m-%d %H:%M}")
        for gap in gaps(access(*lines), start=utc(start), end=utc(end))
    ]


def test_what_the_rule_leaves_to_nobody_is_no_gap() -> None:
    assert [] == found(WEEKEND)
    # A window may begin and end in the middle of what is meant to be nobody's.
    assert [] == found(WEEKEND, start="2026-03-25 12:00", end="2026-03-26 12:00")


def test_before_the_first_turn_is_one() -> None:
    assert [("no_shift", "", "03-01 00:00", "03-20 17:00")] == found(
        WEEKEND, start="2026-03-01 00:00"
    )


def test_holes_of_a_list_and_the_time_around_it_are_gaps() -> None:
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


def test_of_a_list_what_its_end_leaves_to_nobody_is_meant_but_not_what_lies_before() -> None:
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


def test_a_swap_fills_a_gap() -> None:
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


def test_whoever_is_away_needs_somebody_to_stand_in() -> None:
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


def test_who_stands_in_for_a_part_leaves_the_rest() -> None:
    (gap,) = gaps(
        access(WEEKEND, away("ana", "ben", permissions=["view"])),
        start=utc("2026-03-20 17:00"), end=utc("2026-03-23 00:00"),
    )  # fmt: skip
    assert ("absent", ("hold",)) == (gap.kind, gap.permissions)
    assert (
        "duty weekend: nobody may hold on all of tulip from 2026-03-21 00:00 until"
        " 2026-03-22 00:00 UTC: ana is away, and nobody stands in"
    ) == str(gap)
    assert "ana is away" in gap._repr_html_()


def test_turns_of_whom_a_forbid_or_a_suspension_keeps_are_gaps() -> None:
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


def test_turns_of_whoever_has_left_are_gaps() -> None:
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


def test_a_window_has_to_last_and_to_be_known() -> None:
    with pytest.raises(InvalidValueError, match="which is not after"):
        found(WEEKEND, start="2026-04-03 17:00")
    with pytest.raises(NaiveDatetimeError):
        gaps(access(), start=dt.datetime(2026, 3, 20), end=utc("2026-04-03 17:00"))  # noqa: DTZ001


def test_an_organization_says_its_gaps_under_the_facts() -> None:
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


def lacking(org, rotation, resource: str, at: dt.datetime) -> set[tuple[str, str, str]]:
    """Say naively what nobody can do by a duty, why, and in whose turn."""
    people = {one.id: one for one in org.members}
    holder = next(
        (one for one in people if naive.takes_shift(org, rotation, one, resource, at)), None
    )
    what = naive.what(org, rotation)
    if holder is None:
        return (
            set() if meant(org, rotation, resource, at) else {(one, "no_shift", "") for one in what}
        )
    if people[holder].suspended:
        return {(one, "suspended", holder) for one in what}
    if has_left(org, people[holder], at):
        return {(one, "left", holder) for one in what}
    barred = {one for one in what if naive.barred(org, holder, one, resource, at)}
    said = {(one, "forbidden", holder) for one in barred}
    gone = {one.member for one in org.absences if naive.is_away(one, at)}
    if holder not in gone:
        return said
    for permission in what - barred:
        if not any(
            one.member == holder
            and naive.is_away(one, at)
            and one.delegate in people
            and not people[one.delegate].suspended
            and not has_left(org, people[one.delegate], at)
            and one.delegate not in gone
            and (not one.permissions or permission in one.permissions)
            and not naive.barred(org, one.delegate, permission, resource, at)
            for one in org.absences
        ):
            said.add((permission, "absent", holder))
    return said


def has_left(org, person, at: dt.datetime) -> bool:
    gone = naive.bound(person.left, person.timezone or org.timezone)
    return gone is not None and gone <= at


def meant(org, rotation, resource: str, at: dt.datetime) -> bool:
    """Tell whether a duty's rule has ended a turn, and another is to come."""
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


def test_a_naive_look_at_each_instant_finds_the_same_gaps() -> None:
    met: Counter[str] = Counter()
    for seed in range(30):
        look(seed, met)
    # Each kind has been met, and so has nothing to report.
    assert {"no_shift", "suspended", "left", "absent", "forbidden", ""} == set(met)


def look(seed: int, met: Counter[str]) -> None:
    rng = random.Random(seed)
    org = make(rng)
    start, end = FIRST - dt.timedelta(days=2), FIRST + dt.timedelta(days=20)
    told: tuple[Gap, ...] = gaps(org.access(), start=start, end=end)
    for gap in told:
        assert start <= gap.start < gap.end <= end
    for _ in range(30):
        at = start + dt.timedelta(minutes=30 * rng.randrange(48 * 22))
        for rotation in org.rotations:
            for profile in org.profiles:
                resource = profile.id
                if not naive.speaks_of(org, rotation.on, resource) or not naive.what(org, rotation):
                    continue
                expected = lacking(org, rotation, resource, at)
                said = {
                    (permission, gap.kind, gap.member)
                    for gap in told
                    if gap.rotation == rotation.id
                    and resource in gap.resources
                    and gap.start <= at < gap.end
                    for permission in gap.permissions
                }
                assert expected == said, (seed, rotation, resource, at)
                met.update({kind for _, kind, _ in expected} or {""})

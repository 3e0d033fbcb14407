"""On-call overrides: shift swaps and their effects."""

from __future__ import annotations

import datetime as dt
import itertools

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.permissions import (
    Absence,
    Access,
    Grant,
    Rotation,
    ShiftSwap,
    compare,
    coverage,
    escalations_by_absence,
    escalations_by_swap,
    gains,
)
from socialcollab.permissions.rotations.overrides import SwappedRoster

MOMENT = dt.timedelta(microseconds=1)
WEEKEND = Rotation(
    id="weekend",
    role="care",
    on={"workspace": "tulip"},
    members=["ana", "ben"],
    start=dt.date(2026, 3, 20),
    every="friday 17:00",
    end="monday 09:00",
)


def access(*state: object, rotation: Rotation = WEEKEND, grants: tuple[Grant, ...] = ()) -> Access:
    def of(kind: type) -> list:
        return [one for one in state if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva", Member(id="sus", suspended=True)],
        profiles=[
            Profile(id="tulip-x", workspace="tulip", network="x"),
            Profile(id="dike-x", workspace="dike", network="x"),
        ],
        workspaces=[
            Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam"),
            Workspace(id="dike", lead="eva", default_approval="none", timezone="America/New_York"),
        ],
        roles={"care": ["hold", "view"]},
        rotations=[rotation],
        grants=grants,
        absences=of(Absence),
        swaps=of(ShiftSwap),
    )


def swap(member: str, start: str, end: str, **more: object) -> ShiftSwap:
    return ShiftSwap(
        **{"id": "s1", "rotation": "weekend", "member": member, "start": start, "end": end, **more}
    )


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


SATURDAY = swap("eva", "2026-03-21 12:00", "2026-03-22 12:00")


def test_swap() -> None:
    """A swap puts its member on duty for its time, and no other member."""
    asked = access(SATURDAY)
    for at, member in (
        ("2026-03-21 10:59", "ana"),
        ("2026-03-21 11:00", "eva"),
        ("2026-03-22 10:59", "eva"),
        ("2026-03-22 11:00", "ana"),
    ):
        assert member == asked.on_duty("weekend", "tulip", at=utc(at))
        assert (member,) == asked.members("hold", "tulip-x", at=utc(at))
        assert asked.has_role(member, "care", "tulip-x", at=utc(at))
    assert access().on_duty("weekend", "tulip", at=utc("2026-03-21 11:00")) == "ana"


def test_reason() -> None:
    """The reason contains the replaced member and the end of the shift."""
    verdict = access(SATURDAY).check("eva", "hold", "tulip-x", at=utc("2026-03-21 20:00"))
    assert (
        "`eva` has swapped a shift with `ana` and is on duty for `weekend` until 2026-03-22 12:00"
        " Europe/Amsterdam, which grants `care` on `tulip-x`"
    ) in verdict.explain()
    assert "heeft een dienst geruild met `ana`" in verdict.explain("nl")
    before = access(SATURDAY).check("ana", "hold", "tulip-x", at=utc("2026-03-21 09:00"))
    assert "`ana` is on duty for `weekend` until 2026-03-21 12:00" in before.explain()


def test_swap_between_shifts() -> None:
    """A swap may put a member on duty between shifts."""
    wednesday = swap("eva", "2026-03-25 08:00", "2026-03-28 08:00")
    asked = access(wednesday)
    verdict = asked.check("eva", "hold", "tulip-x", at=utc("2026-03-25 12:00"))
    assert (
        "`eva` has taken over a shift and is on duty for `weekend` until 2026-03-27 17:00"
        in verdict.explain()
    )
    assert [("eva", ""), ("eva", "ben"), ("ben", "")] == [
        (shift.member, shift.instead_of)
        for shift in asked.shifts(
            "weekend", "tulip", start=utc("2026-03-25 00:00"), end=utc("2026-03-30 12:00")
        )
    ]


def test_swap_of_own_shift() -> None:
    """A member who takes over their own shift is simply on duty."""
    both = swap("ben", "2026-03-20 00:00", "2026-04-01 00:00")
    shifts = access(both).shifts(
        "weekend", "tulip", start=utc("2026-03-20 00:00"), end=utc("2026-04-01 00:00")
    )
    assert [("ben", True, ""), ("ben", True, "ana"), ("ben", True, ""), ("ben", False, ""),
            ("ben", True, "")] == [(one.member, one.swapped, one.instead_of) for one in shifts]  # fmt: skip
    assert all(one.end == two.start for one, two in itertools.pairwise(shifts))


def test_overlapping_swaps() -> None:
    """The swap that was recorded last wins if swaps overlap, regardless of their order."""
    later = swap("ben", "2026-03-21 18:00", "2026-03-21 20:00", id="s0", order=1)
    for swaps in ((SATURDAY, later), (later, SATURDAY)):
        asked = access(*swaps)
        assert "eva" == asked.on_duty("weekend", "tulip", at=utc("2026-03-21 16:59"))
        assert "ben" == asked.on_duty("weekend", "tulip", at=utc("2026-03-21 17:00"))
        assert "eva" == asked.on_duty("weekend", "tulip", at=utc("2026-03-21 19:00"))


def test_cancelled_swap() -> None:
    """A cancelled swap has no effect from then on."""
    at = utc("2026-03-21 18:00")
    asked = access(attrs.evolve(SATURDAY, until=at))
    assert "eva" == asked.on_duty("weekend", "tulip", at=at - MOMENT)
    assert "ana" == asked.on_duty("weekend", "tulip", at=at)
    never = access(attrs.evolve(SATURDAY, until=utc("2026-03-20 00:00")))
    assert "ana" == never.on_duty("weekend", "tulip", at=at)


def test_zone_of_swap() -> None:
    """Bounds are interpreted in the zone of the swap, or else of the rotation or the resource."""
    everywhere = attrs.evolve(WEEKEND, on={"workspace": "*"})
    asked = access(SATURDAY, rotation=everywhere)
    assert "eva" == asked.on_duty("weekend", "tulip-x", at=utc("2026-03-21 11:00"))
    assert "ana" == asked.on_duty("weekend", "dike-x", at=utc("2026-03-21 15:59"))
    assert "eva" == asked.on_duty("weekend", "dike-x", at=utc("2026-03-21 16:00"))
    fixed = access(attrs.evolve(SATURDAY, zone="UTC"), rotation=everywhere)
    for resource in ("tulip-x", "dike-x"):
        assert "ana" == fixed.on_duty("weekend", resource, at=utc("2026-03-21 11:59"))
        assert "eva" == fixed.on_duty("weekend", resource, at=utc("2026-03-21 12:00"))
    own = access(SATURDAY, rotation=attrs.evolve(everywhere, timezone="Asia/Tokyo"))
    assert "eva" == own.on_duty("weekend", "dike-x", at=utc("2026-03-21 03:00"))


def test_swap_at_clock_changes() -> None:
    """A swap keeps the same local times when the clocks change."""
    spring = access(swap("eva", "2026-03-29 02:30", "2026-03-29 09:00"))
    assert "ben" == spring.on_duty("weekend", "tulip", at=utc("2026-03-29 01:30") - MOMENT)
    assert "eva" == spring.on_duty("weekend", "tulip", at=utc("2026-03-29 01:30"))
    assert "eva" == spring.on_duty("weekend", "tulip", at=utc("2026-03-29 07:00") - MOMENT)
    assert "ben" == spring.on_duty("weekend", "tulip", at=utc("2026-03-29 07:00"))
    autumn = access(swap("eva", "2026-10-25 02:30", "2026-10-25 09:00"))
    assert "eva" == autumn.on_duty("weekend", "tulip", at=utc("2026-10-25 00:30"))
    assert "eva" == autumn.on_duty("weekend", "tulip", at=utc("2026-10-25 08:00") - MOMENT)
    assert "eva" != autumn.on_duty("weekend", "tulip", at=utc("2026-10-25 08:00"))


@pytest.mark.parametrize("gone", [{"rotation": "weekday"}, {"member": "zoe"}])
def test_unknown_names(gone: dict) -> None:
    """Swaps of unknown rotations or members are ignored."""
    asked = access(attrs.evolve(SATURDAY, **gone))
    assert "ana" == asked.on_duty("weekend", "tulip", at=utc("2026-03-21 12:00"))


def test_suspended_member() -> None:
    """A suspended member has no permissions, even on duty."""
    asked = access(attrs.evolve(SATURDAY, member="sus"))
    at = utc("2026-03-21 12:00")
    assert "sus" == asked.on_duty("weekend", "tulip", at=at)
    assert () == asked.members("hold", "tulip-x", at=at)


def test_with_state() -> None:
    """The same rules can be evaluated with and without swaps."""
    plain = access()
    at = utc("2026-03-21 12:00")
    assert not plain.allows("eva", "hold", "tulip-x", at=at)
    swapped = plain.with_state((), swaps=[SATURDAY])
    assert swapped.allows("eva", "hold", "tulip-x", at=at)
    assert not swapped.allows("ana", "hold", "tulip-x", at=at)
    assert plain.allows("ana", "hold", "tulip-x", at=at)
    again = swapped.with_state(())
    assert again.allows("ana", "hold", "tulip-x", at=at)
    assert not again.allows("eva", "hold", "tulip-x", at=at)


def test_delegate_of_swapped_member() -> None:
    """The delegate of a member with a swapped shift has its permissions."""
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 3, 21), end=dt.date(2026, 3, 23)
    )
    asked = access(SATURDAY, away)
    verdict = asked.check("ben", "hold", "tulip-x", at=utc("2026-03-21 12:00"))
    assert ["delegate_of", "shift.swapped"] == [one.code for one in verdict.reasons]


def test_coverage() -> None:
    """Coverage takes the member of a swap into account."""
    found = coverage(
        access(SATURDAY), start=utc("2026-03-21 12:00"), end=utc("2026-03-21 20:00")
    ).losses
    assert [("eva",)] == [one.absent for one in found]


def test_shift_starts() -> None:
    """Shifts start where a swap starts, and where it ends."""
    asked = access(SATURDAY)
    began = []
    at = utc("2026-03-20 00:00")
    for _ in range(4):
        at = asked.next_shift("weekend", "tulip", after=at)
        began.append(f"{at:%m-%d %H:%M}")
    assert ["03-20 16:00", "03-21 11:00", "03-22 11:00", "03-27 16:00"] == began
    begins = asked.permission_starts("tulip", after=utc("2026-03-20 00:00"), permission="hold")
    assert began[:3] == [f"{next(begins):%m-%d %H:%M}" for _ in range(3)]
    # No shift starts where a swap ends and no member is on duty.
    lone = access(swap("eva", "2026-03-25 08:00", "2026-03-25 18:00"))
    assert utc("2026-03-27 16:00") == lone.next_shift(
        "weekend", "tulip", after=utc("2026-03-25 08:00")
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(("ana", "ben", "eva")), st.integers(0, 400), st.integers(1, 200)),
        max_size=6,
    )
)
def test_shifts_agree_with_on_duty(drawn: list) -> None:
    """The shifts between two instants agree with the member on duty at each instant."""
    first = dt.datetime(2026, 3, 20)  # noqa: DTZ001  local by meaning
    asked = access(
        *(
            swap(
                member, first + dt.timedelta(hours=start), first + dt.timedelta(hours=start + hours),
                id=f"s{number}", order=number,
            )
            for number, (member, start, hours) in enumerate(drawn)
        )
    )  # fmt: skip
    start, end = utc("2026-03-22 00:00"), utc("2026-04-08 00:00")
    shifts = asked.shifts("weekend", "tulip", start=start, end=end)
    for one, two in itertools.pairwise(shifts):
        assert one.end <= two.start
    at = start
    while at < end:
        (*found,) = (shift.member for shift in shifts if shift.covers(at))
        on_duty = asked.on_duty("weekend", "tulip", at=at)
        assert found == ([] if on_duty is None else [on_duty])
        at += dt.timedelta(hours=1)


def test_escalations_by_swap() -> None:
    """A member of the rotation gains nothing by taking over a shift; any other swap is a gain."""
    manager = Grant(to="member:ana", role="care", on={"workspace": "tulip"})
    other = attrs.evolve(SATURDAY, member="ben")
    assert () == escalations_by_swap("eva", other, access())
    more = escalations_by_swap("ana", SATURDAY, access())
    assert {("eva", "hold"), ("eva", "view")} == {(one.member, one.permission) for one in more}
    assert {utc("2026-03-21 11:00")} == {one.start for one in more}
    assert () == escalations_by_swap("ana", SATURDAY, access(grants=(manager,)))
    # Outside any shift, it is also a gain for members of the rotation.
    long = attrs.evolve(other, end=utc("2026-03-23 12:00").replace(tzinfo=None))
    assert {(utc("2026-03-23 08:00"), utc("2026-03-23 11:00"))} == {
        (one.start, one.end) for one in escalations_by_swap("eva", long, access())
    }
    bounded = attrs.evolve(manager, end=dt.date(2026, 3, 22))
    assert {utc("2026-03-21 23:00")} == {
        one.start for one in escalations_by_swap("ana", SATURDAY, access(grants=(bounded,)))
    }


def test_swapped_shift_in_gains() -> None:
    """A swapped shift counts in absences, changes of its role and comparisons."""
    away = Absence(
        id="a", member="eva", delegate="sus", start=dt.date(2026, 3, 21), end=dt.date(2026, 3, 22)
    )
    asked = access(SATURDAY)
    assert {("hold", utc("2026-03-21 11:00"), utc("2026-03-22 00:00"))} == {
        (one.permission, one.start, one.end)
        for one in escalations_by_absence("ben", away, asked)
        if one.permission == "hold"
    }
    assert () == escalations_by_absence("ben", away, access())
    # The member of the swap also gains permissions that are added to the role.
    wider = Access.of(
        members=["ana", "ben", "eva"],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        workspaces=[
            Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam")
        ],
        roles={"care": ["hold", "view", "publish"]},
        rotations=[WEEKEND],
        swaps=[SATURDAY],
    )
    at = utc("2026-03-20 00:00")
    assert {("ana", "publish"), ("ben", "publish"), ("eva", "publish")} == {
        (one.member, one.permission) for one in gains(asked, wider, at=at)
    }
    assert not compare(asked, access(SATURDAY))
    assert [
        "+ eva: care on tulip from 2026-03-21 12:00 Europe/Amsterdam"
        " until 2026-03-22 12:00 Europe/Amsterdam (rotations[0])"
    ] == [str(one) for one in compare(access(), asked).changes]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"end": "2026-03-21 12:00"}, "ends at `2026-03-21 12:00`, which is not after its start"),
        ({"end": "2046-03-21 12:00"}, "is longer than ten years"),
        ({"start": utc("2026-03-21 12:00")}, "has a UTC offset, but must be a local time"),
        ({"start": "tomorrow"}, "`tomorrow` is not a local date and time"),
        ({"zone": "Europe/Nowhere"}, "Europe/Nowhere"),
        ({"member": "Ana Jansen"}, "Ana Jansen"),
    ],
)
def test_invalid_swaps(values: dict, message: str) -> None:
    """Invalid swaps are rejected."""
    with pytest.raises(InvalidValueError, match=message):
        attrs.evolve(SATURDAY, **values)


def test_invalid_questions() -> None:
    """Naive instants and unknown rotations are refused."""
    with pytest.raises(NaiveDatetimeError):
        attrs.evolve(SATURDAY, until=dt.datetime(2026, 3, 21))  # noqa: DTZ001
    with pytest.raises(NaiveDatetimeError):
        access(SATURDAY).on_duty("weekend", "tulip", at=dt.datetime(2026, 3, 21))  # noqa: DTZ001
    with pytest.raises(InvalidValueError, match="`weekday` is not a rotation"):
        access().on_duty("weekday", "tulip", at=utc("2026-03-21 12:00"))


class CountingTuple(tuple):
    """A tuple that counts accesses to its items."""

    count = 0

    def __getitem__(self, key):
        CountingTuple.count += 1
        return super().__getitem__(key)


def test_swaps_use_binary_search() -> None:
    """A thousand swaps, each of one hour, are searched in ten steps."""
    first = dt.datetime(2026, 3, 20)  # noqa: DTZ001  local by meaning
    swaps = [
        swap(("ana", "ben", "eva")[number % 3], first + dt.timedelta(hours=2 * number),
             first + dt.timedelta(hours=2 * number + 1), id=f"s{number}", zone="UTC")
        for number in range(1000)
    ]  # fmt: skip
    roster = access(*swaps).rotation_binding("weekend").roster("tulip")
    assert isinstance(roster, SwappedRoster)
    roster._starts = CountingTuple(roster._starts)
    roster._overrides = CountingTuple(roster._overrides)
    for number in (0, 3, 500, 999):
        CountingTuple.count = 0
        at = first.replace(tzinfo=dt.UTC) + dt.timedelta(hours=2 * number, minutes=30)
        assert ("ana", "ben", "eva")[number % 3] == roster.at(at).member
        assert 0 < CountingTuple.count <= 15

"""Turns change at their instant, and the order of lines never chooses what to wait for."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.permissions import Access, Grant, Rotation, ShiftSwap

WEEKEND = Rotation(
    id="weekend",
    role="publisher",
    on={"workspace": "tulip"},
    members=("ana", "ben", "eva"),
    start=dt.date(2026, 1, 2),
    every="friday 17:00",
    end="monday 09:00",
)
ZONE = "Europe/Amsterdam"
FIRST = dt.datetime(2026, 1, 2, 16, tzinfo=dt.UTC)  # Friday 17:00 in Amsterdam
MOMENT = dt.timedelta(microseconds=1)
WEEK = dt.timedelta(weeks=1)


def test_a_turn_holds_its_first_instant_and_not_its_last() -> None:
    assert WEEKEND.on_duty(FIRST - MOMENT, zone=ZONE) is None
    assert "ana" == WEEKEND.on_duty(FIRST, zone=ZONE)
    assert "ben" == WEEKEND.on_duty(FIRST + WEEK, zone=ZONE)
    over = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
    assert "ana" == WEEKEND.on_duty(over - MOMENT, zone=ZONE)
    assert WEEKEND.on_duty(over, zone=ZONE) is None
    assert "ana" == WEEKEND.on_duty(FIRST + 3 * WEEK, zone=ZONE)


def test_turns_keep_their_local_hour_over_a_change_of_clocks() -> None:
    summer = dt.datetime(2026, 4, 3, 15, tzinfo=dt.UTC)  # 17:00 is an hour earlier by UTC
    assert WEEKEND.on_duty(summer - MOMENT, zone=ZONE) is None
    assert WEEKEND.on_duty(summer, zone=ZONE) is not None


def test_of_two_grants_that_begin_together_the_same_is_named_in_any_order() -> None:
    lines = [
        Grant(to="member:ana", role="publisher", on={"workspace": "tulip"},
              start=dt.date(2026, 5, 1), place="grants[0]"),
        Grant(to="member:ana", permissions=("publish",), on="tulip-x",
              start=dt.date(2026, 5, 1), place="grants[1]"),
    ]  # fmt: skip

    def waits(grants: list[Grant]) -> list[str]:
        access = Access.of(
            members=["ana"],
            profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
            roles={"publisher": ["publish"]},
            grants=grants,
        )
        at = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
        verdict = access.check("ana", "publish", "tulip-x", at=at)
        return [one["rule"] for one in verdict.remedies if one.code == "wait"]

    assert waits(lines) == waits(lines[::-1])
    assert 1 == len(waits(lines))


def test_a_turn_after_whatever_else_begins_counts_again() -> None:
    """A rotation says nothing new once each has had a turn, until a grant begins."""
    grant = Grant(to="member:ana", permissions=["view"], on="tulip-x", start=dt.date(2026, 3, 25))
    access = Access.of(
        members=["ana", "ben", "eva"],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        roles={"publisher": ["approve"]},
        grants=[grant],
        rotations=[WEEKEND],
        timezone=ZONE,
    )
    found = list(access.begins("tulip-x", after=FIRST - MOMENT, permission="approve"))
    fridays = [FIRST + number * WEEK for number in range(3)]
    midnight = dt.datetime(2026, 3, 24, 23, tzinfo=dt.UTC)
    later = [WEEKEND.next_shift(midnight, zone=ZONE)]
    while len(later) < 3:
        later.append(WEEKEND.next_shift(later[-1], zone=ZONE))
    assert found == [*fridays, midnight, *later]
    assert list(access.begins("tulip-x", after=midnight, permission="view")) == []


def test_a_swap_lets_a_rotation_begin_again() -> None:
    swap = ShiftSwap(
        id="s", rotation="weekend", member="ana", start="2026-02-07 12:00", end="2026-02-08 12:00"
    )
    access = Access.of(
        members=["ana", "ben", "eva"],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        roles={"publisher": ["approve"]},
        rotations=[WEEKEND],
        timezone=ZONE,
    ).with_state((), swaps=[swap])
    found = list(access.begins("tulip-x", after=FIRST - MOMENT, permission="approve"))
    fridays = [FIRST + number * WEEK for number in range(3)]
    # Ana takes a day of Eva's weekend from noon on, and gives it back.
    swapped = [dt.datetime(2026, 2, day, 11, tzinfo=dt.UTC) for day in (7, 8)]
    after = [FIRST + number * WEEK for number in range(6, 8)]
    assert found == [*fridays, *swapped, *after]

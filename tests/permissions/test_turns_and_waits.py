"""Turns change at their instant, and the order of lines never chooses what to wait for."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.permissions import Access, Duty, Grant

WEEKEND = Duty(
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
        return [one["line"] for one in verdict.missing if one.code == "wait"]

    assert waits(lines) == waits(lines[::-1])
    assert 1 == len(waits(lines))

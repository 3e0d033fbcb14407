"""Rotations with resolved names: the starts of shifts, and their effects on waits and gains."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.directory import Profile, Workspace
from socialcollab.permissions import (
    Access,
    Grant,
    Rotation,
    ShiftSwap,
    compare,
    escalations,
    gains,
)

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


def test_bounds_of_shift() -> None:
    """The start of a shift is inclusive and its end is exclusive."""
    assert WEEKEND.on_duty(FIRST - MOMENT, zone=ZONE) is None
    assert "ana" == WEEKEND.on_duty(FIRST, zone=ZONE)
    assert "ben" == WEEKEND.on_duty(FIRST + WEEK, zone=ZONE)
    over = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)
    assert "ana" == WEEKEND.on_duty(over - MOMENT, zone=ZONE)
    assert WEEKEND.on_duty(over, zone=ZONE) is None
    assert "ana" == WEEKEND.on_duty(FIRST + 3 * WEEK, zone=ZONE)


def test_local_hour() -> None:
    """Shifts keep the same local start time when the clocks change."""
    summer = dt.datetime(2026, 4, 3, 15, tzinfo=dt.UTC)  # 17:00 is an hour earlier in UTC
    assert WEEKEND.on_duty(summer - MOMENT, zone=ZONE) is None
    assert WEEKEND.on_duty(summer, zone=ZONE) is not None


def test_order_of_grants_in_wait() -> None:
    """If two grants start at the same time, a wait names the same grant in any order."""
    starting = [
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

    assert waits(starting) == waits(starting[::-1])
    assert 1 == len(waits(starting))


def test_shift_starts_after_other_change() -> None:
    """After one round, a rule yields no more starts until a grant starts."""
    grant = Grant(to="member:ana", permissions=["view"], on="tulip-x", start=dt.date(2026, 3, 25))
    access = Access.of(
        members=["ana", "ben", "eva"],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        roles={"publisher": ["approve"]},
        grants=[grant],
        rotations=[WEEKEND],
        timezone=ZONE,
    )
    found = list(access.permission_starts("tulip-x", after=FIRST - MOMENT, permission="approve"))
    fridays = [FIRST + number * WEEK for number in range(3)]
    midnight = dt.datetime(2026, 3, 24, 23, tzinfo=dt.UTC)
    later = [WEEKEND.next_shift(midnight, zone=ZONE)]
    while len(later) < 3:
        later.append(WEEKEND.next_shift(later[-1], zone=ZONE))
    assert found == [*fridays, midnight, *later]
    assert list(access.permission_starts("tulip-x", after=midnight, permission="view")) == []


def test_shift_starts_after_swap() -> None:
    """After a swap, the following round of a rule is relevant again."""
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
    found = list(access.permission_starts("tulip-x", after=FIRST - MOMENT, permission="approve"))
    fridays = [FIRST + number * WEEK for number in range(3)]
    # Ana takes a day of Eva's weekend from noon on; then Eva is on duty again.
    swapped = [dt.datetime(2026, 2, day, 11, tzinfo=dt.UTC) for day in (7, 8)]
    after = [FIRST + number * WEEK for number in range(6, 8)]
    assert found == [*fridays, *swapped, *after]


AT = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)


def rules(zone: str, *, rotation_zone: str = "", more: tuple[Grant, ...] = ()) -> Access:
    rotation = Rotation(
        id="desk", role="care", on={"workspace": "tulip"}, members=["ana", "ben"],
        start=dt.date(2026, 1, 2), every="friday 17:00", end="monday 09:00", timezone=rotation_zone,
    )  # fmt: skip
    return Access.of(
        members=["ana", "ben", "eva"], roles={"care": ["hold"]}, rotations=[rotation], grants=more,
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        workspaces=[Workspace(id="tulip", lead="eva", default_approval="none", timezone=zone)],
    )  # fmt: skip


def test_zone_moves_shifts() -> None:
    """A new zone of a workspace moves its shifts, so all of them count as gains."""
    before, after = rules("Europe/Amsterdam"), rules("Pacific/Auckland")
    assert {("ana", "hold"), ("ben", "hold")} == {
        (gain.member, gain.permission) for gain in gains(before, after, at=AT)
    }
    assert {"ana", "ben"} == {one.member for one in compare(before, after).gains}
    assert escalations("ben", before, after, at=AT)
    holds = Grant(to="member:eva", permissions=["hold"], on={"workspace": "tulip"})
    assert not escalations(
        "eva",
        rules("Europe/Amsterdam", more=(holds,)),
        rules("Pacific/Auckland", more=(holds,)),
        at=AT,
    )


@pytest.mark.parametrize(
    ("zone", "rotation_zone"), [("Europe/Amsterdam", ""), ("Asia/Tokyo", "UTC")]
)
def test_zone_keeps_shifts(zone: str, rotation_zone: str) -> None:
    """Shifts that do not move are not a gain."""
    before = rules("Europe/Amsterdam", rotation_zone=rotation_zone)
    assert not list(gains(before, rules(zone, rotation_zone=rotation_zone), at=AT))

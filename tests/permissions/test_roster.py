"""Rosters: the shifts of rule-based rotations, and the members on duty."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.directory import Profile, Workspace
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access, Forbid, Role, Rotation

X = Profile(id="tulip-x", workspace="tulip", network="x")
DIKE = Profile(id="dike-x", workspace="dike", network="x")
TULIP = Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam")
DIKES = Workspace(id="dike", lead="eva", default_approval="none", timezone="America/New_York")
ROLES = [Role(id="writer", permissions=["view", "draft"]), Role(id="care", permissions=["hold"])]
WEEKEND = Rotation(
    id="weekend", role="care", on={"workspace": "*"}, members=["ana", "ben", "eva"],
    start=dt.date(2026, 3, 20), every="friday 17:00", end="monday 09:00",
)  # fmt: skip


def access(*rules: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in rules if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"], profiles=[X, DIKE], roles=ROLES, workspaces=[TULIP, DIKES],
        forbids=of(Forbid), rotations=of(Rotation),
    )  # fmt: skip


def test_member_on_duty() -> None:
    """The member on duty has the role for the shift, in the zone of the resource."""
    asked = access(WEEKEND)
    friday = dt.datetime(2026, 3, 20, 16, 30, tzinfo=dt.UTC)  # 17:30 in Amsterdam
    assert asked.allows("ana", "hold", "tulip-x", at=friday)
    assert not asked.allows("ana", "hold", "dike-x", at=friday)  # 12:30 in New York
    assert not asked.allows("ben", "hold", "tulip-x", at=friday)
    assert ("ana",) == asked.members("hold", "tulip-x", at=friday)
    assert asked.has_role("ana", "care", "tulip-x", at=friday)
    assert not asked.has_role("ben", "care", "tulip-x", at=friday)
    verdict = asked.check("ana", "hold", "tulip-x", at=friday)
    assert "on duty for `weekend` until 2026-03-23 09:00 Europe/Amsterdam" in verdict.explain()
    assert "dienst" in verdict.explain("nl")


def test_shift_spans_clock_change() -> None:
    """A shift that spans a clock change ends at the expected local time."""
    asked = access(WEEKEND)
    ends = dt.datetime(2026, 3, 30, 7, tzinfo=dt.UTC)  # Monday 09:00 in Amsterdam, in summer
    assert asked.allows("ben", "hold", "tulip-x", at=ends - dt.timedelta(minutes=1))
    assert not asked.allows("ben", "hold", "tulip-x", at=ends)


def test_shifts_for_years() -> None:
    """Shifts continue for years, and can be looked up in any order."""
    roster = WEEKEND.roster("Europe/Amsterdam")
    friday = dt.datetime(2026, 3, 20, 20, tzinfo=dt.UTC)
    for weeks in (520, 0, 51, 52, 260):
        shift = roster.at(friday + dt.timedelta(weeks=weeks))
        assert shift is not None
        assert ("ana", "ben", "eva")[weeks % 3] == shift.member
        assert friday + dt.timedelta(weeks=weeks, days=-1) < shift.start
    assert roster.at(friday - dt.timedelta(days=1)) is None
    assert roster.at(friday + dt.timedelta(days=4)) is None


def test_shifts_between() -> None:
    """The shifts between two instants are those that overlap the time."""
    roster = WEEKEND.roster("Europe/Amsterdam")
    monday = dt.datetime(2026, 3, 23, 7, tzinfo=dt.UTC)  # an hour before the first shift ends
    found = list(roster.between(monday, monday + dt.timedelta(weeks=1)))
    assert ["ana", "ben"] == [shift.member for shift in found]
    assert [] == list(roster.between(monday + dt.timedelta(hours=1), monday + dt.timedelta(days=1)))


def test_finite_rule() -> None:
    """The last shift of a finite rule has no end."""
    rotation = Rotation(
        id="launch", role="care", on="tulip-x", members=["ana", "ben"],
        start=dt.date(2026, 3, 20), every="FREQ=DAILY;COUNT=2;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
    )  # fmt: skip
    asked = access(rotation)
    later = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
    assert ("ben",) == asked.members("hold", "tulip-x", at=later)
    assert "until" not in asked.check("ben", "hold", "tulip-x", at=later).explain()


def test_forbid_on_duty() -> None:
    """A forbid applies to the member on duty."""
    friday = dt.datetime(2026, 3, 20, 17, tzinfo=dt.UTC)
    forbid = Forbid(to="member:ana", permissions=["hold"], on="tulip-x")
    verdict = access(WEEKEND, forbid).check("ana", "hold", "tulip-x", at=friday)
    assert not verdict
    assert ["end_forbid"] == [remedy.code for remedy in verdict.remedies]


@pytest.mark.parametrize(
    ("rotation", "message"),
    [
        ({"members": ["ana", "zoe"]}, "rotation `weekend` names `zoe`, who is not a member"),
        ({"role": "cart"}, "gives `cart`, which is not a role; did you mean `care`"),
        (
            {"on": "tulip-y"},
            "rotation `weekend` applies to profile `tulip-y`, which does not exist",
        ),
        ({"every": "first business day of the month 09:00"}, "cannot follow"),
    ],
)
def test_unknown_names_in_rotation(rotation: dict, message: str) -> None:
    """A rotation that refers to an unknown name is rejected."""
    values = {
        "id": "weekend", "role": "care", "on": "tulip-x", "members": ["ana"],
        "start": dt.date(2026, 3, 20), "every": "friday 17:00",
    }  # fmt: skip
    with pytest.raises(InvalidValueError, match=message):
        access(Rotation(**{**values, **rotation}))


@pytest.mark.integration
def test_horizon() -> None:
    """Shifts end after two hundred years, so looking up a distant instant is fast."""
    daily = Rotation(
        id="d", role="care", on="tulip-x", members=["ana"], start=dt.date(2026, 1, 1),
        every="day 09:00",
    )  # fmt: skip
    roster = daily.roster("Europe/Amsterdam")
    assert roster.at(dt.datetime(9990, 6, 1, 12, tzinfo=dt.UTC)) is None
    assert [] == list(
        roster.between(
            dt.datetime(9990, 1, 1, tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC)
        )
    )
    assert not access(daily).allows(
        "ana", "hold", "tulip-x", at=dt.datetime(9990, 6, 1, tzinfo=dt.UTC)
    )
    assert (
        access(daily).allows("ana", "hold", "tulip-x", at=dt.datetime(2226, 6, 1, tzinfo=dt.UTC))
        is False
    )
    assert access(daily).allows("ana", "hold", "tulip-x", at=dt.datetime(2126, 6, 1, tzinfo=dt.UTC))

"""Duties held in turn, and who stands in for whom."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.errors import InvalidValueError
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


def access(*facts: object, members=("ana", "ben", "eva")) -> Access:
    def of(kind: type) -> list:
        return [one for one in facts if isinstance(one, kind)]

    return Access.of(
        members=members, profiles=[X, DIKE], roles=ROLES, workspaces=[TULIP, DIKES],
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), absences=of(Absence),
    )  # fmt: skip


def gives(to: str, *permissions: str, on: object = "tulip-x") -> Grant:
    return Grant(to=f"member:{to}", permissions=permissions, on=on)


def bars(to: str, *permissions: str) -> Forbid:
    return Forbid(to=f"member:{to}", permissions=permissions, on="tulip-x")


def away(member: str, delegate: str, *permissions: str, number: int = 1, **more) -> Absence:
    days = {"start": dt.date(2026, 7, 1), "end": dt.date(2026, 7, 15), **more}
    return Absence(
        id=f"a{number}", member=member, delegate=delegate, permissions=permissions, **days
    )


def test_whoever_is_on_duty_has_its_role_for_their_turn_in_the_zone_of_the_place() -> None:
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


def test_turns_follow_the_wall_clock_over_the_night_on_which_clocks_change() -> None:
    asked = access(WEEKEND)
    ends = dt.datetime(2026, 3, 30, 7, tzinfo=dt.UTC)  # Monday 09:00 in Amsterdam, in summer
    assert asked.allows("ben", "hold", "tulip-x", at=ends - dt.timedelta(minutes=1))
    assert not asked.allows("ben", "hold", "tulip-x", at=ends)


def test_turns_go_round_for_years_and_are_found_in_any_order() -> None:
    rota = WEEKEND.roster("Europe/Amsterdam")
    friday = dt.datetime(2026, 3, 20, 20, tzinfo=dt.UTC)
    for weeks in (520, 0, 51, 52, 260):
        shift = rota.at(friday + dt.timedelta(weeks=weeks))
        assert shift is not None
        assert ("ana", "ben", "eva")[weeks % 3] == shift.member
        assert friday + dt.timedelta(weeks=weeks, days=-1) < shift.start
    assert rota.at(friday - dt.timedelta(days=1)) is None
    assert rota.at(friday + dt.timedelta(days=4)) is None


def test_the_turns_of_a_span_are_those_that_overlap_it() -> None:
    rota = WEEKEND.roster("Europe/Amsterdam")
    monday = dt.datetime(2026, 3, 23, 7, tzinfo=dt.UTC)  # an hour before the first one ends
    found = list(rota.between(monday, monday + dt.timedelta(weeks=1)))
    assert ["ana", "ben"] == [shift.member for shift in found]
    assert [] == list(rota.between(monday + dt.timedelta(hours=1), monday + dt.timedelta(days=1)))


def test_a_rule_that_ends_leaves_its_last_member_on_duty() -> None:
    rotation = Rotation(
        id="launch", role="care", on="tulip-x", members=["ana", "ben"],
        start=dt.date(2026, 3, 20), every="FREQ=DAILY;COUNT=2;BYHOUR=9;BYMINUTE=0;BYSECOND=0",
    )  # fmt: skip
    asked = access(rotation)
    later = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
    assert ("ben",) == asked.members("hold", "tulip-x", at=later)
    assert "until" not in asked.check("ben", "hold", "tulip-x", at=later).explain()


def test_a_forbid_bars_whoever_is_on_duty() -> None:
    friday = dt.datetime(2026, 3, 20, 17, tzinfo=dt.UTC)
    verdict = access(WEEKEND, bars("ana", "hold")).check("ana", "hold", "tulip-x", at=friday)
    assert not verdict
    assert ["end_forbid"] == [remedy.code for remedy in verdict.remedies]


def test_a_delegate_may_what_the_absent_may_while_they_are_away() -> None:
    asked = access(gives("ana", "publish"), away("ana", "ben"))
    assert asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert asked.allows("ana", "publish", "tulip-x", at=JULY)
    for outside in (dt.datetime(2026, 6, 30, 12), dt.datetime(2026, 7, 15, 12)):  # noqa: DTZ001
        assert not asked.allows("ben", "publish", "tulip-x", at=outside.replace(tzinfo=dt.UTC))
    verdict = asked.check("ben", "publish", "tulip-x", at=JULY)
    assert ["delegate_of", "grant.member"] == [reason.code for reason in verdict.reasons]
    assert "`ben` is the delegate of `ana` until 2026-07-15" in verdict.explain()
    assert ("ben",) == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_only_what_is_named_is_delegated() -> None:
    asked = access(gives("ana", "publish", "approve"), away("ana", "ben", "approve"))
    assert asked.allows("ben", "approve", "tulip-x", at=JULY)
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)


@pytest.mark.parametrize("barred", ["ana", "ben"])
def test_a_forbid_of_either_bars_the_delegate(barred: str) -> None:
    asked = access(gives("ana", "publish"), away("ana", "ben"), bars(barred, "publish"))
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert not asked.check("ben", "publish", "tulip-x", at=JULY)
    assert () == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_a_delegation_is_not_passed_on() -> None:
    asked = access(gives("ana", "publish"), away("ana", "ben"), away("ben", "eva", number=2))
    assert asked.allows("ben", "publish", "tulip-x", at=JULY)
    assert not asked.allows("eva", "publish", "tulip-x", at=JULY)


def test_a_turn_on_duty_is_delegated_like_a_grant() -> None:
    friday = dt.datetime(2026, 3, 20, 17, tzinfo=dt.UTC)
    week = {"start": dt.date(2026, 3, 16), "end": dt.date(2026, 3, 30)}
    asked = access(WEEKEND, away("ana", "eva", **week))
    verdict = asked.check("eva", "hold", "tulip-x", at=friday)
    assert ["delegate_of", "shift.on_duty"] == [reason.code for reason in verdict.reasons]


@pytest.mark.parametrize("author", ["ana", "ben"])
def test_nobody_stands_in_on_what_either_wrote(author: str) -> None:
    asked = access(gives("ana", "publish"), away("ana", "ben"))
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY, authors=[author])
    assert not asked.check("ben", "publish", "tulip-x", at=JULY, authors=[author])
    assert asked.allows("ana", "publish", "tulip-x", at=JULY, authors=[author])
    assert asked.allows("ben", "publish", "tulip-x", at=JULY, authors=["eva"])


def test_a_suspended_delegate_or_absent_gives_nothing() -> None:
    for who in ("ana", "ben"):
        people = [Member(id=name, suspended=name == who) for name in ("ana", "ben", "eva")]
        asked = access(gives("ana", "publish"), away("ana", "ben"), members=people)
        assert not asked.allows("ben", "publish", "tulip-x", at=JULY)
        assert () == asked.delegates("ana", "publish", "tulip-x", at=JULY)


def test_absences_of_people_who_are_gone_are_passed_over() -> None:
    asked = access(gives("ana", "publish"), away("ana", "zoe"), away("zoe", "ben", number=2))
    assert () == asked.absences
    assert not asked.allows("ben", "publish", "tulip-x", at=JULY)


@given(st.permutations([away("ana", "ben"), away("eva", "ben", number=2)]))
def test_the_order_of_absences_never_matters(absences: list[Absence]) -> None:
    asked = access(gives("ana", "publish"), gives("eva", "publish"), *absences)
    verdict = asked.check("ben", "publish", "tulip-x", at=JULY)
    assert ["ana", "ana"] == [verdict.reasons[0]["absent"], verdict.reasons[1]["member"]]


@pytest.mark.parametrize(
    ("rotation", "said"),
    [
        ({"members": ["ana", "zoe"]}, "rotation `weekend` has `zoe`, who is no member"),
        ({"role": "cart"}, "gives `cart`, which is no role; did you mean `care`"),
        ({"on": "tulip-y"}, "rotation `weekend` is on profile `tulip-y`, which does not exist"),
        ({"every": "first business day of the month 09:00"}, "cannot turn on"),
    ],
)
def test_a_duty_that_names_what_does_not_exist_is_refused(rotation: dict, said: str) -> None:
    values = {
        "id": "weekend", "role": "care", "on": "tulip-x", "members": ["ana"],
        "start": dt.date(2026, 3, 20), "every": "friday 17:00",
    }  # fmt: skip
    with pytest.raises(InvalidValueError, match=said):
        access(Rotation(**{**values, **rotation}))


def test_far_beyond_any_calendar_nobody_is_on_duty_and_no_time_is_lost() -> None:
    """Eight thousand years of a daily duty are not counted for a slip of the pen."""
    daily = Rotation(
        id="d", role="care", on="tulip-x", members=["ana"], start=dt.date(2026, 1, 1),
        every="day 09:00",
    )  # fmt: skip
    rota = daily.roster("Europe/Amsterdam")
    assert rota.at(dt.datetime(9990, 6, 1, 12, tzinfo=dt.UTC)) is None
    assert [] == list(
        rota.between(dt.datetime(9990, 1, 1, tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=dt.UTC))
    )
    assert not access(daily).allows(
        "ana", "hold", "tulip-x", at=dt.datetime(9990, 6, 1, tzinfo=dt.UTC)
    )
    assert (
        access(daily).allows("ana", "hold", "tulip-x", at=dt.datetime(2226, 6, 1, tzinfo=dt.UTC))
        is False
    )
    assert access(daily).allows("ana", "hold", "tulip-x", at=dt.datetime(2126, 6, 1, tzinfo=dt.UTC))

"""Response targets: exact instants in business hours, with pauses."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.inbox import (
    CaseEvent,
    Escalation,
    Measurement,
    ResponseTarget,
    measure,
    next_instants,
    report,
    target_for,
)
from socialcollab.time import BusinessHours, Duration

AMSTERDAM = "Europe/Amsterdam"
OFFICE = BusinessHours(
    days="mon-fri", start="09:00", end="17:00", zone=AMSTERDAM, holidays=[dt.date(2026, 4, 27)]
)
MINUTE = dt.timedelta(minutes=1)


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(AMSTERDAM)).astimezone(dt.UTC)


def events(*pairs: tuple[str, str]) -> list[CaseEvent]:
    return [CaseEvent(kind, local(at)) for kind, at in pairs]


def target(**limits: object) -> ResponseTarget:
    return ResponseTarget(id="care", on="tulip-x", **limits)


def test_the_documented_example_of_hootsuite():
    """30 business minutes from Friday 16:45, closing at 17:00, end 15 minutes after Monday opens."""
    asked = events(("customer_message", "2026-04-10 16:45"))
    [first] = measure(
        asked, target(first_response="30 business minutes"), at=asked[0].at, hours=OFFICE
    )
    assert first.due == local("2026-04-13 09:15")


def test_a_holiday_does_not_count():
    asked = events(("customer_message", "2026-04-24 16:45"))
    [first] = measure(
        asked, target(first_response="30 business minutes"), at=asked[0].at, hours=OFFICE
    )
    assert first.due == local("2026-04-28 09:15")


def test_the_clock_runs_from_the_oldest_unanswered_message():
    happened = events(
        ("customer_message", "2026-04-07 10:00"),
        ("customer_message", "2026-04-07 10:20"),
        ("reply", "2026-04-07 10:25"),
        ("customer_message", "2026-04-07 11:00"),
        ("customer_message", "2026-04-07 11:30"),
    )
    both = target(first_response="30 minutes", next_response="1 hour")
    first, following = measure(happened, both, at=local("2026-04-07 11:40"))
    assert (first.state, first.counted) == ("reached", 25 * MINUTE)
    assert (following.state, following.due) == ("running", local("2026-04-07 12:00"))


def test_an_answer_at_the_very_instant_is_late():
    def state(at: str) -> str:
        happened = events(("customer_message", "2026-04-07 10:00"), ("reply", at))
        [first] = measure(happened, target(first_response="30 minutes"), at=happened[1].at)
        return first.state

    assert [state("2026-04-07 10:29:59"), state("2026-04-07 10:30")] == ["reached", "missed"]


def test_waiting_ends_with_the_next_message_but_hold_does_not():
    def resolution(pause: str) -> Measurement:
        happened = events(
            ("customer_message", "2026-04-07 10:00"),
            ("reply", "2026-04-07 10:10"),
            (pause, "2026-04-07 10:10"),
            ("customer_message", "2026-04-07 12:00"),
        )
        [found] = measure(happened, target(resolution="1 hour"), at=local("2026-04-07 12:05"))
        return found

    assert (resolution("waiting").state, resolution("waiting").due) == (
        "running",
        local("2026-04-07 12:50"),
    )
    assert (resolution("hold").state, resolution("hold").due) == ("paused", None)
    assert next_instants([resolution("hold")], after=local("2026-04-07 12:05")) == ()


def test_warnings_breaches_and_escalations_are_due_at_exact_instants():
    care = target(
        first_response="1 business hour",
        warn_at=50,
        escalations=[
            Escalation(to="lead", after="2 hours"),
            Escalation(to="team:care", after="30 business minutes"),
            Escalation(to="rotation:weekend"),
        ],
    )
    asked = events(("customer_message", "2026-04-10 16:10"))
    measured = measure(asked, care, at=asked[0].at, hours=OFFICE)
    due = next_instants(measured, after=asked[0].at)
    assert [(one.kind, str(one.to or ""), one.at) for one in due] == [
        ("warning", "", local("2026-04-10 16:40")),
        ("breach", "", local("2026-04-13 09:10")),
        ("escalation", "rotation:weekend", local("2026-04-13 09:10")),
        ("escalation", "team:care", local("2026-04-13 09:40")),
        ("escalation", "lead", local("2026-04-13 11:10")),
    ]
    assert next_instants(measured, after=due[1].at) == due[3:]


def test_reopening_continues_the_resolution_without_the_time_in_between():
    happened = events(
        ("customer_message", "2026-04-07 10:00"),
        ("resolved", "2026-04-07 10:30"),
        ("reopened", "2026-04-07 15:00"),
    )
    first, resolution = measure(
        happened,
        target(first_response="2 hours", resolution="1 hour"),
        at=local("2026-04-07 15:10"),
    )
    assert first.state == "not_needed"
    assert (resolution.state, resolution.due) == ("running", local("2026-04-07 15:30"))


def test_a_report_counts_reached_and_missed():
    care = target(first_response="30 minutes")
    cases = [
        events(("customer_message", "2026-04-07 10:00"), ("reply", "2026-04-07 10:10")),
        events(("customer_message", "2026-04-07 10:00"), ("reply", "2026-04-07 11:00")),
        events(("customer_message", "2026-04-07 11:00")),
        events(("customer_message", "2026-04-07 11:00"), ("resolved", "2026-04-07 11:01")),
    ]
    now = local("2026-04-07 11:10")
    [counts] = report(one for case in cases for one in measure(case, care, at=now))
    assert (counts.reached, counts.missed, counts.open, counts.not_needed) == (1, 1, 1, 1)
    assert (counts.share_reached, counts.median) == (0.5, 35 * MINUTE)


def test_the_chosen_target_goes_before_the_first_that_applies():
    profile = Profile(id="tulip-x", workspace="tulip", network="x")
    slow, fast = (
        ResponseTarget(id=name, on="tulip-x", resolution="1 day") for name in ("slow", "fast")
    )
    assert target_for([slow, fast], profile) is slow
    assert target_for([slow, fast], profile, chosen="fast") is fast
    with pytest.raises(InvalidValueError, match="no response target `fats`"):
        target_for([slow, fast], profile, chosen="fats")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({}, "limits nothing"),
        ({"first_response": "1 business day"}, "8 business hours"),
        ({"first_response": "1 hour", "warn_at": 100}, "from 1 to 99 percent"),
        ({"first_response": "soon"}, "`soon` is not a duration"),
    ],
)
def test_targets_that_cannot_be_measured_are_refused(limits, message):
    with pytest.raises(InvalidValueError, match=message):
        target(**limits)


def test_business_time_needs_business_hours_and_instants_need_an_offset():
    asked = events(("customer_message", "2026-04-07 10:00"))
    with pytest.raises(InvalidValueError, match="pass `hours`"):
        measure(asked, target(first_response="1 business hour"), at=asked[0].at)
    with pytest.raises(NaiveDatetimeError):
        measure(asked, target(first_response="1 hour"), at=asked[0].at.replace(tzinfo=None))
    with pytest.raises(InvalidValueError, match="`call` is not a kind of case event"):
        CaseEvent("call", asked[0].at)


# A simulation that counts minute by minute, and reads the clock on the wall instead of computing.

KINDS = ("customer_message", "reply", "waiting", "hold", "resume", "resolved", "reopened")
DAY_SHIFT = BusinessHours(
    days="mon-fri", start="09:00", end="17:00", zone=AMSTERDAM, holidays=[dt.date(2026, 3, 30)]
)
NIGHT_SHIFT = BusinessHours(days="mon-sun", start="22:00", end="06:00", zone=AMSTERDAM)
# The clocks change on 29 March and 25 October 2026.
STARTS = [dt.datetime(2026, 3, 26, tzinfo=dt.UTC), dt.datetime(2026, 10, 22, tzinfo=dt.UTC)]
SIMULATED = 9 * 1440


def open_minutes(start: dt.datetime, hours: BusinessHours) -> list[bool]:
    """Return whether each minute is open, by the date and time on a clock in the zone."""
    minutes = []
    for number in range(SIMULATED):
        now = (start + number * MINUTE).astimezone(ZoneInfo(AMSTERDAM))
        if hours is DAY_SHIFT:
            works = now.weekday() < 5 and now.date() != dt.date(2026, 3, 30)
            minutes.append(works and 9 <= now.hour < 17)
        else:
            minutes.append(now.hour >= 22 or now.hour < 6)
    return minutes


class Simulation:
    """The case as a person with a stopwatch for each metric would measure it."""

    def __init__(self, limits: dict[str, tuple[int, bool]], is_open: list[bool]) -> None:
        self.limits, self.is_open = limits, is_open
        self.running: dict[str, dict[str, object]] = {}
        self.all: list[dict[str, object]] = []
        self.answered_once = self.waiting = self.hold = self.resolved = False

    def begin(self, metric: str, minute: int) -> None:
        self.running[metric] = {
            "metric": metric, "since": minute, "counted": 0, "due": None, "state": "open",
            "warned": None,
        }  # fmt: skip
        self.all.append(self.running[metric])

    def handle(self, kind: str, minute: int) -> None:
        if kind == "customer_message":
            self.waiting = self.resolved = False
            if not {"first_response", "next_response"} & self.running.keys():
                self.begin("next_response" if self.answered_once else "first_response", minute)
            if "resolution" not in self.running:
                self.begin("resolution", minute)
        elif kind == "reply":
            for metric in ("first_response", "next_response"):
                if metric in self.running:
                    self.running.pop(metric)["state"] = "answered"
                    self.answered_once = True
        elif kind == "waiting":
            self.waiting = True
        elif kind == "hold":
            self.hold = True
        elif kind == "resume":
            self.waiting = self.hold = False
        elif kind == "resolved":
            self.resolved, self.waiting, self.hold = True, False, False
            for metric in ("first_response", "next_response"):
                if metric in self.running:
                    self.running.pop(metric)["state"] = "dropped"
        else:
            self.resolved = False
        if "resolution" in self.running:
            self.running["resolution"]["state"] = "answered" if self.resolved else "open"

    def tick(self, minute: int) -> None:
        if self.waiting or self.hold or self.resolved:
            return
        for watch in self.running.values():
            limit, business = self.limits[watch["metric"]]
            if business and not self.is_open[minute]:
                continue
            watch["counted"] += 1
            if watch["counted"] == limit:
                watch["due"] = minute + 1
            if watch["counted"] * 2 == limit:
                watch["warned"] = minute + 1


def check_generated_cases(count: int, seed: int) -> int:
    """Compare generated cases with the simulation, and return how many targets were missed."""
    draw = random.Random(seed)
    opened = {
        (start, hours): open_minutes(start, hours)
        for start in STARTS
        for hours in (DAY_SHIFT, NIGHT_SHIFT)
    }
    missed = 0
    for _ in range(count):
        start, hours = draw.choice(sorted(opened, key=repr))
        limits = {
            metric: (draw.choice([2, 30, 60, 180, 480]), draw.random() < 0.7)
            for metric in ("first_response", "next_response", "resolution")
        }
        care = target(
            warn_at=50,
            **{
                metric: Duration(minutes, "minute", business=business)
                for metric, (minutes, business) in limits.items()
            },
        )
        minutes = sorted(draw.randrange(4 * 1440) for _ in range(draw.randrange(1, 9)))
        happened = [(minute, draw.choice(KINDS)) for minute in minutes]
        happened.insert(0, (minutes[0], "customer_message"))
        # Far enough after the last event that every running target has come due.
        now = 8 * 1440 + draw.randrange(1440)
        simulation = Simulation(limits, opened[start, hours])
        waiting = list(happened)
        for minute in range(minutes[0], now):
            while waiting and waiting[0][0] == minute:
                simulation.handle(waiting.pop(0)[1], minute)
            simulation.tick(minute)
        measured = measure(
            [CaseEvent(kind, start + minute * MINUTE) for minute, kind in happened],
            care,
            at=start + now * MINUTE,
            hours=hours,
        )
        assert len(measured) == len(simulation.all), happened
        for found, watch in zip(measured, simulation.all, strict=True):
            limit = limits[found.metric][0]
            shown = (happened, limits, found, watch)
            assert found.metric == watch["metric"], shown
            assert found.since == start + watch["since"] * MINUTE, shown
            assert found.counted == watch["counted"] * MINUTE, shown
            due = watch["due"]
            if due is not None:
                assert found.due == start + due * MINUTE, shown
                assert found.state == "missed", shown
                missed += 1
            else:
                states = {"open": ("running", "paused"), "answered": ("reached",)}
                assert found.state in states.get(watch["state"], ("not_needed",)), shown
            if watch["warned"] is not None:
                assert found.instants[0].kind == "warning", shown
                assert found.instants[0].at == start + watch["warned"] * MINUTE, shown
            assert (found.counted >= limit * MINUTE) == (due is not None), shown
    return missed


def test_generated_cases_equal_a_simulation_minute_by_minute():
    assert check_generated_cases(12, seed=12) > 0


@pytest.mark.integration
@pytest.mark.parametrize("part", range(10))
def test_five_thousand_cases_equal_a_simulation_minute_by_minute(part):
    assert check_generated_cases(500, seed=part) > 100

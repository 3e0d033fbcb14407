"""Recurrences agree with python-dateutil and RFC 5545's tables, wherever the search starts."""
# ruff: noqa: DTZ001, DTZ007  the tests are about local times

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from itertools import islice

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st
from tests.randomness import fewer_examples
from tests.time.rules import DAYS, rules

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.time import Recurrence, local_time, resolve

UTC = dt.UTC


starts = st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2027, 1, 1)).map(
    lambda value: value.replace(second=0, microsecond=0)
)


def oracle(text, start, until):
    return list(rrule.rrulestr(text, dtstart=start).between(start, until, inc=True))


@fewer_examples()
@given(text=rules(), start=starts, offset=st.integers(0, 700))
def test_between_agrees_with_dateutil(text, start, offset):
    """A search from the middle finds the same occurrences as an iteration from the start."""
    end = start + dt.timedelta(days=900)
    a = start + dt.timedelta(days=offset)
    b = min(a + dt.timedelta(days=200), end)
    expected = [instant for instant in oracle(text, start, end) if a <= instant < b]
    rule = Recurrence.parse(text, start=start, zone="UTC")
    found = list(rule.between(a.replace(tzinfo=UTC), b.replace(tzinfo=UTC)))
    assert expected == [instant.replace(tzinfo=None) for instant in found]
    if expected:
        assert found[0] == rule.after(found[0] - dt.timedelta(seconds=1))
        assert found[-1] == rule.before(found[-1] + dt.timedelta(seconds=1))


def weeks_by_counting(week_start, numbers, first_year, last_year):
    """Return the days of the weeks with these numbers, counting all weeks one by one."""
    day = dt.date(first_year, 1, 1) - dt.timedelta(days=400)
    day += dt.timedelta(days=(week_start - day.weekday()) % 7)
    starts_of: dict[int, list[dt.date]] = {}
    while day.year <= last_year + 1:
        days = [day + dt.timedelta(days=number) for number in range(7)]
        ((year, _),) = Counter(each.year for each in days).most_common(1)
        starts_of.setdefault(year, []).append(day)
        day += dt.timedelta(days=7)
    return [
        day + dt.timedelta(days=offset)
        for starts in starts_of.values()
        for index, day in enumerate(starts)
        if index + 1 in numbers or index - len(starts) in numbers
        for offset in range(7)
    ]


@pytest.mark.integration
@given(
    week_start=st.integers(0, 6),
    numbers=st.sets(st.sampled_from([1, 2, 20, 52, 53, -1, -2, -53]), min_size=1, max_size=3),
    year=st.integers(2000, 2050),
)
def test_week_numbers(week_start, numbers, year):
    """Week 1 is the first week with four days in the year (dateutil misses some weeks 53)."""
    days = ",".join(DAYS)
    numbered = ",".join(map(str, numbers))
    rule = Recurrence.parse(
        f"FREQ=YEARLY;BYWEEKNO={numbered};BYDAY={days};WKST={DAYS[week_start]}",
        start=dt.datetime(year, 1, 1),
        zone="UTC",
    )
    a, b = dt.datetime(year, 1, 1, tzinfo=UTC), dt.datetime(year + 12, 1, 1, tzinfo=UTC)
    counted = weeks_by_counting(week_start, numbers, year, year + 12)
    assert [day for day in counted if a.date() <= day < b.date()] == [
        instant.date() for instant in rule.between(a, b)
    ]


@given(text=rules(), start=starts, count=st.integers(1, 20))
def test_count_from_start(text, start, count):
    """COUNT is counted from the start."""
    end = start + dt.timedelta(days=2000)
    # The oracle includes an occurrence at the end.
    expected = [instant for instant in oracle(text, start, end) if instant < end][:count]
    rule = Recurrence.parse(f"{text};COUNT={count}", start=start, zone="UTC")
    found = list(rule.between(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)))
    assert expected == [instant.replace(tzinfo=None) for instant in found]


@given(
    text=rules(),
    start=starts,
    zone=st.sampled_from(["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe"]),
    skipped=st.sampled_from(["next", "previous", "drop"]),
    repeated=st.sampled_from(["first", "second"]),
)
def test_instants_are_in_order(text, start, zone, skipped, repeated):
    """Instants are sorted and unique, regardless of how skipped and repeated times are handled."""
    rule = Recurrence.parse(text, start=start, zone=zone, skipped=skipped, repeated=repeated)
    a = start.replace(tzinfo=UTC) - dt.timedelta(days=1)
    found = list(rule.between(a, a + dt.timedelta(days=200)))
    assert found == sorted(set(found))


def test_skipped_occurrence():
    """A skipped occurrence is moved, dropped or an error, depending on the option."""

    def days(**options):
        rule = Recurrence.parse(
            "FREQ=DAILY;COUNT=3", start="2026-03-28 02:30", zone="Europe/Amsterdam", **options
        )
        return [f"{local_time(instant, 'Europe/Amsterdam'):%d %H:%M}" for instant in rule]

    assert days(skipped="next") == ["28 02:30", "29 03:30", "30 02:30"]
    assert days(skipped="previous") == ["28 02:30", "29 01:30", "30 02:30"]
    assert days(skipped="drop") == ["28 02:30", "30 02:30"], "a dropped occurrence still counts"
    with pytest.raises(SkippedTimeError):
        days(skipped="refuse")


def test_repeated_occurrence():
    """A repeated occurrence occurs once or is an error, depending on the option."""
    rule = Recurrence.parse("FREQ=DAILY", start="2026-10-24 02:30", zone="Europe/Amsterdam")
    a = dt.datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert [dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)] == list(
        rule.between(a, a + dt.timedelta(days=1))
    )
    refusing = Recurrence.parse(
        "FREQ=DAILY", start="2026-10-24 02:30", zone="Europe/Amsterdam", repeated="refuse"
    )
    with pytest.raises(RepeatedTimeError):
        list(refusing.between(a, a + dt.timedelta(days=1)))


@pytest.mark.parametrize(
    "text",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=DAILY;INTERVAL=7;BYDAY=FR",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=10000",
        "FREQ=DAILY;UNTIL=20200101",
    ],
)
@pytest.mark.integration
def test_unmatched_rule_ends(text):
    """Searching a rule that never matches ends within seconds."""
    rule = Recurrence.parse(text, start="2026-01-01 09:00", zone="Europe/Amsterdam")
    began = time.process_time()
    assert rule.after(dt.datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert rule.before(dt.datetime(2050, 1, 1, tzinfo=UTC)) is None
    assert time.process_time() - began < 2


@pytest.mark.integration
@pytest.mark.parametrize(
    "text",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;COUNT=10000",
        "FREQ=DAILY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=10000",
        "FREQ=WEEKLY;BYMONTH=2;BYDAY=MO;COUNT=10000",
        "FREQ=DAILY;INTERVAL=1000000;COUNT=10000",
        f"FREQ=YEARLY;BYYEARDAY={','.join(map(str, range(1, 367)))};BYDAY=MO;COUNT=10000",
        f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};COUNT=10000",
    ],
)
def test_rare_rule_with_count_is_fast(text):
    """Counting the occurrences of a rare or long rule takes at most a few seconds, once."""
    rule = Recurrence.parse(text, start="2026-01-01 09:00", zone="UTC")
    began = time.process_time()
    for year in range(2030, 2130):
        rule.after(dt.datetime(year, 1, 1, tzinfo=UTC))
    assert time.process_time() - began < 3


def test_far_future_is_fast():
    """Searching the far future of an endless rule is fast."""
    rule = Recurrence.parse("FREQ=DAILY;INTERVAL=7", start="2026-01-01 09:00", zone="UTC")
    began = time.process_time()
    found = rule.after(dt.datetime(9000, 1, 1, tzinfo=UTC))
    assert found is not None
    assert (found - dt.datetime(2026, 1, 1, 9, tzinfo=UTC)) % dt.timedelta(days=7) == dt.timedelta()
    assert time.process_time() - began < 1


def test_until_is_inclusive():
    """UNTIL includes its bound, as an instant, a local time or a date."""
    for until in ("20260406T073000Z", "20260406T093000", "20260406"):
        rule = Recurrence.parse(
            f"FREQ=WEEKLY;UNTIL={until}", start="2026-03-30 09:30", zone="Europe/Amsterdam"
        )
        assert len(list(rule)) == 2, until


def test_calendar_end():
    """An endless rule ends with the last year of the calendar."""
    rule = Recurrence.parse("FREQ=YEARLY", start="9990-06-01 09:00", zone="Europe/Amsterdam")
    assert len(list(rule)) == 10
    assert rule.before(dt.datetime.max.replace(tzinfo=UTC)) is not None
    assert rule.after(dt.datetime.min.replace(tzinfo=UTC)) is not None


def test_published_tables(shared_data):
    """The published tables agree, except for five rules on which their sources differ."""

    def read(text):
        clock = text.rstrip("Z")[:15] if "T" in text else f"{text}T000000"
        return dt.datetime.strptime(clock, "%Y%m%dT%H%M%S")

    differing = {
        # libical takes the month from DTSTART; dateutil, rrule.js and the RFC's table expand.
        "libical/FREQ=YEARLY;BYMONTHDAY=29;COUNT=3/20240229",
        # libical ignores times of an all-day DTSTART.
        "libical/FREQ=DAILY;BYMINUTE=1,2,3,4;INTERVAL=2;COUNT=3/20241018",
        # libical counts INTERVAL in ISO years.
        "libical/FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO,TU;INTERVAL=3;UNTIL=20320101/20241231",
        # dateutil and rrule.js use all seven days of the week, and RFC 5545 the day of DTSTART.
        "dateutil/testYearlyByWeekNo",
        "rrulejs/testYearlyByWeekNo",
    }
    # FREQ: the rule repeats within a day. BYWEEKNO, BYYEARDAY, BYMONTHDAY: RFC 5545 forbids the
    # part for this frequency. UNTIL: the rule has COUNT too. BYMINUTE: more than 24 times a day.
    count: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for line in (shared_data("rrule-tables") / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        zone = case.get("tzid") or "UTC"
        try:
            rule = Recurrence.parse(case["rrule"], start=read(case["dtstart"]), zone=zone)
        except InvalidValueError as error:
            count["refused"] += 1
            reasons[str(error).partition("=")[0].strip("`")] += 1
            continue
        expected = [read(instant) for instant in case["expected"]]
        if "query" in case:
            a, b = (read(instant).replace(tzinfo=UTC) for instant in case["query"]["args"])
            found = list(rule.between(a + dt.timedelta(seconds=1), b))
        else:
            found = list(islice(rule, len(expected) + 1))
        if not {"COUNT", "UNTIL"} & set(case["rrule"].replace("=", ";").split(";")) and expected:
            found = found[: len(expected)]
        same = expected == [local_time(instant, zone) for instant in found]
        assert same != (case["id"] in differing), case["id"]
        count["same" if same else "differs"] += 1
        if same and expected:
            seek = resolve(expected[-1], zone, skipped="next", repeated="first")
            assert seek == rule.after(seek - dt.timedelta(seconds=1)), case["id"]
    print(f"\nrrule-tables: {dict(count)}, refused by part: {dict(reasons)}")
    assert count == {"same": 148, "refused": 129, "differs": 5}
    assert reasons == {
        "FREQ": 96,
        "BYWEEKNO": 18,
        "BYYEARDAY": 8,
        "BYMONTHDAY": 4,
        "UNTIL": 2,
        "BYMINUTE": 1,
    }

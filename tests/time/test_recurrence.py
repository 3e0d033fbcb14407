"""Recurrences agree with python-dateutil and with RFC 5545's tables, wherever they are asked from."""
# ruff: noqa: DTZ001, DTZ007  local times are what is tested

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
from tests.drawing import a_third

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.time import Recurrence, Rule, local_time, resolve

UTC = dt.UTC
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def numbers(low, high, *, negative=False):
    values = st.integers(low, high)
    if negative:
        values = values | st.integers(-high, -low)
    return st.sets(values, min_size=1, max_size=3).map(
        lambda found: ",".join(map(str, sorted(found)))
    )


@st.composite
def rules(draw):
    freq = draw(st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"]))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(numbers(1, 12))}")
    kind = draw(st.sampled_from(["day", "month day", "none"]))
    if kind == "day":
        numbered = freq == "MONTHLY" and draw(st.booleans())
        days = draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4))
        parts.append(
            "BYDAY="
            + ",".join(
                f"{draw(st.sampled_from([1, 2, -1])) if numbered else ''}{d}" for d in sorted(days)
            )
        )
    if kind == "month day" and freq != "WEEKLY" and not (freq == "YEARLY" and draw(st.booleans())):
        parts.append(f"BYMONTHDAY={draw(numbers(1, 31, negative=True))}")
    if draw(st.booleans()) and freq != "HOURLY":
        parts.append(f"BYHOUR={draw(numbers(0, 23))}")
    # dateutil begins the first week at DTSTART, RFC 5545 at WKST: another BYSETPOS.
    if kind != "none" and freq == "MONTHLY" and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(numbers(1, 3, negative=True))}")
    return ";".join(parts)


starts = st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2027, 1, 1)).map(
    lambda value: value.replace(second=0, microsecond=0)
)


def oracle(text, start, until):
    return list(rrule.rrulestr(text, dtstart=start).between(start, until, inc=True))


@a_third()
@given(text=rules(), start=starts, offset=st.integers(0, 700))
def test_a_window_anywhere_holds_what_dateutil_finds_there(text, start, offset):
    """Asking from the middle gives the same as walking from the start."""
    end = start + dt.timedelta(days=900)
    a = start + dt.timedelta(days=offset)
    b = min(a + dt.timedelta(days=200), end)
    expected = [one for one in oracle(text, start, end) if a <= one < b]
    rule = Recurrence.parse(text, start=start, zone="UTC")
    found = list(rule.between(a.replace(tzinfo=UTC), b.replace(tzinfo=UTC)))
    assert expected == [one.replace(tzinfo=None) for one in found]
    if expected:
        assert found[0] == rule.after(found[0] - dt.timedelta(seconds=1))
        assert found[-1] == rule.before(found[-1] + dt.timedelta(seconds=1))


@given(text=rules(), start=starts, count=st.integers(1, 20))
def test_count_is_counted_from_the_start(text, start, count):
    end = start + dt.timedelta(days=2000)
    expected = oracle(text, start, end)[:count]
    rule = Recurrence.parse(f"{text};COUNT={count}", start=start, zone="UTC")
    found = list(rule.between(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)))
    assert expected == [one.replace(tzinfo=None) for one in found]


@given(text=rules())
def test_a_rule_printed_and_read_again_is_the_same(text):
    assert Rule.parse(text) == Rule.parse(str(Rule.parse(text)))


@given(
    text=rules(),
    start=starts,
    zone=st.sampled_from(["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe"]),
    skipped=st.sampled_from(["next", "previous", "drop"]),
    repeated=st.sampled_from(["first", "second"]),
)
def test_instants_come_in_order_and_once(text, start, zone, skipped, repeated):
    rule = Recurrence.parse(text, start=start, zone=zone, skipped=skipped, repeated=repeated)
    a = start.replace(tzinfo=UTC) - dt.timedelta(days=1)
    found = list(rule.between(a, a + dt.timedelta(days=200)))
    assert found == sorted(set(found))


def test_a_skipped_occurrence_is_moved_dropped_or_refused():
    def days(**options):
        rule = Recurrence.parse(
            "FREQ=DAILY;COUNT=3", start="2026-03-28 02:30", zone="Europe/Amsterdam", **options
        )
        return [f"{local_time(one, 'Europe/Amsterdam'):%d %H:%M}" for one in rule]

    assert days(skipped="next") == ["28 02:30", "29 03:30", "30 02:30"]
    assert days(skipped="previous") == ["28 02:30", "29 01:30", "30 02:30"]
    assert days(skipped="drop") == ["28 02:30", "30 02:30"], "a dropped one still counts"
    with pytest.raises(SkippedTimeError):
        days(skipped="refuse")


def test_a_repeated_occurrence_happens_once():
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
        "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=30",
        "FREQ=DAILY;UNTIL=20200101",
    ],
)
def test_a_rule_that_never_matches_ends(text):
    rule = Recurrence.parse(text, start="2026-01-01 09:00", zone="Europe/Amsterdam")
    began = time.process_time()
    assert rule.after(dt.datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert rule.before(dt.datetime(2050, 1, 1, tzinfo=UTC)) is None
    assert time.process_time() - began < 5


def test_the_far_future_of_an_endless_rule_is_sought():
    rule = Recurrence.parse("FREQ=SECONDLY;INTERVAL=7", start="2026-01-01 09:00", zone="UTC")
    began = time.process_time()
    found = rule.after(dt.datetime(9000, 1, 1, tzinfo=UTC))
    assert found is not None
    assert (found - dt.datetime(2026, 1, 1, 9, tzinfo=UTC)) % dt.timedelta(
        seconds=7
    ) == dt.timedelta()
    assert time.process_time() - began < 1


def test_until_is_inclusive_as_an_instant_and_as_a_local_time():
    for until in ("20260406T073000Z", "20260406T093000", "20260406"):
        rule = Recurrence.parse(
            f"FREQ=WEEKLY;UNTIL={until}", start="2026-03-30 09:30", zone="Europe/Amsterdam"
        )
        assert len(list(rule)) == 2, until


def test_an_endless_rule_ends_with_the_calendar():
    rule = Recurrence.parse("FREQ=YEARLY", start="9990-06-01 09:00", zone="Europe/Amsterdam")
    assert len(list(rule)) == 10
    assert rule.before(dt.datetime.max.replace(tzinfo=UTC)) is not None
    assert rule.after(dt.datetime.min.replace(tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("BYDAY=MO", "FREQ"),
        ("FREQ=WEEKLI", "did you mean WEEKLY"),
        ("FREQ=WEEKLY;BYDAI=MO", "did you mean BYDAY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH=-1"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL=TOMORROW"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL=20260230"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "UNTIL"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
        ("", "part"),
    ],
)
def test_a_bad_rule_names_its_part(text, part):
    with pytest.raises(InvalidValueError, match=part):
        Rule.parse(text)


def test_rules_of_the_tables_give_their_occurrences(shared_data):
    """All rules that RFC 5545 allows agree, but for five where the tables' own sources differ."""

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
        # dateutil and rrule.js take all seven days of the week, RFC 5545 the day of DTSTART.
        "dateutil/testYearlyByWeekNo",
        "rrulejs/testYearlyByWeekNo",
    }
    # RFC 5545 forbids a numbered BYDAY below MONTHLY, and COUNT beside UNTIL.
    count: Counter[str] = Counter()
    for line in (shared_data("rrule-tables") / "cases.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        zone = case.get("tzid") or "UTC"
        try:
            rule = Recurrence.parse(case["rrule"], start=read(case["dtstart"]), zone=zone)
        except InvalidValueError:
            count["refused"] += 1
            continue
        expected = [read(one) for one in case["expected"]]
        if "query" in case:
            a, b = (read(one).replace(tzinfo=UTC) for one in case["query"]["args"])
            found = list(rule.between(a + dt.timedelta(seconds=1), b))
        else:
            found = list(islice(rule, len(expected) + 1))
        if not {"COUNT", "UNTIL"} & set(case["rrule"].replace("=", ";").split(";")) and expected:
            found = found[: len(expected)]
        same = expected == [local_time(one, zone) for one in found]
        assert same != (case["id"] in differing), case["id"]
        count["same" if same else "differs"] += 1
        if same and expected:
            seek = resolve(expected[-1], zone, skipped="next", repeated="first")
            assert seek == rule.after(seek - dt.timedelta(seconds=1)), case["id"]
    assert count == {"same": 267, "refused": 10, "differs": 5}

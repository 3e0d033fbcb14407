"""Windows, local times and the small grammars: what is read is printed, what is wrong is named."""
# ruff: noqa: DTZ001  local times are what is tested

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import socialcollab.time
from socialcollab.errors import EmptyWindowError, InvalidValueError, NaiveDatetimeError
from socialcollab.time import (
    DURATION_PATTERN,
    EVERY_PATTERN,
    TIME_OF_DAY_PATTERN,
    WEEKDAYS_PATTERN,
    WEEKLY_TIME_PATTERN,
    AmbiguousDateError,
    BusinessHours,
    Duration,
    Every,
    TimeOfDay,
    Weekdays,
    WeeklyTime,
    Window,
    as_utc,
    parse_date,
    parse_local,
)

NINE = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
instants = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2040, 1, 1), timezones=st.just(dt.UTC))


def test_all_is_sorted_and_there():
    assert sorted(
        socialcollab.time.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n)
    ) == (socialcollab.time.__all__)
    assert all(hasattr(socialcollab.time, name) for name in socialcollab.time.__all__)


def test_naive_datetimes_are_refused():
    with pytest.raises(NaiveDatetimeError):
        as_utc(dt.datetime(2026, 1, 1))
    with pytest.raises(NaiveDatetimeError):
        Window(start=dt.datetime(2026, 1, 1), end=NINE)


def test_touching_windows_do_not_overlap():
    first, second = (
        Window(start=NINE, end=NINE + HOUR),
        Window(start=NINE + HOUR, end=NINE + 2 * HOUR),
    )
    assert not first.overlaps(second)
    assert first.intersection(second) is None
    with pytest.raises(EmptyWindowError):
        Window(start=NINE, end=NINE)


@given(st.lists(instants, min_size=4, max_size=4, unique=True), instants)
def test_an_intersection_holds_what_both_hold(bounds, instant):
    a = Window(start=min(bounds[:2]), end=max(bounds[:2]))
    b = Window(start=min(bounds[2:]), end=max(bounds[2:]))
    both = a.intersection(b)
    assert both == b.intersection(a)
    assert (a.contains(instant) and b.contains(instant)) == (
        both is not None and both.contains(instant)
    )


@pytest.mark.parametrize(
    "text", ["2026-04-07 09:30", "2026-04-07T09:30:00", " 2026-04-07 09:30:00.5 "]
)
def test_local_times_are_read(text):
    assert dt.datetime(2026, 4, 7, 9, 30) == parse_local(text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("7 april 9:30", "write it as"),
        ("2026-04-07 09:30+02:00", "without an offset"),
        ("2026-02-30 09:30", "does not exist"),
        ("2026-04-07 24:30", "does not exist"),
        ("2026-04-07", "write it as"),
        ("٢٠٢٦-04-07 09:30", "write it as"),
    ],
)
def test_other_local_times_are_refused(text, match):
    with pytest.raises(InvalidValueError, match=match):
        parse_local(text)


def test_a_date_that_reads_two_ways_names_both():
    with pytest.raises(AmbiguousDateError, match=r"2026-04-03 .* 2026-03-04") as caught:
        parse_date("03/04/2026")
    assert (dt.date(2026, 4, 3), dt.date(2026, 3, 4)) == caught.value.readings
    assert dt.date(2026, 3, 4) == parse_date("03/04/2026", order="mdy")
    assert dt.date(2026, 12, 25) == parse_date("25.12.2026") == parse_date("12-25-2026")
    assert dt.date(2026, 5, 5) == parse_date("5/5/2026")
    assert dt.date(2026, 4, 7) == parse_date("2026/4/7")


@pytest.mark.parametrize(
    "text", ["31/02/2026", "13/13/2026", "2026-02-29", "soon", "07/04/26", "1/2-2026"]
)
def test_impossible_dates_are_refused(text):
    with pytest.raises(InvalidValueError, match=r"does not exist|is not a date"):
        parse_date(text)


def test_an_order_is_obeyed_even_against_likelihood():
    with pytest.raises(InvalidValueError, match="no month 25"):
        parse_date("12/25/2026", order="dmy")


@given(st.sets(st.integers(0, 6), min_size=1))
def test_weekdays_print_and_read_the_same(days):
    weekdays = Weekdays(days)
    assert weekdays == Weekdays.parse(str(weekdays))
    assert re.fullmatch(WEEKDAYS_PATTERN, str(weekdays))


def test_weekdays_wrap_and_name_the_nearest():
    assert Weekdays.parse("sat-mon") == Weekdays([5, 6, 0])
    with pytest.raises(InvalidValueError, match="did you mean `friday`"):
        Weekdays.parse("firday")
    for text in ("", "mon-", ",", "mon,,tue", "-"):
        with pytest.raises(InvalidValueError):
            Weekdays.parse(text)


@given(st.integers(0, 1440))
def test_times_of_day_print_and_read_the_same(minutes):
    text = str(TimeOfDay(minutes))
    assert TimeOfDay(minutes) == TimeOfDay.parse(text)
    assert re.fullmatch(TIME_OF_DAY_PATTERN, text)


@pytest.mark.parametrize("text", ["9:30", "24:01", "09:60", "0930", "09:30:00", "٠٩:30"])
def test_other_times_of_day_are_refused(text):
    with pytest.raises(InvalidValueError, match="write it as"):
        TimeOfDay.parse(text)


durations = st.builds(
    lambda amount, kind: Duration(amount, kind[0], business=kind[1]),
    st.integers(1, 999_999),
    st.sampled_from(
        [(u, False) for u in ("second", "minute", "hour", "day", "week")]
        + [(u, True) for u in ("minute", "hour", "day")]
    ),
)


@given(durations)
def test_durations_print_and_read_the_same(duration):
    assert duration == Duration.parse(str(duration))
    assert re.fullmatch(DURATION_PATTERN, str(duration))


@pytest.mark.parametrize(
    "text", ["", "0 minutes", "-1 day", "1 business week", "1 month", "1.5 hours", "45minutes"]
)
def test_other_durations_are_refused(text):
    assert not re.fullmatch(DURATION_PATTERN, text)
    with pytest.raises(InvalidValueError, match="is not a duration"):
        Duration.parse(text)


def test_a_day_is_wall_clock_in_a_zone_and_24_hours_without():
    before = dt.datetime(2026, 3, 28, 8, 30, tzinfo=dt.UTC)
    day = Duration.parse("1 day")
    assert before + 23 * HOUR == day.after(before, zone="Europe/Amsterdam")
    assert before + 24 * HOUR == day.after(before)
    with pytest.raises(InvalidValueError, match="business hours"):
        Duration.parse("1 business hour").after(before)
    with pytest.raises(InvalidValueError, match="9999"):
        Duration.parse("999999 weeks").after(before)


EVERY = [
    ("friday 17:00", "fri 17:00"),
    ("mon-fri 09:30", "mon-fri 09:30"),
    ("mon, wed 10:00", "mon,wed 10:00"),
    ("first business day of the month 09:00", "first business day of the month 09:00"),
    ("last day of the month 12:00", "last day of the month 12:00"),
    ("second tue of the month 12:00", "second tuesday of the month 12:00"),
    ("day 09:00", "day 09:00"),
    ("mon-sun 09:00", "day 09:00"),
    ("year", "year"),
    ("month", "month"),
    ("week", "week"),
    ("day", "day"),
    ("freq=weekly;interval=2", "FREQ=WEEKLY;INTERVAL=2"),
]


@pytest.mark.parametrize(("text", "printed"), EVERY)
def test_every_reads_and_prints(text, printed):
    every = Every.parse(text)
    assert printed == str(every)
    assert every == Every.parse(printed)
    assert re.fullmatch(EVERY_PATTERN, printed)


@pytest.mark.parametrize(
    "text",
    ["", "often", "friday", "17:00", "fifth day of the month 09:00", "firday 17:00", "friday 25:00",
     "first of the month 09:00", "year 09:00", "last day of the month 24:00", "FREQ=HOURLI"],
)  # fmt: skip
def test_other_ways_to_say_how_often_are_refused(text):
    with pytest.raises(InvalidValueError):
        Every.parse(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "mon",
                "Friday",
                "-",
                ",",
                " ",
                "  ",
                "day",
                "DAY",
                "09:30",
                "24:00",
                "first",
                "Last",
                "business day",
                "of the month",
                " of the month ",
                "year",
                "WEEK",
                "FREQ=DAILY",
                ";",
                "\n",
            ]
        ),
        max_size=6,
    ).map("".join)
)
def test_what_is_read_matches_its_pattern(text):
    """A document's schema lets through whatever the loader takes."""
    grammars = [
        (Weekdays, WEEKDAYS_PATTERN),
        (WeeklyTime, WEEKLY_TIME_PATTERN),
        (Every, EVERY_PATTERN),
        (TimeOfDay, TIME_OF_DAY_PATTERN),
    ]
    for grammar, pattern in grammars:
        try:
            read = grammar.parse(text)
        except InvalidValueError:
            continue
        assert re.fullmatch(pattern, text)
        assert re.fullmatch(pattern, str(read))


def first_of(text, *, start="2026-01-01 10:00", after=dt.datetime(2026, 4, 7, tzinfo=dt.UTC)):
    office = BusinessHours(
        days="mon-fri",
        start="09:00",
        end="17:00",
        zone="Europe/Amsterdam",
        holidays=[dt.date(2026, 5, 1)],
    )
    rule = Every.parse(text).recurrence(start=start, zone="Europe/Amsterdam", hours=office)
    found = rule.after(after)
    assert found is not None
    assert found == next(rule.between(after, found + HOUR))
    assert found == rule.before(found + dt.timedelta(seconds=1))
    return f"{found:%Y-%m-%d %H:%M}"


def test_every_comes_when_it_says():
    assert first_of("friday 17:00") == "2026-04-10 15:00"
    assert first_of("first business day of the month 09:00") == "2026-05-04 07:00", "May Day is off"
    assert first_of("last business day of the month 09:00") == "2026-04-30 07:00"
    assert first_of("last day of the month 12:00") == "2026-04-30 10:00"
    assert first_of("day 09:00") == "2026-04-07 07:00"
    assert first_of("year") == "2027-01-01 09:00"
    assert first_of("month") == "2026-05-01 08:00"
    assert first_of("week") == "2026-04-09 08:00"
    assert first_of("fri 24:00") == "2026-04-10 22:00"


def test_nothing_comes_before_the_start():
    rule = Every.parse("first business day of the month 09:00").recurrence(
        start="2026-04-01 09:30",
        zone="Europe/Amsterdam",
        hours=BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="Europe/Amsterdam"),
    )
    assert rule.before(dt.datetime(2026, 4, 20, tzinfo=dt.UTC)) is None
    assert dt.date(2026, 5, 1) == rule.after(dt.datetime(2020, 1, 1, tzinfo=dt.UTC)).date()
    with pytest.raises(InvalidValueError, match="business hours"):
        Every.parse("first business day of the month 09:00").recurrence(start=NINE, zone="UTC")


def test_a_weekly_time_at_midnight_belongs_to_the_day_it_ends():
    assert str(WeeklyTime.parse("friday 24:00")) == "fri 24:00"
    assert WeeklyTime.parse("friday 24:00").rule().by_day == ((0, 5),)

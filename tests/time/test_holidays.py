"""Holidays: dates with names, and the calendar files that list them."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.time import Holidays, read_holidays

ICS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//test//\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;VALUE=DATE:20200427\r
RRULE:FREQ=YEARLY\r
EXDATE;VALUE=DATE:20280427\r
SUMMARY:Koningsdag\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART;VALUE=DATE:20261225\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Kerst\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
DTSTART:20260501T090000Z\r
DTEND:20260501T100000Z\r
SUMMARY:A meeting\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_read_holidays():
    """All-day events of the given years are holidays, each day of each event."""
    holidays = read_holidays(ICS, first_year=2026, last_year=2028)
    assert {"2026-04-27", "2027-04-27", "2026-12-25", "2026-12-26"} == {
        date.isoformat() for date in holidays.dates
    }
    assert holidays.name(dt.date(2026, 12, 26)) == "Kerst"


def test_union_keeps_own_names() -> None:
    """If both sets name a date, the name of the first is kept."""
    boxing_day = dt.date(2026, 12, 26)
    mine = Holidays([boxing_day], {boxing_day: "mine"})
    assert mine.union(read_holidays(ICS, first_year=2026)).name(boxing_day) == "mine"


def test_datetime_is_not_a_holiday() -> None:
    """A datetime is an error, because it would never equal a date."""
    with pytest.raises(InvalidValueError, match="is not a date"):
        Holidays([dt.datetime(2026, 12, 26, tzinfo=dt.UTC)])


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR", b"x" * 1_000_001])
def test_other_files_are_errors(data):
    """Empty, foreign and oversized files are errors."""
    with pytest.raises(InvalidValueError, match="holiday calendar"):
        read_holidays(data)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (b"UID:1\r\n", "an event has no DTSTART"),
        (b"DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=SECONDLY\r\n", "within a day"),
        (b"DTSTART;VALUE=DATE:20260427\r\nRRULE:FREQ=DAILY;BYHOUR=1,2\r\n", "within a day"),
        (
            b"DTSTART;VALUE=DATE:20260427\r\nDTEND;VALUE=DATE:20270427\r\nRRULE:FREQ=WEEKLY\r\n",
            "more than 100000 days",
        ),
    ],
)
def test_endless_events_are_errors(event, message):
    """Events that would expand to too many days are errors."""
    data = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + event + b"END:VEVENT\r\nEND:VCALENDAR\r\n"
    with pytest.raises(InvalidValueError, match=message):
        read_holidays(data)


@pytest.mark.parametrize("every", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_real_calendars_never_crash(shared_data, every):
    """Real calendar files are either read or rejected with the documented error."""
    for path in sorted(shared_data("ics-calendars").rglob("*.ics"))[::every]:
        try:
            read_holidays(path.read_bytes())
        except InvalidValueError:
            continue

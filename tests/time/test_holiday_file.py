"""Calendar files of holidays: recurrences with exceptions, several calendars, and unreadable lines."""

from __future__ import annotations

import datetime as dt
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError
from socialcollab.time import Holidays, read_holidays

KINGS_DAY = "DTSTART;VALUE=DATE:20260427\nRRULE:FREQ=YEARLY\nSUMMARY:Koningsdag"


def event(lines: str) -> str:
    return f"BEGIN:VEVENT\n{lines}\nEND:VEVENT\n"


def calendar(*events: str, head: str = "VERSION:2.0\n") -> bytes:
    body = "".join(map(event, events))
    text = f"BEGIN:VCALENDAR\n{head}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def dates(*events: str, head: str = "", first: int = 2026, last: int = 2028) -> list[str]:
    holidays = read_holidays(calendar(*events, head=head), first_year=first, last_year=last)
    return sorted(map(str, holidays.dates))


def test_read_holidays():
    """All-day events of the given years are holidays, on each day of each event."""
    data = calendar(
        "UID:1\nDTSTART;VALUE=DATE:20200427\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20280427",
        "UID:2\nDTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227\nSUMMARY:Kerst\\, thuis",
        "UID:3\nDTSTART:20260501T090000Z\nDTEND:20260501T100000Z\nRRULE:FREQ=HOURLY",
    )
    holidays = read_holidays(data, first_year=2026, last_year=2028)
    assert {"2026-04-27", "2027-04-27", "2026-12-25", "2026-12-26"} == set(map(str, holidays.dates))
    assert holidays.name(dt.date(2026, 12, 26)) == "Kerst, thuis"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        # Additional dates.
        ([KINGS_DAY + "\nRDATE;VALUE=DATE:20260505,20270505"],
         ["2026-04-27", "2026-05-05", "2027-04-27", "2027-05-05", "2028-04-27"]),
        (["DTSTART;VALUE=DATE:20260427\nRDATE;VALUE=PERIOD:20260505T000000/P1D"],
         ["2026-04-27", "2026-05-05"]),
        (["DTSTART;VALUE=DATE:20260427\nRDATE:20260505Z"], ["2026-04-27", "2026-05-05"]),
        # Excluded dates of any value type.
        ([KINGS_DAY + "\nEXDATE;VALUE=DATE:20260427,20270427"], ["2028-04-27"]),
        ([KINGS_DAY + "\nEXDATE:20260427T000000\nEXDATE;TZID=Europe/Amsterdam:20270427T000000"],
         ["2028-04-27"]),
        ([KINGS_DAY + "\nEXDATE:20260427T000000Z"], ["2027-04-27", "2028-04-27"]),
        (["DTSTART;VALUE=DATE:20260427\nRDATE;VALUE=DATE:20260505\nEXDATE;VALUE=DATE:20260505"],
         ["2026-04-27"]),
        # Moved and cancelled instances.
        ([f"UID:k\n{KINGS_DAY}",
          "UID:k\nRECURRENCE-ID;VALUE=DATE:20270427\nDTSTART;VALUE=DATE:20270426"],
         ["2026-04-27", "2027-04-26", "2028-04-27"]),
        (["UID:k\nRECURRENCE-ID;VALUE=DATE:20270427\nDTSTART;VALUE=DATE:20270427\nSTATUS:CANCELLED",
          f"UID:k\n{KINGS_DAY}"],
         ["2026-04-27", "2028-04-27"]),
        ([f"UID:k\n{KINGS_DAY}",
          "UID:k\nRECURRENCE-ID:20270427T000000\nDTSTART:20270427T100000"],
         ["2026-04-27", "2028-04-27"]),
        ([f"UID:k\n{KINGS_DAY}",
          "UID:k\nRECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20270427\n"
          "DTSTART;VALUE=DATE:20270426\nDURATION:P2D"],
         ["2026-04-27", "2027-04-26", "2027-04-27", "2028-04-26", "2028-04-27"]),
        ([f"UID:k\n{KINGS_DAY}",
          'UID:k\nRECURRENCE-ID;RANGE="THISANDFUTURE";VALUE=DATE:20270427\n'
          "DTSTART;VALUE=DATE:20270427\nSTATUS:CANCELLED"],
         ["2026-04-27"]),
        # Cancelled events.
        ([f"UID:k\n{KINGS_DAY}\nSTATUS:Cancelled", "UID:o\nDTSTART;VALUE=DATE:20260505"],
         ["2026-05-05"]),
        # Versions of an event.
        (["UID:k\nSEQUENCE:2\nDTSTART;VALUE=DATE:20260428",
          "UID:k\nSEQUENCE:10\nDTSTART;VALUE=DATE:20260427",
          "UID:k\nDTSTART;VALUE=DATE:20260429"],
         ["2026-04-27"]),
        (["UID:k\nSEQUENCE:1\nDTSTART;VALUE=DATE:20260427\nSTATUS:CANCELLED",
          "UID:k\nDTSTART;VALUE=DATE:20260427"], []),
        (["UID:same\nDTSTART;VALUE=DATE:20260427", "UID:same\nDTSTART;VALUE=DATE:20260505"],
         ["2026-04-27", "2026-05-05"]),
        # Lengths.
        (["DTSTART;VALUE=DATE:20261225\nDURATION:P2D"], ["2026-12-25", "2026-12-26"]),
        (["DTSTART;VALUE=DATE:20261201\nDURATION:P1W"], [f"2026-12-0{n}" for n in range(1, 8)]),
        (["DTSTART:20261225\nDTEND:20261225"], ["2026-12-25"]),
        (["DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261227"], ["2026-12-25", "2026-12-26"]),
        # Outlook's property for all-day events.
        (["DTSTART:20261225T000000\nDTEND:20261227T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE"],
         ["2026-12-25", "2026-12-26"]),
        # The start is an instance even if the rule does not match it; an empty rule is ignored.
        (["DTSTART;VALUE=DATE:20260427\nRRULE:FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=5;COUNT=1"],
         ["2026-04-27", "2026-05-05"]),
        (["DTSTART:20260427\nRRULE:\nRDATE:"], ["2026-04-27"]),
        (["DTSTART;VALUE=DATE:20250427\nRRULE:FREQ=YEARLY;UNTIL=20270427T000000Z"],
         ["2026-04-27", "2027-04-27"]),
        (["DTSTART;VALUE=DATE:20250427\nRRULE:FREQ=YEARLY;UNTIL=20270426T220000Z"],
         ["2026-04-27", "2027-04-27"]),
        (["DTSTART;VALUE=DATE:20250427\nRRULE:FREQ=YEARLY;UNTIL=20270426T215959Z"],
         ["2026-04-27"]),
        (["DTSTART;VALUE=DATE:20250427\nRRULE:FREQ=YEARLY;UNTIL=20270427"],
         ["2026-04-27", "2027-04-27"]),
        # Properties of inner components do not belong to the event.
        (["DTSTART;VALUE=DATE:20260427\nBEGIN:VALARM\nDURATION:PT5M\nSTATUS:CANCELLED\nEND:VALARM"],
         ["2026-04-27"]),
    ],
)  # fmt: skip
def test_dates(events, expected):
    """Instances are added, excluded, moved, cancelled and replaced as the file specifies."""
    assert expected == dates(*events)


def test_cancellation():
    """A calendar with METHOD:CANCEL cancels its events."""
    assert dates(KINGS_DAY, head="METHOD:CANCEL\n") == []


def test_several_calendars():
    """All calendars in one file are read, with or without a byte order mark."""
    first = calendar("UID:k\nDTSTART;VALUE=DATE:20260427")
    second = calendar("UID:k\nSEQUENCE:1\nDTSTART;VALUE=DATE:20260428", "DTSTART:20260505")
    for data in (first + second, b"\xef\xbb\xbf" + second + first):
        assert {"2026-04-28", "2026-05-05"} == set(map(str, read_holidays(data).dates))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_folded_lines(end):
    """Folded lines are joined, and U+2028 does not end a line."""
    text = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VAL\n UE=DATE:2026\n\t0427\nSUMMARY:a\u2028b\n  c\n"
    )
    data = f"{text}END:VEVENT\nEND:VCALENDAR".replace("\n", end).encode()
    assert read_holidays(data) == Holidays(
        [dt.date(2026, 4, 27)], {dt.date(2026, 4, 27): "a\u2028b c"}
    )


def test_union_keeps_own_names() -> None:
    """If both sets contain a date, the first set's name is kept."""
    kings_day = dt.date(2026, 4, 27)
    mine = Holidays([kings_day], {kings_day: "mine"})
    assert mine.union(read_holidays(calendar(KINGS_DAY))).name(kings_day) == "mine"


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR", b"x" * 1_000_001, b"A:b\n"]
)
def test_other_files_are_errors(data):
    """Empty, foreign, truncated and oversized files are errors."""
    with pytest.raises(InvalidValueError, match="holiday calendar"):
        read_holidays(data)


# The first line of the event is line 3.
@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("UID:1", "line 2: the event has no `DTSTART`"),
        ("DTSTART;VALUE=DATE:20260230", "line 3: `DTSTART` is `20260230`, but must be an existing"),
        ("DTSTART;VALUE=DATE:27 April", "line 3: `DTSTART` is `27 April`"),
        ("DTSTART:20260427\nDTSTART:20260428", "line 4: `DTSTART` appears a second time, after line 3"),
        ("DTSTART:20260427\nRRULE:FREQ=SECONDLY", "line 4: `FREQ=SECONDLY` is not valid"),
        ("DTSTART:20260427\nRRULE:FREQ=DAILY;BYHOUR=1,2", "line 4: .* repeats within a day"),
        ("DTSTART:20260427\nRRULE:FREQ=DAILY;BYWEEKNO=2", "line 4: `BYWEEKNO=2`.*FREQ=YEARLY"),
        ("DTSTART:20260427\nEXRULE:FREQ=DAILY", "line 4: `EXRULE`.*`EXDATE`"),
        ("DTSTART:20260427\nDTEND:20260428\nDURATION:P1D", "line 5: `DURATION`.*also has `DTEND`"),
        ("DTSTART:20260427\nDTEND:20260426", "line 4: `DTEND` is `20260426`, so the event lasts -1 days"),
        ("DTSTART:20260427\nDTEND:20280426", "line 4: .*730 days"),
        ("DTSTART:20260427\nDURATION:PT5M", "line 4: `DURATION` is `PT5M`, .*number of days"),
        ("DTSTART:20260427\nSEQUENCE:one", "line 4: `SEQUENCE` is `one`"),
        ("DTSTART:20260427\nRDATE:2026", "line 4: `RDATE` is `2026`"),
        ("DTSTART:20260427\nEXDATE:20260427,x", "line 4: `EXDATE`"),
        ("DTSTART:20260427\nRECURRENCE-ID:x", "line 4: `RECURRENCE-ID` is `x`"),
        ("DTSTART:20260427\nSUMMARY:a\nb: c d\nand so on", "line 6: `and so on` is not a property"),
        ("DTSTART:20260427\nEND:VALARM", "line 4: `END:VALARM` where `END:VEVENT` is expected"),
        ("DTSTART:20260427T010000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "line 3: .*not midnight"),
        ("DTSTART:20260427T000000Z\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "line 3: .*time zone"),
        ("DTSTART:20260427T090000Z", "none of its events lasts all day .*line 2"),
        ("DTSTART:20260427\nDTEND:20270427\nRRULE:FREQ=WEEKLY", "more than 100000 days"),
    ],
)  # fmt: skip
def test_unreadable_lines_are_errors(lines, message):
    """A line that cannot be understood is an error that names the line."""
    with pytest.raises(InvalidValueError, match=message):
        read_holidays(calendar(lines, head=""))


def test_several_problems():
    """The first five problems are reported together."""
    with pytest.raises(InvalidValueError, match=r"line 2: .*line 14: .*; and more problems"):
        read_holidays(calendar(*["UID:1"] * 7, head=""))


def test_year_10000_is_an_error():
    """An instance after the year 9999 is an error."""
    change = "UID:k\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270427\nDTSTART:99991231"
    with pytest.raises(InvalidValueError, match="after the year 9999"):
        read_holidays(calendar(f"UID:k\n{KINGS_DAY}", change))


@pytest.mark.integration
def test_too_many_rules_are_an_error():
    """Five hundred rules that never match are searched within seconds, and more are rejected."""
    lines = "DTSTART:20260427\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    began = time.process_time()
    assert len(read_holidays(calendar(*[lines] * 500))) == 1
    assert time.process_time() - began < 10
    with pytest.raises(InvalidValueError, match="more than 500 recurrence rules"):
        read_holidays(calendar(*[lines] * 501))


@pytest.mark.integration
def test_rare_rules_with_count_are_fast():
    """Hundreds of rules that rarely match are not counted beyond the requested years."""
    lines = "DTSTART:20260427\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT="
    began = time.process_time()
    holidays = read_holidays(calendar(*[f"{lines}{9000 + number}" for number in range(500)]))
    assert {2026, 2044, 2072} == {date.year for date in holidays.dates}
    assert time.process_time() - began < 10


PIECES = st.sampled_from(
    ["BEGIN:VEVENT", "END:VEVENT", "BEGIN:VCALENDAR", "END:VCALENDAR", "DTSTART", ";VALUE=DATE", ":",
     "20260427", "T000000", "Z", "\n", "\r", " ", '"', ";", ",", "RRULE:", "FREQ=DAILY", ";COUNT=2",
     "RDATE:", "EXDATE:", "RECURRENCE-ID:", "DURATION:P1D", "99991231", "00010101", "UID:1"]
)  # fmt: skip


@given(middle=st.lists(PIECES, max_size=25).map("".join), tail=st.binary(max_size=5))
def test_only_the_documented_error(middle, tail):
    """Any content is either read or raises the documented error."""
    data = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260427\n" + middle.encode() + tail
    for ending in (b"", b"\nEND:VEVENT\nEND:VCALENDAR"):
        with suppress(InvalidValueError):
            read_holidays(data + ending)

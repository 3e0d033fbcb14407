"""The calendar of a week, and an agenda."""

# ruff: noqa: DTZ001  calendars show local times
from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.pages import (
    CalendarEntry,
    CalendarNote,
    agenda,
    month_calendar,
    period_title,
    week_calendar,
)

ENTRY = CalendarEntry(at=dt.datetime(2026, 4, 7, 9, 30), title="De lente", state="published")


def test_week() -> None:
    """A week shows exactly its seven days, even if it spans two months."""
    other = CalendarEntry(at=dt.datetime(2026, 4, 13, 9, 30), title="later")
    html = week_calendar([ENTRY, other], dt.date(2026, 4, 6), zone="Europe/Amsterdam")
    assert "De lente" in html
    assert "later" not in html
    assert 7 == html.count("<td ")
    assert "Times in Europe/Amsterdam" in html
    assert "6–12 April 2026 (week 15)" in html
    assert '<span class="num">6 April</span>' in html
    dutch = week_calendar([], dt.date(2026, 4, 27), language="nl")
    assert "2026-05-01" in dutch
    assert '<span class="num">1 mei</span>' in dutch
    assert "27 april – 3 mei 2026 (week 18)" in dutch


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-06-01", "2026-06-30", "June 2026"),
        ("2026-06-01", "2026-06-29", "1–29 June 2026"),
        ("2026-06-01", "2026-07-31", "1 June – 31 July 2026"),
        ("2026-06-08", "2026-06-14", "8–14 June 2026 (week 24)"),
        ("2026-06-09", "2026-06-15", "9–15 June 2026"),
        ("2026-06-29", "2026-07-05", "29 June – 5 July 2026 (week 27)"),
        ("2026-12-28", "2027-01-03", "28 December 2026 – 3 January 2027 (week 53)"),
        ("2026-06-08", "2026-06-08", "8 June 2026"),
        ("2026-02-01", "2026-02-28", "February 2026"),
    ],
)
def test_period_title(first, last, expected) -> None:
    """A title names a month, a week with its number, or the first and last day."""
    dates = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert expected == period_title(*dates)


def test_agenda() -> None:
    """An agenda lists the days that have entries, one below the other."""
    note = CalendarNote(date=dt.date(2026, 4, 9), text="campaign")
    html = agenda([ENTRY], dt.date(2026, 4, 6), 10, notes=[note])
    assert 10 == html.count("<tr><td")
    assert 8 == html.count('empty"')
    assert "campaign" in html
    for days in (0, 367):
        with pytest.raises(InvalidValueError, match="cannot have"):
            agenda([], dt.date(2026, 4, 6), days)
    with pytest.raises(InvalidValueError, match="there are no 20 days"):
        agenda([], dt.date(9999, 12, 20), 20)


@pytest.mark.parametrize(
    ("language", "text"), [("en", "edit pending"), ("nl", "wijziging nog niet")]
)
def test_pending_edit(language, text) -> None:
    """A published post with a newer text is marked."""
    edited = CalendarEntry(at=ENTRY.at, title="old text", state="published", pending_edit=True)
    assert text in month_calendar([edited], 2026, 4, language=language)
    assert text not in month_calendar([ENTRY], 2026, 4, language=language)

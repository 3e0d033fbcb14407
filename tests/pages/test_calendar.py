"""The calendar of a month."""

from __future__ import annotations

import datetime as dt
import re

import attrs
import pytest
from tests.pages.html_reader import Reader

from socialcollab.errors import InvalidValueError
from socialcollab.pages import (
    STATES,
    CalendarBlock,
    CalendarEntry,
    month_calendar,
    page,
    week_calendar,
    words,
)


def test_states() -> None:
    """Every state has a symbol and a word."""
    entries = [
        CalendarEntry(
            at=dt.datetime.fromisoformat(f"2026-04-{day + 1:02} 09:00"), title="t", state=state
        )
        for day, state in enumerate(STATES)
    ]
    text = Reader(page("", month_calendar(entries, 2026, 4))).text
    for state, (_, sign) in STATES.items():
        assert f"{sign} {words('en')[f'state.{state}']}" in text


def test_unknown_state() -> None:
    """An unknown state is rejected, with a suggestion."""
    with pytest.raises(InvalidValueError, match="did you mean `published`"):
        CalendarEntry(at=dt.datetime.fromisoformat("2026-04-01 00:00"), title="", state="publised")


def test_order() -> None:
    """Entries are sorted by time, and entries in other months are ignored."""
    entries = [
        CalendarEntry(at=dt.datetime.fromisoformat("2026-04-07 12:00"), title="second"),
        CalendarEntry(at=dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC), title="first"),
        CalendarEntry(at=dt.datetime.fromisoformat("2026-05-07 09:00"), title="elsewhere"),
    ]
    html = month_calendar(entries, 2026, 4)
    assert html.index("first") < html.index("second")
    assert "elsewhere" not in html
    assert html == month_calendar(reversed(entries), 2026, 4)


def test_crowded_day() -> None:
    """If a day has many entries, the last entries are collapsed but none is omitted."""
    entries = [
        CalendarEntry(
            at=dt.datetime.fromisoformat(f"2026-04-07 09:{minute:02}"), title=f"post {minute:02}"
        )
        for minute in range(30)
    ]
    html = month_calendar(entries, 2026, 4, language="nl")
    assert "<summary>nog 24</summary>" in html
    assert all(f"post {minute:02}" in html for minute in range(30))


def test_entry_count() -> None:
    """A post has one entry on each of its profiles."""
    at = dt.datetime.fromisoformat("2026-04-07 09:30")
    entries = [CalendarEntry(at=at, title="Lente", profile=one) for one in ("tulip-x", "dike-x")]
    assert "<b>2 entries</b>" in month_calendar(entries, 2026, 4)
    assert "<b>1 entry</b>" in month_calendar(entries[:1], 2026, 4)
    assert "<b>2 plaatsingen</b>" in month_calendar(entries, 2026, 4, language="nl")


@pytest.mark.parametrize("first_weekday", range(7))
@pytest.mark.parametrize(("year", "month"), [(2026, 2), (2024, 2), (2026, 8), (1, 1), (9999, 12)])
def test_days(year: int, month: int, first_weekday: int) -> None:
    """Every day of the month has one cell."""
    html = month_calendar([], year, month, first_weekday=first_weekday)
    days = html.count("<time datetime=")
    following = (
        dt.date(year + month // 12, month % 12 + 1, 1) if (year, month) != (9999, 12) else None
    )
    assert days == ((following - dt.date(year, month, 1)).days if following else 31)
    assert html.count("<tr>") * 7 == html.count("<td") + html.count('<th scope="col">')


def test_blocks() -> None:
    """Holds and blackouts shade their days; holidays do not."""
    blocks = [
        CalendarBlock(
            first=dt.date(2026, 3, 30), last=dt.date(2026, 4, 2), text="strike", kind="hold"
        ),
        CalendarBlock(first=dt.date(2026, 4, 27), text="King's Day", kind="holiday"),
    ]
    html = month_calendar([], 2026, 4, blocks=blocks, first_weekday=6)
    assert html.count("shaded") == 2
    assert "King&#x27;s Day" in html
    assert month_calendar(
        [], 9999, 12, blocks=[CalendarBlock(first=dt.date(9999, 12, 31), text="x")]
    )


AT = dt.datetime.fromisoformat


@pytest.mark.parametrize(
    ("first", "last", "marks", "shaded"),
    [
        (AT("2026-06-10 08:00"), AT("2026-06-11 08:00"), {10: "from 08:00", 11: "until 08:00"}, 0),
        (AT("2026-06-10 08:00"), AT("2026-06-12 00:00"), {10: "from 08:00", 11: ""}, 1),
        (AT("2026-06-10 00:00"), AT("2026-06-12 23:59"), {10: "", 11: "", 12: "until 23:59"}, 2),
        (AT("2026-06-10 14:00"), AT("2026-06-10 17:10"), {10: "14:00–17:10"}, 0),
        (AT("2026-06-10 14:00"), dt.date(2026, 6, 11), {10: "from 14:00", 11: ""}, 1),
        (AT("2026-06-10 14:00"), ..., {10: "from 14:00"}, 0),
        (AT("2026-06-10 00:00"), AT("2026-06-10 09:00"), {10: "until 09:00"}, 0),
        (AT("2026-06-13 09:00"), None, {13: "from 09:00", 14: ""}, 1),
        (AT("2026-06-20 09:00"), None, {}, 0),
        (dt.date(2026, 6, 10), AT("2026-06-11 09:00+02:00"), {10: "", 11: "until 09:00"}, 1),
    ],
)
def test_times_of_block(first, last, marks, shaded) -> None:
    """A block shows its times on partly covered days, and shades only fully covered days."""
    bounds = {"first": first} if last is ... else {"first": first, "last": last}
    block = CalendarBlock(**bounds, text="strike", kind="hold")
    html = week_calendar([], dt.date(2026, 6, 8), blocks=[block])
    for day in range(8, 15):
        cell = re.search(
            rf'<td[^>]*><div class="day"><time datetime="2026-06-{day:02}".*?</td>', html
        )
        assert cell
        times = f" {marks[day]}" if marks.get(day) else ""
        assert (f"<b>Hold{times}</b>" in cell[0]) == (day in marks)
    assert shaded == html.count("shaded")
    dutch = week_calendar([], dt.date(2026, 6, 8), blocks=[block], language="nl")
    assert ("vanaf" in dutch) == ("from" in html)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (dt.date(2026, 6, 10), dt.date(2026, 6, 9)),
        (AT("2026-06-10 08:00"), AT("2026-06-10 07:59")),
        (AT("2026-06-10 08:00"), dt.date(2026, 6, 9)),
    ],
)
def test_block_ends_after_start(first, last) -> None:
    """A block that ends before it starts is rejected."""
    with pytest.raises(InvalidValueError, match="cannot end at"):
        CalendarBlock(first=first, last=last, text="strike")


@pytest.mark.parametrize(
    ("language", "heading"), [("en", "Hold (ended)"), ("nl", "Publicatiestop (beëindigd)")]
)
def test_ended_block(language, heading) -> None:
    """An ended hold is marked as ended, and does not shade its days."""
    day = dt.date(2026, 4, 2)
    blocks = [CalendarBlock(first=day, text="strike", kind="hold", ended=True)]
    html = month_calendar([], 2026, 4, blocks=blocks, language=language)
    assert "shaded" not in html
    assert heading in html


@pytest.mark.parametrize(
    ("year", "month", "weekday"), [(2026, 13, 0), (2026, 0, 0), (0, 1, 0), (2026, 1, 7)]
)
def test_invalid_month(year: int, month: int, weekday: int) -> None:
    """A month or weekday that does not exist is rejected."""
    with pytest.raises(InvalidValueError, match="does not exist"):
        month_calendar([], year, month, first_weekday=weekday)


def test_legend_counts_by_word() -> None:
    """States with the same word, `waiting` and `scheduled`, are one line of the legend."""
    entries = [
        CalendarEntry(at=dt.datetime.fromisoformat("2026-04-07 09:30"), title="t", state=state)
        for state in ("waiting", "scheduled", "scheduled")
    ]
    assert "scheduled <b>3</b>" in month_calendar(entries, 2026, 4)


def test_file_link() -> None:
    """An entry links to a file below the page, rather than to its address."""
    entry = CalendarEntry(
        at=dt.datetime.fromisoformat("2026-06-01 09:00"),
        title="x",
        url="https://x.example/1",
        file="a/b.html#p-1",
    )
    assert 'href="a/b.html#p-1"' in month_calendar([entry], 2026, 6)
    outside = attrs.evolve(entry, file="../b.html")
    assert 'href="https://x.example/1"' in month_calendar([outside], 2026, 6)

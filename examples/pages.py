"""Render a publishing calendar as an HTML page without scripts, and a table for a notebook."""

import datetime as dt

from socialcollab.pages import CalendarEntry, CalendarNote, month_calendar, page
from socialcollab.pages.notebook import show
from socialcollab.text import measure

entries = [
    CalendarEntry(
        at=dt.datetime.fromisoformat("2026-04-07 09:30"), title="De lente is er 🌷", profile="Tulip",
        network="x", state="published", url="https://x.com/tulipair/status/1",
    ),
    CalendarEntry(
        at=dt.datetime.fromisoformat("2026-04-09 11:00"), title="Nieuwe route: Lissabon", profile="Tulip",
        network="linkedin", state="in_review",
    ),
]  # fmt: skip
notes = [CalendarNote(date=dt.date(2026, 4, 7), text="the spring campaign starts")]
html = page("April 2026", month_calendar(entries, 2026, 4, notes=notes), lede="Tulip Airlines")
print(f"{len(html):,} characters of HTML; save them as april.html, and open the file in a browser")

texts = ["De lente is er 🌷", "Tulpen, overal tulpen, zo ver je kijken kunt. " * 8]
table = show(
    [measure("x", text) for text in texts], title="On X"
)  # to display the table in a notebook, end a cell with `table`
print(f"{len(table.html):,} characters of HTML in the notebook")

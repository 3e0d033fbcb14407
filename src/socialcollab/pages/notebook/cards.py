"""
The building blocks of the cards that notebooks display.

A card uses the notebook's colours, so it suits light and dark themes. It contains no scripts and
loads nothing from a server.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from socialcollab.pages.badges import Tone
from socialcollab.pages.elements import table
from socialcollab.pages.markup import Html, escape

_MOST_ROWS = 50
_LONGEST_QUOTE = 600
# `strftime` is not used, because it would use the language of the machine.
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_TONES: Final[Mapping[Tone, str]] = {
    "grey": "#8a857b",
    "amber": "#c98a1b",
    "orange": "#d9692f",
    "teal": "#1a9e96",
    "blue": "#3b7ddd",
    "green": "#3f9b4c",
    "violet": "#8a5bd6",
    "red": "#d23c48",
}
# Every selector begins with `.sc-card`, because the style sheet of a card applies to the whole notebook.
_CSS: Final = (
    ".sc-card{font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "color:inherit;max-width:760px;margin:4px 0;padding:12px 16px;border-radius:10px;"
    "border:1px solid color-mix(in srgb,currentColor 18%,transparent)}"
    ".sc-card .head{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline}"
    ".sc-card .head b{font-size:15px}"
    ".sc-card .soft,.sc-card dt,.sc-card th,.sc-card caption"
    "{color:color-mix(in srgb,currentColor 66%,transparent)}"
    ".sc-card .badge{display:inline-block;font-size:12px;line-height:1.55;font-weight:600;"
    "padding:0 9px;border-radius:99px;white-space:nowrap;"
    "color:color-mix(in srgb,var(--tone) 62%,currentColor);"
    "background:color-mix(in srgb,var(--tone) 16%,transparent)}"
    ".sc-card .quote{margin:9px 0 2px;padding:2px 0 2px 12px;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-size:15px;"
    "border-left:3px solid color-mix(in srgb,currentColor 22%,transparent)}"
    ".sc-card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;"
    "margin:8px 0 0}.sc-card dt{font-size:13px}.sc-card dd{margin:0;overflow-wrap:anywhere}"
    ".sc-card ul{margin:6px 0 0;padding-left:18px}"
    ".sc-card li{margin:1px 0;overflow-wrap:anywhere}"
    ".sc-card table{border-collapse:collapse;margin:8px 0 0;width:100%;font-size:13px}"
    ".sc-card caption{text-align:left;font-weight:600;padding:0 0 2px}"
    ".sc-card th,.sc-card td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;"
    "background:none;border:0;overflow-wrap:break-word;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent)}"
    ".sc-card th{font-weight:600;font-size:12px;white-space:nowrap}.sc-card tr{background:none}"
    ".sc-card td.num{font-variant-numeric:tabular-nums}.sc-card .scroll{overflow-x:auto}"
    ".sc-card .meter{height:7px;border-radius:99px;margin:9px 0 0;overflow:hidden;"
    "background:color-mix(in srgb,currentColor 12%,transparent)}"
    ".sc-card .meter i{display:block;height:100%;background:var(--tone)}"
    ".sc-card .nowrap{white-space:nowrap}.sc-card a{color:inherit;overflow-wrap:anywhere}"
) + "".join(f".sc-card .t-{tone}{{--tone:{colour}}}" for tone, colour in _TONES.items())


def card(title: str, *parts: str, badges: Iterable[str] = (), aside: str = "") -> Html:
    """
    Return the card of one value, with its style sheet.

    Args:
        title: The kind of value, such as "Post".
        parts: The parts of the content, from top to bottom. Plain strings are escaped.
        badges: Badges next to the title.
        aside: A short text after the badges.
    """
    beside = f'<span class="soft">{escape(aside)}</span>' if aside else ""
    return Html(
        f'<div class="sc-card"><style>{_CSS}</style><div class="head"><b>{escape(title)}</b>'
        f"{''.join(escape(badge) for badge in badges)}{beside}</div>"
        f"{''.join(escape(part) for part in parts)}</div>"
    )


def definitions(values: Mapping[str, str]) -> Html:
    """Return a list of names with their values. Empty values are omitted."""
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd><bdi>{escape(value)}</bdi></dd>"
        for name, value in values.items()
        if value
    )
    return Html(f"<dl>{lines}</dl>" if lines else "")


def labelled(label: str, part: str) -> Html:
    """Return *part* below a label, or an empty string if *part* is empty."""
    return Html(f'<div class="soft">{escape(label)}</div>{escape(part)}' if part else "")


def quote(text: str) -> Html:
    """Return a text with its line breaks, cut after 600 characters."""
    shown = text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
    return Html(f'<div class="quote" dir="auto">{escape(shown)}</div>' if text else "")


def rows_table(
    headers: Sequence[str], rows: Iterable[Sequence[str | int]], *, caption: str = ""
) -> Html:
    """
    Return a table of the first 50 rows, followed by the number of omitted rows.

    Return an empty string if there are no rows.
    """
    lines = list(rows)
    if not lines:
        return Html("")
    shown = table(headers, lines[:_MOST_ROWS], caption=caption)
    hidden = len(lines) - _MOST_ROWS
    return Html(f'{shown}<div class="soft">and {hidden} more</div>') if hidden > 0 else shown


def meter(value: int, limit: int, tone: Tone) -> Html:
    """Return a bar that is filled in proportion to *value* divided by *limit*."""
    percent = 100.0 if limit <= 0 else max(0.0, min(100.0, 100 * value / limit))
    return Html(f'<div class="meter t-{tone}"><i style="width:{percent:.1f}%"></i></div>')


def nowrap(text: str) -> Html:
    """Return a text that is not wrapped."""
    return Html(f'<span class="nowrap">{escape(text)}</span>' if text else "")


def excerpt(text: str) -> str:
    """Return the beginning of a text, short enough for a table cell."""
    return text if len(text) <= 80 else f"{text[:79]}…"


def format_time(at: dt.datetime | None, zone: str = "") -> str:
    """
    Return a readable date and time.

    An instant is shown in UTC, and a wall time is followed by its *zone*.

    >>> format_time(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC))
    'Tue 7 Apr 2026, 07:30 UTC'
    >>> format_time(dt.datetime(2026, 4, 7, 9, 30), "Europe/Amsterdam")
    'Tue 7 Apr 2026, 09:30 Europe/Amsterdam'
    """
    if at is None:
        return ""
    if at.tzinfo is not None:
        at = at.astimezone(dt.UTC)
    return f"{format_date(at.date())}, {at:%H:%M} {zone or 'UTC'}"


def format_date(date: dt.date) -> str:
    """
    Return a readable date.

    >>> format_date(dt.date(2026, 4, 7))
    'Tue 7 Apr 2026'
    """
    return f"{_WEEKDAYS[date.weekday()]} {date.day} {_MONTHS[date.month - 1]} {date.year}"

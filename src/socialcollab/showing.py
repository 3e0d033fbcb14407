"""
How values look in a notebook: small cards of HTML, in light and in dark.

Everything is escaped. Colours are mixed from the notebook's own, so that they
suit whatever theme it has; nothing is asked of a server and nothing runs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape as _escape
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlsplit

import attrs

from socialcollab.errors import InvalidValueError

Tone = Literal["grey", "amber", "orange", "teal", "blue", "green", "violet", "red"]

STATES: Final[Mapping[str, tuple[Tone, str]]] = {
    "draft": ("grey", "○"),
    "in_review": ("amber", "◐"),
    "changes_requested": ("orange", "↩"),
    "rejected": ("red", "✕"),
    "approved": ("teal", "✓"),
    "cancelled": ("grey", "✕"),
    "expired": ("grey", "✕"),
    "waiting": ("blue", "◷"),
    "scheduled": ("blue", "◷"),
    "held": ("violet", "‖"),
    "missed": ("red", "!"),
    "publishing": ("green", "↑"),
    "published": ("green", "●"),
    "partly_published": ("orange", "◑"),
    "failed": ("red", "!"),
    "unknown": ("red", "?"),
    "removing": ("grey", "↓"),
    "removed": ("grey", "✕"),
    "native_post": ("teal", "◌"),
}
"""Every state that people see: its tone, and a sign for those who see no colour."""

# What HTML does not allow in a text, and lone halves of surrogate pairs.
_IMPOSSIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_SHOWN = 50
_LONGEST = 600

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
_CSS: Final = (
    ".scv{font:14px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;"
    "color:inherit;max-width:760px;margin:4px 0;padding:12px 16px;border-radius:10px;"
    "border:1px solid color-mix(in srgb,currentColor 18%,transparent)}"
    ".scv .h{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline}"
    ".scv .h b{font-size:15px}"
    ".scv .s,.scv dt,.scv th,.scv caption{color:color-mix(in srgb,currentColor 66%,transparent)}"
    ".scv .b{display:inline-block;font-size:12px;line-height:1.55;font-weight:600;padding:0 9px;"
    "border-radius:99px;white-space:nowrap;"
    "color:color-mix(in srgb,var(--t) 62%,currentColor);"
    "background:color-mix(in srgb,var(--t) 16%,transparent)}"
    ".scv .q{margin:9px 0 2px;padding:2px 0 2px 12px;white-space:pre-wrap;overflow-wrap:anywhere;"
    "border-left:3px solid color-mix(in srgb,currentColor 22%,transparent);font-size:15px}"
    ".scv dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 14px;"
    "margin:8px 0 0}.scv dt{font-size:13px}.scv dd{margin:0;overflow-wrap:anywhere}"
    ".scv ul{margin:6px 0 0;padding-left:18px}.scv li{margin:1px 0;overflow-wrap:anywhere}"
    ".scv table{border-collapse:collapse;margin:8px 0 0;width:100%;font-size:13px}"
    ".scv caption{text-align:left;font-weight:600;padding:0 0 2px}"
    ".scv th,.scv td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;background:none;"
    "border:0;border-bottom:1px solid color-mix(in srgb,currentColor 12%,transparent);"
    "overflow-wrap:break-word}.scv th{font-weight:600;font-size:12px;white-space:nowrap}"
    ".scv tr{background:none}.scv td.n{font-variant-numeric:tabular-nums}.scv .w{overflow-x:auto}"
    ".scv .m{height:7px;border-radius:99px;margin:9px 0 0;overflow:hidden;"
    "background:color-mix(in srgb,currentColor 12%,transparent)}"
    ".scv .m i{display:block;height:100%;background:var(--t)}"
    ".scv .k{white-space:nowrap}.scv a{color:inherit;overflow-wrap:anywhere}"
)


class Html(str):
    """A string that is HTML already, and is not escaped again."""

    __slots__ = ()


def escape(text: str) -> Html:
    """
    Make HTML that shows *text*, whatever it holds; `Html` is returned as it is.

    Characters that HTML cannot hold are shown as a replacement character.

    >>> escape("<b> & 'quotes'")
    '&lt;b&gt; &amp; &#x27;quotes&#x27;'
    """
    if isinstance(text, Html):
        return text
    return Html(_escape(_IMPOSSIBLE.sub("\ufffd", text), quote=True))


def safe_href(url: str) -> str:
    """
    Return *url* if following it can do no more than open a page, else an empty string.

    >>> safe_href("https://tulip.nl/"), safe_href("javascript:alert(1)")
    ('https://tulip.nl/', '')
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    return url if known and not _IMPOSSIBLE.search(url) and len(url) <= 4096 else ""


def badge(text: str, tone: Tone = "grey") -> Html:
    """Return a small label."""
    return Html(f'<span class="b" style="--t:{_TONES[tone]}">{escape(text)}</span>')


def state_badge(state: str) -> Html:
    """Return the label of a state that people see, by colour, sign and word."""
    tone, sign = STATES.get(state, ("grey", ""))
    return badge(f"{sign} {state.replace('_', ' ')}".strip(), tone)


def link(url: str) -> Html:
    """Return a link if following it is safe, else the address as a text."""
    safe = safe_href(url)
    if not safe:
        return escape(url)
    return Html(f'<a href="{escape(safe)}" rel="noreferrer noopener">{escape(safe)}</a>')


def moment(at: dt.datetime | None, zone: str = "") -> str:
    """
    Say when, as people write it: an instant in UTC, or a local time with its zone.

    >>> moment(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC))
    'Tue 7 Apr 2026, 07:30 UTC'
    """
    if at is None:
        return ""
    if at.tzinfo is not None:
        at = at.astimezone(dt.UTC)
    return f"{day(at.date())}, {at:%H:%M} {zone or 'UTC'}"


def day(date: dt.date) -> str:
    """
    Say which day, as people write it.

    >>> day(dt.date(2026, 4, 7))
    'Tue 7 Apr 2026'
    """
    return f"{_DAYS[date.weekday()]} {date.day} {_MONTHS[date.month - 1]} {date.year}"


# `strftime` would say them in the machine's language.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def unbroken(text: str) -> Html:
    """Return a text that stays on one line."""
    return Html(f'<span class="k">{escape(text)}</span>' if text else "")


def facts(said: Mapping[str, str]) -> Html:
    """Return names and what they stand for; what is empty is left out."""
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd><bdi>{escape(value)}</bdi></dd>"
        for name, value in said.items()
        if value
    )
    return Html(f"<dl>{lines}</dl>" if lines else "")


def quoted(text: str) -> Html:
    """Return a text as somebody wrote it; a very long one is cut."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return Html(f'<div class="q" dir="auto">{escape(shown)}</div>' if text else "")


def listed(items: Iterable[str]) -> Html:
    """Return items one below the other."""
    lines = "".join(f"<li><bdi>{escape(item)}</bdi></li>" for item in items)
    return Html(f"<ul>{lines}</ul>" if lines else "")


def meter(value: int, limit: int, tone: Tone) -> Html:
    """Return a bar that is as full as *value* is of *limit*."""
    share = 100.0 if limit <= 0 else max(0.0, min(100.0, 100 * value / limit))
    return Html(
        f'<div class="m" style="--t:{_TONES[tone]}"><i style="width:{share:.1f}%"></i></div>'
    )


def rows(
    headers: Sequence[str], cells: Iterable[Sequence[str | int]], *, caption: str = ""
) -> Html:
    """Return a table of the first rows, and say how many more there are."""
    lines = list(cells)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in line)}</tr>" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        more = f"and {len(lines) - _SHOWN} more"
        body += f'<tr><td colspan="{len(headers)}" class="s">{more}</td></tr>'
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    top = "".join(f"<th>{escape(header)}</th>" for header in headers)
    return Html(
        f'<div class="w"><table>{said}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
        if lines
        else ""
    )


def _cell(cell: str | int) -> str:
    if isinstance(cell, int):
        return f'<td class="n">{cell}</td>'
    return f"<td><bdi>{escape(cell)}</bdi></td>"


def card(title: str, *parts: str, badges: Iterable[str] = (), aside: str = "") -> str:
    """
    Return the HTML of one value, style and all.

    Args:
        title: What it is.

        parts: What is shown of it, one below the other; plain strings are escaped.

        badges: Labels beside the title.

        aside: A few words after those.
    """
    beside = f'<span class="s">{escape(aside)}</span>' if aside else ""
    return (
        f'<div class="scv"><style>{_CSS}</style><div class="h"><b>{escape(title)}</b>'
        f"{''.join(escape(one) for one in badges)}{beside}</div>"
        f"{''.join(escape(part) for part in parts)}</div>"
    )


class _Cells(Protocol):
    def _html_cells_(self) -> Mapping[str, str]: ...


@attrs.frozen
class Shown:
    """
    What a notebook shows for several values.

    Attributes:
        html: The HTML.
    """

    html: str = attrs.field(repr=False)

    def _repr_html_(self) -> str:
        return self.html


def show(values: Iterable[Any], *, title: str = "") -> Shown:
    """
    Show several values as one table in a notebook, such as the history of a post.

    Args:
        values: Values of one kind.

        title: What they are; their kind if not given.

    Raises:
        InvalidValueError: If they are of several kinds, or of one that is shown in no table.
    """
    shown: list[_Cells] = list(values)
    kinds = sorted({type(value).__name__ for value in shown})
    if len(kinds) > 1 or not all(hasattr(value, "_html_cells_") for value in shown):
        raise InvalidValueError(
            f"values of {', '.join(kinds)} are shown in no table together",
            value=kinds,
            expected="values of one kind, such as posts, deliveries or what happened",
        )
    lines = [value._html_cells_() for value in shown]
    headers = [*dict.fromkeys(name for line in lines for name in line)]
    used = [header for header in headers if any(line.get(header) for line in lines)]
    body = rows(used, [[line.get(header, "") for header in used] for line in lines])
    count = f"{len(shown)}" if shown else "none"
    return Shown(card(title or (kinds[0] if kinds else "Nothing"), body, aside=count))

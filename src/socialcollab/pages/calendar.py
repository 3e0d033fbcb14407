"""The month on one page, for everybody who has a stake in it."""

from __future__ import annotations

import datetime as dt
from calendar import Calendar
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

import attrs

from socialcollab.directory import NETWORKS
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.pages.words import MONTHS, WEEKDAYS, words
from socialcollab.showing import STATES, Html, escape, safe_href

_GONE = frozenset({"rejected", "cancelled", "expired", "removed"})
_SHOWN = 6
_LONGEST = 300
_SIGNS = {
    "bluesky": "B",
    "facebook": "f",
    "instagram": "ig",
    "linkedin": "in",
    "mastodon": "m",
    "x": "X",
}


def _local(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=None, second=0, microsecond=0)


def _known_state(_: object, __: attrs.Attribute[str], value: str) -> None:
    if value not in STATES:
        hint = did_you_mean(value, STATES, before="; ")
        raise InvalidValueError(
            f"there is no state `{value}`{hint}", value=value, expected="a state of a post"
        )


@attrs.frozen(kw_only=True)
class CalendarEntry:
    """
    One post on the calendar, for one profile.

    Attributes:
        at: When, as the clock on the wall says; an offset is dropped.

        title: What it says, or the beginning of that.

        profile: The profile, as people know it.

        network: The network's name.

        state: A key of `STATES`.

        url: Where to see it, or empty; only http and https are linked.
    """

    at: dt.datetime = attrs.field(converter=_local)
    title: str
    profile: str = ""
    network: str = ""
    state: str = attrs.field(default="draft", validator=_known_state)
    url: str = ""


@attrs.frozen(kw_only=True)
class CalendarNote:
    """A note on a day."""

    on: dt.date
    text: str


@attrs.frozen(kw_only=True)
class CalendarBlock:
    """
    Days on which nothing goes out, or not as usual.

    Attributes:
        first: The first day.

        last: The last day, included; the first if left out.

        text: Why, and from when to when.

        kind: "blackout", "hold" or "holiday"; holidays are named, not shaded.
    """

    first: dt.date
    last: dt.date = attrs.field()
    text: str
    kind: Literal["blackout", "hold", "holiday"] = "blackout"

    @last.default
    def _one_day(self) -> dt.date:
        return self.first


def month_calendar(
    entries: Iterable[CalendarEntry],
    year: int,
    month: int,
    *,
    language: str = "en",
    first_weekday: int = 0,
    notes: Iterable[CalendarNote] = (),
    blocks: Iterable[CalendarBlock] = (),
    legend: bool = True,
    today: dt.date | None = None,
) -> Html:
    """
    Return a month as HTML, to be put on a `page`.

    It is a table on wide screens and on paper, and a list of the days with
    something on them on narrow ones. States are told by colour, sign and word.

    Args:
        entries: What is planned; entries of other months are left out.

        year: The year, 1 to 9999.

        month: The month, 1 to 12.

        language: "en" or "nl".

        first_weekday: 0 for Monday to 6 for Sunday.

        notes: Notes on days.

        blocks: Blackouts, holds and holidays.

        legend: Whether to say what the colours and signs mean, with counts.

        today: The day to mark, or None.

    Raises:
        InvalidValueError: If there is no such month or language.
    """
    if not (1 <= month <= 12 and 1 <= year <= 9999 and 0 <= first_weekday <= 6):
        raise InvalidValueError(
            f"there is no month {year}-{month} that begins its weeks on day {first_weekday}",
            value=(year, month, first_weekday),
            expected="a year, a month 1 to 12 and a weekday 0 to 6",
        )
    said = words(language)
    mine = sorted(
        (e for e in entries if (e.at.year, e.at.month) == (year, month)),
        key=lambda e: (e.at, e.profile, e.network, e.title, e.state),
    )
    days: dict[int, list[CalendarEntry]] = {}
    for entry in mine:
        days.setdefault(entry.at.day, []).append(entry)
    marks = _marks(notes, blocks, year, month, said)
    short = language.partition("-")[0].lower()
    order = [(first_weekday + offset) % 7 for offset in range(7)]
    head = "".join(f'<th scope="col">{WEEKDAYS[short][day]}</th>' for day in order)
    body = []
    for week in Calendar(first_weekday).monthdayscalendar(year, month):
        cells = [
            _day(
                dt.date(year, month, day),
                days.get(day, []),
                marks.get(day, []),
                language=short,
                today=today,
            )
            if day
            else '<td class="out empty"></td>'
            for day in week
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    parts = [_legend(mine, said)] if legend else []
    if not mine:
        parts.append(f'<p class="lede">{said["no_posts"]}</p>')
    name = f"{MONTHS[short][month - 1]} {year}"
    parts.append(
        f'<table class="month"><caption class="sr">{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    )
    return Html(f'<div class="months">{"".join(parts)}</div>')


def _marks(
    notes: Iterable[CalendarNote],
    blocks: Iterable[CalendarBlock],
    year: int,
    month: int,
    said: Mapping[str, str],
) -> dict[int, list[tuple[str, str, str]]]:
    """Return what stands on each day beside its entries: class, kind and text."""
    found: dict[int, list[tuple[str, str, str]]] = {}
    first = dt.date(year, month, 1)
    for block in blocks:
        day = max(block.first, first)
        while day <= block.last and day.month == month and day.year == year:
            kind = "note" if block.kind == "holiday" else "block"
            found.setdefault(day.day, []).append((kind, said[block.kind], block.text))
            if day == dt.date.max:
                break
            day += dt.timedelta(days=1)
    for note in notes:
        if (note.on.year, note.on.month) == (year, month):
            found.setdefault(note.on.day, []).append(("note", said["note"], note.text))
    return found


def _day(
    date: dt.date,
    entries: list[CalendarEntry],
    marks: list[tuple[str, str, str]],
    *,
    language: str,
    today: dt.date | None,
) -> str:
    said = words(language)
    classes = [
        *(["end"] if date.weekday() >= 5 else []),
        *(["shaded"] if any(kind == "block" for kind, _, _ in marks) else []),
        *(["empty"] if not entries and not marks else []),
        *(["today"] if date == today else []),
    ]
    long = f"{WEEKDAYS[language][date.weekday()]} {date.day} {MONTHS[language][date.month - 1]}"
    now = f' <span class="badge">{said["today"]}</span>' if date == today else ""
    top = (
        f'<div class="day"><time datetime="{date.isoformat()}"><span class="num">{date.day}</span>'
        f'<span class="long">{long}</span></time>{now}</div>'
    )
    shown = "".join(
        f'<p class="mark {kind}"><b>{escape(name)}</b> <bdi>{escape(_short(text))}</bdi></p>'
        for kind, name, text in marks
    )
    shown += "".join(_entry(entry, said) for entry in entries[:_SHOWN])
    if len(entries) > _SHOWN:
        rest = "".join(_entry(entry, said) for entry in entries[_SHOWN:])
        more = said["more"].format(count=len(entries) - _SHOWN)
        shown += f"<details><summary>{more}</summary>{rest}</details>"
    return f'<td class="{" ".join(classes)}">{top}{shown}</td>'


def _entry(entry: CalendarEntry, said: Mapping[str, str]) -> str:
    tone, sign = STATES[entry.state]
    gone = " gone" if entry.state in _GONE else ""
    href = safe_href(entry.url)
    tag = "a" if href else "div"
    link = f' href="{escape(href)}" rel="noopener noreferrer"' if href else ""
    return (
        f'<{tag} class="entry t-{tone} s-{entry.state}{gone}"{link}>'
        f'<span class="top"><time datetime="{entry.at.isoformat(timespec="minutes")}">'
        f"{entry.at:%H:%M}</time>{network_sign(entry.network)}"
        f'<bdi class="who">{escape(_short(entry.profile))}</bdi></span>'
        f'<span class="title" dir="auto">{escape(_short(entry.title))}</span>'
        f'<span class="state">{sign} {said[f"state.{entry.state}"]}</span></{tag}>'
    )


def _short(text: str) -> str:
    """Cut what nobody reads in a small box, and let it be one line."""
    text = " ".join(text[: 4 * _LONGEST].split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def network_sign(network: str) -> Html:
    """Return the small square that stands for a network."""
    if not network:
        return Html("")
    title = NETWORKS[network].title if network in NETWORKS else network
    known = f" net-{network}" if network in _SIGNS else ""
    sign = _SIGNS.get(network, network[:1].upper())
    return Html(
        f'<span class="net{known}" role="img" aria-label="{escape(title)}" title="{escape(title)}">'
        f"{escape(sign)}</span>"
    )


def _legend(entries: list[CalendarEntry], said: Mapping[str, str]) -> str:
    if not entries:
        return ""
    states = Counter(entry.state for entry in entries)
    ordered = [state for state in STATES if state in states]
    bar = "".join(
        f'<i class="t-{STATES[state][0]}" style="flex:{states[state]}"></i>' for state in ordered
    )
    told = "".join(
        f'<li class="t-{STATES[state][0]}"><span class="dot"></span>{STATES[state][1]} '
        f"{said[f'state.{state}']} <b>{states[state]}</b></li>"
        for state in ordered
    )
    profiles = Counter((entry.network, entry.profile) for entry in entries if entry.profile)
    known = "".join(
        f'<li>{network_sign(network)}<bdi class="wrap">{escape(_short(profile))}</bdi>'
        f" <b>{count}</b></li>"
        for (network, profile), count in sorted(profiles.items())
    )
    # A post stands on the calendar once for each of its profiles.
    count = said["entry"] if len(entries) == 1 else said["entries"].format(count=len(entries))
    return (
        f'<div class="bar" role="img" aria-label="{count}">{bar}</div><div class="legends">'
        f'<ul class="legend" aria-label="{said["legend.states"]}"><li><b>{count}</b></li>{told}</ul>'
        f'<ul class="legend" aria-label="{said["legend.profiles"]}">{known}</ul></div>'
    )

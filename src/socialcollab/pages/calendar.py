"""The publishing calendar of a month, a week or any period, as HTML."""

from __future__ import annotations

import datetime as dt
from calendar import Calendar, monthrange
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import attrs

from socialcollab.content import Hold
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.pages.badges import STATES, badge, network_badge
from socialcollab.pages.markup import Html, escape, safe_file, safe_href
from socialcollab.pages.words import (
    MONTHS,
    WEEKDAYS,
    base_language,
    period_title,
    words,
)
from socialcollab.time import local_time

# The public will not see posts in these states, so their titles are struck through.
_STRUCK_THROUGH: Final = frozenset({"rejected", "cancelled", "expired", "removed"})
_UNFOLDED_ENTRIES: Final = 6
_LONGEST_TEXT: Final = 300


def _wall_time(value: dt.datetime) -> dt.datetime:
    return value.replace(tzinfo=None, second=0, microsecond=0)


def _check_state(_: object, __: attrs.Attribute[str], state: str) -> None:
    if state not in STATES:
        hint = did_you_mean(state, STATES, before="; ")
        raise InvalidValueError(
            f"`{state}` is not a post state{hint}", value=state, expected=" or ".join(STATES)
        )


@attrs.frozen(kw_only=True)
class CalendarEntry:
    """
    One post on one profile, on the calendar.

    Attributes:
        at: The wall time. A UTC offset is ignored, so convert an instant to the time zone first.
        title: The post's text, or its beginning.
        profile: The display name of the profile.
        network: The name of the network.
        state: A key of `STATES`.
        url: The address of the post, or an empty string. Only http and https addresses become links.
        file: A file to link to instead, such as `SandboxPost.page`, or an empty string; see
            `safe_file`.
        pending_edit: Whether the post was edited after it was published, and the network still shows
            the earlier text.
    """

    at: dt.datetime = attrs.field(converter=_wall_time)
    title: str
    profile: str = ""
    network: str = ""
    state: str = attrs.field(default="draft", validator=_check_state)
    url: str = ""
    file: str = ""
    pending_edit: bool = False


@attrs.frozen(kw_only=True)
class CalendarNote:
    """A note on a day."""

    date: dt.date
    text: str


def _date_or_wall_time(value: dt.date) -> dt.date:
    return _wall_time(value) if isinstance(value, dt.datetime) else value


def _end(value: dt.date | None) -> dt.date:
    return dt.date.max if value is None else _date_or_wall_time(value)


@attrs.frozen(kw_only=True)
class CalendarBlock:
    """
    A period during which publishing stops or changes.

    A day is shaded if the period covers all of it. On other days, only the times are displayed.

    Attributes:
        first: The first day, or the wall time at which the period starts. A UTC offset is ignored,
            so convert an instant to the time zone first.
        last: The last day (inclusive), or the wall time at which the period ends; None if it has no
            end yet. By default, the period ends with the day on which it starts.
        text: The reason.
        kind: "blackout", "hold" or "holiday". The days of a holiday are not shaded.
        ended: Whether it is over. It is marked as ended, and its days are not shaded.

    Raises:
        InvalidValueError: If the period ends before it starts.
    """

    first: dt.date = attrs.field(converter=_date_or_wall_time)
    last: dt.date = attrs.field(converter=_end)
    text: str
    kind: Literal["blackout", "hold", "holiday"] = "blackout"
    ended: bool = False

    @last.default
    def _one_day(self) -> dt.date:
        return _day_of(self.first)

    def __attrs_post_init__(self) -> None:
        ends_early = _day_of(self.last) < _day_of(self.first)
        if isinstance(self.first, dt.datetime) and isinstance(self.last, dt.datetime):
            ends_early = self.last < self.first
        if ends_early:
            raise InvalidValueError(
                f"a block cannot end at `{self.last}`, before its start `{self.first}`",
                value=self.last,
                expected="an end after the start",
            )

    def times_on(self, date: dt.date) -> tuple[dt.time | None, dt.time | None] | None:
        """
        Return the start and the end of the period on a day, or None if it does not cover the day.

        A start or end is None if the period covers the beginning or the end of the day.
        """
        first, last = _day_of(self.first), _day_of(self.last)
        if not first <= date <= last:
            return None
        start = end = None
        if isinstance(self.first, dt.datetime) and date == first:
            start = self.first.time()
        if isinstance(self.last, dt.datetime) and date == last:
            end = self.last.time()
        # A period that ends at midnight does not cover the day that begins then.
        return None if end == dt.time.min else (None if start == dt.time.min else start, end)


def _day_of(value: dt.date) -> dt.date:
    return value.date() if isinstance(value, dt.datetime) else value


def hold_block(hold: Hold, *, zone: str, language: str = "en") -> CalendarBlock:
    """
    Return the calendar block for a hold, which extends from its start to its end.

    A hold without an end lasts until a member ends it.

    Args:
        hold: A hold, as `Desk.holds` returns it.
        zone: The IANA name of the calendar's time zone.
        language: "en" or "nl".
    """
    labels = words(language)
    start = local_time(hold.at, zone)
    finish = hold.ended_at or hold.until
    end = None if finish is None else local_time(finish, zone)
    by = hold.ended_by.partition(":")[2] or hold.ended_by
    key = "open" if end is None else "until"
    if hold.ended_at is not None:
        key = "ended_by" if by else "ended"
    text = labels[f"hold.{key}"].format(
        on=hold.on,
        start=_day_and_time(start),
        end="" if end is None else _day_and_time(end),
        by=by,
    )
    return CalendarBlock(
        first=start,
        # If the clock has been set back since the start, the hold seems to end before it starts.
        last=None if end is None else max(start, end),
        text=f"{text}: {hold.reason}" if hold.reason else text,
        kind="hold",
        ended=hold.ended_at is not None,
    )


def _day_and_time(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


@attrs.frozen
class _Mark:
    """A note or a block on one day, with its CSS class, its heading, and whether to shade the day."""

    css_class: Literal["note", "block"]
    heading: str
    text: str
    shaded: bool = False


def month_calendar(
    entries: Iterable[CalendarEntry],
    year: int,
    month: int,
    *,
    language: str = "en",
    zone: str = "",
    first_weekday: int = 0,
    notes: Iterable[CalendarNote] = (),
    blocks: Iterable[CalendarBlock] = (),
    legend: bool = True,
    today: dt.date | None = None,
) -> Html:
    """
    Return the calendar of a month, as the body of a `page`.

    Wide screens and paper show a table. Narrow screens show a list of the days that have entries,
    notes or blocks. Every state is shown as a colour, a symbol and a word.

    Args:
        entries: The posts. Entries in other months are ignored.
        year: The year, 1 to 9999.
        month: The month, 1 to 12.
        language: "en" or "nl".
        zone: The name of the entries' time zone, which is displayed.
        first_weekday: The first day of the week, from 0 for Monday to 6 for Sunday.
        notes: Notes on days.
        blocks: Blackouts, holds and holidays.
        legend: Whether to add a legend of the colours and symbols, with the number of entries.
        today: The day to mark as today, or None.

    Raises:
        InvalidValueError: If the month, the weekday or the language does not exist.
    """
    if not (1 <= month <= 12 and 1 <= year <= 9999 and 0 <= first_weekday <= 6):
        raise InvalidValueError(
            f"month {year}-{month} or first weekday {first_weekday} does not exist",
            value=(year, month, first_weekday),
            expected="a year 1 to 9999, a month 1 to 12 and a weekday 0 to 6",
        )
    weeks = [
        [dt.date(year, month, day) if day else None for day in week]
        for week in Calendar(first_weekday).monthdayscalendar(year, month)
    ]
    last = dt.date(year, month, monthrange(year, month)[1])
    return _calendar(
        weeks,
        entries,
        title=period_title(last.replace(day=1), last, language=language),
        css_class="month",
        empty="no_posts",
        language=language,
        zone=zone,
        notes=notes,
        blocks=blocks,
        legend=legend,
        today=today,
    )


def week_calendar(
    entries: Iterable[CalendarEntry],
    first: dt.date,
    *,
    language: str = "en",
    zone: str = "",
    notes: Iterable[CalendarNote] = (),
    blocks: Iterable[CalendarBlock] = (),
    legend: bool = True,
    today: dt.date | None = None,
) -> Html:
    """
    Return the calendar of the seven days from *first*, as the body of a `page`.

    The other arguments are the same as for `month_calendar`.

    Raises:
        InvalidValueError: If the seven days extend beyond the year 9999, or the language does not
            exist.
    """
    dates = list(_days(first, 7))
    return _calendar(
        [dates],
        entries,
        title=period_title(first, dates[-1], language=language),
        css_class="month week",
        empty="no_posts_week",
        language=language,
        zone=zone,
        notes=notes,
        blocks=blocks,
        legend=legend,
        today=today,
        with_month=True,
    )


def agenda(
    entries: Iterable[CalendarEntry],
    first: dt.date,
    days: int,
    *,
    language: str = "en",
    zone: str = "",
    notes: Iterable[CalendarNote] = (),
    blocks: Iterable[CalendarBlock] = (),
    legend: bool = True,
    today: dt.date | None = None,
) -> Html:
    """
    Return a list of the days from *first* that have entries, as the body of a `page`.

    Args:
        entries: The posts. Entries on other days are ignored.
        first: The first day.
        days: The number of days, 1 to 366.
        language: "en" or "nl".
        zone: The name of the entries' time zone, which is displayed.
        notes: Notes on days.
        blocks: Blackouts, holds and holidays.
        legend: Whether to add a legend of the colours and symbols, with the number of entries.
        today: The day to mark as today, or None.

    Raises:
        InvalidValueError: If *days* is not from 1 to 366, the days extend beyond the year 9999, or
            the language does not exist.
    """
    if not 1 <= days <= 366:
        raise InvalidValueError(
            f"an agenda cannot have {days} days", value=days, expected="1 to 366 days"
        )
    dates = list(_days(first, days))
    return _calendar(
        [[date] for date in dates],
        entries,
        title=period_title(first, dates[-1], language=language),
        css_class="month agenda",
        empty="no_posts_period",
        language=language,
        zone=zone,
        notes=notes,
        blocks=blocks,
        legend=legend,
        today=today,
    )


def _days(first: dt.date, count: int) -> Iterator[dt.date]:
    try:
        for number in range(count):
            yield first + dt.timedelta(days=number)
    except OverflowError:
        raise InvalidValueError(
            f"there are no {count} days from {first}", value=first, expected="days before 10000"
        ) from None


def _calendar(
    weeks: Sequence[Sequence[dt.date | None]],
    entries: Iterable[CalendarEntry],
    *,
    title: str,
    css_class: str,
    empty: str,
    language: str,
    zone: str,
    notes: Iterable[CalendarNote],
    blocks: Iterable[CalendarBlock],
    legend: bool,
    today: dt.date | None,
    with_month: bool = False,
) -> Html:
    """Return a table of *weeks*; each row has a cell for each date."""
    labels = words(language)
    language = base_language(language)
    dates = {date for week in weeks for date in week if date is not None}
    shown = sorted(
        (entry for entry in entries if entry.at.date() in dates),
        key=lambda entry: (entry.at, entry.profile, entry.network, entry.title, entry.state),
    )
    by_date: dict[dt.date, list[CalendarEntry]] = {}
    for entry in shown:
        by_date.setdefault(entry.at.date(), []).append(entry)
    marks = _marks_by_date(notes, blocks, dates, labels)
    rows = "".join(
        "<tr>"
        + "".join(
            '<td class="out empty"></td>'
            if date is None
            else _day(
                date,
                by_date.get(date, []),
                marks.get(date, []),
                language=language,
                today=today,
                with_month=with_month,
            )
            for date in week
        )
        + "</tr>"
        for week in weeks
    )
    # Every column contains the same day of the week in all rows, and contains at least one date.
    columns = [next(date for date in column if date) for column in zip(*weeks, strict=True)]
    header = "".join(
        f'<th scope="col">{WEEKDAYS[language][date.weekday()]}</th>' for date in columns
    )
    parts = [_legend(shown, labels)] if legend else []
    if not shown:
        parts.append(f'<p class="lede">{labels[empty]}</p>')
    if zone:
        text = labels["zone"].format(zone=escape(zone))
        parts.append(f'<p class="lede">{text}</p>')
    parts.append(
        f'<table class="{css_class}"><caption class="sr">{title}</caption>'
        f"<thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return Html(f'<div class="months">{"".join(parts)}</div>')


def _marks_by_date(
    notes: Iterable[CalendarNote],
    blocks: Iterable[CalendarBlock],
    dates: Collection[dt.date],
    labels: Mapping[str, str],
) -> dict[dt.date, list[_Mark]]:
    """Return the notes and blocks on each of *dates*."""
    marks: dict[dt.date, list[_Mark]] = {}
    for block in blocks:
        for date in sorted(dates):
            times = block.times_on(date)
            if times is not None:
                marks.setdefault(date, []).append(_block_mark(block, *times, labels))
    for note in notes:
        if note.date in dates:
            marks.setdefault(note.date, []).append(_Mark("note", labels["note"], note.text))
    return marks


def _block_mark(
    block: CalendarBlock, start: dt.time | None, end: dt.time | None, labels: Mapping[str, str]
) -> _Mark:
    heading = labels[block.kind]
    if block.ended:
        heading = labels["ended"].format(name=heading)
    if start is not None and end is not None:
        heading += f" {start:%H:%M}–{end:%H:%M}"
    elif start is not None:
        heading += f" {labels['from'].format(time=f'{start:%H:%M}')}"
    elif end is not None:
        heading += f" {labels['until'].format(time=f'{end:%H:%M}')}"
    stops = block.kind != "holiday" and not block.ended
    return _Mark(
        "block" if stops else "note",
        heading,
        block.text,
        shaded=stops and start is None and end is None,
    )


def _day(
    date: dt.date,
    entries: Sequence[CalendarEntry],
    marks: Sequence[_Mark],
    *,
    language: str,
    today: dt.date | None,
    with_month: bool,
) -> str:
    labels = words(language)
    classes = [
        *(["end"] if date.weekday() >= 5 else []),
        *(["shaded"] if any(mark.shaded for mark in marks) else []),
        *(["empty"] if not entries and not marks else []),
        *(["today"] if date == today else []),
    ]
    day_and_month = f"{date.day} {MONTHS[language][date.month - 1]}"
    name = f"{WEEKDAYS[language][date.weekday()]} {day_and_month}"
    short = day_and_month if with_month else str(date.day)
    today_badge = f" {badge(labels['today'])}" if date == today else ""
    heading = (
        f'<div class="day"><time datetime="{date.isoformat()}"><span class="num">{short}</span>'
        f'<span class="long">{name}</span></time>{today_badge}</div>'
    )
    content = "".join(
        f'<p class="mark {mark.css_class}"><b>{escape(mark.heading)}</b>'
        f" <bdi>{escape(_shorten(mark.text))}</bdi></p>"
        for mark in marks
    )
    content += "".join(_entry(entry, labels) for entry in entries[:_UNFOLDED_ENTRIES])
    folded = entries[_UNFOLDED_ENTRIES:]
    if folded:
        more = labels["more"].format(count=len(folded))
        rest = "".join(_entry(entry, labels) for entry in folded)
        content += f"<details><summary>{more}</summary>{rest}</details>"
    return f'<td class="{" ".join(classes)}">{heading}{content}</td>'


def _entry(entry: CalendarEntry, labels: Mapping[str, str]) -> str:
    tone, sign = STATES[entry.state]
    struck = " struck" if entry.state in _STRUCK_THROUGH else ""
    href = safe_file(entry.file) or safe_href(entry.url)
    tag = "a" if href else "div"
    link = f' href="{escape(href)}" rel="noopener noreferrer"' if href else ""
    pending = f" · {labels['pending_edit']}" if entry.pending_edit else ""
    return (
        f'<{tag} class="entry t-{tone} s-{entry.state}{struck}"{link}>'
        f'<span class="top"><time datetime="{entry.at.isoformat(timespec="minutes")}">'
        f"{entry.at:%H:%M}</time>{network_badge(entry.network)}"
        f'<bdi class="who">{escape(_shorten(entry.profile))}</bdi></span>'
        f'<span class="title" dir="auto">{escape(_shorten(entry.title))}</span>'
        f'<span class="state">{sign} {labels[f"state.{entry.state}"]}{pending}</span></{tag}>'
    )


def _shorten(text: str) -> str:
    """Return the beginning of a text, on one line."""
    # The text is cut before it is split, so that a text of several megabytes is not split entirely.
    text = " ".join(text[: 4 * _LONGEST_TEXT].split())
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _legend(entries: Sequence[CalendarEntry], labels: Mapping[str, str]) -> str:
    if not entries:
        return ""
    # States displayed with the same word, such as `waiting` and `scheduled`, are counted together.
    counts: Counter[tuple[str, str, str]] = Counter()
    for state, (tone, sign) in STATES.items():
        count = sum(entry.state == state for entry in entries)
        if count:
            counts[tone, sign, labels[f"state.{state}"]] += count
    bar = "".join(
        f'<i class="t-{tone}" style="flex:{n}"></i>' for (tone, _, _), n in counts.items()
    )
    states = "".join(
        f'<li class="t-{tone}"><span class="dot"></span>{sign} {word} <b>{n}</b></li>'
        for (tone, sign, word), n in counts.items()
    )
    profile_counts = Counter((entry.network, entry.profile) for entry in entries if entry.profile)
    profiles = "".join(
        f'<li>{network_badge(network)}<bdi class="wrap">{escape(_shorten(profile))}</bdi>'
        f" <b>{n}</b></li>"
        for (network, profile), n in sorted(profile_counts.items())
    )
    # The legend counts entries, not posts, because a post has one entry for each of its profiles.
    total = labels["entry"] if len(entries) == 1 else labels["entries"].format(count=len(entries))
    return (
        f'<div class="bar" role="img" aria-label="{total}">{bar}</div><div class="legends">'
        f'<ul class="legend" aria-label="{labels["legend.states"]}">'
        f"<li><b>{total}</b></li>{states}</ul>"
        f'<ul class="legend" aria-label="{labels["legend.profiles"]}">{profiles}</ul></div>'
    )

"""
Read the holidays in an iCalendar file.

The file is read here instead of with `icalendar`, because that library skips properties that it
cannot parse and does not report line numbers. If a holiday were silently missing, a post or a
response deadline could fall on that day.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.holidays import Holidays
from socialcollab.time.rule import Rule, local_times

MOST_BYTES: Final = 1_000_000
MOST_DAYS_OF_ONE_EVENT: Final = 366
MOST_YEARS: Final = 200
# Without these two limits, a small malicious file could expand to billions of days or take minutes
# to search.
MOST_DAYS: Final = 100_000
MOST_RULES: Final = 500
_MOST_PROBLEMS: Final = 5

# A name, parameters whose quoted values may contain `:` and `;`, and a value.
_PROPERTY = re.compile(r'([A-Za-z0-9-]+)((?:;[^:;"]*(?:"[^"]*"[^:;"]*)*)*):(.*)', re.DOTALL)
# Some files from Google contain dates such as 20131210Z.
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:T[0-9]{6})?Z?")
_DURATION = re.compile(r"\+?P(?:([0-9]{1,4})W|([0-9]{1,5})D)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Properties that determine the days on which an event takes place. If one of them appears a second
# time, an error is reported, because the second value would silently replace the first.
_ONCE: Final = frozenset(
    {"DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "STATUS", "SEQUENCE", "UID", "SUMMARY"}
)
_MANY: Final = frozenset({"RRULE", "RDATE", "EXDATE"})
_ALL_DAY: Final = "X-MICROSOFT-CDO-ALLDAYEVENT"


class _LineError(Exception):
    """Raised if a line of the file is not valid."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")


@attrs.frozen
class _Property:
    line: int
    name: str
    parameters: str
    value: str

    def fail(self, why: str) -> _LineError:
        shown = self.value if len(self.value) <= 60 else f"{self.value[:59]}…"
        return _LineError(self.line, f"`{self.name}` is `{shown}`, {why}")


@attrs.define
class _Component:
    """A component, such as an event, with the properties and components directly in it."""

    name: str
    line: int
    properties: list[_Property] = attrs.field(factory=list)
    components: list[_Component] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class _Event:
    """
    An event in the file.

    Attributes:
        line: The line of its BEGIN.
        uid: Its UID, or an empty string.
        sequence: Its SEQUENCE.
        instance: The date of the instance that it replaces in a series, or None.
        following: Whether it also replaces all later instances.
        cancelled: Whether it does not take place.
        start: Its first day, or None if it has a time of day.
        days: The number of days.
        rules: The recurrence rules.
        added: The first days of additional instances.
        excluded: The first days of instances that do not take place.
        name: Its SUMMARY.
    """

    line: int
    uid: str
    sequence: int
    instance: dt.date | None
    following: bool
    cancelled: bool
    start: dt.date | None
    days: int
    rules: tuple[Rule, ...]
    added: tuple[dt.date, ...]
    excluded: frozenset[dt.date]
    name: str


_Days: TypeAlias = Iterator[tuple[dt.date, str]]


def read_holidays(data: bytes, *, first_year: int = 2000, last_year: int = 2100) -> Holidays:
    """
    Read the all-day events of an iCalendar file.

    Every day of an event that lasts several days is a holiday. Recurring events are expanded from
    *first_year* to *last_year*, with additional, excluded, moved and cancelled instances. If an
    event appears several times with the same UID, the version with the highest SEQUENCE applies.
    The file may contain several calendars. Events with a time of day are not holidays.

    Args:
        data: The content of the file, encoded as UTF-8, at most 1 MB.
        first_year: The first year to include.
        last_year: The last year to include, at most 199 years later.

    Raises:
        InvalidValueError: If the file is too large or not a calendar, if a line or an event cannot
            be read (the message lists the first five such lines), if no event lasts all day, or if
            the events have more than 100,000 days or 500 recurrence rules.

    Source:
        RFC 5545 sections 3.1, 3.6.1 and 3.8.
    """
    if len(data) > MOST_BYTES:
        raise InvalidValueError(
            f"the holiday calendar is {len(data)} bytes long; the limit is {MOST_BYTES}",
            value=len(data),
            expected=f"at most {MOST_BYTES} bytes",
        )
    if not 1 <= first_year <= last_year < first_year + MOST_YEARS or last_year > 9999:
        raise InvalidValueError(
            f"{first_year} to {last_year} is not a period of 1 to {MOST_YEARS} years",
            value=(first_year, last_year),
        )
    names: dict[dt.date, str] = {}
    days = _days_of(_read_events(data), first_year, last_year)
    try:
        for count, (date, name) in enumerate(days):
            if count >= MOST_DAYS:
                raise _unreadable(f"its events have more than {MOST_DAYS} days")
            if first_year <= date.year <= last_year:
                names[date] = names.get(date) or name
    except OverflowError as error:
        raise _unreadable("an event is before the year 1 or after the year 9999") from error
    return Holidays(names, {date: name for date, name in names.items() if name})


def _unreadable(problem: str) -> InvalidValueError:
    return InvalidValueError(f"the holiday calendar cannot be read: {problem}", value=problem)


def _read_events(data: bytes) -> list[_Event]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(f"line {line}: the text is not encoded as UTF-8") from error
    problems: list[_LineError] = []
    calendars = _parse(text, problems)
    events = []
    for calendar in calendars:
        cancelled = any(
            each.name == "METHOD" and each.value.strip().upper() == "CANCEL"
            for each in calendar.properties
        )
        for component in calendar.components:
            if component.name == "VEVENT":
                try:
                    events.append(_event(component, cancelled=cancelled))
                except _LineError as problem:
                    problems.append(problem)
    if problems:
        shown = "; ".join(map(str, problems[:_MOST_PROBLEMS]))
        more = "; and more problems" if len(problems) > _MOST_PROBLEMS else ""
        raise _unreadable(shown + more)
    if not calendars:
        raise _unreadable("it does not contain `BEGIN:VCALENDAR`")
    if sum(len(event.rules) for event in events) > MOST_RULES:
        raise _unreadable(f"its events have more than {MOST_RULES} recurrence rules")
    if events and all(event.start is None for event in events):
        raise _unreadable(
            f"none of its events lasts all day (the first begins in line {events[0].line}); a holiday"
            " needs a date without a time, such as `DTSTART;VALUE=DATE:20260427`"
        )
    return events


def _content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, after joining the lines that continue it."""
    number, parts = 0, [""]
    # `splitlines` would also split at characters that may be part of a text, such as U+2028.
    for position, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if line[:1] in (" ", "\t") and number:
            parts.append(line[1:])
            continue
        if number:
            yield number, "".join(parts)
        number, parts = position, [line]
    yield number, "".join(parts)


def _parse(text: str, problems: list[_LineError]) -> list[_Component]:
    """Return the calendars in the file, and add a problem for each line that cannot be read."""
    root = _Component("", 0)
    open_components = [root]
    for number, line in _content_lines(text):
        if not line.strip():
            continue
        match = _PROPERTY.fullmatch(line)
        if match is None:
            shown = line if len(line) <= 60 else f"{line[:59]}…"
            problems.append(_LineError(number, f"`{shown}` is not a property such as `NAME:value`"))
            if len(problems) > _MOST_PROBLEMS:
                return []
            continue
        name, value = match[1].upper(), match[3]
        component = open_components[-1]
        if name == "BEGIN":
            inner = _Component(value.strip().upper(), number)
            component.components.append(inner)
            open_components.append(inner)
        elif name == "END":
            if component is root or component.name != value.strip().upper():
                expected = "no `END`" if component is root else f"`END:{component.name}`"
                problems.append(_LineError(number, f"`{line}` where {expected} is expected"))
                # Everything that follows would be in the wrong component.
                return []
            open_components.pop()
        else:
            component.properties.append(_Property(number, name, match[2], value))
    if len(open_components) > 1:
        last = open_components[-1]
        problems.append(
            _LineError(last.line, f"`BEGIN:{last.name}` has no matching `END:{last.name}`")
        )
    return [calendar for calendar in root.components if calendar.name == "VCALENDAR"]


def _event(component: _Component, *, cancelled: bool) -> _Event:
    once: dict[str, _Property] = {}
    many: dict[str, list[_Property]] = {name: [] for name in _MANY}
    marked_all_day = False
    for each in component.properties:
        if not each.value.strip():
            # Files from calendarlabs.com contain an empty RRULE in each event.
            continue
        if each.name in _MANY:
            many[each.name].append(each)
        elif each.name in _ONCE:
            if each.name in once:
                first = once[each.name].line
                raise _LineError(
                    each.line, f"`{each.name}` appears a second time, after line {first}"
                )
            once[each.name] = each
        elif each.name == "EXRULE":
            raise each.fail("which RFC 5545 no longer has; list the dates in `EXDATE`")
        elif each.name == _ALL_DAY:
            marked_all_day = each.value.strip().upper() == "TRUE"
    if "DTSTART" not in once:
        raise _LineError(component.line, "the event has no `DTSTART`")
    begin = once["DTSTART"]
    start = _date(begin) if "T" not in begin.value or marked_all_day else None
    if start is not None and "T" in begin.value and "T000000" not in begin.value.rstrip():
        raise begin.fail("which is not midnight, although the event is marked as lasting all day")
    if start is not None and begin.value.rstrip().endswith("Z"):
        raise begin.fail("so its date depends on the time zone; write a date without a time")
    instance = once.get("RECURRENCE-ID")
    range_ = "" if instance is None else instance.parameters.upper().replace('"', "")
    return _Event(
        line=component.line,
        uid=_text(once, "UID"),
        sequence=_sequence(once["SEQUENCE"]) if "SEQUENCE" in once else 0,
        instance=None if instance is None else _date(instance),
        following="RANGE=THISANDFUTURE" in range_,
        cancelled=cancelled or _text(once, "STATUS").upper() == "CANCELLED",
        start=start,
        days=1 if start is None else _length(once, start),
        # Instances of an event with a time of day are not holidays.
        rules=() if start is None else tuple(map(_rule, many["RRULE"])),
        added=() if start is None else tuple(_dates(many["RDATE"])),
        excluded=frozenset() if start is None else frozenset(_dates(many["EXDATE"])),
        name=_ESCAPED.sub(
            lambda match: "\n" if match[1] in "nN" else match[1], _text(once, "SUMMARY")
        ),
    )


def _text(once: dict[str, _Property], name: str) -> str:
    return once[name].value.strip() if name in once else ""


def _sequence(each: _Property) -> int:
    if re.fullmatch(r"[0-9]{1,9}", each.value.strip()) is None:
        raise each.fail("but must be a whole number")
    return int(each.value)


def _date(each: _Property, value: str | None = None) -> dt.date:
    """Return the date in a DATE or DATE-TIME value as written, not converted to another zone."""
    match = _DATE.fullmatch((each.value if value is None else value).strip())
    try:
        if match is not None:
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    raise each.fail("but must be an existing date such as `20260427`")


def _dates(properties: Iterable[_Property]) -> Iterator[dt.date]:
    for each in properties:
        for value in each.value.split(","):
            # A period such as 20260427T000000/P1D stands for an instance on its first day.
            yield _date(each, value.partition("/")[0])


def _length(once: dict[str, _Property], start: dt.date) -> int:
    """Return the number of days that an event lasts."""
    if "DTEND" in once and "DURATION" in once:
        raise once["DURATION"].fail("but the event also has `DTEND`")
    if "DTEND" in once:
        each = once["DTEND"]
        # Some programs write the same date for the end of an event that lasts one day.
        days = (_date(each) - start).days or 1
    elif "DURATION" in once:
        each = once["DURATION"]
        match = _DURATION.fullmatch(each.value.strip().upper())
        if match is None:
            raise each.fail(
                "but the length of an event that lasts all day must be a number of days"
            )
        days = int(match[1] or 0) * 7 + int(match[2] or 0) or 1
    else:
        return 1
    if not 1 <= days <= MOST_DAYS_OF_ONE_EVENT:
        raise each.fail(
            f"so the event lasts {days} days; give it an end that is 1 to {MOST_DAYS_OF_ONE_EVENT}"
            " days after its start"
        )
    return days


def _rule(each: _Property) -> Rule:
    try:
        rule = Rule.parse(each.value)
    except InvalidValueError as error:
        raise _LineError(each.line, str(error)) from error
    if rule.by_hour or rule.by_minute or rule.by_second:
        raise each.fail("which repeats within a day, but the event lasts all day")
    return rule


def _days_of(events: list[_Event], first_year: int, last_year: int) -> _Days:
    """Yield the days of all events that take place, with their names."""
    current = _current(events)
    changes: dict[str, dict[dt.date, _Event]] = {}
    for event in current:
        if event.uid and event.instance is not None:
            changes.setdefault(event.uid, {})[event.instance] = event
    # An event that begins before the first year may extend into it.
    first = dt.datetime(max(first_year - 1, 1), 1, 1)  # noqa: DTZ001  local by meaning
    last = dt.datetime(last_year, 12, 31)  # noqa: DTZ001
    for event in current:
        if event.cancelled or event.start is None:
            continue
        if event.instance is None:
            yield from _series_days(event, changes.get(event.uid, {}), first, last)
        else:
            yield from _span(event.start, event)


def _current(events: list[_Event]) -> list[_Event]:
    """
    Return the events, except those that are replaced by a version with a higher SEQUENCE.

    Events with the same UID and SEQUENCE are all returned, because some programs write the same UID
    for different events.
    """
    latest: dict[tuple[str, dt.date | None], int] = {}
    for event in events:
        key = event.uid, event.instance
        latest[key] = max(latest.get(key, 0), event.sequence)
    return [
        event
        for event in events
        if not event.uid or event.sequence == latest[event.uid, event.instance]
    ]


def _series_days(
    event: _Event, changes: dict[dt.date, _Event], first: dt.datetime, last: dt.datetime
) -> _Days:
    """Yield the days of an event, except the instances that *changes* replace."""
    following = sorted((instance for instance, change in changes.items() if change.following))
    for start in _starts(event, first, last):
        if start in event.excluded or start in changes:
            continue
        index = bisect_right(following, start) - 1
        if index < 0:
            yield from _span(start, event)
            continue
        change = changes[following[index]]
        if not change.cancelled and change.start is not None:
            yield from _span(start + (change.start - following[index]), change)


def _starts(event: _Event, first: dt.datetime, last: dt.datetime) -> Iterator[dt.date]:
    if event.start is None:
        return
    start = dt.datetime.combine(event.start, dt.time())
    # DTSTART is the first instance even if a rule does not match it.
    yield event.start
    for rule in event.rules:
        final = dt.date.max if rule.until is None else _final_date(rule.until)
        for local in local_times(rule, start, first, last):
            if local.date() > final:
                break
            yield local.date()
    yield from event.added


def _final_date(until: dt.datetime) -> dt.date:
    """
    Return the last date on which a rule can occur.

    An UNTIL in UTC is usually midnight in a time zone that the file does not name. In a zone ahead of
    UTC, the date there is one day later: 20270426T220000Z includes 27 April in Amsterdam.
    """
    is_midnight = until.tzinfo is not None and until.minute % 30 == 0 and until.second == 0
    ahead = is_midnight and until.hour >= 10 and until.date() < dt.date.max
    return until.date() + dt.timedelta(days=1 if ahead else 0)


def _span(start: dt.date, event: _Event) -> _Days:
    for day in range(min(event.days, (dt.date.max - start).days + 1)):
        yield start + dt.timedelta(days=day), event.name

"""Write a calendar as an iCalendar file for other calendar programs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import attrs

from socialcollab.errors import InvalidValueError, MissingExtraError
from socialcollab.scheduling.calendar import Calendar, Entry
from socialcollab.time import as_utc, zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import icalendar

_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# RFC 5545 does not allow control characters in a text, and lone surrogates cannot be encoded.
_NOT_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Calendar programs hide cancelled events, so only entries that need no attention are cancelled.
_CANCELLED: Final = frozenset({"cancelled", "rejected", "removed"})
_CONFIRMED: Final = frozenset(
    {
        *("approved", "scheduled", "waiting", "publishing", "published", "partly_published"),
        *("removing", "native_post"),
    }
)
_DAY = dt.timedelta(days=1)
# No zone has ever changed its clocks twice within this period.
_STEP: Final = 7 * _DAY


def write_ics(
    source: Calendar | Iterable[Entry],
    *,
    now: dt.datetime,
    name: str = "",
    time_zone: str = "",
    length: dt.timedelta = dt.timedelta(minutes=15),
) -> bytes:
    """
    Write entries as an iCalendar file.

    The UID of an event depends only on the post, the profile and the occurrence of its entry. A
    program that imports the file again therefore moves the event instead of adding a duplicate.
    SEQUENCE and LAST-MODIFIED are the entry's `sequence` and `changed_at`.

    STATUS is CANCELLED for a post that was cancelled, rejected or removed, and CONFIRMED for a post
    that is approved, scheduled or published. For every other state, such as "draft", "held",
    "missed" or "failed", it is TENTATIVE.

    Args:
        source: The calendar or the entries to write. The entries of a calendar are
            written in the time zones of their profiles.
        now: The current time, which is written as DTSTAMP.
        name: The name of the calendar.
        time_zone: The time zone to use if *source* is not a calendar; empty for UTC.
        length: The length of each event, in whole seconds.

    Raises:
        MissingExtraError: If the `calendar` extra is not installed.
        NaiveDatetimeError: If *now* has no UTC offset.
        InvalidValueError: If *length* is not positive, or two entries have the same post, profile
            and occurrence.

    Source:
        RFC 5545, section 3.8.1.11 for the status; RFC 7986 section 5.1 for the name.
    """
    try:
        import icalendar  # noqa: PLC0415  an extra, imported only when a calendar is written
    except ImportError as error:
        raise MissingExtraError(feature="writing a calendar file", extra="calendar") from error
    if length < dt.timedelta(seconds=1):
        raise InvalidValueError(
            f"the length of the events is {length}, which is less than a second",
            value=length,
            expected="a length such as 15 minutes",
        )
    stamp = as_utc(now)
    written = icalendar.Calendar()
    written.add("prodid", "-//socialcollab//calendar//EN")
    written.add("version", "2.0")
    if name:
        # icalendar does not escape the texts of properties whose type it does not know.
        written.add("name", icalendar.vText(_text(name)))
        written.add("x-wr-calname", icalendar.vText(_text(name)))
    entries = source.entries() if isinstance(source, Calendar) else tuple(source)
    events: dict[str, icalendar.Event] = {}
    by_zone: dict[str, list[dt.datetime]] = {}
    for entry in entries:
        zone_name = (
            source.profile_calendar(entry.profile).zone
            if isinstance(source, Calendar)
            else time_zone
        )
        start = entry.at
        if zone_name not in ("", "UTC"):
            start = entry.at.astimezone(zone(zone_name))
            by_zone.setdefault(zone_name, []).append(entry.at)
        # Identifiers cannot contain a slash, so different entries have different UIDs.
        uid = f"{entry.post}/{entry.profile}/{entry.occurrence}@socialcollab"
        if uid in events:
            raise InvalidValueError(
                f"post `{entry.post}` has two entries with occurrence {entry.occurrence} on profile"
                f" `{entry.profile}`; give each of them a different `occurrence`",
                value=entry,
                expected="one entry for each post, profile and occurrence",
            )
        event = events[uid] = icalendar.Event()
        event.add("uid", _text(uid))
        event.add("dtstamp", stamp)
        event.add("dtstart", start)
        event.add("duration", length)
        event.add("sequence", entry.sequence)
        if entry.changed_at is not None:
            event.add("last-modified", entry.changed_at)
        event.add("summary", _text(f"{entry.profile}: {entry.title or entry.post}"))
        event.add("categories", [_text(entry.state), _text(entry.profile)])
        event.add("status", _status(entry.state))
        event.add("transp", "TRANSPARENT")
    for zone_name, instants in sorted(by_zone.items()):
        written.add_component(_timezone(zone(zone_name), min(instants), max(instants)))
    for event in events.values():
        written.add_component(event)
    return bytes(written.to_ical())


def _status(state: str) -> str:
    if state in _CONFIRMED:
        return "CONFIRMED"
    return "CANCELLED" if state in _CANCELLED else "TENTATIVE"


def _text(text: str) -> str:
    return _NOT_TEXT.sub("", _LINE_ENDS.sub("\n", text))


@attrs.frozen
class _Offsets:
    """The offset, daylight saving and abbreviation of a zone at an instant."""

    offset: dt.timedelta
    daylight: bool
    name: str

    @classmethod
    def at(cls, tz: ZoneInfo, instant: dt.datetime) -> _Offsets:
        local = instant.astimezone(tz)
        return cls(local.utcoffset() or dt.timedelta(), bool(local.dst()), local.tzname() or "")


def _timezone(tz: ZoneInfo, first: dt.datetime, last: dt.datetime) -> icalendar.Timezone:
    """
    Return the VTIMEZONE of a zone for the time from *first* to *last*.

    `icalendar` can create one, but it writes each onset with the offset after the change. Programs
    that follow RFC 5545 section 3.6.5 then change the clocks an hour too late.
    """
    import icalendar  # noqa: PLC0415

    written = icalendar.Timezone()
    written.add("tzid", tz.key)
    begin = first - _DAY if first.year > 1 else first
    before = _Offsets.at(tz, begin)
    # The first onset has no change before it.
    changes = [(begin, before, before), *_changes(tz, begin, last)]
    for instant, old, new in changes:
        part = icalendar.TimezoneDaylight() if new.daylight else icalendar.TimezoneStandard()
        part.add("dtstart", (instant + old.offset).replace(microsecond=0, tzinfo=None))
        part.add("tzoffsetfrom", old.offset)
        part.add("tzoffsetto", new.offset)
        if new.name:
            part.add("tzname", new.name)
        written.add_component(part)
    return written


def _changes(
    tz: ZoneInfo, first: dt.datetime, last: dt.datetime
) -> Iterator[tuple[dt.datetime, _Offsets, _Offsets]]:
    """Yield the instants at which the clocks change, with the offsets before and after each."""
    low, old = first, _Offsets.at(tz, first)
    while low < last:
        high = low + min(_STEP, last - low)
        new = _Offsets.at(tz, high)
        if new == old:
            low = high
            continue
        # Clocks change at a whole second.
        inside, outside = low.replace(microsecond=0), high
        while outside - inside > dt.timedelta(seconds=1):
            middle = inside + (outside - inside) // 2
            middle = middle.replace(microsecond=0)
            if _Offsets.at(tz, middle) == old:
                inside = middle
            else:
                outside = middle
        outside = outside.replace(microsecond=0)
        new = _Offsets.at(tz, outside)
        yield outside, old, new
        low, old = outside, new

"""Write a calendar as an iCalendar file for other calendar programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from socialcollab.errors import MissingExtraError
from socialcollab.scheduling.calendar import Calendar, Entry
from socialcollab.time import as_utc, zone


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

    The UID of an event consists of its post and profile. A program that imports the
    file again therefore moves the event instead of adding a duplicate.

    Args:
        source: The calendar or the entries to write. The entries of a calendar are
            written in the time zones of their profiles.
        now: The current time, which is written as DTSTAMP.
        name: The name of the calendar.
        time_zone: The time zone to use if *source* is not a calendar; empty for UTC.
        length: The length of each event.

    Raises:
        MissingExtraError: If the `calendar` extra is not installed.
        NaiveDatetimeError: If *now* has no UTC offset.

    Source:
        RFC 5545; RFC 7986 section 5.1 for the name.
    """
    try:
        import icalendar  # noqa: PLC0415  an extra, imported only when a calendar is written
    except ImportError as error:
        raise MissingExtraError(feature="writing a calendar file", extra="calendar") from error
    stamp = as_utc(now)
    written = icalendar.Calendar()
    written.add("prodid", "-//socialcollab//calendar//EN")
    written.add("version", "2.0")
    if name:
        written.add("name", name)
        written.add("x-wr-calname", name)
    entries = source.entries() if isinstance(source, Calendar) else source
    seen: dict[str, int] = {}
    for entry in entries:
        zone_name = (
            source.profile_calendar(entry.profile).zone
            if isinstance(source, Calendar)
            else time_zone
        )
        start = entry.at if zone_name in ("", "UTC") else entry.at.astimezone(zone(zone_name))
        uid = f"{entry.post}.{entry.profile}"
        seen[uid] = seen.get(uid, 0) + 1
        event = icalendar.Event()
        # A series publishes the same post on a profile several times, but UIDs must be unique.
        event.add("uid", f"{uid if seen[uid] == 1 else f'{uid}.{seen[uid]}'}@socialcollab")
        event.add("dtstamp", stamp)
        event.add("dtstart", start)
        event.add("duration", length)
        event.add("summary", f"{entry.profile}: {entry.title or entry.post}")
        event.add("categories", [entry.state, entry.profile])
        event.add("status", "CONFIRMED" if entry.occupies else "CANCELLED")
        event.add("transp", "TRANSPARENT")
        written.add_component(event)
    written.add_missing_timezones()
    return bytes(written.to_ical())

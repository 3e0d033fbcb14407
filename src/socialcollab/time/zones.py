"""
Instants, time zones, and the local times that connect them.

An instant is a datetime in UTC. The zone data come from the `tzdata` package instead of the
operating system, so that all machines of an installation use the same rules and `tzdata_version`
returns their version.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal, Self, get_args

from socialcollab.errors import (
    InvalidValueError,
    NaiveDatetimeError,
    RepeatedTimeError,
    SkippedTimeError,
)
from socialcollab.identifiers import nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Skipped = Literal["refuse", "next", "previous"]
"""How to interpret a local time that a clock change skips."""

Repeated = Literal["refuse", "first", "second"]
"""Which instant to choose for a local time that occurs twice."""

_SKIPPED = frozenset(get_args(Skipped))
_REPEATED = frozenset(get_args(Repeated))

# Some systems define these names, but the zone that they stand for differs from machine to machine,
# so a document that contains them would not have the same meaning everywhere.
_MACHINE_NAMES = frozenset({"localtime", "posixrules", "Factory"})

# These names exist in the zone data, but stand for an offset without daylight saving time. A team in
# New York that writes EST would publish an hour late in summer.
_FIXED_NAMES: Final = {"EST": "America/Panama", "MST": "America/Phoenix"}

# Abbreviations are not names of zones: many are used in several parts of the world, and each
# applies to only part of the year.
_ABBREVIATIONS: Final = {
    "America/New_York": "EST EDT ET",
    "America/Chicago, Asia/Shanghai or America/Havana": "CST",
    "America/Chicago": "CDT CT",
    "America/Denver": "MST MDT MT",
    "America/Los_Angeles": "PST PDT PT",
    "America/Anchorage": "AKST AKDT",
    "America/Halifax or Asia/Riyadh": "AST",
    "America/Halifax": "ADT",
    "America/St_Johns": "NST NDT",
    "America/Sao_Paulo": "BRT",
    "America/Argentina/Buenos_Aires": "ART",
    "Europe/London": "BST",
    "Europe/Lisbon": "WEST",
    "Europe/Amsterdam": "CEST MEZ MESZ",
    "Europe/Athens": "EEST",
    "Europe/Moscow": "MSK",
    "Africa/Lagos": "WAT",
    "Africa/Maputo": "CAT",
    "Africa/Nairobi": "EAT",
    "Africa/Johannesburg": "SAST",
    "Asia/Dubai": "GST",
    "Asia/Karachi": "PKT",
    "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem": "IST",
    "Asia/Bangkok": "ICT",
    "Asia/Jakarta": "WIB",
    "Asia/Singapore": "SGT",
    "Asia/Hong_Kong": "HKT",
    "Asia/Manila": "PHT",
    "Asia/Seoul": "KST",
    "Asia/Tokyo": "JST",
    "Australia/Perth": "AWST",
    "Australia/Adelaide": "ACST ACDT",
    "Australia/Sydney": "AEST AEDT AET",
    "Pacific/Auckland": "NZST NZDT",
}
_OFFSET = re.compile(r"\(?(?:GMT|UTC|Z)?\s*([+\-\u2212])\s*([0-9]{1,2})(?::?([0-9]{2}))?\)?", re.I)


def as_utc(value: dt.datetime) -> dt.datetime:
    """
    Return *value* converted to UTC.

    >>> amsterdam = dt.timezone(dt.timedelta(hours=2))
    >>> as_utc(dt.datetime(2026, 4, 7, 9, 30, tzinfo=amsterdam)).isoformat()
    '2026-04-07T07:30:00+00:00'

    Raises:
        NaiveDatetimeError: If *value* has no UTC offset.
        InvalidValueError: If *value* is not a datetime, or the instant is before the year 1 or
            after 9999 in UTC.
    """
    if not isinstance(value, dt.datetime):
        raise InvalidValueError(
            f"`{value!r}` is not an instant; pass a datetime with a UTC offset",
            value=value,
            expected="a datetime with a UTC offset",
        )
    if value.tzinfo is dt.UTC:
        return value
    if value.utcoffset() is None:
        raise NaiveDatetimeError(value)
    # Python compares two datetimes with the same tzinfo by their local times, which gives the
    # wrong order in the hour that occurs twice. In UTC, it compares instants.
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValueError(
            f"`{value.isoformat()}` is outside the years 1 to 9999 in UTC",
            value=value,
            expected="an instant from the year 1 to the year 9999 in UTC",
        ) from error


@cache
def _names() -> frozenset[str]:
    from importlib import resources  # noqa: PLC0415  slow to import, see `_load`

    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split()) - _MACHINE_NAMES - _FIXED_NAMES.keys()


@cache
def _load(name: str) -> ZoneInfo:
    # These modules are slow to import, and many programs that import this package never use a
    # zone.
    from importlib import resources  # noqa: PLC0415
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _suggest(name: str) -> str:
    """Return why *name* is not a zone and what to write instead."""
    words = " ".join(name.split())
    lower = {known.lower(): known for known in _names()}
    key = words.lower().replace(" ", "_")
    if key in lower:
        return f"did you mean `{lower[key]}`?"
    # The zones of `Etc` are offsets with a reversed sign, so GMT+2 must not lead to Etc/GMT+2.
    cities = {
        known.rsplit("/", 1)[-1]: lower[known]
        for known in sorted(lower)
        if "/" in known and not known.startswith("etc/")
    }
    if key in cities:
        return f"did you mean `{cities[key]}`?"
    hint = _suggest_for_windows(words, cities) or _suggest_for_offset(words)
    if hint:
        return hint
    for places, abbreviations in _ABBREVIATIONS.items():
        if words.upper() in abbreviations.split():
            quoted = re.sub(r"[\w/]+/\w+", lambda match: f"`{match[0]}`", places)
            fixed = _FIXED_NAMES.get(words.upper())
            also = f", or `{fixed}` for this offset all year" if fixed else ""
            return f"it is an abbreviation; write the name of the zone, such as {quoted}{also}"
    # Short names are abbreviations. The nearest name would be a zone in another part of the world.
    if "/" in key:
        close = nearest(key, lower)
        return f"did you mean `{lower[close]}`?" if close else _EXAMPLE
    close = nearest(key, cities) if len(key) > 5 else ""
    return f"did you mean `{cities[close]}`?" if close else _EXAMPLE


def _suggest_for_windows(words: str, cities: Mapping[str, str]) -> str:
    from socialcollab.time.windows_zones import WINDOWS_ZONES  # noqa: PLC0415  only for errors

    # Outlook shows "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna".
    shown = re.sub(r"^\(UTC[^)]*\)\s*(?=.)", "", words, flags=re.I).lower()
    for city in shown.split(",") if shown != words.lower() else ():
        if city.strip().replace(" ", "_") in cities:
            return f"did you mean `{cities[city.strip().replace(' ', '_')]}`?"
    asked = re.sub(r" (?:standard|daylight|summer)(?= time\b)", "", shown)
    for form in (asked, asked.partition(" (")[0]):
        for windows, iana in WINDOWS_ZONES.items():
            # Windows has a zone named "UTC-02", but everywhere else this is an offset.
            if form == windows.lower().replace(" standard", "") and not windows.startswith("UTC"):
                return f"it is a Windows name; write the IANA name `{iana}`"
    return ""


def _suggest_for_offset(words: str) -> str:
    match = _OFFSET.match(words)
    if match is None:
        return "write `UTC`" if words.upper() == "Z" else ""
    hours, minutes = int(match[2]), int(match[3] or 0)
    # In the names of these zones, the sign is reversed: Etc/GMT-2 is two hours ahead of UTC.
    fixed = f"Etc/GMT{'-' if match[1] == '+' else '+'}{hours}"
    also = ""
    if fixed in _names() and not minutes:
        also = f"; for this offset all year, write `{fixed}`, whose sign is reversed"
    return f"it is an offset, not a zone; write a name such as `Europe/Amsterdam`{also}"


_EXAMPLE: Final = "use an IANA name such as `Europe/Amsterdam`"


def zone(name: str) -> ZoneInfo:
    """
    Return the zone with the IANA name *name*.

    Names for the machine's local zone, such as ``localtime``, are rejected, and so are Windows
    names, abbreviations and offsets; the message contains the IANA name to use instead. ``EST``
    and ``MST`` are rejected because they do not have daylight saving time.

    >>> zone("Europe/Amsterdam").key
    'Europe/Amsterdam'

    Raises:
        InvalidValueError: If the zone does not exist; the message suggests a name.
    """
    if name in _names():
        return _load(name)
    shown, hint = (name, _suggest(name)) if len(name) <= 100 else (f"{name[:60]}…", _EXAMPLE)
    raise InvalidValueError(f"there is no time zone `{shown}`; {hint}", value=name, expected=hint)


def zone_name(name: str) -> str:
    """
    Return *name* if it is the name of a zone.

    Raises:
        InvalidValueError: If the zone does not exist.
    """
    return zone(name).key


class ZoneName(str):
    """The IANA name of an existing zone, as written in a document."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse a zone name.

        Raises:
            InvalidValueError: If the zone does not exist.
        """
        return cls(zone_name(text))


def tzdata_version() -> str:
    """Return the version of the zone data, such as ``2026a``."""
    return str(import_module("tzdata").IANA_VERSION)


def local_time(instant: dt.datetime, name: str) -> dt.datetime:
    """
    Return the local time in the zone *name* at *instant*, without an offset.

    >>> local_time(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC), "Europe/Amsterdam").isoformat()
    '2026-04-07T09:30:00'

    Raises:
        NaiveDatetimeError: If *instant* has no UTC offset.
        InvalidValueError: If the zone does not exist.
    """
    return as_utc(instant).astimezone(zone(name)).replace(tzinfo=None, fold=0)


def resolve(
    local: dt.datetime,
    name: str,
    *,
    skipped: Skipped = "refuse",
    repeated: Repeated = "refuse",
) -> dt.datetime:
    """
    Return the instant of a local time in the zone *name*, in UTC.

    A skipped time is shifted by the length of the gap. If the clocks jump from 02:00 to 03:00,
    "next" interprets 02:30 as 03:30, using the offset from before the change, and "previous"
    interprets it as 01:30, using the offset from after the change.

    >>> resolve(dt.datetime(2026, 3, 29, 2, 30), "Europe/Amsterdam", skipped="next").isoformat()
    '2026-03-29T01:30:00+00:00'

    Args:
        local: A datetime without an offset; its `fold` is ignored.
        name: The IANA name of the zone.
        skipped: How to interpret a time that does not exist.
        repeated: Which instant to choose for a time that occurs twice.

    Raises:
        SkippedTimeError: If the time does not exist and *skipped* is "refuse".
        RepeatedTimeError: If it occurs twice and *repeated* is "refuse".
        InvalidValueError: If *local* has an offset, the zone or an option is
            unknown, or the instant is out of range.

    Source:
        RFC 5545 section 3.3.5, form 3; PEP 495.
    """
    if skipped not in _SKIPPED or repeated not in _REPEATED:
        given = skipped if skipped not in _SKIPPED else repeated
        raise InvalidValueError(
            f"`{given}` is not a valid choice for a skipped or repeated time;"
            " use skipped = refuse, next or previous, repeated = refuse, first or second",
            value=given,
        )
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"`{local.isoformat(sep=' ')}` already has a UTC offset;"
            " pass a local time without an offset",
            value=local,
            expected="a datetime without an offset",
        )
    return _resolved(local, zone(name), skipped, repeated)


# A single command often resolves the same few local times repeatedly. The cache key contains the
# zone object instead of its name, because zone objects are compared by identity: if a zone is
# loaded again with newer data, the old entries no longer match.
@lru_cache(maxsize=4096)
def _resolved(
    local: dt.datetime, tz: ZoneInfo, skipped: Skipped, repeated: Repeated
) -> dt.datetime:
    try:
        before = local.replace(tzinfo=tz, fold=0)
        after = local.replace(tzinfo=tz, fold=1)
        chosen = before
        first, second = before.utcoffset(), after.utcoffset()
        if first is not None and second is not None and first != second:
            # In a gap, fold=0 has the smaller offset; in a repeated hour, the larger (PEP 495).
            if first < second:
                if skipped == "refuse":
                    raise SkippedTimeError(local=local, zone=tz.key)
                chosen = before if skipped == "next" else after
            else:
                if repeated == "refuse":
                    raise RepeatedTimeError(local=local, zone=tz.key)
                chosen = before if repeated == "first" else after
        return chosen.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValueError(
            f"local time `{local.isoformat(sep=' ')}` is out of range in `{tz.key}`",
            value=local,
        ) from error

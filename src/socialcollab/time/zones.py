"""
Time zones by their IANA names, and what a local time means in one.

Zone data come from the `tzdata` package, not from the machine, so that all
machines of one installation read the same rules and `tzdata_version` is true.
"""

from __future__ import annotations

import datetime as dt
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Literal, Self, get_args

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.identifiers import nearest
from socialcollab.time.instants import as_utc

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

Skipped = Literal["refuse", "next", "previous"]
"""What a local time that a clock change jumps over means."""

Repeated = Literal["refuse", "first", "second"]
"""Which instant a local time that happens twice means."""

_SKIPPED = frozenset(get_args(Skipped))
_REPEATED = frozenset(get_args(Repeated))

# Names that some systems define, and that mean another zone on each machine or none.
_NO_RESOURCE = frozenset({"localtime", "posixrules", "Factory"})


@cache
def _names() -> frozenset[str]:
    from importlib import resources  # noqa: PLC0415  as for zoneinfo below

    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(text.split()) - _NO_RESOURCE


@cache
def _load(name: str) -> ZoneInfo:
    # Rooms that touch no zone do not pay for these.
    from importlib import resources  # noqa: PLC0415
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def _suggest(name: str) -> str:
    lower = {known.lower(): known for known in _names()}
    wanted = name.strip().lower().replace(" ", "_")
    if wanted in lower:
        return lower[wanted]
    cities = {known.rsplit("/", 1)[-1]: lower[known] for known in sorted(lower) if "/" in known}
    if wanted in cities:
        return cities[wanted]
    close = nearest(wanted, lower)
    return lower[close] if close else ""


def zone(name: str) -> ZoneInfo:
    """
    Return the zone with an IANA name.

    >>> zone("Europe/Amsterdam").key
    'Europe/Amsterdam'

    Raises:
        InvalidValueError: If there is no zone of that name; the nearest name
            is suggested. Names that mean the machine's own zone are refused.
    """
    if name in _names():
        return _load(name)
    found = _suggest(name)
    hint = f"did you mean `{found}`?" if found else "use an IANA name such as `Europe/Amsterdam`"
    raise InvalidValueError(f"there is no time zone `{name}`; {hint}", value=name, expected=hint)


class ZoneName(str):
    """The IANA name of a zone that exists, as a document writes it."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read the name.

        Raises:
            InvalidValueError: If there is no such zone.
        """
        return cls(zone(text).key)


def tzdata_version() -> str:
    """Return the version of the zone data in use, such as ``2026a``."""
    return str(import_module("tzdata").IANA_VERSION)


def local_time(instant: dt.datetime, name: str) -> dt.datetime:
    """
    Return the wall time that *instant* shows in a zone, without an offset.

    >>> local_time(dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC), "Europe/Amsterdam").isoformat()
    '2026-04-07T09:30:00'

    Raises:
        NaiveDatetimeError: If *instant* has no UTC offset.

        InvalidValueError: If there is no such zone.
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
    Return the UTC instant that a local time means in the zone *name*.

    A skipped time is off by the length of the gap: where the clocks jump from
    02:00 to 03:00, "next" reads 02:30 as 03:30 (with the offset that held
    before the change), "previous" as 01:30 (with the one that holds after).

    >>> resolve(dt.datetime(2026, 3, 29, 2, 30), "Europe/Amsterdam", skipped="next").isoformat()
    '2026-03-29T01:30:00+00:00'

    Args:
        local: A datetime without offset; its `fold` says nothing here.

        name: The zone's IANA name.

        skipped: What a time that does not exist means.

        repeated: Which instant a time that happens twice means.

    Raises:
        SkippedTimeError: If the time does not exist and *skipped* is "refuse".

        RepeatedTimeError: If it happens twice and *repeated* is "refuse".

        InvalidValueError: If *local* has an offset, the zone is unknown, an
            option has no such word, or the instant is out of range.

    Source:
        RFC 5545 section 3.3.5, form 3; PEP 495.
    """
    if skipped not in _SKIPPED or repeated not in _REPEATED:
        given = skipped if skipped not in _SKIPPED else repeated
        raise InvalidValueError(
            f"`{given}` says nothing of skipped or repeated times;"
            " use skipped = refuse, next or previous, repeated = refuse, first or second",
            value=given,
        )
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"`{local.isoformat(sep=' ')}` has a UTC offset already, where a local time is needed",
            value=local,
            expected="a datetime without an offset",
        )
    return _resolved(local, zone(name), skipped, repeated)


# One command at a desk asks for the same few times over and over. Zones are told
# apart by identity: one that is read anew is another one.
@lru_cache(maxsize=4096)
def _resolved(
    local: dt.datetime, where: ZoneInfo, skipped: Skipped, repeated: Repeated
) -> dt.datetime:
    try:
        before = local.replace(tzinfo=where, fold=0)
        after = local.replace(tzinfo=where, fold=1)
        chosen = before
        first, second = before.utcoffset(), after.utcoffset()
        if first is not None and second is not None and first != second:
            if first < second:
                if skipped == "refuse":
                    raise SkippedTimeError(local=local, zone=where.key)
                chosen = before if skipped == "next" else after
            else:
                if repeated == "refuse":
                    raise RepeatedTimeError(local=local, zone=where.key)
                chosen = before if repeated == "first" else after
        return chosen.astimezone(dt.UTC)
    except OverflowError as error:
        raise InvalidValueError(
            f"local time `{local.isoformat(sep=' ')}` is out of range in `{where.key}`",
            value=local,
        ) from error

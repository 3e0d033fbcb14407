"""The truth of a future time: what a clock on a wall will show, and where."""

from __future__ import annotations

import datetime as dt
from typing import Self, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.instants import as_utc
from socialcollab.time.local import parse_local
from socialcollab.time.zones import Repeated, Skipped, local_time, resolve, zone


def _as_local(value: dt.datetime | str) -> dt.datetime:
    local = parse_local(value) if isinstance(value, str) else value
    if local.tzinfo is not None:
        raise InvalidValueError(
            f"`{local.isoformat(sep=' ')}` has a UTC offset, where a local time is needed",
            value=local,
            expected="a local time such as 2026-04-07 09:30",
        )
    return local.replace(fold=0)


def _zone_name(value: str) -> str:
    return zone(value).key


@attrs.frozen(kw_only=True)
class WallTime:
    """
    A local time in a zone, as a person chose it.

    Its instant is computed anew each time, so that it stays right when the
    rules of the zone change.

    >>> WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam").instant.isoformat()
    '2026-04-07T07:30:00+00:00'

    Attributes:
        local: The local time, without offset.

        zone: The zone's IANA name.

        skipped: What it means should a clock change jump over it.

        repeated: Which instant it means should it happen twice.

    Raises:
        InvalidValueError: If *local* has an offset or the zone is unknown.
    """

    local: dt.datetime = attrs.field(converter=_as_local)
    zone: str = attrs.field(converter=_zone_name)
    skipped: Skipped = attrs.field(
        default="refuse", validator=attrs.validators.in_(get_args(Skipped))
    )
    repeated: Repeated = attrs.field(
        default="refuse", validator=attrs.validators.in_(get_args(Repeated))
    )

    @classmethod
    def of(cls, instant: dt.datetime, zone: str) -> Self:
        """Return the wall time that shows in *zone* at *instant*, and means that instant again."""
        utc = as_utc(instant)
        local = local_time(utc, zone)
        second = resolve(local, zone, repeated="first") != utc
        return cls(local=local, zone=zone, repeated="second" if second else "first")

    @property
    def instant(self) -> dt.datetime:
        """
        The UTC instant it means by today's zone data.

        Raises:
            SkippedTimeError: If it does not exist and *skipped* is "refuse".

            RepeatedTimeError: If it happens twice and *repeated* is "refuse".
        """
        return resolve(self.local, self.zone, skipped=self.skipped, repeated=self.repeated)

    def __str__(self) -> str:
        form = "%H:%M:%S" if self.local.second else "%H:%M"
        return f"{self.local.date().isoformat()} {self.local.strftime(form)} {self.zone}"

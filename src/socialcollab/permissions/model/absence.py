"""A member is away, and who stands in."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.time import local_time, resolve, zone


def _member(value: str) -> MemberId:
    return MemberId(check_id("member", value))


def _zone_name(value: str) -> str:
    return zone(value).key


@attrs.frozen(kw_only=True)
class Absence:
    """
    Days on which a member is away.

    >>> july = Absence(id="a1", member="ana", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 15))
    >>> july.covers(dt.datetime(2026, 7, 14, 23, tzinfo=dt.UTC))
    True

    Attributes:
        id: Its identifier.

        member: Who is away.

        start: The first day.

        end: The first day back.

        zone: The IANA name of the zone in which these days begin.

        delegate: Who stands in, or empty.

        permissions: What the delegate stands in for; none named: everything.

        by: Who said so, or empty.

    Raises:
        InvalidValueError: If it ends before it begins, is longer than ten
            years, or the delegate is the member.
    """

    id: str
    member: MemberId = attrs.field(converter=_member)
    start: dt.date
    end: dt.date
    zone: str = attrs.field(default="UTC", converter=_zone_name)
    delegate: str = ""
    permissions: tuple[str, ...] = attrs.field(default=(), converter=as_words)
    by: str = ""

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidValueError(
                f"an absence ends on {self.end}, which is not after its first day {self.start};"
                " `end` is the first day back",
                value=self.end,
                expected="an end after the start",
            )
        if (self.end - self.start).days > 3660:
            raise InvalidValueError(
                f"an absence from {self.start} to {self.end} is longer than ten years",
                value=self.end,
                expected="at most ten years; whoever leaves for good departs",
            )
        if self.delegate:
            check_id("member", self.delegate)
        if self.delegate == self.member:
            raise InvalidValueError(
                f"`{self.member}` cannot stand in for themselves",
                value=self.delegate,
                expected="somebody else",
            )

    @property
    def begins_at(self) -> dt.datetime:
        """The first instant of it, in UTC."""
        return self._instant(self.start)

    @property
    def ends_at(self) -> dt.datetime:
        """The first instant after it, in UTC."""
        return self._instant(self.end)

    def _instant(self, day: dt.date) -> dt.datetime:
        midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  local by meaning
        return resolve(midnight, self.zone, skipped="next", repeated="first")

    def covers(self, at: dt.datetime) -> bool:
        """
        Tell whether the member is away at an instant.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        return self.start <= local_time(at, self.zone).date() < self.end

    def delegates(self, permission: str) -> bool:
        """Tell whether somebody stands in with *permission*; unless some are named, with all."""
        return bool(self.delegate) and (not self.permissions or permission in self.permissions)

    def overlaps(self, other: Absence) -> bool:
        """Tell whether both are of one member and share a day."""
        return self.member == other.member and self.start < other.end and other.start < self.end

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Every day of it."""
        return tuple(
            self.start + dt.timedelta(days=number) for number in range((self.end - self.start).days)
        )

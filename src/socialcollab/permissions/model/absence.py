"""Absences of members, and their delegates."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.time import local_time, resolve, zone

_MAX_DAYS = 3660


def _as_member(value: str) -> MemberId:
    return MemberId(check_id("member", value))


def _as_zone_name(value: str) -> str:
    return zone(value).key


@attrs.frozen(kw_only=True)
class Absence:
    """
    A period of days during which a member is absent.

    >>> july = Absence(id="a1", member="ana", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 15))
    >>> july.covers(dt.datetime(2026, 7, 14, 23, tzinfo=dt.UTC))
    True

    Attributes:
        id: The identifier.
        member: The absent member.
        start: The first day.
        end: The first day back.
        zone: The IANA name of the time zone in which the days start and end.
        delegate: The member who acts for the absent member, or an empty string.
        permissions: The permissions that the delegate may use; empty means all.
        by: The member who recorded the absence, or an empty string.

    Raises:
        InvalidValueError: If the absence does not end after its start, is longer than ten years, or
            names the member as their own delegate.
    """

    id: str
    member: MemberId = attrs.field(converter=_as_member)
    start: dt.date
    end: dt.date
    zone: str = attrs.field(default="UTC", converter=_as_zone_name)
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
        if (self.end - self.start).days > _MAX_DAYS:
            raise InvalidValueError(
                f"an absence from {self.start} to {self.end} is longer than ten years",
                value=self.end,
                expected="at most ten years; a member who leaves is offboarded",
            )
        if self.delegate:
            check_id("member", self.delegate)
        if self.delegate == self.member:
            raise InvalidValueError(
                f"`{self.member}` cannot be their own delegate",
                value=self.delegate,
                expected="another member",
            )

    @property
    def begins_at(self) -> dt.datetime:
        """The first instant of the absence, in UTC."""
        return self._instant(self.start)

    @property
    def ends_at(self) -> dt.datetime:
        """The first instant after the absence, in UTC."""
        return self._instant(self.end)

    def _instant(self, day: dt.date) -> dt.datetime:
        midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  resolved below
        return resolve(midnight, self.zone, skipped="next", repeated="first")

    def covers(self, at: dt.datetime) -> bool:
        """
        Return whether the member is absent at an instant.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        return self.start <= local_time(at, self.zone).date() < self.end

    def delegates(self, permission: str) -> bool:
        """Return whether the delegate may use *permission* for the absent member."""
        return bool(self.delegate) and (not self.permissions or permission in self.permissions)

    def overlaps(self, other: Absence) -> bool:
        """Return whether both absences belong to the same member and share a day."""
        return self.member == other.member and self.start < other.end and other.start < self.end

    @property
    def days(self) -> tuple[dt.date, ...]:
        """Every day of the absence."""
        return tuple(
            self.start + dt.timedelta(days=number) for number in range((self.end - self.start).days)
        )

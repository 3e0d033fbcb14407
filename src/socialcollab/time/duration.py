"""Durations as written in a document, measured in elapsed time or in business hours."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final, Literal, Self

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time.zones import as_utc, local_time, resolve

if TYPE_CHECKING:
    from socialcollab.time.business_hours import BusinessHours

Unit = Literal["second", "minute", "hour", "day", "week"]

_FORM = "[1-9][0-9]{0,5} ((second|minute|hour|day|week)s?|business (minute|hour|day)s?)"
DURATION_PATTERN: Final = f"^{_FORM}$"
_READ = re.compile(_FORM)
_LENGTH: Final[dict[str, dt.timedelta]] = {
    "second": dt.timedelta(seconds=1),
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}
_BUSINESS: Final = ("minute", "hour", "day")


@attrs.frozen
class Duration:
    """
    An amount of time, such as ``45 minutes``, ``4 business hours`` or ``2 days``.

    If a zone is given, days and weeks are counted in local time: one day after Saturday 09:30 is
    Sunday 09:30, which may be 23, 24 or 25 hours later. Otherwise, a day is 24 hours.

    Business minutes and hours count only time within business hours.

    One business day after an instant is the same local time on the next open day. An instant
    outside business hours is treated as the next opening: with hours from 09:00 to 17:00, one
    business day after Friday 16:00 is Monday 16:00, and one business day after Friday 18:00 or any
    time on Sunday is Tuesday 09:00, one day after Monday's opening.

    >>> str(Duration.parse("4 business hours")), Duration.parse("1 week").elapsed.days
    ('4 business hours', 7)

    Attributes:
        amount: The number of units, from 1 to 999999.
        unit: The unit.
        business: Whether only business hours count.
    """

    amount: int
    unit: Unit
    business: bool = attrs.field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        known = self.unit in (_BUSINESS if self.business else _LENGTH)
        if not known or not 1 <= self.amount <= 999_999:
            raise _refusal(f"{self.amount} {'business ' if self.business else ''}{self.unit}")

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse a number and a unit, such as ``45 minutes`` or ``1 business day``.

        Raises:
            InvalidValueError: If *text* has another form.
        """
        if _READ.fullmatch(text) is None:
            raise _refusal(text)
        amount, *business, unit = text.split(" ")
        return cls(int(amount), _unit(unit), business=bool(business))

    @property
    def elapsed(self) -> dt.timedelta:
        """
        The length in elapsed time, counting a day as 24 hours.

        Raises:
            InvalidValueError: If the duration is in business hours.
        """
        if self.business:
            raise InvalidValueError(
                f"`{self}` has no fixed length; it depends on the business hours",
                value=str(self),
            )
        return self.amount * _LENGTH[self.unit]

    def after(
        self, start: dt.datetime, *, hours: BusinessHours | None = None, zone: str | None = None
    ) -> dt.datetime:
        """
        Return the instant this long after *start*, in UTC.

        Args:
            start: An instant, with a UTC offset.
            hours: The business hours; required for a duration in business time.
            zone: The zone in whose local time days and weeks are counted. If a clock change skips
                the resulting time, it is interpreted with the offset from before the change; if
                the time occurs twice, its first occurrence is used.

        Raises:
            NaiveDatetimeError: If *start* has no UTC offset.
            InvalidValueError: If *hours* is required but missing, or the result is after the year
                9999.
        """
        begin = as_utc(start)
        if self.business:
            if hours is None:
                raise InvalidValueError(
                    f"`{self}` cannot be computed without business hours; pass `hours`",
                    value=str(self),
                )
            return hours.add(begin, self)
        try:
            if zone is not None and self.unit in ("day", "week"):
                local = local_time(begin, zone) + self.elapsed
                return resolve(local, zone, skipped="next", repeated="first")
            return begin + self.elapsed
        except OverflowError as error:
            raise InvalidValueError(
                f"`{self}` after {begin:%Y-%m-%d %H:%M} is later than the year 9999",
                value=str(self),
            ) from error

    def __str__(self) -> str:
        kind = "business " if self.business else ""
        return f"{self.amount} {kind}{self.unit}{'' if self.amount == 1 else 's'}"


def _unit(word: str) -> Unit:
    singular = word.removesuffix("s")
    units: dict[str, Unit] = {
        "second": "second",
        "minute": "minute",
        "hour": "hour",
        "day": "day",
        "week": "week",
    }
    return units[singular]


def _refusal(text: str) -> InvalidValueError:
    return InvalidValueError(
        f"`{text}` is not a duration; write a number from 1 and a unit, such as"
        " `45 minutes`, `4 business hours`, `1 business day` or `2 days`",
        value=text,
        expected="a duration such as 45 minutes",
    )

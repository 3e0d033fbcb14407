"""A time of day as a document writes it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, Self

import attrs

from socialcollab.errors import InvalidValueError

_TIME = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
TIME_OF_DAY_PATTERN: Final = f"^{_TIME}$"
_READ = re.compile(_TIME)


def _as_minutes(value: int | dt.time) -> int:
    minutes = value.hour * 60 + value.minute if isinstance(value, dt.time) else value
    odd = isinstance(value, dt.time) and (value.second or value.microsecond)
    if odd or not 0 <= minutes <= 1440:
        raise InvalidValueError(
            f"`{value}` is no time of day in whole minutes, from 00:00 to 24:00",
            value=value,
            expected="00:00 to 24:00",
        )
    return minutes


@attrs.frozen(order=True)
class TimeOfDay:
    """
    A wall-clock time in whole minutes; 24:00 is the end of the day.

    >>> str(TimeOfDay.parse("09:30"))
    '09:30'

    Attributes:
        minutes: Minutes since 00:00, 0 to 1440; a `datetime.time` is taken too.
    """

    minutes: int = attrs.field(converter=_as_minutes)

    @classmethod
    def parse(cls, text: str | dt.time, /) -> Self:
        """
        Read ``HH:MM``.

        Raises:
            InvalidValueError: If it is not two digits, a colon and two digits
                that name a time of day.
        """
        if isinstance(text, dt.time):
            return cls(text)
        if _READ.fullmatch(text) is None:
            raise InvalidValueError(
                f"`{text}` is not a time of day; write it as `09:30`", value=text, expected="HH:MM"
            )
        return cls(int(text[:2]) * 60 + int(text[3:]))

    def on(self, date: dt.date) -> dt.datetime:
        """Return the local time it is on *date*; 24:00 is the next day's 00:00."""
        midnight = dt.datetime(date.year, date.month, date.day)  # noqa: DTZ001  local by meaning
        return midnight + dt.timedelta(minutes=self.minutes)

    def __str__(self) -> str:
        return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"

"""A turn of a duty that the document writes out."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.document_fields import NameShape, TimeOrDate, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time import TimeOfDay


@attrs.frozen(kw_only=True)
class ListedShift:
    """
    A turn of a duty, written out.

    Attributes:
        member: Who takes it.

        start: Its first day, from the duty's `hand_off` on, or its first local time.

        end: The first day, likewise, or local time after it; None until the next begins.

    Raises:
        InvalidValueError: If a bound has a UTC offset.
    """

    member: str = attrs.field(metadata=shape(NameShape("member")))
    start: dt.date = attrs.field(metadata=shape(TimeOrDate()))
    end: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)

    def __attrs_post_init__(self) -> None:
        for bound in (self.start, self.end):
            if isinstance(bound, dt.datetime) and bound.tzinfo is not None:
                raise InvalidValueError(
                    f"a turn's bound `{bound.isoformat(sep=' ')}` has a UTC offset, where a local"
                    " time is needed",
                    value=bound,
                    expected="a date, or a local time such as 2026-04-07 09:30",
                )

    def first(self, hand_off: TimeOfDay) -> dt.datetime:
        """Return its first local time."""
        return _local(self.start, hand_off)

    def over(self, hand_off: TimeOfDay) -> dt.datetime | None:
        """Return the first local time after it, or None if it does not say."""
        return None if self.end is None else _local(self.end, hand_off)


def _local(bound: dt.date, hand_off: TimeOfDay) -> dt.datetime:
    return bound if isinstance(bound, dt.datetime) else hand_off.on(bound)

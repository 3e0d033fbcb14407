"""Slot plans: the times at which a profile publishes, and limits on how often it publishes."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from socialcollab.directory import PROFILE_KEYS, Selector, as_selector
from socialcollab.document_fields import Integer, ListOf, Parsed, Section, shape
from socialcollab.errors import InvalidValueError
from socialcollab.time import DURATION_PATTERN, WEEKLY_TIME_PATTERN, Duration, WeeklyTime


def _as_slots(value: Iterable[WeeklyTime | str]) -> tuple[WeeklyTime, ...]:
    return tuple(WeeklyTime.parse(slot) if isinstance(slot, str) else slot for slot in value)


def _as_gap(value: Duration | str | None) -> Duration | None:
    return Duration.parse(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class SlotPlan:
    """
    The times at which a profile publishes, and limits on how often it publishes.

    If several plans match a profile, it has the slots of all these plans, the longest
    ``min_gap`` and the smallest ``max_per_day``.

    >>> plan = SlotPlan(on="tulip-x", slots=["mon-fri 09:30"], min_gap="45 minutes", max_per_day=5)
    >>> str(plan.slots[0])
    'mon-fri 09:30'

    Attributes:
        on: The profiles that the plan applies to.
        slots: Weekly times in the workspace's time zone.
        min_gap: The minimum time between two posts on a profile, in clock time. If None, posts can
            be any time apart.
        max_per_day: The maximum number of posts on a profile per local day. If None, there is no
            limit.

    Raises:
        InvalidValueError: If *min_gap* counts business hours, or *max_per_day* is not from 1 to
            1000.
    """

    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    slots: tuple[WeeklyTime, ...] = attrs.field(
        metadata=shape(
            ListOf(item=Parsed(grammar=WeeklyTime, name="weekly time", pattern=WEEKLY_TIME_PATTERN))
        ),
        default=(),
        converter=_as_slots,
    )
    min_gap: Duration | None = attrs.field(
        metadata=shape(Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)),
        default=None,
        converter=_as_gap,
    )
    max_per_day: int | None = attrs.field(
        metadata=shape(Integer(at_least=1, at_most=1000)), default=None
    )

    def __attrs_post_init__(self) -> None:
        if self.min_gap is not None and self.min_gap.business:
            raise InvalidValueError(
                f"min_gap is `{self.min_gap}`, but the gap between posts is measured in clock time,"
                " not in business hours; write a duration such as `45 minutes`",
                value=str(self.min_gap),
                expected="a duration such as 45 minutes",
            )
        if self.max_per_day is not None and not 1 <= self.max_per_day <= 1000:
            raise InvalidValueError(
                f"max_per_day must be from 1 to 1000, not {self.max_per_day}",
                value=self.max_per_day,
            )

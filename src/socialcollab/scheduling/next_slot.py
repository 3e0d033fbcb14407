"""Find a profile's next free slot, and the reasons why earlier slots are not free."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.directory import PostAttributes
from socialcollab.errors import InvalidValueError
from socialcollab.scheduling.calendar import Calendar
from socialcollab.scheduling.clash import check_time
from socialcollab.time import as_utc, local_time
from socialcollab.verdicts import Reason


@attrs.frozen(kw_only=True)
class BlockedSlot:
    """
    An earlier slot that is not free.

    Attributes:
        at: The time of the slot, in UTC.
        local: Its local time in the zone of the profile's workspace.
        reasons: One or more reasons why the slot is not free.
    """

    at: dt.datetime
    local: dt.datetime
    reasons: tuple[Reason, ...]


@attrs.frozen(kw_only=True)
class SlotChoice:
    """
    The next free slot, or the reason why there is no free slot.

    The object is truthy if there is a free slot.

    Attributes:
        profile: The profile's id.
        zone: The time zone of the local times.
        at: The time of the slot in UTC, or None if no slot is free.
        local: Its local time, or None.
        blocked_slots: The earlier slots that are not free.
        reason: Why there is no slot, or None if there is one.
    """

    profile: str
    zone: str
    at: dt.datetime | None = None
    local: dt.datetime | None = None
    blocked_slots: tuple[BlockedSlot, ...] = ()
    reason: Reason | None = None

    def __bool__(self) -> bool:
        return self.at is not None

    def explain(self, language: str = "en") -> str:
        """
        Return the result as text.

        The text states the slot, or the reason why there is no free slot, followed by
        the reasons why earlier slots are not free.
        """
        if self.local is not None:
            head = Reason.of(
                "slot.chosen",
                profile=self.profile,
                time=f"{self.local:%Y-%m-%d %H:%M}",
                zone=self.zone,
            ).text(language)
        else:
            head = self.reason.text(language) if self.reason is not None else ""
        why = (reason.text(language) for slot in self.blocked_slots for reason in slot.reasons)
        return "; ".join((head, *why))


def next_slot(
    calendar: Calendar,
    profile: str,
    *,
    after: dt.datetime,
    attributes: PostAttributes | None = None,
    post: str = "",
    within_days: int = 366,
) -> SlotChoice:
    """
    Return a profile's first free slot after an instant.

    A slot is free if `check_time` finds no clash. If the profile has no slots, or if
    none of them is free, the result contains the reason.

    Args:
        calendar: The calendar.
        profile: The profile's id.
        after: The instant after which to search.
        attributes: The attributes of the post. If this is None, blackouts and holds
            are matched by profile only.
        post: The post's id if it is already on the calendar.
        within_days: The number of days to search, 1 to 3660.

    Raises:
        NotFoundError: If the profile does not exist.
        NaiveDatetimeError: If *after* has no UTC offset.
        InvalidValueError: If *within_days* is out of bounds.
    """
    if not 1 <= within_days <= 3660:
        raise InvalidValueError(
            f"within_days must be from 1 to 3660, not {within_days}",
            value=within_days,
            expected="1 to 3660",
        )
    profile_calendar = calendar.profile_calendar(profile)
    if not any(profile_calendar.slots):
        reason = Reason.of("slot.no_plan", profile=profile)
        return SlotChoice(profile=profile, zone=profile_calendar.zone, reason=reason)
    begin = as_utc(after)
    blocked: list[BlockedSlot] = []
    for at in profile_calendar.slots_from(begin, days=within_days):
        if at > begin + dt.timedelta(days=within_days):
            break
        local = local_time(at, profile_calendar.zone)
        clashes = check_time(calendar, profile, at, attributes=attributes, post=post)
        blocked_slots = tuple(blocked)
        if not clashes:
            return SlotChoice(
                profile=profile,
                zone=profile_calendar.zone,
                at=at,
                local=local,
                blocked_slots=blocked_slots,
            )
        reasons = tuple(clash.reason for clash in clashes)
        blocked.append(BlockedSlot(at=at, local=local, reasons=reasons))
    reason = Reason.of("slot.none_free", profile=profile, days=within_days, slots=len(blocked))
    return SlotChoice(
        profile=profile, zone=profile_calendar.zone, blocked_slots=tuple(blocked), reason=reason
    )

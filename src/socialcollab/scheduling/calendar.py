"""Calendars: the posts of several profiles, with their slots, blackouts and holds."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Hold
from socialcollab.directory import PostAttributes, Profile
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.scheduling.blackout import Blackout
from socialcollab.scheduling.slot_plan import SlotPlan
from socialcollab.time import TimeOfDay, as_utc, local_time, resolve, zone

# Entries in these states are not published and will not be, so their time is free.
_ABSENT = frozenset({"cancelled", "rejected", "expired", "failed", "missed", "removed"})


@attrs.frozen(kw_only=True, order=False)
class Entry:
    """
    One post on one profile at one time.

    Attributes:
        profile: The profile's id.
        at: The time, in UTC.
        post: The post's id.
        title: The text to display.
        state: The state of the post or delivery, or "native_post" if the post was
            created directly on the network.
        attributes: The attributes of the post that the selectors of blackouts
            and holds are matched against; None to match by profile only.
        pending_edit: Whether the post was edited after it was published, and the network still
            shows the earlier text, which *title* contains.
        occurrence: The number of this publication of the post on the profile, counted from 1.
        sequence: The number of changes to the entry that have been stored.
        changed_at: The time of the latest of these changes in UTC, or None.
    """

    profile: str
    at: dt.datetime = attrs.field(converter=as_utc)
    post: str
    title: str = ""
    state: str = "waiting"
    attributes: PostAttributes | None = None
    pending_edit: bool = False
    occurrence: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    sequence: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    changed_at: dt.datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_utc)
    )

    @property
    def occupies(self) -> bool:
        """Whether the entry occupies its time. A cancelled or failed post does not."""
        return self.state not in _ABSENT


def _by_time(entry: Entry) -> tuple[dt.datetime, str]:
    return entry.at, entry.post


@attrs.frozen(kw_only=True)
class ProfileCalendar:
    """
    The calendar of one profile.

    Attributes:
        profile: The profile.
        zone: The IANA name of its workspace's time zone.
        slots: The slot times of each day of the week, starting with Monday.
        min_gap: The minimum time between two posts, or None.
        max_per_day: The maximum number of posts per day, or None.
        blackouts: The blackouts that match the profile.
        holds: The holds that match the profile.
        entries: The entries, sorted by time.
    """

    profile: Profile
    zone: str
    slots: tuple[tuple[TimeOfDay, ...], ...]
    min_gap: dt.timedelta | None
    max_per_day: int | None
    blackouts: tuple[Blackout, ...]
    holds: tuple[Hold, ...]
    entries: tuple[Entry, ...]

    def between(self, a: dt.datetime, b: dt.datetime) -> tuple[Entry, ...]:
        """Return the entries from *a* (inclusive) to *b* (exclusive)."""
        first = bisect_left(self.entries, a, key=lambda entry: entry.at)
        last = bisect_left(self.entries, b, lo=first, key=lambda entry: entry.at)
        return self.entries[first:last]

    def day_of(self, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """Return the start of the local day that contains *at*, and the start of the next day."""
        local = local_time(at, self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow = midnight + dt.timedelta(days=1)
        return (
            resolve(midnight, self.zone, skipped="next", repeated="first"),
            resolve(tomorrow, self.zone, skipped="next", repeated="first"),
        )

    def slots_from(self, after: dt.datetime, *, days: int) -> Iterator[dt.datetime]:
        """Yield the slots in the *days* days after an instant, as UTC times in order."""
        # A slot at 24:00 on the previous day may still be after the instant.
        date = local_time(after, self.zone).date() - dt.timedelta(days=1)
        last = after
        for _ in range(days + 2):
            for time in self.slots[date.weekday()]:
                at = resolve(time.on(date), self.zone, skipped="next", repeated="first")
                if at > last:
                    last = at
                    yield at
            date += dt.timedelta(days=1)


@attrs.frozen
class Calendar(NotebookMixin):
    """
    An immutable calendar of any number of profiles.

    Methods that add or remove entries return a new calendar.

    >>> nine = dt.datetime(2026, 4, 7, 7, tzinfo=dt.UTC)
    >>> calendar = Calendar.of(
    ...     [Profile(id="tulip-x", workspace="tulip", network="x")],
    ...     zone="Europe/Amsterdam",
    ...     entries=[Entry(profile="tulip-x", at=nine, post="p1", title="Tulips")],
    ... )
    >>> [entry.title for entry in calendar.entries()]
    ['Tulips']

    Attributes:
        profile_calendars: The calendar of each profile, by profile id.
    """

    profile_calendars: Mapping[str, ProfileCalendar]

    @classmethod
    def of(
        cls,
        profiles: Iterable[Profile],
        *,
        zone: str = "",
        zones: Mapping[str, str] | None = None,
        slot_plans: Iterable[SlotPlan] = (),
        blackouts: Iterable[Blackout] = (),
        holds: Iterable[Hold] = (),
        entries: Iterable[Entry] = (),
    ) -> Self:
        """
        Create a calendar from profiles and their scheduling rules.

        Args:
            profiles: The profiles.
            zone: The time zone of all workspaces that are not in *zones*.
            zones: Each workspace's time zone, by workspace id.
            slot_plans: The slot plans.
            blackouts: The blackouts.
            holds: The active holds.
            entries: The entries.

        Raises:
            InvalidValueError: If a profile appears twice, or if the time zone of
                its workspace is missing or unknown.
            NotFoundError: If an entry belongs to a profile that is not in *profiles*.
        """
        plans, all_blackouts, all_holds = tuple(slot_plans), tuple(blackouts), tuple(holds)
        profile_calendars: dict[str, ProfileCalendar] = {}
        for profile in profiles:
            if profile.id in profile_calendars:
                raise InvalidValueError(f"profile `{profile.id}` appears twice", value=profile.id)
            name = (zones or {}).get(profile.workspace) or zone
            profile_calendars[profile.id] = _profile_calendar(
                profile, name, plans, all_blackouts, all_holds
            )
        return cls(profile_calendars).with_entries(*entries)

    def profile_calendar(self, profile: str) -> ProfileCalendar:
        """
        Return a profile's calendar.

        Raises:
            NotFoundError: If the profile does not exist.
        """
        try:
            return self.profile_calendars[profile]
        except KeyError:
            raise NotFoundError(
                "profile", profile, suggestion=did_you_mean(profile, self.profile_calendars)
            ) from None

    def entries(
        self, start: dt.datetime | None = None, end: dt.datetime | None = None
    ) -> tuple[Entry, ...]:
        """
        Return the entries from *start* (inclusive) to *end* (exclusive).

        They are sorted by time, post and profile.
        """
        first = as_utc(start) if start is not None else None
        last = as_utc(end) if end is not None else None
        selected = (
            entry
            for profile_calendar in self.profile_calendars.values()
            for entry in profile_calendar.entries
            if (first is None or entry.at >= first) and (last is None or entry.at < last)
        )
        return tuple(sorted(selected, key=lambda entry: (entry.at, entry.post, entry.profile)))

    def with_entries(self, *entries: Entry) -> Self:
        """
        Return a calendar with *entries* added.

        Raises:
            NotFoundError: If an entry belongs to a profile that is not on the calendar.
        """
        by_profile: dict[str, list[Entry]] = {}
        for entry in entries:
            by_profile.setdefault(entry.profile, []).append(entry)
        changed = {
            profile: attrs.evolve(
                self.profile_calendar(profile),
                entries=tuple(
                    sorted((*self.profile_calendar(profile).entries, *added), key=_by_time)
                ),
            )
            for profile, added in by_profile.items()
        }
        return type(self)({**self.profile_calendars, **changed})

    def without_post(self, post: str) -> Self:
        """Return a calendar without a post's entries."""
        return type(self)(
            {
                profile: attrs.evolve(
                    profile_calendar,
                    entries=tuple(
                        entry for entry in profile_calendar.entries if entry.post != post
                    ),
                )
                for profile, profile_calendar in self.profile_calendars.items()
            }
        )


def _profile_calendar(
    profile: Profile,
    zone_name: str,
    plans: tuple[SlotPlan, ...],
    blackouts: tuple[Blackout, ...],
    holds: tuple[Hold, ...],
) -> ProfileCalendar:
    if not zone_name:
        raise InvalidValueError(
            f"workspace `{profile.workspace}` of profile `{profile.id}` has no time zone;"
            " pass `zone` or `zones`",
            value=profile.workspace,
        )
    matching = [plan for plan in plans if plan.on.matches_profile(profile)]
    gaps = [plan.min_gap.elapsed for plan in matching if plan.min_gap is not None]
    caps = [plan.max_per_day for plan in matching if plan.max_per_day is not None]
    times = [slot for plan in matching for slot in plan.slots]
    return ProfileCalendar(
        profile=profile,
        zone=zone(zone_name).key,
        slots=tuple(
            tuple(sorted({slot.time for slot in times if day in slot.days.days}))
            for day in range(7)
        ),
        min_gap=max(gaps, default=None),
        max_per_day=min(caps, default=None),
        blackouts=tuple(each for each in blackouts if each.on.matches_profile(profile)),
        holds=tuple(hold for hold in holds if hold.on.matches_profile(profile)),
        entries=(),
    )

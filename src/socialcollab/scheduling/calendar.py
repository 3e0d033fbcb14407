"""The calendar: who posts where and when, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Self

import attrs

from socialcollab.content import Hold
from socialcollab.directory import PostAttributes, Profile
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.scheduling.blackout import Blackout
from socialcollab.scheduling.slot_plan import SlotPlan
from socialcollab.showing import card, day, quoted, rows, state_badge, unbroken
from socialcollab.time import TimeOfDay, as_utc, local_time, resolve, zone

# What stands in these states takes up no room: it did not go out, or is gone.
_ABSENT = frozenset({"cancelled", "rejected", "expired", "failed", "missed", "removed"})


@attrs.frozen(kw_only=True, order=False)
class Entry:
    """
    One post on one profile at one time.

    Attributes:
        profile: Where.
        at: When, in UTC.
        post: The post's id.
        title: What people see on the calendar.
        state: The state of the post or delivery; "native_post" if it was made on
            the network itself. Those that are cancelled,
            rejected, expired, failed, missed or removed take up no room.
        facts: What is known of the post, for the selectors of blackouts and
            holds; None lets all of them match by profile alone.
    """

    profile: str
    at: dt.datetime = attrs.field(converter=as_utc)
    post: str
    title: str = ""
    state: str = "waiting"
    attributes: PostAttributes | None = None

    @property
    def occupies(self) -> bool:
        """Whether it takes up room on the calendar."""
        return self.state not in _ABSENT


def _by_time(entry: Entry) -> tuple[dt.datetime, str]:
    return entry.at, entry.post


@attrs.frozen(kw_only=True)
class ProfileCalendar:
    """
    All that concerns one profile.

    Attributes:
        profile: The profile.
        zone: The IANA name of its workspace's zone.
        slots: For each day of the week from Monday, its times.
        min_gap: The least time between two posts, or None.
        max_per_day: The most posts a day, or None.
        blackouts: The blackouts whose profile keys match.
        holds: The holds whose profile keys match.
        entries: Its entries by time.
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
        """Return the entries from *a* on and before *b*."""
        first = bisect_left(self.entries, a, key=lambda entry: entry.at)
        last = bisect_left(self.entries, b, lo=first, key=lambda entry: entry.at)
        return self.entries[first:last]

    def day_of(self, at: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
        """Return the first instants of the profile's day that holds *at*, and of the next one."""
        local = local_time(at, self.zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        tomorrow = midnight + dt.timedelta(days=1)
        return (
            resolve(midnight, self.zone, skipped="next", repeated="first"),
            resolve(tomorrow, self.zone, skipped="next", repeated="first"),
        )

    def slots_from(self, after: dt.datetime, *, days: int) -> Iterator[dt.datetime]:
        """Yield its slots after an instant, within so many days, in UTC and in order."""
        # 24:00 of the day before may still come.
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
class Calendar:
    """
    An immutable calendar of any number of profiles.

    >>> nine = dt.datetime(2026, 4, 7, 7, tzinfo=dt.UTC)
    >>> calendar = Calendar.of(
    ...     [Profile(id="tulip-x", workspace="tulip", network="x")],
    ...     zone="Europe/Amsterdam",
    ...     entries=[Entry(profile="tulip-x", at=nine, post="p1", title="Tulips")],
    ... )
    >>> [entry.title for entry in calendar.entries()]
    ['Tulips']

    Attributes:
        lanes: What concerns each profile, by profile id.
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
        Make a calendar from plain values.

        Args:
            profiles: The profiles.
            zone: The zone of all workspaces that *zones* does not name.
            zones: The zone of each workspace, by its id.
            slot_plans: When profiles like to post.
            blackouts: Planned silences.
            holds: Stops in force.
            entries: What is on the calendar.

        Raises:
            InvalidValueError: If a profile is given twice, or its workspace has
                no zone, or one that does not exist.
            NotFoundError: If an entry is on a profile that is not given.
        """
        plans, silences, stops = tuple(slot_plans), tuple(blackouts), tuple(holds)
        profile_calendars: dict[str, ProfileCalendar] = {}
        for profile in profiles:
            if profile.id in profile_calendars:
                raise InvalidValueError(f"profile `{profile.id}` is given twice", value=profile.id)
            name = (zones or {}).get(profile.workspace) or zone
            profile_calendars[profile.id] = _profile_calendar(profile, name, plans, silences, stops)
        return cls(profile_calendars).adding(*entries)

    def profile_calendar(self, profile: str) -> ProfileCalendar:
        """
        Return what concerns a profile.

        Raises:
            NotFoundError: If there is no such profile.
        """
        found = self.profile_calendars.get(profile)
        if found is None:
            raise NotFoundError(
                "profile", profile, suggestion=did_you_mean(profile, self.profile_calendars)
            )
        return found

    def entries(
        self, start: dt.datetime | None = None, end: dt.datetime | None = None
    ) -> tuple[Entry, ...]:
        """Return all entries from *start* on and before *end*, by time, post and profile."""
        first = as_utc(start) if start is not None else None
        last = as_utc(end) if end is not None else None
        found = (
            entry
            for profile_calendar in self.profile_calendars.values()
            for entry in profile_calendar.entries
            if (first is None or entry.at >= first) and (last is None or entry.at < last)
        )
        return tuple(sorted(found, key=lambda entry: (entry.at, entry.post, entry.profile)))

    def _repr_html_(self) -> str:
        lines, before = [], ""
        for entry in self.entries():
            local = local_time(entry.at, self.profile_calendars[entry.profile].zone)
            today = day(local.date())
            shown = "" if today == before else unbroken(today)
            mark = state_badge(entry.state)
            lines.append([shown, f"{local:%H:%M}", entry.profile, entry.title, mark])
            before = today
        zones = sorted(
            {profile_calendar.zone for profile_calendar in self.profile_calendars.values()}
        )
        return card(
            "Calendar",
            rows(["day", "at", "to", "post", "state"], lines) or quoted("Nothing is planned."),
            aside=f"{', '.join(self.profile_calendars)} in {', '.join(zones)}"
            if self.profile_calendars
            else "",
        )

    def adding(self, *entries: Entry) -> Self:
        """
        Return the calendar with these entries too.

        Raises:
            NotFoundError: If one is on a profile that is not on the calendar.
        """
        more: dict[str, list[Entry]] = {}
        for entry in entries:
            more.setdefault(entry.profile, []).append(entry)
        changed = {
            profile: attrs.evolve(
                self.profile_calendar(profile),
                entries=tuple(
                    sorted((*self.profile_calendar(profile).entries, *added), key=_by_time)
                ),
            )
            for profile, added in more.items()
        }
        return type(self)({**self.profile_calendars, **changed})

    def without(self, post: str) -> Self:
        """Return the calendar without the entries of a post."""
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
            f"workspace `{profile.workspace}` of profile `{profile.id}` has no zone;"
            " give `zone` or `zones`",
            value=profile.workspace,
        )
    mine = [plan for plan in plans if plan.on.matches_profile(profile)]
    gaps = [plan.min_gap.elapsed for plan in mine if plan.min_gap is not None]
    caps = [plan.max_per_day for plan in mine if plan.max_per_day is not None]
    times = [slot for plan in mine for slot in plan.slots]
    return ProfileCalendar(
        profile=profile,
        zone=zone(zone_name).key,
        slots=tuple(
            tuple(sorted({slot.time for slot in times if day in slot.days.days}))
            for day in range(7)
        ),
        min_gap=max(gaps, default=None),
        max_per_day=min(caps, default=None),
        blackouts=tuple(one for one in blackouts if one.on.matches_profile(profile)),
        holds=tuple(one for one in holds if one.on.matches_profile(profile)),
        entries=(),
    )

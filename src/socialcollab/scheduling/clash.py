"""Clashes: reasons why a post should not be planned at a time."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, groupby, pairwise
from typing import Literal

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Hold
from socialcollab.directory import PostAttributes, Profile
from socialcollab.scheduling.blackout import Blackout
from socialcollab.scheduling.calendar import Calendar, Entry, ProfileCalendar
from socialcollab.time import as_utc, local_time
from socialcollab.verdicts import Reason

ClashKind = Literal["same_slot", "gap", "cap", "blackout", "hold"]
"""
The kind of clash.

The kinds are two posts in the same minute, two posts that are too close together, too
many posts in a day, a blackout, and an active hold.
"""

_LONGEST_TITLE = 40


@attrs.frozen(kw_only=True)
class Clash(NotebookMixin):
    """
    A reason why a post should not be planned at a time.

    Attributes:
        kind: The kind of clash.
        profile: The profile's id.
        at: The time, in UTC.
        entries: The entries that clash. In a result of `check_time`, these are the
            entries that a post at this time would clash with.
        reason: The reason, as a message that can be translated.
    """

    kind: ClashKind
    profile: str
    at: dt.datetime
    entries: tuple[Entry, ...]
    reason: Reason


def check_time(
    calendar: Calendar,
    profile: str,
    at: dt.datetime,
    *,
    attributes: PostAttributes | None = None,
    post: str = "",
) -> tuple[Clash, ...]:
    """
    Return the clashes that a post on *profile* at *at* would cause.

    Args:
        calendar: The calendar.
        profile: The profile's id.
        at: The instant.
        attributes: The attributes of the post. If this is None, blackouts and holds
            are matched by profile only.
        post: The post's id if it is already on the calendar, so that it does not clash with itself.

    Raises:
        NotFoundError: If the profile does not exist.
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    return tuple(_clashes(calendar.profile_calendar(profile), as_utc(at), attributes, post))


def find_clashes(
    calendar: Calendar,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    profiles: Iterable[str] | None = None,
) -> tuple[Clash, ...]:
    """
    Return all clashes on the calendar, sorted by time.

    Two posts that are too close together count as one clash, at the time of the
    later post. All posts in the same minute count as one clash. A day with too many
    posts counts as one clash, at the time of the first post over the limit.

    Args:
        calendar: The calendar.
        start: Return only clashes at or after this time.
        end: Return only clashes before this time.
        profiles: The ids of the profiles to check; all profiles by default.

    Raises:
        NotFoundError: If the profile does not exist.
    """
    profile_calendars = (
        calendar.profile_calendars.values()
        if profiles is None
        else [calendar.profile_calendar(profile) for profile in profiles]
    )
    first = as_utc(start) if start is not None else None
    last = as_utc(end) if end is not None else None
    selected = tuple({each.profile.id: each for each in profile_calendars}.values())
    clashes = [
        clash
        for clash in chain(*map(_sweep, selected), _sweep_stops(selected))
        if (first is None or clash.at >= first) and (last is None or clash.at < last)
    ]
    return tuple(sorted(clashes, key=lambda clash: (clash.at, clash.profile, clash.kind)))


def _local(zone: str, at: dt.datetime) -> str:
    return f"{local_time(at, zone):%Y-%m-%d %H:%M}"


def _name(entry: Entry) -> str:
    """Return the beginning of an entry's text, or the id of its post if it has no title."""
    title = (
        entry.title if len(entry.title) <= _LONGEST_TITLE else f"{entry.title[:_LONGEST_TITLE]}…"
    )
    return f"“{title}”" if title else entry.post


def _same_slot(
    profile_calendar: ProfileCalendar, at: dt.datetime, others: tuple[Entry, ...]
) -> Reason:
    return Reason.of(
        "clash.same_slot",
        profile=profile_calendar.profile.id,
        time=_local(profile_calendar.zone, at),
        posts=", ".join(_name(entry) for entry in others),
    )


def _too_close(profile_calendar: ProfileCalendar, at: dt.datetime, other: Entry) -> Reason:
    return Reason.of(
        "clash.gap",
        profile=profile_calendar.profile.id,
        time=_local(profile_calendar.zone, at),
        post=_name(other),
        other_time=_local(profile_calendar.zone, other.at),
        gap=int(profile_calendar.min_gap.total_seconds() // 60) if profile_calendar.min_gap else 0,
    )


def _too_many(profile_calendar: ProfileCalendar, at: dt.datetime) -> Reason:
    return Reason.of(
        "clash.cap",
        profile=profile_calendar.profile.id,
        date=_local(profile_calendar.zone, at)[:10],
        most=profile_calendar.max_per_day or 0,
    )


def check_stops(
    profile: Profile,
    at: dt.datetime,
    *,
    zone: str,
    blackouts: Iterable[Blackout] = (),
    holds: Iterable[Hold] = (),
    attributes: PostAttributes | None = None,
) -> tuple[Clash, ...]:
    """
    Return the blackouts and holds that stop a post on *profile* at *at*, as clashes.

    Use this function instead of `check_time` if you do not have a calendar.

    Args:
        profile: The profile.
        at: The instant.
        zone: The time zone of the profile's workspace.
        blackouts: The blackouts.
        holds: The active holds.
        attributes: The attributes of the post. If this is None, blackouts and holds
            are matched by profile only.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
        InvalidValueError: If the zone does not exist.
    """
    instant = as_utc(at)
    return (
        *(
            _blackout_clash(blackout, profile, zone, instant)
            for blackout in blackouts
            if blackout.on.matches(profile, attributes) and blackout.covers(zone, instant)
        ),
        *(
            _hold_clash(hold, profile, zone, instant)
            for hold in holds
            if hold.at <= instant
            and (hold.until is None or instant < hold.until)
            and hold.on.matches(profile, attributes)
        ),
    )


def _blackout_clash(
    blackout: Blackout,
    profile: Profile,
    zone: str,
    at: dt.datetime,
    entries: tuple[Entry, ...] = (),
) -> Clash:
    reason = Reason.of(
        "clash.blackout",
        profile=profile.id,
        time=_local(zone, at),
        reason=blackout.reason or "-",
    )
    return Clash(kind="blackout", profile=profile.id, at=at, entries=entries, reason=reason)


def _hold_clash(
    hold: Hold, profile: Profile, zone: str, at: dt.datetime, entries: tuple[Entry, ...] = ()
) -> Clash:
    reason = Reason.of(
        "clash.hold", profile=profile.id, time=_local(zone, at), reason=hold.reason or "-"
    )
    return Clash(kind="hold", profile=profile.id, at=at, entries=entries, reason=reason)


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)


def _clashes(
    profile_calendar: ProfileCalendar, at: dt.datetime, attributes: PostAttributes | None, post: str
) -> Iterator[Clash]:
    profile, minute = profile_calendar.profile.id, dt.timedelta(minutes=1)

    def occupied(a: dt.datetime, b: dt.datetime) -> tuple[Entry, ...]:
        return tuple(
            entry
            for entry in profile_calendar.between(a, b)
            if entry.occupies and entry.post != post
        )

    same = occupied(_minute(at), _minute(at) + minute)
    if same:
        reason = _same_slot(profile_calendar, at, same)
        yield Clash(kind="same_slot", profile=profile, at=at, entries=same, reason=reason)
    if profile_calendar.min_gap is not None:
        # Two posts exactly `min_gap` apart do not clash, so both bounds are excluded.
        near = occupied(
            at - profile_calendar.min_gap + dt.timedelta(microseconds=1),
            at + profile_calendar.min_gap,
        )
        for other in near:
            if other not in same:
                reason = _too_close(profile_calendar, at, other)
                yield Clash(kind="gap", profile=profile, at=at, entries=(other,), reason=reason)
    if profile_calendar.max_per_day is not None:
        today = occupied(*profile_calendar.day_of(at))
        if len(today) >= profile_calendar.max_per_day:
            reason = _too_many(profile_calendar, at)
            yield Clash(kind="cap", profile=profile, at=at, entries=today, reason=reason)
    yield from check_stops(
        profile_calendar.profile,
        at,
        zone=profile_calendar.zone,
        blackouts=profile_calendar.blackouts,
        holds=profile_calendar.holds,
        attributes=attributes,
    )


def _sweep(profile_calendar: ProfileCalendar) -> Iterator[Clash]:
    """Yield all clashes of one profile in a single pass over its sorted entries."""
    profile = profile_calendar.profile.id
    entries = tuple(entry for entry in profile_calendar.entries if entry.occupies)
    minutes = [tuple(group) for _, group in groupby(entries, key=lambda entry: _minute(entry.at))]
    for group in minutes:
        if len(group) > 1:
            reason = _same_slot(profile_calendar, group[0].at, group)
            yield Clash(
                kind="same_slot", profile=profile, at=group[0].at, entries=group, reason=reason
            )
    for before, after in pairwise(minutes):
        if (
            profile_calendar.min_gap is not None
            and after[0].at - before[-1].at < profile_calendar.min_gap
        ):
            reason = _too_close(profile_calendar, after[0].at, before[-1])
            pair = (before[-1], after[0])
            yield Clash(kind="gap", profile=profile, at=after[0].at, entries=pair, reason=reason)
    if profile_calendar.max_per_day is not None:
        days = groupby(
            entries, key=lambda entry: local_time(entry.at, profile_calendar.zone).date()
        )
        for _, group_of_day in days:
            today = tuple(group_of_day)
            if len(today) > profile_calendar.max_per_day:
                at = today[profile_calendar.max_per_day].at
                reason = _too_many(profile_calendar, at)
                yield Clash(kind="cap", profile=profile, at=at, entries=today, reason=reason)


def _sweep_stops(profile_calendars: Iterable[ProfileCalendar]) -> Iterator[Clash]:
    """Yield the entries in blackouts and holds; entries outside their windows are not examined."""
    by_zone: dict[str, list[ProfileCalendar]] = {}
    for profile_calendar in profile_calendars:
        by_zone.setdefault(profile_calendar.zone, []).append(profile_calendar)
    for zone, members in by_zone.items():
        entries = sorted(
            (
                (entry, profile_calendar.profile)
                for profile_calendar in members
                for entry in profile_calendar.entries
                if entry.occupies
            ),
            key=lambda pair: (pair[0].at, pair[0].post),
        )
        instants = [entry.at for entry, _ in entries]
        # All profiles of a zone share a blackout's windows, so each blackout is swept once.
        blackouts = {id(each): each for member in members for each in member.blackouts}
        for blackout in blackouts.values():
            for index in blackout.covered(zone, instants):
                entry, profile = entries[index]
                if blackout.on.matches(profile, entry.attributes):
                    yield _blackout_clash(blackout, profile, zone, entry.at, (entry,))
        for hold in {id(each): each for member in members for each in member.holds}.values():
            first = bisect_left(instants, hold.at)
            end = len(instants) if hold.until is None else bisect_left(instants, hold.until)
            for entry, profile in entries[first:end]:
                if hold.on.matches(profile, entry.attributes):
                    yield _hold_clash(hold, profile, zone, entry.at, (entry,))

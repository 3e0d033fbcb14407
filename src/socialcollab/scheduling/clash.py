"""What stands in the way of a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Literal

import attrs

from socialcollab.directory import Facts
from socialcollab.scheduling.calendar import Calendar, Entry, Lane
from socialcollab.showing import badge, card, facts, moment, unbroken
from socialcollab.time import as_utc, local_time
from socialcollab.verdicts import Reason

__all__ = ["Clash", "ClashKind", "check_time", "find_clashes"]

ClashKind = Literal["same_slot", "gap", "cap", "blackout", "hold"]
"""Two posts at once; too soon after another; too many a day; planned silence; a stop in force."""


@attrs.frozen(kw_only=True)
class Clash:
    """
    One reason why a time does not do.

    Attributes:
        kind: What kind of clash it is.

        profile: Where.

        at: When, in UTC.

        entries: The entries that clash; of a time asked for, those it meets.

        reason: Why, in words of any language.
    """

    kind: ClashKind
    profile: str
    at: dt.datetime
    entries: tuple[Entry, ...]
    reason: Reason

    def _html_cells_(self) -> dict[str, str]:
        return {
            "kind": badge(self.kind, "orange"),
            "where": self.profile,
            "when": unbroken(moment(self.at)),
            "why": self.reason.text(),
        }

    def _repr_html_(self) -> str:
        cells = self._html_cells_()
        mark = cells.pop("kind")
        return card("Clash", facts(cells), badges=[mark])


def check_time(
    calendar: Calendar,
    profile: str,
    at: dt.datetime,
    *,
    facts: Facts | None = None,
    post: str = "",
) -> tuple[Clash, ...]:
    """
    Return all that stands in the way of a post on *profile* at an instant.

    Args:
        calendar: The calendar.

        profile: The profile's id.

        at: The instant.

        facts: What is known of the post; None lets blackouts and holds match
            by profile alone.

        post: The post itself if it is on the calendar already: it is not in
            its own way.

    Raises:
        NotFoundError: If there is no such profile.

        NaiveDatetimeError: If *at* has no UTC offset.
    """
    return tuple(_clashes(calendar.lane(profile), as_utc(at), facts, post))


def find_clashes(
    calendar: Calendar,
    *,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
    profiles: Iterable[str] | None = None,
) -> tuple[Clash, ...]:
    """
    Return all clashes on the calendar, by time.

    Two neighbours too close are one clash, found at the later one; all posts
    of one minute are one; a day with too many is one, found at the first post
    that is too many.

    Args:
        calendar: The calendar.

        start: Only entries from here on are looked at.

        end: Only entries before here.

        profiles: Only these profiles.

    Raises:
        NotFoundError: If there is no such profile.
    """
    lanes = (
        calendar.lanes.values() if profiles is None else [calendar.lane(one) for one in profiles]
    )
    first = as_utc(start) if start is not None else None
    last = as_utc(end) if end is not None else None
    found = [
        clash
        for lane in lanes
        for clash in _sweep(lane)
        if (first is None or clash.at >= first) and (last is None or clash.at < last)
    ]
    return tuple(sorted(found, key=lambda clash: (clash.at, clash.profile, clash.kind)))


def _local(lane: Lane, at: dt.datetime) -> str:
    return f"{local_time(at, lane.zone):%Y-%m-%d %H:%M}"


def _same_slot(lane: Lane, at: dt.datetime, others: tuple[Entry, ...]) -> Reason:
    return Reason.of(
        "clash.same_slot",
        profile=lane.profile.id,
        time=_local(lane, at),
        posts=", ".join(entry.post for entry in others),
    )


def _too_close(lane: Lane, at: dt.datetime, other: Entry) -> Reason:
    return Reason.of(
        "clash.gap",
        profile=lane.profile.id,
        time=_local(lane, at),
        post=other.post,
        other_time=_local(lane, other.at),
        gap=int(lane.min_gap.total_seconds() // 60) if lane.min_gap else 0,
    )


def _too_many(lane: Lane, at: dt.datetime) -> Reason:
    return Reason.of(
        "clash.cap",
        profile=lane.profile.id,
        date=_local(lane, at)[:10],
        most=lane.max_per_day or 0,
    )


def _stopped(
    lane: Lane, at: dt.datetime, facts: Facts | None, entries: tuple[Entry, ...]
) -> Iterator[Clash]:
    profile, time = lane.profile, _local(lane, at)
    for blackout in lane.blackouts:
        if blackout.on.matches(profile, facts) and blackout.covers(lane.zone, at):
            reason = Reason.of(
                "clash.blackout", profile=profile.id, time=time, reason=blackout.reason or "-"
            )
            yield Clash(kind="blackout", profile=profile.id, at=at, entries=entries, reason=reason)
    for hold in lane.holds:
        in_force = hold.at <= at and (hold.until is None or at < hold.until)
        if in_force and hold.on.matches(profile, facts):
            reason = Reason.of(
                "clash.hold", profile=profile.id, time=time, reason=hold.reason or "-"
            )
            yield Clash(kind="hold", profile=profile.id, at=at, entries=entries, reason=reason)


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)


def _clashes(lane: Lane, at: dt.datetime, facts: Facts | None, post: str) -> Iterator[Clash]:
    profile, minute = lane.profile.id, dt.timedelta(minutes=1)

    def room(a: dt.datetime, b: dt.datetime) -> tuple[Entry, ...]:
        return tuple(one for one in lane.between(a, b) if one.occupies and one.post != post)

    same = room(_minute(at), _minute(at) + minute)
    if same:
        reason = _same_slot(lane, at, same)
        yield Clash(kind="same_slot", profile=profile, at=at, entries=same, reason=reason)
    if lane.min_gap is not None:
        near = room(at - lane.min_gap + dt.timedelta(microseconds=1), at + lane.min_gap)
        for other in near:
            if other not in same:
                reason = _too_close(lane, at, other)
                yield Clash(kind="gap", profile=profile, at=at, entries=(other,), reason=reason)
    if lane.max_per_day is not None:
        today = room(*lane.day_of(at))
        if len(today) >= lane.max_per_day:
            reason = _too_many(lane, at)
            yield Clash(kind="cap", profile=profile, at=at, entries=today, reason=reason)
    yield from _stopped(lane, at, facts, ())


def _sweep(lane: Lane) -> Iterator[Clash]:
    profile = lane.profile.id
    entries = tuple(entry for entry in lane.entries if entry.occupies)
    minutes = [tuple(group) for _, group in groupby(entries, key=lambda entry: _minute(entry.at))]
    for group in minutes:
        if len(group) > 1:
            reason = _same_slot(lane, group[0].at, group)
            yield Clash(
                kind="same_slot", profile=profile, at=group[0].at, entries=group, reason=reason
            )
    for before, after in pairwise(minutes):
        if lane.min_gap is not None and after[0].at - before[-1].at < lane.min_gap:
            reason = _too_close(lane, after[0].at, before[-1])
            pair = (before[-1], after[0])
            yield Clash(kind="gap", profile=profile, at=after[0].at, entries=pair, reason=reason)
    if lane.max_per_day is not None:
        days = groupby(entries, key=lambda entry: local_time(entry.at, lane.zone).date())
        for _, group_of_day in days:
            today = tuple(group_of_day)
            if len(today) > lane.max_per_day:
                at = today[lane.max_per_day].at
                reason = _too_many(lane, at)
                yield Clash(kind="cap", profile=profile, at=at, entries=today, reason=reason)
    for entry in entries:
        yield from _stopped(lane, entry.at, entry.facts, (entry,))

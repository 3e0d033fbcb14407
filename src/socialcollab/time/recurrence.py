"""Recurrence rules in a time zone, and the instants of their occurrences."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator
from typing import Literal, Protocol, Self, get_args

import attrs

from socialcollab.errors import InvalidValueError, SkippedTimeError
from socialcollab.time.rule import Rule, local_times
from socialcollab.time.wall_time import parse_local
from socialcollab.time.zones import Repeated, as_utc, local_time, resolve, zone_name

SkippedOccurrence = Literal["refuse", "next", "previous", "drop"]
"""How to handle an occurrence whose local time is skipped by a clock change."""

# Local times are compared with instants within this margin. No zone is more than a day
# away from UTC, and no clock change is longer than a day.
_MARGIN = dt.timedelta(hours=26)
_FIRST_SPAN = dt.timedelta(days=32)


class Occurrences(Protocol):
    """A sequence of instants that can be searched from any instant, such as a `Recurrence`."""

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the instants from *a* (inclusive) to *b* (exclusive), in UTC and in order."""
        ...

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first instant after *t*, or None if there is none."""
        ...

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last instant before *t*, or None if there is none."""
        ...


def _as_rule(value: Rule | str) -> Rule:
    return Rule.parse(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class Recurrence:
    """
    The instants of a recurrence rule whose times are local times in a zone.

    Finding an occurrence in the far future is as fast as finding one tomorrow, even if the rule is
    endless. For a rule with COUNT, however, the occurrences have to be counted from the start. If a
    rule never matches, iteration ends without yielding an occurrence.

    The start is an occurrence only if the rule matches it.

    >>> rule = Recurrence.parse(
    ...     "FREQ=WEEKLY;BYDAY=MO,WE", start="2026-03-23 09:30", zone="Europe/Amsterdam"
    ... )
    >>> rule.after(dt.datetime(2026, 3, 26, tzinfo=dt.UTC)).isoformat()
    '2026-03-30T07:30:00+00:00'

    Attributes:
        rule: The rule; a string is parsed.
        start: The earliest local time in the zone.
        zone: The IANA name of the zone.
        skipped: How to handle an occurrence that a clock change skips; "drop" omits it. The
            occurrence counts towards COUNT in any case.
        repeated: Which instant to choose for a local time that occurs twice.

    Source:
        RFC 5545 section 3.3.10, which drops skipped occurrences and does not count them.
    """

    rule: Rule = attrs.field(converter=_as_rule)
    start: dt.datetime
    zone: str = attrs.field(converter=zone_name)
    skipped: SkippedOccurrence = attrs.field(
        default="next", validator=attrs.validators.in_(get_args(SkippedOccurrence))
    )
    repeated: Repeated = attrs.field(
        default="first", validator=attrs.validators.in_(get_args(Repeated))
    )

    def __attrs_post_init__(self) -> None:
        if self.start.tzinfo is not None:
            raise InvalidValueError(
                f"the start `{self.start.isoformat(sep=' ')}` of a recurrence has a UTC offset;"
                " pass a local time in its zone",
                value=self.start,
                expected="a local time",
            )

    @classmethod
    def parse(
        cls,
        text: str,
        /,
        *,
        start: dt.datetime | str,
        zone: str,
        skipped: SkippedOccurrence = "next",
        repeated: Repeated = "first",
    ) -> Self:
        """
        Parse an RFC 5545 recurrence rule.

        Args:
            text: The rule, such as ``FREQ=WEEKLY;BYDAY=MO,WE``.
            start: A local time, as a datetime or a string, or an instant, which is converted to the
                zone's local time.
            zone: The IANA name of the zone.
            skipped: How to handle an occurrence that a clock change skips.
            repeated: Which instant to choose for a local time that occurs twice.

        Raises:
            InvalidValueError: If the rule, the start or the zone is not valid; the message names
                the invalid part of a rule.
        """
        local = parse_local(start) if isinstance(start, str) else start
        if local.tzinfo is not None:
            local = local_time(local, zone)
        return cls(rule=text, start=local, zone=zone, skipped=skipped, repeated=repeated)

    def __iter__(self) -> Iterator[dt.datetime]:
        return self._instants(self.start)

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """
        Yield the occurrences from *a* (inclusive) to *b* (exclusive), in UTC and in order.

        Raises:
            NaiveDatetimeError: If *a* or *b* has no UTC offset.
            SkippedTimeError: While iterating, if an occurrence is skipped and
                *skipped* is "refuse".
            RepeatedTimeError: While iterating, if the local time of an occurrence is repeated and
                *repeated* is "refuse".
        """
        first, last = as_utc(a), as_utc(b)
        return self._between(first, last)

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first occurrence after *t*, or None if there is none."""
        instant = as_utc(t)
        for occurrence in self._instants(self._local(instant, -_MARGIN)):
            if occurrence > instant:
                return occurrence
        return None

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last occurrence before *t*, or None if there is none."""
        instant = as_utc(t)
        # A rule may have no occurrences. One forward search detects this, so that the backward
        # search does not needlessly examine every span.
        until = self._local(instant, _MARGIN)
        if next(local_times(self.rule, self.start, self.start, until), None) is None:
            return None
        span = _FIRST_SPAN
        upper = instant
        while True:
            reached_start = self._local(upper, -span - _MARGIN) <= self.start
            lower = dt.datetime.min.replace(tzinfo=dt.UTC) if reached_start else upper - span
            occurrence = _last(self._between(lower, upper))
            if occurrence is not None or reached_start:
                return occurrence
            upper, span = lower, span * 4

    def _between(self, first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
        until = self._local(last, _MARGIN)
        for instant in self._instants(self._local(first, -_MARGIN), until):
            if instant >= last:
                return
            if instant >= first:
                yield instant

    def _local(self, instant: dt.datetime, shift: dt.timedelta) -> dt.datetime:
        """Return the local time at *instant*, shifted by *shift* but limited to the calendar."""
        try:
            return local_time(instant, self.zone) + shift
        except OverflowError:
            return dt.datetime.min if instant.year < 5000 else dt.datetime.max  # noqa: DTZ901

    def _instants(
        self, since: dt.datetime, until: dt.datetime | None = None
    ) -> Iterator[dt.datetime]:
        """
        Yield the instants of the local times, in order and without duplicates.

        An occurrence that is moved out of a gap may come after later occurrences or coincide with
        one of them, so it is kept in a heap until no earlier instant can follow.
        """
        waiting: list[dt.datetime] = []
        last: dt.datetime | None = None
        end = self.rule.until if self.rule.until is not None and self.rule.until.tzinfo else None
        for local in local_times(self.rule, self.start, since, until):
            try:
                instant = resolve(local, self.zone, repeated=self.repeated)
                moved = False
            except SkippedTimeError:
                if self.skipped == "drop":
                    continue
                if self.skipped == "refuse":
                    raise
                instant = resolve(local, self.zone, skipped=self.skipped, repeated=self.repeated)
                moved = True
            if end is not None and instant > end:
                if moved and self.skipped == "next":
                    continue
                break
            heapq.heappush(waiting, instant)
            if moved and self.skipped == "next":
                continue
            # With "previous", a later local time may still move back by the length of a gap.
            safe = instant - _MARGIN if self.skipped == "previous" else instant
            while waiting and waiting[0] <= safe:
                ready = heapq.heappop(waiting)
                if ready != last:
                    last = ready
                    yield ready
        while waiting:
            ready = heapq.heappop(waiting)
            if ready != last:
                last = ready
                yield ready

    def __str__(self) -> str:
        return f"{self.rule} from {self.start:%Y-%m-%d %H:%M} in {self.zone}"


def _last(instants: Iterator[dt.datetime]) -> dt.datetime | None:
    last = None
    for last in instants:  # noqa: B007  only the last one matters
        pass
    return last

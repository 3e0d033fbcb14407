"""A rule in a zone: when something happens again and again."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator
from typing import Literal, Protocol, Self, get_args

import attrs

from socialcollab.errors import InvalidValueError, SkippedTimeError
from socialcollab.time.expand import local_times
from socialcollab.time.instants import as_utc
from socialcollab.time.local import parse_local
from socialcollab.time.rule import Rule
from socialcollab.time.zones import Repeated, local_time, resolve, zone

SkippedOccurrence = Literal["refuse", "next", "previous", "drop"]
"""What becomes of an occurrence whose local time a clock change jumps over."""

# No zone's local time is further from UTC, and no clock change is longer, than a day.
_MARGIN = dt.timedelta(hours=26)
_FIRST_SPAN = dt.timedelta(days=32)


class Occurrences(Protocol):
    """Instants in order, sought and not walked to; what `Recurrence` and its kin offer."""

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the instants from *a* on and before *b*, in UTC."""
        ...

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first instant after *t*, or None if there is none."""
        ...

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last instant before *t*, or None if there is none."""
        ...


def _as_rule(value: Rule | str) -> Rule:
    return Rule.parse(value) if isinstance(value, str) else value


def _zone_name(value: str) -> str:
    return zone(value).key


@attrs.frozen(kw_only=True)
class Recurrence:
    """
    A recurrence rule on the wall clock of a zone, as UTC instants.

    It is lazy and seeks: asking an endless rule for a day in the far future
    costs what asking for tomorrow does. A rule that never matches ends. Only
    COUNT has to be counted from the start.

    The start is an occurrence if the rule matches it, and else is none.

    >>> rule = Recurrence.parse(
    ...     "FREQ=WEEKLY;BYDAY=MO,WE", start="2026-03-23 09:30", zone="Europe/Amsterdam"
    ... )
    >>> rule.after(dt.datetime(2026, 3, 26, tzinfo=dt.UTC)).isoformat()
    '2026-03-30T07:30:00+00:00'

    Attributes:
        rule: The rule.

        start: Where it begins, as a local time in the zone.

        zone: The zone's IANA name.

        skipped: What becomes of an occurrence that a clock change jumps over;
            "drop" leaves it out. Either way it counts towards COUNT.

        repeated: Which instant of a local time that happens twice is meant.

    Source:
        RFC 5545 section 3.3.10. It drops skipped occurrences and does not
        count them; here a choice is made, and a dropped one still counts.
    """

    rule: Rule = attrs.field(converter=_as_rule)
    start: dt.datetime
    zone: str = attrs.field(converter=_zone_name)
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
                " give it as a local time of its zone",
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
        Read a rule of RFC 5545.

        Args:
            text: The rule, such as ``FREQ=WEEKLY;BYDAY=MO,WE``.

            start: Where it begins: a local time, its text, or an instant,
                which is then read on the zone's wall clock.

            zone: The zone's IANA name.

            skipped: What becomes of an occurrence that a clock change skips.

            repeated: Which of two instants is meant.

        Raises:
            InvalidValueError: If the rule, the start or the zone cannot be
                read; of a rule the message names the part.
        """
        local = parse_local(start) if isinstance(start, str) else start
        if local.tzinfo is not None:
            local = local_time(local, zone)
        return cls(rule=text, start=local, zone=zone, skipped=skipped, repeated=repeated)

    def __iter__(self) -> Iterator[dt.datetime]:
        return self._instants(self.start)

    def between(self, a: dt.datetime, b: dt.datetime) -> Iterator[dt.datetime]:
        """
        Yield the occurrences from *a* on and before *b*, in UTC and in order.

        Raises:
            NaiveDatetimeError: If *a* or *b* has no UTC offset.

            SkippedTimeError: While iterating, if one is skipped and that is
                to be refused; `RepeatedTimeError` likewise.
        """
        first, last = as_utc(a), as_utc(b)
        return self._between(first, last)

    def after(self, t: dt.datetime) -> dt.datetime | None:
        """Return the first occurrence after *t*, or None if there is none."""
        instant = as_utc(t)
        for found in self._instants(self._local(instant, -_MARGIN)):
            if found > instant:
                return found
        return None

    def before(self, t: dt.datetime) -> dt.datetime | None:
        """Return the last occurrence before *t*, or None if there is none."""
        instant = as_utc(t)
        # Looked for backwards, what never happens would be looked for in each span.
        until = self._local(instant, _MARGIN)
        if next(local_times(self.rule, self.start, self.start, until), None) is None:
            return None
        if self.rule.count is not None:
            return _last(self._between(dt.datetime.min.replace(tzinfo=dt.UTC), instant))
        span = _FIRST_SPAN
        upper = instant
        while True:
            reached = self._local(upper, -span - _MARGIN) <= self.start
            lower = dt.datetime.min.replace(tzinfo=dt.UTC) if reached else upper - span
            found = _last(self._between(lower, upper))
            if found is not None or reached:
                return found
            upper, span = lower, span * 4

    def _between(self, first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
        until = self._local(last, _MARGIN)
        for instant in self._instants(self._local(first, -_MARGIN), until):
            if instant >= last:
                return
            if instant >= first:
                yield instant

    def _local(self, instant: dt.datetime, shift: dt.timedelta) -> dt.datetime:
        """Return the zone's local time, moved, kept within the calendar."""
        try:
            return local_time(instant, self.zone) + shift
        except OverflowError:
            return dt.datetime.min if instant.year < 5000 else dt.datetime.max  # noqa: DTZ901

    def _instants(
        self, since: dt.datetime, until: dt.datetime | None = None
    ) -> Iterator[dt.datetime]:
        """
        Resolve local times, in order of instants and each once.

        A time moved out of a gap can pass others or meet one: it waits in a
        heap until nothing earlier can come.
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
            # With "previous", a later local time may yet come to lie up to a gap earlier.
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


def _last(found: Iterator[dt.datetime]) -> dt.datetime | None:
    last = None
    for last in found:  # noqa: B007  the loop is there for the last one
        pass
    return last

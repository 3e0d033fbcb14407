"""Response targets: how soon customers get an answer, measured in business hours, with pauses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.directory import (
    PROFILE_KEYS,
    Principal,
    Profile,
    Selector,
    as_principal,
    as_selector,
)
from socialcollab.document_fields import (
    Id,
    Integer,
    ListOf,
    Parsed,
    PrincipalShape,
    Section,
    as_items,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.time import (
    DURATION_PATTERN,
    BusinessHours,
    BusinessHoursSection,
    Duration,
    as_utc,
)

Metric: TypeAlias = Literal["first_response", "next_response", "resolution"]
"""What a target limits: the time to the first reply, to each later reply, or to the resolution."""

METRICS: Final[tuple[Metric, ...]] = get_args(Metric)
"""All metrics."""

CaseEventKind: TypeAlias = Literal[
    "customer_message", "reply", "waiting", "hold", "resume", "resolved", "reopened"
]
"""
What happened to a case, as far as its targets are concerned.

"waiting" means that the team waits for the customer, which ends by itself with the customer's next
message. "hold" lasts until "resume", which also ends waiting.
"""

MetricState: TypeAlias = Literal["running", "paused", "reached", "missed", "not_needed"]
"""
The state of a measurement.

A measurement is "missed" as soon as its time is up, whether or not the answer came later. It is
"not_needed" if the case was resolved in time without a reply.
"""

InstantKind: TypeAlias = Literal["warning", "breach", "escalation"]
"""What is due at an instant: a warning, the breach of the target, or an escalation after it."""

_Spans: TypeAlias = list[tuple[dt.datetime, dt.datetime | None]]
_DURATION = Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)


def _as_duration(value: str | Duration | None) -> Duration | None:
    return Duration.parse(value) if isinstance(value, str) else value


def _check_countable(key: str, duration: Duration | None) -> None:
    # The clock of a target can be paused, so its length must be an amount of counted time. The end
    # of a business day depends on the day on which it began.
    if duration is not None and duration.business and duration.unit == "day":
        raise InvalidValueError(
            f"{key} is `{duration}`, but a target that can be paused is counted in hours or minutes;"
            " write a duration such as `8 business hours`",
            value=str(duration),
            expected="a duration such as 8 business hours",
        )


@attrs.frozen(kw_only=True)
class Escalation:
    """
    The party that is informed if a target is still missed some time after its breach.

    Attributes:
        to: The member, team, rotation or lead.
        after: The counted time after the breach; by default, at the breach.

    Raises:
        InvalidValueError: If *after* is in business days.
    """

    to: Principal = attrs.field(
        metadata=shape(PrincipalShape(("member", "team", "rotation", "lead"))),
        converter=as_principal,
    )
    after: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=_as_duration
    )

    def __attrs_post_init__(self) -> None:
        _check_countable("after", self.after)


def _as_escalations(value: Iterable[Escalation]) -> tuple[Escalation, ...]:
    return as_items(value, "escalations")


@attrs.frozen(kw_only=True)
class ResponseTarget:
    """
    How soon messages on certain profiles are answered.

    >>> target = ResponseTarget(
    ...     id="care", on="tulip-x", first_response="30 business minutes", resolution="2 days"
    ... )
    >>> str(target.limit("first_response"))
    '30 business minutes'

    Attributes:
        id: The identifier, by which routing rules choose the target.
        on: The profiles to which the target applies.
        first_response: The longest time until the first reply.
        next_response: The longest time until the reply to each later message.
        resolution: The longest time until the case is resolved.
        warn_at: The share of the time, in percent, after which a warning is due.
        escalations: Who is informed after a breach, and when.
        business_hours: The hours in which business time counts; by default, those of the workspace.

    Raises:
        InvalidValueError: If there is no limit, if a limit is in business days, or if *warn_at* is
            not from 1 to 99.
    """

    id: str = attrs.field(metadata=shape(Id("response target")))
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    first_response: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=_as_duration
    )
    next_response: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=_as_duration
    )
    resolution: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=_as_duration
    )
    warn_at: int = attrs.field(metadata=shape(Integer(at_least=1, at_most=99)), default=75)
    escalations: tuple[Escalation, ...] = attrs.field(
        metadata=shape(ListOf(item=Section(Escalation))), default=(), converter=_as_escalations
    )
    business_hours: BusinessHoursSection | None = attrs.field(
        metadata=shape(Section(BusinessHoursSection)), default=None
    )

    def __attrs_post_init__(self) -> None:
        check_id("response target", self.id)
        if not any(self.limit(metric) for metric in METRICS):
            raise InvalidValueError(
                f"response target `{self.id}` limits nothing; give one of {', '.join(METRICS)}",
                value=self.id,
                expected=f"one of {', '.join(METRICS)}",
            )
        for metric in METRICS:
            _check_countable(metric, self.limit(metric))
        if not 1 <= self.warn_at <= 99:
            raise InvalidValueError(
                f"warn_at is {self.warn_at}; give a share of the time from 1 to 99 percent",
                value=self.warn_at,
                expected="a whole number from 1 to 99",
            )

    def limit(self, metric: Metric) -> Duration | None:
        """Return the limit for *metric*, or None if the target does not limit it."""
        duration: Duration | None = getattr(self, metric)
        return duration

    @property
    def counts_business_time(self) -> bool:
        """Whether a limit or an escalation needs business hours."""
        limits = (*map(self.limit, METRICS), *(one.after for one in self.escalations))
        return any(limit is not None and limit.business for limit in limits)


def target_for(
    targets: Iterable[ResponseTarget], profile: Profile, *, chosen: str = ""
) -> ResponseTarget | None:
    """
    Return the target of a case: the *chosen* one, or the first that applies to its profile.

    Raises:
        InvalidValueError: If there is no target with the chosen id.
    """
    listed = tuple(targets)
    if not chosen:
        return next((target for target in listed if target.on.matches_profile(profile)), None)
    for target in listed:
        if target.id == chosen:
            return target
    raise InvalidValueError(f"there is no response target `{chosen}`", value=chosen)


@attrs.frozen
class CaseEvent:
    """
    Something that happened to a case.

    Attributes:
        kind: What happened.
        at: When it happened, in UTC.

    Raises:
        InvalidValueError: If the kind does not exist.
        NaiveDatetimeError: If *at* has no UTC offset.
    """

    kind: CaseEventKind
    at: dt.datetime = attrs.field(converter=as_utc)

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(CaseEventKind):
            raise InvalidValueError(
                f"`{self.kind}` is not a kind of case event",
                value=self.kind,
                expected=f"one of {', '.join(get_args(CaseEventKind))}",
            )


@attrs.frozen(kw_only=True)
class TargetInstant:
    """
    An instant at which a target asks for attention.

    Attributes:
        at: The instant, in UTC.
        kind: Whether a warning, the breach or an escalation is due.
        metric: The metric.
        since: When the measurement began, which identifies it within its case.
        to: For an escalation, the party to inform.
    """

    at: dt.datetime
    kind: InstantKind
    metric: Metric
    since: dt.datetime
    to: Principal | None = None


@attrs.frozen(kw_only=True)
class Measurement:
    """
    One measurement of a metric of a case.

    Attributes:
        metric: The metric.
        since: When the measurement began: at the oldest unanswered message of the customer.
        until: When the reply or the resolution ended it, or None.
        state: The state.
        counted: The time that counted so far, without pauses and, for business time, without the
            time outside business hours.
        due: When the time is up, or was up; None if the measurement is paused or has ended before.
        instants: The warning, the breach and the escalations that were due while the measurement
            ran, and those that will be due if nothing else happens, in order.
    """

    metric: Metric
    since: dt.datetime
    until: dt.datetime | None
    state: MetricState
    counted: dt.timedelta
    due: dt.datetime | None
    instants: tuple[TargetInstant, ...]


@attrs.define
class _Clock:
    """A measurement while its events are read: the periods in which it counts."""

    metric: Metric
    since: dt.datetime
    spans: list[tuple[dt.datetime, dt.datetime]] = attrs.field(factory=list)
    started: dt.datetime | None = None
    until: dt.datetime | None = None
    answered: bool = False

    def start(self, at: dt.datetime) -> None:
        if self.started is None:
            self.started = at

    def stop(self, at: dt.datetime) -> None:
        if self.started is not None:
            if self.started < at:
                self.spans.append((self.started, at))
            self.started = None

    def end(self, at: dt.datetime, *, answered: bool) -> None:
        self.stop(at)
        self.until, self.answered = at, answered


def _clocks(events: Iterable[CaseEvent]) -> list[_Clock]:
    """Return a clock for each measurement, including metrics that the target does not limit."""
    clocks: list[_Clock] = []
    response: _Clock | None = None
    resolution: _Clock | None = None
    has_reply = waiting = on_hold = resolved = False
    for event in sorted(events, key=lambda event: event.at):
        at = event.at
        match event.kind:
            case "customer_message":
                waiting = resolved = False
                if response is None:
                    metric: Metric = "next_response" if has_reply else "first_response"
                    response = _Clock(metric, at)
                    clocks.append(response)
                if resolution is None:
                    resolution = _Clock("resolution", at)
                    clocks.append(resolution)
                resolution.until = None
            case "reply":
                if response is not None:
                    response.end(at, answered=True)
                    # A reply before the first message of the customer is not a response.
                    has_reply, response = True, None
            case "waiting":
                waiting = True
            case "hold":
                on_hold = True
            case "resume":
                waiting = on_hold = False
            case "resolved":
                resolved, waiting, on_hold = True, False, False
                if response is not None:
                    response.end(at, answered=False)
                    response = None
                if resolution is not None:
                    resolution.end(at, answered=True)
            case "reopened":
                resolved = False
                if resolution is not None:
                    resolution.until = None
        for clock in (response, resolution):
            if clock is not None:
                if waiting or on_hold or resolved:
                    clock.stop(at)
                else:
                    clock.start(at)
    return clocks


def _counted_time(
    start: dt.datetime, end: dt.datetime, hours: BusinessHours | None
) -> dt.timedelta:
    return end - start if hours is None else hours.between(start, end)


def _reach(spans: _Spans, length: dt.timedelta, hours: BusinessHours | None) -> dt.datetime | None:
    """Return when *length* has been counted within *spans*, or None if that never happens."""
    remaining = length
    for start, end in spans:
        if end is not None:
            counted = _counted_time(start, end, hours)
            if counted < remaining:
                remaining -= counted
                continue
        if hours is None:
            return start + remaining
        for opening in hours.openings(start):
            begin = max(start, opening.start)
            if opening.end - begin >= remaining:
                return begin + remaining
            remaining -= opening.end - begin
    return None


def _length(duration: Duration) -> dt.timedelta:
    return attrs.evolve(duration, business=False).elapsed


def _hours_for(
    duration: Duration, hours: BusinessHours | None, target: ResponseTarget
) -> BusinessHours | None:
    if not duration.business:
        return None
    if hours is None:
        raise InvalidValueError(
            f"response target `{target.id}` counts business time, but there are no business hours;"
            " pass `hours`",
            value=str(duration),
        )
    return hours


def measure(
    events: Iterable[CaseEvent],
    target: ResponseTarget,
    *,
    at: dt.datetime,
    hours: BusinessHours | None = None,
) -> tuple[Measurement, ...]:
    """
    Measure a case against its target.

    The first response is measured from the customer's first message, and each next response from
    the oldest message that is unanswered; further messages of the customer do not restart the
    clock. The resolution is measured from the first message. If a resolved case is reopened, or its
    customer writes again, its measurement continues, and the time in between does not count.

    Time does not count while the team waits for the customer or the case is on hold. A target is
    missed once its whole time has been counted: an answer at the very instant `due` is late.

    >>> office = BusinessHours(days="mon-fri", start="09:00", end="17:00", zone="UTC")
    >>> target = ResponseTarget(id="care", on="tulip-x", first_response="30 business minutes")
    >>> friday = dt.datetime(2026, 4, 10, 16, 45, tzinfo=dt.UTC)
    >>> [first] = measure([CaseEvent("customer_message", friday)], target, at=friday, hours=office)
    >>> first.state, first.due.isoformat()
    ('running', '2026-04-13T09:15:00+00:00')

    Args:
        events: What happened to the case, in any order; events at the same instant are read in the
            given order. Events after *at* are ignored.
        target: The target.
        at: The current time.
        hours: The business hours of the profile, with holidays; required for business time.

    Raises:
        InvalidValueError: If *hours* is required but missing.
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    return tuple(
        _measured(clock, limit, target, now, hours)
        for clock in _clocks(event for event in events if event.at <= now)
        if (limit := target.limit(clock.metric)) is not None
    )


def _measured(
    clock: _Clock,
    limit: Duration,
    target: ResponseTarget,
    now: dt.datetime,
    hours: BusinessHours | None,
) -> Measurement:
    counting = _hours_for(limit, hours, target)
    length = _length(limit)
    spans: _Spans = [*clock.spans]
    if clock.started is not None:
        spans.append((clock.started, None))
    due = _reach(spans, length, counting)
    counted = sum(
        (_counted_time(start, now if end is None else end, counting) for start, end in spans),
        dt.timedelta(),
    )
    state: MetricState
    if counted >= length:
        state = "missed"
    elif clock.until is not None:
        state = "reached" if clock.answered else "not_needed"
    else:
        state = "paused" if clock.started is None else "running"

    def instant(at: dt.datetime, kind: InstantKind, to: Principal | None = None) -> TargetInstant:
        return TargetInstant(at=at, kind=kind, metric=clock.metric, since=clock.since, to=to)

    warning = _reach(spans, length * target.warn_at / 100, counting)
    instants = [] if warning is None else [instant(warning, "warning")]
    if due is not None:
        instants.append(instant(due, "breach"))
        escalations = [
            instant(at, "escalation", escalation.to)
            for escalation in target.escalations
            if (at := _escalation_at(escalation, spans, due, target, hours)) is not None
        ]
        instants += sorted(escalations, key=lambda one: one.at)
    return Measurement(
        metric=clock.metric,
        since=clock.since,
        until=clock.until,
        state=state,
        counted=counted,
        due=due,
        instants=tuple(instants),
    )


def _escalation_at(
    escalation: Escalation,
    spans: _Spans,
    due: dt.datetime,
    target: ResponseTarget,
    hours: BusinessHours | None,
) -> dt.datetime | None:
    if escalation.after is None:
        return due
    later = [(max(start, due), end) for start, end in spans if end is None or end > due]
    counting = _hours_for(escalation.after, hours, target)
    return _reach(later, _length(escalation.after), counting)


def next_instants(
    measurements: Iterable[Measurement], *, after: dt.datetime
) -> tuple[TargetInstant, ...]:
    """
    Return the warnings, breaches and escalations of open measurements after an instant, in order.

    They are exact as long as nothing else happens to the case; after each event, measure it again.

    Raises:
        NaiveDatetimeError: If *after* has no UTC offset.
    """
    start = as_utc(after)
    return tuple(
        sorted(
            (
                instant
                for measurement in measurements
                if measurement.until is None
                for instant in measurement.instants
                if instant.at > start
            ),
            key=lambda instant: instant.at,
        )
    )


@attrs.frozen(kw_only=True)
class TargetReport:
    """
    How often the targets of one metric were reached.

    Attributes:
        metric: The metric.
        reached: The number of measurements that were answered in time.
        missed: The number that were not.
        open: The number that are still running or paused.
        not_needed: The number of cases that were resolved in time without a reply.
        median: The median of the counted times of the answers, in time or late; None without any.
    """

    metric: Metric
    reached: int = 0
    missed: int = 0
    open: int = 0
    not_needed: int = 0
    median: dt.timedelta | None = None

    @property
    def share_reached(self) -> float | None:
        """The share of decided measurements that were reached, from 0 to 1; None without any."""
        decided = self.reached + self.missed
        return self.reached / decided if decided else None


def report(measurements: Iterable[Measurement]) -> tuple[TargetReport, ...]:
    """
    Count the targets that were reached and missed, for each metric that was measured.

    Args:
        measurements: The measurements of all cases. To compare teams, profiles or weeks, pass the
            measurements of each separately.
    """
    listed = tuple(measurements)
    reports = []
    for metric in METRICS:
        own = [one for one in listed if one.metric == metric]
        if not own:
            continue
        states = [one.state for one in own]
        times = sorted(
            one.counted
            for one in own
            if one.state == "reached" or (one.state == "missed" and one.until is not None)
        )
        middle = len(times) // 2
        median = None
        if times:
            median = times[middle] if len(times) % 2 else (times[middle - 1] + times[middle]) / 2
        reports.append(
            TargetReport(
                metric=metric,
                reached=states.count("reached"),
                missed=states.count("missed"),
                open=states.count("running") + states.count("paused"),
                not_needed=states.count("not_needed"),
                median=median,
            )
        )
    return tuple(reports)

"""Reevaluate posts and deliveries after the document, access or the time zone data have changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from socialcollab.content import DeliveryState, PostState
from socialcollab.desk.engine import Engine, Loaded
from socialcollab.desk.journal.organization_events import OrganizationReevaluated
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE, rows_of
from socialcollab.desk.queries.calendar import all_rows, instant_of
from socialcollab.effects import Effects
from socialcollab.errors import ConflictError, CorruptJournalError
from socialcollab.stores import Row
from socialcollab.time import tzdata_version
from socialcollab.workflow import Actor, PostSnapshot, fire_due, record_outdated, reevaluate
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import Event, RuntimeStateReevaluated

T = TypeVar("T")

_CALENDAR_STATES = tuple(
    state.value for state in PostState if state not in (PostState.REJECTED, PostState.CANCELLED)
)
_MAX_ATTEMPTS: Final = 5
# After this many posts, the worker does the work that has become due in the meantime.
_BATCH: Final = 20
_UNSENT_STATES = (DeliveryState.WAITING.value, DeliveryState.MISSED.value)


def reevaluate_if_stale(
    engine: Engine,
    *,
    until: Callable[[], dt.datetime],
    between: Callable[[], Effects[None]],
    report: Callable[[str, str], None],
) -> Effects[str]:
    """
    Reevaluate all open posts and unsent deliveries if their snapshots may be outdated.

    They may be outdated after a change to the document or to permissions, or after an update of the
    time zone data. A worker whose time zone data are older than the journal's leaves the work to
    other workers.

    Args:
        engine: The desk's engine.
        until: Returns the current instant according to the desk's clock.
        between: Does the work that has become due in the meantime. It is called repeatedly so that
            a long reevaluation does not delay deliveries. Outdated rules are never used for
            sending, because each delivery is checked against the current rules when it is sent.
        report: Reports a damaged stream with its problem. The stream is left unchanged, and all
            other streams are reevaluated.

    Returns:
        The problem that prevents this worker from reevaluating, or an empty string.
    """
    organization = yield from engine.load(ORGANIZATION)
    runtime_state = yield from engine.load(RUNTIME_STATE)
    ours, journals = tzdata_version(), organization.snapshot.tzdata
    if journals > ours:
        return (
            f"the time zone data of this worker, {ours}, are older than the journal's, {journals};"
            " update the package `tzdata`"
        )
    stale = organization.snapshot.stale_since or (
        runtime_state.snapshot and runtime_state.snapshot.stale_since
    )
    if stale or journals != ours:
        # If the rules change again in the meantime, the last append fails and everything is
        # repeated.
        for _ in range(_MAX_ATTEMPTS):
            try:
                yield from _reevaluate_all(
                    engine, until, between, report, new_tzdata=journals != ours
                )
            except ConflictError:
                continue
            break
    return ""


def _reevaluate_all(
    engine: Engine,
    until: Callable[[], dt.datetime],
    between: Callable[[], Effects[None]],
    report: Callable[[str, str], None],
    *,
    new_tzdata: bool,
) -> Effects[None]:
    yield from between()
    # The last append expects the versions of this state, so it fails if the rules change.
    state = yield from engine.state()
    posts = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    deliveries = yield from all_rows(engine, "deliveries", where={"state": _UNSENT_STATES})
    unsent = {f"post/{row.columns['post']}" for row in deliveries}
    if new_tzdata:
        # The earliest deliveries come first, because a delivery that moved to an earlier instant
        # may already be due.
        for rows in _batches(deliveries):
            for row in rows:
                yield from _or_report(row.stream, _move_delivery(engine, row, until()), report)
            yield from between()
        on_calendar = yield from all_rows(engine, "posts", where={"state": _CALENDAR_STATES})
        for rows in _batches(on_calendar):
            for row in rows:
                yield from _or_report(row.stream, _move_post(engine, row, until()), report)
            yield from between()
    for streams in _batches(sorted({row.stream for row in posts} | unsent)):
        yield from _reevaluate_batch(engine, streams, until(), report)
        yield from between()
    done = [Event(ORGANIZATION, Actor.TIMER, OrganizationReevaluated(tzdata=tzdata_version()))]
    if state.versions[RUNTIME_STATE]:
        done.append(Event(RUNTIME_STATE, Actor.TIMER, RuntimeStateReevaluated()))
    yield from engine.append(state, done, [], at=until())


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _or_report(
    stream: str, effects: Effects[None], report: Callable[[str, str], None]
) -> Effects[None]:
    """Process a stream, or report that it is damaged."""
    try:
        yield from effects
    except CorruptJournalError as error:
        report(stream, str(error))


def _reevaluate_batch(
    engine: Engine,
    streams: Sequence[str],
    now: dt.datetime,
    report: Callable[[str, str], None],
) -> Effects[None]:
    """Reevaluate several posts with one append."""
    state = yield from engine.state()
    events: list[Event] = []
    changed: list[Loaded] = []
    for stream in streams:
        try:
            loaded = yield from engine.load(stream)
            deliveries = yield from engine.deliveries(loaded.snapshot.post)
        except CorruptJournalError as error:
            report(stream, str(error))
            continue
        context = engine.post_context(
            state,
            Actor.TIMER,
            loaded.snapshot,
            now=now,
            deliveries=[delivery.snapshot for delivery in deliveries],
        )
        own = (*record_outdated(loaded.snapshot, context), *reevaluate(loaded.snapshot, context))
        if own:
            events += own
            changed += [loaded, *deliveries]
    if not events:
        return
    try:
        yield from engine.append(state, events, changed, at=now)
    except ConflictError:
        # One of the posts changed in the meantime, so each post is now reevaluated separately.
        for stream in streams:
            alone = run_timers(engine, stream, now=now, only_reevaluate=True)
            yield from _or_report(stream, alone, report)


def run_timers(
    engine: Engine, stream: str, *, now: dt.datetime, only_reevaluate: bool = False
) -> Effects[None]:
    """
    Fire a post's due timers (reminders, escalations, expiry), and then reevaluate the post.

    Args:
        engine: The desk's engine.
        stream: The post's stream.
        now: The current instant, according to the desk's clock.
        only_reevaluate: Whether to reevaluate the post without firing timers.
    """

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        snapshot: PostSnapshot = loaded.snapshot
        deliveries = yield from engine.deliveries(snapshot.post)
        context = engine.post_context(
            state,
            Actor.TIMER,
            snapshot,
            now=now,
            deliveries=[delivery.snapshot for delivery in deliveries],
        )
        events = () if only_reevaluate else fire_due(snapshot, context)
        events = events or (*record_outdated(snapshot, context), *reevaluate(snapshot, context))
        if events:
            loads = [loaded, *deliveries]
            yield from engine.append(state, events, loads, at=now, salt=snapshot.post.salt)

    yield from engine.retry(attempt)


def _move_delivery(engine: Engine, row: Row, now: dt.datetime) -> Effects[None]:
    """Move an unsent delivery if new time zone data change the instant of its local time."""

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(row.stream)
        old, new = instant_of(row.columns["at"]), loaded.snapshot.at.instant
        if old == new or loaded.snapshot.state.value not in _UNSENT_STATES:
            return
        data = ev.DeliveryRescheduled(before=old, after=new, tzdata=tzdata_version())
        event = Event(row.stream, Actor.TIMER, data)
        yield from engine.append(state, [event], [loaded], at=now)

    yield from engine.retry(attempt)


def _move_post(engine: Engine, row: Row, now: dt.datetime) -> Effects[None]:
    """Rewrite a post's rows if new time zone data change the instants of its local times."""

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(row.stream)
        snapshot: PostSnapshot = loaded.snapshot
        (new,) = (new for new in rows_of(row.stream, snapshot) if new.projection == "posts")
        if new.columns["planned_at"] == row.columns["planned_at"]:
            return
        request = snapshot.request
        data = ev.PostReevaluated(
            open_steps=tuple(clock.key for clock in request.clocks) if request else (),
            wake_at=request.wake_at if request else None,
        )
        event = Event(row.stream, Actor.TIMER, data)
        yield from engine.append(state, [event], [loaded], at=now, salt=snapshot.post.salt)

    yield from engine.retry(attempt)

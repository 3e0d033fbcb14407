"""Reckon anew what waits, after an adoption, an absence, or other rules of time zones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from socialcollab.content import DeliveryState, PostState
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.journal.organization_events import OrganizationReevaluated
from socialcollab.desk.journal.projections import rows_of
from socialcollab.desk.journal.snapshots import ORGANIZATION, RUNTIME_STATE
from socialcollab.desk.queries.calendar import all_rows, instant
from socialcollab.effects import Effects
from socialcollab.errors import ConflictError
from socialcollab.stores import Row
from socialcollab.time import tzdata_version
from socialcollab.workflow import Actor, Context, PostSnapshot, fire_due, outdated, reevaluate
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import Event, RuntimeStateReevaluated

T = TypeVar("T")

_CALENDAR_STATES = tuple(
    state.value for state in PostState if state not in (PostState.REJECTED, PostState.CANCELLED)
)
_TRIES = 5
_BATCH: Final = 20
"""How many are reckoned anew before what has fallen due meanwhile is done."""
_WAITING = (DeliveryState.WAITING.value, DeliveryState.MISSED.value)


def replan_what_waits(
    engine: Engine,
    *,
    until: Callable[[], dt.datetime],
    between: Callable[[], Effects[None]],
) -> Effects[str]:
    """
    Reckon anew what waits if anything says that it has to be.

    A worker whose zone data are older than those the journal was reckoned with
    leaves that to others.

    Args:
        engine: The shell's working parts.

        until: Returns the plan's instant.

        between: Does what has fallen due meanwhile; called again and again, so
            that much to reckon makes no delivery late. Nothing leaves under
            rules that are no more: each is judged by those in force then.

    Returns:
        What keeps this worker from it, or an empty text.
    """
    organization = yield from engine.load(ORGANIZATION)
    facts = yield from engine.load(RUNTIME_STATE)
    ours, theirs = tzdata_version(), organization.snapshot.tzdata
    if theirs > ours:
        return (
            f"the zone data of this worker, {ours}, are older than {theirs}, with which the"
            " journal was reckoned; update the package `tzdata`"
        )
    stale = organization.snapshot.stale_since or (facts.snapshot and facts.snapshot.stale_since)
    if stale or theirs != ours:
        # Each piece makes its own attempts; a rule that changes meanwhile leaves
        # its mark, and the whole is done again.
        for _ in range(_TRIES):
            try:
                yield from _all(engine, until, between, moved=theirs != ours)
            except ConflictError:
                continue
            break
    return ""


def _all(
    engine: Engine,
    until: Callable[[], dt.datetime],
    between: Callable[[], Effects[None]],
    *,
    moved: bool,
) -> Effects[None]:
    yield from between()
    # What is read here is expected to stand when the end is stored.
    state = yield from engine.state()
    posts = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    deliveries = yield from all_rows(engine, "deliveries", where={"state": _WAITING})
    waiting = {f"post/{row.columns['post']}" for row in deliveries}
    if moved:
        # The soonest first: one whose time lies earlier now may be due.
        for batch in _batches(deliveries):
            for row in batch:
                yield from _move_delivery(engine, row, until())
            yield from between()
        on_calendar = yield from all_rows(engine, "posts", where={"state": _CALENDAR_STATES})
        for batch in _batches(on_calendar):
            for row in batch:
                yield from _move_post(engine, row, until())
            yield from between()
    for streams in _batches(sorted({row.stream for row in posts} | waiting)):
        yield from _reevaluate(engine, streams, until())
        yield from between()
    done = [
        Event(ORGANIZATION, Actor.TIMER, OrganizationReevaluated(tzdata=tzdata_version())),
    ]
    if state.versions[RUNTIME_STATE]:
        done.append(Event(RUNTIME_STATE, Actor.TIMER, RuntimeStateReevaluated()))
    yield from engine.append(state, done, [], at=until())


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _reevaluate(engine: Engine, streams: Sequence[str], now: dt.datetime) -> Effects[None]:
    """Reckon several posts anew, with one append."""
    state = yield from engine.state()
    events: list[Event] = []
    touched: list[Loaded] = []
    for stream in streams:
        loaded = yield from engine.load(stream)
        context = _context(engine, state, loaded, now)
        found = (*outdated(loaded.snapshot, context), *reevaluate(loaded.snapshot, context))
        if found:
            events += found
            touched.append(loaded)
    if not events:
        return
    try:
        yield from engine.append(state, events, touched, at=now)
    except ConflictError:
        # One of them changed meanwhile: each has its own attempts then.
        for stream in streams:
            yield from look(engine, stream, now=now, only_replan=True)


def _context(engine: Engine, state: State, loaded: Loaded, now: dt.datetime) -> Context:
    snapshot: PostSnapshot = loaded.snapshot
    return engine.context(
        state,
        Actor.TIMER,
        now=now,
        content=snapshot.post.content,
        workspace=snapshot.post.workspace,
        snapshot=snapshot,
    )


def look(
    engine: Engine, stream: str, *, now: dt.datetime, only_replan: bool = False
) -> Effects[None]:
    """
    Let happen to a post what is due: reminders, escalations, lapses, expiry.

    Args:
        engine: The shell's working parts.

        stream: The post's stream.

        now: The plan's instant.

        only_replan: Whether to reckon its deadlines anew and nothing else.
    """

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        snapshot = loaded.snapshot
        context = _context(engine, state, loaded, now)
        events = () if only_replan else fire_due(snapshot, context)
        events = events or (*outdated(snapshot, context), *reevaluate(snapshot, context))
        if events:
            yield from engine.append(state, events, [loaded], at=now, salt=snapshot.post.salt)

    yield from engine.again(attempt)


def _move_delivery(engine: Engine, row: Row, now: dt.datetime) -> Effects[None]:
    def attempt() -> Effects[None]:
        state: State = yield from engine.state()
        loaded = yield from engine.load(row.stream)
        was, due = instant(row.columns["at"]), loaded.snapshot.at.instant
        if was == due or loaded.snapshot.state.value not in _WAITING:
            return
        data = ev.DeliveryRescheduled(was=was, now=due, tzdata=tzdata_version())
        event = Event(row.stream, Actor.TIMER, data)
        yield from engine.append(state, [event], [loaded], at=now)

    yield from engine.again(attempt)


def _move_post(engine: Engine, row: Row, now: dt.datetime) -> Effects[None]:
    """Have a post's rows written anew where its times mean other instants now."""

    def attempt() -> Effects[None]:
        state: State = yield from engine.state()
        loaded = yield from engine.load(row.stream)
        (fresh,) = (
            one for one in rows_of(row.stream, loaded.snapshot) if one.projection == "posts"
        )
        if fresh.columns["planned_at"] == row.columns["planned_at"]:
            return
        request = loaded.snapshot.request
        data = ev.PostReevaluated(
            open=tuple(clock.key for clock in request.clocks) if request else (),
            wake_at=request.wake_at if request else None,
        )
        event = Event(row.stream, Actor.TIMER, data)
        yield from engine.append(state, [event], [loaded], at=now, salt=loaded.snapshot.post.salt)

    yield from engine.again(attempt)

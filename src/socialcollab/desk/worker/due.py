"""Do the work that is due: remind, escalate, expire, publish, close digests, delete media."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery
from socialcollab.desk.engine import Engine
from socialcollab.desk.inbox.moderation import work_on_item
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE, kind_of
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.calendar import all_rows, instant_of
from socialcollab.desk.queries.notifications import close_digest
from socialcollab.desk.worker.reevaluation import reevaluate_if_stale, run_timers
from socialcollab.effects import Effects, call, call_cancellable
from socialcollab.errors import CorruptJournalError, SocialCollabError, StoreError
from socialcollab.stores import Row, microseconds
from socialcollab.time import as_utc
from socialcollab.workflow import Actor, announce_expiry
from socialcollab.workflow.events import Event, MediaDeleted

_PAGE = 50


@attrs.frozen(kw_only=True)
class DueReport(NotebookMixin):
    """
    The results of one run.

    Attributes:
        at: The instant up to which work was due, according to the desk's clock.
        worked: The names of the streams that the run processed, in order.
        states: The state of each processed delivery after the run, by the delivery's id;
            `Desk.delivery` returns the delivery.
        left: The number of due streams that were not processed because the time budget was used up
            or the run was stopped. The next run processes them.
        problems: The names of the streams that require a person's attention, each with the reason,
            such as a profile with no network or a post that was published twice. A problem with one
            stream does not prevent the run from processing the other streams.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    at: dt.datetime
    worked: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    left: int = 0

    def count(self, state: str) -> int:
        """Return the number of processed deliveries that are in *state* after the run."""
        return sum(1 for _, value in self.states if value == state)


@attrs.frozen(kw_only=True)
class DueWork:
    """
    A piece of work that is due but not done.

    Attributes:
        stream: The name of the stream that the work concerns, such as ``delivery/`` followed by the
            delivery's id.
        at: The instant at which the work became due, in UTC.
        kind: The kind of work, such as "send" or "timers".
        waits_for_member: Whether a worker cannot do the work before a member acts, for example by
            signing in to a network or by ending a hold.
    """

    stream: str
    at: dt.datetime
    kind: str
    waits_for_member: bool = False


def run_due(
    engine: Engine,
    publisher: Publisher,
    *,
    now: dt.datetime | None,
    worker: str,
    lease_s: float,
    budget_s: float | None = None,
    stop: Callable[[], bool] | None = None,
) -> Effects[DueReport]:
    """
    Do all work that is due, processing each stream once.

    Any number of workers may run at the same time. Leases prevent two workers from processing the
    same stream. If a lease fails, the append detects the conflict by the expected versions.

    Args:
        engine: The desk's engine.
        publisher: The publisher, which carries out deliveries.
        now: The instant up to which work is due, according to the desk's clock. If None, the clock
            is read again during the run.
        worker: This worker's name.
        lease_s: The number of seconds for which other workers skip a stream that this worker has
            claimed.
        budget_s: The time in seconds after which the run does not start any more work, or None.
        stop: Returns whether the run must not start any more work; None if it is never stopped.
    """
    run = _Run(
        engine=engine,
        publisher=publisher,
        fixed=now,
        at=engine.now() if now is None else now,
        worker=worker,
        lease_s=lease_s,
        ends_at=None if budget_s is None else publisher.dispatcher.monotonic() + budget_s,
        stop=stop or (lambda: False),
    )
    try:
        problem = yield from reevaluate_if_stale(
            engine,
            until=run.until,
            between=run.do_due_before_reevaluation,
            report=run.report,
        )
    except StoreError:
        raise
    except SocialCollabError as error:
        # The next run retries the reevaluation. Other due work must not wait for it.
        problem = str(error)
    if problem:
        run.report(ORGANIZATION, problem)
    yield from run.do_due()
    return DueReport(
        at=run.at,
        worked=tuple(run.worked),
        states=tuple(run.states.items()),
        problems=tuple(run.problems),
        left=(yield from run.count_left()),
    )


@attrs.define(kw_only=True)
class _Run:
    """The progress of one run; *fixed* is the caller's instant, or None."""

    engine: Engine
    publisher: Publisher
    fixed: dt.datetime | None
    at: dt.datetime
    worker: str
    lease_s: float
    ends_at: float | None = None
    stop: Callable[[], bool]
    spent: bool = False
    worked: dict[str, None] = attrs.field(factory=dict)
    states: dict[str, str] = attrs.field(factory=dict)
    problems: list[tuple[str, str]] = attrs.field(factory=list)
    done: set[str] = attrs.field(factory=lambda: {ORGANIZATION, RUNTIME_STATE})

    def until(self) -> dt.datetime:
        """Return the instant up to which this run does work; it never decreases."""
        if self.fixed is None:
            self.at = max(self.at, self.engine.now())
        return self.at

    def do_due_before_reevaluation(self) -> Effects[None]:
        """Do work that is due before all posts have been reevaluated."""
        yield from self.do_due(reevaluated=False)

    def do_due(self, *, reevaluated: bool = True) -> Effects[None]:
        """Do due work that this run has not done yet, starting with deliveries."""
        engine = self.engine
        skipped = 0
        while True:
            now = self.until()
            limit = _PAGE + skipped
            rows = yield from call(
                engine.store.due,
                before=now,
                now=as_utc(engine.real_clock()),
                limit=limit,
                worker=self.worker,
                lease_s=self.lease_s,
            )
            new = [row for row in rows if row.stream not in self.done]
            for row in (yield from self._in_order(new)):
                if self._is_spent():
                    break
                # Earlier work of this page may have taken minutes.
                yield from self._work(row, self.until(), reevaluated=reevaluated)
            yield from call(engine.store.release, rows, worker=self.worker)
            if self.spent or (not new and len(rows) < limit):
                return
            # Streams that stay due after they were processed would fill the page, so the next read
            # is larger.
            skipped = len(rows) - len(new)

    def _in_order(self, rows: Sequence[Row]) -> Effects[list[Row]]:
        """Return the deliveries in the order in which they fell due, followed by everything else."""
        deliveries: list[tuple[dt.datetime, str, Row]] = []
        others: list[Row] = []
        for row in rows:
            planned = instant_of(row.columns["at"])
            if kind_of(row.stream) != "delivery":
                others.append(row)
                continue
            # Late deliveries that are spread over time stay in the order of their planned times.
            with suppress(CorruptJournalError):
                delivery = (yield from self.engine.load(row.stream)).snapshot
                planned = delivery.at.instant if delivery.problem == "paced" else planned
            deliveries.append((planned, row.key, row))
        return [row for _, _, row in sorted(deliveries, key=lambda item: item[:2])] + others

    def _is_spent(self) -> bool:
        """
        Return whether the run must not start any more work.

        This is the case if it was stopped, or if its time budget is used up and at least one piece
        of work is done.
        """
        clock = self.publisher.dispatcher.monotonic
        late = self.ends_at is not None and bool(self.worked) and clock() >= self.ends_at
        self.spent = late or self.stop()
        return self.spent

    def count_left(self) -> Effects[int]:
        """Return the number of due streams that were not processed."""
        if not self.spent:
            return 0
        rows = yield from all_rows(self.engine, "due", before=microseconds(self.at) + 1)
        return len({row.stream for row in rows} - self.done)

    def _work(self, row: Row, now: dt.datetime, *, reevaluated: bool) -> Effects[None]:
        engine = self.engine
        self.done.add(row.stream)
        self.worked[row.stream] = None
        kind, _, name = row.stream.partition("/")
        try:
            if kind == "post":
                yield from _delete_leftover_media(engine, row.stream, now=now)
                if not reevaluated:
                    # The new rules may open a step whose timers are already due.
                    yield from run_timers(engine, row.stream, now=now, only_reevaluate=True)
                yield from run_timers(engine, row.stream, now=now)
            elif kind == "connection":
                yield from _announce_expiry(engine, row.stream, now=now)
            elif kind in ("conversation", "case"):
                failed = yield from work_on_item(self.publisher.dispatcher, row.stream, now=now)
                self.problems += [(row.stream, problem) for problem in failed]
            elif kind == "digest":
                yield from close_digest(engine, row.stream, now=now)
            else:
                problems = yield from self.publisher.work(name, now=now)
                self.problems += [(row.stream, problem) for problem in problems]
                delivery = (yield from engine.load(row.stream)).snapshot
                self.states[name] = delivery.state.value
        except CorruptJournalError as error:
            # Damage to one stream or one image must not prevent other deliveries from being sent.
            self.report(row.stream, str(error))
        except StoreError:
            raise
        except SocialCollabError as error:
            self.report(row.stream, str(error))

    def report(self, stream: str, problem: str) -> None:
        """Add a problem with a stream to the report."""
        self.problems.append((stream, problem))


def _delete_leftover_media(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[None]:
    """
    Delete the media of an erased post, except those that another post uses.

    If a worker stops halfway, the post stays due and the next worker starts again. Deleting media
    that are already deleted has no effect.
    """

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        digests = set(loaded.snapshot.post.leftover_media)
        if not digests:
            return
        for digest in sorted(digests):
            used = yield from call(engine.store.query, "media", where={"digest": digest}, limit=1)
            if not used:
                yield from call_cancellable(engine.media.delete, digest)
        deleted = Event(stream, Actor.TIMER, MediaDeleted())
        yield from engine.append(state, [deleted], [loaded], at=now)

    yield from engine.retry(attempt)


def _announce_expiry(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[None]:
    """Warn the members who can connect a profile that its connection expires."""

    def attempt() -> Effects[None]:
        state = yield from engine.state()
        loaded = yield from engine.load(stream)
        context = engine.context(state, Actor.TIMER, now=now)
        events = announce_expiry(loaded.snapshot, context)
        if events:
            yield from engine.append(state, events, [loaded], at=now)

    yield from engine.retry(attempt)


def next_due(engine: Engine, *, after: dt.datetime | None) -> Effects[dt.datetime | None]:
    """Return the instant at which work is next due, optionally *after* an instant, or None."""
    start = None
    if after is not None:
        start = Row("due", "", "due", {"at": microseconds(after) + 1, "kind": ""})
    rows = yield from call(engine.store.query, "due", after=start, limit=1)
    return instant_of(rows[0].columns["at"]) if rows else None


def due_work(engine: Engine, *, before: dt.datetime) -> Effects[tuple[DueWork, ...]]:
    """Return the work that was due before an instant but is not done, earliest first."""
    rows = yield from all_rows(engine, "due", before=microseconds(before))
    if not rows:
        return ()
    state = yield from engine.state()
    now = engine.now()
    profiles = state.organization.profiles_by_id
    holds = [hold for hold in state.holds.holds if hold.is_active(now)]
    work = []
    for row in rows:
        waits = False
        if kind_of(row.stream) == "delivery":
            with suppress(CorruptJournalError):
                delivery: Delivery = (yield from engine.load(row.stream)).snapshot
                profile = profiles.get(delivery.profile)
                waits = bool(delivery.attention) or (
                    profile is not None and any(hold.on.matches_profile(profile) for hold in holds)
                )
        work.append(
            DueWork(
                stream=row.stream,
                at=instant_of(row.columns["at"]),
                kind=str(row.columns["kind"]),
                waits_for_member=waits,
            )
        )
    return tuple(work)


def reconcile(
    engine: Engine, publisher: Publisher, name: str, *, now: dt.datetime
) -> Effects[tuple[Delivery, ...]]:
    """
    Look up the outcome of a delivery on the network, or of all deliveries of a post.

    Raises:
        NotFoundError: If there is neither a delivery nor a post with that id.
    """
    if (yield from engine.load(f"delivery/{name}")).snapshot is not None:
        names: tuple[str, ...] = (name,)
    else:
        names = (yield from engine.post(name)).snapshot.post.deliveries
    deliveries = []
    for delivery in names:
        yield from publisher.reconcile(delivery, now, at_once=True)
        deliveries.append((yield from engine.load(f"delivery/{delivery}")).snapshot)
    return tuple(deliveries)

"""Do the work that is due: remind, escalate, expire, publish, close digests, delete media."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE, kind_of
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.calendar import instant_of
from socialcollab.desk.queries.notifications import close_digest
from socialcollab.desk.worker.reevaluation import reevaluate_if_stale, run_timers
from socialcollab.effects import Effects, call, call_cancellable
from socialcollab.errors import CorruptJournalError, SocialCollabError, StoreError
from socialcollab.stores import Row, microseconds
from socialcollab.time import as_utc
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event, MediaDeleted

_PAGE = 50


@attrs.frozen(kw_only=True)
class DueReport(NotebookMixin):
    """
    What one run did.

    Attributes:
        at: The instant up to which work was due, by the desk's clock.
        worked: The streams that were worked on, in order.
        states: The state of each delivery among them afterwards.
        problems: The streams that need a person, each with the reason, such as a profile without a
            network, or a post that was published twice. They did not keep the run from the rest.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    at: dt.datetime
    worked: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def count(self, state: str) -> int:
        """Return the number of deliveries in *state* afterwards."""
        return sum(1 for _, value in self.states if value == state)


def run_due(
    engine: Engine,
    publisher: Publisher,
    *,
    now: dt.datetime | None,
    worker: str,
    lease_s: float,
) -> Effects[DueReport]:
    """
    Do all work that is due, each piece once.

    Any number of workers may run at once. Leases keep two of them from working on the same stream;
    where a lease fails, the expected versions of the append do.

    Args:
        engine: The desk's engine.
        publisher: Carries out deliveries.
        now: The instant up to which work is due, by the desk's clock; None to read the clock, which
            goes on while the run works.
        worker: This worker's name.
        lease_s: How long other workers leave a stream alone that this one has taken, in seconds.
    """
    run = _Run(
        engine=engine,
        publisher=publisher,
        fixed=now,
        at=engine.now() if now is None else now,
        worker=worker,
        lease_s=lease_s,
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
        # The next run tries again; what is due does not wait for that.
        problem = str(error)
    if problem:
        run.report(ORGANIZATION, problem)
    yield from run.do_due()
    return DueReport(
        at=run.at,
        worked=tuple(run.worked),
        states=tuple(run.states.items()),
        problems=tuple(run.problems),
    )


@attrs.define(kw_only=True)
class _Run:
    """The progress of one run; *fixed* is the instant that the caller gave, if any."""

    engine: Engine
    publisher: Publisher
    fixed: dt.datetime | None
    at: dt.datetime
    worker: str
    lease_s: float
    worked: dict[str, None] = attrs.field(factory=dict)
    states: dict[str, str] = attrs.field(factory=dict)
    problems: list[tuple[str, str]] = attrs.field(factory=list)
    done: set[str] = attrs.field(factory=lambda: {ORGANIZATION, RUNTIME_STATE})

    def until(self) -> dt.datetime:
        """Return the instant up to which work is due; it never goes back."""
        if self.fixed is None:
            self.at = max(self.at, self.engine.now())
        return self.at

    def do_due_before_reevaluation(self) -> Effects[None]:
        """Do what is due while other posts have not been reevaluated yet."""
        yield from self.do_due(reevaluated=False)

    def do_due(self, *, reevaluated: bool = True) -> Effects[None]:
        """Do what is due and was not done in this run; deliveries come before everything else."""
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
            for row in sorted(new, key=lambda row: kind_of(row.stream) != "delivery"):
                yield from self._work(row, now, reevaluated=reevaluated)
            yield from call(engine.store.release, rows, worker=self.worker)
            if not new and len(rows) < limit:
                return
            # Streams that stay due after their work must not hide the others: read more next time.
            skipped = len(rows) - len(new)

    def _work(self, row: Row, now: dt.datetime, *, reevaluated: bool) -> Effects[None]:
        engine = self.engine
        self.done.add(row.stream)
        self.worked[row.stream] = None
        kind, _, name = row.stream.partition("/")
        try:
            if kind == "post":
                yield from _delete_leftover_media(engine, row.stream, now=now)
                if not reevaluated:
                    # The new rules may open a step whose timers are due at once.
                    yield from run_timers(engine, row.stream, now=now, only_reevaluate=True)
                yield from run_timers(engine, row.stream, now=now)
            elif kind == "digest":
                yield from close_digest(engine, row.stream, now=now)
            else:
                problems = yield from self.publisher.work(name, now=now)
                self.problems += [(row.stream, problem) for problem in problems]
                delivery = (yield from engine.load(row.stream)).snapshot
                self.states[name] = delivery.state.value
        except CorruptJournalError as error:
            # The damage of one stream, or of one image, must not keep the others from being sent.
            self.report(row.stream, str(error))
        except StoreError:
            raise
        except SocialCollabError as error:
            self.report(row.stream, str(error))

    def report(self, stream: str, problem: str) -> None:
        """Add a problem of a stream to the report."""
        self.problems.append((stream, problem))


def _delete_leftover_media(engine: Engine, stream: str, *, now: dt.datetime) -> Effects[None]:
    """
    Delete the media of an erased post, except those that another post uses.

    A worker that stops half-way leaves the post due, and the next one starts again: deleting media
    that are deleted already does nothing.
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


def next_due(engine: Engine, *, after: dt.datetime | None) -> Effects[dt.datetime | None]:
    """Return the instant of the first due work, or of the first *after* an instant, or None."""
    start = None
    if after is not None:
        start = Row("due", "", "due", {"at": microseconds(after) + 1, "kind": ""})
    rows = yield from call(engine.store.query, "due", after=start, limit=1)
    return instant_of(rows[0].columns["at"]) if rows else None


def reconcile(
    engine: Engine, publisher: Publisher, name: str, *, now: dt.datetime
) -> Effects[tuple[Delivery, ...]]:
    """
    Look up the outcome of a delivery on the network, or of all deliveries of a post.

    Raises:
        NotFoundError: If there is neither a delivery nor a post of that id.
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

"""Let time pass: remind, escalate, expire, publish, and close digests, as each is due."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.snapshots import ORGANIZATION, RUNTIME_STATE
from socialcollab.desk.publishing.publisher import Publisher
from socialcollab.desk.queries.calendar import instant
from socialcollab.desk.queries.notifications import close_digest
from socialcollab.desk.worker.media_cleanup import clear_media
from socialcollab.desk.worker.reevaluation import look, replan_what_waits
from socialcollab.effects import Effects, call
from socialcollab.errors import SocialCollabError, StoreError
from socialcollab.stores import Row, microseconds
from socialcollab.time import as_utc

_PAGE = 50


@attrs.frozen(kw_only=True)
class DueReport(NotebookMixin):
    """
    What one run over the due work did.

    Attributes:
        at: The plan's instant up to which work was due.

        worked: What was worked on: streams, in order.

        states: The state in which each delivery among them was left.

        problems: Streams that a person has to look at, each with the reason,
            such as a profile that no network is given for, or a post that is
            out twice; others went on.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    at: dt.datetime
    worked: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def count(self, state: str) -> int:
        """Return how many deliveries were left in *state*."""
        return sum(1 for _, left in self.states if left == state)


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

    Any number of workers may do so at once; leases keep them from working on
    the same thing, and the journal keeps them right where leases do not.

    Args:
        engine: The shell's working parts.

        publisher: Carries deliveries out.

        now: The plan's instant up to which work is due; None for the clock's,
            which goes on while it runs.

        worker: Who does it.

        lease_s: How long others leave alone what is taken up.
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
        kept_from = yield from replan_what_waits(engine, until=run.until, between=run.meanwhile)
    except StoreError:
        raise
    except SocialCollabError as error:
        # It is tried again at the next run; what is due goes on meanwhile.
        kept_from = str(error)
    if kept_from:
        run.problems.append((ORGANIZATION, kept_from))
    yield from run.what_is_due()
    return DueReport(
        at=run.at,
        worked=tuple(run.worked),
        states=tuple(run.states.items()),
        problems=tuple(run.problems),
    )


@attrs.define(kw_only=True)
class _Run:
    """One run over the due work: what it has done so far."""

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
        """Return the plan's instant up to which work is due; it never goes back."""
        if self.fixed is None:
            self.at = max(self.at, self.engine.now())
        return self.at

    def meanwhile(self) -> Effects[None]:
        """Do what is due while other things are still to be reckoned anew."""
        yield from self.what_is_due(reckoned=False)

    def what_is_due(self, *, reckoned: bool = True) -> Effects[None]:
        """Do what is due and has not been done in this run, deliveries before the rest."""
        engine = self.engine
        left = 0
        while True:
            now = self.until()
            limit = _PAGE + left
            rows = yield from call(
                engine.store.due,
                before=now,
                now=as_utc(engine.real_clock()),
                limit=limit,
                worker=self.worker,
                lease_s=self.lease_s,
            )
            fresh = [row for row in rows if row.stream not in self.done]
            for row in sorted(fresh, key=_is_no_delivery):
                yield from self._work(row, now, reckoned=reckoned)
            yield from call(engine.store.release, rows, worker=self.worker)
            if not fresh and len(rows) < limit:
                return
            # Room for what stays due whatever is done: it is not to hide the rest.
            left = len(rows) - len(fresh)

    def _work(self, row: Row, now: dt.datetime, *, reckoned: bool) -> Effects[None]:
        engine = self.engine
        self.done.add(row.stream)
        self.worked[row.stream] = None
        kind, _, name = row.stream.partition("/")
        try:
            if kind == "post":
                yield from clear_media(engine, row.stream, now=now)
                if not reckoned:
                    # What other rules let open may be overdue as it opens.
                    yield from look(engine, row.stream, now=now, only_replan=True)
                yield from look(engine, row.stream, now=now)
            elif kind == "digest":
                yield from close_digest(engine, row.stream, now=now)
            else:
                found = yield from self.publisher.work(name, now=now)
                self.problems += [(row.stream, problem) for problem in found]
                left = yield from engine.load(row.stream)
                self.states[name] = left.snapshot.state.value
        except StoreError:
            raise
        except SocialCollabError as error:
            self.problems.append((row.stream, str(error)))


def _is_no_delivery(row: Row) -> bool:
    return not row.stream.startswith("delivery/")


def next_due(engine: Engine, *, after: dt.datetime | None) -> Effects[dt.datetime | None]:
    """Return the instant of the first due work, of all or *after* an instant, or None."""
    start = None
    if after is not None:
        start = Row("due", "", "due", {"at": microseconds(after) + 1, "kind": ""})
    rows = yield from call(engine.store.query, "due", after=start, limit=1)
    return instant(rows[0].columns["at"]) if rows else None


def reconcile(
    engine: Engine, publisher: Publisher, name: str, *, now: dt.datetime
) -> Effects[tuple[Delivery, ...]]:
    """
    Look now what became of a delivery, or of all deliveries of a post.

    Raises:
        NotFoundError: If there is neither of that id.
    """
    delivery = yield from engine.load(f"delivery/{name}")
    if delivery.snapshot is not None:
        names: tuple[str, ...] = (name,)
    else:
        names = (yield from engine.post(name)).snapshot.post.deliveries
    found = []
    for one in names:
        yield from publisher.look(one, now, at_once=True)
        found.append((yield from engine.load(f"delivery/{one}")).snapshot)
    return tuple(found)

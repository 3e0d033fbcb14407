"""Let time pass: expire what was not signed off, publish what is due."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.desk.engine import Engine
from socialcollab.desk.planning import instant
from socialcollab.desk.publisher import Publisher
from socialcollab.desk.steps import Steps, ask
from socialcollab.errors import SocialCollabError, StoreError
from socialcollab.time import as_utc
from socialcollab.workflow import Actor, expire

__all__ = ["DueReport", "next_due", "run_due"]

_PAGE = 50


@attrs.frozen(kw_only=True)
class DueReport:
    """
    What one run over the due work did.

    Attributes:
        at: The plan's instant up to which work was due.

        worked: What was worked on: streams, in order.

        states: The state in which each delivery among them was left.

        problems: Streams that could not be worked on, each with the reason,
            such as a profile that no network is given for; others went on.
    """

    at: dt.datetime
    worked: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def count(self, state: str) -> int:
        """Return how many deliveries were left in *state*."""
        return sum(1 for _, left in self.states if left == state)


def run_due(
    engine: Engine, publisher: Publisher, *, now: dt.datetime, worker: str, lease_s: float
) -> Steps[DueReport]:
    """
    Do all work that is due at *now*, each piece once.

    Any number of workers may do so at once; leases keep them from working on
    the same thing, and the journal keeps them right where leases do not.
    """
    worked: list[str] = []
    states: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    seen: set[str] = set()
    while True:
        rows = yield from ask(
            engine.store.due,
            before=now,
            now=as_utc(engine.real_clock()),
            limit=_PAGE + len(seen),
            worker=worker,
            lease_s=lease_s,
        )
        fresh = [row for row in rows if row.stream not in seen]
        for row in fresh:
            seen.add(row.stream)
            worked.append(row.stream)
            kind, _, name = row.stream.partition("/")
            try:
                if kind == "post":
                    yield from _expire(engine, name, now=now)
                    continue
                yield from publisher.work(name, now=now)
            except StoreError:
                raise
            except SocialCollabError as error:
                problems.append((row.stream, str(error)))
                continue
            left = yield from engine.load(row.stream)
            states[name] = left.record.state.value
        yield from ask(engine.store.release, rows, worker=worker)
        if not fresh:
            return DueReport(
                at=now,
                worked=tuple(worked),
                states=tuple(states.items()),
                problems=tuple(problems),
            )


def next_due(engine: Engine) -> Steps[dt.datetime | None]:
    """Return the instant of the first due work, or None if there is none."""
    rows = yield from ask(engine.store.query, "due", limit=1)
    return instant(rows[0].columns["at"]) if rows else None


def _expire(engine: Engine, post: str, *, now: dt.datetime) -> Steps[None]:
    def attempt() -> Steps[None]:
        state = yield from engine.state()
        loaded = yield from engine.post(post)
        record = loaded.record
        context = engine.context(
            state,
            Actor.TIMER,
            now=now,
            content=record.post.content,
            workspace=record.post.workspace,
        )
        events = expire(record, context)
        if events:
            yield from engine.append(state, events, [loaded], at=now, salt=record.post.salt)

    yield from engine.again(attempt)

"""Let time pass: remind, escalate, expire, publish, and close digests, as each is due."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import attrs

from socialcollab.content import Delivery
from socialcollab.desk.clearing import clear_media
from socialcollab.desk.engine import Engine
from socialcollab.desk.notices import close_digest
from socialcollab.desk.planning import instant
from socialcollab.desk.publisher import Publisher
from socialcollab.desk.replanning import look, replan_what_waits
from socialcollab.desk.steps import Steps, ask
from socialcollab.desk.streams import FACTS, ORGANIZATION
from socialcollab.errors import SocialCollabError, StoreError
from socialcollab.showing import card, moment, rows, state_badge
from socialcollab.time import as_utc

__all__ = ["DueReport", "next_due", "reconcile", "run_due"]

_PAGE = 50


@attrs.frozen(kw_only=True)
class DueReport:
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

    at: dt.datetime
    worked: tuple[str, ...] = ()
    states: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def count(self, state: str) -> int:
        """Return how many deliveries were left in *state*."""
        return sum(1 for _, left in self.states if left == state)

    def _repr_html_(self) -> str:
        left = Counter(state for _, state in self.states)
        return card(
            "Due work",
            rows(
                ["left", "deliveries"],
                [[state_badge(state), number] for state, number in sorted(left.items())],
            ),
            rows(["a person has to look at", "why"], self.problems),
            aside=f"until {moment(self.at)}, {len(self.worked)} worked on",
        )


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
    seen: set[str] = {ORGANIZATION, FACTS}
    try:
        kept_from = yield from replan_what_waits(engine, now=now)
    except StoreError:
        raise
    except SocialCollabError as error:
        # It is tried again at the next run; what is due goes on meanwhile.
        kept_from = str(error)
    if kept_from:
        problems.append((ORGANIZATION, kept_from))
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
                    yield from clear_media(engine, row.stream, now=now)
                    yield from look(engine, row.stream, now=now)
                elif kind == "digest":
                    yield from close_digest(engine, row.stream, now=now)
                else:
                    found = yield from publisher.work(name, now=now)
                    problems += [(row.stream, problem) for problem in found]
                    left = yield from engine.load(row.stream)
                    states[name] = left.record.state.value
            except StoreError:
                raise
            except SocialCollabError as error:
                problems.append((row.stream, str(error)))
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


def reconcile(
    engine: Engine, publisher: Publisher, name: str, *, now: dt.datetime
) -> Steps[tuple[Delivery, ...]]:
    """
    Look now what became of a delivery, or of all deliveries of a post.

    Raises:
        NotFoundError: If there is neither of that id.
    """
    delivery = yield from engine.load(f"delivery/{name}")
    if delivery.record is not None:
        names: tuple[str, ...] = (name,)
    else:
        names = (yield from engine.post(name)).record.post.deliveries
    found = []
    for one in names:
        yield from publisher.look(one, now, at_once=True)
        found.append((yield from engine.load(f"delivery/{one}")).record)
    return tuple(found)

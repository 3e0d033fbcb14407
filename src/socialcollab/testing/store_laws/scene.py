"""What the laws of stores act on: a fresh organization, and short ways to append to it."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import itertools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import attrs

from socialcollab.content import Json, canonical_json
from socialcollab.identifiers import uuid7
from socialcollab.stores import STORE_KEYS, BoundStore, Event, NewEvent, Projection, Row, Store

AT = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
SALT = bytes(range(16))

PROJECTIONS = (
    Projection("posts", ("state", "rank"), ("rank",)),
    Projection("due", ("at", "kind"), ("at",)),
    Projection("mixed", ("value", "second"), ("value", "second")),
)
"""The indexes that the laws need; declare them when a store under test is made."""

_numbers = itertools.count(1)
_Law = TypeVar("_Law", bound=Callable[..., Any])


def promise(number: str) -> Callable[[_Law], _Law]:
    """Say which promise of docs/contracts/stores.md a law holds a store to."""

    def mark(law: _Law) -> _Law:
        law.promise = number  # type: ignore[attr-defined]  # functions take attributes
        return law

    return mark


def reducer(stream: str, events: Sequence[Event]) -> tuple[bytes, tuple[Row, ...]]:
    """Reducer events as the laws write them: the record counts, the last body makes the rows."""
    return reduce_bodies(stream, [event.body for event in events])


def own(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return what of a body is not the store's."""
    return {name: value for name, value in body.items() if name not in STORE_KEYS}


def reduce_bodies(
    stream: str, bodies: Sequence[Mapping[str, Json]]
) -> tuple[bytes, tuple[Row, ...]]:
    """Reducer bodies that have not been appended yet, or have."""
    last = own(bodies[-1])
    snapshot = canonical_json({"count": len(bodies), "last": last})
    rows = []
    state, rank, due = last.get("state"), last.get("rank"), last.get("due")
    if isinstance(state, str):
        rows.append(Row("posts", stream, stream, {"state": state, "rank": _number(rank)}))
    if isinstance(due, int):
        rows.append(Row("due", stream, stream, {"at": due, "kind": "publish"}))
    return snapshot, tuple(rows)


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) else None


@attrs.define
class Scene:
    """
    A fresh organization of a store, and what the laws have appended to it.

    Attributes:
        journal: The organization's journal.

        bodies: The bodies appended so far, by stream.
    """

    journal: BoundStore
    bodies: dict[str, list[Mapping[str, Json]]] = attrs.field(factory=dict)

    def new(self, stream: str, body: Mapping[str, Json] | None = None, **fields: Any) -> NewEvent:
        """Make an event with a fresh id."""
        fields.setdefault("id", uuid7(AT, os.urandom(10)))
        return NewEvent(
            stream=stream, type="noted", at=AT, actor="member:ana", body=body or {}, **fields
        )

    def row(self, stream: str, state: str) -> Row:
        """Make a row of the stream in projection ``posts``."""
        return Row("posts", stream, stream, {"state": state, "rank": None})

    def version(self, stream: str) -> int:
        """Return the version that the laws have brought *stream* to."""
        return len(self.bodies.get(stream, ()))

    def put(
        self, *streams: str, body: Mapping[str, Json] | None = None, **expected_versions: int
    ) -> tuple[Event, ...]:
        """Append one event to each of *streams*, with folded records and rows."""
        events = [self.new(stream, body) for stream in streams]
        return self.append(events, expected_versions)

    def append(
        self, events: Sequence[NewEvent], expected_versions: Mapping[str, int] | None = None
    ) -> tuple[Event, ...]:
        """Append *events*, expecting their streams where they are, and *expected_versions* besides."""
        bodies = {e.stream: list(self.bodies.get(e.stream, ())) for e in events}
        wanted = {stream: len(before) for stream, before in bodies.items()}
        for event in events:
            bodies[event.stream].append(event.body)
        reduced = {stream: reduce_bodies(stream, after) for stream, after in bodies.items()}
        stored = self.journal.append(
            events,
            expected_versions={**wanted, **(expected_versions or {})},
            rows=[row for _, rows in reduced.values() for row in rows],
            snapshots={stream: snapshot for stream, (snapshot, _) in reduced.items()},
        )
        self.bodies.update(bodies)
        return stored

    def everything(self) -> object:
        """Read all that the journal answers, to compare before and after."""
        journal = self.journal
        return (
            journal.read_all(limit=10_000),
            [(name, journal.snapshot(name), journal.read(name)) for name in journal.streams()],
            [journal.query(projection.name, limit=10_000) for projection in PROJECTIONS],
        )


def scene(store: Store) -> Scene:
    """Return a scene in an organization that no law has used before."""
    return Scene(store.for_organization(f"kit-{os.getpid()}-{next(_numbers)}"))


@contextmanager
def _eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def anothers_turn() -> None:
    """Let other threads run, as they might at this very moment."""
    threading.Event().wait(0.001)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """
    Run each act in a thread of its own, all starting together.

    Returns:
        What each returned, or the error that it raised, in order.
    """
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[place] = act()
        except Exception as error:  # noqa: BLE001  # the law judges it
            results[place] = error

    threads = [
        threading.Thread(target=run, args=(place, act), daemon=True)
        for place, act in enumerate(acts)
    ]
    with _eager_switching():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "a call of the store never returned"
    return results

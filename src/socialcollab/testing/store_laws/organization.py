"""A fresh organization for each law, with short methods to append to its journal."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from socialcollab.content import Json, canonical_json
from socialcollab.identifiers import uuid7
from socialcollab.stores import STORE_KEYS, BoundStore, Event, NewEvent, Projection, Row, Store

AT = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
SALT = bytes(range(16))

PROJECTIONS = (
    Projection("posts", ("state", "rank"), ("rank",), ("state",)),
    Projection("due", ("at", "kind"), ("at",)),
    Projection("mixed", ("value", "second"), ("value", "second")),
    Projection("indexed", ("one", "two", "at"), ("at",), ("one", ("two", "one"))),
)
"""The projections that the laws need."""

EXACT_TEXTS = (
    "",
    "a",
    "A",
    " a",
    "a ",
    "a\t",
    "a\n",
    "a\r\n",
    "a\u00a0",
    "a\u200b",
    "\ufeffa",
    "01",
    "1",
    "1.0",
    "\u00e9",
    "e\u0301",
    "\u00c9",
    "\u00df",
    "ss",
    "\ufb01",
    "fi",
    "\u0131",
    "%",
    "_",
    "x" * 10_000,
    "x" * 9_999,
    "x" * 9_999 + "y",
)
"""Texts that a store could confuse: they differ in length, case, spaces or normal form."""

MANY = 1_500
"""More rows or events than many databases return in one page by default."""

_numbers = itertools.count(1)


def reducer(stream: str, events: Sequence[Event]) -> tuple[bytes, tuple[Row, ...]]:
    """Return a snapshot with the number of events and the last body, and the rows in that body."""
    return reduce_bodies(stream, [event.body for event in events])


def reduce_bodies(
    stream: str, bodies: Sequence[Mapping[str, Json]]
) -> tuple[bytes, tuple[Row, ...]]:
    """Return the result of `reducer` for events with these bodies."""
    last = own_keys(bodies[-1])
    snapshot = canonical_json({"count": len(bodies), "last": last})
    rows = []
    state, rank, due = last.get("state"), last.get("rank"), last.get("due")
    if isinstance(state, str):
        rank = rank if isinstance(rank, int) else None
        rows.append(Row("posts", stream, stream, {"state": state, "rank": rank}))
    if isinstance(due, int):
        rows.append(Row("due", stream, stream, {"at": due, "kind": "publish"}))
    return snapshot, tuple(rows)


def own_keys(body: Mapping[str, Json]) -> dict[str, Json]:
    """Return *body* without the keys that the store sets."""
    return {name: value for name, value in body.items() if name not in STORE_KEYS}


@attrs.define
class FreshOrganization:
    """
    A fresh organization in a store, and the events that a law has appended to it.

    Attributes:
        journal: The journal of the organization.
        bodies: The bodies of the events appended so far, by stream.
    """

    journal: BoundStore
    bodies: dict[str, list[Mapping[str, Json]]] = attrs.field(factory=dict)

    def new(self, stream: str, body: Mapping[str, Json] | None = None, **fields: Any) -> NewEvent:
        """Return a new event with a new id."""
        fields.setdefault("id", uuid7(AT, os.urandom(10)))
        return NewEvent(
            stream=stream, type="noted", at=AT, actor="member:ana", body=body or {}, **fields
        )

    def row(self, stream: str, state: str) -> Row:
        """Return a row of the stream in the ``posts`` projection."""
        return Row("posts", stream, stream, {"state": state, "rank": None})

    def version(self, stream: str) -> int:
        """Return the version of *stream* after the events appended so far."""
        return len(self.bodies.get(stream, ()))

    def put(
        self, *streams: str, body: Mapping[str, Json] | None = None, **expected_versions: int
    ) -> tuple[Event, ...]:
        """Append one event to each of *streams*, with the snapshots and rows of the reducer."""
        events = [self.new(stream, body) for stream in streams]
        return self.append(events, expected_versions)

    def append(
        self, events: Sequence[NewEvent], expected_versions: Mapping[str, int] | None = None
    ) -> tuple[Event, ...]:
        """Append *events*, expecting the current versions of their streams and *expected_versions*."""
        bodies = {e.stream: list(self.bodies.get(e.stream, ())) for e in events}
        present = {stream: len(before) for stream, before in bodies.items()}
        for event in events:
            bodies[event.stream].append(event.body)
        reduced = {stream: reduce_bodies(stream, after) for stream, after in bodies.items()}
        stored = self.journal.append(
            events,
            expected_versions={**present, **(expected_versions or {})},
            rows=[row for _, rows in reduced.values() for row in rows],
            snapshots={stream: snapshot for stream, (snapshot, _) in reduced.items()},
        )
        self.bodies.update(bodies)
        return stored

    def everything(self) -> object:
        """Return the complete content of the journal, for comparisons."""
        journal = self.journal
        return (
            journal.read_all(limit=10_000),
            [(name, journal.snapshot(name), journal.read(name)) for name in journal.streams()],
            [journal.query(projection.name, limit=10_000) for projection in PROJECTIONS],
        )


def fresh_organization(store: Store) -> FreshOrganization:
    """Return an organization that no law has used before."""
    return FreshOrganization(store.for_organization(f"kit-{os.getpid()}-{next(_numbers)}"))

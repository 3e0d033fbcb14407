"""
Generate the golden journals in tests/stores/golden, which every later version must read.

    python tools/golden_journals.py tour       the journal of a desk, as an SQLite dump and as lines
    python tools/golden_journals.py damaged    small journals of desks, each with one kind of damage
    python tools/golden_journals.py shapes     one more file of lines, with every event type that
                                               no golden journal contains yet

An existing file is never overwritten, because it contains the output of an earlier version. A
change after which the file can no longer be read must be undone. After a new file was written, add
its digest to tests/stores/golden/frozen.sha256 (``sha256sum *.sql *.jsonl``).
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import sys
import tempfile
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from socialcollab.content import Hold, Image, PostContent, Revision, field_digests, revision_digest
from socialcollab.desk import Desk
from socialcollab.desk.journal.encoding import EVENT_TYPES, event_parts
from socialcollab.desk.journal.streams import PROJECTIONS, reducer
from socialcollab.directory import Principal, Selector
from socialcollab.identifiers import uuid7
from socialcollab.networks.sandbox import Sandbox
from socialcollab.organization import Organization
from socialcollab.permissions import Absence, Grant, ShiftSwap
from socialcollab.stores import BoundStore, MemoryStore, NewEvent, SqliteStore
from socialcollab.stores.toolkit import PersonalValues, SealedEvent
from socialcollab.time import WallTime

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "stores" / "golden"
START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
SALT = bytes(range(16))


# Lines, each with one sealed event and its personal values.


def line_of(sealed: SealedEvent, personal: PersonalValues) -> str:
    """Return one event as a line of JSON."""
    values = {n: [s.hex() if s is not None else None, v] for n, (s, v) in personal.items()}
    return json.dumps({**sealed._asdict(), "personal": values}, ensure_ascii=False, sort_keys=True)


def read_line(line: str) -> tuple[SealedEvent, PersonalValues]:
    """Return the event that `line_of` wrote."""
    table = json.loads(line)
    personal = {
        name: (None if salt is None else bytes.fromhex(salt), value)
        for name, (salt, value) in table.pop("personal").items()
    }
    return SealedEvent(**table), personal


def read_lines(path: Path) -> list[tuple[SealedEvent, PersonalValues]]:
    """Return the events of a golden file of lines."""
    return [read_line(line) for line in path.read_text("utf-8").split("\n") if line]


def lines_of(store: MemoryStore) -> Iterator[str]:
    """Yield a line for every event of a store in memory."""
    for name in store.organizations():
        tables = store._tables[name]
        for sealed in tables.events:
            yield line_of(sealed, tables.personal.get((sealed.stream, sealed.version), {}))


def lines_of_file(path: Path) -> Iterator[str]:
    """Yield a line for every event of an SQLite file."""
    raw = sqlite3.connect(path)
    columns = ", ".join(SealedEvent._fields)
    rows = raw.execute(f"SELECT {columns} FROM socialcollab_events ORDER BY position").fetchall()
    for sealed in map(SealedEvent._make, rows):
        personal = raw.execute(
            "SELECT name, salt, value FROM socialcollab_personal"
            " WHERE organization = ? AND stream = ? AND version = ?",
            (sealed.organization, sealed.stream, sealed.version),
        )
        yield line_of(sealed, {name: (salt, value) for name, salt, value in personal})
    raw.close()


# The tour: a desk that uses most of its commands.


class _Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> dt.datetime:
        return self.at


def take_the_tour(store: SqliteStore, folder: Path) -> None:
    """Carry out the commands of a small agency."""
    clock = _Clock()
    sandbox = Sandbox(folder / "sandbox", clock=clock, real_clock=clock)
    desk = Desk.create(
        store,
        Organization.template("northwind"),
        owner="eva",
        networks={"*": sandbox},
        clock=clock,
        real_clock=clock,
    )
    ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))
    post = ana.draft(
        "De lente is er 🌷",
        profiles=["tulip-x", "tulip-mastodon"],
        planned_at="2026-04-07 09:30",
        tags=["spring"],
        external_id="W1",
    )
    post = ana.edit(post, text="De lente is er 🌷 #tulpen", links=["https://tulip.example/lente"])
    ben.comment(post, "Mooi! Denk aan het alt-attribuut.")
    post = ben.request_changes(ana.submit(post), "Korter graag")
    post = ana.submit(ana.edit(post, text="Lente! 🌷"))
    post = ben.approve(post, note="Zo is het goed")
    other = ana.draft("Zomer", profiles=["tulip-x"], planned_at="2026-06-01 10:00")
    other = ana.withdraw(ana.submit(other))
    ana.cancel(other, reason="te vroeg")
    third = ben.approve(
        ana.submit(ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-09-22 10:00"))
    )
    ben.unschedule(third)
    late = ana.submit(ana.draft("Te laat", profiles=["tulip-x"], planned_at="2026-04-02 10:00"))
    eva.add_calendar_note("tulip", "2026-04-27", "Koningsdag: kantoor dicht")
    clock.at = START + dt.timedelta(days=2)
    desk.run_due()
    assert desk.post(late.id).state.value == "expired"
    hold = eva.hold("tulip-mastodon", reason="storing bij de server")
    clock.at = dt.datetime(2026, 4, 7, 7, 31, tzinfo=dt.UTC)
    desk.run_due()
    eva.resume(hold)
    clock.at += dt.timedelta(minutes=5)
    desk.run_due()
    assert desk.audit().clean
    desk.close()
    sandbox.close()


def dump_of(path: Path) -> str:
    """Return the SQL statements that recreate an SQLite file."""
    raw = sqlite3.connect(path)
    text = "\n".join(raw.iterdump()) + "\n"
    raw.close()
    return text


# Damage: small journals with one kind of damage each, as SQLite dumps.

DAMAGE: Mapping[str, tuple[str, ...]] = {
    "damaged-snapshots": (
        "UPDATE socialcollab_streams SET snapshot = x'00', rows = '[' WHERE stream LIKE 'post/%'",
        "UPDATE socialcollab_streams SET snapshot = CAST('{}' AS BLOB) WHERE stream = 'organization'",
        "UPDATE socialcollab_projection_posts SET c_state = 'approved'",
        "DELETE FROM socialcollab_projection_plans",
    ),
    "damaged-event": (
        "UPDATE socialcollab_events SET actor = 'member:eve' WHERE stream LIKE 'post/%' AND version = 2",
    ),
    "newer-event": (),
    "newer-shape": (),
    "newer-file": ("UPDATE socialcollab_meta SET value = '999' WHERE key = 'schema'",),
}


def damaged_dump(folder: Path, name: str) -> str:
    """Return the dump of a journal with one post and one kind of damage."""
    path = folder / f"{name}.db"
    store = SqliteStore(path)
    desk = Desk.create(store, Organization.template("northwind"), owner="eva", clock=_Clock())
    ana = desk.acting_as("ana")
    post = ana.submit(
        ana.draft("De lente is er", profiles=["tulip-x"], planned_at="2026-04-07 09:30")
    )
    if name.startswith("newer-") and name != "newer-file":
        journal = store.for_organization("northwind")
        stream = f"post/{post.id}"
        rows = [row for i in PROJECTIONS for row in journal.query(i.name) if row.stream == stream]
        version, snapshot = journal.snapshot(stream)
        newer = NewEvent(
            stream=stream,
            type="post.teleported" if name == "newer-event" else "post.commented",
            schema=1 if name == "newer-event" else 2,
            id=uuid7(START, bytes(10)),
            at=START,
            actor="member:ana",
            body={"to": "mars"},
        )
        journal.append(
            [newer], expected_versions={stream: version}, rows=rows, snapshots={stream: snapshot}
        )
    desk.close()
    raw = sqlite3.connect(path)
    for statement in DAMAGE[name]:
        raw.execute(statement)
    raw.commit()
    raw.close()
    store.close()
    return dump_of(path)


# Shapes: every type of event at least once, with values generated from its class.


def content() -> PostContent:
    return PostContent(
        text="De lente is er 🌷",
        targets=("tulip-x",),
        planned_at=WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam"),
        media=(
            Image(
                digest="sha256:" + "0" * 64, media_type="image/png", size_bytes=5, alt="een tulp"
            ),
        ),
        tags=("spring",),
    )


def revision() -> Revision:
    fields = field_digests(content(), salt=SALT)
    return Revision(
        number=1, digest=revision_digest(fields, SALT), author="ana", at=START, fields=fields
    )


SPECIAL: Mapping[type, Any] = {
    PostContent: content,
    Revision: revision,
    WallTime: lambda: WallTime(local="2026-04-07 09:30", zone="Europe/Amsterdam"),
    Hold: lambda: Hold(id="h1", on=Selector.of("tulip-x"), reason="", by="member:eva", at=START),
    Selector: lambda: Selector.of("tulip-x"),
    Absence: lambda: Absence(
        id="a1", member="ana", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 15), delegate="ben"
    ),
    Grant: lambda: Grant(
        to=["member:ana", "team:social"],
        role="publisher",
        on=Selector.of("tulip-x"),
        start=dt.date(2026, 7, 1),
        end=dt.datetime(2026, 7, 15, 9, 30),  # noqa: DTZ001  a local time
    ),
    Principal: lambda: Principal.parse("member:ana"),
    ShiftSwap: lambda: ShiftSwap(
        id="x1",
        rotation="weekend-care",
        member="ben",
        start="2026-07-03 17:00",
        end="2026-07-06 09:00",
        zone="Europe/Amsterdam",
        order=1,
        by="ana",
    ),
    dt.datetime: lambda: START,
    dt.date: START.date,
    dt.timedelta: lambda: dt.timedelta(hours=1),
    str: lambda: "x1",
    int: lambda: 1,
    bool: lambda: True,
    bytes: lambda: SALT,
}


def example(kind: Any) -> Any:
    """Return a value of a type, with one element in each collection."""
    origin, inner = get_origin(kind), get_args(kind)
    if isinstance(kind, typing.NewType):
        return example(kind.__supertype__)
    if kind in SPECIAL:
        return SPECIAL[kind]()
    if origin is Literal:
        return inner[0]
    if origin in {Union, types.UnionType}:
        return example(inner[0])
    if origin in {tuple, frozenset}:
        return origin([example(inner[0])])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {example(inner[0]): example(inner[1])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if attrs.has(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{a.name: example(hints[a.name]) for a in attrs.fields(kind) if a.init})
    raise TypeError(f"add an example of {kind} to SPECIAL")


BEFORE: Mapping[str, tuple[str, ...]] = {
    "post": ("post.drafted", "post.submitted"),
    "delivery": ("delivery.planned", "delivery.started", "delivery.send_started"),
    "hold": ("hold.placed",),
    **dict.fromkeys(
        ("absence", "campaign", "grant", "member", "runtime_state", "shift_swap"),
        ("absence.added",),
    ),
    "calendar_note": ("absence.added",),
    "organization": ("organization.created",),
    "calendar": (),
    "digest": ("digest.added",),
    "native_post": ("native_post.added",),
    "profile": ("profile.connected",),
    "notifications": ("post.drafted",),
    "person": ("post.drafted",),
    "conversation": ("conversation.opened",),
    "item": ("conversation.opened",),
    "moderation": ("conversation.opened",),
    "case": ("case.opened",),
    "customer": ("customer.linked",),
    "message": ("message.received",),
}
"""For each kind of event, the events that its stream needs before."""

STREAMS: Mapping[str, str] = {
    "hold": "holds",
    **dict.fromkeys(
        ("absence", "calendar_note", "campaign", "grant", "member", "runtime_state", "shift_swap"),
        "runtime_state",
    ),
    "organization": "organization",
    "profile": "connection/x1",
    "notifications": "post/x1",
    "person": "post/x1",
    "item": "conversation/x1",
    "moderation": "conversation/x1",
}


def shapes_of(wanted: list[str]) -> MemoryStore:
    """Return a store with each of these types of events in a separate organization."""
    store = MemoryStore(PROJECTIONS)
    for number, name in enumerate(wanted):
        kind = name.partition(".")[0]
        before = BEFORE.get(kind, ())
        types_ = before if name in before else (*before, name)
        stream = STREAMS.get(kind, f"{kind}/x1")
        journal = store.for_organization(
            f"shape-{number}-{name.replace('.', '-').replace('_', '-')}"
        )
        append_all(journal, stream, types_)
    return store


def append_all(journal: BoundStore, stream: str, names: tuple[str, ...]) -> None:
    for version, name in enumerate(names):
        data = example(EVENT_TYPES[name])
        body, personal = event_parts(data)
        new = NewEvent(
            stream=stream,
            type=name,
            id=uuid7(START, version.to_bytes(10, "big")),
            at=START,
            actor="member:eva",
            digest="0" * 64,
            body=body,
            personal=personal,
            salt=SALT if personal else b"",
        )
        journal.append([new], expected_versions={stream: version}, snapshots={stream: b""})
    reducer(stream, journal.read(stream))


def golden_types() -> set[str]:
    """Return the types of events that the golden journals contain."""
    return {
        sealed.type for path in sorted(GOLDEN.glob("*.jsonl")) for sealed, _ in read_lines(path)
    }


def main() -> None:
    GOLDEN.mkdir(parents=True, exist_ok=True)
    if sys.argv[1:] == ["tour"]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            store = SqliteStore(folder / "desk.db")
            take_the_tour(store, folder)
            store.close()
            lines = list(lines_of_file(folder / "desk.db"))
            write("desk.sql", dump_of(folder / "desk.db"))
        write("desk.jsonl", "\n".join(lines) + "\n")
    elif sys.argv[1:] == ["damaged"]:
        with tempfile.TemporaryDirectory() as name:
            for damage in DAMAGE:
                write(f"{damage}.sql", damaged_dump(Path(name), damage))
    elif sys.argv[1:] == ["shapes"]:
        missing = sorted(EVENT_TYPES.keys() - golden_types())
        if not missing:
            print("the golden journals contain every type of event")
            return
        number = len(list(GOLDEN.glob("shapes-*.jsonl"))) + 1
        write(f"shapes-{number}.jsonl", "\n".join(lines_of(shapes_of(missing))) + "\n")
        print("added", ", ".join(missing))
    else:
        sys.exit(__doc__)


def write(name: str, text: str) -> None:
    path = GOLDEN / name
    if path.exists():
        sys.exit(f"{path} already exists and is never overwritten")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""
Compare queries and commands of a desk at two sizes, and with an earlier version of the library.

Each desk has the same open posts in one workspace, and many more posts in other workspaces: most of
them published, some in review or drafts. If the cost of a query or command depends only on the size
of its result, it takes as long at the large desk as at the small desk, so the ratio should be near
one. A proposal that changes a rule evaluates every post in review, so its time grows with the number
of posts in review, which are a twentieth of all posts. Audits, reindexing and erasures read the
whole journal, so for them the memory should not grow.

    python bench/scale.py [--sizes 2000 20000] [--store sqlite] [--before PATH/src]
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from socialcollab import Desk, MemoryStore, Organization, SqliteStore
from socialcollab.desk import MemberDesk
from socialcollab.desk.journal.streams import reducer
from socialcollab.directory import Selector
from socialcollab.errors import NotAllowedError
from socialcollab.identifiers import uuid7
from socialcollab.networks.sandbox import Sandbox
from socialcollab.stores import STORE_KEYS, BoundStore, Event, MemoryMedia, NewEvent

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
WORKSPACES = 20
# The proportions of published posts, posts in review and drafts in other workspaces.
SHARES = (18, 1, 1)
_BATCH = 200


def document(workspaces: int = WORKSPACES) -> str:
    """Return a document in which each workspace has its own writer and editor."""
    lines = ['[organization]\nid = "northwind"\ntimezone = "UTC"', '[[members]]\nid = "eva"']
    lines += ['[roles.owner]\npermissions = ["*"]']
    lines += ['[roles.writer]\npermissions = ["view", "draft", "submit", "comment", "schedule"]']
    lines += ['[roles.editor]\npermissions = ["view", "comment", "approve", "cancel"]']
    lines += ['[[grants]]\nto = "member:eva"\nrole = "owner"\non = { workspace = "*" }']
    lines += ['[[approvals]]\nid = "editorial"\non = { workspace = "*" }']
    lines += ['[[approvals.steps]]\nid = "edit"\nreviewers = ["role:editor"]']
    for n in range(workspaces):
        lines += [
            f'[[workspaces]]\nid = "w{n}"\nlead = "editor{n}"\ndefault_approval = "editorial"',
            f'[[profiles]]\nid = "p{n}"\nworkspace = "w{n}"\nnetwork = "mastodon"\n'
            f'server = "https://mastodon.example"\nhandle = "@p{n}"',
            f'[[members]]\nid = "writer{n}"\n[[members]]\nid = "editor{n}"',
            f'[[grants]]\nto = "member:writer{n}"\nrole = "writer"\non = {{ workspace = "w{n}" }}',
            f'[[grants]]\nto = "member:editor{n}"\nrole = "editor"\non = {{ workspace = "w{n}" }}',
        ]
    return "\n".join(lines)


class Clock:
    """A clock that the benchmark sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> dt.datetime:
        return self.now


def fill(desk: Desk, clock: Clock, posts: int) -> None:
    """Add *posts* posts in other workspaces, then the same open posts in workspace ``w0``."""
    templates: list[list[str]] = [[], [], []]
    for n in range(1, WORKSPACES):
        writer, editor = desk.acting_as(f"writer{n}"), desk.acting_as(f"editor{n}")
        for kind in range(3):
            at = "2026-09-01 09:30" if kind else "2026-04-02 09:30"
            post = writer.draft(f"De lente is er {n}", profiles=[f"p{n}"], planned_at=at)
            templates[kind].append(post.id)
            if kind < 2:
                post = writer.submit(post)
            if kind == 0:
                editor.approve(post)
    clock.now = START + dt.timedelta(days=1, minutes=91)
    states = dict(desk.run_due().states)
    assert set(states.values()) == {"published"}, states
    journal = desk.engine.store
    streams = journal.streams()
    sources = {
        name: [journal.read(stream) for stream in streams if name in stream]
        for name in itertools.chain(*templates)
    }
    numbers = itertools.count()
    pending: list[NewEvent] = []
    for number in range(posts - 3 * (WORKSPACES - 1)):
        kinds = (0,) * SHARES[0] + (1,) * SHARES[1] + (2,) * SHARES[2]
        name = templates[kinds[number % len(kinds)]][number % (WORKSPACES - 1)]
        new = uuid7(START, number.to_bytes(10, "big"))
        for events in sources[name]:
            pending += copies(events, name, new, numbers)
        if len({event.stream for event in pending}) >= _BATCH:
            append(journal, pending)
            pending = []
    if pending:
        append(journal, pending)
    ana, ben = desk.acting_as("writer0"), desk.acting_as("editor0")
    for number in range(10):
        at = f"2026-06-0{number % 7 + 1} 09:30"
        post = ana.submit(ana.draft(f"Zomer {number}", profiles=["p0"], planned_at=at))
        if number < 5:
            ben.approve(post)
        elif number < 7:
            ben.request_changes(post, note="Korter")
    desk.acting_as("eva").hold(Selector(profile=("p0",)), reason="Crisis")


def copies(
    events: tuple[Event, ...], old: str, new: str, numbers: Iterator[int]
) -> Iterator[NewEvent]:
    """Yield the events of a stream of the post *old*, as if they were of the post *new*."""
    for event in events:
        body = {name: value for name, value in event.body.items() if name not in STORE_KEYS}
        yield NewEvent(
            stream=event.stream.replace(old, new),
            type=event.type,
            id=uuid7(START, b"\1" + next(numbers).to_bytes(9, "big")),
            at=event.at,
            actor=event.actor,
            digest=event.digest,
            body=json.loads(json.dumps(body).replace(old, new)),
            personal=json.loads(json.dumps(dict(event.personal)).replace(old, new)),
            salt=event.salt,
        )


class _Sealed:
    """A new event as the reducer reads it."""

    def __init__(self, event: NewEvent, version: int) -> None:
        self._event = event
        self.version, self.position = version, 0
        self.erased: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name)


def append(journal: BoundStore, events: list[NewEvent]) -> None:
    """Append the events of new streams with their snapshots and rows."""
    by_stream: dict[str, list[Any]] = {}
    for event in events:
        own = by_stream.setdefault(event.stream, [])
        own.append(_Sealed(event, len(own) + 1))
    reduced = {stream: reducer(stream, own) for stream, own in by_stream.items()}
    journal.append(
        events,
        expected_versions=dict.fromkeys(by_stream, 0),
        rows=[row for _, rows in reduced.values() for row in rows],
        snapshots={stream: snapshot for stream, (snapshot, _) in reduced.items()},
    )


def works(desk: Desk) -> dict[str, Callable[[], object]]:
    """Return the measured functions by name; none of them changes the desk."""
    ben, eva = desk.acting_as("editor0"), desk.acting_as("eva")
    text = document()
    renamed = Organization.loads(text.replace('"writer0"\n', '"writer0"\nname = "Ana"\n', 1))
    hold = desk.holds()[0]
    strict = Organization.loads(text.replace('["role:editor"]', '["member:eva"]'))

    def refused(command: Callable[[], object]) -> None:
        with suppress(NotAllowedError):
            command()
            raise AssertionError("the command was not refused")

    return {
        "posts(state=rejected)": lambda: desk.posts(state="rejected"),
        "posts(workspace=w0)": lambda: desk.posts(workspace="w0"),
        "to_do()": ben.to_do,
        "calendar of a week": lambda: desk.calendar("2026-06-01", "2026-06-08"),
        "propose, new name": lambda: desk.propose(renamed),
        "propose, new reviewer": lambda: desk.propose(strict),
        "offboarding_plan": lambda: desk.offboarding_plan("writer0"),
        "offboard, refused": lambda: refused(lambda: eva.offboard("editor0", reason="leaves")),
        "erase, refused": lambda: refused(lambda: eva.erase(member="writer0", reason="asked")),
        "hold, status": lambda: desk.hold_status(hold),
    }


def timed(work: Callable[[], object], rounds: int) -> float:
    """Return the shortest time of several rounds, or of one round if it takes over a second."""
    times: list[float] = []
    while len(times) < rounds and sum(times) < 1:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def peak_mb(work: Callable[[], object]) -> float:
    """Return the peak memory that a call allocates, in megabytes."""
    tracemalloc.start()
    work()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def opened(kind: str, folder: Path, size: int) -> Desk:
    """Return a filled desk."""
    store: SqliteStore | MemoryStore = MemoryStore()
    path = folder / f"{size}.db"
    if kind == "sqlite":
        store = SqliteStore(path, projections=Desk.PROJECTIONS, durable=False)
    clock = Clock()
    sandbox = Sandbox(
        folder / f"out{size}", clock=clock, real_clock=clock, durable=False, sleep=lambda _: None
    )
    desk = Desk.create(
        store,
        Organization.loads(document()),
        owner="eva",
        networks={"*": sandbox},
        media=MemoryMedia(),
        clock=clock,
        real_clock=clock,
        entropy=os.urandom,
    )
    fill(desk, clock, size)
    return desk


def measured(kind: str, sizes: list[int], rounds: int) -> dict[str, list[float]]:
    """Return milliseconds and megabytes, by name, for each size."""
    results: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            desk = opened(kind, Path(folder), size)
            eva = desk.acting_as("eva")

            def full_calendar(desk: Desk = desk) -> int:
                return len(desk.calendar("2026-04-01", "2026-04-04").entries())

            def erase(eva: MemberDesk = eva) -> None:
                eva.erase(member="eva", reason="asked", dry_run=True)

            for name, work in works(desk).items():
                results.setdefault(f"{name}, ms", []).append(timed(work, rounds) * 1e3)
            entries = full_calendar()
            per_entry = timed(full_calendar, 2) / entries
            results.setdefault("calendar, ms for 1,000 entries", []).append(per_entry * 1e6)
            long: dict[str, Callable[[], object]] = {
                "audit": desk.audit,
                "reindex": desk.reindex,
                "erase, dry run": erase,
            }
            for name, call in long.items():
                results.setdefault(f"{name}, s", []).append(timed(call, 1))
            for name, call in long.items():
                results.setdefault(f"{name}, peak MB", []).append(peak_mb(call))
            desk.close()
    return results


def in_process(kind: str, options: argparse.Namespace, source: str) -> dict[str, list[float]]:
    """Measure a version of the library in a separate process."""
    command = [sys.executable, __file__, "--json", "--store", kind]
    command += ["--sizes", *map(str, options.sizes), "--rounds", str(options.rounds)]
    environment = {**os.environ, "PYTHONPATH": source} if source else dict(os.environ)
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    results: dict[str, list[float]] = json.loads(done.stdout)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--sizes", type=int, nargs=2, default=[2_000, 20_000])
    parser.add_argument("--store", nargs="*", default=["sqlite", "memory"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", default="", help="the src folder of an earlier version")
    parser.add_argument("--json", action="store_true", help="print the figures of one store")
    options = parser.parse_args()
    if options.json:
        print(json.dumps(measured(options.store[0], options.sizes, options.rounds)))
        return
    small, large = options.sizes
    for kind in options.store:
        now = in_process(kind, options, "")
        before = in_process(kind, options, options.before) if options.before else {}
        header = f"{kind:<32}{small:>13} posts{large:>13} posts{'ratio':>8}"
        print(header + (f"{'before':>14}{'ratio':>8}{'before/now':>12}" if before else ""))
        for name, (first, second) in now.items():
            line = f"{name:<32}{first:>19.2f}{second:>19.2f}{second / first:>8.1f}"
            if before:
                old = before[name]
                line += f"{old[1]:>14.2f}{old[1] / old[0]:>8.1f}{old[1] / second:>12.1f}"
            print(line, flush=True)


if __name__ == "__main__":
    main()

"""Golden journals: every journal that was written by any version of this library remains readable."""

from __future__ import annotations

import hashlib
import importlib.util
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from socialcollab.desk import Desk, reindex_file
from socialcollab.desk.journal.encoding import EVENT_TYPES, event_data, event_parts
from socialcollab.desk.journal.streams import PROJECTIONS, reducer
from socialcollab.desk.queries.history import describe_event
from socialcollab.errors import CorruptJournalError, NewerVersionError
from socialcollab.stores import STORE_KEYS, AuditReport, Damage, SqliteStore
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores.toolkit import open_event
from socialcollab.verdicts import LANGUAGES

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def tool() -> ModuleType:
    """The tool that generates golden journals."""
    path = Path(__file__).parents[2] / "tools" / "golden_journals.py"
    spec = importlib.util.spec_from_file_location("golden_journals", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loaded(name: str, folder: Path) -> Path:
    """Return an SQLite file that is restored from a dump."""
    path = folder / f"{name}.db"
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.executescript((GOLDEN / f"{name}.sql").read_text("utf-8"))
    raw.close()
    return path


@pytest.fixture
def open_golden(tmp_path: Path) -> Iterator[object]:
    stores: list[SqliteStore] = []

    def open_one(name: str) -> SqliteStore:
        stores.append(SqliteStore(loaded(name, tmp_path), projections=PROJECTIONS, durable=False))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


def damage_of(report: AuditReport) -> list[Damage]:
    """Return the findings, except those about projections that were declared differently."""
    return [finding for finding in report.findings if "reindex" not in finding.problem]


def test_frozen() -> None:
    """The golden journals are what earlier versions wrote, so they never change."""
    lines = (GOLDEN / "frozen.sha256").read_text(encoding="utf-8").splitlines()
    frozen = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {path.name: path for path in GOLDEN.iterdir() if path.suffix in (".sql", ".jsonl")}
    assert frozen == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }, "restore the file, or add a new one to frozen.sha256"


def test_desk_file(open_golden) -> None:
    """An audit of the file is clean, a reindex works, and its events are encoded as stored."""
    store = open_golden("desk")
    [name] = store.organizations()
    journal = store.for_organization(name)
    assert damage_of(journal.audit()) == []
    journal.reindex(reducer)
    report = journal.audit(reducer=reducer)
    assert (report.findings, report.events, report.streams) == ((), 63, 13)
    for event in journal.read_all():
        body, personal = event_parts(event_data(event))
        assert {**body, **personal} == {
            **{key: value for key, value in event.body.items() if key not in STORE_KEYS},
            **event.personal,
        }


def test_desk_opens(open_golden) -> None:
    """A desk can open and use the file."""
    store = open_golden("desk")
    desk = Desk.open(store)
    post = desk.post_by_external_id("W1")
    assert post is not None
    assert post.text == "Lente! 🌷"
    assert [comment.text for comment in post.comments] == ["Mooi! Denk aan het alt-attribuut."]
    assert len(desk.posts()) == 4
    assert len(desk.history(post)) > 8
    assert str(desk.calendar_notes()[0].date) == "2026-04-27"
    drafted = desk.acting_as("ana").draft("Zo gaat het verder", profiles=["tulip-x"])
    assert desk.post(drafted.id).text == "Zo gaat het verder"
    assert desk.audit().clean


def events_of(path: Path, tool: ModuleType) -> dict[tuple[str, str], list[StoredEvent]]:
    streams: dict[tuple[str, str], list[StoredEvent]] = {}
    for sealed, personal in tool.read_lines(path):
        event = open_event(sealed, personal)
        before = streams.setdefault((event.organization, event.stream), [])
        assert (event.version, event.prev) == (
            len(before) + 1,
            before[-1].hash if before else "",
        )
        before.append(event)
    return streams


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.jsonl")), ids=lambda path: path.stem)
def test_lines(path: Path, tool: ModuleType) -> None:
    """Every line is an intact event that can be described, and the reducer accepts every stream."""
    for (_, stream), events in events_of(path, tool).items():
        snapshot, _ = reducer(stream, events)
        assert snapshot
        for event in events:
            data = event_data(event)
            assert type(data).TYPE == event.type
            for language in LANGUAGES:
                assert describe_event(data, event.stream, language=language)


def test_every_event_type(tool: ModuleType) -> None:
    """Golden journals contain every type of event."""
    missing = sorted(EVENT_TYPES.keys() - tool.golden_types())
    assert not missing, f"run `python tools/golden_journals.py shapes`, which adds {missing}"


def test_damaged_snapshots(open_golden) -> None:
    """Damaged snapshots are reported, and a reindex rebuilds them."""
    store = open_golden("damaged-snapshots")
    journal = store.for_organization("northwind")
    places = " ".join(finding.place for finding in journal.audit().findings)
    for name in ("organization head", "post/"):
        assert name in places
    with pytest.raises(CorruptJournalError, match="snapshot"):
        Desk.open(store).posts()
    store.close()
    assert len(reindex_file(store.connections.name).changed) == 2
    store = SqliteStore(store.connections.name, projections=PROJECTIONS)
    assert store.for_organization("northwind").audit(reducer=reducer).clean
    [post] = Desk.open(store).posts()
    assert post.text == "De lente is er"
    store.close()


def test_damaged_event(open_golden) -> None:
    """Reading a damaged event raises an error with its location."""
    store = open_golden("damaged-event")
    journal = store.for_organization("northwind")
    [post] = [stream for stream in journal.streams() if stream.startswith("post/")]
    desk = Desk.open(store)
    for read in (
        lambda: journal.read(post),
        lambda: journal.reindex(reducer),
        lambda: desk.history(post.removeprefix("post/")),
        desk.feed,
    ):
        with pytest.raises(CorruptJournalError, match=f"{post} version 2"):
            read()
    findings = damage_of(journal.audit(reducer=reducer))
    assert {finding.place.split(" (")[0] for finding in findings} == {f"{post} version 2"}


@pytest.mark.parametrize("name", ["newer-event", "newer-shape"])
def test_newer_event(open_golden, name: str) -> None:
    """Reading an event of a newer version raises an error, but the journal is intact."""
    store = open_golden(name)
    journal = store.for_organization("northwind")
    unknown = "post.teleported" if name == "newer-event" else "post.commented` with schema 2"
    desk = Desk.open(store)
    before = journal.read_all()
    for read in (desk.feed, lambda: journal.reindex(reducer)):
        with pytest.raises(NewerVersionError, match=unknown):
            read()
    assert journal.read_all() == before
    assert damage_of(journal.audit()) == []
    [finding] = damage_of(journal.audit(reducer=reducer))
    assert unknown in finding.problem


def test_newer_file(tmp_path: Path) -> None:
    """A file of a newer version is rejected and not changed."""
    path = loaded("newer-file", tmp_path)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(NewerVersionError, match="schema 999"):
        SqliteStore(path, projections=PROJECTIONS)
    assert path.read_bytes() == before

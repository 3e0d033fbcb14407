"""The audit of a desk's file finds every change to it, even if the desk cannot be opened."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.desk.agency import DOCUMENT, PROFILE, Agency

from socialcollab.cli import main
from socialcollab.cli.demo import run_demo
from socialcollab.content import Image
from socialcollab.desk import Desk, audit_file
from socialcollab.errors import CorruptJournalError, NotFoundError, SocialCollabError, StoreError
from socialcollab.stores import MemoryMedia

LEASES = {"lease_worker", "lease_until"}


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small journal: one post drafted, approved and published."""
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder)
    connection = sqlite3.connect(folder / "agency.db")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return (folder / "agency.db").read_bytes()


def damaged(value: object, chance: random.Random) -> object:
    """Return a damaged value: a number off by one, or a string with one changed bit."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value + chance.choice((-1, 1))
    raw = bytearray(value if isinstance(value, bytes) else str(value).encode())
    if not raw:
        return "x"
    raw[chance.randrange(len(raw))] ^= 1
    return bytes(raw) if isinstance(value, bytes) else raw.decode("utf-8", "replace")


def update(
    raw: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    row: Sequence[object],
    *,
    column: str,
    value: object,
) -> bool:
    """Change one value of the row with these values; return whether the schema allowed it."""
    where = " AND ".join(f"{name} IS ?" for name in columns)
    try:
        raw.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (value, *row))
    except sqlite3.IntegrityError:
        return False
    return True


def is_found(path: Path) -> bool:
    """Return whether the audit reports damage at its location, or the file is rejected."""
    try:
        report = audit_file(path)
    except StoreError as error:
        return bool(str(error))
    except NotFoundError:
        # The id of the organization was changed everywhere.
        return True
    return not report.clean and all(finding.place for finding in report.findings)


@pytest.mark.integration
@pytest.mark.parametrize("every", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_one_changed_byte(journal: bytes, tmp_path: Path, every: int) -> None:
    """A changed byte in any column of any row is found; by default, every ninth is tested."""
    path = tmp_path / "agency.db"
    path.write_bytes(journal)
    chance = random.Random(2)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    tables = [
        name for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    seen = tried = 0
    for table in tables:
        cursor = raw.execute(f"SELECT * FROM {table}")
        columns = [description[0] for description in cursor.description]
        for values in cursor.fetchall():
            for column, value in zip(columns, values, strict=True):
                seen += 1
                if column in LEASES or seen % every:
                    continue
                other = damaged(value, chance)
                if update(raw, table, columns, values, column=column, value=other):
                    tried += 1
                    assert is_found(path), (table, values, column, other)
                    after = [
                        other if name == column else v
                        for name, v in zip(columns, values, strict=True)
                    ]
                    assert update(raw, table, columns, after, column=column, value=value)
    raw.close()
    assert tried > 400 // every
    assert audit_file(path).clean


def test_deleted_events(journal: bytes, tmp_path: Path) -> None:
    """Deleted events are found, and the findings contain their location."""
    path = tmp_path / "agency.db"
    for cut in ("stream LIKE 'delivery/%'", "position > 10", "stream = 'organization'"):
        path.write_bytes(journal)
        raw = sqlite3.connect(path)
        raw.execute(f"DELETE FROM socialcollab_events WHERE {cut}")
        raw.commit()
        raw.close()
        report = audit_file(path)
        assert not report.clean
        assert all(finding.place and finding.problem for finding in report.findings)


def test_anchor(journal: bytes, tmp_path: Path) -> None:
    """An anchor makes it possible to find deleted events at the end of the journal."""
    path = tmp_path / "agency.db"
    path.write_bytes(journal)
    anchor = audit_file(path).anchor
    with Desk.open(path) as desk:
        last = desk.feed()[-1]
    raw = sqlite3.connect(path)
    raw.execute("DELETE FROM socialcollab_events WHERE position >= ?", (last.position,))
    raw.commit()
    raw.close()
    assert not audit_file(path, anchor=anchor).clean


def test_desk_that_cannot_be_opened(
    journal: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file whose desk cannot be opened can still be audited."""
    path = tmp_path / "agency.db"
    path.write_bytes(journal)
    raw = sqlite3.connect(path)
    raw.execute(
        "UPDATE socialcollab_streams SET snapshot = CAST('{}' AS BLOB) WHERE stream = 'organization'"
    )
    raw.commit()
    raw.close()
    with pytest.raises(SocialCollabError):
        Desk.open(path)
    assert main(["audit", str(path)]) == 1
    assert "organization" in capsys.readouterr().out


def test_damage_of_one_stream(tmp_path: Path) -> None:
    """A run reports a damaged delivery and a damaged post, and publishes all other posts."""
    agency = Agency(tmp_path, "sqlite")
    posts = [agency.approved_post(f"post {number}") for number in range(3)]
    (ana,) = agency.acting("ana")
    in_review = ana.submit(ana.draft("x", profiles=[PROFILE], planned_at="2026-05-01 09:30"))
    # All posts have to be reevaluated.
    agency.adopt(f'{DOCUMENT}\n[[members]]\nid = "zoe"\n')
    streams = [f"delivery/{agency.delivery(posts[0]).id}", f"post/{in_review.id}"]
    raw = sqlite3.connect(tmp_path / "desk.db")
    for stream in streams:
        raw.execute(
            "UPDATE socialcollab_streams SET snapshot = CAST('{}' AS BLOB) WHERE stream = ?",
            (stream,),
        )
    raw.commit()
    raw.close()
    report = agency.run_due()
    assert streams[0] in {stream for stream, _ in report.problems}
    assert {"post 1", "post 2"} == set(agency.live_texts())


class DamagedMedia(MemoryMedia):
    """Media whose contents do not match their digests."""

    def open(self, digest: str) -> BinaryIO:
        raise CorruptJournalError("the content does not match its digest", place=digest)


def test_damaged_image(tmp_path: Path) -> None:
    """A damaged image prevents only its own post from being published."""
    agency = Agency(tmp_path, "memory", media=DamagedMedia())
    image = Image.from_bytes(b"GIF89a" + bytes(20), alt="a tulip")
    damaged = agency.approved_post("with image", media=[image])
    agency.approved_post("without image")
    report = agency.run_due()
    assert ["without image"] == agency.live_texts()
    assert [f"delivery/{agency.delivery(damaged).id}"] == [stream for stream, _ in report.problems]

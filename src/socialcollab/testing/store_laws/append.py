"""Laws about appending events: versions, atomicity, errors, the envelope and personal values."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import hashlib

import attrs
import pytest

from socialcollab.content import Json, canonical_json, salted_digest
from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.stores import Event, Row, Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.organization import (
    EXACT_TEXTS,
    MANY,
    SALT,
    fresh_organization,
)


def _is_sealed(event: Event) -> bool:
    envelope: dict[str, Json] = {
        "organization": event.organization,
        "stream": event.stream,
        "version": event.version,
        "position": event.position,
        "id": event.id,
        "type": event.type,
        "schema": event.schema,
        "at": event.at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
        "actor": event.actor,
        "on_behalf_of": event.on_behalf_of,
        "cause": event.cause,
        "digest": event.digest,
        "body": dict(event.body),
        "prev": event.prev,
    }
    return hashlib.sha256(canonical_json(envelope)).hexdigest() == event.hash


class AppendLaws:
    """Laws about appending events."""

    @promise("S1")
    def test_s01_versions_and_positions(self, store: Store) -> None:
        """Versions and positions start at 1 without gaps, and reads return the appended events."""
        org = fresh_organization(store)
        first = org.put("post/a", "post/b")
        second = org.append([org.new("post/b"), org.new("post/a"), org.new("post/b")])
        events = [*first, *second]
        assert [e.position for e in events] == [1, 2, 3, 4, 5]
        assert [e.version for e in events] == [1, 1, 2, 2, 3]
        assert org.journal.read("post/b") == (events[1], events[2], events[4])
        assert org.journal.read("post/b", after=1) == (events[2], events[4])
        assert org.journal.read("post/b", after=3) == ()
        assert org.journal.read("post/none") == ()
        assert org.journal.read_all() == tuple(events)
        assert org.journal.streams() == ("post/a", "post/b")

    @promise("S1")
    def test_s01_exact_streams(self, store: Store) -> None:
        """Streams whose names differ only in case or in their last character are different."""
        org = fresh_organization(store)
        names = ["post/A", "post/a", f"post/{'x' * 199}", f"post/{'x' * 199}y", f"post/{'x' * 200}"]
        for count, name in enumerate(names, 1):
            [event] = org.put(name)
            assert (event.version, event.position) == (1, count)
        assert org.journal.streams() == tuple(sorted(names))
        assert [len(org.journal.read(name)) for name in names] == [1] * len(names)

    @promise("S2")
    def test_s02_conflict(self, store: Store) -> None:
        """A conflict stores nothing and names the first stream, regardless of the argument order."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", "post/c", body={"state": "draft"})
        before = org.everything()
        with pytest.raises(ConflictError) as caught:
            org.journal.append(
                [org.new("post/c"), org.new("post/a")],
                expected_versions={"post/c": 5, "post/b": 2, "post/a": 1},
                snapshots={"post/a": b"", "post/c": b""},
            )
        error = caught.value
        assert (error.stream, error.expected, error.actual) == ("post/b", 2, 1)
        for version in (0, 2):
            with pytest.raises(ConflictError) as caught:
                org.journal.append(
                    [org.new("post/a")],
                    expected_versions={"post/a": version},
                    snapshots={"post/a": b""},
                )
            assert (caught.value.stream, caught.value.actual) == ("post/a", 1)
        assert org.everything() == before

    @promise("S3")
    def test_s03_streams_not_appended_to(self, store: Store) -> None:
        """The version or the absence of a stream can be expected without appending to it."""
        org = fresh_organization(store)
        org.put("runtime_state")
        org.put("post/a", runtime_state=1, holds=0)
        before = org.everything()
        for wrong in (
            {"runtime_state": 0},
            {"runtime_state": 2},
            {"holds": 1},
            {"runtime_state": 1, "holds": 1},
        ):
            with pytest.raises(ConflictError):
                org.append([org.new("post/a")], wrong)
        assert org.everything() == before
        org.put("holds", runtime_state=1)
        with pytest.raises(ConflictError) as caught:
            org.append([org.new("post/a")], {"holds": 0, "runtime_state": 1})
        assert (caught.value.stream, caught.value.actual) == ("holds", 1)
        assert "post/x" not in org.journal.streams()

    @promise("S3")
    def test_s03_absence_creates_nothing(self, store: Store) -> None:
        """Expecting the absence of a stream does not create it."""
        org = fresh_organization(store)
        org.put("post/a", holds=0)
        assert org.journal.streams() == ("post/a",)
        assert org.journal.snapshot("holds") == (0, b"")
        assert org.journal.audit().clean
        org.put("holds")
        assert org.journal.streams() == ("holds", "post/a")

    @promise("S4")
    def test_s04_atomic(self, store: Store) -> None:
        """If an error is detected late, everything that was written before it is undone."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 5})
        known = org.journal.read("post/a")[0].id
        before = org.everything()
        with pytest.raises(InvalidValueError):
            org.append([org.new("post/b"), org.new("post/c"), org.new("post/d", id=known)])
        with pytest.raises(InvalidValueError):
            org.journal.append(
                [org.new("post/c"), org.new("post/d")],
                expected_versions={"post/c": 0, "post/d": 0},
                rows=[
                    Row("posts", "post/c", "post/c", {"state": "new", "rank": 2}),
                    Row("posts", "post/a", "post/d", {"state": "taken", "rank": 2}),
                ],
                snapshots={"post/c": b"c", "post/d": b"d"},
            )
        assert org.everything() == before
        assert org.journal.audit().clean
        stored = org.put("post/a", "post/b", "post/c")
        assert [e.position for e in stored] == [3, 4, 5], (
            "a failed append must not use up a position"
        )

    @promise("S5")
    def test_s05_invalid_arguments(self, store: Store) -> None:
        """Invalid arguments raise an InvalidValueError, and nothing is stored."""
        org = fresh_organization(store)
        org.put("post/a")
        before = org.everything()
        event = org.new("post/b")
        row = Row("posts", "b", "post/b", {"state": "draft", "rank": 1})
        right = {"expected_versions": {"post/b": 0}, "snapshots": {"post/b": b""}}
        wrong: tuple[dict[str, object], ...] = (
            {"expected_versions": {}},
            {"expected_versions": {"runtime_state": 0}},
            {"expected_versions": {"post/b": -1}},
            {"expected_versions": {"post/b": 0, "not a stream": 0}},
            {"snapshots": {}},
            {"snapshots": {"post/b": b"", "post/a": b""}},
            {"rows": [attrs.evolve(row, projection="unknown")]},
            {"rows": [attrs.evolve(row, stream="post/a")]},
            {"rows": [attrs.evolve(row, key="")]},
            {"rows": [attrs.evolve(row, columns={"state": "draft"})]},
            {"rows": [attrs.evolve(row, columns={"state": "draft", "rank": 1, "more": 1})]},
            {"rows": [attrs.evolve(row, columns={"state": b"draft", "rank": 1})]},  # type: ignore[dict-item]  # wrong on purpose
            {"rows": [attrs.evolve(row, columns={"state": True, "rank": 1})]},
            {"rows": [attrs.evolve(row, columns={"state": "draft", "rank": 2**53})]},
            {"rows": [attrs.evolve(row, columns={"state": "\ud800", "rank": 1})]},
            {"rows": [row, attrs.evolve(row, columns={"state": "other", "rank": 1})]},
        )
        for changed in wrong:
            with pytest.raises(InvalidValueError):
                org.journal.append([event], **{**right, **changed})  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidValueError):
            org.journal.append([], expected_versions={"post/a": 1}, snapshots={})
        assert org.everything() == before

    @promise("S6")
    def test_s06_event_ids(self, store: Store) -> None:
        """A repeated append conflicts, and an id that is stored elsewhere is rejected."""
        org = fresh_organization(store)
        event = org.new("post/a")
        org.append([event])
        before = org.everything()
        with pytest.raises(ConflictError):
            org.journal.append([event], expected_versions={"post/a": 0}, snapshots={"post/a": b""})
        with pytest.raises(InvalidValueError):
            org.journal.append([event], expected_versions={"post/a": 1}, snapshots={"post/a": b""})
        twice = org.new("post/b")
        with pytest.raises(InvalidValueError):
            org.append([twice, org.new("post/c", id=twice.id)])
        assert org.everything() == before

    @promise("S7")
    def test_s07_seal_and_chain(self, store: Store) -> None:
        """The hash covers the canonical envelope, which contains the hash of the previous event."""
        org = fresh_organization(store)
        events = (
            *org.put("post/a", "post/b", body={"text": "é\u2028🌷", "n": [1, None, True, {}]}),
            *org.append(
                [
                    org.new(
                        "post/a", on_behalf_of="member:eva", cause="c-\x7f\n", digest="d", schema=3
                    )
                ]
            ),
        )
        assert all(_is_sealed(event) for event in events)
        assert [e.prev for e in events] == ["", "", events[0].hash]
        assert len({e.hash for e in events}) == 3
        assert {e.organization for e in events} == {org.journal.organization}
        assert org.journal.read_all() == events

    @promise("S8")
    def test_s08_personal_values(self, store: Store) -> None:
        """The chain contains only salted digests of personal values, and reads return the values."""
        org = fresh_organization(store)
        personal: dict[str, Json] = {
            "text": "Tot ziens, Noor",
            "contact": {"email": "noor@tulip.example"},
        }
        [event] = org.append([org.new("post/a", {"state": "draft"}, personal=personal, salt=SALT)])
        digests = {name: salted_digest(SALT, value) for name, value in personal.items()}
        assert event.body == {"state": "draft", "personal": digests}
        assert (event.personal, event.salt) == (personal, SALT)
        assert "Noor" not in canonical_json(event.body).decode()
        assert _is_sealed(event)
        org.put("post/a")
        assert org.journal.read("post/a")[0] == event
        assert org.journal.read_all(limit=1) == (event,)
        assert org.journal.read_all(after=1)[0].personal == {}

    @promise("S9")
    def test_s09_values(self, store: Store) -> None:
        """Instants, JSON values and snapshots of any kind are returned unchanged."""
        org = fresh_organization(store)
        zone = dt.timezone(dt.timedelta(hours=5, minutes=45))
        body: dict[str, Json] = {
            "": "empty name",
            "texts": ["", "é", "🏳️‍🌈", '\x00\x1f\\"\u2028\ufeff\U0010ffff'],
            "numbers": [0, -1, 2**53 - 1, -(2**53) + 1],
            "rest": {"yes": True, "no": False, "none": None, "list": [], "table": {}},
        }
        at = dt.datetime(2026, 4, 7, 9, 30, 0, 1, tzinfo=zone)
        old = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
        event = org.new("post/a", body)
        [stored] = org.journal.append(
            [attrs.evolve(event, at=at)],
            expected_versions={"post/a": 0},
            snapshots={"post/a": bytes(range(256))},
        )
        assert (stored.at, stored.at.utcoffset()) == (at, dt.timedelta())
        [read] = org.journal.read("post/a")
        assert (read, read.body) == (stored, body)
        assert org.journal.snapshot("post/a") == (1, bytes(range(256)))
        [early] = org.journal.append(
            [attrs.evolve(org.new("post/a"), at=old)],
            expected_versions={"post/a": 1},
            snapshots={"post/a": b""},
        )
        assert org.journal.read("post/a", after=1) == (early,)
        assert (early.at, org.journal.snapshot("post/a")) == (old, (2, b""))
        assert org.journal.snapshot("post/none") == (0, b"")
        assert org.journal.audit().clean

    @promise("S9")
    def test_s09_exact_texts(self, store: Store) -> None:
        """Texts that differ only in length, case, spaces or normal form are returned unchanged."""
        org = fresh_organization(store)
        texts: dict[str, Json] = {"texts": list(EXACT_TEXTS)}
        [event] = org.append([org.new("post/a", texts, personal=texts, salt=SALT)])
        [read] = org.journal.read("post/a")
        assert read.body["texts"] == read.personal["texts"] == texts["texts"]
        assert org.journal.read_all() == (read,) == (event,)
        assert org.journal.audit().clean

    @promise("S9")
    def test_s09_large_values(self, store: Store) -> None:
        """A snapshot, a text and a personal value of several megabytes are returned unchanged."""
        org = fresh_organization(store)
        large = bytes(range(256)) * 12_000
        text = "0123456789\u00e9" * 200_000
        event = org.new("post/a", {"text": text}, personal={"text": text}, salt=SALT)
        org.journal.append(
            [event], expected_versions={"post/a": 0}, snapshots={"post/a": large + b"end"}
        )
        version, snapshot = org.journal.snapshot("post/a")
        assert (version, len(snapshot)) == (1, len(large) + 3)
        assert snapshot == large + b"end"
        [read] = org.journal.read("post/a")
        assert read.body["text"] == read.personal["text"] == text
        assert org.journal.audit().clean

    @promise("S36")
    def test_s36_snapshots(self, store: Store) -> None:
        """Any number of snapshots can be read together, even of streams that do not exist."""
        org = fresh_organization(store)
        streams = [f"post/{number}" for number in range(MANY)]
        org.journal.append(
            [org.new(stream) for stream in streams],
            expected_versions=dict.fromkeys(streams, 0),
            snapshots={stream: stream.encode() for stream in streams},
        )
        org.journal.append(
            [org.new("post/0")], expected_versions={"post/0": 1}, snapshots={"post/0": b"later"}
        )
        absent = ("post/none", "post/NONE", "post/\ud83c", "")
        found = org.journal.snapshots([*streams, *absent, streams[0]])
        assert found == {name: org.journal.snapshot(name) for name in (*streams, *absent)}
        assert (found["post/0"][0], found["post/7"]) == (2, (1, b"post/7"))
        assert org.journal.snapshots(()) == {}
        other = fresh_organization(store)
        assert other.journal.snapshots(["post/7"]) == {"post/7": (0, b"")}

    @promise("S35")
    def test_s35_journals(self, store: Store) -> None:
        """An append through one journal object is immediately visible through all others."""
        org = fresh_organization(store)
        other = store.for_organization(org.journal.organization)
        for count in (1, 2, 3):
            org.put("post/a", body={"state": f"state {count}"})
            assert other.snapshot("post/a") == org.journal.snapshot("post/a")
            assert other.snapshot("post/a")[0] == count
            assert len(other.read("post/a")) == len(other.read_all()) == count
            assert [row.columns["state"] for row in other.query("posts")] == [f"state {count}"]
            assert other.streams() == ("post/a",)
            assert other.audit().anchor.position == count

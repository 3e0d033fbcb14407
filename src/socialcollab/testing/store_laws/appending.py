"""Laws of appending: expectations, all or nothing, refusals, the envelope, personal values."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import hashlib

import attrs
import pytest

from socialcollab.content import Json, canonical_json, salted_digest
from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.stores import Event, Row, Store
from socialcollab.testing.store_laws.scene import SALT, promise, scene


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


class AppendingLaws:
    """Laws of appending."""

    @promise("S1")
    def test_s01_versions_and_positions_are_gapless_from_one(self, store: Store) -> None:
        """What append returns has its place, and reads back equal."""
        here = scene(store)
        first = here.put("post/a", "post/b")
        second = here.append([here.new("post/b"), here.new("post/a"), here.new("post/b")])
        events = [*first, *second]
        assert [e.position for e in events] == [1, 2, 3, 4, 5]
        assert [e.version for e in events] == [1, 1, 2, 2, 3]
        assert here.journal.read("post/b") == (events[1], events[2], events[4])
        assert here.journal.read("post/b", after=1) == (events[2], events[4])
        assert here.journal.read("post/b", after=3) == ()
        assert here.journal.read("post/none") == ()
        assert here.journal.read_all() == tuple(events)
        assert here.journal.streams() == ("post/a", "post/b")

    @promise("S2")
    def test_s02_a_failed_expectation_stores_nothing_and_names_the_first_stream(
        self, store: Store
    ) -> None:
        """The first conflicting stream in stream order, whatever order they were given in."""
        here = scene(store)
        here.put("post/a", "post/b", "post/c", body={"state": "draft"})
        before = here.everything()
        with pytest.raises(ConflictError) as caught:
            here.journal.append(
                [here.new("post/c"), here.new("post/a")],
                expected_versions={"post/c": 5, "post/b": 2, "post/a": 1},
                snapshots={"post/a": b"", "post/c": b""},
            )
        error = caught.value
        assert (error.stream, error.expected, error.actual) == ("post/b", 2, 1)
        for version in (0, 2):
            with pytest.raises(ConflictError) as caught:
                here.journal.append(
                    [here.new("post/a")],
                    expected_versions={"post/a": version},
                    snapshots={"post/a": b""},
                )
            assert (caught.value.stream, caught.value.actual) == ("post/a", 1)
        assert here.everything() == before

    @promise("S3")
    def test_s03_streams_that_are_only_read_are_held_too(self, store: Store) -> None:
        """A version, and that a stream does not exist, may be expected without appending."""
        here = scene(store)
        here.put("runtime_state")
        here.put("post/a", runtime_state=1, holds=0)
        before = here.everything()
        for wrong in (
            {"runtime_state": 0},
            {"runtime_state": 2},
            {"holds": 1},
            {"runtime_state": 1, "holds": 1},
        ):
            with pytest.raises(ConflictError):
                here.append([here.new("post/a")], wrong)
        assert here.everything() == before
        here.put("holds", runtime_state=1)
        with pytest.raises(ConflictError) as caught:
            here.append([here.new("post/a")], {"holds": 0, "runtime_state": 1})
        assert (caught.value.stream, caught.value.actual) == ("holds", 1)
        assert "post/x" not in here.journal.streams()

    @promise("S3")
    def test_s03_expecting_absence_makes_no_stream(self, store: Store) -> None:
        """A stream of which only the absence was expected stays absent."""
        here = scene(store)
        here.put("post/a", holds=0)
        assert here.journal.streams() == ("post/a",)
        assert here.journal.snapshot("holds") == (0, b"")
        assert here.journal.audit().clean
        here.put("holds")
        assert here.journal.streams() == ("holds", "post/a")

    @promise("S4")
    def test_s04_an_append_over_several_streams_is_all_or_nothing(self, store: Store) -> None:
        """What is found wrong late takes back what was right before it."""
        here = scene(store)
        here.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 5})
        known = here.journal.read("post/a")[0].id
        before = here.everything()
        with pytest.raises(InvalidValueError):
            here.append([here.new("post/b"), here.new("post/c"), here.new("post/d", id=known)])
        with pytest.raises(InvalidValueError):
            here.journal.append(
                [here.new("post/c"), here.new("post/d")],
                expected_versions={"post/c": 0, "post/d": 0},
                rows=[
                    Row("posts", "post/c", "post/c", {"state": "new", "rank": 2}),
                    Row("posts", "post/a", "post/d", {"state": "taken", "rank": 2}),
                ],
                snapshots={"post/c": b"c", "post/d": b"d"},
            )
        assert here.everything() == before
        assert here.journal.audit().clean
        stored = here.put("post/a", "post/b", "post/c")
        assert [e.position for e in stored] == [3, 4, 5], "a refused append uses up no position"

    @promise("S5")
    def test_s05_arguments_that_do_not_fit_are_refused(self, store: Store) -> None:
        """Each with an InvalidValueError, and nothing is stored."""
        here = scene(store)
        here.put("post/a")
        before = here.everything()
        event = here.new("post/b")
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
                here.journal.append([event], **{**right, **changed})  # type: ignore[arg-type]  # wrong on purpose
        with pytest.raises(InvalidValueError):
            here.journal.append([], expected_versions={"post/a": 1}, snapshots={})
        assert here.everything() == before

    @promise("S6")
    def test_s06_an_event_id_is_stored_once(self, store: Store) -> None:
        """A repeated append conflicts; the same id at another place is refused."""
        here = scene(store)
        event = here.new("post/a")
        here.append([event])
        before = here.everything()
        with pytest.raises(ConflictError):
            here.journal.append([event], expected_versions={"post/a": 0}, snapshots={"post/a": b""})
        with pytest.raises(InvalidValueError):
            here.journal.append([event], expected_versions={"post/a": 1}, snapshots={"post/a": b""})
        twice = here.new("post/b")
        with pytest.raises(InvalidValueError):
            here.append([twice, here.new("post/c", id=twice.id)])
        assert here.everything() == before

    @promise("S7")
    def test_s07_events_are_sealed_and_chained(self, store: Store) -> None:
        """The hash covers the canonical envelope; each event names the hash before it."""
        here = scene(store)
        events = (
            *here.put("post/a", "post/b", body={"text": "é\u2028🌷", "n": [1, None, True, {}]}),
            *here.append(
                [
                    here.new(
                        "post/a", on_behalf_of="member:eva", cause="c-\x7f\n", digest="d", schema=3
                    )
                ]
            ),
        )
        assert all(_is_sealed(event) for event in events)
        assert [e.prev for e in events] == ["", "", events[0].hash]
        assert len({e.hash for e in events}) == 3
        assert {e.organization for e in events} == {here.journal.organization}
        assert here.journal.read_all() == events

    @promise("S8")
    def test_s08_personal_values_stand_beside_the_chain(self, store: Store) -> None:
        """The sealed body holds their salted digests alone; reading gives them back."""
        here = scene(store)
        personal: dict[str, Json] = {
            "text": "Tot ziens, Noor",
            "contact": {"email": "noor@tulip.example"},
        }
        [event] = here.append(
            [here.new("post/a", {"state": "draft"}, personal=personal, salt=SALT)]
        )
        digests = {name: salted_digest(SALT, value) for name, value in personal.items()}
        assert event.body == {"state": "draft", "personal": digests}
        assert (event.personal, event.salt) == (personal, SALT)
        assert "Noor" not in canonical_json(event.body).decode()
        assert _is_sealed(event)
        here.put("post/a")
        assert here.journal.read("post/a")[0] == event
        assert here.journal.read_all(limit=1) == (event,)
        assert here.journal.read_all(after=1)[0].personal == {}

    @promise("S9")
    def test_s09_values_come_back_as_they_were_given(self, store: Store) -> None:
        """Instants to the microsecond in UTC, JSON of every kind, records of any bytes."""
        here = scene(store)
        zone = dt.timezone(dt.timedelta(hours=5, minutes=45))
        body: dict[str, Json] = {
            "": "empty name",
            "texts": ["", "é", "🏳️‍🌈", '\x00\x1f\\"\u2028\ufeff\U0010ffff'],
            "numbers": [0, -1, 2**53 - 1, -(2**53) + 1],
            "rest": {"yes": True, "no": False, "none": None, "list": [], "table": {}},
        }
        at = dt.datetime(2026, 4, 7, 9, 30, 0, 1, tzinfo=zone)
        old = dt.datetime(1, 1, 2, tzinfo=dt.UTC)
        event = here.new("post/a", body)
        [stored] = here.journal.append(
            [attrs.evolve(event, at=at)],
            expected_versions={"post/a": 0},
            snapshots={"post/a": bytes(range(256))},
        )
        assert (stored.at, stored.at.utcoffset()) == (at, dt.timedelta())
        [read] = here.journal.read("post/a")
        assert (read, read.body) == (stored, body)
        assert here.journal.snapshot("post/a") == (1, bytes(range(256)))
        [early] = here.journal.append(
            [attrs.evolve(here.new("post/a"), at=old)],
            expected_versions={"post/a": 1},
            snapshots={"post/a": b""},
        )
        assert here.journal.read("post/a", after=1) == (early,)
        assert (early.at, here.journal.snapshot("post/a")) == (old, (2, b""))
        assert here.journal.snapshot("post/none") == (0, b"")
        assert here.journal.audit().clean

"""Laws about isolation, `read_all`, reindex, audit and close."""

# ruff: noqa: S101, ARG001
from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import attrs
import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.stores import Anchor, Event, ReindexReport, Row, Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.organization import (
    AT,
    MANY,
    SALT,
    fresh_organization,
    reducer,
)
from socialcollab.testing.threads import run_together


class MaintenanceLaws:
    """Laws about isolation, `read_all`, reindex, audit and close."""

    @promise("S17")
    def test_s17_isolation(self, store: Store) -> None:
        """Streams, ids, keys and due rows with equal names in two organizations are independent."""
        one, two, three = (
            fresh_organization(store),
            fresh_organization(store),
            fresh_organization(store),
        )
        event = one.new("post/a", {"state": "draft", "rank": 1, "due": 1}, cause="one")
        one.append([event])
        one.put("post/b", body={"state": "secret"})
        other = attrs.evolve(event, cause="two")
        [stored] = two.append([other])
        assert (stored.position, stored.version, stored.cause) == (1, 1, "two")
        assert two.journal.streams() == ("post/a",)
        assert two.journal.read_all() == two.journal.read("post/a") == (stored,)
        assert [row.key for row in two.journal.query("posts")] == ["post/a"]
        assert two.journal.read("post/b") == ()
        assert two.journal.snapshot("post/b") == (0, b"")
        arguments = {"before": AT, "now": AT, "limit": 9, "lease_s": 60.0}
        [row] = two.journal.due(worker="w", **arguments)  # type: ignore[arg-type]  # the arguments of `due`
        assert len(one.journal.due(worker="v", **arguments)) == 1  # type: ignore[arg-type]
        one.journal.release([row], worker="w")
        assert two.journal.due(worker="v", **arguments) == ()  # type: ignore[arg-type]
        two.journal.reindex(reducer)
        two.put("post/a")
        assert one.journal.snapshot("post/a")[0] == 1
        assert [row.key for row in one.journal.query("posts", where={"state": "draft"})] == [
            "post/a"
        ]
        assert one.journal.audit(reducer=reducer).clean
        assert two.journal.audit(reducer=reducer).clean
        empty = three.journal
        assert (empty.read_all(), empty.streams(), empty.query("posts")) == ((), (), ())
        assert empty.audit().clean
        names = store.organizations()
        assert one.journal.organization in names
        assert empty.organization not in names

    @promise("S17")
    def test_s17_invalid_organization(self, store: Store) -> None:
        """A journal can only be bound to a valid identifier."""
        for wrong in ("", "*", "North Wind", "a/b", "a%", "ä"):
            with pytest.raises(InvalidValueError):
                store.for_organization(wrong)

    @promise("S18")
    def test_s18_read_all(self, store: Store) -> None:
        """Pages of any length together contain every event once, sorted by position."""
        org = fresh_organization(store)
        stored = [e for n in range(7) for e in org.put(f"post/{n % 3}", "runtime_state")]
        assert [e.position for e in stored] == list(range(1, 15))
        for limit in (1, 5, 14, 1000):
            events: list[Event] = []
            while page := org.journal.read_all(after=len(events), limit=limit):
                assert len(page) <= limit
                events += page
            assert events == stored
        assert org.journal.read_all(after=99) == ()

    @promise("S18")
    def test_s18_long_page(self, store: Store) -> None:
        """A page contains as many events as its limit allows, and a stream is read completely."""
        org = fresh_organization(store)
        stored = org.append([org.new("post/a") for _ in range(MANY)])
        assert org.journal.read_all(limit=10 * MANY) == stored
        assert org.journal.read_all(after=1, limit=MANY - 2) == stored[1:-1]
        assert org.journal.read("post/a") == stored

    @promise("S19")
    def test_s19_reindex_during_appends(self, store: Store) -> None:
        """Appends during a reindex are neither lost nor missing from the snapshots and rows."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"state": "draft", "rank": 1})
        began, appended = threading.Event(), threading.Event()

        def slow(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            result = reducer(stream, events)
            began.set()
            # A store that locks the journal cannot append during the reindex, so the wait has a
            # timeout.
            appended.wait(0.1)
            return result

        def write() -> None:
            began.wait(10)
            org.put("post/a", body={"state": "sent", "rank": 2})
            org.put("post/c", body={"state": "new"})
            appended.set()

        report, failure = run_together(partial(org.journal.reindex, slow), write)
        assert isinstance(report, ReindexReport), report
        assert failure is None, failure
        expected = {}
        for stream in ("post/a", "post/b", "post/c"):
            snapshot, rows = reducer(stream, org.journal.read(stream))
            assert org.journal.snapshot(stream) == (org.version(stream), snapshot)
            expected.update({row.key: row for row in rows})
        assert {row.key: row for row in org.journal.query("posts")} == expected
        assert org.journal.audit(reducer=reducer).clean
        org.put("post/a", "post/c")

    @promise("S19")
    def test_s19_reindex(self, store: Store) -> None:
        """A reindex replaces snapshots and rows with the results of the reducer."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 1})
        org.append([org.new("post/a", {"state": "sent"}, personal={"t": "x"}, salt=SALT)])
        before = org.everything()
        report = org.journal.reindex(reducer)
        assert (report.streams, report.events, report.rows, report.changed) == (2, 3, 3, ())
        assert org.everything() == before
        wrong = Row("posts", "other", "post/c", {"state": "wrong", "rank": 9})
        org.journal.append(
            [org.new("post/c", {"state": "draft"})],
            expected_versions={"post/c": 0},
            rows=[wrong],
            snapshots={"post/c": b"wrong"},
        )
        assert not org.journal.audit(reducer=reducer).clean
        assert org.journal.reindex(reducer).changed == ("post/c",)
        assert org.journal.audit(reducer=reducer).clean
        for stream in org.journal.streams():
            assert org.journal.snapshot(stream)[1] == reducer(stream, org.journal.read(stream))[0]
        assert {row.key for row in org.journal.query("posts")} == {"post/a", "post/b", "post/c"}
        org.bodies["post/c"] = [{"state": "draft"}]
        org.put("post/c", body={"state": "sent"})
        assert org.journal.audit(reducer=reducer).clean

    @promise("S19")
    def test_s19_failing_reducer(self, store: Store) -> None:
        """A reindex whose reducer fails, or returns a row of another stream, changes nothing."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"state": "draft"})
        before = org.everything()

        def raising(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            if stream == "post/b":
                raise LookupError(stream)
            return b"half", ()

        def wrong_stream(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            return b"half", [Row("posts", stream, "post/b", {"state": "x", "rank": None})]

        with pytest.raises(LookupError):
            org.journal.reindex(raising)
        with pytest.raises(InvalidValueError):
            org.journal.reindex(wrong_stream)
        assert org.everything() == before

    @promise("S20")
    def test_s20_audit(self, store: Store) -> None:
        """An audit of an intact journal finds nothing, but reports differences from the reducer."""
        org = fresh_organization(store)
        assert org.journal.audit(reducer=reducer).clean
        org.put("post/a", "post/b", body={"state": "draft", "due": 3})
        org.append([org.new("post/a", {}, personal={"t": "x"}, salt=SALT)])
        report = org.journal.audit(reducer=reducer)
        assert (report.clean, report.events, report.streams) == (True, 3, 2)

        def other(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            snapshot, rows = reducer(stream, events)
            return (b"other", ()) if stream == "post/b" else (snapshot, rows)

        findings = org.journal.audit(reducer=other).findings
        assert findings
        assert all("post/b" in finding.place for finding in findings)

    @promise("S37")
    def test_s37_progress(self, store: Store) -> None:
        """An audit and a reindex report their progress, up to the total number of events."""
        org = fresh_organization(store)
        for number in range(7):
            org.put(f"post/{number}", "holds", body={"state": "draft"})
        calls: list[tuple[int, int]] = []

        def progress(done: int, total: int) -> None:
            calls.append((done, total))

        for work in (
            lambda: org.journal.audit(reducer=reducer, progress=progress),
            lambda: org.journal.reindex(reducer, progress=progress),
        ):
            calls.clear()
            work()
            assert calls[-1] == (14, 14)
            assert calls == sorted(calls)

    @promise("S21")
    def test_s21_anchor(self, store: Store) -> None:
        """An anchor matches after the journal has grown, but does not match a truncated journal."""
        org, other = fresh_organization(store), fresh_organization(store)
        start = org.journal.audit().anchor
        org.put("post/a", "post/b")
        anchor = org.journal.audit().anchor
        assert anchor.position == 2
        org.put("post/a")
        assert org.journal.audit(anchor=start).clean
        assert org.journal.audit(anchor=anchor).clean
        assert org.journal.audit().anchor != anchor
        other.put("post/a", "post/b")
        assert not other.journal.audit(anchor=anchor).clean
        beyond = Anchor(position=9, hash=anchor.hash)
        assert [f.place for f in org.journal.audit(anchor=beyond).findings] == ["positions 4 to 9"]

    @promise("S22")
    def test_s22_close_twice(self, store: Store) -> None:
        """Closing twice has no effect."""
        org = fresh_organization(store)
        org.put("post/a")
        store.close()
        store.close()

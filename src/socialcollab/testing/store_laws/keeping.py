"""Laws of keeping: separate organizations, the feed, rebuilding, auditing, closing."""

# ruff: noqa: S101, ARG001
from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.stores import Anchor, Event, Row, Store
from socialcollab.testing.store_laws.scene import AT, SALT, promise, reducer, scene


class KeepingLaws:
    """Laws of keeping."""

    @promise("S17")
    def test_s17_organizations_never_meet(self, store: Store) -> None:
        """The same streams, ids, keys and due rows in two of them stay apart."""
        one, two, three = scene(store), scene(store), scene(store)
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
        asked = {"before": AT, "now": AT, "limit": 9, "lease_s": 60.0}
        [row] = two.journal.due(worker="w", **asked)  # type: ignore[arg-type]  # as due takes them
        assert len(one.journal.due(worker="v", **asked)) == 1  # type: ignore[arg-type]  # likewise
        one.journal.release([row], worker="w")
        assert two.journal.due(worker="v", **asked) == ()  # type: ignore[arg-type]  # likewise
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
    def test_s17_a_journal_is_bound_to_an_identifier(self, store: Store) -> None:
        """What cannot name an organization is refused."""
        for wrong in ("", "*", "North Wind", "a/b", "a%", "ä"):
            with pytest.raises(InvalidValueError):
                store.for_organization(wrong)

    @promise("S18")
    def test_s18_the_feed_goes_by_position_in_pages(self, store: Store) -> None:
        """Every event once, in order, whatever the page's length."""
        here = scene(store)
        stored = [e for n in range(7) for e in here.put(f"post/{n % 3}", "runtime_state")]
        assert [e.position for e in stored] == list(range(1, 15))
        for limit in (1, 5, 14, 1000):
            found: list[Event] = []
            while page := here.journal.read_all(after=len(found), limit=limit):
                assert len(page) <= limit
                found += page
            assert found == stored
        assert here.journal.read_all(after=99) == ()

    @promise("S19")
    def test_s19_reindex_writes_what_the_fold_makes(self, store: Store) -> None:
        """Records and rows are rebuilt from events alone; what was right stays the same."""
        here = scene(store)
        here.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 1})
        here.append([here.new("post/a", {"state": "sent"}, personal={"t": "x"}, salt=SALT)])
        before = here.everything()
        report = here.journal.reindex(reducer)
        assert (report.streams, report.events, report.rows, report.changed) == (2, 3, 3, ())
        assert here.everything() == before
        wrong = Row("posts", "other", "post/c", {"state": "wrong", "rank": 9})
        here.journal.append(
            [here.new("post/c", {"state": "draft"})],
            expected_versions={"post/c": 0},
            rows=[wrong],
            snapshots={"post/c": b"wrong"},
        )
        assert not here.journal.audit(reducer=reducer).clean
        assert here.journal.reindex(reducer).changed == ("post/c",)
        assert here.journal.audit(reducer=reducer).clean
        for stream in here.journal.streams():
            assert here.journal.snapshot(stream)[1] == reducer(stream, here.journal.read(stream))[0]
        assert {row.key for row in here.journal.query("posts")} == {"post/a", "post/b", "post/c"}
        here.bodies["post/c"] = [{"state": "draft"}]
        here.put("post/c", body={"state": "sent"})
        assert here.journal.audit(reducer=reducer).clean

    @promise("S19")
    def test_s19_a_fold_that_fails_changes_nothing(self, store: Store) -> None:
        """Neither one that raises nor one that gives a row of another stream."""
        here = scene(store)
        here.put("post/a", "post/b", body={"state": "draft"})
        before = here.everything()

        def raising(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            if stream == "post/b":
                raise LookupError(stream)
            return b"half", ()

        def straying(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            return b"half", [Row("posts", stream, "post/b", {"state": "x", "rank": None})]

        with pytest.raises(LookupError):
            here.journal.reindex(raising)
        with pytest.raises(InvalidValueError):
            here.journal.reindex(straying)
        assert here.everything() == before

    @promise("S20")
    def test_s20_an_untouched_journal_audits_clean(self, store: Store) -> None:
        """And a fold that makes something else is told apart, by stream."""
        here = scene(store)
        assert here.journal.audit(reducer=reducer).clean
        here.put("post/a", "post/b", body={"state": "draft", "due": 3})
        here.append([here.new("post/a", {}, personal={"t": "x"}, salt=SALT)])
        report = here.journal.audit(reducer=reducer)
        assert (report.clean, report.events, report.streams) == (True, 3, 2)

        def other(stream: str, events: Sequence[Event]) -> tuple[bytes, Sequence[Row]]:
            snapshot, rows = reducer(stream, events)
            return (b"other", ()) if stream == "post/b" else (snapshot, rows)

        findings = here.journal.audit(reducer=other).findings
        assert findings
        assert all("post/b" in finding.place for finding in findings)

    @promise("S21")
    def test_s21_an_anchor_tells_a_cut_end_and_another_past(self, store: Store) -> None:
        """It holds while the journal grows, and for no other journal."""
        here, other = scene(store), scene(store)
        start = here.journal.audit().anchor
        here.put("post/a", "post/b")
        anchor = here.journal.audit().anchor
        assert anchor.position == 2
        here.put("post/a")
        assert here.journal.audit(anchor=start).clean
        assert here.journal.audit(anchor=anchor).clean
        assert here.journal.audit().anchor != anchor
        other.put("post/a", "post/b")
        assert not other.journal.audit(anchor=anchor).clean
        beyond = Anchor(position=9, hash=anchor.hash)
        assert [f.place for f in here.journal.audit(anchor=beyond).findings] == ["positions 4 to 9"]

    @promise("S22")
    def test_s22_closing_twice_is_harmless(self, store: Store) -> None:
        """And what was stored was stored."""
        here = scene(store)
        here.put("post/a")
        store.close()
        store.close()

"""Laws of projection rows: replacing, owning, filtering, sorting, paging; due rows and leases."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.stores import Column, Row, Store, microseconds
from socialcollab.testing.store_laws.scene import AT, Scene, promise, scene

MINUTE = dt.timedelta(minutes=1)


def _fill(here: Scene, values: list[tuple[str, object, object]]) -> None:
    """Put one row into `mixed` for each key, each from a stream of its own."""
    for key, value, second in values:
        stream = f"post/{key}"
        here.journal.append(
            [here.new(stream)],
            expected_versions={stream: 0},
            rows=[Row("mixed", key, stream, {"value": value, "second": second})],  # type: ignore[dict-item]  # a column's kinds
            snapshots={stream: b""},
        )


def _take(here: Scene, worker: str, *, now: dt.datetime = AT, limit: int = 10) -> list[str]:
    rows = here.journal.due(before=AT, now=now, limit=limit, worker=worker, lease_s=60)
    return [row.key for row in rows]


class ProjectionLaws:
    """Laws of projection rows."""

    @promise("S10")
    def test_s10_an_append_replaces_the_rows_of_its_streams(self, store: Store) -> None:
        """Exactly theirs: rows change, come and go with their stream, others stay."""
        here = scene(store)
        here.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 7})
        here.put("post/a", body={"state": "approved", "rank": 2})
        assert here.journal.query("posts") == (
            Row("posts", "post/b", "post/b", {"state": "draft", "rank": 1}),
            Row("posts", "post/a", "post/a", {"state": "approved", "rank": 2}),
        )
        assert [row.key for row in here.journal.query("due")] == ["post/b"]
        here.put("post/a")
        assert [row.key for row in here.journal.query("posts")] == ["post/b"]

    @promise("S11")
    def test_s11_a_key_belongs_to_one_stream(self, store: Store) -> None:
        """Another stream's key is refused; it may move when both streams are appended to."""
        here = scene(store)
        columns: dict[str, Column] = {"state": "draft", "rank": 1}
        here.journal.append(
            [here.new("post/a")],
            expected_versions={"post/a": 0},
            rows=[Row("posts", "k", "post/a", columns)],
            snapshots={"post/a": b""},
        )
        with pytest.raises(InvalidValueError, match="k"):
            here.journal.append(
                [here.new("post/b")],
                expected_versions={"post/b": 0},
                rows=[Row("posts", "k", "post/b", columns)],
                snapshots={"post/b": b""},
            )
        here.journal.append(
            [here.new("post/a"), here.new("post/b")],
            expected_versions={"post/a": 1, "post/b": 0},
            rows=[Row("posts", "k", "post/b", columns)],
            snapshots={"post/a": b"", "post/b": b""},
        )
        assert here.journal.query("posts") == (Row("posts", "k", "post/b", columns),)
        assert here.journal.audit().clean

    @promise("S12")
    def test_s12_rows_are_sorted_nothing_then_numbers_then_texts(self, store: Store) -> None:
        """Then by key; texts by code point; values keep their kind."""
        here = scene(store)
        values = [
            ("g", "\U0001f337", None),
            ("f", "\uffff", None),
            ("e", "a", None),
            ("d", "10", 2),
            ("c", 10, None),
            ("b", 9, "x"),
            ("a2", None, 1),
            ("a1", None, None),
            ("a0", None, 1),
        ]
        _fill(here, values)  # type: ignore[arg-type]  # a list is what it is
        rows = here.journal.query("mixed")
        assert [row.key for row in rows] == ["a1", "a0", "a2", "b", "c", "d", "e", "f", "g"]
        assert {(row.key, *row.columns.values()) for row in rows} == set(values)

    @promise("S12")
    def test_s12_where_takes_values_and_choices_of_values(self, store: Store) -> None:
        """All columns asked about must match; None is a value like others; 1 is not "1"."""
        here = scene(store)
        _fill(here, [("a", 1, "x"), ("b", "1", "x"), ("c", None, "x"), ("d", 2, None)])

        def keys(**where: object) -> list[str]:
            return [row.key for row in here.journal.query("mixed", where=where)]  # type: ignore[arg-type]  # a column's kinds

        assert keys() == ["c", "a", "d", "b"]
        assert keys(value=1) == ["a"]
        assert keys(value="1") == ["b"]
        assert keys(value=None) == ["c"]
        assert keys(value=(1, None, 3)) == ["c", "a"]
        assert keys(value=(1, 2), second="x") == ["a"]
        assert keys(value=()) == []
        assert keys(value=(None,), second=None) == []
        for wrong in ({"unknown": 1}, {"value": 1.5}, {"value": (True,)}):
            with pytest.raises(InvalidValueError):
                keys(**wrong)
        with pytest.raises(InvalidValueError):
            here.journal.query("unknown")
        with pytest.raises(InvalidValueError):
            here.journal.query("mixed", limit=0)

    @promise("S13")
    def test_s13_pages_show_every_row_once(self, store: Store) -> None:
        """Whatever the page's length; the row to go on after may be gone by then."""
        here = scene(store)
        kinds = (None, 1, 2, "a", "b")
        wanted = [(f"{i}-{j}", a, b) for i, a in enumerate(kinds) for j, b in enumerate(kinds)]
        _fill(here, wanted)  # type: ignore[arg-type]  # a list is what it is
        everything = here.journal.query("mixed")
        assert len(everything) == len(wanted)
        for limit in (1, 4, 25):
            found: list[Row] = []
            page = here.journal.query("mixed", limit=limit)
            while page:
                assert len(page) <= limit
                found += page
                page = here.journal.query("mixed", after=page[-1], limit=limit)
            assert tuple(found) == everything
        gone = everything[7]
        stream = gone.stream
        here.journal.append(
            [here.new(stream)], expected_versions={stream: 1}, snapshots={stream: b""}
        )
        assert here.journal.query("mixed", after=gone) == everything[8:]
        some = here.journal.query("mixed", where={"second": ("a", None)}, after=gone)
        assert some == tuple(r for r in everything[8:] if r.columns["second"] in {"a", None})
        with pytest.raises(InvalidValueError):
            here.journal.query("mixed", after=attrs.evolve(gone, projection="posts"))

    @promise("S14")
    def test_s14_due_rows_come_by_instant_then_key(self, store: Store) -> None:
        """Up to and with the instant asked for, no more than the limit."""
        here = scene(store)
        at = microseconds(AT)
        for name, instant in (("c", at), ("b", at), ("a", at + 1), ("d", at - 1)):
            here.put(f"post/{name}", body={"due": instant})
        rows = here.journal.due(before=AT, now=AT, limit=2, worker="w", lease_s=60)
        assert rows == (
            Row("due", "post/d", "post/d", {"at": at - 1, "kind": "publish"}),
            Row("due", "post/b", "post/b", {"at": at, "kind": "publish"}),
        )
        assert _take(here, "other") == ["post/c"]
        with pytest.raises(NaiveDatetimeError):
            here.journal.due(
                before=AT.replace(tzinfo=None), now=AT, limit=1, worker="w", lease_s=60
            )
        for wrong in ({"limit": 0}, {"worker": ""}, {"lease_s": 0}):
            with pytest.raises(InvalidValueError):
                here.journal.due(
                    **{"before": AT, "now": AT, "limit": 1, "worker": "w", "lease_s": 1, **wrong}  # type: ignore[arg-type]  # wrong on purpose
                )

    @promise("S15")
    def test_s15_a_running_lease_keeps_others_away(self, store: Store) -> None:
        """Its holder gets the row again and holds it longer; when it lapses, anyone does."""
        here = scene(store)
        here.put("post/a", body={"due": 1})
        assert _take(here, "one") == ["post/a"]
        assert _take(here, "two") == []
        assert _take(here, "one", now=AT + MINUTE / 2) == ["post/a"]
        assert _take(here, "two", now=AT + MINUTE) == []
        assert _take(here, "two", now=AT + MINUTE * 1.5) == ["post/a"]
        assert _take(here, "one", now=AT + MINUTE * 1.5) == []

    @promise("S15")
    def test_s15_leased_rows_do_not_fill_the_limit(self, store: Store) -> None:
        """Another worker gets the rows behind them."""
        here = scene(store)
        for name in "abcd":
            here.put(f"post/{name}", body={"due": 1})
        assert _take(here, "one", limit=2) == ["post/a", "post/b"]
        assert _take(here, "two", limit=2) == ["post/c", "post/d"]

    @promise("S16")
    def test_s16_a_lease_ends_when_its_row_is_written_or_released(self, store: Store) -> None:
        """Writing another value ends it, the same value does not; nobody ends another's."""
        here = scene(store)
        here.put("post/a", "post/b", body={"due": 1})
        rows = here.journal.due(before=AT, now=AT, limit=9, worker="one", lease_s=60)
        here.put("post/a", body={"due": 1})
        assert _take(here, "two") == []
        here.put("post/a", body={"due": 2})
        assert _take(here, "two") == ["post/a"]
        here.journal.release(rows, worker="three")
        assert _take(here, "three") == []
        here.journal.release(rows, worker="one")
        assert _take(here, "three") == ["post/b"]
        here.put("post/a")
        here.put("post/a", body={"due": 2})
        assert _take(here, "three") == ["post/b", "post/a"]
        here.journal.release((), worker="three")
        assert here.journal.audit().clean

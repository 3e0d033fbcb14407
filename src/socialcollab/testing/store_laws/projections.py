"""Laws about projections: rows, keys, queries, pages, due rows, leases and declarations."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import attrs
import pytest

from socialcollab.content import Json
from socialcollab.errors import InvalidValueError, NaiveDatetimeError, StaleProjectionError
from socialcollab.stores import Column, Projection, Row, Store, microseconds
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.organization import (
    AT,
    EXACT_TEXTS,
    MANY,
    PROJECTIONS,
    FreshOrganization,
    fresh_organization,
    reducer,
)

MINUTE = dt.timedelta(minutes=1)


def _fill(org: FreshOrganization, values: list[tuple[str, object, object]]) -> None:
    """Add one row to `mixed` for each key, each from a separate stream."""
    for key, value, second in values:
        stream = f"post/{key}"
        org.journal.append(
            [org.new(stream)],
            expected_versions={stream: 0},
            rows=[Row("mixed", key, stream, {"value": value, "second": second})],  # type: ignore[dict-item]  # values of columns
            snapshots={stream: b""},
        )


def _order(value: Column, key: str) -> tuple[int, int, str, str]:
    """Return the sort key of a row: None, then numbers, then strings; equal values by key."""
    if isinstance(value, int):
        return 1, value, "", key
    return (0, 0, "", key) if value is None else (2, 0, value, key)


def _lease(
    org: FreshOrganization,
    worker: str,
    *,
    now: dt.datetime = AT,
    limit: int = 10,
    lease_s: float = 60,
) -> list[str]:
    rows = org.journal.due(before=AT, now=now, limit=limit, worker=worker, lease_s=lease_s)
    return [row.key for row in rows]


class ProjectionLaws:
    """Laws about projections."""

    @promise("S10")
    def test_s10_rows_of_stream(self, store: Store) -> None:
        """An append replaces all rows of its streams, and no other rows."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"state": "draft", "rank": 1, "due": 7})
        org.put("post/a", body={"state": "approved", "rank": 2})
        assert org.journal.query("posts") == (
            Row("posts", "post/b", "post/b", {"state": "draft", "rank": 1}),
            Row("posts", "post/a", "post/a", {"state": "approved", "rank": 2}),
        )
        assert [row.key for row in org.journal.query("due")] == ["post/b"]
        org.put("post/a")
        assert [row.key for row in org.journal.query("posts")] == ["post/b"]

    @promise("S11")
    def test_s11_key_ownership(self, store: Store) -> None:
        """A key belongs to one stream, and moves to another stream only in an append to both."""
        org = fresh_organization(store)
        columns: dict[str, Column] = {"state": "draft", "rank": 1}
        org.journal.append(
            [org.new("post/a")],
            expected_versions={"post/a": 0},
            rows=[Row("posts", "k", "post/a", columns)],
            snapshots={"post/a": b""},
        )
        with pytest.raises(InvalidValueError, match="k"):
            org.journal.append(
                [org.new("post/b")],
                expected_versions={"post/b": 0},
                rows=[Row("posts", "k", "post/b", columns)],
                snapshots={"post/b": b""},
            )
        org.journal.append(
            [org.new("post/a"), org.new("post/b")],
            expected_versions={"post/a": 1, "post/b": 0},
            rows=[Row("posts", "k", "post/b", columns)],
            snapshots={"post/a": b"", "post/b": b""},
        )
        assert org.journal.query("posts") == (Row("posts", "k", "post/b", columns),)
        assert org.journal.audit().clean

    @promise("S12")
    def test_s12_sorting(self, store: Store) -> None:
        """None sorts before numbers and numbers before strings; equal rows are sorted by key."""
        org = fresh_organization(store)
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
        _fill(org, values)  # type: ignore[arg-type]  # lists are invariant
        rows = org.journal.query("mixed")
        assert [row.key for row in rows] == ["a1", "a0", "a2", "b", "c", "d", "e", "f", "g"]
        assert {(row.key, *row.columns.values()) for row in rows} == set(values)

    @promise("S12")
    def test_s12_where(self, store: Store) -> None:
        """A row must match an allowed value in every column; None is a value, and 1 is not "1"."""
        org = fresh_organization(store)
        _fill(org, [("a", 1, "x"), ("b", "1", "x"), ("c", None, "x"), ("d", 2, None)])

        def keys(**where: object) -> list[str]:
            return [row.key for row in org.journal.query("mixed", where=where)]  # type: ignore[arg-type]  # values of columns

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
            org.journal.query("unknown")
        with pytest.raises(InvalidValueError):
            org.journal.query("mixed", limit=0)

    @promise("S12")
    def test_s12_indexes(self, store: Store) -> None:
        """A query with an index returns exactly the rows that currently match, in order."""
        org = fresh_organization(store)
        values: tuple[Column, ...] = (None, 1, 2, "1", "a")
        cells = [(a, b, c) for a in values for b in values[:3] for c in (None, 3, 3, 2, "z")]

        def put(stream: str, shift: int) -> list[Row]:
            rows = [
                Row("indexed", f"{stream} {number:03}", stream, {"one": a, "two": b, "at": c})
                for number, (a, b, c) in enumerate([*cells[shift:], *cells[:shift]])
            ]
            org.journal.append(
                [org.new(stream)],
                expected_versions={stream: org.journal.snapshot(stream)[0]},
                rows=rows,
                snapshots={stream: b""},
            )
            return rows

        put("post/a", 7)
        # The same rows get new values, which every index must contain.
        rows = [*put("post/b", 0), *put("post/a", 3)]
        rows.sort(key=lambda row: _order(row.columns["at"], row.key))
        for where in (
            {"one": 1},
            {"one": (None, "1", 1, 1, 5)},
            {"two": 2, "one": "a"},
            {"two": (1, None), "one": (1, "1", None)},
            {"two": (1, None), "one": (1, "1", None), "at": (3, None)},
            {"one": (), "two": 1},
            {"one": tuple(range(1_000)), "two": (None, 1)},
        ):
            allowed = {name: v if type(v) is tuple else (v,) for name, v in where.items()}
            wanted = [
                row
                for row in rows
                if all(
                    any(type(v) is type(row.columns[name]) and v == row.columns[name] for v in some)
                    for name, some in allowed.items()
                )
            ]
            for limit in (2, 7, 1_000):
                found: list[Row] = []
                after = None
                while page := org.journal.query("indexed", where=where, after=after, limit=limit):  # type: ignore[arg-type]  # values of columns
                    found += page
                    after = page[-1]
                assert found == wanted
        org.journal.append(
            [org.new("post/b")], expected_versions={"post/b": 1}, snapshots={"post/b": b""}
        )
        left = org.journal.query("indexed", where={"one": 1, "two": 1})
        assert {row.stream for row in left} == {"post/a"}

    @promise("S12")
    def test_s12_exact_texts(self, store: Store) -> None:
        """Keys and values that differ only in length, case, spaces or normal form are different."""
        org = fresh_organization(store)
        rows = [
            Row("mixed", f"key {text}", "post/a", {"value": text, "second": None})
            for text in EXACT_TEXTS
        ]
        org.journal.append(
            [org.new("post/a")],
            expected_versions={"post/a": 0},
            rows=rows,
            snapshots={"post/a": b""},
        )
        found = org.journal.query("mixed")
        assert [row.columns["value"] for row in found] == sorted(EXACT_TEXTS)
        assert found == tuple(sorted(rows, key=lambda row: str(row.columns["value"])))
        for row in rows:
            value = row.columns["value"]
            assert org.journal.query("mixed", where={"value": value}) == (row,)
        pages: list[Row] = []
        while page := org.journal.query("mixed", after=pages[-1] if pages else None, limit=1):
            pages += page
        assert tuple(pages) == found
        assert org.journal.audit().clean

    @promise("S13")
    def test_s13_long_page(self, store: Store) -> None:
        """A page contains as many rows as its limit allows."""
        org = fresh_organization(store)
        rows = [
            Row("mixed", f"{n:04}", "post/a", {"value": n, "second": None}) for n in range(MANY)
        ]
        org.journal.append(
            [org.new("post/a")],
            expected_versions={"post/a": 0},
            rows=rows,
            snapshots={"post/a": b""},
        )
        assert org.journal.query("mixed", limit=10 * MANY) == tuple(rows)
        assert org.journal.query("mixed", limit=MANY - 1) == tuple(rows[:-1])

    @promise("S13")
    def test_s13_paging(self, store: Store) -> None:
        """Pages of any length together contain each row once, even if a last row is removed."""
        org = fresh_organization(store)
        kinds = (None, 1, 2, "a", "b")
        wanted = [(f"{i}-{j}", a, b) for i, a in enumerate(kinds) for j, b in enumerate(kinds)]
        _fill(org, wanted)  # type: ignore[arg-type]  # lists are invariant
        everything = org.journal.query("mixed")
        assert len(everything) == len(wanted)
        for limit in (1, 4, 25):
            rows: list[Row] = []
            page = org.journal.query("mixed", limit=limit)
            while page:
                assert len(page) <= limit
                rows += page
                page = org.journal.query("mixed", after=page[-1], limit=limit)
            assert tuple(rows) == everything
        removed = everything[7]
        stream = removed.stream
        org.journal.append(
            [org.new(stream)], expected_versions={stream: 1}, snapshots={stream: b""}
        )
        assert org.journal.query("mixed", after=removed) == everything[8:]
        some = org.journal.query("mixed", where={"second": ("a", None)}, after=removed)
        assert some == tuple(r for r in everything[8:] if r.columns["second"] in {"a", None})
        with pytest.raises(InvalidValueError):
            org.journal.query("mixed", after=attrs.evolve(removed, projection="posts"))

    @promise("S14")
    def test_s14_due(self, store: Store) -> None:
        """Rows due by the given instant are returned in order of instant and key, up to the limit."""
        org = fresh_organization(store)
        at = microseconds(AT)
        for name, instant in (("c", at), ("b", at), ("a", at + 1), ("d", at - 1)):
            org.put(f"post/{name}", body={"due": instant})
        rows = org.journal.due(before=AT, now=AT, limit=2, worker="w", lease_s=60)
        assert rows == (
            Row("due", "post/d", "post/d", {"at": at - 1, "kind": "publish"}),
            Row("due", "post/b", "post/b", {"at": at, "kind": "publish"}),
        )
        assert _lease(org, "other") == ["post/c"]
        with pytest.raises(NaiveDatetimeError):
            org.journal.due(before=AT.replace(tzinfo=None), now=AT, limit=1, worker="w", lease_s=60)
        for wrong in ({"limit": 0}, {"worker": ""}, {"lease_s": 0}):
            with pytest.raises(InvalidValueError):
                org.journal.due(
                    **{"before": AT, "now": AT, "limit": 1, "worker": "w", "lease_s": 1, **wrong}  # type: ignore[arg-type]  # wrong on purpose
                )

    @promise("S14")
    def test_s14_long_page(self, store: Store) -> None:
        """As many due rows are returned as the limit allows."""
        org = fresh_organization(store)
        rows = [Row("due", f"{n:04}", "post/a", {"at": n, "kind": "publish"}) for n in range(MANY)]
        org.journal.append(
            [org.new("post/a")],
            expected_versions={"post/a": 0},
            rows=rows,
            snapshots={"post/a": b""},
        )
        assert _lease(org, "one", limit=10 * MANY) == [row.key for row in rows]

    @promise("S15")
    def test_s15_short_lease(self, store: Store) -> None:
        """A lease of less than a second is not shortened."""
        org = fresh_organization(store)
        org.put("post/a", body={"due": 1})
        assert _lease(org, "one", lease_s=0.4) == ["post/a"]
        assert _lease(org, "two", now=AT + dt.timedelta(milliseconds=399)) == []
        assert _lease(org, "two", now=AT + dt.timedelta(milliseconds=401)) == ["post/a"]

    @promise("S15")
    def test_s15_lease(self, store: Store) -> None:
        """A leased row is returned only to its worker until the lease expires."""
        org = fresh_organization(store)
        org.put("post/a", body={"due": 1})
        assert _lease(org, "one") == ["post/a"]
        assert _lease(org, "two") == []
        assert _lease(org, "one", now=AT + MINUTE / 2) == ["post/a"]
        assert _lease(org, "two", now=AT + MINUTE) == []
        assert _lease(org, "two", now=AT + MINUTE * 1.5) == ["post/a"]
        assert _lease(org, "one", now=AT + MINUTE * 1.5) == []

    @promise("S15")
    def test_s15_limit(self, store: Store) -> None:
        """Rows that another worker has leased do not count towards the limit."""
        org = fresh_organization(store)
        for name in "abcd":
            org.put(f"post/{name}", body={"due": 1})
        assert _lease(org, "one", limit=2) == ["post/a", "post/b"]
        assert _lease(org, "two", limit=2) == ["post/c", "post/d"]

    @promise("S16")
    def test_s16_lease_end(self, store: Store) -> None:
        """A lease ends when its row changes or its worker releases it."""
        org = fresh_organization(store)
        org.put("post/a", "post/b", body={"due": 1})
        rows = org.journal.due(before=AT, now=AT, limit=9, worker="one", lease_s=60)
        org.put("post/a", body={"due": 1})
        assert _lease(org, "two") == []
        org.put("post/a", body={"due": 2})
        assert _lease(org, "two") == ["post/a"]
        org.journal.release(rows, worker="three")
        assert _lease(org, "three") == []
        org.journal.release(rows, worker="one")
        assert _lease(org, "three") == ["post/b"]
        org.put("post/a")
        org.put("post/a", body={"due": 2})
        assert _lease(org, "three") == ["post/b", "post/a"]
        org.journal.release((), worker="three")
        assert org.journal.audit().clean

    @promise("S34")
    def test_s34_declared_projections(self, store: Store) -> None:
        """A store that was created with projections accepts them and rejects all others."""
        org = fresh_organization(store)
        org.put("post/a", body={"state": "draft", "rank": 1})
        store.ensure_projections(PROJECTIONS)
        store.ensure_projections(PROJECTIONS[:1])
        for lacking in (Projection("more", ("value",)), Projection("posts", ("state",))):
            with pytest.raises(InvalidValueError, match=lacking.name):
                store.ensure_projections([*PROJECTIONS[1:], lacking])
        assert [row.key for row in org.journal.query("posts")] == ["post/a"]
        org.put("post/a", body={"state": "sent"})
        assert org.journal.audit(reducer=reducer).clean

    @promise("S34")
    def test_s34_bare_store(self, bare_store: Store) -> None:
        """A store without projections adopts the needed projections, and its rows become stale."""
        org = fresh_organization(bare_store)
        stream = "post/a"
        body: dict[str, Json] = {"state": "draft", "rank": 1, "due": 1}
        event = org.new(stream, body)
        org.journal.append([event], expected_versions={stream: 0}, snapshots={stream: b""})
        org.bodies[stream] = [body]
        with pytest.raises(InvalidValueError):
            org.journal.query("posts")
        bare_store.ensure_projections(PROJECTIONS)
        bare_store.ensure_projections(PROJECTIONS)
        stale: tuple[Callable[[], object], ...] = (
            lambda: org.journal.query("posts"),
            lambda: _lease(org, "worker"),
            lambda: org.put(stream, body=body),
        )
        for call in stale:
            with pytest.raises(StaleProjectionError):
                call()
        assert org.journal.snapshot(stream) == (1, b"")
        assert [e.id for e in org.journal.read(stream)] == [event.id]
        assert org.journal.reindex(reducer).changed == (stream,)
        assert [row.key for row in org.journal.query("posts")] == [stream]
        org.put(stream, "post/b", body=body)
        other = fresh_organization(bare_store)
        other.put("post/b", body=body)
        for each in (org, other):
            assert _lease(each, "worker") == sorted(each.bodies)
            assert each.journal.audit(reducer=reducer).clean
        with pytest.raises(InvalidValueError, match="more"):
            bare_store.ensure_projections([Projection("more", ("value",))])

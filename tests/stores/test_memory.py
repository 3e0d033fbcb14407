"""The memory store keeps every promise."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stores.memory_kit import MemoryKit

from socialcollab.identifiers import uuid7
from socialcollab.stores import Column, MemoryStore, NewEvent, Projection, Row, Store


class TestMemoryStore(MemoryKit):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(projections=self.projections)

    @pytest.fixture
    def bare_store(self) -> Store:
        return MemoryStore()


NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
VALUES = st.sampled_from([None, 0, 1, "1", "a", "b"])


def put(store: Store, number: int, stream: str, rows: list[Row]) -> None:
    event = NewEvent(
        stream=stream,
        type="edited",
        id=uuid7(NOW, number.to_bytes(10, "big")),
        at=NOW,
        actor="member:ana",
        digest="4e6f",
        body={},
    )
    journal = store.for_organization("northwind")
    version, _ = journal.snapshot(stream)
    journal.append(
        [event], expected_versions={stream: version}, rows=rows, snapshots={stream: b"x"}
    )


def rank(value: Column) -> tuple[int, int, str]:
    if isinstance(value, int):
        return (1, value, "")
    return (0, 0, "") if value is None else (2, 0, value)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.lists(st.tuples(VALUES, VALUES), max_size=3))),
    st.lists(VALUES, max_size=3),
    st.one_of(st.none(), VALUES),
    st.integers(1, 4),
)
def test_queries_equal_a_scan(
    appends: list[tuple[int, list[tuple[Column, Column]]]],
    first: list[Column],
    second: Column,
    limit: int,
) -> None:
    """A query that uses the index returns the same pages as a scan of all rows."""
    store = MemoryStore(
        (Projection("items", ("first", "second"), ("second",), ("first", ("first", "second"))),)
    )
    kept: dict[int, list[Row]] = {}
    for number, (stream, values) in enumerate(appends):
        kept[stream] = [
            Row("items", f"k{stream}.{n}", f"post/{stream}", {"first": one, "second": two})
            for n, (one, two) in enumerate(values)
        ]
        put(store, number, f"post/{stream}", kept[stream])
    where: dict[str, Column | tuple[Column, ...]] = {}
    if first:
        where["first"] = tuple(first)
    if second is not None:
        where["second"] = second
    expected = sorted(
        (
            row
            for rows in kept.values()
            for row in rows
            if (not first or row.columns["first"] in first)
            and (second is None or row.columns["second"] == second)
        ),
        key=lambda row: (rank(row.columns["second"]), row.key),
    )
    journal = store.for_organization("northwind")
    found: list[Row] = []
    while page := journal.query(
        "items", where=where, after=found[-1] if found else None, limit=limit
    ):
        found += page
    assert found == expected

"""The model law: after any sequence of operations, a store has the same content as a model."""

# ruff: noqa: S101
from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialcollab.content import Json
from socialcollab.errors import ConflictError
from socialcollab.stores import NewEvent, Row, Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.organization import (
    SALT,
    FreshOrganization,
    fresh_organization,
    own_keys,
    reduce_bodies,
    reducer,
)

_STREAMS = ("runtime_state", "post/a", "post/b", "post/c")
_bodies = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["draft", "approved", "é"]),
        "rank": st.none() | st.integers(0, 3),
        "due": st.integers(0, 3),
    },
)
_streams = st.sampled_from(_STREAMS)
_operations = st.one_of(
    st.tuples(st.just("append"), st.lists(st.tuples(_streams, _bodies), min_size=1, max_size=3)),
    st.tuples(st.just("stale"), st.tuples(_streams, _streams, st.integers(0, 4))),
    st.tuples(st.just("erase"), _streams),
    st.tuples(st.just("reindex"), st.none()),
)


@attrs.define
class _Model:
    """The expected content of a store, as plain lists and dictionaries."""

    feed: list[tuple[str, int, Mapping[str, Json]]] = attrs.field(factory=list)
    personal: dict[tuple[str, int], Json] = attrs.field(factory=dict)
    erased: set[tuple[str, int]] = attrs.field(factory=set)

    def version(self, stream: str) -> int:
        return sum(name == stream for name, _, _ in self.feed)


def _new(org: FreshOrganization, stream: str, body: Mapping[str, Json]) -> NewEvent:
    """Return a new event. If its body has a state, the state is also a personal value."""
    if "state" not in body:
        return org.new(stream, body)
    return org.new(stream, body, personal={"state": body["state"]}, salt=SALT)


def _apply(org: FreshOrganization, model: _Model, name: str, value: object) -> None:
    if name == "append" and isinstance(value, list):
        org.append([_new(org, stream, body) for stream, body in value])
        for stream, body in value:
            model.feed.append((stream, model.version(stream) + 1, body))
            if "state" in body:
                model.personal[stream, model.version(stream)] = body["state"]
    elif name == "erase" and isinstance(value, str):
        versions = [version for stream, version in model.personal if stream == value]
        org.append([org.new(value, erases=dict.fromkeys(versions, ("state",)))])
        model.feed.append((value, model.version(value) + 1, {}))
        for version in versions:
            del model.personal[value, version]
            model.erased.add((value, version))
    elif name == "stale" and isinstance(value, tuple):
        stream, read, version = value
        if version == model.version(read):
            return
        with pytest.raises(ConflictError) as caught:
            org.journal.append(
                [org.new(stream)],
                expected_versions={stream: model.version(stream), read: version},
                snapshots={stream: b""},
            )
        assert (caught.value.stream, caught.value.actual) == (read, model.version(read))
    else:
        assert org.journal.reindex(reducer).changed == ()


class ModelLaws:
    """Tests that compare a store with a simple model."""

    @promise("S27")
    def test_s27_model(self, store: Store) -> None:
        """After each operation, events, streams, snapshots and rows are the same as in the model."""

        # All examples share the store, but each example has its own organization.
        @settings(max_examples=25, deadline=None, database=None, report_multiple_bugs=False)
        @given(operations=st.lists(_operations, max_size=8))
        def judge(operations: list[tuple[str, object]]) -> None:
            org, model = fresh_organization(store), _Model()
            for name, value in operations:
                _apply(org, model, name, value)
                _compare(org, model)
            assert org.journal.audit(reducer=reducer).findings == ()

        judge()


def _compare(org: FreshOrganization, model: _Model) -> None:
    journal = org.journal
    feed = journal.read_all()
    assert [(e.stream, e.version, own_keys(e.body)) for e in feed] == model.feed
    personal = {(e.stream, e.version): e.personal["state"] for e in feed if e.personal}
    assert personal == model.personal
    assert {(e.stream, e.version) for e in feed if e.erased == {"state"}} == model.erased
    rows: list[Row] = []
    for stream in _STREAMS:
        version, snapshot = journal.snapshot(stream)
        assert version == model.version(stream)
        bodies = [body for name, _, body in model.feed if name == stream]
        if bodies:
            expected, new_rows = reduce_bodies(stream, bodies)
            rows += new_rows
            assert snapshot == expected
        assert [own_keys(e.body) for e in journal.read(stream)] == bodies
    found = [*journal.query("posts"), *journal.query("due")]
    assert sorted(found, key=repr) == sorted(rows, key=repr)

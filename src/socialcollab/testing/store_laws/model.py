"""The law of the model: whatever is done, a store answers as a plain dictionary would."""

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
from socialcollab.testing.store_laws.scene import (
    SALT,
    Scene,
    own,
    promise,
    reduce_bodies,
    reducer,
    scene,
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
_acts = st.one_of(
    st.tuples(st.just("append"), st.lists(st.tuples(_streams, _bodies), min_size=1, max_size=3)),
    st.tuples(st.just("stale"), st.tuples(_streams, _streams, st.integers(0, 4))),
    st.tuples(st.just("erase"), _streams),
    st.tuples(st.just("reindex"), st.none()),
)


@attrs.define
class _Model:
    """What ought to be there, kept the plainest way."""

    feed: list[tuple[str, int, Mapping[str, Json]]] = attrs.field(factory=list)
    kept: dict[tuple[str, int], Json] = attrs.field(factory=dict)
    erased: set[tuple[str, int]] = attrs.field(factory=set)

    def version(self, stream: str) -> int:
        return sum(name == stream for name, _, _ in self.feed)


def _new(here: Scene, stream: str, body: Mapping[str, Json]) -> NewEvent:
    """Make an event; a state is said once more as a personal value."""
    if "state" not in body:
        return here.new(stream, body)
    return here.new(stream, body, personal={"said": body["state"]}, salt=SALT)


def _act(here: Scene, model: _Model, name: str, value: object) -> None:
    if name == "append" and isinstance(value, list):
        here.append([_new(here, stream, body) for stream, body in value])
        for stream, body in value:
            model.feed.append((stream, model.version(stream) + 1, body))
            if "state" in body:
                model.kept[stream, model.version(stream)] = body["state"]
    elif name == "erase" and isinstance(value, str):
        going = [version for stream, version in model.kept if stream == value]
        here.append([here.new(value, erases=dict.fromkeys(going, ("said",)))])
        model.feed.append((value, model.version(value) + 1, {}))
        for version in going:
            del model.kept[value, version]
            model.erased.add((value, version))
    elif name == "stale" and isinstance(value, tuple):
        stream, read, version = value
        if version == model.version(read):
            return
        with pytest.raises(ConflictError) as caught:
            here.journal.append(
                [here.new(stream)],
                expected_versions={stream: model.version(stream), read: version},
                snapshots={stream: b""},
            )
        assert (caught.value.stream, caught.value.actual) == (read, model.version(read))
    else:
        assert here.journal.reindex(reducer).changed == ()


class ModelLaws:
    """The law of the model."""

    @promise("S27")
    def test_s27_a_store_answers_as_a_dictionary_would(self, store: Store) -> None:
        """Feed, streams, records and rows, after every act."""

        # The store is one for all examples; each has an organization of its own.
        @settings(max_examples=25, deadline=None, database=None, report_multiple_bugs=False)
        @given(acts=st.lists(_acts, max_size=8))
        def judge(acts: list[tuple[str, object]]) -> None:
            here, model = scene(store), _Model()
            for name, value in acts:
                _act(here, model, name, value)
                _compare(here, model)
            assert here.journal.audit(reducer=reducer).findings == ()

        judge()


def _compare(here: Scene, model: _Model) -> None:
    journal = here.journal
    feed = journal.read_all()
    assert [(e.stream, e.version, own(e.body)) for e in feed] == model.feed
    kept = {(e.stream, e.version): e.personal["said"] for e in feed if e.personal}
    assert kept == model.kept
    assert {(e.stream, e.version) for e in feed if e.erased == {"said"}} == model.erased
    rows: list[Row] = []
    for stream in _STREAMS:
        version, snapshot = journal.snapshot(stream)
        assert version == model.version(stream)
        bodies = [body for name, _, body in model.feed if name == stream]
        if bodies:
            wanted, made = reduce_bodies(stream, bodies)
            rows += made
            assert snapshot == wanted
        assert [own(e.body) for e in journal.read(stream)] == bodies
    found = [*journal.query("posts"), *journal.query("due")]
    assert sorted(found, key=repr) == sorted(rows, key=repr)

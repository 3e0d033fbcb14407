"""Laws of erasing: what goes, what stays, what an audit says, and that no byte remains."""

# ruff: noqa: S101
from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from socialcollab.content import Json, canonical_json
from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.stores import Event, Store
from socialcollab.testing.store_laws.powers import Powers
from socialcollab.testing.store_laws.scene import SALT, Scene, promise, reducer, scene

_WORDS = "Zeepaardje Ωmega 7f3a9c"
_VALUES: Mapping[str, Json] = {"text": _WORDS, "name": "Noor"}


def _said(here: Scene, *streams: str) -> tuple[Event, ...]:
    """Append to each stream an event with two personal values."""
    return here.append([here.new(s, {"rank": 1}, personal=_VALUES, salt=SALT) for s in streams])


def _emptied(event: Event) -> Event:
    return attrs.evolve(event, personal={}, erased=frozenset({"text", "name"}), salt=b"")


def _erase(here: Scene, stream: str, erases: Mapping[int, tuple[str, ...]]) -> Event:
    return here.append([here.new(stream, {"state": "erased"}, erases=erases)])[0]


class ErasingLaws(Powers):
    """Laws of erasing."""

    @promise("S28")
    def test_s28_a_tombstone_purges_the_values_that_it_names(self, store: Store) -> None:
        """And no others: the event stays, and says what was erased from it."""
        here = scene(store)
        first, other = _said(here, "post/a", "post/b")
        [second] = _said(here, "post/a")
        tomb = _erase(here, "post/a", {1: ("text",)})
        assert tomb.body["erases"] == {"1": ["text"]}
        half = attrs.evolve(first, personal={"name": "Noor"}, erased=frozenset({"text"}))
        assert here.journal.read("post/a") == (half, second, tomb)
        assert here.journal.read("post/b") == (other,)
        last = _erase(here, "post/a", {1: ("name",), 2: ("text", "name")})
        after = (_emptied(first), _emptied(second), tomb, last)
        assert here.journal.read("post/a") == after
        assert here.journal.read_all() == (after[0], other, *after[1:])
        assert "personal" in after[0].body, "the digests stay, for the chain"
        assert here.journal.audit(reducer=reducer).findings == ()

    @promise("S29")
    def test_s29_what_was_never_stored_cannot_be_erased(self, store: Store) -> None:
        """Each is refused, and a refused append erases nothing."""
        here = scene(store)
        _said(here, "post/a")
        here.put("post/a", "post/b")
        before = here.everything()
        wrong: tuple[tuple[str, dict[int, tuple[str, ...]]], ...] = (
            ("post/a", {1: ("text",), 9: ("text",)}),
            ("post/a", {1: ("text", "unknown")}),
            ("post/a", {1: ("text",), 2: ("text",)}),
            ("post/a", {1: ("text",), 3: ("text",)}),
            ("post/b", {1: ("text",)}),
            ("post/c", {1: ("text",)}),
        )
        for stream, erases in wrong:
            with pytest.raises(InvalidValueError):
                _erase(here, stream, erases)
        right = here.new("post/a", erases={1: ("text",)})
        with pytest.raises(ConflictError):
            here.journal.append([right], expected_versions={"post/a": 1}, snapshots={"post/a": b""})
        with pytest.raises(InvalidValueError):
            here.append([right, here.new("post/b", erases={1: ("text",)})])
        assert here.everything() == before
        for unfit in ({0: ("text",)}, {1: ()}, {1: "text"}, {"1": ("text",)}, ["text"]):
            with pytest.raises(InvalidValueError):
                here.new("post/a", erases=unfit)
        with pytest.raises(InvalidValueError):
            here.new("post/a", {"erases": {}})

    @promise("S29")
    def test_s29_erasing_again_is_harmless(self, store: Store) -> None:
        """What is gone stays gone, and the journal whole."""
        here = scene(store)
        _said(here, "post/a")
        _erase(here, "post/a", {1: ("text",)})
        _erase(here, "post/a", {1: ("name", "text")})
        [event, *_] = here.journal.read("post/a")
        assert not event.personal
        assert event.erased == {"name", "text"}
        assert here.journal.audit(reducer=reducer).clean

    @promise("S30")
    def test_s30_an_audit_counts_what_was_erased(self, store: Store) -> None:
        """It is no damage, the anchor stays good, and reindex goes on."""
        here = scene(store)
        _said(here, "post/a", "post/b")
        report = here.journal.audit(reducer=reducer)
        assert (report.clean, report.erased) == (True, 0)
        _erase(here, "post/a", {1: ("text", "name")})
        after = here.journal.audit(reducer=reducer, anchor=report.anchor)
        assert (after.findings, after.erased, after.events) == ((), 2, 3)
        assert here.journal.reindex(reducer).changed == ()
        here.put("post/a", body={"state": "draft"})
        assert here.journal.audit(reducer=reducer, anchor=after.anchor).erased == 2

    @promise("S30")
    def test_s30_a_value_that_is_lost_or_changed_is_still_found(self, store: Store) -> None:
        """Beside one that was erased: only what a tombstone names may be missing."""
        for part in ("personal", "lost"):
            here = scene(store)
            _said(here, "post/a")
            _said(here, "post/b")
            _erase(here, "post/b", {1: ("text", "name")})
            if not self.damage(store, here.journal.organization, "post/a", part):
                pytest.skip("the store does not say how to damage it")
            findings = here.journal.audit().findings
            assert findings
            assert all("post/a version 1" in f.place for f in findings), findings

    @promise("S31")
    def test_s31_nothing_erased_remains_after_compact(self, store: Store) -> None:
        """Not in records or rows of earlier versions either; and compact changes no answer."""
        here = scene(store)
        for number in range(30):
            stream = f"post/{number % 3}"
            version = here.version(stream)
            here.bodies.setdefault(stream, []).append({})
            here.journal.append(
                [here.new(stream, personal={"text": f"{_WORDS} {number}"}, salt=SALT)],
                expected_versions={stream: version},
                rows=[here.row(stream, f"{_WORDS} {number}")],
                snapshots={stream: f"{_WORDS} {number} ".encode() * (1 + number * 40)},
            )
        there = self.bytes_kept(store)
        assert there is None or _WORDS.encode() in there, "the power has to show what is kept"
        for stream in ("post/0", "post/1", "post/2"):
            _erase(here, stream, dict.fromkeys(range(1, 11), ("text",)))
        before = here.everything()
        store.compact()
        store.compact()
        assert here.everything() == before
        assert here.journal.audit(reducer=reducer).erased == 30
        kept = self.bytes_kept(store)
        if kept is None:
            pytest.skip("the store does not show its bytes")
        for text in (_WORDS, canonical_json(_WORDS).decode()[1:-1]):
            assert kept.count(text.encode()) == 0
        here.put("post/0")

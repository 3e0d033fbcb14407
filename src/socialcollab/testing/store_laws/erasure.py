"""Laws about erasure: tombstones, the audit of erased values, and the removal of their bytes."""

# ruff: noqa: S101
from __future__ import annotations

from collections.abc import Mapping

import attrs
import pytest

from socialcollab.content import Json, canonical_json
from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.stores import Event, Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.hooks import InspectionHooks
from socialcollab.testing.store_laws.organization import (
    SALT,
    FreshOrganization,
    fresh_organization,
    reducer,
)

_WORDS = "Zeepaardje Ωmega 7f3a9c"
_VALUES: Mapping[str, Json] = {"text": _WORDS, "name": "Noor"}


def _put_personal(org: FreshOrganization, *streams: str) -> tuple[Event, ...]:
    """Append an event with two personal values to each stream."""
    return org.append([org.new(s, {"rank": 1}, personal=_VALUES, salt=SALT) for s in streams])


def _emptied(event: Event) -> Event:
    return attrs.evolve(event, personal={}, erased=frozenset({"text", "name"}), salt=b"")


def _erase(org: FreshOrganization, stream: str, erases: Mapping[int, tuple[str, ...]]) -> Event:
    return org.append([org.new(stream, {"state": "erased"}, erases=erases)])[0]


class ErasureLaws(InspectionHooks):
    """Laws about erasure."""

    @promise("S28")
    def test_s28_tombstone(self, store: Store) -> None:
        """A tombstone erases only the values that it names, and reads report them as erased."""
        org = fresh_organization(store)
        first, other = _put_personal(org, "post/a", "post/b")
        [second] = _put_personal(org, "post/a")
        tombstone = _erase(org, "post/a", {1: ("text",)})
        assert tombstone.body["erases"] == {"1": ["text"]}
        half = attrs.evolve(first, personal={"name": "Noor"}, erased=frozenset({"text"}))
        assert org.journal.read("post/a") == (half, second, tombstone)
        assert org.journal.read("post/b") == (other,)
        last = _erase(org, "post/a", {1: ("name",), 2: ("text", "name")})
        after = (_emptied(first), _emptied(second), tombstone, last)
        assert org.journal.read("post/a") == after
        assert org.journal.read_all() == (after[0], other, *after[1:])
        assert "personal" in after[0].body, "the digests must remain, because the chain needs them"
        assert org.journal.audit(reducer=reducer).findings == ()

    @promise("S28")
    def test_s28_pages(self, store: Store) -> None:
        """After an erasure, reading an earlier page again does not return the erased values."""
        org = fresh_organization(store)
        other = store.for_organization(org.journal.organization)
        _put_personal(org, "post/a", "post/b")
        _put_personal(org, "post/a", "post/b")
        pages = [(after, limit) for after in range(4) for limit in (1, 2, 4, 1000)]
        for journal in (org.journal, other):
            for after, limit in pages:
                assert all(e.personal for e in journal.read_all(after=after, limit=limit))
                assert all(e.personal for e in journal.read("post/a", after=after))
        _erase(org, "post/a", {1: ("text", "name"), 2: ("text", "name")})
        for journal in (org.journal, other):
            for after, limit in pages:
                found = journal.read_all(after=after, limit=limit)
                assert [e.stream for e in found if e.personal] == [
                    "post/b" for e in found if e.stream == "post/b"
                ]
                assert not any(e.personal for e in journal.read("post/a", after=after))

    @promise("S29")
    def test_s29_unknown_value(self, store: Store) -> None:
        """A tombstone for values that were never stored is rejected, and erases nothing."""
        org = fresh_organization(store)
        _put_personal(org, "post/a")
        org.put("post/a", "post/b")
        before = org.everything()
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
                _erase(org, stream, erases)
        right = org.new("post/a", erases={1: ("text",)})
        with pytest.raises(ConflictError):
            org.journal.append([right], expected_versions={"post/a": 1}, snapshots={"post/a": b""})
        with pytest.raises(InvalidValueError):
            org.append([right, org.new("post/b", erases={1: ("text",)})])
        assert org.everything() == before
        for invalid in ({0: ("text",)}, {1: ()}, {1: "text"}, {"1": ("text",)}, ["text"]):
            with pytest.raises(InvalidValueError):
                org.new("post/a", erases=invalid)
        with pytest.raises(InvalidValueError):
            org.new("post/a", {"erases": {}})

    @promise("S29")
    def test_s29_erasing_twice(self, store: Store) -> None:
        """Erasing a value twice has no effect."""
        org = fresh_organization(store)
        _put_personal(org, "post/a")
        _erase(org, "post/a", {1: ("text",)})
        _erase(org, "post/a", {1: ("name", "text")})
        [event, *_] = org.journal.read("post/a")
        assert not event.personal
        assert event.erased == {"name", "text"}
        assert org.journal.audit(reducer=reducer).clean

    @promise("S30")
    def test_s30_audit(self, store: Store) -> None:
        """An audit counts erased values and has no findings; anchors and reindex still work."""
        org = fresh_organization(store)
        _put_personal(org, "post/a", "post/b")
        report = org.journal.audit(reducer=reducer)
        assert (report.clean, report.erased) == (True, 0)
        _erase(org, "post/a", {1: ("text", "name")})
        after = org.journal.audit(reducer=reducer, anchor=report.anchor)
        assert (after.findings, after.erased, after.events) == ((), 2, 3)
        assert org.journal.reindex(reducer).changed == ()
        org.put("post/a", body={"state": "draft"})
        assert org.journal.audit(reducer=reducer, anchor=after.anchor).erased == 2

    @promise("S30")
    def test_s30_lost_value(self, store: Store) -> None:
        """A value that is lost or changed without a tombstone is a finding."""
        for part in ("personal", "lost"):
            org = fresh_organization(store)
            _put_personal(org, "post/a")
            _put_personal(org, "post/b")
            _erase(org, "post/b", {1: ("text", "name")})
            if not self.damage(store, org.journal.organization, "post/a", part):
                pytest.skip("the kit does not override `damage`")
            findings = org.journal.audit().findings
            assert findings
            assert all("post/a version 1" in f.place for f in findings), findings

    @promise("S31")
    def test_s31_compact(self, store: Store) -> None:
        """After compact, no bytes of erased values remain, and reads return the same results."""
        org = fresh_organization(store)
        for number in range(30):
            stream = f"post/{number % 3}"
            version = org.version(stream)
            org.bodies.setdefault(stream, []).append({})
            org.journal.append(
                [org.new(stream, personal={"text": f"{_WORDS} {number}"}, salt=SALT)],
                expected_versions={stream: version},
                rows=[org.row(stream, f"{_WORDS} {number}")],
                snapshots={stream: f"{_WORDS} {number} ".encode() * (1 + number * 40)},
            )
        before_erasure = self.bytes_kept(store)
        assert before_erasure is None or _WORDS.encode() in before_erasure, (
            "`bytes_kept` does not return the stored values"
        )
        for stream in ("post/0", "post/1", "post/2"):
            _erase(org, stream, dict.fromkeys(range(1, 11), ("text",)))
        before = org.everything()
        store.compact()
        store.compact()
        assert org.everything() == before
        assert org.journal.audit(reducer=reducer).erased == 30
        kept = self.bytes_kept(store)
        if kept is None:
            pytest.skip("the kit does not override `bytes_kept`")
        for text in (_WORDS, canonical_json(_WORDS).decode()[1:-1]):
            assert kept.count(text.encode()) == 0
        org.put("post/0")

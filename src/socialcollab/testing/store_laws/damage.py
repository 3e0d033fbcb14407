"""Laws of damage: it is named, nothing rests on it, and what can be rebuilt is."""

# ruff: noqa: S101
from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from socialcollab.content import Json
from socialcollab.errors import CorruptJournalError
from socialcollab.stores import Store
from socialcollab.testing.store_laws.powers import Powers
from socialcollab.testing.store_laws.scene import SALT, Scene, promise, reducer, scene

_BODY: Mapping[str, Json] = {"state": "draft", "rank": 1}


class DamageLaws(Powers):
    """Laws of damage."""

    @promise("S32")
    def test_s32_a_damaged_event_is_named_and_refused(self, store: Store) -> None:
        """By all that reads it; other streams are read on, and an audit goes on to the end."""
        for part in ("event", "personal"):
            here = scene(store)
            here.append([here.new("post/a", _BODY, personal={"text": "Noor"}, salt=SALT)])
            here.put("post/b", "post/a", body=_BODY)
            self._do(store, here, "post/a", part)
            reads: tuple[Callable[[], object], ...] = (
                lambda here=here: here.journal.read("post/a"),  # type: ignore[misc]  # bound now
                lambda here=here: here.journal.read_all(),  # type: ignore[misc]  # likewise
                lambda here=here: here.journal.reindex(reducer),  # type: ignore[misc]  # likewise
            )
            for read in reads:
                with pytest.raises(CorruptJournalError, match="post/a version 1"):
                    read()
            assert len(here.journal.read("post/b")) == 1
            report = here.journal.audit(reducer=reducer)
            assert report.events == 3
            assert {f.place.split(" (")[0] for f in report.findings} >= {"post/a version 1"}
            assert not any("post/b" in f.place for f in report.findings)

    @promise("S33")
    def test_s33_damaged_records_and_rows_are_named_and_rebuilt(self, store: Store) -> None:
        """Nothing of the journal is lost with them."""
        for part in ("record", "row", "row lost"):
            here = scene(store)
            here.put("post/a", "post/b", body=_BODY)
            before = here.everything()
            self._do(store, here, "post/a", part)
            findings = here.journal.audit().findings
            assert findings, part
            assert all("post/a" in finding.place for finding in findings), findings
            assert here.journal.reindex(reducer).changed == ("post/a",)
            assert here.journal.audit(reducer=reducer).findings == ()
            assert here.everything() == before
            here.put("post/a", body={"state": "sent"})

    def _do(self, store: Store, here: Scene, stream: str, part: str) -> None:
        if not self.damage(store, here.journal.organization, stream, part):
            pytest.skip("the store does not say how to damage it")

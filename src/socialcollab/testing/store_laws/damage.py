"""Laws about damaged data: damage is detected and located, and derived data can be rebuilt."""

# ruff: noqa: S101
from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from socialcollab.content import Json
from socialcollab.errors import CorruptJournalError
from socialcollab.stores import Store
from socialcollab.testing.promises import promise
from socialcollab.testing.store_laws.hooks import InspectionHooks
from socialcollab.testing.store_laws.organization import (
    SALT,
    FreshOrganization,
    fresh_organization,
    reducer,
)

_BODY: Mapping[str, Json] = {"state": "draft", "rank": 1}


class DamageLaws(InspectionHooks):
    """Laws about damaged data."""

    @promise("S32")
    def test_s32_damaged_event(self, store: Store) -> None:
        """Reading a damaged event raises an error with its location, and an audit continues after it."""
        for part in ("event", "personal"):
            org = fresh_organization(store)
            org.append([org.new("post/a", _BODY, personal={"text": "Noor"}, salt=SALT)])
            org.put("post/b", "post/a", body=_BODY)
            self._damage(store, org, "post/a", part)
            reads: tuple[Callable[[], object], ...] = (
                lambda org=org: org.journal.read("post/a"),  # type: ignore[misc]  # a default binds the variable of the loop
                lambda org=org: org.journal.read_all(),  # type: ignore[misc]
                lambda org=org: org.journal.reindex(reducer),  # type: ignore[misc]
            )
            for read in reads:
                with pytest.raises(CorruptJournalError, match="post/a version 1"):
                    read()
            assert len(org.journal.read("post/b")) == 1
            report = org.journal.audit(reducer=reducer)
            assert report.events == 3
            assert {f.place.split(" (")[0] for f in report.findings} >= {"post/a version 1"}
            assert not any("post/b" in f.place for f in report.findings)

    @promise("S33")
    def test_s33_damaged_snapshot_or_row(self, store: Store) -> None:
        """An audit reports damaged snapshots and rows, and a reindex rebuilds them without loss."""
        for part in ("snapshot", "row", "row lost"):
            org = fresh_organization(store)
            org.put("post/a", "post/b", body=_BODY)
            before = org.everything()
            self._damage(store, org, "post/a", part)
            findings = org.journal.audit().findings
            assert findings, part
            assert all("post/a" in finding.place for finding in findings), findings
            assert org.journal.reindex(reducer).changed == ("post/a",)
            assert org.journal.audit(reducer=reducer).findings == ()
            assert org.everything() == before
            org.put("post/a", body={"state": "sent"})

    def _damage(self, store: Store, org: FreshOrganization, stream: str, part: str) -> None:
        if not self.damage(store, org.journal.organization, stream, part):
            pytest.skip("the kit does not override `damage`")

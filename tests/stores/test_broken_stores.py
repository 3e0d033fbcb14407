"""The kit reports the broken promise of every broken store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from tests.stores.memory_kit import MemoryKit

from socialcollab.testing import StoreContract, broken_promises
from socialcollab.testing.broken_stores import (
    BROKEN_STORES,
    BrokenJournal,
    BrokenStore,
    factory_of,
)

settings.register_profile(
    "no shrinking", settings.get_profile("unit"), phases=[Phase.explicit, Phase.generate]
)


pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _no_shrinking() -> Iterator[None]:
    """Disable shrinking, which would waste time on the failing examples of broken stores."""
    settings.load_profile("no shrinking")
    yield
    settings.load_profile("unit")


@pytest.mark.parametrize("broken", BROKEN_STORES, ids=lambda broken: broken.__name__)
def test_broken_store(
    broken: type[BrokenJournal] | type[BrokenStore],
) -> None:
    """The kit reports the promise that a broken store breaks."""
    broken_by_kit = broken_promises(factory_of(broken), only=[broken.breaks], kit=MemoryKit)
    assert broken_by_kit.keys() == {broken.breaks}


@pytest.mark.parametrize("correct", [BrokenJournal, BrokenStore])
def test_correct_store(
    correct: type[BrokenJournal] | type[BrokenStore],
) -> None:
    """The base classes of broken stores break no promise."""
    assert broken_promises(factory_of(correct), kit=MemoryKit) == {}


def test_every_promise_is_broken() -> None:
    """There is a broken store for every promise."""
    promises = {getattr(getattr(StoreContract, name), "promise", "") for name in dir(StoreContract)}
    assert promises - {""} == {broken.breaks for broken in BROKEN_STORES}


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("lost update", "LosesUpdates"),
        ("ignored expectation", "IgnoresOtherStreams"),
        ("absence not locked", "DoesNotLockAbsence"),
        ("partial write", "AppendsStreamByStream"),
        ("late projection", "UpdatesRowsLate"),
        ("row never removed", "KeepsOldRows"),
        ("cross-tenant read", "ReadsAcrossOrganizations"),
        ("reordered events", "SortsByStream"),
        ("late commit skipped", "ShowsLateCommitsLate"),
        ("truncated journal", "IgnoresAnchors"),
        ("row leased twice", "LeasesTwice"),
        ("snapshot not rebuilt", "DoesNotRebuild"),
        ("personal value in the chain", "ChainsPersonalValues"),
        ("erased value still readable", "KeepsErasedValues"),
        ("erased value still stored", "KeepsCopies"),
        ("stale rows returned", "HidesStaleRows"),
        ("pages cached over an erasure", "RemembersPages"),
        ("reindex racing appends", "ReindexesWithoutLock"),
        ("snapshot cut", "CutsSnapshots"),
        ("stale snapshot in another journal", "RemembersSnapshots"),
        ("column cut", "CutsColumns"),
        ("column trimmed", "TrimsColumns"),
        ("column folded in case", "IgnoresCase"),
        ("column normalised", "NormalizesColumns"),
        ("short lease ignored", "IgnoresShortLeases"),
        ("page of rows capped", "CapsPagesOfRows"),
        ("page of events capped", "CapsPagesOfEvents"),
    ],
)
def test_common_faults(fault: str, name: str) -> None:
    """The broken stores include the faults that are common in real stores."""
    assert name in {broken.__name__ for broken in BROKEN_STORES}

"""The kit rejects a store that breaks a promise, by that promise."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from tests.stores.memory_powers import MemoryKit

from socialcollab.testing import StoreContract, broken_promises
from socialcollab.testing.broken_stores import BROKEN_STORES
from socialcollab.testing.broken_stores.broken import BrokenJournal, BrokenStore, make_of

settings.register_profile(
    "no shrinking", settings.get_profile("unit"), phases=[Phase.explicit, Phase.generate]
)


@pytest.fixture(autouse=True)
def _no_shrinking() -> Iterator[None]:
    """What is broken on purpose needs no smallest example."""
    settings.load_profile("no shrinking")
    yield
    settings.load_profile("unit")


@pytest.mark.parametrize("broken", BROKEN_STORES, ids=lambda broken: broken.__name__)
def test_a_broken_store_is_rejected_by_the_promise_it_breaks(
    broken: type[BrokenJournal] | type[BrokenStore],
) -> None:
    found = broken_promises(make_of(broken), only=[broken.breaks], kit=MemoryKit)
    assert found.keys() == {broken.breaks}


@pytest.mark.parametrize("right", [BrokenJournal, BrokenStore])
def test_with_nothing_wrong_they_break_no_promise(
    right: type[BrokenJournal] | type[BrokenStore],
) -> None:
    assert broken_promises(make_of(right), kit=MemoryKit) == {}


def test_every_promise_is_broken_by_one_of_them() -> None:
    promises = {getattr(getattr(StoreContract, name), "promise", "") for name in dir(StoreContract)}
    assert promises - {""} == {broken.breaks for broken in BROKEN_STORES}


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("lost update", "LosesUpdates"),
        ("an expectation ignored", "IgnoresExpectations"),
        ("absent not held under concurrency", "DoesNotHoldAbsence"),
        ("torn write", "WritesHalf"),
        ("projection behind", "IndexesLater"),
        ("a row never taken back", "LeavesIndexBehind"),
        ("cross-tenant read", "ReadsAcrossOrganizations"),
        ("reordered feed", "ReordersFeed"),
        ("feed that skips a late commit", "ShowsALateCommitLate"),
        ("tail cut", "OverlooksCutTails"),
        ("lease given twice", "LeasesTwice"),
        ("record not rebuildable", "CannotRebuild"),
        ("personal field in the chain", "KeepsPersonalInChain"),
        ("erased value still readable", "KeepsErasedReadable"),
        ("erased value still in its bytes", "KeepsAnAttic"),
    ],
)
def test_the_faults_that_stores_are_known_for_are_among_them(fault: str, name: str) -> None:
    assert name in {broken.__name__ for broken in BROKEN_STORES}

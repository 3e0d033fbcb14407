"""The kit that holds a store to the promises of docs/contracts/stores.md."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress

import pytest

from socialcollab.stores import Projection, Store
from socialcollab.testing.judging import judge
from socialcollab.testing.store_laws.appending import AppendingLaws
from socialcollab.testing.store_laws.concurrency import ConcurrencyLaws
from socialcollab.testing.store_laws.damage import DamageLaws
from socialcollab.testing.store_laws.erasing import ErasingLaws
from socialcollab.testing.store_laws.keeping import KeepingLaws
from socialcollab.testing.store_laws.model import ModelLaws
from socialcollab.testing.store_laws.projections import ProjectionLaws
from socialcollab.testing.store_laws.scene import PROJECTIONS


class StoreContract(
    AppendingLaws,
    ProjectionLaws,
    KeepingLaws,
    ConcurrencyLaws,
    ErasingLaws,
    DamageLaws,
    ModelLaws,
):
    """
    The laws of stores; subclass it, and give the store.

    ::

        class TestMyStore(StoreContract):
            @pytest.fixture
            def store(self) -> Store:
                return MyStore(projections=self.indexes)

    Each law works in a fresh organization, so a store that keeps what it has
    between tests is judged as well. A law's name and its attribute ``promise``
    cite the promise it holds the store to.

    Some laws look behind a store's methods. They are skipped, by name, unless
    `bytes_kept` and `damage` are overridden too.

    Attributes:
        indexes: The indexes that the laws need.
    """

    projections: tuple[Projection, ...] = PROJECTIONS

    @pytest.fixture
    def store(self) -> Store:
        """Return the store to be judged."""
        raise NotImplementedError("give the store: override the fixture `store`")


def broken_promises(
    make: Callable[[tuple[Projection, ...]], Store],
    *,
    only: Collection[str] = (),
    kit: type[StoreContract] = StoreContract,
) -> dict[str, str]:
    """
    Judge a store outside pytest, law by law.

    Args:
        make: Makes a store with the given indexes; called once per law.

        only: The promises to judge it by, or none for all.

        kit: The kit to judge by: a subclass may override `bytes_kept` and `damage`.

    Returns:
        For each promise that it breaks, what the first broken law says.
    """

    def call(law: Callable[..., None]) -> None:
        store = make(PROJECTIONS)
        try:
            law(store=store)
        finally:
            with suppress(Exception):  # S22 judges closing
                store.close()

    return judge(kit, call, only=only)

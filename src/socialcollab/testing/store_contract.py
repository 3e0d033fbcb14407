"""A test kit that checks stores against docs/contracts/stores.md."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from contextlib import suppress

import pytest

from socialcollab.stores import Projection, Store
from socialcollab.testing.promises import find_broken_promises
from socialcollab.testing.store_laws.append import AppendLaws
from socialcollab.testing.store_laws.concurrency import ConcurrencyLaws
from socialcollab.testing.store_laws.damage import DamageLaws
from socialcollab.testing.store_laws.erasure import ErasureLaws
from socialcollab.testing.store_laws.maintenance import MaintenanceLaws
from socialcollab.testing.store_laws.model import ModelLaws
from socialcollab.testing.store_laws.organization import PROJECTIONS
from socialcollab.testing.store_laws.projections import ProjectionLaws


class StoreContract(
    AppendLaws,
    ProjectionLaws,
    MaintenanceLaws,
    ConcurrencyLaws,
    ErasureLaws,
    DamageLaws,
    ModelLaws,
):
    """
    Tests for the store laws. Subclass this class and override the `store` fixture.

    ::

        class TestMyStore(StoreContract):
            @pytest.fixture
            def store(self) -> Store:
                return MyStore(projections=self.projections)

    Each law uses a new organization, so the store may contain data from earlier tests. The name and
    the ``promise`` attribute of each law identify the promise that the law tests.

    Some laws are skipped unless you also override the hooks `bytes_kept` and `damage`, and the
    `bare_store` fixture.

    Attributes:
        projections: The projections that the laws need.
    """

    projections: tuple[Projection, ...] = PROJECTIONS

    @pytest.fixture
    def store(self) -> Store:
        """Return the store to test, created with `projections`."""
        raise NotImplementedError("override the `store` fixture to return the store to test")

    @pytest.fixture
    def bare_store(self) -> Store:
        """Return a store without any data that was created without projections."""
        pytest.skip("the kit does not provide a bare store")


def broken_promises(
    make: Callable[[tuple[Projection, ...]], Store],
    *,
    only: Collection[str] = (),
    kit: type[StoreContract] = StoreContract,
) -> dict[str, str]:
    """
    Test a store outside pytest, and return the promises that it breaks.

    Args:
        make: A function that returns a store without any data, created with the given projections.
            It is called for each law.
        only: The promises to test; if this is empty, all promises are tested.
        kit: The kit to use. A subclass can override `bytes_kept` and `damage`.

    Returns:
        The message of the first failing law, for each broken promise.
    """

    def call(law: Callable[..., None]) -> None:
        bare = "bare_store" in inspect.signature(law).parameters
        store = make(() if bare else PROJECTIONS)
        try:
            law(**{"bare_store" if bare else "store": store})
        finally:
            with suppress(Exception):  # the laws of S22 test closing
                store.close()

    return find_broken_promises(kit, call, only=only)

"""
What a blocking desk reaches the world through.

`socialcollab.desk.async_ports` has the same names for the async desk, whose
text is written from the blocking one: what differs between the two is here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self, TypeAlias, TypeVar

import attrs

from socialcollab.desk.engine import Lock
from socialcollab.desk.journal.maintenance import opened_file
from socialcollab.directory import Profile
from socialcollab.effects import run as run  # noqa: PLC0414  async_ports has one that is awaited
from socialcollab.errors import InvalidValueError
from socialcollab.stores import BoundStore, Projection, Store
from socialcollab.transport import Media, Network

N = TypeVar("N")

DeskNetwork: TypeAlias = Network
DeskStore: TypeAlias = Store
Sleep: TypeAlias = Callable[[float], None]

pause = time.sleep


def opened(
    store: Store | str | Path, media: Media | None, organization: str
) -> tuple[Store, Media | None, bool]:
    """Return a store and media for a path, or those given, and whether a store was opened."""
    if isinstance(store, (str, Path)):
        journal, kept = opened_file(store, media, organization)
        return journal, kept, True
    return store, media, False


def named_for(profile: Profile, networks: Mapping[str, N]) -> N:
    """
    Return the network that reaches a profile: by its id, its network's name, or "*".

    Raises:
        InvalidValueError: If none does.
    """
    for name in (profile.id, profile.network, "*"):
        if name in networks:
            return networks[name]
    raise InvalidValueError(
        f"no network is given that reaches profile `{profile.id}` on `{profile.network}`",
        value=profile.id,
        expected=f'networks={{"{profile.network}": ...}}',
    )


@attrs.frozen(kw_only=True)
class Ports:
    """
    The ports of one desk, as its steps call them.

    Attributes:
        store: The journal of its organization.

        media: Where pictures are kept.

        network_of: Returns the network that reaches a profile.

        sleep: Waits for some seconds.

        lock: A lock for those who find that something changed meanwhile.
    """

    store: BoundStore
    media: Media
    network_of: Callable[[Profile], Network]
    sleep: Sleep
    lock: Lock
    _whole: Store

    @classmethod
    def of(
        cls,
        store: Store,
        organization: str,
        *,
        networks: Mapping[str, Network] | None,
        media: Media,
        sleep: Sleep,
    ) -> Self:
        """Return the ports for what a host gives."""
        named = dict(networks or {})
        return cls(
            store=store.for_organization(organization),
            media=media,
            network_of=lambda profile: named_for(profile, named),
            sleep=sleep,
            lock=threading.Lock(),
            whole=store,
        )

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare the projections in a store without any, else check that the store has them."""
        self._whole.ensure_projections(projections)

    def compact(self) -> None:
        """Let nothing of what was erased or replaced remain in the store."""
        self._whole.compact()

    def close(self, *, store: bool) -> None:
        """Let go of what belongs to the desk, and of the store if that does."""
        if store:
            self._whole.close()

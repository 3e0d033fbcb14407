"""
The ports of a blocking desk: its store, media, networks, sleep and lock.

`socialcollab.desk.async_ports` has the same names for the async desk. The source of the async desk
is generated from the blocking one, so everything in which the two differ is in these two modules.
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
    """Return the store and media, opening them if a path is given, and whether they were opened."""
    if isinstance(store, (str, Path)):
        journal, kept = opened_file(store, media, organization)
        return journal, kept, True
    return store, media, False


def named_for(profile: Profile, networks: Mapping[str, N]) -> N:
    """
    Return the network of a profile: the one under its id, its network's name, or "*".

    Raises:
        InvalidValueError: If there is none.
    """
    for name in (profile.id, profile.network, "*"):
        if name in networks:
            return networks[name]
    raise InvalidValueError(
        f"no network is given for profile `{profile.id}` on `{profile.network}`",
        value=profile.id,
        expected=f'networks={{"{profile.network}": ...}}',
    )


@attrs.frozen(kw_only=True)
class Ports:
    """
    The ports of one desk.

    Attributes:
        store: The journal of the desk's organization.
        media: Where images are kept.
        network_of: Returns the network of a profile.
        sleep: Waits for a number of seconds.
        lock: Held by a command that is retried after a conflict.
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
        """Return the ports for the arguments of a desk."""
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
        """Remove erased and replaced values from the store's free pages and logs."""
        self._whole.compact()

    def close(self, *, store: bool) -> None:
        """Close what belongs to the desk; the store too if *store*."""
        if store:
            self._whole.close()

"""
The ports of a blocking desk: store, media, networks, sleep and lock.

`socialcollab.desk.async_ports` defines the same names for the async desk. The source of the async
desk is generated from the blocking desk, so these two modules contain all differences between them.
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
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.effects import run as run  # noqa: PLC0414  async_ports has one that is awaited
from socialcollab.errors import InvalidValueError
from socialcollab.stores import BoundStore, CollisionStore, Projection, Store
from socialcollab.transport import DescribesProfiles, Media, Network

N = TypeVar("N")

DeskNetwork: TypeAlias = Network
DeskStore: TypeAlias = Store
Sleep: TypeAlias = Callable[[float], None]

pause = time.sleep


def opened(
    store: Store | str | Path, media: Media | None, organization: str
) -> tuple[Store, Media | None, bool]:
    """Return the store, the media store, and whether this function opened them from a path."""
    if isinstance(store, (str, Path)):
        journal, kept = opened_file(store, media, organization)
        return journal, kept, True
    return store, media, False


def network_for(profile: Profile, networks: Mapping[str, N]) -> N:
    """
    Return the network for a profile, looked up by profile id, by network name, and finally as "*".

    Raises:
        InvalidValueError: If no network is found.
    """
    for name in (profile.id, profile.network, "*"):
        if name in networks:
            return networks[name]
    raise InvalidValueError(
        f"no network is configured for profile `{profile.id}` on `{profile.network}`",
        value=profile.id,
        expected=f'networks={{"{profile.network}": ...}}',
    )


def described_for(profile: Profile, networks: Mapping[str, N]) -> NetworkDescription | None:
    """Return the limits of a profile, or None if its network does not describe them."""
    for name in (profile.id, profile.network, "*"):
        network = networks.get(name)
        if isinstance(network, DescribesProfiles):
            return network.description_of(profile)
    return None


def checked_networks(networks: Mapping[str, N] | None) -> dict[str, N]:
    """
    Return the networks of a desk by name.

    Raises:
        InvalidValueError: If *networks* is not a mapping to networks. The message contains types
            instead of values, because a value could be a token.
    """
    given: object = {} if networks is None else networks
    expected = 'networks={"bluesky": Bluesky(...)}'
    if not isinstance(given, Mapping):
        raise InvalidValueError(
            f"the networks are of type `{type(given).__name__}`, not a mapping; write {expected}",
            value=type(given).__name__,
            expected=expected,
        )
    for name, network in given.items():
        is_class = isinstance(network, type)
        if is_class or not all(
            callable(getattr(network, method, None)) for method in ("adapter", "transport")
        ):
            kind = f"the class `{network.__name__}`" if is_class else f"`{type(network).__name__}`"
            raise InvalidValueError(
                f"the network `{name}` is {kind}, not an instance of a network; write {expected}",
                value=name,
                expected=expected,
            )
    return dict(given)


@attrs.frozen(kw_only=True)
class Ports:
    """
    The ports of a desk.

    Attributes:
        store: The journal of the desk's organization.
        media: The media store for images.
        collisions: The store for presence and claims.
        network_of: Returns the network for a profile.
        description_of: Returns the limits of a profile, or None for the built-in description.
        sleep: Waits for a number of seconds.
        lock: The lock that a command holds while it is retried after a conflict.
    """

    store: BoundStore
    media: Media
    collisions: CollisionStore
    network_of: Callable[[Profile], Network]
    description_of: Callable[[Profile], NetworkDescription | None]
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
        collisions: CollisionStore,
        sleep: Sleep,
    ) -> Self:
        """Return the ports for the arguments of a desk."""
        named = checked_networks(networks)
        return cls(
            store=store.for_organization(organization),
            media=media,
            collisions=collisions,
            network_of=lambda profile: network_for(profile, named),
            description_of=lambda profile: described_for(profile, named),
            sleep=sleep,
            lock=threading.Lock(),
            whole=store,
        )

    def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare the projections if the store has none; otherwise check that none is missing."""
        self._whole.ensure_projections(projections)

    def compact(self) -> None:
        """Remove erased and replaced values from the store's free pages and logs."""
        self._whole.compact()

    def close(self, *, store: bool) -> None:
        """Close the desk's resources, including the store if *store* is true."""
        if store:
            self._whole.close()

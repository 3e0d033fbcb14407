"""
The ports of an async desk, with the same names as in `socialcollab.desk.ports`.

Blocking ports are called in threads so that they do not block the application's event loop. The
store and the media store have one thread each, and the networks share a pool of threads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeAlias, cast

import attrs

from socialcollab._memo import Identity
from socialcollab.collisions import Claim, Signal
from socialcollab.desk.engine import Lock
from socialcollab.desk.journal.maintenance import opened_file
from socialcollab.desk.ports import checked_networks, described_for, network_for
from socialcollab.directory import NetworkDescription, Profile
from socialcollab.effects import arun
from socialcollab.stores import (
    AsyncStore,
    BoundStore,
    CollisionStore,
    Projection,
    Store,
    ThreadedStore,
)
from socialcollab.transport import (
    Adapter,
    AsyncNetwork,
    AsyncTransport,
    DedicatedThread,
    Media,
    Network,
    ThreadedTransport,
    Transport,
)

DeskNetwork: TypeAlias = Network | AsyncNetwork
DeskStore: TypeAlias = Store | AsyncStore
Sleep: TypeAlias = Callable[[float], Awaitable[None]]

run = arun


async def pause(seconds: float) -> None:
    """Wait for a number of seconds without blocking the event loop."""
    import asyncio  # noqa: PLC0415  importing the blocking desk must not load it

    await asyncio.sleep(seconds)


async def opened(
    store: DeskStore | str | Path, media: Media | None, organization: str
) -> tuple[Any, Media | None, bool]:
    """Return the store, the media store, and whether this function opened them from a path."""
    if isinstance(store, (str, Path)):
        thread = DedicatedThread("socialcollab-open")
        try:
            journal, kept = await thread.call(opened_file, store, media, organization)
        finally:
            await thread.close()
        return ThreadedStore(journal), kept, True
    if iscoroutinefunction(store.organizations):
        return store, media, False
    # The desk closes the wrapper, which ends its thread and leaves the caller's store open.
    return ThreadedStore(cast("Store", store), owns=False), media, True


class _ThreadedMedia:
    """A blocking media store, called in a thread."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self.thread = DedicatedThread("socialcollab-media")

    async def put(self, data: bytes | BinaryIO) -> str:
        return await self.thread.call(self._media.put, data)

    async def size(self, digest: str) -> int:
        return await self.thread.call(self._media.size, digest)

    async def open(self, digest: str) -> BinaryIO:
        return await self.thread.call(self._media.open, digest)

    async def public_url(self, digest: str) -> str | None:
        return await self.thread.call(self._media.public_url, digest)

    async def delete(self, digest: str) -> None:
        await self.thread.call(self._media.delete, digest)

    async def claim(self, organization: str) -> None:
        await self.thread.call(self._media.claim, organization)


class _ThreadedCollisions:
    """A blocking store for presence and claims, called in the thread of the media store."""

    def __init__(self, collisions: CollisionStore, thread: DedicatedThread) -> None:
        self._collisions = collisions
        self._thread = thread

    async def put_signal(self, organization: str, signal: Signal, *, until: dt.datetime) -> None:
        await self._thread.call(self._collisions.put_signal, organization, signal, until=until)

    async def signals(self, organization: str, item: str, *, at: dt.datetime) -> tuple[Signal, ...]:
        return await self._thread.call(self._collisions.signals, organization, item, at=at)

    async def remove_signals(
        self, organization: str, member: str, *, item: str | None = None, device: str | None = None
    ) -> None:
        await self._thread.call(
            self._collisions.remove_signals, organization, member, item=item, device=device
        )

    async def claim(self, organization: str, item: str) -> Claim | None:
        return await self._thread.call(self._collisions.claim, organization, item)

    async def replace_claim(self, organization: str, before: Claim | None, after: Claim) -> bool:
        return await self._thread.call(self._collisions.replace_claim, organization, before, after)


@attrs.define
class _Networks:
    """The networks of an async desk; blocking transports are called in threads."""

    named: Mapping[str, DeskNetwork]
    _threaded: dict[Identity, ThreadedTransport] = attrs.field(factory=dict)

    def of(self, profile: Profile) -> Network:
        return cast("Network", _AsyncNetwork(self, network_for(profile, self.named)))

    def awaitable(self, transport: Transport | AsyncTransport) -> AsyncTransport:
        if iscoroutinefunction(transport.send):
            return cast("AsyncTransport", transport)
        blocking = cast("Transport", transport)
        key = Identity(blocking)
        if key not in self._threaded:
            self._threaded[key] = ThreadedTransport(blocking, owns=False)
        return self._threaded[key]

    async def close(self) -> None:
        for threaded in self._threaded.values():
            await threaded.close()


@attrs.frozen
class _AsyncNetwork:
    """The network of one profile, with an async transport."""

    networks: _Networks
    network: DeskNetwork

    def adapter(self, profile: Profile) -> Adapter:
        return self.network.adapter(profile)

    def transport(self, profile: Profile) -> AsyncTransport:
        return self.networks.awaitable(self.network.transport(profile))


@attrs.frozen(kw_only=True)
class Ports:
    """
    The ports of a desk.

    The desk's effects are written for blocking ports, and `arun` awaits the results of async ports.
    The fields are therefore annotated with the types of blocking ports, although their values are
    async.

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
    sleep: Callable[[float], None]
    lock: Lock
    _whole: AsyncStore
    _own: bool
    _threads: DedicatedThread
    _networks: _Networks

    @classmethod
    def of(
        cls,
        store: DeskStore,
        organization: str,
        *,
        networks: Mapping[str, DeskNetwork] | None,
        media: Media,
        collisions: CollisionStore,
        sleep: Sleep,
    ) -> Self:
        """Return the ports for the arguments of a desk."""
        from asyncio import Lock  # noqa: PLC0415  importing the blocking desk must not load it

        own = not iscoroutinefunction(store.organizations)
        whole = (
            ThreadedStore(cast("Store", store), owns=False) if own else cast("AsyncStore", store)
        )
        threaded = _ThreadedMedia(media)
        of_profiles = _Networks(checked_networks(networks))
        return cls(
            store=cast("BoundStore", whole.for_organization(organization)),
            media=cast("Media", threaded),
            collisions=cast("CollisionStore", _ThreadedCollisions(collisions, threaded.thread)),
            network_of=of_profiles.of,
            description_of=lambda profile: described_for(profile, of_profiles.named),
            sleep=cast("Callable[[float], None]", sleep),
            lock=Lock(),
            whole=whole,
            own=own,
            threads=threaded.thread,
            networks=of_profiles,
        )

    async def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare the projections if the store has none; otherwise check that none is missing."""
        await self._whole.ensure_projections(projections)

    async def compact(self) -> None:
        """Remove erased and replaced values from the store's free pages and logs."""
        await self._whole.compact()

    async def close(self, *, store: bool) -> None:
        """Close the desk's resources, including the store if *store* is true."""
        try:
            if store or self._own:
                await self._whole.close()
        finally:
            await self._threads.close()
            await self._networks.close()

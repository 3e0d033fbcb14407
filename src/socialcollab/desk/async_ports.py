"""
What an async desk reaches the world through, by the names of `socialcollab.desk.ports`.

Whatever is blocking is called on threads of its own, so that the host's event
loop goes on meanwhile: a store and media on one each, networks on a few.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeAlias, cast

import attrs

from socialcollab.desk.engine import Lock
from socialcollab.desk.journal.maintenance import opened_file
from socialcollab.desk.ports import named_for
from socialcollab.directory import Profile
from socialcollab.effects import arun
from socialcollab.stores import AsyncStore, BoundStore, Projection, Store, ThreadedStore
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
    """Wait for some seconds, and let the loop go on."""
    import asyncio  # noqa: PLC0415  importing a desk does not load it

    await asyncio.sleep(seconds)


async def opened(
    store: DeskStore | str | Path, media: Media | None, organization: str
) -> tuple[Any, Media | None, bool]:
    """Return a store and media for a path, or those given, and whether a store was opened."""
    if isinstance(store, (str, Path)):
        thread = DedicatedThread("socialcollab-open")
        try:
            journal, kept = await thread.call(opened_file, store, media, organization)
        finally:
            await thread.close()
        return ThreadedStore(journal), kept, True
    if iscoroutinefunction(store.organizations):
        return store, media, False
    # The thread is the desk's own: closing it leaves the store open.
    return ThreadedStore(cast("Store", store), owns=False), media, True


class _ThreadedMedia:
    """Media as the steps of an async desk call them: put and looked up on a thread."""

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


@attrs.define
class _Networks:
    """The networks of an async desk: what is blocking is reached through threads."""

    named: Mapping[str, DeskNetwork]
    _threaded: dict[int, tuple[Transport, ThreadedTransport]] = attrs.field(factory=dict)

    def reach(self, profile: Profile) -> Network:
        return cast("Network", _Reached(self, named_for(profile, self.named)))

    def awaitable(self, transport: Transport | AsyncTransport) -> AsyncTransport:
        if iscoroutinefunction(transport.send):
            return cast("AsyncTransport", transport)
        # Held beside its wrapper, so that no other takes over its identity.
        held = self._threaded.get(id(transport))
        if held is None:
            blocking = cast("Transport", transport)
            held = self._threaded[id(transport)] = (
                blocking,
                ThreadedTransport(blocking, owns=False),
            )
        return held[1]

    async def close(self) -> None:
        for _, threaded in self._threaded.values():
            await threaded.close()


@attrs.frozen
class _Reached:
    """The network that reaches one profile."""

    networks: _Networks
    network: DeskNetwork

    def adapter(self, profile: Profile) -> Adapter:
        return self.network.adapter(profile)

    def transport(self, profile: Profile) -> AsyncTransport:
        return self.networks.awaitable(self.network.transport(profile))


@attrs.frozen(kw_only=True)
class Ports:
    """
    The ports of one desk, as its steps call them.

    The steps are written for blocking ports, and `arun` awaits their answers;
    so the types here are those of blocking ports, and the values are not.

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
        sleep: Sleep,
    ) -> Self:
        """Return the ports for what a host gives."""
        from asyncio import Lock  # noqa: PLC0415  importing a desk does not load it

        own = not iscoroutinefunction(store.organizations)
        whole = (
            ThreadedStore(cast("Store", store), owns=False) if own else cast("AsyncStore", store)
        )
        threaded = _ThreadedMedia(media)
        reached = _Networks(dict(networks or {}))
        return cls(
            store=cast("BoundStore", whole.for_organization(organization)),
            media=cast("Media", threaded),
            network_of=reached.reach,
            sleep=cast("Callable[[float], None]", sleep),
            lock=Lock(),
            whole=whole,
            own=own,
            threads=threaded.thread,
            networks=reached,
        )

    async def ensure_projections(self, projections: Sequence[Projection]) -> None:
        """Declare the projections in a store without any, else check that the store has them."""
        await self._whole.ensure_projections(projections)

    async def compact(self) -> None:
        """Let nothing of what was erased or replaced remain in the store."""
        await self._whole.compact()

    async def close(self, *, store: bool) -> None:
        """Let go of what belongs to the desk, and of the store if that does."""
        try:
            if store or self._own:
                await self._whole.close()
        finally:
            await self._threads.close()
            await self._networks.close()

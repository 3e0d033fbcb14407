"""The async desk, store and driver, as hosts use them and plug parts of their own in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

from socialcollab import AsyncDesk, MemoryStore, Organization, Post, Sandbox, SqliteStore
from socialcollab.content import Delivery, Summary
from socialcollab.desk import AsyncMemberDesk, DueReport, HoldResult, PostView, ToDo
from socialcollab.pages.notebook import NotebookHtml, show
from socialcollab.stores import AsyncBoundStore, AsyncStore, Event, Store, ThreadedStore
from socialcollab.transport import (
    AsyncDriver,
    AsyncHttpTransport,
    AsyncTransport,
    Flow,
    Request,
    Response,
    ThreadedTransport,
    Transport,
    call,
)
from socialcollab.verdicts import Verdict


async def a_desk(organization: Organization, path: Path, own: AsyncStore) -> None:
    for store in (MemoryStore(), path, SqliteStore(path)):
        await AsyncDesk.create(store, organization, owner="eva", networks={"*": Sandbox(path)})
    async with await AsyncDesk.open(own, organization="northwind") as desk:
        assert_type(await desk.organization, Organization)
        ana = await desk.acting_as("ana")
        assert_type(ana, AsyncMemberDesk)
        post = await ana.draft("De lente is er", profiles=["tulip-x"])
        assert_type(post, Post)
        assert_type(await ana.submit(post, at="next slot"), Post)
        assert_type(await ana.post_view(post), PostView)
        assert_type(await ana.to_do(), tuple[ToDo, ...])
        assert_type(await ana.allowed_actions(post), dict[str, Verdict])
        assert_type(await ana.hold("tulip-x", reason="storm"), HoldResult)
        assert_type(await desk.deliveries(post), tuple[Delivery, ...])
        assert_type(await desk.summary(post), Summary)
        assert_type(await desk.run_due(), DueReport)
        assert_type(await desk.next_due(), dt.datetime | None)
        assert_type(show(await desk.history(post)), NotebookHtml)


async def a_store(blocking: Store) -> None:
    store: AsyncStore = ThreadedStore(blocking)
    journal: AsyncBoundStore = store.for_organization("northwind")
    assert_type(await journal.read_all(), tuple[Event, ...])
    await store.close()


class OwnTransport:
    """A transport of a host's own."""

    def __init__(self, inner: AsyncTransport) -> None:
        self.inner = inner

    async def send(self, request: Request, *, timeout_s: float) -> Response:
        return await self.inner.send(request, timeout_s=timeout_s)

    async def close(self) -> None:
        await self.inner.close()


def status() -> Flow[int]:
    reply = yield from call(Request(method="GET", url="https://network.example/"))
    return reply.status


async def a_driver(blocking: Transport) -> None:
    stored: list[Mapping[str, str]] = []

    async def before(request: Request) -> None:
        stored.append(request.headers)

    threaded = ThreadedTransport(blocking)
    ways: list[AsyncTransport] = [OwnTransport(threaded), AsyncHttpTransport(), threaded]
    for way in ways:
        driver = AsyncDriver()
        made = await driver.run(
            status(), transport=way, before_create=before, checkpoint=stored.append
        )
        assert_type(made, int)

"""A desk publishes through a connection that breaks at each request in turn."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import httpx
from tests.networks.accounts import Account
from tests.networks.desks import desk_of
from tests.networks.fake_server import FakeServer
from tests.networks.publishing import PublicMedia

from socialcollab.content import Image
from socialcollab.desk import Desk

TEN_MINUTES = dt.timedelta(minutes=10)


class Clock(Protocol):
    """An object with the current time, such as a `FakeServer`."""

    now: dt.datetime


class BrokenConnection(httpx.BaseTransport):
    """
    A connection that breaks at one request or at several consecutive requests.

    Args:
        inner: The transport of the other requests.
        at: The number of the first request at which the connection breaks, starting at 1.
        arrives: Whether the server processes a request before the connection breaks.
        times: The number of consecutive requests at which the connection breaks.
    """

    def __init__(
        self, inner: httpx.BaseTransport, *, at: int, arrives: bool, times: int = 1
    ) -> None:
        self._inner = inner
        self._breaks_at = range(at, at + times)
        self._arrives = arrives
        self._count = 0

    @property
    def broke(self) -> bool:
        """Whether the connection has broken."""
        return self._count >= self._breaks_at.start

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, unless the connection breaks before it is sent."""
        self._count += 1
        if self._count not in self._breaks_at:
            return self._inner.handle_request(request)
        if self._arrives:
            self._inner.handle_request(request).read()
        raise httpx.ReadError("the connection broke", request=request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


@contextmanager
def published_by_desk(
    account: Account,
    connection: httpx.BaseTransport,
    texts: Sequence[str],
    *,
    clock: Clock,
    images: int = 1,
    **options: Any,
) -> Iterator[tuple[Desk, Any]]:
    """
    Publish a thread at a desk, and yield the desk and the post when the thread is published.

    Args:
        account: The account.
        connection: The transport of the requests.
        texts: The texts of the thread.
        clock: The clock of the desk, which is set forward.
        images: The number of images of the first text.
        **options: Options of the network.
    """
    media, profile = PublicMedia(), account.profile

    def time() -> dt.datetime:
        return clock.now

    with (
        account.connect(connection, media=media, **options) as network,
        desk_of(profile, network, media=media, clock=time, real_clock=time) as desk,
    ):
        eva = desk.acting_as("eva")
        attached = [Image.from_bytes(data, alt="Een tulp") for data in account.files[:images]]
        draft = eva.draft(texts[0], thread=texts[1:], profiles=[profile.id], media=attached)
        post = eva.publish_now(draft)
        for _ in range(2 + 2 * len(texts)):
            desk.run_due()
            clock.now += TEN_MINUTES
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("published", "")
        assert desk.audit().clean
        yield desk, post


def check_each_break(
    account: Account,
    server: FakeServer,
    texts: Sequence[str],
    *,
    requests: int,
    arrives: bool,
    **options: Any,
) -> None:
    """
    Check that a desk publishes each text exactly once, wherever the connection breaks.

    The desk publishes threads through connections that break at one request or at two consecutive
    requests, such as the creation of a post and its lookup, and also without a break.

    Args:
        account: The account.
        server: The account's server.
        texts: The texts of each thread; `{}` stands for a number that differs between the threads.
        requests: The number of requests that publish a thread if the connection does not break.
        arrives: Whether the server processes a request before the connection breaks.
        **options: Options of `published_by_desk`.
    """
    start = dt.datetime.now(dt.UTC)
    expected: list[str] = []
    breaks = itertools.product((1, 2), range(1, requests + 2))
    for number, (times, at) in enumerate(breaks):
        # Each lookup also sees the earlier threads, because they were published at the same time.
        server.now = start
        connection = BrokenConnection(server, at=at, arrives=arrives, times=times)
        thread = [text.format(number) for text in texts]
        with published_by_desk(account, connection, thread, clock=server, **options) as (
            desk,
            post,
        ):
            assert connection.broke is (at <= requests)
            assert [posted.text for posted in server.posted] == expected + thread
            parts = server.posted[-len(thread) :]
            (delivery,) = desk.deliveries(post)
            assert delivery.network_id == parts[0].id
            assert [part.parent for part in parts] == ["", *(part.id for part in parts[:-1])]
            if connection.broke:
                expected += thread
            else:
                desk.acting_as("eva").take_down(post.id, reason="typo")
                desk.run_due()
                assert [posted.text for posted in server.posted] == expected

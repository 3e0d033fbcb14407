"""A desk publishes through a connection that fails at chosen requests."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final, Protocol

import httpx
from tests.networks.accounts import Account
from tests.networks.desks import desk_of
from tests.networks.fake_server import Posted
from tests.networks.graph_server import PAGE
from tests.networks.publishing import MP4, PublicMedia

from socialcollab.content import Attachment, Image, Video
from socialcollab.desk import Desk

TEN_MINUTES: Final = dt.timedelta(minutes=10)
MOST_RUNS: Final = 24


def _raises(kind: type[httpx.TransportError]) -> Callable[[httpx.Request], httpx.Response]:
    def fail(request: httpx.Request) -> httpx.Response:
        raise kind("the connection failed", request=request)

    return fail


def _answers(status: int, body: str, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, text=body, headers=named, request=request)


_HTML: Final = "<html>Bad gateway</html>"
FAULTS: Final[Mapping[str, tuple[bool, Callable[[httpx.Request], httpx.Response]]]] = {
    "refused connection": (False, _raises(httpx.ConnectError)),
    "lost request": (False, _raises(httpx.WriteError)),
    "no answer": (False, _raises(httpx.ReadTimeout)),
    "throttled": (False, _answers(429, "{}", retry_after="60")),
    "server error": (False, _answers(503, _HTML)),
    "lost answer": (True, _raises(httpx.ReadError)),
    "late answer": (True, _raises(httpx.ReadTimeout)),
    "answer cut off": (True, _raises(httpx.RemoteProtocolError)),
    "late server error": (True, _answers(502, _HTML)),
    "unreadable answer": (True, _answers(200, _HTML)),
    "empty answer": (True, _answers(200, "{}")),
}
"""Each fault: whether the server processes the request, and what the client receives."""

CONTENTS: Final = ("text", "images", "video", "thread")
REFERENCES: Final[Mapping[str, str]] = {
    "facebook": f"{PAGE}_17",
    "instagram": "17900000000000001",
    "mastodon": "https://rose.example/@ben/17",
    "x": "1800000000000000001",
}
"""A post of another account on each network, to reply to and to quote."""


class Clock(Protocol):
    """An object with the current time."""

    now: dt.datetime


class Server(Clock, Protocol):
    """A server, such as a `FakeServer`."""

    @property
    def posted(self) -> list[Posted]:
        """The posts of the account, oldest first."""
        ...

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        ...

    def close(self) -> None:
        """Close the server."""
        ...


class FaultyConnection(httpx.BaseTransport):
    """
    A connection with faults.

    Args:
        inner: The transport of the requests.
        plan: The names of the faults, by the number of the request, starting at 1.

    Attributes:
        count: The number of requests so far.
    """

    def __init__(self, inner: Server, plan: Mapping[int, str]) -> None:
        self._inner = inner
        self._plan = plan
        self.count = 0

    @property
    def failed(self) -> bool:
        """Whether the last of the faults has happened."""
        return self.count >= max(self._plan, default=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, or let it fail."""
        self.count += 1
        if self.count not in self._plan:
            return self._inner.handle_request(request)
        arrives, answer = FAULTS[self._plan[self.count]]
        if arrives:
            self._inner.handle_request(request).read()
        return answer(request)

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()


@contextmanager
def published_by_desk(
    account: Account,
    connection: httpx.BaseTransport,
    content: str,
    number: int,
    *,
    clock: Clock,
    **options: Any,
) -> Iterator[tuple[Desk, Any, list[str]]]:
    """
    Publish at a desk, and yield the desk, the post and its texts when the post is published.

    Args:
        account: The account.
        connection: The transport of the requests.
        content: One of `CONTENTS`, or another kind of post that the network offers.
        number: A number that distinguishes the texts from those of other posts.
        clock: The clock of the desk, which is set forward.
        **options: Options of the network.
    """
    media, profile = PublicMedia(), account.profile
    texts = [f"Poging {number}"]
    if content == "thread":
        # The second text is the same in every thread, unless the network refuses duplicates.
        texts += [
            "en verder" if profile.network != "x" else f"en verder {number}",
            f"slot {number}",
        ]
    files: list[Attachment] = []
    fields: dict[str, str] = {}
    if content == "comment" or (content == "reply" and profile.network in ("mastodon", "x")):
        texts.append(f"reactie {number}")
        fields["first_comment"] = texts[-1]
    if content == "reply":
        fields["reply_to"] = REFERENCES[profile.network]
    elif content == "quote":
        fields["quote_of"] = REFERENCES[profile.network]
    if content == "images" or (content == "comment" and profile.network == "instagram"):
        files = [Image.from_bytes(data, alt="Een tulp") for data in account.files]
    elif content == "story":
        texts, fields["format"] = [""], "story"
        files = [Image.from_bytes(account.files[0])]
    elif content == "reel":
        fields["format"] = "reel"
    if content in ("video", "reel"):
        files = [Video.from_stream(BytesIO(MP4), alt="Wind")]

    def time() -> dt.datetime:
        return clock.now

    with (
        account.connect(connection, media=media, **options) as network,
        desk_of(profile, network, media=media, clock=time, real_clock=time) as desk,
    ):
        eva = desk.acting_as("eva")
        thread = () if fields else texts[1:]
        draft = eva.draft(texts[0], thread=thread, profiles=[profile.id], media=files, **fields)
        post = eva.publish_now(draft)
        for _ in range(MOST_RUNS):
            desk.run_due()
            clock.now += TEN_MINUTES
            (delivery,) = desk.deliveries(post)
            if delivery.state == "published":
                break
        assert (delivery.state, delivery.problem) == ("published", "")
        assert delivery.differences == ()
        assert desk.audit().clean
        yield desk, post, texts


def check_each_request(
    account: Account, server: Server, content: str, fault: str, **options: Any
) -> None:
    """
    Check that each text is published exactly once, whichever requests fail.

    The connection fails at each request in turn, and at each request and the one after it, such as
    the creation of a post and its lookup. In the last post, nothing fails.

    Args:
        account: The account.
        server: The account's server.
        content: One of `CONTENTS`.
        fault: One of `FAULTS`.
        **options: Options of the network.
    """
    start = dt.datetime.now(dt.UTC)
    number, expected = 0, list[str]()
    for times in (1, 2):
        for at in itertools.count(1):
            number += 1
            # Each lookup also sees the earlier posts, because they were published at the same time.
            server.now = start
            plan = dict.fromkeys(range(at, at + times), fault)
            connection = FaultyConnection(server, plan)
            published = published_by_desk(
                account, connection, content, number, clock=server, **options
            )
            with published as (desk, post, texts):
                expected += texts
                _check_posted(server, desk, post, expected, texts)
            if not connection.failed:
                assert at > 2
                break


def check_random_faults(
    account: Account, server: Server, contents: tuple[str, ...], seed: int, **options: Any
) -> None:
    """Check that each text is published exactly once, although several random requests fail."""
    chosen = random.Random(seed)
    plan = {chosen.randint(1, 14): chosen.choice(list(FAULTS)) for _ in range(chosen.randint(1, 4))}
    before = [posted.text for posted in server.posted]
    server.now = dt.datetime.now(dt.UTC)
    published = published_by_desk(
        account,
        FaultyConnection(server, plan),
        chosen.choice(contents),
        seed,
        clock=server,
        **options,
    )
    with published as (desk, post, texts):
        _check_posted(server, desk, post, before + texts, texts)


def _check_posted(
    server: Server, desk: Desk, post: Any, expected: list[str], texts: list[str]
) -> None:
    assert [posted.text for posted in server.posted] == expected
    parts = server.posted[-len(texts) :]
    (delivery,) = desk.deliveries(post)
    assert delivery.network_id == parts[0].id
    assert bool(parts[0].parent) == bool(post.content.reply_to)
    assert [part.parent for part in parts[1:]] == [part.id for part in parts[:-1]]

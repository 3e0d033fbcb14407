"""A test kit that checks reading adapters against docs/contracts/adapters.md."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from socialcollab.content import MESSAGE_KINDS, Message
from socialcollab.errors import (
    AuthenticationError,
    InvalidValueError,
    NaiveDatetimeError,
    NetworkError,
    RateLimitedError,
    TransientError,
)
from socialcollab.testing.adapter_contract import Conversation
from socialcollab.testing.promises import promise
from socialcollab.transport import (
    Counts,
    MessagePage,
    OutgoingPost,
    ReadingAdapter,
    Request,
    Response,
    Transport,
)

_NOW: Final = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
_WITHIN_S: Final = 10.0
_MOST_PAGES: Final = 200
_SEVERAL: Final = 130


class ReadingContract:
    """
    Tests for the laws of adapters that read. Subclass this class and override its fixtures.

    ::

        class TestMyReading(ReadingContract):
            @pytest.fixture
            def adapter(self) -> ReadingAdapter:
                return MyAdapter(token="hush")

            @pytest.fixture
            def transport(self) -> Transport:
                return HttpTransport(httpx.Client(transport=httpx.MockTransport(fake_server)))

            @pytest.fixture
            def plant(self) -> Callable[[int], list[str]]:
                return fake_server.add_mentions

    The server must be new for each test. The name and the ``promise`` attribute of each law identify
    the promise that the law tests.

    Attributes:
        secrets: Texts that must never appear anywhere, such as the token.
        refused: The network's response to invalid credentials.
        limited: The network's response if the client must wait for 60 seconds.
        failed: The network's response if the server fails.
        no_post: The id of a post that does not exist.
    """

    secrets: tuple[str, ...] = ()
    refused: Response = Response(status=401, body=b'{"error": "invalid token"}')
    limited: Response = Response(
        status=429, headers={"retry-after": "60"}, body=b'{"error": "slow down"}'
    )
    failed: Response = Response(status=500, body=b'{"error": "broken"}')
    no_post: str = "1"

    @pytest.fixture
    def adapter(self) -> ReadingAdapter:
        """Return the adapter to test."""
        raise NotImplementedError("override the `adapter` fixture to return the adapter to test")

    @pytest.fixture
    def transport(self) -> Transport:
        """Return the transport to a server that accepts the adapter's requests."""
        raise NotImplementedError("override the `transport` fixture to return a transport")

    @pytest.fixture
    def plant(self) -> Callable[[int], list[str]]:
        """Return a function that adds a number of messages, one after another, and returns their ids."""
        raise NotImplementedError("override the `plant` fixture to return a function")

    @pytest.fixture
    def spoil(self) -> Callable[[], None] | None:
        """Return a function that adds an entry without an id to the list of messages, or None."""
        return None

    @pytest.fixture
    def outgoing(self) -> OutgoingPost | None:
        """Return a post that the network accepts, or None if the adapter does not publish."""
        return None

    @promise("R1")
    def test_r01_messages(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Every message is returned once, with the network's id as a string and a time in UTC."""
        assert isinstance(adapter, ReadingAdapter)
        planted = plant(_SEVERAL)
        messages = _all(adapter, transport)[0]
        assert sorted(message.network_id for message in messages) == sorted(planted)
        for message in messages:
            assert isinstance(message.network_id, str)
            assert message.kind in MESSAGE_KINDS
            assert message.created_at.utcoffset() == dt.timedelta(0)

    @promise("R2")
    def test_r02_order(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """The messages of a page are sorted, oldest first."""
        plant(5)
        pages = _pages(adapter, transport, "")
        assert any(len(page.messages) > 1 for page in pages)
        for page in pages:
            times = [message.created_at for message in page.messages]
            assert times == sorted(times)

    @promise("R3")
    def test_r03_resume(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Reading continues after the last message, without loss or repetition."""
        plant(3)
        _, cursor = _all(adapter, transport)
        for count in (0, 1, _SEVERAL):
            planted = plant(count)
            stored = json.loads(json.dumps(cursor))
            messages, cursor = _all(adapter, transport, stored)
            assert sorted(message.network_id for message in messages) == sorted(planted)

    @promise("R4")
    def test_r04_same_cursor(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """A cursor can be used again after a crash, and returns the same messages."""
        plant(_SEVERAL)
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = _page(adapter, transport, cursor)
            assert _page(adapter, transport, cursor) == page
            cursor = page.cursor
            if not page.more:
                break

    @promise("R5")
    def test_r05_endless_pages(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Reading ends, even if the server returns the same page again and again."""
        plant(_SEVERAL)
        answered: dict[str, Response] = {}

        def repeat(request: Request) -> Response:
            if request.url not in answered:
                answered[request.url] = transport.send(request, timeout_s=_WITHIN_S)
            return answered[request.url]

        cursor = ""
        for number in itertools.count(1):
            assert number <= _MOST_PAGES, "reading does not end"
            page: MessagePage = Conversation().run(adapter.messages(cursor), repeat)
            cursor = page.cursor
            if not page.more:
                break

    @promise("R6")
    def test_r06_malformed_entry(
        self,
        adapter: ReadingAdapter,
        transport: Transport,
        plant: Callable[[int], list[str]],
        spoil: Callable[[], None] | None,
    ) -> None:
        """An entry that cannot be read is counted, and the others are returned."""
        if spoil is None:
            pytest.skip("the kit does not override `spoil`")
        planted = plant(2)
        spoil()
        planted += plant(2)
        pages = _pages(adapter, transport, "")
        found = [message.network_id for page in pages for message in page.messages]
        assert sorted(found) == sorted(planted)
        assert sum(page.skipped for page in pages) == 1
        planted = plant(1)
        messages, _ = _all(adapter, transport, pages[-1].cursor)
        assert [message.network_id for message in messages] == planted

    @promise("R7")
    def test_r07_since(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """The first reading begins at an instant."""
        plant(4)
        everything, _ = _all(adapter, transport)
        times = sorted(message.created_at for message in everything)
        page_since = _pages(adapter, transport, "", since=times[2])
        found = [message.created_at for page in page_since for message in page.messages]
        assert sorted(found) == [at for at in times if at >= times[2]]

    @promise("R8")
    def test_r08_kinds(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Only messages of the given kinds are returned."""
        plant(3)
        for kind in MESSAGE_KINDS:
            page = Conversation().run(adapter.messages(kinds=[kind]), _answers(transport))
            assert {message.kind for message in page.messages} <= {kind}
        empty = Conversation().run(adapter.messages(kinds=[]), _answers(transport))
        assert (empty.messages, empty.more) == ((), False)

    @promise("R9")
    def test_r09_invalid_cursor(self, adapter: ReadingAdapter, transport: Transport) -> None:
        """A text that is not a cursor of this network is rejected, and so is a local time."""
        for cursor in ("x", "{}", "[]", "null", '{"network": 7}', "\0", "9" * 100, "[" * 10_000):
            with pytest.raises(InvalidValueError):
                Conversation().run(adapter.messages(cursor), _answers(transport))
        naive = dt.datetime(2026, 4, 7)  # noqa: DTZ001  # deliberately wrong
        with pytest.raises(NaiveDatetimeError):
            Conversation().run(adapter.own_posts(naive), _answers(transport))
        with pytest.raises(NaiveDatetimeError):
            Conversation().run(adapter.messages(since=naive), _answers(transport))

    @promise("R10")
    def test_r10_creates_nothing(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Reading only sends GET requests, which create nothing."""
        planted = plant(2)
        conversation = Conversation()
        answers = _answers(transport)
        conversation.run(adapter.messages(), answers)
        conversation.run(adapter.own_posts(_NOW), answers)
        conversation.run(adapter.counts(planted), answers)
        assert conversation.requests
        assert {request.method for request in conversation.requests} == {"GET"}
        assert conversation.creating == []

    @promise("R11")
    def test_r11_errors(self, adapter: ReadingAdapter) -> None:
        """Each error response raises the error that indicates what the caller can do."""
        kind: type[NetworkError]
        unreadable = [Response(status=200, body=body) for body in (b"", b"<html>", b"null", b"7")]
        for response, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.failed, TransientError),
            *((response, TransientError) for response in unreadable),
        ):
            for flow in (adapter.messages(), adapter.own_posts(_NOW)):
                with pytest.raises(kind) as caught:
                    Conversation().run(flow, _always(response))
                assert type(caught.value) is kind

    @promise("R12")
    def test_r12_own_posts(
        self, adapter: Any, transport: Transport, outgoing: OutgoingPost | None
    ) -> None:
        """Own posts since an instant are returned, with their counts."""
        if outgoing is None:
            pytest.skip("the kit does not override `outgoing`")
        answers = _answers(transport)
        prepared = adapter.prepare(outgoing, now=dt.datetime.now(dt.UTC), entropy=bytes(16))
        network_id = Conversation().run(adapter.publish(prepared, {}), answers).network_id
        early = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        own = Conversation().run(adapter.own_posts(early), answers)
        assert own.complete
        assert network_id in {post.network_id for post in own.posts}
        (post,) = [post for post in own.posts if post.network_id == network_id]
        assert post.created_at.utcoffset() == dt.timedelta(0)
        later = post.created_at + dt.timedelta(seconds=1)
        own = Conversation().run(adapter.own_posts(later), answers)
        assert network_id not in {post.network_id for post in own.posts}
        counts = Conversation().run(adapter.counts([network_id, self.no_post, network_id]), answers)
        assert list(counts) == [network_id]
        assert isinstance(counts[network_id], Counts)
        nothing = Conversation()
        assert nothing.run(adapter.counts([]), answers) == {}
        assert nothing.requests == []

    @promise("R13")
    def test_r13_secrets(
        self, adapter: ReadingAdapter, transport: Transport, plant: Callable[[int], list[str]]
    ) -> None:
        """Cursors, messages, requests and errors never contain a secret."""
        plant(3)
        conversation = Conversation()
        page = conversation.run(adapter.messages(), _answers(transport))
        shown = [page.cursor, repr(page), *map(repr, conversation.requests)]
        with pytest.raises(NetworkError) as caught:
            Conversation().run(adapter.messages(), _always(self.refused))
        shown += [str(caught.value), repr(caught.value)]
        for secret in self.secrets:
            assert not any(secret in text for text in shown), "a secret is visible"


def _answers(transport: Transport) -> Callable[[Request], Response]:
    return lambda request: transport.send(request, timeout_s=_WITHIN_S)


def _always(response: Response) -> Callable[[Request], Response]:
    return lambda _: response


def _page(
    adapter: ReadingAdapter, transport: Transport, cursor: str, **options: Any
) -> MessagePage:
    page = Conversation().run(adapter.messages(cursor, **options), _answers(transport))
    assert isinstance(page, MessagePage)
    assert isinstance(page.cursor, str)
    return page


def _pages(
    adapter: ReadingAdapter, transport: Transport, cursor: str, **options: Any
) -> list[MessagePage]:
    """Read all pages from a cursor on."""
    pages = [_page(adapter, transport, cursor, **options)]
    while pages[-1].more:
        assert len(pages) <= _MOST_PAGES, "reading does not end"
        pages.append(_page(adapter, transport, pages[-1].cursor, **options))
    return pages


def _all(
    adapter: ReadingAdapter, transport: Transport, cursor: str = ""
) -> tuple[list[Message], str]:
    """Return all messages from a cursor on, and the last cursor."""
    pages = _pages(adapter, transport, cursor)
    return [message for page in pages for message in page.messages], pages[-1].cursor

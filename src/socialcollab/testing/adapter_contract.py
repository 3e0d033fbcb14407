"""A test kit that checks adapters against docs/contracts/adapters.md."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from socialcollab.content import Json
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.testing.promises import promise
from socialcollab.testing.recording import RecordingTransport, ReplayTransport
from socialcollab.transport import (
    Adapter,
    AmendingAdapter,
    Checkpoint,
    ComparingAdapter,
    Created,
    Done,
    Flow,
    Found,
    Inconclusive,
    Missing,
    Op,
    OutgoingPost,
    Prepared,
    Published,
    Request,
    Response,
    Transport,
    Wait,
    advance,
)

_NOW: Final = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
_WITHIN_S: Final = 10.0


@attrs.define
class Conversation:
    """
    A record of the execution of a flow.

    Attributes:
        requests: The flow's requests, in order.
        progress: The values of its last checkpoint.
        checkpoints: The number of checkpoints.
        parts: The network's ids for the parts that the flow reported as created, in order.
        first_part: The number of the first part, if the flow continues a thread.
    """

    requests: list[Request] = attrs.field(factory=list)
    progress: Mapping[str, str] = attrs.field(factory=dict)
    checkpoints: int = 0
    parts: list[str] = attrs.field(factory=list)
    first_part: int = 0

    @property
    def creating(self) -> list[Request]:
        """The requests that create a post or a part of a thread."""
        return [request for request in self.requests if request.creates is not None]

    @property
    def uploading(self) -> list[Request]:
        """The requests that change something but create nothing publicly visible."""
        return [
            request
            for request in self.requests
            if request.creates is None and request.method != "GET"
        ]

    def run(self, flow: Flow[Any], answer: Callable[[Request], Response]) -> Any:
        """Run *flow* with the responses that *answer* returns and the errors that it raises."""
        op: Op[Any] | Done[Any] = advance(flow)
        while not isinstance(op, Done):
            try:
                value = self.do(op, answer)
            except NetworkError as error:
                op = advance(flow, error=error)
            else:
                op = advance(flow, value)
        return op.value

    def do(self, op: Op[Any], answer: Callable[[Request], Response]) -> Response | None:
        """Carry out one operation."""
        if isinstance(op, Request):
            self.requests.append(op)
            return answer(op)
        if isinstance(op, Checkpoint):
            self.progress = dict(op.values)
            self.checkpoints += 1
            return None
        if isinstance(op, Created):
            assert op.part == self.first_part + len(self.parts), "parts must be reported in order"
            self.progress = dict(op.values)
            self.parts.append(op.network_id)
            return None
        assert isinstance(op, Wait), f"{op!r} is not an operation of a flow"
        return None


class _StoppedError(Exception):
    """Raised to simulate the process ending at this point."""


class AdapterContract:
    """
    Tests for the adapter laws. Subclass this class and override its fixtures.

    ::

        class TestMyAdapter(AdapterContract):
            @pytest.fixture
            def adapter(self) -> Adapter:
                return MyAdapter(token="hush")

            @pytest.fixture
            def transport(self) -> Transport:
                return HttpTransport(httpx.Client(transport=httpx.MockTransport(fake_server)))

            @pytest.fixture
            def outgoing(self) -> OutgoingPost:
                return OutgoingPost(...)

    The server can be a fake or a sandbox, and must be new for each test. It must accept *outgoing*,
    which should have two images if the network supports this. The name and the ``promise``
    attribute of each law identify the promise that the law tests.

    Attributes:
        secrets: Texts that must never appear anywhere, such as the token.
        refused: The network's response to invalid credentials.
        limited: The network's response if the client must wait for 60 seconds.
        rejected: The network's response to content that it rejects.
        failed: The network's response if the server fails.
        too_long: Whether a text can be too long for the network.
    """

    secrets: tuple[str, ...] = ()
    refused: Response = Response(status=401, body=b'{"error": "invalid token"}')
    limited: Response = Response(
        status=429, headers={"retry-after": "60"}, body=b'{"error": "slow down"}'
    )
    rejected: Response = Response(status=422, body=b'{"error": "not like this"}')
    failed: Response = Response(status=500, body=b'{"error": "broken"}')
    too_long: bool = True

    @pytest.fixture
    def adapter(self) -> Adapter:
        """Return the adapter to test."""
        raise NotImplementedError("override the `adapter` fixture to return the adapter to test")

    @pytest.fixture
    def transport(self) -> Transport:
        """Return the transport to a server that accepts the adapter's requests."""
        raise NotImplementedError("override the `transport` fixture to return a transport")

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        """Return a post that the network accepts."""
        raise NotImplementedError("override the `outgoing` fixture to return a post")

    @pytest.fixture
    def thread(self) -> OutgoingPost | None:
        """Return a post that is published in several parts, or None if this is not supported."""
        return None

    @promise("A1")
    def test_a01_prepare(self, adapter: Adapter, outgoing: OutgoingPost) -> None:
        """Equal arguments produce equal keys, which can be stored as JSON."""
        first = _prepared(adapter, outgoing)
        assert first == _prepared(adapter, outgoing)
        assert first.outgoing == outgoing
        assert all(
            isinstance(word, str) for pair in first.idempotency_keys.items() for word in pair
        )

    @promise("A2")
    def test_a02_keys(self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport) -> None:
        """Keys that were stored and read back produce the same requests."""
        prepared = _prepared(adapter, outgoing)
        stored = json.loads(json.dumps(dict(prepared.idempotency_keys)))
        again = Prepared(outgoing=attrs.evolve(outgoing), idempotency_keys=stored)
        sent = _until_creating(adapter, prepared, transport)
        assert sent.requests[-1] == _until_creating(adapter, again, transport, sent).requests[-1]

    @promise("A3")
    def test_a03_limits(self, adapter: Adapter, outgoing: OutgoingPost) -> None:
        """A text that exceeds the limit is rejected before anything is sent."""
        if not self.too_long:
            pytest.skip("no text is too long for this network")
        limits = adapter.description.text
        size = limits.at_most + (limits.at_most_bytes or 0) + 1
        with pytest.raises(RejectedError):
            _prepared(adapter, attrs.evolve(outgoing, text="x" * size))

    @promise("A4")
    def test_a04_publish(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A published post has the network's id, and its time is in UTC."""
        published = Conversation().run(
            adapter.publish(_prepared(adapter, outgoing), {}), _answers(transport)
        )
        assert isinstance(published, Published)
        assert published.network_id
        assert published.at is None or published.at.utcoffset() == dt.timedelta(0)

    @promise("A5")
    def test_a05_creating_request(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Before the first creating request is sent, a lookup finds nothing."""
        prepared = _prepared(adapter, outgoing)
        sent = _until_creating(adapter, prepared, transport)
        found = Conversation().run(adapter.find(prepared, sent.progress), _answers(transport))
        assert isinstance(found, (Missing, Inconclusive)), (
            f"the lookup returned {found!r} before anything was created"
        )

    @promise("A6")
    def test_a06_parts(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Parts are numbered from 0 without gaps, and no creating request is marked as ``safe``."""
        conversation = Conversation()
        conversation.run(adapter.publish(_prepared(adapter, outgoing), {}), _answers(transport))
        assert [request.creates for request in conversation.creating] == list(
            range(len(conversation.creating))
        )
        assert conversation.creating
        assert all(request.repeat in ("same key", "no") for request in conversation.creating)

    @promise("A7")
    def test_a07_checkpoints(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """After a crash, uploads that are recorded in a checkpoint are not repeated."""
        prepared = _prepared(adapter, outgoing)
        whole = _until_creating(adapter, prepared, transport)
        for at in range(whole.checkpoints):
            begun = _until_checkpoint(adapter, prepared, transport, at + 1)
            rest = _until_creating(adapter, prepared, transport, begun)
            made = len(begun.uploading) + len(rest.uploading)
            assert made == len(whole.uploading), f"uploads were repeated after checkpoint {at + 1}"
        if len(outgoing.media) > 1:
            assert whole.checkpoints > 1, "there is no checkpoint between two uploads"

    @promise("A8")
    def test_a08_lost_answer(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """If the response to a creating request is lost, the post is found and can be taken down."""
        prepared = _prepared(adapter, outgoing)
        conversation = _lost(adapter, prepared, transport, arrives=True)
        found = Conversation().run(
            adapter.find(prepared, conversation.progress), _answers(transport)
        )
        if isinstance(found, Inconclusive):
            assert not adapter.description.create_once.finds, (
                "the description of its network states that lookups work"
            )
            return
        assert isinstance(found, Found)
        Conversation().run(adapter.take_down(found.published.network_id), _answers(transport))

    @promise("A9")
    def test_a09_lost_request(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """If a creating request never reaches the server, the lookup finds no post."""
        prepared = _prepared(adapter, outgoing)
        conversation = _lost(adapter, prepared, transport, arrives=False)
        found = Conversation().run(
            adapter.find(prepared, conversation.progress), _answers(transport)
        )
        assert isinstance(found, (Missing, Inconclusive))
        if isinstance(found, Missing):
            assert found.conclusive_after >= dt.timedelta(0)

    @promise("A10")
    def test_a10_no_other_creates(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Lookups, removals and the verification of credentials create nothing."""
        prepared = _prepared(adapter, outgoing)
        answers = _answers(transport)
        published = Conversation().run(adapter.publish(prepared, {}), answers)
        conversation = Conversation()
        conversation.run(adapter.find(prepared, {}), answers)
        conversation.run(adapter.verify_credentials(), answers)
        conversation.run(adapter.take_down(published.network_id), answers)
        assert conversation.creating == []

    @promise("A11")
    def test_a11_same_key(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A request with an idempotency key creates one post, even if it is sent twice."""
        prepared = _prepared(adapter, outgoing)

        def twice(request: Request) -> Response:
            if request.creates is not None and request.repeat == "same key":
                transport.send(request, timeout_s=_WITHIN_S)
            return transport.send(request, timeout_s=_WITHIN_S)

        conversation = Conversation()
        published = conversation.run(adapter.publish(prepared, {}), twice)
        if any(request.repeat != "same key" for request in conversation.creating):
            pytest.skip("not every creating request of this network has a key")
        found = Conversation().run(
            adapter.find(prepared, conversation.progress), _answers(transport)
        )
        assert isinstance(found, Found)
        assert found.published.network_id == published.network_id

    @promise("A12")
    def test_a12_errors(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Each error response raises the error that indicates what the caller can do."""
        kind: type[NetworkError]
        for response, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.rejected, RejectedError),
            (self.failed, OutcomeUnknownError),
        ):
            error = self._answered_to_creating(adapter, outgoing, transport, response)
            assert type(error) is kind, f"{response.status} became {error!r}"
            if isinstance(error, RateLimitedError):
                assert error.retry_after_s == 60
        for response, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.failed, TransientError),
        ):
            error = _always(adapter.verify_credentials(), response)
            assert type(error) is kind, f"{response.status} became {error!r}"

    @promise("A13")
    def test_a13_unreadable_answer(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """
        An unreadable response to a creating request raises an OutcomeUnknownError.

        For any other request, it raises a TransientError.
        """
        empty: Json = {}
        for body in (b"", b"<html>", b"[]", b"null", b"7", b'"x"', json.dumps(empty).encode()):
            response = Response(status=200, body=body)
            error = self._answered_to_creating(adapter, outgoing, transport, response)
            assert type(error) is OutcomeUnknownError, f"{body!r} became {error!r}"
            error = _always(adapter.verify_credentials(), response)
            assert type(error) is TransientError, f"{body!r} became {error!r}"

    @promise("A14")
    def test_a14_take_down_twice(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Taking down a post twice is not an error."""
        answers = _answers(transport)
        published = Conversation().run(adapter.publish(_prepared(adapter, outgoing), {}), answers)
        for _ in range(2):
            Conversation().run(adapter.take_down(published.network_id), answers)

    @promise("A15")
    def test_a15_account(self, adapter: Adapter, transport: Transport) -> None:
        """Valid credentials return an account name."""
        name = Conversation().run(adapter.verify_credentials(), _answers(transport))
        assert isinstance(name, str)
        assert name

    @promise("A16")
    def test_a16_secrets(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Requests, errors and stored values never contain a secret."""
        prepared = _prepared(adapter, outgoing)
        conversation = Conversation()
        published = conversation.run(adapter.publish(prepared, {}), _answers(transport))
        conversation.run(adapter.find(prepared, conversation.progress), _answers(transport))
        conversation.run(adapter.verify_credentials(), _answers(transport))
        error = self._answered_to_creating(adapter, outgoing, transport, self.refused)
        shown = [
            repr(value) for value in (adapter, prepared, published, error, *conversation.requests)
        ]
        shown += [str(error), *prepared.idempotency_keys.values(), *conversation.progress.values()]
        for secret in self.secrets:
            assert not any(secret in text for text in shown), "a secret is visible"

    @promise("A17")
    def test_a17_close(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A flow that is closed ends without an error and sends no more requests."""
        prepared = _prepared(adapter, outgoing)
        flow = adapter.publish(prepared, {})
        op: Op[Any] | Done[Any] = advance(flow)
        while not isinstance(op, Done):
            answer = transport.send(op, timeout_s=_WITHIN_S) if isinstance(op, Request) else None
            if isinstance(op, Request) and op.creates is not None:
                break
            op = advance(flow, answer)
        flow.close()
        adapter.find(prepared, {}).close()

    @promise("A18")
    def test_a18_thread(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """Each part has its own id, and the post's id is the id of its first part."""
        if thread is None:
            pytest.skip("this adapter does not publish posts in several parts")
        conversation = Conversation()
        published = conversation.run(
            adapter.publish(_prepared(adapter, thread), {}), _answers(transport)
        )
        assert (
            len(conversation.creating)
            == len(conversation.parts)
            == len(set(conversation.parts))
            > 1
        )
        assert [request.creates for request in conversation.creating] == list(
            range(len(conversation.parts))
        )
        assert published.network_id == conversation.parts[0]

    @promise("A19")
    def test_a19_continue_thread(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """After a crash, recorded parts are not created again, and the result is the same."""
        if thread is None:
            pytest.skip("this adapter does not publish posts in several parts")
        whole = Conversation()
        first = whole.run(adapter.publish(_prepared(adapter, thread), {}), _answers(transport))
        for known in range(1, len(whole.parts) + 1):
            prepared = adapter.prepare(thread, now=_NOW, entropy=bytes([known] * 16))
            begun = _until_part(adapter, prepared, transport, known)
            rest = Conversation(first_part=known)
            published = rest.run(adapter.publish(prepared, begun.progress), _answers(transport))
            assert [request.creates for request in rest.creating] == list(
                range(known, len(whole.parts))
            )
            assert published.network_id == begun.parts[0] != first.network_id

    @promise("A20")
    def test_a20_lost_part(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """A lookup returns a lost part's number and progress and, for the last part, the result."""
        if thread is None:
            pytest.skip("this adapter does not publish posts in several parts")
        prepared = _prepared(adapter, thread)
        progress: Mapping[str, str] = {}
        ended = None
        for part in range(100):
            conversation = Conversation(first_part=part)
            with pytest.raises(OutcomeUnknownError):
                conversation.run(adapter.publish(prepared, progress), _losing(transport))
            progress = conversation.progress or progress
            found = Conversation().run(adapter.find(prepared, progress), _answers(transport))
            if isinstance(found, Inconclusive):
                assert not adapter.description.create_once.finds
                return
            assert isinstance(found, Found)
            assert found.part == part
            progress, ended = found.progress, found.whole
            if ended is not None:
                break
        assert ended is not None, "no lookup returned the result of the whole flow"
        rest = Conversation()
        again = rest.run(adapter.publish(prepared, progress), _answers(transport))
        assert rest.creating == []
        assert again.network_id == ended.network_id

    @promise("A21")
    def test_a21_amend(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """An amendment request sets `creates`, can be repeated, and does not change the id."""
        if not isinstance(adapter, AmendingAdapter):
            pytest.skip("this adapter cannot change a post in place")
        prepared = _prepared(adapter, outgoing)
        answers = _answers(transport)
        published = Conversation().run(adapter.publish(prepared, {}), answers)
        changed = Prepared(
            outgoing=attrs.evolve(outgoing, text=f"{outgoing.text}!"),
            idempotency_keys=prepared.idempotency_keys,
        )
        if "edit" not in adapter.description.features:
            with pytest.raises(RejectedError):
                Conversation().run(adapter.amend(changed, published.network_id), answers)
            return
        for _ in range(2):
            conversation = Conversation()
            conversation.run(adapter.amend(changed, published.network_id), answers)
            assert conversation.creating
            assert all(request.repeat == "same key" for request in conversation.creating)
        found = Conversation().run(adapter.find(prepared, {}), answers)
        if isinstance(found, Found):
            assert found.published.network_id == published.network_id

    @promise("A22")
    def test_a22_amend_errors(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A rejected change raises the same errors as a rejected post."""
        if not isinstance(adapter, AmendingAdapter) or "edit" not in adapter.description.features:
            pytest.skip("this adapter cannot change a post in place")
        prepared = _prepared(adapter, outgoing)
        published = Conversation().run(adapter.publish(prepared, {}), _answers(transport))
        kind: type[NetworkError]
        for response, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.rejected, RejectedError),
            (self.failed, OutcomeUnknownError),
        ):

            def answer(request: Request, response: Response = response) -> Response:
                return response if request.creates is not None else _answers(transport)(request)

            with pytest.raises(kind):
                Conversation().run(adapter.amend(prepared, published.network_id), answer)

    @promise("A23")
    def test_a23_take_down_errors(self, adapter: Adapter) -> None:
        """A rejected removal raises the correct error, and a server error is transient."""
        kind: type[NetworkError]
        for response, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.failed, TransientError),
        ):
            error = _always(adapter.take_down("1"), response)
            assert type(error) is kind, f"{response.status} became {error!r}"

    @promise("A24")
    def test_a24_compare(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A post that was just published does not differ, and comparing it changes nothing."""
        if not isinstance(adapter, ComparingAdapter):
            pytest.skip("this adapter does not compare posts")
        prepared = _prepared(adapter, outgoing)
        publishing = Conversation()
        published = publishing.run(adapter.publish(prepared, {}), _answers(transport))
        comparing = Conversation()
        fields = comparing.run(
            adapter.compare(prepared, publishing.progress, published.network_id),
            _answers(transport),
        )
        assert fields == ()
        assert [request.method for request in comparing.requests if request.method != "GET"] == []

    @promise("A25")
    def test_a25_recording(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport, tmp_path: Path
    ) -> None:
        """Recorded exchanges contain no secret, and publish the post again without the network."""
        prepared = _prepared(adapter, outgoing)
        recording = RecordingTransport(transport, secrets=self.secrets)
        published = Conversation().run(adapter.publish(prepared, {}), _answers(recording))
        file = tmp_path / "exchanges.json"
        recording.save(file)
        text = file.read_text(encoding="utf-8")
        assert not any(secret in text for secret in self.secrets)
        replay = ReplayTransport.load(file, secrets=self.secrets)
        again = Conversation().run(adapter.publish(prepared, {}), _answers(replay))
        assert again == published
        assert replay.left == 0

    def _answered_to_creating(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport, response: Response
    ) -> NetworkError | None:
        def answer(request: Request) -> Response:
            return response if request.creates is not None else _answers(transport)(request)

        try:
            Conversation().run(adapter.publish(_prepared(adapter, outgoing), {}), answer)
        except NetworkError as error:
            return error
        return None


def _prepared(adapter: Adapter, outgoing: OutgoingPost) -> Prepared:
    return adapter.prepare(outgoing, now=_NOW, entropy=bytes(range(16)))


def _answers(transport: Transport) -> Callable[[Request], Response]:
    return lambda request: transport.send(request, timeout_s=_WITHIN_S)


def _always(flow: Flow[Any], response: Response) -> NetworkError | None:
    try:
        Conversation().run(flow, lambda _: response)
    except NetworkError as error:
        return error
    return None


def _lost(
    adapter: Adapter, prepared: Prepared, transport: Transport, *, arrives: bool
) -> Conversation:
    """Publish, and lose the response to the first creating request, or the request itself."""

    def answer(request: Request) -> Response:
        if request.creates is None:
            return transport.send(request, timeout_s=_WITHIN_S)
        if arrives:
            transport.send(request, timeout_s=_WITHIN_S)
        raise OutcomeUnknownError("the response was lost")

    conversation = Conversation()
    with pytest.raises(OutcomeUnknownError):
        conversation.run(adapter.publish(prepared, {}), answer)
    assert len(conversation.creating) == 1, "the flow continued after a lost response"
    return conversation


def _losing(transport: Transport) -> Callable[[Request], Response]:
    """Return a function that sends every request and loses the responses to creating requests."""

    def answer(request: Request) -> Response:
        response = transport.send(request, timeout_s=_WITHIN_S)
        if request.creates is not None:
            raise OutcomeUnknownError("the response was lost")
        return response

    return answer


def _until_part(
    adapter: Adapter, prepared: Prepared, transport: Transport, count: int
) -> Conversation:
    """Publish, and stop after *count* parts have been recorded."""
    conversation = Conversation()
    flow = adapter.publish(prepared, {})
    op: Op[Any] | Done[Any] = advance(flow)
    while not isinstance(op, Done) and len(conversation.parts) < count:
        op = advance(flow, conversation.do(op, _answers(transport)))
    flow.close()
    return conversation


def _until_creating(
    adapter: Adapter,
    prepared: Prepared,
    transport: Transport,
    before: Conversation | None = None,
) -> Conversation:
    """Resume publishing after *before*, and stop before the first creating request."""

    def answer(request: Request) -> Response:
        if request.creates is not None:
            raise _StoppedError
        return transport.send(request, timeout_s=_WITHIN_S)

    conversation = Conversation()
    flow = adapter.publish(prepared, {} if before is None else before.progress)
    with pytest.raises(_StoppedError):
        conversation.run(flow, answer)
    flow.close()
    return conversation


def _until_checkpoint(
    adapter: Adapter, prepared: Prepared, transport: Transport, number: int
) -> Conversation:
    """Publish, and stop after checkpoint *number* has been stored."""
    conversation = Conversation()
    flow = adapter.publish(prepared, {})
    op: Op[Any] | Done[Any] = advance(flow)
    while not isinstance(op, Done) and conversation.checkpoints < number:
        op = advance(flow, conversation.do(op, _answers(transport)))
    flow.close()
    return conversation

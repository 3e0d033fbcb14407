"""The kit that holds an adapter to the promises of docs/contracts/adapters.md."""

# ruff: noqa: S101
from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
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
from socialcollab.testing.store_laws.scene import promise
from socialcollab.transport import (
    Adapter,
    AmendingAdapter,
    Checkpoint,
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
    A flow as it was carried out: what it asked, and what it was answered.

    Attributes:
        requests: What it asked to send, in order.

        progress: The values of its last checkpoint.

        checkpoints: How many there were.

        parts: The network's ids of the parts that it said are out, in order.

        first_part: Which part it begins with, if it goes on with a thread.
    """

    requests: list[Request] = attrs.field(factory=list)
    progress: Mapping[str, str] = attrs.field(factory=dict)
    checkpoints: int = 0
    parts: list[str] = attrs.field(factory=list)
    first_part: int = 0

    @property
    def creating(self) -> list[Request]:
        """The requests that create something."""
        return [request for request in self.requests if request.creates is not None]

    @property
    def uploading(self) -> list[Request]:
        """The requests that change something and create nothing to be seen."""
        return [each for each in self.requests if each.creates is None and each.method != "GET"]

    def carry(self, flow: Flow[Any], answer: Callable[[Request], Response]) -> Any:
        """Carry *flow* out with the answers that *answer* gives or raises."""
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
        """Carry one operation out."""
        if isinstance(op, Request):
            self.requests.append(op)
            return answer(op)
        if isinstance(op, Checkpoint):
            self.progress = dict(op.values)
            self.checkpoints += 1
            return None
        if isinstance(op, Created):
            assert op.part == self.first_part + len(self.parts), "parts are said in order"
            self.progress = dict(op.values)
            self.parts.append(op.network_id)
            return None
        assert isinstance(op, Wait), f"{op!r} is no operation that drivers know"
        return None


class _StoppedError(Exception):
    """The process dies here."""


class AdapterContract:
    """
    The laws of adapters; subclass it, and give an adapter with a server to talk to.

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

    The server may be a fake or a sandbox, fresh for each test. It has to take
    *outgoing*, which has two images if the network takes so many. A law's name
    and its attribute ``promise`` cite the promise it holds the adapter to.

    Attributes:
        secrets: What must never show, such as the token.

        refused: How the network answers refused credentials.

        limited: How it asks to wait for 60 seconds.

        rejected: How it refuses a post's content.

        failed: How it answers when it fails itself.

        too_long: Whether some text is too long for the network.
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
        """Return the adapter to be judged."""
        raise NotImplementedError("give the adapter: override the fixture `adapter`")

    @pytest.fixture
    def transport(self) -> Transport:
        """Return the transport to a server that takes what the adapter sends."""
        raise NotImplementedError("give the transport: override the fixture `transport`")

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        """Return a post that the network takes."""
        raise NotImplementedError("give the post: override the fixture `outgoing`")

    @pytest.fixture
    def thread(self) -> OutgoingPost | None:
        """Return a post that goes out in several parts, or None if there are no such posts."""
        return None

    @promise("A1")
    def test_a01_prepare_is_decided_by_its_arguments(
        self, adapter: Adapter, outgoing: OutgoingPost
    ) -> None:
        """Equal arguments prepare equally; the keys can be stored as JSON, whole."""
        first = _prepared(adapter, outgoing)
        assert first == _prepared(adapter, outgoing)
        assert first.outgoing == outgoing
        assert all(
            isinstance(word, str) for pair in first.idempotency_keys.items() for word in pair
        )

    @promise("A2")
    def test_a02_all_that_is_fixed_is_in_the_keys(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """What is stored and read back sends the same requests."""
        prepared = _prepared(adapter, outgoing)
        stored = json.loads(json.dumps(dict(prepared.idempotency_keys)))
        again = Prepared(outgoing=attrs.evolve(outgoing), idempotency_keys=stored)
        sent = _until_creating(adapter, prepared, transport)
        assert sent.requests[-1] == _until_creating(adapter, again, transport, sent).requests[-1]

    @promise("A3")
    def test_a03_prepare_refuses_what_the_network_does_not_take(
        self, adapter: Adapter, outgoing: OutgoingPost
    ) -> None:
        """A text past the limit is rejected before anything is sent."""
        if not self.too_long:
            pytest.skip("no text is too long for this network")
        limits = adapter.description.text
        far = limits.at_most + (limits.at_most_bytes or 0) + 1
        with pytest.raises(RejectedError):
            _prepared(adapter, attrs.evolve(outgoing, text="x" * far))

    @promise("A4")
    def test_a04_publish_ends_in_the_networks_own_id(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """What is published has an id; an instant is in UTC."""
        published = Conversation().carry(
            adapter.publish(_prepared(adapter, outgoing), {}), _answers(transport)
        )
        assert isinstance(published, Published)
        assert published.network_id
        assert published.at is None or published.at.utcoffset() == dt.timedelta(0)

    @promise("A5")
    def test_a05_only_a_creating_request_makes_a_post(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """All that comes before the first creating request leaves nothing to be found."""
        prepared = _prepared(adapter, outgoing)
        sent = _until_creating(adapter, prepared, transport)
        found = Conversation().carry(adapter.find(prepared, sent.progress), _answers(transport))
        assert isinstance(found, (Missing, Inconclusive)), f"{found!r} before anything was created"

    @promise("A6")
    def test_a06_parts_are_created_in_order_and_say_whether_they_may_be_repeated(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Parts count from 0 without gaps, and no creating request calls a repeat safe."""
        talk = Conversation()
        talk.carry(adapter.publish(_prepared(adapter, outgoing), {}), _answers(transport))
        assert [each.creates for each in talk.creating] == list(range(len(talk.creating)))
        assert talk.creating
        assert all(each.repeat in ("same key", "no") for each in talk.creating)

    @promise("A7")
    def test_a07_publish_goes_on_from_any_checkpoint(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """After a crash, no upload that a checkpoint knows is made again."""
        prepared = _prepared(adapter, outgoing)
        whole = _until_creating(adapter, prepared, transport)
        for at in range(whole.checkpoints):
            begun = _until_checkpoint(adapter, prepared, transport, at + 1)
            rest = _until_creating(adapter, prepared, transport, begun)
            made = len(begun.uploading) + len(rest.uploading)
            assert made == len(whole.uploading), f"uploads were repeated after checkpoint {at + 1}"
        if len(outgoing.images) > 1:
            assert whole.checkpoints > 1, "there is no checkpoint between two uploads"

    @promise("A8")
    def test_a08_a_lost_answer_is_found(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """What was made and not answered is found, with an id that can be taken down."""
        prepared = _prepared(adapter, outgoing)
        talk = _lost(adapter, prepared, transport, arrives=True)
        found = Conversation().carry(adapter.find(prepared, talk.progress), _answers(transport))
        if isinstance(found, Inconclusive):
            assert not adapter.description.create_once.finds, "its description says that it finds"
            return
        assert isinstance(found, Found)
        Conversation().carry(adapter.take_down(found.published.network_id), _answers(transport))

    @promise("A9")
    def test_a09_a_request_that_never_arrived_is_not_found(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Nothing was made, and nothing is found."""
        prepared = _prepared(adapter, outgoing)
        talk = _lost(adapter, prepared, transport, arrives=False)
        found = Conversation().carry(adapter.find(prepared, talk.progress), _answers(transport))
        assert isinstance(found, (Missing, Inconclusive))
        if isinstance(found, Missing):
            assert found.conclusive_after >= dt.timedelta(0)

    @promise("A10")
    def test_a10_only_publish_creates(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Looking, removing and asking who one is send nothing that creates."""
        prepared = _prepared(adapter, outgoing)
        answers = _answers(transport)
        published = Conversation().carry(adapter.publish(prepared, {}), answers)
        talk = Conversation()
        talk.carry(adapter.find(prepared, {}), answers)
        talk.carry(adapter.verify_credentials(), answers)
        talk.carry(adapter.take_down(published.network_id), answers)
        assert talk.creating == []

    @promise("A11")
    def test_a11_a_known_key_makes_one_post(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """What calls itself repeatable under its key, sent twice, is one post."""
        prepared = _prepared(adapter, outgoing)

        def twice(request: Request) -> Response:
            if request.creates is not None and request.repeat == "same key":
                transport.send(request, timeout_s=_WITHIN_S)
            return transport.send(request, timeout_s=_WITHIN_S)

        talk = Conversation()
        published = talk.carry(adapter.publish(prepared, {}), twice)
        if any(each.repeat != "same key" for each in talk.creating):
            pytest.skip("not every creating request of this network has a key")
        found = Conversation().carry(adapter.find(prepared, talk.progress), _answers(transport))
        assert isinstance(found, Found)
        assert found.published.network_id == published.network_id

    @promise("A12")
    def test_a12_errors_say_what_the_caller_can_do(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Sign in, wait, change the post, look, or try again later: each has its error."""
        kind: type[NetworkError]
        for reply, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.rejected, RejectedError),
            (self.failed, OutcomeUnknownError),
        ):
            error = self._answered_to_creating(adapter, outgoing, transport, reply)
            assert type(error) is kind, f"{reply.status} became {error!r}"
            if isinstance(error, RateLimitedError):
                assert error.retry_after_s == 60
        for reply, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.failed, TransientError),
        ):
            error = _always(adapter.verify_credentials(), reply)
            assert type(error) is kind, f"{reply.status} became {error!r}"

    @promise("A13")
    def test_a13_an_answer_that_cannot_be_read_is_no_success(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """To a creating request it leaves the outcome unknown; to others it is temporary."""
        empty: Json = {}
        for body in (b"", b"<html>", b"[]", b"null", b"7", b'"x"', json.dumps(empty).encode()):
            reply = Response(status=200, body=body)
            error = self._answered_to_creating(adapter, outgoing, transport, reply)
            assert type(error) is OutcomeUnknownError, f"{body!r} became {error!r}"
            error = _always(adapter.verify_credentials(), reply)
            assert type(error) is TransientError, f"{body!r} became {error!r}"

    @promise("A14")
    def test_a14_what_is_gone_counts_as_removed(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Taking down twice is no error."""
        answers = _answers(transport)
        published = Conversation().carry(adapter.publish(_prepared(adapter, outgoing), {}), answers)
        for _ in range(2):
            Conversation().carry(adapter.take_down(published.network_id), answers)

    @promise("A15")
    def test_a15_the_account_is_named(self, adapter: Adapter, transport: Transport) -> None:
        """Accepted credentials have a name."""
        name = Conversation().carry(adapter.verify_credentials(), _answers(transport))
        assert isinstance(name, str)
        assert name

    @promise("A16")
    def test_a16_no_secret_shows(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Neither requests nor errors nor what is stored show a secret."""
        prepared = _prepared(adapter, outgoing)
        talk = Conversation()
        published = talk.carry(adapter.publish(prepared, {}), _answers(transport))
        talk.carry(adapter.find(prepared, talk.progress), _answers(transport))
        talk.carry(adapter.verify_credentials(), _answers(transport))
        error = self._answered_to_creating(adapter, outgoing, transport, self.refused)
        shown = [repr(each) for each in (adapter, prepared, published, error, *talk.requests)]
        shown += [str(error), *prepared.idempotency_keys.values(), *talk.progress.values()]
        for secret in self.secrets:
            assert not any(secret in text for text in shown), "a secret shows"

    @promise("A17")
    def test_a17_a_flow_may_be_closed_anywhere(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """A flow that is given up ends quietly and asks for nothing more."""
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
    def test_a18_what_has_parts_says_so_of_each(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """Each part has its own id, and all of it counts as the first one."""
        if thread is None:
            pytest.skip("this adapter has no posts of several parts")
        talk = Conversation()
        published = talk.carry(adapter.publish(_prepared(adapter, thread), {}), _answers(transport))
        assert len(talk.creating) == len(talk.parts) == len(set(talk.parts)) > 1
        assert [each.creates for each in talk.creating] == list(range(len(talk.parts)))
        assert published.network_id == talk.parts[0]

    @promise("A19")
    def test_a19_a_thread_goes_on_after_any_part(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """After a crash, no part that is known to be out is made again, and all end in the same."""
        if thread is None:
            pytest.skip("this adapter has no posts of several parts")
        whole = Conversation()
        first = whole.carry(adapter.publish(_prepared(adapter, thread), {}), _answers(transport))
        for known in range(1, len(whole.parts) + 1):
            prepared = adapter.prepare(thread, now=_NOW, entropy=bytes([known] * 16))
            begun = _until_part(adapter, prepared, transport, known)
            rest = Conversation(first_part=known)
            published = rest.carry(adapter.publish(prepared, begun.progress), _answers(transport))
            assert [each.creates for each in rest.creating] == list(range(known, len(whole.parts)))
            assert published.network_id == begun.parts[0] != first.network_id

    @promise("A20")
    def test_a20_a_part_whose_answer_is_lost_is_found(
        self, adapter: Adapter, thread: OutgoingPost | None, transport: Transport
    ) -> None:
        """The look says which part it is, and goes on from there; the last one ends it."""
        if thread is None:
            pytest.skip("this adapter has no posts of several parts")
        prepared = _prepared(adapter, thread)
        progress: Mapping[str, str] = {}
        ended = None
        for part in range(100):
            talk = Conversation(first_part=part)
            with pytest.raises(OutcomeUnknownError):
                talk.carry(adapter.publish(prepared, progress), _losing(transport))
            found = Conversation().carry(adapter.find(prepared, progress), _answers(transport))
            if isinstance(found, Inconclusive):
                assert not adapter.description.create_once.finds
                return
            assert isinstance(found, Found)
            assert found.part == part
            progress, ended = found.progress, found.whole
            if ended is not None:
                break
        assert ended is not None, "no part is the last one"
        rest = Conversation()
        again = rest.carry(adapter.publish(prepared, progress), _answers(transport))
        assert rest.creating == []
        assert again.network_id == ended.network_id

    @promise("A21")
    def test_a21_a_change_in_place_may_be_sent_again(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """It says `creates` and "same key", twice is as good as once, and what stands keeps its id."""
        if not isinstance(adapter, AmendingAdapter):
            pytest.skip("this adapter changes nothing in place")
        prepared = _prepared(adapter, outgoing)
        answers = _answers(transport)
        published = Conversation().carry(adapter.publish(prepared, {}), answers)
        changed = Prepared(
            outgoing=attrs.evolve(outgoing, text=f"{outgoing.text}!"),
            idempotency_keys=prepared.idempotency_keys,
        )
        if "edit" not in adapter.description.features:
            with pytest.raises(RejectedError):
                Conversation().carry(adapter.amend(changed, published.network_id), answers)
            return
        for _ in range(2):
            talk = Conversation()
            talk.carry(adapter.amend(changed, published.network_id), answers)
            assert talk.creating
            assert all(each.repeat == "same key" for each in talk.creating)
        found = Conversation().carry(adapter.find(prepared, {}), answers)
        if isinstance(found, Found):
            assert found.published.network_id == published.network_id

    @promise("A22")
    def test_a22_a_change_says_what_the_caller_can_do(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport
    ) -> None:
        """Refusals and silence have the errors that they have when something is created."""
        if not isinstance(adapter, AmendingAdapter) or "edit" not in adapter.description.features:
            pytest.skip("this adapter changes nothing in place")
        prepared = _prepared(adapter, outgoing)
        published = Conversation().carry(adapter.publish(prepared, {}), _answers(transport))
        kind: type[NetworkError]
        for reply, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.rejected, RejectedError),
            (self.failed, OutcomeUnknownError),
        ):

            def answer(request: Request, reply: Response = reply) -> Response:
                return reply if request.creates is not None else _answers(transport)(request)

            with pytest.raises(kind):
                Conversation().carry(adapter.amend(prepared, published.network_id), answer)

    @promise("A23")
    def test_a23_a_removal_says_what_the_caller_can_do(self, adapter: Adapter) -> None:
        """Nothing that creates is asked for, and a server that fails has removed nothing for certain."""
        kind: type[NetworkError]
        for reply, kind in (
            (self.refused, AuthenticationError),
            (self.limited, RateLimitedError),
            (self.failed, TransientError),
        ):
            error = _always(adapter.take_down("1"), reply)
            assert type(error) is kind, f"{reply.status} became {error!r}"

    def _answered_to_creating(
        self, adapter: Adapter, outgoing: OutgoingPost, transport: Transport, reply: Response
    ) -> NetworkError | None:
        def answer(request: Request) -> Response:
            return reply if request.creates is not None else _answers(transport)(request)

        try:
            Conversation().carry(adapter.publish(_prepared(adapter, outgoing), {}), answer)
        except NetworkError as error:
            return error
        return None


def _prepared(adapter: Adapter, outgoing: OutgoingPost) -> Prepared:
    return adapter.prepare(outgoing, now=_NOW, entropy=bytes(range(16)))


def _answers(transport: Transport) -> Callable[[Request], Response]:
    return lambda request: transport.send(request, timeout_s=_WITHIN_S)


def _always(flow: Flow[Any], reply: Response) -> NetworkError | None:
    try:
        Conversation().carry(flow, lambda _: reply)
    except NetworkError as error:
        return error
    return None


def _lost(
    adapter: Adapter, prepared: Prepared, transport: Transport, *, arrives: bool
) -> Conversation:
    """Publish, and lose the answer to the first creating request."""

    def answer(request: Request) -> Response:
        if request.creates is None:
            return transport.send(request, timeout_s=_WITHIN_S)
        if arrives:
            transport.send(request, timeout_s=_WITHIN_S)
        raise OutcomeUnknownError("the answer was lost")

    talk = Conversation()
    with pytest.raises(OutcomeUnknownError):
        talk.carry(adapter.publish(prepared, {}), answer)
    assert len(talk.creating) == 1, "it went on after a lost answer"
    return talk


def _losing(transport: Transport) -> Callable[[Request], Response]:
    """Let every creating request arrive, and lose its answer."""

    def answer(request: Request) -> Response:
        reply = transport.send(request, timeout_s=_WITHIN_S)
        if request.creates is not None:
            raise OutcomeUnknownError("the answer was lost")
        return reply

    return answer


def _until_part(
    adapter: Adapter, prepared: Prepared, transport: Transport, count: int
) -> Conversation:
    """Publish, and die right after so many parts are remembered."""
    talk = Conversation()
    flow = adapter.publish(prepared, {})
    op: Op[Any] | Done[Any] = advance(flow)
    while not isinstance(op, Done) and len(talk.parts) < count:
        op = advance(flow, talk.do(op, _answers(transport)))
    flow.close()
    return talk


def _until_creating(
    adapter: Adapter,
    prepared: Prepared,
    transport: Transport,
    before: Conversation | None = None,
) -> Conversation:
    """Publish from where *before* came to, and die before the first creating request."""

    def answer(request: Request) -> Response:
        if request.creates is not None:
            raise _StoppedError
        return transport.send(request, timeout_s=_WITHIN_S)

    talk = Conversation()
    flow = adapter.publish(prepared, {} if before is None else before.progress)
    with pytest.raises(_StoppedError):
        talk.carry(flow, answer)
    flow.close()
    return talk


def _until_checkpoint(
    adapter: Adapter, prepared: Prepared, transport: Transport, number: int
) -> Conversation:
    """Publish, and die right after that checkpoint is stored."""
    talk = Conversation()
    flow = adapter.publish(prepared, {})
    op: Op[Any] | Done[Any] = advance(flow)
    while not isinstance(op, Done) and talk.checkpoints < number:
        op = advance(flow, talk.do(op, _answers(transport)))
    flow.close()
    return talk

"""A secret of a network appears nowhere: not in logs, reprs, errors, tracebacks or the journal."""

from __future__ import annotations

import datetime as dt
import io
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.loopback import served
from tests.networks.publishing import MEDIA, PublicMedia, publish, verify

from socialcollab.content import Image
from socialcollab.errors import NetworkError
from socialcollab.networks import Renewal
from socialcollab.networks.x import XOAuth
from socialcollab.stores import MemoryMedia, MemoryStore
from socialcollab.transport import Exchange, Token

# Most failures are tried in the slow session only, because each one takes several requests.
FAILURES = (
    None,
    httpx.Response(401, json={"error": "refused"}),
    *(
        pytest.param(failure, marks=pytest.mark.slow)
        for failure in (
            httpx.Response(429),
            httpx.Response(500, text="<html>broken"),
            httpx.Response(200, text="<html>"),
            httpx.ConnectError("no route"),
            httpx.ReadError("broken"),
        )
    ),
)


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_secrets(name: str, failure: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The secret reaches the server, and nothing else."""
    account = ACCOUNTS[name]
    server, profile, secret = account.server(), account.profile, account.secret
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(repr(request.headers.raw).encode() + request.content)
        if isinstance(failure, Exception):
            failure.request = request  # type: ignore[attr-defined]
            raise failure
        if failure is not None:
            return httpx.Response(failure.status_code, content=failure.content)
        return server.handle_request(request)

    seen: list[str] = []
    server.now = dt.datetime.now(dt.UTC)
    media, store = PublicMedia(), MemoryStore()
    caplog.set_level(logging.DEBUG)

    def time() -> dt.datetime:
        return server.now

    with (
        account.connect(httpx.MockTransport(answer), media=media) as network,
        desk_of(profile, network, store=store, media=media, clock=time, real_clock=time) as desk,
    ):
        adapter, transport = network.adapter(profile), network.transport(profile)
        seen += map(repr, (network, adapter, transport))
        try:
            seen.append(repr(verify(network, profile)))
        except NetworkError as error:
            seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
        eva = desk.acting_as("eva")
        image = Image.from_bytes(account.files[0], alt="tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=[profile.id], media=[image]))
        for _ in range(3):
            seen.append(repr(desk.run_due()))
            server.now += dt.timedelta(minutes=20)
        journal = store.for_organization("tulip")
        seen += [repr(event) for event in journal.read_all()]
        seen += [
            repr(desk.deliveries(post)),
            repr(desk.history(post)),
            repr(eva.post_view(post.id)),
        ]
        seen += [notification.text() for notification in desk.notifications(after=0)]
        if failure is None:
            assert desk.summary(post) == "published"
    seen += [record.getMessage() for record in caplog.records]
    assert any(secret.encode() in request for request in sent)
    assert not [text for text in seen if secret in text]


def traces(error: BaseException | None) -> Iterator[str]:
    """Yield all texts of an error, its causes and contexts, with the variables of each function."""
    while error is not None:
        yield from (str(error), repr(error), repr(error.__dict__))
        trace = traceback.TracebackException.from_exception(error, capture_locals=True)
        for frame in trace.stack:
            # The variables of the tests contain the secrets.
            if "/tests/" not in frame.filename.replace("\\", "/"):
                yield from (frame.locals or {}).values()
        yield from traces(error.__cause__)
        error = error.__context__


def raised_by(action: Callable[[], object]) -> BaseException:
    try:
        action()
    except Exception as error:  # noqa: BLE001  every error is examined
        return error
    raise AssertionError("no error was raised")


class FailingMedia(MemoryMedia):
    """A media store that cannot be read."""

    def open(self, digest: str) -> Any:
        raise OSError(5, "broken disk")

    def public_url(self, digest: str) -> str:
        return "https://media.example/1"

    def size(self, digest: str) -> int:
        return 3


class BreakingMedia(FailingMedia):
    """A media store that fails while the media are read."""

    def open(self, digest: str) -> Any:
        class File(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise OSError(5, "broken disk")

        return File(b"123")


BROKEN: dict[str, Any] = {
    "refused": httpx.Response(401, json={"error": "refused"}),
    "rate limit": httpx.Response(429),
    "server error": httpx.Response(500, text="<html>broken"),
    "no JSON": httpx.Response(200, text="<html>"),
    "other values": httpx.Response(200, json={"a": 1}),
    "connect": httpx.ConnectError("no route"),
    "read": httpx.ReadError("broken"),
    "protocol": httpx.LocalProtocolError("Illegal header value"),
}


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
@pytest.mark.parametrize("broken", sorted(BROKEN))
def test_tracebacks(name: str, broken: str) -> None:
    """The variables in the traceback of an error do not contain the secret."""
    account, failure = ACCOUNTS[name], BROKEN[broken]

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        if isinstance(failure, Exception):
            # Some messages of httpx contain the value of a header.
            raise type(failure)(f"{failure} {request.headers.raw} {request.content!r}")
        return httpx.Response(failure.status_code, content=failure.content)

    with account.connect(httpx.MockTransport(answer)) as network:
        for action in (
            lambda: verify(network, account.profile),
            lambda: publish(network, account.outgoing(media=account.images)),
        ):
            seen = list(traces(raised_by(action)))
            assert not [text for text in seen if account.secret in text]


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_tracebacks_of_faults(name: str) -> None:
    """Secrets are in no variable if a secret is missing or malformed, or if media cannot be read."""
    account = ACCOUNTS[name]
    others = {"other": account.secret}
    bytes_ = {account.profile.id: account.secret.encode()}
    server = account.server()
    for secrets, media in (
        (others, MEDIA),
        (bytes_, MEDIA),
        (None, FailingMedia()),
        (None, BreakingMedia()),
    ):
        with account.connect(server, secrets, media=media) as network:  # type: ignore[arg-type]
            if secrets is None and name == "instagram":
                continue  # it downloads the media itself
            error = raised_by(
                lambda network=network: publish(network, account.outgoing(media=account.images))  # type: ignore[misc]
            )
            assert not [text for text in traces(error) if account.secret in text]


def test_tracebacks_of_sessions() -> None:
    """The tokens of a session are in no variable if the response to signing in is incomplete."""
    account = ACCOUNTS["bluesky"]
    values = {"accessJwt": "hush-access", "refreshJwt": "hush-refresh", "handle": "tulip.example"}
    for missing in values:
        body = {name: value for name, value in values.items() if name != missing}
        handler = httpx.MockTransport(lambda _, body=body: httpx.Response(200, json=body))  # type: ignore[misc]
        with account.connect(handler) as network:
            seen = list(traces(raised_by(lambda: verify(network, account.profile))))
        assert not [text for text in seen if "hush" in text or account.secret in text]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_tracebacks_of_renewals(status: int) -> None:
    """The refresh token and the client secret are in no variable or report if a renewal fails."""
    exchanges: list[Exchange] = []
    mock = httpx.MockTransport(lambda _: httpx.Response(status, json={"scope": "all"}))
    with httpx.Client(transport=mock) as client:
        oauth = XOAuth(client_id="tulip", client_secret="hush-client")
        renewal = Renewal(oauth, client=client, on_exchange=exchanges.append)
        token = Token(access="hush-access", refresh="hush-refresh")
        seen = list(traces(raised_by(lambda: renewal(token))))
    assert exchanges
    assert not [text for text in (*seen, repr(exchanges)) if "hush" in text]


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
@pytest.mark.parametrize("is_own", [True, pytest.param(False, marks=pytest.mark.slow)])
@pytest.mark.integration
def test_logs_of_httpx(name: str, is_own: bool, caplog: pytest.LogCaptureFixture) -> None:
    """The logs of httpx and httpcore at the level DEBUG, and exchanges, do not show the secret."""
    account = ACCOUNTS[name]
    server = account.server()
    server.now = dt.datetime.now(dt.UTC)
    exchanges: list[Exchange] = []
    caplog.set_level(logging.DEBUG)
    with served(server) as address, httpx.Client() as client:
        profile = attrs.evolve(account.profile, server=address)
        with account.network(
            {profile.id: account.secret},
            media=MEDIA,
            client=None if is_own else client,
            on_exchange=exchanges.append,
        ) as network:
            publish(network, account.outgoing(profile=profile, media=account.images))
    messages = [record.getMessage() for record in caplog.records]
    loggers = {record.name.partition(".")[0] for record in caplog.records}
    # Connections of the library use only httpcore.
    assert loggers >= ({"httpcore"} if is_own else {"httpx", "httpcore"})
    assert [f"{each.method} {each.url}" for each in exchanges] == [
        f"{operation.partition(' ')[0]} {address}{server.root}{operation.partition(' ')[2]}"
        for operation in server.requests
    ]
    assert all(each.status is not None and each.duration_s > 0 for each in exchanges)
    assert not [text for text in (*messages, repr(exchanges)) if account.secret in text]

"""A secret of a network appears nowhere: not in logs, reprs, errors, tracebacks or the journal."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from typing import Any

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.desks import desk_of
from tests.networks.publishing import PublicMedia, verify

from socialcollab.content import Image
from socialcollab.errors import NetworkError
from socialcollab.stores import MemoryStore

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

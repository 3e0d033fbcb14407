"""A secret of a network appears nowhere: not in logs, reprs, errors, tracebacks or the journal."""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.networks.graph_server import TOKEN as GRAPH_TOKEN
from tests.networks.graph_server import FacebookServer, InstagramServer
from tests.networks.mastodon_server import TOKEN as MASTODON_TOKEN
from tests.networks.mastodon_server import MastodonServer
from tests.networks.pds import PASSWORD, Pds
from tests.networks.x_server import TOKEN as X_TOKEN
from tests.networks.x_server import XServer

from socialcollab.content import Image
from socialcollab.desk import Desk
from socialcollab.errors import NetworkError
from socialcollab.networks.bluesky import Bluesky
from socialcollab.networks.facebook import Facebook
from socialcollab.networks.instagram import Instagram
from socialcollab.networks.mastodon import Mastodon
from socialcollab.networks.x import X
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore
from socialcollab.transport import Driver, RetryPolicy


class PublicMedia(MemoryMedia):
    def public_url(self, digest: str) -> str | None:
        return f"https://media.example/{digest.removeprefix('sha256:')}"


CASES: dict[str, tuple[Callable[[], Any], type[Any], str, str]] = {
    "bluesky": (Pds, Bluesky, PASSWORD, "tulip.example"),
    "facebook": (FacebookServer, Facebook, GRAPH_TOKEN, "tulipair"),
    "instagram": (InstagramServer, Instagram, GRAPH_TOKEN, "tulipair"),
    "mastodon": (MastodonServer, Mastodon, MASTODON_TOKEN, "tulip"),
    "x": (XServer, X, X_TOKEN, "tulipair"),
}


def organization_of(network: str, handle: str) -> Organization:
    profile = {"id": "p", "workspace": "tulip", "network": network, "handle": handle}
    if network == "mastodon":
        profile["server"] = "https://mastodon.example"
    return Organization.from_dict(
        {
            "organization": {"id": "tulip", "timezone": "UTC"},
            "workspaces": [{"id": "tulip", "lead": "eva", "default_approval": "none"}],
            "profiles": [profile],
            "members": [{"id": "eva"}],
            "roles": {"owner": {"permissions": ["*"]}},
            "grants": [{"to": "member:eva", "role": "owner", "on": {"workspace": "*"}}],
        }
    )


# Requests are repeated after most failures, which takes some time.
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


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_secrets(name: str, failure: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The secret reaches the server, and nothing else."""
    make_server, make_network, secret, handle = CASES[name]
    server = make_server()
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(repr(request.headers.raw).encode() + request.content)
        if isinstance(failure, Exception):
            failure.request = request  # type: ignore[attr-defined]
            raise failure
        if failure is not None:
            return httpx.Response(failure.status_code, content=failure.content)
        response: httpx.Response = server.answer(request)
        return response

    seen: list[str] = []
    now, media, store = [dt.datetime.now(dt.UTC)], PublicMedia(), MemoryStore()
    server.now = now[0]
    organization = organization_of(name, handle)
    caplog.set_level(logging.DEBUG)
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        make_network({"p": secret}, media=media, client=client) as network,
        Desk.create(
            store,
            organization,
            owner="eva",
            networks={name: network},
            media=media,
            clock=lambda: now[0],
            real_clock=lambda: now[0],
        ) as desk,
    ):
        (profile,) = organization.profiles
        adapter, transport = network.adapter(profile), network.transport(profile)
        seen += map(repr, (network, adapter, transport))
        driver = Driver(retry=RetryPolicy(tries=1), sleep=lambda _: None)
        try:
            seen.append(repr(driver.run(adapter.verify_credentials(), transport=transport)))
        except NetworkError as error:
            seen += [str(error), repr(error), "".join(traceback.format_exception(error))]
        eva = desk.acting_as("eva")
        # Instagram accepts JPEG files only, and the other servers expect a GIF file.
        beginning = b"\xff\xd8\xff" if name == "instagram" else b"GIF89a"
        image = Image.from_bytes(beginning + bytes(8), alt="tulp")
        post = eva.publish_now(eva.draft("Lente", profiles=["p"], media=[image]))
        for _ in range(3):
            seen.append(repr(desk.run_due()))
            now[0] += dt.timedelta(minutes=20)
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

"""Direct messages are sent once, and are found again if the answer is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.exchange import Exchange, described_by
from tests.networks.graph_server import ACCOUNT as INSTAGRAM
from tests.networks.graph_server import PAGE, graph_error
from tests.networks.inbox_servers import (
    SECOND,
    BlueskyInbox,
    FacebookInbox,
    InstagramInbox,
    XInbox,
)
from tests.networks.pds import DID
from tests.networks.publishing import NOW, find, publish
from tests.networks.test_bluesky import Lexicons
from tests.networks.x_server import ACCOUNT as X_ACCOUNT

from socialcollab.content import exceeded_limits
from socialcollab.directory import network as described
from socialcollab.errors import AuthenticationError, OutcomeUnknownError, RejectedError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.transport import Found, Inconclusive, Missing, OutgoingPost

TEXT = "Uw koffer staat klaar 🌷 https://tulip.example/koffer"


class BlueskyMessages(BlueskyInbox):
    conversation = "3kconvo"
    own = DID
    sent = "POST chat.bsky.convo.sendMessage"

    def say(self, author: str, text: str) -> str:
        return self.write(self.conversation, sender={"did": author}, text=text)

    def chat_bsky_convo_sendMessage(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"
        body = json.loads(request.content)
        (facet,) = body["message"]["facets"]
        assert facet["features"][0]["uri"] == "https://tulip.example/koffer"
        self.write(body["convoId"], sender={"did": DID}, text=body["message"]["text"])
        return httpx.Response(200, json=self.conversations[-1]["messages"][0])


class XMessages(XInbox):
    conversation = f"42-{X_ACCOUNT}"
    own = X_ACCOUNT
    sent = f"POST /2/dm_conversations/{conversation}/messages"

    def say(self, author: str, text: str) -> str:
        self.events.append(self._item(event_type="MessageCreate", text=text, sender_id=author))
        return str(self.events[-1]["id"])

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        if operation.startswith("POST /2/dm_conversations/"):
            text = json.loads(request.content)["text"]
            data = {
                "dm_conversation_id": self.conversation,
                "dm_event_id": self.say(self.own, text),
            }
            return httpx.Response(201, json={"data": data})
        if operation.startswith("GET /2/dm_conversations/"):
            return self._list(request, self.events)
        return super().respond(request, operation)


class _GraphMessages:
    conversation = "4242"
    messages: list[dict[str, Any]]
    account: str
    own: str

    def say(self, author: str, text: str) -> str:
        self.now += SECOND  # type: ignore[attr-defined]
        item = {
            "id": f"m_{len(self.messages)}",
            "message": text,
            "created_time": self.time(),  # type: ignore[attr-defined]
            "from": {"id": author},
        }
        self.messages.insert(0, item)
        return str(item["id"])

    def answered(self, request: httpx.Request, operation: str) -> httpx.Response | None:
        if operation == f"POST /{self.account}/messages":
            body = json.loads(request.content)
            assert body["recipient"] == {"id": self.conversation}
            sent = self.say(self.own, body["message"]["text"])
            return httpx.Response(200, json={"recipient_id": "4242", "message_id": sent})
        if operation == f"GET /{self.account}/conversations":
            assert request.url.params["user_id"] == self.conversation
            data = [{"id": "t_1", "messages": {"data": self.messages[:20]}}]
            return httpx.Response(200, json={"data": data})
        return None


class FacebookMessages(_GraphMessages, FacebookInbox):
    account = own = PAGE
    sent = f"POST /{PAGE}/messages"

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.messages = []

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        return self.answered(request, operation) or super().respond(request, operation)


class InstagramMessages(_GraphMessages, InstagramInbox):
    account = INSTAGRAM
    own = "980001"  # messages state another id of the account
    sent = f"POST /{INSTAGRAM}/messages"

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.messages = []

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        return self.answered(request, operation) or super().respond(request, operation)


SERVERS: dict[str, Any] = {
    "bluesky": BlueskyMessages,
    "facebook": FacebookMessages,
    "instagram": InstagramMessages,
    "x": XMessages,
}


def message(name: str, server: Any, text: str = TEXT, **fields: Any) -> OutgoingPost:
    """Return a direct message to the account's conversation."""
    values = {"format": "message", "reply_to": server.conversation, "media": (), "text": text}
    return ACCOUNTS[name].outgoing(**values | fields)


@pytest.mark.parametrize("name", SERVERS)
def test_sent_once(name: str) -> None:
    """A message is sent with one request, and its id is that with which it is read later."""
    server = SERVERS[name]()
    with ACCOUNTS[name].connect(server) as network:
        published = publish(network, message(name, server))
        found = find(network, message(name, server))
    assert server.requests.count(server.sent) == 1
    assert isinstance(found, Found)
    assert found.published.network_id == published.network_id


@pytest.mark.parametrize("name", SERVERS)
def test_lookup(name: str) -> None:
    """A lookup finds only the account's own message with the same text, sent since the attempt."""
    server = SERVERS[name]()
    other = "4242" if name in ("facebook", "instagram") else "42"
    with ACCOUNTS[name].connect(server) as network:
        server.now = NOW.replace(year=2025)
        server.say(server.own, TEXT)
        server.now = NOW
        server.say(server.own, "Goedemorgen")
        assert isinstance(find(network, message(name, server)), Missing)
        server.say(other, TEXT)
        assert not isinstance(find(network, message(name, server)), Found)
        expected = server.say(server.own, TEXT)
        found = find(network, message(name, server))
    assert isinstance(found, Found)
    assert found.published.network_id == expected


@pytest.mark.parametrize("name", SERVERS)
def test_long_conversation(name: str) -> None:
    """If not all new messages can be looked through, the outcome stays unknown."""
    server = SERVERS[name]()
    with ACCOUNTS[name].connect(server) as network:
        server.now = NOW
        for number in range(520 if name in ("bluesky", "x") else 25):
            server.say(server.own, f"bericht {number}")
        found = find(network, message(name, server))
    assert isinstance(found, Inconclusive)


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("body", [{}, [], {"data": {}}, {"message_id": {}}, {"id": None}])
def test_unreadable_answer(name: str, body: Any) -> None:
    """If the answer has no id, the outcome is unknown."""
    server = SERVERS[name]()
    server.scripted[server.sent] = httpx.Response(200, json=body)
    with ACCOUNTS[name].connect(server) as network, pytest.raises(OutcomeUnknownError):
        publish(network, message(name, server))


def test_x_account() -> None:
    """On X, a message can be sent to an account with which there is no conversation yet."""
    server = XMessages()
    with ACCOUNTS["x"].connect(server) as network:
        publish(network, message("x", server, reply_to="42"))
        assert isinstance(find(network, message("x", server, reply_to="42")), Found)
    assert "POST /2/dm_conversations/with/42/messages" in server.requests
    assert "GET /2/dm_conversations/with/42/dm_events" in server.requests


@pytest.mark.parametrize("name", ["facebook", "instagram"])
def test_closed_conversation(name: str) -> None:
    """After 24 hours, the message is rejected. This does not concern the account's credentials."""
    server = SERVERS[name]()
    refusal = graph_error(400, 10, "outside of allowed window", error_subcode=2018278)
    server.scripted[server.sent] = refusal
    with ACCOUNTS[name].connect(server) as network, pytest.raises(RejectedError, match="window"):
        publish(network, message(name, server))
    server.scripted[server.sent] = graph_error(403, 10, "no permission")
    with ACCOUNTS[name].connect(server) as network, pytest.raises(AuthenticationError):
        publish(network, message(name, server))


@pytest.mark.parametrize(
    ("name", "fields", "codes"),
    [
        ("x", {}, []),
        ("x", {"text": "a" * 10_000}, []),
        ("x", {"text": "a" * 10_001}, ["limit.text"]),
        ("x", {"reply_to": ""}, ["limit.recipient"]),
        ("x", {"text": " "}, ["limit.empty"]),
        ("x", {"thread": ["b"], "quote_of": "1"}, ["limit.text_only", "limit.text_only"]),
        ("bluesky", {"text": "a" * 1001}, ["limit.text"]),
        ("facebook", {"text": "a" * 2001}, ["limit.text"]),
        ("instagram", {"text": "é" * 501}, ["limit.text_bytes"]),
        ("instagram", {"first_comment": "b"}, ["limit.text_only"]),
        ("instagram", {"links": ["javascript:1"]}, ["limit.link"]),
        ("mastodon", {}, ["limit.format.message"]),
        ("linkedin", {}, ["limit.format.message"]),
    ],
)
def test_limits(name: str, fields: dict[str, Any], codes: list[str]) -> None:
    """A direct message is a text with limits of its own."""
    values: dict[str, Any] = {"text": "a", "reply_to": "4242", "format": "message"} | fields
    found = exceeded_limits(described(name), **values)
    assert [finding.code for finding in found] == codes
    assert all("{" not in finding.message for finding in found)


def test_sandbox(tmp_path: Path) -> None:
    """The sandbox stores direct messages with their format."""
    with Sandbox(tmp_path) as sandbox:
        publish(sandbox, message("x", XMessages))
        (post,) = sandbox.posts()
    assert (post.format, post.text) == ("message", TEXT)


def test_lexicons(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response on Bluesky is valid according to the lexicons."""
    lexicons = Lexicons(shared_specs("bluesky") / "lexicons")
    server = BlueskyMessages(lexicons.check)
    with ACCOUNTS["bluesky"].connect(server) as network:
        publish(network, message("bluesky", server))
        find(network, message("bluesky", server))
    assert "chat.bsky.convo.sendMessage" in lexicons.checked


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_x_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response on X is valid according to X's own OpenAPI description."""
    described_x = described_by(json.loads((shared_specs("x") / "xdk/openapi.json").read_text()))
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        described_x.validate_request(exchange)
        described_x.validate_response(exchange, exchange.response)
        checked.add(request.url.path)

    server = XMessages(check)
    with ACCOUNTS["x"].connect(server) as network:
        for reply_to in (server.conversation, "42"):
            publish(network, message("x", server, reply_to=reply_to))
            find(network, message("x", server, reply_to=reply_to))
    assert len(checked) == 5


def test_meta_description(shared_specs: Callable[[str], Path]) -> None:
    """Every parameter to Facebook occurs in Meta's description of a Page."""
    folder = shared_specs("meta") / "api_specs/specs"
    apis = {
        (api["method"], api.get("endpoint")): {param["name"] for param in api["params"]}
        for api in json.loads((folder / "Page.json").read_text())["apis"]
    }
    seen: list[str] = []

    def check(request: httpx.Request, _: httpx.Response) -> None:
        identifier, _, edge = request.url.path.removeprefix("/v25.0/").partition("/")
        if identifier == PAGE:
            sent = json.loads(request.content) if request.content else {}
            assert {*sent, *request.url.params} - {"fields"} <= apis[request.method, edge]
            seen.append(f"{request.method} {edge}")

    server = FacebookMessages(check)
    with ACCOUNTS["facebook"].connect(server) as network:
        publish(network, message("facebook", server))
        find(network, message("facebook", server))
    assert seen == ["POST messages", "GET conversations"]

"""Messages are hidden and deleted, and their authors blocked, where the network offers it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.exchange import Exchange, described_by
from tests.networks.graph_server import ACCOUNT as INSTAGRAM
from tests.networks.graph_server import PAGE
from tests.networks.inbox_servers import (
    KEN,
    BlueskyInbox,
    FacebookInbox,
    InstagramInbox,
    MastodonInbox,
    XInbox,
)
from tests.networks.mastodon_server import SERVER
from tests.networks.pds import DID, error
from tests.networks.publishing import driver
from tests.networks.test_bluesky import Lexicons
from tests.networks.test_inboxes import reading

from socialcollab.content import Message, MessageAuthor
from socialcollab.directory import Profile
from socialcollab.errors import AuthenticationError, NetworkError, RejectedError, TransientError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.text import post_id
from socialcollab.transport import MODERATION_ACTIONS, ModeratingAdapter

AT = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
ROOT = f"at://{DID}/app.bsky.feed.post/3kroot"


class State:
    """What the account has hidden, deleted and blocked on its network."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self.deleted: set[str] = set()
        self.blocked: set[str] = set()

    def set(self, name: str, item: str, *, on: bool) -> None:
        items: set[str] = getattr(self, name)
        items.add(item) if on else items.discard(item)

    def holds(self, action: str, message: Message) -> bool:
        """Return whether the network is in the state after an action."""
        if action in ("block", "unblock"):
            return (message.author.id in self.blocked) == (action == "block")
        if action == "delete":
            return message.network_id in self.deleted
        return (message.network_id in self.hidden) == (action == "hide")


class XModeration(XInbox):
    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.state = State()

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        if found := re.fullmatch(r"PUT /2/tweets/(\d+)/hidden", operation):
            hidden = json.loads(request.content)["hidden"]
            self.state.set("hidden", found[1], on=hidden)
            return httpx.Response(200, json={"data": {"hidden": hidden}})
        if found := re.fullmatch(r"POST /2/users/(\d+)/dm/(un)?block", operation):
            self.state.set("blocked", found[1], on=not found[2])
            return httpx.Response(200, json={"data": {"blocked": not found[2]}})
        if found := re.fullmatch(r"DELETE /2/tweets/(\d+)", operation):
            self.state.deleted.add(found[1])
            return httpx.Response(200, json={"data": {"deleted": True}})
        return super().respond(request, operation)


class MastodonModeration(MastodonInbox):
    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.state = State()

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        if found := re.fullmatch(r"POST /api/v1/accounts/(\d+)/(un)?block", operation):
            self.state.set("blocked", found[1], on=not found[2])
            flags = (
                "followed_by",
                "following",
                "showing_reblogs",
                "notifying",
                "blocked_by",
                "muting",
                "muting_notifications",
                "requested",
                "requested_by",
                "domain_blocking",
                "endorsed",
            )
            body = dict.fromkeys(flags, False) | {"id": found[1], "blocking": not found[2]}
            return httpx.Response(200, json=body | {"note": "", "languages": []})
        if found := re.fullmatch(r"DELETE /api/v1/statuses/(\d+)", operation):
            self.state.deleted.add(found[1])
            return httpx.Response(200, json={"id": found[1]})
        return super().respond(request, operation)


class _Graph:
    state: State

    def moderated(self, request: httpx.Request, operation: str) -> httpx.Response | None:
        found = re.fullmatch(r"(POST|DELETE) /(77\d+)", operation)
        if found and found[1] == "DELETE":
            self.state.deleted.add(found[2])
            return httpx.Response(200, json={"success": True})
        if found:
            ((_, hidden),) = json.loads(request.content).items()
            self.state.set("hidden", found[2], on=hidden)
            return httpx.Response(200, json={"success": True})
        if operation == f"POST /{PAGE}/blocked":
            ((_, (author,)),) = json.loads(request.content).items()
            self.state.blocked.add(author)
            return httpx.Response(200, json={author: True})
        if operation == f"DELETE /{PAGE}/blocked":
            (author,) = request.url.params.values()
            self.state.blocked.discard(author)
            return httpx.Response(200, json={"success": True})
        return None


class FacebookModeration(_Graph, FacebookInbox):
    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.state = State()

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        return self.moderated(request, operation) or super().respond(request, operation)


class InstagramModeration(_Graph, InstagramInbox):
    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.state = State()

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        return self.moderated(request, operation) or super().respond(request, operation)


class BlueskyModeration(BlueskyInbox):
    @property
    def state(self) -> State:
        state = State()
        for (collection, _), record in self.records.items():
            if collection == "app.bsky.feed.threadgate":
                state.hidden |= set(record["hiddenReplies"])
            if collection == "app.bsky.graph.block":
                state.blocked.add(record["subject"])
        return state

    def app_bsky_actor_getProfile(self, request: httpx.Request) -> httpx.Response:
        actor = request.url.params["actor"]
        blocks = [
            f"at://{DID}/{collection}/{key}"
            for (collection, key), record in self.records.items()
            if record.get("subject") == actor
        ]
        viewer = {"blocking": blocks[0]} if blocks else {}
        body = {"did": actor, "handle": KEN["handle"], "viewer": {"muted": False, **viewer}}
        return httpx.Response(200, json=body)


def message(network: str, kind: str, **fields: Any) -> Message:
    """Return a message of the kind that each network reports."""
    values: dict[str, Any] = {
        "network_id": "7700",
        "author": MessageAuthor(id="42", handle="ken"),
        "root": "7001",
    }
    if network == "bluesky":
        values = {
            "network_id": f"at://{KEN['did']}/app.bsky.feed.post/3kreply",
            "author": MessageAuthor(id=KEN["did"], handle=KEN["handle"]),
            "root": ROOT,
        }
    return Message(
        network=network,
        profile=ACCOUNTS[network].profile.id,
        kind=cast("Any", kind),
        created_at=AT,
        **values | fields,
    )


SERVERS: dict[str, Any] = {
    "bluesky": BlueskyModeration,
    "facebook": FacebookModeration,
    "instagram": InstagramModeration,
    "mastodon": MastodonModeration,
    "x": XModeration,
}
# The actions that each network offers for messages of other accounts.
OFFERED = {
    ("bluesky", "direct"): {"block", "unblock"},
    ("bluesky", "mention"): {"block", "unblock"},
    ("bluesky", "reply"): {"block", "unblock", "hide", "unhide"},
    ("facebook", "comment"): {"block", "unblock", "hide", "unhide", "delete"},
    ("facebook", "direct"): {"block", "unblock"},
    ("instagram", "comment"): {"hide", "unhide", "delete"},
    ("instagram", "direct"): set(),
    ("mastodon", "mention"): {"block", "unblock"},
    ("x", "direct"): {"block", "unblock"},
    ("x", "mention"): set(),
    ("x", "reply"): {"hide", "unhide"},
}


@pytest.mark.parametrize(("name", "kind"), OFFERED)
def test_actions(name: str, kind: str) -> None:
    """Each action that is offered has its effect, also twice; the other actions are refused."""
    server, one = SERVERS[name](), message(name, kind)
    with reading(name, server) as reader:
        assert isinstance(reader.adapter, ModeratingAdapter)
        assert reader.adapter.moderation_actions(one) == OFFERED[name, kind]
        for action in ("block", "unblock", "hide", "unhide", "delete"):
            if action in OFFERED[name, kind]:
                for _ in range(2):
                    reader.run(reader.adapter.moderate(action, one))
                    assert server.state.holds(action, one)
                continue
            before = list(server.requests)
            with pytest.raises(RejectedError, match=f"does not offer the action `{action}`"):
                reader.run(reader.adapter.moderate(action, one))
            assert server.requests == before


@pytest.mark.parametrize("name", SERVERS)
def test_without_author(name: str) -> None:
    """An unknown author cannot be blocked."""
    kind = "comment" if name in ("facebook", "instagram") else "direct"
    with reading(name, SERVERS[name]()) as reader:
        actions = reader.adapter.moderation_actions(message(name, kind, author=MessageAuthor()))
    assert not {"block", "unblock"} & actions


@pytest.mark.parametrize("name", SERVERS)
def test_own_message(name: str) -> None:
    """An own post or comment can be deleted, and nothing else."""
    kind = {"facebook": "comment", "instagram": "comment"}.get(name, "reply")
    network_id = f"at://{DID}/app.bsky.feed.post/3kown" if name == "bluesky" else "7755"
    one = message(name, kind, own=True, network_id=network_id)
    server = SERVERS[name]()
    with reading(name, server) as reader:
        assert reader.adapter.moderation_actions(one) == {"delete"}
        reader.run(reader.adapter.moderate("delete", one))
    if name == "bluesky":
        assert server.requests[-1] == "POST com.atproto.repo.deleteRecord"
    else:
        assert server.state.deleted == {network_id}


def test_thread_of_another_account() -> None:
    """On Bluesky, replies can be hidden in own threads only."""
    one = message("bluesky", "reply", root="at://did:plc:eva/app.bsky.feed.post/3k")
    server = BlueskyModeration()
    with reading("bluesky", server) as reader, pytest.raises(RejectedError, match="own threads"):
        reader.run(reader.adapter.moderate("hide", one))
    assert not server.records


def test_rest_of_thread_gate() -> None:
    """Hiding a reply keeps the rules about who may reply, and the other hidden replies."""
    server = BlueskyModeration()
    gate = ("app.bsky.feed.threadgate", "3kroot")
    kept = {"post": ROOT, "allow": [], "createdAt": "2026-04-01T00:00:00.000Z"}
    server.records[gate] = {**kept, "hiddenReplies": ["at://a", 7]}
    one = message("bluesky", "reply")
    with reading("bluesky", server) as reader:
        reader.run(reader.adapter.moderate("hide", one))
        hidden = ["at://a", one.network_id]
        assert server.records[gate] == {
            "$type": "app.bsky.feed.threadgate",
            **kept,
            "hiddenReplies": hidden,
        }
        server.records[gate]["hiddenReplies"] = [f"at://{n}" for n in range(300)]
        with pytest.raises(RejectedError, match="already has 300 hidden replies"):
            reader.run(reader.adapter.moderate("hide", one))


def test_concurrent_hiding() -> None:
    """If the list of hidden replies was changed at the same time, the change is not overwritten."""
    server = BlueskyModeration()
    server.scripted["POST com.atproto.repo.putRecord"] = error(400, "InvalidSwap")
    with reading("bluesky", server) as reader, pytest.raises(TransientError, match="same time"):
        reader.run(reader.adapter.moderate("hide", message("bluesky", "reply")))


@pytest.mark.parametrize("body", [{}, {"data": {"hidden": False}}, {"success": False}, [], "x"])
@pytest.mark.parametrize("name", ["facebook", "instagram", "x"])
def test_unconfirmed(name: str, body: Any) -> None:
    """A response that does not confirm the action is an error."""
    server = SERVERS[name]()
    kind = "reply" if name == "x" else "comment"
    operation = "PUT /2/tweets/7700/hidden" if name == "x" else "POST /7700"
    server.scripted[operation] = httpx.Response(200, json=body)
    with reading(name, server) as reader, pytest.raises(NetworkError):
        reader.run(reader.adapter.moderate("hide", message(name, kind)))


@pytest.mark.parametrize("name", ["mastodon", "facebook", "x", "bluesky"])
def test_unconfirmed_block(name: str) -> None:
    """A block that is not confirmed is an error."""
    server = SERVERS[name]()
    for operation in (
        "POST /api/v1/accounts/42/block",
        f"POST /{PAGE}/blocked",
        "POST /2/users/42/dm/block",
    ):
        server.scripted[operation] = httpx.Response(200, json={"id": "42", "42": False})
    server.scripted["POST com.atproto.repo.putRecord"] = error(500, "InternalServerError")
    with reading(name, server) as reader, pytest.raises(NetworkError):
        reader.run(reader.adapter.moderate("block", message(name, "direct")))


def test_missing_permission() -> None:
    """A missing permission is an error of authentication, which the host can show."""
    server = XModeration()
    body = {"title": "Forbidden", "detail": "no", "type": "about:blank", "status": 403}
    server.scripted["PUT /2/tweets/7700/hidden"] = httpx.Response(403, json=body)
    with reading("x", server) as reader, pytest.raises(AuthenticationError):
        reader.run(reader.adapter.moderate("hide", message("x", "reply")))


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
@pytest.mark.parametrize("name", ["x", "mastodon"])
def test_description(name: str, shared_specs: Callable[[str], Path]) -> None:
    """Every request and response is valid according to the network's own description."""
    if name == "x":
        document = json.loads((shared_specs("x") / "xdk/openapi.json").read_text())
    else:
        text = (shared_specs("mastodon") / "schema.json").read_text()
        document = json.loads(text) | {"servers": [{"url": SERVER}]}
    described = described_by(document)
    checked: list[str] = []

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        described.validate_request(exchange)
        described.validate_response(exchange, exchange.response)
        checked.append(request.url.path)

    server = SERVERS[name]()
    with reading(name, server) as reader:
        server.check = check
        for kind in [kind for network, kind in OFFERED if network == name]:
            one = message(name, kind, network_id="7700123", author=MessageAuthor(id="42123"))
            for action in sorted(OFFERED[name, kind] - {"delete"}):
                reader.run(reader.adapter.moderate(action, one))
    assert len(checked) >= 2


def test_lexicons(shared_specs: Callable[[str], Path]) -> None:
    """Every request, response and record on Bluesky is valid according to the lexicons."""
    lexicons = Lexicons(shared_specs("bluesky") / "lexicons")
    server = BlueskyModeration(lexicons.check)
    one = message("bluesky", "reply")
    with reading("bluesky", server) as reader:
        for action in ("hide", "unhide", "block", "unblock"):
            reader.run(reader.adapter.moderate(action, one))
    assert {"com.atproto.repo.putRecord", "app.bsky.actor.getProfile"} <= set(lexicons.checked)


@pytest.mark.parametrize("name", ["facebook", "instagram"])
def test_meta_description(name: str, shared_specs: Callable[[str], Path]) -> None:
    """Every parameter occurs in Meta's description of the node."""
    folder = shared_specs("meta") / "api_specs/specs"
    comment = "Comment" if name == "facebook" else "IGComment"
    seen: set[str] = set()

    def check(request: httpx.Request, _: httpx.Response) -> None:
        identifier, _, edge = request.url.path.removeprefix("/v25.0/").partition("/")
        if request.method == "GET":
            return
        node = "Page" if identifier in (PAGE, INSTAGRAM) else comment
        (api,) = [
            api
            for api in json.loads((folder / f"{node}.json").read_text())["apis"]
            if api["method"] == request.method and api.get("endpoint", "") == edge
        ]
        known = {param["name"] for param in api["params"]}
        sent = json.loads(request.content) if request.content else {}
        assert {*sent, *request.url.params} <= known
        seen.add(f"{request.method} {node} {edge}".strip())

    server = SERVERS[name](check)
    with reading(name, server) as reader:
        for kind in [kind for network, kind in OFFERED if network == name]:
            for action in sorted(OFFERED[name, kind]):
                reader.run(reader.adapter.moderate(action, message(name, kind)))
    expected = {f"POST {comment}", f"DELETE {comment}"}
    if name == "facebook":
        expected |= {"POST Page blocked", "DELETE Page blocked"}
    assert seen == expected


def test_sandbox(tmp_path: Path) -> None:
    """The sandbox hides and deletes messages and blocks authors, and reports it when it is read."""
    profile = Profile(id="tulip-x", workspace="tulip", network="x", handle="tulipair")
    with Sandbox(tmp_path) as sandbox:
        adapter, transport = sandbox.adapter(profile), sandbox.transport(profile)
        assert isinstance(adapter, ModeratingAdapter)

        def run(flow: Any) -> Any:
            return driver().run(flow, transport=transport)

        sandbox.add_message("tulip-x", "Waar is mijn koffer?", kind="reply", author="ken")
        (one,) = run(adapter.messages()).messages  # type: ignore[attr-defined]
        assert adapter.moderation_actions(one) == frozenset(MODERATION_ACTIONS)
        run(adapter.moderate("hide", one))
        (hidden,) = run(adapter.messages()).messages  # type: ignore[attr-defined]
        assert hidden == attrs.evolve(one, hidden=True)
        run(adapter.moderate("unhide", one))
        assert run(adapter.messages()).messages == (one,)  # type: ignore[attr-defined]
        run(adapter.moderate("block", one))
        run(adapter.moderate("block", one))
        assert sandbox.blocked_authors("tulip-x") == {"ken"}
        run(adapter.moderate("unblock", one))
        assert not sandbox.blocked_authors("tulip-x")
        run(adapter.moderate("delete", one))
        run(adapter.moderate("delete", one))
        (deleted,) = run(adapter.messages()).messages  # type: ignore[attr-defined]
        assert deleted == attrs.evolve(one, deleted=True, text="")
        mention = attrs.evolve(one, kind="mention")
        with pytest.raises(RejectedError, match="does not offer the action `hide`"):
            run(adapter.moderate("hide", mention))


@pytest.mark.parametrize("network", ["bluesky", "facebook", "instagram", "mastodon", "x"])
def test_ids_in_the_sandbox(tmp_path: Path, network: str) -> None:
    """A message in the sandbox has an id that a reply on its network can refer to."""
    profile = Profile(id="tulip", workspace="tulip", network=network)
    with Sandbox(tmp_path) as sandbox:
        sandbox.add_message("tulip", "Waar is mijn koffer?", kind="reply")
        adapter: Any = sandbox.adapter(profile)
        flow = adapter.messages()
        (one,) = driver().run(flow, transport=sandbox.transport(profile)).messages
        assert post_id(network, one.network_id) == one.network_id
        driver().run(adapter.moderate("hide", one), transport=sandbox.transport(profile))
        (hidden,) = driver().run(adapter.messages(), transport=sandbox.transport(profile)).messages
    assert hidden.hidden

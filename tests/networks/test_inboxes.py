"""The messages, own posts and counts of each network, and the vendors' descriptions of them."""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.exchange import Exchange, described_by
from tests.networks.graph_fields import Field, parse_fields
from tests.networks.graph_server import PAGE, graph_error
from tests.networks.inbox_servers import (
    KEN,
    BlueskyInbox,
    FacebookInbox,
    InstagramInbox,
    MastodonInbox,
    XInbox,
)
from tests.networks.mastodon_server import ACCOUNT, SERVER
from tests.networks.pds import DID
from tests.networks.publishing import driver, publish
from tests.networks.test_bluesky import Lexicons

from socialcollab.content import MESSAGE_KINDS, Message, MessageAuthor
from socialcollab.errors import InvalidValueError, NetworkError, RejectedError, TransientError
from socialcollab.networks.mastodon.responses import plain_text
from socialcollab.networks.sandbox import Sandbox
from socialcollab.testing import RecordingTransport, ReplayTransport
from socialcollab.transport import Counts, MessagePage

EARLY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Reader:
    """The account of a network, which reads from its server."""

    def __init__(self, network: Any, name: str) -> None:
        self.profile = ACCOUNTS[name].profile
        self.network = network
        self.adapter = network.adapter(self.profile)

    def run(self, flow: Any) -> Any:
        return driver().run(flow, transport=self.network.transport(self.profile))

    def page(self, cursor: str = "", **options: Any) -> MessagePage:
        page: MessagePage = self.run(self.adapter.messages(cursor, **options))
        return page

    def messages(self, cursor: str = "", **options: Any) -> tuple[list[Message], str]:
        """Return all messages from a cursor on, and the last cursor."""
        found: list[Message] = []
        for _ in range(100):
            page = self.page(cursor, **options)
            found += page.messages
            cursor = page.cursor
            if not page.more:
                return found, cursor
        raise AssertionError("reading does not end")

    def all_ids(self, cursor: str = "", **options: Any) -> list[str]:
        return sorted(message.network_id for message in self.messages(cursor, **options)[0])


@contextmanager
def reading(name: str, server: Any, **options: Any) -> Iterator[Reader]:
    with ACCOUNTS[name].connect(server, **options) as network:
        yield Reader(network, name)


def read_everything(reader: Reader, ids: list[str]) -> None:
    """Read whatever the network offers, so that every request is checked."""
    _, cursor = reader.messages(kinds=MESSAGE_KINDS)
    reader.messages(cursor, kinds=MESSAGE_KINDS)
    reader.run(reader.adapter.own_posts(EARLY))
    reader.run(reader.adapter.counts(ids))


def test_bluesky_lexicons(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response on Bluesky is valid according to the published lexicons."""
    lexicons = Lexicons(shared_specs("bluesky") / "lexicons")
    server = BlueskyInbox(lexicons.check)
    with reading("bluesky", server) as reader:
        published = publish(reader.network, ACCOUNTS["bluesky"].outgoing())
        server.plant(101)
        for _ in range(101):
            server.write()
        read_everything(reader, [published.network_id, f"at://{DID}/app.bsky.feed.post/3kweg"])
    assert {
        "app.bsky.notification.listNotifications",
        "app.bsky.feed.getPosts",
        "chat.bsky.convo.getMessages",
        "chat.bsky.convo.listConvos",
        "com.atproto.repo.listRecords",
    } <= set(lexicons.checked)


def test_bluesky_messages() -> None:
    """Mentions, replies and quotes are messages; the other notifications are not."""
    server = BlueskyInbox()
    own = f"at://{DID}/app.bsky.feed.post/3kown"
    strong = {"uri": own, "cid": "c"}
    with reading("bluesky", server) as reader:
        server.notify("like")
        ids = [
            server.notify("mention", langs=["nl"], createdAt="2019-01-01T00:00:00Z"),
            server.notify(
                "reply",
                reply={"root": strong, "parent": {**strong, "uri": f"{own}2"}},
                embed={"images": [{"image": {"ref": {"$link": "bafk"}}, "alt": ""}]},
            ),
            server.notify("quote", embed={"record": {"record": strong}}, createdAt="2999"),
        ]
        for server.knows_reasons in (True, False):
            mention, reply, quoted = reader.messages()[0]
            assert [one.network_id for one in (mention, reply, quoted)] == ids
        assert [one.kind for one in reader.messages(kinds=["reply"])[0]] == ["reply"]
    assert mention.author == MessageAuthor(id=KEN["did"], handle="ken.bsky.social", name="Ken")
    assert (mention.language, mention.text) == ("nl", "Mooi! 🌷")
    assert mention.url == f"https://bsky.app/profile/{KEN['did']}/post/3k00000000001"
    # The sender chooses the time in a record, which counts only if it is in the past.
    assert mention.created_at == dt.datetime(2019, 1, 1, tzinfo=dt.UTC)
    assert quoted.created_at == server.now
    assert (reply.kind, reply.root, reply.parent) == ("reply", own, f"{own}2")
    assert reply.media == ("https://cdn.bsky.app/img/feed_fullsize/plain/did:plc:ken/bafk@jpeg",)
    assert (quoted.kind, quoted.parent) == ("mention", own)


def test_bluesky_direct_messages() -> None:
    """Only conversations with new messages are read, however long they are."""
    server = BlueskyInbox()
    system = {"$type": "chat.bsky.convo.defs#systemMessageView", "data": {}}
    deleted = {"$type": "chat.bsky.convo.defs#deletedMessageView", "text": ""}
    with reading("bluesky", server) as reader:
        server.conversations.append({"id": "3kempty", "messages": []})
        first = server.write("a")
        answer = server.write("a", sender={"did": DID}, replyTo={"id": first})
        gone = server.write("a", **deleted)
        server.write("a", **system)
        found, cursor = reader.messages(kinds=["direct"])
        message, sent, removed = found
        assert [one.network_id for one in found] == [first, answer, gone]
        assert message.author == MessageAuthor(id=KEN["did"], handle=KEN["handle"], name="Ken")
        assert (message.kind, message.root, message.own) == ("direct", "a", False)
        assert (sent.own, sent.parent, removed.deleted) == (True, first, True)
        for _ in range(3):
            server.now += dt.timedelta(hours=1)
            ids = [server.write(f"c{number}") for number in range(60)]
            ids += [server.write("a") for _ in range(250)]
            found, cursor = reader.messages(cursor, kinds=["direct"])
            assert sorted(one.network_id for one in found) == sorted(ids)
        server.now += dt.timedelta(hours=1)
        ids = [server.write("a")]
        assert reader.all_ids(cursor, kinds=["direct"]) == ids
        assert reader.all_ids(cursor) == []


@pytest.mark.parametrize("hostile", [None, 5, [], {"id": 5}, {"lastMessage": {"sentAt": "now"}}])
def test_bluesky_hostile_conversations(hostile: Any) -> None:
    """Conversations of any shape are skipped."""
    server = BlueskyInbox()
    with reading("bluesky", server) as reader:
        server.scripted["GET chat.bsky.convo.listConvos"] = httpx.Response(
            200, json={"convos": [hostile]}
        )
        page = reader.page(kinds=["direct"])
        assert (page.messages, page.more) == ((), False)


def test_bluesky_posts() -> None:
    """Own posts are read page by page, and counts in batches."""
    server = BlueskyInbox()
    with reading("bluesky", server) as reader:
        outgoing = ACCOUNTS["bluesky"].outgoing()
        for number in range(120):
            publish(reader.network, outgoing, entropy=bytes([number, 0, number, 0]) + bytes(12))
        own = reader.run(reader.adapter.own_posts(EARLY))
        assert (len(own.posts), own.complete) == (120, True)
        server.requests.clear()
        counts = reader.run(reader.adapter.counts([post.network_id for post in own.posts]))
        assert len(counts) == 120
        assert counts[own.posts[0].network_id] == Counts(likes=3, reposts=2, replies=1, quotes=0)
        assert server.requests == ["GET app.bsky.feed.getPosts"] * 5
        assert reader.run(reader.adapter.counts(["1", "x"])) == {}


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_mastodon_description(shared_specs: Callable[[str], Path]) -> None:
    """Every response of Mastodon is valid according to its description, and so are the requests."""
    text = (shared_specs("mastodon") / "schema.json").read_text().replace('"oneOf"', '"anyOf"')
    document = json.loads(text)
    described = described_by(document | {"servers": [{"url": SERVER}]})
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        described.validate_request(exchange)
        described.validate_response(exchange, exchange.response)
        path = re.sub(r"/\d+", "/{id}", request.url.path)
        checked.add(path)
        # The description names lists without the brackets that Rails needs, and accepts any name.
        names = {param["name"] for param in document["paths"][path]["get"].get("parameters", ())}
        assert {name.removesuffix("[]") for name in request.url.params} <= names
        types = document["components"]["schemas"]["NotificationTypeEnum"]["enum"]
        assert set(request.url.params.get_list("types[]")) <= set(types)

    server = MastodonInbox()
    with reading("mastodon", server) as reader:
        published = publish(reader.network, ACCOUNTS["mastodon"].outgoing())
        server.plant(41)
        server.check = check
        read_everything(reader, [published.network_id, "1"])
        server.finds_several = False
        read_everything(reader, [published.network_id, "1"])
    assert checked == {
        "/api/v1/accounts/verify_credentials",
        "/api/v1/accounts/{id}/statuses",
        "/api/v1/notifications",
        "/api/v1/statuses",
        "/api/v1/statuses/{id}",
    }


def test_mastodon_messages() -> None:
    """The visibility and the parent of a post determine the kind of message."""
    server = MastodonInbox()
    quoted = {"quote": {"state": "accepted", "quoted_status": {"id": "77"}}}
    picture = {"id": "1", "url": "https://files.example/1.png"}
    with reading("mastodon", server) as reader:
        server.notify("favourite")
        ids = [
            server.notify(spoiler_text="eten", language="nl", edited_at="2026-04-08T07:30:00Z"),
            server.notify(in_reply_to_account_id=ACCOUNT, in_reply_to_id="5"),
            server.notify(visibility="direct", in_reply_to_account_id=ACCOUNT),
            server.notify("quote", media_attachments=[picture], **quoted),
        ]
        everything = reader.messages(kinds=MESSAGE_KINDS)[0]
        mention, reply, direct, quote = everything
        assert [one.network_id for one in everything] == ids
        assert direct not in reader.messages()[0]
    assert [one.kind for one in everything] == ["mention", "reply", "direct", "mention"]
    assert mention.text == "eten\n\n@tulip mooi!"
    assert (mention.language, mention.version) == ("nl", "2026-04-08T07:30:00Z")
    assert mention.author == MessageAuthor(id="7", handle="ken@rose.example", name="Tulip Air")
    assert (reply.parent, quote.parent) == ("5", "77")
    assert quote.media == ("https://files.example/1.png",)


def test_mastodon_delayed_message() -> None:
    """A post that arrives late from another server is not lost, although it is older."""
    server = MastodonInbox()
    with reading("mastodon", server) as reader:
        server.plant(1)
        _, cursor = reader.messages()
        late = server.notify(created_at="2020-01-01T00:00:00Z")
        assert reader.all_ids(cursor) == [late]


def test_mastodon_without_quotes() -> None:
    """Servers that reject the type of quotes are asked for mentions only."""
    server = MastodonInbox()
    server.knows_quotes = False
    with reading("mastodon", server) as reader:
        ids = server.plant(50)
        assert reader.all_ids() == ids


def test_mastodon_counts() -> None:
    """Servers that cannot return several posts are asked for each post."""
    server = MastodonInbox()
    with reading("mastodon", server) as reader:
        network_id = publish(reader.network, ACCOUNTS["mastodon"].outgoing()).network_id
        for server.finds_several in (True, False):
            counts = reader.run(reader.adapter.counts([network_id, "1"]))
            assert counts == {network_id: Counts(likes=0, reposts=0, replies=0, quotes=0)}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>een<br>twee</p><p>drie</p>", "een\ntwee\n\ndrie"),
        ('<p>dag <a href="https://x.example/@ben">@<span>ben</span></a></p>', "dag @ben"),
        (
            '<a href="#"><span class="invisible">https://</span><span>tulip.nl/l</span>'
            '<span class="invisible">ente</span></a>',
            "https://tulip.nl/lente",
        ),
        ("1 &lt; 2 &amp;lt; 3", "1 < 2 &lt; 3"),
        ("<script>alert(1)</script><style>p{}</style>ok", "ok"),
        ("a < b", "a < b"),
        ("a <", "a <"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    """The HTML of a post becomes a text with its line breaks, and without its markup."""
    assert plain_text(html) == text


@pytest.mark.parametrize("piece", ["<a ", "<!--", "</", "<![CDATA[", "<p><", "&#", "<a href='"])
@pytest.mark.integration
def test_damaged_html(piece: str) -> None:
    """Damaged HTML takes no longer than other texts."""
    assert isinstance(plain_text(piece * 100_000), str)


@pytest.mark.filterwarnings("ignore:Unsupported scheme type")
def test_x_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request and response on X is valid according to X's own OpenAPI description."""
    described = described_by(json.loads((shared_specs("x") / "xdk/openapi.json").read_text()))
    checked: set[str] = set()

    def check(request: httpx.Request, response: httpx.Response) -> None:
        exchange = Exchange(request, response)
        described.validate_request(exchange)
        described.validate_response(exchange, exchange.response)
        checked.add(re.sub(r"/\d{5,}", "/{id}", request.url.path))

    server = XInbox(check)
    with reading("x", server) as reader:
        published = publish(reader.network, ACCOUNTS["x"].outgoing())
        server.plant(101)
        for _ in range(101):
            server.write()
        read_everything(reader, [published.network_id, "1"])
    assert {"/2/dm_events", "/2/tweets", "/2/users/{id}/mentions", "/2/users/{id}/tweets"} < checked


def test_x_messages() -> None:
    """Mentions, replies and direct messages have their authors, parents and media."""
    server = XInbox()
    media = {"attachments": {"media_keys": ["3_9", "3_8"]}}
    with reading("x", server) as reader:
        account = "2244994945"
        first = server.mention(**media)
        second = server.mention(
            in_reply_to_user_id=account,
            conversation_id="5",
            referenced_posts=[{"type": "quoted", "id": "4"}, {"type": "replied_to", "id": "6"}],
        )
        third, fourth = server.write(**media), server.write(sender_id=account)
        mention, reply = reader.messages()[0]
        *_, received, sent = reader.messages(kinds=MESSAGE_KINDS)[0]
    assert [one.network_id for one in (mention, reply, received, sent)] == [
        first, second, third, fourth,
    ]  # fmt: skip
    assert mention.author == MessageAuthor(id="42", handle="ken", name="Ken")
    assert (mention.text, mention.language) == ("@tulipair mooi & geel", "nl")
    assert mention.url == f"https://x.com/ken/status/{first}"
    assert mention.media == received.media == ("https://pbs.example/9.jpg",)
    assert (mention.kind, mention.root, mention.parent) == ("mention", first, "")
    assert (reply.kind, reply.root, reply.parent) == ("reply", "5", "6")
    assert (received.kind, received.root, received.own) == ("direct", "42-2244994945", False)
    assert (sent.own, sent.author) == (True, MessageAuthor(id=account))


def test_x_billing() -> None:
    """Mentions that were read are not requested again, and nothing is if reading is switched off."""
    server = XInbox()
    asked: list[str] = []
    server.check = lambda request, _: asked.append(request.url.params.get("since_id", ""))
    with reading("x", server) as reader:
        (last,) = server.plant(1)
        _, cursor = reader.messages()
        assert reader.all_ids(cursor) == []
        assert asked == ["", "", last]
    server.requests.clear()
    with reading("x", server, reads=False) as reader:
        for flow in (
            reader.adapter.messages(),
            reader.adapter.own_posts(EARLY),
            reader.adapter.counts(["1"]),
        ):
            with pytest.raises(RejectedError, match="reads=True"):
                reader.run(flow)
    assert server.requests == []


def test_x_counts() -> None:
    """X also counts views. Posts that do not exist are missing."""
    server = XInbox()
    with reading("x", server) as reader:
        network_id = publish(reader.network, ACCOUNTS["x"].outgoing()).network_id
        counts = reader.run(reader.adapter.counts(["1", network_id, "no id"]))
        assert counts == {network_id: Counts(likes=3, reposts=2, replies=1, quotes=0, views=120)}


class Described:
    """Meta's description of nodes, against which fields are checked, also fields of fields."""

    EDGES = {  # noqa: RUF012  # a constant
        "comments": "Comment",
        "replies": "IGComment",
        "reactions": "Profile",
        "likes": "Profile",
    }

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.checked: set[str] = set()

    def check(self, node: str, fields: dict[str, Field], instagram: bool = False) -> None:
        described = json.loads((self._folder / f"{node}.json").read_text())
        known = {field["name"] for field in described["fields"]}
        edges = {
            api["endpoint"]: {param["name"] for param in api["params"]}
            for api in described["apis"]
            if api["method"] == "GET" and api.get("endpoint")
        }
        for name, field in fields.items():
            assert name in known or name in edges, (node, name)
            if field.params:
                assert set(field.params) <= edges[name] | {"limit", "summary"}, (node, field)
            if field.fields and name != "messages":
                inner = "IGComment" if instagram else self.EDGES[name]
                self.check(inner, field.fields, instagram)
            self.checked.add(f"{node}.{name}")

    def check_edge(self, node: str, edge: str, params: set[str]) -> None:
        described = json.loads((self._folder / f"{node}.json").read_text())
        (api,) = (
            api
            for api in described["apis"]
            if api["method"] == "GET" and api.get("endpoint") == edge
        )
        known = {param["name"] for param in api["params"]}
        assert params <= known | {"fields", "limit", "after"}, (node, edge, params)


def test_facebook_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request reads edges and fields that Meta's description contains, except messages."""
    described = Described(shared_specs("meta") / "api_specs/specs")
    nodes = {
        "published_posts": ("Page", "PagePost"),
        "tagged": ("Page", "PagePost"),
        "conversations": ("Page", "UnifiedThread"),
        "comments": ("PagePost", "Comment"),
        # The nodes of messages are not described.
        "messages": ("UnifiedThread", ""),
    }
    edges: set[str] = set()

    def check(request: httpx.Request, _: httpx.Response) -> None:
        identifier, _, edge = request.url.path.removeprefix("/v25.0/").partition("/")
        if request.method != "GET" or identifier == "me":
            return
        fields = parse_fields(request.url.params["fields"])
        owner, node = nodes[edge] if edge else ("", "PagePost" if "_" in identifier else "AdVideo")
        if edge:
            described.check_edge(owner, edge, set(request.url.params))
            edges.add(edge)
        if node:
            described.check(node, fields)

    server = FacebookInbox(check)
    with reading("facebook", server) as reader:
        published = publish(reader.network, ACCOUNTS["facebook"].outgoing())
        server.plant(130)
        server.tag()
        for _ in range(40):
            server.write()
        read_everything(reader, [published.network_id, "77"])
    assert edges == set(nodes)
    assert {"PagePost.comments", "Comment.parent", "PagePost.shares"} <= described.checked


def test_instagram_description(shared_specs: Callable[[str], Path]) -> None:
    """Every request reads edges and fields that Meta's description contains."""
    described = Described(shared_specs("meta") / "api_specs/specs")
    edges: set[str] = set()

    def check(request: httpx.Request, _: httpx.Response) -> None:
        identifier, _, edge = request.url.path.removeprefix("/v25.0/").partition("/")
        if request.method != "GET" or identifier == "me":
            return
        fields = parse_fields(request.url.params["fields"])
        if edge in ("media", "tags"):
            described.check_edge("IGUser", edge, set(request.url.params))
        if edge == "comments":
            described.check_edge("IGMedia", edge, set(request.url.params))
        described.check("IGComment" if edge == "comments" else "IGMedia", fields, instagram=True)
        edges.add(edge)

    server = InstagramInbox()
    with reading("instagram", server) as reader:
        published = publish(reader.network, ACCOUNTS["instagram"].outgoing())
        server.check = check
        server.plant(130)
        server.reply()
        server.tag()
        read_everything(reader, [published.network_id, "77"])
    assert edges == {"", "comments", "media", "tags"}
    assert {"IGComment.replies", "IGMedia.like_count"} <= described.checked


def test_facebook_messages() -> None:
    """Comments, tagged posts and conversations are messages."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        post = server.post()
        first = server.comment(post)
        picture = {"media": {"image": {"src": "https://cdn.example/2.jpg"}}}
        second = server.comment(
            post, parent={"id": first}, is_hidden=True, attachment=picture, **{"from": {"id": PAGE}}
        )
        anonymous = server.comment(post, **{"from": None})
        tagged = server.tag()
        attached = {"data": [{"image_data": {"url": "https://cdn.example/3.jpg"}}]}
        written = server.write(attachments=attached)
        found = {one.network_id: one for one in reader.messages(kinds=MESSAGE_KINDS)[0]}
        assert set(reader.all_ids()) == set(found) - {written}
    comment, answer = found[first], found[second]
    assert comment.author == MessageAuthor(id="42", name="Ken")
    assert (comment.kind, comment.parent, comment.root) == ("comment", post["id"], post["id"])
    assert (answer.parent, answer.root, answer.hidden) == (first, post["id"], True)
    assert (answer.own, comment.own) == (True, False)
    assert answer.media == ("https://cdn.example/2.jpg",)
    assert found[anonymous].author == MessageAuthor()
    assert (found[tagged].kind, found[tagged].media) == ("mention", ("https://cdn.example/1.jpg",))
    direct = found[written]
    assert (direct.kind, direct.root) == ("direct", "42")
    assert direct.media == ("https://cdn.example/3.jpg",)


def test_facebook_comments_on_several_posts() -> None:
    """New comments on older posts are found, however many there are on another post."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        posts = [server.post() for _ in range(30)]
        ids = [server.comment(post) for post in posts]
        found, cursor = reader.messages()
        assert sorted(one.network_id for one in found) == sorted(ids)
        for _ in range(3):
            ids = [server.comment(posts[0])]
            ids += [server.comment(posts[-1]) for _ in range(150)]
            ids += [server.comment(posts[15]) for _ in range(60)]
            found, cursor = reader.messages(cursor)
            assert sorted(one.network_id for one in found) == sorted(ids)


def test_facebook_comment_during_reading() -> None:
    """A comment that appears on a post that was just read is returned by the next reading."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        posts = [server.post() for _ in range(30)]
        server.comment(posts[-1])
        page = reader.page()
        assert page.more
        early, late = server.comment(posts[-1]), server.comment(posts[0])
        found, cursor = reader.messages(page.cursor)
        assert [one.network_id for one in found] == [late]
        assert reader.all_ids(cursor) == [early]


def test_facebook_deleted_post() -> None:
    """If a post is deleted while its comments are read, the others are read nevertheless."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        other = server.post()
        ids = [server.comment(other) for _ in range(30)]
        post = server.post()
        server.plant(30)
        first = reader.page()
        assert first.more
        server.posts.remove(post)
        found = [*first.messages, *reader.messages(first.cursor)[0]]
        assert set(ids) <= {one.network_id for one in found}


def test_facebook_conversations() -> None:
    """Only conversations with new messages are read, however long they are."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        ids = [server.write(f"t_{number}") for number in range(25)]
        found, cursor = reader.messages(kinds=["direct"])
        assert sorted(one.network_id for one in found) == sorted(ids)
        server.now += dt.timedelta(hours=1)
        server.write("t_4")
        _, cursor = reader.messages(cursor, kinds=["direct"])
        server.now += dt.timedelta(hours=1)
        server.requests.clear()
        ids = [server.write("t_3") for _ in range(60)]
        found, cursor = reader.messages(cursor, kinds=["direct"])
        assert sorted(one.network_id for one in found) == sorted(ids)
        assert len(server.requests) == 2


def test_facebook_counts() -> None:
    """Comments, reactions and shares are counted; videos have other numbers."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        post = server.post()
        server.comment(post)
        video = {"id": "77", "views": 9, "likes": [{"id": "1"}]}
        server.posts.append(video)
        shared = server.post()
        shared["shares"] = {"count": 4}
        counts = reader.run(reader.adapter.counts([post["id"], "77", shared["id"], "1_1"]))
    assert counts == {
        post["id"]: Counts(likes=0, reposts=0, replies=1),
        "77": Counts(likes=1, replies=0, views=9),
        shared["id"]: Counts(likes=0, reposts=4, replies=0),
    }


@pytest.mark.parametrize(("name", "network_id"), [("facebook", "5_6"), ("instagram", "6")])
def test_counts_of_comments(
    name: str, network_id: str, shared_specs: Callable[[str], Path]
) -> None:
    """An answer that is a comment has other fields; an id of an unknown kind blocks no other id."""
    rejected = graph_error(400, 100, "(#100) Tried accessing nonexisting field")

    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        fields = request.url.params["fields"]
        asked.append(fields)
        identifier = request.url.path.rpartition("/")[2]
        if identifier == network_id and not {"shares", "comments_count"} & set(fields.split(",")):
            body = {"id": identifier, "like_count": 2, "comment_count": 1}
            return httpx.Response(200, json=body)
        return rejected

    with reading(name, httpx.MockTransport(respond)) as reader:
        counts = reader.run(reader.adapter.counts(["9_9", network_id]))
        replies = 1 if name == "facebook" else None
        assert counts == {"9_9": Counts(), network_id: Counts(likes=2, replies=replies)}
    described = Described(shared_specs("meta") / "api_specs/specs")
    described.check("Comment" if name == "facebook" else "IGComment", parse_fields(asked[-1]))


def test_instagram_messages() -> None:
    """Comments, replies to comments and tagged posts are messages."""
    server = InstagramInbox()
    with reading("instagram", server) as reader:
        first = server.comment(hidden=True)
        own = server.comment(**{"from": {"id": "9", "username": "tulipair"}})
        reply, tagged = server.reply(), server.tag()
        found, cursor = reader.messages()
        later = server.reply()
        assert reader.all_ids(cursor) == [later]
    known = {one.network_id: one for one in found}
    assert set(known) == {first, own, reply, tagged}
    post = server.posts[0]["id"]
    assert known[first].author == MessageAuthor(id="42", handle="ken")
    assert (known[first].root, known[first].parent, known[first].hidden) == (post, post, True)
    assert (known[reply].root, known[reply].parent) == (post, first)
    assert (known[own].own, known[first].own) == (True, False)
    assert (known[tagged].kind, known[tagged].author.handle) == ("mention", "ken")


def test_instagram_counts() -> None:
    """Likes and comments are counted."""
    server = InstagramInbox()
    with reading("instagram", server) as reader:
        server.comment()
        server.posts[0]["comments_count"] = 5
        counts = reader.run(reader.adapter.counts([server.posts[0]["id"]]))
    assert list(counts.values()) == [Counts(likes=3, replies=5)]


@pytest.mark.parametrize("name", ["facebook", "instagram"])
def test_token_in_paging(name: str) -> None:
    """Meta repeats the access token in the address of the next page, but no cursor contains it."""
    server: Any = {"facebook": FacebookInbox, "instagram": InstagramInbox}[name]()
    with reading(name, server) as reader:
        server.plant(130)
        page = reader.page()
        assert page.more
        assert ACCOUNTS[name].secret not in page.cursor


def test_endless_pages() -> None:
    """Reading ends if a server always has another page, and reports what it gave up."""
    server = BlueskyInbox()
    with reading("bluesky", server) as reader:
        calls = iter(range(10**6))

        def endless(request: httpx.Request) -> httpx.Response:
            server.plant(1)
            body = {"notifications": server.notifications[-1:], "cursor": str(next(calls))}
            return httpx.Response(200, json=body)

        server.app_bsky_notification_listNotifications = endless  # type: ignore[method-assign]
        cursor = ""
        for _ in range(60):
            page = reader.page(cursor)
            cursor = page.cursor
            assert page.truncated is not page.more
            if not page.more:
                break
        assert not page.more


@pytest.mark.parametrize("token", ["same", "x" * 100_000])
def test_useless_page_tokens(token: str) -> None:
    """A token that repeats, or is too long for a cursor, ends the reading."""
    server = BlueskyInbox()
    with reading("bluesky", server) as reader:
        server.plant(1)
        body = {"notifications": server.notifications, "cursor": token}
        server.scripted["GET app.bsky.notification.listNotifications"] = httpx.Response(
            200, json=body
        )
        page = reader.page()
        if token == "same":
            assert page.more
            page = reader.page(page.cursor)
        assert (page.more, page.truncated) == (False, True)
        assert len(page.cursor) < 5000
        reader.page(page.cursor)


HOSTILE = [None, 5, "x", [], {}, {"id": ""}, {"id": True}, {"id": {"$": 1}}, {"id": "1", "uri": 5}]


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
@pytest.mark.parametrize("hostile", HOSTILE, ids=str)
def test_hostile_items(name: str, hostile: Any) -> None:
    """Items of any kind are skipped, and never stop a reading."""
    server = ACCOUNTS[name].server()
    bodies: dict[str, Any] = {
        "bluesky": {"notifications": [hostile, hostile]},
        "mastodon": [hostile, hostile],
        "x": {"meta": {}, "data": [hostile, hostile]},
    }
    nested = {"data": [{"id": "1", "comments": {"data": [hostile, hostile]}}, hostile]}

    def respond(request: httpx.Request) -> httpx.Response:
        if re.search(r"/me$|verify_credentials|[a-z]Session", request.url.path):
            return server.handle_request(request)
        return httpx.Response(200, json=bodies.get(name, nested))

    with reading(name, httpx.MockTransport(respond)) as reader:
        cursor, skipped = "", 0
        for _ in range(60):
            page = reader.page(cursor)
            cursor, skipped = page.cursor, skipped + page.skipped
            assert page.messages == ()
            if not page.more:
                break
        assert not page.more
        # A notification without a reason or type is no message.
        assert skipped >= (0 if isinstance(hostile, dict) else 2)


@pytest.mark.parametrize(
    "body", [[], {}, {"data": 5}, {"notifications": {}}, {"meta": []}, "x"], ids=str
)
@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_hostile_lists(name: str, body: Any) -> None:
    """A response that is not a list is a typed error, or an empty list."""
    server = ACCOUNTS[name].server()

    def respond(request: httpx.Request) -> httpx.Response:
        if re.search(r"/me$|verify_credentials|[a-z]Session", request.url.path):
            return server.handle_request(request)
        return httpx.Response(200, json=body)

    with reading(name, httpx.MockTransport(respond)) as reader:
        for flow in (reader.adapter.messages(), reader.adapter.own_posts(EARLY)):
            with suppress(TransientError):
                reader.run(flow)


def test_changed_cursor() -> None:
    """A cursor that was changed is rejected, or reads again from the beginning."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        server.plant(130)
        cursor = json.loads(reader.page().cursor)
        for page in ("[1]", "[[], [], []]", '["", "x", []]', "null", "[" * 5000):
            cursor["places"]["comments"]["page"] = page
            reader.page(json.dumps(cursor))
        for name, value in (("after", "now"), ("known", "abc"), ("pages", "1"), ("x", 1)):
            changed = json.loads(json.dumps(cursor))
            changed["places"]["comments"][name] = value
            with pytest.raises(InvalidValueError, match="is not a cursor of facebook"):
                reader.page(json.dumps(changed))
        with pytest.raises(InvalidValueError, match="is not a cursor of facebook"):
            reader.page(json.dumps({**cursor, "network": "instagram"}))


def test_message() -> None:
    """A message has a kind, an id and a time with a UTC offset."""
    fields: dict[str, Any] = {
        "network": "x",
        "profile": "tulip-x",
        "network_id": "1",
        "kind": "mention",
        "author": MessageAuthor(id="2"),
        "created_at": EARLY,
    }
    assert Message(**fields).network_id == "1"
    for name, value, message in (
        ("network_id", 5, "the id 5"),
        ("network_id", "", "the id ''"),
        ("kind", "like", "the kind `like`"),
        ("created_at", dt.datetime(2026, 1, 1), "no UTC offset"),  # noqa: DTZ001
    ):
        with pytest.raises(InvalidValueError, match=message):
            Message(**fields | {name: value})


def test_sandbox_inbox(tmp_path: Path) -> None:
    """The sandbox returns the messages that were added, and counts the replies to a post."""
    profile = ACCOUNTS["mastodon"].profile
    with Sandbox(tmp_path, durable=False) as sandbox:
        adapter: Any = sandbox.adapter(profile)

        def run(flow: Any) -> Any:
            return driver().run(flow, transport=sandbox.transport(profile))

        post = publish(sandbox, attrs.evolve(ACCOUNTS["mastodon"].outgoing(), media=()))
        reply = sandbox.add_message(profile.id, "Mooi!", kind="reply", parent=post.network_id)
        sandbox.add_message(profile.id, "Vraag", kind="direct", author="ken")
        sandbox.add_message("rose-mastodon", "Dag")
        page = run(adapter.messages())
        (message,) = page.messages
        assert (message.network_id, message.kind, message.parent) == (
            reply, "reply", post.network_id,
        )  # fmt: skip
        assert len(run(adapter.messages(kinds=MESSAGE_KINDS)).messages) == 2
        assert run(adapter.counts([post.network_id])) == {post.network_id: Counts(replies=1)}
        with pytest.raises(InvalidValueError, match="the kind `like`"):
            sandbox.add_message(profile.id, "x", kind="like")  # type: ignore[arg-type]
        run(adapter.take_down(post.network_id))
        assert run(adapter.counts([post.network_id])) == {}
        assert run(adapter.own_posts(EARLY)).posts == ()


@pytest.mark.parametrize("kinds", ["direct", ["like"], ("mention", "x")])
@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_unknown_kinds(name: str, kinds: Any) -> None:
    """A kind that does not exist is rejected before anything is sent."""
    server = ACCOUNTS[name].server()
    with reading(name, server) as reader:
        with pytest.raises(InvalidValueError, match="is not a list of kinds of message"):
            reader.page(kinds=kinds)
        assert server.requests == []


@pytest.mark.parametrize("has_date", [True, False])
def test_comment_on_quiet_page(has_date: bool) -> None:
    """If the first posts have no comments, one that appears while others are read is not lost."""
    server = FacebookInbox()

    def respond(request: httpx.Request) -> httpx.Response:
        response = server.handle_request(request)
        if has_date:
            response.headers["date"] = server.now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return response

    with reading("facebook", httpx.MockTransport(respond)) as reader:
        posts = [server.post() for _ in range(30)]
        first = server.comment(posts[0])
        page = reader.page()
        assert (page.messages, page.more) == ((), True)
        early = server.comment(posts[-1])
        # The reading continues after a long interruption.
        server.now += dt.timedelta(hours=1)
        late = server.comment(posts[1])
        found, cursor = reader.messages(page.cursor)
        assert {one.network_id for one in found} == {first, late}
        assert reader.all_ids(cursor) == [early]
        assert reader.all_ids(reader.messages(cursor)[1]) == []


@pytest.mark.parametrize("text", ["a\ud800b\0", "\ud83c\udf37"])
def test_unstorable_text(text: str) -> None:
    """Texts that JSON allows, but no store, are replaced."""
    server = BlueskyInbox()
    with reading("bluesky", server) as reader:
        server.notify("mention", text=text, langs=[text])
        server.notifications[-1]["author"] = {**KEN, "displayName": text}
        body = json.dumps({"notifications": server.notifications})
        name = "GET app.bsky.notification.listNotifications"
        server.scripted[name] = httpx.Response(200, content=body)
        (message,) = reader.page().messages
        assert repr(attrs.asdict(message)).encode()
        assert "\0" not in message.text
        server.notifications[-1]["uri"] = "at://a\ud800"
        body = json.dumps({"notifications": server.notifications})
        server.scripted[name] = httpx.Response(200, content=body)
        assert reader.page().skipped == 1


@pytest.mark.parametrize("name", ["facebook", "x"])
def test_json_cases(name: str, shared_data: Callable[[str], Path]) -> None:
    """Whatever JSON a server sends, reading returns a page or raises a typed error."""
    server = ACCOUNTS[name].server()
    text = (shared_data("json-parsing") / "cases.jsonl").read_text(encoding="utf-8")
    bodies = [base64.b64decode(json.loads(line)["b64"]) for line in text.splitlines()]
    current = [b""]

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/me"):
            return server.handle_request(request)
        return httpx.Response(200, content=current[0])

    with reading(name, httpx.MockTransport(respond)) as reader:
        for body in bodies[::7]:
            wrapped = b'{"meta": {}, "data": [' + body + b"]}"
            for current[0] in (body, wrapped):
                with suppress(TransientError):
                    assert reader.page().messages == ()


def test_x_first_reading() -> None:
    """Posts before the first reading are not requested, because X would bill them."""
    server = XInbox()
    with reading("x", server) as reader:
        asked: list[str] = []
        server.check = lambda request, _: asked.append(request.url.params.get("start_time", ""))
        server.plant(2)
        reader.messages(since=server.now)
        assert asked[1:] == [server.now.strftime("%Y-%m-%dT%H:%M:%SZ")]


@pytest.mark.parametrize("name", ["bluesky", "mastodon"])
def test_recording(name: str, tmp_path: Path) -> None:
    """The exchanges of a reading, also with lists as parameters, can be recorded and replayed."""
    server: Any = {"bluesky": BlueskyInbox, "mastodon": MastodonInbox}[name]()
    with reading(name, server) as reader:
        server.plant(3)
        secrets = [ACCOUNTS[name].secret]
        recording = RecordingTransport(reader.network.transport(reader.profile), secrets=secrets)
        page = driver().run(reader.adapter.messages(), transport=recording)
        recording.save(tmp_path / "exchanges.json")
        replay = ReplayTransport.load(tmp_path / "exchanges.json", secrets=secrets)
        assert driver().run(reader.adapter.messages(), transport=replay) == page


@pytest.mark.parametrize("name", ["bluesky", "mastodon", "x"])
def test_unwanted_kinds(name: str) -> None:
    """Messages of other kinds are not read again and again."""
    server: Any = {"bluesky": BlueskyInbox, "mastodon": MastodonInbox, "x": XInbox}[name]()
    server.knows_reasons = False
    with reading(name, server) as reader:
        server.plant(130)
        _, cursor = reader.messages(kinds=["reply"])
        server.now += dt.timedelta(hours=1)
        server.plant(1)
        _, cursor = reader.messages(cursor, kinds=["reply"])
        server.now += dt.timedelta(hours=1)
        server.requests.clear()
        (last,) = server.plant(1)
        assert reader.messages(cursor, kinds=["reply"])[0] == []
        # The pages of Mastodon end with an empty one.
        assert len(server.requests) == (2 if name == "mastodon" else 1)
        assert last in reader.all_ids(cursor)


@pytest.mark.parametrize("failure", [None, 401, 500], ids=str)
@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_secrets(name: str, failure: int | None, caplog: pytest.LogCaptureFixture) -> None:
    """No log, message, cursor or traceback of a reading contains the secret of the account."""
    inboxes: dict[str, Any] = {
        "bluesky": BlueskyInbox,
        "facebook": FacebookInbox,
        "instagram": InstagramInbox,
        "mastodon": MastodonInbox,
        "x": XInbox,
    }
    server, secret = inboxes[name](), ACCOUNTS[name].secret
    caplog.set_level(logging.DEBUG)
    server.plant(130)
    sent: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        request.read()
        sent.append(repr(request.headers.raw) + repr(request.content))
        if failure is None:
            return server.handle_request(request)
        return httpx.Response(failure, json={"error": {"message": secret, "code": 190}})

    shown: list[str] = []
    with reading(name, httpx.MockTransport(respond)) as reader:
        for flow in (reader.adapter.messages(), reader.adapter.own_posts(EARLY)):
            try:
                shown.append(repr(reader.run(flow)))
            except NetworkError as error:
                shown += traceback.format_exception(error)
    shown += [record.getMessage() for record in caplog.records]
    assert any(secret in each for each in sent)
    assert not [each for each in shown if secret in each]


def test_refused_kind() -> None:
    """If a permission is missing, the error leaves the cursor as it was, and other kinds are read."""
    server = FacebookInbox()
    with reading("facebook", server) as reader:
        ids = server.plant(2)
        server.scripted[f"GET /{PAGE}/conversations"] = graph_error(403, 200, "pages_messaging")
        first = reader.page(kinds=["comment", "direct"])
        with pytest.raises(NetworkError, match="pages_messaging"):
            reader.page(first.cursor, kinds=["comment", "direct"])
        assert reader.all_ids(first.cursor) == []
        assert sorted(one.network_id for one in first.messages) == sorted(ids)

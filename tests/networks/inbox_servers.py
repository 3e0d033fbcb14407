"""The in-memory servers of the networks with messages from other accounts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
from tests.networks import graph_server, mastodon_server, pds, x_server
from tests.networks.graph_fields import page, parse_fields, show
from tests.networks.graph_server import FacebookServer, InstagramServer
from tests.networks.mastodon_server import MastodonServer
from tests.networks.pds import Pds
from tests.networks.x_server import XServer

CID = "bafyreigh2akiscaildc" + "a" * 39
SECOND = dt.timedelta(seconds=1)
KEN = {"did": "did:plc:ken", "handle": "ken.bsky.social", "displayName": "Ken"}


class BlueskyInbox(Pds):
    """
    A server with notifications.

    Attributes:
        notifications: The notifications, oldest first.
        conversations: The conversations, oldest first, each with its messages, newest first.
        knows_reasons: Whether the server knows the parameter `reasons`.
    """

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.notifications: list[dict[str, Any]] = []
        self.conversations: list[dict[str, Any]] = []
        self.knows_reasons = True

    def plant(self, count: int) -> list[str]:
        """Add mentions of the account, and return their ids."""
        return [self.notify("mention") for _ in range(count)]

    def spoil(self) -> None:
        """Add a notification that cannot be read."""
        self.notify("reply")
        self.notifications[-1]["uri"] = ""

    def notify(self, reason: str, **record: Any) -> str:
        """Add a notification, and return the address of its record."""
        self.now += SECOND
        at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        uri = f"at://{KEN['did']}/app.bsky.feed.post/3k{len(self.notifications):011d}"
        body = {"$type": "app.bsky.feed.post", "text": "Mooi! 🌷", "createdAt": at, **record}
        notification = {"uri": uri, "cid": CID, "author": KEN, "reason": reason, "record": body}
        self.notifications.append({**notification, "isRead": False, "indexedAt": at})
        return uri

    def write(self, conversation: str = "3kconvo", **more: Any) -> str:
        """Add a direct message, and return its id."""
        self.now += SECOND
        known = [each for each in self.conversations if each["id"] == conversation]
        one = known[0] if known else {"id": conversation, "messages": []}
        message = {
            "$type": "chat.bsky.convo.defs#messageView",
            "id": f"3km{len(one['messages']):05d}{conversation}",
            "rev": "1",
            "text": "Vraagje",
            "sender": {"did": KEN["did"]},
            "sentAt": self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **more,
        }
        one["messages"].insert(0, message)
        self.conversations = [each for each in self.conversations if each is not one] + [one]
        return str(message["id"])

    def chat_bsky_convo_listConvos(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"
        first, limit = int(request.url.params.get("cursor", "0")), int(request.url.params["limit"])
        members = [KEN, {"did": pds.DID, "handle": pds.HANDLE}]
        shown = [
            {"id": each["id"], "rev": "1", "members": members, "muted": False, "unreadCount": 0}
            | ({"lastMessage": each["messages"][0]} if each["messages"] else {})
            for each in self.conversations[::-1][first : first + limit]
        ]
        more = {"cursor": str(first + limit)} if first + limit < len(self.conversations) else {}
        return httpx.Response(200, json={"convos": shown, **more})

    def chat_bsky_convo_getMessages(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["atproto-proxy"] == "did:web:api.bsky.chat#bsky_chat"
        params = request.url.params
        (one,) = [each for each in self.conversations if each["id"] == params["convoId"]]
        first, limit = int(params.get("cursor", "0")), int(params["limit"])
        shown = one["messages"][first : first + limit]
        more = {"cursor": str(first + limit)} if first + limit < len(one["messages"]) else {}
        return httpx.Response(200, json={"messages": shown, "relatedProfiles": [KEN], **more})

    def app_bsky_notification_listNotifications(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        end = int(params.get("cursor", str(len(self.notifications))))
        reasons, limit = params.get_list("reasons"), int(params["limit"])
        found = [
            (place, each)
            for place, each in enumerate(self.notifications[:end])
            if not self.knows_reasons or each["reason"] in reasons
        ][::-1]
        body: dict[str, Any] = {"notifications": [each for _, each in found[:limit]]}
        if found[limit:]:
            body["cursor"] = str(found[limit - 1][0])
        return httpx.Response(200, json=body)

    def app_bsky_feed_getPosts(self, request: httpx.Request) -> httpx.Response:
        uris = request.url.params.get_list("uris")
        assert 0 < len(uris) <= 25
        posts = [
            {
                "uri": pds_uri(key),
                "cid": CID,
                "author": {"did": pds.DID, "handle": pds.HANDLE},
                "record": record,
                "indexedAt": record["createdAt"],
                "likeCount": 3,
                "repostCount": 2,
                "replyCount": 1,
                "quoteCount": 0,
            }
            for key, record in self.records.items()
            if pds_uri(key) in uris
        ]
        return httpx.Response(200, json={"posts": posts})

    def com_atproto_repo_listRecords(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        keys = sorted(self.records, reverse=True)
        found = [key for key in keys if key[1] < params.get("cursor", "~")][: int(params["limit"])]
        records = [{"uri": pds_uri(key), "cid": CID, "value": self.records[key]} for key in found]
        more = {"cursor": found[-1][1]} if found else {}
        return httpx.Response(200, json={"records": records, **more})


def pds_uri(key: tuple[str, str]) -> str:
    return f"at://{pds.DID}/{key[0]}/{key[1]}"


class MastodonInbox(MastodonServer):
    """
    A server with notifications.

    Attributes:
        notifications: The notifications, oldest first.
        finds_several: Whether several posts can be read at once.
        knows_quotes: Whether quotes are a known type of notification.
    """

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.notifications: list[dict[str, Any]] = []
        self.finds_several = True
        self.knows_quotes = True

    def plant(self, count: int) -> list[str]:
        """Add mentions of the account, and return their ids."""
        return [self.notify() for _ in range(count)]

    def spoil(self) -> None:
        """Add a notification that cannot be read."""
        self.notify()
        self.notifications[-1]["status"] = None

    def notify(self, kind: str = "mention", **status: Any) -> str:
        """Add a notification, and return the id of its status."""
        self.now += SECOND
        ken = {**self._account(source=False), "id": "7", "acct": "ken@rose.example"}
        text = status.pop("text", "@tulip mooi!")
        shown = {**self._status({"status": text}), "account": ken, **status}
        self.notifications.append(
            {
                "id": str(1000 + len(self.notifications)),
                "type": kind,
                "created_at": self.now.isoformat().replace("+00:00", "Z"),
                "group_key": f"ungrouped-{len(self.notifications)}",
                "account": ken,
                "status": shown,
            }
        )
        return str(shown["id"])

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        params = request.url.params
        if operation == "GET /api/v1/notifications":
            types = params.get_list("types[]")
            if "quote" in types and not self.knows_quotes:
                return mastodon_server.error(400, "Invalid value for enum.")
            found = [
                each
                for each in reversed(self.notifications)
                if each["type"] in types
                and int(params.get("since_id", "0")) < int(each["id"])
                and int(each["id"]) < int(params.get("max_id", "999999"))
            ][: int(params["limit"])]
            link = f'<{mastodon_server.SERVER}/next>; rel="next"' if found else ""
            return httpx.Response(200, json=found, headers={"link": link} if link else {})
        if operation == "GET /api/v1/statuses":
            ids = params.get_list("id[]")
            assert 0 < len(ids) <= 20
            if not self.finds_several:
                return mastodon_server.error(404, "Not found")
            return httpx.Response(200, json=[s for s in self.statuses if s["id"] in ids])
        status = [s for s in self.statuses if operation == f"GET /api/v1/statuses/{s['id']}"]
        return (
            httpx.Response(200, json=status[0]) if status else super().respond(request, operation)
        )


class XInbox(XServer):
    """
    A server with mentions and direct messages.

    Attributes:
        mentions: The mentions, oldest first.
        events: The direct messages, oldest first.
    """

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.mentions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []

    def plant(self, count: int) -> list[str]:
        """Add mentions of the account, and return their ids."""
        return [self.mention() for _ in range(count)]

    def spoil(self) -> None:
        """Add a mention that cannot be read."""
        self.mention()
        del self.mentions[-1]["id"]

    def mention(self, **more: Any) -> str:
        """Add a mention, and return its id."""
        post = self._item(author_id="42", text="@tulipair mooi &amp; geel", lang="nl", **more)
        self.mentions.append({"conversation_id": post["id"], **post})
        return str(post["id"])

    def write(self, **more: Any) -> str:
        """Add a direct message, and return its id."""
        fields = {"sender_id": "42", "dm_conversation_id": f"42-{x_server.ACCOUNT}", **more}
        self.events.append(self._item(event_type="MessageCreate", text="Vraagje", **fields))
        return str(self.events[-1]["id"])

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        if operation == f"GET /2/users/{x_server.ACCOUNT}/mentions":
            since = int(request.url.params.get("since_id", "0"))
            return self._list(
                request, [p for p in self.mentions if int(p.get("id", "9" * 19)) > since]
            )
        if operation == "GET /2/dm_events":
            return self._list(request, self.events)
        if operation == "GET /2/tweets":
            ids = request.url.params["ids"].split(",")
            metrics = {
                "repost_count": 2,
                "reply_count": 1,
                "like_count": 3,
                "quote_count": 0,
                "bookmark_count": 9,
                "impression_count": 120,
            }
            found = [
                {"id": post["id"], "text": post["text"], "public_metrics": metrics}
                for post in self.posts
                if post["id"] in ids
            ]
            errors = [{"title": "Not Found Error", "type": "about:blank"}]
            return httpx.Response(200, json={"data": found} if found else {"errors": errors})
        return super().respond(request, operation)

    def _item(self, **fields: Any) -> dict[str, Any]:
        self.now += SECOND
        at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"id": self._new_id(), "created_at": at, **fields}

    def _list(self, request: httpx.Request, items: list[dict[str, Any]]) -> httpx.Response:
        token = request.url.params.get("pagination_token", f"{len(items):016d}")
        newest = items[: int(token)][::-1][: int(request.url.params["max_results"])]
        meta: dict[str, Any] = {"result_count": len(newest)}
        if int(token) > len(newest):
            meta["next_token"] = f"{int(token) - len(newest):016d}"
        users = [{"id": "42", "username": "ken", "name": "Ken"}]
        media = [{"media_key": "3_9", "type": "photo", "url": "https://pbs.example/9.jpg"}]
        body: dict[str, Any] = {"meta": meta}
        if newest:
            body |= {"data": newest, "includes": {"users": users, "media": media}}
        return httpx.Response(200, json=body)


class FacebookInbox(FacebookServer):
    """
    A Page with comments, tagged posts and conversations.

    Attributes:
        tagged: The posts that tag the Page, oldest first.
        conversations: The conversations, oldest first.
    """

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.tagged: list[dict[str, Any]] = []
        self.conversations: list[dict[str, Any]] = []

    def plant(self, count: int) -> list[str]:
        """Add comments on a post, and return their ids."""
        return [self.comment() for _ in range(count)]

    def spoil(self) -> None:
        """Add a comment that cannot be read."""
        self.comment()
        del self.posts[-1]["comments"][0]["id"]

    def post(self) -> dict[str, Any]:
        """Add a post."""
        return self._add("Oud bericht", photos=[], link="")

    def comment(self, post: dict[str, Any] | None = None, **more: Any) -> str:
        """Add a comment on a post, which is the latest post by default, and return its id."""
        if post is None:
            post = self.posts[-1] if self.posts else self.post()
        item = self._item(message="Mooi!", permalink_url="https://www.facebook.com/c", **more)
        post.setdefault("comments", []).insert(0, item)
        return str(item["id"])

    def tag(self) -> str:
        """Add a post that tags the Page, and return its id."""
        self.tagged.append(
            self._item(message="Bij Tulip", full_picture="https://cdn.example/1.jpg")
        )
        return str(self.tagged[-1]["id"])

    def write(self, conversation: str = "t_1", **more: Any) -> str:
        """Add a direct message, and return its id."""
        known = [each for each in self.conversations if each["id"] == conversation]
        people = {"data": [{"id": graph_server.PAGE}, {"id": "42", "name": "Ken"}]}
        new = {"id": conversation, "messages": [], "participants": people}
        one = known[0] if known else new
        item = self._item(message="Vraagje", **more)
        one["messages"].insert(0, item)
        one["updated_time"] = item["created_time"]
        self.conversations = [each for each in self.conversations if each is not one] + [one]
        return str(item["id"])

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        lists = {
            f"GET /{graph_server.PAGE}/published_posts": self.posts,
            f"GET /{graph_server.PAGE}/tagged": self.tagged,
            f"GET /{graph_server.PAGE}/conversations": self.conversations,
        }
        return _graph_response(
            request, operation, lists, [*self.posts, *self.conversations]
        ) or super().respond(request, operation)

    def _item(self, **fields: Any) -> dict[str, Any]:
        self.now += SECOND
        ken = {"id": "42", "name": "Ken"}
        return {"id": self.new_id(), "created_time": self.time(), "from": ken, **fields}


class InstagramInbox(InstagramServer):
    """
    An account with comments and tagged posts.

    Attributes:
        tagged: The posts in which the account is tagged, oldest first.
    """

    def __init__(self, check: Any = None) -> None:
        super().__init__(check)
        self.tagged: list[dict[str, Any]] = []

    def plant(self, count: int) -> list[str]:
        """Add comments on a post, and return their ids."""
        return [self.comment() for _ in range(count)]

    def spoil(self) -> None:
        """Add a comment that cannot be read."""
        self.comment()
        del self.posts[-1]["comments"][0]["id"]

    def comment(self, **more: Any) -> str:
        """Add a comment on the latest post, and return its id."""
        if not self.posts:
            identifier = self.new_id()
            url = f"https://www.instagram.com/p/{identifier}/"
            self.posts.append({"id": identifier, "timestamp": self.time(), "permalink": url})
        item = self._item(**more)
        self.posts[-1].setdefault("comments", []).insert(0, item)
        return str(item["id"])

    def reply(self) -> str:
        """Add a reply to the oldest comment, and return its id."""
        comment = self.posts[-1]["comments"][-1]
        comment.setdefault("replies", []).append(self._item(parent_id=comment["id"]))
        return str(comment["replies"][-1]["id"])

    def tag(self) -> str:
        """Add a post in which the account is tagged, and return its id."""
        self.tagged.append(self._item(caption="Bij Tulip", media_url="https://cdn.example/1.jpg"))
        return str(self.tagged[-1]["id"])

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        lists = {
            f"GET /{graph_server.ACCOUNT}/media": self.posts,
            f"GET /{graph_server.ACCOUNT}/tags": self.tagged,
        }
        return _graph_response(request, operation, lists, self.posts) or super().respond(
            request, operation
        )

    def _item(self, **fields: Any) -> dict[str, Any]:
        self.now += SECOND
        ken = {"from": {"id": "42", "username": "ken"}, "username": "ken", "text": "Mooi!"}
        return {"id": self.new_id(), "timestamp": self.time(), "hidden": False, **ken, **fields}


def _graph_response(
    request: httpx.Request,
    operation: str,
    lists: dict[str, list[dict[str, Any]]],
    outer: list[dict[str, Any]],
) -> httpx.Response | None:
    """Return a page of one of the lists, or of a list in an outer item, or the fields of an item."""
    method, _, path = operation.partition(" /")
    if method != "GET" or "fields" not in request.url.params:
        return None
    fields = parse_fields(request.url.params["fields"])
    items = None if operation not in lists else lists[operation][::-1]
    for each in outer:
        identifier, _, edge = path.partition("/")
        if each["id"] == identifier and edge:
            items = each.get(edge, [])
        elif each["id"] == identifier and {"shares", "like_count", "views"} & set(fields):
            shown = {"comments": [], "reactions": [], "likes": [], "like_count": 3} | each
            return httpx.Response(200, json={**show(shown, fields), "id": identifier})
    if items is None:
        return None
    first, limit = int(request.url.params.get("after", "0")), int(request.url.params["limit"])
    return httpx.Response(200, json=page(items, fields, limit, first))

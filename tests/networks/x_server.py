"""An in-memory server with version 2 of the X API, for one account."""

from __future__ import annotations

import datetime as dt
import html
import json
from typing import Any

import httpx
from tests.networks.fake_server import Check, FakeServer, Posted

from socialcollab.text import entities

TOKEN = "x-token-51c9"
ACCOUNT = "2244994945"
SERVER = "https://api.x.com"


class XServer(FakeServer):
    """
    A server with one account.

    Attributes:
        posts: The posts, oldest first.
        media: The number of requests for each uploaded image that still find it unprocessed.
        chunks: The chunks of each uploaded video.
        sizes: The announced size of each video.
        alts: The alt text of each uploaded image.
        processing: The number of requests that find a new image unprocessed.
        refuses_duplicates: Whether a text that is already shown is refused.
    """

    token = TOKEN
    handle = "tulipair"

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.posts: list[dict[str, Any]] = []
        self.media: dict[str, int] = {}
        self.alts: dict[str, str] = {}
        self.chunks: dict[str, list[bytes]] = {}
        self.sizes: dict[str, int] = {}
        self.processing = 0
        self.refuses_duplicates = True
        self._last = 1_900_000_000_000_000_000

    @property
    def posted(self) -> list[Posted]:
        """The posts of the account, oldest first, with the texts that were sent."""
        return [Posted(post["id"], post["sent"], post["parent"]) for post in self.posts]

    @property
    def sent(self) -> list[str]:
        """The texts of the posts, in the form in which they were sent."""
        return [posted.text for posted in self.posted]

    def refusal(self) -> httpx.Response:
        """Return the response to a request that is not authorized."""
        return problem(401, "Unauthorized")

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        if operation == "GET /2/users/me":
            user = {"id": ACCOUNT, "name": "Tulip Air", "username": self.handle}
            return httpx.Response(200, json={"data": user})
        if operation == f"GET /2/users/{ACCOUNT}/tweets":
            return self._page(request)
        if operation == "POST /2/tweets":
            return self._create(json.loads(request.content))
        if operation == "POST /2/media/upload":
            assert b"\x89PNG" in request.content
            media = self._new_id()
            self.media[media] = self.processing
            return httpx.Response(200, json={"data": self._state(media)})
        if operation == "POST /2/media/upload/initialize":
            body = json.loads(request.content)
            media = self._new_id()
            self.chunks[media] = []
            self.sizes[media] = body["total_bytes"]
            return httpx.Response(200, json={"data": {"id": media, "media_key": f"7_{media}"}})
        if operation.startswith("POST /2/media/upload/"):
            return self._chunk(request, *operation.split("/")[4:6])
        if operation == "GET /2/media/upload":
            media = request.url.params["media_id"]
            self.media[media] = max(0, self.media[media] - 1)
            return httpx.Response(200, json={"data": self._state(media)})
        if operation == "POST /2/media/metadata":
            body = json.loads(request.content)
            self.alts[body["id"]] = body["metadata"]["alt_text"]["text"]
            return httpx.Response(200, json={"data": {"id": body["id"]}})
        if operation.startswith("GET /2/tweets/"):
            shown = ("id", "text", "entities", "attachments")
            for post in self.posts:
                if post["id"] == operation.rpartition("/")[2]:
                    data = {name: post[name] for name in shown}
                    return httpx.Response(200, json={"data": data})
        if operation.startswith("DELETE /2/tweets/"):
            identifier = operation.rpartition("/")[2]
            self.posts = [post for post in self.posts if post["id"] != identifier]
            return httpx.Response(200, json={"data": {"deleted": True}})
        return problem(404, "Not Found")

    def _chunk(self, request: httpx.Request, media: str, step: str) -> httpx.Response:
        chunks = self.chunks[media]
        if step == "append":
            number = request.content.split(b'name="segment_index"')[1].split(b"\r\n")[2]
            # A chunk may be sent again if its response was lost.
            assert int(number) <= len(chunks)
            chunk = request.content.split(b"application/octet-stream\r\n\r\n")[1][:-40]
            chunks[int(number) :] = [chunk]
            return httpx.Response(200, json={"data": {"expires_at": 1775547001}})
        assert step == "finalize"
        self.media[media] = self.processing
        return httpx.Response(200, json={"data": self._state(media)})

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        media = body.get("media", {}).get("media_ids", [])
        if any(identifier not in self.media for identifier in media):
            return problem(400, "Your media IDs are invalid.")
        text, urls = self._shown(body["text"], media)
        if "quote_tweet_id" in body:
            text = f"{text} https://t.co/quoted"
            link = f"https://twitter.com/ben/status/{body['quote_tweet_id']}"
            urls.append({"start": 0, "end": 1, "url": "https://t.co/quoted", "expanded_url": link})
        plain = body["text"].strip()
        if self.refuses_duplicates and any(post["plain"] == plain for post in self.posts):
            return problem(403, "You are not allowed to create a Tweet with duplicate content.")
        identifier = self._new_id()
        parent = body.get("reply", {}).get("in_reply_to_tweet_id", "")
        references = [{"type": "replied_to", "id": parent}] if parent else []
        if "quote_tweet_id" in body:
            references.append({"type": "quoted", "id": body["quote_tweet_id"]})
        conversation = next(
            (post["conversation_id"] for post in self.posts if post["id"] == parent),
            parent or identifier,
        )
        if conversation not in (identifier, *(post["id"] for post in self.posts)):
            # X begins a reply to another account with the account's name.
            text = f"@ben {text}"
        self.posts.append(
            {
                "id": identifier,
                "text": text,
                "sent": body["text"],
                "conversation_id": conversation,
                "created_at": self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "entities": {"urls": urls},
                "attachments": {"media_keys": [f"3_{one}" for one in media]}
                | ({"poll_ids": ["1"]} if "poll" in body else {}),
                "plain": plain,
                "parent": parent,
                "referenced_posts": references,
                "media": media,
                "poll": body.get("poll"),
                "quoted": body.get("quote_tweet_id"),
                "paid": body.get("paid_partnership", False),
            }
        )
        return httpx.Response(201, json={"data": {"id": identifier, "text": text}})

    def _shown(self, text: str, media: list[str]) -> tuple[str, list[dict[str, Any]]]:
        """Return a text as X shows it, escaped and with short links, and what these stand for."""
        done, parts, urls = 0, [], []
        for number, entity in enumerate(entities("x", text)):
            if entity.kind == "url":
                short = f"https://t.co/a{number}"
                parts += [html.escape(text[done : entity.start], quote=False), short]
                full = entity.text if "://" in entity.text else f"http://{entity.text}"
                urls.append({"start": 0, "end": 1, "url": short, "expanded_url": full})
                done = entity.end
        parts.append(html.escape(text[done:], quote=False))
        if media:
            parts.append(" https://t.co/media")
            link = f"https://x.com/{self.handle}/status/1/photo/1"
            urls.append(
                {"start": 0, "end": 1, "url": "https://t.co/media", "expanded_url": link}
                | {"media_key": f"3_{media[0]}"}
            )
        return "".join(parts).strip(), urls

    def _page(self, request: httpx.Request) -> httpx.Response:
        start = dt.datetime.fromisoformat(request.url.params["start_time"])
        count = int(request.url.params["max_results"])
        known = {"attachments", "conversation_id", "created_at", "entities"}
        fields = known & set(request.url.params["post.fields"].split(","))
        if request.url.params.get("expansions") == "referenced_posts":
            fields.add("referenced_posts")
        first = int(request.url.params.get("pagination_token", "0"))
        found = [
            {name: post[name] for name in ("id", "text", *fields) if post[name] != []}
            for post in reversed(self.posts)
            if dt.datetime.fromisoformat(post["created_at"]) >= start
        ]
        page = found[first : first + count]
        meta: dict[str, Any] = {"result_count": len(page)}
        if first + count < len(found):
            meta["next_token"] = str(first + count)
        return httpx.Response(200, json={"meta": meta} | ({"data": page} if page else {}))

    def _new_id(self) -> str:
        self._last += 1
        return str(self._last)

    def _state(self, media: str) -> dict[str, Any]:
        state: dict[str, Any] = {"id": media, "media_key": f"3_{media}", "size": 46}
        if self.media[media]:
            state["processing_info"] = {"state": "in_progress", "check_after_secs": 1}
        return state


def problem(status: int, detail: str, **headers: str) -> httpx.Response:
    """Return an error response in the format of X."""
    body = {"title": "Problem", "type": "about:blank", "status": status, "detail": detail}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)

"""An in-memory Postbox server for one account, behind `httpx.MockTransport`."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import httpx

TOKEN = "postbox-token-5c1e"


class FakeServer:
    """
    A server with one account.

    Attributes:
        name: The name of the account.
        posts: The posts, oldest first.
        now: The time of the next post.
        page_size: The maximum number of posts in a response.
        requests: The method and path of each request.
        lose: The number of responses to requests for new posts that will be lost.
        arrives: Whether such a request is processed before its response is lost.
    """

    def __init__(self) -> None:
        self.name = "tulip"
        self.posts: list[dict[str, Any]] = []
        self.now = dt.datetime.now(dt.UTC)
        self.page_size = 2
        self.requests: list[str] = []
        self.lose = 0
        self.arrives = True
        self._last = 0

    def client(self) -> httpx.Client:
        """Return a client that is connected to this server."""
        return httpx.Client(transport=httpx.MockTransport(self.answer))

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        request.read()
        operation = f"{request.method} {request.url.path}"
        self.requests.append(operation)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, json={"error": "invalid token"})
        if operation == "POST /posts" and self.lose:
            self.lose -= 1
            if self.arrives:
                self._create(request)
            raise httpx.ReadError("the connection broke", request=request)
        match request.method, *request.url.path.split("/")[1:]:
            case "GET", "me":
                return httpx.Response(200, json={"name": self.name})
            case "POST", "media":
                assert b'name="alt"' in request.content
                return httpx.Response(201, json={"id": self._new_id("m")})
            case "POST", "posts":
                return self._create(request)
            case "GET", "posts":
                return self._page(request)
            case "DELETE", "posts", post_id:
                return self._delete(post_id)
        return httpx.Response(404, json={"error": "there is no such page"})

    def _create(self, request: httpx.Request) -> httpx.Response:
        post = json.loads(request.content)
        if not post["text"] and not post["media"]:
            return httpx.Response(422, json={"error": "the post is empty"})
        post_id = self._new_id("p")
        url, created_at = f"https://postbox.example/{post_id}", self.now.isoformat()
        self.posts.append({**post, "id": post_id, "url": url, "created_at": created_at})
        return httpx.Response(201, json=self.posts[-1])

    def _page(self, request: httpx.Request) -> httpx.Response:
        since = dt.datetime.fromisoformat(request.url.params["since"])
        posts = [p for p in self.posts if dt.datetime.fromisoformat(p["created_at"]) >= since]
        start = int(request.url.params.get("page", "0"))
        end = start + self.page_size
        following = str(end) if end < len(posts) else None
        return httpx.Response(200, json={"posts": posts[start:end], "next": following})

    def _delete(self, post_id: str) -> httpx.Response:
        remaining = [post for post in self.posts if post["id"] != post_id]
        if len(remaining) == len(self.posts):
            return httpx.Response(404, json={"error": "there is no such post"})
        self.posts = remaining
        return httpx.Response(204)

    def _new_id(self, kind: str) -> str:
        self._last += 1
        return f"{kind}{self._last}"

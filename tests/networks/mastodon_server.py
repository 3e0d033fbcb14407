"""An in-memory Mastodon server for one account, with options that imitate compatible servers."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import httpx
from tests.networks.fake_server import Check, FakeServer, Posted

TOKEN = "mastodon-token-7f3a"
ACCOUNT = "109000000000000001"
SERVER = "https://mastodon.example"


class MastodonServer(FakeServer):
    """
    A server with one account.

    Attributes:
        statuses: The posts, oldest first.
        media: The number of requests for each uploaded image that still find it unprocessed.
        honours_keys: Whether an idempotency key is respected.
        has_source: Whether the source of a post can be read.
        processing: The number of requests that find a new image unprocessed.
        characters: The maximum length of a text.
    """

    token = TOKEN
    handle = "tulip"

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.statuses: list[dict[str, Any]] = []
        self.texts: dict[str, str] = {}
        self.media: dict[str, int] = {}
        self.described: dict[str, str] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.honours_keys = True
        self.has_source = True
        self.processing = 0
        self.characters = 5000
        self.api_version = 7
        self.resolves = True
        self.covers: dict[str, bytes] = {}
        self.focus: dict[str, str] = {}
        self._last = 0

    @property
    def posted(self) -> list[Posted]:
        """The posts of the account, oldest first."""
        return [
            Posted(status["id"], self.texts[status["id"]], status["in_reply_to_id"] or "")
            for status in self.statuses
        ]

    def refusal(self) -> httpx.Response:
        """Return the response to a request that is not authorized."""
        return error(401, "The access token is invalid")

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        method, _, path = operation.partition(" ")
        if path == "/api/v2/instance":
            return httpx.Response(200, json=self._instance())
        if path == "/api/v2/search":
            found = [self._status({"status": "van ben"})] if self.resolves else []
            results = {"accounts": [], "hashtags": [], "statuses": found}
            return httpx.Response(200, json=results)
        if path == "/api/v1/accounts/verify_credentials":
            return httpx.Response(200, json=self._account(source=True))
        if path == f"/api/v1/accounts/{ACCOUNT}/statuses":
            return self._page(request)
        if (method, path) == ("POST", "/api/v2/media"):
            return self._upload(request)
        if (method, path) == ("POST", "/api/v1/statuses"):
            return self._create(request)
        kind, _, rest = path.removeprefix("/api/v1/").partition("/")
        identifier, _, part = rest.partition("/")
        if (method, kind) == ("PUT", "media"):
            self.covers[identifier] = request.content
            return httpx.Response(200, json=self._attachment(identifier))
        if kind == "media":
            return self._processed(identifier)
        found = [status for status in self.statuses if status["id"] == identifier]
        if not found:
            return error(404, "Record not found")
        if part == "source":
            if not self.has_source:
                return error(404, "Not found")
            return httpx.Response(
                200,
                json={"id": identifier, "text": self.texts[identifier], "spoiler_text": ""},
            )
        if method == "GET" and not part:
            return httpx.Response(200, json=found[0])
        if method == "DELETE":
            self.statuses.remove(found[0])
            return httpx.Response(200, json=found[0])
        if method == "PUT":
            body = json.loads(request.content)
            found[0] |= self._shown(body)
            self.texts[identifier] = body["status"]
            return httpx.Response(200, json=found[0])
        return error(404, "Not found")

    def _create(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("idempotency-key", "")
        if self.honours_keys and key in self.keys:
            return httpx.Response(200, json=self.keys[key])
        body = json.loads(request.content)
        if len(body["status"]) > self.characters:
            return error(422, "Validation failed: Text character limit exceeded")
        for media in body.get("media_ids", ()):
            if media not in self.media:
                return error(422, f"Validation failed: Media {media} not found")
            if self.media[media]:
                return error(422, "Cannot attach files that have not finished processing.")
        if not body["status"] and body.get("spoiler_text"):
            body = {**body, "status": body["spoiler_text"], "spoiler_text": ""}
        status = self._status(body)
        self.statuses.append(status)
        self.texts[status["id"]] = body["status"]
        self.keys[key] = status
        return httpx.Response(200, json=status)

    def _page(self, request: httpx.Request) -> httpx.Response:
        limit = int(request.url.params["limit"])
        before = int(request.url.params.get("max_id", 10**20))
        found = [status for status in reversed(self.statuses) if int(status["id"]) < before]
        return httpx.Response(200, json=found[:limit])

    def _upload(self, request: httpx.Request) -> httpx.Response:
        assert (
            b"\x89PNG" in request.content
            or b"GIF89a" in request.content
            or b"ftypmp42" in request.content
        )
        media = self._new_id()
        self.media[media] = self.processing
        described = re.search(rb'name="description"\r\n\r\n(.*?)\r\n--', request.content, re.S)
        focus = re.search(rb'name="focus"\r\n\r\n(.*?)\r\n--', request.content, re.S)
        self.focus[media] = focus.group(1).decode() if focus else ""
        self.described[media] = described.group(1).decode() if described else ""
        return httpx.Response(202 if self.processing else 200, json=self._attachment(media))

    def _processed(self, media: str) -> httpx.Response:
        attached = [each["id"] for status in self.statuses for each in status["media_attachments"]]
        if media not in self.media or media in attached:
            return error(404, "Record not found")
        response = httpx.Response(206 if self.media[media] else 200, json=self._attachment(media))
        self.media[media] = max(0, self.media[media] - 1)
        return response

    def _new_id(self) -> str:
        self._last += 1
        return str(10**17 + self._last)

    def _attachment(self, media: str) -> dict[str, Any]:
        processed = not self.media[media]
        return {
            "id": media,
            "type": "image",
            "url": f"{SERVER}/media/{media}.gif" if processed else None,
            "preview_url": f"{SERVER}/media/{media}-small.gif",
            "description": self.described[media] or None,
            "meta": {},
            "blurhash": None,
            "remote_url": None,
        }

    def _status(self, body: dict[str, Any]) -> dict[str, Any]:
        identifier = self._new_id()
        return {
            "id": identifier,
            "uri": f"{SERVER}/users/{self.handle}/statuses/{identifier}",
            "url": f"{SERVER}/@{self.handle}/{identifier}",
            "created_at": self.now.isoformat().replace("+00:00", "Z"),
            "account": self._account(source=False),
            "visibility": body.get("visibility", "public"),
            "mentions": [],
            "tags": [],
            "emojis": [],
            "reblogs_count": 0,
            "favourites_count": 0,
            "replies_count": 0,
            "quotes_count": 0,
            "reblog": None,
            "poll": self._poll(body["poll"]) if "poll" in body else None,
            "card": None,
            "language": body.get("language"),
            "edited_at": None,
            "in_reply_to_id": body.get("in_reply_to_id"),
            "in_reply_to_account_id": None,
            "quote": {"state": "accepted", "quoted_status_id": body["quoted_status_id"]}
            if "quoted_status_id" in body
            else None,
            "quote_approval": {"automatic": [], "manual": [], "current_user": "automatic"},
            **self._shown(body),
        }

    def _shown(self, body: dict[str, Any]) -> dict[str, Any]:
        paragraphs = html.escape(body["status"]).split("\n\n")
        return {
            "content": "".join(f"<p>{each}</p>" for each in paragraphs).replace("\n", "<br />"),
            "spoiler_text": body.get("spoiler_text", ""),
            "sensitive": body.get("sensitive", False),
            "media_attachments": [self._attachment(media) for media in body.get("media_ids", ())],
        }

    def _poll(self, poll: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": "1",
            "expires_at": None,
            "expired": False,
            "multiple": poll["multiple"],
            "votes_count": 0,
            "voters_count": 0,
            "options": [{"title": title, "votes_count": 0} for title in poll["options"]],
            "emojis": [],
        }

    def _account(self, *, source: bool) -> dict[str, Any]:
        since = "2026-01-01T00:00:00.000Z"
        account: dict[str, Any] = {
            "id": ACCOUNT,
            "username": self.handle,
            "acct": self.handle,
            "url": f"{SERVER}/@{self.handle}",
            "uri": f"{SERVER}/users/{self.handle}",
            "display_name": "Tulip Air",
            "note": "",
            "avatar": f"{SERVER}/avatar.png",
            "avatar_static": f"{SERVER}/avatar.png",
            "avatar_description": "",
            "header": f"{SERVER}/header.png",
            "header_static": f"{SERVER}/header.png",
            "header_description": "",
            "locked": False,
            "fields": [],
            "emojis": [],
            "bot": False,
            "group": False,
            "discoverable": True,
            "indexable": False,
            "created_at": since,
            "last_status_at": None,
            "statuses_count": len(self.statuses),
            "followers_count": 0,
            "following_count": 0,
        }
        if source:
            account["source"] = {
                "note": "",
                "fields": [],
                "privacy": "public",
                "sensitive": False,
                "language": "",
                "follow_requests_count": 0,
                "quote_policy": "public",
                "attribution_domains": [],
                "indexable": False,
            }
            account["role"] = {
                "id": "-99",
                "name": "",
                "permissions": "65536",
                "color": "",
                "highlighted": False,
            }
        return account

    def _instance(self) -> dict[str, Any]:
        return {
            "domain": "mastodon.example",
            "api_versions": {"mastodon": self.api_version},
            "configuration": {
                "statuses": {
                    "max_characters": self.characters,
                    "max_media_attachments": 6,
                    "characters_reserved_per_url": 23,
                },
                "media_attachments": {"description_limit": 1500, "image_size_limit": 16_777_216},
            },
        }


def error(status: int, message: str, **headers: str) -> httpx.Response:
    """Return an error response in the format of Mastodon."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"error": message}, headers=named)

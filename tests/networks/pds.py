"""An in-memory AT Protocol server for one account."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import httpx
from tests.networks.fake_server import Check, FakeServer, Posted

HANDLE = "tulip.example"
DID = "did:plc:tulip"
PASSWORD = "abcd-efgh-ijkl-mnop"


class Pds(FakeServer):
    """
    A server with one account.

    Attributes:
        records: The records of the account, by collection and key.
        blobs: The size of each uploaded blob, by its identifier.
        known: The identifiers of other accounts, by handle.
        others: The records of other accounts, by key.
        sessions: The number of sessions that were created and renewed.
    """

    root = "/xrpc/"
    handle = HANDLE

    def __init__(self, check: Check | None = None) -> None:
        super().__init__(check)
        self.records: dict[tuple[str, str], dict[str, Any]] = {}
        self.blobs: dict[str, int] = {}
        self.known = {"ben.bsky.social": "did:plc:ben"}
        self.others: dict[str, dict[str, Any]] = {}
        self.sessions: list[str] = []
        self.valid: set[str] = set()

    @property
    def posted(self) -> list[Posted]:
        """The posts of the account, oldest first."""
        return [
            Posted(
                f"at://{DID}/{collection}/{key}",
                record["text"],
                record.get("reply", {}).get("parent", {}).get("uri", ""),
            )
            for (collection, key), record in self.records.items()
        ]

    def authorizes(self, request: httpx.Request, operation: str) -> bool:
        """Return whether a request has a valid token, or needs no token."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        refreshes = operation.endswith("refreshSession")
        is_valid = token in self.valid and token.startswith("refresh") == refreshes
        return is_valid or operation.endswith("createSession")

    def refusal(self) -> httpx.Response:
        """Return the response to a request that is not authorized."""
        return error(400, "ExpiredToken")

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        name = operation.partition(" ")[2]
        handler = getattr(self, name.replace(".", "_"), None)
        if handler is None:
            return error(501, "MethodNotImplemented")
        response: httpx.Response = handler(request)
        return response

    def expire(self) -> None:
        """Invalidate the access tokens, but not the refresh tokens."""
        self.valid = {token for token in self.valid if token.startswith("refresh")}

    def com_atproto_server_createSession(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body != {"identifier": HANDLE, "password": PASSWORD}:
            return error(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session("create")

    def com_atproto_server_refreshSession(self, _: httpx.Request) -> httpx.Response:
        return self._session("refresh")

    def com_atproto_server_getSession(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"handle": self.handle, "did": DID})

    def com_atproto_identity_resolveHandle(self, request: httpx.Request) -> httpx.Response:
        handle = request.url.params["handle"]
        if handle not in self.known:
            return error(400, "InvalidRequest", "Unable to resolve handle")
        return httpx.Response(200, json={"did": self.known[handle]})

    def com_atproto_repo_uploadBlob(self, request: httpx.Request) -> httpx.Response:
        # A CIDv1 of raw content has this length; nothing decodes it.
        name = "bafkrei" + hashlib.sha256(request.content).hexdigest()[:52].replace(
            "0", "a"
        ).replace("1", "b").replace("8", "c").replace("9", "d")
        self.blobs[name] = len(request.content)
        blob = {
            "$type": "blob",
            "ref": {"$link": name},
            "mimeType": request.headers["content-type"],
            "size": len(request.content),
        }
        return httpx.Response(200, json={"blob": blob})

    def com_atproto_repo_putRecord(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        record = body["record"]
        for image in record.get("embed", {}).get("images", []):
            if image["image"]["ref"]["$link"] not in self.blobs:
                return error(400, "BlobNotFound", "Could not find blob")
        key = body["collection"], body["rkey"]
        if body.get("swapRecord", "") is None and self.records.get(key, record) != record:
            return error(400, "InvalidSwap", "Record was at another version")
        self.records[key] = record
        return httpx.Response(200, json={"uri": uri(body), "cid": _cid(record)})

    def com_atproto_repo_getRecord(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        record = self.records.get((params["collection"], params["rkey"]))
        if params["repo"] != DID:
            record = self.others.get(params["rkey"])
        if record is None:
            return error(400, "RecordNotFound", "Could not locate record")
        return httpx.Response(200, json={"uri": uri(params), "cid": _cid(record), "value": record})

    def com_atproto_repo_deleteRecord(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.records.pop((body["collection"], body["rkey"]), None)
        return httpx.Response(200, json={})

    def _session(self, how: str) -> httpx.Response:
        self.sessions.append(how)
        number = len(self.sessions)
        self.valid = {f"access-{number}", f"refresh-{number}"}
        return httpx.Response(
            200,
            json={
                "accessJwt": f"access-{number}",
                "refreshJwt": f"refresh-{number}",
                "handle": self.handle,
                "did": DID,
            },
        )


def uri(values: Mapping[str, str]) -> str:
    """Return the address of a record."""
    return f"at://{values['repo']}/{values['collection']}/{values['rkey']}"


def error(status: int, name: str, message: str = "no") -> httpx.Response:
    """Return an error response."""
    return httpx.Response(status, json={"error": name, "message": message})


def _cid(record: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
    return "bafyrei" + digest[:52].translate(str.maketrans("0189", "abcd"))

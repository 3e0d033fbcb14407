"""The base class of the networks' in-memory servers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import ClassVar, NamedTuple, TypeAlias

import httpx

Check: TypeAlias = Callable[[httpx.Request, httpx.Response], None]
"""A function that checks a request and its response."""


class Posted(NamedTuple):
    """A post that an account shows. A reply has the id of its parent."""

    id: str
    text: str
    parent: str = ""


class FakeServer(httpx.BaseTransport):
    """
    An in-memory server for one account, which is also the transport of its clients.

    Attributes:
        now: The time of the next post.
        check: Called with each request and its response.
        requests: The method and path of each request.
        scripted: Responses that replace the usual responses, by method and path.
    """

    handle: str
    """The name of the account."""

    token: ClassVar[str]
    """The access token of the account."""

    root: ClassVar[str] = ""
    """The beginning of all paths, which `requests` and `scripted` omit."""

    def __init__(self, check: Check | None = None) -> None:
        self.now = dt.datetime(2026, 4, 7, 7, 30, 1, tzinfo=dt.UTC)
        self.check = check
        self.requests: list[str] = []
        self.scripted: dict[str, httpx.Response] = {}

    @property
    def posted(self) -> list[Posted]:
        """The posts of the account, oldest first."""
        raise NotImplementedError

    def client(self) -> httpx.Client:
        """Return a client that is connected to this server."""
        return httpx.Client(transport=self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the response to a request."""
        request.read()
        operation = f"{request.method} {request.url.path.removeprefix(self.root)}"
        self.requests.append(operation)
        response = self.scripted.get(operation)
        if response is None:
            if self.authorizes(request, operation):
                response = self.respond(request, operation)
            else:
                response = self.refusal()
        if self.check is not None:
            self.check(request, response)
        return response

    def authorizes(self, request: httpx.Request, operation: str) -> bool:
        """Return whether a request has the access token of the account."""
        return request.headers.get("authorization") == f"Bearer {self.token}"

    def refusal(self) -> httpx.Response:
        """Return the response to a request that is not authorized."""
        raise NotImplementedError

    def respond(self, request: httpx.Request, operation: str) -> httpx.Response:
        """Return the usual response to an authorized request."""
        raise NotImplementedError

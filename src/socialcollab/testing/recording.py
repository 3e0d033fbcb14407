"""Record the requests and responses of an adapter, and replay them without the network."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote, quote_plus

import attrs

from socialcollab.content import Json
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.transport import Request, Response, Transport

_HIDDEN: Final = "***"
# The headers of a response that adapters read. Others can contain cookies and tokens.
_HEADERS: Final = frozenset({"content-type", "link", "retry-after"})
# The parameters of addresses that give access. The time of a signature differs in each recording.
_PARAMETERS: Final = re.compile(
    r"((?:access_token|appsecret_proof|X-Amz-(?:Credential|Date|Security-Token|Signature))=)"
    r"[^&\"'\\\s]+",
    re.IGNORECASE,
)
_LIMITS: Final = (
    "ratelimit",
    "x-app-usage",
    "x-business-use-case-usage",
    "x-rate-limit",
    "x-ratelimit",
)


@attrs.frozen(kw_only=True)
class Exchange:
    """
    A recorded request and its response, without secrets.

    Attributes:
        method: The HTTP method.
        url: The address.
        params: The query parameters.
        body: The JSON body, the form, or None.
        media: The digest of the media that were sent, or an empty string.
        status: The status of the response.
        headers: The headers of the response that adapters read.
        response: The body of the response.
    """

    method: str
    url: str
    params: Mapping[str, Json] = attrs.field(factory=dict, hash=False)
    body: Json = attrs.field(default=None, hash=False)
    media: str = ""
    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    response: bytes = b""


class RecordingTransport:
    """
    A transport that records exchanges, for example with a real network.

    Wrap the transport that a network returns for a profile: the credentials are added below it, so
    they are not part of the requests that it sees. Headers of requests are not recorded. In the
    addresses that bodies contain, access tokens and signatures are replaced: Meta's lists contain
    the access token in the address of the next page, and media stores sign their addresses.

    Args:
        inner: The transport that sends the requests.
        secrets: Secrets to replace wherever they occur in addresses and bodies.

    Raises:
        InvalidValueError: If a secret is empty.
    """

    def __init__(self, inner: Transport, *, secrets: Iterable[str] = ()) -> None:
        self._inner = inner
        self._secrets = _forms(secrets)
        self.exchanges: list[Exchange] = []

    def __repr__(self) -> str:
        return f"RecordingTransport({len(self.exchanges)} exchanges)"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """Send a request, and record it with its response. A failed request is not recorded."""
        response = self._inner.send(request, timeout_s=timeout_s)
        kept = {
            name: value
            for name, value in response.headers.items()
            if name in _HEADERS or name.startswith(_LIMITS)
        }
        self.exchanges.append(
            Exchange(
                **_shown(request, self._secrets),
                status=response.status,
                headers={name: _hide(value, self._secrets) for name, value in kept.items()},
                response=_hide_bytes(response.body, self._secrets),
            )
        )
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self._inner.close()

    def save(self, path: str | Path) -> None:
        """Write the exchanges to a JSON file."""
        exchanges = [
            attrs.asdict(exchange) | {"response": _text(exchange.response)}
            for exchange in self.exchanges
        ]
        text = json.dumps(exchanges, indent=1, ensure_ascii=False, sort_keys=True)
        Path(path).write_text(f"{text}\n", encoding="utf-8")


class ReplayTransport:
    """
    A transport that returns recorded responses, provided that the requests are the same.

    Args:
        exchanges: The exchanges, in order.
        secrets: The secrets that were replaced when the exchanges were recorded.
    """

    def __init__(self, exchanges: Iterable[Exchange], *, secrets: Iterable[str] = ()) -> None:
        self._exchanges = list(exchanges)
        self._secrets = _forms(secrets)
        self._next = 0

    @classmethod
    def load(cls, path: str | Path, *, secrets: Iterable[str] = ()) -> Self:
        """
        Read exchanges from a file that `RecordingTransport.save` wrote.

        Raises:
            InvalidValueError: If the file does not contain exchanges.
            OSError: If the file cannot be read.
        """
        text = Path(path).read_text(encoding="utf-8")
        try:
            exchanges = [
                Exchange(**{**values, "response": _bytes(values["response"])})
                for values in json.loads(text)
            ]
        except (ValueError, TypeError, KeyError):
            raise InvalidValueError(
                f"`{path}` does not contain recorded exchanges",
                value=str(path),
                expected="a file that RecordingTransport.save wrote",
            ) from None
        return cls(exchanges, secrets=secrets)

    @property
    def left(self) -> int:
        """The number of exchanges that have not been replayed."""
        return len(self._exchanges) - self._next

    def send(self, request: Request, *, timeout_s: float) -> Response:  # noqa: ARG002
        """
        Return the next recorded response.

        Raises:
            AssertionError: If the request differs from the recorded request, or none is left.
        """
        shown = _shown(request, self._secrets)
        if not self.left:
            raise AssertionError(f"no exchange is left for {request.method} {shown['url']}")
        exchange = self._exchanges[self._next]
        for name, value in shown.items():
            recorded = getattr(exchange, name)
            if value != recorded:
                raise AssertionError(
                    f"request {self._next + 1}: {name} is {value!r}, but was {recorded!r}"
                    " when it was recorded"
                )
        self._next += 1
        return Response(
            status=exchange.status, headers=dict(exchange.headers), body=exchange.response
        )

    def close(self) -> None:
        """Do nothing; there is no connection."""


def _shown(request: Request, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Return what is recorded of a request."""
    body: Any = request.json if request.json is not None else request.form
    return {
        "method": request.method,
        "url": _hide(request.url, secrets),
        "params": _plain(request.params, secrets),
        "body": _plain(body, secrets),
        "media": "" if request.media is None else request.media.digest,
    }


def _plain(value: Any, secrets: tuple[str, ...]) -> Any:
    """Return a JSON value without secrets. A parameter can have several values."""
    if isinstance(value, Mapping):
        return {_hide(str(key), secrets): _plain(each, secrets) for key, each in value.items()}
    if isinstance(value, str):
        return _hide(value, secrets)
    return [_plain(each, secrets) for each in value] if isinstance(value, list | tuple) else value


def _forms(secrets: Iterable[str]) -> tuple[str, ...]:
    """Return the secrets as they occur in texts, in JSON and in addresses; the longest first."""
    found: set[str] = set()
    for secret in as_words(secrets):
        if not secret:
            raise InvalidValueError("a secret is empty", value=secret, expected="a secret")
        found |= {secret, quote(secret, safe=""), quote_plus(secret)}
        found |= {json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _hide(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _PARAMETERS.sub(rf"\1{_HIDDEN}", text)


def _hide_bytes(data: bytes, secrets: tuple[str, ...]) -> bytes:
    # Every sequence of bytes survives this, because undecodable bytes become lone surrogates.
    return _hide(data.decode("utf-8", "surrogateescape"), secrets).encode(
        "utf-8", "surrogateescape"
    )


def _text(data: bytes) -> str | dict[str, str]:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(value: str | Mapping[str, str]) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])

"""Exchanges are recorded without secrets, and replayed if the requests are the same."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import attrs
import pytest

from socialcollab.errors import InvalidValueError
from socialcollab.testing import RecordingTransport, ReplayTransport
from socialcollab.transport import MediaPart, Request, Response

SECRET = "token-8d2e"
REQUEST = Request(
    method="POST",
    url=f"https://tulip.example/{SECRET}/posts",
    params={"key": SECRET, "page": "1"},
    headers={"authorization": f"Bearer {SECRET}"},
    json={"text": "De lente", "list": [SECRET, 1, None]},
    creates=0,
    repeat="no",
)
UPLOAD = Request(
    method="POST",
    url="https://tulip.example/media",
    form={"alt": "tulp"},
    media=MediaPart(digest="sha256:" + "1" * 64),
)


class Answers:
    """A transport that answers with a secret, a cookie and bytes that are not text."""

    def send(self, request: Request, *, timeout_s: float) -> Response:
        headers = {"set-cookie": SECRET, "retry-after": "5", "x-ratelimit-reset": SECRET}
        return Response(status=200, headers=headers, body=b"\xff" + SECRET.encode())

    def close(self) -> None:
        pass


def recorded(path: Path) -> Path:
    transport = RecordingTransport(Answers(), secrets=[SECRET])
    for request in (REQUEST, UPLOAD):
        assert SECRET.encode() in transport.send(request, timeout_s=1).body
    assert repr(transport) == "RecordingTransport(2 exchanges)"
    transport.save(path / "exchanges.json")
    transport.close()
    return path / "exchanges.json"


def test_replay(tmp_path: Path) -> None:
    """The recorded responses are returned in order, without the secrets and cookies."""
    path = recorded(tmp_path)
    assert SECRET not in path.read_text(encoding="utf-8")
    transport = ReplayTransport.load(path, secrets=[SECRET])
    response = transport.send(REQUEST, timeout_s=1)
    assert response.body == b"\xff***"
    assert response.headers == {"retry-after": "5", "x-ratelimit-reset": "***"}
    transport.send(UPLOAD, timeout_s=1)
    assert transport.left == 0
    with pytest.raises(AssertionError, match="no exchange is left for POST"):
        transport.send(UPLOAD, timeout_s=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "PUT"}, "request 1: method is 'PUT', but was 'POST'"),
        ({"url": "https://tulip.example"}, "request 1: url"),
        ({"params": {}}, "request 1: params"),
        ({"json": {"text": "De zomer"}}, "request 1: body"),
        ({"media": UPLOAD.media}, "request 1: media"),
    ],
)
def test_other_request(tmp_path: Path, change: dict[str, object], message: str) -> None:
    """A request that differs from the recorded request is an error that names the difference."""
    transport = ReplayTransport.load(recorded(tmp_path), secrets=[SECRET])
    with pytest.raises(AssertionError, match=message):
        transport.send(attrs.evolve(REQUEST, **change), timeout_s=1)  # type: ignore[arg-type]
    transport.close()


@pytest.mark.parametrize("text", ["", "[1]", "{}x", '[{"method": "GET"}]', '[{"response": 5}]'])
def test_damaged_file(tmp_path: Path, text: str) -> None:
    """A file without exchanges is one clear error."""
    path = tmp_path / "exchanges.json"
    path.write_text(text)
    with pytest.raises(InvalidValueError, match="does not contain recorded exchanges"):
        ReplayTransport.load(path)


class Echo:
    """A transport that answers with a fixed body."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def send(self, request: Request, *, timeout_s: float) -> Response:
        return Response(status=200, body=self.body)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("secret", ['a"b\\c', "geheim/é &", "\n7"])
def test_forms_of_a_secret(tmp_path: Path, secret: str) -> None:
    """A secret is also found where JSON or an address escapes it."""
    forms = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    transport = RecordingTransport(Echo(json.dumps({"a": secret}).encode()), secrets=secret)
    address = f"https://tulip.example/?q={quote(secret, safe='')}"
    transport.send(
        Request(method="GET", url=address, json={secret: [secret]}, params={"a": secret}),
        timeout_s=1,
    )
    transport.save(tmp_path / "exchanges.json")
    (exchange,) = transport.exchanges
    assert exchange.body == {"***": ["***"]}
    saved = (tmp_path / "exchanges.json").read_text(encoding="utf-8")
    assert [form for form in forms if form in saved] == []


@pytest.mark.parametrize("secrets", ["", ["a", ""]])
def test_empty_secret(secrets: object) -> None:
    """An empty secret is refused, because it occurs everywhere."""
    with pytest.raises(InvalidValueError, match="a secret is empty"):
        RecordingTransport(Echo(b""), secrets=secrets)  # type: ignore[arg-type]


def test_addresses_that_give_access(tmp_path: Path) -> None:
    """Tokens and signatures in addresses are hidden without being named, and may differ in a replay."""
    signed = "https://s3.example/x?X-Amz-Date=1&X-Amz-Credential=key%2F1&X-Amz-Signature={}"
    body = b'{"paging": {"next": "https://g.example/?limit=1\\u0026access_token=EAAB|1&after=2"}}'
    transport = RecordingTransport(Echo(body))
    request = Request(
        method="POST", url="https://g.example", json={"image_url": signed.format("7")}
    )
    transport.send(request, timeout_s=1)
    transport.save(tmp_path / "exchanges.json")
    saved = (tmp_path / "exchanges.json").read_text(encoding="utf-8")
    assert ("EAAB" in saved, "Signature=7" in saved, "key%2F1" in saved) == (False, False, False)
    replay = ReplayTransport.load(tmp_path / "exchanges.json")
    later = attrs.evolve(request, json={"image_url": signed.format("8")})
    found = replay.send(later, timeout_s=1).json()
    assert found == {"paging": {"next": "https://g.example/?limit=1&access_token=***&after=2"}}

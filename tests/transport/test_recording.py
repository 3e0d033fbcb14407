"""Exchanges are recorded without secrets, and replayed if the requests are the same."""

from __future__ import annotations

from pathlib import Path

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

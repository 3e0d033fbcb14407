"""A video is uploaded in pieces, never read into memory as a whole, and published."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.accounts import ACCOUNTS
from tests.networks.mastodon_server import MastodonServer
from tests.networks.pds import Pds
from tests.networks.publishing import MP4, driver, find, prepare, publish
from tests.networks.x_server import XServer

from socialcollab.content import Video
from socialcollab.errors import RejectedError
from socialcollab.networks.bluesky import Bluesky
from socialcollab.stores import FolderMedia
from socialcollab.transport import Found, OutgoingPost


@pytest.fixture
def media(tmp_path: Path) -> FolderMedia:
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def make(tmp_path: Path, media: FolderMedia) -> Callable[[int], Video]:
    """Return a function that stores a video of any size."""

    def video(size: int) -> Video:
        path = tmp_path / "tulips.mp4"
        with path.open("wb") as file:
            file.write(MP4)
            for number in range(size >> 20):
                file.write(bytes([number % 256]) * (1 << 20))
        made = Video.from_file(path, alt="Tulpen in de wind")
        with path.open("rb") as file:
            assert media.put(file) == made.digest
        return attrs.evolve(made, source=None)

    return video


def publish_and_find(network: Any, post: OutgoingPost) -> None:
    """Publish a post, and check that a lookup finds it."""
    publish(network, post)
    assert isinstance(find(network, post), Found)


def test_mastodon(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """A video is uploaded like an image, and the post waits until it is processed."""
    server = MastodonServer()
    server.processing = 3
    account = ACCOUNTS["mastodon"]
    with account.connect(server, media=media) as mastodon:
        publish_and_find(mastodon, account.outgoing(media=(make(0),)))
    (status,) = server.statuses
    assert [each["description"] for each in status["media_attachments"]] == ["Tulpen in de wind"]


def test_bluesky(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """The record embeds the video with its alt text."""
    pds, account = Pds(), ACCOUNTS["bluesky"]
    with account.connect(pds, media=media) as bluesky:
        publish_and_find(bluesky, account.outgoing(media=(make(0),), thread=("meer",)))
    first, second = (pds.records[key] for key in sorted(pds.records))
    assert first["embed"]["$type"] == "app.bsky.embed.video"
    assert first["embed"]["alt"] == "Tulpen in de wind"
    assert first["embed"]["video"]["mimeType"] == "video/mp4"
    assert "embed" not in second


def test_x(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """A video is uploaded in chunks, which together are the video."""
    server = XServer()
    server.processing = 2
    account, video = ACCOUNTS["x"], make(3 << 20)
    with account.connect(server, media=media) as x:
        publish_and_find(x, account.outgoing(media=(video,)))
    ((identifier, chunks),) = server.chunks.items()
    assert [len(chunk) for chunk in chunks[:-1]] == [1_000_000] * 3
    assert sum(map(len, chunks)) == server.sizes[identifier] == video.size_bytes
    with media.open(video.digest) as file:
        assert file.read() == b"".join(chunks)
    assert server.alts == {identifier: "Tulpen in de wind"}
    assert server.posts[0]["media"] == [identifier]


def test_limits(make: Callable[[int], Video]) -> None:
    """A video that the network does not accept is refused before anything is sent."""
    account, video = ACCOUNTS["bluesky"], make(0)
    for media, message in (
        ((attrs.evolve(video, size_bytes=60 << 20),), "video 1 is 62914560 bytes in size"),
        ((attrs.evolve(video, media_type="video/webm"),), "video/webm"),
        ((video, video), "2 videos"),
    ):
        with pytest.raises(RejectedError, match=message):
            prepare(Bluesky({}), account.outgoing(media=media))


def test_memory(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """Creating, storing and uploading a video needs much less memory than its size."""
    received = [0]

    class Streaming(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            for chunk in request.stream:  # type: ignore[union-attr]  # a blocking stream
                received[0] += len(chunk)
            return httpx.Response(200, json={"id": "1"})

    tracemalloc.start()
    video = make(24 << 20)
    account = ACCOUNTS["mastodon"]
    with account.connect(Streaming(), media=media) as mastodon:
        flow = mastodon.adapter(account.profile)._upload(video)
        transport = mastodon.transport(account.profile)
        assert driver().run(flow, transport=transport) == ("1", True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert received[0] > 24 << 20
    assert peak < 8 << 20


# The values that the adapters read from the responses of all networks.
ANSWER = {
    "id": "1",
    "created_at": "2026-04-07T07:30:00Z",
    "acct": "tulip.example",
    "username": "tulip.example",
    "handle": "tulip.example",
    "name": "Tulip Air",
    "success": True,
    "data": {"id": "1", "username": "tulip.example"},
    "accessJwt": "a",
    "refreshJwt": "r",
    "did": "did:plc:tulip",
    "blob": {"$type": "blob"},
    "uri": "at://did:plc:tulip/app.bsky.feed.post/3l",
    "cid": "c",
}


@contextmanager
def discarding() -> Iterator[tuple[str, list[int]]]:
    """Serve each network on loopback; yield the address, and the sizes of the requests' bodies."""
    sizes: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            left = int(self.headers.get("content-length", 0))
            sizes.append(left)
            while left:
                left -= len(self.rfile.read(min(left, 1 << 16)))
            body = json.dumps(ANSWER).encode()
            self.send_response(201 if self.path == "/2/tweets" else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}", sizes
    finally:
        http.shutdown()
        thread.join(5)
        http.server_close()


@pytest.mark.integration
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory cannot be measured")
@pytest.mark.parametrize(
    ("network", "megabytes"),
    [
        ("facebook", 64),
        *(
            pytest.param(network, 500, marks=pytest.mark.slow)
            for network in ("bluesky", "facebook", "mastodon", "x")
        ),
    ],
)
def test_memory_of_process(network: str, megabytes: int, tmp_path: Path) -> None:
    """A whole process that publishes a video of any size uses less than 50 MB of memory."""
    size = megabytes * 1_000_000
    path = tmp_path / "tulips.mp4"
    with path.open("wb") as file:
        file.write(MP4)
        file.truncate(size)
    with discarding() as (address, sizes):
        process = subprocess.run(
            [
                *(sys.executable, "-m", "tests.networks.upload_process"),
                *(network, address, str(tmp_path / "media"), str(path)),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    # pytest would keep the files of several sessions.
    shutil.rmtree(tmp_path)
    assert sum(sizes) > size
    assert int(process.stdout) * 1024 < 50_000_000

"""A video is uploaded in pieces, never read into memory as a whole, and published."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from tests.networks.mastodon_server import TOKEN as MASTODON_TOKEN
from tests.networks.mastodon_server import MastodonServer
from tests.networks.pds import HANDLE, PASSWORD, Pds
from tests.networks.x_server import TOKEN as X_TOKEN
from tests.networks.x_server import XServer

from socialcollab.content import Video
from socialcollab.directory import Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.bluesky import Bluesky
from socialcollab.networks.mastodon import Mastodon
from socialcollab.networks.x import X
from socialcollab.stores import FolderMedia
from socialcollab.transport import Driver, Found, OutgoingPost, Published, RetryPolicy

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)


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


def run(network: Any, profile: Profile, video: Video, **options: Any) -> tuple[Published, Any]:
    """Publish a video and look it up."""
    driver = Driver(retry=RetryPolicy(tries=1), sleep=lambda _: None)
    adapter, transport = network.adapter(profile), network.transport(profile)
    post = OutgoingPost(delivery="d1", profile=profile, text="Tulpen", media=(video,), **options)
    prepared = adapter.prepare(post, now=NOW, entropy=bytes(16))
    published = driver.run(adapter.publish(prepared, {}), transport=transport)
    return published, driver.run(adapter.find(prepared, {}), transport=transport)


def test_mastodon(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """A video is uploaded like an image, and the post waits until it is processed."""
    server = MastodonServer()
    server.processing = 3
    profile = Profile(
        id="m", workspace="tulip", network="mastodon", server="https://mastodon.example"
    )
    with (
        server.client() as client,
        Mastodon({"m": MASTODON_TOKEN}, media=media, client=client) as mastodon,
    ):
        _, found = run(mastodon, profile, make(0))
    assert isinstance(found, Found)
    (status,) = server.statuses
    assert [each["description"] for each in status["media_attachments"]] == ["Tulpen in de wind"]


def test_bluesky(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """The record embeds the video with its alt text."""
    pds = Pds()
    profile = Profile(id="b", workspace="tulip", network="bluesky", handle=HANDLE)
    with pds.client() as client, Bluesky({"b": PASSWORD}, media=media, client=client) as bluesky:
        _, found = run(bluesky, profile, make(0), thread=("meer",))
    assert isinstance(found, Found)
    first, second = (pds.records[key] for key in sorted(pds.records))
    assert first["embed"]["$type"] == "app.bsky.embed.video"
    assert first["embed"]["alt"] == "Tulpen in de wind"
    assert first["embed"]["video"]["mimeType"] == "video/mp4"
    assert "embed" not in second


def test_x(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """A video is uploaded in chunks, which together are the video."""
    server = XServer()
    server.processing = 2
    profile = Profile(id="x", workspace="tulip", network="x", handle="@tulipair")
    video = make(3 << 20)
    with server.client() as client, X({"x": X_TOKEN}, media=media, client=client) as x:
        _, found = run(x, profile, video)
    assert isinstance(found, Found)
    ((identifier, chunks),) = server.chunks.items()
    assert [len(chunk) for chunk in chunks[:-1]] == [1_000_000] * 3
    assert sum(map(len, chunks)) == server.sizes[identifier] == video.size_bytes
    with media.open(video.digest) as file:
        assert file.read() == b"".join(chunks)
    assert server.alts == {identifier: "Tulpen in de wind"}
    assert server.posts[0]["media"] == [identifier]


def test_limits(make: Callable[[int], Video]) -> None:
    """A video that the network does not accept is refused before anything is sent."""
    profile = Profile(id="b", workspace="tulip", network="bluesky", handle=HANDLE)
    video = make(0)
    adapter = Bluesky({}).adapter(profile)
    for media, message in (
        ((attrs.evolve(video, size_bytes=60 << 20),), "video 1 is 62914560 bytes in size"),
        ((attrs.evolve(video, media_type="video/webm"),), "video/webm"),
        ((video, video), "2 videos"),
    ):
        post = OutgoingPost(delivery="d1", profile=profile, text="x", media=media)
        with pytest.raises(RejectedError, match=message):
            adapter.prepare(post, now=NOW, entropy=bytes(16))


def test_memory(media: FolderMedia, make: Callable[[int], Video]) -> None:
    """Creating, storing and uploading a video needs much less memory than its size."""
    received = [0]

    def answer(request: httpx.Request) -> httpx.Response:
        for chunk in request.stream:  # type: ignore[union-attr]  # a blocking stream
            received[0] += len(chunk)
        return httpx.Response(200, json={"id": "1"})

    tracemalloc.start()
    video = make(24 << 20)
    profile = Profile(
        id="m", workspace="tulip", network="mastodon", server="https://mastodon.example"
    )

    class Streaming(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return answer(request)

    with (
        httpx.Client(transport=Streaming()) as client,
        Mastodon({"m": MASTODON_TOKEN}, media=media, client=client) as mastodon,
    ):
        adapter = mastodon.adapter(profile)
        flow = adapter._upload(video)  # type: ignore[attr-defined]
        assert Driver().run(flow, transport=mastodon.transport(profile)) == ("1", True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert received[0] > 24 << 20
    assert peak < 8 << 20

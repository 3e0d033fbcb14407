"""The media that the tests publish, and functions that run the flows of a network's adapter."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import attrs
import pytest

from socialcollab.content import Image, Video
from socialcollab.directory import Profile
from socialcollab.errors import NetworkError
from socialcollab.stores import MemoryMedia
from socialcollab.transport import (
    Driver,
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Prepared,
    Published,
    RetryPolicy,
)

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
PNGS = tuple(b"\x89PNG\r\n\x1a\n" + bytes([number]) * 40 for number in range(2))
JPEGS = tuple(b"\xff\xd8\xff" + bytes([number]) for number in range(2))
MP4 = bytes.fromhex("00000018") + b"ftypmp42" + bytes(12)


class PublicMedia(MemoryMedia):
    """A media store from which anyone can download the media, as Instagram requires."""

    def public_url(self, digest: str) -> str | None:
        return f"https://media.example/{digest.removeprefix('sha256:')}"


MEDIA = PublicMedia()
for _data in (*PNGS, *JPEGS, MP4):
    MEDIA.put(_data)
VIDEO = attrs.evolve(Video.from_stream(BytesIO(MP4), alt="wind"), source=None)


def stored_images(files: tuple[bytes, ...]) -> tuple[Image, ...]:
    """Return images whose bytes are only in the media store."""
    return tuple(
        attrs.evolve(Image.from_bytes(data, alt=f"tulp {number}"), data=None)
        for number, data in enumerate(files)
    )


def driver() -> Driver:
    """Return a driver that never repeats a request and does not wait."""
    return Driver(retry=RetryPolicy(tries=1), sleep=lambda _: None)


def prepare(network: Any, post: OutgoingPost, *, entropy: bytes = bytes(16)) -> Prepared:
    """Return a post that is prepared for its profile."""
    prepared: Prepared = network.adapter(post.profile).prepare(post, now=NOW, entropy=entropy)
    return prepared


def publish(
    network: Any, post: OutgoingPost, progress: dict[str, str] | None = None, **options: Any
) -> Published:
    """Prepare a post and publish it, continuing from the progress of an earlier attempt."""
    adapter, transport = network.adapter(post.profile), network.transport(post.profile)
    flow = adapter.publish(prepare(network, post, **options), progress or {})
    return driver().run(flow, transport=transport)


def find(
    network: Any, post: OutgoingPost, progress: dict[str, str] | None = None, **options: Any
) -> Found | Missing | Inconclusive:
    """Prepare a post and look it up, continuing from the progress of an earlier attempt."""
    adapter, transport = network.adapter(post.profile), network.transport(post.profile)
    flow = adapter.find(prepare(network, post, **options), progress or {})
    return driver().run(flow, transport=transport)


def compare(
    network: Any,
    post: OutgoingPost,
    network_id: str,
    progress: dict[str, str] | None = None,
    **options: Any,
) -> tuple[str, ...]:
    """Prepare a post, and return the fields in which the published post differs from it."""
    adapter, transport = network.adapter(post.profile), network.transport(post.profile)
    flow = adapter.compare(prepare(network, post, **options), progress or {}, network_id)
    found: tuple[str, ...] = driver().run(flow, transport=transport)
    return found


def failure_of(network: Any, post: OutgoingPost) -> NetworkError:
    """Return the error that is raised when a post is published."""
    with pytest.raises(NetworkError) as caught:
        publish(network, post)
    return caught.value


def take_down(network: Any, profile: Profile, network_id: str) -> None:
    """Delete a published post."""
    flow = network.adapter(profile).take_down(network_id)
    driver().run(flow, transport=network.transport(profile))


def verify(network: Any, profile: Profile) -> str:
    """Verify the credentials of a profile, and return the name of its account."""
    flow = network.adapter(profile).verify_credentials()
    return driver().run(flow, transport=network.transport(profile))

"""The test kit of socialcollab, and the rules that only Postbox has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs
import pytest
from fake_server import TOKEN, FakeServer
from postbox import Postbox

from socialcollab.content import Image
from socialcollab.directory import Profile, network
from socialcollab.errors import AuthenticationError, OutcomeUnknownError, RejectedError
from socialcollab.stores import MemoryMedia
from socialcollab.testing import AdapterContract
from socialcollab.transport import (
    Adapter,
    Driver,
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Transport,
)

PROFILE = Profile(id="tulip-postbox", workspace="tulip", network="postbox", handle="@tulip")
NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
MEDIA = MemoryMedia()
IMAGES = tuple(Image.from_bytes(b"GIF89a" + bytes([n]) * 40, alt=f"tulip {n}") for n in range(2))
for _image in IMAGES:
    MEDIA.put(_image.data or b"")
SPRING = OutgoingPost(delivery="d1", profile=PROFILE, text="De lente is er 🌷")


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
def postbox(server: FakeServer) -> Iterator[Postbox]:
    with server.client() as client, Postbox({PROFILE.id: TOKEN}, media=MEDIA, client=client) as it:
        yield it


# The kit
class TestContract(AdapterContract):
    """The adapter keeps all promises of adapters."""

    secrets = (TOKEN,)

    @pytest.fixture
    def adapter(self, postbox: Postbox) -> Adapter:
        return postbox.adapter(PROFILE)

    @pytest.fixture
    def transport(self, postbox: Postbox) -> Transport:
        return postbox.transport(PROFILE)

    @pytest.fixture
    def outgoing(self) -> OutgoingPost:
        return attrs.evolve(SPRING, text="Kijk: https://tulip.example #tulpen", media=IMAGES)

    @pytest.fixture
    def thread(self) -> OutgoingPost:
        return attrs.evolve(SPRING, text="een", thread=("twee", "drie"), media=IMAGES)


# The network's own rules
def test_registration() -> None:
    """After installation, socialcollab knows the network by its name."""
    assert network("postbox") is Postbox.description


def test_same_text_with_other_images(postbox: Postbox) -> None:
    """A lookup does not mistake an older post with the same text for the post."""
    adapter, transport, driver = postbox.adapter(PROFILE), postbox.transport(PROFILE), Driver()
    plain = adapter.prepare(SPRING, now=NOW, entropy=bytes(16))
    pictured = adapter.prepare(attrs.evolve(SPRING, media=IMAGES), now=NOW, entropy=bytes(16))
    driver.run(adapter.publish(plain, {}), transport=transport)
    assert isinstance(driver.run(adapter.find(pictured, {}), transport=transport), Missing)
    assert isinstance(driver.run(adapter.find(plain, {}), transport=transport), Found)


def test_many_posts(server: FakeServer, postbox: Postbox) -> None:
    """A lookup ignores posts from before the attempt, and reads a limited number of pages."""
    adapter, transport, driver = postbox.adapter(PROFILE), postbox.transport(PROFILE), Driver()
    prepared = adapter.prepare(SPRING, now=NOW, entropy=bytes(16))
    server.now = NOW - dt.timedelta(minutes=6)
    driver.run(adapter.publish(prepared, {}), transport=transport)
    assert isinstance(driver.run(adapter.find(prepared, {}), transport=transport), Missing)
    server.now = NOW
    for number in range(11):
        other = attrs.evolve(SPRING, text=f"nummer {number}")
        flow = adapter.publish(adapter.prepare(other, now=NOW, entropy=bytes(16)), {})
        driver.run(flow, transport=transport)
    assert isinstance(driver.run(adapter.find(prepared, {}), transport=transport), Inconclusive)


def test_no_repetition(server: FakeServer, postbox: Postbox) -> None:
    """A request for a new post is not sent again if its response was lost."""
    adapter, transport = postbox.adapter(PROFILE), postbox.transport(PROFILE)
    prepared = adapter.prepare(SPRING, now=NOW, entropy=bytes(16))
    server.lose = 1
    with pytest.raises(OutcomeUnknownError):
        Driver().run(adapter.publish(prepared, {}), transport=transport)
    assert server.requests.count("POST /posts") == len(server.posts) == 1


def test_other_account(server: FakeServer, postbox: Postbox) -> None:
    """A token of another account publishes nothing."""
    server.name = "daisy"
    adapter = postbox.adapter(PROFILE)
    prepared = adapter.prepare(SPRING, now=NOW, entropy=bytes(16))
    with pytest.raises(AuthenticationError, match="the token belongs to `daisy`"):
        Driver().run(adapter.publish(prepared, {}), transport=postbox.transport(PROFILE))
    assert server.posts == []


@pytest.mark.parametrize(
    ("outgoing", "message"),
    [
        (attrs.evolve(SPRING, text="x" * 401), "400"),
        (attrs.evolve(SPRING, media=IMAGES * 2), "4 images"),
        (attrs.evolve(SPRING, labels=("food",)), "label"),
    ],
)
def test_limits(postbox: Postbox, outgoing: OutgoingPost, message: str) -> None:
    """A post that exceeds a limit is rejected before anything is sent."""
    with pytest.raises(RejectedError, match=message):
        postbox.adapter(PROFILE).prepare(outgoing, now=NOW, entropy=bytes(16))

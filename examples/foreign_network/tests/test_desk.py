"""A desk that publishes to Postbox."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_server import TOKEN, FakeServer
from postbox import Postbox

from socialcollab import Desk, Organization, Sandbox
from socialcollab.content import Image
from socialcollab.errors import InvalidValueError, NotAllowedError
from socialcollab.stores import MemoryMedia, MemoryStore

# The transport compares the deadline of each request with the real time.
NOW = dt.datetime.now(dt.UTC)

DOCUMENT = """
[organization]
id = "tulip"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "none"

[[profiles]]
id = "tulip-postbox"
workspace = "tulip"
network = "postbox"
handle = "@tulip"

[[members]]
id = "eva"

[roles.owner]
permissions = ["*"]

[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
"""


@contextmanager
def open_desk(server: FakeServer, clock: Callable[[], dt.datetime]) -> Iterator[Desk]:
    """Open a desk that publishes to *server*."""
    media = MemoryMedia()
    with (
        server.client() as client,
        Postbox({"tulip-postbox": TOKEN}, media=media, client=client) as postbox,
        Desk.create(
            MemoryStore(),
            Organization.loads(DOCUMENT),
            owner="eva",
            networks={"postbox": postbox},
            media=media,
            clock=clock,
            real_clock=clock,
        ) as desk,
    ):
        yield desk


def test_publish() -> None:
    """A desk publishes a thread with an image, and takes it down again."""
    server = FakeServer()
    with open_desk(server, lambda: NOW) as desk:
        eva = desk.acting_as("eva")
        image = Image.from_bytes(b"GIF89a" + bytes(40), alt="Een tulp")
        post = eva.draft(
            "De lente is er", profiles=["tulip-postbox"], media=[image], thread=["Zon!"]
        )
        eva.publish_now(post)
        desk.run_due()
        (delivery,) = desk.deliveries(post)
        assert (delivery.state, delivery.problem) == ("published", "")
        assert delivery.url == server.posts[0]["url"]
        assert [posted["text"] for posted in server.posts] == ["De lente is er", "Zon!"]
        assert server.posts[1]["reply_to"] == server.posts[0]["id"]
        eva.take_down(post.id, reason="typo")
        desk.run_due()
        assert server.posts == []


@pytest.mark.parametrize("arrives", [True, False])
def test_lost_response(*, arrives: bool) -> None:
    """If a response is lost, the desk looks for the post, and sends it again only if it is absent."""
    server, now = FakeServer(), [NOW]
    server.lose, server.arrives = 1, arrives
    with open_desk(server, lambda: now[0]) as desk:
        eva = desk.acting_as("eva")
        post = eva.publish_now(eva.draft("De lente is er", profiles=["tulip-postbox"]))
        for _ in range(10):
            desk.run_due()
            now[0] += dt.timedelta(minutes=2)
        (delivery,) = desk.deliveries(post)
        assert delivery.state == "published"
        assert delivery.url == server.posts[0]["url"]
        assert len(server.posts) == 1
        assert server.requests.count("POST /posts") == (1 if arrives else 2)


def test_limits() -> None:
    """A desk does not publish a post that exceeds a limit of Postbox."""
    with open_desk(FakeServer(), lambda: NOW) as desk:
        eva = desk.acting_as("eva")
        post = eva.draft("x" * 401, profiles=["tulip-postbox"])
        with pytest.raises(NotAllowedError, match="Postbox"):
            eva.publish_now(post)


def test_sandbox(tmp_path: Path) -> None:
    """The sandbox accepts the network, and shows its title in the preview."""
    with (
        Sandbox(tmp_path / "out", clock=lambda: NOW) as sandbox,
        Desk.create(
            MemoryStore(),
            Organization.loads(DOCUMENT),
            owner="eva",
            networks={"*": sandbox},
            clock=lambda: NOW,
        ) as desk,
    ):
        eva = desk.acting_as("eva")
        eva.publish_now(eva.draft("De lente is er", profiles=["tulip-postbox"]))
        desk.run_due()
        assert [post.text for post in sandbox.posts()] == ["De lente is er"]
        assert "Postbox" in sandbox.write_preview().read_text(encoding="utf-8")


def test_unknown_network() -> None:
    """A document with a misspelled network is rejected, and the message suggests the right name."""
    with pytest.raises(ExceptionGroup) as raised:
        Organization.loads(DOCUMENT.replace('"postbox"', '"postbx"'))
    assert "postbox" in str(raised.value.exceptions[0])
    assert isinstance(raised.value.exceptions[0], InvalidValueError)

"""The sandbox behaves as a network does, and says what it made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialcollab.content import Image, media_digest
from socialcollab.directory import Profile
from socialcollab.errors import RejectedError
from socialcollab.networks.sandbox import Sandbox
from socialcollab.transport import Done, Outgoing, Request, advance

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
X = Profile(id="tulip-x", workspace="tulip", network="x", handle="@tulipair")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "out", durable=False) as made:
        yield made


def carry(flow, transport):
    op = advance(flow)
    while not isinstance(op, Done):
        op = advance(flow, transport.send(op, timeout_s=5) if isinstance(op, Request) else None)
    return op.value


def test_a_post_is_published_and_found(sandbox):
    adapter, transport = sandbox.adapter(X), sandbox.transport(X)
    image = Image(digest=media_digest(b"1"), alt="Een veld tulpen")
    outgoing = Outgoing(delivery="d1", profile=X, text="De lente is er 🌷", images=(image,))
    prepared = adapter.prepare(outgoing, now=NOW, entropy=bytes(16))
    published = carry(adapter.publish(prepared, {}), transport)
    assert published == carry(adapter.find(prepared, {}), transport).published
    (post,) = sandbox.posts()
    assert post.network_id == published.network_id
    assert post.created_at == published.at == NOW
    assert post.images == (image,)
    assert "De lente is er" in (sandbox.write_preview().parent / "timeline-tulip-x.html").read_text(
        encoding="utf-8"
    )
    carry(adapter.take_down(published.network_id), transport)
    carry(adapter.take_down(published.network_id), transport)
    assert sandbox.posts()[0].removed
    assert carry(adapter.verify_credentials(), transport) == "@tulipair"


def test_what_the_network_does_not_take_is_rejected_with_reasons(sandbox):
    adapter = sandbox.adapter(X)
    outgoing = Outgoing(delivery="d1", profile=X, text="é" * 281, labels=("food",))
    with pytest.raises(RejectedError, match=r"281 weighted long; X takes 280; X takes no labels"):
        adapter.prepare(outgoing, now=NOW, entropy=bytes(16))

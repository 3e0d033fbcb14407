"""The network Postbox: its description, and an adapter for each profile."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from postbox.adapter import PostboxAdapter
from socialcollab.directory import (
    CreateOnce,
    MediaLimits,
    NetworkDescription,
    Profile,
    TextLimits,
)
from socialcollab.networks import BearerNetwork
from socialcollab.transport import Adapter

POSTBOX = NetworkDescription(
    name="postbox",
    title="Postbox",
    # State where the limits come from: the message about an exceeded limit includes this text.
    source="docs.postbox.example/limits, 2026-11-30",
    text=TextLimits(at_most=400, unit="characters"),
    media=MediaLimits(
        images=2,
        alt_text=500,
        image_bytes=5_000_000,
        types={"image/jpeg", "image/png", "image/gif"},
        videos=0,
    ),
    entities={"url", "hashtag"},
    features={"thread"},
    # Postbox has no idempotency keys, so a request that was sent twice creates two posts. A new
    # post is listed within seconds; a minute is a cautious estimate.
    create_once=CreateOnce(key="none", conclusive_after=dt.timedelta(minutes=1)),
)


class Postbox(BearerNetwork):
    """
    The network Postbox.

    >>> Postbox({"tulip-postbox": "a token"})
    Postbox()

    Args:
        tokens: The access token of each account, by profile id; or a function that returns it.
        media: The media store of the desk, from which images are read.
        client: The httpx client to use, which the caller must close. By default, the network
            creates a client.
    """

    network: ClassVar[str] = POSTBOX.name
    default_server: ClassVar[str] = "https://api.postbox.example"
    description: ClassVar[NetworkDescription] = POSTBOX

    def adapter(self, profile: Profile) -> Adapter:
        """
        Return the adapter for *profile*.

        Raises:
            InvalidValueError: If the profile is not on Postbox, or its server is not safe.
        """
        return PostboxAdapter(
            profile=profile, description=self.description, server=self.server_of(profile)
        )

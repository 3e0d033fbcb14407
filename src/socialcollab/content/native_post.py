"""Native posts: posts that were created directly on a network, not with this library."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.identifiers import ProfileId, WorkspaceId


@attrs.frozen(kw_only=True)
class NativePost:
    """
    A post that was created directly on the network. It occupies its time on the calendar.

    Attributes:
        profile: The profile that it was published on.
        workspace: The profile's workspace.
        network_id: The network's id for the post.
        at: The time of publication, in UTC.
        url: The address, or an empty string.
        text: The text, or an empty string.
        removed: Whether it was deleted from the network or recorded by mistake.
    """

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""
    removed: bool = False

"""Native posts: posts that were made on the network itself and not with this library."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.identifiers import ProfileId, WorkspaceId


@attrs.frozen(kw_only=True)
class NativePost:
    """
    A post that was made on the network itself. It occupies its time on the calendar.

    Attributes:
        profile: The profile that it was posted on.
        workspace: The workspace of the profile.
        network_id: The network's own id.
        at: The time of publication, in UTC.
        url: The address, or empty.
        text: The text, or empty.
        removed: Whether it was deleted, or added by mistake.
    """

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""
    removed: bool = False

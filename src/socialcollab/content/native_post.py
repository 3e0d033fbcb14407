"""A post that was made on the network itself, and not here."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.identifiers import ProfileId, WorkspaceId


@attrs.frozen(kw_only=True)
class NativePost:
    """
    A post that somebody made on the network itself: it takes up room on the calendar.

    Attributes:
        profile: The profile that it stands on.
        workspace: That profile's workspace.
        network_id: The network's own id of it.
        at: When it went out, in UTC.
        url: Its address, or empty.
        text: What it says, or empty.
        forgotten: Whether it is gone, or was noted by mistake.
    """

    profile: ProfileId
    workspace: WorkspaceId
    network_id: str
    at: dt.datetime
    url: str = ""
    text: str = ""
    forgotten: bool = False

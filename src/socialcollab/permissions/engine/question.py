"""One question of permission, as a value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import attrs


@attrs.frozen
class Question:
    """
    May *member*, there and then?

    Attributes:
        member: A member's id.

        permission: A permission's name.

        where: A profile, a workspace, or ``*``.

        at: The instant, in UTC.

        authors: Who wrote what it is about, if anybody.
    """

    member: str
    permission: str
    resource: str
    at: dt.datetime
    authors: Collection[str] = ()

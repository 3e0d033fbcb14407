"""Events of the connections of profiles to their accounts. They never contain a secret."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab.identifiers import ProfileId


@attrs.frozen(kw_only=True)
class ProfileConnected:
    """
    A member connected a profile to its account on the network.

    Attributes:
        profile: The profile.
        account: The name of the account.
        scopes: The scopes that the owner of the account has granted.
        expires_at: When the connection expires; None if it does not, or if it is renewed.
    """

    TYPE: ClassVar[str] = "profile.connected"

    profile: ProfileId
    account: str
    scopes: tuple[str, ...] = ()
    expires_at: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class ProfileDisconnected:
    """A member disconnected a profile from its account."""

    TYPE: ClassVar[str] = "profile.disconnected"

    profile: ProfileId


@attrs.frozen(kw_only=True)
class ExpiryAnnounced:
    """The members who can connect a profile again were warned that its connection expires."""

    TYPE: ClassVar[str] = "profile.expiry_announced"

    profile: ProfileId
    account: str
    expires_at: dt.datetime

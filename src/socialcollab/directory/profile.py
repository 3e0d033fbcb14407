"""Profiles: accounts on social networks."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import attrs

from socialcollab.document_fields import Id, ListOf, NameShape, Text, shape
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id


def _as_tags(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset((value,) if isinstance(value, str) else value)


@attrs.frozen(kw_only=True)
class Profile:
    """
    An account on a social network, owned by a workspace.

    Attributes:
        id: The identifier, unique in the organization.
        workspace: The workspace that owns the profile.
        network: The name of the network, such as "mastodon".
        handle: The account's name on the network, such as "@tulip"; may be empty.
        server: The URL of the server, for networks with more than one server.
        tags: Labels that selectors can match, such as "care".

    Raises:
        InvalidValueError: If an identifier or the URL is invalid.
    """

    id: str = attrs.field(metadata=shape(Id("profile")))
    workspace: str = attrs.field(metadata=shape(NameShape("workspace")))
    network: str = attrs.field(metadata=shape(NameShape("network")))
    handle: str = attrs.field(metadata=shape(Text(at_most=200)), default="")
    server: str = attrs.field(metadata=shape(Text(at_most=200)), default="")
    tags: frozenset[str] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=64))), default=frozenset(), converter=_as_tags
    )

    @property
    def account(self) -> str:
        """
        The account that the profile represents: its network, handle and server.

        Approvals are bound to the account, so a change of any of these values requires a new
        approval.
        """
        return " ".join(part for part in (self.network, self.handle, self.server) if part)

    def __attrs_post_init__(self) -> None:
        check_id("profile", self.id)
        check_id("workspace", self.workspace)
        if self.server:
            parts = urlsplit(self.server)
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise InvalidValueError(
                    f"server `{self.server}` of profile `{self.id}` is not a web address",
                    value=self.server,
                    expected="an address such as https://mastodon.example",
                )

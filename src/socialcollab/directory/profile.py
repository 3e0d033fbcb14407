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
        server: The URL of the server, for networks with more than one server. It cannot contain
            a user or a password.
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

        Approvals are bound to the account, so changing any of these values requires a new approval.
        """
        return " ".join(part for part in (self.network, self.handle, self.server) if part)

    def __attrs_post_init__(self) -> None:
        check_id("profile", self.id)
        check_id("workspace", self.workspace)
        if self.server:
            _check_server(self.server, self.id)


def _check_server(server: str, profile: str) -> None:
    if "@" in server:
        # The message must not contain a password.
        raise InvalidValueError(
            f"the server of profile `{profile}` contains a user or a password; keep credentials in"
            " the application that opens the desk",
            expected="an address such as https://mastodon.example",
        )
    try:
        parts = urlsplit(server)
        parts.port  # noqa: B018  reading the port checks it
        is_address = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_address = False
    # `urlsplit` ignores line breaks and tabs.
    if not is_address or not server.isprintable() or " " in server:
        shown = server if server.isprintable() else repr(server)[1:-1]
        raise InvalidValueError(
            f"server `{shown:.200}` of profile `{profile}` is not a web address",
            value=server,
            expected="an address such as https://mastodon.example",
        )

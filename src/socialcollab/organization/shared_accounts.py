"""Profiles that are one account, so that lines about the one do not hold for the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import ProfileId

if TYPE_CHECKING:
    from socialcollab.directory import Profile
    from socialcollab.organization.organization import Organization


@attrs.frozen(kw_only=True)
class SharedAccount:
    """
    An account that several profiles stand for.

    Attributes:
        network: The network's name.

        handle: How the first of them writes its name.

        profiles: The profiles, in the document's order.
    """

    network: str
    handle: str
    profiles: tuple[ProfileId, ...]

    def __str__(self) -> str:
        names = ", ".join(f"`{one}`" for one in self.profiles)
        return (
            f"profiles {names} are one account, {self.handle} on {self.network}:"
            " what a line says of the one does not hold for the other"
        )


def shared_accounts(organization: Organization) -> tuple[SharedAccount, ...]:
    """
    Return the accounts that more than one profile stands for, in the document's order.

    It may be meant, as where two clients publish on one account. Yet who is
    forbidden something on the one profile can do it on the other, and neither
    the limits nor the calendar of the one know what the other sends.
    """
    found: dict[tuple[str, str, str], list[Profile]] = {}
    for profile in organization.profiles:
        if profile.handle:
            found.setdefault(_account(profile), []).append(profile)
    return tuple(
        SharedAccount(
            network=same[0].network,
            handle=same[0].handle,
            profiles=tuple(ProfileId(one.id) for one in same),
        )
        for same in found.values()
        if len(same) > 1
    )


def _account(profile: Profile) -> tuple[str, str, str]:
    """Return what is the same for two ways of writing an account's name."""
    server = profile.server.casefold().partition("://")[2].rstrip("/")
    return profile.network, server, profile.handle.strip().removeprefix("@").casefold()

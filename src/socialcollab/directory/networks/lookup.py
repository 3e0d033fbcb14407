"""Find a built-in network by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from socialcollab.directory.network import NetworkDescription
from socialcollab.directory.networks.bluesky import BLUESKY
from socialcollab.directory.networks.facebook import FACEBOOK
from socialcollab.directory.networks.instagram import INSTAGRAM
from socialcollab.directory.networks.linkedin import LINKEDIN
from socialcollab.directory.networks.mastodon import MASTODON
from socialcollab.directory.networks.x import X
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean

NETWORKS: Mapping[str, NetworkDescription] = MappingProxyType(
    {each.name: each for each in (BLUESKY, FACEBOOK, INSTAGRAM, LINKEDIN, MASTODON, X)}
)


def network(name: str | NetworkDescription) -> NetworkDescription:
    """
    Return the built-in description of that name; a description is returned as it is.

    >>> network("bluesky").text.at_most
    300

    Raises:
        InvalidValueError: If there is none of that name; the nearest one is suggested.
    """
    if isinstance(name, NetworkDescription):
        return name
    found = NETWORKS.get(name)
    if found is None:
        hint = did_you_mean(name, NETWORKS, otherwise=f"there are {', '.join(NETWORKS)}")
        raise InvalidValueError(f"there is no network `{name}`; {hint}", value=name, expected=hint)
    return found

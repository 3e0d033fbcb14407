"""People and resources: workspaces, profiles, members, teams, campaigns, selectors and networks."""

from socialcollab.directory.campaign import Campaign
from socialcollab.directory.member import Member, NotificationPreference
from socialcollab.directory.network_description import (
    CreateOnce,
    EntityKind,
    LengthUnit,
    MediaLimits,
    NetworkDescription,
    PollLimits,
    PostFormat,
    TextLimits,
    Visibility,
)
from socialcollab.directory.networks import NETWORKS, find_network, network, network_names
from socialcollab.directory.principal import Principal, as_principal, as_principals
from socialcollab.directory.profile import Profile
from socialcollab.directory.selector import (
    CONTEXT_KEYS,
    POST_KINDS,
    PROFILE_KEYS,
    Excluding,
    PostAttributes,
    PostKind,
    Selector,
    as_selector,
)
from socialcollab.directory.team import Team
from socialcollab.directory.workspace import Workspace

__all__ = [
    "CONTEXT_KEYS",
    "NETWORKS",
    "POST_KINDS",
    "PROFILE_KEYS",
    "Campaign",
    "CreateOnce",
    "EntityKind",
    "Excluding",
    "LengthUnit",
    "MediaLimits",
    "Member",
    "NetworkDescription",
    "NotificationPreference",
    "PollLimits",
    "PostAttributes",
    "PostFormat",
    "PostKind",
    "Principal",
    "Profile",
    "Selector",
    "Team",
    "TextLimits",
    "Visibility",
    "Workspace",
    "as_principal",
    "as_principals",
    "as_selector",
    "find_network",
    "network",
    "network_names",
]

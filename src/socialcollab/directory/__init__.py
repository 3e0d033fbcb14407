"""Who and where: workspaces, profiles, members, teams, campaigns; selectors and parties."""

from socialcollab.directory.campaign import Campaign
from socialcollab.directory.member import Member
from socialcollab.directory.network import (
    CreateOnce,
    MediaLimits,
    NetworkDescription,
    TextLimits,
)
from socialcollab.directory.networks import NETWORKS, network
from socialcollab.directory.notify import Notify
from socialcollab.directory.party import Party, as_parties, as_party
from socialcollab.directory.profile import Profile
from socialcollab.directory.selector import (
    CONTEXT_KEYS,
    PROFILE_KEYS,
    Excluding,
    Facts,
    Selector,
    as_selector,
)
from socialcollab.directory.team import Team
from socialcollab.directory.workspace import Workspace

__all__ = [
    "CONTEXT_KEYS",
    "NETWORKS",
    "PROFILE_KEYS",
    "Campaign",
    "CreateOnce",
    "Excluding",
    "Facts",
    "MediaLimits",
    "Member",
    "NetworkDescription",
    "Notify",
    "Party",
    "Profile",
    "Selector",
    "Team",
    "TextLimits",
    "Workspace",
    "as_parties",
    "as_party",
    "as_selector",
    "network",
]

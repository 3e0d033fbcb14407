"""The built-in networks: what each takes, with the page that says so and the date it was read."""

from socialcollab.directory.networks.bluesky import BLUESKY
from socialcollab.directory.networks.facebook import FACEBOOK
from socialcollab.directory.networks.instagram import INSTAGRAM
from socialcollab.directory.networks.linkedin import LINKEDIN
from socialcollab.directory.networks.lookup import NETWORKS, network
from socialcollab.directory.networks.mastodon import MASTODON
from socialcollab.directory.networks.x import X

__all__ = [
    "BLUESKY",
    "FACEBOOK",
    "INSTAGRAM",
    "LINKEDIN",
    "MASTODON",
    "NETWORKS",
    "X",
    "network",
]

"""Publish to Mastodon, and to other servers that implement its API."""

from socialcollab.networks.mastodon.network import Mastodon
from socialcollab.networks.mastodon.oauth import MastodonOAuth, register_app

__all__ = ["Mastodon", "MastodonOAuth", "register_app"]

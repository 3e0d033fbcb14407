"""Publish to Mastodon, and to other servers with its API."""

from socialcollab.networks.mastodon.network import Mastodon

__all__ = ["Mastodon"]

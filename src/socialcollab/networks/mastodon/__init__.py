"""Publish to Mastodon, and to other servers that implement its API."""

from socialcollab.networks.mastodon.network import Mastodon

__all__ = ["Mastodon"]

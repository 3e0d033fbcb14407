"""Publish to Instagram."""

from socialcollab.networks.instagram.network import Instagram
from socialcollab.networks.instagram.oauth import InstagramOAuth

__all__ = ["Instagram", "InstagramOAuth"]

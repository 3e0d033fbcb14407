"""Publish to Bluesky, and to other servers of the AT Protocol."""

from socialcollab.networks.bluesky.network import Bluesky

__all__ = ["Bluesky"]

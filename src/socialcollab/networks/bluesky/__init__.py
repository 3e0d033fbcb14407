"""Publish to Bluesky, and to other AT Protocol servers."""

from socialcollab.networks.bluesky.network import Bluesky

__all__ = ["Bluesky"]

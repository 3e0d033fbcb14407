"""Publish to X."""

from socialcollab.networks.x.network import X
from socialcollab.networks.x.oauth import XOAuth

__all__ = ["X", "XOAuth"]

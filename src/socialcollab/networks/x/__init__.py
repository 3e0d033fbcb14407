"""Publish to X."""

from socialcollab.networks.x.network import X
from socialcollab.networks.x.renewal import XRenewal

__all__ = ["X", "XRenewal"]

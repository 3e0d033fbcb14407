"""Publish to X."""

from socialcollab.networks.x.network import X

__all__ = ["X"]

"""Publish to Instagram."""

from socialcollab.networks.instagram.network import Instagram

__all__ = ["Instagram"]

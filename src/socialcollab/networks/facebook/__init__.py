"""Publish to Facebook Pages."""

from socialcollab.networks.facebook.network import Facebook

__all__ = ["Facebook"]

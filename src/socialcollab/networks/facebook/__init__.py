"""Publish to Facebook Pages."""

from socialcollab.networks.facebook.network import Facebook
from socialcollab.networks.facebook.oauth import FacebookOAuth

__all__ = ["Facebook", "FacebookOAuth"]

"""Adapters of networks, and the limits that all of them check."""

from socialcollab.networks.limits import limits_broken, text_to_send

__all__ = [
    "limits_broken",
    "text_to_send",
]

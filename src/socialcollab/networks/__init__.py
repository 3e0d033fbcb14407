"""Network adapters, and the limits that every adapter checks."""

from socialcollab.networks.limits import limits_broken, text_to_send

__all__ = [
    "limits_broken",
    "text_to_send",
]

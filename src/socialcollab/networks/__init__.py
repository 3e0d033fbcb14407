"""Network adapters, and the limits that every adapter checks."""

from socialcollab.networks.limits import text_to_send

__all__ = [
    "text_to_send",
]

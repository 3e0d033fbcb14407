"""How many examples a property draws."""

from __future__ import annotations

from hypothesis import settings

__all__ = ["a_third"]


def a_third() -> settings:
    """Draw a third of what other properties do: for those whose examples cost much."""
    return settings(max_examples=settings().max_examples // 3)

"""Hypothesis strategies for the library's values."""

from socialcollab.testing.strategies.documents import documents, odd_values

__all__ = ["documents", "odd_values"]

"""The laws of stores, by subject; `StoreContract` puts them together."""

from __future__ import annotations

__all__ = []

"""The store laws, by subject; `StoreContract` combines them."""

from __future__ import annotations

__all__ = []

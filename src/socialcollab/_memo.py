"""A cache of computed values, which are reused while their inputs stay the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar, cast

import attrs

T = TypeVar("T")


@attrs.frozen(eq=False)
class Identity:
    """
    A cache key, or part of a cache key, that compares an object by identity.

    Use it for objects that are slow to compare. It holds a reference to the object, so
    that no other object can be created at the same address and be mistaken for it.
    """

    of: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.of is self.of

    def __hash__(self) -> int:
        return id(self.of)


class Memo:
    """
    A thread-safe cache that stores each value with its basis: the inputs it was computed from.

    A key is a pair of a kind and a name, such as ``("snapshot", "post/…")``. If a kind
    has more than *limit* names, its oldest value is dropped. Two threads that use a
    memo at the same time may compute the same value twice, but neither of them receives
    a value that was computed from different inputs.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[str, tuple[object, object]]] = {}

    def get(self, key: tuple[str, str], basis: object, compute: Callable[[], T]) -> T:
        """Return the value stored for *key* with an equal *basis*, or compute and store it."""
        kind, name = key
        kept = self._kinds.get(kind, {}).get(name)
        if kept is not None and kept[0] == basis:
            return cast("T", kept[1])
        value = compute()
        self.keep(key, basis, value)
        return value

    def last(self, key: tuple[str, str]) -> object | None:
        """Return the latest value stored for *key*, whatever its basis, or None."""
        kind, name = key
        kept = self._kinds.get(kind, {}).get(name)
        return None if kept is None else kept[1]

    def keep(self, key: tuple[str, str], basis: object, value: object) -> None:
        """Store *value* for *key*, together with the basis it was computed from."""
        kind, name = key
        with self._lock:
            values = self._kinds.setdefault(kind, {})
            if name not in values and len(values) >= self._limit:
                del values[next(iter(values))]
            values[name] = basis, value

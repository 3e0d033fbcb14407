"""Keep computed values, and reuse them while what they depend on stays the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar, cast

import attrs

T = TypeVar("T")


@attrs.frozen(eq=False)
class Identity:
    """
    A key, or a part of one, that is equal only for the very same object.

    It is for objects whose own comparison is slow. It keeps the object alive, so that no other
    object takes over its address and is mistaken for it.
    """

    of: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.of is self.of

    def __hash__(self) -> int:
        return id(self.of)


class Memo:
    """
    One value for each key, kept with its basis: everything that the value depends on.

    A key is a pair of a kind and a name, such as ``("snapshot", "post/…")``. If a kind has more
    than *limit* names, its oldest value is dropped. Several threads may use a memo at once; they
    may compute a value twice, but never get one of another basis.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kinds: dict[str, dict[str, tuple[object, object]]] = {}

    def get(self, key: tuple[str, str], basis: object, compute: Callable[[], T]) -> T:
        """Return the value of *key* if it was kept with an equal *basis*; else compute and keep it."""
        kind, name = key
        kept = self._kinds.get(kind, {}).get(name)
        if kept is not None and kept[0] == basis:
            return cast("T", kept[1])
        value = compute()
        self.keep(key, basis, value)
        return value

    def last(self, key: tuple[str, str]) -> object | None:
        """Return the value that was kept last for *key*, whatever its basis, or None."""
        kind, name = key
        kept = self._kinds.get(kind, {}).get(name)
        return None if kept is None else kept[1]

    def keep(self, key: tuple[str, str], basis: object, value: object) -> None:
        """Keep the value of *key*."""
        kind, name = key
        with self._lock:
            values = self._kinds.setdefault(kind, {})
            if name not in values and len(values) >= self._limit:
                del values[next(iter(values))]
            values[name] = basis, value

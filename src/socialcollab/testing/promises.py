"""Mark laws with the promises they test, and run laws outside pytest."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

import pytest

_Law = TypeVar("_Law", bound=Callable[..., Any])


def promise(number: str) -> Callable[[_Law], _Law]:
    """Return a decorator that marks a law with the number of the promise it tests."""

    def mark(law: _Law) -> _Law:
        law.promise = number  # type: ignore[attr-defined]  # functions accept attributes
        return law

    return mark


def find_broken_promises(
    kit: type[Any], call: Callable[[Callable[..., Any]], None], *, only: Collection[str]
) -> dict[str, str]:
    """
    Run the laws of *kit* outside pytest.

    Args:
        kit: The class with the laws.
        call: A function that calls a law with a new object to test.
        only: The promises to test; if this is empty, all promises are tested.

    Returns:
        The message of the first failing law, for each broken promise.
    """
    laws = kit()
    broken: dict[str, str] = {}
    for name in sorted(dir(laws)):
        law = getattr(laws, name)
        number = getattr(law, "promise", None)
        if number is None or (only and number not in only):
            continue
        try:
            call(law)
        except pytest.skip.Exception:
            continue
        except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # any failure counts
            broken.setdefault(number, f"{name}: {error!r}")
    return broken

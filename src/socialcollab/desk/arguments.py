"""Checks for those arguments of desk methods that do not become part of a command."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from socialcollab.errors import InvalidValueError
from socialcollab.stores import Progress
from socialcollab.time import TimeLike, WallTime, as_wall_time

# Stores keep times as numbers of microseconds below 2**53.
_LAST_YEAR: Final = 2250


def id_of(value: Any, *classes: type) -> str:
    """
    Return the id of an object that a caller passed either as an object or as an id.

    Args:
        value: The object or the id.
        classes: The classes of objects that the method accepts.

    Raises:
        InvalidValueError: If *value* is neither an accepted object nor a string.
    """
    if isinstance(value, classes):
        name: str = value.id  # type: ignore[attr-defined]
        return name
    if isinstance(value, str):
        return value
    expected = " or ".join([*(f"a `{cls.__name__}`" for cls in classes), "its id"])
    raise InvalidValueError(f"`{value!r}` is not {expected}", value=value, expected=expected)


def planned_time(value: TimeLike, zone: str) -> WallTime:
    """
    Return the time for which a caller plans a post; local times are in *zone*.

    Raises:
        InvalidValueError: If *value* is not a time, is skipped or repeated, or is after 2250.
    """
    at = as_wall_time(value, zone)
    if at.local.year > _LAST_YEAR:
        raise InvalidValueError(
            f"a post cannot be planned for {at.local:%Y-%m-%d %H:%M}, after the year {_LAST_YEAR}",
            value=value,
            expected=f"a time before the end of {_LAST_YEAR}",
        )
    return at


def check_text(value: str, name: str) -> str:
    """
    Return *value* if it is a string.

    Raises:
        InvalidValueError: If *value* is not a string. The error message contains *name*.
    """
    if isinstance(value, str):
        return value
    raise InvalidValueError(
        f"`{name}` is `{value!r}`, not a string", value=value, expected="a string"
    )


def check_count(value: int, name: str) -> int:
    """
    Return *value* if it is a non-negative integer.

    Raises:
        InvalidValueError: If *value* is negative or not an integer. The error message contains
            *name*.
    """
    if type(value) is int and value >= 0:
        return value
    raise InvalidValueError(
        f"`{name}` is `{value!r}`, not a non-negative whole number",
        value=value,
        expected="a whole number",
    )


def check_seconds(value: float, name: str) -> float:
    """
    Return *value* if it is a finite, non-negative number of seconds.

    Raises:
        InvalidValueError: If *value* is anything else. The error message contains *name*.
    """
    if type(value) in (int, float) and 0 <= value < math.inf:
        return value
    raise InvalidValueError(
        f"`{name}` is `{value!r}`, not a non-negative number of seconds",
        value=value,
        expected="a number of seconds",
    )


def check_choice(value: str, name: str, *choices: str, hint: str = "") -> None:
    """
    Check that *value* is one of the choices.

    Raises:
        InvalidValueError: If *value* is not one of the choices. The error message contains *name*
            and *hint*.
    """
    if value in choices:
        return
    expected = " or ".join(f'"{choice}"' for choice in choices)
    suffix = f"; {hint}" if hint else ""
    raise InvalidValueError(
        f"`{name}` is `{value!r}`, not {expected}{suffix}", value=value, expected=expected
    )


def check_texts(value: Mapping[str, str], name: str) -> Mapping[str, str]:
    """
    Return *value* if it is a mapping of strings to strings.

    Raises:
        InvalidValueError: If *value* is anything else. The error message contains *name*.
    """
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            f"`{name}` is `{value!r}`, not a mapping", value=value, expected="a mapping"
        )
    for key, text in value.items():
        check_text(key, f"a key of {name}")
        check_text(text, f"{name}[{key!r}]")
    return value


def check_progress(value: Progress | None) -> Progress | None:
    """
    Return *value* if it is a function or None.

    Raises:
        InvalidValueError: If *value* is neither a function nor None.
    """
    if value is None or callable(value):
        return value
    raise InvalidValueError(
        f"`progress` is `{value!r}`, not a function",
        value=value,
        expected="a function that accepts the number of events processed and the total number",
    )

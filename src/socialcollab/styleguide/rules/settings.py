"""Converters of the settings of rules."""

from __future__ import annotations

from socialcollab.errors import InvalidValueError


def as_limit(value: int) -> int:
    """
    Return a limit of a rule.

    Raises:
        InvalidValueError: If the value is not a whole number from 0 on.
    """
    if type(value) is not int or value < 0:
        raise InvalidValueError(
            f"the limit is {value!r}", value=value, expected="a whole number from 0 on"
        )
    return value


def as_optional_limit(value: int | None) -> int | None:
    """
    Return a limit of a rule, or None.

    Raises:
        InvalidValueError: If the value is neither None nor a whole number from 0 on.
    """
    return None if value is None else as_limit(value)


def as_flag(value: object) -> bool:
    """
    Return a setting that is true or false.

    Raises:
        InvalidValueError: If the value is neither.
    """
    if type(value) is not bool:
        raise InvalidValueError(
            f"the setting is {value!r:.60}", value=value, expected="true or false"
        )
    return value

"""Messages for people, by code and language."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from socialcollab.errors import InvalidValueError

LANGUAGES = ("en", "nl")

_loaded: dict[str, Mapping[str, str]] = {}


def catalogue(language: str) -> Mapping[str, str]:
    """
    Return all message templates in *language*, by code.

    Raises:
        InvalidValueError: If there are no messages in that language.
    """
    if language not in LANGUAGES:
        raise InvalidValueError(
            f"there are no messages in `{language}`; choose {' or '.join(LANGUAGES)}",
            value=language,
            expected=" or ".join(LANGUAGES),
        )
    if language not in _loaded:
        module = import_module(f"socialcollab.verdicts.messages.{language}")
        _loaded[language] = cast("Mapping[str, str]", module.MESSAGES)
    return _loaded[language]


def message(code: str, params: Mapping[str, str], *, language: str = "en") -> str:
    """
    Return the message for *code*, with *params* filled in.

    >>> message("not_a_member", {"member": "zoe"})
    '`zoe` is not a member'

    Raises:
        InvalidValueError: If the language or the code does not exist, or if a parameter of the
            message is missing.
    """
    template = catalogue(language).get(code)
    if template is None:
        raise InvalidValueError(f"there is no message `{code}`", value=code)
    try:
        return template.format_map(params)
    except KeyError as error:
        raise InvalidValueError(
            f"message `{code}` requires the parameter {error}", value=dict(params)
        ) from error

"""Validate the types and sizes of all values in a command before it is decided."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from socialcollab.document_fields import NOT_IN_NAMES
from socialcollab.errors import InvalidValueError

MAX_TEXT: Final = 100_000
"""The maximum length of a text in a command, in characters; no network accepts longer texts."""

MAX_ITEMS: Final = 1_000
"""The maximum number of items in a list or table in a command."""

COMPUTED: Final[Mapping[str, object]] = {"computed": True}
"""The metadata of fields with values that a desk has computed, which are not checked again."""

_ONE_LINE: Final = frozenset(
    ("account", "external_id", "language", "links", "name", "network_id", "scopes", "tags", "url")
)
"""The fields whose texts cannot contain line breaks or control characters."""

_CONTROLS: Final = re.compile(f"[{NOT_IN_NAMES}]")

_NAMES: Final[Mapping[Any, str]] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    bytes: "bytes",
    dt.datetime: "a datetime",
    dt.date: "a date",
    dt.timedelta: "a timedelta",
    NoneType: "None",
}


def check_command(command: object, classes: Collection[type]) -> None:
    """
    Raise an error unless *command* is an instance of one of *classes* and its values are valid.

    Python does not check annotations. A command that a program builds from data could otherwise
    contain any value, which would be stored and could never be read again.

    Raises:
        InvalidValueError: If *command* is not a command, or if one of its values does not have the
            annotated type, is too long, or contains a character that cannot be stored.
    """
    cls = type(command)
    if cls not in classes:
        raise InvalidValueError(
            f"{_shown(command)} is not a command",
            value=command,
            expected="an instance of a class in `socialcollab.workflow.commands`",
        )
    _check_fields(command, cls, cls.__name__)


def _check_fields(value: object, cls: type, place: str) -> None:
    for name, hint, computed in _fields_of(cls):
        _check(getattr(value, name), hint, f"{place}.{name}", computed=computed)


@cache
def _fields_of(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(cls)
    return tuple(
        (attribute.name, hints[attribute.name], "computed" in attribute.metadata)
        for attribute in attrs.fields(cls)
    )


def _check(value: object, hint: Any, place: str, *, computed: bool = False) -> None:
    hint = getattr(hint, "__supertype__", hint)
    if hint is str and type(value) is str:
        _check_text(value, place)
        return
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        _check_union(value, parts, hint, place, computed=computed)
    elif origin is Literal:
        if value not in parts:
            raise _wrong(value, hint, place)
    elif origin is tuple:
        _check_items(value, parts, hint, place)
    elif origin in (frozenset, Mapping):
        if not isinstance(value, origin):
            raise _wrong(value, hint, place)
        _check_size(value, place)
        for item in value:
            _check(item, parts[0], f"{place}[{item!r}]")
            if isinstance(value, Mapping):
                _check(value[item], parts[1], f"{place}[{item!r}]")
    elif not _is_instance(value, hint):
        raise _wrong(value, hint, place)
    elif attrs.has(hint) and not computed:
        _check_fields(value, type(value), place)


def _is_instance(value: object, cls: Any) -> bool:
    # A bool is an int and a datetime is a date in Python, but they are not accepted as such here.
    exact = cls in (int, dt.date)
    return type(value) is cls if exact else isinstance(value, cls)


def _check_union(
    value: object, parts: tuple[Any, ...], hint: Any, place: str, *, computed: bool
) -> None:
    for part in parts:
        plain = getattr(part, "__supertype__", part)
        origin = get_origin(plain)
        if origin is Literal:
            matches = value in get_args(plain)
        else:
            kind = origin or plain
            matches = isinstance(kind, type) and _is_instance(value, kind)
        if matches:
            _check(value, plain, place, computed=computed)
            return
    raise _wrong(value, hint, place)


def _check_items(value: object, parts: tuple[Any, ...], hint: Any, place: str) -> None:
    several = len(parts) == 2 and parts[1] is ...
    if not isinstance(value, tuple) or not (several or len(value) == len(parts)):
        raise _wrong(value, hint, place)
    _check_size(value, place)
    for number, item in enumerate(value):
        _check(item, parts[0] if several else parts[number], f"{place}[{number}]")


def _check_size(value: Any, place: str) -> None:
    if len(value) > MAX_ITEMS:
        raise InvalidValueError(
            f"`{place}` has {len(value)} items, more than {MAX_ITEMS}",
            value=len(value),
            expected=f"at most {MAX_ITEMS} items",
        )


def _check_text(text: str, place: str) -> None:
    if len(text) > MAX_TEXT:
        raise InvalidValueError(
            f"`{place}` has {len(text)} characters, more than {MAX_TEXT}",
            value=len(text),
            expected=f"at most {MAX_TEXT} characters",
        )
    at = text.find("\0")
    if at >= 0:
        raise InvalidValueError(
            f"`{place}` contains a NUL character at position {at}, which no network accepts",
            value=text,
            expected="a text without NUL",
        )
    field = place.rpartition(".")[2].partition("[")[0]
    found = _CONTROLS.search(text) if field in _ONE_LINE else None
    if found is not None:
        raise InvalidValueError(
            f"`{place}` contains a line break or a control character at position {found.start()}",
            value=text,
            expected="one line of text",
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidValueError(
                f"`{place}` contains a lone surrogate at position {error.start},"
                " which cannot be encoded as UTF-8",
                value=text,
                expected="a string that can be encoded as UTF-8",
            ) from None


def _wrong(value: object, hint: Any, place: str) -> InvalidValueError:
    expected = _described(hint)
    return InvalidValueError(
        f"`{place}` is {_shown(value)}, not {expected}", value=value, expected=expected
    )


def _described(hint: Any) -> str:
    hint = getattr(hint, "__supertype__", hint)
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(f'"{part}"' for part in parts)
    if origin in (Union, UnionType):
        return " or ".join(map(_described, parts))
    if origin in (tuple, frozenset):
        return f"a list of: {_described(parts[0])}"
    if origin is Mapping:
        return "a table"
    return _NAMES.get(hint) or f"an instance of `{hint.__name__}`"


def _shown(value: object) -> str:
    # The `repr` of a value may be long, and may contain a secret.
    if value is None or isinstance(value, bool | int | float):
        return f"`{value!r}`"
    if isinstance(value, str):
        return f"`{value!r}`" if len(value) <= 60 else f"`{value[:60]!r}...`"
    return f"an instance of `{type(value).__name__}`"

"""Canonical JSON, in which each value has exactly one representation, and its digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from socialcollab.errors import InvalidValueError

Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

# JSON parsers that read numbers as floats lose digits of larger whole numbers.
_LARGEST = 2**53 - 1


def canonical_json(value: Json) -> bytes:
    r"""
    Return the canonical JSON text of *value*, in UTF-8.

    The result for a value is the same on every platform and in every version of
    Python. Floats are not supported: events do not contain any, and formatting them identically on
    every platform is the difficult part of RFC 8785.

    >>> canonical_json({"b": [1, True], "a": "é"})
    b'{"a":"\xc3\xa9","b":[1,true]}'

    Raises:
        InvalidValueError: If *value* contains a float, a whole number beyond
            2**53 - 1, a lone surrogate, a key that is not a string, or a value of another
            unsupported type.

    Source:
        RFC 8785.
    """
    return json_text(plain_json(value)).encode()


def plain_json(value: Json) -> Json:
    """
    Return a copy of *value* as plain lists and dictionaries, with keys in canonical order.

    Raises:
        InvalidValueError: If *value* has no canonical form. Lone surrogates are detected by
            `json_text`, not here.
    """
    return _plain(value, "$")


def json_text(plain: Json) -> str:
    """
    Return the canonical JSON text of a value that `plain_json` returned.

    Raises:
        InvalidValueError: If *plain* contains a lone surrogate.
    """
    if type(plain) is list and not plain:
        # Most fields of a post are empty lists, and each field is hashed separately.
        return "[]"
    text = _dumps(plain)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidValueError(
                f"the text contains a lone surrogate ({error.object[error.start]!r})",
                value=plain,
                expected="well-formed Unicode",
            ) from None
    return text


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _plain(value: Any, place: str) -> Json:
    """Return *value* as plain JSON, or raise an error that contains *place*."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return cast("Json", value)
    if kind is int:
        if not -_LARGEST <= value <= _LARGEST:
            raise InvalidValueError(
                f"whole number {value} at {place} is outside -2**53 + 1 to 2**53 - 1", value=value
            )
        return cast("int", value)
    # The exact type is checked first, because `isinstance` with an abstract class is slow.
    if kind is dict or isinstance(value, Mapping):
        return {
            key: item if type(item := value[key]) is str else _plain(item, f"{place}.{key}")
            for key in _in_order(value, place)
        }
    if kind is list or isinstance(value, (list, tuple)):
        return [
            item if type(item) is str else _plain(item, f"{place}[{number}]")
            for number, item in enumerate(value)
        ]
    raise InvalidValueError(
        f"{kind.__name__} {value!r} at {place} has no canonical JSON form",
        value=value,
        expected="strings, whole numbers, booleans, null, and lists and tables of these values",
    )


def _in_order(table: Mapping[Any, Any], place: str) -> list[str]:
    for key in table:
        if type(key) is not str:
            raise InvalidValueError(f"key {key!r} at {place} is not a string", value=key)
    keys: list[str] = sorted(table)
    if not "".join(keys).isascii():
        # RFC 8785 sorts keys by UTF-16 code units. Python sorts by code points, which
        # results in a different order for characters outside the basic multilingual plane.
        keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return keys


def salted_digest(salt: bytes, value: Json) -> str:
    """
    Return the SHA-256 digest of *salt* and the canonical JSON of *value*, in hexadecimal.

    If there were no salt, a short value such as a name could be guessed from its
    digest after the value itself has been erased.

    >>> salted_digest(bytes(16), "x")[:16]
    '3eeac30741e7ffab'
    """
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()

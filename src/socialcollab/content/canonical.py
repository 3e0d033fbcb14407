"""One byte string for one value: canonical JSON, and the digests made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from socialcollab.errors import InvalidValueError

Json: TypeAlias = bool | int | str | Sequence["Json"] | Mapping[str, "Json"] | None

_LARGEST = 2**53 - 1


def canonical_json(value: Json) -> bytes:
    r"""
    Write *value* as the one canonical JSON text, in UTF-8.

    The same value gives the same bytes on every platform and Python. Floats
    are refused: no event has one, and their printing is the hard part.

    >>> canonical_json({"b": [1, True], "a": "é"})
    b'{"a":"\xc3\xa9","b":[1,true]}'

    Raises:
        InvalidValueError: If something in it has no canonical form: a float,
            a whole number past 2**53 - 1, half a surrogate pair, a key that
            is no string, or another type.

    Source:
        RFC 8785.
    """
    return json_text(plain_json(value)).encode()


def plain_json(value: Json) -> Json:
    """
    Return a copy of *value* in lists and dictionaries, its keys in canonical order.

    Raises:
        InvalidValueError: As `canonical_json` does, but for half a surrogate pair.
    """
    return _plain(value, "$")


def json_text(plain: Json) -> str:
    """
    Write what `plain_json` returned.

    Raises:
        InvalidValueError: If there is half a surrogate pair in it.
    """
    if type(plain) is list and not plain:
        # Most fields of a post are empty lists, and each is hashed by itself.
        return "[]"
    text = _dumps(plain)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InvalidValueError(
                f"half a surrogate pair ({error.object[error.start]!r}) has no place in a text",
                value=plain,
                expected="well-formed Unicode",
            ) from None
    return text


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _plain(value: Any, place: str) -> Json:
    """Return *value* with its keys in order; refuse what has no canonical form."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return cast("Json", value)
    if kind is int:
        if not -_LARGEST <= value <= _LARGEST:
            raise InvalidValueError(
                f"whole number {value} at {place} is past 2**53 - 1", value=value
            )
        return cast("int", value)
    # Told by the exact type where it can be: asking an abstract class takes much longer.
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
        expected="strings, whole numbers, booleans, null, lists and tables of them",
    )


def _in_order(table: Mapping[Any, Any], place: str) -> list[str]:
    for key in table:
        if type(key) is not str:
            raise InvalidValueError(f"key {key!r} at {place} is no string", value=key)
    keys: list[str] = sorted(table)
    if not "".join(keys).isascii():
        # RFC 8785 sorts keys by UTF-16 code units, which differs beyond the basic plane.
        keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
    return keys


def salted_digest(salt: bytes, value: Json) -> str:
    """
    Return SHA-256 over *salt* and the canonical JSON of *value*, in hex.

    The salt keeps a short value, such as a name, from being guessed from its
    digest once the value itself has been erased.

    >>> salted_digest(bytes(16), "x")[:16]
    '3eeac30741e7ffab'
    """
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()

"""One byte string for one value: canonical JSON, and the digests made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from socialcollab.errors import InvalidValueError

__all__ = ["Json", "canonical_json", "salted_digest"]

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
    _check(value, "$")
    try:
        return _dumps(_sorted(value)).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidValueError(
            f"half a surrogate pair ({error.object[error.start]!r}) has no place in a text",
            value=value,
            expected="well-formed Unicode",
        ) from None


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _sorted(value: Json) -> Json:
    if isinstance(value, Mapping):
        # RFC 8785 sorts keys by UTF-16 code units, which differs beyond the basic plane.
        keys = sorted(value)
        if not all(key.isascii() for key in keys):
            keys.sort(key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {key: _sorted(value[key]) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_sorted(item) for item in value]
    return value


def _check(value: object, place: str) -> None:
    kind = type(value)
    if value is None or kind is str or kind is bool:
        return
    if kind is int:
        if not -_LARGEST <= value <= _LARGEST:  # type: ignore[operator]  # it is an int
            raise InvalidValueError(
                f"whole number {value} at {place} is past 2**53 - 1", value=value
            )
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str:
                raise InvalidValueError(f"key {key!r} at {place} is no string", value=key)
            _check(item, f"{place}.{key}")
        return
    if isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            _check(item, f"{place}[{number}]")
        return
    raise InvalidValueError(
        f"{kind.__name__} {value!r} at {place} has no canonical JSON form",
        value=value,
        expected="strings, whole numbers, booleans, null, lists and tables of them",
    )


def salted_digest(salt: bytes, value: Json) -> str:
    """
    Return SHA-256 over *salt* and the canonical JSON of *value*, in hex.

    The salt keeps a short value, such as a name, from being guessed from its
    digest once the value itself has been erased.

    >>> salted_digest(bytes(16), "x")[:16]
    '3eeac30741e7ffab'
    """
    return hashlib.sha256(salt + canonical_json(value)).hexdigest()

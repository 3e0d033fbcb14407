"""
Shapes: descriptions of the values that the organization's document may contain.

Each package defines its sections of the document as attrs classes, and the metadata of
each field contains the shape of its value. `socialcollab.organization` uses the shapes
to load and write the document, to report its faults and to generate its JSON Schema.
Shapes are plain data; nothing in this module reads a document.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol, Self, TypeVar

import attrs

from socialcollab.errors import InvalidValueError

_KEY = "socialcollab.shape"
_NAME = "socialcollab.key"

T = TypeVar("T")


@attrs.frozen
class Shape:
    """The base class of all shapes, each of which describes the valid values of a field."""


class Grammar(Protocol):
    """The protocol of classes whose values are written in the document as strings."""

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Parse the string.

        Raises:
            InvalidValueError: If *text* is not valid. The message shows a valid
                example.
        """
        ...

    def __str__(self) -> str: ...


NOT_IN_NAMES = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
"""The characters that a name cannot contain, for use in the brackets of a regular expression."""

NOT_IN_PROSE = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
"""The characters that prose cannot contain: control characters other than tabs and line breaks."""


@attrs.frozen(kw_only=True)
class Text(Shape):
    """
    The shape of a string, which cannot contain control characters.

    A name that contains a line break could be used to forge a line in an e-mail or a log. A name
    with a character that changes the text direction could look like a different name.

    Attributes:
        at_most: The maximum length in characters.
        prose: Whether the string is prose, which can contain tabs and line breaks.
        personal: Whether the string may contain personal data, such as a name or free prose.
            Personal strings are excluded from the document's digest and from the journal's hash
            chain, so that they can be erased.
        file: Whether the string is the name of one of the document's files.
    """

    at_most: int = 2000
    prose: bool = False
    personal: bool = False
    file: bool = False


@attrs.frozen
class Id(Shape):
    """The shape of the section's own identifier, which is unique within its *kind*."""

    kind: str


@attrs.frozen
class NameShape(Shape):
    """The shape of the id of a section of the given *kind*, or of a word in *also*."""

    kind: str
    also: tuple[str, ...] = ()


@attrs.frozen
class PrincipalShape(Shape):
    """The shape of a principal of one of the given *kinds*, such as ``member:ana``."""

    kinds: tuple[str, ...] = ("member", "team", "role", "rotation", "lead")


@attrs.frozen
class Choice(Shape):
    """The shape of a value that must be one of the given *words*."""

    words: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Integer(Shape):
    """The shape of a whole number from *at_least* to *at_most*."""

    at_least: int
    at_most: int


@attrs.frozen
class Boolean(Shape):
    """The shape of a boolean."""


@attrs.frozen
class Date(Shape):
    """The shape of a date without a time."""


@attrs.frozen
class LocalTime(Shape):
    """The shape of a local date and time in the section's zone, such as ``2026-05-04 19:55``."""


@attrs.frozen
class TimeOrDate(Shape):
    """The shape of a local date and time, or of a date, which means 00:00 on that date."""


@attrs.frozen(kw_only=True)
class Parsed(Shape):
    """
    The shape of a string that is parsed by a grammar, such as a duration.

    Attributes:
        grammar: The class that parses and prints the string.
        name: The name of the grammar in messages, such as "duration".
        pattern: An anchored regular expression that every valid string matches,
            for the JSON Schema; it must mean the same in ECMA 262 and Python.
        also: Types other than str that the class also accepts, such as `datetime.time`.
    """

    grammar: type[Grammar]
    name: str
    pattern: str
    also: tuple[type, ...] = ()


@attrs.frozen
class Section(Shape):
    """
    The shape of a table that is described by an attrs class.

    Attributes:
        cls: The class. The metadata of its fields contains their shapes.
        plain: The field that is set if the document contains a plain value instead of
            the table, as in ``on = "tulip-x"``; empty if that is not allowed.
        only: The fields that are allowed here; if empty, all fields are allowed.
    """

    cls: type[Any]
    plain: str = ""
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ListOf(Shape):
    """The shape of a list of at least *at_least* items, or of one item if *or_one* is set."""

    item: Shape
    or_one: bool = False
    at_least: int = 0


@attrs.frozen(kw_only=True)
class MapOf(Shape):
    """
    The shape of a table with arbitrary keys.

    Attributes:
        item: The shape of each value.
        key: The kind of identifier used as keys; if empty, any name is a valid key.
        dotted: Whether keys may contain dots.
    """

    item: Shape
    key: str = ""
    dotted: bool = False


@attrs.frozen
class Contact(Shape):
    """The shape of a table of personal addresses by channel; excluded from the digest."""


def as_words(value: str | Iterable[str]) -> tuple[str, ...]:
    """
    Return one word or several words as a tuple.

    >>> as_words("ana"), as_words(["ana", "ben"])
    (('ana',), ('ana', 'ben'))

    Raises:
        InvalidValueError: If the value, or one of its items, is not a string.
    """
    if isinstance(value, str):
        return (value,)
    words = as_items(value, "words")
    for word in words:
        if not isinstance(word, str):
            raise InvalidValueError(f"`{word!r}` is not a string", value=word, expected="a string")
    return words


def as_items(values: Iterable[T], kind: str) -> tuple[T, ...]:
    """
    Convert a collection to a tuple.

    Raises:
        InvalidValueError: If *values* is not a collection. The message contains *kind*, the plural
            name of its items.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidValueError(
            f"`{values!r}` is not a list of {kind}", value=values, expected=f"a list of {kind}"
        )
    return tuple(values)


def shape(value: Shape, /, *, key: str = "") -> dict[str, object]:
    """
    Return the metadata that declares *value* as the shape of an attrs field.

    A field without a default is also required in the document.

    Args:
        value: The shape.
        key: The key in the document, if it differs from the attribute's name.
    """
    return {_KEY: value, _NAME: key}


@attrs.frozen
class Field:
    """
    A field of a section's class that can be set in the document.

    Attributes:
        name: The name of the attribute.
        key: The key in the document.
        shape: The shape of the value.
        required: Whether the document must set the field.
    """

    name: str
    key: str
    shape: Shape
    required: bool


def fields_of(cls: Any) -> tuple[Field, ...]:
    """Return the fields of a section's class that have a shape, in definition order."""
    return _fields_of(cls)


@cache
def _fields_of(cls: Any) -> tuple[Field, ...]:
    return tuple(
        Field(
            name=attribute.name,
            key=attribute.metadata[_NAME] or attribute.name,
            shape=attribute.metadata[_KEY],
            required=attribute.default is attrs.NOTHING,
        )
        for attribute in attrs.fields(cls)
        if _KEY in attribute.metadata
    )

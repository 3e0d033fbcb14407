"""
Shapes: how an attrs class describes a section of the organization's document.

Each package describes its own sections with attrs classes, and every field
carries the shape of its value. `socialcollab.organization` loads and writes the
document, reports its faults and generates its JSON Schema from these shapes.
Shapes are data; nothing in this module reads a document.
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
    """The base class of all shapes: what a value of the document may be."""


class Grammar(Protocol):
    """A value that a document writes as a string, which it is parsed from and printed to."""

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read the string.

        Raises:
            InvalidValueError: If *text* has another form; the message shows a
                valid one.
        """
        ...

    def __str__(self) -> str: ...


@attrs.frozen(kw_only=True)
class Text(Shape):
    """
    A string.

    Attributes:
        at_most: The longest length, in characters.
        personal: Whether the string may hold personal data, such as a name or
            free prose. Personal strings are outside the document's digest and
            the journal's hash chain, so that they can be erased.
        file: Whether the string is the name of a file of the document.
    """

    at_most: int = 2000
    personal: bool = False
    file: bool = False


@attrs.frozen
class Id(Shape):
    """The identifier of the section itself, unique among those of its *kind*, such as "member"."""

    kind: str


@attrs.frozen
class NameShape(Shape):
    """The identifier of another section of *kind*, or one of the words in *also*."""

    kind: str
    also: tuple[str, ...] = ()


@attrs.frozen
class PrincipalShape(Shape):
    """A principal of one of *kinds*, such as ``member:ana`` or ``lead``."""

    kinds: tuple[str, ...] = ("member", "team", "role", "rotation", "lead")


@attrs.frozen
class Choice(Shape):
    """One of *words*."""

    words: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Integer(Shape):
    """A whole number within bounds."""

    at_least: int
    at_most: int


@attrs.frozen
class Boolean(Shape):
    """True or false."""


@attrs.frozen
class Date(Shape):
    """A date without a time."""


@attrs.frozen
class LocalTime(Shape):
    """A local date and time in the zone of the section, such as ``2026-05-04 19:55``."""


@attrs.frozen
class TimeOrDate(Shape):
    """A local date and time, or a date, which means its midnight."""


@attrs.frozen(kw_only=True)
class Parsed(Shape):
    """
    A string with a grammar of its own, such as a duration.

    Attributes:
        grammar: The class that parses and prints the string.
        name: The name of the grammar in messages, such as "duration".
        pattern: An anchored regular expression that every valid string matches,
            for the JSON Schema; it must mean the same in ECMA 262 and Python.
        also: Types other than str that the class accepts as they are.
    """

    grammar: type[Grammar]
    name: str
    pattern: str
    also: tuple[type, ...] = ()


@attrs.frozen
class Section(Shape):
    """
    A table described by an attrs class.

    Attributes:
        cls: The class; the metadata of its fields hold their shapes.
        plain: The field that a plain value fills, if the document may write one
            instead of the table, as in ``on = "tulip-x"``.
        only: The fields that are allowed here; empty for all of them.
    """

    cls: type[Any]
    plain: str = ""
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ListOf(Shape):
    """A list of at least *at_least* items; with *or_one*, a single value is a list of one."""

    item: Shape
    or_one: bool = False
    at_least: int = 0


@attrs.frozen(kw_only=True)
class MapOf(Shape):
    """
    A table with free keys.

    Attributes:
        item: The shape of each value.
        key: The kind of identifier that each key is; empty for any name.
        dotted: Whether keys may contain dots.
    """

    item: Shape
    key: str = ""
    dotted: bool = False


@attrs.frozen
class Contact(Shape):
    """A table of addresses by channel (``email``, ``slack``); personal, outside the digest."""


def as_words(value: str | Iterable[str]) -> tuple[str, ...]:
    """
    Convert one word or several to a tuple.

    >>> as_words("ana"), as_words(["ana", "ben"])
    (('ana',), ('ana', 'ben'))

    Raises:
        InvalidValueError: If the value, or an item of it, is not a text.
    """
    if isinstance(value, str):
        return (value,)
    words = as_items(value, "words")
    for word in words:
        if not isinstance(word, str):
            raise InvalidValueError(f"`{word!r}` is not a text", value=word, expected="a text")
    return words


def as_items(values: Iterable[T], kind: str) -> tuple[T, ...]:
    """
    Convert several values to a tuple.

    Raises:
        InvalidValueError: If *values* is not a collection; *kind* says what it should contain.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidValueError(
            f"`{values!r}` is not a list of {kind}", value=values, expected=f"a list of {kind}"
        )
    return tuple(values)


def shape(value: Shape, /, *, key: str = "") -> dict[str, object]:
    """
    Return metadata for an attrs field that hold the shape *value*.

    A field without a default is required in the document too.

    Args:
        value: The shape.
        key: The key in the document, if it differs from the attribute's name.
    """
    return {_KEY: value, _NAME: key}


@attrs.frozen
class Field:
    """
    A field of a section's class that the document can give.

    Attributes:
        name: The name of the attribute.
        key: The key in the document.
        shape: The shape of the value.
        required: Whether the document has to give it.
    """

    name: str
    key: str
    shape: Shape
    required: bool


def fields_of(cls: Any) -> tuple[Field, ...]:
    """Return the fields of a section's class that have a shape, in the order of definition."""
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

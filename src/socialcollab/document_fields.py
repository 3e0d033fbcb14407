"""
How a class says what a section of the organization's document may hold.

Each room describes its own sections with attrs classes; every field carries
the shape of its value. One walk (in `socialcollab.organization`) loads,
reports, writes and draws the JSON Schema of all of them from these shapes.
Shapes are data: nothing here reads or checks a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, Self

import attrs

_KEY = "socialcollab.shape"
_NAME = "socialcollab.key"


@attrs.frozen
class Shape:
    """What a value of the document may be; the root of the shapes below."""


class Grammar(Protocol):
    """A value that a document writes as one string: parsed from it, printed back to it."""

    @classmethod
    def parse(cls, text: str, /) -> Self:
        """
        Read the string.

        Raises:
            InvalidValueError: If it is not of the grammar; the message says what is.
        """
        ...

    def __str__(self) -> str: ...


@attrs.frozen(kw_only=True)
class Text(Shape):
    """
    Any string.

    Attributes:
        at_most: Longest length in characters.
        personal: Whether it names or describes a person, or is free prose, and
            so stays outside the document's digest and the journal's chain.
        file: Whether it names a file that the document ships with.
    """

    at_most: int = 2000
    personal: bool = False
    file: bool = False


@attrs.frozen
class Id(Shape):
    """The section's own identifier, unique among those of its *kind* ("member")."""

    kind: str


@attrs.frozen
class NameShape(Shape):
    """The identifier of another section of *kind*; *also* lists other words that are allowed."""

    kind: str
    also: tuple[str, ...] = ()


@attrs.frozen
class PrincipalShape(Shape):
    """A party: ``member:ana``, ``team:social``, ``role:editor``, ``rotation:weekend``, ``lead``."""

    kinds: tuple[str, ...] = ("member", "team", "role", "rotation", "lead")


@attrs.frozen
class Choice(Shape):
    """One of a few words."""

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
    """A calendar date without a time."""


@attrs.frozen
class LocalTime(Shape):
    """A local date and time, in the zone that the section inherits: ``2026-05-04 19:55``."""


@attrs.frozen
class TimeOrDate(Shape):
    """A local date and time, or a date, which means its first instant."""


@attrs.frozen(kw_only=True)
class Parsed(Shape):
    """
    A string of a grammar.

    Attributes:
        grammar: The class that reads and prints it.
        name: What it is called in messages, such as "duration".
        pattern: A regular expression (ECMA 262 and Python alike, anchored)
            that every valid string matches, for the JSON Schema.
        also: Types other than string that are passed to the class as they are.
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
        cls: The class; each of its fields has its `shape` in its metadata.
        plain: If the table may be given as one plain value, the name of the
            field which that value then fills (``on = "tulip-x"``).
        only: If given, the fields that are allowed at this place.
    """

    cls: type[Any]
    plain: str = ""
    only: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ListOf(Shape):
    """A list; with *or_one*, a single value stands for a list of one."""

    item: Shape
    or_one: bool = False
    at_least: int = 0


@attrs.frozen(kw_only=True)
class MapOf(Shape):
    """A table with free keys, each an identifier of kind *key* (or any name if empty)."""

    item: Shape
    key: str = ""
    dotted: bool = False


@attrs.frozen
class Contact(Shape):
    """A table of address per channel (``email``, ``slack``); personal, never in a digest."""


def as_words(value: str | Iterable[str]) -> tuple[str, ...]:
    """
    Convert one word or several to a tuple.

    >>> as_words("ana"), as_words(["ana", "ben"])
    (('ana',), ('ana', 'ben'))
    """
    return (value,) if isinstance(value, str) else tuple(value)


def shape(said: Shape, *, key: str = "") -> dict[str, object]:
    """
    Return the metadata of an attrs field that carries a shape.

    A field without a default is required in the document too.

    Args:
        said: What the document may hold there.
        key: The document's key, where the attribute's name differs from it.
    """
    return {_KEY: said, _NAME: key}


def field(
    shape: Shape, *, key: str = "", metadata: Mapping[str, Any] | None = None, **kw: Any
) -> Any:
    """
    Make an attrs field that carries *shape*.

    Args:
        shape: What the document may hold there.
        key: The document's key, where the attribute's name differs from it.
        metadata: Further attrs metadata.
        kw: Passed to `attrs.field`. A field without a default is required in
            the document too.
    """
    return attrs.field(metadata={**(metadata or {}), _KEY: shape, _NAME: key}, **kw)


def shape_of(attribute: attrs.Attribute[Any]) -> tuple[str, Shape] | None:
    """Return the document's key and the shape of a field, or None if it has none."""
    shape = attribute.metadata.get(_KEY)
    if shape is None:
        return None
    return attribute.metadata[_NAME] or attribute.name, shape

"""Rows of the indexes that a journal keeps beside its streams."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.stores.events import check_unicode

Column: TypeAlias = str | int | None

DUE = "due"
"""The projection that `due` reads; its column ``at`` holds microseconds since 1970, in UTC."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LARGEST = 2**53 - 1


def _names(values: Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


@attrs.frozen
class Projection:
    """
    What an projection holds and how it is sorted.

    Attributes:
        name: Its name, such as ``posts``; an projection named ``due`` needs the
            columns ``at`` (microseconds since 1970, UTC) and ``kind``.

        columns: The names of its columns.

        sorted_by: The columns that answers are sorted by, then by key. Nothing
            sorts before numbers, numbers before texts, texts by code point.

    Raises:
        InvalidValueError: If a name is no lower-case word, or is unknown or doubled.
    """

    name: str
    columns: tuple[str, ...] = attrs.field(converter=_names)
    sorted_by: tuple[str, ...] = attrs.field(default=(), converter=_names)

    def __attrs_post_init__(self) -> None:
        for name in (self.name, *self.columns):
            if not _NAME.fullmatch(name):
                raise InvalidValueError(
                    f"projection or column name {name!r} is no lower-case word of up to 40 letters",
                    value=name,
                )
        for what, names in (("columns", self.columns), ("sorted_by", self.sorted_by)):
            if len(set(names)) != len(names):
                raise InvalidValueError(
                    f"{what} of projection `{self.name}` name one twice", value=names
                )
        for name in self.sorted_by:
            if name not in self.columns:
                raise InvalidValueError(
                    f"projection `{self.name}` is sorted by `{name}`, which is none of its columns",
                    value=name,
                    expected=", ".join(self.columns),
                )
        if self.name == DUE and not {"at", "kind"} <= set(self.columns):
            raise InvalidValueError(
                "projection `due` lacks the column `at` or `kind`",
                value=self.columns,
                expected="columns at and kind",
            )


@attrs.frozen
class Row:
    """
    One row of an projection, made from one stream's own events.

    Attributes:
        projection: The name of the projection.

        key: What the row is about; unique within the projection and organization.

        stream: The stream whose events it is made from.

        columns: A value for each of the projection's columns: a text, a whole
            number within 2**53 - 1, or None.
    """

    projection: str
    key: str
    stream: str
    columns: Mapping[str, Column] = attrs.field(hash=False)


def check_projections(projections: Sequence[Projection]) -> dict[str, Projection]:
    """Return the declared indexes by name; refuse one that is declared twice."""
    by_name: dict[str, Projection] = {}
    for projection in projections:
        if projection.name in by_name:
            raise InvalidValueError(
                f"projection `{projection.name}` is declared twice", value=projection.name
            )
        by_name[projection.name] = projection
    return by_name


def check_column(projection: str, name: str, value: object) -> None:
    """Refuse a value that no column may hold."""
    if value is None:
        return
    if type(value) is str:
        check_unicode(f"column `{name}` of a row of projection `{projection}`", value)
        return
    if type(value) is int and -_LARGEST <= value <= _LARGEST:
        return
    raise InvalidValueError(
        f"column `{name}` of a row of projection `{projection}` holds {value!r}",
        value=value,
        expected="a text, a whole number within 2**53 - 1, or None",
    )


def values_of(projection: Projection, row: Row) -> tuple[Column, ...]:
    """
    Return the row's values in the order of the projection's columns.

    Raises:
        InvalidValueError: If columns are missing or unknown, or hold another kind of value.
    """
    columns = row.columns
    try:
        values = tuple([columns[name] for name in projection.columns])
    except KeyError as error:
        raise InvalidValueError(
            f"row `{row.key}` of projection `{projection.name}` lacks the column `{error.args[0]}`",
            value=row.key,
            expected=", ".join(projection.columns),
        ) from None
    if len(columns) != len(values):
        extra = sorted(set(columns) - set(projection.columns))
        raise InvalidValueError(
            f"row `{row.key}` of projection `{projection.name}` has the column `{extra[0]}`,"
            " which the projection does not",
            value=row.key,
            expected=", ".join(projection.columns),
        )
    for name, value in zip(projection.columns, values, strict=True):
        check_column(projection.name, name, value)
    return values


def sort_key(values: Sequence[Column]) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts values as every store must: nothing, numbers, then texts."""
    return tuple(
        (0, 0, "") if value is None else (1, value, "") if isinstance(value, int) else (2, 0, value)
        for value in values
    )

"""Projections: declared tables whose rows are derived from the events of a journal."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.stores.events import check_unicode

Column: TypeAlias = str | int | None
"""The value of a column."""

DUE = "due"
"""The name of the projection that `due` reads. Its column ``at`` contains microseconds since 1970."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LARGEST = 2**53 - 1


def _as_names(values: Sequence[str]) -> tuple[str, ...]:
    return (values,) if isinstance(values, str) else tuple(values)


def _as_indexes(values: Sequence[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(_as_names, _as_names(values) if isinstance(values, str) else values))


@attrs.frozen
class Projection:
    """
    The declaration of a projection, with its columns and its sort order.

    Attributes:
        name: The name, such as ``posts``. A projection named ``due`` must have the columns ``at``
            (microseconds since 1970, UTC) and ``kind``.
        columns: The names of the columns.
        sorted_by: The columns that queries sort by, followed by the key. None sorts before
            numbers, and numbers sort before strings. Strings are sorted by code point.
        indexes: The columns, or combinations of columns, that queries often filter by. A query with
            values for all columns of an index should read only rows that match these values.

    Raises:
        InvalidValueError: If a name is not a lower-case word, if a name is repeated, or if
            *sorted_by* or *indexes* contains an unknown column.
    """

    name: str
    columns: tuple[str, ...] = attrs.field(converter=_as_names)
    sorted_by: tuple[str, ...] = attrs.field(default=(), converter=_as_names)
    indexes: tuple[tuple[str, ...], ...] = attrs.field(default=(), converter=_as_indexes)

    def __attrs_post_init__(self) -> None:
        for name in (self.name, *self.columns):
            if not _NAME.fullmatch(name):
                raise InvalidValueError(
                    f"{name!r} is not a valid name for a projection or column; use a lower-case"
                    " word of up to 40 letters",
                    value=name,
                )
        for attribute, names in (
            ("columns", self.columns),
            ("sorted_by", self.sorted_by),
            *(("an index", names) for names in self.indexes),
        ):
            if len(set(names)) != len(names):
                raise InvalidValueError(
                    f"{attribute} of projection `{self.name}` contains a name twice", value=names
                )
        used = [("is sorted by", name) for name in self.sorted_by]
        used += [("has an index on", name) for names in self.indexes for name in names]
        for use, name in used:
            if name not in self.columns:
                raise InvalidValueError(
                    f"projection `{self.name}` {use} `{name}`, which is not one of its columns",
                    value=name,
                    expected=", ".join(self.columns),
                )
        if self.name == DUE and not {"at", "kind"} <= set(self.columns):
            raise InvalidValueError(
                "projection `due` must have the columns `at` and `kind`",
                value=self.columns,
                expected="columns at and kind",
            )


@attrs.frozen
class Row:
    """
    One row of a projection, derived from the events of one stream.

    Attributes:
        projection: The name of the projection.
        key: The key, which identifies the row within the projection and the organization.
        stream: The stream from whose events the row is derived.
        columns: The value of each column: a string, a whole number from -(2**53 - 1) to 2**53 - 1,
            or None.
    """

    projection: str
    key: str
    stream: str
    columns: Mapping[str, Column] = attrs.field(hash=False)


def check_projections(projections: Sequence[Projection]) -> dict[str, Projection]:
    """
    Return the projections by name.

    Raises:
        InvalidValueError: If a name is declared twice.
    """
    by_name: dict[str, Projection] = {}
    for projection in projections:
        if projection.name in by_name:
            raise InvalidValueError(
                f"projection `{projection.name}` is declared twice", value=projection.name
            )
        by_name[projection.name] = projection
    return by_name


def declare_projections(
    declared: Mapping[str, Projection], needed: Sequence[Projection]
) -> Mapping[str, Projection]:
    """
    Return the projections that a store has after `Store.ensure_projections`.

    A store that was created without projections adopts the needed projections. Any other store must
    have been created with these projections.

    Args:
        declared: The projections that the store was created with, by name.
        needed: The projections that the caller needs.

    Raises:
        InvalidValueError: If the store was created with projections, but a needed projection is
            missing or defined differently.
    """
    wanted = check_projections(needed)
    if not declared:
        return wanted
    lacking = tuple(name for name in wanted if declared.get(name) != wanted[name])
    if lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        raise InvalidValueError(
            f"the projections that the store was created with do not include {names}, or define"
            " them differently; create the store without projections to let it adopt the needed"
            " ones",
            value=lacking,
            expected="a store without projections, or with all needed projections",
        )
    return declared


def dump_projections(projections: Mapping[str, Projection]) -> str:
    """
    Return the declared projections as one string, which does not depend on their order.

    A store that saves this string with an organization's rows can later detect that the rows were
    written for other projections.
    """
    return json.dumps(
        [[p.name, p.columns, p.sorted_by, p.indexes] for _, p in sorted(projections.items())]
    )


def check_column(projection: str, name: str, value: object) -> None:
    """Raise an error if *value* is not a valid column value."""
    if value is None:
        return
    if type(value) is str:
        check_unicode(f"column `{name}` of a row of projection `{projection}`", value)
        return
    if type(value) is int and -_LARGEST <= value <= _LARGEST:
        return
    raise InvalidValueError(
        f"column `{name}` of a row of projection `{projection}` is {value!r}",
        value=value,
        expected="a string, a whole number within 2**53 - 1, or None",
    )


def values_of(projection: Projection, row: Row) -> tuple[Column, ...]:
    """
    Return the values of a row in the order of the projection's columns.

    Raises:
        InvalidValueError: If columns are missing or unknown, or a value has the wrong type.
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
            f"row `{row.key}` has the column `{extra[0]}`, which projection `{projection.name}`"
            " does not have",
            value=row.key,
            expected=", ".join(projection.columns),
        )
    for name, value in zip(projection.columns, values, strict=True):
        check_column(projection.name, name, value)
    return values


def sort_key(values: Sequence[Column]) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key for the order that every store uses: None, then numbers, then strings."""
    return tuple(
        (0, 0, "") if value is None else (1, value, "") if isinstance(value, int) else (2, 0, value)
        for value in values
    )

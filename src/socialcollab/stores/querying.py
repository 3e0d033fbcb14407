"""What every store checks before it answers from an index."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from socialcollab.errors import InvalidValueError
from socialcollab.stores.appending import Values
from socialcollab.stores.events import microseconds
from socialcollab.stores.rows import DUE, Column, Index, Row, check_column, values_of

__all__ = ["Where", "check_due", "check_limit", "check_query", "lease_end", "row_of"]

Where: TypeAlias = tuple[tuple[str, tuple[Column, ...]], ...]
"""For each column that is asked about, in the order of the index, the values it may have."""

_LARGEST_LIMIT = 2**31


def declared_index(indexes: Mapping[str, Index], name: str) -> Index:
    """Return the index of that name, or refuse it."""
    index = indexes.get(name)
    if index is None:
        raise InvalidValueError(
            f"index `{name}` is not declared",
            value=name,
            expected=", ".join(indexes) or "declare indexes when the store is made",
        )
    return index


def check_limit(limit: object) -> None:
    """Refuse a limit that is no number from 1 on."""
    if type(limit) is not int or not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidValueError(f"limit {limit!r} is not a number from 1 on", value=limit)


def check_query(
    indexes: Mapping[str, Index],
    name: str,
    where: Mapping[str, Column | tuple[Column, ...]] | None,
    after: Row | None,
    limit: int,
) -> tuple[Index, Where, Values | None]:
    """
    Check a query; return its index, its conditions, and the values it starts after.

    Raises:
        InvalidValueError: If the index or a column is not declared, or a value
            is of another kind.
    """
    index = declared_index(indexes, name)
    check_limit(limit)
    wanted: Where = ()
    if where:
        for column in where:
            if column not in index.columns:
                raise InvalidValueError(
                    f"index `{name}` has no column `{column}`",
                    value=column,
                    expected=", ".join(index.columns),
                )
        wanted = tuple(
            (column, _several(where[column])) for column in index.columns if column in where
        )
        for column, values in wanted:
            for value in values:
                check_column(name, column, value)
    if after is None:
        return index, wanted, None
    if after.index != name:
        raise InvalidValueError(
            f"row `{after.key}` to go on after is of index `{after.index}`, not `{name}`",
            value=after.index,
            expected=name,
        )
    values_of(index, after)
    return index, wanted, (*[after.columns[column] for column in index.sorted_by], after.key)


def check_due(indexes: Mapping[str, Index], limit: int, worker: str, lease_s: float) -> Index:
    """Check what `due` is given; return the index."""
    check_limit(limit)
    if not worker:
        raise InvalidValueError("worker has no name", value=worker)
    if not lease_s > 0:
        raise InvalidValueError(
            f"lease of {lease_s} seconds does not last", value=lease_s, expected="more than 0"
        )
    return declared_index(indexes, DUE)


def lease_end(now: dt.datetime, lease_s: float) -> int:
    """Return when a lease taken at *now* lapses, in microseconds since 1970."""
    return microseconds(now) + round(lease_s * 1_000_000)


def row_of(index: Index, key: str, stream: str, values: Values) -> Row:
    """Make the row again from its values in the index's order."""
    return Row(index.name, key, stream, dict(zip(index.columns, values, strict=True)))


def _several(value: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    return value if isinstance(value, tuple) else (value,)

"""What every store checks before it answers from an projection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from socialcollab.errors import InvalidValueError
from socialcollab.stores.building.appending import Values
from socialcollab.stores.events import microseconds
from socialcollab.stores.rows import DUE, Column, Projection, Row, check_column, values_of

Where: TypeAlias = tuple[tuple[str, tuple[Column, ...]], ...]
"""For each column that is asked about, in the order of the projection, the values it may have."""

_LARGEST_LIMIT = 2**31


def declared_projection(projections: Mapping[str, Projection], name: str) -> Projection:
    """Return the projection of that name, or refuse it."""
    projection = projections.get(name)
    if projection is None:
        raise InvalidValueError(
            f"projection `{name}` is not declared",
            value=name,
            expected=", ".join(projections) or "declare indexes when the store is made",
        )
    return projection


def check_limit(limit: object) -> None:
    """Refuse a limit that is no number from 1 on."""
    if type(limit) is not int or not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidValueError(f"limit {limit!r} is not a number from 1 on", value=limit)


def check_query(
    projections: Mapping[str, Projection],
    name: str,
    where: Mapping[str, Column | tuple[Column, ...]] | None,
    after: Row | None,
    limit: int,
) -> tuple[Projection, Where, Values | None]:
    """
    Check a query; return its projection, its conditions, and the values it starts after.

    Raises:
        InvalidValueError: If the projection or a column is not declared, or a value
            is of another kind.
    """
    projection = declared_projection(projections, name)
    check_limit(limit)
    wanted: Where = ()
    if where:
        for column in where:
            if column not in projection.columns:
                raise InvalidValueError(
                    f"projection `{name}` has no column `{column}`",
                    value=column,
                    expected=", ".join(projection.columns),
                )
        wanted = tuple(
            (column, _several(where[column])) for column in projection.columns if column in where
        )
        for column, values in wanted:
            for value in values:
                check_column(name, column, value)
    if after is None:
        return projection, wanted, None
    if after.projection != name:
        raise InvalidValueError(
            f"row `{after.key}` to go on after is of projection `{after.projection}`, not `{name}`",
            value=after.projection,
            expected=name,
        )
    values_of(projection, after)
    return (
        projection,
        wanted,
        (*[after.columns[column] for column in projection.sorted_by], after.key),
    )


def check_due(
    projections: Mapping[str, Projection], limit: int, worker: str, lease_s: float
) -> Projection:
    """Check what `due` is given; return the projection."""
    check_limit(limit)
    if not worker:
        raise InvalidValueError("worker has no name", value=worker)
    if not lease_s > 0:
        raise InvalidValueError(
            f"lease of {lease_s} seconds does not last", value=lease_s, expected="more than 0"
        )
    return declared_projection(projections, DUE)


def lease_end(now: dt.datetime, lease_s: float) -> int:
    """Return when a lease taken at *now* lapses, in microseconds since 1970."""
    return microseconds(now) + round(lease_s * 1_000_000)


def row_of(projection: Projection, key: str, stream: str, values: Values) -> Row:
    """Make the row again from its values in the projection's order."""
    return Row(projection.name, key, stream, dict(zip(projection.columns, values, strict=True)))


def _several(value: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    return value if isinstance(value, tuple) else (value,)

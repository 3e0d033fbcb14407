"""Checks for the arguments of store methods, and the errors that stores raise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from socialcollab.errors import ConflictError, InvalidValueError, StaleProjectionError
from socialcollab.stores.events import NewEvent, check_stream, check_unicode, microseconds
from socialcollab.stores.projections import DUE, Column, Projection, Row, check_column, values_of
from socialcollab.stores.toolkit.stream_heads import RowValues, StreamHead, StreamRows

Conditions: TypeAlias = tuple[tuple[str, tuple[Column, ...]], ...]
"""The allowed values of each column that a query filters by, in the projection's column order."""

_LARGEST_LIMIT = 2**31


@attrs.frozen
class AppendPlan:
    """
    The validated arguments of an append.

    Attributes:
        expected_versions: The expected version of each stream, sorted by stream.
        events: The new events, in the order given.
        snapshots: The new snapshot of each stream that receives events.
        rows: The rows of each stream that receives events.
    """

    expected_versions: tuple[tuple[str, int], ...]
    events: tuple[NewEvent, ...]
    snapshots: Mapping[str, bytes]
    rows: Mapping[str, StreamRows]


def check_append(
    events: Sequence[NewEvent],
    expected_versions: Mapping[str, int],
    rows: Sequence[Row],
    snapshots: Mapping[str, bytes],
    projections: Mapping[str, Projection],
) -> AppendPlan:
    """
    Check the arguments of an append before the store reads or locks anything.

    Raises:
        InvalidValueError: If the arguments are invalid or contradict each other.
    """
    if not events:
        raise InvalidValueError("an append needs at least one event", expected="an event")
    by_stream: dict[str, StreamRows] = {event.stream: {} for event in events}
    if len(events) > 1 and len({event.id for event in events}) != len(events):
        raise InvalidValueError("two events of one append have the same id", expected="unique ids")
    for stream, version in expected_versions.items():
        if stream not in by_stream:
            check_stream(stream)
        if type(version) is not int or version < 0:
            raise InvalidValueError(
                f"expected version {version!r} of stream `{stream}` is not a non-negative"
                " whole number",
                value=version,
                expected="a version, or 0 for a stream that must not exist",
            )
    for stream in by_stream:
        if stream not in expected_versions:
            raise InvalidValueError(
                f"events are appended to stream `{stream}`, but expected_versions does not"
                " contain it",
                value=stream,
                expected="a version for every stream appended to",
            )
        if type(snapshots.get(stream)) is not bytes:
            raise InvalidValueError(
                f"events are appended to stream `{stream}`, but snapshots contains no bytes for it",
                value=stream,
                expected="a snapshot for every stream appended to",
            )
    if len(snapshots) != len(by_stream):
        extra = sorted(set(snapshots) - set(by_stream))
        raise InvalidValueError(
            f"snapshots contains stream `{extra[0]}`, to which no event is appended",
            value=extra[0],
            expected="snapshots of the streams appended to",
        )
    collect_rows(rows, by_stream, projections)
    for event in events:
        for version, names in event.erases.items():
            # A tombstone can erase only values from earlier appends, not from the same append.
            if version > expected_versions[event.stream]:
                raise nothing_to_erase_error(event.stream, version, names[0])
    return AppendPlan(tuple(sorted(expected_versions.items())), tuple(events), snapshots, by_stream)


def collect_rows(
    rows: Iterable[Row],
    by_stream: Mapping[str, StreamRows],
    projections: Mapping[str, Projection],
) -> None:
    """
    Check *rows* and add each to the entry of its stream in *by_stream*.

    Raises:
        InvalidValueError: If a row is invalid, or its stream is not a key of *by_stream*.
    """
    seen = set()
    for row in rows:
        declared = _declared(projections, row.projection)
        if row.stream not in by_stream:
            raise InvalidValueError(
                f"row `{row.key}` of projection `{row.projection}` belongs to stream"
                f" `{row.stream}`, to which no event is appended",
                value=row.stream,
                expected="rows of the streams appended to",
            )
        if type(row.key) is not str or not row.key:
            raise InvalidValueError(
                f"key {row.key!r} of a row of projection `{row.projection}` is empty or not a"
                " string",
                value=row.key,
            )
        check_unicode(f"the key of a row of projection `{row.projection}`", row.key)
        place = (row.projection, row.key)
        if place in seen:
            raise InvalidValueError(
                f"two rows of projection `{row.projection}` have the key `{row.key}`", value=row.key
            )
        seen.add(place)
        by_stream[row.stream][place] = values_of(declared, row)


def check_expected_versions(
    expected_versions: Iterable[tuple[str, int]], heads: Mapping[str, StreamHead]
) -> None:
    """
    Compare the expected versions with the heads of the streams.

    Raises:
        ConflictError: If a stream has a different version. The error names the first such stream.
    """
    for stream, version in expected_versions:
        head = heads.get(stream)
        actual = head.version if head is not None else 0
        if actual != version:
            raise ConflictError(stream=stream, expected=version, actual=actual)


def duplicate_id_error(event_id: str) -> InvalidValueError:
    """Return the error for an event id that is already stored."""
    return InvalidValueError(
        f"event id `{event_id}` is already stored", value=event_id, expected="a new id"
    )


def key_taken_error(projection: str, key: str, owner: str) -> InvalidValueError:
    """Return the error for a row whose key belongs to another stream."""
    return InvalidValueError(
        f"row `{key}` of projection `{projection}` belongs to stream `{owner}`",
        value=key,
        expected="a key that no other stream uses",
    )


def nothing_to_erase_error(stream: str, version: int, name: str) -> InvalidValueError:
    """Return the error for a tombstone that erases a personal value that was never stored."""
    return InvalidValueError(
        f"version {version} of stream `{stream}` has no personal value `{name}` to erase",
        value=name,
        expected="a personal value of an event that is already stored",
    )


def stale_projection_error(organization: str) -> StaleProjectionError:
    """Return the error for rows that were written for other projections."""
    return StaleProjectionError(
        f"the projection rows of `{organization}` were written for projections other than the"
        " declared ones; rebuild them with reindex(reducer)"
    )


def check_limit(limit: object) -> None:
    """Raise an error if *limit* is not a positive whole number."""
    if type(limit) is not int or not 1 <= limit <= _LARGEST_LIMIT:
        raise InvalidValueError(f"limit {limit!r} is not a positive whole number", value=limit)


def check_query(
    projections: Mapping[str, Projection],
    name: str,
    where: Mapping[str, Column | tuple[Column, ...]] | None,
    after: Row | None,
    limit: int,
) -> tuple[Projection, Conditions, RowValues | None]:
    """
    Check the arguments of a query.

    Returns:
        The projection, the conditions, and the sort values of the row to continue after, or None.

    Raises:
        InvalidValueError: If the projection or a column is not declared, or a value has the wrong
            type.
    """
    projection = _declared(projections, name)
    check_limit(limit)
    conditions: Conditions = ()
    if where:
        for column in where:
            if column not in projection.columns:
                raise InvalidValueError(
                    f"projection `{name}` has no column `{column}`",
                    value=column,
                    expected=", ".join(projection.columns),
                )
        conditions = tuple(
            (column, _as_choices(where[column])) for column in projection.columns if column in where
        )
        for column, values in conditions:
            for value in values:
                check_column(name, column, value)
    if after is None:
        return projection, conditions, None
    if after.projection != name:
        raise InvalidValueError(
            f"the row passed as after, `{after.key}`, belongs to projection `{after.projection}`,"
            f" not to `{name}`",
            value=after.projection,
            expected=name,
        )
    values_of(projection, after)
    start = (*[after.columns[column] for column in projection.sorted_by], after.key)
    return projection, conditions, start


def find_index(projection: Projection, conditions: Conditions) -> tuple[str, ...]:
    """
    Return the largest index whose columns a query specifies completely, or an empty tuple.

    >>> posts = Projection("posts", ("author", "state"), indexes=("state", ("author", "state")))
    >>> find_index(posts, (("author", ("ana",)), ("state", ("draft",))))
    ('author', 'state')
    """
    names = {name for name, _ in conditions}
    usable = [index for index in projection.indexes if names.issuperset(index)]
    return max(usable, key=len, default=())


def check_due(
    projections: Mapping[str, Projection], limit: int, worker: str, lease_s: float
) -> Projection:
    """Check the arguments of `due` and return its projection."""
    check_limit(limit)
    if not worker:
        raise InvalidValueError("the name of the worker is empty", value=worker)
    if not lease_s > 0:
        raise InvalidValueError(
            f"lease_s is {lease_s}, which is not a positive number",
            value=lease_s,
            expected="more than 0",
        )
    return _declared(projections, DUE)


def lease_end(now: dt.datetime, lease_s: float) -> int:
    """Return the end of a lease that begins at *now*, in microseconds since 1970."""
    return microseconds(now) + round(lease_s * 1_000_000)


def make_row(projection: Projection, key: str, stream: str, values: Sequence[Column]) -> Row:
    """Return the row with these values, which are in the order of the projection's columns."""
    return Row(projection.name, key, stream, dict(zip(projection.columns, values, strict=True)))


def _declared(projections: Mapping[str, Projection], name: str) -> Projection:
    projection = projections.get(name)
    if projection is None:
        raise InvalidValueError(
            f"projection `{name}` is not declared",
            value=name,
            expected=", ".join(projections) or "declare projections when creating the store",
        )
    return projection


def _as_choices(value: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    return value if isinstance(value, tuple) else (value,)

"""What every store checks before an append, and how it keeps a stream's rows at its head."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import attrs

from socialcollab.errors import ConflictError, InvalidValueError
from socialcollab.stores.events import NewEvent, check_stream, check_unicode
from socialcollab.stores.rows import Column, Projection, Row, values_of

Values: TypeAlias = tuple[Column, ...]

Rows: TypeAlias = dict[tuple[str, str], Values]
"""The rows of one stream: values in the order of the index's columns, by projection and key."""

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@attrs.frozen
class Head:
    """
    Where a stream is, and what is kept about it.

    Attributes:
        version: The version of its last event, 0 while it has none.

        hash: The hash of that event, or an empty text.

        rows: The stream's projection rows as `rows_text` writes them.
    """

    version: int
    hash: str
    rows: str


@attrs.frozen
class Append:
    """
    A checked append.

    Attributes:
        expects: The expected version of each stream, in stream order.

        events: The new events, in the order given.

        records: The new record of each stream appended to.

        rows: The rows of each stream appended to.
    """

    expected_versions: tuple[tuple[str, int], ...]
    events: tuple[NewEvent, ...]
    snapshots: Mapping[str, bytes]
    rows: Mapping[str, Rows]


def prepare(
    events: Sequence[NewEvent],
    expected_versions: Mapping[str, int],
    rows: Sequence[Row],
    snapshots: Mapping[str, bytes],
    projections: Mapping[str, Projection],
) -> Append:
    """
    Check what an append is given, before anything is read or locked.

    Raises:
        InvalidValueError: If the arguments do not fit each other.
    """
    if not events:
        raise InvalidValueError("an append has no event", expected="at least one event")
    by_stream: dict[str, Rows] = {event.stream: {} for event in events}
    if len(events) > 1 and len({event.id for event in events}) != len(events):
        raise InvalidValueError("two events of one append have the same id", expected="ids unique")
    for stream, version in expected_versions.items():
        if stream not in by_stream:
            check_stream(stream)
        if type(version) is not int or version < 0:
            raise InvalidValueError(
                f"expected version {version!r} of stream `{stream}` is not a number from 0 on",
                value=version,
                expected="a version, or 0 for a stream that must not exist",
            )
    for stream in by_stream:
        if stream not in expected_versions:
            raise InvalidValueError(
                f"stream `{stream}` is appended to, but its version is not in expected_versions",
                value=stream,
                expected="a version for every stream appended to",
            )
        if type(snapshots.get(stream)) is not bytes:
            raise InvalidValueError(
                f"stream `{stream}` is appended to, but its new snapshot is not in snapshots as bytes",
                value=stream,
                expected="a snapshot for every stream appended to",
            )
    if len(snapshots) != len(by_stream):
        extra = sorted(set(snapshots) - set(by_stream))
        raise InvalidValueError(
            f"a snapshot is given for stream `{extra[0]}`, which no event is appended to",
            value=extra[0],
            expected="snapshots of the streams appended to",
        )
    gather(rows, by_stream, projections)
    for event in events:
        for version, names in event.erases.items():
            # What this append itself stores is not there yet to be erased.
            if version > expected_versions[event.stream]:
                raise not_erasable(event.stream, version, names[0])
    return Append(tuple(sorted(expected_versions.items())), tuple(events), snapshots, by_stream)


def gather(
    given: Iterable[Row], by_stream: Mapping[str, Rows], projections: Mapping[str, Projection]
) -> None:
    """Check the rows *given* and put each into *by_stream*, whose keys are the streams allowed."""
    seen = set()
    for row in given:
        declared = projections.get(row.projection)
        if declared is None:
            raise InvalidValueError(
                f"projection `{row.projection}` is not declared",
                value=row.projection,
                expected=", ".join(projections) or "declare projections when the store is made",
            )
        if row.stream not in by_stream:
            raise InvalidValueError(
                f"row `{row.key}` of projection `{row.projection}` belongs to stream `{row.stream}`,"
                " which no event is appended to",
                value=row.stream,
                expected="rows of the streams appended to",
            )
        if type(row.key) is not str or not row.key:
            raise InvalidValueError(
                f"key {row.key!r} of a row of projection `{row.projection}` is no text with a character",
                value=row.key,
            )
        check_unicode(f"the key of a row of projection `{row.projection}`", row.key)
        at = (row.projection, row.key)
        if at in seen:
            raise InvalidValueError(
                f"two rows of projection `{row.projection}` have the key `{row.key}`", value=row.key
            )
        seen.add(at)
        by_stream[row.stream][at] = values_of(declared, row)


def check_expectations(
    expected_versions: Iterable[tuple[str, int]], heads: Mapping[str, Head]
) -> None:
    """Raise ConflictError for the first stream, in stream order, that is elsewhere."""
    for stream, version in expected_versions:
        head = heads.get(stream)
        actual = head.version if head is not None else 0
        if actual != version:
            raise ConflictError(stream=stream, expected=version, actual=actual)


def taken(projection: str, key: str, owner: str) -> InvalidValueError:
    """Make the error for a row whose key is another stream's."""
    return InvalidValueError(
        f"row `{key}` of projection `{projection}` belongs to stream `{owner}` already",
        value=key,
        expected="a key that no other stream has",
    )


def not_erasable(stream: str, version: int, name: str) -> InvalidValueError:
    """Make the error for a tombstone that erases what is not there."""
    return InvalidValueError(
        f"version {version} of stream `{stream}` has no personal value `{name}` to erase",
        value=name,
        expected="a personal value of an event stored before",
    )


def used(event_id: str) -> InvalidValueError:
    """Make the error for an event id that is stored already."""
    return InvalidValueError(
        f"event id `{event_id}` has been stored before", value=event_id, expected="a new id"
    )


def rows_text(rows: Rows) -> str:
    """
    Write a stream's rows as one text, kept at its head.

    From it an append knows the rows there are without reading the indexes,
    and an audit which rows an projection has lost, gained or changed.

    >>> rows_text({("posts", "p1"): ("draft", 3)})
    '[["posts","p1","draft",3]]'
    """
    if not rows:
        return "[]"
    return _dumps([[projection, key, *rows[projection, key]] for projection, key in sorted(rows)])


def rows_of(text: str) -> Rows:
    """Read what `rows_text` wrote; raises ValueError or TypeError on anything else."""
    if text == "[]":
        return {}
    return {(projection, key): tuple(values) for projection, key, *values in json.loads(text)}


def checksum_of(  # noqa: PLR0917  # the parts of one text, in their order
    organization: str, stream: str, version: int, hash_: str, rows: str, snapshot: bytes
) -> str:
    """Return SHA-256 over all that is kept at a stream's head, in hex."""
    # No part before the record holds a line feed: JSON escapes it.
    head = f"{organization}\n{stream}\n{version}\n{hash_}\n{rows}\n"
    return hashlib.sha256(head.encode("utf-8", "surrogateescape") + snapshot).hexdigest()

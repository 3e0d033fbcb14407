"""A stream's head: the stored state of its last event, its snapshot and its rows."""

from __future__ import annotations

import hashlib
import json
from typing import TypeAlias

import attrs

from socialcollab.stores.projections import Column

RowValues: TypeAlias = tuple[Column, ...]
"""A row's values, in the order of the projection's columns."""

StreamRows: TypeAlias = dict[tuple[str, str], RowValues]
"""The rows of one stream, by projection and key."""

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@attrs.frozen
class StreamHead:
    """
    The last event and the rows of a stream, which every append checks and replaces.

    Attributes:
        version: The version of the last event; 0 if there are no events.
        hash: The hash of the last event, or an empty string.
        rows: The stream's rows, as `dump_rows` returns them.
    """

    version: int
    hash: str
    rows: str


def dump_rows(rows: StreamRows) -> str:
    """
    Return a stream's rows as one string, which is stored in the stream's head.

    With this string, an append can determine the current rows without reading the projections, and
    an audit can detect missing, additional and changed rows in a projection.

    >>> dump_rows({("posts", "p1"): ("draft", 3)})
    '[["posts","p1","draft",3]]'
    """
    if not rows:
        return "[]"
    return _dumps([[projection, key, *rows[projection, key]] for projection, key in sorted(rows)])


def load_rows(text: str) -> StreamRows:
    """
    Return the rows in a string that `dump_rows` returned.

    Raises:
        ValueError: If *text* cannot be parsed.
        TypeError: If a row in it is not a list.
    """
    if text == "[]":
        return {}
    return {(projection, key): tuple(values) for projection, key, *values in json.loads(text)}


def head_checksum(  # noqa: PLR0917  # the parts of one text, in their order
    organization: str, stream: str, version: int, hash_: str, rows: str, snapshot: bytes
) -> str:
    """Return the SHA-256 of all values in a stream's head, in hexadecimal."""
    # Line feeds separate the parts unambiguously, because names contain no line feeds and JSON
    # escapes them.
    head = f"{organization}\n{stream}\n{version}\n{hash_}\n{rows}\n"
    return hashlib.sha256(head.encode("utf-8", "surrogateescape") + snapshot).hexdigest()

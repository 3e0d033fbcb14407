"""Find all that cannot be what was written, in whatever a store hands over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import attrs

from socialcollab.errors import SocialCollabError
from socialcollab.stores.building.appending import Rows, checksum_of, gather, rows_of
from socialcollab.stores.building.envelope import (
    ERASED,
    Personal,
    Sealed,
    event_of,
    hash_of,
    personal_problem,
    place_of,
)
from socialcollab.stores.events import ERASES, PERSONAL, Event
from socialcollab.stores.reports import Anchor, AuditReport, Damage
from socialcollab.stores.rows import Projection, Row

StoredHead: TypeAlias = tuple[object, ...]
"""Stream, version, hash, record, rows as text, checksum."""

StoredPersonal: TypeAlias = tuple[object, ...]
"""Stream, version, name, salt, value as canonical JSON."""

_HeadValues: TypeAlias = tuple[str, int, str, bytes, str, str]

_KINDS = (str, int, str, int, str, str, int, str, str, str, str, str, str, str, str)


@attrs.frozen(kw_only=True)
class Stored:
    """
    Everything kept for one organization, as it stands; nothing in it is trusted.

    Attributes:
        organization: Its id.

        events: Sealed events by position.

        heads: A `StoredHead` per stream.

        counter: The last position given out, or None if no counter is there.

        personal: The side table.

        rows: The rows of the indexes: projection, key, stream, values; None if
            they were written under other indexes.

        problems: What the store found on its own, such as a damaged file.
    """

    organization: str
    events: Iterable[tuple[object, ...]]
    heads: Iterable[StoredHead]
    counter: object
    personal: Iterable[StoredPersonal]
    rows: Iterable[tuple[object, object, object, tuple[object, ...]]] | None
    problems: Sequence[Damage] = ()


@attrs.define
class _Walk:
    """What the pass over the events leaves for the checks after it."""

    findings: list[Damage] = attrs.field(factory=list)
    ends: dict[str, tuple[int, str]] = attrs.field(factory=dict)
    intact: dict[str, list[Event]] = attrs.field(factory=dict)
    broken: set[str] = attrs.field(factory=set)
    erased: dict[tuple[str, int, str], str] = attrs.field(factory=dict)
    tombstones: dict[tuple[str, int, str], str] = attrs.field(factory=dict)
    position: int = 0
    events: int = 0
    hash: str = ""

    def report(self, place: str, problem: str) -> None:
        self.findings.append(Damage(place=place, problem=problem))


def audit(
    stored: Stored,
    *,
    projections: Mapping[str, Projection],
    anchor: Anchor | None = None,
    reducer: Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]] | None = None,
) -> AuditReport:
    """
    Check events, heads, the counter, personal values, records and rows against each other.

    Nothing that is stored makes this raise: what does not parse is a finding.
    """
    walk = _Walk()
    personal = _personal(stored.personal, walk)
    _walk_events(stored, personal, walk, anchor, keep=reducer is not None)
    for stream, version in sorted(personal, key=repr):
        walk.report(f"{stream} version {version}, personal values", "no such event has any")
    _compare_tombstones(walk)
    heads = _walk_heads(stored, walk)
    if stored.rows is not None:
        _compare_rows(stored, heads, walk)
    if reducer is not None:
        _compare_reduced(heads, walk, reducer, projections)
    return AuditReport(
        # A store may find more while it hands over, so its problems are read last.
        findings=(*stored.problems, *walk.findings),
        anchor=Anchor(position=walk.position, hash=walk.hash),
        events=walk.events,
        streams=len(walk.ends),
        erased=len(walk.erased),
    )


def _personal(stored: Iterable[StoredPersonal], walk: _Walk) -> dict[tuple[str, int], Personal]:
    found: dict[tuple[str, int], Personal] = {}
    for stream, version, name, salt, value in stored:
        if not (isinstance(stream, str) and isinstance(version, int) and isinstance(name, str)):
            walk.report(
                f"{stream} version {version}, personal value {name}", "a name of another kind"
            )
            continue
        found.setdefault((stream, version), {})[name] = cast(
            "tuple[bytes | None, str | None]", (salt, value)
        )
    return found


def _walk_events(
    stored: Stored,
    personal: dict[tuple[str, int], Personal],
    walk: _Walk,
    anchor: Anchor | None,
    *,
    keep: bool,
) -> None:
    ids: set[str] = set()
    running = ""
    anchored = anchor is None or (anchor.position == 0 and not anchor.hash)
    for values in stored.events:
        sealed = cast("Sealed", values)
        if not all(type(v) is kind for v, kind in zip(values, _KINDS, strict=True)):
            walk.report(place_of(sealed), "a value of another kind than was written")
            continue
        walk.events += 1
        position, stream, version = sealed[1], sealed[2], sealed[3]
        kept = personal.pop((stream, version), {})
        problems = list(_event_problems(stored.organization, sealed, walk, ids, kept))
        for place, problem in problems:
            walk.report(place, problem)
        if problems:
            walk.broken.add(stream)
        elif keep:
            walk.intact.setdefault(stream, []).append(event_of(sealed, kept))
        walk.ends[stream] = (version, sealed[14])
        walk.position = position
        running = hashlib.sha256(
            f"{running}{sealed[14]}".encode("utf-8", "surrogateescape")
        ).hexdigest()
        if anchor is not None and anchor.position == position:
            anchored = True
            if running != anchor.hash:
                walk.report(
                    f"positions 1 to {position}", "the journal is not the one that was anchored"
                )
    walk.hash = running
    if anchor is not None and not anchored:
        walk.report(
            f"positions {walk.position + 1} to {anchor.position}",
            "events that were there at the anchor are lost",
        )
    counter = stored.counter
    if counter is None and walk.events == 0:
        return
    if type(counter) is not int:
        walk.report("counter of positions", "it is lost" if counter is None else "it is no number")
    elif counter > walk.position:
        walk.report(
            f"positions {walk.position + 1} to {counter} (counter of positions)",
            "events are lost, or the counter is wrong",
        )
    elif counter < walk.position:
        walk.report("counter of positions", f"it stands at {counter}, not {walk.position}")


def _event_problems(
    organization: str,
    sealed: Sealed,
    walk: _Walk,
    ids: set[str],
    kept: Personal,
) -> Iterator[tuple[str, str]]:
    position, stream, version = sealed[1], sealed[2], sealed[3]
    place = place_of(sealed)
    if position > walk.position + 1:
        yield f"positions {walk.position + 1} to {position - 1}", "events are lost"
    elif position <= walk.position:
        yield place, "the position comes twice or out of order"
    last, prev = walk.ends.get(stream, (0, ""))
    if version > last + 1:
        yield f"{stream} versions {last + 1} to {version - 1}", "events are lost"
    elif version <= last:
        yield place, "the version comes twice or out of order"
    elif sealed[13] != prev:
        yield place, "it does not continue the event before"
    if sealed[0] != organization:
        yield place, "it belongs to another organization"
    if sealed[4] in ids:
        yield place, "its id has been stored before"
    ids.add(sealed[4])
    if hash_of(*sealed[:14]) != sealed[14]:
        yield place, "the hash does not fit the event"
        return
    try:
        body = json.loads(sealed[12])
    except (ValueError, RecursionError):
        body = None
    digests = body.get(PERSONAL, {}) if isinstance(body, dict) else None
    if not isinstance(digests, dict):
        yield place, "the body does not parse"
        return
    for name in sorted(digests.keys() | kept.keys()):
        problem = personal_problem(digests.get(name), kept.get(name))
        if problem:
            yield f"{place}, personal value {name}", problem
        elif kept[name] == ERASED:
            walk.erased[stream, version, name] = f"{place}, personal value {name}"
    try:
        for earlier, names in body.get(ERASES, {}).items():
            walk.tombstones.update({(stream, int(earlier), name): place for name in names})
    except (AttributeError, ValueError, TypeError):
        yield place, "what it erases does not parse"


def _compare_tombstones(walk: _Walk) -> None:
    """Hold each erased value to the event that erased it, and each such event to its word."""
    for at in sorted(walk.erased.keys() - walk.tombstones.keys()):
        walk.report(walk.erased[at], "the personal value is lost: no event says that it was erased")
        walk.broken.add(at[0])
    for at in sorted(walk.tombstones.keys() - walk.erased.keys()):
        event = f"{at[0]} version {at[1]}"
        if not any(finding.place.startswith(f"{event} ") for finding in walk.findings):
            walk.report(
                f"{event}, personal value {at[2]}",
                f"it is not erased, although {walk.tombstones[at]} erased it",
            )


def _walk_heads(stored: Stored, walk: _Walk) -> dict[str, tuple[bytes, Rows]]:
    """Check the heads; return the record and the rows of those that can be trusted."""
    good: dict[str, tuple[bytes, Rows]] = {}
    seen: set[str] = set()
    for head in stored.heads:
        stream, version, hash_, snapshot, rows, checksum = cast("_HeadValues", head)
        seen.add(stream)
        end = walk.ends.get(stream)
        place = f"{stream} head"
        if end is None:
            walk.report(place, f"it stands at version {version}, but the stream has no event")
        elif end[0] != version:
            walk.report(place, f"it stands at version {version}, but the last event is {end[0]}")
        elif end[1] != hash_:
            walk.report(place, "its hash is not that of the last event")
        if not isinstance(snapshot, bytes):
            walk.report(f"{stream} record", "it is no bytes")
            continue
        if checksum_of(stored.organization, stream, version, hash_, rows, snapshot) != checksum:
            walk.report(
                f"{stream} head, record or rows", "the checksum does not fit what is kept there"
            )
            continue
        try:
            good[stream] = (snapshot, rows_of(rows))
        except (ValueError, TypeError, RecursionError):
            walk.report(f"{stream} rows", "the list of rows does not parse")
    for stream in sorted(walk.ends.keys() - seen):
        walk.report(f"{stream} head", "it is lost")
    return good


def _compare_rows(stored: Stored, heads: Mapping[str, tuple[bytes, Rows]], walk: _Walk) -> None:
    missing = {
        (projection, key): (stream, values)
        for stream, (_, rows) in heads.items()
        for (projection, key), values in rows.items()
    }
    for projection, key, stream, values in stored.rows or ():
        place = f"projection {projection}, row {key} of {stream}"
        listed = missing.pop((str(projection), str(key)), None)
        if listed is None:
            if stream not in heads and stream in walk.ends:
                continue  # its head is damaged, and named already
            walk.report(place, "a row that its stream does not list")
        elif listed[0] != stream:
            walk.report(
                f"projection {projection}, row {key} of {listed[0]}",
                f"the row says that it is of {stream}",
            )
        elif [(type(v), v) for v in listed[1]] != [(type(v), v) for v in values]:
            walk.report(place, "the row is not as its stream lists it")
    for (projection, key), (stream, _) in sorted(missing.items()):
        walk.report(f"projection {projection}, row {key} of {stream}", "the row is lost")


def _compare_reduced(
    heads: Mapping[str, tuple[bytes, Rows]],
    walk: _Walk,
    reducer: Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]],
    projections: Mapping[str, Projection],
) -> None:
    for stream, events in sorted(walk.intact.items()):
        if stream in walk.broken or stream not in heads:
            continue
        snapshot, rows = heads[stream]
        try:
            reduced, made = reducer(stream, tuple(events))
            wanted: dict[str, Rows] = {stream: {}}
            gather(made, wanted, projections)
        except (SocialCollabError, ValueError, LookupError, TypeError) as error:
            walk.report(stream, f"its events cannot be folded ({error})")
            continue
        if reduced != snapshot:
            walk.report(f"{stream} record", "it is not what the events fold to")
        for at in sorted(wanted[stream].keys() | rows.keys()):
            if wanted[stream].get(at) != rows.get(at):
                walk.report(
                    f"projection {at[0]}, row {at[1]} of {stream}",
                    "it is not what the events fold to",
                )

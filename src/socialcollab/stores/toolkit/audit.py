"""Audit the stored data of one organization, to find data that differ from what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import attrs

from socialcollab.errors import SocialCollabError
from socialcollab.stores.events import ERASES, PERSONAL, Event
from socialcollab.stores.projections import Projection, Row
from socialcollab.stores.reports import Anchor, AuditReport, Damage
from socialcollab.stores.toolkit.checks import collect_rows
from socialcollab.stores.toolkit.envelope import (
    ERASED,
    PersonalValues,
    SealedEvent,
    envelope_hash,
    event_place,
    open_event,
    personal_problem,
)
from socialcollab.stores.toolkit.stream_heads import StreamRows, head_checksum, load_rows

StoredHead: TypeAlias = tuple[object, ...]
"""Stream, version, hash, snapshot, rows as text, checksum."""

StoredPersonal: TypeAlias = tuple[object, ...]
"""Stream, version, name, salt, value as canonical JSON."""

_HeadValues: TypeAlias = tuple[str, int, str, bytes, str, str]

_TYPES = (str, int, str, int, str, str, int, str, str, str, str, str, str, str, str)


@attrs.frozen(kw_only=True)
class StoredJournal:
    """
    All stored data of one organization. The audit assumes that any value may be damaged.

    Attributes:
        organization: The id of the organization.
        events: The values of `SealedEvent` for each event, by position.
        heads: The name, version, hash, snapshot, rows (as text) and checksum of each stream.
        counter: The last position that was assigned; None if there is no counter.
        personal: The stream, version, name, salt and JSON text of each personal value.
        rows: The projection, key, stream and values of each row of the declared projections; None
            if the rows were written for other projections.
        problems: Damage that the store itself found, such as a damaged file.
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
    """
    The results of the pass over the events, which the later checks use.

    Attributes:
        findings: The damage found so far.
        ends: The version and hash of the last event of each stream.
        intact: The events of each stream, if a reducer needs them.
        broken: The streams with a damaged event.
        erased: The locations of erased personal values, by stream, version and name.
        tombstones: The location of the event that erased a value, by stream, version and name.
        position: The last position.
        events: The number of events.
        hash: The anchor's hash over all events.
    """

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


def audit_journal(
    stored: StoredJournal,
    *,
    projections: Mapping[str, Projection],
    anchor: Anchor | None = None,
    reducer: Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]] | None = None,
) -> AuditReport:
    """
    Check events, heads, counter, personal values, snapshots and rows against each other.

    Damaged data never cause an exception. A value that cannot be parsed is a finding.

    Args:
        stored: The stored data.
        projections: The declared projections.
        anchor: The anchor of an earlier audit, or None.
        reducer: If given, snapshots and rows are compared with its results.
    """
    walk = _Walk()
    personal = _personal(stored.personal, walk)
    _walk_events(stored, personal, walk, anchor, keep=reducer is not None)
    for stream, version in sorted(personal, key=repr):
        walk.report(f"{stream} version {version}, personal values", "there is no such event")
    _compare_tombstones(walk)
    heads = _walk_heads(stored, walk)
    if stored.rows is not None:
        _compare_rows(stored, heads, walk)
    if reducer is not None:
        _compare_reduced(heads, walk, reducer, projections)
    return AuditReport(
        # The problems are read last, because iterating over the stored data can add problems.
        findings=(*stored.problems, *walk.findings),
        anchor=Anchor(position=walk.position, hash=walk.hash),
        events=walk.events,
        streams=len(walk.ends),
        erased=len(walk.erased),
    )


def _personal(
    stored: Iterable[StoredPersonal], walk: _Walk
) -> dict[tuple[str, int], PersonalValues]:
    personal: dict[tuple[str, int], PersonalValues] = {}
    for stream, version, name, salt, value in stored:
        if not (isinstance(stream, str) and isinstance(version, int) and isinstance(name, str)):
            walk.report(
                f"{stream} version {version}, personal value {name}",
                "the stream, version or name has the wrong type",
            )
            continue
        personal.setdefault((stream, version), {})[name] = cast(
            "tuple[bytes | None, str | None]", (salt, value)
        )
    return personal


def _walk_events(
    stored: StoredJournal,
    personal: dict[tuple[str, int], PersonalValues],
    walk: _Walk,
    anchor: Anchor | None,
    *,
    keep: bool,
) -> None:
    ids: set[str] = set()
    running = ""
    anchored = anchor is None or (anchor.position == 0 and not anchor.hash)
    for values in stored.events:
        sealed = SealedEvent._make(cast("Iterable[str | int]", values))
        if not all(type(v) is kind for v, kind in zip(values, _TYPES, strict=True)):
            walk.report(event_place(sealed), "a value has the wrong type")
            continue
        walk.events += 1
        stream = sealed.stream
        own_personal = personal.pop((stream, sealed.version), {})
        problems = list(_event_problems(stored.organization, sealed, walk, ids, own_personal))
        for place, problem in problems:
            walk.report(place, problem)
        if problems:
            walk.broken.add(stream)
        elif keep:
            walk.intact.setdefault(stream, []).append(open_event(sealed, own_personal))
        walk.ends[stream] = (sealed.version, sealed.hash)
        walk.position = sealed.position
        running = hashlib.sha256(
            f"{running}{sealed.hash}".encode("utf-8", "surrogateescape")
        ).hexdigest()
        if anchor is not None and anchor.position == sealed.position:
            anchored = True
            if running != anchor.hash:
                walk.report(
                    f"positions 1 to {sealed.position}",
                    "the events are not those that the anchor was computed from",
                )
    walk.hash = running
    if anchor is not None and not anchored:
        walk.report(
            f"positions {walk.position + 1} to {anchor.position}",
            "events that existed when the anchor was computed are missing",
        )
    _check_counter(stored.counter, walk)


def _check_counter(counter: object, walk: _Walk) -> None:
    if counter is None and walk.events == 0:
        return
    if type(counter) is not int:
        walk.report(
            "position counter", "it is missing" if counter is None else "it is not a number"
        )
    elif counter > walk.position:
        walk.report(
            f"positions {walk.position + 1} to {counter} (position counter)",
            "events are missing, or the counter is wrong",
        )
    elif counter < walk.position:
        walk.report("position counter", f"it is {counter}, but the last event is {walk.position}")


def _event_problems(
    organization: str,
    sealed: SealedEvent,
    walk: _Walk,
    ids: set[str],
    personal: PersonalValues,
) -> Iterator[tuple[str, str]]:
    position, stream, version = sealed.position, sealed.stream, sealed.version
    place = event_place(sealed)
    if position > walk.position + 1:
        yield f"positions {walk.position + 1} to {position - 1}", "events are missing"
    elif position <= walk.position:
        yield place, "the position is repeated or out of order"
    last, prev = walk.ends.get(stream, (0, ""))
    if version > last + 1:
        yield f"{stream} versions {last + 1} to {version - 1}", "events are missing"
    elif version <= last:
        yield place, "the version is repeated or out of order"
    elif sealed.prev != prev:
        yield place, "it does not contain the hash of the previous event"
    if sealed.organization != organization:
        yield place, "it belongs to another organization"
    if sealed.id in ids:
        yield place, "its id is already stored"
    ids.add(sealed.id)
    if envelope_hash(*sealed[:14]) != sealed.hash:
        yield place, "the hash does not match the event"
        return
    try:
        body = json.loads(sealed.body)
    except (ValueError, RecursionError):
        body = None
    digests = body.get(PERSONAL, {}) if isinstance(body, dict) else None
    if not isinstance(digests, dict):
        yield place, "the body cannot be parsed"
        return
    for name in sorted(digests.keys() | personal.keys()):
        problem = personal_problem(digests.get(name), personal.get(name))
        if problem:
            yield f"{place}, personal value {name}", problem
        elif personal[name] == ERASED:
            walk.erased[stream, version, name] = f"{place}, personal value {name}"
    try:
        for earlier, names in body.get(ERASES, {}).items():
            walk.tombstones.update({(stream, int(earlier), name): place for name in names})
    except (AttributeError, ValueError, TypeError):
        yield place, "the list of erased values cannot be parsed"


def _compare_tombstones(walk: _Walk) -> None:
    """Check that each erased value has a tombstone, and that each tombstone was carried out."""
    for value in sorted(walk.erased.keys() - walk.tombstones.keys()):
        walk.report(walk.erased[value], "the personal value is missing, but no event erased it")
        walk.broken.add(value[0])
    for value in sorted(walk.tombstones.keys() - walk.erased.keys()):
        stream, version, name = value
        event = f"{stream} version {version}"
        # A damaged event has already been reported, and does not show whether values were erased.
        if not any(finding.place.startswith(f"{event} ") for finding in walk.findings):
            walk.report(
                f"{event}, personal value {name}",
                f"it is not erased, although {walk.tombstones[value]} erased it",
            )


def _walk_heads(stored: StoredJournal, walk: _Walk) -> dict[str, tuple[bytes, StreamRows]]:
    """Check the heads, and return the snapshots and rows of the intact heads."""
    intact: dict[str, tuple[bytes, StreamRows]] = {}
    seen: set[str] = set()
    for head in stored.heads:
        stream, version, hash_, snapshot, rows, checksum = cast("_HeadValues", head)
        seen.add(stream)
        end = walk.ends.get(stream)
        place = f"{stream} head"
        if end is None:
            walk.report(place, f"it is at version {version}, but the stream has no event")
        elif end[0] != version:
            walk.report(place, f"it is at version {version}, but the last event is {end[0]}")
        elif end[1] != hash_:
            walk.report(place, "its hash is not that of the last event")
        if not isinstance(snapshot, bytes):
            walk.report(f"{stream} snapshot", "it is not of type bytes")
            continue
        if head_checksum(stored.organization, stream, version, hash_, rows, snapshot) != checksum:
            walk.report(
                f"{stream} head, snapshot or rows", "the checksum does not match the stored values"
            )
            continue
        try:
            intact[stream] = (snapshot, load_rows(rows))
        except (ValueError, TypeError, RecursionError):
            walk.report(f"{stream} rows", "the list of rows cannot be parsed")
    for stream in sorted(walk.ends.keys() - seen):
        walk.report(f"{stream} head", "it is missing")
    return intact


def _compare_rows(
    stored: StoredJournal, heads: Mapping[str, tuple[bytes, StreamRows]], walk: _Walk
) -> None:
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
                continue  # the head of its stream is damaged, which has already been reported
            walk.report(place, "its stream does not list this row")
        elif listed[0] != stream:
            walk.report(
                f"projection {projection}, row {key} of {listed[0]}",
                f"the row belongs to stream {stream}",
            )
        elif [(type(v), v) for v in listed[1]] != [(type(v), v) for v in values]:
            walk.report(place, "the row differs from the row list of its stream")
    for (projection, key), (stream, _) in sorted(missing.items()):
        walk.report(f"projection {projection}, row {key} of {stream}", "the row is missing")


def _compare_reduced(
    heads: Mapping[str, tuple[bytes, StreamRows]],
    walk: _Walk,
    reducer: Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]],
    projections: Mapping[str, Projection],
) -> None:
    for stream, events in sorted(walk.intact.items()):
        if stream in walk.broken or stream not in heads:
            continue
        snapshot, rows = heads[stream]
        try:
            expected_snapshot, expected_rows = reducer(stream, tuple(events))
            expected: dict[str, StreamRows] = {stream: {}}
            collect_rows(expected_rows, expected, projections)
        except (SocialCollabError, ValueError, LookupError, TypeError) as error:
            walk.report(stream, f"the reducer fails on its events ({error})")
            continue
        if expected_snapshot != snapshot:
            walk.report(f"{stream} snapshot", "it differs from what the reducer computes")
        for place in sorted(expected[stream].keys() | rows.keys()):
            if expected[stream].get(place) != rows.get(place):
                walk.report(
                    f"projection {place[0]}, row {place[1]} of {stream}",
                    "it differs from what the reducer computes",
                )

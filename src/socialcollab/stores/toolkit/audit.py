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

_HeadValues: TypeAlias = tuple[str, int, str, bytes, str, str]
_Values: TypeAlias = tuple[object, ...]
_Reducer: TypeAlias = Callable[[str, Sequence[Event]], tuple[bytes, Sequence[Row]]]

_TYPES = (str, int, str, int, str, str, int, str, str, str, str, str, str, str, str)
_EVENTS_PER_STEP = 1_000


@attrs.frozen(kw_only=True)
class StoredJournal:
    """
    All stored data of one organization. The audit assumes that any value may be damaged.

    The audit reads each iterable once and keeps only the data of one stream in memory, so the
    iterables can read the data from a database as they are needed. They must be sorted as described
    here. Damaged stream names that are not strings are sorted as in SQLite: None, numbers, strings,
    bytes.

    Attributes:
        organization: The id of the organization.
        events: The values of `SealedEvent` for each event, by stream and version.
        positions: The position and the hash of each event, by position.
        ids: The id, stream, version and position of each event, by id and position.
        heads: The name, version, hash, snapshot, rows (as text) and checksum of each stream, by
            name.
        counter: The last position that was assigned; None if there is no counter.
        personal: The stream, version, name, salt and JSON text of each personal value, by stream.
        rows: The stream, projection, key and values of each row in the declared projections, by
            stream; None if the rows were written for other projections.
        problems: Damage that the store itself found, such as a damaged file.
    """

    organization: str
    events: Iterable[_Values]
    positions: Iterable[_Values]
    ids: Iterable[_Values]
    heads: Iterable[_Values]
    counter: object
    personal: Iterable[_Values]
    rows: Iterable[tuple[object, object, object, _Values]] | None
    problems: Sequence[Damage] = ()


class SortedGroups:
    """Values that are sorted by stream and are taken one stream at a time."""

    def __init__(self, values: Iterable[_Values], stream: int) -> None:
        self._values = iter(values)
        self._stream = stream
        self._next = next(self._values, None)

    @property
    def stream(self) -> object:
        """The stream of the next value."""
        return None if self._next is None else self._next[self._stream]

    @property
    def ended(self) -> bool:
        """Whether all values have been taken."""
        return self._next is None

    def skip_to(self, stream: str) -> None:
        """Skip the values of all streams before *stream*."""
        while self._next is not None and stream_order(self.stream) < stream_order(stream):
            self._next = next(self._values, None)

    def take(self, stream: object) -> Iterator[_Values]:
        """Yield the values of *stream*, if it is the next stream."""
        while self._next is not None and _same(self._next[self._stream], stream):
            yield self._next
            self._next = next(self._values, None)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def stream_order(stream: object) -> tuple[int, float, bytes]:
    """Return the sort key, in SQLite's order, of a stream, which may be damaged."""
    if isinstance(stream, str):
        try:
            return 2, 0, stream.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return 2, 0, stream.encode("utf-8", "surrogatepass")
    if isinstance(stream, bytes):
        return 3, 0, stream
    return (1, stream, b"") if isinstance(stream, int | float) else (0, 0, b"")


@attrs.define
class _Stream:
    """
    The audit state of one stream.

    Attributes:
        name: The stream's name.
        findings: The damage found so far in this stream.
        version: The version of the last event.
        hash: The hash of the last event.
        intact: The events, if a reducer needs them.
        broken: Whether an event is damaged.
        erased: The locations of erased personal values, by version and name.
        tombstones: The location of the event that erased a value, by version and name.
        events: The number of events.
    """

    name: str
    findings: list[Damage] = attrs.field(factory=list)
    version: int = 0
    hash: str = ""
    intact: list[Event] = attrs.field(factory=list)
    broken: bool = False
    erased: dict[tuple[int, str], str] = attrs.field(factory=dict)
    tombstones: dict[tuple[int, str], str] = attrs.field(factory=dict)
    events: int = 0

    def report(self, place: str, problem: str) -> None:
        self.findings.append(Damage(place=place, problem=problem))


def audit_journal(
    stored: StoredJournal,
    *,
    projections: Mapping[str, Projection],
    anchor: Anchor | None = None,
    reducer: _Reducer | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AuditReport:
    """
    Check events, heads, counter, personal values, snapshots and rows against each other.

    Damaged data never cause an exception. A value that cannot be parsed is a finding.

    Args:
        stored: The stored data.
        projections: The declared projections.
        anchor: The anchor of an earlier audit, or None.
        reducer: If given, snapshots and rows are compared with its results.
        progress: If given, it is called repeatedly with the number of events that have been checked
            and the total number of events.
    """
    findings: list[Damage] = []
    total = stored.counter if type(stored.counter) is int else 0
    events, streams, erased, reported = 0, 0, 0, 0
    for stream in _streams(stored, projections, reducer):
        findings += stream.findings
        events += stream.events
        streams += bool(stream.events)
        erased += len(stream.erased)
        if progress is not None and events - reported >= _EVENTS_PER_STEP:
            reported = events
            progress(events, max(events, total))
    end = _check_positions(stored, anchor, findings)
    _check_ids(stored.ids, findings)
    if progress is not None:
        progress(events, events)
    return AuditReport(
        # The problems are read last, because iterating over the stored data can add problems.
        findings=(*stored.problems, *findings),
        anchor=end,
        events=events,
        streams=streams,
        erased=erased,
    )


def _streams(
    stored: StoredJournal, projections: Mapping[str, Projection], reducer: _Reducer | None
) -> Iterator[_Stream]:
    """Audit one stream after the other."""
    events = SortedGroups(stored.events, 2)
    heads = SortedGroups(stored.heads, 0)
    personal = SortedGroups(stored.personal, 0)
    rows = SortedGroups(() if stored.rows is None else stored.rows, 0)
    while waiting := [group for group in (events, heads, personal, rows) if not group.ended]:
        name = min((group.stream for group in waiting), key=stream_order)
        stream = _Stream(cast("str", name))
        values = _personal(personal.take(name), stream)
        for event in events.take(name):
            _check_event(stored.organization, event, values, stream, keep=reducer is not None)
        for version in sorted(values, key=repr):
            stream.report(f"{name} version {version}, personal values", "there is no such event")
        _compare_tombstones(stream)
        head = _check_heads(stored.organization, heads.take(name), stream)
        if stored.rows is not None:
            _compare_rows(rows.take(name), head, stream)
        if reducer is not None and head is not None and not stream.broken:
            _compare_reduced(head, stream, reducer, projections)
        yield stream


def _personal(stored: Iterable[_Values], stream: _Stream) -> dict[int, PersonalValues]:
    personal: dict[int, PersonalValues] = {}
    for name, version, key, salt, value in stored:
        if not (isinstance(name, str) and isinstance(version, int) and isinstance(key, str)):
            stream.report(
                f"{name} version {version}, personal value {key}",
                "the stream, version or name has the wrong type",
            )
            continue
        personal.setdefault(version, {})[key] = cast(
            "tuple[bytes | None, str | None]", (salt, value)
        )
    return personal


def _check_event(
    organization: str,
    values: _Values,
    personal: dict[int, PersonalValues],
    stream: _Stream,
    *,
    keep: bool,
) -> None:
    sealed = SealedEvent._make(cast("Iterable[str | int]", values))
    if not all(type(v) is kind for v, kind in zip(values, _TYPES, strict=True)):
        stream.report(event_place(sealed), "a value has the wrong type")
        return
    stream.events += 1
    own_personal = personal.pop(sealed.version, {})
    problems = list(_event_problems(organization, sealed, stream, own_personal))
    for place, problem in problems:
        stream.report(place, problem)
    if problems:
        stream.broken = True
    elif keep:
        stream.intact.append(open_event(sealed, own_personal))
    stream.version, stream.hash = sealed.version, sealed.hash


def _event_problems(
    organization: str, sealed: SealedEvent, stream: _Stream, personal: PersonalValues
) -> Iterator[tuple[str, str]]:
    name, version = sealed.stream, sealed.version
    place = event_place(sealed)
    if version > stream.version + 1:
        yield f"{name} versions {stream.version + 1} to {version - 1}", "events are missing"
    elif version <= stream.version:
        yield place, "the version is repeated or out of order"
    elif sealed.prev != stream.hash:
        yield place, "it does not contain the hash of the previous event"
    if sealed.organization != organization:
        yield place, "it belongs to another organization"
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
    for key in sorted(digests.keys() | personal.keys()):
        problem = personal_problem(digests.get(key), personal.get(key))
        if problem:
            yield f"{place}, personal value {key}", problem
        elif personal[key] == ERASED:
            stream.erased[version, key] = f"{place}, personal value {key}"
    try:
        for earlier, names in body.get(ERASES, {}).items():
            stream.tombstones.update({(int(earlier), key): place for key in names})
    except (AttributeError, ValueError, TypeError):
        yield place, "the list of erased values cannot be parsed"


def _compare_tombstones(stream: _Stream) -> None:
    """Check that erased values have tombstones, and that values in tombstones are erased."""
    for value in sorted(stream.erased.keys() - stream.tombstones.keys()):
        stream.report(stream.erased[value], "the personal value is missing, but no event erased it")
        stream.broken = True
    for version, key in sorted(stream.tombstones.keys() - stream.erased.keys()):
        event = f"{stream.name} version {version}"
        # A damaged event has already been reported, and does not show whether values were erased.
        if not any(finding.place.startswith(f"{event} ") for finding in stream.findings):
            stream.report(
                f"{event}, personal value {key}",
                f"it is not erased, although {stream.tombstones[version, key]} erased it",
            )


def _check_heads(
    organization: str, heads: Iterable[_Values], stream: _Stream
) -> tuple[bytes, StreamRows] | None:
    """Check the head, and return its snapshot and rows, or None if it is damaged."""
    intact = None
    found = False
    for head in heads:
        found = True
        intact = _check_head(organization, cast("_HeadValues", head), stream)
    if stream.events and not found:
        stream.report(f"{stream.name} head", "it is missing")
    return intact


def _check_head(
    organization: str, head: _HeadValues, stream: _Stream
) -> tuple[bytes, StreamRows] | None:
    name, version, hash_, snapshot, rows, checksum = head
    place = f"{name} head"
    if not stream.events:
        stream.report(place, f"it is at version {version}, but the stream has no event")
    elif stream.version != version:
        stream.report(place, f"it is at version {version}, but the last event is {stream.version}")
    elif stream.hash != hash_:
        stream.report(place, "its hash is not the hash of the last event")
    if not isinstance(snapshot, bytes):
        stream.report(f"{name} snapshot", "it is not of type bytes")
        return None
    if head_checksum(organization, name, version, hash_, rows, snapshot) != checksum:
        stream.report(
            f"{name} head, snapshot or rows", "the checksum does not match the stored values"
        )
        return None
    try:
        return snapshot, load_rows(rows)
    except (ValueError, TypeError, RecursionError):
        stream.report(f"{name} rows", "the list of rows cannot be parsed")
        return None


def _compare_rows(
    rows: Iterable[_Values], head: tuple[bytes, StreamRows] | None, stream: _Stream
) -> None:
    missing = {} if head is None else dict(head[1])
    for _, projection, key, values in rows:
        place = f"projection {projection}, row {key} of {stream.name}"
        listed = missing.pop((str(projection), str(key)), None)
        if listed is not None:
            shown = cast("_Values", values)
            if [(type(v), v) for v in listed] != [(type(v), v) for v in shown]:
                stream.report(place, "the row differs from the row list of its stream")
        elif head is not None or not stream.events:
            # If the head of the stream is damaged, that has already been reported.
            stream.report(place, "its stream does not list this row")
    for projection, key in sorted(missing):
        stream.report(f"projection {projection}, row {key} of {stream.name}", "the row is missing")


def _compare_reduced(
    head: tuple[bytes, StreamRows],
    stream: _Stream,
    reducer: _Reducer,
    projections: Mapping[str, Projection],
) -> None:
    if not stream.intact:
        return
    name = stream.name
    snapshot, rows = head
    try:
        expected_snapshot, expected_rows = reducer(name, tuple(stream.intact))
        collected: dict[str, StreamRows] = {name: {}}
        collect_rows(expected_rows, collected, projections)
    except (SocialCollabError, ValueError, LookupError, TypeError) as error:
        stream.report(name, f"the reducer fails on its events ({error})")
        return
    if expected_snapshot != snapshot:
        stream.report(f"{name} snapshot", "it differs from what the reducer computes")
    expected = collected[name]
    for place in sorted(expected.keys() | rows.keys()):
        if expected.get(place) != rows.get(place):
            stream.report(
                f"projection {place[0]}, row {place[1]} of {name}",
                "it differs from what the reducer computes",
            )


def _check_positions(
    stored: StoredJournal, anchor: Anchor | None, findings: list[Damage]
) -> Anchor:
    """Check the positions and the counter, and return the anchor of the journal."""

    def report(place: str, problem: str) -> None:
        findings.append(Damage(place=place, problem=problem))

    last, running = 0, ""
    anchored = anchor is None or (anchor.position == 0 and not anchor.hash)
    for position, hash_ in stored.positions:
        if type(position) is not int or type(hash_) is not str:
            continue  # this has already been reported with the event
        if position > last + 1:
            report(f"positions {last + 1} to {position - 1}", "events are missing")
        elif position <= last:
            report(f"position {position}", "the position is repeated or out of order")
        last = position
        running = hashlib.sha256(f"{running}{hash_}".encode("utf-8", "surrogateescape")).hexdigest()
        if anchor is not None and anchor.position == position:
            anchored = True
            if running != anchor.hash:
                report(
                    f"positions 1 to {position}",
                    "the anchor was computed from different events",
                )
    if anchor is not None and not anchored:
        report(
            f"positions {last + 1} to {anchor.position}",
            "events that existed when the anchor was computed are missing",
        )
    _check_counter(stored.counter, last, report)
    return Anchor(position=last, hash=running)


def _check_counter(counter: object, last: int, report: Callable[[str, str], None]) -> None:
    if counter is None and last == 0:
        return
    if type(counter) is not int:
        report("position counter", "it is missing" if counter is None else "it is not a number")
    elif counter > last:
        report(
            f"positions {last + 1} to {counter} (position counter)",
            "events are missing, or the counter is wrong",
        )
    elif counter < last:
        report("position counter", f"it is {counter}, but the last event is {last}")


def _check_ids(ids: Iterable[_Values], findings: list[Damage]) -> None:
    before: object = None
    for event_id, stream, version, position in ids:
        if isinstance(event_id, str) and event_id == before:
            place = f"{stream} version {version} (position {position})"
            findings.append(Damage(place=place, problem="its id is already stored"))
        before = event_id

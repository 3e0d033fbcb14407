"""Erase the personal data of a member or of one post from every event, snapshot and row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, DeliveryState, Json, Post, PostState
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.document_versions import (
    DOCUMENT_EVENTS,
    texts_of,
    versions_of,
    without_words,
)
from socialcollab.desk.journal.encoding import pack
from socialcollab.desk.journal.streams import (
    ORGANIZATION,
    RUNTIME_STATE,
    evolve,
    reduced,
    rows_of,
)
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.history import last_event
from socialcollab.effects import Effects, call
from socialcollab.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import NewEvent, Progress
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event, PersonErased

_CLOSED_STATES: Final = frozenset({PostState.CANCELLED, PostState.REJECTED, PostState.EXPIRED})
_FINAL_DELIVERY_STATES: Final = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.FAILED,
        DeliveryState.MISSED,
        DeliveryState.CANCELLED,
        DeliveryState.REMOVED,
    }
)
_POST_STATES: Final = tuple(state.value for state in PostState)
_PUBLISHED_STATES: Final = frozenset({DeliveryState.PUBLISHED, DeliveryState.REMOVED})

Fields = dict[int, set[str]]
"""The names of personal values in one stream, by the version of their event."""


@attrs.define
class _Erasure:
    """
    The data to erase, collected while the journal is read.

    Attributes:
        fields: The personal values to erase, by stream.
        written: The posts for which the member wrote a revision.
        known: Whether the journal contains an event caused by the member.
        words: The member's names and contact addresses.
        versions: The version at which each stream in *fields* was read.
    """

    fields: dict[str, Fields] = attrs.field(factory=dict)
    written: set[str] = attrs.field(factory=set)
    known: bool = False
    words: frozenset[str] = frozenset()
    versions: dict[str, int] = attrs.field(factory=dict)

    def mentions(self, value: Json) -> bool:
        """Return whether a value contains one of the names or addresses as a whole word."""
        if not self.words:
            return False
        words = "|".join(re.escape(word) for word in sorted(self.words))
        pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
        return any(pattern.search(text) for text in texts_of(value))

    def add(self, stream: str, fields: Mapping[int, set[str]]) -> None:
        """Add personal values of a stream to the values to erase."""
        for version, names in fields.items():
            self.fields.setdefault(stream, {}).setdefault(version, set()).update(names)

    def add_event(self, event: StoredEvent, names: Sequence[str]) -> None:
        """Add personal values of one event to the values to erase."""
        if names:
            self.add(event.stream, {event.version: set(names)})


def erase(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Erase,
    *,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Effects[dict[str, Any]]:
    """
    Erase personal data in one append that adds a tombstone to each affected stream.

    Args:
        engine: The desk's engine.
        state: The current state.
        actor: The actor who erases the data.
        command: What to erase.
        now: The current instant, according to the desk's clock.
        progress: Called while the journal is searched for a member's data.

    Returns:
        The new snapshot of each stream from which data were erased; empty if the data had been
        erased before.

    Raises:
        NotAllowedError: If the actor is not allowed to erase the data, or if a post is not
            finished.
        NotFoundError: If the member has never existed, or if the post does not exist.
        InvalidValueError: If not exactly one of member and post is given, or if the reason is
            empty.
    """
    erasure = yield from _plan(engine, state, actor, command, now=now, progress=progress)
    # The reason often contains the name of the member who asked for the erasure.
    reason = without_words(command.reason, erasure.words, command.member)
    command = attrs.evolve(command, reason=reason)
    return (yield from _append(engine, state, actor, command, erasure, now=now))


def plan_erasure(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Erase,
    *,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Effects[Mapping[str, Fields]]:
    """
    Return the personal values that a command would erase, by stream.

    Raises:
        NotAllowedError: Same as in `erase`.
        NotFoundError: Same as in `erase`.
        InvalidValueError: Same as in `erase`.
    """
    return (yield from _plan(engine, state, actor, command, now=now, progress=progress)).fields


def _plan(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Erase,
    *,
    now: dt.datetime,
    progress: Progress | None,
) -> Effects[_Erasure]:
    """Check an erasure, and collect the data to erase."""
    if bool(command.member) == bool(command.post):
        raise InvalidValueError(
            "an erasure requires either a member or a post", expected="one of member= and post="
        )
    if not command.reason.strip():
        raise InvalidValueError(
            "an erasure needs a reason", value=command.reason, expected="why it is erased"
        )
    if command.post:
        erasure = yield from _of_post(engine, state, actor, command.post, now)
    else:
        _check_may_erase(state, actor, "*", now)
        # This check is repeated below, but refusing an erasure must not take as long as the search.
        written = yield from all_rows(
            engine, "authors", where={"member": command.member, "state": _POST_STATES}
        )
        yield from _check_finished(engine, {row.stream for row in written})
        erasure = yield from _of_member(engine, command.member, progress)
    yield from _check_finished(engine, erasure.written)
    return erasure


def _check_may_erase(state: State, actor: Actor, resource: str, now: dt.datetime) -> None:
    verdict = state.organization.access.check(actor.name, "erase", resource, at=now)
    if not verdict:
        raise NotAllowedError(verdict)


def _of_post(
    engine: Engine, state: State, actor: Actor, post: str, now: dt.datetime
) -> Effects[_Erasure]:
    loaded = yield from engine.load(f"post/{post}")
    if loaded.snapshot is None:
        raise NotFoundError("post", post)
    workspace = loaded.snapshot.post.workspace
    resource = workspace if workspace in state.organization.workspaces_by_id else "*"
    if not state.organization.access.allows(actor.name, "view", resource, at=now):
        raise NotFoundError("post", post)
    _check_may_erase(state, actor, resource, now)
    erasure = _Erasure(known=True, written={loaded.stream})
    # Delivery events also contain personal values, such as the reason for a takedown.
    deliveries = (f"delivery/{name}" for name in loaded.snapshot.post.deliveries)
    for stream in (loaded.stream, *deliveries):
        for event in (yield from call(engine.store.read, stream)):
            if event.type != PersonErased.TYPE:
                erasure.add_event(event, sorted(event.personal))
            erasure.versions[stream] = event.version
    return erasure


def _of_member(engine: Engine, member: str, progress: Progress | None) -> Effects[_Erasure]:
    """Search the whole journal for the texts that a member wrote and for texts about the member."""
    documents = versions_of((yield from call(engine.store.read, ORGANIZATION)))
    erasure = _Erasure(words=documents.words(member))
    last = yield from last_event(engine)
    position = 0
    while page := (yield from call(engine.store.read_all, after=position)):
        position = page[-1].position
        for event in page:
            _gather(erasure, event, member)
        if progress is not None and last is not None:
            progress(position, max(position, last.position))
    for stream in sorted(erasure.written):
        # The content of a post is erased as a whole, including revisions by other members.
        for event in (yield from call(engine.store.read, stream)):
            if "content" in event.personal and event.version <= erasure.versions[stream]:
                erasure.add_event(event, ["content"])
    if not erasure.known and not documents.knows(member):
        raise NotFoundError("member", member)
    erasure.add(ORGANIZATION, documents.naming(member))
    return erasure


def _gather(erasure: _Erasure, event: StoredEvent, member: str) -> None:
    """Add the values of one event that concern the member."""
    names = set(event.personal)
    by_member = event.actor == f"member:{member}"
    erasure.known = erasure.known or by_member
    if event.stream.startswith("post/"):
        names -= {"content"}
        revision = event.body.get("revision")
        if (
            isinstance(revision, Mapping)
            and revision.get("author") == member
            and not revision.get("only_time")
        ):
            erasure.written.add(event.stream)
    if event.type in DOCUMENT_EVENTS or event.type == PersonErased.TYPE:
        # Documents are rewritten, not erased; see `DocumentVersions`.
        names -= {"document", "documents", "files"}
    if by_member or (event.stream == RUNTIME_STATE and _concerns(event, member)):
        erasure.add_event(event, sorted(names))
    else:
        erasure.add_event(event, [name for name in names if erasure.mentions(event.personal[name])])
    if event.stream in erasure.fields or event.stream in erasure.written:
        erasure.versions[event.stream] = event.version


def _concerns(event: StoredEvent, member: str) -> bool:
    """Return whether an event changes an absence, grant or swap of the member."""
    swaps: Any = event.body.get("swaps")
    if isinstance(swaps, list | tuple) and any(
        isinstance(swap, Mapping) and swap.get("member") == member for swap in swaps
    ):
        return True
    absence, grant = event.body.get("absence"), event.body.get("grant")
    if isinstance(absence, Mapping):
        return absence.get("member") == member
    to: Any = grant.get("to") if isinstance(grant, Mapping) else ()
    return any(principal == {"kind": "member", "name": member} for principal in to or ())


def _check_finished(engine: Engine, streams: set[str]) -> Effects[None]:
    """Reject the erasure of posts that are not finished."""
    unfinished: list[str] = []
    for loaded, deliveries in (yield from engine.load_posts(sorted(streams))):
        post: Post = loaded.snapshot.post
        if not _is_finished(post, [delivery.snapshot for delivery in deliveries]):
            unfinished.append(post.external_id or post.id)
    if unfinished:
        raise NotAllowedError(
            Verdict.no(Reason.of("erase_unfinished", posts=", ".join(unfinished)))
        )


def _is_finished(post: Post, deliveries: Sequence[Delivery]) -> bool:
    if any(
        delivery.state not in _FINAL_DELIVERY_STATES
        or delivery.ids_to_take_down
        or delivery.amending
        for delivery in deliveries
    ):
        return False
    if post.erased or post.state in _CLOSED_STATES:
        return True
    return post.state is PostState.APPROVED and any(
        delivery.state in _PUBLISHED_STATES for delivery in deliveries
    )


def _append(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Erase,
    erasure: _Erasure,
    *,
    now: dt.datetime,
) -> Effects[dict[str, Any]]:
    events: list[NewEvent] = []
    snapshots: dict[str, Any] = {}
    expected_versions = {
        ORGANIZATION: state.versions[ORGANIZATION],
        RUNTIME_STATE: state.versions[RUNTIME_STATE],
    }
    for stream, fields in sorted(erasure.fields.items()):
        stored = yield from call(engine.store.read, stream)
        expected = expected_versions.setdefault(stream, erasure.versions.get(stream, 0))
        if stored[-1].version != expected:
            raise ConflictError(stream=stream, expected=expected, actual=stored[-1].version)
        data = _tombstone(stream, stored, fields, command)
        erases = {version: tuple(sorted(names)) for version, names in fields.items()}
        event, salt = engine.new_event(Event(stream, actor, data), state.digest, now, erases=erases)
        remaining = [without_values(old, erases.get(old.version, ())) for old in stored]
        snapshots[stream] = evolve(
            stream, reduced(stream, remaining), data, actor=actor, at=now, salt=salt
        )
        events.append(event)
    if not events:
        return {}
    yield from call(
        engine.store.append,
        events,
        expected_versions=expected_versions,
        rows=[row for stream, snapshot in snapshots.items() for row in rows_of(stream, snapshot)],
        snapshots={stream: pack(snapshot) for stream, snapshot in snapshots.items()},
    )
    return snapshots


def _tombstone(
    stream: str, stored: Sequence[StoredEvent], fields: Fields, command: dc.Erase
) -> PersonErased:
    """Return the event that replaces erased values with the parts still needed by the snapshot."""
    data = PersonErased(member=command.member, reason=command.reason)
    if stream == ORGANIZATION:
        return attrs.evolve(data, **versions_of(stored).without(command.member))
    contents: list[Any] = [
        event.personal["content"] for event in stored if "content" in fields.get(event.version, ())
    ]
    if not contents:
        return data
    return attrs.evolve(
        data,
        content=True,
        targets=tuple(contents[-1].get("targets", ())),
        media=tuple(sorted({*_media_digests(contents)})),
    )


def _media_digests(value: Any) -> Iterator[str]:
    """Yield the digests of all media in stored contents: also of variants, covers and cards."""
    if isinstance(value, Mapping):
        if isinstance(value.get("digest"), str):
            yield value["digest"]
        value = [*value.values()]
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _media_digests(each)


def without_values(event: StoredEvent, names: Sequence[str]) -> StoredEvent:
    """Return the event as the store will return it after the erasure."""
    if not names:
        return event
    personal = {name: value for name, value in event.personal.items() if name not in names}
    return attrs.evolve(
        event,
        personal=personal,
        erased=event.erased | set(names),
        salt=event.salt if personal else b"",
    )

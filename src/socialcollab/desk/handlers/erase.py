"""Erase a person, or one post: from every event, record and row, in one append."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, DeliveryState, Json, Post, PostState
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.encoding import pack
from socialcollab.desk.journal.erased_documents import (
    DocumentVersions,
    texts_of,
    versions_of,
    without_words,
)
from socialcollab.desk.journal.organization_events import OrganizationAdopted, OrganizationCreated
from socialcollab.desk.journal.projections import rows_of
from socialcollab.desk.journal.reducers import evolve, reduced
from socialcollab.desk.journal.snapshots import ORGANIZATION, RUNTIME_STATE
from socialcollab.effects import Effects, call
from socialcollab.errors import ConflictError, InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.stores import Event as StoredEvent
from socialcollab.stores import NewEvent
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor
from socialcollab.workflow.events import Event, PersonErased

Going = dict[str, dict[int, set[str]]]
"""The names of the personal values that go, by stream and version."""

_DOCUMENTS: Final = frozenset({OrganizationCreated.TYPE, OrganizationAdopted.TYPE})
_OVER: Final = frozenset({PostState.CANCELLED, PostState.REJECTED, PostState.EXPIRED})
_SETTLED: Final = frozenset(
    {
        DeliveryState.PUBLISHED,
        DeliveryState.FAILED,
        DeliveryState.MISSED,
        DeliveryState.CANCELLED,
        DeliveryState.REMOVED,
    }
)
_OUT: Final = frozenset({DeliveryState.PUBLISHED, DeliveryState.REMOVED})


@attrs.define
class _Found:
    """What a pass over the journal found of somebody, or of a post."""

    going: Going = attrs.field(factory=dict)
    contents: dict[str, dict[int, set[str]]] = attrs.field(factory=dict)
    written: set[str] = attrs.field(factory=set)
    known: bool = False
    words: frozenset[str] = frozenset()
    versions: dict[str, int] = attrs.field(factory=dict)

    def mentions(self, value: Json) -> bool:
        """Tell whether a value holds one of the names and addresses as a whole word."""
        if not self.words:
            return False
        words = "|".join(re.escape(word) for word in sorted(self.words))
        search = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
        return any(search.search(text) for text in texts_of(value))

    def add(self, event: StoredEvent, names: Sequence[str]) -> None:
        if names:
            versions = self.going.setdefault(event.stream, {})
            versions.setdefault(event.version, set()).update(names)


def erase(
    engine: Engine, state: State, actor: Actor, command: dc.Erase, *, at: dt.datetime
) -> Effects[dict[str, Any]]:
    """
    Purge what the command names, with tombstones, all or nothing.

    Returns:
        The new record of each stream that something was erased from; none if
        it had been erased before.

    Raises:
        NotAllowedError: If the actor may not, or a post is not finished.

        NotFoundError: If nothing here speaks of such a member, or there is no such post.

        InvalidValueError: If not exactly one of the two is named, or there is no reason.
    """
    if bool(command.member) == bool(command.post):
        raise InvalidValueError(
            "an erasure is of a member or of a post", expected="one of member= and post="
        )
    if not command.reason.strip():
        raise InvalidValueError(
            "an erasure needs a reason", value=command.reason, expected="why it is erased"
        )
    if command.post:
        found = yield from _of_post(engine, state, actor, command.post, at)
    else:
        _check(state, actor, "*", at)
        found = yield from _of_member(engine, command.member)
    unfinished = yield from _unfinished(engine, found.written)
    if unfinished:
        raise NotAllowedError(
            Verdict.no(Reason.of("erase_unfinished", posts=", ".join(unfinished)))
        )
    # A reason tends to say whose wish it was.
    said = without_words(command.reason, found.words, command.member)
    command = attrs.evolve(command, reason=said)
    return (yield from _append(engine, state, actor, command, found, at=at))


def _check(state: State, actor: Actor, place: str, at: dt.datetime) -> None:
    verdict = state.organization.access.check(actor.name, "erase", place, at=at)
    if not verdict:
        raise NotAllowedError(verdict)


def _of_post(
    engine: Engine, state: State, actor: Actor, post: str, at: dt.datetime
) -> Effects[_Found]:
    loaded = yield from engine.load(f"post/{post}")
    if loaded.snapshot is None:
        raise NotFoundError("post", post)
    workspace = loaded.snapshot.post.workspace
    place = workspace if workspace in state.organization.workspaces_by_id else "*"
    if not state.organization.access.allows(actor.name, "view", place, at=at):
        raise NotFoundError("post", post)
    _check(state, actor, place, at)
    found = _Found(known=True, written={loaded.stream})
    # Why something was to be taken down is said of its delivery.
    deliveries = (f"delivery/{name}" for name in loaded.snapshot.post.deliveries)
    for stream in (loaded.stream, *deliveries):
        for event in (yield from call(engine.store.read, stream)):
            if event.type != PersonErased.TYPE:
                found.add(event, sorted(event.personal))
            found.versions[stream] = event.version
    return found


def _of_member(engine: Engine, member: str) -> Effects[_Found]:
    """Go through the whole journal for what a member wrote, and for what was written of them."""
    documents = versions_of((yield from call(engine.store.read, ORGANIZATION)))
    found = _Found(words=documents.words(member))
    position = 0
    while page := (yield from call(engine.store.read_all, after=position)):
        position = page[-1].position
        for event in page:
            _look_at(found, event, member)
    for stream in found.written:
        for version, names in found.contents.get(stream, {}).items():
            found.going.setdefault(stream, {}).setdefault(version, set()).update(names)
    if not found.known and not documents.knows(member):
        raise NotFoundError("member", member)
    for version, names in documents.naming(member).items():
        found.going.setdefault(ORGANIZATION, {}).setdefault(version, set()).update(names)
    return found


def _look_at(found: _Found, event: StoredEvent, member: str) -> None:
    found.versions[event.stream] = event.version
    personal = set(event.personal)
    by_them = event.actor == f"member:{member}"
    found.known = found.known or by_them
    if event.stream.startswith("post/"):
        content = personal & {"content"}
        if content:
            found.contents.setdefault(event.stream, {})[event.version] = content
            personal -= content
        revision = event.body.get("revision")
        moved = isinstance(revision, Mapping) and revision.get("only_time")
        if isinstance(revision, Mapping) and revision.get("author") == member and not moved:
            found.written.add(event.stream)
    if event.type in _DOCUMENTS or event.type == PersonErased.TYPE:
        personal -= {"document", "documents", "files"}
    if by_them or (event.stream == RUNTIME_STATE and _is_about(event, member)):
        found.add(event, sorted(personal))
    else:
        # What others said goes too where it has their name or an address of theirs.
        found.add(event, [name for name in personal if found.mentions(event.personal[name])])


def _is_about(event: StoredEvent, member: str) -> bool:
    """Tell whether a fact is about an absence of theirs, rights they were given, or their taking over."""
    swaps: Any = event.body.get("swaps")
    if isinstance(swaps, list | tuple) and any(
        isinstance(one, Mapping) and one.get("member") == member for one in swaps
    ):
        return True
    absence, grant = event.body.get("absence"), event.body.get("grant")
    if isinstance(absence, Mapping):
        return absence.get("member") == member
    to: Any = grant.get("to") if isinstance(grant, Mapping) else ()
    return any(principal == {"kind": "member", "name": member} for principal in to or ())


def _unfinished(engine: Engine, streams: set[str]) -> Effects[list[str]]:
    """Return those posts with which somebody still has something to do."""
    found = []
    for stream in sorted(streams):
        post: Post = (yield from engine.load(stream)).snapshot.post
        deliveries = [one.snapshot for one in (yield from engine.deliveries(post))]
        if not _is_finished(post, deliveries):
            found.append(post.external_id or post.id)
    return found


def _is_finished(post: Post, deliveries: Sequence[Delivery]) -> bool:
    if any(one.state not in _SETTLED or one.ids_to_take_down or one.amending for one in deliveries):
        return False
    if post.erased or post.state in _OVER:
        return True
    return post.state is PostState.APPROVED and any(one.state in _OUT for one in deliveries)


def _append(
    engine: Engine,
    state: State,
    actor: Actor,
    command: dc.Erase,
    found: _Found,
    *,
    at: dt.datetime,
) -> Effects[dict[str, Any]]:
    events: list[NewEvent] = []
    snapshots: dict[str, Any] = {}
    expected_versions = {
        ORGANIZATION: state.versions[ORGANIZATION],
        RUNTIME_STATE: state.versions[RUNTIME_STATE],
    }
    for stream, going in sorted(found.going.items()):
        stored = yield from call(engine.store.read, stream)
        expected = expected_versions.setdefault(stream, found.versions.get(stream, 0))
        if stored[-1].version != expected:
            raise ConflictError(stream=stream, expected=expected, actual=stored[-1].version)
        data = _tombstone(stream, stored, going, command)
        erases = {version: tuple(sorted(names)) for version, names in going.items()}
        new, salt = engine.new_event(Event(stream, actor, data), state.digest, at, erases=erases)
        left = [_without(event, erases.get(event.version, ())) for event in stored]
        snapshots[stream] = evolve(
            stream, reduced(stream, left), data, actor=actor, at=at, salt=salt
        )
        events.append(new)
    if not events:
        return {}
    rows = [row for stream, snapshot in snapshots.items() for row in rows_of(stream, snapshot)]
    packed = {stream: pack(snapshot) for stream, snapshot in snapshots.items()}
    yield from call(
        engine.store.append,
        events,
        expected_versions=expected_versions,
        rows=rows,
        snapshots=packed,
    )
    return snapshots


def _tombstone(
    stream: str,
    stored: Sequence[StoredEvent],
    going: Mapping[int, set[str]],
    command: dc.Erase,
) -> PersonErased:
    """Say what of a stream was erased, with what has to be known all the same."""
    data = PersonErased(member=command.member, reason=command.reason)
    if stream == ORGANIZATION:
        documents: DocumentVersions = versions_of(stored)
        return attrs.evolve(data, **documents.without(command.member))
    contents: list[Any] = [
        event.personal["content"] for event in stored if "content" in going.get(event.version, ())
    ]
    if not contents:
        return data
    media = {image["digest"] for content in contents for image in content.get("media", ())}
    return attrs.evolve(
        data,
        content=True,
        targets=tuple(contents[-1].get("targets", ())),
        media=tuple(sorted(media)),
    )


def _without(event: StoredEvent, names: Sequence[str]) -> StoredEvent:
    """Return the event as it will be read."""
    if not names:
        return event
    kept = {name: value for name, value in event.personal.items() if name not in names}
    return attrs.evolve(
        event,
        personal=kept,
        erased=event.erased | set(names),
        salt=event.salt if kept else b"",
    )

"""Read the journal: the history of a post, the feed of all events, and the state at an instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Json, unmatched_mentions
from socialcollab.desk.arguments import check_count
from socialcollab.desk.engine import Engine, Loaded, read_organization
from socialcollab.desk.journal.document_versions import versions_of
from socialcollab.desk.journal.encoding import event_data, event_parts
from socialcollab.desk.journal.organization_events import OrganizationReevaluated
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE, evolve, reduced
from socialcollab.effects import Effects, call
from socialcollab.errors import NotFoundError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.permissions import Access
from socialcollab.stores import Event as StoredEvent
from socialcollab.time import TimeLike, as_instant
from socialcollab.verdicts import Reason, catalogue
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev

_ONLY_IN_FEED = frozenset({ev.PostReevaluated.TYPE, ev.NotificationsQueued.TYPE})


@attrs.frozen(kw_only=True)
class HistoryEntry(NotebookMixin):
    """
    An event in the history of a desk, for display.

    Attributes:
        at: When the event happened, according to the desk's clock, in UTC.
        actor: The actor who caused the event, such as "member:ana" or "system:publisher".
        type: The event type, such as "post.approved".
        stream: The stream to which the event belongs.
        position: The position of the event in the organization's journal.
        data: The event's values: an object of the class in `socialcollab.workflow.events` that has
            this type.
        changed: The names of the fields that an edit of a post changed; empty for other events, and
            in the feed.
        digest: The digest of the document that was active at that time.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    at: dt.datetime
    actor: str
    type: str
    stream: str
    position: int
    data: Any = attrs.field(repr=False)
    changed: tuple[str, ...] = ()
    digest: str = attrs.field(default="", repr=False)

    @property
    def by(self) -> str:
        """The name of the actor without its kind: a member's id, "publisher", "timer" or "rules"."""
        return Actor.parse(self.actor).name

    def text(self, language: str = "en") -> str:
        """
        Return what the actor did, in words, without the actor and the time.

        For example: "approved step `editorial/edit`, on behalf of `ben`: “fine”". The text contains
        the event's note, reason or comment, and its step, profile or other values.
        """
        return describe_event(self.data, self.stream, self.changed, language)

    def values(self) -> dict[str, Json]:
        """Return the event's values as they are stored: as JSON, without default values."""
        covered, personal = event_parts(self.data)
        return {**covered, **personal}


def describe_event(
    data: Any, stream: str, changed: tuple[str, ...] = (), language: str = "en"
) -> str:
    """Return what the actor of an event did, in words; see `HistoryEntry.text`."""
    name, params = _message_of(data, changed)
    params |= {"profile": _profile_of(stream) or params.get("profile", "-")}
    text = Reason.of(f"history.{name}", **params).text(language)
    for suffix, parameter, value in (
        ("on_behalf_of", "members", _names(getattr(data, "on_behalf_of", ()))),
        ("url", "url", "" if isinstance(data, ev.NativePostAdded) else getattr(data, "url", "")),
        ("problem", "problem", _problem_of(data, language)),
        *(("quoted", "quote", getattr(data, name, "")) for name in _QUOTED),
        ("unmatched_mentions", "names", _unmatched_mentions(data)),
    ):
        if value:
            params = {"text": text, parameter: value}
            text = Reason.of(f"history.{suffix}", **params).text(language)
    return text


def _problem_of(data: Any, language: str) -> str:
    """Return a delivery's problem in words, or the network's description of the problem."""
    problem = str(getattr(data, "problem", ""))
    # The code of a hold is followed by its id.
    match problem.split(" "):
        case ["hold", hold]:
            return Reason.of("history.hold_problem", hold=hold).text(language)
    code = f"history.problem.{problem}"
    return Reason.of(code).text(language) if code in catalogue(language) else problem


_QUOTED = ("note", "reason", "text")


def _unmatched_mentions(data: Any) -> str:
    if not isinstance(data, ev.PostCommented):
        return ""
    return _names(unmatched_mentions(data.text, data.mentions))


def _message_of(data: Any, changed: tuple[str, ...]) -> tuple[str, dict[str, object]]:
    """Return the name of the message for an event, and its parameters."""
    name = str(data.TYPE)
    params: dict[str, object] = {
        attribute.name: _shown(getattr(data, attribute.name))
        for attribute in attrs.fields(type(data))
    }
    match data:
        case ev.AbsenceAdded(absence=absence):
            params = {key: str(value) for key, value in attrs.asdict(absence).items()}
            name += ".delegate" if absence.delegate else ""
        case ev.DeliveryPublished():
            name += ".by_hand" if data.by_hand else ".found" if data.found else ""
        case ev.GrantAdded(grant=grant):
            params = {**grant.summary, "to": _names(grant.to)}
        case ev.HoldPlaced(hold=hold):
            params["on"] = str(hold.on)
        case ev.NotificationsQueued(notifications=entries):
            params["to"] = _names(dict.fromkeys(entry.to for entry in entries))
        case ev.PersonErased(member=""):
            name += ".post"
        case ev.PostApproved(alone=True):
            name += ".alone"
        case ev.PostCommented(internal=True):
            name += ".internal"
        case ev.PostDecided(verdict=verdict):
            name += f".{verdict}"
        case ev.PostEdited() if changed:
            name, params["fields"] = f"{name}.fields", ", ".join(changed)
        case ev.PostSubmitted(when=when):
            name += f".{when}"
        case ev.ShiftsSwapped(swaps=swaps):
            params["rotations"] = _names(dict.fromkeys(swap.rotation for swap in swaps))
            params["members"] = _names(dict.fromkeys(swap.member for swap in swaps))
        case ev.StepOverdue(unreachable=True):
            name += ".unreachable"
    return name, params


def _names(values: Iterable[object]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _shown(value: object) -> object:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple | list):
        return _names(value) or "-"
    return value


def _profile_of(stream: str) -> str:
    """Return the profile to which a delivery, budget or calendar belongs, or an empty string."""
    kind, _, name = stream.partition("/")
    if kind == "delivery":
        return name.partition(".")[2].rpartition(".")[0]
    return name if kind in ("budget", "calendar") else ""


def _entry(event: StoredEvent) -> HistoryEntry:
    return HistoryEntry(
        at=event.at,
        actor=event.actor,
        type=event.type,
        stream=event.stream,
        position=event.position,
        data=event_data(event),
        digest=event.digest,
    )


def history(engine: Engine, post: str) -> Effects[tuple[HistoryEntry, ...]]:
    """
    Return the events of a post and its deliveries in chronological order.

    Moved deadlines and queued notifications are omitted; only the feed contains them.
    """
    loaded = yield from engine.post(post)
    return (yield from history_of(engine, loaded))


def history_of(engine: Engine, loaded: Loaded) -> Effects[tuple[HistoryEntry, ...]]:
    """Return the history of a post that has already been read."""
    streams = [loaded.stream, *(f"delivery/{name}" for name in loaded.snapshot.post.deliveries)]
    events: list[StoredEvent] = []
    for stream in streams:
        events.extend((yield from call(engine.store.read, stream)))
    entries = [
        _entry(event)
        for event in sorted(events, key=lambda event: event.position)
        if event.type not in _ONLY_IN_FEED
    ]
    revisions = {revision.number: revision for revision in loaded.snapshot.post.revisions}
    return tuple(
        attrs.evolve(entry, changed=entry.data.revision.changed_since(before))
        if isinstance(entry.data, ev.PostEdited)
        and (before := revisions.get(entry.data.revision.number - 1)) is not None
        else entry
        for entry in entries
    )


def feed(engine: Engine, *, after: int, limit: int) -> Effects[tuple[HistoryEntry, ...]]:
    """Return up to *limit* events after a position, in order."""
    check_count(after, "after")
    events = yield from call(engine.store.read_all, after=after, limit=check_count(limit, "limit"))
    return tuple(_entry(event) for event in events)


def last_event_at(engine: Engine) -> Effects[dt.datetime | None]:
    """Return the time of the last event, or None if there are no events."""
    last = yield from last_event(engine)
    return None if last is None else last.at


def last_event(engine: Engine) -> Effects[StoredEvent | None]:
    """Return the last event of the journal, or None if there are no events."""
    last = None
    step = 1
    # Positions have no gaps. The step size doubles until it exceeds the end, and then it shrinks.
    grows = True
    while step:
        position = 0 if last is None else last.position
        found = yield from call(engine.store.read_all, after=position + step - 1, limit=1)
        grows = grows and bool(found)
        last = found[0] if found else last
        step = step * 2 if grows else step // 2
    return last


@attrs.frozen(kw_only=True)
class ActiveDocument:
    """
    The document that was active at an instant, with the runtime state of that time.

    Attributes:
        at: The instant, in UTC.
        organization: The document together with the runtime state.
        runtime_state: The runtime state.
        digest: The document's digest, which was stored with the events of that time.
        since: When the document was adopted.
        by: The actor who adopted the document, such as "member:eva".
        reason: The reason for the adoption; empty for the first document.
        tzdata: The version of the time zone data with which the instants of planned times were
            computed.
    """

    at: dt.datetime
    organization: Organization = attrs.field(repr=False)
    runtime_state: RuntimeState = attrs.field(repr=False)
    digest: str
    since: dt.datetime
    by: str
    reason: str = attrs.field(default="", repr=False)
    tzdata: str = ""

    @property
    def access(self) -> Access:
        """The permissions of all members at that instant."""
        return self.organization.access


def as_of(engine: Engine, at: TimeLike) -> Effects[ActiveDocument]:
    """
    Return the document that was active at an instant, with the runtime state of that time.

    Raises:
        NotFoundError: If the desk did not exist at that instant.
    """
    organization = (yield from engine.state()).organization
    instant = as_instant(at, str(organization.settings.timezone))
    snapshot = None
    adopted: tuple[StoredEvent, Any] | None = None
    events = yield from call(engine.store.read, ORGANIZATION)
    versions = versions_of(events)
    for event in events:
        # Events apply in the order of the journal. If a clock was set back, a later event may have
        # an earlier instant, but it still replaces the events before it.
        if event.at > instant:
            continue
        data: Any = event_data(event)
        if "document" in event.erased:
            data = attrs.evolve(data, document=versions.text(event.version))
        actor = Actor.parse(event.actor)
        snapshot = evolve(ORGANIZATION, snapshot, data, actor=actor, at=event.at, salt=event.salt)
        if not isinstance(data, (OrganizationReevaluated, ev.PersonErased)):
            adopted = (event, data)
    if snapshot is None or adopted is None:
        raise NotFoundError(
            "organization",
            engine.store.organization,
            suggestion=f"its desk had not been created at {instant.isoformat()}",
        )
    earlier = [
        event
        for event in (yield from call(engine.store.read, RUNTIME_STATE))
        if event.at <= instant
    ]
    state = reduced(RUNTIME_STATE, earlier)
    runtime_state = state.runtime_state if state is not None else RuntimeState()
    event, data = adopted
    return ActiveDocument(
        at=instant,
        organization=read_organization(snapshot).with_state(runtime_state),
        runtime_state=runtime_state,
        digest=snapshot.digest,
        since=event.at,
        by=event.actor,
        reason=getattr(data, "reason", ""),
        tzdata=snapshot.tzdata,
    )

"""The organization and the facts that were in force at an instant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from socialcollab.desk.engine import Engine, read_organization
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.erased_documents import versions_of
from socialcollab.desk.journal.organization_events import OrganizationReevaluated
from socialcollab.desk.journal.reducers import evolve
from socialcollab.desk.journal.snapshots import ORGANIZATION, RUNTIME_STATE
from socialcollab.effects import Effects, call
from socialcollab.errors import NotFoundError
from socialcollab.organization import Organization, RuntimeState
from socialcollab.permissions import Access
from socialcollab.time import as_utc
from socialcollab.workflow import Actor
from socialcollab.workflow.events import PersonErased


@attrs.frozen(kw_only=True)
class ActiveDocument:
    """
    What held at an instant.

    Attributes:
        at: The instant, in UTC.

        organization: The organization in force, under the facts.

        facts: The facts that held by command.

        digest: The organization's digest, as the events of that time carry it.

        since: When it had come into force.

        by: Who had brought it into force, such as "member:eva".

        reason: Why, or empty for the first.
    """

    at: dt.datetime
    organization: Organization = attrs.field(repr=False)
    runtime_state: RuntimeState = attrs.field(repr=False)
    digest: str
    since: dt.datetime
    by: str
    reason: str = attrs.field(default="", repr=False)

    @property
    def access(self) -> Access:
        """Who might do what, by the organization that was in force."""
        return self.organization.access


def as_of(engine: Engine, at: dt.datetime) -> Effects[ActiveDocument]:
    """
    Return what was in force at *at*, from the journal.

    Raises:
        NotFoundError: If no organization was in force yet.
    """
    instant = as_utc(at)
    snapshot = None
    last = None
    events = yield from call(engine.store.read, ORGANIZATION)
    versions = versions_of(events)
    for event in events:
        # By position: where a clock was set back, the last word up to that instant counts.
        if event.at > instant:
            continue
        data: Any = event_data(event)
        if "document" in event.erased:
            # What was written anew when somebody was erased stands for it.
            data = attrs.evolve(data, document=versions.text(event.version))
        actor = Actor.parse(event.actor)
        snapshot = evolve(ORGANIZATION, snapshot, data, actor=actor, at=event.at, salt=event.salt)
        if not isinstance(data, (OrganizationReevaluated, PersonErased)):
            last = (event, data)
    if snapshot is None or last is None:
        raise NotFoundError(
            "organization",
            engine.store.organization,
            suggestion=f"at {instant.isoformat()} none was in force yet",
        )
    facts = None
    for event in (yield from call(engine.store.read, RUNTIME_STATE)):
        if event.at > instant:
            continue
        actor = Actor.parse(event.actor)
        facts = evolve(
            RUNTIME_STATE, facts, event_data(event), actor=actor, at=event.at, salt=event.salt
        )
    standing = facts.runtime_state if facts is not None else RuntimeState()
    event, data = last
    return ActiveDocument(
        at=instant,
        organization=read_organization(snapshot).with_state(standing),
        runtime_state=standing,
        digest=snapshot.digest,
        since=event.at,
        by=event.actor,
        reason=getattr(data, "reason", ""),
    )

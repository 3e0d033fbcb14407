"""The organization and the facts that were in force at an instant."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs

from socialcollab.desk.encoding import event_data
from socialcollab.desk.engine import Engine, read_organization
from socialcollab.desk.erased_documents import versions_of
from socialcollab.desk.organization_events import OrganizationReplanned
from socialcollab.desk.steps import Steps, ask
from socialcollab.desk.streams import FACTS, ORGANIZATION, evolve
from socialcollab.errors import NotFoundError
from socialcollab.organization import Organization, StandingFacts
from socialcollab.permissions import Access
from socialcollab.time import as_utc
from socialcollab.workflow import Actor
from socialcollab.workflow.erasing_events import PersonErased

__all__ = ["InForce", "in_force"]


@attrs.frozen(kw_only=True)
class InForce:
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
    facts: StandingFacts = attrs.field(repr=False)
    digest: str
    since: dt.datetime
    by: str
    reason: str = attrs.field(default="", repr=False)

    @property
    def access(self) -> Access:
        """Who might do what, by the organization that was in force."""
        return self.organization.access


def in_force(engine: Engine, at: dt.datetime) -> Steps[InForce]:
    """
    Return what was in force at *at*, from the journal.

    Raises:
        NotFoundError: If no organization was in force yet.
    """
    instant = as_utc(at)
    record = None
    last = None
    events = yield from ask(engine.store.read, ORGANIZATION)
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
        record = evolve(ORGANIZATION, record, data, actor=actor, at=event.at, salt=event.salt)
        if not isinstance(data, (OrganizationReplanned, PersonErased)):
            last = (event, data)
    if record is None or last is None:
        raise NotFoundError(
            "organization",
            engine.store.organization,
            suggestion=f"at {instant.isoformat()} none was in force yet",
        )
    facts = None
    for event in (yield from ask(engine.store.read, FACTS)):
        if event.at > instant:
            continue
        actor = Actor.parse(event.actor)
        facts = evolve(FACTS, facts, event_data(event), actor=actor, at=event.at, salt=event.salt)
    standing = facts.facts if facts is not None else StandingFacts()
    event, data = last
    return InForce(
        at=instant,
        organization=read_organization(record).under(standing),
        facts=standing,
        digest=record.digest,
        since=event.at,
        by=event.actor,
        reason=getattr(data, "reason", ""),
    )

"""Make fact commands of what a member says: identifiers, dates and zones filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine
from socialcollab.desk.perform import perform
from socialcollab.desk.steps import Steps
from socialcollab.identifiers import uuid7
from socialcollab.permissions import Absence
from socialcollab.time import as_utc, parse_date
from socialcollab.workflow import Actor

__all__ = ["DayLike", "day", "say_away"]

DayLike = dt.date | str


def day(value: DayLike) -> dt.date:
    """Return the day that a person gave as a text or a date."""
    return parse_date(value) if isinstance(value, str) else value


def say_away(
    engine: Engine,
    actor: Actor,
    *,
    start: DayLike,
    end: DayLike,
    member: str,
    delegate: str,
    permissions: Iterable[str],
    reason: str,
) -> Steps[Absence]:
    """Record an absence on days of the member's own zone, and return it."""
    state = yield from engine.state()
    organization = state.organization
    who = member or actor.name
    person = organization.members_by_id.get(who)
    zone = (person.timezone if person else "") or str(organization.settings.timezone)
    absence = Absence(
        id=uuid7(as_utc(engine.real_clock()), engine.entropy(10)),
        member=who,
        start=day(start),
        end=day(end),
        zone=zone,
        delegate=delegate,
        permissions=tuple(permissions),
        by=actor.name,
    )
    yield from perform(engine, actor, dc.Away(absence=absence, reason=reason))
    return absence

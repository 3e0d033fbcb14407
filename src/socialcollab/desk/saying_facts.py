"""Make fact commands of what a member says: identifiers, dates and zones filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine
from socialcollab.desk.perform import perform
from socialcollab.desk.steps import Steps
from socialcollab.desk.streams import FACTS
from socialcollab.directory import Party, Selector
from socialcollab.identifiers import uuid7
from socialcollab.permissions import Absence, GivenGrant, Grant
from socialcollab.time import as_utc, parse_date, parse_local
from socialcollab.workflow import Actor

__all__ = ["DayLike", "PartyLike", "SelectorLike", "bound", "day", "say_away", "say_given"]

DayLike = dt.date | str
PartyLike = str | Party
SelectorLike = str | Mapping[str, Any] | Selector


def day(value: DayLike) -> dt.date:
    """Return the day that a person gave as a text or a date."""
    return parse_date(value) if isinstance(value, str) else value


def bound(value: DayLike) -> dt.date:
    """Return the day or the local time that a person gave."""
    if isinstance(value, str) and ":" in value:
        return parse_local(value)
    return day(value)


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


def say_given(
    engine: Engine,
    actor: Actor,
    *,
    to: PartyLike | Iterable[PartyLike],
    role: str,
    permissions: str | Iterable[str],
    on: SelectorLike,
    start: DayLike | None,
    until: DayLike,
    reason: str,
) -> Steps[GivenGrant]:
    """Give rights until a time, and return what was given."""
    grant = Grant(
        to=to if isinstance(to, str | Party) else tuple(to),
        role=role,
        permissions=permissions if isinstance(permissions, str) else tuple(permissions),
        on=on,
        start=None if start is None else bound(start),
        end=bound(until),
        reason=reason,
        by=actor.name,
    )
    given = GivenGrant(id=uuid7(as_utc(engine.real_clock()), engine.entropy(10)), grant=grant)
    records = yield from perform(engine, actor, dc.Give(given=given))
    stored: tuple[GivenGrant, ...] = records[FACTS].facts.given
    return next(one for one in stored if one.id == given.id)

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
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import uuid7
from socialcollab.organization import Organization
from socialcollab.permissions import Absence, GivenGrant, Grant, Swap
from socialcollab.time import as_utc, local_time, parse_date, parse_local
from socialcollab.workflow import Actor
from socialcollab.workflow.decide_swapping import on_duty_throughout

__all__ = [
    "BoundLike",
    "DayLike",
    "PartyLike",
    "SelectorLike",
    "bound",
    "day",
    "say_away",
    "say_given",
    "say_swapped",
]

DayLike = dt.date | str
PartyLike = str | Party
BoundLike = dt.datetime | str
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


def say_swapped(
    engine: Engine,
    actor: Actor,
    duty: str,
    *,
    start: BoundLike,
    end: BoundLike,
    to: str,
    in_return: tuple[BoundLike, BoundLike] | None,
    reason: str,
) -> Steps[tuple[Swap, ...]]:
    """Let somebody take over on duty, and return what was swapped."""
    swaps = [_swap(engine, duty, start, end, to)]
    if in_return is not None:
        state = yield from engine.state()
        swaps.append(
            _swap(engine, duty, *in_return, _relieved(swaps[0], state.organization, actor))
        )
    records = yield from perform(engine, actor, dc.SwapDuty(swaps=swaps, reason=reason))
    stored: tuple[Swap, ...] = records[FACTS].facts.swaps
    return tuple(one for one in stored if any(one.id == swap.id for swap in swaps))


def _swap(engine: Engine, duty: str, start: BoundLike, end: BoundLike, to: str) -> Swap:
    bounds = [parse_local(one) if isinstance(one, str) else one for one in (start, end)]
    offsets = {one.utcoffset() is not None for one in bounds}
    if len(offsets) > 1:
        raise InvalidValueError(
            f"a swap from `{start}` to `{end}` has one bound with a UTC offset, and one without",
            value=end,
            expected="two local times, or two instants",
        )
    exact = offsets == {True}
    first, over = (local_time(one, "UTC") if exact else one for one in bounds)
    return Swap(
        id=uuid7(as_utc(engine.real_clock()), engine.entropy(10)),
        duty=duty,
        member=to,
        start=first,
        end=over,
        zone="UTC" if exact else "",
    )


def _relieved(swap: Swap, organization: Organization, actor: Actor) -> str:
    """Return who takes over in return: who is on duty all of a swap's time, else the actor."""
    access = organization.access
    if swap.duty not in access.duty_ids:
        return actor.name
    return on_duty_throughout(swap, access.duty_line(swap.duty)) or actor.name

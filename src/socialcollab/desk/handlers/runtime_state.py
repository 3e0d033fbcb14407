"""Make fact commands of what a member says: identifiers, dates and zones filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import perform
from socialcollab.desk.journal.snapshots import RUNTIME_STATE
from socialcollab.directory import Principal, Selector
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import uuid7
from socialcollab.organization import Organization
from socialcollab.permissions import Absence, Grant, ShiftSwap, TemporaryGrant
from socialcollab.time import as_utc, local_time, parse_date, parse_local
from socialcollab.workflow import Actor
from socialcollab.workflow.decide import on_duty_throughout

DayLike = dt.date | str
PrincipalLike = str | Principal
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
) -> Effects[Absence]:
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
    yield from perform(engine, actor, dc.AddAbsence(absence=absence, reason=reason))
    return absence


def say_given(
    engine: Engine,
    actor: Actor,
    *,
    to: PrincipalLike | Iterable[PrincipalLike],
    role: str,
    permissions: str | Iterable[str],
    on: SelectorLike,
    start: DayLike | None,
    until: DayLike,
    reason: str,
) -> Effects[TemporaryGrant]:
    """Give rights until a time, and return what was given."""
    grant = Grant(
        to=to if isinstance(to, str | Principal) else tuple(to),
        role=role,
        permissions=permissions if isinstance(permissions, str) else tuple(permissions),
        on=on,
        start=None if start is None else bound(start),
        end=bound(until),
        reason=reason,
        by=actor.name,
    )
    given = TemporaryGrant(id=uuid7(as_utc(engine.real_clock()), engine.entropy(10)), grant=grant)
    snapshots = yield from perform(engine, actor, dc.AddGrant(grant=given))
    stored: tuple[TemporaryGrant, ...] = snapshots[RUNTIME_STATE].runtime_state.temporary_grants
    return next(one for one in stored if one.id == given.id)


def say_swapped(
    engine: Engine,
    actor: Actor,
    rotation: str,
    *,
    start: BoundLike,
    end: BoundLike,
    to: str,
    in_return: tuple[BoundLike, BoundLike] | None,
    reason: str,
) -> Effects[tuple[ShiftSwap, ...]]:
    """Let somebody take over on duty, and return what was swapped."""
    swaps = [_swap(engine, rotation, start, end, to)]
    if in_return is not None:
        state = yield from engine.state()
        swaps.append(
            _swap(engine, rotation, *in_return, _relieved(swaps[0], state.organization, actor))
        )
    snapshots = yield from perform(engine, actor, dc.SwapShift(swaps=swaps, reason=reason))
    stored: tuple[ShiftSwap, ...] = snapshots[RUNTIME_STATE].runtime_state.swaps
    return tuple(one for one in stored if any(one.id == swap.id for swap in swaps))


def _swap(engine: Engine, rotation: str, start: BoundLike, end: BoundLike, to: str) -> ShiftSwap:
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
    return ShiftSwap(
        id=uuid7(as_utc(engine.real_clock()), engine.entropy(10)),
        rotation=rotation,
        member=to,
        start=first,
        end=over,
        zone="UTC" if exact else "",
    )


def _relieved(swap: ShiftSwap, organization: Organization, actor: Actor) -> str:
    """Return who takes over in return: who is on duty all of a swap's time, else the actor."""
    access = organization.access
    if swap.rotation not in access.rotation_ids:
        return actor.name
    return on_duty_throughout(swap, access.rotation_binding(swap.rotation)) or actor.name

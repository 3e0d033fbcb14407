"""Build and perform commands on holds and the runtime state from the caller's values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import attrs

from socialcollab.content import Hold
from socialcollab.desk.arguments import check_text, id_of
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import perform
from socialcollab.desk.journal.streams import RUNTIME_STATE
from socialcollab.desk.queries.holds import HoldResult, affected_by
from socialcollab.directory import Principal, Selector
from socialcollab.document_fields import as_items, as_words
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import Organization
from socialcollab.permissions import Absence, Grant, ShiftSwap, TemporaryGrant
from socialcollab.time import DateLike, TimeLike, as_date, as_instant, local_time, parse_local
from socialcollab.workflow import Actor, Connection
from socialcollab.workflow import commands as cm
from socialcollab.workflow.decide import on_duty_throughout
from socialcollab.workflow.events import connection_stream

PrincipalLike: TypeAlias = str | Principal
BoundLike: TypeAlias = dt.datetime | str
SelectorLike: TypeAlias = str | Mapping[str, Any] | Selector


def _as_bound(value: DateLike) -> dt.date:
    """Convert a caller's value to a date or a local time."""
    if isinstance(value, str) and ":" in value:
        return parse_local(value)
    return value if isinstance(value, dt.datetime) else as_date(value)


def hold(
    engine: Engine,
    actor: Actor,
    on: SelectorLike,
    *,
    reason: str,
    until: TimeLike | None,
) -> Effects[HoldResult]:
    """Place a hold, and return the deliveries that it stops; see `MemberDesk.hold`."""
    selector = Selector.of(on)
    organization = (yield from engine.state()).organization
    # If the hold affects only one workspace, local times are in that workspace's time zone.
    workspaces = {
        profile.workspace for profile in organization.profiles if selector.matches_profile(profile)
    }
    zone = organization.zone_or_default(workspaces.pop() if len(workspaces) == 1 else "")
    command = cm.PlaceHold(
        hold=engine.new_id(),
        on=selector,
        reason=reason,
        until=None if until is None else as_instant(until, zone),
    )
    yield from perform(engine, actor, command)
    placed = yield from _find_hold(engine, command.hold)
    return (yield from affected_by(engine, placed))


def resume(engine: Engine, actor: Actor, hold: HoldResult | Hold | str) -> Effects[HoldResult]:
    """
    End a hold, and return the deliveries that missed their time because of it; see
    `MemberDesk.resume`.

    Raises:
        NotFoundError: If the hold does not exist.
    """
    ended = yield from _find_hold(engine, id_of(hold, HoldResult, Hold))
    yield from perform(engine, actor, cm.Resume(hold=ended.id))
    return (
        yield from affected_by(
            engine, attrs.evolve(ended, ended_at=engine.now(), ended_by=str(actor))
        )
    )


def _find_hold(engine: Engine, hold: str) -> Effects[Hold]:
    state = yield from engine.state()
    for one in state.holds.holds:
        if one.id == hold:
            return one
    raise NotFoundError("hold", hold)


def instant_for(engine: Engine, profile: str, at: TimeLike) -> Effects[dt.datetime]:
    """Convert a caller's value to an instant; local times are in the workspace's time zone."""
    organization = (yield from engine.state()).organization
    known = organization.profiles_by_id.get(check_text(profile, "profile"))
    return as_instant(at, organization.zone_or_default(known.workspace if known else ""))


def connect(
    engine: Engine,
    actor: Actor,
    profile: str,
    *,
    account: str,
    scopes: Iterable[str],
    expires_at: TimeLike | None,
) -> Effects[Connection]:
    """Record that a profile was connected to its account, and return the connection."""
    at = None
    if expires_at is not None:
        at = yield from instant_for(engine, profile, expires_at)
    command = cm.Connect(
        profile=check_text(profile, "profile"),
        account=account,
        scopes=as_words(scopes),
        expires_at=at,
    )
    snapshots, _ = yield from perform(engine, actor, command)
    connection: Connection = snapshots[connection_stream(profile)]
    return connection


def add_calendar_note(
    engine: Engine, actor: Actor, workspace: str, date: DateLike, text: str
) -> Effects[str]:
    """Add a note to the calendar of a workspace, and return its identifier."""
    note = engine.new_id()
    command = cm.AddCalendarNote(note=note, workspace=workspace, date=as_date(date), text=text)
    yield from perform(engine, actor, command)
    return note


def add_absence(
    engine: Engine,
    actor: Actor,
    *,
    start: DateLike,
    end: DateLike,
    member: str,
    delegate: str,
    permissions: Iterable[str],
    reason: str,
) -> Effects[Absence]:
    """Record an absence in days of the absent member's time zone, and return the absence."""
    organization = (yield from engine.state()).organization
    name = check_text(member, "member") or actor.name
    known = organization.members_by_id.get(name)
    absence = Absence(
        id=engine.new_id(),
        member=name,
        start=as_date(start),
        end=as_date(end),
        zone=(known.timezone if known else "") or str(organization.settings.timezone),
        delegate=delegate,
        permissions=as_words(permissions),
        by=actor.name,
    )
    yield from perform(engine, actor, cm.AddAbsence(absence=absence, reason=reason))
    return absence


def grant(
    engine: Engine,
    actor: Actor,
    *,
    to: PrincipalLike | Iterable[PrincipalLike],
    role: str,
    permissions: str | Iterable[str],
    on: SelectorLike,
    start: DateLike | None,
    until: DateLike,
    reason: str,
) -> Effects[TemporaryGrant]:
    """Grant permissions for a limited time, and return the stored grant."""
    rule = Grant(
        to=to if isinstance(to, str | Principal) else as_items(to, "members and teams"),
        role=role,
        permissions=as_words(permissions),
        on=on,
        start=None if start is None else _as_bound(start),
        end=_as_bound(until),
        reason=reason,
        by=actor.name,
    )
    requested = TemporaryGrant(id=engine.new_id(), grant=rule)
    snapshots, _ = yield from perform(engine, actor, cm.AddGrant(grant=requested))
    stored: tuple[TemporaryGrant, ...] = snapshots[RUNTIME_STATE].runtime_state.temporary_grants
    return next(known for known in stored if known.id == requested.id)


def swap_shift(
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
    """Give shifts to another member, and return the stored swaps."""
    swaps = [_swap(engine, rotation, start, end, to)]
    if in_return is not None:
        organization = (yield from engine.state()).organization
        relieved = _relieved(swaps[0], organization, actor)
        swaps.append(_swap(engine, rotation, *in_return, relieved))
    command = cm.SwapShift(swaps=swaps, reason=reason)
    snapshots, _ = yield from perform(engine, actor, command)
    stored: tuple[ShiftSwap, ...] = snapshots[RUNTIME_STATE].runtime_state.swaps
    ids = {swap.id for swap in swaps}
    return tuple(swap for swap in stored if swap.id in ids)


def _swap(engine: Engine, rotation: str, start: BoundLike, end: BoundLike, to: str) -> ShiftSwap:
    bounds = [_as_time(at) for at in (start, end)]
    with_offset = [at.utcoffset() is not None for at in bounds]
    if any(with_offset) and not all(with_offset):
        raise InvalidValueError(
            f"a shift swap from `{start}` to `{end}` has a UTC offset on only one of its ends",
            value=end,
            expected="two local times, or two instants with a UTC offset",
        )
    exact = all(with_offset)
    first, last = (local_time(at, "UTC") if exact else at for at in bounds)
    return ShiftSwap(
        id=engine.new_id(),
        rotation=rotation,
        member=to,
        start=first,
        end=last,
        zone="UTC" if exact else "",
    )


def _as_time(value: BoundLike) -> dt.datetime:
    if isinstance(value, str):
        return parse_local(value)
    if isinstance(value, dt.datetime):
        return value
    raise InvalidValueError(
        f"`{value!r}` is not a time; write a time such as `2026-04-07 09:30`",
        value=value,
        expected="a string or a datetime",
    )


def _relieved(swap: ShiftSwap, organization: Organization, actor: Actor) -> str:
    """Return the member whose shift *swap* gives away: the only member on duty, or the actor."""
    access = organization.access
    if swap.rotation not in access.rotation_ids:
        return actor.name
    return on_duty_throughout(swap, access.rotation_binding(swap.rotation)) or actor.name

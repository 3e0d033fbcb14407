"""Decide on turns of a duty that change hands by command, and on taking that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import attrs

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions import (
    EVERYWHERE,
    Access,
    RotationBinding,
    ShiftSwap,
    escalations_by_swap,
    spans_beyond_rotation,
)
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import not_visible, refuse, verdict_on

RUNTIME_STATE = "runtime_state"
_SHOWN = 5
_MOMENT = dt.timedelta(microseconds=1)


def swap_shift(
    swaps: Sequence[ShiftSwap], *, reason: str, known: Iterable[ShiftSwap], context: Context
) -> tuple[ev.Event, ...]:
    """
    Say who takes over on duty, and when; several are one act.

    Args:
        swaps: Who takes over which duty, and when.

        reason: Why, for people; may be empty.

        known: The swaps that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such duty, or the actor neither takes
            turns in it nor may view where it holds, or there is no such member.

        NotAllowedError: If somebody else's turn would change hands and the actor
            does not manage access where the duty holds; whoever takes over is
            suspended, gone or away then, or on duty anyhow; it is over; or it would
            give more than the actor holds.

        InvalidValueError: If nothing is swapped, or under a known identifier.
    """
    if not swaps:
        raise InvalidValueError("nothing is swapped", value=swaps, expected="one swap or more")
    barred = context.access.inactive_reason(context.actor.name, at=context.now)
    if barred is not None:
        raise refuse(barred)
    known = tuple(known)
    for number, swap in enumerate(swaps):
        line = _visible_line(swap.rotation, context)
        if any(one.id == swap.id for one in (*known, *swaps[:number])):
            raise InvalidValueError(f"swap `{swap.id}` is known already", value=swap.id)
        _check(swap, line, context)
    last = max((one.order for one in known), default=0)
    said = tuple(
        attrs.evolve(swap, order=last + 1 + number, until=None, by=context.actor.name)
        for number, swap in enumerate(swaps)
    )
    return (ev.Event(RUNTIME_STATE, context.actor, ev.ShiftsSwapped(swaps=said, reason=reason)),)


def _visible_line(rotation: str, context: Context) -> RotationBinding:
    """Return a duty that the actor takes turns in, or may view somewhere."""
    access = context.access
    seen = [name for name in access.rotation_ids if _sees(access.rotation_binding(name), context)]
    if rotation not in seen:
        raise NotFoundError("rotation", rotation, suggestion=did_you_mean(rotation, seen))
    return access.rotation_binding(rotation)


def _sees(line: RotationBinding, context: Context) -> bool:
    me, now, access = context.actor.name, context.now, context.access
    return me in line.source.everyone or any(
        access.allows(me, permission, resource, at=now)
        for resource in line.resources
        for permission in ("view", "manage_access")
    )


def _check(swap: ShiftSwap, line: RotationBinding, context: Context) -> None:
    me, access = context.actor.name, context.access
    if all(swap.span(line.zone_of(resource))[1] <= context.now for resource in line.resources):
        raise refuse(Reason.of("swap_over", rotation=swap.rotation, end=_said(swap.end)))
    manages = verdict_on("manage_access", sorted(line.resources) or (EVERYWHERE,), context)
    _check_hands_over(swap, line, manages, access, context)
    if swap.member not in line.source.everyone:
        _check_newcomer(swap, manages, context)
    _check_frees_nobody(swap, line, context)
    last = max((end for _, end in _spans(swap, line)), default=context.now)
    barred = access.inactive_reason(swap.member, at=last - _MOMENT)
    if barred is not None:
        raise refuse(barred)
    for absence in context.absences:
        if absence.member == swap.member and any(
            absence.begins_at < end and start < absence.ends_at for start, end in _spans(swap, line)
        ):
            raise refuse(
                Reason.of("swap_absent", member=swap.member, start=absence.start, end=absence.end)
            )
    if on_duty_throughout(swap, line) == swap.member:
        raise refuse(Reason.of("swap_without_effect", member=swap.member, rotation=swap.rotation))
    more = escalations_by_swap(me, swap, access)
    if more:
        because = [
            gain.refused(me)
            for gain in more
            if access.allows(me, "view", gain.resource, at=context.now)
        ]
        # What a role allows where the actor may not look is not theirs to know.
        unseen = Reason.of("not_visible", member=me, permission="manage_access")
        raise refuse(*(because[:_SHOWN] or [unseen]))


def _check_hands_over(
    swap: ShiftSwap, line: RotationBinding, manages: Verdict, access: Access, context: Context
) -> None:
    """Refuse whoever hands over what is not their turn without managing access there."""
    me = context.actor.name
    if manages or on_duty_throughout(swap, line) == me:
        return
    resource = min(line.resources, default=EVERYWHERE)
    managers = access.members("manage_access", resource, at=context.now)
    raise NotAllowedError(
        Verdict.no(
            Reason.of("swap_not_own_shift", member=me, rotation=swap.rotation),
            remedies=[]
            if not_visible(manages)
            else [
                Remedy.of(
                    "grant_permission",
                    by=managers,
                    member=me,
                    permission="manage_access",
                    resource=resource,
                )
            ],
        )
    )


def _check_newcomer(swap: ShiftSwap, manages: Verdict, context: Context) -> None:
    """Refuse to give the role to somebody outside of the rotation without the right to give it."""
    me, access = context.actor.name, context.access
    if not manages:
        # Who may not manage people learns nothing of who there is.
        raise refuse(Reason.of("swap_outside_rotation", member=me, rotation=swap.rotation))
    if access.member(swap.member) is None:
        hint = did_you_mean(swap.member, access.member_ids)
        raise NotFoundError("member", swap.member, suggestion=hint)


def _check_frees_nobody(swap: ShiftSwap, line: RotationBinding, context: Context) -> None:
    """Refuse to free somebody's posts from a policy without the right to change it."""
    for policy in context.policies.by_id.values():
        if not any(principal.name in line.roles for principal in policy.exempt):
            continue
        # On duty they would be free of it, which takes the right to change it.
        for profile in sorted(line.resources & context.profiles.keys()):
            at = context.profiles[profile]
            workspace = context.workspaces[at.workspace]
            applies = policy.on.matches_profile(at) or workspace.default_approval == policy.id
            if applies and spans_beyond_rotation(swap, line, profile):
                verdict = verdict_on("manage_policies", (profile,), context)
                if not verdict:
                    frees = Reason.of(
                        "exempts_author",
                        member=context.actor.name,
                        other=swap.member,
                        role=line.source.role,
                        resource=profile,
                    )
                    raise NotAllowedError(
                        Verdict.no(frees, *verdict.reasons, remedies=verdict.remedies)
                    )


def _spans(swap: ShiftSwap, line: RotationBinding) -> set[tuple[dt.datetime, dt.datetime]]:
    return {swap.span(line.zone_of(resource)) for resource in line.resources}


def on_duty_throughout(
    swap: ShiftSwap, line: RotationBinding, *, since: dt.datetime | None = None
) -> MemberId | None:
    """Return who is on duty all the time of a swap at every place, or None if not one person is."""
    found: set[MemberId | None] = set()
    rotas = {line.zone_of(resource): line.roster(resource) for resource in line.resources}
    for zone, rota in rotas.items():
        start, end = swap.span(zone)
        at: dt.datetime | None = start if since is None else max(start, since)
        for shift in rota.between(at or start, end):
            if at is None or shift.start > at:
                break
            found.add(shift.member)
            at = shift.end
        if at is not None and at < end:
            return None
    return found.pop() if len(found) == 1 else None


def _said(local: dt.datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"


def cancel_shift_swap(
    swaps: Sequence[str], *, known: Iterable[ShiftSwap], context: Context
) -> tuple[ev.Event, ...]:
    """
    Take swaps back, from now on: whoever's turn it is without them is on duty again.

    Whoever took over may, and whoever is on duty again; else it takes
    `manage_access` where the duty holds.

    Args:
        swaps: The swaps, by their identifiers; several are one act.

        known: The swaps that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such swap, or the actor neither takes
            turns in the duty nor may view where it holds.

        NotAllowedError: If the actor may not, or it is over or taken back already.

        InvalidValueError: If none is named.
    """
    if not swaps:
        raise InvalidValueError("no swap is named", value=swaps, expected="one swap or more")
    barred = context.access.inactive_reason(context.actor.name, at=context.now)
    if barred is not None:
        raise refuse(barred)
    known = tuple(known)
    found = []
    for name in dict.fromkeys(swaps):
        swap = next((one for one in known if one.id == name), None)
        if swap is None:
            raise NotFoundError("swap", name)
        _check_taking_back(swap, context)
        found.append(swap)
    data = ev.ShiftSwapsCancelled(
        swaps=tuple(swap.id for swap in found),
        members=tuple(dict.fromkeys(swap.member for swap in found)),
        at=context.now,
    )
    return (ev.Event(RUNTIME_STATE, context.actor, data),)


def _check_taking_back(swap: ShiftSwap, context: Context) -> None:
    me, access = context.actor.name, context.access
    places: Iterable[str] = (EVERYWHERE,)
    over = swap.until is not None
    if swap.rotation in access.rotation_ids:
        line = access.rotation_binding(swap.rotation)
        if me != swap.member and not _sees(line, context):
            raise NotFoundError("swap", swap.id)
        places = sorted(line.resources) or places
        zones = {line.zone_of(resource) for resource in places}
        over = over or all(swap.span(zone)[1] <= context.now for zone in zones)
        before = line.with_swaps(one for one in line.swaps if one.id != swap.id)
        mine = me in (swap.member, on_duty_throughout(swap, before, since=context.now))
    else:
        mine = me == swap.member
    if not mine:
        verdict = verdict_on("manage_access", places, context)
        if swap.rotation not in access.rotation_ids and not verdict:
            raise NotFoundError("swap", swap.id)
        if not verdict:
            raise NotAllowedError(
                Verdict.no(
                    Reason.of("swap_not_own_shift", member=me, rotation=swap.rotation),
                    remedies=[] if not_visible(verdict) else verdict.remedies,
                )
            )
    if over:
        raise refuse(Reason.of("swap_over", rotation=swap.rotation, end=_said(swap.end)))

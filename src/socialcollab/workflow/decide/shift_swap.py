"""Deciders for giving shifts of a rotation to other members, and for cancelling such swaps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions import (
    EVERYWHERE,
    RotationBinding,
    ShiftSwap,
    escalations_by_swap,
    spans_beyond_rotation,
)
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import check_new_id, not_visible, refuse, verdict_on

_MAX_REASONS = 5
_MOMENT = dt.timedelta(microseconds=1)


def swap_shift(command: cm.SwapShift, context: Context) -> tuple[ev.Event, ...]:
    """
    Give shifts to other members; the command's swaps are stored atomically.

    Raises:
        NotFoundError: If the rotation or member does not exist, or if the actor neither takes
            shifts in the rotation nor can view one of its resources.
        InvalidValueError: If there are no swaps, or if an identifier is already in use.
        NotAllowedError: If the shift is over, if it belongs to another member and the actor does
            not have `manage_access` on the rotation's resources, if the new member is suspended,
            has left, is absent or is already on duty, or if the new member would gain permissions
            that the actor does not have.
    """
    if not command.swaps:
        raise InvalidValueError(
            "the command contains no shift swap", value=command.swaps, expected="one swap or more"
        )
    _check_active(context)
    known_ids = {swap.id for swap in context.swaps}
    for swap in command.swaps:
        binding = _visible_rotation(swap.rotation, context)
        check_new_id("shift swap", swap.id, known_ids)
        known_ids.add(swap.id)
        _check_swap(swap, binding, context)
    last = max((swap.order for swap in context.swaps), default=0)
    swaps = tuple(
        attrs.evolve(swap, order=last + 1 + number, until=None, by=context.actor.name)
        for number, swap in enumerate(command.swaps)
    )
    data = ev.ShiftsSwapped(swaps=swaps, reason=command.reason)
    return (ev.runtime_event(data, context.actor),)


def _check_active(context: Context) -> None:
    inactive = context.access.inactive_reason(context.actor.name, at=context.now)
    if inactive is not None:
        raise refuse(inactive)


def _visible_rotation(rotation: str, context: Context) -> RotationBinding:
    """Return a rotation in which the actor takes shifts, or that the actor can view."""
    access = context.access
    visible = [
        name for name in access.rotation_ids if _sees(access.rotation_binding(name), context)
    ]
    if rotation not in visible:
        raise NotFoundError("rotation", rotation, suggestion=did_you_mean(rotation, visible))
    return access.rotation_binding(rotation)


def _sees(binding: RotationBinding, context: Context) -> bool:
    me, now, access = context.actor.name, context.now, context.access
    return me in binding.source.everyone or any(
        access.allows(me, permission, resource, at=now)
        for resource in binding.resources
        for permission in ("view", "manage_access")
    )


def _check_swap(swap: ShiftSwap, binding: RotationBinding, context: Context) -> None:
    access = context.access
    zones = {binding.zone_of(resource) for resource in binding.resources}
    spans = {swap.span(zone) for zone in zones}
    if all(end <= context.now for _, end in spans):
        raise refuse(Reason.of("swap_over", rotation=swap.rotation, end=_text_of(swap.end)))
    manages = verdict_on("manage_access", sorted(binding.resources) or (EVERYWHERE,), context)
    _check_own_shift(swap, binding, manages, context)
    if swap.member not in binding.source.everyone:
        _check_outsider(swap, manages, context)
    _check_exemptions(swap, binding, context)
    last_end = max((end for _, end in spans), default=context.now)
    inactive = access.inactive_reason(swap.member, at=last_end - _MOMENT)
    if inactive is not None:
        raise refuse(inactive)
    for absence in context.absences:
        if absence.member == swap.member and any(
            absence.begins_at < end and start < absence.ends_at for start, end in spans
        ):
            raise refuse(
                Reason.of("swap_absent", member=swap.member, start=absence.start, end=absence.end)
            )
    if on_duty_throughout(swap, binding) == swap.member:
        raise refuse(Reason.of("swap_without_effect", member=swap.member, rotation=swap.rotation))
    _check_gains(swap, context)


def _check_own_shift(
    swap: ShiftSwap, binding: RotationBinding, manages: Verdict, context: Context
) -> None:
    """Reject an actor who gives away another member's shift and does not have `manage_access`."""
    me = context.actor.name
    if manages or on_duty_throughout(swap, binding) == me:
        return
    remedies = []
    if not not_visible(manages):
        resource = min(binding.resources, default=EVERYWHERE)
        remedies = [
            Remedy.of(
                "grant_permission",
                by=context.access.members("manage_access", resource, at=context.now),
                member=me,
                permission="manage_access",
                resource=resource,
            )
        ]
    reason = Reason.of("swap_not_own_shift", member=me, rotation=swap.rotation)
    raise NotAllowedError(Verdict.no(reason, remedies=remedies))


def _check_outsider(swap: ShiftSwap, manages: Verdict, context: Context) -> None:
    """Reject a new member from outside the rotation unless the actor has `manage_access`."""
    if not manages:
        # An actor who cannot manage members must not find out whether this member exists.
        me = context.actor.name
        raise refuse(Reason.of("swap_outside_rotation", member=me, rotation=swap.rotation))
    names = context.access.member_ids
    if context.access.member(swap.member) is None:
        hint = did_you_mean(swap.member, names)
        raise NotFoundError("member", swap.member, suggestion=hint)


def _check_exemptions(swap: ShiftSwap, binding: RotationBinding, context: Context) -> None:
    """Reject a swap that exempts posts from a policy, unless the actor has `manage_policies`."""
    for policy in context.policies.by_id.values():
        if not any(principal.name in binding.roles for principal in policy.exempt):
            continue
        for resource in sorted(binding.resources & context.profiles.keys()):
            profile = context.profiles[resource]
            workspace = context.workspaces[profile.workspace]
            applies = policy.on.matches_profile(profile) or workspace.default_approval == policy.id
            if not (applies and spans_beyond_rotation(swap, binding, resource)):
                continue
            verdict = verdict_on("manage_policies", (resource,), context)
            if not verdict:
                reason = Reason.of(
                    "exempts_author",
                    member=context.actor.name,
                    other=swap.member,
                    role=binding.source.role,
                    resource=resource,
                )
                raise NotAllowedError(
                    Verdict.no(reason, *verdict.reasons, remedies=verdict.remedies)
                )


def _check_gains(swap: ShiftSwap, context: Context) -> None:
    """Reject a swap that would give the new member permissions that the actor does not have."""
    me, access = context.actor.name, context.access
    gains = escalations_by_swap(me, swap, access)
    if not gains:
        return
    reasons = [
        gain.refused(me)
        for gain in gains
        if access.allows(me, "view", gain.resource, at=context.now)
    ]
    # The error must not reveal the role's permissions on resources that the actor cannot view.
    hidden = Reason.of("not_visible", member=me, permission="manage_access")
    raise refuse(*(reasons[:_MAX_REASONS] or [hidden]))


def on_duty_throughout(
    swap: ShiftSwap, binding: RotationBinding, *, since: dt.datetime | None = None
) -> MemberId | None:
    """
    Return the member who is on duty on every resource for the whole span of *swap*, or None.

    Args:
        swap: The swap whose time span is checked.
        binding: The rotation.
        since: Ignore the part of the span before this instant.
    """
    members: set[MemberId | None] = set()
    rosters = {
        binding.zone_of(resource): binding.roster(resource) for resource in binding.resources
    }
    for zone, roster in rosters.items():
        start, end = swap.span(zone)
        at: dt.datetime | None = start if since is None else max(start, since)
        for shift in roster.between(at or start, end):
            if at is None or shift.start > at:
                break
            members.add(shift.member)
            at = shift.end
        if at is not None and at < end:
            return None
    return members.pop() if len(members) == 1 else None


def _text_of(local: dt.datetime) -> str:
    return f"{local:%Y-%m-%d %H:%M}"


def cancel_shift_swap(command: cm.CancelShiftSwap, context: Context) -> tuple[ev.Event, ...]:
    """
    Cancel shift swaps from now on, so that the original members are on duty again.

    Both the member who took over a shift and the original member may cancel a swap. Other members
    need `manage_access` on the rotation's resources.

    Raises:
        NotFoundError: If the swap does not exist, or if the actor neither takes shifts in the
            rotation nor can view one of its resources.
        NotAllowedError: If the actor is not allowed to cancel the swap, or if it is over or already
            cancelled.
        InvalidValueError: If no swap is given.
    """
    if not command.swaps:
        raise InvalidValueError(
            "the command contains no shift swap", value=command.swaps, expected="one swap or more"
        )
    _check_active(context)
    known = {swap.id: swap for swap in context.swaps}
    cancelled = []
    for name in dict.fromkeys(command.swaps):
        if name not in known:
            raise NotFoundError("swap", name)
        _check_may_cancel(known[name], context)
        cancelled.append(known[name])
    data = ev.ShiftSwapsCancelled(
        swaps=tuple(swap.id for swap in cancelled),
        members=tuple(dict.fromkeys(swap.member for swap in cancelled)),
        at=context.now,
    )
    return (ev.runtime_event(data, context.actor),)


def _check_may_cancel(swap: ShiftSwap, context: Context) -> None:
    me, access = context.actor.name, context.access
    exists = swap.rotation in access.rotation_ids
    resources: Iterable[str] = (EVERYWHERE,)
    over = swap.until is not None
    concerned = {swap.member}
    if exists:
        binding = access.rotation_binding(swap.rotation)
        if me != swap.member and not _sees(binding, context):
            raise NotFoundError("swap", swap.id)
        resources = sorted(binding.resources) or resources
        zones = {binding.zone_of(resource) for resource in resources}
        over = over or all(swap.span(zone)[1] <= context.now for zone in zones)
        original = binding.with_swaps(other for other in binding.swaps if other.id != swap.id)
        on_duty_again = on_duty_throughout(swap, original, since=context.now)
        if on_duty_again is not None:
            concerned.add(on_duty_again)
    if me not in concerned:
        verdict = verdict_on("manage_access", resources, context)
        if not exists and not verdict:
            raise NotFoundError("swap", swap.id)
        if not verdict:
            reason = Reason.of("swap_not_own_shift", member=me, rotation=swap.rotation)
            raise NotAllowedError(
                Verdict.no(reason, remedies=[] if not_visible(verdict) else verdict.remedies)
            )
    if over:
        raise refuse(Reason.of("swap_over", rotation=swap.rotation, end=_text_of(swap.end)))

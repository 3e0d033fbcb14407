"""Deciders for recording absences and for ending them early."""

from __future__ import annotations

import attrs

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions import escalations_by_absence
from socialcollab.time import local_time
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import check_new_id, not_visible, refuse, verdict_on


def _check_may_record_for(member: str, context: Context) -> None:
    """Reject an actor who is not allowed to record absences of the member."""
    if member == context.actor.name:
        inactive = context.access.inactive_reason(member, at=context.now)
        if inactive is not None:
            raise refuse(inactive)
        return
    known = context.access.member(member)
    place = known.of if known is not None and known.of else "*"
    verdict = verdict_on("manage_access", (place,), context)
    if known is None or not_visible(verdict):
        if verdict and known is None:
            raise NotFoundError(
                "member", member, suggestion=did_you_mean(member, context.access.member_ids)
            )
        # An actor who cannot manage members gets the same result whether or not the member exists.
        managers = context.access.members("manage_access", "*", at=context.now)
        raise NotAllowedError(
            Verdict.no(
                Reason.of("only_for_self", member=context.actor.name, other=member),
                remedies=[Remedy.of("grant_permission", by=managers, member=context.actor.name,
                                   permission="manage_access", resource="*")],
            )
        )  # fmt: skip
    if not verdict:
        raise NotAllowedError(verdict)


def _work_together(member: str, context: Context) -> bool:
    """Return whether there is a profile that both the actor and *member* can view."""
    access, now = context.access, context.now
    own = access.profiles(context.actor.name, "view", at=now)
    return any(access.allows(member, "view", profile, at=now) for profile in own)


def add_absence(command: cm.AddAbsence, context: Context) -> tuple[ev.Event, ...]:
    """
    Record a member's current or future absence, and their delegate.

    Raises:
        NotFoundError: If the member or the delegate does not exist.
        InvalidValueError: If a permission does not exist, if permissions are given but no delegate,
            or if the identifier is already in use.
        NotAllowedError: If the actor is not allowed to record absences of the member, if the
            absence is in the past or overlaps another absence of the member, if the delegate is
            absent or inactive, or if the absence is recorded for another member and the delegate
            would gain permissions that neither the delegate nor the actor has.
    """
    absence = command.absence
    _check_may_record_for(absence.member, context)
    _check_names(command, context)
    if absence.end <= local_time(context.now, absence.zone).date():
        raise refuse(Reason.of("absence_over", member=absence.member, end=absence.end))
    check_new_id("absence", absence.id, {other.id for other in context.absences})
    for other in context.absences:
        if other.overlaps(absence):
            raise refuse(
                Reason.of(
                    "absences_overlap", member=absence.member, start=other.start, end=other.end
                ),
                remedies=[Remedy.of("end_absence", by=[absence.member], absence=other.id)],
            )
        if absence.delegate and attrs.evolve(
            absence, member=absence.delegate, delegate=""
        ).overlaps(other):
            raise refuse(
                Reason.of(
                    "delegate_absent", delegate=absence.delegate, start=other.start, end=other.end
                )
            )
    inactive = context.access.inactive_reason(absence.delegate, at=absence.begins_at)
    if inactive is not None:
        raise refuse(inactive)
    if absence.member != context.actor.name:
        _check_gains(command, context)
    data = ev.AbsenceAdded(
        absence=attrs.evolve(absence, by=context.actor.name), reason=command.reason
    )
    return (ev.runtime_event(data, context.actor),)


def _check_names(command: cm.AddAbsence, context: Context) -> None:
    absence, access = command.absence, context.access
    for member in (absence.member, absence.delegate):
        if member and access.member(member) is None:
            raise NotFoundError(
                "member", member, suggestion=did_you_mean(member, access.member_ids)
            )
    names = access.roles.permission_names
    for permission in absence.permissions:
        if permission not in names:
            raise InvalidValueError(
                f"`{permission}` is not a permission"
                f"{did_you_mean(permission, sorted(names), before='; ')}",
                value=permission,
                expected="a permission's name",
            )
    if absence.permissions and not absence.delegate:
        raise InvalidValueError(
            "the absence lists permissions for a delegate, but it has no delegate",
            value=absence.permissions,
            expected="delegate = the member who acts for the absent member",
        )


def _check_gains(command: cm.AddAbsence, context: Context) -> None:
    """Reject another member's absence if the delegate would gain permissions the actor lacks."""
    me = context.actor.name
    gains = escalations_by_absence(me, command.absence, context.access)
    if not gains:
        return
    reasons = [
        gain.refused(me)
        for gain in gains
        if context.access.allows(me, "view", gain.resource, at=context.now)
    ]
    # The error must not reveal the absent member's permissions on resources that the actor cannot
    # view.
    hidden = Reason.of("not_visible", member=me, permission="manage_access")
    raise refuse(*(reasons or [hidden]))


def end_absence(command: cm.EndAbsence, context: Context) -> tuple[ev.Event, ...]:
    """
    End an absence early, or cancel an absence that has not started.

    Raises:
        NotFoundError: If the absence does not exist, or if it belongs to a member for whom the
            actor cannot record absences and with whom the actor has no visible profile in common.
        NotAllowedError: If the actor is not allowed to end the absence, or if it is over.
        InvalidValueError: If the first day back is in the past, or is not before the end of the
            absence.
    """
    absence = next((absence for absence in context.absences if absence.id == command.absence), None)
    if absence is None:
        raise NotFoundError("absence", command.absence)
    try:
        _check_may_record_for(absence.member, context)
    except NotAllowedError:
        if absence.member == context.actor.name or _work_together(absence.member, context):
            raise
        # A different error would reveal that the member exists and when they are absent.
        raise NotFoundError("absence", command.absence) from None
    today = local_time(context.now, absence.zone).date()
    if absence.end <= today:
        raise refuse(Reason.of("absence_over", member=absence.member, end=absence.end))
    first_day = command.date or today
    if first_day >= absence.end or first_day < min(today, absence.start):
        raise InvalidValueError(
            f"`{absence.member}` is absent until {absence.end} and cannot be back on {first_day}",
            value=first_day,
            expected=f"a day before {absence.end}, not in the past",
        )
    data = ev.AbsenceEnded(absence=absence.id, member=absence.member, date=first_day)
    return (ev.runtime_event(data, context.actor),)

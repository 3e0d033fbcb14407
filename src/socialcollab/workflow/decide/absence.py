"""Decide on absences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions import Absence, escalations_by_absence
from socialcollab.time import local_time
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import not_visible, refuse, verdict_on

RUNTIME_STATE = "runtime_state"


def _oneself_or_manager(member: str, context: Context) -> None:
    """Refuse whoever speaks for another without managing access where that other belongs."""
    if member == context.actor.name:
        barred = context.access.inactive_reason(member, at=context.now)
        if barred is not None:
            raise refuse(barred)
        return
    known = context.access.member(member)
    place = known.of if known is not None and known.of else "*"
    verdict = verdict_on("manage_access", (place,), context)
    if known is None or not_visible(verdict):
        # Who may not manage people learns nothing of who there is.
        managers = context.access.members("manage_access", "*", at=context.now)
        if verdict and known is None:
            raise NotFoundError(
                "member", member, suggestion=did_you_mean(member, context.access.member_ids)
            )
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
    """Tell whether there is a profile that both the actor and *member* may view."""
    access, now = context.access, context.now
    mine = access.profiles(context.actor.name, "view", at=now)
    return any(access.allows(member, "view", profile, at=now) for profile in mine)


def add_absence(
    absence: Absence, *, reason: str, known: Iterable[Absence], context: Context
) -> tuple[ev.Event, ...]:
    """
    Say that a member is or will be away.

    Args:
        absence: Who, when, and who stands in.

        reason: Why, for people; may be empty.

        known: The absences that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If the member or the delegate does not exist.

        NotAllowedError: If the actor may not speak for the member, the days are
            over, they meet those of another absence, the delegate is away, or,
            where the actor speaks for another, would come to have what neither
            of the two holds.
    """
    _oneself_or_manager(absence.member, context)
    for member in (absence.member, absence.delegate):
        if member and context.access.member(member) is None:
            raise NotFoundError(
                "member", member, suggestion=did_you_mean(member, context.access.member_ids)
            )
    for permission in absence.permissions:
        if permission not in context.access.roles.permission_names:
            names = sorted(context.access.roles.permission_names)
            raise InvalidValueError(
                f"`{permission}` is no permission{did_you_mean(permission, names, before='; ')}",
                value=permission,
                expected="a permission's name",
            )
    if absence.permissions and not absence.delegate:
        raise InvalidValueError(
            "permissions are named, but nobody to stand in for them",
            value=absence.permissions,
            expected="delegate = a member",
        )
    if absence.end <= local_time(context.now, absence.zone).date():
        raise refuse(Reason.of("absence_over", member=absence.member, end=absence.end))
    for other in known:
        if other.id == absence.id:
            raise InvalidValueError(f"absence `{absence.id}` is known already", value=absence.id)
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
                    "delegate_away", delegate=absence.delegate, start=other.start, end=other.end
                )
            )
    barred = context.access.inactive_reason(absence.delegate, at=absence.begins_at)
    if barred is not None:
        raise refuse(barred)
    if absence.member != context.actor.name:
        # Whoever says for another who stands in gives that one what the absent may do.
        me = context.actor.name
        more = escalations_by_absence(me, absence, context.access)
        if more:
            because = [
                gain.refused(me)
                for gain in more
                if context.access.allows(me, "view", gain.resource, at=context.now)
            ]
            # What the absent may do where the actor may not look is not theirs to know.
            unseen = Reason.of("not_visible", member=me, permission="manage_access")
            raise refuse(*(because or [unseen]))
    said = attrs.evolve(absence, by=context.actor.name)
    return (ev.Event(RUNTIME_STATE, context.actor, ev.AbsenceAdded(absence=said, reason=reason)),)


def end_absence(
    absence: str, *, on: dt.date | None, known: Iterable[Absence], context: Context
) -> tuple[ev.Event, ...]:
    """
    Say that a member is back earlier than was said.

    Args:
        absence: The absence that ends.

        on: The first day back; today if None. Not after its first day, it never was.

        known: The absences that are known.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such absence, or the actor neither may
            speak for the member nor views a profile that the member views.

        NotAllowedError: If the actor may not speak for the member, or it is over.

        InvalidValueError: If it would be longer.
    """
    found = next((one for one in known if one.id == absence), None)
    if found is None:
        raise NotFoundError("absence", absence)
    try:
        _oneself_or_manager(found.member, context)
    except NotAllowedError:
        if found.member == context.actor.name or _work_together(found.member, context):
            raise
        # Whose absence it is would say who there is, and when they are away.
        raise NotFoundError("absence", absence) from None
    today = local_time(context.now, found.zone).date()
    if found.end <= today:
        raise refuse(Reason.of("absence_over", member=found.member, end=found.end))
    first = today if on is None else on
    if first >= found.end or first < min(today, found.start):
        raise InvalidValueError(
            f"`{found.member}` is away until {found.end}; back on {first} is not earlier, or has"
            " passed",
            value=first,
            expected="a day from today on and before the end",
        )
    data = ev.AbsenceEnded(absence=absence, member=found.member, date=first)
    return (ev.Event(RUNTIME_STATE, context.actor, data),)

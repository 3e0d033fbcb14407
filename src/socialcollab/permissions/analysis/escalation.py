"""What anybody could do after a change and could not before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.time import Span, as_utc, intersect_spans, merge_spans, subtract_spans
from socialcollab.verdicts import Reason

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access
    from socialcollab.permissions.engine.rotation_binding import RotationBinding
    from socialcollab.permissions.model.absence import Absence
    from socialcollab.permissions.rotations.shift_swap import ShiftSwap


@attrs.frozen(kw_only=True, order=True)
class Gain:
    """
    A right that a change brings somebody.

    Attributes:
        member: Who gains it.

        permission: What.

        where: On which profile or workspace, or ``*``.

        start: First instant of it, or None for always.

        end: First instant without it, or None for ever.
    """

    member: MemberId
    permission: str
    resource: str
    start: dt.datetime | None = attrs.field(default=None, order=False)
    end: dt.datetime | None = attrs.field(default=None, order=False)

    def refused(self, giver: str) -> Reason:
        """Say that *giver* does not hold it, and so cannot bring it about."""
        return Reason.of(
            "grant_exceeds_own",
            giver=giver,
            member=self.member,
            permission=self.permission,
            resource=self.resource,
        )


def gains(before: Access, after: Access, *, at: dt.datetime) -> Iterator[Gain]:
    """
    Yield every right that somebody has at some time from *at* on, after but not before.

    Bounds of lines are compared, not only the present: what begins next year
    is gained too. A place in a rotation counts as what its role allows, from the
    rotation's beginning on: the turns of one whose rule or members change fall
    anew, so that all of it is gained. The turns of a list count as they stand,
    and so does what is swapped. Whoever stands in for somebody gains what that
    one may, and what kept it from the delegate does no more.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    for member in after.member_ids:
        lent = _lent(after, member, at=at)
        if not lent and after.bindings.bindings_of(member) is before.bindings.bindings_of(member):
            continue  # the very same lines mean them
        was, is_ = before.permission_periods(member), after.permission_periods(member)
        shifts = after.bindings.rule_shift_periods(member, unlike=before.bindings)
        listed = before.bindings.listed(member)
        known = _lent(before, member, at=at) if lent else {}
        for permission, resource in sorted({*is_, *shifts, *lent}):
            key = permission, resource
            fresh = subtract_spans(merge_spans(lent.get(key, ())), merge_spans(known.get(key, ())))
            spans = merge_spans((*is_.get(key, ()), *shifts.get(key, ()), *fresh))
            held = merge_spans((*was.get(key, ()), *listed.get(key, ())))
            for start, end in subtract_spans(spans, held):
                if end is None or end > at:
                    yield Gain(
                        member=member,
                        permission=permission,
                        resource=resource,
                        start=start,
                        end=end,
                    )


def _lent(
    access: Access, member: str, *, at: dt.datetime
) -> Mapping[tuple[str, str], Sequence[Span]]:
    """Return what *member* may in the place of others from *at* on, their turns by rule included."""
    found: dict[tuple[str, str], list[Span]] = {}
    bindings = access.bindings
    for absence in access.absences:
        if absence.delegate != member or absence.ends_at <= at:
            continue
        if bindings.scope.stay(member) is None:
            return {}
        away = ((absence.begins_at, absence.ends_at),)
        for has in (
            access.permission_periods(absence.member),
            bindings.rule_shift_periods(absence.member),
        ):
            for key, spans in has.items():
                if not absence.delegates(key[0]):
                    continue
                barred = bindings.forbidden_spans(member, *key)
                found.setdefault(key, []).extend(
                    subtract_spans(intersect_spans(away, spans), barred)
                )
    return found


def escalations(giver: str, before: Access, after: Access, *, at: dt.datetime) -> tuple[Gain, ...]:
    """
    Return the gains that *giver* does not hold there now and for as long, and so cannot give.

    A place that does not exist yet is judged by its workspace, else by ``*``;
    a permission that does not exist yet can be given by whoever has them all. Where a place or a permission goes, so does what kept
    somebody from it, which takes what ending it would: else it would be away
    for good once the same came back.
    """
    known = before.roles.permission_names

    def holds(gain: Gain) -> bool:
        place = before.nearest_resource(gain.resource, after)
        asked = (gain.permission,) if gain.permission in known else sorted(known)
        span = gain.start, gain.end
        return all(holds_meanwhile(giver, before, one, place, span, at=at) for one in asked)

    found = (*gains(before, after, at=at), *_unbarred_by_going(before, after, at=at))
    return tuple(gain for gain in found if not holds(gain))


def _unbarred_by_going(before: Access, after: Access, *, at: dt.datetime) -> Iterator[Gain]:
    """Yield what a forbid keeps from somebody and nothing will, its place or permission being gone."""
    resources = {*before.bindings.scope.resources} - {*after.bindings.scope.resources}
    permissions = before.roles.permission_names - after.roles.permission_names
    if not resources and not permissions:
        return
    for member in before.member_ids:
        for (permission, resource), spans in sorted(
            before.bindings.forbidden_periods(member).items()
        ):
            if permission in permissions or resource in resources:
                for start, end in spans:
                    if end is None or end > at:
                        yield Gain(
                            member=member,
                            permission=permission,
                            resource=resource,
                            start=start,
                            end=end,
                        )


def holds_meanwhile(
    giver: str, access: Access, permission: str, resource: str, span: Span, *, at: dt.datetime
) -> bool:
    """Tell whether somebody may now, and by grants over all of a span that is still to come."""
    start = at if span[0] is None else max(span[0], at)
    # Whoever holds something for a while would else hold it for ever by their own hand.
    return access.allows(giver, permission, resource, at=at) and not subtract_spans(
        [(start, span[1])], access.permission_periods(giver).get((permission, resource), ())
    )


def escalations_by_absence(giver: str, absence: Absence, access: Access) -> tuple[Gain, ...]:
    """
    Return what a delegate would come to have by an absence and *giver* does not hold meanwhile.

    Nothing of it is anybody's to give but the absent one's own.
    """
    if not absence.delegate:
        return ()
    away = ((absence.begins_at, absence.ends_at),)
    shifts = access.bindings.rule_shift_periods(absence.member)
    theirs = access.permission_periods(absence.member)
    has, holds = access.permission_periods(absence.delegate), access.permission_periods(giver)
    found: list[Gain] = []
    for key in sorted({*theirs, *shifts}):
        if not absence.delegates(key[0]):
            continue
        spans = merge_spans((*theirs.get(key, ()), *shifts.get(key, ())))
        lent = intersect_spans(away, spans)
        for start, end in subtract_spans(
            subtract_spans(lent, has.get(key, ())), holds.get(key, ())
        ):
            found.append(
                Gain(
                    member=MemberId(absence.delegate),
                    permission=key[0],
                    resource=key[1],
                    start=start,
                    end=end,
                )
            )
    return tuple(found)


def escalations_by_swap(giver: str, swap: ShiftSwap, access: Access) -> tuple[Gain, ...]:
    """
    Return what a swap would bring whoever takes over and *giver* does not hold meanwhile.

    One who takes turns in the duty anyhow comes by nothing over the time of
    somebody's turn; where nobody's is, and for everybody else, it is a gift.

    Raises:
        InvalidValueError: If there is no such duty.
    """
    line = access.rotation_binding(swap.rotation)
    member = swap.member
    has, holds = access.permission_periods(member), access.permission_periods(giver)
    found: list[Gain] = []
    for resource in sorted(line.resources):
        given = gift_of(swap, line, resource)
        for permission in sorted(line.permissions):
            key = permission, resource
            for start, end in subtract_spans(
                subtract_spans(given, has.get(key, ())), holds.get(key, ())
            ):
                found.append(
                    Gain(
                        member=member,
                        permission=permission,
                        resource=resource,
                        start=start,
                        end=end,
                    )
                )
    return tuple(found)


def gift_of(swap: ShiftSwap, line: RotationBinding, resource: str) -> tuple[Span, ...]:
    """Return when a swap makes somebody hold a duty's role there that they do not take turns in then."""
    span = swap.span(line.zone_of(resource))
    if span[0] == span[1]:
        return ()
    if swap.member not in line.source.everyone:
        return (span,)
    shifts = merge_spans((shift.start, shift.end) for shift in line.roster(resource).between(*span))
    return subtract_spans((span,), shifts)

"""
Privilege escalation: changes that give members permissions their author lacks.

A member may change rules, record an absence, swap a shift or give a temporary grant only if the
change gives no member a permission that the change's author could not give. The functions here
compare permissions over time, so a change that takes effect next year is already checked today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.binding import Binding
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.delegations import delegated_periods
from socialcollab.permissions.engine.evaluator import Evaluator
from socialcollab.permissions.engine.periods import (
    Periods,
    intersect_periods,
    merge_periods,
    periods_of,
    subtract_periods,
)
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.permissions.model.absence import Absence
from socialcollab.permissions.model.grant import Grant
from socialcollab.permissions.rotations.overrides import ShiftSwap
from socialcollab.time import (
    Span,
    as_utc,
    intersect_spans,
    merge_spans,
    subtract_spans,
)
from socialcollab.verdicts import Reason, Verdict


@attrs.frozen(kw_only=True, order=True)
class Gain:
    """
    A permission that a change gives a member.

    Attributes:
        member: The member.
        permission: The permission.
        resource: A profile, a workspace, or ``*``.
        start: The first instant, or None if there is no start.
        end: The first instant after the period, or None if there is no end.
    """

    member: MemberId
    permission: str
    resource: str
    start: dt.datetime | None = attrs.field(default=None, order=False)
    end: dt.datetime | None = attrs.field(default=None, order=False)

    def refused(self, giver: str) -> Reason:
        """Return the reason for refusing *giver*, who does not have the permission."""
        return Reason.of(
            "grant_exceeds_own",
            giver=giver,
            member=self.member,
            permission=self.permission,
            resource=self.resource,
        )


def _as_gains(member: str, periods: Periods, *, since: dt.datetime | None = None) -> Iterator[Gain]:
    for (permission, resource), spans in periods.items():
        for start, end in spans:
            if since is None or end is None or end > since:
                yield Gain(
                    member=MemberId(member),
                    permission=permission,
                    resource=resource,
                    start=start,
                    end=end,
                )


def _in_order(periods: Periods) -> Periods:
    return dict(sorted(periods.items()))


# Changes of rules.


def gains(before: Evaluator, after: Evaluator, *, at: dt.datetime) -> Iterator[Gain]:
    """
    Yield the permissions that members have at some time after *at* only because of a change.

    Membership in a rule-based rotation counts as having its role from the rotation's first day on:
    if the members or times of the rule change, any shift may pass to another member, so every
    member gains the role. Listed shifts and swaps count for as long as they last. A delegate gains
    the permissions that the absent member gains, and the permissions that a forbid no longer
    withholds from the delegate.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    for member in sorted(after.bindings.scope.members):
        delegated = _delegated_to(after, member, at=at)
        if not delegated and after.bindings.bindings_of(member) is before.bindings.bindings_of(
            member
        ):
            continue  # The same rules name the member as before, and they are not a delegate.
        if delegated:
            delegated = subtract_periods(delegated, _delegated_to(before, member, at=at))
        held_after = merge_periods(
            after.bindings.permission_periods(member),
            after.bindings.possible_shift_periods(member, unlike=before.bindings),
            delegated,
        )
        held_before = merge_periods(
            before.bindings.permission_periods(member),
            before.bindings.known_shift_periods(member),
        )
        gained = subtract_periods(held_after, held_before)
        yield from _as_gains(member, _in_order(gained), since=at)


def _delegated_to(access: Evaluator, member: str, *, at: dt.datetime) -> Periods:
    """Return the delegated permissions of *member* after *at*; every rule-based shift counts."""
    bindings = access.bindings
    delegated: Periods = {}
    for absence in access.absences:
        if absence.delegate == member and absence.ends_at > at:
            own = merge_periods(
                bindings.permission_periods(absence.member),
                bindings.possible_shift_periods(absence.member),
            )
            forbidden = periods_of(bindings.bindings_of(member).forbids)
            delegated = merge_periods(
                delegated, delegated_periods(bindings, absence, own, forbidden=forbidden)
            )
    return delegated


def escalations(
    giver: str, before: Evaluator, after: Evaluator, *, at: dt.datetime
) -> tuple[Gain, ...]:
    """
    Return the gains that *giver* cannot give, because *giver* lacks them now or for part of the
    time.

    For a new resource, the permissions on its workspace count, or else the permissions on ``*``. A
    new permission can be given by a member who has all permissions. A forbid whose resource or
    permission is removed counts as lifted. Otherwise, a member could end a forbid by removing a
    profile and adding it again.
    """
    permissions = before.bindings.scope.roles.permission_names

    def holds(gain: Gain) -> bool:
        resource = before.bindings.scope.nearest_resource(gain.resource, after.bindings.scope)
        needed = (gain.permission,) if gain.permission in permissions else sorted(permissions)
        span = gain.start, gain.end
        return all(
            holds_throughout(giver, before, permission, resource, span, at=at)
            for permission in needed
        )

    every = (*gains(before, after, at=at), *_removed_forbids(before, after, at=at))
    return tuple(gain for gain in every if not holds(gain))


def _removed_forbids(before: Evaluator, after: Evaluator, *, at: dt.datetime) -> Iterator[Gain]:
    """Yield the permissions withheld by forbids whose resource or permission is removed."""
    old, new = before.bindings.scope, after.bindings.scope
    resources = {*old.resources} - {*new.resources}
    permissions = old.roles.permission_names - new.roles.permission_names
    if not resources and not permissions:
        return
    for member in sorted(old.members):
        withheld = {
            key: spans
            for key, spans in before.bindings.withheld_periods(member).items()
            if key[0] in permissions or key[1] in resources
        }
        yield from _as_gains(member, _in_order(withheld), since=at)


def holds_throughout(
    giver: str, access: Evaluator, permission: str, resource: str, span: Span, *, at: dt.datetime
) -> bool:
    """Return whether *giver* has a permission now and, through grants, until the end of a span."""
    start = at if span[0] is None else max(span[0], at)
    # Shifts and delegations do not count. Otherwise, members could permanently give themselves
    # permissions that they have only for a weekend.
    periods = access.bindings.permission_periods(giver)
    return access.allows(giver, permission, resource, at=at) and not subtract_spans(
        [(start, span[1])], periods.get((permission, resource), ())
    )


# Absences and swaps.


def escalations_by_absence(giver: str, absence: Absence, access: Evaluator) -> tuple[Gain, ...]:
    """
    Return permissions that *giver* lacks but that the delegate would gain through an absence.

    The absent member may delegate all of their permissions, so callers can skip this check if
    *giver* is the absent member.
    """
    if not absence.delegate:
        return ()
    bindings = access.bindings
    own = merge_periods(
        bindings.permission_periods(absence.member),
        bindings.possible_shift_periods(absence.member),
    )
    days = ((absence.begins_at, absence.ends_at),)
    delegated = {
        key: intersect_spans(days, spans)
        for key, spans in _in_order(own).items()
        if absence.delegates(key[0])
    }
    gained = subtract_periods(delegated, bindings.permission_periods(absence.delegate))
    exceeding = subtract_periods(gained, bindings.permission_periods(giver))
    return tuple(_as_gains(absence.delegate, exceeding))


def escalations_by_swap(giver: str, swap: ShiftSwap, access: Evaluator) -> tuple[Gain, ...]:
    """
    Return permissions that *giver* lacks but that the new member would gain through a swap.

    A member of the rotation gains nothing by taking over another member's shift.

    Raises:
        InvalidValueError: If the rotation does not exist.
    """
    rotation = access.bindings.rotation(swap.rotation)
    given = {
        (permission, resource): spans_beyond_rotation(swap, rotation, resource)
        for resource in sorted(rotation.resources)
        for permission in sorted(rotation.permissions)
    }
    gained = subtract_periods(given, access.bindings.permission_periods(swap.member))
    exceeding = subtract_periods(gained, access.bindings.permission_periods(giver))
    return tuple(_as_gains(swap.member, exceeding))


def spans_beyond_rotation(
    swap: ShiftSwap, rotation: RotationBinding, resource: str
) -> tuple[Span, ...]:
    """
    Return when a swap acts like a grant, because the rotation could not put its member on duty.

    For a member who takes no shifts in the rotation, this is the entire swap. For any other
    member, it is the time between shifts.
    """
    span = swap.span(rotation.zone_of(resource))
    if span[0] == span[1]:
        return ()
    if swap.member not in rotation.source.everyone:
        return (span,)
    shifts = ((shift.start, shift.end) for shift in rotation.roster(resource).between(*span))
    return subtract_spans((span,), merge_spans(shifts))


# Roles on which approval policies depend.


@attrs.frozen
class PolicyRoles:
    """
    The roles that decide whether an approval policy applies to posts on a profile.

    Attributes:
        profile: The profile's id.
        exempt: The roles whose members' posts the policy exempts.
        covered: The roles whose members' posts the policy covers.
    """

    profile: str
    exempt: tuple[str, ...] = ()
    covered: tuple[str, ...] = ()


def exemption_refusal(
    giver: str,
    before: Evaluator,
    after: Evaluator,
    *,
    policies: Iterable[PolicyRoles],
    at: dt.datetime,
) -> Verdict | None:
    """
    Return a refusal if a change exempts a member's posts from a policy without permission.

    A change has this effect if it gives a member a role that the policy exempts, or removes a role
    that the policy covers. Like changing the policy itself, both require `manage_policies` on the
    profile. Return None if the change is allowed.
    """
    for policy in policies:
        old, new = before.bindings.scope, after.bindings.scope
        resource = old.nearest_resource(policy.profile, new)
        exempted = (
            *(("exempts_author", *gain) for gain in _roles_gained(policy, before, after, at=at)),
            *(("removes_policy_role", *loss) for loss in _roles_lost(policy, before, after, at=at)),
        )
        for code, member, role in exempted:
            verdict = before.check(giver, "manage_policies", resource, at=at)
            if not verdict:
                return Verdict.no(
                    Reason.of(code, member=giver, other=member, role=role, resource=resource),
                    *verdict.reasons,
                    remedies=verdict.remedies,
                )
    return None


def _roles_gained(
    policy: PolicyRoles, before: Evaluator, after: Evaluator, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield the members who gain an exempted role, each with the role."""
    for role in policy.exempt:
        held_before = before.bindings.role_periods(role, policy.profile)
        held_after = after.bindings.role_periods(role, policy.profile)
        shifts = after.bindings.possible_role_periods(role, policy.profile, unlike=before.bindings)
        for member in sorted({*held_after, *shifts}):
            spans = merge_spans((*held_after.get(member, ()), *shifts.get(member, ())))
            if _any_after(subtract_spans(spans, held_before.get(member, ())), at):
                yield member, role


def _roles_lost(
    policy: PolicyRoles, before: Evaluator, after: Evaluator, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield the members who lose a covered role but can still draft, each with the role."""
    for role in sorted(policy.covered):
        held_after = after.bindings.role_periods(role, policy.profile)
        for member, spans in sorted(before.bindings.role_periods(role, policy.profile).items()):
            lost = subtract_spans(spans, held_after.get(member, ()))
            drafting = after.bindings.permission_periods(member).get(("draft", policy.profile), ())
            if _any_after(intersect_spans(lost, drafting), at):
                yield member, role


def _any_after(spans: Iterable[Span], at: dt.datetime) -> bool:
    return any(end is None or end > at for _, end in spans)


# Changes that remedies consist of.


@attrs.frozen
class Effect:
    """
    The permissions that a change gives members.

    Attributes:
        count: The number of gains; each combination of member, permission and resource counts
            once.
        always: The permissions gained without time bounds, as a bit mask for each resource.
        sometimes: The other gained permissions, each with its resource and span.
    """

    count: int
    always: Mapping[str, int]
    sometimes: frozenset[tuple[str, str, Span]]


_Rules = tuple[Sequence[Binding], Sequence[Binding]]


def effect_of(
    bindings: BindingSet,
    *,
    at: dt.datetime,
    ended: Collection[Binding] = (),
    member: str = "",
    added: Sequence[Binding] = (),
    absences: Iterable[Absence] = (),
) -> Effect:
    """
    Return the permissions that members gain if forbids end and additional rules name *member*.

    The result agrees with `gains`, but no second `BindingSet` is built, because many such changes
    are compared for each refusal.

    Permissions that a delegate gains through an absence are not counted, because they are not the
    delegate's own permissions. The member who makes the change must nevertheless have these
    permissions.

    Args:
        bindings: The rules before the change.
        at: Gains that end by this instant are omitted.
        ended: The forbids that end.
        member: The member whom the added rules name.
        added: Grants and forbids.
        absences: The absences with a delegate.
    """

    def rules_after(name: str) -> _Rules:
        own, new = bindings.bindings_of(name), added if name == member else ()
        return (
            (*own.grants, *(rule for rule in new if isinstance(rule.source, Grant))),
            (
                *(forbid for forbid in own.forbids if forbid not in ended),
                *(rule for rule in new if not isinstance(rule.source, Grant)),
            ),
        )

    count = 0
    always: dict[str, int] = {}
    sometimes: set[tuple[str, str, Span]] = set()
    affected = frozenset[str]().union(*(forbid.members for forbid in ended))
    for name in sorted(affected | ({member} if added else set())):
        own = bindings.bindings_of(name)
        grants, forbids = rules_after(name)
        if (
            own.rotations
            or own.leaving is not None
            or not all(rule.unbounded for rule in (*grants, *forbids, *own.forbids))
        ):
            gained = {
                (permission, resource, span)
                for (permission, resource), spans in _gained_periods(
                    bindings, name, grants, forbids
                ).items()
                for span in spans
                if span[1] is None or span[1] > at
            }
            count += len({key[:2] for key in gained})
            sometimes |= gained
            continue
        # For rules without bounds, bit masks give the same result as spans a hundred times faster.
        before = _masks(bindings, own.grants, own.forbids)
        for resource, mask in _masks(bindings, grants, forbids).items():
            new = mask & ~before.get(resource, 0)
            if new:
                count += new.bit_count()
                always[resource] = always.get(resource, 0) | new
    for absence in absences:
        if absence.delegate in affected and absence.ends_at > at:
            sometimes |= {
                (*key, span)
                for key, spans in _gained_by_delegate(bindings, absence, rules_after).items()
                for span in spans
                if span[1] is None or span[1] > at
            }
    return Effect(count, always, frozenset(sometimes))


def _gained_periods(
    bindings: BindingSet, member: str, grants: Iterable[Binding], forbids: Iterable[Binding]
) -> Periods:
    """Return the permissions that *member* gains if no other grants and forbids name the member."""
    own = bindings.bindings_of(member)
    forbidden_before, forbidden_after = periods_of(own.forbids), periods_of(forbids)
    before = subtract_periods(periods_of(own.grants), forbidden_before)
    after = subtract_periods(periods_of(grants), forbidden_after)
    # A rule-based shift that the member might get later counts neither as held before the change
    # nor as gained by it. Only the part of it that a forbid no longer withholds is gained.
    allowed_shifts = subtract_periods(
        intersect_periods(bindings.shift_periods(member), forbidden_before), forbidden_after
    )
    gained = subtract_periods(
        merge_periods(after, allowed_shifts),
        merge_periods(before, bindings.known_shift_periods(member)),
    )
    return bindings.while_active(member, gained)


def _gained_by_delegate(
    bindings: BindingSet, absence: Absence, rules_after: Callable[[str], _Rules]
) -> Periods:
    """Return the delegate's gains if forbids on the delegate or on the absent member end."""

    def delegated(absent: _Rules, delegate: _Rules) -> Periods:
        grants, forbids = absent
        own = subtract_periods(
            merge_periods(periods_of(grants), bindings.shift_periods(absence.member)),
            periods_of(forbids),
        )
        own = bindings.while_active(absence.member, own)
        return delegated_periods(bindings, absence, own, forbidden=periods_of(delegate[1]))

    absent = bindings.bindings_of(absence.member)
    delegate = bindings.bindings_of(absence.delegate)
    before = delegated((absent.grants, absent.forbids), (delegate.grants, delegate.forbids))
    after = delegated(rules_after(absence.member), rules_after(absence.delegate))
    held = merge_periods(
        bindings.permission_periods(absence.delegate),
        bindings.known_shift_periods(absence.delegate),
    )
    return subtract_periods(subtract_periods(after, before), held)


def _masks(
    bindings: BindingSet, grants: Iterable[Binding], forbids: Iterable[Binding]
) -> dict[str, int]:
    masks: dict[str, int] = {}
    for grant in grants:
        mask = bindings.table.mask(grant.permissions)
        for resource in grant.resources:
            masks[resource] = masks.get(resource, 0) | mask
    for forbid in forbids:
        kept = ~bindings.table.mask(forbid.permissions)
        for resource in forbid.resources & masks.keys():
            masks[resource] &= kept
    return masks


def holds_effect(giver: str, effect: Effect, access: Evaluator, *, at: dt.datetime) -> bool:
    """Return whether *giver* has every permission that a change gives, for at least as long."""
    table, row = access.bindings.table, access.bindings.row(giver)
    for resource, mask in effect.always.items():
        for permission, bit in table.bits.items():
            if (
                bit & mask
                and not table.allows(row, permission, resource)
                and not holds_throughout(giver, access, permission, resource, (None, None), at=at)
            ):
                return False
    return all(
        holds_throughout(giver, access, permission, resource, span, at=at)
        for permission, resource, span in effect.sometimes
    )

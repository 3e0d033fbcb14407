"""The rules and rotations of a document with resolved names, without delegations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.engine.binding import (
    Binding,
    bind_rule,
    rebind_rules,
    span_contains,
)
from socialcollab.permissions.engine.member_bindings import (
    NO_BINDINGS,
    MemberBindings,
    active_bindings,
    bindings_by_member,
    ordered,
)
from socialcollab.permissions.engine.periods import (
    Periods,
    intersect_periods,
    merge_periods,
    periods_of,
    subtract_periods,
)
from socialcollab.permissions.engine.rotation_binding import ResourceTiming, RotationBinding
from socialcollab.permissions.engine.scope import Scope
from socialcollab.permissions.engine.table import Row, Table
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.rotations.overrides import ShiftSwap
from socialcollab.time import (
    Span,
    intersect_spans,
    merge_spans,
    spans_overlap,
    subtract_spans,
)
from socialcollab.verdicts import Reason


class BindingSet:
    """
    The rules and rotations of a document with resolved names.

    The set determines what members may do through their own grants and shifts. `Delegations` adds
    the permissions of delegates.

    Args:
        scope: The scope in which names were resolved.
        grants: The grants.
        forbids: The forbids.
        rotations: The rotations.
        table: The table of another set with the same scope, to be reused; None builds a new table.
    """

    def __init__(
        self,
        *,
        scope: Scope,
        grants: Iterable[Binding],
        forbids: Iterable[Binding],
        rotations: Iterable[RotationBinding],
        table: Table | None = None,
    ) -> None:
        self.scope = scope
        self.grants = tuple(grants)
        self.forbids = tuple(forbids)
        self.rotations = tuple(rotations)
        self.table = table or Table(scope, bindings=(*self.grants, *self.forbids))
        # The number of members whose rules have changed since the table was built.
        self._changed_members = 0
        self.rows: dict[str, Row] = {}
        self._row_of: dict[MemberBindings, Row] = {NO_BINDINGS: {}}
        self._grants_with: dict[str, tuple[Binding, ...]] = {}
        self._starts: dict[str, frozenset[dt.datetime]] = {}
        self._periods: dict[str, Periods] = {}
        self._role_spans: dict[tuple[str, str, str], tuple[Span, ...]] = {}

    def with_grants(self, *grants: Grant) -> BindingSet:
        """
        Return a copy of the set with additional grants.

        Raises:
            InvalidValueError: If a rule refers to a name that does not exist.
        """
        added = [
            bind_rule(grant, number, self.scope)
            for number, grant in enumerate(grants, len(self.grants))
        ]
        return self._with(grants=(*self.grants, *added), changed=_members_of(added))

    def with_rules(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid]) -> BindingSet:
        """
        Return a copy of the set with these grants and forbids in place of the current ones.

        The bindings of unchanged rules are reused, and so are the table rows of members whom no
        changed rule names.

        Raises:
            InvalidValueError: If a rule refers to a name that does not exist.
        """
        new_grants = rebind_rules(self.grants, grants, self.scope)
        new_forbids = rebind_rules(self.forbids, forbids, self.scope)
        return self._with(
            grants=new_grants.bindings,
            forbids=new_forbids.bindings,
            changed=_members_of((*new_grants.changed, *new_forbids.changed)),
            moved=new_grants.moved or new_forbids.moved,
        )

    def with_swaps(self, swaps: Iterable[ShiftSwap]) -> BindingSet:
        """Return a copy of the set with these swaps in place of the current ones."""
        swaps = tuple(swaps)
        rotations = tuple(rotation.with_swaps(swaps) for rotation in self.rotations)
        changed = [
            pair for pair in zip(self.rotations, rotations, strict=True) if pair[0] is not pair[1]
        ]
        if not changed:
            return self
        return self._with(
            rotations=rotations,
            changed=_members_of(rotation for pair in changed for rotation in pair),
        )

    def _with(
        self,
        *,
        changed: frozenset[str],
        grants: tuple[Binding, ...] | None = None,
        forbids: tuple[Binding, ...] | None = None,
        rotations: tuple[RotationBinding, ...] | None = None,
        moved: bool = False,
    ) -> BindingSet:
        """
        Return a copy of the set with some bindings replaced, reusing cached values if possible.

        Args:
            changed: The members whom a changed binding names, before or after the change.
            grants: The new grants, or None to keep the grants.
            forbids: The new forbids, or None to keep the forbids.
            rotations: The new rotations, or None to keep the rotations.
            moved: Whether an unchanged rule has moved to another position in the document.
        """
        other = BindingSet(
            scope=self.scope,
            grants=self.grants if grants is None else grants,
            forbids=self.forbids if forbids is None else forbids,
            rotations=self.rotations if rotations is None else rotations,
            table=self.table,
        )
        other._changed_members = self._changed_members + len(changed)
        if other._changed_members * 4 > len(self.scope.members):
            # After many changes, the classes of the table no longer suit the rules, and the rows
            # for the new rules would become large.
            return BindingSet(
                scope=other.scope,
                grants=other.grants,
                forbids=other.forbids,
                rotations=other.rotations,
            )
        other.rows = {**self.rows}
        other._periods = {**self._periods}
        for member in changed:
            other.rows.pop(member, None)
            other._periods.pop(member, None)
        if not moved:
            kept = {**self._by_member}
            for member in changed:
                kept.pop(member, None)
            new = bindings_by_member(
                other.grants,
                other.forbids,
                other.rotations,
                leaving=self.scope.leaving,
                only=changed,
            )
            # Fill the cached property, which would otherwise group every rule by member again.
            other.__dict__["_by_member"] = {**kept, **new}
        return other

    @cached_property
    def _by_member(self) -> Mapping[str, MemberBindings]:
        """The rules and rotations that name each member, including suspended members."""
        return bindings_by_member(
            self.grants, self.forbids, self.rotations, leaving=self.scope.leaving
        )

    def bindings_of(self, member: str) -> MemberBindings:
        """Return a member's bindings, which are empty if the member is suspended or unknown."""
        known = self.scope.members.get(member)
        if known is None or known.suspended:
            return NO_BINDINGS
        return self._by_member.get(member, NO_BINDINGS)

    def _bindings_even_if_suspended(self, member: str) -> MemberBindings:
        return self._by_member.get(member, NO_BINDINGS)

    def rotation(self, rotation: str) -> RotationBinding:
        """
        Return a rotation by id.

        Raises:
            InvalidValueError: If the rotation does not exist.
        """
        binding = self.rotations_by_id.get(rotation)
        if binding is None:
            raise InvalidValueError(
                f"`{rotation}` is not a rotation"
                f"{did_you_mean(rotation, self.rotations_by_id, before='; ')}",
                value=rotation,
                expected="a rotation's id",
            )
        return binding

    @cached_property
    def rotations_by_id(self) -> Mapping[str, RotationBinding]:
        """The rotations, by id."""
        return {binding.source.id: binding for binding in self.rotations}

    # Questions about one instant.

    def row(self, member: str) -> Row:
        """Return a member's row in the table, and cache the row if the member exists."""
        row = self.rows.get(member)
        if row is None:
            bindings = self.bindings_of(member)
            row = self._row_of.get(bindings)
            if row is None:
                # A row is valid at any time, so the row of a member who leaves must be empty.
                row = self._row_of[bindings] = (
                    {} if bindings.leaving else self.table.row(bindings.grants, bindings.forbids)
                )
            if member in self.scope.members:
                self.rows[member] = row
        return row

    @cached_property
    def time_dependent(self) -> frozenset[str]:
        """The members whose permissions depend on the time: on a bound, a shift or leaving."""
        return frozenset(self.scope.leaving).union(
            *(rule.members for rule in (*self.grants, *self.forbids) if not rule.unbounded),
            *(rotation.members for rotation in self.rotations),
        )

    def allows(self, member: str, permission: str, resource: str, at: dt.datetime) -> bool:
        """Return whether a member has a permission through their own grants and shifts."""
        if self.table.allows(self.row(member), permission, resource):
            return True
        bindings = self.bindings_of(member)
        return bindings.grants_at(member, permission, resource, at) and not bindings.forbids_at(
            permission, resource, at
        )

    def granting_rule(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> Reason | None:
        """Return a reason for the grant or shift that gives a permission, ignoring forbids."""
        if self.scope.members[member].suspended or self.scope.has_left(member, at):
            return None
        grants = self.matching_grants(member, permission, resource, at=at)
        if grants:
            return grants[0].reason(member, resource)
        rotations = self.bindings_of(member).rotations
        for rotation in (
            sorted(rotations, key=lambda binding: binding.source.id) if rotations else ()
        ):
            if permission not in rotation.permissions or resource not in rotation.resources:
                continue
            shift = rotation.shift(member, resource, at)
            if shift is not None:
                return rotation.reason(shift, resource)
        return None

    def matching_grants(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> list[Binding]:
        """Return the active grants that give a permission, sorted."""
        bindings = self._bindings_even_if_suspended(member)
        return ordered(active_bindings(bindings.grants, permission, resource, at))

    def matching_forbids(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> list[Binding]:
        """Return the active forbids for a permission, sorted."""
        bindings = self._bindings_even_if_suspended(member)
        return ordered(active_bindings(bindings.forbids, permission, resource, at))

    def has_role(self, member: str, role: str, resource: str, *, at: dt.datetime) -> bool:
        """Return whether a grant or shift gives *member* the role, or a role that includes it."""
        key = (member, role, resource)
        spans = self._role_spans.get(key)
        if spans is None:
            spans = self._while_active(
                member,
                (
                    grant.span(resource)
                    for grant in self.bindings_of(member).grants
                    if role in grant.roles and resource in grant.resources
                ),
            )
            if member in self.scope.members and resource in self.scope.resources:
                self._role_spans[key] = spans
        if any(span_contains(span, at) for span in spans):
            return True
        return not self.scope.has_left(member, at) and any(
            role in rotation.roles
            and resource in rotation.resources
            and rotation.shift(member, resource, at) is not None
            for rotation in self.bindings_of(member).rotations
        )

    # Lookups of rules, regardless of the time.

    def grants_with(self, permission: str) -> tuple[Binding, ...]:
        """Return the grants that give a permission to any member."""
        grants = self._grants_with.get(permission)
        if grants is None:
            grants = self._grants_with[permission] = tuple(
                grant for grant in self.grants if permission in grant.permissions
            )
        return grants

    def members_with(self, permission: str, resource: str) -> frozenset[str]:
        """Return the members to whom a grant or rotation gives a permission at some time."""
        grants = self.grants_with(permission)
        rotations = (rotation for rotation in self.rotations if permission in rotation.permissions)
        return frozenset[str]().union(
            *(grant.members for grant in grants if resource in grant.resources),
            *(rotation.members for rotation in rotations if resource in rotation.resources),
        )

    def rules_about(self, member: str, permission: str, resource: str) -> tuple[Binding, ...]:
        """Return the grants and forbids that name the member, permission and resource."""
        bindings = self._bindings_even_if_suspended(member)
        return tuple(
            rule
            for rule in (*bindings.grants, *bindings.forbids)
            if rule.binds(member, permission, resource)
        )

    def rules_to_teams(self, teams: Collection[str]) -> tuple[Binding, ...]:
        """Return the grants and forbids that name at least one of the teams."""
        return tuple(dict.fromkeys(rule for team in teams for rule in self._by_team.get(team, ())))

    @cached_property
    def _by_team(self) -> Mapping[str, tuple[Binding, ...]]:
        rules: dict[str, list[Binding]] = {}
        for rule in (*self.grants, *self.forbids):
            for principal in rule.source.to:
                if principal.kind == "team":
                    rules.setdefault(principal.name, []).append(rule)
        return {team: tuple(own) for team, own in rules.items()}

    def starts(self, resource: str) -> frozenset[dt.datetime]:
        """Return the instants at which grants on a resource start and forbids end."""
        starts = self._starts.get(resource)
        if starts is None:
            bounds = (
                *(rule.span(resource)[0] for rule in self.grants if rule.applies_to(resource)),
                *(rule.span(resource)[1] for rule in self.forbids if rule.applies_to(resource)),
            )
            starts = frozenset(bound for bound in bounds if bound is not None)
            self._starts[resource] = starts
        return starts

    # Periods: when members have which permissions.

    def permission_periods(self, member: str) -> Periods:
        """Return the periods in which grants give *member* permissions that are not forbidden."""
        if member not in self.scope.members:
            return {}
        periods = self._periods.get(member)
        if periods is None:
            bindings = self.bindings_of(member)
            allowed = subtract_periods(periods_of(bindings.grants), periods_of(bindings.forbids))
            periods = MappingProxyType(self.while_active(member, allowed))
            self._periods[member] = periods
        return periods

    def forbidden_spans(self, member: str, permission: str, resource: str) -> tuple[Span, ...]:
        """Return when a member's permissions are forbidden, including after the member has left."""
        leaving = self.scope.leaving.get(member)
        return merge_spans(
            (
                *(
                    forbid.span(resource)
                    for forbid in self.bindings_of(member).forbids
                    if permission in forbid.permissions and resource in forbid.resources
                ),
                *(() if leaving is None else ((leaving, None),)),
            )
        )

    def withheld_periods(self, member: str) -> Periods:
        """Return when forbids withhold permissions that grants or shifts give *member*."""
        bindings = self.bindings_of(member)
        if not bindings.forbids:
            return {}
        given = merge_periods(periods_of(bindings.grants), self.shift_periods(member))
        return intersect_periods(given, periods_of(bindings.forbids))

    def shift_periods(self, member: str) -> Periods:
        """Return the periods in which shifts may give *member* permissions, ignoring forbids."""
        return self._periods_of_shifts(
            self.bindings_of(member).rotations,
            lambda rotation, resource: rotation.possible_spans(member, resource),
        )

    def known_shift_periods(self, member: str) -> Periods:
        """Return when listed shifts and swaps give *member* permissions that are not forbidden."""
        bindings = self.bindings_of(member)
        periods = self._periods_of_shifts(
            (
                rotation
                for rotation in bindings.rotations
                if rotation.source.shifts or rotation.swaps
            ),
            lambda rotation, resource: rotation.known_spans(member, resource),
        )
        return self.while_active(member, subtract_periods(periods, periods_of(bindings.forbids)))

    @staticmethod
    def _periods_of_shifts(
        rotations: Iterable[RotationBinding],
        spans_on: Callable[[RotationBinding, str], tuple[Span, ...]],
    ) -> Periods:
        spans: dict[tuple[str, str], list[Span]] = {}
        for rotation in rotations:
            for resource in rotation.resources:
                own = spans_on(rotation, resource)
                for permission in rotation.permissions:
                    spans.setdefault((permission, resource), []).extend(own)
        return {key: merge_spans(own) for key, own in spans.items()}

    def possible_shift_periods(self, member: str, *, unlike: BindingSet | None = None) -> Periods:
        """
        Return the periods in which shifts may give *member* permissions that are not forbidden.

        A rule-based rotation counts from its first day on, because any of its shifts may pass to
        the member. Permissions that a rotation with the same members and times gives in *unlike*
        are omitted.
        """
        if self.scope.active_span(member) is None:
            return {}
        unchanged = set() if unlike is None else set(unlike._rules_of(member))
        spans: dict[tuple[str, str], list[Span]] = {}
        for rotation in self.bindings_of(member).rotations:
            for resource in rotation.resources:
                possible = rotation.possible_spans(member, resource)
                for permission in rotation.permissions:
                    key = permission, resource
                    given = subtract_spans(possible, self.forbidden_spans(member, *key))
                    if unlike is not None and (rotation.timing(resource), *key) in unchanged:
                        before = subtract_spans(
                            rotation.scheduled_spans(member, resource),
                            unlike.forbidden_spans(member, *key),
                        )
                        given = subtract_spans(given, before)
                    spans.setdefault(key, []).extend(given)
        return {key: merge_spans(own) for key, own in sorted(spans.items()) if own}

    def _rules_of(self, member: str) -> Iterator[tuple[ResourceTiming | None, str, str]]:
        """Yield the timing, permission and resource of *member*'s rule-based rotations."""
        if self.scope.active_span(member) is not None:
            for rotation in self.rotations:
                if rotation.source.timing is None or member not in rotation.source.everyone:
                    continue
                for resource in rotation.resources:
                    for permission in rotation.permissions:
                        yield rotation.timing(resource), permission, resource

    def rotations_granting(
        self, member: str, permission: str, resource: str, *, during: Span = (None, None)
    ) -> tuple[str, ...]:
        """Return the positions of the rotations whose shifts may give a permission in a span."""
        return tuple(
            rotation.place
            for rotation in self.rotations
            if permission in rotation.permissions
            and rotation.applies_to(resource)
            and any(
                spans_overlap(span, during) for span in rotation.possible_spans(member, resource)
            )
        )

    def role_periods(self, role: str, resource: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when each member has *role*, or a role that includes it, on a resource.

        Grants, listed shifts and swaps are included; rule-based shifts are not. The result is
        empty if the resource does not exist.
        """
        spans: dict[str, list[Span]] = {}
        for grant in self.grants:
            if role in grant.roles and grant.applies_to(resource):
                for member in grant.members:
                    spans.setdefault(member, []).append(grant.span(resource))
        for rotation in self.rotations:
            if role in rotation.roles and rotation.applies_to(resource):
                for member in rotation.members:
                    spans.setdefault(member, []).extend(rotation.known_spans(member, resource))
        return self._active_members(spans)

    def possible_role_periods(
        self, role: str, resource: str, *, unlike: BindingSet
    ) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when rule-based shifts may give members *role*, or a role that includes it.

        Roles that a rotation with the same members and times gives in *unlike* are omitted.
        """
        unchanged = {
            rotation.timing(resource)
            for rotation in unlike.rotations
            if role in rotation.roles and rotation.applies_to(resource)
        }
        spans: dict[str, list[Span]] = {}
        for rotation in self.rotations:
            timing = rotation.timing(resource)
            if timing is None or role not in rotation.roles or not rotation.applies_to(resource):
                continue
            for member in rotation.source.everyone:
                scheduled = rotation.scheduled_spans(member, resource)
                if timing in unchanged:
                    # In the other set, the member may be suspended or may have left.
                    scheduled = subtract_spans(scheduled, unlike._while_active(member, scheduled))
                spans.setdefault(member, []).extend(scheduled)
        return self._active_members(spans)

    def _active_members(
        self, spans: Mapping[str, Iterable[Span]]
    ) -> Mapping[MemberId, tuple[Span, ...]]:
        active = (
            (MemberId(member), self._while_active(member, own))
            for member, own in sorted(spans.items())
        )
        return {member: own for member, own in active if own}

    def while_active(self, member: str, periods: Periods) -> Periods:
        """Return the parts of *periods* in which *member* is not suspended and has not left."""
        active = self.scope.active_span(member)
        if active is None:
            return {}
        if active == (None, None):
            return periods
        clipped = ((key, intersect_spans(spans, (active,))) for key, spans in periods.items())
        return {key: spans for key, spans in clipped if spans}

    def _while_active(self, member: str, spans: Iterable[Span]) -> tuple[Span, ...]:
        active = self.scope.active_span(member)
        return () if active is None else intersect_spans(merge_spans(spans), (active,))


def _members_of(bindings: Iterable[Binding | RotationBinding]) -> frozenset[str]:
    return frozenset[str]().union(*(binding.members for binding in bindings))

"""What the lines of a document give and bar, whoever is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.binding import Binding, bind_rule, reread
from socialcollab.permissions.engine.member_bindings import (
    NO_BINDINGS,
    MemberBindings,
    active_bindings,
    bindings_by_member,
    ordered,
)
from socialcollab.permissions.engine.rotation_binding import RotationBinding, TimingAt
from socialcollab.permissions.engine.scope import Scope, within
from socialcollab.permissions.engine.table import Row, Table
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.rotations.shift_swap import ShiftSwap
from socialcollab.time import Span, intersect_spans, merge_spans, spans_overlap, subtract_spans
from socialcollab.verdicts import Reason


class BindingSet:
    """
    The lines of a document with all that they name worked out, and what rests on them alone.

    Args:
        scope: Whom and what they can be about.

        grants: The grants.

        forbids: The forbids.

        duties: The duties.

        table: Another's with the same scope, which spares grouping places again.
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
        self.table = table or Table(scope, lines=(*self.grants, *self.forbids))
        # How many members' lines have changed since places were grouped for the table.
        self._strayed = 0
        self.rows: dict[str, Row] = {}
        self._row_of: dict[MemberBindings, Row] = {NO_BINDINGS: {}}
        self._lines_with: dict[str, tuple[tuple[Binding, ...], tuple[Binding, ...]]] = {}
        self._bounds: dict[str, frozenset[dt.datetime]] = {}
        self._spans: dict[str, Mapping[tuple[str, str], tuple[Span, ...]]] = {}
        self._roles_held: dict[tuple[str, str, str], tuple[Span, ...]] = {}

    def with_grants(self, *grants: Grant) -> BindingSet:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        lines = [
            bind_rule(one, len(self.grants) + number, self.scope)
            for number, one in enumerate(grants)
        ]
        return self._with(grants=(*self.grants, *lines), touched=_everyone_of(lines))

    def with_rules(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid]) -> BindingSet:
        """
        Return the same with these grants and forbids, and no others of either.

        What reads as before is not read again, and only whom the others mean,
        or meant, has anything worked out anew.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        given = reread(self.grants, grants, self.scope)
        barred = reread(self.forbids, forbids, self.scope)
        return self._with(
            grants=given.lines,
            forbids=barred.lines,
            touched=_everyone_of((*given.changed, *barred.changed)),
            moved=given.moved or barred.moved,
        )

    def with_swaps(self, swaps: Iterable[ShiftSwap]) -> BindingSet:
        """Return the same with these swaps and no others; nothing else is worked out anew."""
        swaps = tuple(swaps)
        rotations = tuple(line.with_swaps(swaps) for line in self.rotations)
        changed = [
            (one, other)
            for one, other in zip(self.rotations, rotations, strict=True)
            if one is not other
        ]
        if not changed:
            return self
        return self._with(
            rotations=rotations, touched=_everyone_of(line for pair in changed for line in pair)
        )

    def _with(
        self,
        *,
        touched: frozenset[str],
        grants: tuple[Binding, ...] | None = None,
        forbids: tuple[Binding, ...] | None = None,
        rotations: tuple[RotationBinding, ...] | None = None,
        moved: bool = False,
    ) -> BindingSet:
        """
        Return the same with some other lines.

        Args:
            touched: Everyone whom another line means, or meant; what is worked
                out for anybody else is kept.

            grants: The grants, if others than here.

            forbids: The forbids, likewise.

            rotations: The duties, likewise.

            moved: Whether a line that says the same stands elsewhere now.
        """
        there = BindingSet(
            scope=self.scope,
            grants=self.grants if grants is None else grants,
            forbids=self.forbids if forbids is None else forbids,
            rotations=self.rotations if rotations is None else rotations,
            table=self.table,
        )
        there._strayed = self._strayed + len(touched)
        if there._strayed * 4 > len(self.scope.members):
            return BindingSet(
                scope=there.scope,
                grants=there.grants,
                forbids=there.forbids,
                rotations=there.rotations,
            )
        there.rows = {**self.rows}
        there._spans = {**self._spans}
        for member in touched:
            there.rows.pop(member, None)
            there._spans.pop(member, None)
        if not moved:
            kept = {**self._lines_to}
            for member in touched:
                kept.pop(member, None)
            theirs = bindings_by_member(
                there.grants,
                there.forbids,
                there.rotations,
                leaving=self.scope.leaving,
                only=touched,
            )
            there.__dict__["_lines_to"] = {**kept, **theirs}
        return there

    def bindings_of(self, member: str) -> MemberBindings:
        """Return the lines that mean a member; none if there is no such member, or suspended."""
        known = self.scope.members.get(member)
        if known is None or known.suspended:
            return NO_BINDINGS
        return self._lines_to.get(member, NO_BINDINGS)

    def row(self, member: str) -> Row:
        """Return a member's row of the table, which is kept for those who exist."""
        row = self.rows.get(member)
        if row is None:
            rights = self.bindings_of(member)
            row = self._row_of.get(rights)
            if row is None:
                row = self._row_of[rights] = self._row(rights)
            if member in self.scope.members:
                self.rows[member] = row
        return row

    def _row(self, rights: MemberBindings) -> Row:
        # What ends when somebody leaves is nothing that they always may.
        return {} if rights.leaving else self.table.row(rights.grants, rights.forbids)

    @cached_property
    def waiting(self) -> frozenset[str]:
        """Whose rights depend on the instant: a duty, a line with bounds, or a day to leave on."""
        return frozenset(self.scope.leaving).union(
            *(line.members for line in (*self.grants, *self.forbids) if not line.unbounded),
            *(line.members for line in self.rotations),
        )

    def allows(self, member: str, permission: str, resource: str, at: dt.datetime) -> bool:
        """Tell whether a member may by their own grants and duties."""
        if self.table.always(self.row(member), permission, resource):
            return True
        rights = self.bindings_of(member)
        return rights.grants_at(member, permission, resource, at) and not rights.forbids_at(
            permission, resource, at
        )

    def lines_with(self, permission: str) -> tuple[tuple[Binding, ...], tuple[Binding, ...]]:
        """Return the grants and the forbids that are about a permission, whomever they mean."""
        found = self._lines_with.get(permission)
        if found is None:
            found = self._lines_with[permission] = (
                tuple(line for line in self.grants if permission in line.permissions),
                tuple(line for line in self.forbids if permission in line.permissions),
            )
        return found

    def members_with(self, permission: str, resource: str) -> frozenset[str]:
        """Return everyone to whom a grant or a duty gives a permission at a place, some time."""
        rotations = (line for line in self.rotations if permission in line.permissions)
        return frozenset[str]().union(
            *(
                line.members
                for line in self.lines_with(permission)[0]
                if resource in line.resources
            ),
            *(line.members for line in rotations if resource in line.resources),
        )

    def granting_rule(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> Reason | None:
        """Return the grant that gives it to a member then, or else the turn; forbids aside."""
        if self.scope.members[member].suspended or self.scope.has_left(member, at):
            return None
        lines = self.matching_grants(member, permission, resource, at=at)
        if lines:
            return lines[0].reason(member, resource)
        rotations = self.bindings_of(member).rotations
        for line in sorted(rotations, key=lambda line: line.source.id) if rotations else ():
            if permission not in line.permissions or resource not in line.resources:
                continue
            shift = line.shift(member, resource, at)
            if shift is not None:
                return line.reason(shift, resource)
        return None

    def forbidden_spans(self, member: str, permission: str, resource: str) -> tuple[Span, ...]:
        """Return when a forbid bars it, or they have left, merged."""
        return merge_spans(
            (
                *(
                    line.span(resource)
                    for line in self.bindings_of(member).forbids
                    if permission in line.permissions and resource in line.resources
                ),
                *self._gone(member),
            )
        )

    def _gone(self, member: str) -> tuple[Span, ...]:
        leaving = self.scope.leaving.get(member)
        return () if leaving is None else ((leaving, None),)

    def bounds(self, resource: str) -> frozenset[dt.datetime]:
        """Return the instants at which a grant begins, or a forbid ends, at a place."""
        found = self._bounds.get(resource)
        if found is None:
            starts = [line.span(resource)[0] for line in self.grants if line.applies_to(resource)]
            ends = [line.span(resource)[1] for line in self.forbids if line.applies_to(resource)]
            found = frozenset(one for one in (*starts, *ends) if one is not None)
            self._bounds[resource] = found
        return found

    def permission_periods(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """
        Return when *member* may do what where, every forbid taken off.

        Returns:
            For each permission and place that is ever allowed, the times in
            order, each with its first instant and the first after it in UTC,
            None where there is no bound; they neither overlap nor touch.
        """
        if member not in self.scope.members:
            return {}
        if member not in self._spans:
            rights = self.bindings_of(member)
            given, barred = spans_of(rights.grants), spans_of(rights.forbids)
            gone = self._gone(member)
            left = {
                key: subtract_spans(merge_spans(spans), merge_spans((*barred.get(key, ()), *gone)))
                for key, spans in given.items()
            }
            self._spans[member] = MappingProxyType({key: one for key, one in left.items() if one})
        return self._spans[member]

    def has_role(self, member: str, role: str, resource: str, *, at: dt.datetime) -> bool:
        """Tell whether *member* has *role*, or one that includes it, by a grant or on duty."""
        key = (member, role, resource)
        spans = self._roles_held.get(key)
        if spans is None:
            spans = self._holding_role(member, role, resource)
            if member in self.scope.members and resource in self.scope.resources:
                self._roles_held[key] = spans
        if any(within(span, at) for span in spans):
            return True
        return not self.scope.has_left(member, at) and any(
            role in line.roles
            and resource in line.resources
            and line.shift(member, resource, at) is not None
            for line in self.bindings_of(member).rotations
        )

    def _holding_role(self, member: str, role: str, resource: str) -> tuple[Span, ...]:
        spans = (
            line.span(resource)
            for line in self.bindings_of(member).grants
            if role in line.roles and resource in line.resources
        )
        gone = self._gone(member)
        return subtract_spans(merge_spans(spans), gone) if gone else tuple(spans)

    def role_periods(self, role: str, resource: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when who has *role*, or one that includes it, there, as far as that is known.

        By grants, the turns of lists, and what is swapped; nobody if there is no such place.
        """
        found: dict[str, list[Span]] = {}
        for line in self.grants:
            if role in line.roles and line.applies_to(resource):
                for member in line.members:
                    found.setdefault(member, []).append(line.span(resource))
        for rotation in self.rotations:
            if role in rotation.roles and rotation.applies_to(resource):
                for member in rotation.members:
                    found.setdefault(member, []).extend(rotation.known_spans(member, resource))
        return self._staying(found)

    def rotating(
        self, role: str, resource: str, *, unlike: BindingSet
    ) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when turns by rule may give whom *role*, or one that includes it, there.

        A place in a rotation counts as in `rotations`: what it gives in *unlike*
        to the same people and at the same times is left out.
        """
        known = {
            line.timing(resource)
            for line in unlike.rotations
            if role in line.roles and line.applies_to(resource)
        }
        found: dict[str, list[Span]] = {}
        for line in self.rotations:
            timing = line.timing(resource)
            if timing is None or role not in line.roles or not line.applies_to(resource):
                continue
            for member in line.source.everyone:
                spans = line.written_spans(member, resource)
                if timing in known:
                    theirs = unlike._staying({member: spans})
                    spans = subtract_spans(spans, theirs.get(MemberId(member), ()))
                found.setdefault(member, []).extend(spans)
        return self._staying(found)

    def _staying(self, spans: Mapping[str, Iterable[Span]]) -> Mapping[MemberId, tuple[Span, ...]]:
        """Return of some times for members those for which each is there, neither suspended nor gone."""
        left = {
            MemberId(member): subtract_spans(merge_spans(theirs), self._gone(member))
            for member, theirs in sorted(spans.items())
            if self.scope.stay(member) is not None
        }
        return {member: theirs for member, theirs in left.items() if theirs}

    def lines_of(self, member: str, permission: str, resource: str) -> tuple[Binding, ...]:
        """Return every grant and forbid that binds all three, whenever it holds."""
        return tuple(
            line
            for line in (*self._meaning(member).grants, *self._meaning(member).forbids)
            if line.binds(member, permission, resource)
        )

    def lines_to_teams(self, teams: Collection[str]) -> tuple[Binding, ...]:
        """Return every grant and forbid that names one of some teams."""
        return tuple(dict.fromkeys(line for one in teams for line in self._by_team.get(one, ())))

    @cached_property
    def _by_team(self) -> Mapping[str, tuple[Binding, ...]]:
        found: dict[str, list[Binding]] = {}
        for line in (*self.grants, *self.forbids):
            for principal in line.source.to:
                if principal.kind == "team":
                    found.setdefault(principal.name, []).append(line)
        return {team: tuple(lines) for team, lines in found.items()}

    @cached_property
    def _lines_to(self) -> Mapping[str, MemberBindings]:
        """The grants, forbids and duties that each member is meant by, suspended or not."""
        return bindings_by_member(
            self.grants, self.forbids, self.rotations, leaving=self.scope.leaving
        )

    def _meaning(self, member: str) -> MemberBindings:
        return self._lines_to.get(member, NO_BINDINGS)

    def matching_grants(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> list[Binding]:
        """Return the grants in force that give it, sorted."""
        return ordered(active_bindings(self._meaning(member).grants, permission, resource, at))

    def matching_forbids(
        self, member: str, permission: str, resource: str, *, at: dt.datetime
    ) -> list[Binding]:
        """Return the forbids in force that bar it, sorted."""
        return ordered(active_bindings(self._meaning(member).forbids, permission, resource, at))

    def rotations_granting(
        self, member: str, permission: str, resource: str, *, during: Span = (None, None)
    ) -> tuple[str, ...]:
        """Name the duties in which a turn of *member* gives it meanwhile, as the document has them."""
        return tuple(
            line.place
            for line in self.rotations
            if permission in line.permissions
            and line.applies_to(resource)
            and any(spans_overlap(span, during) for span in line.given_spans(member, resource))
        )

    def rule_shift_periods(
        self, member: str, *, unlike: BindingSet | None = None
    ) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """
        Return when the duties of *member* give what, by permission and place, forbids taken off.

        A place in a rotation counts from its first day on, since any turn may
        become theirs; the turns of a list are known, and what is swapped. What a
        rotation gives in *unlike* too, there, to the same people and at the same
        times, is left out.
        """
        if self.scope.stay(member) is None:
            return {}
        known = set() if unlike is None else set(unlike._rotations_of(member))
        found: dict[tuple[str, str], list[Span]] = {}
        for line in self.bindings_of(member).rotations:
            for resource in line.resources:
                spans = line.given_spans(member, resource)
                written = line.written_spans(member, resource)
                for permission in line.permissions:
                    left = subtract_spans(spans, self.forbidden_spans(member, permission, resource))
                    if (
                        unlike is not None
                        and (line.timing(resource), permission, resource) in known
                    ):
                        theirs = unlike.forbidden_spans(member, permission, resource)
                        left = subtract_spans(left, subtract_spans(written, theirs))
                    found.setdefault((permission, resource), []).extend(left)
        return {key: merge_spans(spans) for key, spans in sorted(found.items()) if spans}

    def rotation_periods(self, member: str) -> dict[tuple[str, str], list[Span]]:
        """Return when the duties of *member* give what, as `rotations` does, whatever bars it."""
        found: dict[tuple[str, str], list[Span]] = {}
        for line in self.bindings_of(member).rotations:
            for resource in line.resources:
                given = line.given_spans(member, resource)
                for permission in line.permissions:
                    found.setdefault((permission, resource), []).extend(given)
        return found

    def forbidden_periods(self, member: str) -> dict[tuple[str, str], tuple[Span, ...]]:
        """Return when forbids keep what from *member* that their grants and duties give."""
        rights = self.bindings_of(member)
        if not rights.forbids:
            return {}
        given, barred = spans_of(rights.grants), spans_of(rights.forbids)
        for key, spans in self.rotation_periods(member).items():
            given.setdefault(key, []).extend(spans)
        kept = {}
        for key in given.keys() & barred.keys():
            theirs = merge_spans(given[key])
            kept[key] = intersect_spans(theirs, merge_spans(barred[key]))
        return {key: spans for key, spans in kept.items() if spans}

    def listed(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """Return when turns that are known, of lists and by swaps, give *member* what, forbids taken off."""
        if member not in self.scope.members or self.scope.members[member].suspended:
            return {}
        found: dict[tuple[str, str], list[Span]] = {}
        for line in self.bindings_of(member).rotations:
            if not (line.source.shifts or line.swaps):
                continue
            for resource in line.resources:
                spans = line.known_spans(member, resource)
                for permission in line.permissions:
                    left = subtract_spans(spans, self.forbidden_spans(member, permission, resource))
                    found.setdefault((permission, resource), []).extend(left)
        return {key: merge_spans(spans) for key, spans in found.items() if spans}

    def _rotations_of(self, member: str) -> Iterator[tuple[TimingAt, str, str]]:
        if self.scope.stay(member) is not None:
            for line in self.rotations:
                if line.source.timing is None or member not in line.source.everyone:
                    continue
                for resource in line.resources:
                    timing = line.timing(resource)
                    assert timing is not None  # noqa: S101  a rotation has one everywhere
                    for permission in line.permissions:
                        yield timing, permission, resource


def _everyone_of(lines: Iterable[Binding | RotationBinding]) -> frozenset[str]:
    return frozenset[str]().union(*(line.members for line in lines))


def spans_of(lines: Iterable[Binding]) -> dict[tuple[str, str], list[Span]]:
    """Return when lines hold, by permission and place."""
    found: dict[tuple[str, str], list[Span]] = {}
    for line in lines:
        for resource in line.resources:
            span = line.span(resource)
            for permission in line.permissions:
                found.setdefault((permission, resource), []).append(span)
    return found

"""What the lines of a document give and bar, whoever is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.permissions.duty import Timing
from socialcollab.permissions.duty_line import DutyLine
from socialcollab.permissions.gaining import merged, without
from socialcollab.permissions.grant import Grant
from socialcollab.permissions.line import Line, read_line
from socialcollab.permissions.scope import Scope, Span, within
from socialcollab.verdicts import Reason

__all__ = ["NO_RIGHTS", "Rights", "Rulebook"]


@attrs.frozen
class Rights:
    """
    What one member may do by lines, by permission and place.

    Attributes:
        given: When a grant gives it.

        barred: When a forbid bars it.

        turns: The duties in which a turn of theirs gives it.
    """

    given: Mapping[tuple[str, str], tuple[Span, ...]]
    barred: Mapping[tuple[str, str], tuple[Span, ...]]
    turns: Mapping[tuple[str, str], tuple[DutyLine, ...]]

    def gives(self, member: str, key: tuple[str, str], at: dt.datetime) -> bool:
        """Tell whether a grant or a turn of *member*, whose rights these are, gives it then."""
        return any(within(span, at) for span in self.given.get(key, ())) or any(
            line.turn(member, key[1], at) for line in self.turns.get(key, ())
        )

    def bars(self, key: tuple[str, str], at: dt.datetime) -> bool:
        """Tell whether a forbid bars it then."""
        return any(within(span, at) for span in self.barred.get(key, ()))


NO_RIGHTS = Rights({}, {}, {})


class Rulebook:
    """
    The lines of a document with all that they name worked out, and what rests on them alone.

    Args:
        scope: Whom and what they can be about.

        grants: The grants.

        forbids: The forbids.

        duties: The duties.
    """

    def __init__(
        self,
        *,
        scope: Scope,
        grants: Iterable[Line],
        forbids: Iterable[Line],
        duties: Iterable[DutyLine],
    ) -> None:
        self.scope = scope
        self.grants = tuple(grants)
        self.forbids = tuple(forbids)
        self.duties = tuple(duties)
        self._rights: dict[str, Rights] = {}
        self._bounds: dict[str, frozenset[dt.datetime]] = {}
        self._spans: dict[str, Mapping[tuple[str, str], tuple[Span, ...]]] = {}
        self._member_lines: dict[str, tuple[tuple[Line, ...], tuple[Line, ...]]] = {}
        self._roles_held: dict[tuple[str, str, str], tuple[Span, ...]] = {}

    def adding(self, *grants: Grant) -> Rulebook:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        lines = (
            read_line(one, len(self.grants) + number, self.scope)
            for number, one in enumerate(grants)
        )
        return Rulebook(
            scope=self.scope,
            grants=(*self.grants, *lines),
            forbids=self.forbids,
            duties=self.duties,
        )

    @cached_property
    def profiles_by_workspace(self) -> Mapping[str, frozenset[str]]:
        """The profiles of each workspace."""
        found: dict[str, set[str]] = {}
        for profile in self.scope.profiles.values():
            found.setdefault(profile.workspace, set()).add(profile.id)
        return {workspace: frozenset(profiles) for workspace, profiles in found.items()}

    def rights(self, member: str) -> Rights:
        """Return what a member may do by lines; nothing if there is no such member, or suspended."""
        rights = self._rights.get(member)
        if rights is None:
            known = self.scope.members.get(member)
            if known is None:
                return NO_RIGHTS
            rights = NO_RIGHTS if known.suspended else self._compiled(member)
            self._rights[member] = rights
        return rights

    def allows(self, member: str, permission: str, where: str, at: dt.datetime) -> bool:
        """Tell whether a member may by their own grants and duties."""
        rights = self.rights(member)
        key = (permission, where)
        return rights.gives(member, key, at) and not rights.bars(key, at)

    def carrying(
        self, member: str, permission: str, where: str, *, at: dt.datetime
    ) -> Reason | None:
        """Return the grant that gives it to a member then, or else the turn; forbids aside."""
        if self.scope.members[member].suspended:
            return None
        lines = self.granting(member, permission, where, at=at)
        if lines:
            return lines[0].reason(member, where)
        turns = self.rights(member).turns.get((permission, where), ())
        for line in sorted(turns, key=lambda line: line.source.id):
            turn = line.turn(member, where, at)
            if turn is not None:
                return line.reason(turn, where)
        return None

    def barred_spans(self, member: str, permission: str, where: str) -> tuple[Span, ...]:
        """Return when a forbid bars it, merged."""
        return merged(self.rights(member).barred.get((permission, where), ()))

    def bounds(self, where: str) -> frozenset[dt.datetime]:
        """Return the instants at which a grant begins, or a forbid ends, at a place."""
        found = self._bounds.get(where)
        if found is None:
            starts = [line.span(where)[0] for line in self.grants if line.speaks_of(where)]
            ends = [line.span(where)[1] for line in self.forbids if line.speaks_of(where)]
            found = frozenset(one for one in (*starts, *ends) if one is not None)
            self._bounds[where] = found
        return found

    def spans(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
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
            rights = self.rights(member)
            left = {
                key: without(merged(given), merged(rights.barred.get(key, ())))
                for key, given in rights.given.items()
            }
            self._spans[member] = MappingProxyType({key: one for key, one in left.items() if one})
        return self._spans[member]

    def holds(self, member: str, role: str, where: str, *, at: dt.datetime) -> bool:
        """Tell whether *member* has *role*, or one that includes it, by a grant or on duty."""
        key = (member, role, where)
        spans = self._roles_held.get(key)
        if spans is None:
            spans = self._holding_role(member, role, where)
            if member in self.scope.members and where in self.scope.places:
                self._roles_held[key] = spans
        if any(within(span, at) for span in spans):
            return True
        known = self.scope.members.get(member)
        return (
            known is not None
            and not known.suspended
            and any(
                role in line.roles
                and member in line.source.members
                and line.speaks_of(where)
                and line.turn(member, where, at) is not None
                for line in self.duties
            )
        )

    def _holding_role(self, member: str, role: str, where: str) -> tuple[Span, ...]:
        known = self.scope.members.get(member)
        if known is None or known.suspended:
            return ()
        return tuple(
            line.span(where)
            for line in self.grants
            if role in line.roles and member in line.members and line.speaks_of(where)
        )

    def holders(self, role: str, where: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """Return when whom *role*, or one that includes it, is granted there; none if no such place."""
        if where not in self.scope.places:
            return {}
        found: dict[MemberId, list[Span]] = {}
        for line in self.grants:
            if role in line.roles and line.speaks_of(where):
                for member in line.members:
                    if not self.scope.members[member].suspended:
                        found.setdefault(MemberId(member), []).append(line.span(where))
        return {member: merged(spans) for member, spans in sorted(found.items())}

    def lines_of(self, member: str, permission: str, where: str) -> tuple[Line, ...]:
        """Return every grant and forbid that binds all three, whenever it holds."""
        return tuple(
            line
            for lines in self._lines_to(member)
            for line in lines
            if line.binds(member, permission, where)
        )

    def _lines_to(self, member: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Return the grants and the forbids that a member is meant by."""
        found = self._member_lines.get(member)
        if found is None:
            found = self._member_lines[member] = (
                tuple(line for line in self.grants if member in line.members),
                tuple(line for line in self.forbids if member in line.members),
            )
        return found

    def granting(self, member: str, permission: str, where: str, *, at: dt.datetime) -> list[Line]:
        """Return the grants in force that give it, sorted."""
        return self._holding(self._lines_to(member)[0], member, permission, where, at=at)

    def barring(self, member: str, permission: str, where: str, *, at: dt.datetime) -> list[Line]:
        """Return the forbids in force that bar it, sorted."""
        return self._holding(self._lines_to(member)[1], member, permission, where, at=at)

    def duties_giving(self, member: str, permission: str, where: str) -> tuple[str, ...]:
        """Name the duties in which a turn of *member* gives it, as they stand in the document."""
        return tuple(
            line.place
            for line in self.duties
            if member in line.source.members
            and permission in line.permissions
            and line.speaks_of(where)
        )

    def rotations(
        self, member: str, *, unlike: Rulebook | None = None
    ) -> Mapping[tuple[str, str], list[Span]]:
        """
        Return what the rotations that *member* is in give: from when on, by permission and place.

        A rotation that gives the same there to the same people at the same
        times in *unlike* is left out.
        """
        if member not in self.scope.members or self.scope.members[member].suspended:
            return {}
        known = set() if unlike is None else set(unlike._rotations_of(member))
        found: dict[tuple[str, str], list[Span]] = {}
        for timing, permission, where in self._rotations_of(member):
            if (timing, permission, where) not in known:
                span = self.scope.span(timing[1], None, where)
                found.setdefault((permission, where), []).append(span)
        return found

    def _rotations_of(self, member: str) -> Iterator[tuple[Timing, str, str]]:
        if member in self.scope.members:
            for line in self.duties:
                if member in line.source.members:
                    for where in self.scope.places:
                        if line.speaks_of(where):
                            for permission in line.permissions:
                                yield line.source.timing, permission, where

    def _holding(
        self, lines: Iterable[Line], member: str, permission: str, where: str, *, at: dt.datetime
    ) -> list[Line]:
        found = (
            line
            for line in lines
            if line.binds(member, permission, where) and within(line.span(where), at)
        )
        return sorted(found, key=lambda line: line.order)

    def _compiled(self, member: str) -> Rights:
        turns: dict[tuple[str, str], list[DutyLine]] = {}
        for line in self.duties:
            if member in line.source.members:
                for where in self.scope.places:
                    if line.speaks_of(where):
                        for permission in line.permissions:
                            turns.setdefault((permission, where), []).append(line)
        return Rights(
            given=self._spans_of(self.grants, member),
            barred=self._spans_of(self.forbids, member),
            turns={key: tuple(lines) for key, lines in turns.items()},
        )

    def _spans_of(
        self, lines: Iterable[Line], member: str
    ) -> dict[tuple[str, str], tuple[Span, ...]]:
        found: dict[tuple[str, str], list[Span]] = {}
        for line in lines:
            if member not in line.members:
                continue
            for where in self.scope.places:
                if not line.speaks_of(where):
                    continue
                span = line.span(where)
                for permission in line.permissions:
                    found.setdefault((permission, where), []).append(span)
        return {key: tuple(spans) for key, spans in found.items()}

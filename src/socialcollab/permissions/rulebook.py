"""What the lines of a document give and bar, whoever is away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from socialcollab.identifiers import MemberId
from socialcollab.permissions.duty_line import DutyLine, TimingAt
from socialcollab.permissions.gaining import meet, merged, without
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.line import Line, read_line, reread
from socialcollab.permissions.rights import NO_RIGHTS, Rights, in_force, ordered, sort_out
from socialcollab.permissions.scope import Scope, Span, within
from socialcollab.permissions.swap import Swap
from socialcollab.permissions.table import Row, Table
from socialcollab.verdicts import Reason

__all__ = ["Rulebook", "spans_of"]


class Rulebook:
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
        grants: Iterable[Line],
        forbids: Iterable[Line],
        duties: Iterable[DutyLine],
        table: Table | None = None,
    ) -> None:
        self.scope = scope
        self.grants = tuple(grants)
        self.forbids = tuple(forbids)
        self.duties = tuple(duties)
        self.table = table or Table(scope, lines=(*self.grants, *self.forbids))
        # How many members' lines have changed since places were grouped for the table.
        self._strayed = 0
        self.rows: dict[str, Row] = {}
        self._row_of: dict[Rights, Row] = {NO_RIGHTS: {}}
        self._lines_with: dict[str, tuple[tuple[Line, ...], tuple[Line, ...]]] = {}
        self._bounds: dict[str, frozenset[dt.datetime]] = {}
        self._spans: dict[str, Mapping[tuple[str, str], tuple[Span, ...]]] = {}
        self._roles_held: dict[tuple[str, str, str], tuple[Span, ...]] = {}

    def adding(self, *grants: Grant) -> Rulebook:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        lines = [
            read_line(one, len(self.grants) + number, self.scope)
            for number, one in enumerate(grants)
        ]
        return self._with(grants=(*self.grants, *lines), touched=_everyone_of(lines))

    def replacing(self, *, grants: Iterable[Grant], forbids: Iterable[Forbid]) -> Rulebook:
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

    def under(self, swaps: Iterable[Swap]) -> Rulebook:
        """Return the same with these swaps and no others; nothing else is worked out anew."""
        swaps = tuple(swaps)
        duties = tuple(line.under(swaps) for line in self.duties)
        changed = [
            (one, other) for one, other in zip(self.duties, duties, strict=True) if one is not other
        ]
        if not changed:
            return self
        return self._with(
            duties=duties, touched=_everyone_of(line for pair in changed for line in pair)
        )

    def _with(
        self,
        *,
        touched: frozenset[str],
        grants: tuple[Line, ...] | None = None,
        forbids: tuple[Line, ...] | None = None,
        duties: tuple[DutyLine, ...] | None = None,
        moved: bool = False,
    ) -> Rulebook:
        """
        Return the same with some other lines.

        Args:
            touched: Everyone whom another line means, or meant; what is worked
                out for anybody else is kept.

            grants: The grants, if others than here.

            forbids: The forbids, likewise.

            duties: The duties, likewise.

            moved: Whether a line that says the same stands elsewhere now.
        """
        there = Rulebook(
            scope=self.scope,
            grants=self.grants if grants is None else grants,
            forbids=self.forbids if forbids is None else forbids,
            duties=self.duties if duties is None else duties,
            table=self.table,
        )
        there._strayed = self._strayed + len(touched)
        if there._strayed * 4 > len(self.scope.members):
            return Rulebook(
                scope=there.scope,
                grants=there.grants,
                forbids=there.forbids,
                duties=there.duties,
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
            theirs = sort_out(
                there.grants,
                there.forbids,
                there.duties,
                leaving=self.scope.leaving,
                only=touched,
            )
            there.__dict__["_lines_to"] = {**kept, **theirs}
        return there

    def rights(self, member: str) -> Rights:
        """Return the lines that mean a member; none if there is no such member, or suspended."""
        known = self.scope.members.get(member)
        if known is None or known.suspended:
            return NO_RIGHTS
        return self._lines_to.get(member, NO_RIGHTS)

    def row(self, member: str) -> Row:
        """Return a member's row of the table, which is kept for those who exist."""
        row = self.rows.get(member)
        if row is None:
            rights = self.rights(member)
            row = self._row_of.get(rights)
            if row is None:
                row = self._row_of[rights] = self._row(rights)
            if member in self.scope.members:
                self.rows[member] = row
        return row

    def _row(self, rights: Rights) -> Row:
        # What ends when somebody leaves is nothing that they always may.
        return {} if rights.leaving else self.table.row(rights.grants, rights.forbids)

    @cached_property
    def waiting(self) -> frozenset[str]:
        """Whose rights depend on the instant: a duty, a line with bounds, or a day to leave on."""
        return frozenset(self.scope.leaving).union(
            *(line.members for line in (*self.grants, *self.forbids) if not line.unbounded),
            *(line.members for line in self.duties),
        )

    def allows(self, member: str, permission: str, where: str, at: dt.datetime) -> bool:
        """Tell whether a member may by their own grants and duties."""
        if self.table.always(self.row(member), permission, where):
            return True
        rights = self.rights(member)
        return rights.gives(member, permission, where, at) and not rights.bars(
            permission, where, at
        )

    def lines_with(self, permission: str) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
        """Return the grants and the forbids that are about a permission, whomever they mean."""
        found = self._lines_with.get(permission)
        if found is None:
            found = self._lines_with[permission] = (
                tuple(line for line in self.grants if permission in line.permissions),
                tuple(line for line in self.forbids if permission in line.permissions),
            )
        return found

    def members_with(self, permission: str, where: str) -> frozenset[str]:
        """Return everyone to whom a grant or a duty gives a permission at a place, some time."""
        duties = (line for line in self.duties if permission in line.permissions)
        return frozenset[str]().union(
            *(line.members for line in self.lines_with(permission)[0] if where in line.places),
            *(line.members for line in duties if where in line.places),
        )

    def carrying(
        self, member: str, permission: str, where: str, *, at: dt.datetime
    ) -> Reason | None:
        """Return the grant that gives it to a member then, or else the turn; forbids aside."""
        if self.scope.members[member].suspended or self.scope.has_left(member, at):
            return None
        lines = self.granting(member, permission, where, at=at)
        if lines:
            return lines[0].reason(member, where)
        duties = self.rights(member).duties
        for line in sorted(duties, key=lambda line: line.source.id) if duties else ():
            if permission not in line.permissions or where not in line.places:
                continue
            turn = line.turn(member, where, at)
            if turn is not None:
                return line.reason(turn, where)
        return None

    def barred_spans(self, member: str, permission: str, where: str) -> tuple[Span, ...]:
        """Return when a forbid bars it, or they have left, merged."""
        return merged(
            (
                *(
                    line.span(where)
                    for line in self.rights(member).forbids
                    if permission in line.permissions and where in line.places
                ),
                *self._gone(member),
            )
        )

    def _gone(self, member: str) -> tuple[Span, ...]:
        leaving = self.scope.leaving.get(member)
        return () if leaving is None else ((leaving, None),)

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
            given, barred = spans_of(rights.grants), spans_of(rights.forbids)
            gone = self._gone(member)
            left = {
                key: without(merged(spans), merged((*barred.get(key, ()), *gone)))
                for key, spans in given.items()
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
        return not self.scope.has_left(member, at) and any(
            role in line.roles and where in line.places and line.turn(member, where, at) is not None
            for line in self.rights(member).duties
        )

    def _holding_role(self, member: str, role: str, where: str) -> tuple[Span, ...]:
        spans = (
            line.span(where)
            for line in self.rights(member).grants
            if role in line.roles and where in line.places
        )
        gone = self._gone(member)
        return without(merged(spans), gone) if gone else tuple(spans)

    def holders(self, role: str, where: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when who has *role*, or one that includes it, there, as far as that is known.

        By grants, the turns of lists, and what is swapped; nobody if there is no such place.
        """
        found: dict[str, list[Span]] = {}
        for line in self.grants:
            if role in line.roles and line.speaks_of(where):
                for member in line.members:
                    found.setdefault(member, []).append(line.span(where))
        for duty in self.duties:
            if role in duty.roles and duty.speaks_of(where):
                for member in duty.members:
                    found.setdefault(member, []).extend(duty.known_spans(member, where))
        return self._staying(found)

    def rotating(
        self, role: str, where: str, *, unlike: Rulebook
    ) -> Mapping[MemberId, tuple[Span, ...]]:
        """
        Return when turns by rule may give whom *role*, or one that includes it, there.

        A place in a rotation counts as in `rotations`: what it gives in *unlike*
        to the same people and at the same times is left out.
        """
        known = {
            line.timing(where)
            for line in unlike.duties
            if role in line.roles and line.speaks_of(where)
        }
        found: dict[str, list[Span]] = {}
        for line in self.duties:
            timing = line.timing(where)
            if timing is None or role not in line.roles or not line.speaks_of(where):
                continue
            for member in line.source.everyone:
                spans = line.written_spans(member, where)
                if timing in known:
                    theirs = unlike._staying({member: spans})
                    spans = without(spans, theirs.get(MemberId(member), ()))
                found.setdefault(member, []).extend(spans)
        return self._staying(found)

    def _staying(self, spans: Mapping[str, Iterable[Span]]) -> Mapping[MemberId, tuple[Span, ...]]:
        """Return of some times for members those for which each is there, neither suspended nor gone."""
        left = {
            MemberId(member): without(merged(theirs), self._gone(member))
            for member, theirs in sorted(spans.items())
            if self.scope.stay(member) is not None
        }
        return {member: theirs for member, theirs in left.items() if theirs}

    def lines_of(self, member: str, permission: str, where: str) -> tuple[Line, ...]:
        """Return every grant and forbid that binds all three, whenever it holds."""
        return tuple(
            line
            for line in (*self._meaning(member).grants, *self._meaning(member).forbids)
            if line.binds(member, permission, where)
        )

    def lines_to_teams(self, teams: Collection[str]) -> tuple[Line, ...]:
        """Return every grant and forbid that names one of some teams."""
        return tuple(dict.fromkeys(line for one in teams for line in self._by_team.get(one, ())))

    @cached_property
    def _by_team(self) -> Mapping[str, tuple[Line, ...]]:
        found: dict[str, list[Line]] = {}
        for line in (*self.grants, *self.forbids):
            for party in line.source.to:
                if party.kind == "team":
                    found.setdefault(party.name, []).append(line)
        return {team: tuple(lines) for team, lines in found.items()}

    @cached_property
    def _lines_to(self) -> Mapping[str, Rights]:
        """The grants, forbids and duties that each member is meant by, suspended or not."""
        return sort_out(self.grants, self.forbids, self.duties, leaving=self.scope.leaving)

    def _meaning(self, member: str) -> Rights:
        return self._lines_to.get(member, NO_RIGHTS)

    def granting(self, member: str, permission: str, where: str, *, at: dt.datetime) -> list[Line]:
        """Return the grants in force that give it, sorted."""
        return ordered(in_force(self._meaning(member).grants, permission, where, at))

    def barring(self, member: str, permission: str, where: str, *, at: dt.datetime) -> list[Line]:
        """Return the forbids in force that bar it, sorted."""
        return ordered(in_force(self._meaning(member).forbids, permission, where, at))

    def duties_giving(
        self, member: str, permission: str, where: str, *, during: Span = (None, None)
    ) -> tuple[str, ...]:
        """Name the duties in which a turn of *member* gives it meanwhile, as the document has them."""
        return tuple(
            line.place
            for line in self.duties
            if permission in line.permissions
            and line.speaks_of(where)
            and any(meet(span, during) for span in line.given_spans(member, where))
        )

    def rotations(
        self, member: str, *, unlike: Rulebook | None = None
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
        for line in self.rights(member).duties:
            for where in line.places:
                spans = line.given_spans(member, where)
                written = line.written_spans(member, where)
                for permission in line.permissions:
                    left = without(spans, self.barred_spans(member, permission, where))
                    if unlike is not None and (line.timing(where), permission, where) in known:
                        theirs = unlike.barred_spans(member, permission, where)
                        left = without(left, without(written, theirs))
                    found.setdefault((permission, where), []).extend(left)
        return {key: merged(spans) for key, spans in sorted(found.items()) if spans}

    def duty_spans(self, member: str) -> dict[tuple[str, str], list[Span]]:
        """Return when the duties of *member* give what, as `rotations` does, whatever bars it."""
        found: dict[tuple[str, str], list[Span]] = {}
        for line in self.rights(member).duties:
            for where in line.places:
                given = line.given_spans(member, where)
                for permission in line.permissions:
                    found.setdefault((permission, where), []).extend(given)
        return found

    def kept_from(self, member: str) -> dict[tuple[str, str], tuple[Span, ...]]:
        """Return when forbids keep what from *member* that their grants and duties give."""
        rights = self.rights(member)
        if not rights.forbids:
            return {}
        given, barred = spans_of(rights.grants), spans_of(rights.forbids)
        for key, spans in self.duty_spans(member).items():
            given.setdefault(key, []).extend(spans)
        kept = {}
        for key in given.keys() & barred.keys():
            theirs = merged(given[key])
            kept[key] = without(theirs, without(theirs, merged(barred[key])))
        return {key: spans for key, spans in kept.items() if spans}

    def listed(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """Return when turns that are known, of lists and by swaps, give *member* what, forbids taken off."""
        if member not in self.scope.members or self.scope.members[member].suspended:
            return {}
        found: dict[tuple[str, str], list[Span]] = {}
        for line in self.rights(member).duties:
            if not (line.source.turns or line.swaps):
                continue
            for where in line.places:
                spans = line.known_spans(member, where)
                for permission in line.permissions:
                    left = without(spans, self.barred_spans(member, permission, where))
                    found.setdefault((permission, where), []).extend(left)
        return {key: merged(spans) for key, spans in found.items() if spans}

    def _rotations_of(self, member: str) -> Iterator[tuple[TimingAt, str, str]]:
        if self.scope.stay(member) is not None:
            for line in self.duties:
                if line.source.timing is None or member not in line.source.everyone:
                    continue
                for where in line.places:
                    timing = line.timing(where)
                    assert timing is not None  # noqa: S101  a rotation has one everywhere
                    for permission in line.permissions:
                        yield timing, permission, where


def _everyone_of(lines: Iterable[Line | DutyLine]) -> frozenset[str]:
    return frozenset[str]().union(*(line.members for line in lines))


def spans_of(lines: Iterable[Line]) -> dict[tuple[str, str], list[Span]]:
    """Return when lines hold, by permission and place."""
    found: dict[tuple[str, str], list[Span]] = {}
    for line in lines:
        for where in line.places:
            span = line.span(where)
            for permission in line.permissions:
                found.setdefault((permission, where), []).append(span)
    return found

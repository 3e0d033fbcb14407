"""Who may do what, where and when; every answer with its reasons."""

from __future__ import annotations

import datetime as dt
import heapq
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

import attrs

from socialcollab.directory import Member, Party, Profile, Team, Workspace
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.absence import Absence
from socialcollab.permissions.duty import Duty, Timing
from socialcollab.permissions.duty_line import DutyLine, read_duty
from socialcollab.permissions.gaining import merged, ungivable, without
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.line import Line, read_line
from socialcollab.permissions.remedies import remedies
from socialcollab.permissions.role import Role, Roles
from socialcollab.permissions.rota import Rota
from socialcollab.permissions.scope import EVERYWHERE, Scope, Span, by_id, within
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Verdict

__all__ = ["Access"]


@attrs.frozen
class _Rights:
    """
    What one member may do, by permission and place.

    Attributes:
        given: When a grant gives it.

        barred: When a forbid bars it.

        turns: The duties in which a turn of theirs gives it.

        stands_in: The absences in which they stand in for somebody, for any place.
    """

    given: Mapping[tuple[str, str], tuple[Span, ...]]
    barred: Mapping[tuple[str, str], tuple[Span, ...]]
    turns: Mapping[tuple[str, str], tuple[DutyLine, ...]]
    stands_in: tuple[Absence, ...]


_NO_RIGHTS = _Rights({}, {}, {}, ())


class Access:
    """
    The answers to "who may?", from plain values.

    Everything is checked when it is made, so that asking cannot fail but for
    a name that does not exist. The order of lines never matters; a forbid
    beats any grant; what nothing allows is refused.

    Whoever is on duty holds the duty's role for that turn. Whoever stands in for
    somebody absent may do meanwhile what that person's own grants and duties
    allow, as far as the absence names it, unless a forbid binds either of the
    two; what one has as a delegate is not passed on.

    A question's *where* is a profile, a workspace or ``*``. A line speaks of a
    workspace as a whole if it names the workspace and no profile keys beside
    it, and of ``*`` if it names every workspace in that way.
    """

    def __init__(
        self,
        *,
        scope: Scope,
        grants: Iterable[Line],
        forbids: Iterable[Line],
        duties: Iterable[DutyLine] = (),
        absences: Iterable[Absence] = (),
    ) -> None:
        self._scope = scope
        self._grants = tuple(grants)
        self._forbids = tuple(forbids)
        self._duties = tuple(duties)
        self._all_absences = tuple(
            sorted(
                (one for one in absences if one.member in scope.members),
                key=lambda one: (one.start, one.member, one.delegate, one.end, one.id),
            )
        )
        # One in favour of nobody gives nothing to anybody.
        self._absences = tuple(one for one in self._all_absences if one.delegate in scope.members)
        self._rights: dict[str, _Rights] = {}
        self._begins: dict[str, tuple[dt.datetime, ...]] = {}
        self._spans: dict[str, Mapping[tuple[str, str], tuple[Span, ...]]] = {}
        self._member_lines: dict[str, tuple[tuple[Line, ...], tuple[Line, ...]]] = {}
        self._roles_held: dict[tuple[str, str, str], tuple[Span, ...]] = {}

    @classmethod
    def of(
        cls,
        *,
        members: Iterable[Member | str],
        profiles: Iterable[Profile],
        roles: Iterable[Role] | Mapping[str, Iterable[str]] = (),
        grants: Iterable[Grant] = (),
        forbids: Iterable[Forbid] = (),
        duties: Iterable[Duty] = (),
        absences: Iterable[Absence] = (),
        teams: Iterable[Team] | Mapping[str, Iterable[str]] = (),
        workspaces: Iterable[Workspace] = (),
        custom_permissions: Iterable[str] = (),
        timezone: str = "UTC",
    ) -> Access:
        """
        Make one from plain values, without a document.

        >>> from socialcollab.directory import Profile
        >>> from socialcollab.permissions import Grant
        >>> access = Access.of(
        ...     members=["ana"],
        ...     profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        ...     roles={"writer": ["view", "draft"]},
        ...     grants=[Grant(to="member:ana", role="writer", on={"workspace": "tulip"})],
        ... )
        >>> now = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
        >>> bool(access.check("ana", "draft", "tulip-x", at=now))
        True
        >>> bool(access.check("ana", "publish", "tulip-x", at=now))
        False

        Raises:
            InvalidValueError: If something names what does not exist.
        """
        if isinstance(roles, Mapping):
            roles = [Role(id=name, permissions=tuple(said)) for name, said in roles.items()]
        if isinstance(teams, Mapping):
            teams = [Team(id=name, members=who) for name, who in teams.items()]
        scope = Scope(
            members=[Member(id=who) if isinstance(who, str) else who for who in members],
            profiles=profiles,
            teams=teams,
            workspaces=workspaces,
            roles=Roles(by_id("role", roles), frozenset(custom_permissions)),
            timezone=timezone,
        )
        return cls(
            scope=scope,
            grants=(read_line(grant, n, scope) for n, grant in enumerate(grants)),
            forbids=(read_line(forbid, n, scope) for n, forbid in enumerate(forbids)),
            duties=(read_duty(duty, n, scope) for n, duty in enumerate(duties)),
            absences=absences,
        )

    def under(self, absences: Iterable[Absence]) -> Access:
        """
        Return the same with these absences and no others.

        An absence of, or a delegate, whom nobody knows is passed over.
        """
        there = Access(
            scope=self._scope,
            grants=self._grants,
            forbids=self._forbids,
            duties=self._duties,
            absences=absences,
        )
        # What is worked out of lines alone is the same whoever is away.
        there._spans = self._spans
        there._roles_held = self._roles_held
        there._member_lines = self._member_lines
        return there

    @property
    def roles(self) -> Roles:
        """The roles, with what each includes worked out."""
        return self._scope.roles

    def allows(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> bool:
        """
        Tell whether *member* may, without the reasons: the hot path.

        Args:
            member: A member's id; one who is none may nothing.

            permission: A permission's name.

            where: A profile, a workspace, or ``*``.

            at: The instant.

            authors: Who wrote what the question is about, if anybody: none of
                them stands in for others there, nor do others for them.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        rights = self._rights.get(member) or self._rights_of(member, permission, where)
        key = (permission, where)
        spans = rights.given.get(key)
        given = spans is not None and any(within(span, at) for span in spans)
        if not given:
            if spans is None:
                self._scope.check_question(permission, where)
            if not self._in_turn(rights, member, key, at) and not self._as_delegate(
                rights, member, permission, where, at, authors
            ):
                return False
        barred = rights.barred.get(key)
        return barred is None or not any(within(span, at) for span in barred)

    @staticmethod
    def _in_turn(rights: _Rights, member: str, key: tuple[str, str], at: dt.datetime) -> bool:
        lines = rights.turns.get(key)
        return lines is not None and any(line.turn(member, key[1], at) for line in lines)

    def _as_delegate(  # noqa: PLR0917  the parts of one question
        self,
        rights: _Rights,
        member: str,
        permission: str,
        where: str,
        at: dt.datetime,
        authors: Collection[str],
    ) -> bool:
        return member not in authors and any(
            one.delegates(permission)
            and one.member not in authors
            and one.covers(at)
            and self._directly(one.member, permission, where, at)
            for one in rights.stands_in
        )

    def _directly(self, member: str, permission: str, where: str, at: dt.datetime) -> bool:
        """Tell whether a member may by their own grants and duties, standing in for nobody."""
        rights = self._rights.get(member) or self._rights_of(member, permission, where)
        key = (permission, where)
        return (
            any(within(span, at) for span in rights.given.get(key, ()))
            or self._in_turn(rights, member, key, at)
        ) and not any(within(span, at) for span in rights.barred.get(key, ()))

    def check(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> Verdict:
        """
        Answer "may *member*, there and then?" with what decides it.

        Args:
            member: A member's id; one who is none is refused, not an error.

            permission: A permission's name.

            where: A profile, a workspace, or ``*``.

            at: The instant.

            authors: As in `allows`.

        Returns:
            Of a yes, one line or duty that carries it, with the absence in
            which it does so for another; of a no, every forbid that
            matches, and as remedies the nearest grant and the forbids to end.

        Raises:
            InvalidValueError: If the permission or the place does not exist.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        self._scope.check_question(permission, where)
        if member not in self._scope.members:
            return Verdict.no(Reason.of("not_a_member", member=member))
        if self._scope.members[member].suspended:
            return Verdict.no(Reason.of("suspended", member=member))
        carrying = self._carrying(member, permission, where, at=at, authors=authors)
        barring = self.barring(member, permission, where, at=at)
        if carrying and not barring:
            return Verdict.yes(*carrying)
        because = tuple(
            Reason.of(
                "forbid",
                member=member,
                permission=permission,
                where=where,
                line=line.place,
                reason=line.source.reason or "-",
            )
            for line in barring
        )
        missing = remedies(
            member,
            permission,
            where,
            at=at,
            scope=self._scope,
            grants=self._grants,
            forbids=self._forbids,
            carried=bool(carrying),
            managers=self.members("manage_access", where, at=at),
        )
        return Verdict.no(*because, missing=missing)

    def _carrying(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        authors: Collection[str],
    ) -> tuple[Reason, ...]:
        """Return what carries a yes, as little as does: a grant, else a turn, else a standing in."""
        own = self._carrying_directly(member, permission, where, at=at)
        if own is not None:
            return (own,)
        if member in authors:
            return ()
        for one in self._rights_of(member, permission, where).stands_in:
            if one.delegates(permission) and one.member not in authors and one.covers(at):
                theirs = self._carrying_directly(one.member, permission, where, at=at)
                if theirs is not None and not self.barring(one.member, permission, where, at=at):
                    return (_standing_in(one), theirs)
        return ()

    def _carrying_directly(
        self, member: str, permission: str, where: str, *, at: dt.datetime
    ) -> Reason | None:
        if self._scope.members[member].suspended:
            return None
        lines = self.granting(member, permission, where, at=at)
        if lines:
            return lines[0].reason(member, where)
        turns = self._rights_of(member, permission, where).turns.get((permission, where), ())
        for line in sorted(turns, key=lambda line: line.source.id):
            turn = line.turn(member, where, at)
            if turn is not None:
                return line.reason(turn, where)
        return None

    def delegates(
        self, member: str, permission: str, where: str, *, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """
        Return who may in the place of *member* then, because *member* is away, sorted.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        self._scope.check_question(permission, where)
        if not self._absences or not self._directly(member, permission, where, at):
            return ()
        found = {
            one.delegate
            for one in self._absences
            if one.member == member and one.delegates(permission) and one.covers(at)
        }
        return tuple(
            MemberId(name)
            for name in sorted(found)
            if not self._scope.members[name].suspended
            and not self.barring(name, permission, where, at=at)
        )

    @property
    def all_absences(self) -> tuple[Absence, ...]:
        """The absences of members, whether or not somebody stands in."""
        return self._all_absences

    @property
    def duties(self) -> tuple[DutyLine, ...]:
        """The duties, with all that they name worked out."""
        return self._duties

    def barred_spans(self, member: str, permission: str, where: str) -> tuple[Span, ...]:
        """Return when a forbid bars it, merged."""
        rights = self._rights.get(member) or self._rights_of(member, permission, where)
        return merged(rights.barred.get((permission, where), ()))

    @property
    def absences(self) -> tuple[Absence, ...]:
        """The absences in which somebody known stands in for somebody known."""
        return self._absences

    def adding(self, *grants: Grant) -> Access:
        """
        Return the same with these grants beside its own.

        Raises:
            InvalidValueError: If one names what does not exist.
        """
        there = self.under(self._all_absences)
        there._grants = (
            *self._grants,
            *(read_line(one, len(self._grants) + n, self._scope) for n, one in enumerate(grants)),
        )
        there._spans, there._roles_held, there._member_lines = {}, {}, {}
        return there

    def can_give(self, giver: str, grant: Grant, *, at: dt.datetime) -> Verdict:
        """
        Tell whether *giver* may give that, on their own word.

        Nobody gives more than they hold themselves by grants, there and for as
        long; what they have on duty or in the place of another is not theirs to
        give. And it takes `manage_access` wherever the grant holds.

        Args:
            giver: A member's id.

            grant: What would be given.

            at: The instant.

        Raises:
            InvalidValueError: If the grant names what does not exist.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        after = self.adding(grant)
        line = after._grants[-1]
        for where in self._scope.places:
            if line.speaks_of(where) and not self._directly(giver, "manage_access", where, at):
                return Verdict.no(Reason.of("gives_unmanaged", giver=giver, where=where))
        more = ungivable(giver, self, after, at=at)
        if not more:
            return Verdict.yes(Reason.of("holds_what_it_gives", giver=giver))
        return Verdict.no(
            *(
                Reason.of(
                    "gives_more",
                    giver=giver,
                    member=gain.member,
                    permission=gain.permission,
                    where=gain.where,
                )
                for gain in more
            )
        )

    def profiles(self, member: str, permission: str, *, at: dt.datetime) -> tuple[ProfileId, ...]:
        """Return every profile where *member* may, sorted."""
        return tuple(
            ProfileId(profile)
            for profile in sorted(self._scope.profiles)
            if self.allows(member, permission, profile, at=at)
        )

    def members(self, permission: str, where: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who may, sorted."""
        return tuple(
            MemberId(member)
            for member in sorted(self._scope.members)
            if self.allows(member, permission, where, at=at)
        )

    def permissions_of(self, member: str, where: str, *, at: dt.datetime) -> tuple[str, ...]:
        """Return everything *member* may do there, sorted."""
        return tuple(
            permission
            for permission in sorted(self.roles.permission_names)
            if self.allows(member, permission, where, at=at)
        )

    def holds(self, member: str, role: str, where: str, *, at: dt.datetime) -> bool:
        """Tell whether *member* has *role*, or one that includes it, by a grant or on duty."""
        at = as_utc(at)
        key = (member, role, where)
        spans = self._roles_held.get(key)
        if spans is None:
            spans = self._holding_role(member, role, where)
            if member in self._scope.members and where in self._scope.places:
                self._roles_held[key] = spans
        if any(within(span, at) for span in spans):
            return True
        known = self._scope.members.get(member)
        return (
            known is not None
            and not known.suspended
            and any(
                role in line.roles
                and member in line.source.members
                and line.speaks_of(where)
                and line.turn(member, where, at) is not None
                for line in self._duties
            )
        )

    def _holding_role(self, member: str, role: str, where: str) -> tuple[Span, ...]:
        known = self._scope.members.get(member)
        if known is None or known.suspended:
            return ()
        return tuple(
            line.span(where)
            for line in self._grants
            if role in line.roles and member in line.members and line.speaks_of(where)
        )

    def holders(self, role: str, where: str) -> Mapping[MemberId, tuple[Span, ...]]:
        """Return when whom *role*, or one that includes it, is granted there; none if no such place."""
        if where not in self._scope.places:
            return {}
        found: dict[MemberId, list[Span]] = {}
        for line in self._grants:
            if role in line.roles and line.speaks_of(where):
                for member in line.members:
                    if not self._scope.members[member].suspended:
                        found.setdefault(MemberId(member), []).append(line.span(where))
        return {member: merged(spans) for member, spans in sorted(found.items())}

    def spans(self, member: str) -> Mapping[tuple[str, str], tuple[Span, ...]]:
        """
        Return when *member* may do what where, every forbid taken off.

        Returns:
            For each permission and place that is ever allowed, the times in
            order, each with its first instant and the first after it in UTC,
            None where there is no bound; they neither overlap nor touch.
        """
        if member not in self._scope.members:
            return {}
        if member not in self._spans:
            rights = self._rights.get(member) or self._rights_of(member, "view", EVERYWHERE)
            left = {
                key: without(merged(given), merged(rights.barred.get(key, ())))
                for key, given in rights.given.items()
            }
            self._spans[member] = MappingProxyType({key: one for key, one in left.items() if one})
        return self._spans[member]

    @property
    def places(self) -> tuple[str, ...]:
        """Every place that a question can be about: profiles, workspaces and ``*``."""
        return self._scope.places

    @property
    def profiles_by_workspace(self) -> Mapping[str, frozenset[str]]:
        """The profiles of each workspace."""
        found: dict[str, set[str]] = {}
        for profile in self._scope.profiles.values():
            found.setdefault(profile.workspace, set()).add(profile.id)
        return {workspace: frozenset(profiles) for workspace, profiles in found.items()}

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
                tuple(line for line in self._grants if member in line.members),
                tuple(line for line in self._forbids if member in line.members),
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
            for line in self._duties
            if member in line.source.members
            and permission in line.permissions
            and line.speaks_of(where)
        )

    def rotations(
        self, member: str, *, unlike: Access | None = None
    ) -> Mapping[tuple[str, str], list[Span]]:
        """
        Return what the rotations that *member* is in give: from when on, by permission and place.

        A rotation that gives the same there to the same people at the same
        times in *unlike* is left out.
        """
        if member not in self._scope.members or self._scope.members[member].suspended:
            return {}
        known = set() if unlike is None else set(unlike._rotations_of(member))
        found: dict[tuple[str, str], list[Span]] = {}
        for timing, permission, where in self._rotations_of(member):
            if (timing, permission, where) not in known:
                span = self._scope.span(timing[1], None, where)
                found.setdefault((permission, where), []).append(span)
        return found

    def _rotations_of(self, member: str) -> Iterator[tuple[Timing, str, str]]:
        if member in self._scope.members:
            for line in self._duties:
                if member in line.source.members:
                    for where in self._scope.places:
                        if line.speaks_of(where):
                            for permission in line.permissions:
                                yield line.source.timing, permission, where

    def begins(
        self, where: str, *, after: dt.datetime, permission: str, roles: Collection[str] = ()
    ) -> Iterator[dt.datetime]:
        """
        Yield the instants after one at which somebody may come to have a right there, in order.

        A grant begins then, a forbid ends, or somebody begins to stand in; or,
        of duties that give *permission* or one of some *roles*, a turn begins,
        each member's next one.
        """
        at = as_utc(after)
        fixed = self._begins.get(where)
        if fixed is None:
            starts = [line.span(where)[0] for line in self._grants if line.speaks_of(where)]
            ends = [line.span(where)[1] for line in self._forbids if line.speaks_of(where)]
            away = [one.begins_at for one in self._absences]
            fixed = tuple(sorted({one for one in (*starts, *ends, *away) if one is not None}))
            self._begins[where] = fixed
        turns = (
            islice(_turns_after(line.rota(where), at), len(line.source.members))
            for line in self._duties
            if (permission in line.permissions or not line.roles.isdisjoint(roles))
            and line.speaks_of(where)
        )
        yield from heapq.merge(fixed[bisect_right(fixed, at) :], *turns)

    def nearest_place(self, where: str, other: Access) -> str:
        """
        Return *where* if it exists here, else its workspace in *other* if that does, else ``*``.

        A right on a place that is still to come is judged by the place around it.
        """
        places = frozenset(self._scope.places)
        if where in places:
            return where
        profile = other._scope.profiles.get(where)
        return profile.workspace if profile and profile.workspace in places else EVERYWHERE

    def everyone_in(self, party: Party) -> tuple[MemberId, ...]:
        """Return the members of a member or team party, sorted; roles need a place, see `holds`."""
        return self._scope.everyone_in(party)

    def member(self, member: str) -> Member | None:
        """Return a member by id, or None."""
        return self._scope.members.get(member)

    @property
    def member_ids(self) -> tuple[MemberId, ...]:
        """All members, sorted."""
        return tuple(MemberId(member) for member in sorted(self._scope.members))

    def _holding(
        self, lines: Iterable[Line], member: str, permission: str, where: str, *, at: dt.datetime
    ) -> list[Line]:
        found = (
            line
            for line in lines
            if line.binds(member, permission, where) and within(line.span(where), at)
        )
        return sorted(found, key=lambda line: line.order)

    def _rights_of(self, member: str, permission: str, where: str) -> _Rights:
        rights = self._rights.get(member)
        if rights is not None:
            return rights
        known = self._scope.members.get(member)
        if known is None:
            self._scope.check_question(permission, where)
            return _NO_RIGHTS
        rights = _NO_RIGHTS if known.suspended else self._compiled(member)
        self._rights[member] = rights
        return rights

    def _compiled(self, member: str) -> _Rights:
        turns: dict[tuple[str, str], list[DutyLine]] = {}
        for line in self._duties:
            if member in line.source.members:
                for where in self._scope.places:
                    if line.speaks_of(where):
                        for permission in line.permissions:
                            turns.setdefault((permission, where), []).append(line)
        return _Rights(
            given=self._spans_of(self._grants, member),
            barred=self._spans_of(self._forbids, member),
            turns={key: tuple(lines) for key, lines in turns.items()},
            stands_in=tuple(one for one in self._absences if one.delegate == member),
        )

    def _spans_of(
        self, lines: Iterable[Line], member: str
    ) -> dict[tuple[str, str], tuple[Span, ...]]:
        found: dict[tuple[str, str], list[Span]] = {}
        for line in lines:
            if member not in line.members:
                continue
            for where in self._scope.places:
                if not line.speaks_of(where):
                    continue
                span = line.span(where)
                for permission in line.permissions:
                    found.setdefault((permission, where), []).append(span)
        return {key: tuple(spans) for key, spans in found.items()}


def _turns_after(turns: Rota, at: dt.datetime) -> Iterator[dt.datetime]:
    following = turns.after(at)
    while following is not None:
        yield following
        following = turns.after(following)


def _standing_in(absence: Absence) -> Reason:
    return Reason.of(
        "stands_in_for",
        member=absence.delegate,
        absent=absence.member,
        until=absence.end.isoformat(),
    )

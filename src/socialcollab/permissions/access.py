"""Who may do what, where and when; every answer with its reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from socialcollab.directory import Member, Party, Profile, Team, Workspace
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.gaining import merged, without
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.line import Line, read_line
from socialcollab.permissions.remedies import remedies
from socialcollab.permissions.role import Role, Roles
from socialcollab.permissions.scope import EVERYWHERE, Scope, Span, by_id, within
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Verdict

__all__ = ["Access"]


@attrs.frozen
class _Rights:
    """What one member may do, as spans per permission and place."""

    given: Mapping[tuple[str, str], tuple[Span, ...]]
    barred: Mapping[tuple[str, str], tuple[Span, ...]]


class Access:
    """
    The answers to "who may?", from plain values.

    Everything is checked when it is made, so that asking cannot fail but for
    a name that does not exist. The order of lines never matters; a forbid
    beats any grant; what nothing allows is refused.

    A question's *where* is a profile, a workspace or ``*``. A line speaks of a
    workspace as a whole if it names the workspace and no profile keys beside
    it, and of ``*`` if it names every workspace in that way.
    """

    def __init__(self, *, scope: Scope, grants: Iterable[Grant], forbids: Iterable[Forbid]) -> None:
        self._scope = scope
        self._grants = tuple(read_line(grant, n, scope) for n, grant in enumerate(grants))
        self._forbids = tuple(read_line(forbid, n, scope) for n, forbid in enumerate(forbids))
        self._rights: dict[str, _Rights] = {}
        self._begins: dict[str, tuple[dt.datetime, ...]] = {}
        self._spans: dict[str, Mapping[tuple[str, str], tuple[Span, ...]]] = {}
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
        return cls(scope=scope, grants=grants, forbids=forbids)

    @property
    def roles(self) -> Roles:
        """The roles, with what each includes worked out."""
        return self._scope.roles

    def allows(self, member: str, permission: str, where: str, *, at: dt.datetime) -> bool:
        """
        Tell whether *member* may, without the reasons: the hot path.

        Raises:
            InvalidValueError: As `check` does.

            NaiveDatetimeError: If *at* has no UTC offset.
        """
        at = as_utc(at)
        rights = self._rights.get(member) or self._rights_of(member, permission, where)
        key = (permission, where)
        spans = rights.given.get(key)
        if spans is None:
            self._scope.check_question(permission, where)
            return False
        if not any(within(span, at) for span in spans):
            return False
        barred = rights.barred.get(key)
        return barred is None or not any(within(span, at) for span in barred)

    def check(self, member: str, permission: str, where: str, *, at: dt.datetime) -> Verdict:
        """
        Answer "may *member*, there and then?" with what decides it.

        Args:
            member: A member's id; one who is none is refused, not an error.

            permission: A permission's name.

            where: A profile, a workspace, or ``*``.

            at: The instant.

        Returns:
            Of a yes, one line that carries it; of a no, every forbid that
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
        carrying = self._holding(self._grants, member, permission, where, at=at)
        barring = self._holding(self._forbids, member, permission, where, at=at)
        if carrying and not barring:
            return Verdict.yes(carrying[0].reason(member, where))
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
            managers=self.members("manage_access", where, at=at),
        )
        return Verdict.no(*because, missing=missing)

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
        """Tell whether *member* has been granted *role*, or one that includes it."""
        at = as_utc(at)
        key = (member, role, where)
        spans = self._roles_held.get(key)
        if spans is None:
            spans = self._holding_role(member, role, where)
            if member in self._scope.members and where in self._scope.places:
                self._roles_held[key] = spans
        return any(within(span, at) for span in spans)

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

    def begins(self, where: str) -> tuple[dt.datetime, ...]:
        """Return every instant at which somebody may come to have a right there, sorted, in UTC."""
        found = self._begins.get(where)
        if found is None:
            starts = [line.span(where)[0] for line in self._grants if line.speaks_of(where)]
            ends = [line.span(where)[1] for line in self._forbids if line.speaks_of(where)]
            found = tuple(sorted({at for at in (*starts, *ends) if at is not None}))
            self._begins[where] = found
        return found

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
        known = self._scope.members.get(member)
        if known is None:
            self._scope.check_question(permission, where)
            return _Rights({}, {})
        if known.suspended:
            rights = _Rights({}, {})
        else:
            rights = _Rights(
                self._spans_of(self._grants, member), self._spans_of(self._forbids, member)
            )
        self._rights[member] = rights
        return rights

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

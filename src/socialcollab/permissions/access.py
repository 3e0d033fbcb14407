"""Who may do what, where and when; every answer with its reasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TypeVar
from zoneinfo import ZoneInfo

import attrs

from socialcollab.directory import (
    NETWORKS,
    Excluding,
    Member,
    Party,
    Profile,
    Selector,
    Team,
    Workspace,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, ProfileId, nearest
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.permission import ALL
from socialcollab.permissions.role import Role, Roles
from socialcollab.time import as_utc, zone
from socialcollab.verdicts import Reason, Remedy, Verdict

__all__ = ["Access"]

EVERYWHERE = "*"

_T = TypeVar("_T", Member, Profile, Team, Role)

_Span = tuple[dt.datetime | None, dt.datetime | None]


@attrs.frozen
class _Line:
    """A grant or forbid with everything it names worked out."""

    source: Grant | Forbid
    members: frozenset[str]
    permissions: frozenset[str]
    roles: frozenset[str]
    order: tuple[str, ...]


@attrs.frozen
class _Rights:
    """What one member may do, as spans per permission and place."""

    given: Mapping[tuple[str, str], tuple[_Span, ...]]
    barred: Mapping[tuple[str, str], tuple[_Span, ...]]


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

    def __init__(
        self,
        *,
        members: Iterable[Member],
        profiles: Iterable[Profile],
        teams: Iterable[Team],
        workspaces: Iterable[Workspace],
        roles: Roles,
        grants: Iterable[Grant],
        forbids: Iterable[Forbid],
        timezone: str,
    ) -> None:
        self._members = _by_id("member", members)
        self._profiles = _by_id("profile", profiles)
        self._teams = _by_id("team", teams)
        for team in self._teams.values():
            for member in team.members:
                if member not in self._members:
                    raise InvalidValueError(
                        f"team `{team.id}` has `{member}`, who is no member"
                        f"{_hint(member, self._members)}",
                        value=member,
                        expected="a member's id",
                    )
        self._zones = {
            workspace.id: zone(workspace.timezone or timezone) for workspace in workspaces
        }
        self._zone = zone(timezone)
        self._in_workspace: dict[str, list[Profile]] = {name: [] for name in self._zones}
        for profile in self._profiles.values():
            self._in_workspace.setdefault(profile.workspace, []).append(profile)
            self._zones.setdefault(profile.workspace, self._zone)
        both = sorted(set(self._profiles) & set(self._zones))
        if both:
            raise InvalidValueError(
                f"`{both[0]}` names both a profile and a workspace, so that a question about it"
                " has two meanings",
                value=both[0],
                expected="another id for one of them",
            )
        self.roles = roles
        self._grants = tuple(self._line(grant, n) for n, grant in enumerate(grants))
        self._forbids = tuple(self._line(forbid, n) for n, forbid in enumerate(forbids))
        self._rights: dict[str, _Rights] = {}

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
        return cls(
            members=[Member(id=who) if isinstance(who, str) else who for who in members],
            profiles=profiles,
            teams=teams,
            workspaces=workspaces,
            roles=Roles(_by_id("role", roles), frozenset(custom_permissions)),
            grants=grants,
            forbids=forbids,
            timezone=timezone,
        )

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
            self._check_question(permission, where)
            return False
        if not any(_within(span, at) for span in spans):
            return False
        barred = rights.barred.get(key)
        return barred is None or not any(_within(span, at) for span in barred)

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
        self._check_question(permission, where)
        if member not in self._members:
            return Verdict.no(Reason.of("not_a_member", member=member))
        if self._members[member].suspended:
            return Verdict.no(Reason.of("suspended", member=member))
        carrying = [
            line
            for line in self._lines(self._grants, member, permission, where)
            if _within(self._span(line, where), at)
        ]
        barring = [
            line
            for line in self._lines(self._forbids, member, permission, where)
            if _within(self._span(line, where), at)
        ]
        if carrying and not barring:
            return Verdict.yes(self._grant_reason(min(carrying, key=_order), member, where))
        because = tuple(
            Reason.of(
                "forbid",
                member=member,
                permission=permission,
                where=where,
                line=_place(line),
                reason=line.source.reason or "-",
            )
            for line in sorted(barring, key=_order)
        )
        return Verdict.no(
            *because,
            missing=self._remedies(
                member, permission, where, at=at, carrying=carrying, barring=barring
            ),
        )

    def profiles(self, member: str, permission: str, *, at: dt.datetime) -> tuple[ProfileId, ...]:
        """Return every profile where *member* may, sorted."""
        return tuple(
            ProfileId(profile)
            for profile in sorted(self._profiles)
            if self.allows(member, permission, profile, at=at)
        )

    def members(self, permission: str, where: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return everyone who may, sorted."""
        return tuple(
            MemberId(member)
            for member in sorted(self._members)
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
        known = self._members.get(member)
        return (
            known is not None
            and not known.suspended
            and any(
                role in line.roles
                and member in line.members
                and self._speaks_of(line, where)
                and _within(self._span(line, where), at)
                for line in self._grants
            )
        )

    def everyone_in(self, party: Party) -> tuple[MemberId, ...]:
        """Return the members of a member or team party, sorted; roles need a place, see `holds`."""
        if party.kind == "team":
            return tuple(
                MemberId(member) for member in sorted(set(self._teams[party.name].members))
            )
        return (MemberId(party.name),)

    def member(self, member: str) -> Member | None:
        """Return a member by id, or None."""
        return self._members.get(member)

    @property
    def member_ids(self) -> tuple[MemberId, ...]:
        """All members, sorted."""
        return tuple(MemberId(member) for member in sorted(self._members))

    def _check_question(self, permission: str, where: str) -> None:
        if permission not in self.roles.permission_names:
            raise InvalidValueError(
                f"`{permission}` is no permission{_hint(permission, self.roles.permission_names)}",
                value=permission,
                expected="a permission's name",
            )
        if where != EVERYWHERE and where not in self._profiles and where not in self._zones:
            known = [*self._profiles, *self._zones]
            raise InvalidValueError(
                f"`{where}` is no profile and no workspace{_hint(where, known)}",
                value=where,
                expected="a profile, a workspace or `*`",
            )

    def _line(self, source: Grant | Forbid, number: int) -> _Line:
        what = "grant" if isinstance(source, Grant) else "forbid"
        place = source.place or f"{what}s[{number}]"
        members: set[str] = set()
        for party in source.to:
            known: Mapping[str, object] = self._teams if party.kind == "team" else self._members
            if party.name not in known:
                raise InvalidValueError(
                    f"{what} at {place} is to `{party}`, which does not exist"
                    f"{_hint(party.name, known)}",
                    value=str(party),
                )
            members.update(self.everyone_in(party))
        self._check_selector(f"{what} at {place}", source.on)
        if source.on.excluding is not None:
            self._check_selector(f"{what} at {place}", source.on.excluding)
        roles: frozenset[str] = frozenset()
        if isinstance(source, Grant) and source.role:
            if source.role not in self.roles.by_id:
                raise InvalidValueError(
                    f"grant at {place} gives `{source.role}`, which is no role"
                    f"{_hint(source.role, self.roles.by_id)}",
                    value=source.role,
                )
            roles = self.roles.included_in(source.role)
            permissions = self.roles.permissions_of(source.role)
        else:
            names = self.roles.permission_names
            for permission in source.permissions:
                if permission not in names and permission != ALL:
                    raise InvalidValueError(
                        f"{what} at {place} names `{permission}`, which is no permission"
                        f"{_hint(permission, names)}",
                        value=permission,
                    )
            permissions = names if ALL in source.permissions else frozenset(source.permissions)
        return _Line(
            attrs.evolve(source, place=place),
            frozenset(members),
            permissions,
            roles,
            (
                ",".join(sorted(map(str, source.to))),
                str(source.on),
                str(source.start or ""),
                str(source.end or ""),
                source.role if isinstance(source, Grant) else "",
                ",".join(sorted(source.permissions)),
                place,
            ),
        )

    def _check_selector(self, line: str, on: Selector | Excluding) -> None:
        for key, words, known in (
            ("workspace", on.workspace, {*self._zones, EVERYWHERE}),
            ("network", on.network, {*NETWORKS, *(one.network for one in self._profiles.values())}),
            ("profile", on.profile, self._profiles),
        ):
            for word in words:
                if word not in known:
                    raise InvalidValueError(
                        f"{line} is on {key} `{word}`, which does not exist{_hint(word, known)}",
                        value=word,
                        expected=f"a {key} that exists",
                    )

    def _speaks_of(self, line: _Line, where: str) -> bool:
        on: Selector = line.source.on
        profile = self._profiles.get(where)
        if profile is not None:
            return on.takes(profile)
        return on.covers_all() if where == EVERYWHERE else on.covers_workspace(where)

    def _lines(
        self, lines: Iterable[_Line], member: str, permission: str, where: str
    ) -> list[_Line]:
        return [
            line
            for line in lines
            if member in line.members
            and permission in line.permissions
            and self._speaks_of(line, where)
        ]

    def _zone_of(self, where: str) -> ZoneInfo:
        profile = self._profiles.get(where)
        return self._zones.get(profile.workspace if profile else where, self._zone)

    def _span(self, line: _Line, where: str) -> _Span:
        if line.source.start is None and line.source.end is None:
            return (None, None)
        zone_here = self._zone_of(where)
        return (_instant(line.source.start, zone_here), _instant(line.source.end, zone_here))

    def _rights_of(self, member: str, permission: str, where: str) -> _Rights:
        if member not in self._members:
            self._check_question(permission, where)
            return _Rights({}, {})
        if self._members[member].suspended:
            rights = _Rights({}, {})
        else:
            rights = _Rights(
                self._spans_of(self._grants, member), self._spans_of(self._forbids, member)
            )
        self._rights[member] = rights
        return rights

    def _spans_of(
        self, lines: Iterable[_Line], member: str
    ) -> dict[tuple[str, str], tuple[_Span, ...]]:
        found: dict[tuple[str, str], list[_Span]] = {}
        for line in lines:
            if member not in line.members:
                continue
            for where in (*self._profiles, *self._zones, EVERYWHERE):
                if not self._speaks_of(line, where):
                    continue
                span = self._span(line, where)
                for permission in line.permissions:
                    found.setdefault((permission, where), []).append(span)
        return {key: tuple(spans) for key, spans in found.items()}

    def _grant_reason(self, line: _Line, member: str, where: str) -> Reason:
        grant = line.source
        through = next(
            (
                party.name
                for party in grant.to
                if party.kind == "team" and member in self.everyone_in(party)
            ),
            "",
        )
        if Party("member", member) in grant.to:
            through = ""
        gives = (
            grant.role if isinstance(grant, Grant) and grant.role else ", ".join(grant.permissions)
        )
        code = "grant.team" if through else "grant.member"
        return Reason.of(
            code, member=member, gives=gives, where=where, line=_place(line), team=through or "-"
        )

    def _remedies(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        carrying: list[_Line],
        barring: list[_Line],
    ) -> tuple[Remedy, ...]:
        managers = self.members("manage_access", where, at=at)
        remedies = [
            Remedy.of("end_forbid", by=managers, line=_place(line))
            for line in sorted(barring, key=_order)
        ]
        if not carrying:
            remedies.append(
                self._nearest_grant(
                    member, permission, where, at=at, barring=barring, managers=managers
                )
            )
        return tuple(remedies)

    def _nearest_grant(
        self,
        member: str,
        permission: str,
        where: str,
        *,
        at: dt.datetime,
        barring: list[_Line],
        managers: tuple[MemberId, ...],
    ) -> Remedy:
        """
        Find the smallest change that would give it: wait, join a team, or a new grant.

        The forbids in *barring* are to be ended beside it; one that would bar
        by then, or bars the team to be joined, rules that change out.
        """
        others = [
            line
            for line in self._forbids
            if permission in line.permissions
            and self._speaks_of(line, where)
            and line not in barring
        ]
        coming = [
            (start, line.order, line)
            for line in self._lines(self._grants, member, permission, where)
            if (start := self._span(line, where)[0]) is not None
            and start > at
            and not any(
                member in other.members and _within(self._span(other, where), start)
                for other in others
            )
        ]
        if coming:
            start, _, line = min(coming, key=lambda found: found[:2])
            return Remedy.of("wait", start=_minute(start), line=_place(line))
        barred_teams = {
            party.name
            for other in others
            if _within(self._span(other, where), at)
            for party in other.source.to
            if party.kind == "team"
        }
        joinable = sorted(
            (len(line.permissions), party.name, line.order)
            for line in self._grants
            if permission in line.permissions
            and self._speaks_of(line, where)
            and _within(self._span(line, where), at)
            for party in line.source.to
            if party.kind == "team" and party.name not in barred_teams
        )
        if joinable:
            return Remedy.of("join_team", by=managers, member=member, team=joinable[0][1])
        role = self.roles.smallest_with(permission)
        if role:
            return Remedy.of("grant_role", by=managers, member=member, role=role, where=where)
        return Remedy.of(
            "grant_permission", by=managers, member=member, permission=permission, where=where
        )


def _within(span: _Span, at: dt.datetime) -> bool:
    start, end = span
    return (start is None or start <= at) and (end is None or at < end)


def _instant(value: dt.date | None, zone_here: ZoneInfo) -> dt.datetime | None:
    """
    Return the instant of a local bound.

    A bound in a gap or fold is read as its first sensible instant: a grant
    that starts "at midnight" has to start on that night too.
    """
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  made aware below
    return value.replace(tzinfo=zone_here, fold=0).astimezone(dt.UTC)


def _minute(at: dt.datetime) -> str:
    """Print an instant to the minute, or as exactly as it takes."""
    form = "%H:%M:%S.%f" if at.microsecond else "%H:%M:%S" if at.second else "%H:%M"
    return f"{at:%Y-%m-%d} {at.strftime(form)} UTC"


def _by_id(what: str, values: Iterable[_T]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for value in values:
        if value.id in found:
            raise InvalidValueError(
                f"there are two {what}s `{value.id}`", value=value.id, expected="an id of its own"
            )
        found[value.id] = value
    return found


def _order(line: _Line) -> tuple[str, ...]:
    return line.order


def _place(line: _Line) -> str:
    return line.source.place


def _hint(name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"; did you mean `{near}`?" if near else ""

"""Scopes: the people and resources that rules and questions can name, with names checked."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import attrs

from socialcollab.directory import (
    NETWORKS,
    Excluding,
    Member,
    Principal,
    Profile,
    Selector,
    Team,
    Workspace,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.model.role import Role, Roles, find_cycle
from socialcollab.time import Span, zone

EVERYWHERE = "*"
"""The resource that represents every workspace."""

_MIN = dt.datetime.min.replace(tzinfo=dt.UTC)
_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)

_T = TypeVar("_T", Member, Profile, Team, Role)


class Scope:
    """
    The members, teams, profiles, workspaces and roles of an organization.

    Raises:
        InvalidValueError: If two members, profiles or teams have the same id, if a profile has the
            id of a workspace, or if a team refers to a name that does not exist.
    """

    def __init__(
        self,
        *,
        members: Iterable[Member],
        profiles: Iterable[Profile],
        teams: Iterable[Team],
        workspaces: Iterable[Workspace],
        roles: Roles,
        timezone: str,
    ) -> None:
        workspaces = tuple(workspaces)
        self.members = index_by_id("member", members)
        self.profiles = index_by_id("profile", profiles)
        self.teams = index_by_id("team", teams)
        self.roles = roles
        self._check_teams()
        self._members_by_team = _resolve_includes(self.teams)
        # Many rules name the same people, permissions or resources. These caches let them share
        # sets, which saves memory and makes comparing the sets fast.
        self._members_of: dict[tuple[Principal, ...], frozenset[str]] = {}
        self._permissions_of: dict[tuple[str, ...], frozenset[str]] = {}
        self._resources_of: dict[Selector, frozenset[str]] = {}
        by_workspace: dict[str, set[str]] = {}
        for profile in self.profiles.values():
            by_workspace.setdefault(profile.workspace, set()).add(profile.id)
        self.profiles_by_workspace: Mapping[str, frozenset[str]] = {
            workspace: frozenset(profiles) for workspace, profiles in by_workspace.items()
        }
        self._zone = zone(timezone)
        self._zones = {
            workspace.id: zone(workspace.timezone or timezone) for workspace in workspaces
        }
        self._leads = {workspace.id: workspace.lead for workspace in workspaces}
        for profile in self.profiles.values():
            self._zones.setdefault(profile.workspace, self._zone)
        ambiguous = sorted(set(self.profiles) & set(self._zones))
        if ambiguous:
            raise InvalidValueError(
                f"`{ambiguous[0]}` is the id of both a profile and a workspace, so a question about"
                " it would be ambiguous",
                value=ambiguous[0],
                expected="another id for one of them",
            )
        self._selectable: tuple[tuple[str, Collection[str]], ...] = (
            ("workspace", {*self._zones, EVERYWHERE}),
            ("network", self.network_names),
            ("profile", self.profiles),
        )
        self.leaving: Mapping[str, dt.datetime] = {
            member.id: at
            for member in self.members.values()
            if (at := _instant(member.left, zone(member.timezone or timezone))) is not None
        }

    def with_team_member(self, team: str, member: str) -> Scope:
        """Return a copy in which *member* also belongs to *team*."""
        scope = copy.copy(self)
        joined = self.teams[team]
        joined = attrs.evolve(joined, members=(*joined.members, member))
        scope.teams = {**self.teams, team: joined}
        scope._members_by_team = _resolve_includes(scope.teams)
        scope._members_of = {}
        return scope

    def _check_teams(self) -> None:
        for team in self.teams.values():
            self.check_members(f"team `{team.id}`", team.members)
            for included in team.includes:
                if included not in self.teams:
                    raise InvalidValueError(
                        f"team `{team.id}` includes `{included}`, which is not a team"
                        f"{did_you_mean(included, self.teams, before='; ')}",
                        value=included,
                        expected="a team's id",
                    )
        cycle = find_cycle({team.id: team.includes for team in self.teams.values()})
        if cycle:
            raise InvalidValueError(
                f"teams include each other in a cycle: {' > '.join(cycle)}", value=cycle
            )

    def active_span(self, member: str) -> Span | None:
        """Return when a member may have permissions, or None if they are suspended or unknown."""
        known = self.members.get(member)
        if known is None or known.suspended:
            return None
        return (None, self.leaving.get(member))

    def has_left(self, member: str, at: dt.datetime) -> bool:
        """Return whether a member has left the organization by an instant."""
        leaving = self.leaving.get(member)
        return leaving is not None and leaving <= at

    @property
    def resources(self) -> tuple[str, ...]:
        """Every resource about which a question can be asked."""
        return (*self.profiles, *self._zones, EVERYWHERE)

    @property
    def workspace_names(self) -> frozenset[str]:
        """The ids of all workspaces."""
        return frozenset(self._zones)

    @cached_property
    def network_names(self) -> frozenset[str]:
        """The networks that a selector can name."""
        return frozenset({*NETWORKS, *(profile.network for profile in self.profiles.values())})

    def everyone_in(self, principal: Principal) -> tuple[MemberId, ...]:
        """Return the members that a member or team principal names, sorted."""
        if principal.kind == "team":
            return self._members_by_team.get(principal.name, ())
        return (MemberId(principal.name),)

    def members_of(self, principals: tuple[Principal, ...]) -> frozenset[str]:
        """Return all members that the given member and team principals name."""
        members = self._members_of.get(principals)
        if members is None:
            members = frozenset(
                member for principal in principals for member in self.everyone_in(principal)
            )
            self._members_of[principals] = members
        return members

    def permissions_of(self, names: tuple[str, ...]) -> frozenset[str]:
        """Return the permissions that a rule names, with ``*`` expanded."""
        permissions = self._permissions_of.get(names)
        if permissions is None:
            permissions = self._permissions_of[names] = self.roles.expand(names)
        return permissions

    def teams_in(self, team: str) -> frozenset[str]:
        """Return a team and every team that it includes, directly or through others."""
        return _reachable(team, lambda name: self.teams[name].includes)

    def teams_around(self, team: str) -> frozenset[str]:
        """Return a team and every team that includes it, directly or through others."""
        return _reachable(team, lambda name: self._including.get(name, ()))

    @cached_property
    def _including(self) -> Mapping[str, tuple[str, ...]]:
        including: dict[str, list[str]] = {}
        for team in self.teams.values():
            for included in team.includes:
                including.setdefault(included, []).append(team.id)
        return {team: tuple(names) for team, names in including.items()}

    def workspace_of(self, resource: str) -> str:
        """Return a profile's workspace, or the resource itself if it is not a profile."""
        profile = self.profiles.get(resource)
        return profile.workspace if profile else resource

    def nearest_resource(self, resource: str, other: Scope) -> str:
        """
        Return the resource to check for permissions on *resource*, which may be unknown here.

        This is the resource itself if it exists in this scope, otherwise its workspace in *other*
        if that workspace exists in this scope, and otherwise ``*``.
        """
        if resource == EVERYWHERE or resource in self.profiles or resource in self._zones:
            return resource
        workspace = other.workspace_of(resource)
        return workspace if workspace in self._zones else EVERYWHERE

    def lead_of(self, resource: str) -> str:
        """Return the lead of a resource's workspace, or an empty string."""
        return self._leads.get(self.workspace_of(resource), "")

    def managed_at(self, on: Selector) -> tuple[str, ...]:
        """Return the resources on which changing a rule with *on* requires `manage_access`."""
        if on.workspace and EVERYWHERE not in on.workspace:
            return tuple(sorted(on.workspace))
        workspaces = {self.workspace_of(name) for name in on.profile if name in self.profiles}
        return tuple(sorted(workspaces)) or (EVERYWHERE,)

    def check_question(self, permission: str, resource: str) -> None:
        """Raise an error if a permission or resource does not exist."""
        if permission not in self.roles.permission_names:
            raise InvalidValueError(
                f"`{permission}` is not a permission"
                f"{did_you_mean(permission, self.roles.permission_names, before='; ')}",
                value=permission,
                expected="a permission's name",
            )
        if resource != EVERYWHERE and resource not in self.profiles and resource not in self._zones:
            known = [*self.profiles, *self._zones]
            raise InvalidValueError(
                f"`{resource}` is not a profile or workspace"
                f"{did_you_mean(resource, known, before='; ')}",
                value=resource,
                expected="a profile, a workspace or `*`",
            )

    def check_members(self, owner: str, members: Iterable[str]) -> None:
        """
        Raise an error if a member does not exist.

        The message begins with *owner*, such as "team `social`".
        """
        for member in members:
            if member not in self.members:
                raise InvalidValueError(
                    f"{owner} names `{member}`, who is not a member"
                    f"{did_you_mean(member, self.members, before='; ')}",
                    value=member,
                    expected="a member's id",
                )

    def check_selector(self, owner: str, on: Selector) -> None:
        """Raise an error, with *owner* in its message, if a selector names an unknown id."""
        parts: tuple[Selector | Excluding, ...] = (
            (on,) if on.excluding is None else (on, on.excluding)
        )
        for part in parts:
            for key, known in self._selectable:
                for name in getattr(part, key):
                    if name not in known:
                        raise InvalidValueError(
                            f"{owner} applies to {key} `{name}`, which does not exist"
                            f"{did_you_mean(name, known, before='; ')}",
                            value=name,
                            expected=f"a {key} that exists",
                        )

    def selector_of(self, resource: str) -> Selector:
        """Return the selector that matches only *resource*, which is a profile or a workspace."""
        return (
            Selector.of(resource) if resource in self.profiles else Selector(workspace=(resource,))
        )

    def resources_of(self, on: Selector) -> frozenset[str]:
        """Return every resource that a selector matches."""
        resources = self._resources_of.get(on)
        if resources is None:
            # Most selectors name profiles or workspaces, so that only these have to be tested.
            if on.profile:
                candidates: Iterable[str] = (name for name in on.profile if name in self.profiles)
            elif on.workspace and EVERYWHERE not in on.workspace:
                candidates = (
                    profile
                    for workspace in on.workspace
                    for profile in self.profiles_by_workspace.get(workspace, ())
                )
            else:
                candidates = self.profiles
            matching = {name for name in candidates if on.matches_profile(self.profiles[name])}
            if on.covers_all():
                matching |= {EVERYWHERE, *self._zones}
            elif on.of_workspace:
                matching |= {name for name in on.workspace if name in self._zones}
            resources = self._resources_of[on] = frozenset(matching)
        return resources

    def span(self, start: dt.date | None, end: dt.date | None, resource: str) -> Span:
        """Convert local bounds to instants in the time zone of a resource."""
        if start is None and end is None:
            return (None, None)
        tz = self._tz_of(resource)
        return (_instant(start, tz), _instant(end, tz))

    def zone_of(self, resource: str) -> str:
        """Return the IANA name of a resource's time zone; ``*`` has the organization's zone."""
        return self._tz_of(resource).key

    def local_text(self, at: dt.datetime, resource: str) -> str:
        """Format an instant to the minute in the local time of a resource."""
        tz = self._tz_of(resource)
        return f"{at.astimezone(tz):%Y-%m-%d %H:%M} {tz.key}"

    def zone_around(self, resources: Iterable[str]) -> str:
        """Return the IANA name of the time zone that all *resources* share, or "UTC"."""
        names = {self.zone_of(resource) for resource in resources}
        return names.pop() if len(names) == 1 else "UTC"

    def in_short(self, profiles: Collection[str]) -> tuple[str, ...]:
        """Summarise profiles: ``*`` for all profiles, ``all of tulip`` for an entire workspace."""
        named = frozenset(profiles)
        if len(self.profiles_by_workspace) > 1 and named == self.profiles.keys():
            return (EVERYWHERE,)
        complete = {
            workspace: members
            for workspace, members in self.profiles_by_workspace.items()
            if len(members) > 1 and members <= named
        }
        rest = named.difference(*complete.values())
        return (*(f"all of {workspace}" for workspace in sorted(complete)), *sorted(rest))

    def _tz_of(self, resource: str) -> ZoneInfo:
        return self._zones.get(self.workspace_of(resource), self._zone)


# The rules of a document usually contain only a few distinct bounds.
@lru_cache(maxsize=4096)
def _instant(value: dt.date | None, tz: ZoneInfo) -> dt.datetime | None:
    """
    Return the instant of a local bound.

    A local time that the clocks skip becomes an instant after the change, because of ``fold=0``. A
    repeated time means its first occurrence. A grant from midnight therefore starts that night even
    where the clocks skip midnight.
    """
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  made aware below
    try:
        return value.replace(tzinfo=tz, fold=0).astimezone(dt.UTC)
    except OverflowError:
        # East of Greenwich, year 1 begins before the first instant that Python can represent; west
        # of Greenwich, year 9999 ends after the last one.
        return _MIN if value.year == 1 else _MAX


def _reachable(team: str, neighbours: Callable[[str], Iterable[str]]) -> frozenset[str]:
    reached, waiting = {team}, [team]
    while waiting:
        new = set(neighbours(waiting.pop())) - reached
        reached |= new
        waiting += sorted(new)
    return frozenset(reached)


def _resolve_includes(teams: Mapping[str, Team]) -> dict[str, tuple[MemberId, ...]]:
    """Return the members of each team, including those of included teams, sorted."""
    resolved: dict[str, frozenset[str]] = {}
    for name in teams:
        # This uses a stack, because a long chain of includes could exceed Python's recursion limit.
        waiting = [name]
        while waiting:
            team = teams[waiting[-1]]
            unresolved = [other for other in team.includes if other not in resolved]
            if unresolved:
                waiting += unresolved
                continue
            waiting.pop()
            included = (resolved[other] for other in team.includes)
            resolved[team.id] = frozenset(team.members).union(*included)
    return {
        name: tuple(MemberId(member) for member in sorted(members))
        for name, members in resolved.items()
    }


def index_by_id(kind: str, values: Iterable[_T]) -> dict[str, _T]:
    """Return a mapping of values by id, and raise an error if an id occurs twice."""
    index: dict[str, _T] = {}
    for value in values:
        if value.id in index:
            raise InvalidValueError(
                f"there are two {kind}s with the id `{value.id}`",
                value=value.id,
                expected="a unique id",
            )
        index[value.id] = value
    return index

"""The people and resources that rules and questions can name, with all names checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

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
"""The resource that stands for every workspace."""

_MIN = dt.datetime.min.replace(tzinfo=dt.UTC)
_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)

_T = TypeVar("_T", Member, Profile, Team, Role)


class Scope:
    """
    The members, teams, profiles, workspaces and roles of an organization.

    Raises:
        InvalidValueError: If two of a kind share an id, or one names what does not exist.
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
        # Many rules name the same people, permissions or resources. With these caches they share
        # one set each, which saves memory and makes sets fast to compare.
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
                f"`{ambiguous[0]}` names both a profile and a workspace, so that a question about"
                " it has two meanings",
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
                f"teams include each other in a circle: {' > '.join(cycle)}", value=cycle
            )

    def active_span(self, member: str) -> Span | None:
        """Return the span in which a member's permissions count; None if suspended or unknown."""
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
        """Every resource that a question can be about."""
        return (*self.profiles, *self._zones, EVERYWHERE)

    @property
    def workspace_names(self) -> frozenset[str]:
        """The ids of all workspaces."""
        return frozenset(self._zones)

    @cached_property
    def network_names(self) -> frozenset[str]:
        """The networks that a selector may name."""
        return frozenset({*NETWORKS, *(profile.network for profile in self.profiles.values())})

    def everyone_in(self, principal: Principal) -> tuple[MemberId, ...]:
        """Return the members that a member or team principal names, sorted."""
        if principal.kind == "team":
            return self._members_by_team.get(principal.name, ())
        return (MemberId(principal.name),)

    def members_of(self, principals: tuple[Principal, ...]) -> frozenset[str]:
        """Return the members that some member and team principals name together."""
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
        """Return the workspace of a profile; any other resource is returned as it is."""
        profile = self.profiles.get(resource)
        return profile.workspace if profile else resource

    def nearest_resource(self, resource: str, other: Scope) -> str:
        """
        Return the resource by which to judge permissions on *resource*, which may be unknown here.

        That is the resource itself if it exists here, else its workspace in
        *other* if that workspace exists here, else ``*``.
        """
        if resource == EVERYWHERE or resource in self.profiles or resource in self._zones:
            return resource
        workspace = other.workspace_of(resource)
        return workspace if workspace in self._zones else EVERYWHERE

    def lead_of(self, resource: str) -> str:
        """Return the lead of the workspace of a resource, or an empty string."""
        return self._leads.get(self.workspace_of(resource), "")

    def managed_at(self, on: Selector) -> tuple[str, ...]:
        """Return where changing a rule with this selector needs `manage_access`."""
        if on.workspace and EVERYWHERE not in on.workspace:
            return tuple(sorted(on.workspace))
        workspaces = {self.workspace_of(name) for name in on.profile if name in self.profiles}
        return tuple(sorted(workspaces)) or (EVERYWHERE,)

    def check_question(self, permission: str, resource: str) -> None:
        """Refuse a permission or resource that does not exist."""
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
        """Refuse ids of unknown members; *owner*, such as "team `social`", is for the message."""
        for member in members:
            if member not in self.members:
                raise InvalidValueError(
                    f"{owner} names `{member}`, who is not a member"
                    f"{did_you_mean(member, self.members, before='; ')}",
                    value=member,
                    expected="a member's id",
                )

    def check_selector(self, owner: str, on: Selector) -> None:
        """Refuse a selector that names what does not exist; *owner* is for the message."""
        parts: tuple[Selector | Excluding, ...] = (
            (on,) if on.excluding is None else (on, on.excluding)
        )
        for part in parts:
            for key, known in self._selectable:
                for name in getattr(part, key):
                    if name not in known:
                        raise InvalidValueError(
                            f"{owner} is on {key} `{name}`, which does not exist"
                            f"{did_you_mean(name, known, before='; ')}",
                            value=name,
                            expected=f"a {key} that exists",
                        )

    def resources_of(self, on: Selector) -> frozenset[str]:
        """Return every resource that a selector matches."""
        resources = self._resources_of.get(on)
        if resources is None:
            # Most selectors name profiles or workspaces; then only those have to be tested.
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
        """Return the instants of local bounds in the time zone of a resource."""
        if start is None and end is None:
            return (None, None)
        tz = self._tz_of(resource)
        return (_instant(start, tz), _instant(end, tz))

    def zone_of(self, resource: str) -> str:
        """Return the IANA name of a resource's time zone; that of ``*`` is the organization's."""
        return self._tz_of(resource).key

    def local_text(self, at: dt.datetime, resource: str) -> str:
        """Format an instant as local time of a resource, to the minute."""
        tz = self._tz_of(resource)
        return f"{at.astimezone(tz):%Y-%m-%d %H:%M} {tz.key}"

    def zone_around(self, resources: Iterable[str]) -> str:
        """Return the IANA name of the time zone that all *resources* share, else "UTC"."""
        names = {self.zone_of(resource) for resource in resources}
        return names.pop() if len(names) == 1 else "UTC"

    def in_short(self, profiles: Collection[str]) -> tuple[str, ...]:
        """Summarise profiles: ``*`` for all of them, ``all of tulip`` for those of a workspace."""
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


# The rules of one document share few distinct bounds.
@lru_cache(maxsize=4096)
def _instant(value: dt.date | None, tz: ZoneInfo) -> dt.datetime | None:
    """
    Return the instant of a local bound.

    With ``fold=0``, a time that the clocks skip becomes an instant right after the change, and a
    repeated time its first instant. So a grant from midnight starts that night even where the
    clocks skip midnight.
    """
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  made aware below
    try:
        return value.replace(tzinfo=tz, fold=0).astimezone(dt.UTC)
    except OverflowError:
        # East of Greenwich, year 1 begins before the first instant that Python can represent;
        # west of it, year 9999 ends after the last.
        return _MIN if value.year == 1 else _MAX


def _reachable(team: str, neighbours: Callable[[str], Iterable[str]]) -> frozenset[str]:
    reached, waiting = {team}, [team]
    while waiting:
        new = set(neighbours(waiting.pop())) - reached
        reached |= new
        waiting += sorted(new)
    return frozenset(reached)


def _resolve_includes(teams: Mapping[str, Team]) -> dict[str, tuple[MemberId, ...]]:
    """Return the members of each team, directly or through included teams, sorted."""
    resolved: dict[str, frozenset[str]] = {}
    for name in teams:
        # A stack instead of recursion, because a chain of includes may exceed Python's limit.
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
    """Return values by their ids; refuse an id that occurs twice."""
    index: dict[str, _T] = {}
    for value in values:
        if value.id in index:
            raise InvalidValueError(
                f"there are two {kind}s `{value.id}`", value=value.id, expected="a unique id"
            )
        index[value.id] = value
    return index

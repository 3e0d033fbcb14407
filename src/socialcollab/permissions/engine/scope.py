"""Who and where a set of lines can be about, all names checked."""

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
"""The place that is every workspace."""

_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)

_T = TypeVar("_T", Member, Profile, Team, Role)


class Scope:
    """
    The people and places of an organization, as lines and questions name them.

    Raises:
        InvalidValueError: If a name stands twice, or one that is named does not exist.
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
        self.members = by_id("member", members)
        self.profiles = by_id("profile", profiles)
        self.teams = by_id("team", teams)
        for team in self.teams.values():
            self.check_members(f"team `{team.id}`", team.members)
            for other in team.includes:
                if other not in self.teams:
                    raise InvalidValueError(
                        f"team `{team.id}` includes `{other}`, which is no team"
                        f"{did_you_mean(other, self.teams, before='; ')}",
                        value=other,
                        expected="a team's id",
                    )
        cycle = find_cycle({team.id: team.includes for team in self.teams.values()})
        if cycle:
            raise InvalidValueError(
                f"teams include each other in a circle: {' > '.join(cycle)}", value=cycle
            )
        self._everyone = _closed(self.teams)
        # Many lines are to the same people, give the same or are on the same places.
        self._members_of: dict[tuple[Principal, ...], frozenset[str]] = {}
        self._permissions_of: dict[tuple[str, ...], frozenset[str]] = {}
        self._places_of: dict[Selector, frozenset[str]] = {}
        around: dict[str, set[str]] = {}
        for profile in self.profiles.values():
            around.setdefault(profile.workspace, set()).add(profile.id)
        self.profiles_by_workspace: Mapping[str, frozenset[str]] = {
            workspace: frozenset(profiles) for workspace, profiles in around.items()
        }
        self._zones = {
            workspace.id: zone(workspace.timezone or timezone) for workspace in workspaces
        }
        self._leads = {workspace.id: workspace.lead for workspace in workspaces}
        self._zone = zone(timezone)
        for profile in self.profiles.values():
            self._zones.setdefault(profile.workspace, self._zone)
        both = sorted(set(self.profiles) & set(self._zones))
        if both:
            raise InvalidValueError(
                f"`{both[0]}` names both a profile and a workspace, so that a question about it"
                " has two meanings",
                value=both[0],
                expected="another id for one of them",
            )
        self.roles = roles
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

    def stay(self, member: str) -> Span | None:
        """Return from when until when a member's rights count; None of nobody, and of the suspended."""
        known = self.members.get(member)
        if known is None or known.suspended:
            return None
        return (None, self.leaving.get(member))

    def has_left(self, member: str, at: dt.datetime) -> bool:
        """Tell whether a member has left by an instant."""
        leaving = self.leaving.get(member)
        return leaving is not None and leaving <= at

    @property
    def resources(self) -> tuple[str, ...]:
        """Every place that a question can be about."""
        return (*self.profiles, *self._zones, EVERYWHERE)

    @property
    def workspace_names(self) -> frozenset[str]:
        """The workspaces that there are."""
        return frozenset(self._zones)

    @cached_property
    def network_names(self) -> frozenset[str]:
        """The networks that a selector may name."""
        return frozenset({*NETWORKS, *(one.network for one in self.profiles.values())})

    def everyone_in(self, principal: Principal) -> tuple[MemberId, ...]:
        """Return the members of a member or team party, sorted."""
        if principal.kind == "team":
            return self._everyone.get(principal.name, ())
        return (MemberId(principal.name),)

    def members_of(self, principals: tuple[Principal, ...]) -> frozenset[str]:
        """Return everyone in some member and team parties; the same value for the same parties."""
        found = self._members_of.get(principals)
        if found is None:
            found = frozenset(
                one for principal in principals for one in self.everyone_in(principal)
            )
            self._members_of[principals] = found
        return found

    def permissions_of(self, words: tuple[str, ...]) -> frozenset[str]:
        """Return the permissions that a line names; the same value for the same words."""
        found = self._permissions_of.get(words)
        if found is None:
            found = self._permissions_of[words] = self.roles.spelled_out(words)
        return found

    def teams_in(self, team: str) -> frozenset[str]:
        """Return a team and every one that it includes, directly or through others."""
        return _reached(team, lambda one: self.teams[one].includes)

    def teams_around(self, team: str) -> frozenset[str]:
        """Return a team and every one that includes it, directly or through others."""
        return _reached(team, lambda one: self._including.get(one, ()))

    @cached_property
    def _including(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for team in self.teams.values():
            for other in team.includes:
                found.setdefault(other, []).append(team.id)
        return {team: tuple(others) for team, others in found.items()}

    def workspace_of(self, resource: str) -> str:
        """Return the workspace of a place: of a profile the one around it, else itself."""
        profile = self.profiles.get(resource)
        return profile.workspace if profile else resource

    def lead_of(self, resource: str) -> str:
        """Return who leads the workspace of a place, or an empty string."""
        return self._leads.get(self.workspace_of(resource), "")

    def managed_at(self, on: Selector) -> tuple[str, ...]:
        """Return where whoever changes a line with this selector has to manage: workspaces or ``*``."""
        if on.workspace and EVERYWHERE not in on.workspace:
            return tuple(sorted(on.workspace))
        around = {self.workspace_of(one) for one in on.profile if one in self.profiles}
        return tuple(sorted(around)) or (EVERYWHERE,)

    def check_question(self, permission: str, resource: str) -> None:
        """Refuse a permission or a place that does not exist."""
        if permission not in self.roles.permission_names:
            raise InvalidValueError(
                f"`{permission}` is no permission{did_you_mean(permission, self.roles.permission_names, before='; ')}",
                value=permission,
                expected="a permission's name",
            )
        if resource != EVERYWHERE and resource not in self.profiles and resource not in self._zones:
            known = [*self.profiles, *self._zones]
            raise InvalidValueError(
                f"`{resource}` is no profile and no workspace{did_you_mean(resource, known, before='; ')}",
                value=resource,
                expected="a profile, a workspace or `*`",
            )

    def check_members(self, whose: str, members: Iterable[str]) -> None:
        """Refuse names that are no member's; *whose* says where they stand."""
        for member in members:
            if member not in self.members:
                raise InvalidValueError(
                    f"{whose} has `{member}`, who is no member"
                    f"{did_you_mean(member, self.members, before='; ')}",
                    value=member,
                    expected="a member's id",
                )

    def check_selector(self, line: str, on: Selector | Excluding) -> None:
        """Refuse a selector that names what does not exist; *line* says whose it is."""
        for key, known in self._selectable:
            for word in getattr(on, key):
                if word not in known:
                    raise InvalidValueError(
                        f"{line} is on {key} `{word}`, which does not exist{did_you_mean(word, known, before='; ')}",
                        value=word,
                        expected=f"a {key} that exists",
                    )

    def resources_of(self, on: Selector) -> frozenset[str]:
        """Return every place that a line with this selector is about."""
        found = self._places_of.get(on)
        if found is None:
            # Most selectors name workspaces, or profiles: the others are not looked at.
            if on.profile:
                candidates: Iterable[str] = (one for one in on.profile if one in self.profiles)
            elif on.workspace and EVERYWHERE not in on.workspace:
                candidates = (
                    profile
                    for workspace in on.workspace
                    for profile in self.profiles_by_workspace.get(workspace, ())
                )
            else:
                candidates = self.profiles
            resources = {one for one in candidates if on.matches_profile(self.profiles[one])}
            if on.covers_all():
                resources |= {EVERYWHERE, *self._zones}
            elif on.of_workspace:
                resources |= {one for one in on.workspace if one in self._zones}
            found = self._places_of[on] = frozenset(resources)
        return found

    def span(self, start: dt.date | None, end: dt.date | None, resource: str) -> Span:
        """Return the instants of local bounds, in the zone of a place."""
        if start is None and end is None:
            return (None, None)
        zone_here = self._zone_of(resource)
        return (_instant(start, zone_here), _instant(end, zone_here))

    def zone_of(self, resource: str) -> str:
        """Return the IANA name of a place's zone; that of ``*`` is the organization's."""
        return self._zone_of(resource).key

    def local_text(self, at: dt.datetime, resource: str) -> str:
        """Write an instant as the local time of a place, to the minute."""
        zone_here = self._zone_of(resource)
        return f"{at.astimezone(zone_here):%Y-%m-%d %H:%M} {zone_here.key}"

    def zone_around(self, resources: Iterable[str]) -> str:
        """Return the IANA name of the zone that all of some places are in, or else "UTC"."""
        names = {self.zone_of(resource) for resource in resources}
        return names.pop() if len(names) == 1 else "UTC"

    def in_short(self, profiles: Collection[str]) -> tuple[str, ...]:
        """Say profiles in as few words as mean the same: `*`, or `all of tulip` for each of its."""
        named = frozenset(profiles)
        if len(self.profiles_by_workspace) > 1 and named == self.profiles.keys():
            return (EVERYWHERE,)
        whole = {
            workspace: here
            for workspace, here in self.profiles_by_workspace.items()
            if len(here) > 1 and here <= named
        }
        rest = named.difference(*whole.values())
        return (*(f"all of {workspace}" for workspace in sorted(whole)), *sorted(rest))

    def _zone_of(self, resource: str) -> ZoneInfo:
        profile = self.profiles.get(resource)
        return self._zones.get(profile.workspace if profile else resource, self._zone)


def within(span: Span, at: dt.datetime) -> bool:
    """Tell whether an instant lies inside."""
    start, end = span
    return (start is None or start <= at) and (end is None or at < end)


# Lines of one document share few bounds.
@lru_cache(maxsize=4096)
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
    try:
        return value.replace(tzinfo=zone_here, fold=0).astimezone(dt.UTC)
    except OverflowError:
        # East of Greenwich the year 1 begins before there are instants, and 9999 ends after them.
        return _FIRST if value.year == 1 else _LAST


def _reached(team: str, onward: Callable[[str], Iterable[str]]) -> frozenset[str]:
    found, waiting = {team}, [team]
    while waiting:
        more = set(onward(waiting.pop())) - found
        found |= more
        waiting += sorted(more)
    return frozenset(found)


def _closed(teams: Mapping[str, Team]) -> dict[str, tuple[MemberId, ...]]:
    """Return everyone in each team, directly or through others, sorted."""
    found: dict[str, frozenset[str]] = {}

    def close(name: str) -> frozenset[str]:
        # No circle is left, and no chain of includes is longer than there are teams.
        waiting = [name]
        while waiting:
            current = teams[waiting[-1]]
            ahead = [other for other in current.includes if other not in found]
            if ahead:
                waiting += ahead
                continue
            waiting.pop()
            included = (found[other] for other in current.includes)
            found[current.id] = frozenset(current.members).union(*included)
        return found[name]

    return {name: tuple(MemberId(member) for member in sorted(close(name))) for name in teams}


def by_id(what: str, values: Iterable[_T]) -> dict[str, _T]:
    """Return values by their ids; refuse an id that stands twice."""
    found: dict[str, _T] = {}
    for value in values:
        if value.id in found:
            raise InvalidValueError(
                f"there are two {what}s `{value.id}`", value=value.id, expected="an id of its own"
            )
        found[value.id] = value
    return found

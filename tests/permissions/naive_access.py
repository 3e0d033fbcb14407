"""
Who may, worked out from the documented rules alone: slow, plain, and sharing no code.

Default deny; a forbid beats any grant; a role has what it includes; a bound
is a local time in the workspace's zone, its start inside and its end outside;
a suspended member may nothing; a line speaks of a workspace if it names it and
nothing beside, of ``*`` if it names every workspace so.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

ALL = "*"


def may(org, member, permission, where, at):
    people = {one.id: one for one in org.members}
    if member not in people or people[member].suspended:
        return False
    given = any(applies(org, line, member, permission, where, at) for line in org.grants)
    barred = any(applies(org, line, member, permission, where, at) for line in org.forbids)
    return given and not barred


def applies(org, line, member, permission, where, at):  # noqa: PLR0917  a question has many parts
    return (
        any(member in who(org, party) for party in line.to)
        and permission in what(org, line)
        and speaks_of(org, line.on, where)
        and in_time(org, line, where, at)
    )


def who(org, party):
    if party.kind == "team":
        return [name for team in org.teams if team.id == party.name for name in team.members]
    return [party.name]


def what(org, line):
    words = set(line.permissions)
    todo = [line.role] if getattr(line, "role", "") else []
    while todo:
        name = todo.pop()
        for role in org.roles:
            if role.id == name:
                words |= set(role.permissions)
                todo += role.includes
    return set(org.permissions) if ALL in words else words


def speaks_of(org, on, where):
    for profile in org.profiles:
        if profile.id == where:
            return takes(on, profile) and not (on.excluding and takes(on.excluding, profile))
    if on.network or on.profile or on.profile_tag or on.excluding:
        return False
    return ALL in on.workspace or (where != ALL and where in on.workspace)


def takes(keys, profile):
    if keys.workspace and ALL not in keys.workspace and profile.workspace not in keys.workspace:
        return False
    if keys.network and profile.network not in keys.network:
        return False
    if keys.profile and profile.id not in keys.profile:
        return False
    return not keys.profile_tag or any(tag in keys.profile_tag for tag in profile.tags)


def in_time(org, line, where, at):
    zone = org.timezone
    workspace = next((one.workspace for one in org.profiles if one.id == where), where)
    for one in org.workspaces:
        if one.id == workspace:
            zone = one.timezone or zone
    start, end = (bound(value, zone) for value in (line.start, line.end))
    return (start is None or start <= at) and (end is None or at < end)


def bound(value, zone):
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a local time
    return value.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)

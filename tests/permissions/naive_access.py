"""
A naive evaluator: the documented rules in simple, slow code that is independent of the library.

- Nothing is allowed without a grant, and a forbid beats any grant.
- A role has the permissions of the roles it includes.
- Bounds are local times in the workspace's zone; the start is inclusive, the end exclusive.
- Suspended members have no permissions, and neither do members who have left, from midnight of that
  day in their own zone or else the organization's.
- The member on duty has the rotation's role for the shift, by rule or by list, in the rotation's
  zone or else the resource's.
- A swap puts its member on duty instead; if swaps overlap, the last recorded swap wins.
- A delegate has the permissions from the absent member's own grants and shifts that the absence
  names, unless a forbid applies to either member. Delegated permissions are not passed on.
- A rule applies to a workspace if it names the workspace and no other key, and to ``*`` if it names
  every workspace in that way.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

ALL = "*"


def may(org, member, permission, resource, at, authors=()):  # noqa: PLR0917
    people = {one.id: one for one in org.members}
    if member not in people or is_inactive(org, people[member], at):
        return False
    if is_forbidden(org, member, permission, resource, at):
        return False
    if has(org, member, permission, resource, at):
        return True
    if member in authors:
        return False
    return any(
        absence.delegate == member
        and absence.member not in authors
        and (not absence.permissions or permission in absence.permissions)
        and is_absent(absence, at)
        and absence.member in people
        and not is_inactive(org, people[absence.member], at)
        and has(org, absence.member, permission, resource, at)
        and not is_forbidden(org, absence.member, permission, resource, at)
        for absence in getattr(org, "absences", ())
    )


def is_inactive(org, person, at):
    gone = bound(person.left, person.timezone or org.timezone)
    return person.suspended or (gone is not None and gone <= at)


def has(org, member, permission, resource, at):
    """Return whether a member has a permission through their own grants and shifts."""
    return any(applies(org, line, member, permission, resource, at) for line in org.grants) or any(
        takes_shift(org, rotation, member, resource, at)
        and permission in permissions_of(org, rotation)
        for rotation in getattr(org, "rotations", ())
        if covers(org, rotation.on, resource)
    )


def is_forbidden(org, member, permission, resource, at):
    return any(applies(org, line, member, permission, resource, at) for line in org.forbids)


def is_absent(absence, at):
    start, end = (bound(day, absence.zone) for day in (absence.start, absence.end))
    return start <= at < end


def takes_shift(org, rotation, member, resource, at):
    zone = rotation.timezone or zone_at(org, resource)
    swapped = [
        swap
        for swap in getattr(org, "swaps", ())
        if swap.rotation == rotation.id
        and swap.member in {one.id for one in org.members}
        and bound(swap.start, swap.zone or zone) <= at < bound(swap.end, swap.zone or zone)
        and (swap.until is None or at < swap.until)
    ]
    if swapped:
        return max(swapped, key=lambda one: (one.order, one.id)).member == member
    return on_duty(rotation, zone, at) == member


def on_duty(rotation, zone, at):
    """Return the scheduled member on duty."""
    if rotation.shifts:
        return listed_member(rotation, zone, at)
    starts = occurrences(rotation.every, rotation.start, zone, at)
    if not starts:
        return None
    if rotation.end is not None and any(
        starts[-1] < over <= at for over in occurrences(rotation.end, rotation.start, zone, at)
    ):
        return None
    return rotation.members[(len(starts) - 1) % len(rotation.members)]


def listed_member(rotation, zone, at):
    def instant(day):
        if not isinstance(day, dt.datetime):
            hour, minute = map(int, str(rotation.hand_off or "00:00").split(":"))
            day = dt.datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001
        return bound(day, zone), day

    begun = [one for one in rotation.shifts if instant(one.start)[0] <= at]
    if not begun:
        return None
    shift = max(begun, key=lambda one: instant(one.start))
    if shift.end is not None:
        return shift.member if at < instant(shift.end)[0] else None
    start = instant(shift.start)[0]
    if rotation.end is not None and any(
        start < over <= at for over in occurrences(rotation.end, start.date(), zone, at)
    ):
        return None
    return shift.member


DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MEANS = {"mon-fri": DAYS[:5], "day": DAYS, **{f"{name[:3]}": (name,) for name in DAYS}}


def occurrences(every, start, zone, until):
    """Return every occurrence from a day until an instant, by checking each day."""
    words, _, time = str(every).rpartition(" ")
    days = MEANS.get(words) or (words,)
    hour, minute = map(int, time.split(":"))
    found = []
    day = start
    while day <= until.date() + dt.timedelta(days=2):
        if DAYS[day.weekday()] in days:
            at = dt.datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001
            at = at.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
            if at <= until:
                found.append(at)
        day += dt.timedelta(days=1)
    return found


def applies(org, line, member, permission, resource, at):  # noqa: PLR0917  a question has many parts
    return (
        any(member in members_of(org, principal) for principal in line.to)
        and permission in permissions_of(org, line)
        and covers(org, line.on, resource)
        and in_time(org, line, resource, at)
    )


def members_of(org, principal):
    if principal.kind == "team":
        return in_team(org, principal.name)
    return [principal.name]


def in_team(org, name):
    (team,) = (one for one in org.teams if one.id == name)
    return [*team.members, *(member for other in team.includes for member in in_team(org, other))]


def permissions_of(org, line):
    words = set(getattr(line, "permissions", ()))
    todo = [line.role] if getattr(line, "role", "") else []
    while todo:
        name = todo.pop()
        for role in org.roles:
            if role.id == name:
                words |= set(role.permissions)
                todo += role.includes
    return set(org.permissions) if ALL in words else words


def covers(org, on, resource):
    for profile in org.profiles:
        if profile.id == resource:
            return matches(on, profile) and not (on.excluding and matches(on.excluding, profile))
    if on.network or on.profile or on.profile_tag or on.excluding:
        return False
    return ALL in on.workspace or (resource != ALL and resource in on.workspace)


def matches(keys, profile):
    if keys.workspace and ALL not in keys.workspace and profile.workspace not in keys.workspace:
        return False
    if keys.network and profile.network not in keys.network:
        return False
    if keys.profile and profile.id not in keys.profile:
        return False
    return not keys.profile_tag or any(tag in keys.profile_tag for tag in profile.tags)


def in_time(org, line, resource, at):
    zone = zone_at(org, resource)
    start, end = (bound(value, zone) for value in (line.start, line.end))
    return (start is None or start <= at) and (end is None or at < end)


def zone_at(org, resource):
    workspace = next((one.workspace for one in org.profiles if one.id == resource), resource)
    for one in org.workspaces:
        if one.id == workspace:
            return one.timezone or org.timezone
    return org.timezone


def bound(value, zone):
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001  a local time
    return value.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)

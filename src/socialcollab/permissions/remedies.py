"""What would turn a no into a yes: the smallest change of each kind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from socialcollab.identifiers import MemberId
from socialcollab.permissions.line import Line
from socialcollab.permissions.scope import Scope, within
from socialcollab.verdicts import Remedy

__all__ = ["remedies"]


def remedies(
    member: str,
    permission: str,
    where: str,
    *,
    at: dt.datetime,
    scope: Scope,
    grants: Iterable[Line],
    forbids: Iterable[Line],
    carried: bool,
    managers: tuple[MemberId, ...],
) -> tuple[Remedy, ...]:
    """
    Return what would help: the forbids to end, and the nearest grant where none carries it.

    Args:
        member: Who was refused.

        permission: What.

        where: Where.

        at: When.

        scope: Whom and what lines can be about.

        grants: All grants.

        forbids: All forbids.

        carried: Whether something gives it, which forbids alone bar.

        managers: Who could change the lines.
    """
    grants, forbids = tuple(grants), tuple(forbids)
    barring = sorted(
        (
            line
            for line in forbids
            if line.binds(member, permission, where) and line.holds(where, at)
        ),
        key=lambda line: line.order,
    )
    found = [Remedy.of("end_forbid", by=managers, line=line.place) for line in barring]
    if carried:
        return tuple(found)
    others = [
        line
        for line in forbids
        if permission in line.permissions and line.speaks_of(where) and line not in barring
    ]
    nearest = _wait(member, permission, where, at=at, grants=grants, others=others)
    if nearest is None:
        nearest = _join(
            member, permission, where, at=at, grants=grants, others=others, managers=managers
        )
    if nearest is None:
        nearest = _new_grant(member, permission, where, scope=scope, managers=managers)
    return (*found, nearest)


def _wait(
    member: str,
    permission: str,
    where: str,
    *,
    at: dt.datetime,
    grants: Sequence[Line],
    others: Sequence[Line],
) -> Remedy | None:
    """Find the first grant to come that no forbid will bar by then."""
    coming = [
        (start, line.order, line)
        for line in grants
        if line.binds(member, permission, where)
        and (start := line.span(where)[0]) is not None
        and start > at
        and not any(member in other.members and other.holds(where, start) for other in others)
    ]
    if not coming:
        return None
    start, _, line = min(coming, key=lambda found: found[:2])
    return Remedy.of("wait", start=_minute(start), line=line.place)


def _join(
    member: str,
    permission: str,
    where: str,
    *,
    at: dt.datetime,
    grants: Sequence[Line],
    others: Sequence[Line],
    managers: tuple[MemberId, ...],
) -> Remedy | None:
    """Find the team whose grant gives the least beyond what is asked, and is not forbidden it."""
    barred = {
        party.name
        for other in others
        if within(other.span(where), at)
        for party in other.source.to
        if party.kind == "team"
    }
    joinable = sorted(
        (len(line.permissions), party.name)
        for line in grants
        if permission in line.permissions and line.holds(where, at)
        for party in line.source.to
        if party.kind == "team" and party.name not in barred
    )
    if not joinable:
        return None
    return Remedy.of("join_team", by=managers, member=member, team=joinable[0][1])


def _new_grant(
    member: str, permission: str, where: str, *, scope: Scope, managers: tuple[MemberId, ...]
) -> Remedy:
    """Offer the smallest role that has it, or else the permission alone."""
    role = scope.roles.smallest_with(permission)
    if role:
        return Remedy.of("grant_role", by=managers, member=member, role=role, where=where)
    return Remedy.of(
        "grant_permission", by=managers, member=member, permission=permission, where=where
    )


def _minute(at: dt.datetime) -> str:
    """Print an instant to the minute, or as exactly as it takes."""
    form = "%H:%M:%S.%f" if at.microsecond else "%H:%M:%S" if at.second else "%H:%M"
    return f"{at:%Y-%m-%d} {at.strftime(form)} UTC"

"""Random organizations in which rules overlap, so that most questions are not trivial."""

from __future__ import annotations

import datetime as dt
import random

from socialcollab.directory import Member, Profile, Team, Workspace
from socialcollab.permissions import Absence, Forbid, Grant, ListedShift, Role, Rotation, ShiftSwap
from socialcollab.testing.strategies import SmallOrganization

PERMISSIONS = ("approve", "draft", "manage_access", "publish", "view", "ads.boost")
FIRST = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)  # nine days before the clocks change in Amsterdam
ZONES = {"tulip": "Europe/Amsterdam", "dike": "America/New_York", "polder": ""}
EVERY = ("friday 17:00", "day 09:00", "sunday 02:30", "mon-fri 08:00", "monday 00:00")


def random_organization(rng: random.Random) -> SmallOrganization:
    """Return a random organization; few names are used, so that rules overlap."""
    members = [f"m{number}" for number in range(rng.randint(3, 7))]
    workspaces = rng.sample(sorted(ZONES), rng.randint(1, 3))
    profiles = tuple(
        Profile(
            id=f"{name}-{network}",
            workspace=name,
            network=network,
            tags=rng.sample(("care", "news"), rng.randint(0, 2)),
        )
        for name in workspaces
        for network in ("x", "mastodon")
        if rng.random() < 0.9
    )
    teams = ["t0", "t1", "t2"]
    all_teams = [
        Team(
            id=name,
            members=rng.sample(members, rng.randint(0, 3)),
            includes=[other for other in teams[:number] if rng.random() < 0.4],
        )
        for number, name in enumerate(teams)
    ]
    roles = ("writer", "publisher", "editor")
    parts = {
        "members": members,
        "teams": teams,
        "workspaces": workspaces,
        "profiles": [one.id for one in profiles],
    }
    return SmallOrganization(
        members=tuple(
            Member(
                id=name,
                suspended=rng.random() < 0.08,
                timezone=rng.choice(("", "", "Asia/Tokyo")),
                left=None
                if rng.random() < 0.8
                else (FIRST + dt.timedelta(days=rng.randint(-1, 18))).date(),
            )
            for name in members
        ),
        profiles=profiles,
        teams=tuple(all_teams),
        workspaces=tuple(
            Workspace(id=name, lead="m0", default_approval="none", timezone=ZONES[name])
            for name in workspaces
        ),
        roles=tuple(
            Role(
                id=name,
                includes=[other for other in roles[:number] if rng.random() < 0.6],
                permissions=["*"] if rng.random() < 0.1 else _some(rng, PERMISSIONS, 0, 3),
            )
            for number, name in enumerate(roles)
        ),
        grants=tuple(
            _grant(rng, parts, f"grants[{number}]") for number in range(rng.randint(1, 8))
        ),
        forbids=tuple(
            Forbid(
                to=_to(rng, parts),
                permissions=_some(rng, (*PERMISSIONS, "*"), 1, 2),
                on=_on(rng, parts),
                place=f"forbids[{number}]",
                **_bounds(rng),
            )
            for number in range(rng.choice((0, 0, 1, 1, 2, 3)))
        ),
        rotations=tuple(
            _rotation(rng, members, f"d{number}", rng.choice(roles), _on(rng, parts))
            for number in range(rng.choice((0, 1, 1, 2)))
        ),
        swaps=tuple(_swap(rng, members, number) for number in range(rng.choice((0, 0, 1, 2, 3)))),
        absences=tuple(
            _absence(rng, members, number) for number in range(rng.choice((0, 1, 2, 3)))
        ),
        timezone=rng.choice(("UTC", "Europe/Lisbon")),
    )


def random_instant(rng: random.Random) -> dt.datetime:
    """Return an instant in the weeks around all bounds, often exactly at a bound."""
    minutes = rng.choice((0, 0, 0, 30, 59, 1))
    return FIRST + dt.timedelta(hours=rng.randint(-48, 24 * 21), minutes=minutes)


def _some(rng: random.Random, words: tuple[str, ...], least: int, most: int) -> list[str]:
    return rng.sample(words, rng.randint(least, most))


def _to(rng: random.Random, parts: dict[str, list[str]]) -> list[str]:
    known = [f"member:{one}" for one in parts["members"]] + [
        f"team:{one}" for one in parts["teams"]
    ]
    return rng.sample(known, rng.randint(1, 2))


def _on(rng: random.Random, parts: dict[str, list[str]]) -> dict[str, object]:
    kind = rng.random()
    if kind < 0.2 and parts["profiles"]:
        return {"profile": rng.choice(parts["profiles"])}
    if kind < 0.3:
        return {"profile_tag": rng.choice(("care", "news"))}
    on: dict[str, object] = {"workspace": rng.choice((*parts["workspaces"], "*"))}
    if rng.random() < 0.25:
        on["network"] = rng.choice(("x", "mastodon"))
    if rng.random() < 0.15:
        on["profile_tag"] = rng.choice(("care", "news"))
    if rng.random() < 0.15:
        on["excluding"] = {"network": rng.choice(("x", "mastodon"))}
    return on


def _bounds(rng: random.Random) -> dict[str, object]:
    start, end = None, None
    if rng.random() < 0.4:
        start = rng.randint(0, 24 * 18)
    if rng.random() < 0.4:
        end = (0 if start is None else start) + rng.randint(1, 24 * 12)
    return {"start": _local(start), "end": _local(end)}


def _local(hours: int | None) -> dt.date | None:
    if hours is None:
        return None
    at = FIRST.replace(tzinfo=None) + dt.timedelta(hours=hours)
    return at if at.hour else at.date()


def _grant(rng: random.Random, parts: dict[str, list[str]], place: str) -> Grant:
    gives: dict[str, object] = {"role": rng.choice(("writer", "publisher", "editor"))}
    if rng.random() < 0.5:
        gives = {"permissions": _some(rng, (*PERMISSIONS, "*"), 1, 3)}
    return Grant(to=_to(rng, parts), on=_on(rng, parts), place=place, **gives, **_bounds(rng))


def _rotation(
    rng: random.Random, members: list[str], name: str, role: str, on: dict[str, object]
) -> Rotation:
    zone = rng.choice(("", "", "Asia/Tokyo", "Europe/Amsterdam"))
    if rng.random() < 0.5:
        return Rotation(
            id=name,
            role=role,
            on=on,
            members=rng.sample(members, rng.randint(1, 3)),
            start=(FIRST + dt.timedelta(days=rng.randint(-3, 9))).date(),
            every=rng.choice(EVERY),
            end=rng.choice((None, None, "monday 09:00", "day 18:00")),
            timezone=zone,
        )
    # These bounds are on the half hour, some of them in the hour that the clocks skip.
    marks = sorted(rng.sample(range(2 * 24 * 20), rng.randint(1, 6)))
    if rng.random() < 0.4:
        marks = sorted({*marks, 2 * (24 * 9 + 2) + 1, 2 * (24 * 9 + 3), 2 * (24 * 9 + 3) + 1})
    days = rng.random() < 0.3
    if days:
        marks = sorted({mark // 48 * 48 for mark in marks})
    shifts = []
    for mark, following in zip(marks, [*marks[1:], marks[-1] + 400], strict=True):
        end = mark + rng.randint(1, following - mark) if rng.random() < 0.4 else None
        if days and end is not None:
            end = -(-end // 48) * 48
        bounds = (None if one is None else _half_hours(one) for one in (mark, end))
        start, over = (one.date() if days and one is not None else one for one in bounds)
        shifts.append(ListedShift(member=rng.choice(members), start=start, end=over))
    rng.shuffle(shifts)
    return Rotation(
        id=name,
        role=role,
        on=on,
        shifts=shifts,
        hand_off=rng.choice((None, "09:00", "02:30")) if days else None,
        end=rng.choice((None, None, None, "monday 09:00", "day 18:00")),
        timezone=zone,
    )


def _half_hours(count: int) -> dt.datetime:
    return FIRST.replace(tzinfo=None) + dt.timedelta(minutes=30 * count)


def _swap(rng: random.Random, members: list[str], number: int) -> ShiftSwap:
    start = rng.randint(-40, 2 * 24 * 18)
    until = rng.choice((None, None, None, random_instant(rng)))
    return ShiftSwap(
        id=f"s{number}",
        rotation=rng.choice(("d0", "d0", "d1")),
        member=rng.choice((*members, "gone")),
        start=_half_hours(start),
        end=_half_hours(start + rng.randint(1, 300)),
        zone=rng.choice(("", "", "America/New_York")),
        order=rng.randint(0, 3),
        until=until,
    )


def _absence(rng: random.Random, members: list[str], number: int) -> Absence:
    member, delegate = rng.sample(members, 2)
    start = (FIRST + dt.timedelta(days=rng.randint(-2, 12))).date()
    return Absence(
        id=f"a{number}",
        member=member,
        delegate=delegate if rng.random() < 0.85 else "",
        start=start,
        end=start + dt.timedelta(days=rng.randint(1, 12)),
        zone=rng.choice(("UTC", "Europe/Amsterdam", "America/New_York")),
        permissions=() if rng.random() < 0.6 else _some(rng, PERMISSIONS, 1, 3),
    )

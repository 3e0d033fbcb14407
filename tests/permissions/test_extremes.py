"""Dates at both ends of the calendar, and chains longer than the recursion limit."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from socialcollab.directory import Profile, Team, Workspace
from socialcollab.errors import InvalidValueError
from socialcollab.permissions import Access, Grant, Role, Rotation, coverage

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
PROFILES = [Profile(id="tulip-x", workspace="tulip", network="x")]
FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


def of(**more: object) -> Access:
    return Access.of(members=["ana", "ben"], profiles=PROFILES, **more)


@pytest.mark.integration
def test_long_chain_of_roles() -> None:
    """Two thousand roles that include each other are resolved without recursion."""
    roles = [Role(id=f"r{n}", includes=[f"r{n + 1}"]) for n in range(1_999)]
    with pytest.raises(InvalidValueError, match="include each other in a cycle: r0 > r1 > "):
        of(roles=[*roles, Role(id="r1999", includes=["r0"], permissions=["view"])])
    grant = Grant(to="member:ana", role="r0", on="tulip-x")
    access = of(roles=[*roles, Role(id="r1999", permissions=["view"])], grants=[grant])
    assert access.allows("ana", "view", "tulip-x", at=NOW)
    assert not access.allows("ana", "draft", "tulip-x", at=NOW)


def test_long_chain_of_teams() -> None:
    """Finding a team to join is fast even with five hundred nested teams."""
    teams = [
        Team(id=f"t{n}", includes=[f"t{n + 1}"] if n < 499 else (), members=["ana"] * (n == 499))
        for n in range(500)
    ]
    grant = Grant(to="team:t0", permissions=["view"], on="tulip-x")
    access = of(teams=teams, grants=[grant])
    began = time.perf_counter()
    verdict = access.check("ben", "view", "tulip-x", at=NOW)
    assert verdict.remedies[0].code == "join_team"
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "at",
    [
        dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=5))),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=5))),
    ],
)
def test_instant_outside_utc(at: dt.datetime) -> None:
    """An instant that UTC cannot represent is refused."""
    access = of(grants=[Grant(to="member:ana", permissions=["view"], on="tulip-x")])
    for ask in (access.allows, access.check):
        with pytest.raises(InvalidValueError, match="outside the years 1 to 9999 in UTC"):
            ask("ana", "view", "tulip-x", at=at)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_bounds_at_ends_of_calendar(zone: str) -> None:
    """Bounds in the years 1 and 9999 work in every zone."""
    workspace = Workspace(id="tulip", lead="ana", default_approval="none", timezone=zone)
    access = of(
        workspaces=[workspace],
        grants=[Grant(
            to="member:ana", permissions=["view"], on="tulip-x", start=dt.date(1, 1, 1),
            end=dt.datetime(9999, 12, 31, 23),  # noqa: DTZ001  local by meaning
        )],
    )  # fmt: skip
    assert access.allows("ana", "view", "tulip-x", at=NOW)
    assert access.check("ana", "view", "tulip-x", at=NOW).reasons[0].text()


@pytest.mark.integration
def test_coverage_of_all_time() -> None:
    """Coverage can be computed for the whole range of time that Python can represent."""
    rotation = Rotation(
        id="desk", role="care", on="tulip-x", members=["ana"], start=dt.date(2026, 1, 1),
        every="day 09:00",
    )  # fmt: skip
    access = of(
        roles={"care": ["hold"]}, rotations=[rotation],
        grants=[Grant(to="member:ana", permissions=["view"], on="tulip-x")],
    )  # fmt: skip
    found = coverage(access, start=FIRST, end=LAST)
    assert (FIRST, LAST) in {(loss.start, loss.end) for loss in found.losses if "view" in loss.lost}

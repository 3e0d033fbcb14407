"""The table behind the hot path tells what the lines tell, however places are grouped."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.directory import Profile
from socialcollab.errors import NaiveDatetimeError
from socialcollab.permissions import Access, Forbid, Grant

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
PROFILES = tuple(
    Profile(id=f"w{workspace}-{network}", workspace=f"w{workspace}", network=network)
    for workspace in range(12)
    for network in ("x", "mastodon")
)
ON_X = {"workspace": "*", "network": "x"}


def access(*, grants: list[Grant], forbids: list[Forbid] | None = None) -> Access:
    return Access.of(
        members=["ana", "ben"],
        teams={"all": ["ana", "ben"]},
        profiles=PROFILES,
        grants=grants,
        forbids=forbids or [],
    )


def places(access: Access, permission: str) -> set[str]:
    asked = [*(one.id for one in PROFILES), *(f"w{number}" for number in range(12)), "*"]
    # Asked twice: the first question works the row out.
    for _ in range(2):
        found = {one for one in asked if access.allows("ana", permission, one, at=NOW)}
    return found


def test_a_network_takes_one_number_of_a_row_and_means_all_its_profiles() -> None:
    may = access(grants=[Grant(to="member:ana", permissions="view", on=ON_X)])
    assert {f"w{number}-x" for number in range(12)} == places(may, "view")
    assert len(may.bindings.row("ana")) == 1


def test_a_forbid_on_one_profile_takes_it_out_of_its_network_and_nothing_else() -> None:
    may = access(
        grants=[Grant(to="member:ana", permissions=("view", "draft"), on=ON_X)],
        forbids=[Forbid(to="member:ana", permissions="view", on="w3-x")],
    )
    assert {f"w{number}-x" for number in range(12)} - {"w3-x"} == places(may, "view")
    assert {f"w{number}-x" for number in range(12)} == places(may, "draft")


def test_a_forbid_on_a_network_takes_it_out_of_everywhere() -> None:
    may = access(
        grants=[
            Grant(to="member:ana", permissions="view", on={"workspace": "*"}),
            Grant(to="member:ana", permissions="view", on="w3-x"),
        ],
        forbids=[Forbid(to="member:ana", permissions="*", on=ON_X)],
    )
    everywhere = {one.id for one in PROFILES} | {f"w{number}" for number in range(12)} | {"*"}
    assert {one for one in everywhere if not one.endswith("-x")} == places(may, "view")


def test_those_whom_the_same_lines_mean_share_a_row() -> None:
    may = access(grants=[Grant(to="team:all", permissions="view", on="w3-x")])
    assert may.bindings.row("ana") is may.bindings.row("ben")
    assert may.bindings.row("zoe") == {}


def test_a_naive_time_is_refused_with_the_row_worked_out_too() -> None:
    may = access(grants=[Grant(to="member:ana", permissions="view", on="w3-x")])
    assert places(may, "view") == {"w3-x"}
    with pytest.raises(NaiveDatetimeError):
        may.allows("ana", "view", "w3-x", at=dt.datetime(2026, 4, 7))  # noqa: DTZ001  refused

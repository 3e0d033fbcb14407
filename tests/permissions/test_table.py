"""The permission table returns the same answers as the rules, however resources are classed."""

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


def allowed(access: Access, permission: str) -> set[str]:
    asked = [*(one.id for one in PROFILES), *(f"w{number}" for number in range(12)), "*"]
    # The first round of questions computes the row, and the second round uses it.
    for _ in range(2):
        found = {one for one in asked if access.allows("ana", permission, one, at=NOW)}
    return found


def test_wide_set_takes_one_key() -> None:
    """A grant on a network uses one key of a row for all of its profiles."""
    may = access(grants=[Grant(to="member:ana", permissions="view", on=ON_X)])
    assert {f"w{number}-x" for number in range(12)} == allowed(may, "view")
    assert len(may.bindings.row("ana")) == 1


def test_forbid_on_part_of_class() -> None:
    """A forbid on one profile excludes only this profile from a grant on its network."""
    may = access(
        grants=[Grant(to="member:ana", permissions=("view", "draft"), on=ON_X)],
        forbids=[Forbid(to="member:ana", permissions="view", on="w3-x")],
    )
    assert {f"w{number}-x" for number in range(12)} - {"w3-x"} == allowed(may, "view")
    assert {f"w{number}-x" for number in range(12)} == allowed(may, "draft")


def test_forbid_on_wide_set() -> None:
    """A forbid on a network excludes its profiles from a grant on everything."""
    may = access(
        grants=[
            Grant(to="member:ana", permissions="view", on={"workspace": "*"}),
            Grant(to="member:ana", permissions="view", on="w3-x"),
        ],
        forbids=[Forbid(to="member:ana", permissions="*", on=ON_X)],
    )
    everywhere = {one.id for one in PROFILES} | {f"w{number}" for number in range(12)} | {"*"}
    assert {one for one in everywhere if not one.endswith("-x")} == allowed(may, "view")


def test_shared_rows() -> None:
    """Members who are named by the same rules share a row."""
    may = access(grants=[Grant(to="team:all", permissions="view", on="w3-x")])
    assert may.bindings.row("ana") is may.bindings.row("ben")
    assert may.bindings.row("zoe") == {}


def test_naive_instant() -> None:
    """A naive instant is an error even if the row has already been computed."""
    may = access(grants=[Grant(to="member:ana", permissions="view", on="w3-x")])
    assert allowed(may, "view") == {"w3-x"}
    with pytest.raises(NaiveDatetimeError):
        may.allows("ana", "view", "w3-x", at=dt.datetime(2026, 4, 7))  # noqa: DTZ001  refused

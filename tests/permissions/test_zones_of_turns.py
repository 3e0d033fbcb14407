"""A workspace's zone moves the turns of its rotations, which is giving them anew."""

from __future__ import annotations

import datetime as dt

import pytest

from socialcollab.directory import Profile, Workspace
from socialcollab.permissions import Access, Grant, Rotation, compare, escalations, gains

AT = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)


def rules(zone: str, *, rotation_zone: str = "", more: tuple[Grant, ...] = ()) -> Access:
    rotation = Rotation(
        id="desk", role="care", on={"workspace": "tulip"}, members=["ana", "ben"],
        start=dt.date(2026, 1, 2), every="friday 17:00", end="monday 09:00", timezone=rotation_zone,
    )  # fmt: skip
    return Access.of(
        members=["ana", "ben", "eva"], roles={"care": ["hold"]}, rotations=[rotation], grants=more,
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        workspaces=[Workspace(id="tulip", lead="eva", default_approval="none", timezone=zone)],
    )  # fmt: skip


def test_whoever_moves_turns_by_a_zone_gives_them() -> None:
    before, after = rules("Europe/Amsterdam"), rules("Pacific/Auckland")
    assert {("ana", "hold"), ("ben", "hold")} == {
        (gain.member, gain.permission) for gain in gains(before, after, at=AT)
    }
    assert {"ana", "ben"} == {one.member for one in compare(before, after).gains}
    assert escalations("ben", before, after, at=AT)
    holds = Grant(to="member:eva", permissions=["hold"], on={"workspace": "tulip"})
    assert not escalations(
        "eva",
        rules("Europe/Amsterdam", more=(holds,)),
        rules("Pacific/Auckland", more=(holds,)),
        at=AT,
    )


@pytest.mark.parametrize(
    ("zone", "rotation_zone"), [("Europe/Amsterdam", ""), ("Asia/Tokyo", "UTC")]
)
def test_turns_that_stay_where_they_are_are_no_gift(zone: str, rotation_zone: str) -> None:
    before = rules("Europe/Amsterdam", rotation_zone=rotation_zone)
    assert not list(gains(before, rules(zone, rotation_zone=rotation_zone), at=AT))

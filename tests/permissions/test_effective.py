"""Effective permissions of a member, with their reasons and the member to ask for more."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given

from socialcollab.directory import Profile, Workspace
from socialcollab.errors import NaiveDatetimeError
from socialcollab.permissions import Absence, Access, Grant, effective_permissions
from socialcollab.testing.strategies import small_organizations

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
ACCESS = Access.of(
    members=["ana", "ben", "eva", "tom"],
    profiles=[
        Profile(id="tulip-x", workspace="tulip", network="x"),
        Profile(id="tulip-m", workspace="tulip", network="mastodon"),
        Profile(id="dike-x", workspace="dike", network="x"),
    ],
    workspaces=[
        Workspace(id=name, lead="eva", default_approval="none") for name in ("tulip", "dike")
    ],
    roles={"writer": ["view", "draft"], "publisher": ["view", "draft", "publish"], "owner": ["*"]},
    teams={"social": ["ana", "ben"]},
    grants=[
        Grant(to="team:social", role="writer", on={"workspace": "tulip"}),
        Grant(to="member:ben", role="publisher", on="tulip-m"),
        Grant(to="member:eva", role="owner", on={"workspace": "*"}),
    ],
    absences=[
        Absence(
            id="a",
            member="ben",
            delegate="ana",
            start=dt.date(2026, 4, 6),
            end=dt.date(2026, 4, 10),
            zone="UTC",
        )
    ],
)


def test_text() -> None:
    """The text lists permissions by resource, with reasons and the member to ask."""
    said = str(effective_permissions(ACCESS, "ana", at=NOW)).splitlines()
    assert said == [
        "tulip",
        "  draft, view: grants[0] grants `ana` `writer` on `tulip` through team `social`",
        "  for more permissions, ask eva",
        "tulip-m",
        "  draft, view: grants[0] grants `ana` `writer` on `tulip-m` through team `social`",
        "  publish: `ana` is the delegate of `ben` until 2026-04-10; grants[1] grants `ben` `publisher`"
        " on `tulip-m`",
        "  for more permissions, ask eva",
        "tulip-x",
        "  draft, view: grants[0] grants `ana` `writer` on `tulip-x` through team `social`",
        "  for more permissions, ask eva",
    ]
    assert "vraag eva" in effective_permissions(ACCESS, "ana", at=NOW).text("nl")
    assert "tulip-m" in effective_permissions(ACCESS, "ana", at=NOW)._repr_html_()


def test_no_one_to_ask() -> None:
    """No member to ask is named if the member manages access; an unknown member has no permissions."""
    assert {one.ask for one in effective_permissions(ACCESS, "eva", at=NOW).resources} == {""}
    for member in ("tom", "nobody"):
        assert effective_permissions(ACCESS, member, at=NOW).resources == ()
        assert (
            str(effective_permissions(ACCESS, member, at=NOW)) == f"`{member}` has no permissions"
        )
    with pytest.raises(NaiveDatetimeError):
        effective_permissions(ACCESS, "ana", at=NOW.replace(tzinfo=None))


@given(small_organizations())
def test_complete_and_exact(organization) -> None:
    """The effective permissions are exactly those that are allowed."""
    access = organization.access()
    at = dt.datetime(2026, 3, 25, 12, tzinfo=dt.UTC)
    for member in access.member_ids:
        listed = {
            (permission, place.resource)
            for place in effective_permissions(access, member, at=at).resources
            for held in place.held
            for permission in held.permissions
        }
        assert listed == {
            (permission, resource)
            for resource in organization.resources
            for permission in access.permissions_of(member, resource, at=at)
        }

"""The difference between two sets of rules, and the rules that cause it."""

from __future__ import annotations

import datetime as dt

import attrs
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Team, Workspace
from socialcollab.permissions import Access, Forbid, Grant, Role, Rotation, compare
from socialcollab.testing.strategies import small_organizations

PROFILES = [
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="tulip-m", workspace="tulip", network="mastodon"),
    Profile(id="dike-x", workspace="dike", network="x"),
]
WORKSPACES = [
    Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdam"),
    Workspace(id="dike", lead="eva", default_approval="none"),
]
ROLES = [
    Role(id="writer", permissions=["view", "draft"]),
    Role(id="publisher", includes=["writer"], permissions=["publish"]),
]
MOMENTS = st.integers(min_value=0, max_value=24 * 22).map(
    lambda hours: dt.datetime(2026, 3, 19, tzinfo=dt.UTC) + dt.timedelta(hours=hours)
)


def rules(*values: Grant | Forbid | Rotation, members=("ana", "ben", "eva"), **more) -> Access:
    def of(kind: type) -> list:
        return [one for one in values if isinstance(one, kind)]

    return Access.of(
        members=members, profiles=PROFILES, workspaces=WORKSPACES, roles=more.pop("roles", ROLES),
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), **more,
    )  # fmt: skip


def gives(to: str, on: object = None, **more) -> Grant:
    return Grant(to=to, on=on or {"workspace": "tulip"}, **more)


def changes(before: Access, after: Access, **more) -> list[str]:
    return str(compare(before, after, **more)).splitlines()


def test_same_permissions() -> None:
    """Rules that give the same permissions in different ways do not differ."""
    one = rules(gives("member:ana", role="writer"), gives("member:ben", role="writer"))
    other = rules(
        gives("member:ben", permissions=["draft", "view"]),
        gives("team:duo", role="writer"),
        teams={"duo": ["ana"]},
    )
    assert not compare(one, other)
    assert ["no member gains or loses a permission"] == changes(one, other)


def test_role_on_workspace() -> None:
    """A role on a workspace is one change."""
    assert ["+ ana: publisher on tulip (grants[0])"] == changes(
        rules(), rules(gives("member:ana", role="publisher"))
    )


def test_grant_everywhere() -> None:
    """A grant on all resources is shown as a star."""
    assert ["- ana: writer on * (grants[0])"] == changes(
        rules(gives("member:ana", {"workspace": "*"}, role="writer")), rules()
    )


def test_workspace_without_a_profile() -> None:
    """A workspace without all of its profiles is shown as itself."""
    forbid = Forbid(to="member:ana", permissions=["draft"], on="tulip-m")
    found = compare(rules(), rules(gives("member:ana", permissions=["draft"]), forbid))
    (change,) = found.changes
    assert (("tulip", "tulip-x"), ("tulip (itself)", "tulip-x")) == (
        change.resources,
        change.resources_in_short,
    )


def test_kept_permissions() -> None:
    """Permissions that do not change are omitted."""
    before = rules(gives("member:ana", role="writer"))
    after = rules(gives("member:ana", role="writer"), gives("member:ana", role="publisher"))
    assert ["+ ana: publish on tulip (grants[1])"] == changes(before, after)


def test_forbid_as_cause() -> None:
    """A forbid that starts or ends is the cause of the change."""
    grant = gives("member:ana", role="publisher")
    forbid = Forbid(to="member:ana", permissions=["publish"], on="tulip-x")
    assert ["- ana: publish on tulip-x (forbids[0])"] == changes(rules(grant), rules(grant, forbid))
    assert ["+ ana: publish on tulip-x (forbids[0])"] == changes(rules(grant, forbid), rules(grant))


def test_team_members() -> None:
    """Members who join a team gain the permissions of its grants, and members who leave lose them."""
    line = gives("team:social", role="writer")
    before = rules(line, teams=[Team(id="social", members=["ana"])])
    after = rules(line, teams=[Team(id="social", members=["ben"])])
    assert [
        "- ana: writer on tulip (grants[0])",
        "+ ben: writer on tulip (grants[0])",
    ] == changes(before, after)


def test_wider_role() -> None:
    """A role with more permissions changes every member who has it."""
    wider = [Role(id="writer", permissions=["view", "draft", "submit"])]
    before = rules(gives("member:ana", role="writer"))
    after = rules(gives("member:ana", role="writer"), roles=wider)
    assert ["+ ana: submit on tulip (grants[0])"] == changes(before, after)


def test_extended_grant() -> None:
    """An extended grant changes only the added time."""
    spring = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    summer = attrs.evolve(spring, end=dt.date(2026, 9, 1))
    assert [
        "+ ana: writer on tulip from 2026-06-01 00:00 Europe/Amsterdam"
        " until 2026-09-01 00:00 Europe/Amsterdam (grants[0])"
    ] == changes(rules(spring), rules(summer))


def test_ended_grants_left_out() -> None:
    """Permissions that have ended are omitted."""
    spring = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    after = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
    assert not compare(rules(spring), rules(), at=after)
    assert compare(rules(spring), rules(), at=after - dt.timedelta(days=9))


def test_split_by_cause() -> None:
    """A change is split where another rule becomes its cause."""
    first = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    then = gives("member:ana", role="writer", start=dt.date(2026, 6, 1))
    assert [
        "+ ana: writer on tulip until 2026-06-01 00:00 Europe/Amsterdam (grants[0])",
        "+ ana: writer on tulip from 2026-06-01 00:00 Europe/Amsterdam (grants[1])",
    ] == changes(rules(), rules(first, then))


def test_rotation_by_rule() -> None:
    """Membership in a rule-based rotation is gained from its first day on."""
    rotation = Rotation(
        id="weekend", role="writer", on={"workspace": "tulip"}, members=["ana"],
        start=dt.date(2026, 3, 20), every="friday 17:00",
    )  # fmt: skip
    assert [
        "+ ana: writer on tulip from 2026-03-20 00:00 Europe/Amsterdam (rotations[0])"
    ] == changes(rules(), rules(rotation))
    assert not compare(rules(rotation), rules(rotation))
    assert not compare(rules(rotation), rules(attrs.evolve(rotation, id="other")))
    both = attrs.evolve(rotation, members=["ana", "ben"])
    assert ["ana", "ana", "ben"] == [
        one.member for one in compare(rules(rotation), rules(both)).changes
    ]


def test_suspension() -> None:
    """A member who is suspended loses all permissions."""
    people = [Member(id="ana", suspended=True), "ben", "eva"]
    line = gives("member:ana", role="writer")
    assert ["- ana: writer on tulip (grants[0])"] == changes(
        rules(line), rules(line, members=people)
    )


def test_notebook_table() -> None:
    """A notebook shows a table."""
    html = compare(rules(), rules(gives("member:ana", role="writer")))._repr_html_()
    assert "writer" in html
    assert "<script" not in html


@given(small_organizations(), small_organizations(), MOMENTS)
def test_complete_and_exact(one, other, at) -> None:
    """At any instant, the changes are exactly the permissions that differ."""
    one = attrs.evolve(one, rotations=(), absences=())
    other = attrs.evolve(other, rotations=(), absences=())
    before, after = one.access(), other.access()
    comparison = compare(before, after)

    def differs(kind: str, member: str, permission: str, resource: str) -> bool:
        return any(
            change.kind == kind
            and change.member == member
            and permission in change.permissions
            and resource in change.resources
            and (change.start is None or change.start <= at)
            and (change.end is None or at < change.end)
            for change in comparison.changes
        )

    for member in ("ana", "ben"):
        for permission in ("approve", "publish", "view"):
            for resource in other.resources:
                was = before.allows(member, permission, resource, at=at)
                is_ = after.allows(member, permission, resource, at=at)
                assert differs("gains", member, permission, resource) == (is_ and not was)
                assert differs("loses", member, permission, resource) == (was and not is_)


@given(small_organizations())
def test_equal_rules(organization) -> None:
    """A document does not differ from itself."""
    assert not compare(organization.access(), organization.access())

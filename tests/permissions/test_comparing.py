"""Between two sets of rules: who gains and who loses what, and by which line."""

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


def rules(*lines: Grant | Forbid | Rotation, members=("ana", "ben", "eva"), **more) -> Access:
    def of(kind: type) -> list:
        return [one for one in lines if isinstance(one, kind)]

    return Access.of(
        members=members, profiles=PROFILES, workspaces=WORKSPACES, roles=more.pop("roles", ROLES),
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), **more,
    )  # fmt: skip


def gives(to: str, on: object = None, **more) -> Grant:
    return Grant(to=to, on=on or {"workspace": "tulip"}, **more)


def said(before: Access, after: Access, **more) -> list[str]:
    return str(compare(before, after, **more)).splitlines()


def test_rules_that_say_the_same_in_other_words_differ_in_nothing() -> None:
    one = rules(gives("member:ana", role="writer"), gives("member:ben", role="writer"))
    other = rules(
        gives("member:ben", permissions=["draft", "view"]),
        gives("team:duo", role="writer"),
        teams={"duo": ["ana"]},
    )
    assert not compare(one, other)
    assert ["nobody gains or loses a right"] == said(one, other)


def test_a_role_on_a_workspace_is_one_line() -> None:
    assert ["+ ana: publisher on tulip (grants[0])"] == said(
        rules(), rules(gives("member:ana", role="publisher"))
    )


def test_a_grant_everywhere_is_said_so() -> None:
    assert ["- ana: writer on * (grants[0])"] == said(
        rules(gives("member:ana", {"workspace": "*"}, role="writer")), rules()
    )


def test_a_workspace_without_all_of_its_profiles_is_told_from_the_whole() -> None:
    forbid = Forbid(to="member:ana", permissions=["draft"], on="tulip-m")
    found = compare(rules(), rules(gives("member:ana", permissions=["draft"]), forbid))
    (change,) = found.changes
    assert (("tulip", "tulip-x"), ("tulip (itself)", "tulip-x")) == (
        change.resources,
        change.resources_in_short,
    )


def test_what_is_kept_is_not_in_it() -> None:
    before = rules(gives("member:ana", role="writer"))
    after = rules(gives("member:ana", role="writer"), gives("member:ana", role="publisher"))
    assert ["+ ana: publish on tulip (grants[1])"] == said(before, after)


def test_a_forbid_that_begins_or_ends_is_what_does_it() -> None:
    grant = gives("member:ana", role="publisher")
    forbid = Forbid(to="member:ana", permissions=["publish"], on="tulip-x")
    assert ["- ana: publish on tulip-x (forbids[0])"] == said(rules(grant), rules(grant, forbid))
    assert ["+ ana: publish on tulip-x (forbids[0])"] == said(rules(grant, forbid), rules(grant))


def test_whoever_joins_a_team_gains_by_its_line_and_who_leaves_loses() -> None:
    line = gives("team:social", role="writer")
    before = rules(line, teams=[Team(id="social", members=["ana"])])
    after = rules(line, teams=[Team(id="social", members=["ben"])])
    assert [
        "- ana: writer on tulip (grants[0])",
        "+ ben: writer on tulip (grants[0])",
    ] == said(before, after)


def test_a_role_that_comes_to_allow_more_changes_all_who_have_it() -> None:
    wider = [Role(id="writer", permissions=["view", "draft", "submit"])]
    before = rules(gives("member:ana", role="writer"))
    after = rules(gives("member:ana", role="writer"), roles=wider)
    assert ["+ ana: submit on tulip (grants[0])"] == said(before, after)


def test_of_a_grant_that_is_renewed_only_the_new_time_is_gained() -> None:
    spring = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    summer = attrs.evolve(spring, end=dt.date(2026, 9, 1))
    assert [
        "+ ana: writer on tulip from 2026-06-01 00:00 Europe/Amsterdam"
        " until 2026-09-01 00:00 Europe/Amsterdam (grants[0])"
    ] == said(rules(spring), rules(summer))


def test_what_is_over_is_left_out() -> None:
    spring = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    after = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)
    assert not compare(rules(spring), rules(), at=after)
    assert compare(rules(spring), rules(), at=after - dt.timedelta(days=9))


def test_where_another_line_takes_over_each_time_has_its_line() -> None:
    first = gives("member:ana", role="writer", end=dt.date(2026, 6, 1))
    then = gives("member:ana", role="writer", start=dt.date(2026, 6, 1))
    assert [
        "+ ana: writer on tulip until 2026-06-01 00:00 Europe/Amsterdam (grants[0])",
        "+ ana: writer on tulip from 2026-06-01 00:00 Europe/Amsterdam (grants[1])",
    ] == said(rules(), rules(first, then))


def test_a_place_in_a_rotation_is_gained_from_its_first_day_on() -> None:
    rotation = Rotation(
        id="weekend", role="writer", on={"workspace": "tulip"}, members=["ana"],
        start=dt.date(2026, 3, 20), every="friday 17:00",
    )  # fmt: skip
    assert ["+ ana: writer on tulip from 2026-03-20 00:00 Europe/Amsterdam (rotations[0])"] == said(
        rules(), rules(rotation)
    )
    assert not compare(rules(rotation), rules(rotation))
    assert not compare(rules(rotation), rules(attrs.evolve(rotation, id="other")))
    both = attrs.evolve(rotation, members=["ana", "ben"])
    assert ["ana", "ana", "ben"] == [
        one.member for one in compare(rules(rotation), rules(both)).changes
    ]


def test_a_member_who_is_suspended_loses_everything() -> None:
    people = [Member(id="ana", suspended=True), "ben", "eva"]
    line = gives("member:ana", role="writer")
    assert ["- ana: writer on tulip (grants[0])"] == said(rules(line), rules(line, members=people))


def test_it_is_a_table_for_people() -> None:
    html = compare(rules(), rules(gives("member:ana", role="writer")))._repr_html_()
    assert "writer" in html
    assert "<script" not in html


@given(small_organizations(), small_organizations(), MOMENTS)
def test_it_is_all_and_nothing_but_what_differs(one, other, at) -> None:
    """At any instant: who may then and might not before is among the gains, and nobody else."""
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
def test_nothing_differs_from_itself(organization) -> None:
    assert not compare(organization.access(), organization.access())

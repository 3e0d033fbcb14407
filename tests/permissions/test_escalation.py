"""Privilege escalation: the permissions that a change gives, and who can give them."""

from __future__ import annotations

import datetime as dt
import random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.permissions import (
    Absence,
    Access,
    Forbid,
    Gain,
    Grant,
    Role,
    Rotation,
    escalations,
    escalations_by_absence,
    gains,
)
from socialcollab.testing.strategies import grants, small_organizations

START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
DAYS = 12
# Half days are used so that instants between the bounds are tested too.
INSTANTS = [START + dt.timedelta(hours=12) * number for number in range(-3, 2 * DAYS + 4)]


def inside(spans: object, at: dt.datetime) -> bool:
    return any((low is None or low <= at) and (high is None or at < high) for low, high in spans)


MEMBERS = ("ana", "ben")
PLACES = ("tulip-x", "dike-x", "tulip", "dike", "*")
lines = st.builds(
    dict,
    to=st.sampled_from(["member:ana", "member:ben"]),
    permissions=st.lists(st.sampled_from(["view", "draft", "approve"]), min_size=1, unique=True),
    on=st.sampled_from([{"workspace": "tulip"}, {"workspace": "*"}, "tulip-x"]),
    bounds=st.tuples(st.integers(1, 5), st.integers(6, 10)),
)


def access(grants: list[dict], forbids: list[dict]) -> Access:
    def made(cls: type, line: dict):
        first, last = line["bounds"]
        return cls(
            to=line["to"],
            permissions=tuple(line["permissions"]),
            on=line["on"],
            start=None if first == 1 else dt.date(2026, 4, first),
            end=None if last == 10 else dt.date(2026, 4, last),
        )

    return Access.of(
        members=MEMBERS,
        profiles=[
            Profile(id="tulip-x", workspace="tulip", network="x"),
            Profile(id="dike-x", workspace="dike", network="x"),
        ],
        workspaces=[Workspace(id=one, lead="ana", default_approval="none")
                    for one in ("tulip", "dike")],
        grants=[made(Grant, one) for one in grants],
        forbids=[made(Forbid, one) for one in forbids],
    )  # fmt: skip


documents = st.tuples(st.lists(lines, max_size=4), st.lists(lines, max_size=2))


@given(documents, documents, st.integers(0, DAYS))
def test_gains(old, new, now: int) -> None:
    """Gains are exactly the permissions that are allowed after the change but not before."""
    before, after = access(*old), access(*new)
    at = START + dt.timedelta(days=now)
    expected = {
        (member, permission, resource)
        for member in MEMBERS
        for permission in ("view", "draft", "approve")
        for resource in PLACES
        for instant in INSTANTS
        if instant >= at
        and after.allows(member, permission, resource, at=instant)
        and not before.allows(member, permission, resource, at=instant)
    }
    found = list(gains(before, after, at=at))
    assert expected == {(one.member, one.permission, one.resource) for one in found}
    for gain in found:
        for instant in INSTANTS:
            if instant >= at and inside([(gain.start, gain.end)], instant):
                question = (gain.member, gain.permission, gain.resource)
                assert after.allows(*question, at=instant)
                assert not before.allows(*question, at=instant)


@given(documents, documents)
def test_escalations(old, new) -> None:
    """Escalations are the gains that the author does not have for as long."""
    before, after = access(*old), access(*new)
    expected = [
        one
        for one in gains(before, after, at=START)
        if not all(
            before.allows("ana", one.permission, one.resource, at=instant)
            for instant in INSTANTS
            if instant == START or (instant > START and inside([(one.start, one.end)], instant))
        )
    ]
    assert expected == list(escalations("ana", before, after, at=START))


def test_new_resources() -> None:
    """For a permission on a new resource, its workspace or else `*` is checked."""
    line = {
        "to": "member:ben",
        "permissions": ["draft"],
        "on": {"workspace": "*"},
        "bounds": (1, 10),
    }
    narrow = {**line, "to": "member:ana", "on": {"workspace": "tulip"}}

    def with_profile(*grants: dict) -> Access:
        made = [
            Grant(to=one["to"], permissions=tuple(one["permissions"]), on=one["on"])
            for one in grants
        ]
        return Access.of(
            members=MEMBERS,
            profiles=[
                Profile(id="tulip-x", workspace="tulip", network="x"),
                Profile(id="dike-x", workspace="dike", network="x"),
                Profile(id="tulip-new", workspace="tulip", network="x"),
                Profile(id="new-x", workspace="new", network="x"),
            ],
            grants=made,
        )

    before = access([narrow], [])
    left = {
        one.resource for one in escalations("ana", before, with_profile(narrow, line), at=START)
    }
    assert {"*", "dike", "dike-x", "new", "new-x"} == left
    assert Gain(member="ben", permission="draft", resource="*") in set(
        gains(before, with_profile(narrow, line), at=START)
    )


# Permissions that a member may give.

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
PROFILES = [
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="dike-x", workspace="dike", network="x"),
]
WORKSPACES = [Workspace(id=name, lead="eva", default_approval="none") for name in ("tulip", "dike")]
MANAGER = Role(id="manager", permissions=["view", "publish", "manage_access"])


def rules(*values: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in values if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"], profiles=PROFILES, workspaces=WORKSPACES, roles=[MANAGER],
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), absences=of(Absence),
    )  # fmt: skip


def manages(member: str, on: object = None, **more) -> Grant:
    return Grant(to=f"member:{member}", role="manager", on=on or {"workspace": "tulip"}, **more)


def to_ben(*permissions: str, on: object = None, **more) -> Grant:
    return Grant(to="member:ben", permissions=permissions, on=on or {"workspace": "tulip"}, **more)


def codes(access: Access, giver: str, grant: Grant) -> list[str]:
    verdict = access.can_give(giver, grant, at=NOW)
    assert bool(verdict) == (verdict.reasons[0].code == "holds_all_granted")
    return sorted({reason.code for reason in verdict.reasons})


def test_can_give_own_permissions() -> None:
    """A member who manages access may give the permissions that they have."""
    access = rules(manages("ana"))
    assert ["holds_all_granted"] == codes(access, "ana", to_ben("publish"))
    assert ["holds_all_granted"] == codes(access, "ana", to_ben("publish", on="tulip-x"))


def test_cannot_give_more() -> None:
    """A grant of other permissions is refused, and all of these permissions are named."""
    verdict = rules(manages("ana")).can_give("ana", to_ben("publish", "approve"), at=NOW)
    assert [("approve", "tulip"), ("approve", "tulip-x")] == sorted(
        (reason["permission"], reason["resource"]) for reason in verdict.reasons
    )
    assert "`ana` cannot grant `ben` `approve`" in verdict.explain()


def test_giver_manages_access() -> None:
    """A member without `manage_access` on a resource cannot give permissions on it."""
    access = rules(manages("ana"), to_ben("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "ana", to_ben("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "ben", to_ben("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "zoe", to_ben("publish"))


def test_cannot_give_for_longer() -> None:
    """A permission cannot be given for longer than the giver has it."""
    access = rules(manages("ana", end=dt.date(2026, 5, 1)))
    assert ["grant_exceeds_own"] == codes(access, "ana", to_ben("publish"))
    assert ["holds_all_granted"] == codes(access, "ana", to_ben("publish", end=dt.date(2026, 5, 1)))
    assert ["grant_exceeds_own"] == codes(access, "ana", to_ben("publish", end=dt.date(2026, 5, 2)))


def test_receiver_has_it_already() -> None:
    """Giving a permission that the recipient already has does not require the permission."""
    access = rules(manages("ana"), to_ben("approve"))
    assert ["holds_all_granted"] == codes(access, "ana", to_ben("approve"))


def test_cannot_give_shifts_or_delegations() -> None:
    """Permissions from shifts and delegations cannot be given."""
    rotation = Rotation(
        id="desk", role="manager", on={"workspace": "tulip"}, members=["ana"],
        start=dt.date(2026, 1, 1), every="day 00:00",
    )  # fmt: skip
    assert rules(rotation).allows("ana", "manage_access", "tulip", at=NOW)
    assert ["grant_exceeds_own"] == codes(rules(rotation), "ana", to_ben("publish"))
    away = Absence(
        id="a", member="eva", delegate="ana", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    access = rules(manages("eva"), away)
    assert access.allows("ana", "manage_access", "tulip", at=NOW)
    assert ["grant_unmanaged"] == codes(access, "ana", to_ben("publish"))
    assert ["holds_all_granted"] == codes(access, "eva", to_ben("publish"))


def test_forbidden_permission_not_held() -> None:
    """A forbidden permission cannot be given."""
    forbid = Forbid(to="member:ana", permissions=["publish"], on="tulip-x")
    access = rules(manages("ana"), forbid)
    assert ["grant_exceeds_own"] == codes(access, "ana", to_ben("publish"))


@given(small_organizations(), st.lists(grants(), max_size=12), st.randoms(use_true_random=False))
def test_grants_in_a_circle(organization, drawn: list[Grant], rng: random.Random) -> None:
    """No sequence of grants gives a group permissions that none of its members had at that instant."""
    at = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    start = attrs.evolve(organization, rotations=(), absences=()).access()
    circle = ("ana", "ben", "eva")
    now = start
    for one in drawn:
        wish = attrs.evolve(one, to=[f"member:{rng.choice(circle)}"])
        if now.can_give(rng.choice(circle), wish, at=at):
            now = now.with_grants(wish)
    for later in (at, at + dt.timedelta(days=3), at + dt.timedelta(days=30)):
        for permission in ("approve", "draft", "manage_access", "publish", "view"):
            for resource in organization.resources:
                if any(now.allows(who, permission, resource, at=later) for who in circle):
                    assert any(start.allows(who, permission, resource, at=later) for who in circle)


def test_absence_of_another_member() -> None:
    """A member who names a delegate for another member needs the permissions that the delegate gains."""
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    access = rules(manages("eva"), manages("ana"), Grant(
        to="member:eva", permissions=["approve"], on={"workspace": "tulip"}, end=dt.date(2026, 4, 9)
    ))  # fmt: skip
    assert () == escalations_by_absence("eva", away, access)
    more = escalations_by_absence("ana", away, access)
    assert {("approve", "tulip"), ("approve", "tulip-x")} == {
        (gain.permission, gain.resource) for gain in more
    }
    assert {(dt.date(2026, 4, 1), dt.date(2026, 4, 9))} == {
        (gain.start.date(), gain.end.date()) for gain in more
    }
    assert () == escalations_by_absence("ana", attrs.evolve(away, permissions=["publish"]), access)
    assert () == escalations_by_absence("ana", attrs.evolve(away, delegate=""), access)


def test_absence_from_rotation() -> None:
    """Membership in a rotation counts as its role when it is delegated."""
    rotation = Rotation(
        id="desk", role="manager", on={"workspace": "tulip"}, members=["eva"],
        start=dt.date(2026, 1, 1), every="day 00:00",
    )  # fmt: skip
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    assert {"view", "publish", "manage_access"} == {
        gain.permission for gain in escalations_by_absence("ana", away, rules(rotation))
    }
    assert () == escalations_by_absence("ana", away, rules(rotation, manages("ana")))


def test_ended_forbid_on_delegate() -> None:
    """Ending a forbid on a delegate gives them the permissions of the absent member."""
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    approves = Grant(to="member:eva", permissions=["approve"], on={"workspace": "tulip"})
    rotation = Rotation(
        id="desk", role="manager", on={"workspace": "dike"}, members=["eva"],
        start=dt.date(2026, 1, 1), every="day 00:00",
    )  # fmt: skip
    forbid = Forbid(to="member:ben", permissions=["*"], on={"workspace": "*"})
    lines = (manages("ana", on={"workspace": "*"}), approves, away, rotation)
    before, after = rules(*lines, forbid), rules(*lines)
    assert not before.allows("ben", "approve", "tulip-x", at=NOW)
    assert after.allows("ben", "approve", "tulip-x", at=NOW)
    assert {("ben", "approve", "tulip"), ("ben", "approve", "tulip-x")} == {
        (gain.member, gain.permission, gain.resource)
        for gain in escalations("ana", before, after, at=NOW)
    }
    assert () == escalations("eva", rules(*lines[1:3], forbid), rules(*lines[1:3]), at=NOW)
    # Outside the absence, the delegate gains nothing.
    assert () == escalations("ana", before, after, at=NOW + dt.timedelta(days=60))
    shorter = attrs.evolve(forbid, end=dt.date(2026, 4, 20))
    assert {dt.date(2026, 4, 20)} == {
        gain.start.date() for gain in escalations("ana", before, rules(*lines, shorter), at=NOW)
    }


def test_ended_suspension_of_delegate() -> None:
    """Ending the suspension of a delegate gives them the permissions of the absent member."""
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    approves = Grant(to="member:eva", permissions=["approve"], on={"workspace": "tulip"})

    def of(**more: object) -> Access:
        return Access.of(
            members=["ana", Member(id="ben", **more), "eva"], profiles=PROFILES,
            workspaces=WORKSPACES, roles=[MANAGER], absences=[away],
            grants=[approves, manages("ana", on={"workspace": "*"})],
        )  # fmt: skip

    for before in (of(suspended=True), of(left=dt.date(2026, 4, 10))):
        assert {"approve"} == {gain.permission for gain in escalations("ana", before, of(), at=NOW)}
        assert () == escalations("eva", before, of(), at=NOW)


def test_forbid_of_removed_permission() -> None:
    """Removing a custom permission requires the same permissions as ending its forbids."""

    def of(*custom: str, forbidden: bool = False) -> Access:
        return Access.of(
            members=["ana", "eva"], profiles=PROFILES, workspaces=WORKSPACES,
            custom_permissions=custom, roles={"all": ["*"]},
            grants=[Grant(to=["member:ana", "member:eva"], role="all", on={"workspace": "*"})],
            forbids=[Forbid(to="member:ana", permissions=custom, on="tulip-x")] if forbidden else (),
        )  # fmt: skip

    before, removed = of("ads.boost", forbidden=True), of()
    assert {("ana", "ads.boost", "tulip-x")} == {
        (gain.member, gain.permission, gain.resource)
        for gain in escalations("ana", before, removed, at=NOW)
    }
    assert () == escalations("eva", before, removed, at=NOW)
    assert () == escalations("ana", of("ads.boost"), removed, at=NOW)

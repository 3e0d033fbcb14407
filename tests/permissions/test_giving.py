"""Nobody gives, or lets a delegate have, more than they hold."""

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
    Grant,
    Role,
    Rotation,
    escalations,
    escalations_by_absence,
)
from socialcollab.testing.strategies import grants, small_organizations

NOW = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
PROFILES = [
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="dike-x", workspace="dike", network="x"),
]
WORKSPACES = [Workspace(id=name, lead="eva", default_approval="none") for name in ("tulip", "dike")]
MANAGER = Role(id="manager", permissions=["view", "publish", "manage_access"])


def rules(*lines: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in lines if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"], profiles=PROFILES, workspaces=WORKSPACES, roles=[MANAGER],
        grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation), absences=of(Absence),
    )  # fmt: skip


def manages(who: str, on: object = None, **more) -> Grant:
    return Grant(to=f"member:{who}", role="manager", on=on or {"workspace": "tulip"}, **more)


def gift(*permissions: str, on: object = None, **more) -> Grant:
    return Grant(to="member:ben", permissions=permissions, on=on or {"workspace": "tulip"}, **more)


def codes(access: Access, giver: str, grant: Grant) -> list[str]:
    verdict = access.can_give(giver, grant, at=NOW)
    assert bool(verdict) == (verdict.reasons[0].code == "holds_all_granted")
    return sorted({reason.code for reason in verdict.reasons})


def test_what_one_holds_one_may_give_where_one_manages_access() -> None:
    access = rules(manages("ana"))
    assert ["holds_all_granted"] == codes(access, "ana", gift("publish"))
    assert ["holds_all_granted"] == codes(access, "ana", gift("publish", on="tulip-x"))


def test_more_than_one_holds_is_refused_and_every_piece_is_named() -> None:
    verdict = rules(manages("ana")).can_give("ana", gift("publish", "approve"), at=NOW)
    assert [("approve", "tulip"), ("approve", "tulip-x")] == sorted(
        (reason["permission"], reason["resource"]) for reason in verdict.reasons
    )
    assert "`ana` cannot grant `ben` `approve`" in verdict.explain()


def test_where_one_does_not_manage_access_nothing_can_be_given() -> None:
    access = rules(manages("ana"), gift("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "ana", gift("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "ben", gift("publish", on="dike-x"))
    assert ["grant_unmanaged"] == codes(access, "zoe", gift("publish"))


def test_nothing_is_given_for_longer_than_it_is_held() -> None:
    access = rules(manages("ana", end=dt.date(2026, 5, 1)))
    assert ["grant_exceeds_own"] == codes(access, "ana", gift("publish"))
    assert ["holds_all_granted"] == codes(access, "ana", gift("publish", end=dt.date(2026, 5, 1)))
    assert ["grant_exceeds_own"] == codes(access, "ana", gift("publish", end=dt.date(2026, 5, 2)))


def test_what_the_receiver_has_already_is_no_gift() -> None:
    access = rules(manages("ana"), gift("approve"))
    assert ["holds_all_granted"] == codes(access, "ana", gift("approve"))


def test_what_one_has_on_duty_or_in_the_place_of_another_is_not_ones_to_give() -> None:
    rotation = Rotation(
        id="desk", role="manager", on={"workspace": "tulip"}, members=["ana"],
        start=dt.date(2026, 1, 1), every="day 00:00",
    )  # fmt: skip
    assert rules(rotation).allows("ana", "manage_access", "tulip", at=NOW)
    assert ["grant_exceeds_own"] == codes(rules(rotation), "ana", gift("publish"))
    away = Absence(
        id="a", member="eva", delegate="ana", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    access = rules(manages("eva"), away)
    assert access.allows("ana", "manage_access", "tulip", at=NOW)
    assert ["grant_unmanaged"] == codes(access, "ana", gift("publish"))
    assert ["holds_all_granted"] == codes(access, "eva", gift("publish"))


def test_what_a_forbid_keeps_from_one_is_not_held() -> None:
    forbid = Forbid(to="member:ana", permissions=["publish"], on="tulip-x")
    access = rules(manages("ana"), forbid)
    assert ["grant_exceeds_own"] == codes(access, "ana", gift("publish"))


@given(small_organizations(), st.lists(grants(), max_size=12), st.randoms(use_true_random=False))
def test_no_sequence_of_gifts_gives_a_circle_of_people_what_none_of_them_held(
    organization, gifts: list[Grant], chance: random.Random
) -> None:
    """Whatever any of them comes to have at an instant, one of them had then from the start."""
    at = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
    start = attrs.evolve(organization, rotations=(), absences=()).access()
    circle = ("ana", "ben", "eva")
    now = start
    for one in gifts:
        wish = attrs.evolve(one, to=[f"member:{chance.choice(circle)}"])
        if now.can_give(chance.choice(circle), wish, at=at):
            now = now.with_grants(wish)
    for later in (at, at + dt.timedelta(days=3), at + dt.timedelta(days=30)):
        for permission in ("approve", "draft", "manage_access", "publish", "view"):
            for resource in organization.resources:
                if any(now.allows(who, permission, resource, at=later) for who in circle):
                    assert any(start.allows(who, permission, resource, at=later) for who in circle)


def test_whoever_names_a_delegate_for_another_lends_no_more_than_they_hold() -> None:
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


def test_lending_a_place_in_a_rotation_takes_what_its_role_allows() -> None:
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


def test_whatever_kept_a_delegate_from_what_they_stand_in_for_is_ended_by_whoever_holds_it() -> (
    None
):
    away = Absence(
        id="a", member="eva", delegate="ben", start=dt.date(2026, 4, 1), end=dt.date(2026, 5, 1)
    )
    approves = Grant(to="member:eva", permissions=["approve"], on={"workspace": "tulip"})
    rotation = Rotation(
        id="desk", role="manager", on={"workspace": "dike"}, members=["eva"],
        start=dt.date(2026, 1, 1), every="day 00:00",
    )  # fmt: skip
    barring = Forbid(to="member:ben", permissions=["*"], on={"workspace": "*"})
    lines = (manages("ana", on={"workspace": "*"}), approves, away, rotation)
    before, after = rules(*lines, barring), rules(*lines)
    assert not before.allows("ben", "approve", "tulip-x", at=NOW)
    assert after.allows("ben", "approve", "tulip-x", at=NOW)
    assert {("ben", "approve", "tulip"), ("ben", "approve", "tulip-x")} == {
        (gain.member, gain.permission, gain.resource)
        for gain in escalations("ana", before, after, at=NOW)
    }
    assert () == escalations("eva", rules(*lines[1:3], barring), rules(*lines[1:3]), at=NOW)
    # Before and after the days on which ben stands in nothing comes of it.
    assert () == escalations("ana", before, after, at=NOW + dt.timedelta(days=60))
    shorter = attrs.evolve(barring, end=dt.date(2026, 4, 20))
    assert {dt.date(2026, 4, 20)} == {
        gain.start.date() for gain in escalations("ana", before, rules(*lines, shorter), at=NOW)
    }


def test_whoever_stands_in_is_given_back_what_a_suspension_kept_away() -> None:
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


def test_nobody_is_rid_of_a_forbid_by_letting_a_permission_go_and_come_back() -> None:
    def of(*custom: str, barred: bool = False) -> Access:
        return Access.of(
            members=["ana", "eva"], profiles=PROFILES, workspaces=WORKSPACES,
            custom_permissions=custom, roles={"all": ["*"]},
            grants=[Grant(to=["member:ana", "member:eva"], role="all", on={"workspace": "*"})],
            forbids=[Forbid(to="member:ana", permissions=custom, on="tulip-x")] if barred else (),
        )  # fmt: skip

    before, gone = of("ads.boost", barred=True), of()
    assert {("ana", "ads.boost", "tulip-x")} == {
        (gain.member, gain.permission, gain.resource)
        for gain in escalations("ana", before, gone, at=NOW)
    }
    assert () == escalations("eva", before, gone, at=NOW)
    assert () == escalations("ana", of("ads.boost"), gone, at=NOW)

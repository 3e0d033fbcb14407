"""Coverage, compared with the naive removal of each set of members."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Principal, Profile, Workspace
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.permissions import (
    Absence,
    Access,
    Coverage,
    Forbid,
    Grant,
    ReviewerGroup,
    Rotation,
    coverage,
)
from socialcollab.testing.strategies import grants, small_organizations

START, END = dt.datetime(2026, 7, 1, tzinfo=dt.UTC), dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
PROFILES = [
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="tulip-m", workspace="tulip", network="mastodon"),
]
WORKSPACES = [Workspace(id="tulip", lead="eva", default_approval="none")]


def rules(*values: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in values if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"], profiles=PROFILES, workspaces=WORKSPACES,
        roles={"care": ["hold"]}, grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation),
        absences=of(Absence),
    )  # fmt: skip


def gives(member: str, *permissions: str, on: object = "tulip-x", **more) -> Grant:
    return Grant(to=f"member:{member}", permissions=permissions, on=on, **more)


def away(member: str, first: int, back: int, delegate: str = "") -> Absence:
    return Absence(
        id=f"{member}{first}", member=member, delegate=delegate,
        start=dt.date(2026, 7, first), end=dt.date(2026, 7, back),
    )  # fmt: skip


def losses(access: Access, **more) -> list[str]:
    return str(coverage(access, start=START, end=END, **more)).splitlines()


def test_single_holder() -> None:
    """A permission that only one member has is lost if that member is absent."""
    access = rules(gives("ana", "approve", "view"), gives("ben", "view"))
    assert [
        "without ana: no member has approve on tulip-x from 2026-07-01 00:00 until 2026-08-01 00:00 UTC"
    ] == losses(access)
    assert 0 == coverage(access, start=START, end=END).survives


def test_text() -> None:
    """Profiles are shown in short form, and times in the zone that the profiles share."""
    profiles = [
        Profile(id=f"{workspace}-{network}", workspace=workspace, network=network)
        for workspace in ("dike", "tulip")
        for network in ("instagram", "x")
    ]

    def lost(on: object, tulip: str = "Europe/Amsterdam") -> list[str]:
        access = Access.of(
            members=["ana"],
            profiles=profiles,
            workspaces=[
                Workspace(id="tulip", lead="ana", default_approval="none", timezone=tulip),
                Workspace(id="dike", lead="ana", default_approval="none", timezone="Europe/Paris"),
            ],
            grants=[gives("ana", "view", on=on)],
        )
        return [line.partition(" on ")[2] for line in losses(access)]

    here = "from 2026-07-01 02:00 until 2026-08-01 02:00 Europe/Amsterdam"
    utc = "from 2026-07-01 00:00 until 2026-08-01 00:00 UTC"
    assert [f"* {utc}"] == lost({"workspace": "*"})
    assert [f"all of tulip {here}"] == lost({"workspace": "tulip"})
    assert [f"tulip-x {here}"] == lost("tulip-x")
    assert [f"all of tulip, dike-x {utc}"] == lost(
        {"profile": ["dike-x", "tulip-x", "tulip-instagram"]}
    )
    assert [f"* {here.replace('Amsterdam', 'Paris')}"] == lost({"workspace": "*"}, "Europe/Paris")


def test_two_holders() -> None:
    """If two members have a permission, only the set of both is reported."""
    access = rules(gives("ana", "approve"), gives("ben", "approve"))
    assert ["nothing is lost"] == losses(access)
    assert ["ana", "ben"] == list(coverage(access, start=START, end=END, absent=2).losses[0].absent)
    assert 1 == coverage(access, start=START, end=END).survives


def test_recorded_absence() -> None:
    """A recorded absence limits a loss to its days."""
    access = rules(gives("ana", "approve"), gives("ben", "approve"), away("ben", 5, 15))
    assert [
        "without ana: no member has approve on tulip-x from 2026-07-05 00:00 until 2026-07-15 00:00 UTC"
    ] == losses(access)


def test_delegate_covers() -> None:
    """A delegate covers for a member with a recorded absence."""
    access = rules(gives("ana", "approve"), gives("ben", "approve"), away("ben", 5, 15, "eva"))
    assert ["nothing is lost"] == losses(access)
    both = coverage(access, start=START, end=END, absent=2).losses
    assert [("ana", "ben"), ("ana", "ben"), ("ana", "eva")] == [one.absent for one in both]


def test_nothing_to_lose() -> None:
    """A permission that no member has is not lost."""
    access = rules(gives("ana", "approve", end=dt.date(2026, 7, 10)))
    (loss,) = coverage(access, start=START, end=END).losses
    assert (START, dt.datetime(2026, 7, 10, tzinfo=dt.UTC)) == (loss.start, loss.end)


def test_grouping() -> None:
    """Profiles and permissions that are lost together are one loss."""
    access = rules(gives("ana", "approve", "view", on={"workspace": "tulip"}))
    (loss,) = coverage(access, start=START, end=END).losses
    assert (("approve", "view"), ("tulip-m", "tulip-x")) == (loss.lost, loss.resources)


def test_rotation() -> None:
    """Each shift of a rotation depends on one member."""
    rotation = Rotation(
        id="care", role="care", on="tulip-x", members=["ana", "ben"],
        start=dt.date(2026, 7, 1), every="FREQ=WEEKLY;BYDAY=WE;BYHOUR=0;BYMINUTE=0;BYSECOND=0",
    )  # fmt: skip
    losses = coverage(rules(rotation), start=START, end=START + dt.timedelta(days=14)).losses
    assert [("ana", 1), ("ben", 8)] == [(one.absent[0], one.start.day) for one in losses]
    assert {("hold", "rotation:care")} == {loss.lost for loss in losses}
    assert 0 == coverage(rules(rotation), start=START, end=END).survives


def test_without_certain_members() -> None:
    """With `without`, each loss names those members who cause it."""
    access = rules(
        gives("ana", "approve"), gives("ben", "approve"), gives("ana", "publish"),
        gives("eva", "view"),
    )  # fmt: skip
    losses = coverage(access, start=START, end=END, without=["ben", "ana"]).losses
    assert {("ana",): ("publish",), ("ana", "ben"): ("approve",)} == {
        loss.absent: loss.lost for loss in losses
    }
    assert () == coverage(access, start=START, end=END, without=["ben"]).losses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": END, "end": START}, "not after"),
        ({"absent": 0}, "not a positive number of members"),
        ({"without": ["anna"]}, "did you mean `ana`"),
    ],
)
def test_invalid_questions(options: dict, message: str) -> None:
    """Invalid arguments are rejected."""
    with pytest.raises(InvalidValueError, match=message):
        coverage(rules(), **{"start": START, "end": END, **options})


def test_naive_instants_of_coverage() -> None:
    """A naive instant is refused."""
    with pytest.raises(NaiveDatetimeError):
        coverage(rules(), start=START.replace(tzinfo=None), end=END)


FIRST = dt.datetime(2026, 3, 18, tzinfo=dt.UTC)


@given(
    small_organizations(),
    st.integers(1, 3),
    st.lists(st.integers(0, 24 * 24).map(lambda one: FIRST + dt.timedelta(hours=one)), min_size=2,
             max_size=4),
)  # fmt: skip
def test_complete_and_minimal(organization, absent, moments) -> None:
    """At any instant, the losses are exactly the smallest sets whose absence causes a loss."""
    access = organization.access()
    found = coverage(access, start=FIRST, end=FIRST + dt.timedelta(days=25), absent=absent)
    people = [one.id for one in organization.members]
    for at in moments:
        gone = {one.member for one in organization.absences if one.covers(at)}
        for profile in organization.profiles:
            for permission in ("approve", "publish", "draft"):
                able = {
                    who
                    for who in people
                    if who not in gone and access.allows(who, permission, profile.id, at=at)
                }
                expected = {
                    frozenset(some)
                    for size in range(1, absent + 1)
                    for some in combinations(people, size)
                    if able and able <= set(some) and not any(
                        able <= set(less) for less in combinations(some, size - 1)
                    )
                }  # fmt: skip
                lost = {
                    frozenset(loss.absent)
                    for loss in found.losses
                    if permission in loss.lost
                    and profile.id in loss.resources
                    and loss.start <= at < loss.end
                }
                assert expected == lost, (permission, profile.id, at)
                if able:
                    assert found.survives is not None
                    assert found.survives < len(able)


@given(
    small_organizations(),
    st.integers(1, 3),
    st.lists(st.integers(0, 24 * 24).map(lambda one: FIRST + dt.timedelta(hours=one)), min_size=2,
             max_size=4),
    st.data(),
    st.integers(1, 3),
)  # fmt: skip
def test_steps_complete_and_minimal(organization, absent, moments, data, needed) -> None:
    """At any instant, the losses of steps are exactly the smallest sets that break the quorum."""
    access = organization.access()
    people = [one.id for one in organization.members]
    kinds = [
        *(f"member:{name}" for name in people),
        *(f"team:{team.id}" for team in organization.teams),
        *(f"role:{role.id}" for role in organization.roles),
        *(f"rotation:{rotation}" for rotation in access.rotation_ids),
    ]
    reviewers = [
        Principal.parse(name)
        for name in data.draw(st.lists(st.sampled_from(kinds), min_size=1, unique=True))
    ]
    profile = data.draw(st.sampled_from(organization.profiles)).id
    group = ReviewerGroup(
        step="brand/legal", resource=profile, reviewers=tuple(reviewers), needed=needed
    )
    found = coverage(
        access, start=FIRST, end=FIRST + dt.timedelta(days=25), absent=absent, steps=[group]
    )
    for at in moments:
        gone = {one.member for one in access.all_absences if one.covers(at)}

        def denotes(principal, who, at=at):
            if principal.kind == "role":
                return access.has_role(who, principal.name, profile, at=at)
            if principal.kind == "rotation":
                return who == access.on_duty(principal.name, profile, at=at)
            return who in access.everyone_in(principal)

        # Members can decide in their own right or as the delegate of an absent reviewer.
        own = {
            who
            for who in people
            if access.bindings.allows(who, "approve", profile, at)
            and any(denotes(principal, who) for principal in reviewers)
        }
        able = (own - gone) | {
            delegate
            for absent_member in own & gone
            for delegate in access.delegates(absent_member, "approve", profile, at=at)
            if delegate not in gone and not access.bindings.scope.has_left(delegate, at)
        }
        expected = {
            frozenset(some)
            for size in range(1, absent + 1)
            for some in combinations(able, size)
            if len(able) >= needed and len(able) - size == needed - 1
        }
        lost = {
            frozenset(loss.absent)
            for loss in found.losses
            if "step:brand/legal" in loss.lost and loss.start <= at < loss.end
        }
        assert expected == lost, (at, able)


def test_step_with_one_reviewer() -> None:
    """A step is lost if its only reviewer is absent, even if others have `approve`."""
    access = rules(gives("ana", "approve"), gives("ben", "approve"), gives("eva", "approve"))
    group = ReviewerGroup(
        step="brand/legal", resource="tulip-x", reviewers=(Principal.parse("member:ana"),)
    )
    assert losses(access, steps=[group]) == [
        "without ana: too few members can decide on step brand/legal on tulip-x"
        " from 2026-07-01 00:00 until 2026-08-01 00:00 UTC"
    ]
    assert coverage(access, start=START, end=END, steps=[group]).survives == 0
    both = attrs.evolve(group, reviewers=(Principal.parse("member:ben"), *group.reviewers))
    assert coverage(access, start=START, end=END, steps=[both]).losses == ()
    pair = attrs.evolve(both, needed=2)
    assert {
        loss.absent for loss in coverage(access, start=START, end=END, steps=[pair]).losses
    } == {
        ("ana",),
        ("ben",),
    }
    found = coverage(access, start=START, end=END, steps=[pair], without=["ana", "eva"])
    assert [loss.absent for loss in found.losses] == [("ana",)]


@pytest.mark.integration
@given(
    small_organizations(),
    grants(),
    st.lists(
        st.integers(0, 24 * 24).map(lambda one: FIRST + dt.timedelta(hours=one)),
        min_size=2,
        max_size=4,
    ),
)
def test_further_member_never_worsens(organization, grant, moments) -> None:
    """An additional present member never adds a loss."""
    line = attrs.evolve(grant, to="member:newcomer", place="newcomer")
    richer = attrs.evolve(
        organization,
        members=(*organization.members, Member(id="newcomer")),
        grants=(*organization.grants, line),
    )
    people = [one.id for one in organization.members]
    span = {"start": FIRST, "end": FIRST + dt.timedelta(days=25)}

    def lost(found: Coverage, at: dt.datetime) -> set[tuple[str, str]]:
        return {
            (what, resource)
            for loss in found.losses
            if loss.start <= at < loss.end
            for what in loss.lost
            for resource in loss.resources
        }

    for some in (*combinations(people, 1), *combinations(people, 2)):
        before, after = (
            coverage(one.access(), without=some, **span) for one in (organization, richer)
        )
        for at in moments:
            assert lost(after, at) <= lost(before, at)

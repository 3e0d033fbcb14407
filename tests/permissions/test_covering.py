"""What nobody could do any more if some people were away, held against trying it."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Profile, Workspace
from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.permissions import Absence, Access, Coverage, Forbid, Grant, Rotation, coverage
from socialcollab.testing.strategies import grants, small_organizations

START, END = dt.datetime(2026, 7, 1, tzinfo=dt.UTC), dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
PROFILES = [
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="tulip-m", workspace="tulip", network="mastodon"),
]
WORKSPACES = [Workspace(id="tulip", lead="eva", default_approval="none")]


def rules(*lines: object) -> Access:
    def of(kind: type) -> list:
        return [one for one in lines if isinstance(one, kind)]

    return Access.of(
        members=["ana", "ben", "eva"], profiles=PROFILES, workspaces=WORKSPACES,
        roles={"care": ["hold"]}, grants=of(Grant), forbids=of(Forbid), rotations=of(Rotation),
        absences=of(Absence),
    )  # fmt: skip


def gives(who: str, *permissions: str, on: object = "tulip-x", **more) -> Grant:
    return Grant(to=f"member:{who}", permissions=permissions, on=on, **more)


def away(who: str, first: int, back: int, delegate: str = "") -> Absence:
    return Absence(
        id=f"{who}{first}", member=who, delegate=delegate,
        start=dt.date(2026, 7, first), end=dt.date(2026, 7, back),
    )  # fmt: skip


def said(access: Access, **more) -> list[str]:
    return str(coverage(access, start=START, end=END, **more)).splitlines()


def test_what_only_one_person_may_is_lost_without_them() -> None:
    access = rules(gives("ana", "approve", "view"), gives("ben", "view"))
    assert [
        "without ana: nobody may approve on tulip-x from 2026-07-01 00:00 until 2026-08-01 00:00 UTC"
    ] == said(access)
    assert 0 == coverage(access, start=START, end=END).survives


def test_places_are_said_in_short_and_times_in_the_zone_they_share() -> None:
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
        return [line.partition(" on ")[2] for line in said(access)]

    here = "from 2026-07-01 02:00 until 2026-08-01 02:00 Europe/Amsterdam"
    utc = "from 2026-07-01 00:00 until 2026-08-01 00:00 UTC"
    assert [f"* {utc}"] == lost({"workspace": "*"})
    assert [f"all of tulip {here}"] == lost({"workspace": "tulip"})
    assert [f"tulip-x {here}"] == lost("tulip-x")
    assert [f"all of tulip, dike-x {utc}"] == lost(
        {"profile": ["dike-x", "tulip-x", "tulip-instagram"]}
    )
    assert [f"* {here.replace('Amsterdam', 'Paris')}"] == lost({"workspace": "*"}, "Europe/Paris")


def test_two_of_two_are_named_together_and_no_smaller_set() -> None:
    access = rules(gives("ana", "approve"), gives("ben", "approve"))
    assert ["nothing is lost"] == said(access)
    assert ["ana", "ben"] == list(coverage(access, start=START, end=END, absent=2).losses[0].absent)
    assert 1 == coverage(access, start=START, end=END).survives


def test_it_has_dates_where_somebody_is_known_to_be_away() -> None:
    access = rules(gives("ana", "approve"), gives("ben", "approve"), away("ben", 5, 15))
    assert [
        "without ana: nobody may approve on tulip-x from 2026-07-05 00:00 until 2026-07-15 00:00 UTC"
    ] == said(access)


def test_a_delegate_covers_for_whoever_is_known_to_be_away() -> None:
    access = rules(gives("ana", "approve"), gives("ben", "approve"), away("ben", 5, 15, "eva"))
    assert ["nothing is lost"] == said(access)
    both = coverage(access, start=START, end=END, absent=2).losses
    assert [("ana", "ben"), ("ana", "ben"), ("ana", "eva")] == [one.absent for one in both]


def test_what_nobody_has_is_not_lost() -> None:
    access = rules(gives("ana", "approve", end=dt.date(2026, 7, 10)))
    (loss,) = coverage(access, start=START, end=END).losses
    assert (START, dt.datetime(2026, 7, 10, tzinfo=dt.UTC)) == (loss.start, loss.end)


def test_the_places_and_permissions_that_go_together_are_one_line() -> None:
    access = rules(gives("ana", "approve", "view", on={"workspace": "tulip"}))
    (loss,) = coverage(access, start=START, end=END).losses
    assert (("approve", "view"), ("tulip-m", "tulip-x")) == (loss.what, loss.resources)


def test_each_turn_of_a_duty_hangs_on_one_person() -> None:
    rotation = Rotation(
        id="care", role="care", on="tulip-x", members=["ana", "ben"],
        start=dt.date(2026, 7, 1), every="FREQ=WEEKLY;BYDAY=WE;BYHOUR=0;BYMINUTE=0;BYSECOND=0",
    )  # fmt: skip
    losses = coverage(rules(rotation), start=START, end=START + dt.timedelta(days=14)).losses
    assert [("ana", 1), ("ben", 8)] == [(one.absent[0], one.start.day) for one in losses]
    assert {("hold", "rotation:care")} == {one.what for one in losses}
    assert 0 == coverage(rules(rotation), start=START, end=END).survives


def test_of_certain_people_what_is_lost_names_those_it_takes() -> None:
    access = rules(
        gives("ana", "approve"), gives("ben", "approve"), gives("ana", "publish"),
        gives("eva", "view"),
    )  # fmt: skip
    losses = coverage(access, start=START, end=END, without=["ben", "ana"]).losses
    assert {("ana",): ("publish",), ("ana", "ben"): ("approve",)} == {
        one.absent: one.what for one in losses
    }
    assert () == coverage(access, start=START, end=END, without=["ben"]).losses


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"start": END, "end": START}, "not after"),
        ({"absent": 0}, "from 1 on"),
        ({"without": ["anna"]}, "did you mean `ana`"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(asked: dict, said: str) -> None:
    with pytest.raises(InvalidValueError, match=said):
        coverage(rules(), **{"start": START, "end": END, **asked})


def test_naive_times_are_refused() -> None:
    with pytest.raises(NaiveDatetimeError):
        coverage(rules(), start=START.replace(tzinfo=None), end=END)


FIRST = dt.datetime(2026, 3, 18, tzinfo=dt.UTC)


@given(
    small_organizations(),
    st.integers(1, 3),
    st.lists(st.integers(0, 24 * 24).map(lambda one: FIRST + dt.timedelta(hours=one)), min_size=2,
             max_size=4),
)  # fmt: skip
def test_it_agrees_with_leaving_each_set_of_people_out(organization, absent, moments) -> None:
    """At any instant: exactly the smallest sets without which nobody is left who may."""
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
                    if permission in loss.what
                    and profile.id in loss.resources
                    and loss.start <= at < loss.end
                }
                assert expected == lost, (permission, profile.id, at)
                if able:
                    assert found.survives is not None
                    assert found.survives < len(able)


@given(
    small_organizations(),
    grants(),
    st.lists(
        st.integers(0, 24 * 24).map(lambda one: FIRST + dt.timedelta(hours=one)),
        min_size=2,
        max_size=4,
    ),
)
def test_somebody_more_who_is_never_away_never_worsens_it(organization, grant, moments) -> None:
    """No set of the others loses anything by them that it would not have lost before."""
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
            for what in loss.what
            for resource in loss.resources
        }

    for some in (*combinations(people, 1), *combinations(people, 2)):
        before, after = (
            coverage(one.access(), without=some, **span) for one in (organization, richer)
        )
        for at in moments:
            assert lost(after, at) <= lost(before, at)

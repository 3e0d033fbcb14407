"""The document without somebody who leaves: heirs in their places, or one name less."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Principal, Team
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import Organization, offboarding_items
from socialcollab.organization.offboarding import handed_over, refuse_successor, successors_by_place
from socialcollab.permissions import Grant
from socialcollab.testing.documents import documents

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 1)
NORTHWIND = Organization.template("northwind")


def test_who_is_alone_where_somebody_has_to_be_needs_an_heir() -> None:
    needing = {
        who: [one.place for one in offboarding_items(NORTHWIND, who, at=NOW) if one.needs_successor]
        for who in ("ana", "ben", "eva", "noor")
    }
    assert [] == needing["ana"] == needing["ben"]
    assert "workspaces[0].lead" in needing["eva"]
    assert ["approvals[1].steps[0].reviewers[0]"] == needing["noor"]


def test_without_them_lines_of_their_own_go_and_lists_have_one_name_less() -> None:
    after, needed = handed_over(NORTHWIND, "ben", {}, left=TODAY)
    assert not needed
    assert TODAY == after.members_by_id["ben"].left
    assert ("ana", "eva") == after.teams[0].members == after.rotations[0].members
    assert all("ben" not in str(grant.to) for grant in after.grants)
    assert () == tuple(offboarding_items(after, "ben", at=NOW))
    gone, _ = handed_over(NORTHWIND, "ana", {}, left=TODAY)
    assert () == gone.forbids


def test_heirs_stand_in_their_places_once() -> None:
    places = [one.place for one in offboarding_items(NORTHWIND, "ben", at=NOW)]
    after, needed = handed_over(NORTHWIND, "ben", dict.fromkeys(places, "eva"), left=TODAY)
    assert not needed
    assert ("ana", "eva") == after.rotations[0].members
    alone, _ = handed_over(
        NORTHWIND, "noor", {"approvals[1].steps[0].reviewers[0]": "ana"}, left=TODAY
    )
    (reviewer,) = alone.approvals[1].steps[0].reviewers
    assert "member:ana" == str(reviewer)


def test_turns_of_a_list_stay_unless_somebody_takes_them_over() -> None:
    """Were one taken out, the turn before it would last longer, and its member gain by that."""
    listed = Organization.from_dict({
        **NORTHWIND.to_dict(),
        "rotations": [{"id": "summer", "role": "publisher", "on": {"workspace": "tulip"},
                    "shifts": [{"member": "ana", "start": dt.date(2026, 5, 1)},
                              {"member": "ben", "start": dt.date(2026, 5, 8)},
                              {"member": "ben", "start": dt.date(2026, 7, 1)}]}],
    }, files=NORTHWIND.files)  # fmt: skip
    shifts = [one for one in offboarding_items(listed, "ben", at=NOW) if one.section == "rotations"]
    assert [False, True] == [one.takes_successor for one in shifts]
    after, needed = handed_over(listed, "ben", {shifts[1].place: "eva"}, left=TODAY)
    assert not needed
    assert ["ana", "ben", "eva"] == [one.member for one in after.rotations[0].shifts]
    assert [] == [one for one in shifts if one.needs_successor]


def test_heirs_are_named_by_place_or_by_section_and_the_place_goes_first() -> None:
    things = offboarding_items(NORTHWIND, "ben", at=NOW)
    found = successors_by_place(
        things, {"grants": "ana", "grants[0].to[0]": "eva", "rotations": "ana"}, member="ben"
    )
    assert "eva" == found["grants[0].to[0]"]
    assert "ana" == found["rotations[0].members[1]"]
    with pytest.raises(InvalidValueError, match=r"did you mean `rotations`"):
        successors_by_place(things, {"rotationz": "ana"}, member="ben")


@pytest.mark.parametrize(
    ("successor", "error", "says"),
    [
        ("evaa", NotFoundError, "did you mean `eva`"),
        ("ben", InvalidValueError, "from themselves"),
        ("noor", InvalidValueError, "suspended"),
        ("ana", InvalidValueError, "left the organization"),
    ],
)
def test_an_heir_is_somebody_else_who_is_there(successor, error, says) -> None:
    members = [
        attrs.evolve(one, suspended=one.id == "noor", left=TODAY if one.id == "ana" else None)
        for one in NORTHWIND.members
    ]
    organization = attrs.evolve(NORTHWIND, members=tuple(members))
    with pytest.raises(error, match=says):
        refuse_successor(organization, "ben", successor, at=NOW)


def test_nobody_who_does_not_exist_leaves() -> None:
    with pytest.raises(NotFoundError, match="did you mean `ben`"):
        offboarding_items(NORTHWIND, "bne", at=NOW)


@given(documents(), st.data())
def test_whoever_leaves_is_named_nowhere_once_all_that_needs_an_heir_has_one(
    document, data
) -> None:
    organization = Organization.from_dict(document)
    names = [one.id for one in organization.members]
    if len(names) < 2:
        return
    who = data.draw(st.sampled_from(names))
    successor = data.draw(st.sampled_from([name for name in names if name != who]))
    things = offboarding_items(organization, who, at=NOW)
    needing = {one.place: successor for one in things if one.needs_successor}
    after, needed = handed_over(organization, who, needing, left=TODAY)
    assert not needed
    left = [one.place for one in offboarding_items(after, who, at=NOW)]
    assert all(".shifts[" in place for place in left)
    assert set(needing) == handed_over(organization, who, {}, left=TODAY)[1]


def test_the_last_who_may_do_everything_needs_an_heir_for_that() -> None:
    organization = NORTHWIND
    at = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)

    def marked(of: Organization) -> set[str]:
        things = offboarding_items(of, "eva", at=at)
        return {one.place for one in things if one.consequence.code == "offboarding.last_owner"}

    assert marked(organization) == {"grants[1].to[0]"}
    things = {one.place: one for one in offboarding_items(organization, "eva", at=at)}
    thing = things["grants[1].to[0]"]
    assert thing.needs_successor
    assert thing.successor == ""
    assert "no other member has every permission everywhere" in thing.text()
    owner = Grant(to="member:ben", role="owner", on={"workspace": "*"})
    assert marked(organization.with_sections(grants=[owner])) == set()
    # One who is an owner for a while alone takes nobody's place.
    brief = attrs.evolve(owner, end=dt.date(2026, 5, 1))
    assert marked(organization.with_sections(grants=[brief])) == {"grants[1].to[0]"}


def test_whoever_owns_by_a_team_needs_an_heir_in_the_team() -> None:
    organization = NORTHWIND
    at = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
    first, second, *others = organization.grants
    team = Team(id="owners", members=["eva"])
    by_team = attrs.evolve(
        organization,
        teams=(*organization.teams, team),
        grants=(first, attrs.evolve(second, to=(Principal.parse("team:owners"),)), *others),
    )
    (found,) = (
        one
        for one in offboarding_items(by_team, "eva", at=at)
        if one.consequence.code == "offboarding.last_owner"
    )
    assert found.section == "teams"

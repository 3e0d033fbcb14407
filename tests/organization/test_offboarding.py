"""References to a member, and the document after the member has left."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.directory import Member, Principal, Team
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.organization import (
    Organization,
    RuntimeState,
    check_successor,
    hand_over,
    offboarding_items,
    references_to,
    successors_by_place,
)
from socialcollab.permissions import Absence, Grant
from socialcollab.testing.documents import documents

NOW = dt.datetime(2026, 6, 1, 9, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 1)
NORTHWIND = Organization.template("northwind")


def places(organization: Organization, member: str) -> dict[str, bool]:
    """Return the places of all references to a member, and whether each names only that member."""
    references = references_to(organization, member).references
    return {reference.place: reference.is_only_member for reference in references}


def test_references() -> None:
    """References are found in all sections, with their places."""
    found = places(NORTHWIND, "eva")
    assert found["workspaces[0].lead"]
    assert not found["teams[0].members[2]"]
    assert not found["rotations[0].members[2]"]
    assert any(place.startswith("grants[") for place in found)


def test_references_needing_successor() -> None:
    """References that name no other member need a successor."""
    references = references_to(NORTHWIND, "noor")
    assert all(one.is_only_member for one in references.needing_successor)
    assert {"approvals", "grants"} <= {one.section for one in references.needing_successor}
    assert "no other member" in str(references)
    assert "only member" in references._repr_html_()


def test_references_in_absences() -> None:
    """An absence refers to the absent member and to the delegate."""
    absence = Absence(
        id="a1", member="ben", delegate="eva", start=dt.date(2026, 7, 1), end=dt.date(2026, 7, 9)
    )
    organization = NORTHWIND.with_state(RuntimeState(absences=(absence,)))
    for member in ("ben", "eva"):
        assert "absence a1" in places(organization, member)
    assert "absence a1" not in places(organization, "ana")


def test_no_references() -> None:
    """A member who is mentioned nowhere has no references; an unknown member is an error."""
    organization = NORTHWIND.with_sections(members=[Member(id="zoe")])
    assert "nothing depends on zoe" == str(references_to(organization, "zoe"))
    with pytest.raises(NotFoundError, match="did you mean `eva`"):
        references_to(NORTHWIND, "evaa")


@given(documents())
@pytest.mark.integration
def test_all_references(document) -> None:
    """There is one reference for each occurrence of the member as a value in a document."""
    try:
        organization = Organization.from_dict(document)
    except ExceptionGroup:
        return

    def count(value: object, member: str) -> int:
        if isinstance(value, dict):
            # Texts for people can contain anything, even the id of a member.
            texts = ("id", "name", "reason")
            return sum(count(item, member) for key, item in value.items() if key not in texts)
        if isinstance(value, list):
            return sum(count(item, member) for item in value)
        return value in (member, f"member:{member}")

    for member in organization.members:
        references = references_to(organization, member.id).references
        assert count(document, member.id) == len(references)


def test_needed_successors() -> None:
    """A successor is needed where an entry names no other member and cannot be removed."""
    needing = {
        member: [
            item.place
            for item in offboarding_items(NORTHWIND, member, at=NOW)
            if item.needs_successor
        ]
        for member in ("ana", "ben", "eva", "noor")
    }
    assert [] == needing["ana"] == needing["ben"]
    assert "workspaces[0].lead" in needing["eva"]
    assert ["approvals[1].steps[0].reviewers[0]"] == needing["noor"]


def test_hand_over_without_successors() -> None:
    """Rules for the member alone are removed, and the member is removed from lists."""
    after, needed = hand_over(NORTHWIND, "ben", {}, left=TODAY)
    assert not needed
    assert TODAY == after.members_by_id["ben"].left
    assert ("ana", "eva") == after.teams[0].members == after.rotations[0].members
    assert all("ben" not in str(grant.to) for grant in after.grants)
    assert () == tuple(offboarding_items(after, "ben", at=NOW))
    without_ana, _ = hand_over(NORTHWIND, "ana", {}, left=TODAY)
    assert () == without_ana.forbids


def test_hand_over_to_successors() -> None:
    """Successors replace the member; no list names a successor twice."""
    items = offboarding_items(NORTHWIND, "ben", at=NOW)
    successors = {item.place: "eva" for item in items}
    after, needed = hand_over(NORTHWIND, "ben", successors, left=TODAY)
    assert not needed
    assert ("ana", "eva") == after.rotations[0].members
    after, _ = hand_over(
        NORTHWIND, "noor", {"approvals[1].steps[0].reviewers[0]": "ana"}, left=TODAY
    )
    (reviewer,) = after.approvals[1].steps[0].reviewers
    assert "member:ana" == str(reviewer)


def test_listed_shifts_stay() -> None:
    """A listed shift without a successor is kept, because the shift before it would become longer."""
    listed = Organization.from_dict({
        **NORTHWIND.to_dict(),
        "routing": (),  # a rule assigns to the rotation that is replaced
        "rotations": [{"id": "summer", "role": "publisher", "on": {"workspace": "tulip"},
                    "shifts": [{"member": "ana", "start": dt.date(2026, 5, 1)},
                              {"member": "ben", "start": dt.date(2026, 5, 8)},
                              {"member": "ben", "start": dt.date(2026, 7, 1)}]}],
    }, files=NORTHWIND.files)  # fmt: skip
    items = offboarding_items(listed, "ben", at=NOW)
    shifts = [item for item in items if item.section == "rotations"]
    assert [False, True] == [item.transferable for item in shifts]
    after, needed = hand_over(listed, "ben", {shifts[1].place: "eva"}, left=TODAY)
    assert not needed
    assert ["ana", "ben", "eva"] == [shift.member for shift in after.rotations[0].shifts]
    assert [] == [item for item in shifts if item.needs_successor]


def test_successors_by_place() -> None:
    """Successors are given by place or by section, and a place takes precedence."""
    items = offboarding_items(NORTHWIND, "ben", at=NOW)
    successors = successors_by_place(
        items, {"grants": "ana", "grants[0].to[0]": "eva", "rotations": "ana"}, member="ben"
    )
    assert "eva" == successors["grants[0].to[0]"]
    assert "ana" == successors["rotations[0].members[1]"]
    with pytest.raises(InvalidValueError, match=r"did you mean `rotations`"):
        successors_by_place(items, {"rotationz": "ana"}, member="ben")


@pytest.mark.parametrize(
    ("successor", "error", "message"),
    [
        ("evaa", NotFoundError, "did you mean `eva`"),
        ("ben", InvalidValueError, "their own successor"),
        ("noor", InvalidValueError, "suspended"),
        ("ana", InvalidValueError, "left the organization"),
    ],
)
def test_check_successor(successor, error, message) -> None:
    """A successor must be another member who is neither suspended nor has left."""
    members = [
        attrs.evolve(
            member,
            suspended=member.id == "noor",
            left=TODAY if member.id == "ana" else None,
        )
        for member in NORTHWIND.members
    ]
    organization = attrs.evolve(NORTHWIND, members=tuple(members))
    with pytest.raises(error, match=message):
        check_successor(organization, "ben", successor, at=NOW)


def test_unknown_member() -> None:
    """A member who does not exist cannot leave."""
    with pytest.raises(NotFoundError, match="did you mean `ben`"):
        offboarding_items(NORTHWIND, "bne", at=NOW)


@given(documents(), st.data())
@pytest.mark.integration
def test_hand_over_removes_all_references(document, data) -> None:
    """With all needed successors, only listed shifts still name the member."""
    organization = Organization.from_dict(document)
    names = [member.id for member in organization.members]
    if len(names) < 2:
        return
    member = data.draw(st.sampled_from(names))
    successor = data.draw(st.sampled_from([name for name in names if name != member]))
    items = offboarding_items(organization, member, at=NOW)
    needing = {item.place: successor for item in items if item.needs_successor}
    after, needed = hand_over(organization, member, needing, left=TODAY)
    assert not needed
    remaining = [item.place for item in offboarding_items(after, member, at=NOW)]
    assert all(".shifts[" in place for place in remaining)
    required = {
        item.place for item in items if item.consequence.code == "offboarding.needs_successor"
    }
    assert required == hand_over(organization, member, {}, left=TODAY)[1] <= set(needing)


def owner_items(organization: Organization) -> dict[str, str]:
    """Return the items that make Eva the last owner, as sections by place."""
    at = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
    return {
        item.place: item.section
        for item in offboarding_items(organization, "eva", at=at)
        if item.consequence.code == "offboarding.last_owner"
    }


def test_last_owner() -> None:
    """The grant of the last owner needs a successor, but none is proposed."""
    assert owner_items(NORTHWIND) == {"grants[1].to[0]": "grants"}
    items = {item.place: item for item in offboarding_items(NORTHWIND, "eva", at=NOW)}
    item = items["grants[1].to[0]"]
    assert item.needs_successor
    assert item.successor == ""
    assert "no other member has every permission everywhere" in item.text()
    owner = Grant(to="member:ben", role="owner", on={"workspace": "*"})
    assert owner_items(NORTHWIND.with_sections(grants=[owner])) == {}
    # An owner for a limited time does not count as another owner.
    limited = attrs.evolve(owner, end=dt.date(2026, 5, 1))
    assert owner_items(NORTHWIND.with_sections(grants=[limited])).keys() == {"grants[1].to[0]"}


def test_last_owner_in_team() -> None:
    """A member who is the last owner through a team needs a successor in the team."""
    first, second, *others = NORTHWIND.grants
    team = Team(id="owners", members=["eva"])
    by_team = attrs.evolve(
        NORTHWIND,
        teams=(*NORTHWIND.teams, team),
        grants=(first, attrs.evolve(second, to=(Principal.parse("team:owners"),)), *others),
    )
    assert list(owner_items(by_team).values()) == ["teams"]

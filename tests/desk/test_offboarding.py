"""Offboarding: the plan of items that depend on a member, and the command that hands them over."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk.engine import Engine
from socialcollab.errors import (
    ConflictError,
    InvalidValueError,
    NotAllowedError,
    NotFoundError,
    StaleError,
)
from socialcollab.organization import Organization
from socialcollab.permissions import Grant

TULIP = {"workspace": "tulip"}
LATER = "2026-05-01 09:30"


@pytest.fixture
def busy(agency):
    """Return an agency in which a post, an absence, a grant and more depend on Ben."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at=LATER, external_id="asked"))
    ben.draft("half", profiles=["tulip-x"], external_id="unfinished")
    ready = ben.submit(
        ben.draft("ready", profiles=["tulip-x"], planned_at=LATER, external_id="ready")
    )
    eva.approve(ready)
    agency.absences = (
        ben.add_absence("2026-06-01", "2026-06-09", delegate="eva"),
        ana.add_absence("2026-07-01", "2026-07-09", delegate="ben", permissions=["view"]),
    )
    agency.temporary_grant = eva.grant(
        ["member:ben", "member:noor"],
        permissions="cancel",
        on=TULIP,
        until="2026-06-01",
        reason="x",
    )
    agency.post = post
    return agency


def codes(plan) -> dict[str, str]:
    return {item.name: item.consequence.code for item in plan.items}


def test_plan(busy) -> None:
    """
    The plan lists everything that depends on the member: entries, runtime state and posts.
    """
    plan = busy.desk.offboarding_plan("ben")
    by_name = codes(plan)
    own, others = (absence.id for absence in busy.absences)
    assert "offboarding.absence_ends" == by_name[own]
    assert "offboarding.no_delegate" == by_name[others]
    assert "offboarding.grant_stays" == by_name[busy.temporary_grant.id]
    assert "offboarding.reviewer" == by_name["asked"]
    assert "offboarding.unfinished" == by_name["unfinished"]
    assert "offboarding.scheduled" == by_name["ready"]
    assert "offboarding.others_stay" == by_name["grants[2]"]
    assert "offboarding.rule_removed" == by_name["forbids[0]"]
    assert () == plan.needing_successor
    assert "can be edited by: eva" in str(plan)
    for language in ("en", "nl"):
        assert all(item.consequence.text(language) for item in plan.items)
    assert "offboarding.granted" in codes(busy.desk.offboarding_plan("eva")).values()
    with pytest.raises(NotFoundError, match="did you mean `ben`"):
        busy.desk.offboarding_plan("bn")


def test_offboard(busy) -> None:
    """Offboarding hands over or ends all items of the plan in one append."""
    eva = busy.desk.acting_as("eva")
    plan = busy.desk.offboarding_plan("ben")
    events = len(busy.desk.feed())
    delegate_of_ana = f"absence {busy.absences[1].id}"
    eva.offboard(plan, reassign_to={**plan.successors, delegate_of_ana: "eva"}, reason="a new job")
    types = [entry.type for entry in busy.desk.feed()[events:]]
    assert {"organization.adopted", "member.offboarded"} <= set(types)
    organization = busy.desk.organization
    assert dt.date(2026, 4, 1) == organization.members_by_id["ben"].left
    assert () == organization.access.profiles("ben", "view", at=busy.now)
    (absence,) = busy.desk.runtime_state().absences
    assert ("ana", "eva") == (absence.member, absence.delegate)
    (temporary_grant,) = busy.desk.runtime_state().temporary_grants
    assert ["member:noor"] == [str(principal) for principal in temporary_grant.grant.to]
    assert ("eva",) == busy.desk.pending_steps(busy.post)[0].reviewers
    remaining = codes(busy.desk.offboarding_plan("ben"))
    assert {"offboarding.unfinished", "offboarding.scheduled"} == set(remaining.values())
    assert "a new job" == busy.desk.as_of().reason
    assert busy.desk.audit().clean
    state = busy.desk.runtime_state()
    busy.desk.reindex()
    assert state == busy.desk.runtime_state()
    busy.desk.run_due()
    with pytest.raises(InvalidValueError, match="has already left"):
        eva.offboard("ben", reason="again")


def test_successors(busy) -> None:
    """A successor takes over temporary grants, and is notified."""
    eva = busy.desk.acting_as("eva")
    eva.offboard(
        "ben", reassign_to={"temporary_grants": "ana", "absences": "eva"}, reason="a new job"
    )
    (temporary_grant,) = busy.desk.runtime_state().temporary_grants
    assert ["member:ana", "member:noor"] == [
        str(principal) for principal in temporary_grant.grant.to
    ]
    assert busy.desk.organization.access.allows("ana", "cancel", "tulip-x", at=busy.now)
    notified = [
        notification
        for notification in busy.desk.acting_as("ana").notifications()
        if notification.kind == "successor"
    ]
    assert ["ben"] == [notification.by for notification in notified]


ALONE = """
[[approvals]]
id = "legal"
on = { workspace = "tulip", post_tag = "legal" }
[[approvals.steps]]
id = "law"
reviewers = ["member:ben"]
"""


def test_missing_successor(agency) -> None:
    """If an item needs a successor and none is given, the command is refused."""
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ALONE)), reason="law")
    plan = agency.desk.offboarding_plan("ben")
    place = "approvals[2].steps[0].reviewers[0]"
    assert {place: "eva"} == plan.successors
    assert [place] == [item.place for item in plan.needing_successor]
    before = agency.desk.as_of().digest
    with pytest.raises(NotAllowedError, match="needs a successor") as caught:
        eva.offboard(plan, reason="a new job")
    assert [place] == [reason["place"] for reason in caught.value.verdict.reasons]
    assert (before, ()) == (
        agency.desk.as_of().digest,
        agency.desk.runtime_state().temporary_grants,
    )
    eva.offboard(plan, reassign_to=plan.successors, reason="a new job")
    assert "member:eva" == str(agency.desk.organization.approvals[2].steps[0].reviewers[0])


def test_step_without_reviewers(agency) -> None:
    """A successor must be able to decide on the posts that wait for the member."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at=LATER, tags=["offer"]))
    ben.approve(post)
    place = "approvals[1].steps[0].reviewers[0]"
    for successor in ("ana", "tom"):
        with pytest.raises(NotAllowedError, match="too few members could decide"):
            eva.offboard("noor", reassign_to={place: successor}, reason="leaves")
    eva.offboard("noor", reassign_to={place: "eva"}, reason="leaves")
    assert ("eva",) == agency.desk.pending_steps(post)[-1].reviewers


ONLY_EDITOR = DOCUMENT.replace('to = ["member:ben", "member:eva"]', 'to = "member:ben"')
LEGAL_TEAM = """
[[teams]]
id = "law"
members = ["ben"]
[[approvals]]
id = "legal"
on = { workspace = "tulip", post_tag = "legal" }
[[approvals.steps]]
id = "law"
reviewers = "team:law"
"""


@pytest.mark.parametrize(
    ("document", "step", "place"),
    [
        (ONLY_EDITOR, "editorial/edit", "grants[2].to[0]"),
        (DOCUMENT + LEGAL_TEAM, "legal/law", "teams[0].members[0]"),
    ],
)
def test_only_reviewer_of_step(agency, document, step, place) -> None:
    """The only reviewer of a step needs a successor even if no post waits for the step."""
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(document)), reason="one reviewer")
    plan = agency.desk.offboarding_plan("ben")
    (item,) = plan.needing_successor
    assert (place, "eva") == (item.place, item.successor)
    assert f"`{step}`" in item.text()
    assert f"`{step}`" in item.text("nl")
    for successors in ({}, {place: "tom"} if "teams" in place else {"forbids": "tom"}):
        with pytest.raises(NotAllowedError) as caught:
            eva.offboard("ben", reassign_to=successors, reason="a new job")
        (reason,) = caught.value.verdict.reasons
        assert "offboarding.step_without_reviewers" == reason.code
        assert (step, "ben") == (reason["step"], reason["member"])
        assert item.consequence["label"] == reason["places"]
        assert reason.text("en") != reason.text("nl")
    eva.offboard(plan, reassign_to=plan.successors, reason="a new job")
    post = agency.desk.acting_as("ana").draft(
        "x", profiles=["tulip-x"], planned_at=LATER, tags=["legal"]
    )
    agency.desk.acting_as("ana").submit(post)
    reviewers = {str(one.key): one.reviewers for one in agency.desk.pending_steps(post)}
    assert ("eva",) == reviewers[step]


def test_last_owner(agency) -> None:
    """The last member with every permission everywhere can only leave if a successor is given."""
    eva = agency.desk.acting_as("eva")
    plan = agency.desk.offboarding_plan("eva")
    assert "workspaces[0].lead" in plan.successors
    (ownership,) = (
        item for item in plan.needing_successor if item.consequence.code == "offboarding.last_owner"
    )
    assert ownership.place not in plan.successors
    with pytest.raises(NotAllowedError, match="every permission everywhere"):
        eva.offboard(plan, reassign_to=plan.successors, reason="goes")
    eva.offboard(plan, reassign_to={**plan.successors, "grants": "ben"}, reason="goes")
    assert agency.desk.organization.access.allows("ben", "erase", "*", at=agency.now)
    assert "ben" == agency.desk.organization.workspaces_by_id["tulip"].lead


ROTATION = """
[[rotations]]
id = "desk"
role = "editor"
on = { workspace = "tulip" }
members = ["ben", "eva"]
start = 2026-04-01
every = "day 09:00"
"""


def test_shift_swaps(agency) -> None:
    """A swap to the member ends or is handed over to a successor."""
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ROTATION)), reason="a rotation")
    ended, handed_over = (
        eva.swap_shift(
            "desk", start=f"2026-04-{day:02} 09:00", end=f"2026-04-{day + 1:02} 09:00", to="ben"
        )[0]
        for day in (8, 10)
    )
    plan = agency.desk.offboarding_plan("ben")
    assert "offboarding.swap_ends" == codes(plan)[ended.id]
    eva.offboard(plan, reassign_to={f"swap {handed_over.id}": "ana"}, reason="a new job")
    swaps = {swap.id: swap for swap in agency.desk.runtime_state().swaps}
    assert (agency.now, None) == (swaps[ended.id].until, swaps[handed_over.id].until)
    assert "ana" == swaps[handed_over.id].member
    at = dt.datetime(2026, 4, 10, 12, tzinfo=dt.UTC)
    assert agency.desk.organization.access.allows("ana", "approve", "tulip-x", at=at)


def test_stale_plan(busy) -> None:
    """A plan is stale if a new item depends on the member; the error names the item."""
    ben, eva = busy.acting("ben", "eva")
    plan = busy.desk.offboarding_plan("ben")
    new_post = ben.draft("more", profiles=["tulip-x"])
    with pytest.raises(StaleError, match=f"post {new_post.id}"):
        eva.offboard(plan, reassign_to=plan.successors, reason="a new job")
    plan = busy.desk.offboarding_plan("ben")
    reworded = Organization.loads(DOCUMENT.replace("training first", "still training"))
    eva.adopt(busy.desk.propose(reworded), reason="words")  # this does not change the places
    note = Grant(to="member:tom", permissions="note", on=TULIP)
    eva.adopt(
        busy.desk.propose(attrs.evolve(reworded, grants=(note, *reworded.grants))),
        reason="one more grant",
    )
    with pytest.raises(StaleError, match=r"grants\[3\]"):
        eva.offboard(plan, reassign_to=plan.successors, reason="a new job")


def test_permissions(agency) -> None:
    """Offboarding needs `manage_access` and everything that successors would gain."""
    ana, eva = agency.acting("ana", "eva")
    for member in ("ben", "nobody"):
        with pytest.raises(NotAllowedError, match="a resource that they cannot view"):
            ana.offboard(member, reason="x")
    with pytest.raises(NotFoundError, match="did you mean"):
        eva.offboard("bn", reason="x")
    manager = """
[[grants]]
to = "member:ana"
permissions = ["view", "manage_access"]
on = { workspace = "*" }
"""
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + manager)), reason="a manager")
    with pytest.raises(NotAllowedError, match="exceeds the permissions of `ana`"):
        ana.offboard("ben", reassign_to={"grants": "noor"}, reason="x")
    ana.offboard("ben", reason="x")
    with pytest.raises(NotAllowedError, match="needs `manage_policies`"):
        ana.offboard("tom", reassign_to={"workspaces": "ana"}, reason="x")


def test_successor_of_absence(busy) -> None:
    """The member's own absence has no successor, and an absent member cannot become a delegate."""
    eva = busy.desk.acting_as("eva")
    with pytest.raises(InvalidValueError, match="cannot have a successor"):
        eva.offboard("ben", reassign_to={f"absence {busy.absences[0].id}": "tom"}, reason="x")
    busy.desk.acting_as("tom").add_absence("2026-07-08", "2026-07-12")
    with pytest.raises(NotAllowedError, match=r"the delegate .* is absent"):
        eva.offboard("ben", reassign_to={"absences": "tom"}, reason="x")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"date": "2026-04-02"}, "is in the future"),
        ({"reassign_to": {"rotations": "eva"}}, "`rotations` is not a place or section"),
        ({"reassign_to": {"grants": "ben"}}, "their own successor"),
        ({"reassign_to": {"grants": "evva"}}, "did you mean `eva`"),
    ],
)
def test_invalid_arguments(agency, values, message) -> None:
    """A missing reason, a later day, and unknown items or successors are refused."""
    with pytest.raises((InvalidValueError, NotFoundError), match=message):
        agency.desk.acting_as("eva").offboard("ben", **{"reason": "a new job", **values})
    assert agency.desk.organization.members_by_id["ben"].left is None


def test_member_who_left_by_document(agency) -> None:
    """A member who left according to the document can be offboarded and keeps that day."""
    eva = agency.desk.acting_as("eva")
    announced = DOCUMENT.replace('id = "ben"', 'id = "ben"\nleft = 2026-04-03', 1)
    eva.adopt(agency.desk.propose(Organization.loads(announced)), reason="announced")
    assert agency.desk.organization.access.allows("ben", "approve", "tulip-x", at=agency.now)
    agency.now = dt.datetime(2026, 4, 9, 9, tzinfo=dt.UTC)
    eva.offboard("ben", reason="gone")
    assert dt.date(2026, 4, 3) == agency.desk.organization.members_by_id["ben"].left
    assert () == agency.desk.offboarding_plan("ben").items


def test_conflicting_offboarding_is_decided_again(busy, monkeypatch) -> None:
    """An offboarding whose append conflicts is decided again and stored."""
    append, attempts = Engine.append, []

    def with_conflict(self, *args, **kwargs):
        attempts.append(1)
        if len(attempts) == 1:
            raise ConflictError(stream="runtime_state", expected=0, actual=1)
        return (yield from append(self, *args, **kwargs))

    monkeypatch.setattr(Engine, "append", with_conflict)
    busy.desk.acting_as("eva").offboard("ben", reason="a new job")
    assert len(attempts) == 2
    assert busy.desk.organization.members_by_id["ben"].left is not None


def test_lead_takes_over_open_posts(agency) -> None:
    """Posts that are sent back to a member who left go to the lead."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at=LATER))
    ben.request_changes(post, "shorter")
    assert ["change"] == [item.kind for item in ana.to_do()]
    assert [] == [item.kind for item in eva.to_do()]
    waiting = ana.submit(ana.draft("y", profiles=["tulip-x"], planned_at=LATER))
    eva.offboard("ana", reason="a new job")
    assert ["change"] == [item.kind for item in eva.to_do() if item.kind == "change"]
    assert () == ana.to_do()
    ben.request_changes(waiting, "longer")
    notified = [
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "changes_requested"
    ]
    assert ["ana", "eva"] == [notification.to for notification in notified]


def test_other_workspaces_are_hidden(agency) -> None:
    """A manager of one workspace learns nothing about the member's work in another workspace."""
    (eva,) = agency.acting("eva")
    document = (
        DOCUMENT
        + """
[[members]]
id = "wim"
kind = "client"
of = "tulip"
[[grants]]
to = "member:wim"
role = "editor"
on = { workspace = "dike" }
[[grants]]
to = "member:noor"
permissions = ["manage_access"]
on = { workspace = "tulip" }
"""
    )
    eva.adopt(agency.desk.propose(Organization.loads(document)), reason="a colleague")
    # Where no policy applies, a post of a member with `publish` is approved when it is submitted.
    (wim,) = agency.acting("wim")
    wim.edit(wim.draft("secret", profiles=["dike-x"]), text="secret and more")
    (secret,) = [post for post in agency.desk.posts(workspace="dike") if post.author == "wim"]
    plan = agency.desk.offboarding_plan("wim")
    assert any(item.name == secret.id for item in plan.items)
    noor = agency.desk.acting_as("noor")
    stale = attrs.evolve(plan, items=plan.items[:1])
    for seen in (plan, stale, "wim"):
        with pytest.raises((NotAllowedError, StaleError)) as caught:
            noor.offboard(seen, reason="leaves")
        assert secret.id not in str(caught.value)
        assert "dike" not in str(caught.value)
    eva.offboard("wim", reason="leaves")

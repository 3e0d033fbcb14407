"""Somebody leaves: everything that hangs on them, an heir for each, one act, all or nothing."""

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
    """The agency, with something of every kind that hangs on Ben."""
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
    agency.gift = eva.grant(
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


def test_the_plan_names_everything_of_the_document_and_the_journal(busy) -> None:
    plan = busy.desk.offboarding_plan("ben")
    found = codes(plan)
    mine, others = (absence.id for absence in busy.absences)
    assert "offboarding.absence_ends" == found[mine]
    assert "offboarding.no_delegate" == found[others]
    assert "offboarding.grant_stays" == found[busy.gift.id]
    assert "offboarding.asked" == found["asked"]
    assert "offboarding.unfinished" == found["unfinished"]
    assert "offboarding.scheduled" == found["ready"]
    assert "offboarding.others_stay" == found["grants[2]"]
    assert "offboarding.rule_removed" == found["forbids[0]"]
    assert () == plan.needing_successor
    assert "can be edited by: eva" in str(plan)
    for language in ("en", "nl"):
        assert all(item.consequence.text(language) for item in plan.items)
    assert "offboarding.granted" in codes(busy.desk.offboarding_plan("eva")).values()
    with pytest.raises(NotFoundError, match="did you mean `ben`"):
        busy.desk.offboarding_plan("bn")


def test_it_is_one_act_that_leaves_nothing_behind(busy) -> None:
    eva = busy.desk.acting_as("eva")
    plan = busy.desk.offboarding_plan("ben")
    before = busy.desk.last_event_at(), len(busy.desk.feed())
    stand_in = f"absence {busy.absences[1].id}"
    eva.offboard(plan, reassign_to={**plan.successors, stand_in: "eva"}, reason="a new job")
    assert before[0] <= busy.now
    types = [entry.type for entry in busy.desk.feed()[before[1] :]]
    assert {"organization.adopted", "member.offboarded"} <= set(types)
    organization = busy.desk.organization
    assert dt.date(2026, 4, 1) == organization.members_by_id["ben"].left
    assert () == organization.access.profiles("ben", "view", at=busy.now)
    (absence,) = busy.desk.runtime_state().absences
    assert ("ana", "eva") == (absence.member, absence.delegate)
    (gift,) = busy.desk.runtime_state().temporary_grants
    assert ["member:noor"] == [str(principal) for principal in gift.grant.to]
    assert ("eva",) == busy.desk.pending_steps(busy.post)[0].asked
    left = codes(busy.desk.offboarding_plan("ben"))
    assert {"offboarding.unfinished", "offboarding.scheduled"} == set(left.values())
    assert "a new job" == busy.desk.as_of().reason
    assert busy.desk.audit().clean
    facts = busy.desk.runtime_state()
    busy.desk.reindex()
    assert facts == busy.desk.runtime_state()
    busy.desk.run_due()
    with pytest.raises(InvalidValueError, match="left already"):
        eva.offboard("ben", reason="again")


def test_heirs_get_what_was_given_and_are_told(busy) -> None:
    eva = busy.desk.acting_as("eva")
    eva.offboard(
        "ben", reassign_to={"temporary_grants": "ana", "absences": "eva"}, reason="a new job"
    )
    (gift,) = busy.desk.runtime_state().temporary_grants
    assert ["member:ana", "member:noor"] == [str(principal) for principal in gift.grant.to]
    assert busy.desk.organization.access.allows("ana", "cancel", "tulip-x", at=busy.now)
    told = [
        notification
        for notification in busy.desk.acting_as("ana").notifications()
        if notification.kind == "successor"
    ]
    assert ["ben"] == [notification.by for notification in told]


ALONE = """
[[approvals]]
id = "legal"
on = { workspace = "tulip", post_tag = "legal" }
[[approvals.steps]]
id = "law"
reviewers = ["member:ben"]
"""


def test_what_needs_an_heir_and_has_none_is_refused_and_nothing_happens(agency) -> None:
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ALONE)), reason="law")
    plan = agency.desk.offboarding_plan("ben")
    place = "approvals[2].steps[0].reviewers[0]"
    assert {place: "eva"} == plan.successors
    assert [place] == [one.place for one in plan.needing_successor]
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


def test_a_post_that_would_wait_for_nobody_keeps_them(agency) -> None:
    """Noor's step asks her alone while her grant holds; an heir has to be able to decide."""
    ana, ben, eva, noor = agency.acting("ana", "ben", "eva", "noor")
    post = ana.submit(ana.draft("x", profiles=["tulip-x"], planned_at=LATER, tags=["offer"]))
    ben.approve(post)
    place = "approvals[1].steps[0].reviewers[0]"
    for successor in ("ana", "tom"):
        with pytest.raises(NotAllowedError, match="would have no reviewers"):
            eva.offboard("noor", reassign_to={place: successor}, reason="leaves")
    eva.offboard("noor", reassign_to={place: "eva"}, reason="leaves")
    assert ("eva",) == agency.desk.pending_steps(post)[-1].asked
    del noor


def test_the_last_who_may_do_everything_cannot_leave(agency) -> None:
    eva = agency.desk.acting_as("eva")
    plan = agency.desk.offboarding_plan("eva")
    assert "workspaces[0].lead" in plan.successors
    (owning,) = (
        one for one in plan.needing_successor if one.consequence.code == "offboarding.last_owner"
    )
    assert owning.place not in plan.successors
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


def test_a_swap_in_which_they_would_take_over_ends_or_is_somebody_elses(agency) -> None:
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + ROTATION)), reason="a duty")
    gone, kept = (
        eva.swap_shift(
            "desk", start=f"2026-04-{day:02} 09:00", end=f"2026-04-{day + 1:02} 09:00", to="ben"
        )[0]
        for day in (8, 10)
    )
    plan = agency.desk.offboarding_plan("ben")
    assert "offboarding.swap_ends" == codes(plan)[gone.id]
    eva.offboard(plan, reassign_to={f"swap {kept.id}": "ana"}, reason="a new job")
    swaps = {swap.id: swap for swap in agency.desk.runtime_state().swaps}
    assert (agency.now, None) == (swaps[gone.id].until, swaps[kept.id].until)
    assert "ana" == swaps[kept.id].member
    at = dt.datetime(2026, 4, 10, 12, tzinfo=dt.UTC)
    assert agency.desk.organization.access.allows("ana", "approve", "tulip-x", at=at)


def test_a_plan_that_has_aged_is_refused_and_what_is_new_is_named(busy) -> None:
    ana, ben, eva = busy.acting("ana", "ben", "eva")
    plan = busy.desk.offboarding_plan("ben")
    fresh = ben.draft("more", profiles=["tulip-x"])
    with pytest.raises(StaleError, match=f"post {fresh.id}"):
        eva.offboard(plan, reassign_to=plan.successors, reason="a new job")
    plan = busy.desk.offboarding_plan("ben")
    moved = Organization.loads(DOCUMENT.replace("training first", "still training"))
    eva.adopt(busy.desk.propose(moved), reason="words")  # the places are the same
    note = Grant(to="member:tom", permissions="note", on=TULIP)
    eva.adopt(
        busy.desk.propose(attrs.evolve(moved, grants=(note, *moved.grants))), reason="a line more"
    )
    with pytest.raises(StaleError, match=r"grants\[3\]"):
        eva.offboard(plan, reassign_to=plan.successors, reason="a new job")
    del ana


def test_it_takes_manage_access_and_all_that_heirs_come_to_have(agency) -> None:
    ana, eva = agency.acting("ana", "eva")
    for who in ("ben", "nobody"):
        with pytest.raises(NotAllowedError, match="a resource that they cannot view"):
            ana.offboard(who, reason="x")
    with pytest.raises(NotFoundError, match="did you mean"):
        eva.offboard("bn", reason="x")
    manager = """
[[grants]]
to = "member:ana"
permissions = ["view", "manage_access"]
on = { workspace = "*" }
"""
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + manager)), reason="a manager")
    with pytest.raises(NotAllowedError, match="beyond what `ana` has"):
        ana.offboard("ben", reassign_to={"grants": "noor"}, reason="x")
    ana.offboard("ben", reason="x")
    with pytest.raises(NotAllowedError, match="needs `manage_policies`"):
        ana.offboard("tom", reassign_to={"workspaces": "ana"}, reason="x")


def test_an_heir_who_stands_in_brings_nobody_what_the_actor_does_not_hold(busy) -> None:
    """The delegate comes to have what the absent may: whoever names one lends it."""
    eva = busy.desk.acting_as("eva")
    with pytest.raises(InvalidValueError, match="nobody can take over"):
        eva.offboard("ben", reassign_to={f"absence {busy.absences[0].id}": "tom"}, reason="x")
    busy.desk.acting_as("tom").add_absence("2026-07-08", "2026-07-12")
    with pytest.raises(NotAllowedError, match=r"the delegate .* is absent"):
        eva.offboard("ben", reassign_to={"absences": "tom"}, reason="x")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"reason": " "}, "needs a reason"),
        ({"on": "2026-04-02"}, "lies ahead"),
        ({"reassign_to": {"rotations": "eva"}}, "nothing of `ben` is called `rotations`"),
        ({"reassign_to": {"grants": "ben"}}, "from themselves"),
        ({"reassign_to": {"grants": "evva"}}, "did you mean `eva`"),
    ],
)
def test_what_cannot_be_is_refused(agency, more, says) -> None:
    said = {"reason": "a new job", **more}
    with pytest.raises((InvalidValueError, NotFoundError), match=says):
        agency.desk.acting_as("eva").offboard("ben", **said)
    assert agency.desk.organization.members_by_id["ben"].left is None


def test_who_has_left_by_the_document_is_handed_over_on_the_day(agency) -> None:
    eva = agency.desk.acting_as("eva")
    gone = DOCUMENT.replace('id = "ben"', 'id = "ben"\nleft = 2026-04-03', 1)
    eva.adopt(agency.desk.propose(Organization.loads(gone)), reason="announced")
    assert agency.desk.organization.access.allows("ben", "approve", "tulip-x", at=agency.now)
    agency.now = dt.datetime(2026, 4, 9, 9, tzinfo=dt.UTC)
    eva.offboard("ben", reason="gone")
    assert dt.date(2026, 4, 3) == agency.desk.organization.members_by_id["ben"].left
    assert () == agency.desk.offboarding_plan("ben").items


def test_conflicting_offboarding_is_decided_again(busy, monkeypatch) -> None:
    """An offboarding whose append meets a conflict is decided again, and stored."""
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


def test_what_comes_back_to_whoever_has_left_is_for_the_lead(agency) -> None:
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
    told = [
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "changes_requested"
    ]
    assert ["ana", "eva"] == [notification.to for notification in told]


def test_a_clients_manager_learns_nothing_of_other_clients_work(agency) -> None:
    """Noor may let her colleague go, and is told nothing of what hangs on him elsewhere."""
    eva, tom = agency.acting("eva", "tom")
    more = """
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
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT + more)), reason="a colleague")
    secret = tom.draft("secret", profiles=["dike-x"])
    agency.desk.acting_as("wim").edit(secret, text="secret and more")
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

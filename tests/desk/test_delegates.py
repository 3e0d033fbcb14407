"""Whoever stands in for somebody away decides in their place, and it can be seen that they did."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.organization import Organization

BY_BEN = ('reviewers = ["role:editor"]', 'reviewers = ["member:ben"]')
BY_ALL = ('reviewers = ["role:editor"]', 'reviewers = ["member:ben", "member:eva"]\nquorum = "all"')


def adopt(agency, *changes: tuple[str, str]) -> None:
    text = DOCUMENT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="other reviewers")


def submitted(agency, who: str = "ana"):
    author = agency.desk.acting_as(who)
    return author.submit(author.draft("Lente", profiles=["tulip-x"], planned_at="2026-04-20 09:30"))


def away(agency, member: str, delegate: str, **more) -> None:
    today = agency.desk.engine.now().date()
    agency.desk.acting_as(member).add_absence(
        today, today + dt.timedelta(days=7), delegate=delegate, **more
    )


def test_the_delegate_is_asked_told_and_decides_and_the_decision_says_for_whom(agency) -> None:
    adopt(agency, BY_BEN)
    post = submitted(agency)
    tom = agency.desk.acting_as("tom")
    with pytest.raises(NotFoundError):
        tom.approve(post)
    away(agency, "ben", "tom")
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert (("ben", "tom"), ("ben",), (("tom", "ben"),)) == (
        status.asked, status.absent, status.delegates,
    )  # fmt: skip
    kinds = [notification.kind for notification in agency.desk.notifications(member="tom")]
    assert ["delegate", "review_requested"] == kinds
    assert [post.id] == [item.post.id for item in tom.to_do()]
    assert "approved" == tom.approve(post).state
    (decision,) = tom.post_view(post).decisions
    assert ("tom", ("ben",)) == (decision.by, decision.on_behalf_of)
    assert agency.desk.audit().clean


def test_what_was_decided_in_time_stands_when_the_absent_is_back(agency) -> None:
    adopt(agency, BY_BEN)
    post = submitted(agency)
    away(agency, "ben", "tom")
    agency.desk.acting_as("tom").approve(post)
    absence = agency.desk.runtime_state().absences[0].id
    agency.desk.acting_as("ben").end_absence(absence)
    assert "approved" == agency.desk.post(post.id).state
    other = submitted(agency)
    with pytest.raises(NotFoundError):
        agency.desk.acting_as("tom").approve(other)


def test_where_all_have_to_agree_the_delegate_speaks_for_the_absent(agency) -> None:
    adopt(agency, BY_ALL)
    post = submitted(agency)
    away(agency, "ben", "tom")
    assert "in_review" == agency.desk.acting_as("tom").approve(post).state
    (status,) = agency.desk.pending_steps(post)
    assert (("tom",), 2) == (status.approved_by, status.needed)
    assert "approved" == agency.desk.acting_as("eva").approve(post).state


def test_an_absent_reviewer_may_still_decide_themselves(agency) -> None:
    adopt(agency, BY_ALL)
    post = submitted(agency)
    away(agency, "ben", "tom")
    agency.desk.acting_as("ben").approve(post)
    assert "approved" == agency.desk.acting_as("eva").approve(post).state


def test_one_delegate_of_two_reviewers_speaks_for_both_with_one_vote(agency) -> None:
    adopt(agency, BY_ALL)
    post = submitted(agency)
    away(agency, "ben", "tom")
    away(agency, "eva", "tom")
    post = agency.desk.acting_as("tom").approve(post)
    assert "approved" == post.state
    (decision,) = agency.desk.acting_as("eva").post_view(post).decisions
    assert ("ben", "eva") == decision.on_behalf_of


def test_nobody_stands_in_for_the_author_nor_decides_so_on_their_own_work(agency) -> None:
    adopt(agency, ('reviewers = ["role:editor"]', 'reviewers = ["member:ben", "member:eva"]'))
    away(agency, "ben", "ana")
    mine = submitted(agency, "ana")
    with pytest.raises(NotAllowedError, match="own work"):
        agency.desk.acting_as("ana").approve(mine)
    agency.desk.acting_as("ben").end_absence(agency.desk.runtime_state().absences[0].id)
    theirs = submitted(agency, "ben")
    away(agency, "ben", "tom")
    with pytest.raises((NotAllowedError, NotFoundError)):
        agency.desk.acting_as("tom").approve(theirs)
    (status,) = agency.desk.pending_steps(theirs)
    assert ("eva",) == status.asked


def test_a_delegate_who_is_away_too_is_refused_at_once(agency) -> None:
    away(agency, "tom", "")
    with pytest.raises(NotAllowedError, match=r"the delegate .* is absent"):
        away(agency, "ben", "tom")


def test_only_what_the_absence_names_is_delegated(agency) -> None:
    adopt(agency, BY_BEN)
    post = submitted(agency)
    away(agency, "ben", "tom", permissions=["view", "comment"])
    tom = agency.desk.acting_as("tom")
    tom.comment(post, "seen")
    with pytest.raises(NotAllowedError):
        tom.approve(post)


def test_somebody_on_duty_holds_the_duty_role_and_no_longer(agency) -> None:
    rotation = (
        '[[rotations]]\nid = "desk"\nrole = "editor"\non = { workspace = "tulip" }\n'
        'members = ["tom", "ana"]\nstart = 2026-03-30\nevery = "day 06:00"\n\n'
    )
    adopt(agency, ("[[approvals]]\n", f"{rotation}[[approvals]]\n"))
    post = submitted(agency)
    shift = {"tom", "ana"} & {
        who
        for who in ("tom", "ana")
        if agency.desk.organization.access.has_role(
            who, "editor", "tulip-x", at=agency.desk.engine.now()
        )
    }
    (status,) = agency.desk.pending_steps(post)
    assert {"ben", "eva"} | (shift - {"ana"}) == set(status.asked)
    agency.now += dt.timedelta(days=1)
    agency.desk.run_due()
    (status,) = agency.desk.pending_steps(post)
    assert {"ben", "eva"} | ({"tom"} - shift) == set(status.asked)


def test_a_manager_names_no_delegate_for_somebody_who_may_more_than_they_do(agency) -> None:
    managing = '[[grants]]\nto = "member:tom"\npermissions = ["manage_access", "view"]\non = { workspace = "*" }\n'
    adopt(agency, ("[[forbids]]\n", f"{managing}\n[[forbids]]\n"))
    today = agency.desk.engine.now().date()
    week = today, today + dt.timedelta(days=7)
    tom, eva = agency.desk.acting_as("tom"), agency.desk.acting_as("eva")
    for delegate in ("tom", "noor"):
        with pytest.raises(NotAllowedError, match="beyond what"):
            tom.add_absence(*week, member="eva", delegate=delegate)
    tom.add_absence(*week, member="eva")
    eva.add_absence(*week, member="ben", delegate="noor")


def test_a_refused_delegate_tells_nothing_of_places_out_of_sight(agency) -> None:
    managing = '[[grants]]\nto = "member:dirk"\npermissions = ["manage_access"]\non = { workspace = "*" }\n'
    adopt(agency, ("[[forbids]]\n", f"{managing}\n[[forbids]]\n"))
    today = agency.desk.engine.now().date()
    with pytest.raises(NotAllowedError) as caught:
        agency.desk.acting_as("dirk").add_absence(
            today, today + dt.timedelta(days=7), member="ben", delegate="dirk"
        )
    assert "tulip" not in str(caught.value)

"""Posts in review that need no further decision, and posts whose planned time passes in review."""

from __future__ import annotations

import pytest
from tests.desk.agency import DOCUMENT, MINUTE, PLANNED, refusal_code

TWO_OF_ALL = 'reviewers = ["member:ben", "member:eva"]\nquorum = "all"'
EXPIRES = DOCUMENT.replace('late = "hold"\n', "")


def submitted(agency, *, by: str = "ana", **content):
    member = agency.desk.acting_as(by)
    return member.submit(member.draft("A", profiles=["tulip-x"], planned_at=PLANNED, **content))


def test_approved_content_again(agency) -> None:
    """An edit that restores the approved content approves the post and notifies the author."""
    agency.adopt(DOCUMENT.replace('reviewers = ["role:editor"]', TWO_OF_ALL, 1))
    post = submitted(agency)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    ben.approve(post)
    eva.approve(post)
    post = ana.edit(agency.desk.post(post.id), text="B")
    assert "in_review" == post.state
    ana.edit(post, text="A")
    assert "scheduled" == agency.desk.summary(post)
    assert ("approved", "eva") in agency.notified("approved")
    agency.run_due()
    assert ["A"] == agency.live_texts("tulip-x")


def test_offboarded_reviewer(agency) -> None:
    """If the last reviewer who has not approved is offboarded, the post is approved."""
    by_all = 'reviewers = ["role:editor"]\nquorum = "all"'
    agency.adopt(DOCUMENT.replace('reviewers = ["role:editor"]', by_all, 1))
    post = submitted(agency)
    (eva,) = agency.acting("eva")
    assert "in_review" == eva.approve(post).state
    eva.offboard(
        "ben", reason="a new job", reassign_to=agency.desk.offboarding_plan("ben").successors
    )
    agency.desk.run_due()
    assert "scheduled" == agency.desk.summary(post)
    assert ("approved", "ana") in agency.notified("approved")


@pytest.mark.parametrize("state", ["in_review", "draft"])
def test_edit_of_published_post(agency, state) -> None:
    """A published post that is edited does not expire, and is amended once it is approved."""
    agency.adopt(EXPIRES)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = agency.approved_post()
    agency.run_due()
    post = ana.edit(post, text="Beter")
    if state == "draft":
        post = ana.withdraw(post)
    agency.run_due(after=MINUTE)
    assert state == agency.desk.post(post.id).state
    if state == "draft":
        post = ana.submit(post)
    eva.amend(ben.approve(post))
    agency.run_due(after=MINUTE)
    assert ["Beter"] == agency.live_texts()


def test_expired_amendment(agency) -> None:
    """An expired post that is published on one target can be submitted without the other."""
    agency.adopt(EXPIRES)
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = agency.approved_post()
    agency.run_due()
    later = {"tulip-x": "2026-04-07 12:00"}
    post = ana.edit(post, text="Beter", profiles=["tulip-mastodon", "tulip-x"])
    post = ana.reschedule(post, later["tulip-x"], profile="tulip-x")
    agency.run_due(after=MINUTE * 300)
    post = agency.desk.post(post.id)
    assert "expired" == post.state
    assert "time_passed" == refusal_code(lambda: ana.submit(post))
    post = ana.edit(post, profiles=["tulip-mastodon"])
    eva.amend(ben.approve(ana.submit(post)))
    agency.run_due(after=MINUTE)
    assert ["Beter"] == agency.live_texts()

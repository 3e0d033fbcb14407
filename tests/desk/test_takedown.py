"""Takedowns: published posts are removed, waiting posts cancelled, unknown posts looked up."""

from __future__ import annotations

import pytest
from tests.desk.agency import MINUTE, PROFILE, refusal_code

from socialcollab.errors import NotFoundError
from socialcollab.networks.sandbox.faults import InjectedFault


def test_take_down(agency) -> None:
    """A published post is removed from all its profiles; a second takedown changes nothing."""
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, reason="the wrong year")
    eva.take_down(post, reason="the wrong year")
    assert agency.desk.summary(post) == "removing"
    agency.run_due()
    assert agency.desk.summary(post) == "removed"
    notified = [
        notification.to
        for notification in agency.desk.notifications()
        if notification.kind == "taken_down"
    ]
    assert notified == ["ana", "ana"]
    assert agency.live_texts() == agency.live_texts("tulip-x") == []
    before = agency.desk.audit().anchor
    eva.take_down(post)
    agency.run_due()
    assert agency.desk.audit().anchor == before
    agency.check_journal()


def test_refusals(agency) -> None:
    """A takedown requires the permission, a target of the post, and something to remove."""
    post = agency.approved_post()
    ben, dirk = agency.acting("ben", "dirk")
    assert refusal_code(lambda: ben.take_down(post)) == "default_deny"
    with pytest.raises(NotFoundError):
        dirk.take_down(post)
    (eva,) = agency.acting("eva")
    assert refusal_code(lambda: eva.take_down(post, profile="dike-x")) == "no_such_target"
    draft = agency.acting("ana")[0].draft("later", profiles=[PROFILE])
    assert refusal_code(lambda: eva.take_down(draft)) == "nothing_to_take_down"


def test_waiting_delivery(agency) -> None:
    """A takedown cancels a delivery that is still waiting."""
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    (eva,) = agency.acting("eva")
    eva.take_down(post, profile="tulip-x")
    states = {delivery.profile: delivery.state for delivery in agency.desk.deliveries(post)}
    assert states == {"tulip-x": "cancelled", PROFILE: "waiting"}
    agency.run_due()
    assert (agency.live_texts("tulip-x"), len(agency.live_texts())) == ([], 1)


def test_direct_message(agency) -> None:
    """A direct message that waits can be cancelled; after it is sent, it cannot be deleted."""
    fields = {"format": "message", "reply_to": "1000-2000", "profiles": ["tulip-x"]}
    (eva,) = agency.acting("eva")
    waiting = agency.approved_post(**fields)
    eva.take_down(waiting)
    (delivery,) = agency.desk.deliveries(waiting)
    assert delivery.state == "cancelled"
    sent = agency.approved_post(**fields)
    agency.run_due()
    assert refusal_code(lambda: eva.take_down(sent)) == "direct_message_stays"
    (delivery,) = agency.desk.deliveries(sent)
    assert (delivery.state, delivery.takedown_requested) == ("published", False)


@pytest.mark.parametrize(
    ("fault", "removed_after"),
    [
        (InjectedFault("lost_answer", on="take_down"), MINUTE),
        (InjectedFault("lost_request", on="take_down", times=3), MINUTE),
        (InjectedFault("server_error", on="take_down"), MINUTE),
        (InjectedFault("late_server_error", on="take_down"), MINUTE),
        (InjectedFault("rate_limited", on="take_down", retry_after_s=600), 10 * MINUTE),
        (InjectedFault("rate_limited", on="take_down", retry_after_s=None), MINUTE),
        (InjectedFault("rejected", on="take_down"), MINUTE),
    ],
)
def test_fault(open_agency, fault, removed_after) -> None:
    """A failed takedown is on the to-do list and is retried."""
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    agency.inject(fault)
    agency.acting("eva")[0].take_down(post)
    agency.run_due()
    if fault.kind != "lost_answer":
        # The driver repeats a takedown whose response was lost, so one loss has no effect.
        assert agency.desk.summary(post) == "removing"
        assert agency.attention() == ["takedown_failed"]
        assert agency.delivery(post).network_id
    agency.run_due(after=removed_after)
    assert agency.desk.summary(post) == "removed"
    assert agency.attention() == []
    assert agency.live_texts() == []
    agency.check_journal()


def test_rejected_credentials(open_agency) -> None:
    """A takedown whose credentials are rejected waits until the hold on the profile ends."""
    agency = open_agency("memory")
    post = agency.approved_post()
    later = agency.approved_post("later", at="2026-04-07 10:30")
    agency.run_due()
    agency.inject(InjectedFault("unauthorized"))
    (eva,) = agency.acting("eva")
    eva.take_down(post)
    agency.run_due()
    (hold,) = agency.desk.holds()
    assert (hold.by, agency.desk.summary(later)) == ("system:publisher", "held")
    agency.run_due(after=65 * MINUTE)
    assert agency.desk.summary(post) == "removing"
    assert agency.live_texts() == ["De lente is er"]
    eva.resume(hold.id)
    agency.run_due(after=60 * MINUTE)
    assert (agency.desk.summary(post), agency.desk.summary(later)) == ("removed", "published")
    agency.check_journal()


def test_unknown_delivery(open_agency) -> None:
    """A takedown of an unknown delivery waits for the lookup, and removes the post if found."""
    for fault, state in (
        (InjectedFault("lost_answer"), "removed"),
        (InjectedFault("lost_request"), "cancelled"),
        (InjectedFault("late_arrival", delay_s=20), "removed"),
    ):
        agency = open_agency("memory", faults=(fault,))
        post = agency.approved_post()
        agency.run_due()
        agency.acting("eva")[0].take_down(post)
        assert (agency.delivery(post).state, agency.delivery(post).takedown_requested) == (
            "unknown",
            True,
        )
        for _ in range(3):
            agency.run_due(after=MINUTE)
        assert agency.delivery(post).state == state
        assert agency.live_texts() == []
        assert len(agency.sandbox.posts()) == (state == "removed")
        agency.check_journal()


def test_removed_post_stays_removed(agency) -> None:
    """A removed post is not published again by an edit and an approval."""
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, profile=PROFILE)
    agency.run_due()
    assert agency.desk.summary(post) == "published"
    assert refusal_code(lambda: eva.reschedule(post, "2026-04-08 09:30")) == "all_published"
    assert refusal_code(lambda: eva.schedule(post, at="2026-04-08 09:30")) == "taken_down"
    assert refusal_code(lambda: eva.publish_now(post)) == "taken_down"
    post = agency.desk.post(post.id)
    edited = eva.edit(post, text="De lente is er nu echt")
    agency.acting("ben")[0].approve(edited)
    agency.run_due(after=MINUTE)
    assert agency.live_texts() == []
    # After a new approval, a member can publish it there again.
    post = agency.desk.post(post.id)
    eva.publish_now(post)
    agency.run_due(after=MINUTE)
    assert agency.live_texts() == ["De lente is er nu echt"]


def test_resubmitted_after_takedown(agency) -> None:
    """A post that is submitted again after a takedown needs every approval again."""
    post = agency.approved_post()
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    eva.take_down(post)
    agency.run_due(after=MINUTE)
    post = ana.submit(ana.withdraw(post))
    assert post.state == "in_review"
    eva.publish_now(ben.approve(post))
    agency.run_due(after=MINUTE)
    assert len(agency.live_texts()) == 1

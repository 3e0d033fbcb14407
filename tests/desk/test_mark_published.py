"""Members can record that a delivery is published or not published."""

from __future__ import annotations

import pytest
from tests.desk.agency import DUE, MINUTE, PROFILE, refusal_code

from socialcollab.errors import InvalidValueError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.workflow.decide import Publication, record_outcome


def test_mark_published(open_agency) -> None:
    """A member can mark a delivery as published once no request can still arrive."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = agency.acting("eva")
    earlier = agency.approved_post("early", at="2026-04-07 12:00")
    eva.mark_published(earlier, PROFILE, network_id="m1", url="https://mastodon.example/m1")
    assert agency.desk.summary(earlier) == "published"
    assert agency.delivery(earlier).url == "https://mastodon.example/m1"
    post = agency.approved_post()
    agency.run_due()
    assert refusal_code(lambda: eva.mark_published(post, PROFILE, network_id="m2")) == (
        "may_still_arrive"
    )
    assert refusal_code(lambda: eva.mark_not_published(post, PROFILE)) == "may_still_arrive"
    agency.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="m2")
    eva.mark_published(post, PROFILE, network_id="m2")
    assert (
        refusal_code(lambda: eva.mark_published(post, PROFILE, network_id="m3"))
        == "already_published"
    )
    agency.run_due(after=60 * MINUTE)
    assert agency.desk.summary(post) == "published"
    assert agency.live_texts() == []
    with pytest.raises(InvalidValueError, match="needs its network id"):
        eva.mark_published(post, PROFILE, network_id=" ")
    agency.check_journal()


def test_mark_not_published(open_agency) -> None:
    """A member can mark an unknown delivery as not published; it is then missed."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = agency.acting("eva")
    post = agency.approved_post()
    assert refusal_code(lambda: eva.mark_not_published(post, PROFILE)) == "nothing_in_doubt"
    agency.run_due()
    agency.now = DUE + MINUTE
    eva.mark_not_published(post, PROFILE)
    assert (agency.desk.summary(post), agency.attention()) == ("missed", ["missed"])
    eva.schedule(post, at="2026-04-07 12:00")
    agency.run_due(after=180 * MINUTE)
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_late_answer(open_agency) -> None:
    """A late response is recorded and reported as a duplicate, which can be taken down."""
    agency = open_agency("memory", faults=(InjectedFault("lost_answer"),))
    (eva,) = agency.acting("eva")
    post = agency.approved_post()
    agency.run_due()
    agency.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="by-hand")
    (network_id,) = [post.network_id for post in agency.sandbox.posts()]
    # The worker that sent the post resumes and stores the network's response.
    publisher = agency.desk._publisher
    sent = Publication(network_id=network_id, url="", published_at=agency.now)
    steps = publisher.dispatcher.store(
        agency.delivery(post).id,
        agency.now,
        lambda current: record_outcome(current.delivery, sent, current.context, attempt=1),
    )
    agency.desk.run(steps)
    assert agency.desk.summary(post) == "published"
    assert [duplicate.network_id for duplicate in agency.delivery(post).duplicates] == [network_id]
    assert agency.attention() == ["published_twice"]
    assert {
        notification.to
        for notification in agency.desk.notifications()
        if notification.kind == "published_twice"
    } == {
        "ana",
        "eva",
    }
    eva.take_down(post, network_id=network_id, reason="out twice")
    assert agency.run_due().problems == ()
    assert agency.live_texts() == []
    assert (agency.delivery(post).state, agency.delivery(post).network_id) == (
        "published",
        "by-hand",
    )
    assert agency.attention() == []
    agency.check_journal()

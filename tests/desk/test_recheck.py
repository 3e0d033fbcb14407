"""Rechecks: posts that appear after their delivery was missed, failed or cancelled are found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tests.desk.agency import MINUTE, PLANNED, PROFILE

from socialcollab.errors import TransientError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def missed_after_lookup(agency, text="De lente is er", *, thread=(), hold=PROFILE):
    """Return a post that was sent, not found, and then missed because of a hold."""
    eva = agency.desk.acting_as("eva")
    post = agency.approved_post(text, thread=thread)
    agency.run_due()
    assert agency.desk.summary(post) == "unknown"
    eva.hold(hold, reason="storm")
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("missed", [])
    return post


def event_types(agency, post) -> list[str]:
    return [
        entry.type
        for entry in agency.desk.feed(after=0, limit=500)
        if entry.stream == f"delivery/{agency.delivery(post).id}"
    ]


def next_recheck(agency) -> dt.timedelta | None:
    at = agency.desk.next_due(after=agency.now)
    return None if at is None else at - agency.now


def test_late_arrival(open_agency) -> None:
    """A post that appears after its delivery was missed is found, and the author is notified."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    agency.run_due(after=9 * MINUTE)
    assert agency.delivery(post).state == "missed"
    agency.run_due(after=MINUTE)
    assert agency.delivery(post).state == "published"
    assert agency.delivery(post).network_id == agency.sandbox.posts(PROFILE)[0].network_id
    assert agency.attention() == []
    assert next_recheck(agency) is None
    notified = [
        notification
        for notification in agency.desk.notifications(after=0)
        if notification.kind == "published_after_all"
    ]
    assert [notification.to for notification in notified] == ["ana", "eva"]
    assert "take it down if it should not be there" in notified[0].text()


def test_edited_since(open_agency) -> None:
    """An edited post is looked up with the content that was sent, here as part of a thread."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency, "een", thread=["twee"])
    ana, ben = agency.acting("ana", "ben")
    edited = ben.approve(ana.edit(agency.desk.post(post.id), text="drie", thread=()))
    first, second = agency.desk.deliveries(edited)
    assert (first.state, second.state) == ("cancelled", "missed")
    agency.run_due(after=10 * MINUTE)
    first, _ = agency.desk.deliveries(edited)
    assert [part.network_id for part in first.parts] == [
        post.network_id for post in agency.sandbox.posts(PROFILE)
    ]
    assert (first.state, first.attention) == ("missed", "missed")
    assert first.partly_published


def test_erased_comment(open_agency) -> None:
    """An erased comment in the post's stream does not prevent the sent text from being read."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    first = ana.draft("eerst", profiles=[PROFILE], planned_at=PLANNED)
    submitted = ana.submit(ana.edit(first, text="een", thread=["twee"]))
    agency.desk.acting_as("noor").comment(first, "mooi")
    post = ben.approve(submitted)
    agency.run_due()
    eva.hold(PROFILE, reason="storm")
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    ben.cancel(ana.edit(agency.desk.post(post.id), text="drie", thread=()))
    eva.erase(member="noor", reason="asked for")
    agency.run_due(after=10 * MINUTE)
    delivery = agency.desk.deliveries(post)[0]
    assert [part.network_id for part in delivery.parts] == [
        post.network_id for post in agency.sandbox.posts(PROFILE)
    ]
    assert delivery.partly_published


def test_takedown_before_arrival(open_agency) -> None:
    """A missed post that was taken down is removed when it appears."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    eva = agency.desk.acting_as("eva")
    eva.take_down(agency.desk.post(post.id), reason="wrong price")
    assert agency.delivery(post).state == "cancelled"
    agency.run_due(after=10 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("removed", [])


def test_takedown_of_cancelled(open_agency) -> None:
    """A cancelled post that was taken down is removed when it appears."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    eva, ben = agency.acting("eva", "ben")
    ben.cancel(agency.desk.post(post.id))
    eva.take_down(agency.desk.post(post.id), reason="wrong price")
    agency.run_due(after=10 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("removed", [])


def test_arrived_post_is_not_sent_again(open_agency) -> None:
    """A rescheduled delivery is not sent if the post of the first delivery has appeared."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    eva, ben = agency.acting("eva", "ben")
    eva.resume(agency.desk.holds()[0].id)
    ben.reschedule(agency.desk.post(post.id), "2026-04-08 09:30")
    agency.run_due(after=10 * MINUTE)
    first, second = agency.desk.deliveries(post)
    assert (first.state, second.state) == ("published", "waiting")
    agency.run_due(after=DAY)
    second = agency.desk.deliveries(post)[1]
    assert (second.state, second.problem) == ("missed", "already_published")
    assert agency.live_texts() == ["De lente is er"]
    assert agency.attention() == ["missed"]
    eva.take_down(agency.desk.post(post.id), profile=PROFILE, reason="wrong day")
    agency.run_due()
    assert agency.live_texts() == []


def test_three_rechecks(open_agency) -> None:
    """A missed delivery is looked up three times: after ten minutes, two hours and a day."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    post = missed_after_lookup(agency)
    for wait in (10 * MINUTE, 2 * HOUR, DAY):
        assert next_recheck(agency) == wait
        agency.run_due(after=wait)
        assert agency.delivery(post).state == "missed"
    assert next_recheck(agency) is None
    assert event_types(agency, post)[-3:] == ["delivery.rechecked"] * 3


def test_reconcile(open_agency) -> None:
    """`reconcile` immediately looks up a delivery, and does not count as a recheck."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    recheck_at = agency.delivery(post).recheck_at
    assert [delivery.state for delivery in agency.desk.reconcile(post)] == ["missed"]
    # A lookup at a member's request is not one of the three rechecks.
    assert agency.delivery(post).recheck_at == recheck_at
    agency.now += 6 * MINUTE
    assert [delivery.state for delivery in agency.desk.reconcile(post)] == ["published"]


def test_sent_again(open_agency) -> None:
    """A delivery that has been sent again and published is not rechecked."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    post = agency.approved_post()
    agency.run_due()
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert agency.delivery(post).state == "published"
    assert next_recheck(agency) is None


def test_network_unavailable(open_agency) -> None:
    """A recheck without a response is followed by the next recheck."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    agency.inject(InjectedFault("server_error", on="find"))
    report = agency.run_due(after=10 * MINUTE)
    assert (agency.delivery(post).state, report.problems) == ("missed", ())
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"


def test_broken_adapter(open_agency, monkeypatch) -> None:
    """A bug in the adapter is reported, and the next recheck follows."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "transport", lambda *_: 1 / 0)
        report = agency.run_due(after=10 * MINUTE)
    ((stream, problem),) = report.problems
    assert stream == f"delivery/{agency.delivery(post).id}"
    assert "ZeroDivisionError" in problem
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"


def nothing_reconciled(*_: object, **__: object) -> Iterator[None]:
    """Reconcile no deliveries."""
    return []
    yield


def test_ambiguous_post(open_agency, monkeypatch) -> None:
    """While another delivery to the profile is unknown, a found post is not attributed to either."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    eva = agency.desk.acting_as("eva")
    (hold,) = agency.desk.holds()
    eva.resume(hold.id)
    agency.inject(InjectedFault("lost_answer"))
    other = agency.approved_post("andere", at="2026-04-07 09:38")
    agency.run_due(after=8 * MINUTE)
    assert agency.desk.summary(other) == "unknown"
    with monkeypatch.context() as patch:
        patch.setattr("socialcollab.desk.publishing.publisher.reconcile", nothing_reconciled)
        agency.run_due(after=2 * MINUTE)
    assert [agency.desk.summary(known) for known in (post, other)] == ["missed", "unknown"]
    assert len(agency.live_texts()) == 2
    agency.run_due(after=2 * HOUR)
    agency.run_due()
    assert [agency.desk.summary(known) for known in (post, other)] == ["published"] * 2


def network_busy(*_: object) -> None:
    raise TransientError("busy")


def test_transient_error(open_agency, monkeypatch) -> None:
    """A transient error of the network is followed by the next recheck."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = missed_after_lookup(agency)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "adapter", network_busy)
        assert agency.run_due(after=10 * MINUTE).problems == ()
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"

"""What a network made long after everybody had given up is found, whatever became of the delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tests.desk.agency import MINUTE, PLANNED, PROFILE

from socialcollab.errors import TransientError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def absent_and_missed(agency, text="De lente is er", *, hold=PROFILE):
    """Let a post be asked for, looked for in vain, and missed, since a hold has come meanwhile."""
    eva = agency.desk.acting_as("eva")
    post = agency.approved_post(text)
    agency.run_due()
    assert agency.desk.summary(post) == "unknown"
    eva.hold(hold, reason="storm")
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("missed", [])
    return post


def events(agency, post) -> list[str]:
    return [
        entry.type
        for entry in agency.desk.feed(after=0, limit=500)
        if entry.stream == f"delivery/{agency.delivery(post).id}"
    ]


def next_look(agency) -> dt.timedelta | None:
    at = agency.desk.next_due(after=agency.now)
    return None if at is None else at - agency.now


def test_what_arrives_after_it_was_missed_is_found(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    agency.run_due(after=9 * MINUTE)
    assert agency.delivery(post).state == "missed"
    agency.run_due(after=MINUTE)
    assert agency.delivery(post).state == "published"
    assert agency.delivery(post).network_id == agency.sandbox.posts(PROFILE)[0].network_id
    assert agency.attention() == []
    assert next_look(agency) is None
    told = [
        notification
        for notification in agency.desk.notifications(after=0)
        if notification.kind == "published_after_all"
    ]
    assert [notification.to for notification in told] == ["ana", "eva"]
    assert "take it down if it should not be there" in told[0].text()


def test_what_was_edited_since_is_looked_for_as_it_was_sent(open_agency) -> None:
    """A thread by its first part, although the post is one text now."""
    agency = open_agency(
        "memory", faults=(InjectedFault("late_arrival", delay_s=300),), thread_mark="|"
    )
    post = absent_and_missed(agency, "een|twee")
    ana, ben = agency.acting("ana", "ben")
    edited = ben.approve(ana.edit(agency.desk.post(post.id), text="drie"))
    first, second = agency.desk.deliveries(edited)
    assert (first.state, second.state) == ("cancelled", "missed")
    agency.run_due(after=10 * MINUTE)
    first, _ = agency.desk.deliveries(edited)
    assert [part.network_id for part in first.parts] == [
        post.network_id for post in agency.sandbox.posts(PROFILE)
    ]
    assert (first.state, first.attention) == ("missed", "missed")
    assert first.partly_published


def test_an_erased_remark_keeps_nothing_from_being_found(open_agency) -> None:
    """What was sent is read from the journal, past what somebody else wrote and is gone."""
    agency = open_agency(
        "memory", faults=(InjectedFault("late_arrival", delay_s=300),), thread_mark="|"
    )
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    first = ana.draft("eerst", profiles=[PROFILE], planned_at=PLANNED)
    agency.desk.acting_as("noor").comment(first, "mooi")
    post = ben.approve(ana.submit(ana.edit(first, text="een|twee")))
    agency.run_due()
    eva.hold(PROFILE, reason="storm")
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    ben.cancel(ana.edit(agency.desk.post(post.id), text="drie"))
    eva.erase(member="noor", reason="asked for")
    agency.run_due(after=10 * MINUTE)
    delivery = agency.desk.deliveries(post)[0]
    assert [part.network_id for part in delivery.parts] == [
        post.network_id for post in agency.sandbox.posts(PROFILE)
    ]
    assert delivery.partly_published


def test_what_was_taken_down_meanwhile_is_taken_down_when_it_arrives(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    eva = agency.desk.acting_as("eva")
    eva.take_down(agency.desk.post(post.id), reason="wrong price")
    assert agency.delivery(post).state == "cancelled"
    agency.run_due(after=10 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("removed", [])


def test_a_take_down_of_what_was_cancelled_holds_for_when_it_turns_up(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    eva, ben = agency.acting("eva", "ben")
    ben.cancel(agency.desk.post(post.id))
    eva.take_down(agency.desk.post(post.id), reason="wrong price")
    agency.run_due(after=10 * MINUTE)
    agency.run_due()
    assert (agency.delivery(post).state, agency.live_texts()) == ("removed", [])


def test_what_turned_up_does_not_leave_again(open_agency) -> None:
    """It was moved to another day in the meantime."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
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


def test_three_looks_are_enough(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    post = absent_and_missed(agency)
    for wait in (10 * MINUTE, 2 * HOUR, DAY):
        assert next_look(agency) == wait
        agency.run_due(after=wait)
        assert agency.delivery(post).state == "missed"
    assert next_look(agency) is None
    assert events(agency, post)[-3:] == ["delivery.rechecked"] * 3


def test_whoever_asks_has_it_looked_for_at_once(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    due_at = agency.delivery(post).recheck_at
    assert [one.state for one in agency.desk.reconcile(post)] == ["missed"]
    # A look that somebody asked for is not one of the three.
    assert agency.delivery(post).recheck_at == due_at
    agency.now += 6 * MINUTE
    assert [one.state for one in agency.desk.reconcile(post)] == ["published"]


def test_what_is_sent_again_in_time_needs_no_second_look(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    post = agency.approved_post()
    agency.run_due()
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert agency.delivery(post).state == "published"
    assert next_look(agency) is None


def test_a_network_that_cannot_be_read_is_read_the_next_time(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    agency.inject(InjectedFault("server_error", on="find"))
    report = agency.run_due(after=10 * MINUTE)
    assert (agency.delivery(post).state, report.problems) == ("missed", ())
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"


def test_a_broken_adapter_is_reported_and_looks_go_on(open_agency, monkeypatch) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "transport", lambda *_: 1 / 0)
        report = agency.run_due(after=10 * MINUTE)
    ((stream, said),) = report.problems
    assert stream == f"delivery/{agency.delivery(post).id}"
    assert "ZeroDivisionError" in said
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"


def blind(*_: object, **__: object) -> Iterator[None]:
    """Look, and see nothing."""
    return []
    yield


def test_what_may_be_another_deliverys_is_not_taken_for_it(open_agency, monkeypatch) -> None:
    """While another post to the profile is in doubt, nobody knows whose a find is."""
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(
        agency,
    )
    eva = agency.desk.acting_as("eva")
    (hold,) = agency.desk.holds()
    eva.resume(hold.id)
    agency.inject(InjectedFault("lost_answer"))
    other = agency.approved_post("andere", at="2026-04-07 09:38")
    agency.run_due(after=8 * MINUTE)
    assert agency.desk.summary(other) == "unknown"
    with monkeypatch.context() as patch:
        patch.setattr("socialcollab.desk.publishing.publisher.reconcile", blind)
        agency.run_due(after=2 * MINUTE)
    assert [agency.desk.summary(one) for one in (post, other)] == ["missed", "unknown"]
    assert len(agency.live_texts()) == 2
    agency.run_due(after=2 * HOUR)
    agency.run_due()
    assert [agency.desk.summary(one) for one in (post, other)] == ["published"] * 2


def busy(*_: object) -> None:
    raise TransientError("busy")


def test_an_error_of_the_network_keeps_the_next_look(open_agency, monkeypatch) -> None:
    agency = open_agency("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(agency)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "adapter", busy)
        assert agency.run_due(after=10 * MINUTE).problems == ()
    agency.run_due(after=2 * HOUR)
    assert agency.delivery(post).state == "published"

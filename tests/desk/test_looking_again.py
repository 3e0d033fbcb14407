"""What a network made long after everybody had given up is found, whatever became of the delivery."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from tests.desk.test_desk import PLANNED
from tests.desk.test_outcomes import MINUTE, PROFILE, approved, due, only, out, troubles

from socialcollab.errors import TransientError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def absent_and_missed(office, text="De lente is er", *, hold=PROFILE):
    """Let a post be asked for, looked for in vain, and missed, since a hold has come meanwhile."""
    eva = office.desk.acting_as("eva")
    post = approved(office, text)
    due(office)
    assert office.desk.summary(post) == "unknown"
    eva.hold(hold, reason="storm")
    due(office, after=2 * MINUTE)
    due(office)
    assert (only(office, post).state, out(office)) == ("missed", [])
    return post


def events(office, post) -> list[str]:
    return [
        entry.type
        for entry in office.desk.feed(after=0, limit=500)
        if entry.stream == f"delivery/{only(office, post).id}"
    ]


def next_look(office) -> dt.timedelta | None:
    at = office.desk.next_due(after=office.now)
    return None if at is None else at - office.now


def test_what_arrives_after_it_was_missed_is_found(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    due(office, after=9 * MINUTE)
    assert only(office, post).state == "missed"
    due(office, after=MINUTE)
    assert only(office, post).state == "published"
    assert only(office, post).network_id == office.sandbox.posts(PROFILE)[0].network_id
    assert troubles(office) == []
    assert next_look(office) is None
    told = [one for one in office.desk.notifications(after=0) if one.kind == "published_after_all"]
    assert [one.to for one in told] == ["ana", "eva"]
    assert "take it down if it should not be there" in told[0].text()


def test_what_was_edited_since_is_looked_for_as_it_was_sent(open_office) -> None:
    """A thread by its first part, although the post is one text now."""
    office = open_office(
        "memory", faults=(InjectedFault("late_arrival", delay_s=300),), thread_mark="|"
    )
    post = absent_and_missed(office, "een|twee")
    ana, ben = office.acting("ana", "ben")
    edited = ben.approve(ana.edit(office.desk.post(post.id), text="drie"))
    first, second = office.desk.deliveries(edited)
    assert (first.state, second.state) == ("cancelled", "missed")
    due(office, after=10 * MINUTE)
    first, _ = office.desk.deliveries(edited)
    assert [part.network_id for part in first.parts] == [
        one.network_id for one in office.sandbox.posts(PROFILE)
    ]
    assert (first.state, first.attention) == ("missed", "missed")
    assert first.partly_published


def test_an_erased_remark_keeps_nothing_from_being_found(open_office) -> None:
    """What was sent is read from the journal, past what somebody else wrote and is gone."""
    office = open_office(
        "memory", faults=(InjectedFault("late_arrival", delay_s=300),), thread_mark="|"
    )
    ana, ben, eva = office.acting("ana", "ben", "eva")
    first = ana.draft("eerst", profiles=[PROFILE], planned_at=PLANNED)
    office.desk.acting_as("noor").comment(first, "mooi")
    post = ben.approve(ana.submit(ana.edit(first, text="een|twee")))
    due(office)
    eva.hold(PROFILE, reason="storm")
    due(office, after=2 * MINUTE)
    due(office)
    ben.cancel(ana.edit(office.desk.post(post.id), text="drie"))
    eva.erase(member="noor", reason="asked for")
    due(office, after=10 * MINUTE)
    delivery = office.desk.deliveries(post)[0]
    assert [part.network_id for part in delivery.parts] == [
        one.network_id for one in office.sandbox.posts(PROFILE)
    ]
    assert delivery.partly_published


def test_what_was_taken_down_meanwhile_is_taken_down_when_it_arrives(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    eva = office.desk.acting_as("eva")
    eva.take_down(office.desk.post(post.id), reason="wrong price")
    assert only(office, post).state == "cancelled"
    due(office, after=10 * MINUTE)
    due(office)
    assert (only(office, post).state, out(office)) == ("removed", [])


def test_a_take_down_of_what_was_cancelled_holds_for_when_it_turns_up(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    eva, ben = office.acting("eva", "ben")
    ben.cancel(office.desk.post(post.id))
    eva.take_down(office.desk.post(post.id), reason="wrong price")
    due(office, after=10 * MINUTE)
    due(office)
    assert (only(office, post).state, out(office)) == ("removed", [])


def test_what_turned_up_does_not_leave_again(open_office) -> None:
    """It was moved to another day in the meantime."""
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    eva, ben = office.acting("eva", "ben")
    eva.resume(office.desk.holds()[0].id)
    ben.reschedule(office.desk.post(post.id), "2026-04-08 09:30")
    due(office, after=10 * MINUTE)
    first, second = office.desk.deliveries(post)
    assert (first.state, second.state) == ("published", "waiting")
    due(office, after=DAY)
    second = office.desk.deliveries(post)[1]
    assert (second.state, second.problem) == ("missed", "already_published")
    assert out(office) == ["De lente is er"]
    assert troubles(office) == ["missed"]
    eva.take_down(office.desk.post(post.id), profile=PROFILE, reason="wrong day")
    due(office)
    assert out(office) == []


def test_three_looks_are_enough(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("lost_request"),))
    post = absent_and_missed(office)
    for wait in (10 * MINUTE, 2 * HOUR, DAY):
        assert next_look(office) == wait
        due(office, after=wait)
        assert only(office, post).state == "missed"
    assert next_look(office) is None
    assert events(office, post)[-3:] == ["delivery.rechecked"] * 3


def test_whoever_asks_has_it_looked_for_at_once(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    due_at = only(office, post).recheck_at
    assert [one.state for one in office.desk.reconcile(post)] == ["missed"]
    # A look that somebody asked for is not one of the three.
    assert only(office, post).recheck_at == due_at
    office.now += 6 * MINUTE
    assert [one.state for one in office.desk.reconcile(post)] == ["published"]


def test_what_is_sent_again_in_time_needs_no_second_look(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("lost_request"),))
    post = approved(office)
    due(office)
    due(office, after=2 * MINUTE)
    due(office)
    assert only(office, post).state == "published"
    assert next_look(office) is None


def test_a_network_that_cannot_be_read_is_read_the_next_time(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    office.let_go_wrong(InjectedFault("server_error", on="find"))
    report = due(office, after=10 * MINUTE)
    assert (only(office, post).state, report.problems) == ("missed", ())
    due(office, after=2 * HOUR)
    assert only(office, post).state == "published"


def test_a_broken_adapter_is_reported_and_looks_go_on(open_office, monkeypatch) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "transport", lambda *_: 1 / 0)
        report = due(office, after=10 * MINUTE)
    ((stream, said),) = report.problems
    assert stream == f"delivery/{only(office, post).id}"
    assert "ZeroDivisionError" in said
    due(office, after=2 * HOUR)
    assert only(office, post).state == "published"


def blind(*_: object, **__: object) -> Iterator[None]:
    """Look, and see nothing."""
    return []
    yield


def test_what_may_be_another_deliverys_is_not_taken_for_it(open_office, monkeypatch) -> None:
    """While another post to the profile is in doubt, nobody knows whose a find is."""
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(
        office,
    )
    eva = office.desk.acting_as("eva")
    (hold,) = office.desk.holds()
    eva.resume(hold.id)
    office.let_go_wrong(InjectedFault("lost_answer"))
    other = approved(office, "andere", at="2026-04-07 09:38")
    due(office, after=8 * MINUTE)
    assert office.desk.summary(other) == "unknown"
    with monkeypatch.context() as patch:
        patch.setattr("socialcollab.desk.publishing.publisher.reconcile", blind)
        due(office, after=2 * MINUTE)
    assert [office.desk.summary(one) for one in (post, other)] == ["missed", "unknown"]
    assert len(out(office)) == 2
    due(office, after=2 * HOUR)
    due(office)
    assert [office.desk.summary(one) for one in (post, other)] == ["published"] * 2


def busy(*_: object) -> None:
    raise TransientError("busy")


def test_an_error_of_the_network_keeps_the_next_look(open_office, monkeypatch) -> None:
    office = open_office("memory", faults=(InjectedFault("late_arrival", delay_s=300),))
    post = absent_and_missed(office)
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "adapter", busy)
        assert due(office, after=10 * MINUTE).problems == ()
    due(office, after=2 * HOUR)
    assert only(office, post).state == "published"

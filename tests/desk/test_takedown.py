"""What is out is taken down, changed, or said to be out; people see each as it is."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DUE, MINUTE, PROFILE

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.networks.sandbox.faults import InjectedFault


def refusal(command) -> str:
    with pytest.raises(NotAllowedError) as caught:
        command()
    verdict = caught.value.verdict
    assert verdict.explain("en") != verdict.explain("nl")
    return verdict.reasons[0].code if verdict.reasons else "default_deny"


def test_what_is_out_is_taken_down_and_asking_twice_changes_nothing(agency) -> None:
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, reason="the wrong year")
    eva.take_down(post, reason="the wrong year")
    assert agency.desk.summary(post) == "removing"
    agency.run_due()
    assert agency.desk.summary(post) == "removed"
    told = [
        notification.to
        for notification in agency.desk.notifications()
        if notification.kind == "removed"
    ]
    assert told == ["ana", "ana"]
    assert agency.live_texts() == agency.live_texts("tulip-x") == []
    before = agency.desk.audit().anchor
    eva.take_down(post)
    agency.run_due()
    assert agency.desk.audit().anchor == before
    agency.check_journal()


def test_only_who_may_takes_down(agency) -> None:
    post = agency.approved_post()
    ben, dirk = agency.acting("ben", "dirk")
    assert refusal(lambda: ben.take_down(post)) == "default_deny"
    with pytest.raises(NotFoundError):
        dirk.take_down(post)
    (eva,) = agency.acting("eva")
    assert refusal(lambda: eva.take_down(post, profile="dike-x")) == "no_such_target"
    draft = agency.acting("ana")[0].draft("later", profiles=[PROFILE])
    assert refusal(lambda: eva.take_down(draft)) == "nothing_to_take_down"


def test_what_waits_is_called_off(agency) -> None:
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    (eva,) = agency.acting("eva")
    eva.take_down(post, profile="tulip-x")
    states = {delivery.profile: delivery.state for delivery in agency.desk.deliveries(post)}
    assert states == {"tulip-x": "cancelled", PROFILE: "waiting"}
    agency.run_due()
    assert (agency.live_texts("tulip-x"), len(agency.live_texts())) == ([], 1)


@pytest.mark.parametrize(
    ("fault", "gone_after"),
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
def test_a_removal_that_fails_is_tried_again_and_shown(open_agency, fault, gone_after) -> None:
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    agency.inject(fault)
    agency.acting("eva")[0].take_down(post)
    agency.run_due()
    lost_once = fault.kind == "lost_answer"
    if not lost_once:
        # The driver repeats what may be repeated; a first loss is not even seen.
        assert agency.desk.summary(post) == "removing"
        assert agency.attention() == ["takedown_failed"]
        assert agency.delivery(post).network_id
    agency.run_due(after=gone_after)
    assert agency.desk.summary(post) == "removed"
    assert agency.attention() == []
    assert agency.live_texts() == []
    agency.check_journal()


def test_a_removal_with_refused_credentials_waits_until_somebody_signs_in(open_agency) -> None:
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


def test_a_wish_while_it_is_in_doubt_is_carried_out_once_it_is_known(open_agency) -> None:
    """Found: taken down. Not there: called off. Never sent again in between."""
    for fault, left in (
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
        assert agency.delivery(post).state == left
        assert agency.live_texts() == []
        assert len(agency.sandbox.posts()) == (left == "removed")
        agency.check_journal()


def test_what_was_taken_down_comes_back_only_when_it_is_asked_for(agency) -> None:
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, profile=PROFILE)
    agency.run_due()
    assert agency.desk.summary(post) == "published"
    assert refusal(lambda: eva.reschedule(post, "2026-04-08 09:30")) == "all_published"
    assert refusal(lambda: eva.schedule(post)) == "time_passed"
    post = agency.desk.post(post.id)
    edited = eva.edit(post, text="De lente is er nu echt")
    agency.acting("ben")[0].approve(edited)
    agency.run_due(after=MINUTE)
    assert agency.live_texts() == []


def test_what_is_out_is_changed_in_place_once_it_is_approved_again(agency) -> None:
    post = agency.approved_post()
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    before = agency.delivery(post)
    edited = ana.edit(post, text="De lente is er, echt")
    assert (edited.state, agency.desk.summary(post)) == ("in_review", "published")
    assert refusal(lambda: eva.amend(edited)) == "wrong_state"
    edited = ben.approve(edited)
    with pytest.raises(StaleError):
        eva.amend(post)
    assert refusal(lambda: ana.amend(edited)) == "default_deny"
    eva.amend(edited)
    assert agency.live_texts() == ["De lente is er"]
    agency.run_due()
    assert agency.live_texts() == ["De lente is er, echt"]
    after = agency.delivery(post)
    assert (after.state, after.network_id) == ("published", before.network_id)
    assert after.revision == edited.digest != before.revision
    assert refusal(lambda: eva.amend(edited)) == "nothing_to_amend"
    agency.check_journal()


def test_a_network_that_changes_nothing_in_place_is_named_with_what_helps(agency) -> None:
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="De lente is er, echt"))
    with pytest.raises(NotAllowedError) as caught:
        eva.amend(edited)
    assert caught.value.verdict.reasons[0].code == "cannot_amend"
    assert [remedy.code for remedy in caught.value.verdict.remedies] == ["take_down_and_reschedule"]
    eva.amend(edited, profile=PROFILE)
    eva.take_down(edited, profile="tulip-x")
    agency.run_due()
    assert (agency.live_texts(), agency.live_texts("tulip-x")) == (["De lente is er, echt"], [])


@pytest.mark.parametrize(
    ("fault", "course"),
    [
        (
            InjectedFault("lost_answer", on="amend"),
            ("new", "old", ["not_amended"], "new"),
        ),
        (
            InjectedFault("lost_request", on="amend"),
            ("old", "old", ["not_amended"], "new"),
        ),
        (InjectedFault("server_error", on="amend"), ("old", "old", ["not_amended"], "new")),
        (InjectedFault("rate_limited", on="amend"), ("old", "old", ["not_amended"], "new")),
        (InjectedFault("rejected", on="amend"), ("old", "old", ["not_amended"], "old")),
        (InjectedFault("slow", on="amend", delay_s=40), ("old", "old", ["not_amended"], "new")),
    ],
)
def test_a_change_without_an_answer_claims_nothing(open_agency, fault, course) -> None:
    """The revision that counts as out changes with an answer alone."""
    stands, known, trouble, last = course
    agency = open_agency("memory")
    post = agency.approved_post("old")
    agency.run_due()
    old = agency.delivery(post).revision
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    agency.inject(fault)
    eva = agency.desk.acting_as("eva")
    eva.amend(edited)
    agency.run_due()
    assert agency.live_texts() == [stands]
    assert agency.delivery(post).state == "published"
    assert (agency.delivery(post).revision == old) == (known == "old")
    assert agency.attention() == trouble
    agency.run_due(after=2 * MINUTE)
    assert agency.live_texts() == [last]
    assert (agency.delivery(post).revision == edited.digest) == (last == "new")
    assert agency.attention() == ([] if last == "new" else ["not_amended"])
    agency.check_journal()


def test_no_change_leaves_during_a_hold_or_after_the_approval_is_gone(agency) -> None:
    post = agency.approved_post("old")
    agency.run_due()
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    eva.amend(edited)
    held = eva.hold(PROFILE, reason="storm")
    agency.run_due()
    assert agency.live_texts() == ["old"]
    eva.resume(held)
    ana.edit(edited, text="newer")
    agency.run_due(after=60 * MINUTE)
    assert agency.live_texts() == ["old"]
    assert agency.delivery(post).amend_problem == "not_approved"
    newest = ben.approve(agency.desk.post(post.id))
    eva.amend(newest)
    agency.run_due(after=60 * MINUTE)
    assert agency.live_texts() == ["newer"]
    agency.check_journal()


def test_a_person_says_that_it_is_out(open_agency) -> None:
    """Posted by hand before its time, or found while it was in doubt."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = agency.acting("eva")
    early = agency.approved_post("early", at="2026-04-07 12:00")
    eva.mark_published(early, PROFILE, network_id="m1", url="https://mastodon.example/m1")
    assert agency.desk.summary(early) == "published"
    assert agency.delivery(early).url == "https://mastodon.example/m1"
    post = agency.approved_post()
    agency.run_due()
    assert refusal(lambda: eva.mark_published(post, PROFILE, network_id="m2")) == (
        "may_still_arrive"
    )
    assert refusal(lambda: eva.mark_not_published(post, PROFILE)) == "may_still_arrive"
    agency.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="m2")
    eva.mark_published(post, PROFILE, network_id="m2")
    assert (
        refusal(lambda: eva.mark_published(post, PROFILE, network_id="m3")) == "already_published"
    )
    agency.run_due(after=60 * MINUTE)
    assert agency.desk.summary(post) == "published"
    assert agency.live_texts() == []
    with pytest.raises(InvalidValueError, match="network's own id"):
        eva.mark_published(post, PROFILE, network_id=" ")
    agency.check_journal()


def test_a_person_says_that_it_is_not_there(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = agency.acting("eva")
    post = agency.approved_post()
    assert refusal(lambda: eva.mark_not_published(post, PROFILE)) == "nothing_in_doubt"
    agency.run_due()
    agency.now = DUE + MINUTE
    eva.mark_not_published(post, PROFILE)
    assert (agency.desk.summary(post), agency.attention()) == ("missed", ["missed"])
    eva.schedule(post, at="2026-04-07 12:00")
    agency.run_due(after=180 * MINUTE)
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_an_answer_after_a_persons_word_is_kept_beside_it_and_reported(open_agency) -> None:
    """A second copy is on the to-do list until it is taken down alone."""
    agency = open_agency("memory", faults=(InjectedFault("lost_answer"),))
    (eva,) = agency.acting("eva")
    post = agency.approved_post()
    agency.run_due()
    agency.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="by-hand")
    (real,) = [post.network_id for post in agency.sandbox.posts()]
    # The sender that was taken for lost wakes up and stores what it was told.
    from socialcollab.workflow.decide import Sent, record_outcome

    publisher = agency.desk._publisher
    sent = Sent(network_id=real, url="", published_at=agency.now)
    steps = publisher.dispatcher.store(
        agency.delivery(post).id,
        agency.now,
        lambda again: record_outcome(again.delivery, sent, again.context, attempt=1),
    )
    agency.desk.run(steps)
    assert agency.desk.summary(post) == "published"
    assert [duplicate.network_id for duplicate in agency.delivery(post).duplicates] == [real]
    assert agency.attention() == ["published_twice"]
    assert {
        notification.to
        for notification in agency.desk.notifications()
        if notification.kind == "published_twice"
    } == {
        "ana",
        "eva",
    }
    eva.take_down(post, network_id=real, reason="out twice")
    ((_, problem),) = agency.run_due().problems or (("", "none"),)
    assert problem == "none"
    assert agency.live_texts() == []
    assert (agency.delivery(post).state, agency.delivery(post).network_id) == (
        "published",
        "by-hand",
    )
    assert agency.attention() == []
    agency.check_journal()


def test_posts_made_elsewhere_take_up_room_and_are_not_doubled(agency) -> None:
    eva, dirk = agency.acting("eva", "dirk")
    seen = dt.datetime(2026, 4, 1, 7, 30, tzinfo=dt.UTC)
    for _ in range(2):
        eva.add_native_post("tulip-x", network_id="at://native/1", at=seen, text="Zelf geplaatst")
    with pytest.raises(NotFoundError):
        dirk.add_native_post("tulip-x", network_id="n", at=seen)
    start, end = seen - 60 * MINUTE, seen + 60 * MINUTE
    (entry,) = agency.desk.calendar(start, end).entries()
    assert (entry.state, entry.title, entry.occupies) == ("native_post", "Zelf geplaatst", True)
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    assert agency.desk.calendar(start, end).entries() == ()
    eva.add_native_post("tulip-x", network_id="at://native/1", at=seen)
    assert len(agency.desk.calendar(start, end).entries()) == 1
    post = agency.approved_post(profiles=["tulip-x"])
    agency.run_due()
    ours = agency.delivery(post)
    eva.add_native_post("tulip-x", network_id=ours.network_id, at=agency.now)
    day = agency.desk.calendar(DUE - MINUTE, DUE + MINUTE).entries()
    assert [one.state for one in day] == ["published"]
    with pytest.raises(NotFoundError, match="native post"):
        eva.remove_native_post("tulip-x", network_id="never seen")
    agency.check_journal()


def test_a_slot_that_an_observed_post_stands_in_is_taken(agency) -> None:
    (eva,) = agency.acting("eva")
    agency.now = dt.datetime(2026, 4, 2, 7, 29, 30, tzinfo=dt.UTC)
    eva.add_native_post("tulip-x", network_id="1", at=agency.now)
    agency.now -= dt.timedelta(hours=12)
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("een", profiles=["tulip-x"]), at="next slot"))
    assert agency.delivery(post).at.local.isoformat() == "2026-04-02T09:30:00"
    agency.now += dt.timedelta(hours=12, minutes=1)
    eva.add_native_post("tulip-x", network_id="2", at=agency.now - dt.timedelta(seconds=30))
    assert [clash.kind for clash in agency.desk.clashes(DUE - 10000 * MINUTE, DUE)] == ["same_slot"]

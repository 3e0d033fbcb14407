"""What is out is taken down, changed, or said to be out; people see each as it is."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.test_desk import DUE, sound
from tests.desk.test_outcomes import PROFILE, approved, due, only, out, troubles

from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.networks.sandbox.faults import InjectedFault

MINUTE = dt.timedelta(minutes=1)


def refusal(command) -> str:
    with pytest.raises(NotAllowedError) as caught:
        command()
    verdict = caught.value.verdict
    assert verdict.explain("en") != verdict.explain("nl")
    return verdict.reasons[0].code if verdict.reasons else "default_deny"


def test_what_is_out_is_taken_down_and_asking_twice_changes_nothing(office) -> None:
    post = approved(office, profiles=["tulip-x", PROFILE])
    due(office)
    (eva,) = office.acting("eva")
    eva.take_down(post, reason="the wrong year")
    eva.take_down(post, reason="the wrong year")
    assert office.desk.summary(post) == "removing"
    due(office)
    assert office.desk.summary(post) == "removed"
    told = [one.to for one in office.desk.notifications() if one.kind == "taken_down"]
    assert told == ["ana", "ana"]
    assert out(office) == out(office, "tulip-x") == []
    before = office.desk.audit().anchor
    eva.take_down(post)
    due(office)
    assert office.desk.audit().anchor == before
    sound(office)


def test_only_who_may_takes_down(office) -> None:
    post = approved(office)
    ben, dirk = office.acting("ben", "dirk")
    assert refusal(lambda: ben.take_down(post)) == "default_deny"
    with pytest.raises(NotFoundError):
        dirk.take_down(post)
    (eva,) = office.acting("eva")
    assert refusal(lambda: eva.take_down(post, profile="dike-x")) == "no_such_target"
    draft = office.acting("ana")[0].draft("later", profiles=[PROFILE])
    assert refusal(lambda: eva.take_down(draft)) == "nothing_to_take_down"


def test_what_waits_is_called_off(office) -> None:
    post = approved(office, profiles=["tulip-x", PROFILE])
    (eva,) = office.acting("eva")
    eva.take_down(post, profile="tulip-x")
    states = {one.profile: one.state for one in office.desk.deliveries(post)}
    assert states == {"tulip-x": "cancelled", PROFILE: "waiting"}
    due(office)
    assert (out(office, "tulip-x"), len(out(office))) == ([], 1)


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
def test_a_removal_that_fails_is_tried_again_and_shown(open_office, fault, gone_after) -> None:
    office = open_office("memory")
    post = approved(office)
    due(office)
    office.let_go_wrong(fault)
    office.acting("eva")[0].take_down(post)
    due(office)
    lost_once = fault.kind == "lost_answer"
    if not lost_once:
        # The driver repeats what may be repeated; a first loss is not even seen.
        assert office.desk.summary(post) == "removing"
        assert troubles(office) == ["takedown_failed"]
        assert only(office, post).network_id
    due(office, after=gone_after)
    assert office.desk.summary(post) == "removed"
    assert troubles(office) == []
    assert out(office) == []
    sound(office)


def test_a_removal_with_refused_credentials_waits_until_somebody_signs_in(open_office) -> None:
    office = open_office("memory")
    post = approved(office)
    later = approved(office, "later", at="2026-04-07 10:30")
    due(office)
    office.let_go_wrong(InjectedFault("unauthorized"))
    (eva,) = office.acting("eva")
    eva.take_down(post)
    due(office)
    (hold,) = office.desk.holds()
    assert (hold.by, office.desk.summary(later)) == ("system:publisher", "held")
    due(office, after=65 * MINUTE)
    assert office.desk.summary(post) == "removing"
    assert out(office) == ["De lente is er"]
    eva.resume(hold.id)
    due(office, after=60 * MINUTE)
    assert (office.desk.summary(post), office.desk.summary(later)) == ("removed", "published")
    sound(office)


def test_a_wish_while_it_is_in_doubt_is_carried_out_once_it_is_known(open_office) -> None:
    """Found: taken down. Not there: called off. Never sent again in between."""
    for fault, left in (
        (InjectedFault("lost_answer"), "removed"),
        (InjectedFault("lost_request"), "cancelled"),
        (InjectedFault("late_arrival", delay_s=20), "removed"),
    ):
        office = open_office("memory", faults=(fault,))
        post = approved(office)
        due(office)
        office.acting("eva")[0].take_down(post)
        assert (only(office, post).state, only(office, post).takedown_requested) == (
            "unknown",
            True,
        )
        for _ in range(3):
            due(office, after=MINUTE)
        assert only(office, post).state == left
        assert out(office) == []
        assert len(office.sandbox.posts()) == (left == "removed")
        sound(office)


def test_what_was_taken_down_comes_back_only_when_it_is_asked_for(office) -> None:
    post = approved(office, profiles=["tulip-x", PROFILE])
    due(office)
    (eva,) = office.acting("eva")
    eva.take_down(post, profile=PROFILE)
    due(office)
    assert office.desk.summary(post) == "published"
    assert refusal(lambda: eva.reschedule(post, "2026-04-08 09:30")) == "all_published"
    assert refusal(lambda: eva.schedule(post)) == "time_passed"
    post = office.desk.post(post.id)
    edited = eva.edit(post, text="De lente is er nu echt")
    office.acting("ben")[0].approve(edited)
    due(office, after=MINUTE)
    assert out(office) == []


def test_what_is_out_is_changed_in_place_once_it_is_approved_again(office) -> None:
    post = approved(office)
    due(office)
    ana, ben, eva = office.acting("ana", "ben", "eva")
    before = only(office, post)
    edited = ana.edit(post, text="De lente is er, echt")
    assert (edited.state, office.desk.summary(post)) == ("in_review", "published")
    assert refusal(lambda: eva.amend(edited)) == "wrong_state"
    edited = ben.approve(edited)
    with pytest.raises(StaleError):
        eva.amend(post)
    assert refusal(lambda: ana.amend(edited)) == "default_deny"
    eva.amend(edited)
    assert out(office) == ["De lente is er"]
    due(office)
    assert out(office) == ["De lente is er, echt"]
    after = only(office, post)
    assert (after.state, after.network_id) == ("published", before.network_id)
    assert after.revision == edited.digest != before.revision
    assert refusal(lambda: eva.amend(edited)) == "nothing_to_amend"
    sound(office)


def test_a_network_that_changes_nothing_in_place_is_named_with_what_helps(office) -> None:
    post = approved(office, profiles=["tulip-x", PROFILE])
    due(office)
    ana, ben, eva = office.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="De lente is er, echt"))
    with pytest.raises(NotAllowedError) as caught:
        eva.amend(edited)
    assert caught.value.verdict.reasons[0].code == "cannot_amend"
    assert [one.code for one in caught.value.verdict.remedies] == ["take_down_and_reschedule"]
    eva.amend(edited, profile=PROFILE)
    eva.take_down(edited, profile="tulip-x")
    due(office)
    assert (out(office), out(office, "tulip-x")) == (["De lente is er, echt"], [])


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
def test_a_change_without_an_answer_claims_nothing(open_office, fault, course) -> None:
    """The revision that counts as out changes with an answer alone."""
    stands, known, trouble, last = course
    office = open_office("memory")
    post = approved(office, "old")
    due(office)
    old = only(office, post).revision
    ana, ben, eva = office.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    office.let_go_wrong(fault)
    eva = office.desk.acting_as("eva")
    eva.amend(edited)
    due(office)
    assert out(office) == [stands]
    assert only(office, post).state == "published"
    assert (only(office, post).revision == old) == (known == "old")
    assert troubles(office) == trouble
    due(office, after=2 * MINUTE)
    assert out(office) == [last]
    assert (only(office, post).revision == edited.digest) == (last == "new")
    assert troubles(office) == ([] if last == "new" else ["not_amended"])
    sound(office)


def test_no_change_leaves_during_a_hold_or_after_the_approval_is_gone(office) -> None:
    post = approved(office, "old")
    due(office)
    ana, ben, eva = office.acting("ana", "ben", "eva")
    edited = ben.approve(ana.edit(post, text="new"))
    eva.amend(edited)
    held = eva.hold(PROFILE, reason="storm")
    due(office)
    assert out(office) == ["old"]
    eva.resume(held)
    ana.edit(edited, text="newer")
    due(office, after=60 * MINUTE)
    assert out(office) == ["old"]
    assert only(office, post).amend_problem == "not_approved"
    newest = ben.approve(office.desk.post(post.id))
    eva.amend(newest)
    due(office, after=60 * MINUTE)
    assert out(office) == ["newer"]
    sound(office)


def test_a_person_says_that_it_is_out(open_office) -> None:
    """Posted by hand before its time, or found while it was in doubt."""
    office = open_office("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = office.acting("eva")
    early = approved(office, "early", at="2026-04-07 12:00")
    eva.mark_published(early, PROFILE, network_id="m1", url="https://mastodon.example/m1")
    assert office.desk.summary(early) == "published"
    assert only(office, early).url == "https://mastodon.example/m1"
    post = approved(office)
    due(office)
    assert refusal(lambda: eva.mark_published(post, PROFILE, network_id="m2")) == (
        "may_still_arrive"
    )
    assert refusal(lambda: eva.mark_not_published(post, PROFILE)) == "may_still_arrive"
    office.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="m2")
    eva.mark_published(post, PROFILE, network_id="m2")
    assert (
        refusal(lambda: eva.mark_published(post, PROFILE, network_id="m3")) == "already_published"
    )
    due(office, after=60 * MINUTE)
    assert office.desk.summary(post) == "published"
    assert out(office) == []
    with pytest.raises(InvalidValueError, match="network's own id"):
        eva.mark_published(post, PROFILE, network_id=" ")
    sound(office)


def test_a_person_says_that_it_is_not_there(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("lost_request"),))
    (eva,) = office.acting("eva")
    post = approved(office)
    assert refusal(lambda: eva.mark_not_published(post, PROFILE)) == "nothing_in_doubt"
    due(office)
    office.now = DUE + MINUTE
    eva.mark_not_published(post, PROFILE)
    assert (office.desk.summary(post), troubles(office)) == ("missed", ["missed"])
    eva.schedule(post, at="2026-04-07 12:00")
    due(office, after=180 * MINUTE)
    assert office.desk.summary(post) == "published"
    sound(office)


def test_an_answer_after_a_persons_word_is_kept_beside_it_and_reported(open_office) -> None:
    """A second copy is on the to-do list until it is taken down alone."""
    office = open_office("memory", faults=(InjectedFault("lost_answer"),))
    (eva,) = office.acting("eva")
    post = approved(office)
    due(office)
    office.now = DUE + MINUTE
    eva.mark_published(post, PROFILE, network_id="by-hand")
    (real,) = [one.network_id for one in office.sandbox.posts()]
    # The sender that was taken for lost wakes up and stores what it was told.
    from socialcollab.workflow.decide import Publication, record_outcome

    publisher = office.desk._publisher
    sent = Publication(network_id=real, url="", published_at=office.now)
    steps = publisher.dispatcher.store(
        only(office, post).id,
        office.now,
        lambda again: record_outcome(again.delivery, sent, again.context, attempt=1),
    )
    office.desk.run(steps)
    assert office.desk.summary(post) == "published"
    assert [one.network_id for one in only(office, post).duplicates] == [real]
    assert troubles(office) == ["published_twice"]
    assert {one.to for one in office.desk.notifications() if one.kind == "published_twice"} == {
        "ana",
        "eva",
    }
    eva.take_down(post, network_id=real, reason="out twice")
    ((_, problem),) = due(office).problems or (("", "none"),)
    assert problem == "none"
    assert out(office) == []
    assert (only(office, post).state, only(office, post).network_id) == ("published", "by-hand")
    assert troubles(office) == []
    sound(office)


def test_posts_made_elsewhere_take_up_room_and_are_not_doubled(office) -> None:
    eva, dirk = office.acting("eva", "dirk")
    seen = dt.datetime(2026, 4, 1, 7, 30, tzinfo=dt.UTC)
    for _ in range(2):
        eva.add_native_post("tulip-x", network_id="at://native/1", at=seen, text="Zelf geplaatst")
    with pytest.raises(NotFoundError):
        dirk.add_native_post("tulip-x", network_id="n", at=seen)
    start, end = seen - 60 * MINUTE, seen + 60 * MINUTE
    (entry,) = office.desk.calendar(start, end).entries()
    assert (entry.state, entry.title, entry.occupies) == ("native_post", "Zelf geplaatst", True)
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    assert office.desk.calendar(start, end).entries() == ()
    eva.add_native_post("tulip-x", network_id="at://native/1", at=seen)
    assert len(office.desk.calendar(start, end).entries()) == 1
    post = approved(office, profiles=["tulip-x"])
    due(office)
    ours = only(office, post)
    eva.add_native_post("tulip-x", network_id=ours.network_id, at=office.now)
    day = office.desk.calendar(DUE - MINUTE, DUE + MINUTE).entries()
    assert [one.state for one in day] == ["published"]
    with pytest.raises(NotFoundError, match="native post"):
        eva.remove_native_post("tulip-x", network_id="never seen")
    sound(office)


def test_a_slot_that_an_observed_post_stands_in_is_taken(office) -> None:
    (eva,) = office.acting("eva")
    office.now = dt.datetime(2026, 4, 2, 7, 29, 30, tzinfo=dt.UTC)
    eva.add_native_post("tulip-x", network_id="1", at=office.now)
    office.now -= dt.timedelta(hours=12)
    ana, ben = office.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("een", profiles=["tulip-x"]), at="next slot"))
    assert only(office, post).at.local.isoformat() == "2026-04-02T09:30:00"
    office.now += dt.timedelta(hours=12, minutes=1)
    eva.add_native_post("tulip-x", network_id="2", at=office.now - dt.timedelta(seconds=30))
    assert [clash.kind for clash in office.desk.clashes(DUE - 10000 * MINUTE, DUE)] == ["same_slot"]

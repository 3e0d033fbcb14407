"""The publisher: threads, budgets, looks, profiles that go, workers that freeze, clocks that jump."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial

import pytest
from tests.desk.agency import DOCUMENT, DUE, MINUTE, PROFILE

from socialcollab.content import Image
from socialcollab.errors import NotAllowedError, NotFoundError, SocialCollabError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization

THREAD = "een\n---\ntwee\n---\ndrie"
THREADS = {"thread_mark": "\n---\n"}


def types(agency, post) -> list[str]:
    return [
        entry.type.partition(".")[2]
        for entry in agency.desk.history(post)
        if entry.stream.startswith("delivery/")
    ]


class KilledError(Exception):
    """The process dies here."""


def dies_at(agency, number: int) -> None:
    """Let the desk's process die right after its call of that number is answered."""
    steps = agency.desk._publisher.work(only_id(agency), now=agency.now)
    call = next(steps)
    try:
        for _ in range(number):
            answer = call.function(*call.args, **call.kwargs)
            call = steps.send(answer)
    except StopIteration:
        return
    steps.close()


def wakes_up(steps, call) -> None:
    """Let steps that stopped before a call go on to their end."""
    with suppress(StopIteration):
        while True:
            try:
                answer = call.function(*call.args, **call.kwargs)
            except SocialCollabError as error:
                call = steps.throw(error)
            else:
                call = steps.send(answer)


def only_id(agency) -> str:
    (post,) = agency.desk.posts()
    return agency.delivery(post).id


def test_a_thread_goes_out_part_by_part_and_each_is_remembered(open_agency) -> None:
    agency = open_agency("memory", **THREADS)
    post = agency.approved_post(THREAD)
    agency.run_due()
    assert agency.live_texts() == ["een", "twee", "drie"]
    first, second, third = agency.sandbox.posts(PROFILE)
    assert (second.in_reply_to, third.in_reply_to) == (first.network_id, second.network_id)
    delivery = agency.delivery(post)
    assert (delivery.network_id, delivery.url) == (first.network_id, first.url)
    assert delivery.live_ids == tuple(one.network_id for one in (first, second, third))
    assert types(agency, post).count("part_published") == 3
    agency.acting("eva")[0].take_down(post)
    agency.run_due()
    assert agency.live_texts() == []
    assert agency.desk.summary(post) == "removed"
    agency.check_journal()


@pytest.mark.parametrize("number", range(1, 75, 3))
def test_a_thread_goes_on_from_wherever_its_worker_died(open_agency, number) -> None:
    """No part is made twice and none is left out, although the server knows no keys."""
    agency = open_agency("memory", honours_keys=False, **THREADS)
    post = agency.approved_post(THREAD, media=[Image.from_bytes(b"GIF89a\x01;", alt="een")])
    agency.now = DUE
    dies_at(agency, number)
    for _ in range(4):
        agency.run_due(after=MINUTE)
    assert agency.live_texts() == ["een", "twee", "drie"]
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_a_thread_that_is_partly_published_shows_as_that_and_bars_what_would_tear_it(
    open_agency,
) -> None:
    agency = open_agency("memory", **THREADS)
    post = agency.approved_post(THREAD)
    agency.inject(InjectedFault("rejected", times=None, probability=0.5, seed=3), **THREADS)
    agency.run_due()
    if not agency.live_texts():
        pytest.fail("the seed of chance let nothing out")
    assert agency.desk.summary(post) == "partly_published"
    ana, eva = agency.acting("ana", "eva")
    for command in (
        lambda: ana.edit(post, text="anders"),
        lambda: eva.reschedule(post, "2026-04-08 09:30"),
        lambda: eva.cancel(post),
    ):
        with pytest.raises(NotAllowedError) as caught:
            command()
        assert caught.value.verdict.reasons[0].code in ("delivery_in_doubt", "all_published")
    assert agency.attention() == ["failed"]
    eva.take_down(post)
    assert agency.desk.summary(post) == "removing"
    agency.run_due()
    assert (agency.live_texts(), agency.desk.summary(post)) == ([], "removed")
    agency.check_journal()


def test_the_next_part_waits_for_the_end_of_a_hold(open_agency) -> None:
    agency = open_agency("memory", **THREADS)
    post = agency.approved_post(THREAD)
    agency.now = DUE
    number = 1
    while not agency.live_texts():
        dies_at(agency, 14 + number)
        number += 1
        if number > 40:
            pytest.fail("the first part never went out")
        if agency.delivery(post).state != "waiting" and not agency.live_texts():
            agency.now += MINUTE
    (eva,) = agency.acting("eva")
    held = eva.hold(PROFILE, reason="storm")
    for _ in range(3):
        agency.run_due(after=2 * MINUTE)
    assert len(agency.live_texts()) == 1
    assert agency.desk.summary(post) == "partly_published"
    eva.resume(held)
    for _ in range(2):
        agency.run_due(after=2 * MINUTE)
    assert agency.live_texts() == ["een", "twee", "drie"]
    agency.check_journal()


def test_all_deliveries_of_a_profile_wait_when_one_was_asked_to(open_agency) -> None:
    """One request meets the limit, and the others do not try theirs."""
    agency = open_agency(
        "memory", faults=(InjectedFault("rate_limited", retry_after_s=900, times=None),)
    )
    posts = [agency.approved_post(f"post {number}") for number in range(4)]
    elsewhere = agency.approved_post("elders", profiles=["tulip-x"])
    agency.inject(InjectedFault("rate_limited", profile=PROFILE, retry_after_s=900))
    agency.run_due()
    assert [agency.desk.summary(post) for post in posts] == ["scheduled"] * 4
    assert agency.desk.summary(elsewhere) == "published"
    begun = [types(agency, post).count("send_started") for post in posts]
    assert sum(begun) == 1
    agency.run_due(after=14 * MINUTE)
    assert sum(types(agency, post).count("send_started") for post in posts) == 1
    agency.run_due(after=MINUTE)
    assert [agency.desk.summary(post) for post in posts] == ["published"] * 4
    agency.check_journal()


def test_after_signing_in_everything_that_waited_goes_on(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("unauthorized"),))
    first, second = agency.approved_post("een"), agency.approved_post("twee", at="2026-04-07 10:00")
    agency.run_due()
    agency.run_due(after=60 * MINUTE)
    (hold,) = agency.desk.holds()
    assert (hold.by, hold.id) == ("system:publisher", f"credentials-{PROFILE}")
    assert [agency.desk.summary(post) for post in (first, second)] == ["held", "held"]
    assert agency.live_texts() == []
    agency.acting("eva")[0].resume(hold.id)
    agency.run_due()
    assert [agency.desk.summary(post) for post in (first, second)] == ["published"] * 2
    agency.check_journal()


def test_looks_grow_rarer_and_after_three_days_a_person_is_told(open_agency) -> None:
    looks = InjectedFault("rate_limited", on="find", times=None, retry_after_s=None)
    agency = open_agency("memory", faults=(InjectedFault("lost_request"), looks))
    post = agency.approved_post()
    agency.run_due()
    told: list[str] = []
    for _ in range(24 * 4):
        told += [problem for _, problem in agency.run_due(after=60 * MINUTE).problems]
    assert types(agency, post).count("looked") < 30
    assert agency.delivery(post).state == "unknown"
    assert told
    assert "has been unknown for 3 days" in told[0]
    assert "mark_published" in told[0]
    agency.acting("eva")[0].mark_not_published(post, PROFILE)
    assert agency.desk.summary(post) == "missed"
    agency.check_journal()


def test_a_look_can_be_asked_for_at_once(open_agency) -> None:
    lag = InjectedFault("lagging_reads", delay_s=90, times=None)
    agency = open_agency(
        "memory", faults=(InjectedFault("lost_answer"), lag), conclusive_after_s=120
    )
    post = agency.approved_post()
    agency.run_due()
    agency.run_due(after=MINUTE)
    delivery = agency.delivery(post)
    assert (delivery.state, delivery.problem) == ("unknown", "not_found_yet")
    assert delivery.not_before > agency.now + MINUTE
    agency.now += MINUTE
    (found,) = agency.desk.reconcile(post)
    assert found.state == "published"
    (same,) = agency.desk.reconcile(found.id)
    assert same == found
    with pytest.raises(NotFoundError):
        agency.desk.reconcile("nothing")
    agency.check_journal()


def test_a_look_that_lags_longer_than_is_allowed_for_doubles(open_agency) -> None:
    """The window that remains, shown: no key, and reading slower than the adapter says."""
    lag = InjectedFault("lagging_reads", delay_s=600, times=None)
    faults = (InjectedFault("lost_answer"), lag)
    for honours_keys, copies in ((True, 1), (False, 2)):
        agency = open_agency("memory", faults=faults, honours_keys=honours_keys)
        agency.approved_post()
        agency.run_due()
        agency.run_due(after=2 * MINUTE)
        agency.run_due()
        assert len(agency.live_texts()) == copies


def test_a_profile_that_an_adoption_removed_leaves_nothing_stuck(open_agency) -> None:
    """What waits is missed, what is in doubt stays on somebody's list; nobody's run breaks."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    doubtful = agency.approved_post("een")
    waiting = agency.approved_post("twee", at="2026-04-07 12:00")
    agency.run_due()
    lines = DOCUMENT.split("\n\n")
    kept = [line for line in lines if 'id = "tulip-mastodon"' not in line]
    without = "\n\n".join(kept).replace('on = "tulip-mastodon"', 'on = "tulip-x"')
    (eva,) = agency.acting("eva")
    eva.adopt(agency.desk.propose(Organization.loads(without)), reason="the account is closed")
    report = agency.run_due(after=240 * MINUTE)
    assert agency.delivery(waiting).state == "missed"
    assert agency.delivery(waiting).problem == "profile_gone"
    assert agency.delivery(doubtful).state == "unknown"
    assert any("no profile `tulip-mastodon`" in problem for _, problem in report.problems)
    assert sorted(agency.attention("eva")) == ["missed", "unknown"]
    eva.mark_not_published(doubtful, PROFILE)
    assert agency.delivery(doubtful).state == "missed"
    agency.check_journal()


def without_mastodon() -> Organization:
    kept = [line for line in DOCUMENT.split("\n\n") if 'id = "tulip-mastodon"' not in line]
    return Organization.loads("\n\n".join(kept).replace('on = "tulip-mastodon"', 'on = "tulip-x"'))


def test_a_removal_from_a_profile_that_has_gone_ends_by_saying_what_is_out(open_agency) -> None:
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, reason="the price is wrong")
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(agency.run_due(after=MINUTE).problems)
    delivery = agency.delivery(post)
    assert ("published", "profile_gone") == (delivery.state, delivery.problem)
    assert delivery.network_id in delivery.live_ids
    assert agency.desk.summary(post) == "published"
    assert (["takedown_failed"], ["takedown_failed"]) == (
        agency.attention(),
        agency.attention("ana"),
    )
    told = [
        (notification.to, notification.profile)
        for notification in agency.desk.notifications()
        if notification.kind == "takedown_failed"
    ]
    assert [("ana", PROFILE), ("eva", PROFILE)] == told
    assert agency.desk.next_due() is None
    agency.run_due(after=240 * MINUTE)
    assert 2 == sum(
        notification.kind == "takedown_failed" for notification in agency.desk.notifications()
    )
    # Somebody has looked at the account, as long as it was there.
    eva.mark_not_published(post, PROFILE)
    assert (agency.desk.summary(post), agency.attention()) == ("removed", [])
    assert agency.desk.audit().clean


def test_a_profile_that_comes_back_lets_a_removal_be_asked_again(open_agency) -> None:
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post)
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    agency.run_due(after=MINUTE)
    eva.adopt(agency.desk.propose(Organization.loads(DOCUMENT)), reason="a slip")
    eva.take_down(post)
    assert agency.desk.summary(post) == "removing"
    agency.run_due(after=MINUTE)
    assert (agency.desk.summary(post), agency.live_texts()) == ("removed", [])
    agency.check_journal()


def test_a_change_to_what_is_on_a_profile_that_has_gone_is_given_up(open_agency) -> None:
    agency = open_agency("memory")
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = agency.approved_post()
    agency.run_due()
    post = ben.approve(ana.edit(post, text="Vanaf €49!"))
    eva.amend(post)
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(agency.run_due(after=MINUTE).problems)
    delivery = agency.delivery(post)
    assert ("published", "profile_gone") == (delivery.state, delivery.amend_problem)
    assert (["not_amended"], "") == (agency.attention(), delivery.amending)
    assert agency.desk.next_due() is None


def test_a_removal_that_no_network_reaches_waits_and_is_said(open_agency) -> None:
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    agency.acting("eva")[0].take_down(post)
    alone = type(agency.desk).open(agency.store, **{**agency.options, "networks": {}})
    report = alone.run_due()
    assert "no network is given" in report.problems[0][1]
    assert agency.attention() == ["takedown_failed"]
    agency.run_due(after=MINUTE)
    assert agency.desk.summary(post) == "removed"


def test_a_process_that_froze_past_its_deadline_sends_nothing(open_agency) -> None:
    """Whether it froze before the sending was prepared, or right before the bytes left."""
    for seconds, back in ((31, 0), (31, 86400)):
        passed = [0.0]
        agency = open_agency("memory", honours_keys=False, monotonic=partial(min, passed))
        post = agency.approved_post()
        agency.now = DUE
        agency.desk._publisher.dispatcher.monotonic = partial(min, passed)
        sleeper = agency.desk._publisher.work(agency.delivery(post).id, now=agency.now)
        call = next(sleeper)
        while not types(agency, post).count("send_started"):
            call = sleeper.send(call.function(*call.args, **call.kwargs))
        passed[0] += seconds
        agency.now += dt.timedelta(seconds=seconds)
        others = agency.second_desk()
        others._publisher.dispatcher.monotonic = partial(min, passed)
        others.run_due()
        others.run_due()
        assert len(agency.live_texts()) == 1
        agency.now -= dt.timedelta(seconds=back)
        wakes_up(sleeper, call)
        assert len(agency.live_texts()) == 1
        assert agency.desk.summary(post) == "published"
        agency.check_journal()


def test_a_clock_that_jumps_back_a_day_doubles_and_loses_nothing(open_agency) -> None:
    agency = open_agency("memory", faults=(InjectedFault("lost_request", times=1),))
    post = agency.approved_post()
    agency.run_due()
    agency.now -= dt.timedelta(days=1)
    for _ in range(5):
        agency.desk.run_due()
        agency.now += 10 * MINUTE
    assert agency.live_texts() == []
    early = agency.approved_post("eerder", at="2026-04-06 12:00")
    agency.now = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert agency.desk.summary(early) == "published"
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert sorted(agency.live_texts()) == ["De lente is er", "eerder"]
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_a_send_under_way_when_the_clock_jumped_back_is_looked_for(open_agency) -> None:
    agency = open_agency("memory", honours_keys=False)
    post = agency.approved_post()
    agency.now = DUE
    number = 5
    while not types(agency, post).count("send_started"):
        dies_at(agency, number)
        number += 1
    dies = agency.delivery(post)
    assert dies.state == "publishing"
    agency.now -= dt.timedelta(days=1)
    agency.desk.run_due(DUE)
    assert (agency.delivery(post).state, agency.delivery(post).problem) == (
        ("unknown", "not_found_yet") if not agency.live_texts() else ("published", "")
    )
    agency.now += dt.timedelta(days=1, minutes=2)
    agency.desk.run_due()
    agency.desk.run_due()
    assert len(agency.live_texts()) == 1
    agency.check_journal()


def test_the_lease_of_a_dead_worker_lapses(open_agency) -> None:
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.now = DUE
    store = agency.desk.engine.store
    store.due(before=DUE, now=DUE, limit=9, worker="dead", lease_s=60)
    agency.desk.run_due()
    assert agency.desk.summary(post) == "scheduled"
    agency.run_due(after=2 * MINUTE)
    assert agency.desk.summary(post) == "published"


def test_uploads_that_a_checkpoint_knows_are_not_made_again(open_agency) -> None:
    agency = open_agency("memory")
    images = [Image.from_bytes(b"GIF89a" + bytes([number]), alt="een") for number in range(3)]
    agency.approved_post(media=images)
    agency.now = DUE
    sent: list[str] = []
    transport = type(agency.sandbox.transport(agency.organization.profile(PROFILE)))
    whole = transport.send

    def counted(self, request, *, timeout_s):
        if request.media is not None:
            sent.append(request.media.digest)
            if len(sent) == 2:
                raise KilledError
        return whole(self, request, timeout_s=timeout_s)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "send", counted)
        steps = agency.desk._publisher.work(only_id(agency), now=agency.now)
        call = next(steps)
        with pytest.raises(KilledError):
            wakes_up(steps, call)
        steps.close()
        agency.run_due(after=MINUTE)
    assert sent == [images[0].digest, images[1].digest, images[1].digest, images[2].digest]
    assert len(agency.sandbox.posts(PROFILE)[0].images) == 3

"""The publisher: threads, budgets, looks, profiles that go, workers that freeze, clocks that jump."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial

import pytest
from tests.desk.conftest import DOCUMENT
from tests.desk.test_desk import DUE, sound
from tests.desk.test_outcomes import PROFILE, approved, due, only, out, troubles

from socialcollab.content import Image
from socialcollab.errors import NotAllowedError, NotFoundError, SocialCollabError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization

MINUTE = dt.timedelta(minutes=1)
THREAD = "een\n---\ntwee\n---\ndrie"
THREADS = {"thread_mark": "\n---\n"}


def types(office, post) -> list[str]:
    return [
        entry.type.partition(".")[2]
        for entry in office.desk.history(post)
        if entry.stream.startswith("delivery/")
    ]


class KilledError(Exception):
    """The process dies here."""


def dies_at(office, number: int) -> None:
    """Let the desk's process die right after its call of that number is answered."""
    steps = office.desk._publisher.work(only_id(office), now=office.now)
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


def only_id(office) -> str:
    (post,) = office.desk.posts()
    return only(office, post).id


def test_a_thread_goes_out_part_by_part_and_each_is_remembered(open_office) -> None:
    office = open_office("memory", **THREADS)
    post = approved(office, THREAD)
    due(office)
    assert out(office) == ["een", "twee", "drie"]
    first, second, third = office.sandbox.posts(PROFILE)
    assert (second.in_reply_to, third.in_reply_to) == (first.network_id, second.network_id)
    delivery = only(office, post)
    assert (delivery.network_id, delivery.url) == (first.network_id, first.url)
    assert delivery.live_ids == tuple(one.network_id for one in (first, second, third))
    assert types(office, post).count("part_published") == 3
    office.acting("eva")[0].take_down(post)
    due(office)
    assert out(office) == []
    assert office.desk.summary(post) == "removed"
    sound(office)


@pytest.mark.parametrize("number", range(1, 75, 3))
def test_a_thread_goes_on_from_wherever_its_worker_died(open_office, number) -> None:
    """No part is made twice and none is left out, although the server knows no keys."""
    office = open_office("memory", honours_keys=False, **THREADS)
    post = approved(office, THREAD, media=[Image.from_bytes(b"GIF89a\x01;", alt="een")])
    office.now = DUE
    dies_at(office, number)
    for _ in range(4):
        due(office, after=MINUTE)
    assert out(office) == ["een", "twee", "drie"]
    assert office.desk.summary(post) == "published"
    sound(office)


def test_a_thread_that_is_partly_published_shows_as_that_and_bars_what_would_tear_it(
    open_office,
) -> None:
    office = open_office("memory", **THREADS)
    post = approved(office, THREAD)
    office.let_go_wrong(InjectedFault("rejected", times=None, probability=0.5, seed=3), **THREADS)
    due(office)
    if not out(office):
        pytest.fail("the seed of chance let nothing out")
    assert office.desk.summary(post) == "partly_published"
    ana, eva = office.acting("ana", "eva")
    for command in (
        lambda: ana.edit(post, text="anders"),
        lambda: eva.reschedule(post, "2026-04-08 09:30"),
        lambda: eva.cancel(post),
    ):
        with pytest.raises(NotAllowedError) as caught:
            command()
        assert caught.value.verdict.reasons[0].code in ("delivery_in_doubt", "all_published")
    assert troubles(office) == ["failed"]
    eva.take_down(post)
    assert office.desk.summary(post) == "removing"
    due(office)
    assert (out(office), office.desk.summary(post)) == ([], "removed")
    sound(office)


def test_the_next_part_waits_for_the_end_of_a_hold(open_office) -> None:
    office = open_office("memory", **THREADS)
    post = approved(office, THREAD)
    office.now = DUE
    number = 1
    while not out(office):
        dies_at(office, 14 + number)
        number += 1
        if number > 40:
            pytest.fail("the first part never went out")
        if only(office, post).state != "waiting" and not out(office):
            office.now += MINUTE
    (eva,) = office.acting("eva")
    held = eva.hold(PROFILE, reason="storm")
    for _ in range(3):
        due(office, after=2 * MINUTE)
    assert len(out(office)) == 1
    assert office.desk.summary(post) == "partly_published"
    eva.resume(held)
    for _ in range(2):
        due(office, after=2 * MINUTE)
    assert out(office) == ["een", "twee", "drie"]
    sound(office)


def test_all_deliveries_of_a_profile_wait_when_one_was_asked_to(open_office) -> None:
    """One request meets the limit, and the others do not try theirs."""
    office = open_office(
        "memory", faults=(InjectedFault("rate_limited", retry_after_s=900, times=None),)
    )
    posts = [approved(office, f"post {number}") for number in range(4)]
    elsewhere = approved(office, "elders", profiles=["tulip-x"])
    office.let_go_wrong(InjectedFault("rate_limited", profile=PROFILE, retry_after_s=900))
    due(office)
    assert [office.desk.summary(post) for post in posts] == ["scheduled"] * 4
    assert office.desk.summary(elsewhere) == "published"
    begun = [types(office, post).count("send_started") for post in posts]
    assert sum(begun) == 1
    due(office, after=14 * MINUTE)
    assert sum(types(office, post).count("send_started") for post in posts) == 1
    due(office, after=MINUTE)
    assert [office.desk.summary(post) for post in posts] == ["published"] * 4
    sound(office)


def test_after_signing_in_everything_that_waited_goes_on(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("unauthorized"),))
    first, second = approved(office, "een"), approved(office, "twee", at="2026-04-07 10:00")
    due(office)
    due(office, after=60 * MINUTE)
    (hold,) = office.desk.holds()
    assert (hold.by, hold.id) == ("system:publisher", f"credentials-{PROFILE}")
    assert [office.desk.summary(post) for post in (first, second)] == ["held", "held"]
    assert out(office) == []
    office.acting("eva")[0].resume(hold.id)
    due(office)
    assert [office.desk.summary(post) for post in (first, second)] == ["published"] * 2
    sound(office)


def test_looks_grow_rarer_and_after_three_days_a_person_is_told(open_office) -> None:
    looks = InjectedFault("rate_limited", on="find", times=None, retry_after_s=None)
    office = open_office("memory", faults=(InjectedFault("lost_request"), looks))
    post = approved(office)
    due(office)
    told: list[str] = []
    for _ in range(24 * 4):
        told += [problem for _, problem in due(office, after=60 * MINUTE).problems]
    assert types(office, post).count("looked") < 30
    assert only(office, post).state == "unknown"
    assert told
    assert "has been unknown for 3 days" in told[0]
    assert "mark_published" in told[0]
    office.acting("eva")[0].mark_not_published(post, PROFILE)
    assert office.desk.summary(post) == "missed"
    sound(office)


def test_a_look_can_be_asked_for_at_once(open_office) -> None:
    lag = InjectedFault("lagging_reads", delay_s=90, times=None)
    office = open_office(
        "memory", faults=(InjectedFault("lost_answer"), lag), conclusive_after_s=120
    )
    post = approved(office)
    due(office)
    due(office, after=MINUTE)
    delivery = only(office, post)
    assert (delivery.state, delivery.problem) == ("unknown", "not_found_yet")
    assert delivery.not_before > office.now + MINUTE
    office.now += MINUTE
    (found,) = office.desk.reconcile(post)
    assert found.state == "published"
    (same,) = office.desk.reconcile(found.id)
    assert same == found
    with pytest.raises(NotFoundError):
        office.desk.reconcile("nothing")
    sound(office)


def test_a_look_that_lags_longer_than_is_allowed_for_doubles(open_office) -> None:
    """The window that remains, shown: no key, and reading slower than the adapter says."""
    lag = InjectedFault("lagging_reads", delay_s=600, times=None)
    faults = (InjectedFault("lost_answer"), lag)
    for honours_keys, copies in ((True, 1), (False, 2)):
        office = open_office("memory", faults=faults, honours_keys=honours_keys)
        approved(office)
        due(office)
        due(office, after=2 * MINUTE)
        due(office)
        assert len(out(office)) == copies


def test_a_profile_that_an_adoption_removed_leaves_nothing_stuck(open_office) -> None:
    """What waits is missed, what is in doubt stays on somebody's list; nobody's run breaks."""
    office = open_office("memory", faults=(InjectedFault("lost_request"),))
    doubtful = approved(office, "een")
    waiting = approved(office, "twee", at="2026-04-07 12:00")
    due(office)
    lines = DOCUMENT.split("\n\n")
    kept = [line for line in lines if 'id = "tulip-mastodon"' not in line]
    without = "\n\n".join(kept).replace('on = "tulip-mastodon"', 'on = "tulip-x"')
    (eva,) = office.acting("eva")
    eva.adopt(office.desk.propose(Organization.loads(without)), reason="the account is closed")
    report = due(office, after=240 * MINUTE)
    assert only(office, waiting).state == "missed"
    assert only(office, waiting).problem == "profile_removed"
    assert only(office, doubtful).state == "unknown"
    assert any("no profile `tulip-mastodon`" in problem for _, problem in report.problems)
    assert sorted(troubles(office, "eva")) == ["missed", "unknown"]
    eva.mark_not_published(doubtful, PROFILE)
    assert only(office, doubtful).state == "missed"
    sound(office)


def without_mastodon() -> Organization:
    kept = [line for line in DOCUMENT.split("\n\n") if 'id = "tulip-mastodon"' not in line]
    return Organization.loads("\n\n".join(kept).replace('on = "tulip-mastodon"', 'on = "tulip-x"'))


def test_a_removal_from_a_profile_that_has_gone_ends_by_saying_what_is_out(open_office) -> None:
    office = open_office("memory")
    post = approved(office)
    due(office)
    (eva,) = office.acting("eva")
    eva.take_down(post, reason="the price is wrong")
    eva.adopt(office.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(due(office, after=MINUTE).problems)
    delivery = only(office, post)
    assert ("published", "profile_removed") == (delivery.state, delivery.problem)
    assert delivery.network_id in delivery.live_ids
    assert office.desk.summary(post) == "published"
    assert (["takedown_failed"], ["takedown_failed"]) == (troubles(office), troubles(office, "ana"))
    told = [
        (one.to, one.profile)
        for one in office.desk.notifications()
        if one.kind == "takedown_failed"
    ]
    assert [("ana", PROFILE), ("eva", PROFILE)] == told
    assert office.desk.next_due() is None
    due(office, after=240 * MINUTE)
    assert 2 == sum(one.kind == "takedown_failed" for one in office.desk.notifications())
    # Somebody has looked at the account, as long as it was there.
    eva.mark_not_published(post, PROFILE)
    assert (office.desk.summary(post), troubles(office)) == ("removed", [])
    assert office.desk.audit().clean


def test_a_profile_that_comes_back_lets_a_removal_be_asked_again(open_office) -> None:
    office = open_office("memory")
    post = approved(office)
    due(office)
    (eva,) = office.acting("eva")
    eva.take_down(post)
    eva.adopt(office.desk.propose(without_mastodon()), reason="the account is closed")
    due(office, after=MINUTE)
    eva.adopt(office.desk.propose(Organization.loads(DOCUMENT)), reason="a slip")
    eva.take_down(post)
    assert office.desk.summary(post) == "removing"
    due(office, after=MINUTE)
    assert (office.desk.summary(post), out(office)) == ("removed", [])
    sound(office)


def test_a_change_to_what_is_on_a_profile_that_has_gone_is_given_up(open_office) -> None:
    office = open_office("memory")
    ana, ben, eva = office.acting("ana", "ben", "eva")
    post = approved(office)
    due(office)
    post = ben.approve(ana.edit(post, text="Vanaf €49!"))
    eva.amend(post)
    eva.adopt(office.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(due(office, after=MINUTE).problems)
    delivery = only(office, post)
    assert ("published", "profile_removed") == (delivery.state, delivery.amend_problem)
    assert (["not_amended"], "") == (troubles(office), delivery.amending)
    assert office.desk.next_due() is None


def test_a_removal_that_no_network_reaches_waits_and_is_said(open_office) -> None:
    office = open_office("memory")
    post = approved(office)
    due(office)
    office.acting("eva")[0].take_down(post)
    alone = type(office.desk).open(office.store, **{**office.options, "networks": {}})
    report = alone.run_due()
    assert "no network is given" in report.problems[0][1]
    assert troubles(office) == ["takedown_failed"]
    due(office, after=MINUTE)
    assert office.desk.summary(post) == "removed"


def test_a_process_that_froze_past_its_deadline_sends_nothing(open_office) -> None:
    """Whether it froze before the sending was prepared, or right before the bytes left."""
    for seconds, back in ((31, 0), (31, 86400)):
        passed = [0.0]
        office = open_office("memory", honours_keys=False, monotonic=partial(min, passed))
        post = approved(office)
        office.now = DUE
        office.desk._publisher.dispatcher.monotonic = partial(min, passed)
        sleeper = office.desk._publisher.work(only(office, post).id, now=office.now)
        call = next(sleeper)
        while not types(office, post).count("send_started"):
            call = sleeper.send(call.function(*call.args, **call.kwargs))
        passed[0] += seconds
        office.now += dt.timedelta(seconds=seconds)
        others = office.second_desk()
        others._publisher.dispatcher.monotonic = partial(min, passed)
        others.run_due()
        others.run_due()
        assert len(out(office)) == 1
        office.now -= dt.timedelta(seconds=back)
        wakes_up(sleeper, call)
        assert len(out(office)) == 1
        assert office.desk.summary(post) == "published"
        sound(office)


def test_a_clock_that_jumps_back_a_day_doubles_and_loses_nothing(open_office) -> None:
    office = open_office("memory", faults=(InjectedFault("lost_request", times=1),))
    post = approved(office)
    due(office)
    office.now -= dt.timedelta(days=1)
    for _ in range(5):
        office.desk.run_due()
        office.now += 10 * MINUTE
    assert out(office) == []
    early = approved(office, "eerder", at="2026-04-06 12:00")
    office.now = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
    office.desk.run_due()
    assert office.desk.summary(early) == "published"
    due(office, after=2 * MINUTE)
    due(office)
    assert sorted(out(office)) == ["De lente is er", "eerder"]
    assert office.desk.summary(post) == "published"
    sound(office)


def test_a_send_under_way_when_the_clock_jumped_back_is_looked_for(open_office) -> None:
    office = open_office("memory", honours_keys=False)
    post = approved(office)
    office.now = DUE
    number = 5
    while not types(office, post).count("send_started"):
        dies_at(office, number)
        number += 1
    dies = only(office, post)
    assert dies.state == "publishing"
    office.now -= dt.timedelta(days=1)
    office.desk.run_due(DUE)
    assert (only(office, post).state, only(office, post).problem) == (
        ("unknown", "not_found_yet") if not out(office) else ("published", "")
    )
    office.now += dt.timedelta(days=1, minutes=2)
    office.desk.run_due()
    office.desk.run_due()
    assert len(out(office)) == 1
    sound(office)


def test_the_lease_of_a_dead_worker_lapses(open_office) -> None:
    office = open_office("memory")
    post = approved(office)
    office.now = DUE
    store = office.desk.engine.store
    store.due(before=DUE, now=DUE, limit=9, worker="dead", lease_s=60)
    office.desk.run_due()
    assert office.desk.summary(post) == "scheduled"
    due(office, after=2 * MINUTE)
    assert office.desk.summary(post) == "published"


def test_uploads_that_a_checkpoint_knows_are_not_made_again(open_office) -> None:
    office = open_office("memory")
    images = [Image.from_bytes(b"GIF89a" + bytes([number]), alt="een") for number in range(3)]
    approved(office, media=images)
    office.now = DUE
    sent: list[str] = []
    transport = type(office.sandbox.transport(office.organization.profile(PROFILE)))
    whole = transport.send

    def counted(self, request, *, timeout_s):
        if request.media is not None:
            sent.append(request.media.digest)
            if len(sent) == 2:
                raise KilledError
        return whole(self, request, timeout_s=timeout_s)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "send", counted)
        steps = office.desk._publisher.work(only_id(office), now=office.now)
        call = next(steps)
        with pytest.raises(KilledError):
            wakes_up(steps, call)
        steps.close()
        due(office, after=MINUTE)
    assert sent == [images[0].digest, images[1].digest, images[1].digest, images[2].digest]
    assert len(office.sandbox.posts(PROFILE)[0].images) == 3

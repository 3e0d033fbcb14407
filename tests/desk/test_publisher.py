"""
The publisher: threads, rate limits, reconciliation, removed profiles, frozen workers, clocks.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from tests.desk.agency import DOCUMENT, DUE, MINUTE, PROFILE

from socialcollab.content import Image
from socialcollab.errors import NotAllowedError, NotFoundError, SocialCollabError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization

THREAD: Any = {"text": "een", "thread": ["twee", "drie"]}


def delivery_events(agency, post) -> list[str]:
    """Return the types of the events of a post's deliveries."""
    return [
        entry.type.partition(".")[2]
        for entry in agency.desk.history(post)
        if entry.stream.startswith("delivery/")
    ]


class KilledError(Exception):
    """Simulates the end of the process at this point."""


def kill_after(agency, number: int) -> None:
    """Process the only delivery, and kill the worker after call *number*."""
    steps = agency.desk._publisher.work(delivery_id(agency), now=agency.now)
    call = next(steps)
    try:
        for _ in range(number):
            answer = call.function(*call.args, **call.kwargs)
            call = steps.send(answer)
    except StopIteration:
        return
    steps.close()


def resume_worker(steps, call) -> None:
    """Let a worker that was paused before a call run to its end."""
    with suppress(StopIteration):
        while True:
            try:
                answer = call.function(*call.args, **call.kwargs)
            except SocialCollabError as error:
                call = steps.throw(error)
            else:
                call = steps.send(answer)


def delivery_id(agency) -> str:
    (post,) = agency.desk.posts()
    return agency.delivery(post).id


def test_thread(open_agency) -> None:
    """The parts of a thread are published and recorded one by one, and taken down together."""
    agency = open_agency("memory")
    post = agency.approved_post(**THREAD)
    agency.run_due()
    assert agency.live_texts() == ["een", "twee", "drie"]
    first, second, third = agency.sandbox.posts(PROFILE)
    assert (second.in_reply_to, third.in_reply_to) == (first.network_id, second.network_id)
    delivery = agency.delivery(post)
    assert (delivery.network_id, delivery.url) == (first.network_id, first.url)
    assert delivery.live_ids == tuple(part.network_id for part in (first, second, third))
    assert delivery_events(agency, post).count("part_published") == 3
    agency.acting("eva")[0].take_down(post)
    agency.run_due()
    assert agency.live_texts() == []
    assert agency.desk.summary(post) == "removed"
    agency.check_journal()


@pytest.mark.parametrize("number", range(1, 75, 3))
@pytest.mark.integration
def test_thread_after_crash(open_agency, number) -> None:
    """A thread continues after a crash without duplicates, although the server ignores keys."""
    agency = open_agency("memory", honours_keys=False)
    post = agency.approved_post(**THREAD, media=[Image.from_bytes(b"GIF89a\x01;", alt="een")])
    agency.now = DUE
    kill_after(agency, number)
    for _ in range(4):
        agency.run_due(after=MINUTE)
    assert agency.live_texts() == ["een", "twee", "drie"]
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_partly_published_thread(
    open_agency,
) -> None:
    """A partly published thread can be taken down, but not edited, rescheduled or cancelled."""
    agency = open_agency("memory")
    post = agency.approved_post(**THREAD)
    agency.inject(InjectedFault("rejected", times=None, probability=0.5, seed=3))
    agency.run_due()
    if not agency.live_texts():
        pytest.fail("the seed published nothing")
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


def test_hold_between_parts(open_agency) -> None:
    """A hold between two parts of a thread stops the next part until it ends."""
    agency = open_agency("memory")
    post = agency.approved_post(**THREAD)
    agency.now = DUE
    number = 1
    while not agency.live_texts():
        kill_after(agency, 14 + number)
        number += 1
        if number > 40:
            pytest.fail("the first part never went out")
        if agency.delivery(post).state != "waiting" and not agency.live_texts():
            agency.now += MINUTE
    (eva,) = agency.acting("eva")
    hold = eva.hold(PROFILE, reason="storm")
    for _ in range(3):
        agency.run_due(after=2 * MINUTE)
    assert len(agency.live_texts()) == 1
    assert agency.desk.summary(post) == "partly_published"
    eva.resume(hold)
    for _ in range(2):
        agency.run_due(after=2 * MINUTE)
    assert agency.live_texts() == ["een", "twee", "drie"]
    agency.check_journal()


def test_rate_limit_of_profile(open_agency) -> None:
    """A rate limit of the network delays all deliveries to that profile, and no others."""
    agency = open_agency(
        "memory", faults=(InjectedFault("rate_limited", retry_after_s=900, times=None),)
    )
    posts = [agency.approved_post(f"post {number}") for number in range(4)]
    elsewhere = agency.approved_post("elders", profiles=["tulip-x"])
    agency.inject(InjectedFault("rate_limited", profile=PROFILE, retry_after_s=900))
    agency.run_due()
    assert [agency.desk.summary(post) for post in posts] == ["scheduled"] * 4
    assert agency.desk.summary(elsewhere) == "published"
    sends = [delivery_events(agency, post).count("send_started") for post in posts]
    assert sum(sends) == 1
    agency.run_due(after=14 * MINUTE)
    assert sum(delivery_events(agency, post).count("send_started") for post in posts) == 1
    # They are late now, so they are spread. The first delivery has already been attempted and does
    # not wait.
    for _ in range(4):
        agency.run_due(after=15 * MINUTE)
    assert [agency.desk.summary(post) for post in posts] == ["published"] * 4
    agency.check_journal()


def test_outage(open_agency) -> None:
    """After an outage, late posts are sent one by one, and posts that are on time immediately."""
    agency = open_agency("memory")
    times = [f"2026-04-07 {hour:02}:30" for hour in (9, 10, 11)]
    late = [agency.approved_post(at, at=at) for at in times]
    elsewhere = agency.approved_post("x", profiles=["tulip-x"])
    on_time = agency.approved_post("on time", at="2026-04-07 14:20")
    published = []
    for minutes in (285, 5, 5, 10):
        agency.run_due(after=minutes * MINUTE)
        published.append([agency.desk.summary(post) == "published" for post in late])
    assert published == [
        [True, False, False],
        [True, False, False],
        [True, False, False],
        [True, True, False],
    ]
    assert agency.desk.summary(on_time) == agency.desk.summary(elsewhere) == "published"
    agency.run_due(after=15 * MINUTE)
    assert agency.desk.summary(late[2]) == "published"
    assert not [item for item in agency.desk.acting_as("ana").to_do() if item.kind == "triage"]
    agency.check_journal()


@pytest.mark.parametrize(
    ("plan", "counts"),
    [("min_gap = '2 hours'", [1, 1, 2, 2, 3]), ("max_per_day = 2", [1, 2, 2, 2, 2])],
)
def test_outage_with_slot_plan(open_agency, plan, counts) -> None:
    """The slot plan's `min_gap` and `max_per_day` apply to late posts."""
    agency = open_agency("memory")
    agency.adopt(f'{DOCUMENT}\n[[slot_plans]]\non = "{PROFILE}"\n{plan}\n')
    for number in range(4):
        agency.approved_post(f"post {number}", at=f"2026-04-07 09:3{number}")
    published = []
    for _ in range(5):
        agency.run_due(after=60 * MINUTE)
        published.append(len(agency.live_texts()))
    assert published == counts
    if "day" in plan:
        agency.run_due(after=24 * 60 * MINUTE)
        assert len(agency.live_texts()) == 3


def test_rejected_credentials(open_agency) -> None:
    """Rejected credentials place a hold on the profile, whose end releases all deliveries."""
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


def test_lookups_become_rarer(open_agency) -> None:
    """Lookups become less frequent, and after three days the report asks a member to decide."""
    failing_lookups = InjectedFault("rate_limited", on="find", times=None, retry_after_s=None)
    agency = open_agency("memory", faults=(InjectedFault("lost_request"), failing_lookups))
    post = agency.approved_post()
    agency.run_due()
    problems: list[str] = []
    for _ in range(24 * 4):
        problems += [problem for _, problem in agency.run_due(after=60 * MINUTE).problems]
    assert 3 < delivery_events(agency, post).count("lookup_inconclusive") < 30
    assert agency.delivery(post).state == "unknown"
    assert problems
    assert "has been unknown for 3 days" in problems[0]
    assert "mark_published" in problems[0]
    agency.acting("eva")[0].mark_not_published(post, PROFILE)
    assert agency.desk.summary(post) == "missed"
    agency.check_journal()


def test_reconcile(open_agency) -> None:
    """`reconcile` immediately looks up a delivery."""
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


def test_reads_that_lag_too_long(open_agency) -> None:
    """Without keys, reads that lag longer than the adapter states lead to a duplicate."""
    lag = InjectedFault("lagging_reads", delay_s=600, times=None)
    faults = (InjectedFault("lost_answer"), lag)
    for honours_keys, copies in ((True, 1), (False, 2)):
        agency = open_agency("memory", faults=faults, honours_keys=honours_keys)
        agency.approved_post()
        agency.run_due()
        agency.run_due(after=2 * MINUTE)
        agency.run_due()
        assert len(agency.live_texts()) == copies


def test_removed_profile(open_agency) -> None:
    """On a removed profile, waiting deliveries are missed; unknown ones need a member."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request"),))
    unknown = agency.approved_post("een")
    waiting = agency.approved_post("twee", at="2026-04-07 12:00")
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    report = agency.run_due(after=240 * MINUTE)
    assert agency.delivery(waiting).state == "missed"
    assert agency.delivery(waiting).problem == "profile_removed"
    assert agency.delivery(unknown).state == "unknown"
    assert any("no profile `tulip-mastodon`" in problem for _, problem in report.problems)
    assert sorted(agency.attention("eva")) == ["missed", "unknown"]
    eva.mark_not_published(unknown, PROFILE)
    assert agency.delivery(unknown).state == "missed"
    agency.check_journal()


def without_mastodon() -> Organization:
    sections = [text for text in DOCUMENT.split("\n\n") if 'id = "tulip-mastodon"' not in text]
    return Organization.loads(
        "\n\n".join(sections).replace('on = "tulip-mastodon"', 'on = "tulip-x"')
    )


def test_takedown_on_removed_profile(open_agency) -> None:
    """A takedown on a removed profile fails, is reported once, and can be resolved by a member."""
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    (eva,) = agency.acting("eva")
    eva.take_down(post, reason="the price is wrong")
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(agency.run_due(after=MINUTE).problems)
    delivery = agency.delivery(post)
    assert ("published", "profile_removed") == (delivery.state, delivery.problem)
    assert delivery.network_id in delivery.live_ids
    assert agency.desk.summary(post) == "published"
    assert (["takedown_failed"], ["takedown_failed"]) == (
        agency.attention(),
        agency.attention("ana"),
    )
    notified = [
        (notification.to, notification.profile)
        for notification in agency.desk.notifications()
        if notification.kind == "takedown_failed"
    ]
    assert [("ana", PROFILE), ("eva", PROFILE)] == notified
    assert agency.desk.next_due() is None
    agency.run_due(after=240 * MINUTE)
    assert 2 == sum(
        notification.kind == "takedown_failed" for notification in agency.desk.notifications()
    )
    # Before the account was closed, a member saw that the post was not there.
    eva.mark_not_published(post, PROFILE)
    assert (agency.desk.summary(post), agency.attention()) == ("removed", [])
    assert agency.desk.audit().clean


def test_takedown_on_restored_profile(open_agency) -> None:
    """A takedown that failed because the profile was removed can be repeated after its return."""
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


def test_amendment_on_removed_profile(open_agency) -> None:
    """An amendment on a removed profile fails, and is reported."""
    agency = open_agency("memory")
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = agency.approved_post()
    agency.run_due()
    post = ben.approve(ana.edit(post, text="Vanaf €49!"))
    eva.amend(post)
    eva.adopt(agency.desk.propose(without_mastodon()), reason="the account is closed")
    assert [] == list(agency.run_due(after=MINUTE).problems)
    delivery = agency.delivery(post)
    assert ("published", "profile_removed") == (delivery.state, delivery.amend_problem)
    assert (["not_amended"], "") == (agency.attention(), delivery.amending)
    assert agency.desk.next_due() is None


def test_takedown_without_network(open_agency) -> None:
    """A takedown without a network waits, and is reported."""
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.run_due()
    agency.acting("eva")[0].take_down(post)
    without_network = type(agency.desk).open(agency.store, **{**agency.options, "networks": {}})
    report = without_network.run_due()
    assert "no network is configured" in report.problems[0][1]
    assert agency.attention() == ["takedown_failed"]
    agency.run_due(after=MINUTE)
    assert agency.desk.summary(post) == "removed"


def test_frozen_worker(open_agency) -> None:
    """
    A worker that resumes after its send deadline sends nothing, even if the clock was set back.
    """
    for seconds, back in ((31, 0), (31, 86400)):
        passed = [0.0]
        agency = open_agency("memory", honours_keys=False, monotonic=partial(min, passed))
        post = agency.approved_post()
        agency.now = DUE
        agency.desk._publisher.dispatcher.monotonic = partial(min, passed)
        worker = agency.desk._publisher.work(agency.delivery(post).id, now=agency.now)
        call = next(worker)
        while not delivery_events(agency, post).count("send_started"):
            call = worker.send(call.function(*call.args, **call.kwargs))
        passed[0] += seconds
        agency.now += dt.timedelta(seconds=seconds)
        other_desk = agency.second_desk()
        other_desk._publisher.dispatcher.monotonic = partial(min, passed)
        other_desk.run_due()
        other_desk.run_due()
        assert len(agency.live_texts()) == 1
        agency.now -= dt.timedelta(seconds=back)
        resume_worker(worker, call)
        assert len(agency.live_texts()) == 1
        assert agency.desk.summary(post) == "published"
        agency.check_journal()


def test_clock_jumps_back(open_agency) -> None:
    """If the clock jumps back by a day, no post is lost or published twice."""
    agency = open_agency("memory", faults=(InjectedFault("lost_request", times=1),))
    post = agency.approved_post()
    agency.run_due()
    agency.now -= dt.timedelta(days=1)
    for _ in range(5):
        agency.desk.run_due()
        agency.now += 10 * MINUTE
    assert agency.live_texts() == []
    earlier = agency.approved_post("eerder", at="2026-04-06 12:00")
    agency.now = dt.datetime(2026, 4, 6, 10, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert agency.desk.summary(earlier) == "published"
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert sorted(agency.live_texts()) == ["De lente is er", "eerder"]
    assert agency.desk.summary(post) == "published"
    agency.check_journal()


def test_clock_jumps_back_during_send(open_agency) -> None:
    """A send that was in progress when the clock jumped back is looked up."""
    agency = open_agency("memory", honours_keys=False)
    post = agency.approved_post()
    agency.now = DUE
    number = 5
    while not delivery_events(agency, post).count("send_started"):
        kill_after(agency, number)
        number += 1
    assert agency.delivery(post).state == "publishing"
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


def test_lease_of_dead_worker(open_agency) -> None:
    """The lease of a crashed worker expires, and another worker continues."""
    agency = open_agency("memory")
    post = agency.approved_post()
    agency.now = DUE
    store = agency.desk.engine.store
    store.due(before=DUE, now=DUE, limit=9, worker="dead", lease_s=60)
    agency.desk.run_due()
    assert agency.desk.summary(post) == "scheduled"
    agency.run_due(after=2 * MINUTE)
    assert agency.desk.summary(post) == "published"


def test_uploads_are_not_repeated(open_agency) -> None:
    """Uploads that a checkpoint recorded are not repeated after a crash."""
    agency = open_agency("memory")
    images = [Image.from_bytes(b"GIF89a" + bytes([number]), alt="een") for number in range(3)]
    agency.approved_post(media=images)
    agency.now = DUE
    uploads: list[str] = []
    transport = type(agency.sandbox.transport(agency.organization.profile(PROFILE)))
    send = transport.send

    def recorded(self, request, *, timeout_s):
        if request.media is not None:
            uploads.append(request.media.digest)
            if len(uploads) == 2:
                raise KilledError
        return send(self, request, timeout_s=timeout_s)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "send", recorded)
        steps = agency.desk._publisher.work(delivery_id(agency), now=agency.now)
        call = next(steps)
        with pytest.raises(KilledError):
            resume_worker(steps, call)
        steps.close()
        agency.run_due(after=MINUTE)
    assert uploads == [images[0].digest, images[1].digest, images[1].digest, images[2].digest]
    assert len(agency.sandbox.posts(PROFILE)[0].media) == 3

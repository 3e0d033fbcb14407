"""What the publisher may do with a delivery: invariants 2, 3 and 6 of its promises."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialcollab.content import DeliveryState, Hold, PostState
from socialcollab.directory import Selector
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.verdicts import Reason
from socialcollab.workflow import SYSTEM_MAY, Actor, ApprovalPolicy, commands, evolve_delivery
from socialcollab.workflow.decide import (
    Sent,
    begin,
    differs_from_out,
    may_leave,
    record_missing,
    record_no_answer,
    record_outcome,
    start_send,
)
from socialcollab.workflow.events.calendar import HoldPlaced
from socialcollab.workflow.events.delivery import SendStarted

MINUTE = dt.timedelta(minutes=1)
HOLD = Hold(
    id="h1",
    on=Selector(workspace="tulip"),
    reason="",
    by="member:eva",
    at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
)


def house(**more) -> ApprovalPolicy:
    return ApprovalPolicy(
        id="house",
        on={"workspace": "tulip"},
        steps=({"id": "edit", "reviewers": "role:editor"},),
        **more,
    )


def approved(bench, policy=None):
    b = bench(policy or house())
    b.draft()
    b.submit()
    b.approve("ben")
    b.now = b.PLANNED.instant
    return b


def only(b):
    (delivery,) = b.deliveries.values()
    return delivery


def context(b):
    return b.context(Actor.PUBLISHER)


def started(b, *, part=0):
    now = b.now
    return b.store(
        start_send(
            b.snapshot, only(b), context(b), part=part, started_at=now, deadline=now + MINUTE
        )
    )


def sending(bench):
    b = approved(bench)
    b.store(begin(b.snapshot, only(b), context(b), {"key": "k1"}))
    started(b)
    return b


def sent(b, network_id="42") -> Sent:
    return Sent(network_id=network_id, url="https://sandbox/42", published_at=b.now)


def settled(b, outcome, **more) -> tuple:
    return b.store(record_outcome(only(b), outcome, context(b), **more))


def test_the_way_of_a_delivery_that_goes_well(bench) -> None:
    b = approved(bench)
    assert not begin(b.snapshot, attrs.evolve(only(b), not_before=b.now + MINUTE), context(b), {})
    b.store(begin(b.snapshot, only(b), context(b), {"key": "k1"}))
    assert only(b).state == "publishing"
    assert only(b).prepared == {"key": "k1"}
    started(b)
    assert only(b).in_doubt is not None
    settled(b, sent(b))
    assert (only(b).state, only(b).network_id, only(b).in_doubt) == ("published", "42", None)


def test_nothing_begins_before_its_time(bench) -> None:
    b = approved(bench)
    b.now = b.PLANNED.instant - dt.timedelta(microseconds=1)
    assert begin(b.snapshot, only(b), context(b), {}) == ()


def test_no_right_to_send_while_an_attempt_is_in_doubt(bench) -> None:
    b = sending(bench)
    assert started(b) == ()
    settled(b, OutcomeUnknownError("no answer"))
    assert only(b).state == "unknown"
    assert started(b) == ()
    assert begin(b.snapshot, only(b), context(b), {}) == ()


@pytest.mark.parametrize("before", ["begin", "start_send"])
def test_a_hold_or_blackout_makes_what_falls_due_missed(bench, before) -> None:
    """Also when it is set between the intent and the right to send."""
    for bar in ("hold", "blackout"):
        b = approved(bench)
        if before == "start_send":
            b.store(begin(b.snapshot, only(b), context(b), {}))
        if bar == "hold":
            b.holds = (HOLD,)
        else:
            b.barred = {"tulip-x": Reason.of("no_resource")}
        if before == "begin":
            b.store(begin(b.snapshot, only(b), context(b), {}))
        else:
            started(b)
        assert only(b).state == "missed"
        assert only(b).problem.startswith(bar)
        assert only(b).attempts == ()


def test_no_part_starts_after_a_hold(bench) -> None:
    """What is partly out is not missed, but its next part waits for the end of the hold."""
    b = sending(bench)
    answered = attrs.evolve(only(b).attempts[0], answered=True)
    b.deliveries[only(b).id] = attrs.evolve(only(b), attempts=(answered,))
    b.holds = (HOLD,)
    begun = only(b)
    (waits,) = started(b, part=1)
    assert (waits.data.TYPE, waits.data.problem) == ("delivery.deferred", "hold h1")
    assert only(b).state == "waiting"
    b.deliveries[begun.id] = begun
    b.holds = ()
    assert [event.data.TYPE for event in started(b, part=1)] == ["delivery.send_started"]


def test_a_hold_that_has_ended_by_itself_stops_nothing(bench) -> None:
    b = approved(bench)
    b.holds = (attrs.evolve(HOLD, until=b.now),)
    b.store(begin(b.snapshot, only(b), context(b), {}))
    assert only(b).state == "publishing"


def test_what_begins_too_late_is_missed(bench) -> None:
    b = approved(bench, house(late_by="2 hours"))
    b.now = b.PLANNED.instant + dt.timedelta(hours=2, seconds=1)
    b.store(begin(b.snapshot, only(b), context(b), {}))
    assert (only(b).state, only(b).problem) == ("missed", "too_late")


def test_nothing_leaves_that_is_not_what_was_approved(bench) -> None:
    b = approved(bench)
    other = attrs.evolve(b.snapshot, post=attrs.evolve(b.post, state=PostState.IN_REVIEW))
    assert not may_leave(other, only(b), context(b))
    rewritten = bench(house())
    rewritten.draft()
    rewritten.edit(text="anders")
    first = attrs.evolve(only(b), revision=rewritten.post.revisions[0].digest)
    snapshot = attrs.evolve(b.snapshot, post=attrs.evolve(rewritten.post, state=b.post.state))
    verdict = may_leave(snapshot, first, context(b))
    assert [reason.code for reason in verdict.reasons] == ["differs"]
    assert verdict.explain("nl") != verdict.explain("en")
    b.policies = (
        *b.policies,
        ApprovalPolicy(
            id="more",
            on={"workspace": "tulip"},
            steps=({"id": "client", "reviewers": "member:noor"},),
        ),
    )
    b.store(begin(b.snapshot, only(b), context(b), {}))
    assert (only(b).state, only(b).problem) == ("missed", "not_approved")


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (RateLimitedError("slow down", retry_after_s=90), "waiting"),
        (TransientError("busy"), "waiting"),
        (AuthenticationError("no"), "waiting"),
        (RejectedError("too long"), "failed"),
        (OutcomeUnknownError("no answer"), "unknown"),
        (NetworkError("something else"), "unknown"),
    ],
)
def test_each_outcome_has_its_state(bench, outcome, state) -> None:
    b = sending(bench)
    events = settled(b, outcome)
    assert only(b).state == state
    assert (only(b).in_doubt is None) == (state != "unknown")
    assert {event.data.TYPE for event in events} <= SYSTEM_MAY["publisher"]
    assert {event.actor for event in events} == {Actor.PUBLISHER}


def test_a_rate_limit_waits_as_long_as_the_network_says(bench) -> None:
    b = sending(bench)
    now = b.now
    settled(b, RateLimitedError("slow down", retry_after_s=90))
    assert only(b).not_before == now + dt.timedelta(seconds=90)
    b.now = now + dt.timedelta(seconds=89)
    assert begin(b.snapshot, only(b), context(b), {}) == ()
    b.now = now + dt.timedelta(seconds=90)
    assert begin(b.snapshot, only(b), context(b), {})


def test_refused_credentials_hold_the_profile_once(bench) -> None:
    b = sending(bench)
    events = settled(b, AuthenticationError("no"))
    (hold,) = (event.data.hold for event in events if isinstance(event.data, HoldPlaced))
    assert hold.by == "system:publisher"
    assert hold.on == Selector(profile="tulip-x")
    b.holds = (hold,)
    b.deliveries[only(b).id] = attrs.evolve(only(b), state=DeliveryState.PUBLISHING)
    again = record_outcome(only(b), AuthenticationError("no"), context(b))
    assert [event.data.TYPE for event in again] == ["delivery.deferred"]


def test_a_sender_that_vanished_becomes_unknown_after_its_deadline(bench) -> None:
    b = sending(bench)
    deadline = only(b).in_doubt.deadline
    assert record_no_answer(only(b), real_now=deadline - dt.timedelta(microseconds=1)) == ()
    b.store(record_no_answer(only(b), real_now=deadline))
    assert only(b).state == "unknown"


def test_a_late_answer_is_always_recorded(bench) -> None:
    """Whatever was concluded meanwhile, what is out is out."""
    for meanwhile in ("unknown", "waiting", "missed", "cancelled", "failed"):
        b = sending(bench)
        b.deliveries[only(b).id] = attrs.evolve(only(b), state=DeliveryState(meanwhile))
        settled(b, sent(b), attempt=1)
        assert (only(b).state, only(b).network_id) == ("published", "42")
        assert settled(b, sent(b)) == ()
        (again,) = settled(b, sent(b, "43"))
        assert again.data.TYPE == "delivery.published_again"
        assert (only(b).state, only(b).network_id) == ("published", "42")
        assert [one.network_id for one in only(b).duplicates] == ["43"]
        assert settled(b, sent(b, "43")) == ()


def test_an_old_failure_says_nothing_of_a_newer_attempt(bench) -> None:
    """A worker that slept comes back with the answer to attempt 1 while attempt 2 is in doubt."""
    b = sending(bench)
    b.store(record_no_answer(only(b), real_now=only(b).in_doubt.deadline))
    b.store(record_missing(only(b), context(b), attempt=1))
    b.store(begin(b.snapshot, only(b), context(b), {}))
    started(b)
    assert only(b).in_doubt.number == 2
    for attempt in (0, 1):
        assert settled(b, TransientError("busy"), attempt=attempt) == ()
        assert settled(b, RateLimitedError("wait"), attempt=attempt) == ()
        assert settled(b, RejectedError("no"), attempt=attempt) == ()
    b.store(record_no_answer(only(b), real_now=only(b).in_doubt.deadline))
    assert record_missing(only(b), context(b), attempt=1) == ()
    assert record_missing(only(b), context(b), attempt=2)


def test_absence_is_stored_of_what_is_unknown_alone(bench) -> None:
    b = sending(bench)
    assert record_missing(only(b), context(b)) == ()
    settled(b, OutcomeUnknownError("no answer"))
    b.store(record_missing(only(b), context(b)))
    assert (only(b).state, only(b).in_doubt) == ("waiting", None)


class World:
    """A network and workers that may die, sleep and wake with old answers."""

    def __init__(self, b) -> None:
        self.b = b
        self.real = b.now
        self.out: list[int] = []
        self.flying: dict[int, bool] = {}
        self.answers: list[tuple[int, object]] = []

    def step(self, name: str, choice: int) -> None:
        b = self.b
        delivery = only(b)
        attempt = delivery.in_doubt
        if name == "begin":
            b.store(begin(b.snapshot, delivery, context(b), {}))
        elif name == "send":
            deadline = self.real + MINUTE
            events = start_send(
                b.snapshot, delivery, context(b), part=0, started_at=self.real, deadline=deadline
            )
            if any(isinstance(event.data, SendStarted) for event in events):
                # Invariant 2: no earlier attempt may still come to something.
                assert not any(self.flying.values())
                assert not b.holds
                self.flying[events[0].data.number] = True
            b.store(events)
        elif name == "arrive" and attempt and self.flying.get(attempt.number):
            self.flying[attempt.number] = False
            if choice % 3 == 0:
                self.out.append(attempt.number)
                self.answers.append((attempt.number, sent(b, f"n{attempt.number}")))
            else:
                error = (RateLimitedError("w"), TransientError("t"), RejectedError("r"))[choice % 3]
                self.answers.append((attempt.number, error))
        elif name == "answer" and self.answers:
            number, outcome = self.answers.pop(choice % len(self.answers))
            b.store(record_outcome(delivery, outcome, context(b), attempt=number))
        elif name == "lose" and attempt:
            b.store(
                record_outcome(
                    delivery, OutcomeUnknownError("lost"), context(b), attempt=attempt.number
                )
            )
        elif name == "clock":
            self.real += MINUTE
            b.now += MINUTE
            # A request that has not arrived by its deadline never does.
            self.flying = dict.fromkeys(self.flying, False)
        elif name == "give_up":
            b.store(record_no_answer(delivery, real_now=self.real))
        elif name == "look" and attempt and self.real >= attempt.deadline:
            if attempt.number in self.out:
                b.store(record_outcome(delivery, sent(b, f"n{attempt.number}"), context(b)))
            else:
                b.store(record_missing(delivery, context(b), attempt=attempt.number))
        elif name == "hold":
            b.holds = () if b.holds else (HOLD,)

    def check(self) -> None:
        delivery = only(self.b)
        # Invariant 3: published only with the network's id, and never less than is known.
        assert (delivery.state == "published") == bool(delivery.network_id)
        assert len(self.out) <= 1
        if delivery.state == "published":
            assert self.out
        if delivery.state in ("waiting", "missed", "cancelled"):
            assert delivery.in_doubt is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "begin",
                "send",
                "arrive",
                "answer",
                "lose",
                "clock",
                "give_up",
                "look",
                "hold",
                "begin",
                "send",
                "arrive",
            )
        ),
        st.integers(0, 5),
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(STEPS)
def test_any_sequence_sends_once_and_says_what_is_known(bench, steps) -> None:
    world = World(approved(bench))
    for name, choice in steps:
        world.step(name, choice)
        world.check()


def test_events_fold_only_where_they_can_follow() -> None:
    with pytest.raises(ValueError, match="before the delivery's plan"):
        evolve_delivery(None, HoldPlaced(hold=HOLD))


def test_approving_after_the_fact_is_not_possible(bench) -> None:
    b = sending(bench)
    refused = b.refusal("eva", commands.Approve(post="p1", seen=b.seen))
    assert refused == "wrong_state"


def test_only_what_is_out_and_stays_can_differ_from_the_post(bench) -> None:
    b = approved(bench)
    waiting = only(b)
    b.now -= MINUTE
    b.edit(text="another text")
    for state in DeliveryState:
        there = attrs.evolve(waiting, state=state, revision=waiting.revision)
        assert differs_from_out(b.post, there) == (state is DeliveryState.PUBLISHED)
        assert not differs_from_out(b.post, attrs.evolve(there, takedown_requested=True))


@pytest.mark.parametrize("takedown_requested", [False, True])
def test_what_is_out_there_by_another_delivery_does_not_leave_again(
    bench, takedown_requested
) -> None:
    """Unless that is to be taken down: then the other one takes its place."""
    b = approved(bench)
    out = attrs.evolve(
        only(b), id=f"{only(b).id}9", state=DeliveryState.PUBLISHED, network_id="41",
        takedown_requested=takedown_requested,
    )  # fmt: skip
    elsewhere = attrs.evolve(out, profile="tulip-mastodon", takedown_requested=False)
    for others in ((), (elsewhere,), (out,)):
        beside = context(b).evolve(deliveries=(*others, only(b)))
        begun = begin(b.snapshot, only(b), beside, {"key": "k1"})
        sent_on = attrs.evolve(only(b), state=DeliveryState.PUBLISHING)
        started_now = start_send(
            b.snapshot, sent_on, beside, part=0, started_at=b.now, deadline=b.now + MINUTE
        )
        kept = out in others and not takedown_requested
        assert [event.data.TYPE for event in (*begun, *started_now)] == (
            ["delivery.missed"] * 2 if kept else ["delivery.started", "delivery.send_started"]
        )
        if kept:
            assert {event.data.problem for event in (*begun, *started_now)} == {"already_published"}

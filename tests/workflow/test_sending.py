"""Tests of the conditions under which a delivery may be sent."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workflow.deliveries import (
    HOLD,
    MINUTE,
    approved,
    context,
    publication,
    record,
    sending,
    start,
    take_permit,
)
from tests.workflow.policies import TULIP, policy, step

from socialcollab.content import DeliveryState, PostState
from socialcollab.errors import (
    OutcomeUnknownError,
    RejectedError,
    TransientError,
)
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import (
    record_missing,
    record_no_answer,
    record_outcome,
    start_delivery,
    start_send,
)
from socialcollab.workflow.decide.sending import may_publish


def test_delivery_that_succeeds(new_workflow) -> None:
    """A delivery is started, sent and published."""
    flow = approved(new_workflow)
    assert not start(flow, attrs.evolve(flow.delivery, not_before=flow.now + MINUTE))
    flow.store(start(flow))
    assert flow.delivery.state == "publishing"
    assert flow.delivery.prepared == {"key": "k1"}
    take_permit(flow)
    assert flow.delivery.in_doubt is not None
    record(flow, publication(flow))
    assert flow.delivery.state == "published"
    assert flow.delivery.network_id == "42"
    assert flow.delivery.in_doubt is None


def test_not_started_before_time(new_workflow) -> None:
    """A delivery is not started a microsecond before its planned time."""
    flow = approved(new_workflow)
    flow.now = flow.PLANNED.instant - dt.timedelta(microseconds=1)
    assert start(flow) == ()


def test_no_permit_while_in_doubt(new_workflow) -> None:
    """No second permit is issued while an earlier attempt has no outcome."""
    flow = sending(new_workflow)
    assert take_permit(flow) == ()
    record(flow, OutcomeUnknownError("no answer"))
    assert flow.delivery.state == "unknown"
    assert take_permit(flow) == ()
    assert start(flow) == ()


@pytest.mark.parametrize("when", ["before the start", "before the permit"])
@pytest.mark.parametrize("stop", ["hold", "blackout"])
def test_hold_or_blackout_misses_delivery(new_workflow, when, stop) -> None:
    """A delivery that becomes due during a hold or blackout is missed, even if already started."""
    flow = approved(new_workflow)
    if when == "before the permit":
        flow.store(start(flow))
    if stop == "hold":
        flow.holds = (HOLD,)
    else:
        flow.barred = {"tulip-x": Reason.of("no_resource")}
    if when == "before the start":
        flow.store(start(flow))
    else:
        take_permit(flow)
    assert flow.delivery.state == "missed"
    assert flow.delivery.problem.startswith(stop)
    assert flow.delivery.attempts == ()


def test_part_waits_for_end_of_hold(new_workflow) -> None:
    """A partly published thread is not missed because of a hold; its next part waits."""
    flow = sending(new_workflow)
    answered = attrs.evolve(flow.delivery.attempts[0], answered=True)
    begun = attrs.evolve(flow.delivery, attempts=(answered,))
    flow.deliveries[begun.id] = begun
    flow.holds = (HOLD,)
    (event,) = take_permit(flow, part=1)
    assert (event.data.TYPE, event.data.problem) == ("delivery.deferred", "hold h1")
    assert flow.delivery.state == "waiting"
    flow.deliveries[begun.id] = begun
    flow.holds = ()
    assert [event.data.TYPE for event in take_permit(flow, part=1)] == ["delivery.send_started"]


def test_ended_hold_stops_nothing(new_workflow) -> None:
    """A hold no longer stops deliveries at the instant at which it ends."""
    flow = approved(new_workflow)
    flow.holds = (attrs.evolve(HOLD, until=flow.now),)
    flow.store(start(flow))
    assert flow.delivery.state == "publishing"


def test_too_late_is_missed(new_workflow) -> None:
    """A delivery that starts later than `late_by` allows is missed."""
    flow = approved(new_workflow, late_by="2 hours")
    flow.now = flow.PLANNED.instant + dt.timedelta(hours=2, seconds=1)
    flow.store(start(flow))
    assert (flow.delivery.state, flow.delivery.problem) == ("missed", "too_late")


def test_unapproved_post_not_sent(new_workflow) -> None:
    """A post that is not approved, or that lacks the approval of a new step, is not sent."""
    flow = approved(new_workflow)
    in_review = attrs.evolve(flow.snapshot, post=attrs.evolve(flow.post, state=PostState.IN_REVIEW))
    assert not may_publish(in_review, flow.delivery, context(flow))
    client = policy("more", step("client", "member:noor"), on=TULIP)
    flow.policies = (*flow.policies, client)
    flow.store(start(flow))
    assert (flow.delivery.state, flow.delivery.problem) == ("missed", "not_approved")


def test_changed_post_not_sent(new_workflow) -> None:
    """A delivery sends only the revision for which it was planned."""
    flow = approved(new_workflow)
    rewritten = new_workflow(policy())
    rewritten.draft()
    rewritten.edit(text="anders")
    delivery = attrs.evolve(flow.delivery, revision=rewritten.post.revisions[0].digest)
    post = attrs.evolve(rewritten.post, state=flow.post.state)
    verdict = may_publish(attrs.evolve(flow.snapshot, post=post), delivery, context(flow))
    assert [reason.code for reason in verdict.reasons] == ["changed_since_scheduled"]
    assert verdict.explain("nl") != verdict.explain("en")


def test_no_approval_after_send(new_workflow) -> None:
    """A post that is being sent can no longer be approved."""
    flow = sending(new_workflow)
    assert flow.refusal("eva", cm.Approve(post="p1", seen=flow.seen)) == "wrong_state"


@pytest.mark.parametrize("takedown_requested", [False, True])
def test_published_by_another_delivery(new_workflow, takedown_requested) -> None:
    """A post that another delivery has published is not sent again unless it is taken down."""
    flow = approved(new_workflow)
    delivery = flow.delivery
    published = attrs.evolve(
        delivery, id=f"{delivery.id}9", state=DeliveryState.PUBLISHED, network_id="41",
        takedown_requested=takedown_requested,
    )  # fmt: skip
    elsewhere = attrs.evolve(published, profile="tulip-mastodon", takedown_requested=False)
    for others in ((), (elsewhere,), (published,)):
        with_others = context(flow).evolve(deliveries=(*others, delivery))
        started = start_delivery(flow.snapshot, delivery, with_others, {"key": "k1"})
        permit = start_send(
            flow.snapshot,
            attrs.evolve(delivery, state=DeliveryState.PUBLISHING),
            with_others,
            part=0,
            started_at=flow.now,
            deadline=flow.now + MINUTE,
        )
        events = (*started, *permit)
        types = [event.data.TYPE for event in events]
        if published in others and not takedown_requested:
            assert types == ["delivery.missed"] * 2
            assert {event.data.problem for event in events} == {"already_published"}
        else:
            assert types == ["delivery.started", "delivery.send_started"]


class World:
    """A network, and workers that may crash, or pause and resume with outdated responses."""

    def __init__(self, flow) -> None:
        self.flow = flow
        self.real_now = flow.now
        self.published: list[int] = []
        self.under_way: dict[int, bool] = {}
        self.answers: list[tuple[int, object]] = []

    def step(self, name: str, choice: int) -> None:
        flow = self.flow
        delivery = flow.delivery
        attempt = delivery.in_doubt
        if name == "start":
            flow.store(start_delivery(flow.snapshot, delivery, context(flow), {}))
        elif name == "take permit":
            events = start_send(
                flow.snapshot,
                delivery,
                context(flow),
                part=0,
                started_at=self.real_now,
                deadline=self.real_now + MINUTE,
            )
            if any(isinstance(event.data, ev.SendStarted) for event in events):
                # No earlier request may still publish a post.
                assert not any(self.under_way.values())
                assert not flow.holds
                self.under_way[events[0].data.number] = True
            flow.store(events)
        elif name == "arrive" and attempt and self.under_way.get(attempt.number):
            self.under_way[attempt.number] = False
            outcome: object = (None, TransientError("t"), RejectedError("r"))[choice % 3]
            if outcome is None:
                self.published.append(attempt.number)
                outcome = publication(flow, f"n{attempt.number}")
            self.answers.append((attempt.number, outcome))
        elif name == "answer" and self.answers:
            number, outcome = self.answers.pop(choice % len(self.answers))
            flow.store(record_outcome(delivery, outcome, context(flow), attempt=number))
        elif name == "lose answer" and attempt:
            record(flow, OutcomeUnknownError("lost"), attempt=attempt.number)
        elif name == "clock":
            self.real_now += MINUTE
            flow.now += MINUTE
            # A request that has not arrived by its deadline never does.
            self.under_way = dict.fromkeys(self.under_way, False)
        elif name == "deadline":
            flow.store(record_no_answer(delivery, real_now=self.real_now))
        elif name == "look up" and attempt and self.real_now >= attempt.deadline:
            if attempt.number in self.published:
                record(flow, publication(flow, f"n{attempt.number}"))
            else:
                flow.store(record_missing(delivery, context(flow), attempt=attempt.number))
        elif name == "hold":
            flow.holds = () if flow.holds else (HOLD,)

    def check(self) -> None:
        delivery = self.flow.delivery
        # The delivery is published if and only if the network's id is known.
        assert (delivery.state == "published") == bool(delivery.network_id)
        assert len(self.published) <= 1
        if delivery.state == "published":
            assert self.published
        if delivery.state in ("waiting", "missed", "cancelled"):
            assert delivery.in_doubt is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("start", "take permit", "arrive") * 2,
                *("answer", "lose answer", "clock", "deadline", "look up", "hold"),
            )
        ),
        st.integers(0, 5),
    ),
    max_size=40,
)


@settings(max_examples=150)
@given(STEPS)
@pytest.mark.integration
def test_published_at_most_once(new_workflow, steps) -> None:
    """In any order of steps, a post is published at most once, and its state is correct."""
    world = World(approved(new_workflow))
    for name, choice in steps:
        world.step(name, choice)
        world.check()

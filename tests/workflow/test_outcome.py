"""Tests of the recorded outcomes of sends, lookups and senders that have stopped."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.system_events import SYSTEM_EVENTS
from tests.workflow.deliveries import context, publication, record, sending, start, take_permit

from socialcollab.content import DeliveryState
from socialcollab.directory import Selector
from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TransientError,
)
from socialcollab.workflow import Actor
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import record_missing, record_no_answer, record_outcome


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
def test_state_after_error(new_workflow, outcome, state) -> None:
    """Each kind of error leads to its state, and only an unknown outcome stays in doubt."""
    flow = sending(new_workflow)
    events = record(flow, outcome)
    assert flow.delivery.state == state
    assert (flow.delivery.in_doubt is None) == (state != "unknown")
    assert {event.data.TYPE for event in events} <= SYSTEM_EVENTS["publisher"]
    assert {event.actor for event in events} == {Actor.PUBLISHER}


def test_rate_limit(new_workflow) -> None:
    """After a rate limit, the delivery waits as long as the network requires."""
    flow = sending(new_workflow)
    now = flow.now
    record(flow, RateLimitedError("slow down", retry_after_s=90))
    assert flow.delivery.not_before == now + dt.timedelta(seconds=90)
    flow.now = now + dt.timedelta(seconds=89)
    assert start(flow) == ()
    flow.now = now + dt.timedelta(seconds=90)
    assert start(flow)


def test_refused_credentials_hold_profile(new_workflow) -> None:
    """Refused credentials place only one hold on the profile."""
    flow = sending(new_workflow)
    events = record(flow, AuthenticationError("no"))
    (hold,) = (event.data.hold for event in events if isinstance(event.data, ev.HoldPlaced))
    assert hold.by == "system:publisher"
    assert hold.on == Selector(profile="tulip-x")
    flow.holds = (hold,)
    flow.set_delivery_state(DeliveryState.PUBLISHING)
    second = record_outcome(flow.delivery, AuthenticationError("no"), context(flow))
    assert [event.data.TYPE for event in second] == ["delivery.deferred"]


def test_unknown_after_deadline(new_workflow) -> None:
    """A send whose worker has stopped becomes unknown at its deadline and not earlier."""
    flow = sending(new_workflow)
    deadline = flow.delivery.in_doubt.deadline
    early = deadline - dt.timedelta(microseconds=1)
    assert record_no_answer(flow.delivery, real_now=early) == ()
    flow.store(record_no_answer(flow.delivery, real_now=deadline))
    assert flow.delivery.state == "unknown"


@pytest.mark.parametrize("state", ["unknown", "waiting", "missed", "cancelled", "failed"])
def test_late_answer_recorded(new_workflow, state) -> None:
    """A late publication is always recorded, and a second publication as a duplicate."""
    flow = sending(new_workflow)
    flow.set_delivery_state(DeliveryState(state))
    record(flow, publication(flow), attempt=1)
    assert (flow.delivery.state, flow.delivery.network_id) == ("published", "42")
    assert record(flow, publication(flow)) == ()
    (event,) = record(flow, publication(flow, "43"))
    assert event.data.TYPE == "delivery.published_again"
    assert (flow.delivery.state, flow.delivery.network_id) == ("published", "42")
    assert [copy.network_id for copy in flow.delivery.duplicates] == ["43"]
    assert record(flow, publication(flow, "43")) == ()


def test_old_failure_ignored(new_workflow) -> None:
    """A late failure of attempt 1 does not resolve attempt 2, which is in doubt."""
    flow = sending(new_workflow)
    flow.store(record_no_answer(flow.delivery, real_now=flow.delivery.in_doubt.deadline))
    flow.store(record_missing(flow.delivery, context(flow), attempt=1))
    flow.store(start(flow))
    take_permit(flow)
    assert flow.delivery.in_doubt.number == 2
    for attempt in (0, 1):
        for error in (TransientError("busy"), RateLimitedError("wait"), RejectedError("no")):
            assert record(flow, error, attempt=attempt) == ()
    flow.store(record_no_answer(flow.delivery, real_now=flow.delivery.in_doubt.deadline))
    assert record_missing(flow.delivery, context(flow), attempt=1) == ()
    assert record_missing(flow.delivery, context(flow), attempt=2)


def test_missing_only_if_unknown(new_workflow) -> None:
    """A lookup that finds nothing only affects a delivery whose outcome is unknown."""
    flow = sending(new_workflow)
    assert record_missing(flow.delivery, context(flow)) == ()
    record(flow, OutcomeUnknownError("no answer"))
    flow.store(record_missing(flow.delivery, context(flow)))
    assert (flow.delivery.state, flow.delivery.in_doubt) == ("waiting", None)

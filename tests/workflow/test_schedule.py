"""Tests of scheduling and of past times."""

from __future__ import annotations

import pytest
from tests.system_events import SYSTEM_EVENTS
from tests.workflow.policies import policy, step

from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm


def test_past_time_refused(new_workflow) -> None:
    """A post with a past planned time cannot be submitted, or moved to another past time."""
    flow = new_workflow(policy())
    flow.draft()
    flow.now = flow.PLANNED.instant
    assert flow.refusal("ana", cm.Submit(post="p1", seen=flow.seen)) == "time_passed"
    past = cm.Reschedule(post="p1", seen=flow.seen, at=flow.PLANNED)
    assert flow.refusal("eva", past) == "time_passed"


def test_scheduling_cannot_skip_gate(new_workflow) -> None:
    """An approved post cannot be scheduled if a new policy requires another step."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.policies = (*flow.policies, policy("more", step("client", "member:noor")))
    assert flow.refusal("eva", cm.Schedule(post="p1", seen=flow.seen)) == "step_open"


@pytest.mark.parametrize("late", ["expire", "hold", "publish"])
def test_expiry(new_workflow, late) -> None:
    """A post in review expires at its planned time if its policy requires it."""
    flow = new_workflow(policy(late=late))
    flow.draft()
    flow.submit()
    assert flow.expire() == ()
    flow.now = flow.PLANNED.instant
    events = flow.expire()
    assert (flow.state == "expired") == (late == "expire")
    assert {event.actor for event in events} <= {Actor.TIMER}
    assert {event.data.TYPE for event in events} <= SYSTEM_EVENTS["timer"]

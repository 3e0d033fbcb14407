"""Tests of the notifications of open steps."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from tests.workflow.policies import TULIP, policy, step

from socialcollab.permissions import Grant
from socialcollab.workflow import Actor, reevaluate
from socialcollab.workflow import events as ev

EDITORS = {"editorial/edit": ("ben", "eva", "mia")}


def reevaluated(flow, before=None) -> ev.PostReevaluated | None:
    """Reevaluate the post, and return the event, if there is one."""
    events = reevaluate(flow.snapshot, flow.context(Actor.TIMER), before=before)
    flow.store(events)
    return events[0].data if events else None


@pytest.fixture
def flow(new_workflow):
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    return flow


def test_step_notifies_reviewers_once(flow) -> None:
    """A step notifies its reviewers when it opens, and not again if nothing changes."""
    data = reevaluated(flow)
    assert (EDITORS, {}) == (data.notified, data.aware)
    assert reevaluated(flow) is None


def test_returning_reviewer_not_notified_again(flow) -> None:
    """A member who stops being a reviewer and becomes one again is notified once."""
    reevaluated(flow)
    flow.grants = tuple(grant for grant in flow.grants if "member:mia" not in map(str, grant.to))
    reevaluated(flow)
    flow.grants = flow.GRANTS
    assert {} == reevaluated(flow).notified


def test_unrecorded_notifications(flow) -> None:
    """If a step did not record whom it notified, its previous reviewers count as notified."""
    (event,) = reevaluate(flow.snapshot, flow.context(Actor.TIMER))
    unrecorded = attrs.evolve(event.data, notified={}, aware={})
    flow.store((attrs.evolve(event, data=unrecorded),))
    (clock,) = flow.snapshot.request.clocks
    assert clock.notified is None
    before = flow.snapshot
    flow.grants = (*flow.GRANTS, Grant(to="member:wil", role="editor", on=TULIP))
    first = reevaluated(flow)
    assert ({}, {"editorial/edit": ("ben", "eva", "mia", "wil")}) == (first.notified, first.aware)
    assert reevaluated(flow, before=before) is None
    flow.grants = (*flow.grants, Grant(to="member:pim", role="editor", on=TULIP))
    assert {"editorial/edit": ("pim",)} == reevaluated(flow).notified


def test_reviewer_notified_once_post_is_visible(flow) -> None:
    """A reviewer who cannot view the post is notified as soon as they can."""
    flow.policies = (policy("editorial", step("edit", ["role:editor", "member:tom"])),)
    approves = Grant(to="member:tom", permissions=["approve"], on=TULIP)
    flow.grants = (*flow.GRANTS, approves)
    assert EDITORS == reevaluated(flow).notified
    starts = dt.datetime(2026, 4, 4, 22, tzinfo=dt.UTC)
    views = Grant(to="member:tom", permissions=["view"], on=TULIP, start=dt.date(2026, 4, 5))
    flow.grants = (*flow.grants, views)
    assert starts == reevaluated(flow).wake_at
    flow.now = starts
    assert {"editorial/edit": ("tom",)} == reevaluated(flow).notified

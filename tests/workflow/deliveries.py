"""Helpers for tests of deliveries: an approved post, and the steps of the publisher."""

from __future__ import annotations

import datetime as dt

from tests.workflow.policies import policy

from socialcollab.content import Hold
from socialcollab.directory import Selector
from socialcollab.workflow import Actor
from socialcollab.workflow.decide import Publication, record_outcome, start_delivery, start_send

MINUTE = dt.timedelta(minutes=1)
HOLD = Hold(
    id="h1",
    on=Selector(workspace="tulip"),
    reason="",
    by="member:eva",
    at=dt.datetime(2026, 4, 1, tzinfo=dt.UTC),
)


def approved(new_workflow, **settings):
    """Return a workflow whose post is approved, at its planned time."""
    flow = new_workflow(policy(**settings))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.now = flow.PLANNED.instant
    return flow


def sending(new_workflow):
    """Return a workflow whose delivery has a permit to send."""
    flow = approved(new_workflow)
    flow.store(start(flow))
    take_permit(flow)
    return flow


def context(flow):
    return flow.context(Actor.PUBLISHER)


def start(flow, delivery=None) -> tuple:
    return start_delivery(flow.snapshot, delivery or flow.delivery, context(flow), {"key": "k1"})


def take_permit(flow, *, part=0) -> tuple:
    """Request a permit to send, store the resulting events, and return them."""
    return flow.store(
        start_send(
            flow.snapshot,
            flow.delivery,
            context(flow),
            part=part,
            started_at=flow.now,
            deadline=flow.now + MINUTE,
        )
    )


def publication(flow, network_id="42") -> Publication:
    return Publication(network_id=network_id, url="https://sandbox/42", published_at=flow.now)


def record(flow, outcome, **settings) -> tuple:
    """Store the outcome of a send, and return its events."""
    return flow.store(record_outcome(flow.delivery, outcome, context(flow), **settings))

"""Tests of the notifications that follow from events."""

from __future__ import annotations

import pytest
from tests.workflow.deliveries import approved, publication, record, start, take_permit

from socialcollab.content import NOTIFICATION_KINDS
from socialcollab.verdicts import LANGUAGES
from socialcollab.workflow import delivery_notifications
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import record_takedown


@pytest.mark.parametrize("language", LANGUAGES)
def test_takedown_notifies_author(new_workflow, language) -> None:
    """The author is notified of a takedown, with a message in every language."""
    flow = approved(new_workflow)
    flow.store(start(flow))
    take_permit(flow)
    record(flow, publication(flow))
    requested = ev.TakedownRequested(reason="the wrong year")
    flow.store((ev.publisher_event(flow.delivery.id, requested),))
    before = flow.delivery
    events = flow.store(record_takedown(before, ["42"]))
    (entry,) = delivery_notifications(flow.post, before, flow.delivery, events, flow.context())
    assert (entry.to, entry.kind) == ("ana", "taken_down")
    assert entry.kind in NOTIFICATION_KINDS
    assert "`tulip-x`" in entry.notification("n1", flow.now).text(language)

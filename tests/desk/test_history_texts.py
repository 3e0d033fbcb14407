"""The history in words: the reasons why a delivery was not sent."""

from __future__ import annotations

import pytest
from tests.desk.agency import DUE, in_review

from socialcollab.desk.queries.history import describe_event
from socialcollab.workflow.events import DeliveryFailed, DeliveryMissed


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        ("unscheduled", "(the post was removed from the schedule)"),
        ("hold h-1", "(hold `h-1` applies)"),
        ("hold on, says the network", "(hold on, says the network)"),
        ("HTTP 400: text too long", "(HTTP 400: text too long)"),
        ("{post} 100%", "({post} 100%)"),
        ("hold", "(hold)"),
    ],
)
def test_problem(problem, words) -> None:
    """A code is translated, and a network's message is quoted unchanged."""
    event = DeliveryMissed(problem=problem)
    assert describe_event(event, "delivery/p.tulip-x.1").endswith(f"in time {words}")


def test_problem_in_dutch() -> None:
    """The reasons exist in both languages."""
    event = DeliveryFailed(problem="not_approved")
    text = describe_event(event, "delivery/p.tulip-x.1", language="nl")
    assert text.endswith("(het was niet goedgekeurd)")


def test_cancelled_delivery(agency) -> None:
    """The history contains the reasons why deliveries were cancelled or missed."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.approve(in_review(agency))
    post = ana.unschedule(post)
    ana.schedule(post)
    hold = eva.hold("tulip-x", reason="storm", until=DUE.replace(year=2027))
    agency.now = DUE
    agency.desk.run_due()
    texts = [entry.text() for entry in agency.desk.history(post)]
    cancelled = "cancelled the delivery to `tulip-x` (the post was removed from the schedule)"
    assert cancelled in texts
    assert f"did not send the post to `tulip-x` in time (hold `{hold.id}` applies)" in texts

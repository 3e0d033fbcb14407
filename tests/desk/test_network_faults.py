"""The effects of each network fault that are visible to members."""

from __future__ import annotations

import pytest
from tests.desk.agency import MINUTE

from socialcollab.content import Image
from socialcollab.networks.sandbox.faults import InjectedFault

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (InjectedFault("lost_answer"), ("unknown", ["unknown"], MINUTE, "published")),
        (
            InjectedFault("late_server_error"),
            ("unknown", ["unknown"], MINUTE, "published"),
        ),
        (
            InjectedFault("lost_request"),
            ("unknown", ["unknown"], 2 * MINUTE, "published"),
        ),
        (InjectedFault("server_error"), ("unknown", ["unknown"], 2 * MINUTE, "published")),
        (InjectedFault("slow", delay_s=45), ("unknown", ["unknown"], 2 * MINUTE, "published")),
        (
            InjectedFault("late_arrival", delay_s=90),
            ("unknown", ["unknown"], 2 * MINUTE, "published"),
        ),
        (
            InjectedFault("rate_limited", retry_after_s=600),
            ("scheduled", [], 5 * MINUTE, "scheduled"),
        ),
        (
            InjectedFault("rate_limited", retry_after_s=600),
            ("scheduled", [], 10 * MINUTE, "published"),
        ),
        (InjectedFault("rate_limited", retry_after_s=None), ("scheduled", [], MINUTE, "published")),
        (InjectedFault("unauthorized"), ("held", ["sign_in"], 60 * MINUTE, "held")),
        (InjectedFault("rejected"), ("failed", ["failed"], 60 * MINUTE, "failed")),
        (InjectedFault("lost_answer", on="upload"), ("published", [], MINUTE, "published")),
        (InjectedFault("lost_request", on="upload"), ("published", [], MINUTE, "published")),
    ],
)
def test_fault(open_agency, fault, expected) -> None:
    """The summary and the to-do lists are correct after each fault and after the next run."""
    first, attention, after, last = expected
    agency = open_agency("memory", faults=(fault,))
    post = agency.approved_post(media=[Image.from_bytes(GIF, alt="Een veld tulpen")])
    agency.run_due()
    assert agency.desk.summary(post) == first
    assert agency.attention() == agency.attention("eva") == attention
    agency.run_due(after=after)
    agency.run_due()
    assert agency.desk.summary(post) == last
    assert len(agency.live_texts()) == (last == "published")
    agency.check_journal()


def test_id_of_another_post(open_agency) -> None:
    """A response with the id of an earlier post does not count as published."""
    agency = open_agency("memory", faults=())
    earlier = agency.approved_post("eerder")
    agency.run_due()
    agency.inject(InjectedFault("duplicate_id"))
    later = agency.approved_post("later", at="2026-04-07 10:30")
    agency.run_due(after=60 * MINUTE)
    assert agency.desk.summary(later) == "unknown"
    agency.run_due(after=2 * MINUTE)
    agency.run_due()
    assert agency.desk.summary(later) == "published"
    assert agency.live_texts() == ["eerder", "later"]
    ids = {agency.delivery(post).network_id for post in (earlier, later)}
    assert len(ids) == 2
    agency.check_journal()

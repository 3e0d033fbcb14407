"""The to-do list: approved posts that are not scheduled, and the tasks in words."""

from __future__ import annotations

import pytest
from tests.desk.agency import DOCUMENT, in_review

from socialcollab.verdicts.messages.en import MESSAGES

TASK = "post `W1` is approved, but not scheduled on `tulip-x`; schedule it, or publish it now"

FORBID = """
[[forbids]]
to = "member:ana"
permissions = ["schedule"]
on = { workspace = "tulip" }
reason = "test"
"""


def tasks(agency, member):
    """Return the posts that a member has to schedule, in words."""
    items = agency.desk.acting_as(member).to_do()
    return [item.text() for item in items if item.kind == "schedule"]


def approved(agency, **content):
    """Return an approved post by Ana."""
    ana, ben = agency.acting("ana", "ben")
    draft = ana.draft("Hallo", profiles=["tulip-x"], external_id="W1", **content)
    return ben.approve(ana.submit(draft))


def test_without_time(agency) -> None:
    """An approved post without a time is listed and notified until it is scheduled."""
    post = approved(agency)
    assert [TASK] == tasks(agency, "ana")
    assert [] == tasks(agency, "eva") == tasks(agency, "ben")
    assert [("approved_not_scheduled", "ana")] == agency.notified("approved_not_scheduled")
    assert [] == agency.notified("approved")
    agency.desk.acting_as("ana").schedule(post, at="2026-04-20 09:30")
    assert [] == tasks(agency, "ana")


@pytest.mark.parametrize("command", ["cancel", "publish_now", "withdraw"])
def test_settled(agency, command) -> None:
    """A post that is cancelled, withdrawn or published immediately is not listed."""
    post = approved(agency)
    member = agency.desk.acting_as("eva" if command == "publish_now" else "ana")
    getattr(member, command)(post)
    agency.desk.run_due()
    assert [] == tasks(agency, "ana") == tasks(agency, "eva")


def test_with_time(agency) -> None:
    """A post with a time, and a post that is published when it is approved, are never listed."""
    approved(agency, planned_at="2026-04-20 09:30")
    ana, ben = agency.acting("ana", "ben")
    draft = ana.draft("Nu", profiles=["tulip-x"])
    ben.approve(ana.submit(draft, at="as soon as approved"))
    assert [] == tasks(agency, "ana") == tasks(agency, "eva")
    assert [] == agency.notified("approved_not_scheduled")


def test_waiting_policy(agency) -> None:
    """A post whose policy waits for a member to schedule it is listed, although it has a time."""
    agency.adopt(
        DOCUMENT.replace('id = "editorial"\non', 'id = "editorial"\non_approval = "wait"\non', 1)
    )
    post = approved(agency, planned_at="2026-04-20 09:30")
    assert [TASK] == tasks(agency, "ana")
    agency.desk.acting_as("ana").schedule(post)
    assert [] == tasks(agency, "ana")


def test_author_without_permission(agency) -> None:
    """If the author cannot schedule the post, it is on the lead's list."""
    agency.adopt(DOCUMENT + FORBID)
    approved(agency)
    assert [] == tasks(agency, "ana")
    assert [TASK] == tasks(agency, "eva")
    assert [
        ("approved_not_scheduled", "ana"),
        ("approved_not_scheduled", "eva"),
    ] == agency.notified("approved_not_scheduled")


def test_every_task_has_a_text(agency) -> None:
    """A decision is described in words, and so is each reason for triage."""
    in_review(agency)
    (item,) = agency.desk.acting_as("ben").to_do()
    assert item.text().startswith("decide on step `editorial/edit` of post ")
    assert item.text("nl").startswith("beslis over stap `editorial/edit` van bericht ")
    codes = {code.removeprefix("to_do.triage.") for code in MESSAGES if ".triage." in code}
    assert {
        "missed",
        "failed",
        "unknown",
        "published_twice",
        "partly_published",
        "sign_in",
        "takedown_failed",
        "not_amended",
    } == codes

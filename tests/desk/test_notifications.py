"""The outbox: whoever it concerns is told, at least once, and nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, DUE, PLANNED

from socialcollab.content import NOTIFICATION_KINDS
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.verdicts.messages.en import MESSAGES


def in_review(agency, **more):
    ana = agency.desk.acting_as("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, **more))


def test_every_kind_has_its_message() -> None:
    said = {
        name.removeprefix("notification.") for name in MESSAGES if name.startswith("notification.")
    }
    assert set(NOTIFICATION_KINDS) == said
    assert tuple(sorted(NOTIFICATION_KINDS)) == NOTIFICATION_KINDS


def test_from_request_to_published_each_is_told_what_concerns_them(agency) -> None:
    post = in_review(agency)
    agency.desk.acting_as("ben").approve(post)
    agency.now = DUE
    agency.desk.run_due()
    assert [
        ("review_requested", "ben"),
        ("review_requested", "eva"),
        ("approved", "ana"),
        ("published", "ana"),
    ] == agency.notified()
    published = list(agency.desk.notifications(member="ana"))[-1]
    assert (post.id, "tulip-x", DUE) == (published.post, published.profile, published.at)
    assert f"post `{post.id}` is published on `tulip-x`" == published.text()
    assert f"bericht `{post.id}` is gepubliceerd op `tulip-x`" == published.text("nl")


def test_nobody_is_told_of_what_they_did_or_may_not_view(agency) -> None:
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.edit(in_review(agency), text="Lente!")
    assert ("edited_by_other", "ana") in agency.notified()
    assert ("edited_by_other", "ben") not in agency.notified()
    ana.comment(post, "waarom?")
    eva.comment(post, "daarom")
    assert [("commented", "ana")] == agency.notified("commented")
    assert not {"tom", "dirk"} & {to for _, to in agency.notified()}


def test_internal_comments_are_news_for_staff_alone(agency) -> None:
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = in_review(agency)
    noor.comment(post, "mooi")
    ben.comment(post, "onder ons")
    assert [("commented", "ana"), ("commented", "ana")] == agency.notified("commented")
    ana.comment(post, "dank", internal=False)
    assert ("commented", "noor") in agency.notified()


def test_who_voted_is_told_when_the_vote_no_longer_counts(agency) -> None:
    ana, ben = agency.acting("ana", "ben")
    post = in_review(agency, tags=["offer"])
    post = ben.approve(post)
    ana.edit(post, text="Heel andere lente")
    assert [("changed_after_vote", "ben")] == agency.notified("changed_after_vote")


def test_a_step_that_opens_later_tells_its_reviewers_then(agency) -> None:
    post = in_review(agency, tags=["offer"])
    assert ("review_requested", "noor") not in agency.notified()
    agency.desk.acting_as("ben").approve(post)
    assert ("review_requested", "noor") in agency.notified()


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_the_author_is_told_of_a_no(agency, verdict: str) -> None:
    getattr(agency.desk.acting_as("eva"), verdict)(in_review(agency), "nee")
    kind = {"request_changes": "changes_requested", "reject": "rejected"}[verdict]
    assert [(kind, "ana")] == agency.notified(kind)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_author_and_lead_are_told_of_what_went_wrong(open_agency, kind: str) -> None:
    agency = open_agency(kind, faults=(InjectedFault("rejected"),))
    agency.desk.acting_as("ben").approve(in_review(agency))
    agency.now = DUE
    agency.desk.run_due()
    assert [("failed", "ana"), ("failed", "eva")] == agency.notified("failed")


def test_notices_have_stable_ids_and_a_cursor_that_misses_nothing(agency) -> None:
    post = in_review(agency)
    first = agency.desk.notifications(limit=1)
    again = agency.desk.notifications(limit=1)
    assert [one.id for one in first] == [one.id for one in again]
    assert 2 == len(first)  # one event's notices stay together
    agency.desk.acting_as("ben").approve(post)
    rest = agency.desk.notifications(after=first.cursor)
    assert ["approved"] == [one.kind for one in rest]
    assert 0 == len(agency.desk.notifications(after=rest.cursor))
    every = list(agency.desk.notifications())
    assert len(every) == len({one.id for one in every})
    assert list(first) + list(rest) == every


NOTIFY = 'id = "ben"\ntimezone = "Europe/Lisbon"\nnotify = ["slack", "email digest 08:30"]'


@pytest.fixture
def digest(agency):
    eva = agency.desk.acting_as("eva")
    text = DOCUMENT.replace('id = "ben"', NOTIFY, 1)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="how to tell Ben")
    agency.desk.run_due()
    return agency


def test_channels_at_once_are_named_and_digests_wait_for_their_hour(agency, digest) -> None:
    post = in_review(agency)
    (asked,) = agency.desk.notifications(member="ben")
    assert (("slack",), "review_requested") == (asked.channels, asked.kind)
    in_review(agency)
    closes = dt.datetime(2026, 4, 2, 7, 30, tzinfo=dt.UTC)  # 08:30 in Lisbon
    assert closes == agency.desk.next_due()
    agency.now = closes - dt.timedelta(seconds=1)
    agency.desk.run_due()
    assert [] == agency.notified("digest")
    agency.now = closes
    agency.desk.run_due()
    agency.desk.run_due()
    (digest,) = (
        notification
        for notification in agency.desk.notifications()
        if notification.kind == "digest"
    )
    assert ("ben", ("email",), 2) == (digest.to, digest.channels, len(digest.items))
    assert post.id == digest.items[0].post
    assert "2 updates since the last digest" == digest.text().splitlines()[0]
    # What comes next waits for the next day.
    in_review(agency)
    assert closes + dt.timedelta(days=1) == agency.desk.next_due()
    assert agency.desk.audit().clean


def test_a_digest_over_the_change_of_clocks_keeps_its_local_hour(agency, digest) -> None:
    agency.now = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    ana = agency.desk.acting_as("ana")
    ana.submit(ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-10-30 09:30"))
    assert dt.datetime(2026, 10, 25, 8, 30, tzinfo=dt.UTC) == agency.desk.next_due()


def test_a_delegate_is_told_of_standing_in(agency) -> None:
    agency.desk.acting_as("ana").add_absence("2026-04-10", "2026-04-13", delegate="ben")
    assert [("delegate", "ben")] == agency.notified()

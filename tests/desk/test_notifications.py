"""The outbox of notifications: recipients, cursors, channels and digests."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DOCUMENT, DUE, in_review

from socialcollab.content import NOTIFICATION_KINDS
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.verdicts.messages.en import MESSAGES


def test_every_kind_has_a_message() -> None:
    """Every kind of notification has a message."""
    kinds = {
        name.removeprefix("notification.").removesuffix(".details")
        for name in MESSAGES
        if name.startswith("notification.")
    }
    assert set(NOTIFICATION_KINDS) == kinds
    assert tuple(sorted(NOTIFICATION_KINDS)) == NOTIFICATION_KINDS


def test_recipients(agency) -> None:
    """Reviewers are notified of the request, and the author of the approval and the publishing."""
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


def test_external_id(agency) -> None:
    """The text names a post by its external id; the parameters contain both ids."""
    (ana,) = agency.acting("ana")
    ana.submit(ana.draft("Hallo", profiles=["tulip-x"], external_id="W7"))
    asked = next(one for one in agency.desk.notifications() if one.kind == "review_requested")
    assert (
        f"please review post `W7` (step `{asked.step}`)",
        "W7",
        asked.post,
    ) == (asked.text(), asked.external_id, asked.reason["post_id"])


def test_details(agency) -> None:
    """The descriptions of a grant, an absence and a shift contain their subject and their end."""
    ben, eva = agency.acting("ben", "eva")
    on = {"workspace": "tulip"}
    grant = eva.grant(
        "member:ben", permissions=["hold"], on=on, until="2026-04-10", reason="launch"
    )
    eva.revoke(grant)
    ben.add_absence("2026-04-08", "2026-04-10", delegate="ana")
    assert [
        "eva granted you `hold` on workspace tulip until 2026-04-10",
        "eva revoked your `hold` on workspace tulip, which was due to end on 2026-04-10",
    ] == [one.text() for one in ben.notifications()]
    (told,) = agency.desk.notifications(member="ana")
    assert "je bent van 2026-04-08 tot 2026-04-10 de vervanger van ben" == told.text("nl")


def test_since(agency) -> None:
    """A member can read the notifications since a time, for example the start of an absence."""
    ana, ben = agency.acting("ana", "ben")
    post = in_review(agency)
    agency.now += dt.timedelta(hours=1)
    ana.comment(post, "@ben kijk je?")
    assert ["review_requested", "mentioned"] == [one.kind for one in ben.notifications()]
    assert ["mentioned"] == [one.kind for one in ben.notifications(since=agency.now)]
    assert not ben.notifications(since=agency.now + dt.timedelta(seconds=1))


def test_own_actions(agency) -> None:
    """Members are not notified of their own actions, or of posts that they may not view."""
    ana, ben, eva = agency.acting("ana", "ben", "eva")
    post = ben.edit(in_review(agency), text="Lente!")
    assert ("edited_by_other", "ana") in agency.notified()
    assert ("edited_by_other", "ben") not in agency.notified()
    ana.comment(post, "waarom?")
    eva.comment(post, "daarom")
    assert [("commented", "ana")] == agency.notified("commented")
    assert not {"tom", "dirk"} & {member for _, member in agency.notified()}


def test_internal_comments(agency) -> None:
    """Only staff are notified of internal comments."""
    ana, ben, noor = agency.acting("ana", "ben", "noor")
    post = in_review(agency)
    noor.comment(post, "mooi")
    ben.comment(post, "onder ons")
    assert [("commented", "ana"), ("commented", "ana")] == agency.notified("commented")
    ana.comment(post, "dank", internal=False)
    assert ("commented", "noor") in agency.notified()


def test_changed_after_decision(agency) -> None:
    """A reviewer is notified when an edit makes their decision obsolete."""
    ana, ben = agency.acting("ana", "ben")
    post = in_review(agency, tags=["offer"])
    post = ben.approve(post)
    ana.edit(post, text="Heel andere lente")
    assert [("changed_after_decision", "ben")] == agency.notified("changed_after_decision")


def test_later_step(agency) -> None:
    """The reviewers of a later step are notified when it opens."""
    post = in_review(agency, tags=["offer"])
    assert ("review_requested", "noor") not in agency.notified()
    agency.desk.acting_as("ben").approve(post)
    assert ("review_requested", "noor") in agency.notified()


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_negative_decision(agency, verdict: str) -> None:
    """The author is notified of requested changes and of a rejection."""
    getattr(agency.desk.acting_as("eva"), verdict)(in_review(agency), "nee")
    kind = {"request_changes": "changes_requested", "reject": "rejected"}[verdict]
    assert [(kind, "ana")] == agency.notified(kind)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_failure(open_agency, kind: str) -> None:
    """The author and the lead are notified of a failed delivery."""
    agency = open_agency(kind, faults=(InjectedFault("rejected"),))
    agency.desk.acting_as("ben").approve(in_review(agency))
    agency.now = DUE
    agency.desk.run_due()
    assert [("failed", "ana"), ("failed", "eva")] == agency.notified("failed")


def test_cursor(agency) -> None:
    """Notifications have stable ids, and continuing from a cursor does not miss any."""
    post = in_review(agency)
    first = agency.desk.notifications(limit=1)
    again = agency.desk.notifications(limit=1)
    assert [item.id for item in first] == [item.id for item in again]
    assert 2 == len(first)  # the notifications of one event stay together
    agency.desk.acting_as("ben").approve(post)
    rest = agency.desk.notifications(after=first.cursor)
    assert ["approved"] == [item.kind for item in rest]
    assert 0 == len(agency.desk.notifications(after=rest.cursor))
    notifications = list(agency.desk.notifications())
    assert len(notifications) == len({item.id for item in notifications})
    assert list(first) + list(rest) == notifications


BEN = 'id = "ben"\ntimezone = "Europe/Lisbon"\nnotify = ["slack", "email digest 08:30"]'


@pytest.fixture
def digest(agency):
    """Configure immediate notifications on Slack and a daily e-mail digest for Ben."""
    eva = agency.desk.acting_as("eva")
    text = DOCUMENT.replace('id = "ben"', BEN, 1)
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="channels")
    agency.desk.run_due()
    return agency


def test_channels_and_digest(agency, digest) -> None:
    """A notification lists its immediate channels; the digest closes at the member's local time."""
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
    # Later notifications go to the digest of the next day.
    in_review(agency)
    assert closes + dt.timedelta(days=1) == agency.desk.next_due()
    assert agency.desk.audit().clean


def test_digest_over_clock_change(agency, digest) -> None:
    """A digest keeps its local time when the clocks change."""
    agency.now = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    ana = agency.desk.acting_as("ana")
    ana.submit(ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-10-30 09:30"))
    assert dt.datetime(2026, 10, 25, 8, 30, tzinfo=dt.UTC) == agency.desk.next_due()


def test_delegate(agency) -> None:
    """A delegate is notified of the absence."""
    agency.desk.acting_as("ana").add_absence("2026-04-10", "2026-04-13", delegate="ben")
    assert [("delegate", "ben")] == agency.notified()

"""The outbox: whoever it concerns is told, at least once, and nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.conftest import DOCUMENT

from socialcollab.content import NOTIFICATION_KINDS
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.verdicts.messages.en import MESSAGES

PLANNED = "2026-04-07 09:30"
DUE = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


def in_review(office, **more):
    ana = office.desk.acting_as("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=PLANNED, **more))


def told(office, *kinds: str) -> list[tuple[str, str]]:
    return [
        (one.kind, one.to) for one in office.desk.notifications() if not kinds or one.kind in kinds
    ]


def test_every_kind_has_its_message() -> None:
    said = {
        name.removeprefix("notification.") for name in MESSAGES if name.startswith("notification.")
    }
    assert set(NOTIFICATION_KINDS) == said
    assert tuple(sorted(NOTIFICATION_KINDS)) == NOTIFICATION_KINDS


def test_from_request_to_published_each_is_told_what_concerns_them(office) -> None:
    post = in_review(office)
    office.desk.acting_as("ben").approve(post)
    office.now = DUE
    office.desk.run_due()
    assert [
        ("review_requested", "ben"),
        ("review_requested", "eva"),
        ("approved", "ana"),
        ("published", "ana"),
    ] == told(office)
    published = list(office.desk.notifications(member="ana"))[-1]
    assert (post.id, "tulip-x", DUE) == (published.post, published.profile, published.at)
    assert f"post `{post.id}` is published on `tulip-x`" == published.text()
    assert f"bericht `{post.id}` is gepubliceerd op `tulip-x`" == published.text("nl")


def test_nobody_is_told_of_what_they_did_or_may_not_view(office) -> None:
    ana, ben, eva = office.acting("ana", "ben", "eva")
    post = ben.edit(in_review(office), text="Lente!")
    assert ("edited_by_other", "ana") in told(office)
    assert ("edited_by_other", "ben") not in told(office)
    ana.comment(post, "waarom?")
    eva.comment(post, "daarom")
    assert [("commented", "ana")] == told(office, "commented")
    assert not {"tom", "dirk"} & {to for _, to in told(office)}


def test_internal_comments_are_news_for_staff_alone(office) -> None:
    ana, ben, noor = office.acting("ana", "ben", "noor")
    post = in_review(office)
    noor.comment(post, "mooi")
    ben.comment(post, "onder ons")
    assert [("commented", "ana"), ("commented", "ana")] == told(office, "commented")
    ana.comment(post, "dank", internal=False)
    assert ("commented", "noor") in told(office)


def test_who_voted_is_told_when_the_vote_no_longer_counts(office) -> None:
    ana, ben = office.acting("ana", "ben")
    post = in_review(office, tags=["offer"])
    post = ben.approve(post)
    ana.edit(post, text="Heel andere lente")
    assert [("changed_after_decision", "ben")] == told(office, "changed_after_decision")


def test_a_step_that_opens_later_tells_its_reviewers_then(office) -> None:
    post = in_review(office, tags=["offer"])
    assert ("review_requested", "noor") not in told(office)
    office.desk.acting_as("ben").approve(post)
    assert ("review_requested", "noor") in told(office)


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_the_author_is_told_of_a_no(office, verdict: str) -> None:
    getattr(office.desk.acting_as("eva"), verdict)(in_review(office), "nee")
    kind = {"request_changes": "changes_requested", "reject": "rejected"}[verdict]
    assert [(kind, "ana")] == told(office, kind)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_author_and_lead_are_told_of_what_went_wrong(open_office, kind: str) -> None:
    office = open_office(kind, faults=(InjectedFault("rejected"),))
    office.desk.acting_as("ben").approve(in_review(office))
    office.now = DUE
    office.desk.run_due()
    assert [("failed", "ana"), ("failed", "eva")] == told(office, "failed")


def test_notices_have_stable_ids_and_a_cursor_that_misses_nothing(office) -> None:
    post = in_review(office)
    first = office.desk.notifications(limit=1)
    again = office.desk.notifications(limit=1)
    assert [one.id for one in first] == [one.id for one in again]
    assert 2 == len(first)  # one event's notices stay together
    office.desk.acting_as("ben").approve(post)
    rest = office.desk.notifications(after=first.cursor)
    assert ["approved"] == [one.kind for one in rest]
    assert 0 == len(office.desk.notifications(after=rest.cursor))
    every = list(office.desk.notifications())
    assert len(every) == len({one.id for one in every})
    assert list(first) + list(rest) == every


NOTIFY = 'id = "ben"\ntimezone = "Europe/Lisbon"\nnotify = ["slack", "email digest 08:30"]'


@pytest.fixture
def told_office(office):
    eva = office.desk.acting_as("eva")
    text = DOCUMENT.replace('id = "ben"', NOTIFY, 1)
    eva.adopt(office.desk.propose(Organization.loads(text)), reason="how to tell Ben")
    office.desk.run_due()
    return office


def test_channels_at_once_are_named_and_digests_wait_for_their_hour(told_office) -> None:
    office = told_office
    post = in_review(office)
    (asked,) = office.desk.notifications(member="ben")
    assert (("slack",), "review_requested") == (asked.channels, asked.kind)
    in_review(office)
    closes = dt.datetime(2026, 4, 2, 7, 30, tzinfo=dt.UTC)  # 08:30 in Lisbon
    assert closes == office.desk.next_due()
    office.now = closes - dt.timedelta(seconds=1)
    office.desk.run_due()
    assert [] == told(office, "digest")
    office.now = closes
    office.desk.run_due()
    office.desk.run_due()
    (digest,) = (one for one in office.desk.notifications() if one.kind == "digest")
    assert ("ben", ("email",), 2) == (digest.to, digest.channels, len(digest.items))
    assert post.id == digest.items[0].post
    assert "2 updates since the last digest" == digest.text().splitlines()[0]
    # What comes next waits for the next day.
    in_review(office)
    assert closes + dt.timedelta(days=1) == office.desk.next_due()
    assert office.desk.audit().clean


def test_a_digest_over_the_change_of_clocks_keeps_its_local_hour(told_office) -> None:
    office = told_office
    office.now = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
    ana = office.desk.acting_as("ana")
    ana.submit(ana.draft("Herfst", profiles=["tulip-x"], planned_at="2026-10-30 09:30"))
    assert dt.datetime(2026, 10, 25, 8, 30, tzinfo=dt.UTC) == office.desk.next_due()


def test_a_delegate_is_told_of_standing_in(office) -> None:
    office.desk.acting_as("ana").add_absence("2026-04-10", "2026-04-13", delegate="ben")
    assert [("delegate", "ben")] == told(office)

"""From each fault of a network to what people see of it."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.test_desk import DUE, PLANNED, sound

from socialcollab.content import Image
from socialcollab.networks.sandbox.faults import InjectedFault

GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
MINUTE = dt.timedelta(minutes=1)
PROFILE = "tulip-mastodon"


def approved(office, text="De lente is er", *, profiles=(PROFILE,), at=PLANNED, **content):
    ana, ben = office.acting("ana", "ben")
    return ben.approve(ana.submit(ana.draft(text, profiles=profiles, planned_at=at, **content)))


def due(office, *, after: dt.timedelta = dt.timedelta(0)):
    office.now = max(office.now, DUE) + after
    return office.desk.run_due()


def only(office, post):
    (delivery,) = office.desk.deliveries(post)
    return delivery


def troubles(office, who="ana") -> list[str]:
    return [item.attention for item in office.acting(who)[0].to_do() if item.kind == "triage"]


def out(office, profile=PROFILE) -> list[str]:
    return [post.text for post in office.sandbox.posts(profile) if not post.removed]


@pytest.mark.parametrize(
    ("fault", "course"),
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
def test_what_people_see_of_each_fault(open_office, fault, course) -> None:
    """At once, and when due work has run again after a while."""
    first, trouble, after, last = course
    office = open_office("memory", faults=(fault,))
    post = approved(office, media=[Image.from_bytes(GIF, alt="Een veld tulpen")])
    due(office)
    assert office.desk.summary(post) == first
    assert troubles(office) == troubles(office, "eva") == trouble
    due(office, after=after)
    due(office)
    assert office.desk.summary(post) == last
    assert len(out(office)) == (last == "published")
    sound(office)


def test_the_id_of_another_post_is_no_success(open_office) -> None:
    """A network that answers with an earlier post has shown nothing of this one."""
    office = open_office("memory", faults=())
    earlier = approved(office, "eerder")
    due(office)
    office.let_go_wrong(InjectedFault("duplicate_id"))
    later = approved(office, "later", at="2026-04-07 10:30")
    due(office, after=60 * MINUTE)
    assert office.desk.summary(later) == "unknown"
    due(office, after=2 * MINUTE)
    due(office)
    assert office.desk.summary(later) == "published"
    assert out(office) == ["eerder", "later"]
    ids = {only(office, post).network_id for post in (earlier, later)}
    assert len(ids) == 2
    sound(office)

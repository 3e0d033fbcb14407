"""Members who become reviewers of an open step are notified once, whatever the reason."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.desk.agency import DOCUMENT
from tests.desk.full_scans import check_lists

from socialcollab.desk.journal.encoding import event_data
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.workflow import events as ev
from socialcollab.workflow.events.notification import NotificationsQueued

TOM = '[[grants]]\nto = "member:tom"\npermissions = ["view", "approve"]\non = { workspace = "tulip" }\n'
REVIEWERS = 'reviewers = ["role:editor"]'
ROTATION = """
[[rotations]]
id = "desk"
role = "editor"
on = { workspace = "tulip" }
members = ["ben", "eva"]
start = 2026-03-31
every = "tuesday 09:00"
"""


def adopt(agency, *changes: tuple[str, str], added: str = "") -> None:
    text = DOCUMENT + added
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    agency.adopt(text, reason="other reviewers")


def submitted(agency, *, at: str = "2026-04-20 09:30"):
    ana = agency.desk.acting_as("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=at))


def asked(agency) -> list[str]:
    kinds = ("review_requested", "escalated")
    return [
        notification.to
        for notification in agency.desk.notifications()
        if notification.kind in kinds
    ]


def test_reviewer_by_adoption(agency) -> None:
    """A member whom an adoption makes a reviewer is notified once, and other reviewers are not."""
    post = submitted(agency)
    assert ["ben", "eva"] == asked(agency)
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), added=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    (notification,) = agency.desk.notifications(member="tom")
    assert (post.id, "editorial/edit", "") == (
        notification.post,
        notification.step,
        notification.by,
    )
    assert [post.id] == [item.post.id for item in agency.desk.acting_as("tom").to_do()]
    agency.desk.run_due()
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'))
    agency.desk.run_due()
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), added=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    assert agency.desk.audit().clean


def test_event_before_reevaluation(
    agency,
) -> None:
    """A command before the reevaluation notifies the new reviewer, who is not notified again."""
    post = submitted(agency)
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), added=TOM)
    agency.desk.acting_as("ana").comment(post, "haast")
    assert ["ben", "eva", "tom"] == asked(agency)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)


def test_added_step(agency) -> None:
    """The reviewers of a step that an adoption adds are notified."""
    submitted(agency)
    step = '[[approvals.steps]]\nid = "legal"\nreviewers = ["member:tom"]\n'
    adopt(agency, (REVIEWERS + "\n", f"{REVIEWERS}\n{step}"), added=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)


def test_future_grant(agency) -> None:
    """A member whom a future grant makes a reviewer is notified when it begins."""
    adopt(
        agency,
        (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'),
        added=TOM + "start = 2026-04-03\n",
    )
    agency.desk.run_due()
    submitted(agency)
    start = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    assert start == agency.desk.next_due()
    agency.now = start - dt.timedelta(seconds=1)
    agency.desk.run_due()
    assert ["ben", "eva"] == asked(agency)
    agency.now = start
    agency.desk.run_due()
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    assert agency.desk.next_due() is None


def test_ending_forbid(agency) -> None:
    """A member who becomes a reviewer when a forbid ends is notified at that time."""
    forbid = '[[forbids]]\nto = "member:ben"\npermissions = ["approve"]\non = "tulip-x"\nend = 2026-04-03\n'
    adopt(agency, added=forbid)
    agency.desk.run_due()
    submitted(agency)
    assert ["eva"] == asked(agency)
    agency.now = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert ["eva", "ben"] == asked(agency)


def test_shift_begins(agency) -> None:
    """A member whose shift makes them a reviewer is notified once, when the shift begins."""
    adopt(agency, (REVIEWERS, 'reviewers = ["rotation:desk"]'), added=ROTATION)
    agency.desk.run_due()
    submitted(agency)
    assert ["ben"] == asked(agency)
    shift = dt.datetime(2026, 4, 7, 7, tzinfo=dt.UTC)
    assert shift == agency.desk.next_due()
    agency.now = shift
    agency.desk.run_due()
    assert ["ben", "eva"] == asked(agency)
    agency.now += dt.timedelta(days=7)
    agency.desk.run_due()
    assert ["ben", "eva"] == asked(agency)


def test_absence_and_return(agency) -> None:
    """Only a reviewer who is back from an absence is notified again."""
    submitted(agency)
    ben = agency.desk.acting_as("ben")
    absence = ben.add_absence("2026-04-02", "2026-04-06", delegate="eva")
    agency.desk.run_due()
    agency.now += dt.timedelta(days=2)
    agency.desk.run_due()
    ben.end_absence(absence)
    agency.desk.run_due()
    agency.now += dt.timedelta(days=9)
    agency.desk.run_due()
    assert ["ben", "eva", "ben"] == asked(agency)


def test_edit_of_approved_post(agency) -> None:
    """An edit of an approved post notifies the reviewers again and restarts the timers."""
    post = submitted(agency)
    ana, ben = agency.acting("ana", "ben")
    opened = agency.now
    approved = ben.approve(post)
    agency.now += dt.timedelta(days=1)
    again = ana.edit(approved, text="Een andere lente")
    assert ["ben", "eva", "ben", "eva"] == asked(agency)
    (step,) = agency.desk.pending_steps(again)
    assert opened + dt.timedelta(days=1) == step.opened_at


VARIANTS = (
    ((), ""),
    (((REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'),), TOM),
    (((REVIEWERS, 'reviewers = ["member:tom"]'),), TOM),
    (((REVIEWERS, 'reviewers = ["member:ben"]'),), ""),
    (((REVIEWERS, 'reviewers = ["rotation:desk"]'),), ROTATION),
    (((REVIEWERS, 'reviewers = ["member:eva", "member:tom"]'),), TOM + "start = 2026-04-04\n"),
    (((REVIEWERS, 'reviewers = ["role:editor"]\nquorum = "all"'),), TOM + "end = 2026-04-05\n"),
)


@pytest.mark.integration
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]
)
def test_random_changes(open_agency, seed: int) -> None:
    """After random changes, every reviewer has been notified once of each opened step."""
    agency = open_agency("memory")
    rng = random.Random(seed)
    posts = [submitted(agency, at="2026-05-20 09:30") for _ in range(2)]
    absences: list = []
    for _ in range(30 if seed else 15):
        pick = rng.choice(
            ("adopt", "adopt", "time", "edit", "approve", "absence", "return", "resubmit", "swap")
        )
        post = agency.desk.post(rng.choice(posts).id)
        member = agency.desk.acting_as(rng.choice(("ana", "ben", "eva", "tom")))
        try:
            if pick == "adopt":
                changes, added = rng.choice(VARIANTS)
                adopt(agency, *changes, added=added)
            elif pick == "time":
                agency.now += dt.timedelta(hours=rng.choice((1, 20, 60)))
            elif pick == "edit":
                member.edit(post, text=f"Lente {rng.randrange(1000)}")
            elif pick == "approve":
                member.approve(post)
            elif pick == "absence":
                first = agency.now.date() + dt.timedelta(days=rng.randrange(3))
                last = first + dt.timedelta(days=rng.randrange(1, 4))
                absences.append(
                    (member, member.add_absence(first, last, delegate=rng.choice(("", "eva"))))
                )
            elif pick == "return" and absences:
                (absent, absence) = absences.pop()
                absent.end_absence(absence)
            elif pick == "swap":
                start = agency.now + dt.timedelta(hours=rng.choice((-2, 1, 30)))
                member.swap_shift(
                    "desk",
                    start=start,
                    end=start + dt.timedelta(hours=rng.choice((3, 60))),
                    to=rng.choice(("ben", "eva", "tom")),
                )
            elif pick == "resubmit":
                ana = agency.desk.acting_as("ana")
                ana.submit(ana.withdraw(post) if post.state == "in_review" else post)
        except (NotAllowedError, StaleError, NotFoundError, InvalidValueError):
            continue
        check_lists(agency.desk)
        agency.desk.run_due()
        check_lists(agency.desk)
        for post in posts:
            check_notified(agency, post.id)
    assert agency.desk.audit().clean


def check_notified(agency, post: str) -> None:
    """Check the notifications about each open step, based on the events of the post."""
    notified: dict[str, list[str]] = {}
    actor = ""
    for stored in agency.store.for_organization("northwind").read(f"post/{post}"):
        data = event_data(stored)
        if stored.actor.startswith("member:"):
            actor = stored.actor.removeprefix("member:")
        if isinstance(data, ev.PostSubmitted):
            notified = {}
        elif isinstance(data, ev.PostReevaluated):
            reopened = set(map(str, data.reopened))
            notified = {
                str(key): [] if str(key) in reopened else notified.get(str(key), [])
                for key in data.open_steps
            }
            for step, members in data.notified.items():
                # Reviewers are not notified of a step that they opened themselves.
                notified[str(step)] += [member for member in members if member == actor]
            for step, members in data.absent.items():
                # A reviewer who was absent is notified again when they are back.
                notified[step] = [member for member in notified[step] if member not in members]
        elif isinstance(data, NotificationsQueued):
            for notification in data.notifications:
                if notification.kind in ("review_requested", "escalated"):
                    assert (
                        notification.to not in notified[notification.step]
                        or notification.to == actor
                    )
                    notified[notification.step].append(notification.to)
    for member in ("ana", "ben", "eva", "tom", "noor", "dirk"):
        for item in agency.desk.acting_as(member).to_do():
            if item.kind == "decide" and item.post.id == post:
                assert member in notified[item.step], (member, item.step, notified)

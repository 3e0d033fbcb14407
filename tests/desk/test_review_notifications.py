"""Whoever newly must decide is told of it once, whatever it is that makes them decide."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.desk.agency import DOCUMENT

from socialcollab.desk.journal.encoding import event_data
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.organization import Organization
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


def adopt(agency, *changes: tuple[str, str], more: str = "") -> None:
    text = DOCUMENT + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    eva = agency.desk.acting_as("eva")
    eva.adopt(agency.desk.propose(Organization.loads(text)), reason="other reviewers")


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


def test_whom_an_adoption_makes_a_reviewer_is_told_once_and_nobody_else(agency) -> None:
    post = submitted(agency)
    assert ["ben", "eva"] == asked(agency)
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    (told,) = agency.desk.notifications(member="tom")
    assert (post.id, "house/edit", "") == (told.post, told.step, told.by)
    assert [post.id] == [item.post.id for item in agency.desk.acting_as("tom").to_do()]
    agency.desk.run_due()
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'))
    agency.desk.run_due()
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    assert agency.desk.audit().clean


def test_an_event_before_the_reckoning_tells_the_new_reviewer_and_the_reckoning_not_again(
    agency,
) -> None:
    post = submitted(agency)
    adopt(agency, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    agency.desk.acting_as("ana").comment(post, "haast")
    assert ["ben", "eva", "tom"] == asked(agency)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)


def test_a_step_that_an_adoption_adds_tells_its_reviewers(agency) -> None:
    submitted(agency)
    step = '[[approvals.steps]]\nid = "legal"\nreviewers = ["member:tom"]\n'
    adopt(agency, (REVIEWERS + "\n", f"{REVIEWERS}\n{step}"), more=TOM)
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)


def test_a_grant_that_begins_later_tells_as_it_begins(agency) -> None:
    adopt(
        agency,
        (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'),
        more=TOM + "start = 2026-04-03\n",
    )
    agency.desk.run_due()
    submitted(agency)
    begins = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    assert begins == agency.desk.next_due()
    agency.now = begins - dt.timedelta(seconds=1)
    agency.desk.run_due()
    assert ["ben", "eva"] == asked(agency)
    agency.now = begins
    agency.desk.run_due()
    agency.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(agency)
    assert agency.desk.next_due() is None


def test_a_forbid_that_ends_tells_as_it_ends(agency) -> None:
    forbid = '[[forbids]]\nto = "member:ben"\npermissions = ["approve"]\non = "tulip-x"\nend = 2026-04-03\n'
    adopt(agency, more=forbid)
    agency.desk.run_due()
    submitted(agency)
    assert ["eva"] == asked(agency)
    agency.now = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    agency.desk.run_due()
    assert ["eva", "ben"] == asked(agency)


def test_who_comes_on_duty_is_told_as_the_turn_begins(agency) -> None:
    adopt(agency, (REVIEWERS, 'reviewers = ["rotation:desk"]'), more=ROTATION)
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


def test_an_absence_with_a_delegate_and_a_return_ask_nobody_twice(agency) -> None:
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
    assert ["ben", "eva"] == asked(agency)


def test_an_approved_post_that_is_edited_asks_anew_and_counts_from_then(agency) -> None:
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


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))]
)
def test_whatever_happens_who_must_decide_knows_and_nobody_is_told_twice(
    open_agency, seed: int
) -> None:
    agency = open_agency("memory")
    rng = random.Random(seed)
    posts = [submitted(agency, at="2026-05-20 09:30") for _ in range(2)]
    absences: list = []
    for _ in range(40):
        pick = rng.choice(
            ("adopt", "adopt", "time", "edit", "approve", "away", "back", "again", "swap")
        )
        post = agency.desk.post(rng.choice(posts).id)
        who = agency.desk.acting_as(rng.choice(("ana", "ben", "eva", "tom")))
        try:
            if pick == "adopt":
                changes, more = rng.choice(VARIANTS)
                adopt(agency, *changes, more=more)
            elif pick == "time":
                agency.now += dt.timedelta(hours=rng.choice((1, 20, 60)))
            elif pick == "edit":
                who.edit(post, text=f"Lente {rng.randrange(1000)}")
            elif pick == "approve":
                who.approve(post)
            elif pick == "away":
                first = agency.now.date() + dt.timedelta(days=rng.randrange(3))
                last = first + dt.timedelta(days=rng.randrange(1, 4))
                absences.append(
                    (who, who.add_absence(first, last, delegate=rng.choice(("", "eva"))))
                )
            elif pick == "back" and absences:
                (back, absence) = absences.pop()
                back.end_absence(absence)
            elif pick == "swap":
                start = agency.now + dt.timedelta(hours=rng.choice((-2, 1, 30)))
                who.swap_shift("desk", start=start, end=start + dt.timedelta(hours=rng.choice((3, 60))),
                              to=rng.choice(("ben", "eva", "tom")))  # fmt: skip
            elif pick == "again":
                ana = agency.desk.acting_as("ana")
                ana.submit(ana.withdraw(post) if post.state == "in_review" else post)
        except (NotAllowedError, StaleError, NotFoundError, InvalidValueError):
            continue
        agency.desk.run_due()
        for post in posts:
            judge(agency, post.id)
    assert agency.desk.audit().clean


def judge(agency, post: str) -> None:
    """Read the post's stream from outside: whom each opening of each step has told."""
    told: dict[str, list[str]] = {}
    actor = ""
    for stored in agency.store.for_organization("northwind").read(f"post/{post}"):
        data = event_data(stored)
        if stored.actor.startswith("member:"):
            actor = stored.actor.removeprefix("member:")
        if isinstance(data, ev.PostSubmitted):
            told = {}
        elif isinstance(data, ev.PostReevaluated):
            reopened = set(map(str, data.anew))
            told = {
                str(key): [] if str(key) in reopened else told.get(str(key), [])
                for key in data.open
            }
            fresh = {str(key): members for key, members in data.notified.items()}
            for step, members in fresh.items():
                # Whoever opened a step that asks them knows.
                told[step] += [member for member in members if member == actor]
        elif isinstance(data, NotificationsQueued):
            for notification in data.notifications:
                if notification.kind in ("review_requested", "escalated"):
                    assert (
                        notification.to not in told[notification.step] or notification.to == actor
                    )
                    told[notification.step].append(notification.to)
    for member in ("ana", "ben", "eva", "tom", "noor", "dirk"):
        for item in agency.desk.acting_as(member).to_do():
            if item.kind == "decide" and item.post.id == post:
                assert member in told[item.step], (member, item.step, told)

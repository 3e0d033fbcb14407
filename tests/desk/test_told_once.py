"""Whoever newly must decide is told of it once, whatever it is that makes them decide."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from tests.desk.conftest import DOCUMENT

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


def adopt(office, *changes: tuple[str, str], more: str = "") -> None:
    text = DOCUMENT + more
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    eva = office.desk.acting_as("eva")
    eva.adopt(office.desk.propose(Organization.loads(text)), reason="other reviewers")


def submitted(office, *, at: str = "2026-04-20 09:30"):
    ana = office.desk.acting_as("ana")
    return ana.submit(ana.draft("Lente", profiles=["tulip-x"], planned_at=at))


def asked(office) -> list[str]:
    kinds = ("review_requested", "escalated")
    return [one.to for one in office.desk.notifications() if one.kind in kinds]


def test_whom_an_adoption_makes_a_reviewer_is_told_once_and_nobody_else(office) -> None:
    post = submitted(office)
    assert ["ben", "eva"] == asked(office)
    adopt(office, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    office.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(office)
    (told,) = office.desk.notifications(member="tom")
    assert (post.id, "house/edit", "") == (told.post, told.step, told.by)
    assert [post.id] == [one.post.id for one in office.desk.acting_as("tom").to_do()]
    office.desk.run_due()
    adopt(office, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'))
    office.desk.run_due()
    adopt(office, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    office.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(office)
    assert office.desk.audit().clean


def test_an_event_before_the_reckoning_tells_the_new_reviewer_and_the_reckoning_not_again(
    office,
) -> None:
    post = submitted(office)
    adopt(office, (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'), more=TOM)
    office.desk.acting_as("ana").comment(post, "haast")
    assert ["ben", "eva", "tom"] == asked(office)
    office.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(office)


def test_a_step_that_an_adoption_adds_tells_its_reviewers(office) -> None:
    submitted(office)
    step = '[[approvals.steps]]\nid = "legal"\nreviewers = ["member:tom"]\n'
    adopt(office, (REVIEWERS + "\n", f"{REVIEWERS}\n{step}"), more=TOM)
    office.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(office)


def test_a_grant_that_begins_later_tells_as_it_begins(office) -> None:
    adopt(
        office,
        (REVIEWERS, 'reviewers = ["role:editor", "member:tom"]'),
        more=TOM + "start = 2026-04-03\n",
    )
    office.desk.run_due()
    submitted(office)
    begins = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    assert begins == office.desk.next_due()
    office.now = begins - dt.timedelta(seconds=1)
    office.desk.run_due()
    assert ["ben", "eva"] == asked(office)
    office.now = begins
    office.desk.run_due()
    office.desk.run_due()
    assert ["ben", "eva", "tom"] == asked(office)
    assert office.desk.next_due() is None


def test_a_forbid_that_ends_tells_as_it_ends(office) -> None:
    forbid = '[[forbids]]\nto = "member:ben"\npermissions = ["approve"]\non = "tulip-x"\nend = 2026-04-03\n'
    adopt(office, more=forbid)
    office.desk.run_due()
    submitted(office)
    assert ["eva"] == asked(office)
    office.now = dt.datetime(2026, 4, 2, 22, tzinfo=dt.UTC)
    office.desk.run_due()
    assert ["eva", "ben"] == asked(office)


def test_who_comes_on_duty_is_told_as_the_turn_begins(office) -> None:
    adopt(office, (REVIEWERS, 'reviewers = ["rotation:desk"]'), more=ROTATION)
    office.desk.run_due()
    submitted(office)
    assert ["ben"] == asked(office)
    shift = dt.datetime(2026, 4, 7, 7, tzinfo=dt.UTC)
    assert shift == office.desk.next_due()
    office.now = shift
    office.desk.run_due()
    assert ["ben", "eva"] == asked(office)
    office.now += dt.timedelta(days=7)
    office.desk.run_due()
    assert ["ben", "eva"] == asked(office)


def test_an_absence_with_a_delegate_and_a_return_ask_nobody_twice(office) -> None:
    submitted(office)
    ben = office.desk.acting_as("ben")
    absence = ben.add_absence("2026-04-02", "2026-04-06", delegate="eva")
    office.desk.run_due()
    office.now += dt.timedelta(days=2)
    office.desk.run_due()
    ben.end_absence(absence)
    office.desk.run_due()
    office.now += dt.timedelta(days=9)
    office.desk.run_due()
    assert ["ben", "eva"] == asked(office)


def test_an_approved_post_that_is_edited_asks_anew_and_counts_from_then(office) -> None:
    post = submitted(office)
    ana, ben = office.acting("ana", "ben")
    opened = office.now
    approved = ben.approve(post)
    office.now += dt.timedelta(days=1)
    again = ana.edit(approved, text="Een andere lente")
    assert ["ben", "eva", "ben", "eva"] == asked(office)
    (step,) = office.desk.pending_steps(again)
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
    open_office, seed: int
) -> None:
    office = open_office("memory")
    rng = random.Random(seed)
    posts = [submitted(office, at="2026-05-20 09:30") for _ in range(2)]
    absences: list = []
    for _ in range(40):
        pick = rng.choice(
            ("adopt", "adopt", "time", "edit", "approve", "away", "back", "again", "swap")
        )
        post = office.desk.post(rng.choice(posts).id)
        who = office.desk.acting_as(rng.choice(("ana", "ben", "eva", "tom")))
        try:
            if pick == "adopt":
                changes, more = rng.choice(VARIANTS)
                adopt(office, *changes, more=more)
            elif pick == "time":
                office.now += dt.timedelta(hours=rng.choice((1, 20, 60)))
            elif pick == "edit":
                who.edit(post, text=f"Lente {rng.randrange(1000)}")
            elif pick == "approve":
                who.approve(post)
            elif pick == "away":
                first = office.now.date() + dt.timedelta(days=rng.randrange(3))
                last = first + dt.timedelta(days=rng.randrange(1, 4))
                absences.append(
                    (who, who.add_absence(first, last, delegate=rng.choice(("", "eva"))))
                )
            elif pick == "back" and absences:
                (back, absence) = absences.pop()
                back.end_absence(absence)
            elif pick == "swap":
                start = office.now + dt.timedelta(hours=rng.choice((-2, 1, 30)))
                who.swap_shift("desk", start=start, end=start + dt.timedelta(hours=rng.choice((3, 60))),
                              to=rng.choice(("ben", "eva", "tom")))  # fmt: skip
            elif pick == "again":
                ana = office.desk.acting_as("ana")
                ana.submit(ana.withdraw(post) if post.state == "in_review" else post)
        except (NotAllowedError, StaleError, NotFoundError, InvalidValueError):
            continue
        office.desk.run_due()
        for post in posts:
            judge(office, post.id)
    assert office.desk.audit().clean


def judge(office, post: str) -> None:
    """Read the post's stream from outside: whom each opening of each step has told."""
    told: dict[str, list[str]] = {}
    actor = ""
    for stored in office.store.for_organization("northwind").read(f"post/{post}"):
        data = event_data(stored)
        if stored.actor.startswith("member:"):
            actor = stored.actor.removeprefix("member:")
        if isinstance(data, ev.PostSubmitted):
            told = {}
        elif isinstance(data, ev.PostReevaluated):
            reopened = set(map(str, data.reopened))
            told = {
                str(key): [] if str(key) in reopened else told.get(str(key), [])
                for key in data.open_steps
            }
            fresh = {str(key): members for key, members in data.notified.items()}
            for step, members in fresh.items():
                # Whoever opened a step that asks them knows.
                told[step] += [one for one in members if one == actor]
        elif isinstance(data, NotificationsQueued):
            for one in data.notifications:
                if one.kind in ("review_requested", "escalated"):
                    assert one.to not in told[one.step] or one.to == actor
                    told[one.step].append(one.to)
    for member in ("ana", "ben", "eva", "tom", "noor", "dirk"):
        for item in office.desk.acting_as(member).to_do():
            if item.kind == "decide" and item.post.id == post:
                assert member in told[item.step], (member, item.step, told)

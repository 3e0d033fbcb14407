"""
Random weeks of members, commands, faults and clocks, checked against the journal.

According to a naive evaluation of the rules, every event must have been allowed to its actor at
that instant. The network must show only approved content, which is derived from the decisions in
the journal.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from types import SimpleNamespace

import pytest
from tests.desk.agency import DOCUMENT
from tests.desk.full_scans import check_lists
from tests.system_events import SYSTEM_EVENTS

from socialcollab.content import PUBLISHED_FIELDS
from socialcollab.desk import Desk
from socialcollab.desk.journal.streams import reducer
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.organization import Organization
from socialcollab.permissions import PERMISSIONS

MEMBERS = ("ana", "ben", "eva", "tom", "noor", "dirk")
PROFILES = {"tulip": ("tulip-x", "tulip-mastodon"), "dike": ("dike-x",)}
WORDS = ("tulp", "dijk", "lente", "🌷", "aanbieding")
PROPOSED = tuple(
    Organization.loads(text)
    for text in (
        DOCUMENT.replace("tulip-mastodon", "tulip-other"),
        DOCUMENT.replace('id = "edit"', 'id = "edit"\nquorum = 3'),
        DOCUMENT.replace("@dike", "@dijk"),
    )
)


class Week:
    """One random run of an agency."""

    def __init__(self, agency, seed: int) -> None:
        self.agency = agency
        self.random = random.Random(seed)
        self.seen: list = []
        self.done = 0

    def text(self) -> str:
        return " ".join(self.random.choices(WORDS, k=3)) + f" {self.random.randrange(1000)}"

    def later(self) -> dt.datetime:
        return self.agency.now + dt.timedelta(minutes=self.random.randrange(1, 1500))

    def step(self) -> None:
        chance = self.random.random()
        if chance < 0.12:
            self.agency.now += dt.timedelta(minutes=self.random.choice((1, 20, 240, 900)))
        elif chance < 0.25:
            desk = self.random.choice((self.agency.desk, self.agency.second_desk()))
            desk.run_due(worker=self.random.choice(("one", "two")))
        else:
            try:
                if self.seen and chance < 0.6:
                    self.advance()
                else:
                    self.command()
                self.done += 1
            except (NotAllowedError, StaleError, NotFoundError, InvalidValueError):
                pass

    def advance(self) -> None:
        """Perform the natural next step on a post, as a member who is probably allowed to."""
        pick = self.random.choice
        desk = self.agency.desk
        post = desk.post(pick(self.seen[-8:]).id)
        staff = ("ana", "ben", "eva") if post.workspace == "tulip" else ("tom", "dirk", "eva")
        member = desk.acting_as(pick(staff))
        if post.state in ("draft", "changes_requested"):
            changed = member.edit(post, planned_at=self.later()) if pick((True, False)) else post
            self.seen.append(member.submit(changed))
        elif post.state in ("in_review", "approved") and self.random.random() < 0.2:
            # After an edit of a submitted post, earlier decisions must not count.
            self.seen.append(member.edit(post, text=self.text()))
        elif post.state == "in_review":
            reviewer = desk.acting_as(pick((*staff, *(("noor",) * ("offer" in post.content.tags)))))
            self.seen.append(reviewer.approve(post))
        elif post.state == "approved":
            due = [
                delivery.due_at for delivery in desk.deliveries(post) if delivery.state == "waiting"
            ]
            if due and min(due) - self.agency.now < dt.timedelta(days=2):
                self.agency.now = max(self.agency.now, min(due))
                desk.run_due()

    def command(self) -> None:
        pick = self.random.choice
        member = self.agency.desk.acting_as(pick((*MEMBERS, "ana", "eva", "eva")))
        name = pick(
            ("draft", "edit", "submit", "submit", "approve", "approve", "approve", "vote", "reschedule",
             "schedule", "unschedule", "withdraw", "cancel", "comment", "hold", "resume", "note")
        )  # fmt: skip
        if name == "cancel" and self.random.random() < 0.8:
            name = "draft"
        if name == "draft" or not self.seen:
            workspace = pick(tuple(PROFILES))
            profiles = self.random.sample(
                PROFILES[workspace], self.random.randint(0, len(PROFILES[workspace]))
            )
            self.seen.append(
                member.draft(
                    self.text(),
                    profiles=profiles,
                    workspace=workspace,
                    planned_at=pick((None, self.later(), self.later(), self.later())),
                    tags=pick(((), ("offer",))),
                )
            )
            return
        # This is usually the current revision, and sometimes a much older one.
        post = pick(self.seen[-5:])
        if self.random.random() < 0.85:
            post = self.agency.desk.post(post.id)
            self.seen.append(post)
        if name == "edit":
            changes = pick(
                (
                    {"text": self.text()},
                    {"tags": pick(((), ("offer",)))},
                    {"profiles": pick((("tulip-x",), ("tulip-mastodon",), ("dike-x",), ()))},
                    {"planned_at": self.later()},
                    {"language": "nl", "text": self.text()},
                )
            )
            self.seen.append(member.edit(post, **changes))
        elif name == "submit":
            member.submit(post, at=pick((None, None, "as soon as approved", "next slot")))
        elif name == "approve":
            member.approve(post)
        elif name == "vote":
            pick((member.request_changes, member.reject))(post, "nee")
        elif name == "reschedule":
            member.reschedule(post, self.later(), profile=pick(("", *post.targets)))
        elif name == "schedule":
            member.schedule(post, at=pick((None, self.later())))
        elif name == "comment":
            member.comment(post, "hoi")
        elif name == "hold":
            if self.random.random() < 0.3:
                on = pick(({"workspace": "tulip"}, "tulip-x", "dike-x", {"workspace": "*"}))
                until = pick((None, self.later(), self.later()))
                member.hold(on, reason="storm", until=until)
        elif name == "resume":
            for hold in self.agency.desk.holds():
                self.agency.desk.acting_as(pick(("eva", member.member))).resume(hold.id)
        elif name == "note":
            member.add_calendar_note(pick(tuple(PROFILES)), self.agency.now.date(), "let op")
        else:
            getattr(member, name)(post)


class JournalCheck:
    """Reads a journal from its first event to its last, and checks every event."""

    def __init__(self, agency, naive) -> None:
        organization = agency.organization
        self.naive = naive
        self.rules = SimpleNamespace(
            members=organization.members,
            teams=organization.teams,
            profiles=organization.profiles,
            workspaces=organization.workspaces,
            roles=organization.roles,
            grants=organization.grants,
            forbids=organization.forbids,
            permissions=tuple(PERMISSIONS),
            timezone="Europe/Amsterdam",
        )
        self.agency = agency
        self.posts: dict[str, SimpleNamespace] = {}
        self.post_of: dict[str, str] = {}
        self.profile_of: dict[str, str] = {}
        self.sent: dict[str, object] = {}
        self.holds: dict[str, object] = {}
        self.published: list[tuple[str, str]] = []

    def may(self, entry, permission: str, resources) -> bool:
        member = entry.actor.removeprefix("member:")
        return bool(resources) and all(
            self.naive.may(self.rules, member, permission, resource, entry.at)
            for resource in resources
        )

    def read(self) -> None:
        position = 0
        while page := self.agency.desk.feed(after=position, limit=500):
            for entry in page:
                self.check(entry)
                position = entry.position

    def check(self, entry) -> None:
        kind, _, name = entry.stream.partition("/")
        if entry.actor.startswith("system:"):
            assert entry.type in SYSTEM_EVENTS[entry.actor.removeprefix("system:")], entry
        elif entry.type == "organization.created":
            assert all(self.may(entry, permission, ["*"]) for permission in PERMISSIONS)
        elif kind == "post":
            self.check_post(entry, name)
        else:
            permissions, resources = self.needed(entry, kind, name)
            assert any(self.may(entry, permission, resources) for permission in permissions), entry
        self.apply(entry, kind, name)

    def needed(self, entry, kind, name):
        """Return the permissions of which one is required, and the resources."""
        data = entry.data
        if kind == "delivery":
            post = data.post if entry.type == "delivery.planned" else self.post_of[name]
            allowed = {
                "delivery.planned": ("schedule",),
                "delivery.cancelled": ("draft", "schedule", "cancel"),
            }[entry.type]
            return allowed, self.posts[post].resources
        if kind == "calendar":
            return ("schedule", "submit"), self.posts[data.post].resources
        if kind == "runtime_state":
            return ("note",), [data.workspace]
        on = data.hold.on if entry.type == "hold.placed" else self.holds[data.hold]
        return ("hold",), on.workspace or on.profile

    def check_post(self, entry, name) -> None:
        data = entry.data
        post = self.posts.get(name)
        if entry.type == "post.drafted":
            assert self.may(entry, "draft", data.content.targets or [data.workspace]), entry
            return
        assert post is not None
        if entry.type == "post.edited":
            after = data.content.targets or [post.workspace]
            if data.revision.only_time:
                assert any(
                    self.may(entry, permission, post.resources)
                    for permission in ("schedule", "submit")
                )
                changed = data.revision.changed_since(post.revisions[-1])
                assert set(changed) <= {"time"}, entry
                return
            assert self.may(entry, "draft", post.resources), entry
            assert self.may(entry, "draft", after), entry
            if entry.actor != post.drafter:
                assert self.may(entry, "edit_others", post.resources), entry
            return
        needed = {
            "post.commented": "comment",
            "post.submitted": "submit",
            "post.withdrawn": "submit",
            "post.decided": "approve",
            "post.approved": "publish",
            "post.scheduled": "schedule",
            "post.unscheduled": "schedule",
            "post.cancelled": "cancel",
        }[entry.type]
        assert self.may(entry, needed, post.resources), entry
        if entry.type == "post.decided":
            assert entry.actor not in post.authors, entry
        if entry.type == "post.approved":
            assert data.alone
            assert post.workspace == "dike"

    def apply(self, entry, kind, name) -> None:
        data = entry.data
        if entry.type == "post.drafted":
            self.posts[name] = SimpleNamespace(
                workspace=data.workspace,
                resources=list(data.content.targets) or [data.workspace],
                drafter=entry.actor,
                authors={entry.actor},
                revisions=[data.revision],
                contents=[data.content],
                votes=[],
                alone=None,
                offered=False,
            )
        elif entry.type == "post.edited":
            post = self.posts[name]
            post.revisions.append(data.revision)
            post.contents.append(data.content)
            post.resources = list(data.content.targets) or [post.workspace]
            if not data.revision.only_time:
                post.authors.add(entry.actor)
                if not self.may(entry, "publish", post.resources):
                    post.alone = None
        elif entry.type == "post.decided" and data.verdict == "approve":
            self.posts[name].votes.append((entry.actor, entry.at, data.fields))
        elif entry.type == "post.approved":
            self.posts[name].alone = entry.actor if data.alone else None
        elif entry.type == "delivery.planned":
            self.post_of[name], self.profile_of[name] = data.post, data.profile
        elif entry.type == "hold.placed":
            self.holds[data.hold.id] = data.hold.on
        elif entry.type == "delivery.send_started":
            self.check_send(name)
        elif entry.type == "delivery.published":
            assert data.network_id
            self.published.append((self.profile_of[name], self.sent[name]))

    def check_send(self, delivery: str) -> None:
        """Check that the reviewers approved the sent content, with enough decisions."""
        post = self.posts[self.post_of[delivery]]
        fields = {name: post.revisions[-1].fields[name] for name in PUBLISHED_FIELDS}
        approved_by = {
            actor
            for actor, _, seen in post.votes
            if {name: seen[name] for name in PUBLISHED_FIELDS} == fields
        }
        if post.workspace == "tulip":
            assert approved_by & {"member:ben", "member:eva"}, delivery
            if "offer" in post.contents[-1].tags:
                assert "member:noor" in approved_by, delivery
        else:
            assert approved_by or post.alone, delivery
        self.sent[delivery] = post.contents[-1].text_for(self.profile_of[delivery])


def play(agency, naive, *, seed: int, steps: int) -> Week:
    print(f"seed {seed}")
    week = Week(agency, seed)
    while week.done < steps:
        week.step()
        if week.done % 10 == 0 and agency.kind is Desk:
            check_lists(agency.desk, *PROPOSED)
    for _ in range(4):
        agency.now += dt.timedelta(minutes=30)
        agency.desk.run_due()
    check = JournalCheck(agency, naive)
    check.read()
    shown = sorted((post.profile, post.text) for post in agency.sandbox.posts())
    assert shown == sorted(check.published)
    print(f"{len(shown)} published")
    report = agency.desk.audit()
    assert report.clean, report.findings
    assert agency.desk.engine.store.reindex(reducer).changed == ()
    return week


FAULTS = (
    InjectedFault("lost_answer", times=1),
    InjectedFault("lost_request", times=1),
    InjectedFault("rate_limited", times=1),
    InjectedFault("server_error", times=1),
    InjectedFault("unauthorized", times=1),
    InjectedFault("rejected", times=1),
)


@pytest.mark.integration
@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_random_weeks_in_memory(open_agency, naive, seed) -> None:
    """Random weeks are consistent on a store in memory."""
    agency = open_agency("memory", faults=FAULTS if seed % 2 else ())
    play(agency, naive, seed=seed, steps=70)


@pytest.mark.integration
@pytest.mark.parametrize("seed", [101])
def test_random_weeks_in_a_file(open_agency, naive, seed) -> None:
    """Random weeks are consistent on an SQLite file."""
    agency = open_agency("sqlite", faults=FAULTS)
    play(agency, naive, seed=seed, steps=40)


@pytest.mark.integration
@pytest.mark.parametrize("seed", [201])
def test_random_weeks_at_an_async_desk(open_agency, naive, seed) -> None:
    """Random weeks are consistent at an async desk."""
    agency = open_agency("async memory", faults=FAULTS)
    play(agency, naive, seed=seed, steps=30)


@pytest.mark.slow
def test_many_random_weeks(open_agency, naive, seconds) -> None:
    """Many random weeks are consistent, for as long as the session allows."""
    seed = random.SystemRandom().randrange(10**9)
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        kind = ("memory", "memory", "async memory", "memory", "sqlite")[number % 5]
        agency = open_agency(kind, faults=FAULTS if number % 2 else ())
        play(agency, naive, seed=seed + number, steps=250)
        number += 1
    print(f"{number} weeks from seed {seed} on")

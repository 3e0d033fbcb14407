"""A workflow without a desk, with snapshots in dictionaries and a clock that tests set."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache

import attrs
import pytest

from socialcollab.content import DeliveryState, PostContent
from socialcollab.directory import Profile, Workspace
from socialcollab.errors import NotAllowedError
from socialcollab.permissions import Access, Forbid, Grant, Role
from socialcollab.time import WallTime
from socialcollab.workflow import (
    Actor,
    ApprovalPolicy,
    Context,
    Policies,
    decide_post,
    evolve_delivery,
    evolve_post,
)
from socialcollab.workflow import commands as cm
from socialcollab.workflow.decide.schedule import expire

ZONE = "Europe/Amsterdam"
START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
PLANNED = WallTime(local="2026-04-07 09:30", zone=ZONE)
MEMBERS = ("ana", "ben", "eva", "mia", "noor", "pim", "tom", "wil")
PROFILES = (
    Profile(id="tulip-mastodon", workspace="tulip", network="mastodon"),
    Profile(id="tulip-x", workspace="tulip", network="x"),
    Profile(id="dike-x", workspace="dike", network="x"),
)
ROLES = (
    Role(id="writer", permissions=["view", "draft", "submit", "comment", "cancel"]),
    Role(id="publisher", includes=["writer"], permissions=["schedule", "publish"]),
    Role(
        id="editor", includes=["writer"], permissions=["approve", "edit_others", "schedule", "hold"]
    ),
    Role(id="client_publisher", permissions=["view"]),
)
GRANTS = (
    # Ana and Wil write; Pim may publish alone; Ben, Eva and Mia edit; Noor approves for the client.
    Grant(to=["member:ana", "member:wil"], role="writer", on={"workspace": "tulip"}),
    Grant(to="member:pim", role="publisher", on={"workspace": "tulip"}),
    Grant(to=["member:ben", "member:eva", "member:mia"], role="editor", on={"workspace": "tulip"}),
    Grant(to="member:eva", permissions=["bypass"], on={"workspace": "tulip"}),
    Grant(to="member:noor", permissions=["view", "comment", "approve"], on={"workspace": "tulip"}),
    Grant(to="member:tom", role="editor", on={"workspace": "dike"}),
)


@cache
def _access(grants: tuple[Grant, ...], forbids: tuple[Forbid, ...]) -> Access:
    return Access.of(
        members=MEMBERS,
        profiles=PROFILES,
        roles=ROLES,
        grants=grants,
        forbids=forbids,
        timezone=ZONE,
    )


class Workflow:
    """The posts and deliveries of one organization, as plain values."""

    START = START
    PLANNED = PLANNED
    ZONE = ZONE
    GRANTS = GRANTS
    PROFILES = PROFILES

    def __init__(self, *policies: ApprovalPolicy, default: str = "none") -> None:
        self.now = START
        self.posts: dict = {}
        self.deliveries: dict = {}
        self.events: list = []
        self.grants: tuple[Grant, ...] = GRANTS
        self.forbids: tuple[Forbid, ...] = ()
        self.policies = policies
        self.default = default
        self.findings: tuple = ()
        self.holds: tuple = ()
        self.next_slots: dict = {}
        self.barred: dict = {}
        self.policy_texts: dict[str, str] = {}

    def context(self, actor: Actor | str = Actor.RULES, post: str = "p1") -> Context:
        return Context(
            now=self.now,
            actor=Actor.member(actor) if isinstance(actor, str) else actor,
            access=_access(self.grants, self.forbids),
            policies=Policies.of(self.policies),
            pins={
                policy.id: self.policy_texts.get(policy.id, f"text of {policy.id}")
                for policy in self.policies
            },
            profiles={profile.id: profile for profile in PROFILES},
            workspaces={
                name: Workspace(id=name, lead="eva", default_approval=self.default)
                for name in ("tulip", "dike")
            },
            zones={"tulip": ZONE, "dike": ZONE},
            findings=self.findings,
            deliveries=tuple(
                delivery for delivery in self.deliveries.values() if delivery.post == post
            ),
            holds=self.holds,
            next_slots=self.next_slots,
            barred=self.barred,
        )

    def store(self, events: tuple) -> tuple:
        """Apply events to the posts and deliveries, one second later."""
        self.now += dt.timedelta(seconds=1)
        for event in events:
            kind, _, name = event.stream.partition("/")
            if kind == "post":
                self.posts[name] = evolve_post(
                    self.posts.get(name), event.data, actor=event.actor, at=self.now, salt=bytes(16)
                )
            elif kind == "delivery":
                self.deliveries[name] = evolve_delivery(self.deliveries.get(name), event.data)
        self.events += events
        return events

    def do(self, member: str, command: cm.PostCommand) -> tuple:
        """Perform a command, and return its events."""
        return self.store(decide_post(self.posts.get(command.post), command, self.context(member)))

    def refusal(self, member: str, command: cm.PostCommand) -> str:
        """Return the code of a command's refusal, which must have a text in each language."""
        with pytest.raises(NotAllowedError) as caught:
            decide_post(self.posts.get(command.post), command, self.context(member))
        verdict = caught.value.verdict
        assert verdict.explain("en") != verdict.explain("nl")
        return verdict.reasons[0].code if verdict.reasons else "default_deny"

    def draft(self, member: str = "ana", post: str = "p1", **content: object) -> None:
        values: dict = {"text": "De lente is er", "targets": ["tulip-x"], "planned_at": PLANNED}
        values |= content
        self.do(
            member,
            cm.Draft(post=post, workspace="tulip", content=PostContent(**values), salt=bytes(16)),
        )

    @property
    def snapshot(self):
        return self.posts["p1"]

    @property
    def post(self):
        return self.posts["p1"].post

    @property
    def delivery(self):
        """The only delivery."""
        (delivery,) = self.deliveries.values()
        return delivery

    @property
    def state(self) -> str:
        return str(self.post.state.value)

    @property
    def seen(self) -> str:
        return self.post.digest

    def delivery_states(self) -> dict[str, str]:
        """The states of the deliveries that were not cancelled, by profile."""
        return {
            str(delivery.profile): delivery.state.value
            for delivery in self.deliveries.values()
            if delivery.state.value != "cancelled"
        }

    def set_delivery_state(self, state: DeliveryState) -> None:
        """Set the state of the first delivery, as if the publisher had changed it."""
        name = next(iter(self.deliveries))
        self.deliveries[name] = attrs.evolve(self.deliveries[name], state=state)

    def edit(self, member: str = "ana", **changes: object) -> tuple:
        content = attrs.evolve(self.post.content, **changes)
        return self.do(member, cm.Edit(post="p1", seen=self.seen, content=content))

    def submit(self, member: str = "ana", when: str = "planned") -> tuple:
        return self.do(member, cm.Submit(post="p1", seen=self.seen, when=when))

    def approve(self, member: str) -> tuple:
        return self.do(member, cm.Approve(post="p1", seen=self.seen))

    def request_changes(self, member: str) -> tuple:
        return self.do(member, cm.RequestChanges(post="p1", seen=self.seen))

    def reschedule(self, member: str, at: WallTime) -> tuple:
        return self.do(member, cm.Reschedule(post="p1", seen=self.seen, at=at))

    def expire(self) -> tuple:
        return self.store(expire(self.snapshot, self.context(Actor.TIMER)))


@pytest.fixture(scope="session")
def new_workflow() -> Callable[..., Workflow]:
    """Return the class, which is called with policies: `new_workflow(policy, default="none")`."""
    return Workflow

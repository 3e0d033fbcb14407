"""Rooms used alone: style guide, scheduling, workflow."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

from socialcollab.content import Finding, PostContent
from socialcollab.directory import Profile, Workspace
from socialcollab.permissions import Access
from socialcollab.scheduling import Calendar, SlotPlan, next_slot
from socialcollab.styleguide import StyleGuide, lint
from socialcollab.testing.strategies import SmallOrganization
from socialcollab.workflow import (
    Actor,
    ApprovalPolicy,
    Context,
    Event,
    Policies,
    commands,
    decide_post,
)

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])


def style(text: str, guide: StyleGuide) -> None:
    for finding in lint(text, guide):
        assert_type(finding, Finding)
        assert_type(finding.message, str)


def slots() -> None:
    calendar = Calendar.of(
        [X],
        zones={"tulip": "Europe/Amsterdam"},
        slot_plans=[SlotPlan(on="tulip-x", slots=["mon-fri 09:30"])],
    )
    choice = next_slot(calendar, "tulip-x", after=NOW)
    assert_type(choice.at, dt.datetime | None)


def workflow() -> None:
    editorial = ApprovalPolicy(
        id="editorial",
        on={"workspace": "tulip"},
        steps=[
            {"id": "edit", "reviewers": "role:editor", "quorum": 2, "within": "4 business hours"}
        ],
    )
    context = Context(
        now=NOW,
        actor=Actor.member("ana"),
        access=Access.of(members=["ana"], profiles=[X]),
        policies=Policies.of([editorial]),
        profiles={X.id: X},
        workspaces={"tulip": Workspace(id="tulip", lead="ana", default_approval="editorial")},
        zones={"tulip": "Europe/Amsterdam"},
    )
    draft = commands.Draft(
        post="p1",
        workspace="tulip",
        content=PostContent(text="hoi", targets=["tulip-x"]),
        salt=bytes(16),
    )
    assert_type(decide_post(None, draft, context), tuple[Event, ...])
    commands.Approve(post="p1")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def strategies(organization: SmallOrganization) -> None:
    assert_type(organization.access(), Access)
    assert_type(organization.resources, tuple[str, ...])

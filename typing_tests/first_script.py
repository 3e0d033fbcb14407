"""The names of a first script, as people import and use them."""

from __future__ import annotations

import datetime as dt
from typing import assert_type

import socialcollab
from socialcollab import (
    Access,
    Desk,
    Image,
    Member,
    MemoryStore,
    Organization,
    Post,
    Profile,
    Sandbox,
)
from socialcollab.content import Delivery, Summary
from socialcollab.desk import DueReport, HistoryEntry, HoldResult, MemberDesk, ToDo
from socialcollab.permissions import Forbid, Grant
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import StepStatus

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)


def permissions_alone() -> None:
    access = Access.of(
        members=["ana", Member(id="ben")],
        profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
        roles={"writer": ["view", "draft"]},
        grants=[
            Grant(to="member:ana", role="writer", on={"workspace": "tulip"}),
            Grant(to=["member:ben", "team:social"], permissions=["reply"], on="tulip-x"),
        ],
        forbids=[Forbid(to="member:ana", permissions=["publish"], on={"workspace": "*"})],
        teams={"social": ["ana"]},
    )
    verdict = access.check("ana", "draft", "tulip-x", at=NOW)
    assert_type(verdict, Verdict)
    assert_type(verdict.reasons, tuple[Reason, ...])
    assert_type(verdict.remedies, tuple[Remedy, ...])
    assert_type(access.allows("ana", "draft", "tulip-x", at=NOW), bool)
    if verdict:
        print(verdict.explain("nl"))


def a_desk() -> None:
    organization = Organization.loads("")
    with Desk.create(
        MemoryStore(),
        organization,
        owner="eva",
        networks={"*": Sandbox("out/")},
    ) as desk:
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        assert_type(ana, MemberDesk)
        post = ana.draft(
            "De lente is er 🌷",
            profiles=["tulip-x", "tulip-mastodon"],
            planned_at="2026-04-07 09:30",
            media=[Image.from_file("tulips.jpg", alt="Een veld tulpen")],
        )
        assert_type(post, Post)
        post = ana.submit(post, at="next slot")
        post = ben.approve(post, note="mooi")
        post = ben.approve("p1", revision=post.digest)
        assert_type(desk.run_due(NOW), DueReport)
        assert_type(ben.to_do(), tuple[ToDo, ...])
        assert_type(desk.posts(workspace="tulip", state="in_review"), tuple[Post, ...])
        assert_type(desk.pending_steps(post), tuple[StepStatus, ...])
        assert_type(ana.allowed_actions(post), dict[str, Verdict])
        assert_type(desk.deliveries(post), tuple[Delivery, ...])
        assert_type(desk.summary(post), Summary)
        assert_type(desk.history(post), tuple[HistoryEntry, ...])
        hold = ben.hold({"workspace": "tulip"}, reason="storm", until=NOW)
        assert_type(hold, HoldResult)
        assert_type(ben.resume(hold), HoldResult)


def names_that_are_not_there() -> None:
    """A checker says so of every name that the package does not have."""
    socialcollab.Dask  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnusedExpression]  # noqa: B018
    access = Access.of(members=[], profiles=[])
    access.check("ana", "draft", "tulip-x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Grant(to="member:ana", rol="writer", on="tulip-x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def options_that_are_no_options(acting: MemberDesk, post: Post) -> None:
    acting.submit(post, at="next week")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    acting.hold("tulip-x", "storm")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

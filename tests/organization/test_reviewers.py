"""Warnings about steps that too few members can approve."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.directory import Team
from socialcollab.errors import NotFoundError
from socialcollab.organization import (
    Organization,
    step_reviewers,
    step_warnings,
)
from socialcollab.permissions import Forbid, Role, Rotation
from socialcollab.workflow import ApprovalPolicy

NORTHWIND = Organization.template("northwind")
NOON = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)


def step_problems(reviewers, *, sections=None, **step) -> list[str]:
    """Return the warnings about a step of a new policy for both profiles of Northwind."""
    policy = ApprovalPolicy(
        id="brand",
        on={"workspace": "tulip"},
        steps=[{"id": "legal", "reviewers": reviewers, **step}],
    )
    organization = NORTHWIND.with_sections(approvals=[policy], **(sections or {}))
    return [str(one) for one in step_warnings(organization, NOON) if one.step == "brand/legal"]


@pytest.mark.parametrize(
    ("reviewers", "step", "problems"),
    [
        ("role:editor", {}, []),
        (["member:ben", "member:eva"], {}, []),
        (
            ["member:ben", "member:eva"],
            {"quorum": 2},
            [
                "step `brand/legal` on all of tulip cannot reach 2 approvals for posts that these"
                " members write: `ben`, `eva`; add a reviewer"
            ],
        ),
        (
            ["member:ben", "member:eva"],
            {"quorum": 2, "may_edit": True},
            [
                "step `brand/legal` on all of tulip cannot reach 2 approvals for posts that these"
                " members write: `ben`, `eva`; add a reviewer"
            ],
        ),
        (["member:ben", "member:eva"], {"quorum": "all"}, []),
        (
            ["member:ben", "member:eva"],
            {"quorum": 3},
            [
                "step `brand/legal` needs 3 approvals on all of tulip, but only these members can"
                " decide: `ben`, `eva`"
            ],
        ),
        (
            "member:noor",
            {},
            [
                "only `noor` can decide on step `brand/legal` on all of tulip; in their absence,"
                " posts wait"
            ],
        ),
        (
            ["member:ana", "role:editor"],
            {},
            [
                "step `brand/legal` has reviewers who may not approve on all of tulip: `ana`; grant"
                " them `approve` there"
            ],
        ),
        (
            "member:ana",
            {},
            [
                "step `brand/legal` has reviewers who may not approve on all of tulip: `ana`; grant"
                " them `approve` there",
                "no member can decide on step `brand/legal` on all of tulip, so no post passes it"
                " there",
            ],
        ),
    ],
)
def test_step_warnings(reviewers, step, problems) -> None:
    """A step is reported if its reviewers cannot approve it or if only one of them can."""
    assert problems == step_problems(reviewers, **step)


ROLES = [Role(id="junior", includes=["writer"])]
"""A role that no member has."""


@pytest.mark.parametrize(
    ("more", "kinds"),
    [
        ({}, ["one_reviewer", "own_posts"]),
        ({"on": {"workspace": "tulip", "author_role": "writer"}}, ["one_reviewer", "own_posts"]),
        ({"on": {"workspace": "tulip", "author_role": "junior"}}, ["one_reviewer"]),
        ({"exempt": ["role:owner"]}, ["one_reviewer"]),
        ({"exempt": ["role:junior"]}, ["one_reviewer", "own_posts"]),
    ],
)
def test_policy_for_the_posts_of_others(more, kinds) -> None:
    """A reviewer whose own posts the policy does not match needs no other reviewer for them."""
    policy = ApprovalPolicy(
        **{"id": "brand", "on": {"workspace": "tulip"}, "steps": [step_of("member:eva")], **more}
    )
    organization = NORTHWIND.with_sections(approvals=[policy], roles=ROLES)
    found = [one.kind for one in step_warnings(organization, NOON) if one.step == "brand/legal"]
    assert kinds == found


def test_policy_that_others_extend() -> None:
    """An inherited step is needed wherever either of the policies applies."""
    base = ApprovalPolicy(
        id="brand",
        on={"workspace": "tulip", "author_role": "junior"},
        steps=[step_of("member:eva")],
    )
    other = ApprovalPolicy(id="other", on={"workspace": "tulip"}, extends="brand")
    organization = NORTHWIND.with_sections(approvals=[base, other], roles=ROLES)
    found = [one.kind for one in step_warnings(organization, NOON) if one.step == "brand/legal"]
    assert ["one_reviewer", "own_posts"] == found


def step_of(reviewers) -> dict:
    return {"id": "legal", "reviewers": reviewers}


def test_reviewer_without_approve_on_one_profile() -> None:
    """A reviewer may approve on some profiles but not on others."""
    forbid = Forbid(to="member:ben", permissions=["approve"], on="tulip-x")
    problems = step_problems(["member:ben", "lead"], sections={"forbids": [forbid]})
    assert "may not approve on tulip-x: `ben`" in problems[0]
    assert "only `eva` can decide on step `brand/legal` on tulip-x" in problems[1]
    assert "on tulip-x cannot reach 1 approval for posts that these members write" in problems[2]
    assert len(problems) == 3


def test_step_of_rotation() -> None:
    """A rotation counts as one approval, given by any of its members in turn."""
    rotation = Rotation(
        id="legal-duty", role="editor", on={"workspace": "tulip"}, members=["ana", "ben"],
        start=dt.date(2026, 1, 1), every="monday 09:00",
    )  # fmt: skip
    sections = {"rotations": [rotation]}
    assert [] == step_problems("rotation:legal-duty", sections=sections)
    (problem,) = step_problems("rotation:legal-duty", sections=sections, quorum=2)
    assert problem.startswith("step `brand/legal` needs 2 approvals on all of tulip, but only")


@pytest.mark.parametrize(
    ("reviewers", "members"),
    [
        ("role:editor", ("ben", "eva")),
        ("lead", ("eva",)),
        # Ana does not have `approve`.
        (["member:ana", "member:noor"], ("noor",)),
        # Ben is on duty this week, and Noor next week.
        ("rotation:legal-duty", ("ben",)),
    ],
)
def test_step_reviewers(reviewers, members) -> None:
    """The members who can decide on a step are its reviewers with `approve`."""
    rotation = Rotation(
        id="legal-duty", role="editor", on={"workspace": "tulip"}, members=["noor", "ben"],
        start=dt.date(2026, 3, 30), every="monday 09:00",
    )  # fmt: skip
    policy = ApprovalPolicy(
        id="brand", on={"workspace": "tulip"}, steps=[{"id": "legal", "reviewers": reviewers}]
    )
    organization = NORTHWIND.with_sections(approvals=[policy], rotations=[rotation])
    assert members == step_reviewers(organization, "tulip-x", NOON)["brand/legal"]


def test_step_reviewers_on_unknown_profile() -> None:
    """An unknown profile is an error that suggests a similar one."""
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        step_reviewers(NORTHWIND, "tulip-xx", NOON)


def test_step_of_suspended_reviewers() -> None:
    """A suspended member is not a reviewer, and is not reported as lacking the permission."""
    members = tuple(attrs.evolve(one, suspended=one.id == "ben") for one in NORTHWIND.members)
    organization = attrs.evolve(NORTHWIND, members=members).with_sections(
        teams=[Team(id="legal", members=["ben", "eva"])],
        approvals=[
            ApprovalPolicy(
                id="brand",
                on={"workspace": "tulip"},
                steps=[{"id": "legal", "reviewers": "team:legal"}],
            )
        ],
    )
    kinds = [one.kind for one in step_warnings(organization, NOON) if one.step == "brand/legal"]
    assert ["one_reviewer", "own_posts"] == kinds

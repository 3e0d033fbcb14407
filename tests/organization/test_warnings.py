"""Warnings about a valid document."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest
from hypothesis import given

from socialcollab.directory import Profile, Team
from socialcollab.organization import (
    Organization,
    SharedAccount,
    rules_matching_nothing,
    shared_accounts,
    step_warnings,
)
from socialcollab.permissions import Forbid, Grant, Rotation
from socialcollab.testing.documents import documents
from socialcollab.workflow import ApprovalPolicy

NORTHWIND = Organization.template("northwind")


def warnings_about(on: object) -> list[str]:
    """Return the warnings after a grant on *on* is added."""
    grant = Grant(to="member:ana", permissions=["view"], on=on)
    organization = NORTHWIND.with_sections(grants=[grant])
    return [str(rule) for rule in rules_matching_nothing(organization)]


@pytest.mark.parametrize(
    ("on", "suggestion"),
    [
        (
            {"workspace": "tulip", "network": "instagram"},
            "with workspace tulip, use network mastodon, x",
        ),
        (
            {"profile": "tulip-mastodon", "network": "x"},
            "with profile tulip-mastodon, use network mastodon",
        ),
        (
            {"network": "mastodon", "profile_tag": "care"},
            "with profile_tag care, use network x",
        ),
        (
            {"workspace": "tulip", "excluding": {"workspace": "tulip"}},
            "its `excluding` excludes all profiles that it matches: workspace tulip",
        ),
    ],
)
def test_unmatched_rule(on, suggestion: str) -> None:
    """A rule that matches nothing is reported with a change that would make it match."""
    (text,) = warnings_about(on)
    assert text.startswith(f"grants[{len(NORTHWIND.grants)}].on matches no profile: ")
    assert text.endswith(f"; {suggestion}")


def test_suggestions_of_similar_names() -> None:
    """The network is suggested before the tag, and the place is that of the rule."""
    news = Profile(id="tulip-news", workspace="tulip", network="x", tags=["newsroom"])
    care = Profile(
        id="tulip-care", workspace="tulip", network="mastodon", server="https://m.example",
        tags=["news-room"],
    )  # fmt: skip
    forbid = Forbid(to="member:ana", permissions=["*"],
                    on={"network": "x", "profile_tag": "news-room"})  # fmt: skip
    organization = NORTHWIND.with_sections(profiles=[news, care], forbids=[forbid])
    (rule,) = rules_matching_nothing(organization)
    assert rule.suggestion == "with profile_tag news-room, use network mastodon"
    in_tulip = attrs.evolve(
        forbid, on={"workspace": "tulip", "network": "x", "profile_tag": "news-room"}
    )
    (rule,) = rules_matching_nothing(
        NORTHWIND.with_sections(profiles=[news, care], forbids=[in_tulip])
    )
    assert rule.place == "forbids[1].on"


def test_rules_on_workspaces() -> None:
    """A rule on a whole workspace matches it even without profiles."""
    assert warnings_about({"workspace": "tulip"}) == []
    assert warnings_about({"workspace": "*"}) == []
    assert rules_matching_nothing(NORTHWIND) == ()


@given(documents())
def test_unmatched_grants_give_nothing(document) -> None:
    """A grant is reported if and only if it applies to no resource."""
    organization = Organization.from_dict(document)
    scope = organization.access.bindings.scope
    places = {rule.place for rule in rules_matching_nothing(organization)}
    for number, grant in enumerate(organization.grants):
        place = f"{grant.place or f'grants[{number}]'}.on"
        assert (place in places) == (not scope.resources_of(grant.on))


def accounts_of(*profiles: Profile) -> tuple[SharedAccount, ...]:
    """Return the shared accounts after profiles are added."""
    return shared_accounts(NORTHWIND.with_sections(profiles=list(profiles)))


def profile(name: str, handle: str, *, network: str = "mastodon", server: str = "") -> Profile:
    return Profile(id=name, workspace="tulip", network=network, handle=handle, server=server)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("@Tulip", ""), ("tulip", "")),
        (("@tulip", "https://social.example"), ("@TULIP", "https://Social.example/")),
        (("ŒUVRE", ""), ("@œuvre", "")),
    ],
)
def test_shared_account(first, second) -> None:
    """Two spellings of a handle and a server are one account."""
    (account,) = accounts_of(
        profile("first", first[0], server=first[1]), profile("second", second[0], server=second[1])
    )
    assert (account.network, account.handle) == ("mastodon", first[0])
    assert account.profiles == ("first", "second")
    assert str(account).startswith(
        f"profiles `first`, `second` are the same account, {first[0]} on mastodon"
    )


@pytest.mark.parametrize(
    "change",
    [{"handle": "other"}, {"handle": ""}, {"network": "x", "server": ""},
     {"server": "https://b.example"}],
)  # fmt: skip
def test_different_accounts(change) -> None:
    """Another handle, network or server is another account."""
    first = profile("first", "tulip", server="https://a.example")
    assert accounts_of(first, attrs.evolve(first, id="second", **change)) == ()


def test_profiles_without_handle() -> None:
    """Profiles without a handle share no account."""
    assert accounts_of(profile("first", ""), profile("second", "")) == ()
    assert shared_accounts(NORTHWIND) == ()


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
        (["member:ben", "member:eva"], {"quorum": 2, "may_edit": True}, []),
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
    """A step is reported if its reviewers cannot pass it, or if only one of them can."""
    assert problems == step_problems(reviewers, **step)


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


def test_step_of_suspended_reviewers() -> None:
    """A suspended member is no reviewer, and is not reported as one without permission."""
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

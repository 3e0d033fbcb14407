"""Tests of approval policies and their requirements for posts."""

from __future__ import annotations

import pytest
from tests.workflow.policies import policy, step

from socialcollab.errors import InvalidValueError
from socialcollab.workflow import Policies


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Policies.of([policy("a", extends="b"), policy("b", extends="a")]), "a > b > a"),
        (
            lambda: Policies.of([policy("a", extends="editoral"), policy("editorial")]),
            "`editorial`",
        ),
        (lambda: Policies.of([policy("a", step("s", "lead", after="tt"))]), "waits for `tt`"),
        (
            lambda: Policies.of(
                [policy("a", step("s", "lead", after="t"), step("t", "lead", after="s"))]
            ),
            "waits for itself: a/. > a/. > a/.",
        ),
        (lambda: policy("a", step("s", "lead"), step("s", "lead")), "two steps"),
        (lambda: policy("a", step("s", "lead", quorum="most")), "quorum"),
        (lambda: policy("a", step("s", [])), "no reviewers"),
        (lambda: policy("a", step("s", "lead", binds=["txt"])), "txt"),
        (lambda: policy("a", exempt=["member:ana"]), "not a role"),
    ],
)
def test_invalid_policies(make, message) -> None:
    """A policy that could never work is rejected, and the error contains the invalid value."""
    with pytest.raises(InvalidValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("first", "second", "shorter"),
    [
        ("1 business day", "10 hours", "1 business day"),
        ("9 business hours", "1 business day", "1 business day"),
        ("1 day", "2 business days", "2 business days"),
        ("1 week", "6 days", "6 days"),
    ],
)
def test_shortest_late_by(new_workflow, first: str, second: str, shorter: str) -> None:
    """The shortest `late_by` applies, with a business day as eight business hours."""
    flow = new_workflow(policy("m", late_by=first), policy("n", late_by=second))
    flow.draft()
    assert shorter == str(flow.context().requirement(flow.post).late_by)


@pytest.mark.parametrize("first", ["strict", "lax"])
def test_strictest_setting_applies(new_workflow, first) -> None:
    """If policies differ, the stricter setting applies, regardless of their order."""
    lax = policy("a-lax" if first == "lax" else "z-lax", late="publish")
    strict = policy("m", late="expire", on_approval="wait")
    middle = policy("n", late="hold", late_by="2 hours")
    flow = new_workflow(lax, strict, middle)
    flow.draft()
    requirement = flow.context().requirement(flow.post)
    assert requirement.on_approval == "wait"
    assert requirement.late == "expire"
    assert str(requirement.late_by) == "2 hours"
    flow.submit()
    flow.approve("ben")
    assert flow.state == "approved"
    assert flow.delivery_states() == {}


def test_default_policy(new_workflow) -> None:
    """The default policy of the workspace applies where no other policy does."""
    flow = new_workflow(policy(on={"workspace": "dike"}), default="editorial")
    flow.draft("pim")
    flow.submit("pim")
    assert flow.state == "in_review"
    flow.approve("ben")
    assert flow.state == "approved"


def test_long_chain_of_policies() -> None:
    """A chain can have at most 20 policies that extend each other, in any order of definition."""
    chain = [policy("p0"), *(policy(f"p{n}", extends=f"p{n - 1}") for n in range(1, 1000))]
    Policies.of(chain[:20])
    for policies in (chain, chain[::-1]):
        with pytest.raises(InvalidValueError, match="`p20` extends `p19`, which is the last of 20"):
            Policies.of(policies)

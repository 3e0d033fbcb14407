"""Tests of approval steps: their conditions, the fields that decisions bind, and the gate."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workflow.policies import LATER, TULIP, policy, step

from socialcollab.content import CONTEXT_FIELDS, PUBLISHED_FIELDS, Finding
from socialcollab.directory import Selector
from socialcollab.permissions import Grant
from socialcollab.workflow import StepKey, applicable_steps, gate, step_statuses
from socialcollab.workflow import commands as cm


def states(flow) -> dict[str, str]:
    """Return the states of the steps of policies, by key."""
    return {
        str(status.key): status.state
        for status in step_statuses(flow.snapshot, flow.context())
        if status.key.policy != "none"
    }


# Quorum and order.


@pytest.mark.parametrize(("quorum", "needed"), [("any", 1), ("all", 3), (2, 2), (3, 3)])
def test_quorum(new_workflow, quorum, needed) -> None:
    """A quorum is one reviewer, all reviewers, or a number."""
    flow = new_workflow(policy("editorial", step("edit", "role:editor", quorum=quorum)))
    flow.draft()
    flow.submit()
    for number, member in enumerate(("ben", "eva", "mia")[:needed], start=1):
        assert flow.state == "in_review"
        flow.approve(member)
        assert (flow.state == "approved") == (number == needed)


def test_parallel_steps(new_workflow) -> None:
    """Steps without `after` open together, and one approval counts for all of them."""
    flow = new_workflow(
        policy("editorial", step("a", "role:editor"), step("b", ["member:ben", "member:noor"]))
    )
    flow.draft()
    flow.submit()
    assert set(states(flow).values()) == {"open"}
    flow.approve("ben")
    assert flow.state == "approved"


def test_distinct_step(new_workflow) -> None:
    """An approval that counts for another step does not count for a distinct step."""
    flow = new_workflow(
        policy("editorial", step("a", "role:editor"), step("b", "role:editor", distinct=True))
    )
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert states(flow) == {"editorial/a": "passed", "editorial/b": "open"}
    flow.approve("eva")
    assert flow.state == "approved"


def test_ordered_steps(new_workflow) -> None:
    """A step with `after` opens once the other step has passed."""
    client = step("client", "member:noor", after="edit")
    flow = new_workflow(policy("editorial", step("edit", "role:editor"), client))
    flow.draft()
    flow.submit()
    assert states(flow) == {"editorial/client": "later", "editorial/edit": "open"}
    assert flow.refusal("noor", cm.Approve(post="p1", seen=flow.seen)) == "step_not_open"
    flow.approve("ben")
    assert states(flow) == {"editorial/client": "open", "editorial/edit": "passed"}
    flow.approve("noor")
    assert flow.state == "approved"


def test_passed_step_stays_passed(new_workflow) -> None:
    """A step that all of its reviewers approved stays passed when another reviewer is added."""
    flow = new_workflow(
        policy(
            "editorial", step("edit", "role:editor", quorum="all"), step("client", "member:noor")
        )
    )
    flow.draft()
    flow.submit()
    for member in ("ben", "eva", "mia"):
        flow.approve(member)
    flow.grants = (*flow.GRANTS, Grant(to="member:wil", role="editor", on=TULIP))
    assert states(flow)["editorial/edit"] == "passed"
    flow.approve("noor")
    assert flow.state == "approved"
    assert gate(flow.snapshot, flow.context())


def test_later_decision_replaces_earlier(new_workflow) -> None:
    """A member who requests changes after approving has to approve again."""
    flow = new_workflow(policy("editorial", step("edit", "role:editor", quorum=2)))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.request_changes("ben")
    flow.submit()
    flow.approve("eva")
    assert flow.state == "in_review"
    flow.approve("ben")
    assert flow.state == "approved"


# Which steps apply.


def test_inherited_step_is_same_step(new_workflow) -> None:
    """A step that a policy inherits is needed once, not once for each policy."""
    signoff = policy(
        "signoff",
        step("client", "member:noor", after="edit"),
        on={**TULIP, "post_tag": "offer"},
        extends="editorial",
    )
    flow = new_workflow(policy(), signoff)
    flow.draft(tags=["offer"])
    flow.submit()
    assert states(flow) == {"editorial/edit": "open", "signoff/client": "later"}
    flow.approve("ben")
    flow.approve("noor")
    assert flow.state == "approved"


def test_condition_on_findings(new_workflow) -> None:
    """A step applies once its condition is met, and remains when it is no longer met."""
    condition = {"finding_at_least": "warning"}
    flow = new_workflow(
        policy(
            "editorial",
            step("edit", "role:editor"),
            step("client", "member:noor", only_if=condition),
        )
    )
    flow.draft()
    flow.findings = (Finding(code="SG101", severity="suggestion"),)
    flow.submit()
    assert states(flow) == {"editorial/client": "skipped", "editorial/edit": "open"}
    flow.findings = (Finding(code="SG101", severity="error"),)
    flow.edit(text="te lang")
    assert states(flow)["editorial/client"] == "open"
    flow.findings = ()
    flow.edit(text="kort")
    assert states(flow)["editorial/client"] == "open"
    flow.approve("ben")
    assert flow.state == "in_review"
    flow.approve("noor")
    assert flow.state == "approved"


def offers_workflow(new_workflow):
    offers = policy("offers", step("client", "member:noor"), on={**TULIP, "post_tag": "offer"})
    return new_workflow(policy(), offers)


def test_step_stays_without_its_tag(new_workflow) -> None:
    """Removing the tag that triggered a step does not remove the step."""
    flow = offers_workflow(new_workflow)
    flow.draft(tags=["offer"])
    flow.submit()
    flow.edit(tags=[])
    flow.approve("ben")
    assert flow.state == "in_review"
    flow.approve("noor")
    assert flow.state == "approved"


def test_tag_adds_step_after_approval(new_workflow) -> None:
    """Adding a tag to an approved post adds its steps and cancels the waiting deliveries."""
    flow = offers_workflow(new_workflow)
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert flow.delivery_states() == {"tulip-x": "waiting"}
    flow.edit(tags=["offer"])
    assert flow.state == "in_review"
    assert flow.delivery_states() == {}
    flow.approve("noor")
    assert flow.state == "approved"


TAGS_AND_SEVERITIES = st.tuples(
    st.sets(st.sampled_from(("offer", "campaign", "care"))),
    st.sampled_from(((), ("suggestion",), ("warning",), ("error", "suggestion"))),
)


@given(TAGS_AND_SEVERITIES, TAGS_AND_SEVERITIES)
def test_more_tags_and_findings_only_add_steps(new_workflow, some, more) -> None:
    """A tag or a finding can add a step, but never remove one."""
    policies = (
        policy("a", step("edit", "role:editor", only_if={"finding_at_least": "warning"})),
        policy("b", step("first", "member:noor"), on={**TULIP, "post_tag": ["offer"]}),
        policy(
            "c",
            step("second", "role:editor", only_if={"finding_at_least": "error"}),
            extends="a",
            on={**TULIP, "post_tag": ["offer", "care"]},
        ),
    )

    def steps(tags, severities):
        flow = new_workflow(*policies)
        flow.draft(tags=sorted(tags))
        flow.findings = tuple(Finding(code="SG101", severity=severity) for severity in severities)
        return applicable_steps(flow.snapshot, flow.context())

    assert steps(*some) <= steps(some[0] | more[0], (*some[1], *more[1]))


@pytest.mark.parametrize(
    ("kinds", "applies_to"),
    [((), {"post", "reply"}), (("post",), {"post"}), (("reply",), {"reply"})],
)
def test_kinds_of_a_policy(new_workflow, kinds, applies_to) -> None:
    """A policy applies to the kinds of posts that it names, or to every kind if it names none."""
    flow = new_workflow(policy(on=Selector(workspace="tulip", kind=kinds)))
    flow.draft()
    for kind in ("post", "reply"):
        snapshot = attrs.evolve(flow.snapshot, post=attrs.evolve(flow.post, kind=kind))
        steps = applicable_steps(snapshot, flow.context())
        assert ({StepKey("editorial", "edit")} == steps) is (kind in applies_to)


# Bound fields.


CHANGES = {
    "text": "anders",
    "variants": {"tulip-x": "kort"},
    "links": ["https://tulip.example/"],
    "language": "nl",
    "labels": ["spoiler"],
    "targets": ["tulip-mastodon", "tulip-x"],
    "campaign": "spring",
    "tags": ["x"],
}


@pytest.mark.parametrize("name", CHANGES)
def test_published_fields_bound_by_default(new_workflow, name) -> None:
    """A step without `binds` binds every published field, and no other."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.edit(**{name: CHANGES[name]})
    assert flow.state == ("in_review" if name in PUBLISHED_FIELDS else "approved")
    assert (name in PUBLISHED_FIELDS) != (name in CONTEXT_FIELDS)


def test_unbound_published_fields_bind_all_steps(new_workflow) -> None:
    """A published field that no step binds is bound by every step."""
    flow = new_workflow(
        policy(
            "editorial",
            step("words", "member:ben", binds=["text", "variants"]),
            step("pictures", "member:eva", binds=["media", "alt"]),
        )
    )
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.approve("eva")
    flow.edit(text="anders")
    assert states(flow) == {"editorial/words": "open", "editorial/pictures": "passed"}
    flow.approve("ben")
    assert flow.state == "approved"
    flow.edit(links=["https://tulip.example/"])
    assert states(flow) == {"editorial/words": "open", "editorial/pictures": "open"}


@pytest.mark.parametrize("binds_time", [True, False])
def test_time_bound_if_named(new_workflow, binds_time) -> None:
    """Rescheduling reopens a step that binds the time, and otherwise moves the delivery."""
    binds = {"binds": ["text", "time"]} if binds_time else {}
    flow = new_workflow(policy("editorial", step("edit", "role:editor", **binds)))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    flow.reschedule("eva", LATER)
    waiting = [delivery for delivery in flow.deliveries.values() if delivery.state == "waiting"]
    if binds_time:
        assert (flow.state, flow.delivery_states()) == ("in_review", {})
        assert waiting == []
    else:
        assert (flow.state, flow.delivery_states()) == ("approved", {"tulip-x": "waiting"})
        assert [delivery.at for delivery in waiting] == [LATER]


# The gate.


@pytest.mark.parametrize("text", ["another text", None])
def test_changed_policy_closes_gate(new_workflow, text) -> None:
    """The gate closes if a policy that applied has changed, or no longer exists."""
    flow = new_workflow(policy(), policy("second"))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert gate(flow.snapshot, flow.context())
    if text:
        flow.policy_texts = {"editorial": text}
    else:
        flow.policies = flow.policies[1:]
    verdict = gate(flow.snapshot, flow.context())
    assert [reason.code for reason in verdict.reasons] == ["policy_changed"]


def test_reason_names_post_for_people(new_workflow) -> None:
    """A reason names a post by an excerpt of its text, and contains its id for programs."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    flow.approve("ben")
    (reason,) = gate(flow.snapshot, flow.context()).reasons
    assert (reason["post"], reason["post_id"]) == ("“De lente is er”", "p1")
    assert reason.text() == "every step of post “De lente is er” has passed"

"""Tests of submissions, decisions, and the effects of an approval."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.system_events import SYSTEM_EVENTS
from tests.workflow.policies import LATER, policy, step

from socialcollab.content import DeliveryState
from socialcollab.errors import NotAllowedError, StaleError
from socialcollab.permissions import Grant
from socialcollab.workflow import commands as cm
from socialcollab.workflow import step_statuses


def approve(flow) -> cm.Approve:
    return cm.Approve(post="p1", seen=flow.seen)


# Submitting.


def test_post_without_targets_cannot_be_submitted(new_workflow) -> None:
    """A post without targets cannot be submitted, but it can be rescheduled."""
    flow = new_workflow(policy())
    flow.draft(targets=())
    assert flow.refusal("ana", cm.Submit(post="p1", seen=flow.seen)) == "no_targets"
    flow.reschedule("eva", LATER)
    assert flow.state == "draft"


def test_publisher_acts_alone_without_policy(new_workflow) -> None:
    """Where no policy applies, a member with `publish` needs no approval."""
    flow = new_workflow()
    flow.draft("pim")
    events = flow.submit("pim")
    assert [event.data.TYPE for event in events][:2] == ["post.submitted", "post.approved"]
    assert (flow.state, flow.delivery_states()) == ("approved", {"tulip-x": "waiting"})


def test_others_need_one_approval_without_policy(new_workflow) -> None:
    """Where no policy applies, another author needs one member with `approve`."""
    flow = new_workflow()
    flow.draft()
    flow.submit()
    assert flow.state == "in_review"
    # No permission would help the author, so the refusal does not suggest one.
    assert flow.refusal("ana", approve(flow)) == "own_work"
    flow.approve("noor")
    assert flow.state == "approved"


def test_acting_alone_needs_publish_everywhere(new_workflow) -> None:
    """A member who may publish on only one of two targets needs an approval."""
    flow = new_workflow()
    flow.grants = (*flow.GRANTS, Grant(to="member:ana", permissions=["publish"], on="tulip-x"))
    flow.draft(targets=["tulip-mastodon", "tulip-x"])
    flow.submit()
    assert flow.state == "in_review"


@pytest.mark.parametrize(
    ("on", "editor", "exempt"),
    [
        ({"workspace": "tulip"}, None, True),
        ("tulip-x", None, False),
        ({"workspace": "tulip"}, "eva", False),
    ],
)
def test_exempt_role(new_workflow, on, editor, exempt) -> None:
    """A post is exempt if every author has the exempt role on every target."""
    flow = new_workflow(policy(exempt=["role:client_publisher"]))
    flow.grants = (*flow.GRANTS, Grant(to="member:pim", role="client_publisher", on=on))
    flow.draft("pim", targets=["tulip-mastodon", "tulip-x"])
    if editor:
        flow.edit(editor, text="anders")
    flow.submit("pim")
    assert (flow.state == "approved") == exempt


# Authors.


def test_author_cannot_approve(new_workflow) -> None:
    """An author cannot approve their own post; another reviewer can."""
    flow = new_workflow(policy())
    flow.draft("ben")
    flow.submit("ben")
    assert flow.refusal("ben", approve(flow)) == "own_work"
    flow.approve("eva")
    assert flow.state == "approved"


def test_every_author_is_excluded(new_workflow) -> None:
    """A member who wrote an earlier revision can neither approve nor reject a later one."""
    flow = new_workflow(policy())
    flow.draft("ben")
    flow.edit("eva", text="heel anders")
    flow.submit("ben")
    for author in ("ben", "eva"):
        assert flow.refusal(author, approve(flow)) == "own_work"
        assert flow.refusal(author, cm.Reject(post="p1", seen=flow.seen)) == "own_work"
    flow.approve("mia")
    assert flow.state == "approved"


def test_may_edit_step(new_workflow) -> None:
    """A reviewer who edits a post can approve the step with `may_edit`, and no other step."""
    flow = new_workflow(
        policy(
            "editorial",
            step("edit", "role:editor", may_edit=True),
            step("check", ["member:ben", "member:eva"]),
        )
    )
    flow.draft()
    flow.submit()
    flow.edit("eva", text="beter")
    flow.approve("eva")
    states = {
        str(status.key): status.state for status in step_statuses(flow.snapshot, flow.context())
    }
    assert states == {"editorial/check": "open", "editorial/edit": "passed"}
    flow.approve("ben")
    assert flow.state == "approved"


def test_drafter_cannot_approve(new_workflow) -> None:
    """An editor cannot approve a post that they drafted, even if the step has `may_edit`."""
    flow = new_workflow(policy("editorial", step("edit", "role:editor", may_edit=True)))
    flow.draft("eva")
    flow.submit("eva")
    assert flow.refusal("eva", approve(flow)) == "own_work"
    # Eva remains the drafter of the post after another editor has improved it.
    flow.edit("ben", text="beter")
    assert flow.refusal("eva", approve(flow)) == "own_work"
    (status,) = step_statuses(flow.snapshot, flow.context())
    assert status.reviewers == ("ben", "mia")
    flow.approve("ben")
    assert flow.state == "approved"


def test_moving_makes_no_author(new_workflow) -> None:
    """A member who reschedules a post can still approve it."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    flow.reschedule("ben", LATER)
    assert flow.post.authors == ("ana",)
    flow.approve("ben")
    assert flow.state == "approved"


def test_mover_cannot_approve_bound_time(new_workflow) -> None:
    """A member who reschedules a post cannot approve a step that binds the time."""
    flow = new_workflow(policy("editorial", step("edit", "role:editor", binds=["text", "time"])))
    flow.draft()
    flow.submit()
    flow.reschedule("ben", LATER)
    assert flow.refusal("ben", approve(flow)) == "own_work"
    flow.approve("eva")
    assert flow.state == "approved"


# Deciding.


def test_second_approval_refused(new_workflow) -> None:
    """A member's approval counts only once for a step."""
    flow = new_workflow(policy("editorial", step("edit", "role:editor", quorum=2)))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert flow.refusal("ben", approve(flow)) == "already_approved"


@pytest.mark.parametrize("command", [cm.Approve, cm.RequestChanges, cm.Reject])
def test_reviewer_of_skipped_step(new_workflow, command) -> None:
    """The reviewer of a skipped step cannot decide on the post, and the refusal explains why."""
    legal = step("legal", "member:noor", only_if={"link_domain": ["shop.example"]})
    flow = new_workflow(policy("editorial", step("edit", "role:editor"), legal))
    flow.draft()
    flow.submit()
    before = flow.posts["p1"]
    with pytest.raises(NotAllowedError) as refused:
        flow.do("noor", command(post="p1", seen=flow.seen))
    codes = [reason.code for reason in refused.value.verdict.reasons]
    assert codes == ["not_a_reviewer", "step_skipped"]
    assert flow.posts["p1"] is before


@pytest.mark.parametrize(
    ("command", "state"), [(cm.RequestChanges, "changes_requested"), (cm.Reject, "rejected")]
)
@pytest.mark.parametrize("member", ["noor", "ben"])
def test_returned_by_reviewer(new_workflow, command, state, member) -> None:
    """A reviewer of a later step and a member who approved a passed step can return a post."""
    legal = step("legal", "member:noor", after=["edit"])
    last = step("last", "member:eva", after=["legal"])
    flow = new_workflow(policy("editorial", step("edit", "member:ben"), legal, last))
    flow.draft()
    flow.submit()
    assert flow.refusal("mia", cm.Reject(post="p1", seen=flow.seen)) == "not_a_reviewer"
    if member == "ben":
        flow.approve("ben")
    flow.do(member, command(post="p1", seen=flow.seen))
    assert flow.state == state


def test_passed_step_gives_others_no_say(new_workflow) -> None:
    """A reviewer who did not decide on a step that has passed cannot reject the post."""
    legal = step("legal", "member:noor", after=["edit"])
    flow = new_workflow(policy("editorial", step("edit", "role:editor"), legal))
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert flow.refusal("eva", cm.Reject(post="p1", seen=flow.seen)) == "not_a_reviewer"
    flow.do("ben", cm.Reject(post="p1", seen=flow.seen))
    assert flow.state == "rejected"


def test_refusal_names_reviewers(new_workflow) -> None:
    """The refusal for a member who is not a reviewer lists the reviewers."""
    flow = new_workflow(policy("editorial", step("edit", "member:ben")))
    flow.draft()
    flow.submit()
    assert flow.refusal("noor", approve(flow)) == "not_a_reviewer"
    with pytest.raises(NotAllowedError, match="reviewers are: ben"):
        flow.approve("noor")


def test_stale_decision_refused(new_workflow) -> None:
    """A decision on an older revision is refused, and the error describes the changes."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    old = approve(flow)
    flow.edit("ana", text="anders", tags=["x"])
    with pytest.raises(StaleError) as caught:
        flow.do("ben", old)
    assert caught.value.by == "ana"
    assert caught.value.changed == ("text", "tags")


def test_stale_decision_counts_if_unaffected(new_workflow) -> None:
    """A decision on an older revision counts if no field to which it is bound has changed."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    old = approve(flow)
    flow.edit("ana", tags=["x"])
    flow.do("ben", old)
    assert flow.state == "approved"


def test_unknown_revision_refused(new_workflow) -> None:
    """A decision on a revision that never existed is refused."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    with pytest.raises(StaleError):
        flow.do("ben", cm.Approve(post="p1", seen="0" * 64))


# After the approval.


def test_rules_act_after_last_approval(new_workflow) -> None:
    """The rules cause the effects of the last approval, so a reviewer does not need `schedule`."""
    flow = new_workflow(policy("editorial", step("client", "member:noor")))
    flow.draft()
    flow.submit()
    events = flow.approve("noor")
    assert str(events[0].actor) == "member:noor"
    assert {str(event.actor) for event in events[1:]} == {"system:rules"}
    assert {event.data.TYPE for event in events[1:]} <= SYSTEM_EVENTS["rules"]


@pytest.mark.parametrize(
    ("late", "state", "deliveries"),
    [
        ("expire", "expired", {}),
        ("hold", "approved", {"tulip-x": "missed"}),
        ("publish", "approved", {"tulip-x": "waiting"}),
    ],
)
def test_late_approval(new_workflow, late, state, deliveries) -> None:
    """`late` determines what happens to a post that is approved after its planned time."""
    flow = new_workflow(policy(late=late))
    flow.draft()
    flow.submit()
    flow.now = flow.PLANNED.instant
    flow.approve("ben")
    assert (flow.state, flow.delivery_states()) == (state, deliveries)


def test_next_slot_taken_again(new_workflow) -> None:
    """A post for the next slot gets a later slot if the first slot has passed at the approval."""
    flow = new_workflow(policy())
    flow.draft(planned_at=None)
    flow.next_slots = {"tulip-x": flow.PLANNED}
    flow.submit(when="next slot")
    assert flow.post.content.time_for("tulip-x") == flow.PLANNED
    flow.now = flow.PLANNED.instant + dt.timedelta(hours=1)
    flow.next_slots = {"tulip-x": LATER}
    flow.approve("ben")
    assert [delivery.at for delivery in flow.deliveries.values()] == [LATER]


@pytest.mark.parametrize("when", ["planned", "as soon as approved"])
def test_published_target_not_sent_again(new_workflow, when) -> None:
    """A post that is edited and approved again is sent only to targets without a publication."""
    flow = new_workflow(policy(late="publish"))
    flow.draft(targets=["tulip-mastodon", "tulip-x"])
    flow.submit(when=when)
    flow.approve("ben")
    flow.set_delivery_state(DeliveryState.PUBLISHED)
    flow.edit(text="anders")
    flow.approve("ben")
    assert flow.delivery_states() == {"tulip-mastodon": "published", "tulip-x": "waiting"}


def test_unplanned_post_waits_for_time(new_workflow) -> None:
    """An approved post without a planned time waits until a member schedules it."""
    flow = new_workflow(policy())
    flow.draft(planned_at=None)
    flow.submit()
    flow.approve("ben")
    assert (flow.state, flow.delivery_states()) == ("approved", {})
    assert flow.refusal("eva", cm.Schedule(post="p1", seen=flow.seen)) == "no_time"
    flow.do("eva", cm.Schedule(post="p1", seen=flow.seen, at=LATER))
    assert flow.delivery_states() == {"tulip-x": "waiting"}


# The remedies for a missing approval.


def way_to_publish(flow) -> list[str]:
    with pytest.raises(NotAllowedError) as caught:
        flow.do("pim", cm.PublishNow(post="p1", seen=flow.seen))
    verdict = caught.value.verdict
    return [part.code for remedy in verdict.remedies for part in (remedy, *remedy.also)]


def test_way_to_publish_depends_on_state(new_workflow) -> None:
    """The refusal of `publish_now` lists the open steps and the action that the state requires."""
    flow = new_workflow(
        policy("editorial", step("edit", "role:editor"), step("client", "member:noor"))
    )
    flow.draft("pim")
    command = cm.PublishNow(post="p1", seen=flow.seen)
    assert way_to_publish(flow) == ["submit_post", "approve_step", "approve_step"]
    flow.submit("pim")
    assert way_to_publish(flow) == ["approve_step", "approve_step"]
    with pytest.raises(NotAllowedError) as caught:
        flow.do("pim", command)
    codes = [reason.code for reason in caught.value.verdict.reasons]
    assert codes == ["approval_required", "step_open", "step_open"]
    text = caught.value.verdict.explain()
    assert "(ben, eva, mia can do that)" in text
    assert "(noor can do that)" in text
    flow.policy_texts = {"editorial": "another text"}
    assert way_to_publish(flow) == ["resubmit", "approve_step", "approve_step"]
    flow.policy_texts = {}
    flow.approve("ben")
    flow.approve("noor")
    flow.policy_texts = {"editorial": "another text"}
    # The decisions on the steps of a changed policy no longer count.
    assert way_to_publish(flow) == ["resubmit", "approve_step", "approve_step"]
    flow.policy_texts = {}
    flow.do("pim", cm.Withdraw(post="p1"))
    assert way_to_publish(flow) == ["submit_post"]
    flow.submit("pim")
    assert flow.state == "approved"
    flow.do("pim", cm.PublishNow(post="p1", seen=flow.seen))


def test_no_way_without_reviewers(new_workflow) -> None:
    """If too few members can decide on a step, no remedy is suggested."""
    flow = new_workflow(policy("editorial", step("edit", "member:wil")))
    flow.draft("pim")
    assert way_to_publish(flow) == []

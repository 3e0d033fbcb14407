"""Tests of drafting, editing and commenting."""

from __future__ import annotations

import attrs
import pytest
from tests.workflow.policies import LATER, policy

from socialcollab.content import DeliveryState
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.permissions import Grant
from socialcollab.workflow import commands as cm


def edit(flow, **changes) -> cm.Edit:
    return cm.Edit(post="p1", seen=flow.seen, content=attrs.evolve(flow.post.content, **changes))


# Permissions and targets.


def test_edit_others_needed(new_workflow) -> None:
    """A member without `edit_others` cannot edit another member's post."""
    flow = new_workflow(policy())
    flow.draft()
    assert flow.refusal("wil", edit(flow, text="anders")) == "default_deny"
    flow.do("eva", edit(flow, text="anders"))


def test_permission_needed_on_every_target(new_workflow) -> None:
    """A member with permissions on one of two targets cannot edit the post."""
    flow = new_workflow(policy())
    flow.grants = (*flow.GRANTS, Grant(to="member:tom", role="editor", on="tulip-x"))
    flow.draft(targets=["tulip-x", "tulip-mastodon"])
    with pytest.raises(NotFoundError):
        flow.do("tom", edit(flow, text="anders"))


def test_removing_all_targets_needs_workspace(new_workflow) -> None:
    """Removing all targets requires permission on the workspace, to which the post then belongs."""
    flow = new_workflow(policy())
    flow.grants = (*flow.GRANTS, Grant(to="member:tom", role="editor", on="tulip-x"))
    flow.draft("tom")
    assert flow.refusal("tom", edit(flow, targets=())) == "not_visible"


def test_one_workspace(new_workflow) -> None:
    """A post cannot have a target in another workspace."""
    flow = new_workflow(policy())
    flow.grants = (
        *flow.GRANTS,
        Grant(to="member:ana", permissions=["view"], on={"workspace": "dike"}),
    )
    flow.draft()
    assert flow.refusal("ana", edit(flow, targets=["tulip-x", "dike-x"])) == "other_workspace"


@pytest.mark.parametrize("target", ["dike-x", "dike-xx", "nothing"])
def test_hidden_profile_is_not_found(new_workflow, target) -> None:
    """Neither a refusal nor a suggestion names a profile that the member cannot view."""
    flow = new_workflow(policy())
    with pytest.raises(NotFoundError) as caught:
        flow.draft("ana", targets=[target])
    assert "did you mean" not in str(caught.value)
    assert "dike" not in str(caught.value).replace(f"`{target}`", "")
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        flow.draft("ana", targets=["tulip-xx"])


# Edits of approved posts.


def test_edit_reopens_and_cancels(new_workflow) -> None:
    """An edit returns an approved post to review and cancels unsent deliveries, in one append."""
    flow = new_workflow(policy())
    flow.draft(targets=["tulip-mastodon", "tulip-x"])
    flow.submit()
    flow.approve("ben")
    flow.set_delivery_state(DeliveryState.MISSED)
    events = flow.edit(text="anders")
    assert [event.data.TYPE for event in events] == [
        "post.edited",
        "delivery.cancelled",
        "delivery.cancelled",
    ]
    assert (flow.state, flow.delivery_states()) == ("in_review", {})


@pytest.mark.parametrize("state", ["publishing", "unknown"])
@pytest.mark.parametrize("name", ["edit", "reschedule", "cancel", "schedule"])
def test_nothing_changes_while_in_doubt(new_workflow, state, name) -> None:
    """A post cannot be changed while a delivery is being sent or its outcome is unknown."""
    flow = new_workflow(policy())
    flow.draft(targets=["tulip-mastodon", "tulip-x"])
    flow.submit()
    flow.approve("ben")
    flow.set_delivery_state(DeliveryState(state))
    command = {
        "edit": edit(flow, text="anders"),
        "reschedule": cm.Reschedule(post="p1", seen=flow.seen, at=LATER),
        "cancel": cm.Cancel(post="p1", seen=flow.seen),
        "schedule": cm.Schedule(post="p1", seen=flow.seen),
    }[name]
    assert flow.refusal("eva", command) == "delivery_in_doubt"


def test_edit_replans_waiting_deliveries(new_workflow) -> None:
    """An edit by a member who may publish alone replans only the waiting deliveries."""
    flow = new_workflow()
    flow.draft("pim", targets=["tulip-mastodon", "tulip-x"])
    flow.submit("pim")
    for state in (DeliveryState.PUBLISHED, DeliveryState.MISSED):
        flow.set_delivery_state(state)
        flow.edit("pim", text=f"anders {state}")
        kept = {"tulip-mastodon": "published"} if state == "published" else {}
        assert (flow.state, flow.delivery_states()) == ("approved", {**kept, "tulip-x": "waiting"})


def test_edit_keeps_resolved_time(new_workflow) -> None:
    """An edit by a member who may publish alone keeps the time of the waiting delivery."""
    flow = new_workflow()
    flow.draft("pim", planned_at=None)
    flow.submit("pim", when="as soon as approved")
    before = flow.delivery
    flow.edit("pim", text="anders")
    waiting = [
        delivery for delivery in flow.deliveries.values() if delivery.state == DeliveryState.WAITING
    ]
    assert [before.at] == [delivery.at for delivery in waiting]


def test_edit_cannot_move_approved_post(new_workflow) -> None:
    """The time of an approved post can be changed only with `reschedule`."""
    flow = new_workflow(policy())
    flow.draft()
    flow.submit()
    flow.approve("ben")
    assert flow.refusal("ana", edit(flow, planned_at=LATER)) == "use_reschedule"


# Comments.


def test_comments(new_workflow) -> None:
    """A comment cannot be empty."""
    flow = new_workflow(policy())
    flow.draft()
    flow.do("noor", cm.Comment(post="p1", text="mooi"))
    with pytest.raises(InvalidValueError):
        flow.do("noor", cm.Comment(post="p1", text=" "))
    assert len(flow.post.comments) == 1

"""Tests of every command in every state of a post."""

from __future__ import annotations

import attrs
import pytest
from tests.workflow.policies import LATER, TULIP, policy

from socialcollab.desk.commands import Command
from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.permissions import COMMAND_PERMISSIONS, Grant
from socialcollab.workflow import commands as cm

COMMANDS = {
    "edit": lambda flow: cm.Edit(
        post="p1", seen=flow.seen, content=attrs.evolve(flow.post.content, text="anders")
    ),
    "comment": lambda _: cm.Comment(post="p1", text="mooi"),
    "submit": lambda flow: cm.Submit(post="p1", seen=flow.seen),
    "approve": lambda flow: cm.Approve(post="p1", seen=flow.seen),
    "request_changes": lambda flow: cm.RequestChanges(post="p1", seen=flow.seen),
    "reject": lambda flow: cm.Reject(post="p1", seen=flow.seen),
    "withdraw": lambda _: cm.Withdraw(post="p1"),
    "schedule": lambda flow: cm.Schedule(post="p1", seen=flow.seen),
    "unschedule": lambda _: cm.Unschedule(post="p1"),
    "reschedule": lambda flow: cm.Reschedule(post="p1", seen=flow.seen, at=LATER),
    "cancel": lambda flow: cm.Cancel(post="p1", seen=flow.seen),
    "bypass": lambda flow: cm.Bypass(post="p1", seen=flow.seen, reason="storm"),
}
# For each state, the possible commands and the resulting state of each.
TRANSITIONS = {
    "draft": {
        "edit": "draft", "comment": "draft", "submit": "in_review", "reschedule": "draft",
        "cancel": "cancelled",
    },
    "in_review": {
        "edit": "in_review", "comment": "in_review", "approve": "approved",
        "request_changes": "changes_requested", "reject": "rejected", "withdraw": "draft",
        "reschedule": "in_review", "cancel": "cancelled", "bypass": "approved",
    },
    "changes_requested": {
        "edit": "changes_requested", "comment": "changes_requested", "submit": "in_review",
        "reschedule": "changes_requested", "cancel": "cancelled",
    },
    "rejected": {"comment": "rejected"},
    "approved": {
        "edit": "in_review", "comment": "approved", "schedule": "approved",
        "unschedule": "approved", "reschedule": "approved", "cancel": "cancelled",
        "withdraw": "draft",
    },
    "cancelled": {"comment": "cancelled"},
    "expired": {"submit": "in_review", "edit": "expired", "comment": "expired", "reschedule": "draft", "cancel": "cancelled"},
}  # fmt: skip


def workflow_in(new_workflow, state):
    """Return a workflow whose post is in *state*."""
    flow = new_workflow(policy())
    flow.draft()
    if state != "draft":
        flow.submit()
    if state == "approved":
        flow.approve("ben")
    elif state in ("changes_requested", "rejected", "cancelled"):
        name = {"changes_requested": "request_changes", "rejected": "reject"}.get(state, "cancel")
        flow.do("ben", COMMANDS[name](flow))
    elif state == "expired":
        flow.now = flow.PLANNED.instant
        flow.expire()
        flow.now = flow.START
    assert flow.state == state
    return flow


def first_state_for(name):
    """Return a state in which a command is possible."""
    return next(state for state, commands in TRANSITIONS.items() if name in commands)


@pytest.mark.parametrize("state", TRANSITIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_transitions(new_workflow, state, name) -> None:
    """Each command leads from each state to the state in the table or is refused."""
    flow = workflow_in(new_workflow, state)
    command = COMMANDS[name](flow)
    if name in TRANSITIONS[state]:
        flow.do("eva", command)
        assert TRANSITIONS[state][name] == flow.state
    else:
        assert flow.refusal("eva", command) == "wrong_state"


def test_every_command_has_permission() -> None:
    """`COMMAND_PERMISSIONS` contains every command of the workflow and the desk."""
    names = {command.NAME for command in (*cm.PostCommand.__args__, *Command.__args__)}
    assert names == set(COMMAND_PERMISSIONS)
    assert set(COMMANDS) | {"draft"} <= names


@pytest.mark.parametrize("name", COMMANDS)
def test_own_permission_needed(new_workflow, name) -> None:
    """A member with all permissions except the command's own permission is refused."""
    # Tom is not a reviewer of any step, so the permission would not be enough for a decision.
    reason = "not_a_reviewer" if COMMAND_PERMISSIONS[name] == "approve" else "default_deny"
    flow = workflow_in(new_workflow, first_state_for(name))
    permissions = {*COMMAND_PERMISSIONS.values(), "view", "edit_others"}
    all_but = sorted(permissions - {COMMAND_PERMISSIONS[name]})
    flow.grants = (*flow.GRANTS, Grant(to="member:tom", permissions=all_but, on=TULIP))
    assert flow.refusal("tom", COMMANDS[name](flow)) == reason


@pytest.mark.parametrize("name", COMMANDS)
def test_hidden_post_is_not_found(new_workflow, name) -> None:
    """For a member who cannot view a post, the error is the same as for an unknown post."""
    flow = workflow_in(new_workflow, first_state_for(name))
    with pytest.raises(NotFoundError) as caught:
        flow.do("tom", COMMANDS[name](flow))
    assert str(caught.value) == "there is no post `p1`"


def remedies_of(flow, member: str, command: cm.PostCommand):
    with pytest.raises(NotAllowedError) as caught:
        flow.do(member, command)
    return caught.value.verdict.remedies


def after_remedy(flow, remedy) -> None:
    """Grant all permissions that a remedy names."""
    for part in (remedy, *remedy.also):
        given = {key: part[key] for key in ("role",) if part.code == "grant_role"}
        if part.code == "grant_permission":
            given["permissions"] = [part["permission"]]
        grant = Grant(to=f"member:{part['member']}", on=part["resource"], **given)
        flow.grants = (*flow.grants, grant)


@pytest.mark.parametrize("name", COMMANDS)
def test_remedies_are_enough(new_workflow, name) -> None:
    """A member who follows one of the remedies of a refusal can perform the command."""
    for index in range(5):
        flow = new_workflow(policy())
        flow.draft(targets=["tulip-mastodon", "tulip-x"])
        if first_state_for(name) != "draft":
            flow.submit()
        if first_state_for(name) == "approved":
            flow.approve("ben")
        flow.grants = (*flow.grants, Grant(to="member:tom", permissions=["view"], on=TULIP))
        remedies = remedies_of(flow, "tom", COMMANDS[name](flow))
        if index >= len(remedies):
            break
        after_remedy(flow, remedies[index])
        flow.do("tom", COMMANDS[name](flow))


def test_no_remedy_in_wrong_state(new_workflow) -> None:
    """No permission is suggested if the command is impossible in the post's state."""
    flow = workflow_in(new_workflow, "rejected")
    flow.grants = (*flow.GRANTS, Grant(to="member:tom", permissions=["view"], on=TULIP))
    assert remedies_of(flow, "tom", COMMANDS["bypass"](flow)) == ()

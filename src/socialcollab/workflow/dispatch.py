"""Decide what a command on a post brings about, or refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from socialcollab.errors import NotFoundError
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.approval import submit, vote, waive, withdraw
from socialcollab.workflow.decide.published import (
    amend,
    mark_not_published,
    mark_published,
    take_down,
)
from socialcollab.workflow.decide.refusals import check_permission, refuse
from socialcollab.workflow.decide.revision import comment, draft, edit
from socialcollab.workflow.decide.schedule import cancel, reschedule, schedule, unschedule
from socialcollab.workflow.model.request import PostSnapshot


def decide_post(
    snapshot: PostSnapshot | None, command: cm.PostCommand, context: Context
) -> tuple[ev.Event, ...]:
    """
    Return what *command* brings about.

    Args:
        snapshot: The post as it stands; None before its draft.

        command: What is asked for.

        context: Who asks, when, and all that counts.

    Returns:
        The events to store, all or none of them, in order.

    Raises:
        NotAllowedError: If it may not be; the verdict says why and what would help.

        StaleError: If the actor saw another revision than the one that stands.

        NotFoundError: If there is no such post, or the actor may not view it.
    """
    if isinstance(command, cm.Draft):
        return draft(snapshot, command, context)
    if snapshot is None:
        raise NotFoundError("post", command.post)
    if snapshot.post.erased and not isinstance(command, cm.TakeDown):
        check_permission("view", snapshot.post, context)
        raise refuse(Reason.of("post_erased", post=snapshot.post.external_id or snapshot.post.id))
    return _DECIDERS[type(command)](snapshot, command, context)


_DECIDERS: Final[
    Mapping[type[Any], Callable[[PostSnapshot, Any, Context], tuple[ev.Event, ...]]]
] = {
    cm.Edit: edit,
    cm.Comment: comment,
    cm.Submit: submit,
    cm.Approve: vote,
    cm.RequestChanges: vote,
    cm.Reject: vote,
    cm.Withdraw: withdraw,
    cm.Schedule: schedule,
    cm.Unschedule: unschedule,
    cm.Reschedule: reschedule,
    cm.Cancel: cancel,
    cm.Waive: waive,
    cm.TakeDown: take_down,
    cm.Amend: amend,
    cm.MarkPublished: mark_published,
    cm.MarkNotPublished: mark_not_published,
}

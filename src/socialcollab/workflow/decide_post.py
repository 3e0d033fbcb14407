"""Decide what a command on a post brings about, or refuse it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from socialcollab.errors import NotFoundError
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.amending import amend
from socialcollab.workflow.context import Context
from socialcollab.workflow.marking import mark_absent, mark_published
from socialcollab.workflow.refusals import check_permission, refuse
from socialcollab.workflow.request import PostRecord
from socialcollab.workflow.revising import comment, draft, edit
from socialcollab.workflow.signing_off import submit, vote, withdraw
from socialcollab.workflow.taking_down import take_down
from socialcollab.workflow.timing import cancel, move, schedule, unschedule
from socialcollab.workflow.waiving import waive

__all__ = ["decide"]


def decide(
    record: PostRecord | None, command: cm.PostCommand, context: Context
) -> tuple[ev.Event, ...]:
    """
    Return what *command* brings about.

    Args:
        record: The post as it stands; None before its draft.

        command: What is asked for.

        context: Who asks, when, and all that counts.

    Returns:
        The events to store, all or none of them, in order.

    Raises:
        RefusedError: If it may not be; the verdict says why and what would help.

        StaleError: If the actor saw another revision than the one that stands.

        NotFoundError: If there is no such post, or the actor may not view it.
    """
    if isinstance(command, cm.Draft):
        return draft(record, command, context)
    if record is None:
        raise NotFoundError("post", command.post)
    if record.post.erased and not isinstance(command, cm.TakeDown):
        check_permission("view", record.post, context)
        raise refuse(Reason.of("post_erased", post=record.post.ref or record.post.id))
    return _DECIDERS[type(command)](record, command, context)


_DECIDERS: Final[Mapping[type[Any], Callable[[PostRecord, Any, Context], tuple[ev.Event, ...]]]] = {
    cm.Edit: edit,
    cm.Comment: comment,
    cm.Submit: submit,
    cm.Approve: vote,
    cm.RequestChanges: vote,
    cm.Reject: vote,
    cm.Withdraw: withdraw,
    cm.Schedule: schedule,
    cm.Unschedule: unschedule,
    cm.Move: move,
    cm.Cancel: cancel,
    cm.Waive: waive,
    cm.TakeDown: take_down,
    cm.Amend: amend,
    cm.MarkPublished: mark_published,
    cm.MarkAbsent: mark_absent,
}

"""Functions that call a command's decider, which returns events or refuses the command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from socialcollab.content import NativePost, post_reason
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.verdicts import Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.absence import add_absence, end_absence
from socialcollab.workflow.decide.amendment import amend
from socialcollab.workflow.decide.approval import (
    bypass,
    publish_now,
    review,
    submit,
    waive,
    withdraw,
)
from socialcollab.workflow.decide.calendar import (
    add_calendar_note,
    add_native_post,
    remove_native_post,
    start_campaign,
)
from socialcollab.workflow.decide.hold import exempt, place_hold, resume
from socialcollab.workflow.decide.outcome import mark_not_published, mark_published
from socialcollab.workflow.decide.refusals import check_permission, refuse
from socialcollab.workflow.decide.revision import comment, draft, edit, resolve_comment
from socialcollab.workflow.decide.schedule import cancel, reschedule, schedule, unschedule
from socialcollab.workflow.decide.shift_swap import cancel_shift_swap, swap_shift
from socialcollab.workflow.decide.takedown import take_down
from socialcollab.workflow.decide.temporary_grant import add_grant, revoke_grant
from socialcollab.workflow.model.request import PostSnapshot


def decide_post(
    snapshot: PostSnapshot | None, command: cm.PostCommand, context: Context
) -> tuple[ev.Event, ...]:
    """
    Return the events that a command on a post causes; they must be stored atomically.

    Args:
        snapshot: The post; None before it is drafted.
        command: The command.
        context: The current rules.

    Raises:
        NotAllowedError: If the command is refused; the verdict contains the reasons and remedies.
        StaleError: If the actor did not see the current revision.
        NotFoundError: If the post does not exist or is not visible to the actor.
    """
    if isinstance(command, cm.Draft):
        return _tested(lambda rules: draft(snapshot, command, rules), context)
    if snapshot is None:
        raise NotFoundError("post", command.post)
    if snapshot.post.erased and not isinstance(command, cm.TakeDown):
        check_permission("view", snapshot.post, context)
        raise refuse(post_reason("post_erased", snapshot.post))
    decider = _POST_DECIDERS[type(command)]
    return _tested(lambda rules: decider(snapshot, command, rules), context)


def decide_runtime(command: cm.RuntimeCommand, context: Context) -> tuple[ev.Event, ...]:
    """
    Return the events that a command on the holds or the runtime state causes.

    Raises:
        NotAllowedError: If the command is refused; the verdict contains the reasons and remedies.
        NotFoundError: If the command refers to something that does not exist or is not visible to
            the actor.
        InvalidValueError: If a value of the command is invalid.
    """
    decider = _RUNTIME_DECIDERS[type(command)]
    return _tested(lambda rules: decider(command, rules), context)


def _tested(
    decide: Callable[[Context], tuple[ev.Event, ...]], context: Context
) -> tuple[ev.Event, ...]:
    """
    Decide a command; if it is refused, keep only the remedies that would make it succeed.

    A remedy for a missing permission is not enough if the command would then be refused for another
    reason, for example because the post is not in review. Testing the remedies is slow, so they are
    tested only when they are read.
    """

    def suffices(remedy: Remedy) -> bool:
        try:
            decide(context.after_remedy(remedy))
        except (NotAllowedError, NotFoundError, StaleError, InvalidValueError):
            return False
        return True

    try:
        return decide(context)
    except NotAllowedError as error:
        raise NotAllowedError(error.verdict.tested(suffices)) from error.__cause__


def decide_native_post(
    native_post: NativePost | None,
    command: cm.NativePostCommand,
    context: Context,
    *,
    delivered: bool,
) -> tuple[ev.Event, ...]:
    """
    Return the events that a command on a native post causes.

    Args:
        native_post: The native post, or None if it has not been recorded.
        command: The command.
        context: The current rules.
        delivered: Whether a delivery has this network id, in which case the post is not native.

    Raises:
        NotAllowedError: If the actor does not have `schedule` on the profile.
        NotFoundError: If the profile or native post does not exist or is not visible to the actor.
        InvalidValueError: If a value of the command is invalid.
    """
    if isinstance(command, cm.AddNativePost):
        return add_native_post(native_post, command, context, delivered=delivered)
    return remove_native_post(native_post, command, context)


_POST_DECIDERS: Final[
    Mapping[type[Any], Callable[[PostSnapshot, Any, Context], tuple[ev.Event, ...]]]
] = {
    cm.Edit: edit,
    cm.Comment: comment,
    cm.ResolveComment: resolve_comment,
    cm.Submit: submit,
    cm.Approve: review,
    cm.RequestChanges: review,
    cm.Reject: review,
    cm.Withdraw: withdraw,
    cm.Schedule: schedule,
    cm.Unschedule: unschedule,
    cm.Reschedule: reschedule,
    cm.Cancel: cancel,
    cm.Waive: waive,
    cm.PublishNow: publish_now,
    cm.Bypass: bypass,
    cm.Exempt: exempt,
    cm.TakeDown: take_down,
    cm.Amend: amend,
    cm.MarkPublished: mark_published,
    cm.MarkNotPublished: mark_not_published,
}

_RUNTIME_DECIDERS: Final[Mapping[type[Any], Callable[[Any, Context], tuple[ev.Event, ...]]]] = {
    cm.PlaceHold: place_hold,
    cm.Resume: resume,
    cm.AddCalendarNote: add_calendar_note,
    cm.AddAbsence: add_absence,
    cm.EndAbsence: end_absence,
    cm.AddGrant: add_grant,
    cm.RevokeGrant: revoke_grant,
    cm.SwapShift: swap_shift,
    cm.CancelShiftSwap: cancel_shift_swap,
    cm.StartCampaign: start_campaign,
}

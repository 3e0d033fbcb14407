"""Deciders for placing and ending holds, and for exempting posts from them."""

from __future__ import annotations

from collections.abc import Iterable

from socialcollab.content import Hold, post_reason
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    check_new_id,
    check_permission,
    no_such,
    not_visible,
    refuse,
    verdict_on,
)
from socialcollab.workflow.model.request import PostSnapshot

HOLDS = "holds"


def _resources_of(on: Selector, context: Context) -> tuple[str, ...]:
    """Return the resources on which a hold on *on* requires the `hold` permission."""
    profiles = tuple(
        name for name, profile in sorted(context.profiles.items()) if on.matches_profile(profile)
    )
    if on.covers_all():
        return ("*", *profiles)
    if on.of_workspace:
        return (*on.workspace, *profiles)
    return profiles


def place_hold(command: cm.PlaceHold, context: Context) -> tuple[ev.Event, ...]:
    """
    Stop publishing on all profiles that the command's selector matches.

    Raises:
        NotAllowedError: If the actor does not have `hold` on one of these profiles, or if the
            selector matches no profile that the actor can view.
        InvalidValueError: If the reason is empty, or if the end has already passed.
        NaiveDatetimeError: If *until* has no UTC offset.
        NotFoundError: If the selector contains a workspace or profile that does not exist or is not
            visible to the actor.
    """
    on = command.on
    check_new_id("hold", command.hold, {hold.id for hold in context.holds})
    if not command.reason.strip():
        raise InvalidValueError(
            "a hold needs a reason", value=command.reason, expected="why publishing must stop"
        )
    until = None if command.until is None else as_utc(command.until)
    if until is not None and until <= context.now:
        raise InvalidValueError(
            f"a hold cannot end at `{until.isoformat()}`, which has passed",
            value=until,
            expected="an instant in the future",
        )
    _check_names(on, context)
    resources = _resources_of(on, context)
    verdict = verdict_on("hold", resources, context)
    if not resources or (not_visible(verdict) and not _sees_any(resources, context)):
        raise refuse(Reason.of("nothing_matches", on=on))
    if not verdict:
        raise NotAllowedError(verdict)
    hold = Hold(
        id=command.hold, on=on, reason="", by=str(context.actor), at=context.now, until=until
    )
    data = ev.HoldPlaced(hold=hold, reason=command.reason)
    return (ev.Event(HOLDS, context.actor, data),)


def exempt(snapshot: PostSnapshot, command: cm.Exempt, context: Context) -> tuple[ev.Event, ...]:
    """
    Allow a post to be published despite a hold; missed deliveries stay missed.

    Raises:
        NotFoundError: If the post is not visible to the actor, or if the hold does not exist.
        NotAllowedError: If the actor does not have `hold` on every target of the post, or if the
            hold does not stop the post, for example because the post is already exempt.
        InvalidValueError: If the reason is empty.
    """
    post = snapshot.post
    check_permission("hold", post, context)
    if not command.reason.strip():
        raise InvalidValueError(
            "an exemption from a hold needs a reason",
            value=command.reason,
            expected="why the post has to be published",
        )
    hold = next((hold for hold in context.holds if hold.id == command.hold), None)
    if hold is None:
        raise NotFoundError("hold", command.hold)
    if hold.id in snapshot.exempt:
        raise refuse(post_reason("already_exempt", post, hold=hold.id))
    if not any(hold.id == other.id for other in _holds_that_stop(snapshot, context)):
        raise refuse(post_reason("not_held", post, hold=hold.id))
    data = ev.PostExempted(hold=hold.id, reason=command.reason)
    return (ev.post_event(post.id, data, context.actor),)


def caught_by(snapshot: PostSnapshot, context: Context) -> tuple[str, ...]:
    """
    Return the ids of holds that stop a post because of its content, sorted.

    Holds that have already caught the post are omitted. Holds on all posts of their profiles are
    omitted too, because an edit cannot free the post from them.
    """
    return tuple(
        sorted(
            hold.id
            for hold in _holds_that_stop(snapshot, context)
            if hold.on != hold.on.without_attributes() and hold.id not in snapshot.caught
        )
    )


def _holds_that_stop(snapshot: PostSnapshot, context: Context) -> list[Hold]:
    post = snapshot.post
    return [
        hold
        for hold in snapshot.holds_on(context.holds)
        if any(
            hold.stops(target, context.attributes_of(post, target), now=context.now)
            for target in context.targets_of(post)
        )
    ]


def _check_names(on: Selector, context: Context) -> None:
    """Raise an error for a name that does not exist or is not visible to the actor."""
    if on.covers_all():
        return
    for kind, named, known in (
        ("workspace", on.workspace, context.workspaces),
        ("profile", on.profile, context.profiles),
    ):
        for name in named:
            if name == "*":
                continue
            # A member with `hold` on a resource may refer to it even if they do not have `view`.
            if name not in known or not_visible(verdict_on("hold", (name,), context)):
                raise no_such(kind, name, known, context, in_selector=True)


def _sees_any(resources: Iterable[str], context: Context) -> bool:
    return any(verdict_on("view", (resource,), context) for resource in resources)


def resume(command: cm.Resume, context: Context) -> tuple[ev.Event, ...]:
    """
    End a hold; deliveries that missed their time stay missed until they are rescheduled.

    Raises:
        NotFoundError: If the hold does not exist, or its resources are not visible to the actor.
        NotAllowedError: If the actor does not have `hold` on these resources.
    """
    hold = next((hold for hold in context.holds if hold.id == command.hold), None)
    if hold is None:
        raise NotFoundError("hold", command.hold)
    # Resources that an adoption has removed require no permission. Otherwise no member could end
    # the hold.
    existing = {"*", *context.workspaces, *context.profiles}
    resources = tuple(name for name in _resources_of(hold.on, context) if name in existing)
    verdict = verdict_on("hold", resources or ("*",), context)
    if not_visible(verdict):
        raise NotFoundError("hold", command.hold)
    if not verdict:
        raise NotAllowedError(verdict)
    return (ev.Event(HOLDS, context.actor, ev.HoldEnded(hold=hold.id)),)

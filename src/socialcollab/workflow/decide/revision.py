"""Deciders for drafting and editing posts, and for comments."""

from __future__ import annotations

import attrs

from socialcollab.content import (
    PUBLISHED_FIELDS,
    Comment,
    DeliveryState,
    Post,
    PostContent,
    PostState,
    Revision,
    field_digests,
    mentioned_names,
    post_reason,
    post_remedy,
    revision_digest,
)
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, PostId, WorkspaceId, check_id
from socialcollab.verdicts import Reason
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.hold import caught_by
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    is_staff,
    no_such,
    not_visible,
    refuse,
    verdict_on,
)
from socialcollab.workflow.decide.schedule import cancel_unsent, plan, refuse_in_doubt
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot
from socialcollab.workflow.steps import applicable_steps, gate, pins_of

_SALT_BYTES = 16


def draft(
    snapshot: PostSnapshot | None, command: cm.Draft, context: Context
) -> tuple[ev.Event, ...]:
    """
    Create a post.

    Raises:
        InvalidValueError: If the post already exists, if its id is not an identifier or contains a
            dot, or if the salt is not 16 bytes long.
        NotFoundError: If the workspace or a target does not exist or is not visible to the actor.
        NotAllowedError: If the actor does not have `draft` there, or if a target is in another
            workspace.
    """
    if snapshot is not None:
        raise InvalidValueError(f"post `{command.post}` already exists", value=command.post)
    check_id("post", command.post)
    if "." in command.post:
        # A delivery's id consists of the post's id, the profile's id and a number, joined by dots.
        raise InvalidValueError(
            f"post id `{command.post}` contains a dot",
            value=command.post,
            expected="an identifier without dots, such as one that `Desk.engine.new_id()` returns",
        )
    if len(command.salt) != _SALT_BYTES:
        raise InvalidValueError(
            f"the salt of a post must be {_SALT_BYTES} bytes, not {len(command.salt)}",
            value=len(command.salt),
            expected=f"{_SALT_BYTES} random bytes",
        )
    content = command.content
    _check_targets(content, command.workspace, context)
    needed = "reply" if command.conversation else "draft"
    verdict = verdict_on(needed, content.targets or (command.workspace,), context)
    if not_visible(verdict):
        raise NotFoundError("workspace", command.workspace)
    if not verdict:
        raise NotAllowedError(verdict)
    fields = field_digests(content, command.salt)
    revision = Revision(
        number=1,
        digest=revision_digest(fields, command.salt),
        author=MemberId(context.actor.name),
        at=context.now,
        fields=fields,
    )
    drafted = ev.PostDrafted(
        post=PostId(command.post),
        workspace=WorkspaceId(command.workspace),
        kind=command.kind,
        conversation=command.conversation,
        external_id=command.external_id,
        revision=revision,
        content=content,
    )
    return (ev.post_event(command.post, drafted, context.actor),)


def edit(snapshot: PostSnapshot, command: cm.Edit, context: Context) -> tuple[ev.Event, ...]:
    """
    Store a new revision; an approved post returns to review if the gate rejects the revision.

    Raises:
        NotFoundError: If the post or a target is not visible to the actor.
        NotAllowedError: If the actor does not have `draft` (or `edit_others` for another member's
            post), if the post is rejected or cancelled, if the times of an approved post would
            change, if a delivery of an approved post is in doubt, if a target or the workspace no
            longer exists, or if nothing would change.
        StaleError: If the actor did not see the current revision.
    """
    post, content = snapshot.post, command.content
    check_permission("draft", post, context)
    check_state(post, "edit", ("draft", "in_review", "changes_requested", "approved", "expired"))
    me = context.actor.name
    if me != post.author and me not in context.delegates_of(post.author, "draft", post):
        check_permission("edit_others", post, context)
    check_fresh(post, command.seen)
    _check_removed(post, content, context)
    _check_targets(content, post.workspace, context)
    # Unlike an edit, `reschedule` also moves the deliveries of an approved post.
    if post.state is PostState.APPROVED and (content.planned_at, content.times) != (
        post.content.planned_at,
        post.content.times,
    ):
        raise refuse(post_reason("use_reschedule", post))
    # The permission is also required on the new targets. Otherwise, a member could move a post to
    # profiles on which they do not have the permission, or remove it from all profiles.
    resources = context.resources_of(attrs.evolve(post, content=content))
    verdict = verdict_on("draft", resources, context, post=post)
    if not verdict:
        raise NotAllowedError(verdict)
    return _store_revision(snapshot, content, context)


def _store_revision(
    snapshot: PostSnapshot, content: PostContent, context: Context
) -> tuple[ev.Event, ...]:
    post = snapshot.post
    revision = post.next_revision(content, author=context.actor.name, at=context.now)
    changed = revision.changed_since(post.revision)
    if not changed:
        raise refuse(post_reason("nothing_changed", post))
    edited = ev.PostEdited(
        revision=revision,
        state=post.state,
        caught=caught_by(snapshot, context),
        content=content,
    )
    after = evolve_post(snapshot, edited, actor=context.actor, at=context.now)
    if after.request is not None and post.state in (PostState.IN_REVIEW, PostState.APPROVED):
        # The new content may require further steps, for example because of a tag.
        edited = attrs.evolve(
            edited, applicable=applicable_steps(after, context), pins=pins_of(after, context)
        )
        after = evolve_post(snapshot, edited, actor=context.actor, at=context.now)
    if post.state is not PostState.APPROVED:
        return (ev.post_event(post.id, edited, context.actor),)
    refuse_in_doubt(post, "edit", context)
    alone = after.alone and context.may(context.actor.name, "publish", after.post)
    if not gate(after, context, alone=alone):
        edited = attrs.evolve(edited, state=PostState.IN_REVIEW)
        return (
            ev.post_event(post.id, edited, context.actor),
            *cancel_unsent(context.deliveries, "edited", context.actor),
        )
    published_fields_changed = any(name in PUBLISHED_FIELDS for name in changed)
    replanned = _plan_again(after, context) if published_fields_changed else ()
    return (ev.post_event(post.id, edited, context.actor), *replanned)


def _plan_again(after: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """
    Return the events that replace the waiting deliveries with deliveries of the new revision.

    A delivery sends only the revision for which it was planned. If a member who may publish alone
    edits the post, the old deliveries would therefore be missed.
    """
    latest = {
        str(delivery.profile): delivery
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    }
    waiting = {
        profile: delivery.at
        for profile, delivery in latest.items()
        if delivery.state is DeliveryState.WAITING
    }
    targets = [
        target
        for target in after.post.targets
        if target in waiting
        # A target that the edit has added is also scheduled if its time is in the future.
        or (
            waiting
            and target not in latest
            and (at := after.post.content.time_for(target)) is not None
            and at.instant > context.now
        )
    ]
    return (
        *cancel_unsent(context.deliveries, "edited", context.actor),
        *plan(after, context, Actor.RULES, targets, times=waiting),
    )


def comment(snapshot: PostSnapshot, command: cm.Comment, context: Context) -> tuple[ev.Event, ...]:
    """
    Comment on a post; comments by clients and guests are never internal.

    Raises:
        NotFoundError: If the post, or the comment to reply to, does not exist or is not visible to
            the actor.
        NotAllowedError: If the actor does not have `comment`.
        InvalidValueError: If the text is empty, if *internal* differs from the value of the thread,
            or if an internal comment mentions a client or a guest.
    """
    check_permission("comment", snapshot.post, context)
    if not command.text.strip():
        raise InvalidValueError(
            "a comment needs text", value=command.text, expected="a non-empty string"
        )
    internal = command.internal is not False and is_staff(context)
    start = None
    if command.reply_to is not None:
        start = _start_of_thread(snapshot.post, command.reply_to, context)
        if command.internal not in (None, start.internal):
            kind = "internal" if start.internal else "shown to clients and guests"
            raise InvalidValueError(
                f"the thread of comment {command.reply_to} is {kind}, and a reply cannot differ",
                value=command.internal,
                expected="a reply without `internal`, or a comment that starts a thread",
            )
        internal = start.internal
    commented = ev.PostCommented(
        internal=internal,
        reply_to=None if start is None else start.number,
        mentions=_mentioned(snapshot.post, command.text, context, internal=internal),
        text=command.text,
    )
    return (ev.post_event(snapshot.post.id, commented, context.actor),)


def resolve_comment(
    snapshot: PostSnapshot, command: cm.ResolveComment, context: Context
) -> tuple[ev.Event, ...]:
    """
    Mark a comment thread as resolved; a later reply reopens it.

    Raises:
        NotFoundError: If the post or the comment does not exist or is not visible to the actor.
        NotAllowedError: If the actor does not have `comment`, or if the thread is already resolved.
    """
    check_permission("comment", snapshot.post, context)
    start = _start_of_thread(snapshot.post, command.comment, context)
    if start.resolved_by:
        reason = post_reason(
            "comment_resolved", snapshot.post, comment=start.number, by=start.resolved_by
        )
        raise refuse(reason)
    resolved = ev.CommentResolved(comment=start.number)
    return (ev.post_event(snapshot.post.id, resolved, context.actor),)


def _start_of_thread(post: Post, number: int, context: Context) -> Comment:
    """Return the comment that starts the thread of comment *number*."""
    by_number = {
        comment.number: comment
        for comment in post.comments
        if not comment.internal or is_staff(context)
    }
    if number not in by_number:
        raise NotFoundError("comment", str(number))
    return by_number[by_number[number].reply_to or number]


def _mentioned(post: Post, text: str, context: Context, *, internal: bool) -> tuple[MemberId, ...]:
    """
    Return the members whom *text* mentions and who can view the post.

    Raises:
        InvalidValueError: If the comment is internal and a mentioned member is a client or a guest.
    """
    names = {name for names in mentioned_names(text) for name in names}
    mentioned = []
    for name in sorted(names - {context.actor.name}):
        member = context.access.member(name)
        if member is None or not context.sees(name, post):
            continue
        if internal and member.kind != "staff":
            raise InvalidValueError(
                f"the comment mentions `{name}`, who cannot see internal comments",
                value=text,
                expected="`internal=False`, or a comment without this mention",
            )
        mentioned.append(MemberId(name))
    return tuple(mentioned)


def _check_removed(post: Post, content: PostContent, context: Context) -> None:
    """Reject content if an adoption has removed its workspace or one of its targets."""
    if post.workspace not in context.workspaces:
        raise refuse(
            post_reason("orphan.workspace", post, workspace=post.workspace),
            remedies=[post_remedy("cancel_post", post)],
        )
    for target in content.targets:
        if target in post.targets and target not in context.profiles:
            raise refuse(
                post_reason("orphan.profile", post, profile=target),
                remedies=[post_remedy("drop_target", post, profile=target)],
            )


def _check_targets(content: PostContent, workspace: str, context: Context) -> None:
    """Reject a workspace or target on which the actor has neither `view` nor `draft`."""
    known = {name for name in context.profiles if _knows(name, context)}
    if workspace not in context.workspaces or not (
        _knows(workspace, context)
        or any(context.profiles[name].workspace == workspace for name in known)
    ):
        raise NotFoundError("workspace", workspace)
    for target in content.targets:
        profile = context.profiles.get(target)
        if profile is None or target not in known:
            raise no_such("profile", target, context.profiles, context)
        if profile.workspace != workspace:
            raise refuse(
                Reason.of(
                    "other_workspace",
                    profile=target,
                    workspace=profile.workspace,
                    post_workspace=workspace,
                )
            )


def _knows(resource: str, context: Context) -> bool:
    me, now = context.actor.name, context.now
    return any(
        context.access.allows(me, permission, resource, at=now) for permission in ("view", "draft")
    )

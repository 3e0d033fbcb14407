"""Store revisions of a post, and remarks on it."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.content import (
    PUBLISHED_FIELDS,
    DeliveryState,
    Post,
    PostContent,
    PostState,
    Revision,
    field_digests,
    revision_digest,
)
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import (
    MemberId,
    PostId,
    WorkspaceId,
)
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import (
    gate,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.deliveries import (
    call_off,
    pins_of,
    plan,
    refuse_in_doubt,
    sorted_due,
)
from socialcollab.workflow.decide.refusals import (
    check_fresh,
    check_permission,
    check_state,
    no_such,
    not_visible,
    refuse,
    verdict_on,
)
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot


def new_revision(
    content: PostContent,
    *,
    salt: bytes,
    number: int,
    author: str,
    at: dt.datetime,
    only_time: bool = False,
    before: Post | None = None,
) -> Revision:
    """Mark *content* as a revision, with its digests; *before* is the post as it stands."""
    known = None
    # What is left of a post that was erased is not what its digests were made of.
    if before is not None and before.erased_at is None:
        known = (before.content, before.revision.fields)
    fields = field_digests(content, salt, known=known)
    return Revision(
        number=number,
        digest=revision_digest(fields, salt),
        author=MemberId(author),
        at=at,
        fields=fields,
        only_time=only_time,
    )


def draft(
    snapshot: PostSnapshot | None, command: cm.Draft, context: Context
) -> tuple[ev.Event, ...]:
    """Begin a post."""
    if snapshot is not None:
        raise InvalidValueError(f"post `{command.post}` exists already", value=command.post)
    if len(command.salt) != 16:
        raise InvalidValueError("a post's salt is 16 bytes long", value=len(command.salt))
    _check_texts(command.content)
    _check_targets(command.content, command.workspace, context)
    places = command.content.targets or (command.workspace,)
    verdict = verdict_on("draft", places, context)
    if not_visible(verdict):
        raise NotFoundError("workspace", command.workspace)
    if not verdict:
        raise NotAllowedError(verdict)
    revision = new_revision(
        command.content, salt=command.salt, number=1, author=context.actor.name, at=context.now
    )
    drafted = ev.PostDrafted(
        post=PostId(command.post),
        workspace=WorkspaceId(command.workspace),
        kind=command.kind,
        external_id=command.external_id,
        revision=revision,
        content=command.content,
    )
    return (ev.post_event(command.post, drafted, context.actor),)


def edit(snapshot: PostSnapshot, command: cm.Edit, context: Context) -> tuple[ev.Event, ...]:
    """Store a new revision."""
    post = snapshot.post
    check_permission("draft", post, context)
    check_state(post, "edit", ("draft", "in_review", "changes_requested", "approved", "expired"))
    if context.actor.name != post.author:
        check_permission("edit_others", post, context)
    check_fresh(post, command.seen)
    _check_texts(command.content)
    _check_removed(post, command.content, context)
    _check_targets(command.content, post.workspace, context)
    if post.state is PostState.APPROVED and (command.content.planned_at, command.content.times) != (
        post.content.planned_at,
        post.content.times,
    ):
        raise refuse(Reason.of("use_reschedule", post=post.id))
    verdict = verdict_on(
        "draft",
        context.resources_of(attrs.evolve(post, content=command.content)),
        context,
        post=post,
    )
    if not verdict:
        raise NotAllowedError(verdict)
    return store_revision(snapshot, command.content, context)


def comment(snapshot: PostSnapshot, command: cm.Comment, context: Context) -> tuple[ev.Event, ...]:
    """Remark on a post."""
    check_permission("comment", snapshot.post, context)
    if not command.text.strip():
        raise InvalidValueError("a comment has to say something", value=command.text)
    member = context.access.member(context.actor.name)
    internal = command.internal and (member is None or member.kind == "staff")
    said = ev.PostCommented(internal=internal, text=command.text)
    return (ev.post_event(snapshot.post.id, said, context.actor),)


def store_revision(
    snapshot: PostSnapshot, content: PostContent, context: Context
) -> tuple[ev.Event, ...]:
    """Store *content*; an approved post whose gate it closes goes back to review."""
    post = snapshot.post
    revision = new_revision(
        content,
        salt=post.salt,
        number=post.revision.number + 1,
        author=context.actor.name,
        at=context.now,
        before=post,
    )
    changed = revision.changed_since(post.revision)
    if not changed:
        raise refuse(Reason.of("nothing_changed", post=post.id))
    revision = attrs.evolve(revision, only_time=changed == ("time",))
    changes = ev.PostEdited(revision=revision, state=post.state, content=content)
    after = evolve_post(snapshot, changes, actor=context.actor, at=context.now)
    if after.request is not None and post.state in (PostState.IN_REVIEW, PostState.APPROVED):
        changes = attrs.evolve(
            changes, due=sorted_due(after, context), pins=pins_of(after, context)
        )
        after = evolve_post(snapshot, changes, actor=context.actor, at=context.now)
    if post.state is not PostState.APPROVED:
        return (ev.post_event(post.id, changes, context.actor),)
    refuse_in_doubt(post, "edit", context)
    rewritten = any(name in PUBLISHED_FIELDS for name in changed)
    alone = after.alone and context.may(context.actor.name, "publish", after.post)
    if gate(after, context, alone=alone):
        again = _replanned(after, context) if rewritten else ()
        return (ev.post_event(post.id, changes, context.actor), *again)
    changes = attrs.evolve(changes, state=PostState.IN_REVIEW)
    return (
        ev.post_event(post.id, changes, context.actor),
        *call_off(context.deliveries, "edited", context.actor),
    )


def _check_texts(content: PostContent) -> None:
    for text in (content.text, *(variant.text for variant in content.variants)):
        if "\0" in text:
            raise InvalidValueError(
                f"the text holds a NUL character at {text.index(chr(0))}, which no network takes",
                value=text,
                expected="a text without NUL",
            )


def _check_removed(post: Post, content: PostContent, context: Context) -> None:
    """Refuse to keep what an adoption has removed: a target, or the whole workspace."""
    if post.workspace not in context.workspaces:
        raise refuse(
            Reason.of("orphan.workspace", post=post.id, workspace=post.workspace),
            remedies=[Remedy.of("cancel_post", post=post.id)],
        )
    for target in content.targets:
        if target in post.targets and target not in context.profiles:
            raise refuse(
                Reason.of("orphan.profile", post=post.id, profile=target),
                remedies=[Remedy.of("drop_target", post=post.id, profile=target)],
            )


def _knows(place: str, context: Context) -> bool:
    """Tell whether the actor may see a place, or write for it unseen."""
    me, now = context.actor.name, context.now
    return any(context.access.allows(me, one, place, at=now) for one in ("view", "draft"))


def _check_targets(content: PostContent, workspace: str, context: Context) -> None:
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
                    theirs=profile.workspace,
                    workspace=workspace,
                )
            )


def _replanned(after: PostSnapshot, context: Context) -> tuple[ev.Event, ...]:
    """Let what waits follow a rewrite that one person's word was enough for."""
    standing = {
        str(delivery.profile): delivery
        for delivery in context.deliveries
        if delivery.state is not DeliveryState.CANCELLED
    }
    waiting = {
        profile: delivery.at
        for profile, delivery in standing.items()
        if delivery.state is DeliveryState.WAITING
    }
    targets = [
        target
        for target in after.post.targets
        if target in waiting
        or (
            waiting
            and target not in standing
            and (at := after.post.content.time_for(target)) is not None
            and at.instant > context.now
        )
    ]
    return (
        *call_off(context.deliveries, "edited", context.actor),
        *plan(after, context, Actor.RULES, targets, times=waiting),
    )

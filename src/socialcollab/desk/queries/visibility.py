"""Redact posts for clients and guests: internal comments and notes are for staff only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from socialcollab.content import Delivery, Post, PostState
from socialcollab.desk.queries.history import HistoryEntry
from socialcollab.permissions import Access
from socialcollab.workflow import Context, Decision, PostSnapshot
from socialcollab.workflow import events as ev

# These reasons are written by staff for staff.
_WITH_REASON = (
    ev.ClaimTakenOver,
    ev.FindingWaived,
    ev.PostBypassed,
    ev.PostCancelled,
    ev.PostExempted,
)
_UNSUBMITTED_STATES = (PostState.DRAFT, PostState.CHANGES_REQUESTED, PostState.EXPIRED)


def is_staff(member: str, access: Access) -> bool:
    """Return whether *member* is staff, rather than a client or a guest."""
    known = access.member(member)
    return known is not None and known.kind == "staff"


def redacted_for(member: str, post: Post, access: Access) -> Post:
    """Return *post* as visible to *member*, without internal comments for clients and guests."""
    if not any(comment.internal for comment in post.comments) or is_staff(member, access):
        return post
    comments = tuple(comment for comment in post.comments if not comment.internal)
    return attrs.evolve(post, comments=comments)


def redacted_decisions(
    member: str, decisions: Iterable[Decision], access: Access
) -> tuple[Decision, ...]:
    """Return decisions as visible to *member*, without internal notes for clients and guests."""
    if is_staff(member, access):
        return tuple(decisions)
    return tuple(
        attrs.evolve(decision, note="") if decision.internal else decision for decision in decisions
    )


def redacted_snapshot(member: str, snapshot: PostSnapshot, access: Access) -> PostSnapshot:
    """Return a post with its request as visible to *member*."""
    post = redacted_for(member, snapshot.post, access)
    if is_staff(member, access):
        return attrs.evolve(snapshot, post=post)
    request = snapshot.request
    if request is not None:
        decisions = redacted_decisions(member, request.decisions, access)
        request = attrs.evolve(request, decisions=decisions)
    return attrs.evolve(snapshot, post=post, request=request, waivers=())


def redacted_history(
    member: str, history: Iterable[HistoryEntry], post: Post, access: Access
) -> tuple[HistoryEntry, ...]:
    """
    Return the history of a post as visible to *member*.

    Clients and guests see neither internal comments and notes, nor the contents that another member
    stored before the post was submitted, or while it was sent back.
    """
    entries = tuple(history)
    if is_staff(member, access):
        return entries
    visible: list[HistoryEntry] = []
    hidden = {comment.number for comment in post.comments if comment.internal}
    for entry in entries:
        data = entry.data
        if isinstance(data, ev.PostCommented) and data.internal:
            continue
        if isinstance(data, ev.CommentResolved) and data.comment in hidden:
            continue
        unsubmitted = isinstance(data, ev.PostDrafted) or (
            isinstance(data, ev.PostEdited) and data.state in _UNSUBMITTED_STATES
        )
        if unsubmitted and member not in post.authors:
            continue
        if isinstance(data, ev.PostDecided) and data.internal:
            data = attrs.evolve(data, note="")
        elif isinstance(data, _WITH_REASON):
            data = attrs.evolve(data, reason="")
        visible.append(attrs.evolve(entry, data=data))
    return tuple(visible)


def snapshots_for(
    member: str, snapshots: Mapping[str, Any], context: Context
) -> dict[str, PostSnapshot | Delivery]:
    """
    Return the posts and deliveries among the changed snapshots, as visible to *member*.

    Snapshots that all workspaces share, such as the holds, are omitted because they could reveal
    information about workspaces that the member cannot view.
    """
    visible: dict[str, PostSnapshot | Delivery] = {}
    for stream, snapshot in snapshots.items():
        if isinstance(snapshot, PostSnapshot):
            if context.sees(member, snapshot.post):
                visible[stream] = redacted_snapshot(member, snapshot, context.access)
        elif isinstance(snapshot, Delivery):
            visible[stream] = snapshot
    return visible

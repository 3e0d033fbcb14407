"""Redact posts for members who are not staff, because internal comments are for staff only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import Delivery, Post
from socialcollab.permissions import Access
from socialcollab.workflow import Context, PostSnapshot


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
            if context.may(member, "view", snapshot.post):
                post = redacted_for(member, snapshot.post, context.access)
                visible[stream] = attrs.evolve(snapshot, post=post)
        elif isinstance(snapshot, Delivery):
            visible[stream] = snapshot
    return visible

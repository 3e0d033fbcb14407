"""A post as one member may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import Delivery, Post
from socialcollab.permissions import Access
from socialcollab.workflow import Context, PostSnapshot


def inside(access: Access, member: str) -> bool:
    """Tell whether *member* is of the staff, for whom internal remarks are."""
    known = access.member(member)
    return known is not None and known.kind == "staff"


def snapshots_seen_by(
    snapshots: Mapping[str, Any], context: Context, member: str
) -> dict[str, PostSnapshot | Delivery]:
    """
    Return the posts and deliveries among changed records, as *member* may see them.

    What all workspaces share, such as the holds, tells of those that *member* may not view.
    """
    found: dict[str, PostSnapshot | Delivery] = {}
    for stream, snapshot in snapshots.items():
        if isinstance(snapshot, PostSnapshot):
            if context.may(member, "view", snapshot.post):
                post = seen_by(snapshot.post, context.access, member)
                found[stream] = attrs.evolve(snapshot, post=post)
        elif isinstance(snapshot, Delivery):
            found[stream] = snapshot
    return found


def seen_by(post: Post, access: Access, member: str) -> Post:
    """Return *post* without the internal remarks, if *member* is a client or a guest."""
    if inside(access, member) or not any(comment.internal for comment in post.comments):
        return post
    said = tuple(comment for comment in post.comments if not comment.internal)
    return attrs.evolve(post, comments=said)

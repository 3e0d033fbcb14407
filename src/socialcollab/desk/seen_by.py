"""A post as one member may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import Delivery, Post
from socialcollab.permissions import Access
from socialcollab.workflow import Context, PostRecord

__all__ = ["inside", "records_seen_by", "seen_by"]


def inside(access: Access, member: str) -> bool:
    """Tell whether *member* is of the staff, for whom internal remarks are."""
    known = access.member(member)
    return known is not None and known.kind == "staff"


def records_seen_by(
    records: Mapping[str, Any], context: Context, member: str
) -> dict[str, PostRecord | Delivery]:
    """
    Return the posts and deliveries among changed records, as *member* may see them.

    What all workspaces share, such as the holds, tells of those that *member* may not view.
    """
    found: dict[str, PostRecord | Delivery] = {}
    for stream, record in records.items():
        if isinstance(record, PostRecord):
            if context.may(member, "view", record.post):
                post = seen_by(record.post, context.access, member)
                found[stream] = attrs.evolve(record, post=post)
        elif isinstance(record, Delivery):
            found[stream] = record
    return found


def seen_by(post: Post, access: Access, member: str) -> Post:
    """Return *post* without the internal remarks, if *member* is a client or a guest."""
    if inside(access, member) or not any(comment.internal for comment in post.comments):
        return post
    said = tuple(comment for comment in post.comments if not comment.internal)
    return attrs.evolve(post, comments=said)

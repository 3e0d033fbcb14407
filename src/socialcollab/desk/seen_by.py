"""A post as one member may see it."""

from __future__ import annotations

import attrs

from socialcollab.content import Post
from socialcollab.permissions import Access

__all__ = ["inside", "seen_by"]


def inside(access: Access, member: str) -> bool:
    """Tell whether *member* is of the staff, for whom internal remarks are."""
    known = access.member(member)
    return known is not None and known.kind == "staff"


def seen_by(post: Post, access: Access, member: str) -> Post:
    """Return *post* without the internal remarks, if *member* is a client or a guest."""
    if inside(access, member) or not any(comment.internal for comment in post.comments):
        return post
    said = tuple(comment for comment in post.comments if not comment.internal)
    return attrs.evolve(post, comments=said)

"""Erasure events, and the placeholders for erased values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import attrs

from socialcollab.content import PostContent
from socialcollab.identifiers import ProfileId
from socialcollab.workflow.events.event import PERSONAL

ERASED_TEXT: Final = "[erased]"
"""The placeholder for an erased text."""


@attrs.frozen(kw_only=True)
class PersonErased:
    """
    Personal values were erased from earlier events in this stream.

    Attributes:
        member: The member whose values were erased; empty if a post was erased.
        content: Whether the post's content was erased.
        targets: The target profiles of the post, which still determine who can view it.
        media: The digests of the post's images, which `run_due` then deletes.
        document: The active document without the member's name and contacts.
        documents: The earlier documents without the name and contacts, by the version of the event
            that stored them; they replace the erased documents.
        reason: The reason for the erasure.
    """

    TYPE: ClassVar[str] = "person.erased"

    member: str = ""
    content: bool = False
    targets: tuple[ProfileId, ...] = ()
    media: tuple[str, ...] = ()
    document: str = attrs.field(default="", metadata=PERSONAL)
    documents: Mapping[str, str] = attrs.field(factory=dict, metadata=PERSONAL)
    reason: str = attrs.field(default="", metadata=PERSONAL)


@attrs.frozen(kw_only=True)
class MediaDeleted:
    """The images of an erased post were deleted, except those that another post uses."""

    TYPE: ClassVar[str] = "post.media_deleted"


def erased_content(targets: tuple[ProfileId, ...] = ()) -> PostContent:
    """Return the placeholder for the content of an erased post."""
    return PostContent(text=ERASED_TEXT, targets=targets)

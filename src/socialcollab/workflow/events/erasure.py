"""What an erasure leaves: who was erased, and what has to be known without what is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import attrs

from socialcollab.content import PostContent
from socialcollab.identifiers import ProfileId
from socialcollab.workflow.events.personal import PERSONAL

ERASED_TEXT: Final = "[erased]"
"""What stands for a text that was erased."""


@attrs.frozen(kw_only=True)
class PersonErased:
    """
    Personal values of earlier events of this stream were erased.

    Attributes:
        member: Whose, or empty if a post was erased.

        content: Whether the content of the post is among them.

        targets: Where that post went: who may see it still hangs on that.

        media: The digests of its pictures, for due work to delete.

        document: The document in force, without the member's name and contacts.

        documents: Earlier versions of the document likewise, by the version of
            the event that brought each; in place of those that were erased.

        reason: Why.
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
    """The pictures of an erased post are gone, but those that another post refers to."""

    TYPE: ClassVar[str] = "post.media_deleted"


ERASING_EVENTS: Final[tuple[type[Any], ...]] = (PersonErased, MediaDeleted)


def erased_content(targets: tuple[ProfileId, ...] = ()) -> PostContent:
    """Return what stands for the content of a post that was erased."""
    return PostContent(text=ERASED_TEXT, targets=targets)

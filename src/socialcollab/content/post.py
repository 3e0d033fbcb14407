"""A post: its revisions, its state, and what people said about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

import attrs

from socialcollab.content.media import Image
from socialcollab.content.post_content import PostContent, changed_fields
from socialcollab.identifiers import DeliveryId, MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.showing import card, facts, listed, moment, quoted, state_badge
from socialcollab.time import WallTime


class PostState(StrEnum):
    """Where a post stands; what has gone out is the business of its deliveries."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@attrs.frozen(kw_only=True)
class Revision:
    """
    The mark of one stored version of a post's content; it never changes.

    Attributes:
        number: 1 for the draft, then counting up.
        digest: The digest of the whole.
        author: Who stored it.
        at: When, in UTC.
        fields: The salted digest of each field.
        only_time: Whether it changes nothing but the time: whoever moves a
            post on the calendar does not become an author of it.
    """

    number: int
    digest: str
    author: MemberId
    at: dt.datetime
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    only_time: bool = False

    def changed_since(self, earlier: Revision) -> tuple[str, ...]:
        """Name the fields that differ from an *earlier* revision."""
        return changed_fields(earlier.fields, self.fields)


@attrs.frozen(kw_only=True)
class Comment:
    """
    A remark on a post.

    Attributes:
        by: Who made it.
        at: When, in UTC.
        text: What it says.
        internal: Whether clients and guests are not to see it.
    """

    by: MemberId
    at: dt.datetime
    text: str
    internal: bool = True


@attrs.frozen(kw_only=True)
class Post:
    """
    A post as it stands.

    Attributes:
        id: Its identifier.
        workspace: The workspace it belongs to.
        state: Where it stands.
        content: What its newest revision holds.
        revisions: The marks of all revisions, oldest first.
        comments: What people said about it, oldest first.
        deliveries: Identifiers of all deliveries it ever had.
        salt: What its digests are salted with.
        ref: The caller's own name for it, or empty; unique in the organization.
        kind: "post", or "reply".
        erased_at: When its content was erased, in UTC, or None.
        leftover_media: Digests of pictures of its erased content, to be deleted.
    """

    id: PostId
    workspace: WorkspaceId
    state: PostState
    content: PostContent
    revisions: tuple[Revision, ...]
    comments: tuple[Comment, ...] = ()
    deliveries: tuple[DeliveryId, ...] = ()
    salt: bytes = attrs.field(default=b"", repr=False)
    external_id: str = ""
    kind: str = "post"
    erased_at: dt.datetime | None = None
    leftover_media: tuple[str, ...] = ()

    @property
    def erased(self) -> bool:
        """Whether its content was erased: it can be seen and taken down, and nothing else."""
        return self.erased_at is not None

    @property
    def revision(self) -> Revision:
        """The newest revision."""
        return self.revisions[-1]

    @property
    def digest(self) -> str:
        """The newest revision's digest: what a decision on this post is bound to."""
        return self.revisions[-1].digest

    @property
    def text(self) -> str:
        """The text, where no variant says otherwise."""
        return self.content.text

    @property
    def targets(self) -> tuple[ProfileId, ...]:
        """The profiles it goes to."""
        return self.content.targets

    @property
    def media(self) -> tuple[Image, ...]:
        """Its pictures."""
        return self.content.media

    @property
    def planned_at(self) -> WallTime | None:
        """When it is to go out, or None while nobody has said."""
        return self.content.planned_at

    @property
    def author(self) -> MemberId:
        """Who drafted it."""
        return self.revisions[0].author

    @property
    def authors(self) -> tuple[MemberId, ...]:
        """Everyone who stored a revision of it, moves of its time apart, sorted."""
        return tuple(
            sorted({revision.author for revision in self.revisions if not revision.only_time})
        )

    def revision_named(self, digest: str) -> Revision | None:
        """Return the newest revision of that digest, or None."""
        for revision in reversed(self.revisions):
            if revision.digest == digest:
                return revision
        return None

    def _html_cells_(self) -> dict[str, str]:
        return {
            "state": state_badge(self.state.value),
            "text": self.text if len(self.text) <= 80 else f"{self.text[:79]}…",
            "to": ", ".join(self.targets),
            "planned": _local(self.planned_at),
            "by": self.author,
        }

    def _repr_html_(self) -> str:
        held = self.content
        variants = [
            f"{profile}: {held.text_for(profile)}"
            for profile in self.targets
            if held.text_for(profile) != held.text
        ]
        beside = {
            "to": ", ".join(self.targets),
            "planned": _local(self.planned_at),
            "otherwise": "; ".join(f"{who} {_local(at)}" for who, at in held.times),
            "pictures": "; ".join(image.alt or "without a description" for image in self.media),
            "links": ", ".join(held.links),
            "campaign": held.campaign,
            "tags": ", ".join(held.tags),
            "revision": f"{len(self.revisions)}, by {', '.join(self.authors)}",
            "remarks": str(len(self.comments) or ""),
            "id": self.id,
        }
        return card(
            "Post",
            quoted(self.text),
            listed(variants),
            facts(beside),
            badges=[state_badge(self.state.value)],
            aside=self.workspace,
        )


def _local(at: WallTime | None) -> str:
    return "" if at is None else moment(at.local, at.zone)

"""A post with its revisions, state and comments."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content.canonical import salted_digest
from socialcollab.content.media import Attachment
from socialcollab.content.post_content import (
    PostContent,
    changed_fields,
    field_digests,
    field_values,
    revision_digest,
)
from socialcollab.directory import PostKind
from socialcollab.identifiers import (
    ID_PATTERN,
    DeliveryId,
    MemberId,
    PostId,
    ProfileId,
    WorkspaceId,
)
from socialcollab.time import WallTime
from socialcollab.verdicts import Reason, Remedy

_MAX_NAME = 40
_MENTION = re.compile(rf"(?<![\w.@-])@({ID_PATTERN})", re.IGNORECASE)


def mentioned_names(text: str) -> tuple[tuple[str, str], ...]:
    """
    Return the names after `@` in a text, in lower case.

    Each name is returned both as written and without trailing punctuation, because either form can
    be a member's id.

    >>> mentioned_names("Thanks @Ben.")
    (('ben.', 'ben'),)
    """
    return tuple(
        (name, name.rstrip("._-"))
        for match in _MENTION.finditer(text)
        for name in (match[1].lower(),)
    )


def unmatched_mentions(text: str, mentions: Iterable[MemberId]) -> tuple[str, ...]:
    """Return the names after `@` in *text* that are not among *mentions*, without duplicates."""
    matched = {*mentions}
    names = (names for names in mentioned_names(text) if matched.isdisjoint(names))
    return tuple(dict.fromkeys(name for _, name in names))


class PostState(StrEnum):
    """A post's approval state. The publishing state is part of its deliveries."""

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
    The immutable record of one stored version of a post's content.

    Attributes:
        number: The number of the revision. The draft has number 1.
        digest: The digest of the whole content.
        author: The member who stored it.
        at: When it was stored, in UTC.
        fields: The salted digest of each field.
        only_time: Whether it changes only the planned time. A member who reschedules a
            post does not become one of its authors.
    """

    number: int
    digest: str
    author: MemberId
    at: dt.datetime
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    only_time: bool = False

    def changed_since(self, earlier: Revision) -> tuple[str, ...]:
        """Return the names of the fields that differ from an *earlier* revision."""
        return changed_fields(earlier.fields, self.fields)


@attrs.frozen(kw_only=True)
class Comment:
    """
    A comment on a post.

    Attributes:
        number: Its number on the post, counted from 1; 0 before it is stored.
        by: The member who wrote it.
        at: When it was written, in UTC.
        text: The text.
        internal: Whether it is hidden from clients and guests.
        reply_to: The number of the comment that starts its thread, or None if it starts a thread.
        mentions: The members whom the text mentions and who can read it.
        resolved_by: The member who resolved the thread that this comment starts, or None.
    """

    number: int = 0
    by: MemberId
    at: dt.datetime
    text: str
    internal: bool = True
    reply_to: int | None = None
    mentions: tuple[MemberId, ...] = ()
    resolved_by: MemberId | None = None

    @property
    def unmatched_mentions(self) -> tuple[str, ...]:
        """
        The names after `@` in the text for which no member was notified.

        Such a name is misspelt, or it is the id of the comment's author or of a member who cannot
        view the post.
        """
        return unmatched_mentions(self.text, self.mentions)


@attrs.frozen(kw_only=True)
class Post(NotebookMixin):
    """
    A post in its current version.

    Attributes:
        id: The identifier.
        workspace: The workspace that the post belongs to.
        state: The state of its approval.
        content: The content of the newest revision.
        revisions: The records of all revisions, oldest first.
        comments: The comments, oldest first.
        deliveries: The identifiers of all deliveries, including cancelled and replaced deliveries.
        salt: The salt of its digests.
        external_id: An id that the caller assigned, unique in the organization, or
            an empty string.
        kind: "post" or "reply".
        conversation: The id of the conversation that it answers, or an empty string.
        erased_at: When its content was erased, in UTC, or None.
        leftover_media: The digests of media from erased content that have not been deleted yet.
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
    kind: PostKind = "post"
    conversation: str = ""
    erased_at: dt.datetime | None = None
    leftover_media: tuple[str, ...] = ()

    @property
    def erased(self) -> bool:
        """Whether the post was erased. An erased post can only be viewed and taken down."""
        return self.erased_at is not None

    @property
    def revision(self) -> Revision:
        """The newest revision."""
        return self.revisions[-1]

    @property
    def digest(self) -> str:
        """The digest of the newest revision; decisions refer to it."""
        return self.revisions[-1].digest

    @property
    def text(self) -> str:
        """The text for all profiles without a variant."""
        return self.content.text

    @property
    def targets(self) -> tuple[ProfileId, ...]:
        """The profiles that the post will be published on."""
        return self.content.targets

    @property
    def media(self) -> tuple[Attachment, ...]:
        """The images and videos."""
        return self.content.media

    @property
    def planned_at(self) -> WallTime | None:
        """The planned time, or None if it is not planned yet."""
        return self.content.planned_at

    @property
    def threads(self) -> tuple[tuple[Comment, ...], ...]:
        """The comments by thread, oldest first: a comment and its replies."""
        threads: dict[int, list[Comment]] = {}
        for comment in self.comments:
            threads.setdefault(comment.reply_to or comment.number, []).append(comment)
        return tuple(tuple(thread) for thread in threads.values())

    @property
    def display_name(self) -> str:
        """
        The name of the post in messages for people.

        The name is the external id. If there is no external id, it is the beginning of the text,
        or the id if there is no text.
        """
        # The text is cut before it is split, so that a text of several megabytes is not split
        # entirely.
        words = "" if self.erased else " ".join(self.text[: 4 * _MAX_NAME].split())
        if self.external_id or not words:
            return f"`{self.external_id or self.id}`"
        if len(words) > _MAX_NAME:
            start = words[:_MAX_NAME]
            words = f"{start.rpartition(' ')[0] or start}…"
        return f"“{words}”"

    @property
    def author(self) -> MemberId:
        """The member who drafted the post."""
        return self.revisions[0].author

    @property
    def authors(self) -> tuple[MemberId, ...]:
        """The members who stored a revision with changes to more than the planned time, sorted."""
        return tuple(
            sorted({revision.author for revision in self.revisions if not revision.only_time})
        )

    def next_revision(self, content: PostContent, *, author: str, at: dt.datetime) -> Revision:
        """Return the record of *content* as the post's newest version."""
        # The content of an erased post is a placeholder, so it does not match the digests.
        known = None if self.erased else (self.content, self.revision.fields)
        fields = field_digests(content, self.salt, known=known)
        return Revision(
            number=self.revision.number + 1,
            digest=revision_digest(fields, self.salt),
            author=MemberId(author),
            at=at,
            fields=fields,
            only_time=set(changed_fields(self.revision.fields, fields)) <= {"time"},
        )

    def drafted_with(self, content: PostContent, fields: Iterable[str]) -> bool:
        """Return whether *fields* had the same values in the first revision as in *content*."""
        first, values = self.revisions[0].fields, field_values(content)
        return all(salted_digest(self.salt, values[name]) == first[name] for name in fields)

    def revision_named(self, digest: str) -> Revision | None:
        """Return the newest revision with this digest, or None."""
        for revision in reversed(self.revisions):
            if revision.digest == digest:
                return revision
        return None


def post_reason(code: str, post: Post, /, **params: object) -> Reason:
    """Return a reason about a post, with parameters `post` (for people) and `post_id` (for code)."""
    return Reason.of(code, post=post.display_name, post_id=post.id, **params)


def post_remedy(code: str, post: Post, /, **params: object) -> Remedy:
    """Return a remedy about a post, with the same parameters for the post as `post_reason`."""
    return Remedy(code, {"post": post.display_name, "post_id": post.id, **params})

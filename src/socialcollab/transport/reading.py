"""The protocol of adapters that read messages, posts and counts from their network."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final, Protocol, runtime_checkable

import attrs

from socialcollab.content import Message, MessageKind
from socialcollab.time import as_utc
from socialcollab.transport.flow import Flow

PUBLIC_KINDS: Final[tuple[MessageKind, ...]] = ("comment", "mention", "reply")
"""All kinds of message except direct messages, which usually need a permission of their own."""


@attrs.frozen(kw_only=True)
class MessagePage:
    """
    Some of the messages to a profile.

    Attributes:
        messages: The messages, oldest first.
        cursor: The cursor from which to read on. Store it after the messages, so that a crash
            leads to repeated messages but not to lost ones.
        more: Whether there are more messages now.
        skipped: The number of entries that could not be read, for example because they have no id.
        truncated: Whether the network has older messages since the previous reading that it does
            not return, or too many of them.
    """

    messages: tuple[Message, ...]
    cursor: str
    more: bool = False
    skipped: int = 0
    truncated: bool = False


@attrs.frozen(kw_only=True)
class OwnPost:
    """
    A post that the profile's account published, with this library or in any other way.

    Attributes:
        network_id: The network's id for the post.
        text: The text as the network shows it, without markup.
        created_at: When it was published, in UTC.
        url: The address of the post, or an empty string.
    """

    network_id: str
    text: str
    created_at: dt.datetime = attrs.field(converter=as_utc)
    url: str = ""


@attrs.frozen(kw_only=True)
class OwnPosts:
    """
    The recent posts of a profile's account.

    Attributes:
        posts: The posts, oldest first.
        complete: Whether these are all posts since the given instant. If False, older ones are
            missing.
    """

    posts: tuple[OwnPost, ...]
    complete: bool = True


@attrs.frozen(kw_only=True)
class Counts:
    """
    How often a post was liked, shared, answered and seen; None for numbers that are not available.

    Attributes:
        likes: The number of likes or reactions.
        reposts: The number of times that it was shared without a comment.
        replies: The number of replies or comments.
        quotes: The number of times that it was quoted.
        views: The number of times that it was seen.
    """

    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    quotes: int | None = None
    views: int | None = None


@runtime_checkable
class ReadingAdapter(Protocol):
    """
    An adapter that reads messages, own posts and counts. Its requests create nothing.

    If a flow fails, it raises a subclass of `socialcollab.errors.NetworkError`, and nothing is lost:
    the same cursor can be used again.
    """

    def messages(
        self,
        cursor: str = "",
        *,
        kinds: Collection[MessageKind] = PUBLIC_KINDS,
        since: dt.datetime | None = None,
    ) -> Flow[MessagePage]:
        """
        Read the next page of messages to the profile.

        The messages of a page are sorted, oldest first. Most networks list new messages first, so
        if there are several pages, a later page can contain older messages. Each message is
        returned at least once, and again only if the network reports it again or an earlier page
        was lost. Entries that cannot be read are counted and skipped.

        Args:
            cursor: The cursor of the previous page, or an empty string for the first page.
            kinds: The kinds of message to read.
            since: The instant at which the first reading begins. By default, it begins with the
                oldest message that the network lists. It has no effect on later readings.

        Raises:
            InvalidValueError: If the cursor is not a cursor of this network, or a kind does not
                exist.
            NaiveDatetimeError: If *since* has no UTC offset.
        """
        ...

    def own_posts(self, since: dt.datetime) -> Flow[OwnPosts]:
        """
        Read the posts that the account has published since an instant.

        Raises:
            NaiveDatetimeError: If *since* has no UTC offset.
        """
        ...

    def counts(self, network_ids: Collection[str]) -> Flow[Mapping[str, Counts]]:
        """Read the counts of posts, by their id. Posts that do not exist are missing."""
        ...

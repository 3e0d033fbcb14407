"""Messages that other accounts send to a profile: mentions, replies, comments and direct messages."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import as_utc

# Not every store can keep these characters, and JSON can contain them.
_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def _all_storable(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_storable, texts))


MessageKind: TypeAlias = Literal["comment", "direct", "mention", "reply"]
"""The kind of a message."""

MESSAGE_KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
"""All kinds of message, sorted."""


@attrs.frozen(kw_only=True)
class MessageAuthor:
    """
    The account that wrote a message.

    Attributes:
        id: The network's id for the account, which does not change if the account is renamed. Empty
            if the network does not reveal the author.
        handle: The account's name without ``@``, or an empty string.
        name: The name to display, or an empty string.
    """

    id: str = attrs.field(default="", converter=_storable)
    handle: str = attrs.field(default="", converter=_storable)
    name: str = attrs.field(default="", converter=_storable)


@attrs.frozen(kw_only=True)
class Message:
    """
    A message on a network that concerns a profile.

    Null characters and lone surrogates, which stores cannot keep, are replaced in all texts.

    A message is identified by its profile and `network_id`. A network can report a message several
    times, for example after its author has changed it.

    Attributes:
        network: The name of the network.
        profile: The profile that received the message.
        network_id: The network's id for the message, with which it can be answered.
        kind: ``comment`` for a comment on a post of the profile, ``reply`` for a post that replies
            to one, ``mention`` for any other post that mentions, quotes or tags the profile, and
            ``direct`` for a private message.
        author: The account that wrote it.
        created_at: When it was written, in UTC.
        text: The text, without markup.
        language: The language of the text, or an empty string.
        url: The address of the message, or an empty string.
        parent: The id of the post or message that it replies to or quotes, or an empty string.
        root: The id of the post that began the thread, or of the conversation that a direct message
            belongs to; an empty string if the network does not report it.
        media: The addresses of its images and videos. They may expire.
        own: Whether the profile's own account wrote it, for example in the network's app.
        hidden: Whether the network shows it only to its author and to the profile.
        deleted: Whether it has been deleted. Its text is then empty.
        version: A text that differs after each change of the message, or an empty string if the
            network does not report changes.

    Raises:
        InvalidValueError: If the id is empty or cannot be stored, or the kind does not exist.
        NaiveDatetimeError: If *created_at* has no UTC offset.
    """

    network: str
    profile: str
    network_id: str
    kind: MessageKind
    author: MessageAuthor
    created_at: dt.datetime = attrs.field(converter=as_utc)
    text: str = attrs.field(default="", converter=_storable)
    language: str = attrs.field(default="", converter=_storable)
    url: str = attrs.field(default="", converter=_storable)
    parent: str = attrs.field(default="", converter=_storable)
    root: str = attrs.field(default="", converter=_storable)
    media: tuple[str, ...] = attrs.field(default=(), converter=_all_storable)
    own: bool = False
    hidden: bool = False
    deleted: bool = False
    version: str = attrs.field(default="", converter=_storable)

    def __attrs_post_init__(self) -> None:
        identifier: object = self.network_id
        if not isinstance(identifier, str) or not identifier or _UNSTORABLE.search(identifier):
            raise InvalidValueError(
                f"a message has the id {identifier!r}",
                value=identifier,
                expected="a non-empty string without null characters and lone surrogates",
            )
        if self.kind not in MESSAGE_KINDS:
            raise InvalidValueError(
                f"message `{self.network_id}` has the kind `{self.kind}`",
                value=self.kind,
                expected=f"one of {', '.join(MESSAGE_KINDS)}",
            )

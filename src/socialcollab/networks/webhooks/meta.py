"""Receive webhooks of Facebook Pages and Instagram accounts."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Container, Iterator, Mapping, Sequence

import attrs

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError, WebhookError
from socialcollab.networks.reading import identifier, table, tables
from socialcollab.networks.responses import text_in
from socialcollab.networks.webhooks.delivery import (
    LONGEST_BODY,
    TOLERANCE,
    Collected,
    Delivery,
    OtherEvent,
    authenticated,
    check_delivery,
    check_secrets,
    epoch,
)

_NETWORKS = {"page": "facebook", "instagram": "instagram"}
_SIGNATURE = "x-hub-signature-256"


@attrs.frozen(kw_only=True)
class MetaWebhook:
    """
    The webhook of a Meta app, which reports comments, mentions and direct messages.

    The methods read no clock and send nothing, so they can be called from any web framework.

    >>> webhook = MetaWebhook(secrets="app secret", verify_token="token", accounts={})
    >>> params = {"hub.mode": "subscribe", "hub.verify_token": "token", "hub.challenge": "7"}
    >>> webhook.challenge(params)
    '7'

    Attributes:
        secrets: The secret of the app. While it is being replaced, both the old and the new one.
        verify_token: The text that you entered as the verify token of the webhook.
        accounts: The profile of each Page and Instagram account, by the network's id.
        tolerance: How old a delivery may be. Meta repeats deliveries for up to 36 hours.
        longest_body: The maximum size of a body in bytes.

    Raises:
        InvalidValueError: If a secret or the verify token is empty.

    Source:
        developers.facebook.com/docs/graph-api/webhooks/getting-started,
        /docs/graph-api/webhooks/reference/page and /docs/instagram-platform/webhooks/examples, read
        2026-11-30.
    """

    secrets: Sequence[str] = attrs.field(converter=check_secrets, repr=False)
    verify_token: str = attrs.field(repr=False)
    accounts: Mapping[str, Profile] = attrs.field(converter=dict, hash=False)
    tolerance: dt.timedelta = TOLERANCE
    longest_body: int = LONGEST_BODY

    def __attrs_post_init__(self) -> None:
        if not self.verify_token:
            raise InvalidValueError(
                "the verify token of a webhook is empty", expected="the text entered at Meta"
            )

    def challenge(self, params: Mapping[str, str]) -> str:
        """
        Return the text with which to answer a GET request, by which Meta verifies the webhook.

        Args:
            params: The query parameters of the request.

        Raises:
            WebhookError: If the request is not a verification, or has another verify token.
        """
        given = str(params.get("hub.verify_token", ""))
        is_valid = hmac.compare_digest(given.encode("utf-8", "replace"), self.verify_token.encode())
        challenge = str(params.get("hub.challenge", ""))
        if params.get("hub.mode") != "subscribe" or not is_valid or not challenge:
            raise WebhookError(
                "the request does not contain the verify token", reason="bad signature"
            )
        return challenge

    def receive(
        self,
        body: bytes,
        headers: Mapping[str, str],
        *,
        now: dt.datetime,
        seen: Container[str] = (),
    ) -> Delivery:
        """
        Authenticate a POST request, and return its content.

        A change of a comment is a message with the same id, another `version`, and `deleted` or
        `hidden`. The mention of an Instagram account has no text and no author.

        Args:
            body: The bytes of the body, exactly as they were received.
            headers: The headers of the request.
            now: The current time.
            seen: The digests of earlier deliveries, of at least the last `tolerance`.

        Raises:
            WebhookError: If the delivery is not accepted. Its `status` is the status with which to
                answer.
        """
        data = authenticated(
            body,
            headers,
            header=_SIGNATURE,
            secrets=self.secrets,
            signature=lambda digest: f"sha256={digest.hex()}",
            longest=self.longest_body,
        )
        entries = list(tables(data, "entry"))
        digest = check_delivery(body, _times(entries), now=now, tolerance=self.tolerance, seen=seen)
        network = _NETWORKS.get(text_in(data, "object"), "")
        known = [entry for entry in entries if self._profile(entry, network) is not None]
        if not known:
            raise WebhookError(
                f"the delivery is for `{text_in(data, 'object')}`"
                f" {', '.join(str(entry.get('id')) for entry in entries[:3])},"
                " which belongs to no profile",
                reason="other account",
            )
        found = Collected()
        for entry in known:
            profile = self._profile(entry, network)
            assert profile is not None  # noqa: S101  # checked above
            _read_entry(entry, profile, found)
        return found.delivery(digest)

    def _profile(self, entry: Mapping[str, Json], network: str) -> Profile | None:
        profile = self.accounts.get(str(entry.get("id")))
        return profile if profile is not None and profile.network == network else None


def _times(entries: Sequence[Mapping[str, Json]]) -> Iterator[dt.datetime]:
    for entry in entries:
        try:
            yield epoch(entry.get("time"))
        except ValueError:
            # Without a time, an old delivery could be repeated.
            raise WebhookError("an entry has no time", reason="unreadable") from None


def _read_entry(entry: Mapping[str, Json], profile: Profile, found: Collected) -> None:
    """Read the changes and the direct messages of an entry."""
    account, at = str(entry.get("id")), epoch(entry.get("time"))
    for change in tables(entry, "changes"):
        field = text_in(change, "field")

        def read(value: Mapping[str, Json], field: str = field) -> Message | OtherEvent:
            reader = _READERS.get((profile.network, field))
            message = None if reader is None else reader(value, profile, account, at)
            return message or OtherEvent(account=account, kind=field, value=value)

        found.add(change.get("value"), read)
    for event in tables(entry, "messaging"):
        found.add(event, lambda event: _direct_message(event, profile, account))
    if "changes" not in entry and "messaging" not in entry:
        found.others.append(OtherEvent(account=account, kind="", value=entry))


def _feed(
    value: Mapping[str, Json], profile: Profile, account: str, at: dt.datetime
) -> Message | None:
    """Read a comment on a post of a Page, or a post of another account on the Page."""
    item, verb = text_in(value, "item"), text_in(value, "verb")
    author = table(value, "from")
    is_comment = item == "comment"
    is_visitor = item in ("photo", "post", "status", "video") and text_in(author, "id") != account
    if not is_comment and not is_visitor:
        return None
    picture, post = text_in(value, "photo"), str(value.get("post_id") or "")
    return _message(
        profile,
        identifier(value, "comment_id" if is_comment else "post_id"),
        "comment" if is_comment else "mention",
        created_at=epoch(value["created_time"]) if "created_time" in value else at,
        author=MessageAuthor(id=text_in(author, "id"), name=text_in(author, "name")),
        text="" if verb == "remove" else text_in(value, "message"),
        parent=str(value.get("parent_id") or post) if is_comment else "",
        root=post if is_comment else "",
        media=(picture,) if picture else (),
        own=text_in(author, "id") == account,
        hidden=verb == "hide",
        deleted=verb == "remove",
        version="" if verb == "add" else f"{verb} {at.isoformat()}",
    )


def _page_mention(
    value: Mapping[str, Json], profile: Profile, account: str, at: dt.datetime
) -> Message | None:
    """Read a post or a comment elsewhere that mentions a Page."""
    comment, post = str(value.get("comment_id") or ""), str(value.get("post_id") or "")
    sender = str(value.get("sender_id") or "")
    return _message(
        profile,
        comment or identifier(value, "post_id"),
        "mention",
        created_at=epoch(value["created_time"]) if "created_time" in value else at,
        author=MessageAuthor(id=sender, name=text_in(value, "sender_name")),
        text=text_in(value, "message"),
        parent=post if comment else "",
        root=post if comment else "",
        own=sender == account,
        deleted=text_in(value, "verb") == "remove",
    )


def _instagram_comment(
    value: Mapping[str, Json], profile: Profile, account: str, at: dt.datetime
) -> Message | None:
    author, media = table(value, "from"), text_in(table(value, "media"), "id")
    return _message(
        profile,
        identifier(value),
        "comment",
        created_at=at,
        author=MessageAuthor(id=text_in(author, "id"), handle=text_in(author, "username")),
        text=text_in(value, "text"),
        parent=text_in(value, "parent_id") or media,
        root=media,
        own=account in (text_in(author, "id"), text_in(author, "self_ig_scoped_id")),
    )


def _instagram_mention(
    value: Mapping[str, Json], profile: Profile, _: str, at: dt.datetime
) -> Message | None:
    comment, media = str(value.get("comment_id") or ""), str(value.get("media_id") or "")
    return _message(
        profile,
        comment or identifier(value, "media_id"),
        "mention",
        created_at=at,
        author=MessageAuthor(),
        parent=media if comment else "",
        root=media if comment else "",
    )


def _direct_message(
    event: Mapping[str, Json], profile: Profile, account: str
) -> Message | OtherEvent:
    """Read a direct message that was received, sent, changed or deleted."""
    content = table(event, "message") or table(event, "message_edit")
    sender = identifier(table(event, "sender"))
    if not content.get("mid"):
        kind = next((name for name in event if name not in _ENVELOPE), "messaging")
        return OtherEvent(account=account, kind=kind, value=event)
    is_own = sender == account or content.get("is_echo") is True
    other = identifier(table(event, "recipient")) if is_own else sender
    media = [text_in(table(each, "payload"), "url") for each in tables(content, "attachments")]
    edits = content.get("num_edit")
    return _message(
        profile,
        identifier(content, "mid"),
        "direct",
        created_at=epoch(event["timestamp"]),
        author=MessageAuthor(id=sender),
        text=text_in(content, "text"),
        parent=text_in(table(content, "reply_to"), "mid"),
        root=other,
        media=tuple(url for url in media if url),
        own=is_own,
        deleted=content.get("is_deleted") is True,
        version="" if edits is None else f"edit {edits}",
    )


def _message(
    profile: Profile,
    network_id: str,
    kind: MessageKind,
    *,
    created_at: dt.datetime,
    author: MessageAuthor,
    text: str = "",
    parent: str = "",
    root: str = "",
    media: tuple[str, ...] = (),
    own: bool = False,
    hidden: bool = False,
    deleted: bool = False,
    version: str = "",
) -> Message:
    return Message(
        network=profile.network,
        profile=profile.id,
        network_id=network_id,
        kind=kind,
        created_at=created_at,
        author=author,
        text=text,
        parent=parent,
        root=root,
        media=media,
        own=own,
        hidden=hidden,
        deleted=deleted,
        version=version,
    )


_ENVELOPE = ("recipient", "sender", "timestamp")
_READERS: Mapping[
    tuple[str, str],
    Callable[[Mapping[str, Json], Profile, str, dt.datetime], Message | None],
] = {
    ("facebook", "feed"): _feed,
    ("facebook", "mention"): _page_mention,
    ("instagram", "comments"): _instagram_comment,
    ("instagram", "live_comments"): _instagram_comment,
    ("instagram", "mentions"): _instagram_mention,
}

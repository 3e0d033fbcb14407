"""Receive webhooks of X."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

import attrs

from socialcollab.content import Json, Message, MessageAuthor
from socialcollab.directory import Profile
from socialcollab.errors import WebhookError
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
from socialcollab.networks.x.responses import shown_text

_SIGNATURE: Final = "x-twitter-webhooks-signature"
# The signature of a delivery and the answer to a challenge are computed in the same way. If any
# token was accepted, an attacker could have the JSON of a forged delivery signed by sending it as
# the token of a challenge.
_TOKEN: Final = re.compile(r"[\w=+/.~-]{1,512}", re.ASCII)
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_TIME: Final = re.compile(
    r"\w{3} (?P<month>\w{3}) (?P<day>\d\d) (?P<time>\d\d:\d\d:\d\d) \+0000 (?P<year>\d{4})",
    re.ASCII,
)


@attrs.frozen(kw_only=True)
class XWebhook:
    """
    The webhook of an app on X, which reports mentions, replies and direct messages.

    The methods read no clock and send nothing, so they can be called from any web framework.

    >>> webhook = XWebhook(secrets="consumer secret", accounts={})
    >>> webhook.challenge({"crc_token": "9b4507b3"})["response_token"][:12]
    'sha256=YHVJW'

    Attributes:
        secrets: The consumer secret of the app (its API key secret). While it is being replaced,
            first the one with which X verifies the webhook, then the other one.
        accounts: The profile of each account, by the network's id.
        tolerance: How old a delivery may be.
        longest_body: The maximum size of a body in bytes.

    Raises:
        InvalidValueError: If a secret is empty.

    Source:
        docs.x.com/x-api/webhooks/quickstart, and the data objects of the Account Activity API, read
        2026-11-30.
    """

    secrets: Sequence[str] = attrs.field(converter=check_secrets, repr=False)
    accounts: Mapping[str, Profile] = attrs.field(converter=dict, hash=False)
    tolerance: dt.timedelta = TOLERANCE
    longest_body: int = LONGEST_BODY

    def challenge(self, params: Mapping[str, str]) -> dict[str, str]:
        """
        Return the JSON object with which to answer a GET request, by which X verifies the webhook.

        Args:
            params: The query parameters of the request.

        Raises:
            WebhookError: If there is no token, or it has characters that X does not use.
        """
        token = str(params.get("crc_token", ""))
        if _TOKEN.fullmatch(token) is None:
            raise WebhookError("the request has no valid `crc_token`", reason="bad signature")
        digest = hmac.digest(self.secrets[0].encode(), token.encode(), hashlib.sha256)
        return {"response_token": _signature(digest)}

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

        Posts that the account published itself are other events, but direct messages that it sent
        are messages.

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
            signature=_signature,
            longest=self.longest_body,
        )
        digest = check_delivery(body, _times(data), now=now, tolerance=self.tolerance, seen=seen)
        account = str(
            data.get("for_user_id")
            or table(data, "user_event", "revoke", "source").get("user_id")
            or ""
        )
        profile = self.accounts.get(account)
        if profile is None or profile.network != "x":
            raise WebhookError(
                f"the delivery is for the account `{account}`, which belongs to no profile",
                reason="other account",
            )
        known, found, users = profile, Collected(), table(data, "users")
        for name in data:
            if name in ("for_user_id", "users", "apps") or isinstance(data[name], (str, bool)):
                continue
            if name == "tweet_create_events":
                for post in _events(data, name):
                    found.add(post, lambda post: _post(post, known, account))
            elif name == "direct_message_events":
                for event in _events(data, name):
                    found.add(event, lambda event: _direct_message(event, known, account, users))
            else:
                found.others.append(OtherEvent(account=account, kind=name, value=data[name]))
        return found.delivery(digest)


def _post(post: Mapping[str, Json], profile: Profile, account: str) -> Message | OtherEvent:
    """Read a post, in the format of either version of the API."""
    user = table(post, "user")
    author = str(user.get("id_str") or post.get("author_id") or "")
    replies_to = str(post.get("in_reply_to_user_id_str") or post.get("in_reply_to_user_id") or "")
    if author in ("", account) or "retweeted_status" in post:
        return OtherEvent(account=account, kind="tweet_create_events", value=post)
    network_id = text_in(post, "id_str") or identifier(post)
    longer = table(post, "extended_tweet")
    text = {**post, **longer, "text": text_in(longer, "full_text") or text_in(post, "text")}
    handle = text_in(user, "screen_name")
    media = [text_in(each, "media_url_https") for each in tables(table(text, "entities"), "media")]
    return Message(
        network=profile.network,
        profile=profile.id,
        network_id=network_id,
        kind="reply" if replies_to == account else "mention",
        author=MessageAuthor(id=author, handle=handle, name=text_in(user, "name")),
        created_at=_time(post),
        text=shown_text(text).strip(),
        language=text_in(post, "lang").removeprefix("und"),
        url=f"https://x.com/{handle or 'i'}/status/{network_id}",
        parent=str(post.get("in_reply_to_status_id_str") or post.get("quoted_status_id_str") or ""),
        root=str(post.get("conversation_id") or ""),
        media=tuple(url for url in media if url),
    )


def _direct_message(
    event: Mapping[str, Json], profile: Profile, account: str, users: Mapping[str, Json]
) -> Message | OtherEvent:
    if text_in(event, "type") != "message_create":
        return OtherEvent(account=account, kind="direct_message_events", value=event)
    created = table(event, "message_create")
    data, sender = table(created, "message_data"), identifier(created, "sender_id")
    pair = sender, identifier(table(created, "target"), "recipient_id")
    user = table(users, sender)
    picture = text_in(table(data, "attachment", "media"), "media_url_https")
    return Message(
        network=profile.network,
        profile=profile.id,
        network_id=identifier(event),
        kind="direct",
        author=MessageAuthor(
            id=sender, handle=text_in(user, "screen_name"), name=text_in(user, "name")
        ),
        created_at=epoch(event["created_timestamp"]),
        text=shown_text(data).strip(),
        # The id of a conversation of two accounts consists of their ids, the smaller one first.
        root="-".join(sorted(pair, key=lambda each: (len(each), each))),
        media=(picture,) if picture else (),
        own=sender == account,
    )


def _events(data: Mapping[str, Json], name: str) -> list[Json]:
    events = data[name]
    return list(events) if isinstance(events, list) else [events]


def _times(data: Mapping[str, Json]) -> Iterator[dt.datetime]:
    """Yield the times of the events; some kinds of events have none."""
    for events in data.values():
        for event in events if isinstance(events, list) else ():
            if isinstance(event, Mapping):
                try:
                    yield _time(event)
                except ValueError:
                    continue


def _time(event: Mapping[str, Json]) -> dt.datetime:
    """
    Return the time of an event, which has one of several names and formats.

    Raises:
        ValueError: If there is no time.
    """
    for name in ("timestamp_ms", "created_timestamp", "timestamp"):
        if name in event:
            return epoch(event[name])
    text = text_in(event, "created_at")
    match = _TIME.fullmatch(text)
    if match is not None and match["month"] in _MONTHS:
        month = _MONTHS.index(match["month"]) + 1
        text = f"{match['year']}-{month:02}-{match['day']}T{match['time']}+00:00"
    at = dt.datetime.fromisoformat(text)
    if at.utcoffset() is None:
        raise ValueError(text)
    return at.astimezone(dt.UTC)


def _signature(digest: bytes) -> str:
    return f"sha256={base64.b64encode(digest).decode()}"

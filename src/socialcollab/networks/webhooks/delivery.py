"""Authenticate the deliveries of webhooks, before their content is read."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Final

import attrs

from socialcollab.content import Json, Message
from socialcollab.errors import (
    InvalidValueError,
    SocialCollabError,
    TransientError,
    WebhookError,
)
from socialcollab.time import as_utc
from socialcollab.transport import Response

LONGEST_BODY: Final = 1024 * 1024
# Meta repeats a delivery that was not confirmed for up to 36 hours.
TOLERANCE: Final = dt.timedelta(hours=36)
# The sender's clock may be ahead.
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)


@attrs.frozen(kw_only=True)
class OtherEvent:
    """
    An event that is not a message, such as a like.

    Attributes:
        account: The network's id for the account that it concerns.
        kind: The network's name for the kind of event, such as "feed" or "follow_events".
        value: The event in the network's format, or a part of it.
    """

    account: str
    kind: str
    value: Json = attrs.field(default=None, hash=False)


@attrs.frozen(kw_only=True)
class Delivery:
    """
    The content of an authenticated delivery.

    Attributes:
        messages: The messages, in the order of the delivery.
        others: The other events, in the order of the delivery.
        skipped: The number of events that could not be read.
        digest: The digest of the delivery. Add it to the seen digests after the messages are
            stored, so that a delivery that is repeated after a crash is not ignored.
    """

    messages: tuple[Message, ...]
    others: tuple[OtherEvent, ...]
    skipped: int
    digest: str


def check_secrets(secrets: Sequence[str]) -> tuple[str, ...]:
    """
    Return the secrets as a tuple.

    Raises:
        InvalidValueError: If there is no secret, or one is empty. Anyone could compute a signature
            with an empty secret.
    """
    found: tuple[object, ...] = (secrets,) if isinstance(secrets, str) else tuple(secrets)
    known = tuple(secret for secret in found if isinstance(secret, str) and secret)
    if not found or len(known) < len(found):
        raise InvalidValueError(
            "a webhook needs the secret of its app, but there is none or it is empty",
            expected="one or more non-empty secrets",
        )
    return known


def authenticated(
    body: bytes,
    headers: Mapping[str, str],
    *,
    header: str,
    secrets: Iterable[str],
    signature: Callable[[bytes], str],
    longest: int,
) -> Mapping[str, Json]:
    """
    Check the size and the signature of a body, and return its JSON object.

    Args:
        body: The bytes of the body, exactly as they were received.
        headers: The headers, by name in upper or lower case.
        header: The name of the header with the signature, in lower case.
        secrets: The secrets with which the body may be signed.
        signature: Returns the text of a signature for its bytes.
        longest: The maximum size of the body in bytes.

    Raises:
        WebhookError: If the body is too large, its signature is missing or wrong, or it is not a
            JSON object.
        InvalidValueError: If the body is not bytes.
    """
    raw: object = body
    if not isinstance(raw, bytes):
        raise InvalidValueError(
            f"the body of a webhook is of type {type(raw).__name__}",
            expected="the bytes of the body, exactly as they were received",
        )
    if len(body) > longest:
        raise WebhookError(
            f"the body has {len(body)} bytes, and {longest} are accepted", reason="too large"
        )
    given = next((str(value) for name, value in headers.items() if name.lower() == header), "")
    if not given:
        raise WebhookError(f"there is no header `{header}`", reason="no signature")
    # All secrets are tried, so that the time does not reveal which one is in use.
    matches = [
        hmac.compare_digest(
            signature(hmac.digest(secret.encode(), body, hashlib.sha256)).encode(),
            given.encode("utf-8", "replace"),
        )
        for secret in secrets
    ]
    if not any(matches):
        raise WebhookError("the signature is not valid", reason="bad signature")
    try:
        data = Response(status=200, body=body).json()
    except TransientError:
        data = None
    if not isinstance(data, Mapping):
        raise WebhookError("the body is not a JSON object", reason="unreadable")
    return data


def check_delivery(
    body: bytes,
    times: Iterable[dt.datetime],
    *,
    now: dt.datetime,
    tolerance: dt.timedelta,
    seen: Container[str],
) -> str:
    """
    Check that an authenticated delivery is neither old nor repeated, and return its digest.

    Args:
        body: The bytes of the body.
        times: The times that the delivery states; if there are none, its age is unknown.
        now: The current time.
        tolerance: The maximum age.
        seen: The digests of earlier deliveries.

    Raises:
        WebhookError: If the delivery is too old, is from the future, or was seen before.
        NaiveDatetimeError: If *now* has no UTC offset.
    """
    digest = hashlib.sha256(body).hexdigest()
    if digest in seen:
        raise WebhookError("the delivery was received before", reason="repeated")
    at, latest = as_utc(now), max(times, default=None)
    if latest is not None and not at - tolerance <= latest <= at + _CLOCK_SKEW:
        raise WebhookError(
            f"the delivery states the time {latest.isoformat()}, and now it is {at.isoformat()}",
            reason="too old",
        )
    return digest


@attrs.define
class Collected:
    """The events of a delivery that have been read so far."""

    messages: list[Message] = attrs.field(factory=list)
    others: list[OtherEvent] = attrs.field(factory=list)
    skipped: int = 0

    def add(
        self, event: object, read: Callable[[Mapping[str, Json]], Message | OtherEvent]
    ) -> None:
        """Add what a function reads from an event, or count the event if it cannot be read."""
        try:
            if not isinstance(event, Mapping):
                raise TypeError(event)
            found = read(event)
        except (KeyError, TypeError, ValueError, OverflowError, OSError, SocialCollabError):
            self.skipped += 1
            return
        if isinstance(found, Message):
            self.messages.append(found)
        else:
            self.others.append(found)

    def delivery(self, digest: str) -> Delivery:
        """Return the delivery."""
        return Delivery(
            messages=tuple(self.messages),
            others=tuple(self.others),
            skipped=self.skipped,
            digest=digest,
        )


def epoch(value: Json) -> dt.datetime:
    """
    Return the instant of a number of seconds or milliseconds since 1970, or of its digits.

    Raises:
        ValueError: If it is neither a number nor digits, or not a time from 2000 to 2200.
    """
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(value)  # treated like other values that cannot be read
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 16):
        raise ValueError(value)
    number = int(value)
    seconds = number / 1000 if number >= 10**11 else number
    if not 946_684_800 <= seconds <= 7_258_118_400:
        raise ValueError(value)
    return dt.datetime.fromtimestamp(seconds, dt.UTC)

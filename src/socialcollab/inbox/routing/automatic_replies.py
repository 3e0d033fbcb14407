"""Automatic replies: when none may be sent, so that two programs never answer each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import Duration, as_utc

_PRECEDENCES: Final = ("bulk", "junk", "list", "auto_reply")
_LIST_HEADERS: Final = ("list-id", "list-unsubscribe", "list-post")
_REPLY_HEADERS: Final = ("x-autoreply", "x-autorespond", "x-autoresponse")
_SUPPRESSED: Final = ("all", "oof", "autoreply")
_PROGRAMS: Final = ("mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply")


def automatic_reason(
    headers: Mapping[str, str] | None = None, *, sender: str | None = None, bot: bool = False
) -> str:
    """
    Return why a message counts as sent by a program, or an empty string if a person wrote it.

    >>> automatic_reason({"Auto-Submitted": "auto-replied (vacation)"})
    'Auto-Submitted: auto-replied'
    >>> automatic_reason({"Auto-Submitted": "no"}, sender="jo@customer.example")
    ''

    Args:
        headers: The headers of an e-mail or of a message that came through one, by name in any case.
        sender: The address of the envelope (Return-Path); an empty string or ``<>`` means that
            nobody is to be answered.
        bot: Whether the network marks the account as a bot.

    Source:
        RFC 3834 sections 2 and 5; RFC 2919 and RFC 2369 for mailing lists.
    """
    if bot:
        return "bot account"
    by_name = {name.casefold(): value.strip() for name, value in (headers or {}).items()}
    submitted = by_name.get("auto-submitted", "no").partition(";")[0].partition("(")[0]
    if submitted.strip().casefold() not in ("no", ""):
        return f"Auto-Submitted: {submitted.strip()[:40]}"
    if by_name.get("precedence", "").casefold() in _PRECEDENCES:
        return f"Precedence: {by_name['precedence'].casefold()}"
    for name in (*_LIST_HEADERS, *_REPLY_HEADERS):
        value = by_name.get(name, "")
        if value and value.casefold() != "no":
            return f"{name.title()}"
    suppressed = {
        word.strip().casefold() for word in by_name.get("x-auto-response-suppress", "").split(",")
    }
    if not suppressed.isdisjoint(_SUPPRESSED):
        return "X-Auto-Response-Suppress"
    address = by_name.get("return-path") if sender is None else sender
    if address is not None:
        local = address.strip().strip("<>").partition("@")[0].casefold()
        if not local:
            return "empty Return-Path"
        if local in _PROGRAMS or local.startswith("owner-") or local.endswith("-request"):
            return f"Return-Path: {local[:40]}"
    return ""


def _as_duration(value: str | Duration) -> Duration:
    return Duration.parse(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class AutoReplyLimit:
    """
    How many automatic replies an author gets in a period.

    It stops two programs that answer each other and do not say that they are programs.

    Attributes:
        at_most: The number of replies.
        within: The period.

    Raises:
        InvalidValueError: If *at_most* is less than 1, or *within* is business time.
    """

    at_most: int = 1
    within: Duration = attrs.field(default=Duration(1, "day"), converter=_as_duration)

    def __attrs_post_init__(self) -> None:
        if self.at_most < 1:
            raise InvalidValueError(
                f"at_most is {self.at_most}; to send no automatic replies, use no saved reply in a"
                " rule",
                value=self.at_most,
                expected="a whole number from 1",
            )
        if self.within.business:
            raise InvalidValueError(
                f"within is `{self.within}`, which is business time",
                value=str(self.within),
                expected="a duration such as 1 day",
            )

    def allows(self, sent: Iterable[dt.datetime], *, at: dt.datetime) -> bool:
        """
        Return whether another automatic reply may be sent to an author.

        Args:
            sent: When automatic replies were sent to the author before.
            at: The current time.
        """
        since = as_utc(at) - self.within.elapsed
        return sum(as_utc(one) > since for one in sent) < self.at_most

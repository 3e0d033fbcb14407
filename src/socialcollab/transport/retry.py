"""Decide whether to retry a failed request, and read how long a server asks the client to wait."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

import attrs

from socialcollab.errors import NetworkError, OutcomeUnknownError, RateLimitedError, TransientError
from socialcollab.transport.flow import Request


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """
    A policy that determines whether a failed request is retried, and after how many seconds.

    Attributes:
        tries: The maximum number of times that a request is sent.
        first_wait_s: The seconds before the second attempt. The wait doubles with each further
            attempt.
        longest_wait_s: The maximum wait between two attempts, in seconds.
        statuses: The HTTP statuses that count as failures. A driver returns every other response to
            the flow without a retry.
    """

    tries: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    first_wait_s: float = attrs.field(default=0.2, validator=attrs.validators.ge(0))
    longest_wait_s: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))
    statuses: frozenset[int] = attrs.field(
        default=frozenset({429, 500, 502, 503, 504}), converter=frozenset
    )

    def wait_s(self, failed: int, error: NetworkError, request: Request) -> float | None:
        """
        Return the seconds to wait before *request* is retried, or None if it must not be retried.

        Args:
            failed: The number of failures of the request so far, at least 1.
            error: The last failure.
            request: The request.
        """
        if failed >= self.tries:
            return None
        if isinstance(error, RateLimitedError):
            asked_s = error.retry_after_s
            return asked_s if asked_s is not None and asked_s <= self.longest_wait_s else None
        repeatable = isinstance(error, TransientError) or (
            isinstance(error, OutcomeUnknownError) and request.repeat != "no"
        )
        if not repeatable:
            return None
        # The shift is limited, so that a policy with many attempts does not compute a huge integer.
        doubled: float = self.first_wait_s * (1 << min(failed - 1, 16))
        return min(doubled, self.longest_wait_s)


_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?P<day>\d\d) (?P<month>\w{{3}}) (?P<year>\d{{4}}) {_TIME} GMT",
        rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?P<day>\d\d)-(?P<month>\w{{3}})-(?P<year>\d\d) {_TIME} GMT",
        rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>\w{{3}}) (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)


def http_date(text: str, *, now: dt.datetime) -> dt.datetime | None:
    """
    Parse an HTTP date in any of the three formats. Return None if *text* is not an HTTP date.

    >>> http_date("Sun, 06 Nov 1994 08:49:37 GMT", now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.timezone.utc)

    Args:
        text: The value of the header.
        now: The current time; a two-digit year is interpreted as at most 50 years after it.

    Source:
        RFC 9110 section 5.6.7.
    """
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        if match is None or match["month"] not in _MONTHS:
            continue
        year = int(match["year"])
        if len(match["year"]) == 2:
            year += now.year // 100 * 100
            year -= 100 if year > now.year + 50 else 0
        # HTTP allows a leap second (60), which `datetime` does not support.
        second = 59 if match["second"] == "60" else int(match["second"])
        try:
            return dt.datetime(
                year,
                _MONTHS.index(match["month"]) + 1,
                int(match["day"]),
                int(match["hour"]),
                int(match["minute"]),
                second,
                tzinfo=dt.UTC,
            )
        except ValueError:
            return None
    return None


def retry_after_s(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """
    Return the seconds to wait according to the ``Retry-After`` header, or None.

    A date is compared with the ``Date`` header of the response, so that a wrong clock on either
    side makes no difference. If there is no ``Date`` header, it is compared with *now*.

    >>> retry_after_s({"retry-after": "120"})
    120.0
    >>> retry_after_s({"retry-after": "soon"}) is None
    True

    Source:
        RFC 9110 section 10.2.3.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        # A number with more digits could cause an overflow when it is added to a time.
        return float(value[:12])
    near = now or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    since = http_date(headers.get("date", ""), now=near) or now
    until = http_date(value, now=since or near)
    if until is None or since is None:
        return None
    return max(0.0, (until - since).total_seconds())

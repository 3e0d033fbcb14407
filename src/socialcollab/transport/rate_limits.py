"""Rate limits of networks, as they state them in the headers of responses."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol, TypeVar

import attrs

from socialcollab.errors import RateLimitedError, TransientError
from socialcollab.time import as_utc
from socialcollab.transport.adapter import Transport
from socialcollab.transport.flow import Request, Response
from socialcollab.transport.ports import Clock, system_clock

T = TypeVar("T")

_LONGEST: Final = dt.timedelta(days=366)
# Smaller numbers are seconds from now; larger numbers are seconds since 1970.
_FIRST_EPOCH: Final = 1_000_000_000
# The longest known period is 24 hours, which a server's clock can make a little longer.
_LONGEST_PERIOD: Final = dt.timedelta(days=1, minutes=5)
# Servers that state the seconds until the reset round them.
_SAME_PERIOD: Final = dt.timedelta(seconds=2)
_PREFIXES: Final = (
    "x-rate-limit",
    "x-user-limit-24hour",
    "x-app-limit-24hour",
    "x-ratelimit",
    "ratelimit",
)
# A part of a path that contains a digit, such as an id.
_PARAMETER: Final = re.compile(r"/[^/]*[0-9][^/]*")
_PERCENTAGES: Final = ("call_count", "total_time", "total_cputime")


@attrs.frozen(kw_only=True)
class RateLimit:
    """
    How many requests a network still accepts, and until when.

    Attributes:
        limit: The number of requests that the network accepts in each period, or None if it is not
            stated. Meta states percentages, so its limit is 100.
        remaining: How many of them are left, or None if it is not stated.
        resets_at: When the limit resets, in UTC; None if it is not stated.
    """

    limit: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    remaining: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    resets_at: dt.datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_utc)
    )

    def wait_s(self, now: dt.datetime) -> float | None:
        """
        Return the seconds until the next request, or None.

        None means that requests are left, or that it is not stated when the limit resets.

        >>> noon = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
        >>> RateLimit(remaining=0, resets_at=noon + dt.timedelta(minutes=1)).wait_s(noon)
        60.0
        """
        if self.resets_at is None or self.remaining:
            return None
        return max(0.0, (self.resets_at - now).total_seconds())

    def is_countable(self, now: dt.datetime) -> bool:
        """
        Return whether requests are counted against this limit until it resets.

        A limit that resets more than a day ahead is not counted, because its time is probably
        wrong, or the clock was set back. Otherwise, no request could be sent for a long time.
        """
        return (
            self.remaining is not None
            and self.resets_at is not None
            and now < self.resets_at <= now + _LONGEST_PERIOD
        )

    def after_request(self) -> RateLimit:
        """Return this limit with one request less."""
        return attrs.evolve(self, remaining=self.remaining - 1) if self.remaining else self

    def updated(self, stated: RateLimit, *, now: dt.datetime) -> RateLimit:
        """
        Return the limit that applies after another response has stated a limit.

        Responses can arrive in another order than the requests were counted, so requests that were
        counted do not become available again before the limit resets.
        """
        if not self.is_countable(now) or not stated.is_countable(now):
            return stated
        mine, theirs = self.remaining or 0, stated.remaining or 0
        ahead = (stated.resets_at or now) - (self.resets_at or now)
        if mine == 0:
            # The response belongs to a request that was sent before the limit was exhausted.
            return stated if theirs == 0 and ahead > dt.timedelta() else self
        if abs(ahead) > _SAME_PERIOD:
            return stated
        return attrs.evolve(stated, remaining=min(mine, theirs))


def read_rate_limit(headers: Mapping[str, str], *, now: dt.datetime) -> RateLimit | None:
    """
    Return the rate limit that the headers of a response state, or None.

    If they state several limits, the exhausted limit that applies longest is returned; otherwise
    the limit of which the smallest part is left. Values that make no sense, for example a time more
    than a year ahead, are ignored.

    >>> noon = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    >>> read_rate_limit(
    ...     {"ratelimit-limit": "30", "ratelimit-remaining": "29", "ratelimit-reset": "60"}, now=noon
    ... )
    RateLimit(limit=30, remaining=29, resets_at=datetime.datetime(2026, 4, 7, 12, 1, tzinfo=datetime.timezone.utc))

    Args:
        headers: The values of the headers by lower-case name.
        now: The current time. Times in headers are compared with the ``Date`` header, if there is
            one, so that a wrong clock on either side makes no difference.

    Source:
        RFC 9110 section 10.2.3 (``Retry-After``).
        draft-ietf-httpapi-ratelimit-headers-10 (``RateLimit``, ``RateLimit-Policy``), and -07, in
        which ``RateLimit`` is a dictionary.
        draft-polli-ratelimit-headers (``RateLimit-Limit``, ``-Remaining``, ``-Reset``); Bluesky
        sends the reset as seconds since 1970.
        docs.x.com/x-api/fundamentals/rate-limits (``x-rate-limit-*``, seconds since 1970).
        docs.joinmastodon.org/api/rate-limits (``X-RateLimit-*``, ISO 8601).
        developers.facebook.com/docs/graph-api/overview/rate-limiting (``X-App-Usage``,
        ``X-Page-Usage``, ``X-Business-Use-Case-Usage``).
    """
    now = as_utc(now)
    asked_s = _retry_after_s(headers, now=now)
    if asked_s is not None and asked_s <= _LONGEST.total_seconds():
        return RateLimit(remaining=0, resets_at=now + dt.timedelta(seconds=asked_s))
    limits = [*_numbered(headers, now), *_structured(headers, now), *_usage(headers, now)]
    exhausted = [limit for limit in limits if limit.remaining == 0]
    if exhausted:
        return max(exhausted, key=lambda limit: limit.resets_at or now)
    return min(limits, key=_part_left, default=None)


def limit_of(response: Response, *, now: dt.datetime) -> RateLimit | None:
    """
    Return the rate limit that a response states, or None.

    A successful response can also contain ``Retry-After``, for example while a video is processed.
    It is then no rate limit.
    """
    headers = dict(response.headers)
    if response.status not in (429, 503):
        headers.pop("retry-after", None)
    return read_rate_limit(headers, now=now)


def _part_left(limit: RateLimit) -> float:
    if limit.remaining is None:
        return math.inf
    # Without a limit, a single request left counts as half of it.
    return limit.remaining / (limit.limit or limit.remaining + 1)


def _numbered(headers: Mapping[str, str], now: dt.datetime) -> Iterator[RateLimit]:
    """Yield the limits that are stated in one header for each number."""
    for prefix in _PREFIXES:
        limit = RateLimit(
            # draft-polli: the policies can follow the limit.
            limit=_count(headers.get(f"{prefix}-limit", "").partition(",")[0]),
            remaining=_count(headers.get(f"{prefix}-remaining", "")),
            resets_at=_reset(headers.get(f"{prefix}-reset", ""), headers, now),
        )
        if limit.remaining is not None or limit.resets_at is not None:
            yield limit


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if re.fullmatch(r"[0-9]{1,15}", text) else None


def _reset(text: str, headers: Mapping[str, str], now: dt.datetime) -> dt.datetime | None:
    """Return the instant of a reset that is stated in seconds from now, since 1970 or as ISO 8601."""
    number = _count(text)
    if number is not None and number < _FIRST_EPOCH:
        return _in(number, now)
    try:
        at = (
            dt.datetime.fromisoformat(text.strip())
            if number is None
            else dt.datetime.fromtimestamp(number, dt.UTC)
        )
        if at.utcoffset() is None:
            return None
        at = as_utc(at)
    except (ValueError, OverflowError, OSError):
        return None
    sent_at = http_date(headers.get("date", ""), now=now) or now
    return _in((at - sent_at).total_seconds(), now)


def _in(seconds: float, now: dt.datetime) -> dt.datetime | None:
    if abs(seconds) > _LONGEST.total_seconds():
        return None
    return now + dt.timedelta(seconds=seconds)


def _structured(headers: Mapping[str, str], now: dt.datetime) -> Iterator[RateLimit]:
    """Yield the limits in the structured field ``RateLimit``."""
    value = headers.get("ratelimit", "")
    if not value:
        return
    quotas = {name: _number(values, "q") for name, values in _items(headers, "ratelimit-policy")}
    limits = [
        (_number(values, "r"), quotas.get(name), _number(values, "t"))
        for name, values in _items(headers, "ratelimit")
    ]
    if not limits:
        table = _parsed(value, "dictionary")
        values = {
            key: item[0]
            for key, item in (table.items() if isinstance(table, dict) else ())
            if isinstance(item, tuple)
        }
        limits = [
            (_number(values, "remaining"), _number(values, "limit"), _number(values, "reset"))
        ]
    for remaining, limit, seconds in limits:
        if remaining is not None:
            resets_at = None if seconds is None else _in(seconds, now)
            yield RateLimit(limit=limit, remaining=remaining, resets_at=resets_at)


def _items(headers: Mapping[str, str], name: str) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield the texts in a list, each with its parameters."""
    found = _parsed(headers.get(name, ""), "list")
    for item in found if isinstance(found, list) else ():
        text, parameters = item
        if isinstance(text, str):
            yield text, parameters


def _parsed(value: str, kind: str) -> object:
    import http_sf  # noqa: PLC0415  # few servers send structured fields

    try:
        return http_sf.parse(value.encode(), tltype=kind)
    except ValueError:
        return None


def _number(values: Mapping[str, object], key: str) -> int | None:
    value = values.get(key)
    return value if type(value) is int and 0 <= value <= 10**15 else None


def _usage(headers: Mapping[str, str], now: dt.datetime) -> Iterator[RateLimit]:
    """Yield the limits that Meta states as the used percentage."""
    for name in ("x-app-usage", "x-page-usage"):
        table = _json(headers.get(name, ""))
        yield from _used(table, now)
    table = _json(headers.get("x-business-use-case-usage", ""))
    for usages in table.values() if isinstance(table, dict) else ():
        for usage in usages if isinstance(usages, list) else ():
            yield from _used(usage, now)


def _json(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _used(usage: object, now: dt.datetime) -> Iterator[RateLimit]:
    if not isinstance(usage, dict):
        return
    used = [
        value
        for value in map(usage.get, _PERCENTAGES)
        if isinstance(value, (int, float)) and 0 <= value < 10**6
    ]
    minutes = usage.get("estimated_time_to_regain_access")
    resets_at = None
    if isinstance(minutes, int) and 0 < minutes < 10**9:
        resets_at = _in(60 * minutes, now)
    if resets_at is not None:
        yield RateLimit(limit=100, remaining=0, resets_at=resets_at)
    elif used:
        yield RateLimit(limit=100, remaining=max(0, 100 - math.ceil(max(used))))


class Budgets(Protocol):
    """
    The numbers of requests that networks still accept, shared by threads or by processes.

    A key names the budget of an account for one kind of request.
    """

    def take(self, key: str, *, now: dt.datetime) -> float | None:
        """
        Take one request from a budget, and return None if it may be sent.

        If the budget is exhausted, nothing is taken, and the seconds until the next request are
        returned. Of several callers that take the last request at the same time, one receives it.
        """
        ...

    def record(self, key: str, limit: RateLimit, *, now: dt.datetime) -> None:
        """Record the rate limit that a response states; see `RateLimit.updated`."""
        ...


class MemoryBudgets:
    """
    Budgets in memory, which the threads of one process share.

    >>> noon = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    >>> budgets = MemoryBudgets()
    >>> limit = RateLimit(remaining=1, resets_at=noon + dt.timedelta(minutes=1))
    >>> budgets.record("tulip-x", limit, now=noon)
    >>> budgets.take("tulip-x", now=noon), budgets.take("tulip-x", now=noon)
    (None, 60.0)
    """

    def __init__(self) -> None:
        self._limits: dict[str, RateLimit] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "MemoryBudgets()"

    def take(self, key: str, *, now: dt.datetime) -> float | None:
        """Take one request from a budget; see `Budgets.take`."""
        with self._lock:
            limit = self._limits.get(key)
            if limit is None or not limit.is_countable(now):
                return None
            if limit.remaining == 0:
                return limit.wait_s(now)
            self._limits[key] = limit.after_request()
            return None

    def record(self, key: str, limit: RateLimit, *, now: dt.datetime) -> None:
        """Record the rate limit that a response states; see `Budgets.record`."""
        with self._lock:
            known = self._limits.get(key)
            self._limits[key] = limit if known is None else known.updated(limit, now=now)


class BudgetedTransport:
    """
    A transport that sends no request for which the network's budget is exhausted.

    Networks count the requests of each account and operation, so each method and path has its own
    budget; parts of the path with a digit, such as the id of a post, do not matter.

    Args:
        inner: The transport that sends the requests.
        budgets: The budgets.
        account: The id of the account.
        clock: The clock.
    """

    def __init__(
        self, inner: Transport, budgets: Budgets, *, account: str, clock: Clock = system_clock
    ) -> None:
        self._inner = inner
        self._budgets = budgets
        self._account = account
        self._clock = clock

    def __repr__(self) -> str:
        return f"BudgetedTransport({self._inner!r})"

    def send(self, request: Request, *, timeout_s: float) -> Response:
        """
        Send one request and return the response, regardless of its status.

        If the budgets cannot be read or written, the request is sent all the same.

        Raises:
            RateLimitedError: If the budget is exhausted. Nothing is sent.
            TransientError: If the deadline passed before the request was sent.
            NetworkError: As raised by the inner transport.
        """
        until = time.monotonic() + timeout_s
        address = request.url.partition("?")[0].partition("://")[2]
        path = "/" + address.partition("/")[2]
        operation = f"{request.method} {_PARAMETER.sub('/*', path)}"
        key = f"{self._account} {operation}"
        wait_s = _logged(lambda: self._budgets.take(key, now=self._clock()))
        if wait_s is not None:
            raise RateLimitedError(
                f"no more requests of the kind `{operation}` are accepted before the rate limit"
                f" of `{self._account}` resets",
                retry_after_s=wait_s,
            )
        # The budgets may have waited for a lock.
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise TransientError("the deadline passed before the request was sent")
        response = self._inner.send(request, timeout_s=left_s)

        def record() -> None:
            now = self._clock()
            limit = limit_of(response, now=now)
            if limit is not None and limit.is_countable(now):
                self._budgets.record(key, limit, now=now)

        _logged(record)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _logged(function: Callable[[], T]) -> T | None:
    """Return the result of a function, or log its exception and return None."""
    try:
        return function()
    except Exception:
        # A store of budgets that fails must neither stop a post nor hide a response.
        import logging  # noqa: PLC0415  # blocking hosts do not load it

        logging.getLogger("socialcollab.transport").exception("the budgets cannot be used")
        return None


def retry_after_s(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """
    Return the seconds to wait according to the headers of a response that refuses a request.

    These are the seconds in ``Retry-After``, or otherwise the seconds until the exhausted rate limit
    resets; see `read_rate_limit`. None means that the headers do not state the time.

    >>> retry_after_s({"retry-after": "120"})
    120.0
    >>> retry_after_s({"retry-after": "soon"}) is None
    True

    Args:
        headers: The values of the headers by lower-case name.
        now: The current time. Without it, times are only compared with the ``Date`` header.

    Source:
        RFC 9110 section 10.2.3.
    """
    asked_s = _retry_after_s(headers, now=now)
    if asked_s is not None:
        return asked_s
    now = now or http_date(headers.get("date", ""), now=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    limit = None if now is None else read_rate_limit(headers, now=now)
    return None if limit is None or now is None else limit.wait_s(now)


def _retry_after_s(headers: Mapping[str, str], *, now: dt.datetime | None) -> float | None:
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

"""Read how long a server asks to wait."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final

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
    Read a date as HTTP writes it, in any of its three forms; None if it is none.

    >>> http_date("Sun, 06 Nov 1994 08:49:37 GMT", now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    datetime.datetime(1994, 11, 6, 8, 49, 37, tzinfo=datetime.timezone.utc)

    Args:
        text: The header's value.

        now: What a year of two digits is near to: it lies at most 50 years ahead.

    Source:
        RFC 9110 section 5.6.7.
    """
    for form in _FORMS:
        found = form.fullmatch(text.strip())
        if found is None or found["month"] not in _MONTHS:
            continue
        year = int(found["year"])
        if len(found["year"]) == 2:
            year += now.year // 100 * 100
            year -= 100 if year > now.year + 50 else 0
        try:
            # A leap second, which datetimes do not have, is the one before it.
            return dt.datetime(
                year,
                _MONTHS.index(found["month"]) + 1,
                int(found["day"]),
                int(found["hour"]),
                int(found["minute"]),
                min(int(found["second"]), 59) if found["second"] == "60" else int(found["second"]),
                tzinfo=dt.UTC,
            )
        except ValueError:
            return None
    return None


def retry_after_s(headers: Mapping[str, str], *, now: dt.datetime | None = None) -> float | None:
    """
    Return the seconds that an answer asks to wait, or None if it does not say.

    An instant is reckoned from the answer's own ``Date``, so that a wrong
    clock on either side does not matter; from *now* where it has none.

    >>> retry_after_s({"retry-after": "120"})
    120.0
    >>> retry_after_s({"retry-after": "soon"}) is None
    True

    Source:
        RFC 9110 section 10.2.3.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:12])
    near = now or dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    since = http_date(headers.get("date", ""), now=near) or now
    until = http_date(value, now=since or near)
    if until is None or since is None:
        return None
    return max(0.0, (until - since).total_seconds())

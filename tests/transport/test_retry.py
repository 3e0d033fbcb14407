"""The decision to retry a request, and the wait that a server requests."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from socialcollab.transport import Request, RetryPolicy, http_date, retry_after_s

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
READ = Request(method="GET", url="https://network.example/me")
ONCE = Request(method="POST", url="https://network.example/", creates=0, repeat="no")


@pytest.mark.parametrize(
    ("failed", "error", "request_", "wait_s"),
    [
        (1, TransientError("x"), READ, 0.5),
        (2, TransientError("x"), ONCE, 1.0),
        (4, TransientError("x"), READ, 3.0),
        (5, TransientError("x"), READ, None),
        (1, OutcomeUnknownError("x"), READ, 0.5),
        (1, OutcomeUnknownError("x"), ONCE, None),
        (1, RateLimitedError("x", retry_after_s=2), READ, 2),
        (1, RateLimitedError("x", retry_after_s=4), READ, None),
        (1, RateLimitedError("x"), READ, None),
        (1, AuthenticationError("x"), READ, None),
    ],
)
def test_policy(failed: int, error: NetworkError, request_: Request, wait_s: float | None) -> None:
    """Waits double up to the maximum, and requests that cannot succeed or be repeated are not retried."""
    policy = RetryPolicy(tries=5, first_wait_s=0.5, longest_wait_s=3.0)
    assert policy.wait_s(failed, error, request_) == wait_s


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_date_formats(text):
    """The three formats of RFC 9110 denote the same instant."""
    assert dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC) == http_date(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "+1", "1.5", "Sun, 31 Feb 2026 00:00:00 GMT", "²", "٣"]
)
def test_invalid_retry_after(text):
    """A value that is neither a number of seconds nor a date is ignored."""
    assert retry_after_s({"retry-after": text}, now=NOW) is None


def test_date_is_relative_to_answer():
    """A date is compared with the ``Date`` header of the response."""
    headers = {
        "date": "Tue, 07 Apr 2026 09:00:00 GMT",
        "retry-after": "Tue, 07 Apr 2026 09:02:00 GMT",
    }
    assert retry_after_s(headers, now=NOW) == 120.0
    assert retry_after_s(headers) == 120.0


def test_past_date():
    """A date in the past means that no wait is needed."""
    assert retry_after_s({"retry-after": "Tue, 07 Apr 2020 09:02:00 GMT"}, now=NOW) == 0.0


@given(st.integers(min_value=-(10**10), max_value=10**11))
def test_date_round_trip(seconds):
    """A date that is written and read back is the same instant."""
    at = dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    assert at == http_date(format_datetime(at, usegmt=True), now=NOW)


@given(st.text())
def test_any_text(text):
    """No header value raises an error."""
    retry_after_s({"retry-after": text, "date": text}, now=NOW)


def test_real_cases(shared_data):
    """Dates and waits from published test suites are parsed as these suites expect."""
    folder = shared_data("http-dates-retry")
    for line in (folder / "retry_after.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        now = dt.datetime.fromisoformat(case["now"])
        assert case["wait_seconds"] == retry_after_s({"retry-after": case["value"]}, now=now), case
    for line in (folder / "dates.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        read = http_date(case["test"], now=NOW)
        # The cases are lenient cookie dates. Only cases that are also HTTP dates are compared.
        if read is not None:
            assert case["expected"] is not None, case
            assert case["expected"] == format_datetime(read, usegmt=True), case

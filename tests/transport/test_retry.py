"""The decision to retry a request."""

from __future__ import annotations

import pytest

from socialcollab.errors import (
    AuthenticationError,
    NetworkError,
    OutcomeUnknownError,
    RateLimitedError,
    TransientError,
)
from socialcollab.transport import Request, RetryPolicy

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

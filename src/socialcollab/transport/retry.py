"""Decide whether to retry a failed request."""

from __future__ import annotations

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

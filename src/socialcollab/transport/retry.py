"""Say whether a request may be sent again, and after how long."""

from __future__ import annotations

import attrs

from socialcollab.errors import NetworkError, OutcomeUnknownError, RateLimitedError, TransientError
from socialcollab.transport.flow import Request


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """
    A value that says "send again after so long" or nothing; it never sleeps itself.

    Attributes:
        tries: How often a request is sent at most.

        first_wait_s: Seconds before the second try; doubled for each more.

        longest_wait_s: The most seconds between two tries.
    """

    tries: int = attrs.field(default=3, validator=attrs.validators.ge(1))
    first_wait_s: float = attrs.field(default=0.2, validator=attrs.validators.ge(0))
    longest_wait_s: float = attrs.field(default=10.0, validator=attrs.validators.ge(0))

    def wait_s(self, failed: int, error: NetworkError, request: Request) -> float | None:
        """
        Return the seconds to wait before sending *request* again; None: do not.

        Args:
            failed: How often it has failed so far, from 1 on.

            error: How it failed last.

            request: The request.
        """
        if failed >= self.tries:
            return None
        if isinstance(error, RateLimitedError):
            asked = error.retry_after_s
            return asked if asked is not None and asked <= self.longest_wait_s else None
        again = isinstance(error, TransientError) or (
            isinstance(error, OutcomeUnknownError) and request.repeat != "no"
        )
        if not again:
            return None
        doubled: float = self.first_wait_s * (1 << min(failed - 1, 16))
        return min(doubled, self.longest_wait_s)

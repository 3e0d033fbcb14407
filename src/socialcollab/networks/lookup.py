"""Look for a lost post among an account's posts since the post was prepared."""

from __future__ import annotations

import datetime as dt
from typing import Final

from socialcollab.directory import NetworkDescription
from socialcollab.networks.limits import check_limits
from socialcollab.time import as_utc
from socialcollab.transport import Missing, OutgoingPost, Prepared

_KEY: Final = "created_at"
# A server's clock may be ahead of or behind the sender's.
_CLOCK_SKEW: Final = dt.timedelta(minutes=5)


def prepared_at(
    description: NetworkDescription, outgoing: OutgoingPost, now: dt.datetime, **keys: str
) -> Prepared:
    """
    Check the network's limits, and store the time and other idempotency keys.

    Raises:
        RejectedError: If the post exceeds limits. The message lists all exceeded limits.
    """
    check_limits(description, outgoing)
    return Prepared(outgoing=outgoing, idempotency_keys={**keys, _KEY: as_utc(now).isoformat()})


def earliest(prepared: Prepared) -> dt.datetime:
    """Return the earliest time that the network can state for a prepared post, in UTC."""
    at = dt.datetime.fromisoformat(prepared.idempotency_keys[_KEY])
    return at.astimezone(dt.UTC) - _CLOCK_SKEW


def missing(description: NetworkDescription) -> Missing:
    """Return the result of a lookup that found nothing."""
    return Missing(conclusive_after=description.create_once.conclusive_after)

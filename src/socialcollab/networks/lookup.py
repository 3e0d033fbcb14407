"""Look for a lost post among an account's posts since the post was prepared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from socialcollab.directory import NetworkDescription
from socialcollab.networks.limits import check_limits
from socialcollab.networks.thread import found_part
from socialcollab.time import as_utc
from socialcollab.transport import (
    Found,
    Inconclusive,
    Missing,
    OutgoingPost,
    Prepared,
    Published,
)

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


def lookup_result(
    description: NetworkDescription,
    found: Published | Found | Missing | Inconclusive | None,
    count: int,
    progress: Mapping[str, str],
) -> Found | Missing | Inconclusive:
    """
    Return the result of a lookup of the next part of a post.

    Args:
        description: The limits and features of the network.
        found: The part, or None if it was not found; or the result if it is known already.
        count: The number of parts.
        progress: The values of the last checkpoint.
    """
    if found is None:
        return missing(description)
    if isinstance(found, Found):
        found = found.published
    return found_part(found, count, progress, {}) if isinstance(found, Published) else found

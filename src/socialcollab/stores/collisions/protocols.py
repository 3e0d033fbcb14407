"""The protocol of stores for presence and claims."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from socialcollab.collisions import Claim, Signal


class CollisionStore(Protocol):
    """
    A store for presence and claims; see docs/contracts/presence-and-claims.md.

    Items and organizations are separate: no method returns or changes the data of others. A store
    can be used by several threads at once.
    """

    def put_signal(self, organization: str, signal: Signal, *, until: dt.datetime) -> None:
        """
        Store the signal of a page in place of the page's last signal, and delete expired signals.

        A page is identified by the signal's item, member and device. The signals of other pages are
        neither read nor written.

        Args:
            organization: The organization.
            signal: The signal.
            until: When the signal expires. Signals of the organization that have expired at
                ``signal.at`` are deleted.
        """
        ...

    def signals(self, organization: str, item: str, *, at: dt.datetime) -> tuple[Signal, ...]:
        """Return the signals on an item that have not expired, by member and device."""
        ...

    def remove_signals(
        self, organization: str, member: str, *, item: str | None = None, device: str | None = None
    ) -> None:
        """Delete the signals of a member: of one item and device, or all of them if None."""
        ...

    def claim(self, organization: str, item: str) -> Claim | None:
        """Return the latest claim on an item, which may have ended, or None."""
        ...

    def replace_claim(self, organization: str, before: Claim | None, after: Claim) -> bool:
        """
        Store *after* if the latest claim on its item is still *before*, or if both do not exist.

        The comparison and the write are atomic, also between processes. Ended claims are kept,
        because the next claim needs a higher fencing token.

        Returns:
            Whether *after* was stored.
        """
        ...

    def close(self) -> None:
        """Release the resources of the store."""
        ...

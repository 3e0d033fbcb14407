"""Presence and claims in memory, for one process."""

from __future__ import annotations

import datetime as dt
import threading

from socialcollab.collisions import Claim, Signal


class MemoryCollisions:
    """
    Presence and claims in memory; see `CollisionStore`.

    The data disappears with the process and is not shared with other processes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._signals: dict[tuple[str, str, str, str], tuple[Signal, dt.datetime]] = {}
        self._claims: dict[tuple[str, str], Claim] = {}

    def __repr__(self) -> str:
        return "MemoryCollisions()"

    def put_signal(self, organization: str, signal: Signal, *, until: dt.datetime) -> None:
        """Store the signal of a page; see `CollisionStore.put_signal`."""
        with self._lock:
            expired = [
                key
                for key, (_, end) in self._signals.items()
                if key[0] == organization and end <= signal.at
            ]
            for key in expired:
                del self._signals[key]
            page = (organization, signal.item, signal.member, signal.device)
            self._signals[page] = (signal, until)

    def signals(self, organization: str, item: str, *, at: dt.datetime) -> tuple[Signal, ...]:
        """Return the signals on an item; see `CollisionStore.signals`."""
        with self._lock:
            return tuple(
                signal
                for key, (signal, end) in sorted(self._signals.items(), key=lambda pair: pair[0])
                if key[:2] == (organization, item) and end > at
            )

    def remove_signals(
        self, organization: str, member: str, *, item: str | None = None, device: str | None = None
    ) -> None:
        """Delete the signals of a member; see `CollisionStore.remove_signals`."""
        with self._lock:
            for key in list(self._signals):
                if (
                    (key[0], key[2]) == (organization, member)
                    and item in (None, key[1])
                    and device in (None, key[3])
                ):
                    del self._signals[key]

    def claim(self, organization: str, item: str) -> Claim | None:
        """Return the latest claim on an item; see `CollisionStore.claim`."""
        with self._lock:
            return self._claims.get((organization, item))

    def replace_claim(self, organization: str, before: Claim | None, after: Claim) -> bool:
        """Compare and set the claim on an item; see `CollisionStore.replace_claim`."""
        key = (organization, after.item)
        with self._lock:
            if self._claims.get(key) != before:
                return False
            self._claims[key] = after
            return True

    def close(self) -> None:
        """Do nothing, because there are no resources to release."""

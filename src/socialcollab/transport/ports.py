"""What transport asks of others: the time, and where media come from. Importable without httpx."""

from __future__ import annotations

import datetime as dt
from typing import BinaryIO, Protocol


class Clock(Protocol):
    """Whatever tells the time when called."""

    def __call__(self) -> dt.datetime:
        """Return this instant, with a UTC offset."""
        ...


class Media(Protocol):
    """
    Images and videos, kept by what they are and not by a name.

    The numbered promises are in docs/contracts/media.md. A digest is ``sha256:`` and 64 hexadecimal digits. What is put twice is
    kept once; what a digest names never changes.

    Raises:
        InvalidValueError: From any method, if a digest is not of that form.

        NotFoundError: From open, size and public_url, if nothing of that digest is kept.

        StoreUnavailableError: From any method, if media cannot be read or written now.
    """

    def put(self, data: bytes | BinaryIO) -> str:
        """Keep *data*, read from where it stands to its end, and return its digest."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """
        Return a fresh handle on what the digest names, at its start.

        The caller closes it. It can seek, so that a part can be read or sent again.
        """
        ...

    def size(self, digest: str) -> int:
        """Return how many bytes it has."""
        ...

    def public_url(self, digest: str) -> str | None:
        """Return an address that a network can fetch it from, or None if there is none."""
        ...

    def delete(self, digest: str) -> None:
        """
        Let go for good of what the digest names; if nothing of it is kept, do nothing.

        What else refers to it is the caller's concern.
        """
        ...

"""The ports of transport: clocks and media. Importing them does not load httpx."""

from __future__ import annotations

import datetime as dt
from typing import BinaryIO, Protocol


class Clock(Protocol):
    """A callable that returns the time."""

    def __call__(self) -> dt.datetime:
        """Return the current instant, with a UTC offset."""
        ...


def system_clock() -> dt.datetime:
    """Return the current instant of this machine, in UTC."""
    return dt.datetime.now(dt.UTC)


class Media(Protocol):
    """
    Storage for images and videos, addressed by their content.

    ``docs/contracts/media.md`` numbers the promises. A digest is ``sha256:`` followed by 64
    hexadecimal digits. Content that is put twice is kept once, and the content of a digest never
    changes.

    Raises:
        InvalidValueError: From any method, if a digest does not have that form.
        NotFoundError: From open, size and public_url, if no content has that digest.
        StoreUnavailableError: From any method, if media cannot be read or written now.
    """

    def put(self, data: bytes | BinaryIO) -> str:
        """Store *data*, reading a file from its current position to its end; return the digest."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """
        Return a new file object at the start of the content.

        The caller closes it. It can seek, so that a part can be read or sent again.
        """
        ...

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        ...

    def public_url(self, digest: str) -> str | None:
        """Return an address from which a network can fetch the content, or None."""
        ...

    def delete(self, digest: str) -> None:
        """
        Delete the content permanently; do nothing if there is none.

        The caller makes sure that nothing else refers to it.
        """
        ...

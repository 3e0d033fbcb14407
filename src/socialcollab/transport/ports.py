"""The transport ports: clocks and media. Importing them does not load httpx."""

from __future__ import annotations

import datetime as dt
from typing import BinaryIO, Protocol


class Clock(Protocol):
    """A callable that returns the time."""

    def __call__(self) -> dt.datetime:
        """Return the current time, with a UTC offset."""
        ...


def system_clock() -> dt.datetime:
    """Return the current system time, in UTC."""
    return dt.datetime.now(dt.UTC)


class Media(Protocol):
    """
    Content-addressed storage for images and videos.

    ``docs/contracts/media.md`` specifies it in full. A digest is ``sha256:`` followed by 64
    hexadecimal digits. Content that is put twice is stored once, and the content stored under a
    digest never changes.

    Raises:
        InvalidValueError: If a digest does not have this format (any method).
        NotFoundError: If there is no content with the digest (open, size and public_url).
        StoreUnavailableError: If media currently cannot be read or written (any method).
    """

    def put(self, data: bytes | BinaryIO) -> str:
        """
        Store *data* and return its digest.

        A file is read from its current position to its end.
        """
        ...

    def open(self, digest: str) -> BinaryIO:
        """
        Return a new file object, positioned at the start of the content.

        The caller must close it. It is seekable, so that parts of it can be read or sent again.
        """
        ...

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        ...

    def public_url(self, digest: str) -> str | None:
        """Return a URL from which a network can download the content, or None."""
        ...

    def delete(self, digest: str) -> None:
        """
        Delete the content permanently if it exists.

        The caller must ensure that nothing else refers to it.
        """
        ...

    def claim(self, organization: str) -> None:
        """
        Reserve the store for *organization*, unless it is already reserved for that organization.

        Two organizations cannot share a media store: a picture that one of them erases
        could still be in use in the other.

        Raises:
            InvalidValueError: If the store is reserved for another organization.
        """
        ...

"""A media store on object storage with the API of Amazon S3. It requires the extra `s3`."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from socialcollab.content import sniff_image, sniff_video
from socialcollab.errors import InvalidValueError, NotFoundError, StoreUnavailableError
from socialcollab.stores.media import check_claim, check_digest, chunks_of, damaged_media_error

if TYPE_CHECKING:
    from obstore.store import S3Store

_CLAIM: Final = "organization"
_IN_MEMORY: Final = 8 << 20
_PART: Final = 8 << 20
_PARTS_AT_ONCE: Final = 3
_READ: Final = 4 << 20
# A larger buffer would download more than is needed if a video is sent in chunks of a megabyte.
_BUFFER: Final = 1 << 20
_BEGINNING: Final = 64
_MOST_VERIFIED: Final = 256
# docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html, read 2026-11-30.
_LONGEST_URL: Final = dt.timedelta(days=7)


class S3Media:
    """
    A media store on object storage: Amazon S3, and services with its API such as MinIO or R2.

    Each content is an object that is named after its digest. It is uploaded only after it has been
    read completely, large content in several parts. `open` reads parts of the object when they are
    needed, so that a video is never in memory as a whole. Before that, it reads the whole object
    once and compares it with its digest, unless this process has stored or verified that version of
    the object.

    Args:
        store: The bucket, as an ``obstore.store.S3Store``, which also determines the credentials,
            timeouts and retries. Its option ``prefix`` selects a folder of the bucket.
        url: A function that returns the public URL for a digest, if the bucket is public. By
            default, `public_url` returns a signed URL, with which anyone can download the content
            until it expires.
        url_lifetime: How long a signed URL is valid, at most seven days.

    Raises:
        InvalidValueError: If *url_lifetime* is not possible.
    """

    def __init__(
        self,
        store: S3Store,
        *,
        url: Callable[[str], str] | None = None,
        url_lifetime: dt.timedelta = dt.timedelta(hours=6),
    ) -> None:
        if not dt.timedelta(seconds=1) <= url_lifetime <= _LONGEST_URL:
            raise InvalidValueError(
                f"a signed URL cannot be valid for {url_lifetime}",
                value=url_lifetime,
                expected="from one second to seven days",
            )
        self._store = store
        self._url = url
        self._url_lifetime = url_lifetime
        self._verified: dict[str, str] = {}

    def __repr__(self) -> str:
        return "S3Media()"

    def put(self, data: bytes | BinaryIO) -> str:
        """Store *data* and return its digest."""
        import obstore  # noqa: PLC0415  # it is installed by an extra

        running, beginning = hashlib.sha256(), b""
        with self._translated_errors(), tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            for chunk in chunks_of(data):
                beginning = beginning or chunk[:_BEGINNING]
                running.update(chunk)
                file.write(chunk)
            file.seek(0)
            digest = f"sha256:{running.hexdigest()}"
            kind = sniff_image(beginning) or sniff_video(beginning) or "application/octet-stream"
            # Existing content is replaced, because it may be damaged.
            stored = obstore.put(
                self._store,
                _name(digest),
                cast("BinaryIO", file),
                attributes={"Content-Type": kind},
                chunk_size=_PART,
                max_concurrency=_PARTS_AT_ONCE,
            )
        self._remember(digest, stored.get("e_tag"))
        return digest

    def open(self, digest: str) -> BinaryIO:
        """
        Return a new file object, positioned at the start of the content.

        Raises:
            CorruptJournalError: If the object does not match its digest. If it is replaced while it
                is being read, reading raises a StoreUnavailableError.
        """
        import obstore  # noqa: PLC0415  # it is installed by an extra

        size, tag = self._head(digest)
        if tag is None or self._verified.get(digest) != tag:
            running = hashlib.sha256()
            with self._translated_errors(digest):
                found = obstore.get(self._store, _name(digest))
                for chunk in found.stream(min_chunk_size=_READ):
                    running.update(chunk)
            if f"sha256:{running.hexdigest()}" != digest:
                raise damaged_media_error(digest)
            size, tag = int(found.meta["size"]), found.meta["e_tag"]
            self._remember(digest, tag)

        def read(start: int, end: int) -> bytes:
            options: dict[str, Any] = {"range": (start, end)}
            if tag is not None:
                options["if_match"] = tag
            with self._translated_errors(digest):
                part = obstore.get(self._store, _name(digest), options=cast("Any", options))
                return bytes(part.bytes())

        return cast("BinaryIO", io.BufferedReader(_ObjectFile(size, read), _BUFFER))

    def size(self, digest: str) -> int:
        """Return the size of the content in bytes."""
        return self._head(digest)[0]

    def public_url(self, digest: str) -> str | None:
        """Return the public URL of the content, or a signed URL that expires."""
        import obstore  # noqa: PLC0415  # it is installed by an extra

        self._head(digest)
        if self._url is not None:
            return self._url(digest)
        with self._translated_errors(digest):
            return obstore.sign(self._store, "GET", _name(digest), expires_in=self._url_lifetime)

    def delete(self, digest: str) -> None:
        """Delete the object with the content if it exists."""
        import obstore  # noqa: PLC0415  # it is installed by an extra

        name = _name(digest)
        self._verified.pop(digest, None)
        try:
            with self._translated_errors(digest):
                obstore.delete(self._store, name)
        except NotFoundError:
            return

    def claim(self, organization: str) -> None:
        """
        Reserve the folder of the bucket for *organization*.

        Raises:
            StoreUnavailableError: If the service cannot create an object only if it does not exist.
        """
        import obstore  # noqa: PLC0415  # it is installed by an extra
        from obstore.exceptions import AlreadyExistsError  # noqa: PLC0415

        with self._translated_errors():
            try:
                claimed = self._claimed()
            except FileNotFoundError:
                # It fails if another process has reserved the folder in the meantime.
                with suppress(AlreadyExistsError):
                    obstore.put(self._store, _CLAIM, organization.encode(), mode="create")
                claimed = self._claimed()
        check_claim(claimed, organization)

    def _claimed(self) -> str:
        import obstore  # noqa: PLC0415  # it is installed by an extra

        return bytes(obstore.get(self._store, _CLAIM).bytes()).decode()

    def _head(self, digest: str) -> tuple[int, str | None]:
        import obstore  # noqa: PLC0415  # it is installed by an extra

        name = _name(digest)
        with self._translated_errors(digest):
            found = obstore.head(self._store, name)
        return int(found["size"]), found["e_tag"]

    def _remember(self, digest: str, tag: str | None) -> None:
        if tag is None:
            return
        if len(self._verified) >= _MOST_VERIFIED:
            self._verified.clear()
        self._verified[digest] = tag

    @contextmanager
    def _translated_errors(self, digest: str = "") -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            yield
        except FileNotFoundError as error:
            if digest:
                raise NotFoundError("media", digest) from None
            raise _unavailable(error) from None
        except (BaseError, OSError) as error:
            raise _unavailable(error) from None


class _ObjectFile(io.RawIOBase):
    """
    An object as a file, of which only the parts that are read are downloaded.

    Args:
        size: The size of the object in bytes.
        read: Returns the bytes between two positions.
    """

    def __init__(self, size: int, read: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._size = size
        self._read_range = read
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"the position {base + offset} is before the start")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: Any) -> int:  # any writable buffer
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data = self._read_range(self._position, end)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        # The inherited method would send a request for every 8 KB.
        parts = []
        while self._position < self._size:
            part = bytearray(_READ)
            parts.append(bytes(part[: self.readinto(part)]))
        return b"".join(parts)


def _name(digest: str) -> str:
    return check_digest(digest).removeprefix("sha256:")


def _unavailable(error: Exception) -> StoreUnavailableError:
    # The message of the error can contain a signed URL, also as the cause in a traceback.
    return StoreUnavailableError(f"the object storage is unavailable ({type(error).__name__})")

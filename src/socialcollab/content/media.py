"""Pictures that go out with a post."""

from __future__ import annotations

import hashlib
import re
from typing import Self

import attrs

from socialcollab.errors import InvalidValueError

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def media_digest(data: bytes) -> str:
    """
    Name *data* by its content.

    >>> media_digest(b"")[:14]
    'sha256:e3b0c44'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sniff_image(data: bytes) -> str:
    """
    Tell the media type of an image by its first bytes; empty if it is none we know.

    >>> sniff_image(b"GIF89a...")
    'image/gif'
    """
    for signature, media_type in _SIGNATURES:
        if data.startswith(signature):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return ""


@attrs.frozen(kw_only=True)
class Image:
    """
    One picture of a post: what it shows is in the media store, under its digest.

    Attributes:
        digest: ``sha256:`` and 64 hex digits of its bytes.
        alt: What it shows, for those who do not see it; empty if nobody has said.
        media_type: Such as "image/jpeg".
        size_bytes: How many bytes it has.
        name: The file's name as given, for people.
    """

    digest: str
    alt: str = ""
    media_type: str = "image/jpeg"
    size_bytes: int = 0
    name: str = ""
    data: bytes | None = attrs.field(default=None, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise InvalidValueError(
                f"media digest `{self.digest}` is not `sha256:` and 64 hex digits",
                value=self.digest,
                expected="sha256:...",
            )

    @classmethod
    def from_bytes(cls, data: bytes, *, alt: str = "", name: str = "") -> Self:
        """
        Make an image of its bytes.

        Raises:
            InvalidValueError: If they are no PNG, JPEG, GIF or WebP.
        """
        media_type = sniff_image(data)
        if not media_type:
            raise InvalidValueError(
                f"`{name or 'image'}` is no PNG, JPEG, GIF or WebP image",
                value=name,
                expected="an image file",
            )
        return cls(
            digest=media_digest(data),
            alt=alt,
            media_type=media_type,
            size_bytes=len(data),
            name=name,
            data=data,
        )

    @classmethod
    def from_file(cls, path: str, *, alt: str = "") -> Self:
        """
        Read an image from a file.

        Raises:
            InvalidValueError: If it is no image of a type we know.
            OSError: If it cannot be read.
        """
        from socialcollab.content.load import read_bytes  # noqa: PLC0415  the room's one file that reads

        data, name = read_bytes(path)
        return cls.from_bytes(data, alt=alt, name=name)

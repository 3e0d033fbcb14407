"""The images of a post."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
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
    Return the digest of *data*, which identifies it in the media store.

    >>> media_digest(b"")[:14]
    'sha256:e3b0c44'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sniff_image(data: bytes) -> str:
    """
    Return the media type of an image, detected from its first bytes.

    Return an empty string if the type is unknown.

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
    An image in a post. Its bytes are stored in the media store under its digest.

    Attributes:
        digest: The SHA-256 digest of its bytes: ``sha256:`` followed by 64 hexadecimal digits.
        alt: The alt text for people who cannot see the image; may be empty.
        media_type: The media type, such as "image/jpeg".
        size_bytes: The size in bytes.
        name: The file name to display.
        data: The bytes if the image was just created from them; otherwise None.
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
                f"media digest `{self.digest}` is not `sha256:` followed by 64 hexadecimal digits",
                value=self.digest,
                expected="sha256:...",
            )

    @classmethod
    def from_bytes(cls, data: bytes, *, alt: str = "", name: str = "") -> Self:
        """
        Create an image from its bytes.

        Raises:
            InvalidValueError: If *data* is not a PNG, JPEG, GIF or WebP image.
        """
        media_type = sniff_image(data)
        if not media_type:
            raise InvalidValueError(
                f"`{name or 'image'}` is not a PNG, JPEG, GIF or WebP image",
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
            InvalidValueError: If the file is not a PNG, JPEG, GIF or WebP image.
            OSError: If the file cannot be read.
        """
        file = Path(path)
        return cls.from_bytes(file.read_bytes(), alt=alt, name=file.name)

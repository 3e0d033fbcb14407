"""Images and videos of a post."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from socialcollab.content import Image, Video, sniff_image, sniff_video
from socialcollab.errors import InvalidValueError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_image_from_file(tmp_path: Path) -> None:
    """An image from a file has its type, size and name, and its repr hides the bytes."""
    file = tmp_path / "tulips.png"
    file.write_bytes(PNG)
    image = Image.from_file(str(file), alt="Een veld tulpen")
    assert ("image/png", len(PNG), "tulips.png") == (image.media_type, image.size_bytes, image.name)
    assert image == Image.from_bytes(PNG, alt="Een veld tulpen", name="tulips.png")
    assert "PNG" not in repr(image)


def test_other_files_are_errors() -> None:
    """A file that is not an image raises an error that contains the file name."""
    with pytest.raises(InvalidValueError, match=r"`evil\.png` is not a PNG, JPEG, GIF or WebP"):
        Image.from_bytes(b"<script>", name="evil.png")


def test_invalid_digest() -> None:
    """A digest in another format raises an error."""
    for digest in ("sha256:123", None, 5):
        with pytest.raises(InvalidValueError, match="64 hexadecimal digits"):
            Image(digest=digest)


def test_kinds_of_bytes() -> None:
    """The bytes of an image cannot change afterwards, and must not be a text."""
    assert Image.from_bytes(bytearray(PNG)).data == PNG
    assert Image.from_bytes(memoryview(PNG)) == Image.from_bytes(PNG)
    with pytest.raises(InvalidValueError, match="of type `str`"):
        Image.from_bytes("tulip.png", name="tulip.png")


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"", ""),
    ],
)
def test_sniff_image(start: bytes, media_type: str) -> None:
    """The media type comes from the first bytes."""
    assert media_type == sniff_image(start)


@pytest.mark.parametrize(
    ("beginning", "media_type"),
    [
        (bytes(4) + b"ftypisom", "video/mp4"),
        (bytes(4) + b"ftypqt  ", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3" + bytes(20) + b"webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3" + bytes(20) + b"matroska", ""),
        (bytes(4) + b"ftypheic", ""),
        (bytes(4) + b"ftypavif", ""),
        (b"GIF89a", ""),
        (b"", ""),
    ],
)
def test_types_of_videos(beginning: bytes, media_type: str) -> None:
    """The type of a video is detected from its bytes; images in the same container are not videos."""
    assert sniff_video(beginning) == media_type


def test_invalid_videos() -> None:
    """A video must be a video, and a stream must be seekable."""

    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

    for stream, message in (
        (BytesIO(b"GIF89a"), "`a.mp4` is not an MP4"),
        (BytesIO(b""), "is not an MP4"),
        (Pipe(bytes(4) + b"ftypisom"), "cannot be read twice"),
    ):
        with pytest.raises(InvalidValueError, match=message):
            Video.from_stream(stream, name="a.mp4")
    with pytest.raises(InvalidValueError, match="media digest `x`"):
        Video(digest="x")

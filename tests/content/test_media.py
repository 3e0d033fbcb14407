"""Images are named by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from socialcollab.content import Image, sniff_image
from socialcollab.errors import InvalidValueError

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_an_image_knows_its_type_and_size(tmp_path: Path) -> None:
    file = tmp_path / "tulips.png"
    file.write_bytes(PNG)
    image = Image.from_file(str(file), alt="Een veld tulpen")
    assert ("image/png", len(PNG), "tulips.png") == (image.media_type, image.size_bytes, image.name)
    assert image == Image.from_bytes(PNG, alt="Een veld tulpen", name="tulips.png")
    assert "PNG" not in repr(image)


def test_what_is_no_image_is_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match=r"`evil\.png` is no PNG, JPEG, GIF or WebP"):
        Image.from_bytes(b"<script>", name="evil.png")


def test_a_digest_has_to_be_one() -> None:
    with pytest.raises(InvalidValueError, match="64 hex digits"):
        Image(digest="sha256:123")


@pytest.mark.parametrize(
    ("start", "found"),
    [
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", ""),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"", ""),
    ],
)
def test_types_are_told_by_first_bytes(start: bytes, found: str) -> None:
    assert found == sniff_image(start)

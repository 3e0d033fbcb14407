"""SG103: images without alt text."""

from __future__ import annotations

from socialcollab.content import Image, PostContent, media_digest
from socialcollab.styleguide import StyleGuide, lint


def test_file_name_is_no_description() -> None:
    """A file name is not an alt text."""
    images = [
        Image(digest=media_digest(b"1"), alt="IMG_1.jpg", name="img_1.jpg"),
        Image(digest=media_digest(b"2"), alt=" ", name=""),
        Image(digest=media_digest(b"3"), alt="Tulpen", name="tulpen.jpg"),
        Image(digest=media_digest(b"4"), alt="Een veld vol tulpen", name="x.jpg"),
    ]
    found = lint(PostContent(text="", media=images), StyleGuide.default())
    assert [f.message for f in found] == [
        "image 1 (`img_1.jpg`) has no alt text",
        "image 2 has no alt text",
        "image 3 (`tulpen.jpg`) has no alt text",
    ]

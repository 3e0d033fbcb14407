"""SG111: alt texts that help no reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Final

import attrs

from socialcollab.content import Attachment, Finding, Image
from socialcollab.styleguide.lint_input import LintInput
from socialcollab.styleguide.rules.alt_text_missing import has_description
from socialcollab.styleguide.rules.settings import as_limit

_BEGINNING: Final = re.compile(
    r"\s*(?:(?:an?|the|een|de|het)\s+)?"
    r"(?:image|photo|photograph|picture|graphic|afbeelding|foto|plaatje|video)"
    r"(?:\s+(?:of|showing|van|met)\b)?\s*[:,-]?\s*",
    re.IGNORECASE,
)
_FILE: Final = re.compile(r"[\w-]+\.(?:jpe?g|png|gif|webp|heic|mp4|mov)", re.IGNORECASE)
_CAMERA: Final = re.compile(
    r"(?:img|dsc|dji|pxl|screenshot|schermafbeelding)[\W_\d]*", re.IGNORECASE
)


@attrs.frozen(kw_only=True)
class AltTextQuality:
    """
    Report alt texts that are file names, that begin with "image of", or that are too long.

    What it does:
        The rule looks at the alt texts of images and videos. It reports a text that is a file name
        or the word "image" alone, a text that begins with words such as "photo of", a text that
        repeats the post, and a text that is longer than the limit.

    Why it matters:
        A screen reader already says that there is an image. What it shows is what a blind reader
        wants to know, in one or two sentences.

    Example:
        text = "De tulpen staan in bloei."
        images = [{ name = "1.jpg", alt = "Foto van een veld vol tulpen" }]

    Instead:
        text = "De tulpen staan in bloei."
        images = [{ name = "1.jpg", alt = "Een veld vol rode en gele tulpen" }]

    Source:
        w3.org/WAI/tutorials/images/tips, read 2026-11-30.

    Attributes:
        at_most: The maximum length of an alt text in characters.
    """

    code: ClassVar[str] = "SG111"

    at_most: int = attrs.field(default=420, converter=as_limit)

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report each alt text once, for its most serious fault."""
        texts = {
            " ".join(span.text.split()).casefold() for span in draft.spans if span.field == "text"
        }
        media: tuple[Attachment, ...] = (*draft.images, *draft.videos)
        for number, one in enumerate(media, start=1):
            alt = one.alt.strip()
            # SG103 reports images without a description.
            if not alt or (isinstance(one, Image) and not has_description(one)):
                continue
            params: dict[str, object] = {"number": number, "alt": alt[:60]}
            begins = _BEGINNING.match(alt)
            start = end = None
            if _FILE.fullmatch(alt) or _CAMERA.fullmatch(alt):
                kind = "file"
            elif begins is not None and begins.end() == len(alt):
                kind = "empty"
            elif " ".join(alt.split()).casefold() in texts:
                kind = "repeats"
            elif begins is not None and begins[0].split()[-1].rstrip(":,-").lower() in _LEADS:
                kind = "begins"
                start, end = 0, begins.end()
            elif len(alt) > self.at_most:
                kind = "long"
                params = {"number": number, "length": len(alt), "limit": self.at_most}
            else:
                continue
            yield Finding(
                code=self.code,
                message_code=f"SG111.{kind}",
                params=params,
                field="alt",
                start=start,
                end=end,
            )


_LEADS: Final = frozenset({"of", "showing", "van", "met"})

"""SG103: images without alt text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding, Image
from socialcollab.styleguide.lint_input import LintInput


@attrs.frozen(kw_only=True)
class AltTextMissing:
    """
    Report images without alt text.

    What it does:
        The rule reports every image whose alt text is empty or only repeats the file
        name.

    Why it matters:
        If an image has no alt text, a screen reader can only say "image". In
        many countries, the law requires public bodies and large companies to
        provide text alternatives for images.

    Example:
        text = "De tulpen staan in bloei."
        images = [{ name = "IMG_2041.jpg", alt = "IMG_2041.jpg" }]

    Instead:
        text = "De tulpen staan in bloei."
        images = [{ name = "IMG_2041.jpg", alt = "Een veld vol rode en gele tulpen" }]

    Source:
        WCAG 2.2, success criterion 1.1.1, Non-text Content.
    """

    code: ClassVar[str] = "SG103"

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every image without alt text, in order."""
        for number, image in enumerate(draft.images, start=1):
            if not has_description(image):
                yield Finding(
                    code=self.code,
                    message_code="SG103.named" if image.name else "",
                    params={"number": number, **({"name": image.name} if image.name else {})},
                    field="alt",
                )


def has_description(image: Image) -> bool:
    """Return whether the alt text of *image* is more than its file name."""
    alt = image.alt.strip().casefold()
    name = image.name.strip().casefold()
    return bool(alt) and alt not in {name, name.rpartition(".")[0]}

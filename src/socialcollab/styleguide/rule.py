"""What a rule of the style guide is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Protocol

from socialcollab.content import Finding
from socialcollab.styleguide.lint_input import LintInput


class Rule(Protocol):
    """
    One thing to look for in a post.

    A rule says only where and what. Whether it applies, how grave it is, in
    which order findings stand and who prints them is decided elsewhere.
    """

    code: ClassVar[str]
    """Its code, such as "SG101"; never used again for another rule."""

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """
        Report what it finds in *draft*.

        Places count code points of the field's text. A fix replaces exactly
        the reported stretch.
        """
        ...

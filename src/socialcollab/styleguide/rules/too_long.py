"""SG101: text that is too long for a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.styleguide.lint_input import LintInput, Target
from socialcollab.text import Length, fitting_end, measure, text_with_links


@attrs.frozen(kw_only=True)
class TooLong:
    """
    Report text that is longer than a network accepts.

    What it does:
        The rule measures the text that would be sent to each target, using the
        counting rules of the network. The text includes content warnings, and
        links if the network has no separate field for them. If the text is too
        long, the finding covers the part beyond the limit.

    Why it matters:
        The network would reject the post at the planned time, or cut it off in
        the middle of a sentence.

    Example:
        network = "x"
        text = "Onze nieuwe route is er. "
        repeat = 12

    Instead:
        network = "mastodon"
        text = "Onze nieuwe route is er. "
        repeat = 12

    Source:
        The network descriptions, which cite the networks' own pages.
    """

    code: ClassVar[str] = "SG101"

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every target whose text is too long."""
        measured: dict[tuple[str, object], Length] = {}
        for target, field, text, ending in _texts(draft):
            has_warnings = "content_warning" in target.network.features
            warning = ", ".join(draft.labels) if has_warnings else ""
            key = (f"{text}{ending}", target.network)
            length = measured.get(key) or measure(target.network, key[0], warning=warning)
            measured[key] = length
            if length.fits:
                continue
            bytes_only = length.value <= length.limit
            yield Finding(
                code=self.code,
                message_code="SG101.bytes" if bytes_only else "",
                params={
                    "network": target.network.title,
                    "length": length.size_bytes if bytes_only else length.value,
                    "limit": length.limit_bytes if bytes_only else length.limit,
                    "over": (length.size_bytes or 0) - (length.limit_bytes or 0)
                    if bytes_only
                    else length.over,
                },
                field=field,
                start=fitting_end(target.network, text, warning=warning, ending=ending),
                end=len(text),
                profile=target.profile,
            )


def _texts(draft: LintInput) -> Iterator[tuple[Target, str, str, str]]:
    """Yield each text with its target, its field, and the links that are sent at its end."""
    for target in draft.targets:
        sent = text_with_links(target.network, target.text, target.links or draft.links)
        yield target, "text", target.text, sent[len(target.text) :]
        for number, text in enumerate(target.thread, start=2):
            yield target, f"thread.{number}", text, ""
        if draft.first_comment:
            yield target, "first_comment", draft.first_comment, ""

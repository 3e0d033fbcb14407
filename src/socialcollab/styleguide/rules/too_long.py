"""SG101: text that is too long for a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.styleguide.lint_input import LintInput
from socialcollab.text import Length, fitting_end, measure, text_with_links


@attrs.frozen(kw_only=True)
class TooLong:
    """
    Report text that is longer than a network accepts.

    What it does:
        It measures the text that would be sent to each target, using the
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
        The descriptions of the networks, which cite the networks' own pages.
    """

    code: ClassVar[str] = "SG101"

    def check(self, draft: LintInput) -> Iterator[Finding]:
        """Report every target whose text is too long."""
        measured: dict[tuple[str, object], Length] = {}
        for target in draft.targets:
            sent = text_with_links(target.network, target.text, draft.links)
            has_warnings = "content_warning" in target.network.features
            warning = ", ".join(draft.labels) if has_warnings else ""
            key = (target.text, target.network)
            length = measured.get(key) or measure(target.network, sent, warning=warning)
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
                start=fitting_end(
                    target.network,
                    target.text,
                    warning=warning,
                    ending=sent[len(target.text) :],
                ),
                end=len(target.text),
                profile=target.profile,
            )

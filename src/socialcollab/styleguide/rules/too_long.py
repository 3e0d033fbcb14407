"""Texts that a network would refuse for their length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab.content import Finding
from socialcollab.styleguide.reading import Reading, Target
from socialcollab.text import Length, graphemes, measure

__all__ = ["TooLong"]

# No text that fits is longer: one link may take 4096 characters and count 23.
_WINDOW_PER_UNIT = 200


@attrs.frozen(kw_only=True)
class TooLong:
    """
    Report a text that is longer than a network takes.

    What it does:
        It measures the text of every target, variants included, as the
        target's network counts, and reports each that does not fit, from the
        first character past the limit on.

    Why it matters:
        The network refuses the post at the very minute it was planned for, or
        cuts it off in the middle of a sentence.

    Example:
        network = "x"
        text = "Onze nieuwe route is er. "
        repeat = 12

    Instead:
        network = "mastodon"
        text = "Onze nieuwe route is er. "
        repeat = 12

    Source:
        The limits of each network's description, which cite the network's own pages.
    """

    code: ClassVar[str] = "SG101"

    def check(self, draft: Reading) -> Iterator[Finding]:
        """Report each target whose text does not fit."""
        measured: dict[tuple[str, object], Length] = {}
        for target in draft.targets:
            key = (target.text, target.network)
            length = measured.get(key) or measure(target.network, target.text)
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
                start=_first_past(target),
                end=len(target.text),
                profile=target.profile,
            )


def _first_past(target: Target) -> int:
    """Return where the longest beginning that fits ends, at the edge of a grapheme."""
    window = target.text[: target.network.text.at_most * _WINDOW_PER_UNIT]
    edges = [0]
    for cluster in graphemes(window):
        edges.append(edges[-1] + len(cluster))
    low, high = 0, len(edges) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if measure(target.network, window[: edges[middle]]).fits:
            low = middle
        else:
            high = middle - 1
    return edges[low]

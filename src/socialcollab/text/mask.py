"""Hide the parts of a text that are not prose."""

from __future__ import annotations

import re
from typing import Final

from socialcollab.directory import NetworkDescription
from socialcollab.text.entities import entities

# Text in backticks, within one line. Fences of several lines are found first.
_CODE: Final = re.compile(r"(?m)^```[^\n]*\n(?:(?!```)[^\n]*\n)*+```[^\n]*|`[^`\n]++`")
_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+)++")


def mask(network: str | NetworkDescription, text: str, *, filler: str = "\ufffc") -> str:
    """
    Replace links, mentions, hashtags, cashtags, e-mail addresses and code with a filler.

    The masked text has the same length, so positions in it are positions in *text*. Rules about
    prose search the masked text, and therefore never match inside of a link or a handle.

    >>> mask("x", "Lees tulip.nl/very-unique van @ana", filler="_")
    'Lees ____________________ van ____'

    Args:
        network: The name of a built-in network, or a description.
        text: The text.
        filler: The character that replaces each hidden code point; by default U+FFFC, which is
            neither a letter nor a space.

    Raises:
        InvalidValueError: If *network* is not the name of a built-in or installed network.
    """
    spans = [(entity.start, entity.end) for entity in entities(network, text)]
    if "`" in text:
        spans += (match.span() for match in _CODE.finditer(text))
    if "@" in text:
        spans += (match.span() for match in _ADDRESS.finditer(text))
    if not spans:
        return text
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if end <= done:
            continue
        begin = max(start, done)
        parts += [text[done:begin], filler * (end - begin)]
        done = end
    return "".join([*parts, text[done:]])

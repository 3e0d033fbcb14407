"""Convert a text into the format in which LinkedIn accepts it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from socialcollab.errors import InvalidValueError
from socialcollab.text.entities import entities

_RESERVED: Final = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_URN: Final = re.compile(r"urn:li:(?:person|organization):[A-Za-z0-9_-]{1,64}", re.ASCII)
_HASHTAG: Final = re.compile(r"\w+")


def little_text(text: str, *, mentions: Mapping[str, str] | None = None) -> str:
    r"""
    Return *text* in LinkedIn's "little text" format, in which a post is sent.

    Reserved characters are escaped, because LinkedIn cuts a text off where it finds one that is not.
    Hashtags stay active. A mention becomes active if *mentions* contains its account; otherwise it
    stays plain text.

    >>> little_text("Kom langs (gratis) #lente @tulip", mentions={"tulip": "urn:li:organization:7"})
    'Kom langs \\(gratis\\) {hashtag|\\#|lente} @[tulip](urn:li:organization:7)'

    Args:
        text: The text.
        mentions: The identifiers (URNs) of people and organizations, by the name that follows ``@``.

    Raises:
        InvalidValueError: If a value of *mentions* is not the URN of a person or an organization.

    Source:
        learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format, read
        2026-11-30.
    """
    known = dict(mentions or {})
    for name, urn in known.items():
        if _URN.fullmatch(urn) is None:
            raise InvalidValueError(
                f"the account of `@{name[:50]}` is `{urn[:80]}`",
                value=urn,
                expected="a URN such as `urn:li:organization:2414183` or `urn:li:person:Ab1`",
            )
    parts: list[str] = []
    done = 0
    for entity in entities("linkedin", text):
        name = entity.text[1:]
        if entity.kind == "hashtag" and _HASHTAG.fullmatch(name):
            active = f"{{hashtag|\\#|{_escaped(name)}}}"
        elif entity.kind == "mention" and name in known:
            active = f"@[{_escaped(name)}]({known[name]})"
        else:
            continue
        parts += [_escaped(text[done : entity.start]), active]
        done = entity.end
    return "".join([*parts, _escaped(text[done:])])


def _escaped(text: str) -> str:
    return _RESERVED.sub(r"\\\g<0>", text)

"""Parse untrusted TOML, with a limit on the length of dotted keys."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

MAX_KEY_PARTS: Final = 32
"""The maximum number of parts in a dotted key or table name."""

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""
# A key begins a line, or follows a bracket or a comma.
_DEEP_KEY = re.compile(
    rf"(?:^|[\[{{,])[ \t]*+({_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{MAX_KEY_PARTS}}})", re.MULTILINE
)


def parse_toml(text: str) -> dict[str, Any]:
    """
    Parse a TOML string and return its tables.

    The standard library's parser needs time and memory proportional to the square of the number of
    parts in a dotted key. Keys with too many parts are therefore rejected before the text is
    parsed.

    >>> parse_toml("a.b = 1")
    {'a': {'b': 1}}

    Raises:
        tomllib.TOMLDecodeError: If *text* is not valid TOML, or if a key has more than
            `MAX_KEY_PARTS` parts. The message ends with the line and the column.
        RecursionError: If values are nested too deeply.
    """
    deep = _DEEP_KEY.search(text)
    if deep is not None:
        line = text.count("\n", 0, deep.start(1)) + 1
        column = deep.start(1) - text.rfind("\n", 0, deep.start(1))
        raise tomllib.TOMLDecodeError(
            f"A key has more than {MAX_KEY_PARTS} parts (at line {line}, column {column})"
        )
    return tomllib.loads(text)

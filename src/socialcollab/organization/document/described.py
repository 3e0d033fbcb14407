"""What a section's class says of itself and of its fields."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

_ATTRIBUTE = re.compile(r"    (\w+): (.*)")


def summary(cls: Any) -> str:
    """Return the first paragraph of a class's docstring, in one line."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n", 1)[0].split())


def descriptions(cls: Any) -> dict[str, str]:
    """Return what the docstring's list of attributes says of each."""
    return _descriptions(cls)


@cache
def _descriptions(cls: Any) -> dict[str, str]:
    text = inspect.getdoc(cls) or ""
    found: dict[str, str] = {}
    current = ""
    for line in text.partition("Attributes:\n")[2].splitlines():
        if line and not line.startswith("    "):
            break
        begun = _ATTRIBUTE.fullmatch(line)
        if begun and not line.startswith("     "):
            current = begun[1]
            found[current] = begun[2].strip()
        elif current and line.strip():
            found[current] += f" {line.strip()}"
    return found

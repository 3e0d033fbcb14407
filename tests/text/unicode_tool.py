"""The tool that generates the Unicode table, and a check of its Unicode version."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

from socialcollab.text.tables import unicode


@cache
def unicode_tool() -> ModuleType:
    """Return ``tools/text_tables.py`` as a module."""
    file = Path(__file__).resolve().parents[2] / "tools" / "text_tables.py"
    spec = importlib.util.spec_from_file_location("text_tables", file)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool


def same_unicode_version() -> bool:
    """Return whether the installed `regex` has the Unicode version of the table."""
    return unicode_tool().unicode_version() == unicode.UNICODE_VERSION

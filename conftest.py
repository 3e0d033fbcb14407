"""Run the code blocks of the README and the docs, and choose the number of processes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


def go_to_a_folder_of_its_own(names: dict[str, Any]) -> None:
    """Let a page read and write files without meeting those of another page."""
    names["_left"] = str(Path.cwd())
    names["_folder"] = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    os.chdir(names["_folder"].name)


def go_back(names: dict[str, Any]) -> None:
    """Leave the page's folder, and remove it."""
    os.chdir(names["_left"])
    names["_folder"].cleanup()


def pytest_xdist_auto_num_workers() -> int:
    """Return the number of processes: one more than processors, because some tests wait."""
    return (os.cpu_count() or 1) + 1


# Each page runs from its top to its end, its blocks sharing names and a folder.
pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
    setup=go_to_a_folder_of_its_own,
    teardown=go_back,
).pytest()

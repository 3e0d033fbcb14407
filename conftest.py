"""Run the code blocks of the README, as those of the docs are run."""

from __future__ import annotations

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


@pytest.fixture
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let a page read and write files without meeting those of another page."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Each page runs from its top to its end, in a folder of its own.
pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md"],
    fixtures=["in_a_folder_of_its_own"],
).pytest()

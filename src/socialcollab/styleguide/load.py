"""Read style guides from files; all else in this room takes values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from socialcollab.styleguide.document import LARGEST


def read_files(paths: Iterable[str]) -> dict[str, bytes]:
    """Return each file's bytes by its path; of a file too large only what shows that it is."""
    found = {}
    for path in paths:
        with Path(path).open("rb") as file:
            found[str(path)] = file.read(LARGEST + 1)
    return found

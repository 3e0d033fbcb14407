"""The one file of this room that reads from a disk."""

from __future__ import annotations

from pathlib import Path


def read_bytes(path: str) -> tuple[bytes, str]:
    """Return a file's bytes and its name without folders."""
    file = Path(path)
    return file.read_bytes(), file.name

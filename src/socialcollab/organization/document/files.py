"""The one file of this room that reads from a disk."""

from __future__ import annotations

from importlib import resources
from os import PathLike
from pathlib import Path

from socialcollab.organization.document.document import (
    MOST_BYTES,
    include_patterns,
    matches_pattern,
    named_files,
)
from socialcollab.organization.document.reader import Field


def read_files(
    path: str | PathLike[str], fields: tuple[Field, ...]
) -> tuple[bytes, dict[str, bytes]]:
    """
    Return a document's text, and the files beside it that it includes and names.

    Files that are not there are left out: the loader says so, with their places.
    """
    main = Path(path)
    folder = main.parent
    text = _read(main)
    patterns = include_patterns(text)
    included = {}
    for pattern in patterns:
        for found in sorted(folder.glob(pattern)):
            name = found.relative_to(folder).as_posix()
            if found.is_file() and matches_pattern(pattern, name):
                included[name] = _read(found)
    files = dict(included)
    for name in named_files(text, fields, included=included):
        if (folder / name).is_file():
            files[name] = _read(folder / name)
    return text, files


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        # One byte past the limit shows that there are more.
        return file.read(MOST_BYTES + 1)


def template_names() -> tuple[str, ...]:
    """Return the templates that ship with the library."""
    root = resources.files("socialcollab.organization") / "templates"
    return tuple(sorted(one.name for one in root.iterdir() if (one / "agency.toml").is_file()))


def read_template_files(name: str) -> dict[str, bytes]:
    """Return a template's files by name, ``agency.toml`` among them."""
    root = resources.files("socialcollab.organization") / "templates" / name
    files: dict[str, bytes] = {}
    ahead = [("", root)]
    while ahead:
        lead, folder = ahead.pop()
        for one in folder.iterdir():
            if one.is_dir():
                ahead.append((f"{lead}{one.name}/", one))
            else:
                files[f"{lead}{one.name}"] = one.read_bytes()
    return files

"""Reading a document and the files in its folder from disk."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from socialcollab.document_fields import Field
from socialcollab.organization.document.faults import Faults, printable
from socialcollab.organization.document.loader import (
    MOST_BYTES,
    include_patterns,
    matches_pattern,
    named_files,
)


def read_files(
    path: str | PathLike[str], fields: tuple[Field, ...]
) -> tuple[bytes, dict[str, bytes]]:
    """
    Return a document's text, and the files in its folder that it includes or names.

    Files that do not exist are omitted; the loader reports them with the places that name them.

    Raises:
        ExceptionGroup: With one `FaultError` for each file that a symbolic link takes outside the
            folder.
    """
    main = Path(path)
    folder = main.parent
    root = folder.resolve()
    faults = Faults()

    def read_inside(name: str, place: str) -> bytes:
        if (folder / name).resolve().is_relative_to(root):
            return _read(folder / name)
        faults.add(
            place,
            f"`{printable(name)}` leads to a file outside the folder of the document",
            "replace the symbolic link with a copy of the file",
            name,
        )
        return b""

    text = _read(main)
    included = {}
    for pattern in include_patterns(text):
        for file in sorted(folder.glob(pattern)):
            name = file.relative_to(folder).as_posix()
            # On some operating systems, glob patterns ignore case.
            if file.is_file() and matches_pattern(pattern, name):
                included[name] = read_inside(name, "include")
    named = {
        name: read_inside(name, place)
        for name, place in named_files(text, fields, included=included).items()
        if (folder / name).is_file()
    }
    faults.raise_all()
    return text, {**included, **named}


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        # One byte more than the limit is enough for the loader to report that the file is too
        # long.
        return file.read(MOST_BYTES + 1)

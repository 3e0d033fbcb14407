"""Split a CSV file into rows of cells, after detecting its encoding and separator."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs

from socialcollab.errors import InvalidValueError

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK: Final = 1 << 20


class UndecodableError(InvalidValueError):
    """
    Raised for a byte that is not valid in the encoding of the file.

    Attributes:
        byte: The byte.
        position: Its position in the file.
        row: The number of the row that contains it.
        encoding: The encoding.
        guess: A note on the meaning of the byte in another encoding, or an empty string.
    """

    def __init__(self, *, byte: int, position: int, row: int, encoding: str, guess: str) -> None:
        super().__init__(
            f"byte 0x{byte:02X} at position {position} (row {row}) is not {encoding}", value=byte
        )
        self.byte = byte
        self.position = position
        self.row = row
        self.encoding = encoding
        self.guess = guess


class BrokenCellError(InvalidValueError):
    """
    Raised for a cell that is too long for the csv module, or that has no closing quote.

    Attributes:
        row: The number of the row.
        cells: The cells that could be read, or the beginning of the row.
        too_long: Whether the cell is too long; otherwise its quotation mark is not closed.
    """

    def __init__(self, *, row: int, cells: tuple[str, ...], too_long: bool) -> None:
        super().__init__(f"a cell in row {row} does not end", value=row)
        self.row = row
        self.cells = cells
        self.too_long = too_long


@attrs.frozen
class SheetRecord:
    """
    A row of cells.

    Attributes:
        number: The row number, counted from 1.
        cells: The cells.
        bare_quote: Whether a quoted cell contains a quotation mark that is not doubled, so that the
            cell was not read as its author intended.
    """

    number: int
    cells: list[str]
    bare_quote: bool = False


def records(data: bytes, *, encoding: str = "") -> Iterator[SheetRecord]:
    """
    Yield the rows of a CSV file in order, including blank rows.

    The separator is declared by a first line such as ``sep=;``. Otherwise, it is the
    comma, semicolon or tab, whichever occurs most often in the first line. UTF-8, and
    UTF-16 with a byte order mark, are detected automatically.

    Raises:
        UndecodableError: If a byte is not valid in the encoding. It is raised before
            the first row is yielded.
        BrokenCellError: If a cell is too long or its quote is not closed. It is raised
            during iteration.
        InvalidValueError: If the encoding does not exist.
    """
    name = _encoding(data, encoding)
    _check(data, name)
    return _records(data, name)


def find_separator(data: bytes, *, encoding: str = "") -> str:
    """
    Return the separator of a CSV file that `records` accepts.

    Raises:
        InvalidValueError: If the encoding does not exist.
    """
    return _separator(_first_line(_text(data, _encoding(data, encoding))))


def _text(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")


def _first_line(source: io.TextIOWrapper) -> str:
    return source.readline(65_536).removeprefix("\ufeff")


def _encoding(data: bytes, given: str) -> str:
    if given:
        try:
            codec = codecs.lookup(given)
            # Codecs that do not convert text to bytes, such as rot13, raise an error here.
            "".encode(codec.name)
            codecs.getincrementaldecoder(codec.name)
        except (LookupError, ValueError) as error:
            raise InvalidValueError(
                f"there is no text encoding `{given}`", value=given, expected="such as cp1252"
            ) from error
        return "utf-8-sig" if codec.name == "utf-8" else codec.name
    return next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")


def _check(data: bytes, encoding: str) -> None:
    """Raise an error for the first invalid byte. The data is decoded in chunks to save memory."""
    # The `utf-8-sig` codec drops the byte order mark, which would shift all positions.
    decoder = codecs.getincrementaldecoder("utf-8" if encoding == "utf-8-sig" else encoding)()
    view = memoryview(data)
    for start in range(0, max(len(data), 1), _CHUNK):
        pending = len(decoder.getstate()[0])
        last = start + _CHUNK >= len(data)
        try:
            decoder.decode(bytes(view[start : start + _CHUNK]), final=last)
        except UnicodeDecodeError as error:
            position = min(start - pending + error.start, len(data) - 1)
            raise _undecodable(data, position, encoding) from error
    if encoding == "utf-8" and b"\0" in data[:4]:
        # Some spreadsheet programs save UTF-16 without a byte order mark. Such a file is valid
        # UTF-8 in which every second character is NUL, so it would be read as nonsense.
        raise _undecodable(data, data.index(b"\0"), encoding)


def _undecodable(data: bytes, position: int, encoding: str) -> UndecodableError:
    before = data[:position].decode(encoding, errors="ignore")
    rows = sum(1 for _ in _parsed(io.StringIO(before, newline=""), _separator(before)))
    begins_row = not before or before[-1] in "\r\n"
    byte = data[position]
    guess = ""
    if encoding.startswith("utf-8") and byte >= 0x80:
        character = bytes([byte]).decode("cp1252", errors="ignore")
        guess = f' (in cp1252, this byte is "{character}")' if character else ""
    return UndecodableError(
        byte=byte,
        position=position,
        row=rows + 1 if begins_row else max(rows, 1),
        encoding={"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(
            encoding, encoding
        ),
        guess=guess,
    )


def _separator(text: str) -> str:
    line = text[: text.find("\n") + 1] or text
    if line.lower().startswith("sep=") and len(line.strip()) == 5:
        return line[4]
    outside = "".join(line.split('"')[::2])
    return max(",;\t", key=lambda mark: (outside.count(mark), mark == ","))


def _parsed(lines: Iterator[str] | io.StringIO, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=separator, doublequote=True, strict=False)
    try:
        yield from reader
    except csv.Error:
        return


class _Lines:
    """
    The lines of a file.

    Its *read* attribute contains the lines of the current row.
    """

    def __init__(self, source: io.TextIOWrapper) -> None:
        self._source = source
        self.read: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._source.readline()
        if not line:
            self.ended = True
            raise StopIteration
        self.read.append(line)
        return line


def _records(data: bytes, encoding: str) -> Iterator[SheetRecord]:
    source = _text(data, encoding)
    start = _first_line(source)
    separator = _separator(start)
    source.seek(0)
    lines = _Lines(source)
    if start.lower().startswith("sep=") and len(start.strip()) == 5:
        next(lines)
    reader = csv.reader(lines, delimiter=separator, doublequote=True, strict=False)
    number = 0
    while True:
        lines.read.clear()
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            beginning = "".join(lines.read)[:200]
            raise BrokenCellError(row=number, cells=(beginning,), too_long=True) from error
        if cells is None:
            return
        if number == 1 and cells:
            cells[0] = cells[0].removeprefix("\ufeff")
        # The csv module requests another line after the last line only if a quote is open.
        if lines.ended:
            raise BrokenCellError(row=number, cells=tuple(cells), too_long=False)
        is_quoted = any('"' in line for line in lines.read)
        yield SheetRecord(number, cells, is_quoted and _has_bare_quote(lines.read, separator))


def _has_bare_quote(lines: list[str], separator: str) -> bool:
    """Return whether a cell that begins with a quote continues after its closing quote."""
    # The csv module drops such a quote silently, except in strict mode.
    if _is_strict(lines, separator):
        return False
    # Spaces between a closing quote and a separator are harmless, but strict mode rejects them.
    closed = re.sub(rf'"[ \t]+(?=[{re.escape(separator)}\r\n]|\Z)', '"', "".join(lines))
    return not _is_strict(io.StringIO(closed, newline=""), separator)


def _is_strict(lines: Iterable[str], separator: str) -> bool:
    try:
        next(csv.reader(lines, delimiter=separator, doublequote=True, strict=True), None)
    except csv.Error:
        return False
    return True

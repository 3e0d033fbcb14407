"""A spreadsheet of posts, as bulk composers write it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from socialcollab.scheduling.csv.columns import FIELDS, find_columns
from socialcollab.scheduling.csv.row import Imported, SheetLimits, SheetProblem, SheetRow
from socialcollab.scheduling.csv.row_reader import RowReader
from socialcollab.scheduling.csv.text import (
    BrokenCellError,
    SheetRecord,
    UndecodableError,
    records,
)
from socialcollab.time import DateOrder, as_utc
from socialcollab.time import zone as zone_of
from socialcollab.verdicts import Reason

# How the workbooks of spreadsheet programs begin: they are archives.
_ZIP = b"PK\x03\x04"

_SHOWN: Final = 200


def read_csv(
    data: bytes,
    *,
    zone: str | None = None,
    order: DateOrder | None = None,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    limits: SheetLimits | None = None,
    encoding: str = "",
    now: dt.datetime | None = None,
) -> Imported:
    r"""
    Read a spreadsheet of posts, problems and all.

    Columns are known by the names that Sprout Social, HighLevel, Auto-PostIt,
    MagicSync and others give them, besides our own: profiles, date, time, text,
    link, image, alt, tags, campaign, language, author, note, ref. Without a
    header, the columns of Hootsuite and Postcron are known. Several profiles
    are parted by ``|`` or ``;``, several images and alt texts by ``|``.

    >>> sheet = read_csv(b"date,time_24hr,message_text\n25/12/2026,09:30,Merry Christmas\n")
    >>> sheet.rows[0].local.isoformat(), sheet.rows[0].text
    ('2026-12-25T09:30:00', 'Merry Christmas')
    >>> problem = read_csv(b"date,time,text\n03/04/2026,09:30,Hello\n").problems[0]
    >>> problem.row, problem.column, problem.code
    (2, 'date', 'sheet.ambiguous_date')

    Args:
        data: The file: UTF-8, or UTF-16 with a byte order mark.
        zone: The zone its times are in. With it, times that a clock change
            skips or repeats are problems, and times with an offset are read.
        order: Whether a day or a month comes first in a date like 03/04/2026.
        columns: The field of each header, or of each column of a file without
            a header (an empty string passes one over).
        limits: How much is read.
        encoding: The encoding, where it is another.
        now: The present, with a UTC offset: earlier times are problems.

    Raises:
        NaiveDatetimeError: If *now* has no UTC offset.
        InvalidValueError: If the zone, the encoding or a field of *columns*
            does not exist. What is wrong in the file is no error.
    """
    rows: list[SheetRow] = []
    problems: list[SheetProblem] = []
    reader = _Reader(
        zone=zone,
        order=order,
        columns=columns,
        limits=limits or SheetLimits(),
        encoding=encoding,
        now=now,
    )
    for found in reader.read(data):
        if isinstance(found, SheetRow):
            rows.append(found)
        else:
            problems.append(found)
    return Imported(rows=tuple(rows), problems=tuple(problems), columns=reader.names)


def iter_csv(
    data: bytes,
    *,
    zone: str | None = None,
    order: DateOrder | None = None,
    columns: Mapping[str, str] | Sequence[str] | None = None,
    limits: SheetLimits | None = None,
    encoding: str = "",
    now: dt.datetime | None = None,
) -> Iterator[SheetRow | SheetProblem]:
    """
    Yield rows and problems one by one, in the file's order; see `read_csv`.

    Problems that do not block a row come just before it. Nothing is kept: a
    file of any length takes the memory of its bytes.
    """
    reader = _Reader(
        zone=zone,
        order=order,
        columns=columns,
        limits=limits or SheetLimits(),
        encoding=encoding,
        now=now,
    )
    return reader.read(data)


class _Reader:
    """One reading of one file."""

    def __init__(
        self,
        *,
        zone: str | None,
        order: DateOrder | None,
        columns: Mapping[str, str] | Sequence[str] | None,
        limits: SheetLimits,
        encoding: str,
        now: dt.datetime | None,
    ) -> None:
        self.zone = zone_of(zone).key if zone else None
        self.order = order
        self.given = columns
        self.limits = limits
        self.encoding = encoding
        self.now = as_utc(now) if now is not None else None
        self.names: tuple[str, ...] = ()
        find_columns([], given=columns)

    def read(self, data: bytes) -> Iterator[SheetRow | SheetProblem]:
        if data.startswith(_ZIP):
            yield SheetProblem(
                row=0,
                column="",
                reason=Reason.of("sheet.workbook"),
                fix=Reason.of("sheet.workbook.fix"),
            )
            return
        try:
            found = records(data, encoding=self.encoding)
        except UndecodableError as error:
            yield SheetProblem(
                row=error.row,
                column="",
                reason=Reason.of(
                    "sheet.encoding",
                    byte=f"0x{error.byte:02X}",
                    position=error.position,
                    encoding=error.encoding,
                ),
                fix=Reason.of("sheet.encoding.fix", guess=error.guess),
                value=f"0x{error.byte:02X}",
            )
            return
        try:
            yield from self._rows(found)
        except BrokenCellError as error:
            code = "sheet.long_cell" if error.too_long else "sheet.open_quote"
            yield SheetProblem(
                row=error.row,
                column="",
                reason=Reason.of(code, most=self.limits.cell_bytes),
                fix=Reason.of(f"{code}.fix"),
                value=error.cells[0][:_SHOWN] if error.cells else "",
                cells=error.cells,
            )

    def _rows(self, found: Iterator[SheetRecord]) -> Iterator[SheetRow | SheetProblem]:
        first = next((record for record in found if any(map(str.strip, record.cells))), None)
        if first is None:
            return
        columns = find_columns(first.cells, given=self.given)
        if columns is None:
            yield SheetProblem(
                row=first.number,
                column="",
                reason=Reason.of("sheet.no_header", value=", ".join(first.cells)[:_SHOWN]),
                fix=Reason.of("sheet.no_header.fix", columns=", ".join(FIELDS)),
                cells=tuple(first.cells),
            )
            return
        self.names = columns.names
        for name in columns.unknown:
            yield SheetProblem(
                row=first.number,
                column=name.strip(),
                reason=Reason.of("sheet.unknown_column", value=name.strip()[:_SHOWN]),
                fix=Reason.of("sheet.unknown_column.fix", columns=", ".join(FIELDS)),
                value=name[:_SHOWN],
                cells=tuple(first.cells),
                blocks=False,
            )
        row = RowReader(
            columns,
            zone=self.zone,
            order=self.order,
            now=self.now,
            most_bytes=self.limits.cell_bytes,
        )
        count = 0
        if not columns.header:
            count += 1
            yield from row.read(first)
        for record in found:
            if not any(record.cells):
                continue
            count += 1
            if count > self.limits.rows:
                yield SheetProblem(
                    row=record.number,
                    column="",
                    reason=Reason.of("sheet.too_many_rows", most=self.limits.rows),
                    fix=Reason.of("sheet.too_many_rows.fix"),
                    cells=tuple(record.cells),
                )
                return
            yield from row.read(record)

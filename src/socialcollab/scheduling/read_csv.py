"""A spreadsheet of posts, as bulk composers write it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.scheduling.formula import looks_like_formula, restored
from socialcollab.scheduling.sheet_columns import FIELDS, Columns, find_columns
from socialcollab.scheduling.sheet_row import Imported, SheetLimits, SheetProblem, SheetRow
from socialcollab.scheduling.sheet_text import BrokenCellError, Record, UndecodableError, records
from socialcollab.time import AmbiguousDateError, DateOrder, as_utc, local_time, parse_date, resolve
from socialcollab.time import zone as zone_of
from socialcollab.verdicts import Reason

__all__ = ["iter_csv", "read_csv"]

_WHEN: Final = re.compile(
    r"([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4})"
    r"(?:(?:[ ]+|T)([0-9]{1,2}[:.][0-9]{2}.*))?",
    re.DOTALL,
)
_TIME: Final = re.compile(
    r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2})(?:\.[0-9]+)?)?[ ]?([AaPp])?(?(4)\.?[Mm]\.?)"
    r"[ ]?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WEB_LIST: Final = re.compile(r"\s*\|\s*|\s*[,;]?\s+(?=https?://)|[,;](?=https?://)")
_WORD_LIST: Final = re.compile(r"[|;]")
_TAG_LIST: Final = re.compile(r"[|;,]")
_FURTHEST_BEHIND: Final = dt.timedelta(hours=12)
_SHOWN: Final = 200


class _CellError(Exception):
    """A cell that blocks its row."""

    def __init__(self, field: str, code: str, value: str, **params: object) -> None:
        super().__init__(code)
        self.field = field
        self.value = value
        self.reason = Reason.of(code, value=value, **params)


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

    def _rows(self, found: Iterator[Record]) -> Iterator[SheetRow | SheetProblem]:
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
        row = _RowReader(columns, self)
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


class _RowReader:
    """Reads the rows of one file, its columns known."""

    def __init__(self, columns: Columns, reader: _Reader) -> None:
        self.columns = columns
        self.reader = reader
        self.order = reader.order or columns.order
        self.at = {field: columns.at(field) for field in {*columns.fields, *FIELDS}}
        self.width = len(columns.fields)

    def read(self, record: Record) -> Iterator[SheetRow | SheetProblem]:
        cells = record.cells
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            yield self._problem(
                record, "", Reason.of("sheet.too_many_cells", value=len(cells), columns=self.width)
            )
            return
        blocked = False
        for index, cell in enumerate(cells[: self.width]):
            fault = self._fault(cell)
            if fault is not None:
                blocked = blocked or fault.code != "sheet.formula"
                yield self._problem(record, self._name(index), fault, cell)
        if blocked:
            return
        try:
            row = self._row(record)
        except _CellError as error:
            at = self.at.get(error.field, ())
            yield self._problem(record, self._name(at[0]) if at else "", error.reason, error.value)
            return
        if row is not None:
            yield row

    def _fault(self, cell: str) -> Reason | None:
        most = self.reader.limits.cell_bytes
        # A character is at most four bytes: most cells need no encoding to be measured.
        if len(cell) * 4 > most and len(cell.encode(errors="surrogatepass")) > most:
            return Reason.of("sheet.long_cell", most=most)
        if "\0" in cell:
            return Reason.of("sheet.nul")
        if looks_like_formula(cell):
            return Reason.of("sheet.formula", value=cell[:_SHOWN])
        return None

    def _name(self, index: int) -> str:
        return self.columns.names[index] or str(index + 1)

    def _problem(
        self, record: Record, column: str, reason: Reason, value: str = ""
    ) -> SheetProblem:
        return SheetProblem(
            row=record.number,
            column=column,
            reason=reason,
            fix=Reason.of(f"{reason.code}.fix"),
            value=value[:_SHOWN],
            cells=tuple(record.cells),
            blocks=reason.code != "sheet.formula",
        )

    def _cell(self, record: Record, field: str) -> str:
        cells = record.cells
        for index in self.at[field]:
            if index < len(cells):
                cell = cells[index].strip()
                if cell:
                    return restored(cell)
        return ""

    def _row(self, record: Record) -> SheetRow | None:
        cell = self._cell
        text = cell(record, "text")
        image = "|".join(
            record.cells[index].strip()
            for index in self.at["image"]
            if index < len(record.cells) and record.cells[index].strip()
        )
        if not text and not image:
            if not any(map(str.strip, record.cells)):
                return None
            raise _CellError("text", "sheet.empty", "")
        return SheetRow(
            number=record.number,
            profiles=_parts(_WORD_LIST, cell(record, "profiles")),
            local=self._local(record),
            text=text,
            link=cell(record, "link"),
            images=_parts(_WEB_LIST if "://" in image else _TAG_LIST, image),
            alts=tuple(part.strip() for part in cell(record, "alt").split("|"))
            if cell(record, "alt")
            else (),
            tags=tuple(tag.lstrip("#") for tag in _parts(_TAG_LIST, cell(record, "tags"))),
            campaign=cell(record, "campaign"),
            language=cell(record, "language"),
            author=cell(record, "author"),
            note=cell(record, "note"),
            ref=cell(record, "ref"),
        )

    def _local(self, record: Record) -> dt.datetime | None:
        date, time = self._cell(record, "date"), self._cell(record, "time")
        if "year" in self.at:
            year, month, day, hour, minute = (
                self._cell(record, part) for part in ("year", "month", "day", "hour", "minute")
            )
            if not any((year, month, day, hour, minute)):
                return None
            date, time = f"{year.zfill(4)}-{month}-{day}", f"{hour}:{minute.zfill(2)}"
            local = self._read(date, time, "year", "hour")
        elif not date and not time:
            return None
        else:
            local = self._read(date, time, "date", "time" if self.at["time"] else "date")
        self._check_time(local)
        return local

    def _read(self, date: str, time: str, date_field: str, time_field: str) -> dt.datetime:
        found = _WHEN.fullmatch(date)
        if found is None:
            raise _CellError(date_field, "sheet.bad_date", date[:_SHOWN])
        try:
            day = parse_date(found[1], order=self.order)
        except AmbiguousDateError as error:
            first, second = (reading.isoformat() for reading in error.readings)
            raise _CellError(
                date_field, "sheet.ambiguous_date", date[:_SHOWN], first=first, second=second
            ) from error
        except InvalidValueError as error:
            raise _CellError(date_field, "sheet.bad_date", date[:_SHOWN]) from error
        # Spreadsheets write a date with 00:00 beside a time of its own.
        clock = time or found[2] or ""
        return self._clock(day, clock.strip(), time_field if time or not found[2] else date_field)

    def _clock(self, day: dt.date, clock: str, field: str) -> dt.datetime:
        found = _TIME.fullmatch(clock)
        if found is None:
            raise _CellError(field, "sheet.bad_time", clock[:_SHOWN])
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        if found[4]:
            if not 1 <= hour <= 12:
                raise _CellError(field, "sheet.bad_time", clock[:_SHOWN])
            hour = hour % 12 + (12 if found[4] in "Pp" else 0)
        try:
            local = dt.datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001
            if not found[5]:
                return local
            offset = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{found[5]}").tzinfo
            if self.reader.zone is None:
                raise _CellError(field, "sheet.offset", clock[:_SHOWN])
            return local_time(local.replace(tzinfo=offset), self.reader.zone)
        except (ValueError, OverflowError) as error:
            raise _CellError(field, "sheet.bad_time", clock[:_SHOWN]) from error

    def _check_time(self, local: dt.datetime) -> None:
        zone, now = self.reader.zone, self.reader.now
        shown = f"{local:%Y-%m-%d %H:%M}"
        field = "date" if self.at["date"] else "year"
        if zone is not None:
            try:
                instant = resolve(local, zone)
            except SkippedTimeError as error:
                raise _CellError(field, "sheet.skipped_time", shown, zone=zone) from error
            except RepeatedTimeError as error:
                raise _CellError(field, "sheet.repeated_time", shown, zone=zone) from error
            except InvalidValueError as error:
                raise _CellError(field, "sheet.bad_date", shown) from error
            if now is not None and instant <= now:
                raise _CellError(field, "sheet.past", shown)
        elif now is not None and local < (now - _FURTHEST_BEHIND).replace(tzinfo=None):
            # Without a zone, it has passed for certain once it has everywhere.
            raise _CellError(field, "sheet.past", shown)


def _parts(pattern: re.Pattern[str], cell: str) -> tuple[str, ...]:
    if not cell:
        return ()
    return tuple(part for part in map(str.strip, pattern.split(cell)) if part)

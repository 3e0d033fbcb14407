"""Read a spreadsheet of posts in a bulk composer's format."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.scheduling.csv.columns import FIELDS, Columns, find_columns
from socialcollab.scheduling.csv.formula import FORMULA_STARTS, looks_like_formula, restored
from socialcollab.scheduling.csv.records import (
    BrokenCellError,
    SheetRecord,
    UndecodableError,
    find_separator,
    records,
)
from socialcollab.scheduling.csv.rows import ImportedSheet, SheetLimits, SheetProblem, SheetRow
from socialcollab.time import (
    AmbiguousDateError,
    DateOrder,
    as_utc,
    local_time,
    parse_date,
    resolve,
)
from socialcollab.time import zone as zone_named
from socialcollab.verdicts import Reason

# The workbooks of spreadsheet programs are ZIP archives.
_ZIP: Final = b"PK\x03\x04"
# The maximum number of characters that a problem quotes from a cell.
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
) -> ImportedSheet:
    r"""
    Read a spreadsheet of posts and report all of its problems.

    The columns are profiles, date, time, zone, text, link, image, alt, tags, campaign,
    language, author, note and external_id. The column names of Sprout Social,
    HighLevel, Auto-PostIt, MagicSync, Ayrshare, PostFast, SocialPatra and other tools are
    also recognised, as are common English and Dutch names. The files of Hootsuite and
    Postcron, which have no header, are recognised from the contents of their cells.
    Separate multiple profiles with ``|`` or ``;``, and multiple images and alt texts with
    ``|``. Several columns of profiles, images, alt texts, tags or notes are joined. A row
    with different values in two columns of any other field is rejected. Columns that are
    not read are reported.

    >>> sheet = read_csv(b"date,time_24hr,message_text\n25/12/2026,09:30,Merry Christmas\n")
    >>> sheet.rows[0].local.isoformat(), sheet.rows[0].text
    ('2026-12-25T09:30:00', 'Merry Christmas')
    >>> problem = read_csv(b"date,time,text\n03/04/2026,09:30,Hello\n").problems[0]
    >>> problem.row, problem.column, problem.code
    (2, 'date', 'sheet.ambiguous_date')

    Args:
        data: The content of the file, in UTF-8, or in UTF-16 with a byte order
            mark.
        zone: The time zone of the times in the file. A time zone in a row or header takes
            precedence. A time with a UTC offset is converted to the time zone, or to UTC if none is
            known. If the time zone is known, times that a clock change skips or repeats are
            reported as problems.
        order: Whether the day or the month comes first in a date such as
            03/04/2026.
        columns: A mapping from headers to fields. For a file without a header: the
            field of each column, where an empty string means that the column is
            ignored.
        limits: The limits on the size of the file.
        encoding: The encoding, if it is neither UTF-8 nor UTF-16.
        now: The current time, with a UTC offset. Times in the past are reported as
            problems.

    Raises:
        NaiveDatetimeError: If *now* has no UTC offset.
        InvalidValueError: If the zone, the encoding or a field of *columns*
            does not exist. Faults in the file itself are returned as problems.
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
    for item in reader.read(data):
        if isinstance(item, SheetRow):
            rows.append(item)
        else:
            problems.append(item)
    return ImportedSheet(
        rows=tuple(rows),
        problems=tuple(problems),
        columns=reader.names,
        separator=reader.separator,
    )


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
    Yield the rows and problems of a spreadsheet in file order.

    The arguments are the same as for `read_csv`. A problem that does not block its row is
    yielded directly before the row. Memory use does not grow with the number of rows.
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
    """A reader of a single file."""

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
        self.zone = zone_named(zone).key if zone else None
        self.order = order
        self.given = columns
        self.limits = limits
        self.encoding = encoding
        self.now = as_utc(now) if now is not None else None
        self.names: tuple[str, ...] = ()
        self.separator = ","
        # Report an unknown field immediately, not only when the first row is read.
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
            rows = records(data, encoding=self.encoding)
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
        self.separator = find_separator(data, encoding=self.encoding)
        try:
            yield from self._rows(rows)
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

    def _rows(self, rows: Iterator[SheetRecord]) -> Iterator[SheetRow | SheetProblem]:
        first = next((record for record in rows if any(map(str.strip, record.cells))), None)
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
        yield from self._header_problems(first, columns)
        zone = self.zone
        if columns.zone:
            try:
                zone = zone_named(columns.zone).key
            except InvalidValueError:
                yield self._header_problem(
                    first, columns.zone, "sheet.bad_zone", value=columns.zone, blocks=True
                )
                return
        reader = _RowReader(
            columns,
            zone=zone,
            order=self.order,
            now=self.now,
            most_bytes=self.limits.cell_bytes,
        )
        count = 0
        if not columns.header:
            count += 1
            yield from reader.read(first)
        for record in rows:
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
            yield from reader.read(record)

    def _header_problems(self, first: SheetRecord, columns: Columns) -> Iterator[SheetProblem]:
        for name in columns.missing:
            yield self._header_problem(first, name, "sheet.missing_column")
        profiles = ", ".join(
            f"`{name}`"
            for name, field in zip(columns.names, columns.fields, strict=True)
            if field == "profiles"
        )
        for name in columns.unread:
            yield self._header_problem(first, name, "sheet.unread_column", profiles=profiles)
        for name in columns.unknown:
            yield self._header_problem(first, name, "sheet.unknown_column")
        if columns.header and first.bare_quote:
            yield self._header_problem(first, "", "sheet.bare_quote")

    def _header_problem(
        self, first: SheetRecord, name: str, code: str, *, blocks: bool = False, **params: object
    ) -> SheetProblem:
        name = name.strip()
        return SheetProblem(
            row=first.number,
            column=name,
            reason=Reason.of(code, **{"value": name[:_SHOWN], **params}),
            fix=Reason.of(f"{code}.fix", columns=", ".join(FIELDS)),
            value=name[:_SHOWN],
            cells=tuple(first.cells),
            blocks=blocks,
        )


# A date, and possibly a time: `2026-06-08T09:30`, `8 juni 2026 om 9u30`.
_WHEN: Final = re.compile(
    r"(.*?)"
    r"(?:(?:,?[ ]+(?:om[ ]+|at[ ]+)?|T)"
    r"([0-9]{1,2}(?:[:.][0-9]{2}|[ ]?[Uu]|[ ]?[Hh]|[ ]?[AaPp]\.?[Mm]).*))?",
    re.DOTALL,
)
# A time: `9:30`, `09.30 uur`, `9u30`, `9h`, `9:30 p.m.`, `9 am`, `09:30+02:00`.
_TIME: Final = re.compile(
    r"([0-9]{1,2})(?:[:.uUhH]([0-9]{2})(?:[:.]([0-9]{2})(?:\.[0-9]+)?)?)?"
    r"(?:[ ]?([AaPp])\.?[Mm]\.?|[ ]?([Uu](?:ur)?|[Hh]))?"
    r"[ ]?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WEB_LIST: Final = re.compile(r"\s*\|\s*|\s*[,;]?\s+(?=https?://)|[,;](?=https?://)")
_WORD_LIST: Final = re.compile(r"[|;,]")
# If several columns contain one of these fields, their cells are joined with this separator.
_JOINED: Final = {"profiles": "|", "tags": "|", "image": "|", "alt": "|", "note": "\n"}
# These problems do not prevent the row from being read.
_WARNINGS: Final = frozenset(("sheet.formula", "sheet.unnamed_column"))
_MIDNIGHT: Final = re.compile(r"0?0[:.]00(?:[:.]00(?:\.0+)?)?(?: ?(?:Z|[+-]00:?00))?")
# In the westernmost time zone, local time is this far behind UTC.
_FURTHEST_BEHIND: Final = dt.timedelta(hours=12)
_MOST_TIMES: Final = 20_000


class _CellError(Exception):
    """
    Raised for a problem with a cell that blocks its row.

    The column is *index* if it is given, and otherwise the first column of *field*.
    """

    def __init__(
        self, field: str, code: str, value: str, *, index: int | None = None, **params: object
    ) -> None:
        super().__init__(code)
        self.field = field
        self.value = value
        self.index = index
        self.reason = Reason.of(code, value=value, **params)


class _RowReader:
    """A reader for the rows of a file whose columns are known."""

    def __init__(
        self,
        columns: Columns,
        *,
        zone: str | None,
        order: DateOrder | None,
        now: dt.datetime | None,
        most_bytes: int,
    ) -> None:
        self.columns = columns
        self.zone = zone
        self.order = order or columns.order
        self.now = now
        self.most = most_bytes
        self.at = {field: columns.at(field) for field in {*columns.fields, *FIELDS}}
        self.width = len(columns.fields)
        self.zones: dict[str, str] = {}
        self.unnamed = {
            index for index, name in enumerate(columns.names) if columns.header and not name
        }
        # A file with many rows has few distinct times, and parsing a time is slow.
        self.times: dict[tuple[str, str, str], tuple[dt.datetime, str]] = {}

    def read(self, record: SheetRecord) -> Iterator[SheetRow | SheetProblem]:
        """Yield a row's problems and, unless one of them blocks it, the row itself."""
        cells = record.cells
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            yield self._problem(
                record, "", Reason.of("sheet.too_many_cells", value=len(cells), columns=self.width)
            )
            return
        if record.bare_quote:
            yield self._problem(record, "", Reason.of("sheet.bare_quote"))
            return
        for index in sorted(self.unnamed):
            cell = cells[index] if index < len(cells) else ""
            if cell.strip():
                self.unnamed.discard(index)
                unnamed = Reason.of("sheet.unnamed_column", number=index + 1)
                yield self._problem(record, self._name(index), unnamed, cell)
        blocked = False
        for index, cell in enumerate(cells[: self.width]):
            # Most cells pass these quick checks, which makes the slow checks below unnecessary.
            if not cell or not (
                cell[0] in FORMULA_STARTS
                or cell[0].isspace()
                or not cell[0].isprintable()
                or "\0" in cell
                or len(cell) * 4 > self.most
            ):
                continue
            reason = self._check_cell(cell)
            if reason is not None:
                blocked = blocked or reason.code != "sheet.formula"
                yield self._problem(record, self._name(index), reason, cell)
        if blocked:
            return
        try:
            row = self._row(record)
        except _CellError as error:
            at = self.at.get(error.field, ()) if error.index is None else (error.index,)
            yield self._problem(record, self._name(at[0]) if at else "", error.reason, error.value)
            return
        if row is not None:
            yield row

    def _check_cell(self, cell: str) -> Reason | None:
        if len(cell.encode(errors="surrogatepass")) > self.most:
            return Reason.of("sheet.long_cell", most=self.most)
        if "\0" in cell:
            return Reason.of("sheet.nul")
        if looks_like_formula(cell):
            return Reason.of("sheet.formula", value=cell[:_SHOWN])
        return None

    def _name(self, index: int) -> str:
        return self.columns.names[index] or str(index + 1)

    def _problem(
        self, record: SheetRecord, column: str, reason: Reason, value: str = ""
    ) -> SheetProblem:
        return SheetProblem(
            row=record.number,
            column=column,
            reason=reason,
            fix=Reason.of(f"{reason.code}.fix"),
            value=value[:_SHOWN],
            cells=tuple(record.cells),
            blocks=reason.code not in _WARNINGS,
        )

    def _row(self, record: SheetRecord) -> SheetRow | None:
        cells = self._values(record)
        cell_of = cells.get
        text, image = cell_of("text", ""), cell_of("image", "")
        if not text and not image:
            if not cells:
                return None
            raise _CellError("text", "sheet.empty", "")
        local, zone = self._local(cells)
        images, alts = self._images(record, cells)
        return SheetRow(
            number=record.number,
            profiles=_parts(_WORD_LIST, cell_of("profiles", "")),
            local=local,
            zone=zone,
            text=text,
            link=cell_of("link", ""),
            images=images,
            alts=alts,
            tags=tuple(tag.lstrip("#") for tag in _parts(_WORD_LIST, cell_of("tags", ""))),
            campaign=cell_of("campaign", ""),
            language=cell_of("language", ""),
            author=cell_of("author", ""),
            note=cell_of("note", ""),
            external_id=cell_of("external_id", ""),
        )

    def _values(self, record: SheetRecord) -> dict[str, str]:
        """Return the value of each field that has one."""
        cells: dict[str, str] = {}
        for index, (field, cell) in enumerate(zip(self.columns.fields, record.cells, strict=False)):
            clean = cell.strip()
            if not clean or not field:
                continue
            value = restored(clean) if clean[0] == "'" else clean
            if field not in cells:
                cells[field] = value
            elif field in _JOINED:
                cells[field] += f"{_JOINED[field]}{value}"
            elif value != cells[field]:
                raise _CellError(
                    field,
                    "sheet.two_values",
                    value[:_SHOWN],
                    index=index,
                    name=field,
                    first=cells[field][:_SHOWN],
                )
        return cells

    def _images(
        self, record: SheetRecord, cells: Mapping[str, str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the images and their alt texts."""
        images, alts = self.at["image"], self.at["alt"]
        if len(images) < 2 or len(images) != len(alts):
            return _image_names(cells.get("image", "")), _alt_texts(cells.get("alt", ""))
        # Each column of images has its own column of alt texts. An empty cell must not shift the
        # alt texts of the other columns.
        names: list[str] = []
        texts: list[str] = []
        for image, alt in zip(images, alts, strict=True):
            of_column = _image_names(_cell(record, image))
            names += of_column
            of_alt = _alt_texts(_cell(record, alt))
            texts += [*of_alt, *[""] * (len(of_column) - len(of_alt))]
        return tuple(names), tuple(texts) if any(texts) else ()

    def _local(self, cells: Mapping[str, str]) -> tuple[dt.datetime | None, str]:
        """Return a row's planned local time and time zone."""
        zone = self._zone(cells.get("zone", ""))
        date, time = cells.get("date", ""), cells.get("time", "")
        fields = ("date", "time" if self.at["time"] else "date")
        if "year" in self.at:
            year, month, day = (cells.get(part, "") for part in ("year", "month", "day"))
            date = f"{year.zfill(4)}-{month}-{day}" if year or month or day else ""
            fields = ("year", fields[1])
            if "hour" in self.at:
                hour, minute = cells.get("hour", ""), cells.get("minute", "")
                time = f"{hour}:{minute.zfill(2)}" if hour or minute else ""
                fields = ("year", "hour")
        if not date and not time:
            return None, zone
        known = self.times.get((date, time, zone))
        if known is not None:
            return known
        local, zone_of_time = self._read_time(date, time, *fields, zone=zone)
        self._check_time(local, zone_of_time)
        if len(self.times) < _MOST_TIMES:
            self.times[date, time, zone] = local, zone_of_time
        return local, zone_of_time

    def _zone(self, cell: str) -> str:
        if not cell:
            return self.zone or ""
        if cell not in self.zones:
            try:
                self.zones[cell] = zone_named(cell).key
            except InvalidValueError as error:
                raise _CellError("zone", "sheet.bad_zone", cell[:_SHOWN]) from error
        return self.zones[cell]

    def _read_time(
        self, date: str, time: str, date_field: str, time_field: str, *, zone: str
    ) -> tuple[dt.datetime, str]:
        if not date:
            raise _CellError(date_field, "sheet.no_date", time[:_SHOWN])
        match = _WHEN.fullmatch(date)
        if match is None:
            raise _CellError(date_field, "sheet.bad_date", date[:_SHOWN])
        try:
            day = parse_date(match[1], order=self.order)
        except AmbiguousDateError as error:
            first, second = (reading.isoformat() for reading in error.readings)
            raise _CellError(
                date_field, "sheet.ambiguous_date", date[:_SHOWN], first=first, second=second
            ) from error
        except InvalidValueError as error:
            raise _CellError(date_field, "sheet.bad_date", date[:_SHOWN]) from error
        # A spreadsheet program may add 00:00 to a date, so a separate time takes precedence.
        clock = (match[2] or "").strip()
        if not time and not clock:
            raise _CellError(time_field, "sheet.no_time", date[:_SHOWN])
        if time and clock and not _MIDNIGHT.fullmatch(clock) and clock != time:
            raise _CellError(
                time_field, "sheet.two_values", time[:_SHOWN], name="time", first=clock[:_SHOWN]
            )
        return self._at(day, time or clock, time_field if time or not clock else date_field, zone)

    def _at(self, day: dt.date, clock: str, field: str, zone: str) -> tuple[dt.datetime, str]:
        match = _TIME.fullmatch(clock)
        # A bare number such as `9` may be a count or half of a date, so it is not read as an hour.
        if match is None or not (match[2] or match[4] or match[5]):
            raise _CellError(field, "sheet.bad_time", clock[:_SHOWN])
        hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
        if match[4]:
            if not 1 <= hour <= 12:
                raise _CellError(field, "sheet.bad_time", clock[:_SHOWN])
            hour = hour % 12 + (12 if match[4] in "Pp" else 0)
        try:
            local = dt.datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001
            if not match[6]:
                return local, zone
            offset = dt.datetime.fromisoformat(f"2000-01-01T00:00:00{match[6]}").tzinfo
            # The offset alone determines the instant, so any zone will do if none is known.
            zone = zone or "UTC"
            return local_time(local.replace(tzinfo=offset), zone), zone
        except (ValueError, OverflowError) as error:
            raise _CellError(field, "sheet.bad_time", clock[:_SHOWN]) from error

    def _check_time(self, local: dt.datetime, zone: str) -> None:
        now = self.now
        shown = f"{local:%Y-%m-%d %H:%M}"
        field = "date" if self.at["date"] else "year"
        if zone:
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
            # If no time zone is known, a time is past only if it is past in every time zone.
            raise _CellError(field, "sheet.past", shown)


def _parts(pattern: re.Pattern[str], cell: str) -> tuple[str, ...]:
    if not cell:
        return ()
    if cell.isalnum():
        return (cell,)
    return tuple(part for part in map(str.strip, pattern.split(cell)) if part)


def _image_names(cell: str) -> tuple[str, ...]:
    return _parts(_WEB_LIST if "://" in cell else _WORD_LIST, cell)


def _alt_texts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|")) if cell else ()


def _cell(record: SheetRecord, index: int) -> str:
    return restored(record.cells[index].strip()) if index < len(record.cells) else ""

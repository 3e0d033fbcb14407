"""One row of a spreadsheet of posts: its cells, its time, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialcollab.errors import InvalidValueError, RepeatedTimeError, SkippedTimeError
from socialcollab.scheduling.csv.columns import FIELDS, Columns
from socialcollab.scheduling.csv.formula import FORMULA_STARTS, looks_like_formula, restored
from socialcollab.scheduling.csv.row import SheetProblem, SheetRow
from socialcollab.scheduling.csv.text import SheetRecord
from socialcollab.time import AmbiguousDateError, DateOrder, local_time, parse_date, resolve
from socialcollab.verdicts import Reason

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
_WORD_LIST: Final = re.compile(r"[|;,]")
_FURTHEST_BEHIND: Final = dt.timedelta(hours=12)
_SHOWN: Final = 200
_MOST_TIMES: Final = 20_000


class _CellError(Exception):
    """A cell that blocks its row."""

    def __init__(self, field: str, code: str, value: str, **params: object) -> None:
        super().__init__(code)
        self.field = field
        self.value = value
        self.reason = Reason.of(code, value=value, **params)


class RowReader:
    """Reads the rows of one file, its columns known."""

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
        # What cells say of time comes again and again in one file: each is read once.
        self.times: dict[tuple[str, str], dt.datetime] = {}

    def read(self, record: SheetRecord) -> Iterator[SheetRow | SheetProblem]:
        """Yield the problems of a row, and the row itself unless one of them blocks it."""
        cells = record.cells
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            yield self._problem(
                record, "", Reason.of("sheet.too_many_cells", value=len(cells), columns=self.width)
            )
            return
        blocked = False
        for index, cell in enumerate(cells[: self.width]):
            # Three quick looks spare most cells the careful ones.
            if not cell or not (
                cell[0] in FORMULA_STARTS or "\0" in cell or len(cell) * 4 > self.most
            ):
                continue
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
            blocks=reason.code != "sheet.formula",
        )

    def _row(self, record: SheetRecord) -> SheetRow | None:
        found: dict[str, str] = {}
        for field, cell in zip(self.columns.fields, record.cells, strict=False):
            clean = cell.strip()
            if not clean or not field:
                continue
            if field == "image" and field in found:
                found[field] += f"|{clean}"
            elif field not in found:
                found[field] = restored(clean) if clean[0] == "'" else clean
        cell_of = found.get
        text, image, alt = cell_of("text", ""), cell_of("image", ""), cell_of("alt", "")
        if not text and not image:
            if not found:
                return None
            raise _CellError("text", "sheet.empty", "")
        return SheetRow(
            number=record.number,
            profiles=_parts(_WORD_LIST, cell_of("profiles", "")),
            local=self._local(found),
            text=text,
            link=cell_of("link", ""),
            images=_parts(_WEB_LIST if "://" in image else _WORD_LIST, image),
            alts=tuple(part.strip() for part in alt.split("|")) if alt else (),
            tags=tuple(tag.lstrip("#") for tag in _parts(_WORD_LIST, cell_of("tags", ""))),
            campaign=cell_of("campaign", ""),
            language=cell_of("language", ""),
            author=cell_of("author", ""),
            note=cell_of("note", ""),
            external_id=cell_of("ref", ""),
        )

    def _local(self, cells: Mapping[str, str]) -> dt.datetime | None:
        if "year" in self.at:
            year, month, day, hour, minute = (
                cells.get(part, "") for part in ("year", "month", "day", "hour", "minute")
            )
            if not any((year, month, day, hour, minute)):
                return None
            fields = ("year", "hour")
            date, time = f"{year.zfill(4)}-{month}-{day}", f"{hour}:{minute.zfill(2)}"
        else:
            date, time = cells.get("date", ""), cells.get("time", "")
            if not date and not time:
                return None
            fields = ("date", "time" if self.at["time"] else "date")
        known = self.times.get((date, time))
        if known is not None:
            return known
        local = self._read(date, time, *fields)
        self._check_time(local)
        if len(self.times) < _MOST_TIMES:
            self.times[date, time] = local
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
            if self.zone is None:
                raise _CellError(field, "sheet.offset", clock[:_SHOWN])
            return local_time(local.replace(tzinfo=offset), self.zone)
        except (ValueError, OverflowError) as error:
            raise _CellError(field, "sheet.bad_time", clock[:_SHOWN]) from error

    def _check_time(self, local: dt.datetime) -> None:
        zone, now = self.zone, self.now
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
    if cell.isalnum():
        return (cell,)
    return tuple(part for part in map(str.strip, pattern.split(cell)) if part)

"""The rows and problems of a spreadsheet of posts."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.time import resolve
from socialcollab.verdicts import Reason, message

# The csv module rejects longer cells. Its limit applies to the whole process, so a library must
# not change it.
_LONGEST_CELL = 131_071
_MOST_ROWS = 350_000


@attrs.frozen(kw_only=True)
class SheetRow:
    """
    A row of a spreadsheet, which describes one post.

    Attributes:
        number: The row number as displayed by a spreadsheet program. Numbers start at
            1 and include the header. A row with line breaks in its cells counts once.
        profiles: The names of the profiles, which are not validated.
        local: The planned local time, or None for a draft.
        zone: The time zone of *local*, or an empty string if neither the file nor the
            caller specified it.
        text: The post's text.
        link: The link.
        images: The files or addresses of the images.
        alts: The alt texts, in the order of the images.
        tags: The tags, without ``#``.
        campaign: The campaign.
        language: The language.
        author: The author.
        note: A note for colleagues.
        external_id: An id that identifies the row if the file is imported again.
    """

    number: int
    profiles: tuple[str, ...] = ()
    local: dt.datetime | None = None
    zone: str = ""
    text: str = ""
    link: str = ""
    images: tuple[str, ...] = ()
    alts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    campaign: str = ""
    language: str = ""
    author: str = ""
    note: str = ""
    external_id: str = ""

    @property
    def planned_at(self) -> dt.datetime | None:
        """
        The planned time: an instant if the time zone is known, otherwise the local time.

        >>> SheetRow(number=2, local=dt.datetime(2026, 4, 7, 9, 30), zone="UTC").planned_at
        datetime.datetime(2026, 4, 7, 9, 30, tzinfo=datetime.timezone.utc)
        """
        if self.local is None or not self.zone:
            return self.local
        return resolve(self.local, self.zone)


@attrs.frozen(kw_only=True)
class SheetProblem:
    """
    A problem in a spreadsheet.

    Attributes:
        row: The number of the row, or 0 if the problem concerns the whole file.
        column: The name of the column as in the header, or an empty string.
        reason: A description of the problem.
        fix: How to fix the problem.
        value: The first 200 characters of the cell.
        cells: All cells of the row, so that the row can be returned to its author.
        blocks: Whether the row is rejected because of this problem.
    """

    row: int
    column: str
    reason: Reason
    fix: Reason
    value: str = ""
    cells: tuple[str, ...] = attrs.field(default=(), repr=False)
    blocks: bool = True

    @property
    def code(self) -> str:
        """The code of the problem, such as ``sheet.ambiguous_date``."""
        return self.reason.code

    @property
    def suggestion(self) -> str:
        """How to fix the problem, in English."""
        return self.fix.text()

    def text(self, language: str = "en") -> str:
        """Return the location, the problem and its fix, in *language*."""
        problem = f"{self.reason.text(language)}; {self.fix.text(language)}"
        if not self.row:
            return problem
        if not self.column:
            return message(
                "sheet.place_row", {"row": str(self.row), "problem": problem}, language=language
            )
        params = {"row": str(self.row), "column": self.column, "problem": problem}
        return message("sheet.place", params, language=language)


@attrs.frozen(kw_only=True)
class ImportedSheet:
    """
    The content of a spreadsheet.

    Every row is either in *rows* or has a problem that blocks it. Blank rows are
    ignored.

    Attributes:
        rows: The valid rows.
        problems: The problems, in the order of the file.
        columns: The header, or the column names that the caller passed.
        separator: The character between the cells of a row.
    """

    rows: tuple[SheetRow, ...]
    problems: tuple[SheetProblem, ...]
    columns: tuple[str, ...] = ()
    separator: str = ","


@attrs.frozen(kw_only=True)
class SheetLimits:
    """
    Limits on the size of a spreadsheet.

    Attributes:
        rows: The maximum number of rows below the header, at most 350,000.
        cell_bytes: The maximum length of a cell in UTF-8 bytes, at most 131,071.
    """

    rows: int = _MOST_ROWS
    cell_bytes: int = 100_000

    def __attrs_post_init__(self) -> None:
        for name, value, most in (
            ("rows", self.rows, _MOST_ROWS),
            ("cell_bytes", self.cell_bytes, _LONGEST_CELL),
        ):
            if not 1 <= value <= most:
                raise InvalidValueError(
                    f"limit {name} must be from 1 to {most}, not {value}",
                    value=value,
                    expected=f"1 to {most}",
                )

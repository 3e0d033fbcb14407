"""What a spreadsheet of posts holds: its rows, and its problems."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import Reason, message

# The csv module refuses longer cells, by a setting that all of a process share.
_LONGEST_CELL = 131_071
_MOST_ROWS = 350_000


@attrs.frozen(kw_only=True)
class SheetRow:
    """
    One row of a spreadsheet, as it stands there.

    Attributes:
        number: The row's number as a spreadsheet shows it: from 1, the header
            counts, a row of several lines is one.
        profiles: Names of the profiles, unchecked.
        local: The planned local time, or None for a draft.
        text: The text of the post.
        link: Its link.
        images: Files or addresses of its images.
        alts: Alt texts, in the order of the images.
        tags: Its tags, without ``#``.
        campaign: Its campaign.
        language: Its language.
        author: Who wrote it.
        note: A note for colleagues.
        ref: The row's own name, by which a second import knows it again.
    """

    number: int
    profiles: tuple[str, ...] = ()
    local: dt.datetime | None = None
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


@attrs.frozen(kw_only=True)
class SheetProblem:
    """
    One thing that is wrong in a spreadsheet.

    Attributes:
        row: The row's number, from 1; 0 for the file as a whole.
        column: The column's name as its header has it, or empty.
        reason: What is wrong.
        fix: What would be right.
        value: The cell as it stands there, at most 200 characters of it.
        cells: All cells of the row, so that it can be sent back.
        blocks: Whether the row is left out of the rows for it.
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
        """The problem's code, such as ``sheet.ambiguous_date``."""
        return self.reason.code

    @property
    def suggestion(self) -> str:
        """What would be right, in English."""
        return self.fix.text()

    def text(self, language: str = "en") -> str:
        """Say where, what and what would be right."""
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
class Imported:
    """
    A spreadsheet that was read.

    Every row of it is among the rows or has a problem that blocks it, with its
    cells; blank rows are neither.

    Attributes:
        rows: The rows that can be used.
        problems: What is wrong, by row.
        columns: The header as it stands there, or the names its columns were
            given.
    """

    rows: tuple[SheetRow, ...]
    problems: tuple[SheetProblem, ...]
    columns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SheetLimits:
    """
    How much is read.

    Attributes:
        rows: The most rows below the header, at most 350000.
        cell_bytes: The longest cell in bytes of UTF-8, at most 131071.
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
                    f"limit {name} is {value}, not 1 to {most}",
                    value=value,
                    expected=f"1 to {most}",
                )

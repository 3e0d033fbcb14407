"""The rows and problems of a spreadsheet of posts."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.verdicts import Reason, message

# The csv module refuses longer cells. Its limit is global to the process, so a library must
# not raise it.
_LONGEST_CELL = 131_071
_MOST_ROWS = 350_000


@attrs.frozen(kw_only=True)
class SheetRow:
    """
    A row of a spreadsheet, which is a post.

    Attributes:
        number: The number of the row as a spreadsheet program shows it: it
            begins with 1 and includes the header, and a row with line breaks in
            its cells counts once.
        profiles: The names of the profiles; they are not checked.
        local: The planned local time, or None for a draft.
        text: The text of the post.
        link: The link.
        images: The files or addresses of the images.
        alts: The alt texts, in the order of the images.
        tags: The tags, without ``#``.
        campaign: The campaign.
        language: The language.
        author: The author.
        note: A note for colleagues.
        external_id: The row's own id, by which a second import recognises it.
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
    A problem in a spreadsheet.

    Attributes:
        row: The number of the row, or 0 for the whole file.
        column: The name of the column as in the header, or empty.
        reason: What is wrong.
        fix: How to fix it.
        value: The content of the cell, at most 200 characters of it.
        cells: All cells of the row, so that the row can be returned to its author.
        blocks: Whether the row is omitted from the rows because of this problem.
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
        """How to fix it, in English."""
        return self.fix.text()

    def text(self, language: str = "en") -> str:
        """Return the place, the problem and its fix, in *language*."""
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
        columns: The header, or the names that the caller gave to the columns.
    """

    rows: tuple[SheetRow, ...]
    problems: tuple[SheetProblem, ...]
    columns: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SheetLimits:
    """
    Limits on the size of a spreadsheet.

    Attributes:
        rows: The most rows below the header, up to 350,000.
        cell_bytes: The longest cell in bytes of UTF-8, up to 131,071.
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

"""Write spreadsheets that every spreadsheet program can open without running a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable

from socialcollab.scheduling.csv.columns import FIELDS, PROBLEM
from socialcollab.scheduling.csv.formula import neutralised
from socialcollab.scheduling.csv.rows import ImportedSheet, SheetRow


def write_csv(rows: Iterable[SheetRow]) -> bytes:
    """
    Write rows with all columns, in UTF-8 with a byte order mark.

    A cell that could be a formula is prefixed with an apostrophe. `read_csv` removes
    the apostrophe, so a file that is read back contains the same rows.

    >>> write_csv([SheetRow(number=2, text="=1+1")]).splitlines()[1]
    b",,,,'=1+1,,,,,,,,,"
    """
    return _written(
        FIELDS,
        (
            (
                "|".join(row.profiles),
                row.local.date().isoformat() if row.local else "",
                _clock(row.local.time()) if row.local else "",
                row.zone,
                row.text,
                row.link,
                "|".join(row.images),
                "|".join(row.alts),
                "|".join(row.tags),
                row.campaign,
                row.language,
                row.author,
                row.note,
                row.external_id,
            )
            for row in rows
        ),
    )


def write_problems(imported: ImportedSheet, *, language: str = "en") -> bytes:
    """
    Write the rejected rows unchanged, with an additional last column ``problem``.

    The file has the separator of the file that was read. The author of the spreadsheet can
    fix these rows and return them: `read_csv` ignores the additional column.
    """
    problems: dict[int, list[str]] = {}
    cells: dict[int, tuple[str, ...]] = {}
    for problem in imported.problems:
        if problem.blocks:
            problems.setdefault(problem.row, []).append(problem.text(language))
            cells[problem.row] = problem.cells
    header = imported.columns
    if header and header[-1].strip().lower() == PROBLEM:
        # The file was itself written by this function, and its rows may have new problems.
        header = header[:-1]
        cells = {row: of_row[: len(header)] for row, of_row in cells.items()}
    width = len(header)
    return _written(
        (*header, PROBLEM),
        (
            (*cells[row], *[""] * (width - len(cells[row])), "; ".join(texts))
            for row, texts in problems.items()
        ),
        separator=imported.separator,
    )


def _clock(time: dt.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")


def _written(
    header: Iterable[str], rows: Iterable[Iterable[str]], *, separator: str = ","
) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow([neutralised(name) for name in header])
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")

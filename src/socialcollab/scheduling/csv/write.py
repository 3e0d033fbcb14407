"""Rows as a spreadsheet that every spreadsheet program opens, and none runs."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable

from socialcollab.scheduling.csv.columns import FIELDS
from socialcollab.scheduling.csv.formula import neutralised
from socialcollab.scheduling.csv.row import Imported, SheetRow


def write_csv(rows: Iterable[SheetRow]) -> bytes:
    """
    Write rows with all our columns, in UTF-8 with a byte order mark.

    Cells that could begin a formula get an apostrophe before them, which
    `read_csv` takes off again: what is written reads back the same.

    >>> write_csv([SheetRow(number=2, text="=1+1")]).splitlines()[1]
    b",,,'=1+1,,,,,,,,,"
    """
    return _written(
        FIELDS,
        (
            (
                "|".join(row.profiles),
                row.local.date().isoformat() if row.local else "",
                _clock(row.local.time()) if row.local else "",
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


def write_problems(imported: Imported, *, language: str = "en") -> bytes:
    """
    Write the rows that were left out as they came, with what is wrong with them.

    Whoever sent the spreadsheet mends these and sends them again; the last
    column, ``problem``, is passed over by `read_csv` with a word.
    """
    said: dict[int, list[str]] = {}
    cells: dict[int, tuple[str, ...]] = {}
    for problem in imported.problems:
        if problem.blocks:
            said.setdefault(problem.row, []).append(problem.text(language))
            cells[problem.row] = problem.cells
    width = len(imported.columns)
    return _written(
        (*imported.columns, "problem"),
        (
            (*cells[row], *[""] * (width - len(cells[row])), "; ".join(texts))
            for row, texts in said.items()
        ),
    )


def _clock(time: dt.time) -> str:
    return time.isoformat("seconds" if time.second else "minutes")


def _written(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")

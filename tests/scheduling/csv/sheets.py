"""Helpers for tests of spreadsheets."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import datetime as dt

from socialcollab.scheduling import read_csv

WHEN = dt.datetime(2026, 4, 7, 9, 30)
OURS = "profiles,date,time,text,link,image,alt,tags,campaign,language,author,note,external_id\r\n"


def only_row(text, **options):
    """Read a spreadsheet with one row and no problem, and return the row."""
    sheet = read_csv(text.encode() if isinstance(text, str) else text, **options)
    assert sheet.problems == (), [problem.text() for problem in sheet.problems]
    assert len(sheet.rows) == 1
    return sheet.rows[0]


def only_problem(text, **options):
    """Read a spreadsheet with one problem, check its messages, and return it."""
    sheet = read_csv(text.encode() if isinstance(text, str) else text, **options)
    assert len(sheet.problems) == 1, [each.text() for each in sheet.problems]
    (found,) = sheet.problems
    assert all(found.text(language) for language in ("en", "nl"))
    assert found.suggestion
    return found

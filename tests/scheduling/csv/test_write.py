"""Writing spreadsheets."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.randomness import fewer_examples

from socialcollab.scheduling import SheetRow, read_csv, write_csv, write_problems

words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r|;,"), max_size=12).map(
    str.strip
)
lists = st.lists(
    words.filter(lambda word: word and not word.startswith("#") and "://" not in word), max_size=3
)
rows = st.builds(
    SheetRow,
    number=st.just(2),
    profiles=lists.map(tuple),
    local=st.none()
    | st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)).map(
        lambda value: value.replace(microsecond=0)
    ),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
    .map(str.strip)
    .filter(bool)
    | st.sampled_from(["=1+1", "'=1+1", "''@x", "@tulip", "-", "'s avonds", '"quoted"']),
    zone=st.sampled_from(["", "UTC"]),
    tags=lists.map(tuple),
    campaign=words,
    note=words,
)


@fewer_examples()
@given(rows)
def test_rows_round_trip(row):
    """Rows that are written and read back are unchanged."""
    sheet = read_csv(write_csv([row]))
    assert (row,) == sheet.rows
    assert sheet.problems == ()


def test_no_formula_is_written():
    """No written cell would be executed as a formula."""
    spaces = ("", " ", "  ", "\n", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff", " ' ")
    cells = [
        f"{space}{cell}" for space in spaces for cell in ("=1+1", "+1", "-1", "@SUM(1)", "＝1")
    ]
    cells += ["\t=1", "\r=1"]
    data = write_csv([SheetRow(number=2, text="x", note=cell, campaign=cell) for cell in cells])
    for row in list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]:
        risky = [
            cell for cell in row if cell.strip("\u200b\ufeff \t\n\u00a0\u3000")[:1] in set("=+-@＝")
        ]
        assert not risky
        assert not any(cell.startswith(("\t", "\r")) for cell in row)


def test_no_formula_is_written_in_header():
    """A header from another program that would be executed as a formula is neutralised."""
    sheet = read_csv(b"date,text,=1+1\n99/99/2026,hello,x\n")
    back = write_problems(sheet).decode("utf-8-sig").splitlines()
    assert back[0] == "date,text,'=1+1,problem"


@pytest.mark.parametrize("space", ["", " ", "\u00a0", "\u200b", "' ", " '", "'' "])
def test_spaces_before_formula_round_trip(space):
    """White space and apostrophes before a formula are read back unchanged."""
    row = SheetRow(number=2, text=f"x{space}=1", note=f"{space}=1+1".strip())
    assert read_csv(write_csv([row])).rows == (row,)


def test_write_problems():
    """Rejected rows are written with their problems."""
    sheet = read_csv(b"date,time,text\n03/04/2026,09:30,=1+1\n2026-04-07,09:30,fine\n")
    back = write_problems(sheet, language="nl").decode("utf-8-sig").splitlines()
    assert back[0] == "date,time,text,problem"
    assert back[1].startswith("03/04/2026,09:30,'=1+1,")
    assert "dag eerst" in back[1]
    assert len(back) == 2


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_problems_are_returned(separator):
    """A file of problems has the separator of its source, and can be fixed and read again."""
    lines = ["date,text", "31-6-2026 9:00,one", '30-6-2026 9:00,"two, or; three"', "99,five"]
    source = "\r\n".join(line.replace(",", separator, 1) for line in lines)
    declaration = "sep=|\r\n" if separator == "|" else ""
    sheet = read_csv(f"{declaration}{source}".encode(), order="dmy")
    assert (sheet.separator, len(sheet.rows)) == (separator, 1)
    back = write_problems(sheet).decode("utf-8-sig")
    assert back.startswith(source.splitlines()[0] + f"{separator}problem\r\n31-6-2026 9:00")
    again = read_csv(f"{declaration}{back.replace('31-6', '30-6')}".encode(), order="dmy")
    assert [row.text for row in again.rows] == ["one"]
    assert [problem.value for problem in again.problems] == ["99"]
    # The problems of the second file replace those of the first.
    second = write_problems(again).decode("utf-8-sig").splitlines()
    assert second[0] == back.splitlines()[0]
    assert second[1].count("is not a valid date") == 1


def test_real_posts_round_trip(shared_data):
    """Real posts that are written and read back are unchanged."""
    texts: list[str] = []
    for path in sorted(shared_data("posts-corporate").glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for _, line in zip(range(1000), lines, strict=False):
                texts.append(str(json.loads(line).get("text") or ""))
    kept = [text.strip() for text in texts if text.strip() and "\0" not in text]
    if not kept:
        pytest.skip("real cases `posts-corporate` hold no texts")
    sheet = read_csv(write_csv(SheetRow(number=n, text=text) for n, text in enumerate(kept)))
    assert kept == [row.text for row in sheet.rows]
    assert not [found for found in sheet.problems if found.blocks]

"""Spreadsheets: all that bulk composers write is read, and nothing wrong in them is lost."""
# ruff: noqa: DTZ001  local times are what is tested

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drawing import a_third

from socialcollab.errors import InvalidValueError
from socialcollab.scheduling import (
    SheetLimits,
    SheetRow,
    iter_csv,
    looks_like_formula,
    read_csv,
    write_csv,
    write_problems,
)

WHEN = dt.datetime(2026, 4, 7, 9, 30)
OURS = "profiles,date,time,text,link,image,alt,tags,campaign,language,author,note,ref\r\n"


def one(text, **options):
    sheet = read_csv(text.encode() if isinstance(text, str) else text, **options)
    assert sheet.problems == (), [problem.text() for problem in sheet.problems]
    assert len(sheet.rows) == 1
    return sheet.rows[0]


def problem(text, **options):
    sheet = read_csv(text.encode() if isinstance(text, str) else text, **options)
    assert len(sheet.problems) == 1, [problem.text() for problem in sheet.problems]
    found = sheet.problems[0]
    assert all(found.text(language) for language in ("en", "nl"))
    assert found.suggestion
    return found


def test_our_own_columns():
    row = one(
        OURS + "tulip-x;tulip-mastodon,2026-04-07,09:30,De lente is er 🌷,https://tulip.example,"
        "a.jpg|b.jpg,Een veld|Een vaas,#spring|offer,lente,nl,ana,check,r-1\r\n"
    )
    expected = SheetRow(
        number=2,
        profiles=("tulip-x", "tulip-mastodon"),
        local=WHEN,
        text="De lente is er 🌷",
        link="https://tulip.example",
        images=("a.jpg", "b.jpg"),
        alts=("Een veld", "Een vaas"),
        tags=("spring", "offer"),
        campaign="lente",
        language="nl",
        author="ana",
        note="check",
        external_id="r-1",
    )
    assert expected == row


@pytest.mark.parametrize(
    "text",
    [
        "date,time_24hr,message_text\n2026-04-07,09:30,Hello\n",
        "date,time_24hr,message_text\n7/4/2026,9:30 am,Hello\n",
        "2026-04-07 09:30:00,Hello,https://a.example\n",
        "Hello,2026,4,7,9,30,https://a.example/a.jpg,https://a.example\n",
        "content,image_url,scheduled_time,comments\nHello,,2026-04-07T09:30:00,one;two\n",
        "platform,scheduled_date,content\nx,2026-04-07 09:30,Hello\n",
        '"postAtSpecificTime (YYYY-MM-DD HH:mm:ss)",content,link (OGmetaUrl),imageUrls\n2026-04-07 09:30:00,Hello,,\n',
        "sep=;\r\nDatum;Tijd;Tekst\r\n07-04-2026;09:30;Hello\r\n",
        "text\tdate\nHello\t2026-04-07 09:30\n",
        "Date (mm/dd/yyyy),Time,Text\n04/07/2026,9:30,Hello\n",
    ],
)
def test_what_other_tools_write_is_read(text):
    order = None if "(mm/dd" in text else "dmy"
    row = one(text, order=order)
    assert (row.local, row.text) == (WHEN, "Hello")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_marks_of_encoding_are_known(encoding):
    text = "text,date\r\nLené 🌷,2026-04-07 09:30\r\n"
    data = (
        b"\xfe\xff" + text.encode("utf-16-be")
        if encoding.endswith("bom")
        else text.encode(encoding)
    )
    assert one(data).text == "Lené 🌷"


def test_quoted_newlines_keep_the_numbers_of_rows():
    sheet = read_csv(b'text,date\n"two\nlines, and ""quotes""",\nsecond,2026-02-30 09:00\n')
    assert sheet.rows[0].text == 'two\nlines, and "quotes"'
    assert (sheet.rows[0].number, sheet.rows[0].local) == (2, None)
    assert sheet.problems[0].row == 3


def test_a_wrong_encoding_is_one_problem_with_its_byte_and_row():
    data = "text,note\r\nfirst,1\r\nLené,2\r\n".encode("cp1252")
    found = problem(data)
    assert (found.code, found.row, found.value) == ("sheet.encoding", 3, "0xE9")
    assert 'in cp1252 the byte is "é"' in found.suggestion
    sheet = read_csv(data, encoding="cp1252")
    assert sheet.rows[1].text == "Lené"
    marked = problem(b"\xef\xbb\xbftext\r\nab\xff\r\n")
    assert (marked.row, marked.reason["position"]) == (2, "11")
    assert problem("text\r\nhello\r\n".encode("utf-16-le")).code == "sheet.encoding"
    with pytest.raises(InvalidValueError, match="rot13"):
        read_csv(b"", encoding="rot13")


def test_the_wrong_byte_is_found_past_a_chunk():
    # The chunk ends within a character.
    lead = b"text\r\n" + ("é" * 999 + "\r\n").encode() * 525
    found = problem(lead + b"x\xe9x\r\n")
    assert len(lead) > 1 << 20
    assert (527, str(len(lead) + 1)) == (found.row, found.reason["position"])


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ("03/04/2026,09:30", "sheet.ambiguous_date", "date"),
        ("31/02/2026,09:30", "sheet.bad_date", "date"),
        ("soon,09:30", "sheet.bad_date", "date"),
        ("2026-04-07,25:00", "sheet.bad_time", "time"),
        ("2026-04-07,13:00 pm", "sheet.bad_time", "time"),
        ("2026-04-07,", "sheet.bad_time", "time"),
        (",09:30", "sheet.bad_date", "date"),
        ("2020-04-07,09:30", "sheet.past", "date"),
        ("2026-03-29,02:30", "sheet.skipped_time", "date"),
        ("2026-10-25,02:30", "sheet.repeated_time", "date"),
        ("9999-12-31,23:59", "", ""),
        ("0001-01-01,00:00", "sheet.bad_date", "date"),
    ],
)
def test_a_bad_time_is_a_problem_at_its_row_and_column(cells, code, column):
    text = f"date,time,text\nok,\n\n{cells},Hello\n".replace("ok,\n", "")
    options = {"zone": "Europe/Amsterdam", "now": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    if not code:
        one(text, **options)
        return
    found = problem(text, **options)
    assert (code, column, 3) == (found.code, found.column, found.row)
    assert (*cells.split(","), "Hello") == found.cells


def test_an_ambiguous_date_names_both_readings():
    text = problem("date,time,text\n03/04/2026,09:30,Hello\n").text()
    assert "2026-04-03" in text
    assert "2026-03-04" in text


def test_offsets_need_the_zone():
    text = "text,date\nHello,2026-04-07T07:30:00Z\n"
    assert one(text, zone="Europe/Amsterdam").local == WHEN
    assert problem(text).code == "sheet.offset"
    assert one(text.replace("07:30:00Z", "09:30+02:00"), zone="Europe/Amsterdam").local == WHEN


def test_without_a_zone_a_time_has_passed_once_it_has_everywhere():
    now = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    assert one("text,date\nHello,2026-04-07 01:00\n", now=now)
    assert problem("text,date\nHello,2026-04-06 23:00\n", now=now).code == "sheet.past"


@pytest.mark.parametrize(
    "cell",
    [
        '=HYPERLINK("http://evil.example","x")',
        "=1+1",
        "=A1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "=cmd|'/C calc'!A0",
        "\t=1+1",
        "+1+1",
        "＝1+1".replace("＝", "="),
    ],
)
def test_formulas_are_kept_as_text_and_flagged(cell):
    out = io.StringIO()
    csv.writer(out).writerows([["text", "note"], [cell, "x"]])
    sheet = read_csv(out.getvalue().encode())
    assert cell.strip() == sheet.rows[0].text
    assert [found.code for found in sheet.problems] == ["sheet.formula"]
    assert not sheet.problems[0].blocks


@pytest.mark.parametrize(
    "cell",
    ["@tulipair hello", "- a list", "-- sale --", "+31 20 123 45 67", "+1 (555) 123-4567", "=)", "=== SALE ===",
     "-50% today", "@ana (and @ben) fly", "+1 for tulips", "- one\n- two", "-10 degrees", "@a|b", "= equals",
     "- a (b)", "-", "@"],
)  # fmt: skip
def test_text_that_begins_like_a_formula_is_text(cell):
    assert not looks_like_formula(cell)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("text,note\na\0b,c\n", "sheet.nul"),
        ("text,note\n,c\n", "sheet.empty"),
        ("text,note\na,b,c\n", "sheet.too_many_cells"),
        ('text,note\nfine,\n"not closed,\nmore\n', "sheet.open_quote"),
        ('text,note\n"not closed', "sheet.open_quote"),
        (f"text,note\n{'x' * 100_001},b\n", "sheet.long_cell"),
        (f"text,note\n{'x' * 200_000},b\n", "sheet.long_cell"),
        ("colour,size\nred,1\n", "sheet.no_header"),
        ("text,colour\nfine,red\n", "sheet.unknown_column"),
    ],
)
def test_other_faults_are_problems(text, code):
    assert code == problem(text).code


def test_limits_are_obeyed_and_bounded():
    data = b"text\n" + b"hello\n" * 5
    sheet = read_csv(data, limits=SheetLimits(rows=3))
    assert len(sheet.rows) == 3
    assert [found.code for found in sheet.problems] == ["sheet.too_many_rows"]
    assert len(read_csv(data, limits=SheetLimits(rows=5)).rows) == 5
    with pytest.raises(InvalidValueError, match="350000"):
        SheetLimits(rows=350_001)


def test_columns_can_be_named():
    assert one("Was\nHello\n", columns={"Was": "text"}).text == "Hello"
    assert one("Hello,x\n", columns=["text", ""]).text == "Hello"
    with pytest.raises(InvalidValueError, match="did you mean `text`"):
        read_csv(b"", columns=["txt"])


def test_blank_files_and_rows_are_nothing():
    assert read_csv(b"").rows == ()
    assert read_csv(b"\r\n ,\r\n").rows == ()
    assert one("\n\ntext,note\n\n , \nHello,\n\n").number == 6


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
    tags=lists.map(tuple),
    campaign=words,
    note=words,
)


@a_third()
@given(rows)
def test_what_is_written_reads_back(row):
    sheet = read_csv(write_csv([row]))
    assert (row,) == sheet.rows
    assert sheet.problems == ()


def test_nothing_that_is_written_would_run():
    cells = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"]
    data = write_csv([SheetRow(number=2, text="x", note=cell, campaign=cell) for cell in cells])
    for row in list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_rows_with_problems_go_back_with_what_is_wrong():
    sheet = read_csv(b"date,time,text\n03/04/2026,09:30,=1+1\n2026-04-07,09:30,fine\n")
    back = write_problems(sheet, language="nl").decode("utf-8-sig").splitlines()
    assert back[0] == "date,time,text,problem"
    assert back[1].startswith("03/04/2026,09:30,'=1+1,")
    assert "dag eerst" in back[1]
    assert len(back) == 2


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_bytes_crash_the_reader(data):
    list(iter_csv(data))
    list(iter_csv(b"text,date,time,image\n" + data, zone="Europe/Amsterdam"))


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=3, max_size=5),
        max_size=6,
    )
)
def test_every_row_is_read_or_has_a_problem_with_its_cells(table):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["text", "date", "time"], *table])
    sheet = read_csv(out.getvalue().encode())
    read = {row.number for row in sheet.rows} | {
        found.row for found in sheet.problems if found.blocks
    }
    filled = {number for number, cells in enumerate(table, start=2) if any(map(str.strip, cells))}
    assert filled == read
    for found in sheet.problems:
        assert found.cells == tuple(table[found.row - 2])


def test_real_files_and_formats_are_read(shared_data):
    folder = shared_data("bulk-csv")
    sheet = read_csv((folder / "files" / "hootsuite_example.csv").read_bytes())
    assert len(sheet.rows) == 3
    assert dt.datetime(2018, 12, 5, 11) == sheet.rows[0].local
    samples = {"text", "content", "message_text"}
    for layout in json.loads((folder / "formats.json").read_text("utf-8")):
        if layout.get("header", True) is False or not samples & set(layout.get("columns", ())):
            continue
        names = layout["columns"]
        cells = []
        for name in names:
            low = name.lower()
            when = "2026-04-07" if low == "date" else "2026-04-07 09:30"
            is_when = low == "date" or "scheduled" in low or "specifictime" in low
            cells.append(
                when
                if is_when
                else "09:30"
                if "time" in low
                else "Hello"
                if name in samples
                else ""
            )
        out = io.StringIO(newline="")
        csv.writer(out).writerows([names, cells])
        read = read_csv(out.getvalue().encode())
        assert (read.rows[0].local, read.rows[0].text) == (WHEN, "Hello"), layout["tool"]
        assert not [found for found in read.problems if found.blocks]


def test_posts_of_companies_survive_a_spreadsheet(shared_data):
    """Real posts written and read again are the same."""
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


def test_a_workbook_is_told_to_be_one() -> None:
    (problem,) = read_csv(b"PK\x03\x04\x14\x00 and so on").problems
    assert (0, "sheet.workbook") == (problem.row, problem.code)
    assert "save it as CSV" in problem.text()
    assert "sla het op als CSV" in problem.text("nl")

"""Reading spreadsheets: every row is read or has a problem."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scheduling.csv.sheets import OURS, WHEN, only_problem, only_row

from socialcollab.errors import InvalidValueError
from socialcollab.scheduling import SheetLimits, SheetRow, iter_csv, read_csv


def test_own_columns():
    """All of the library's own columns are read."""
    row = only_row(
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
def test_files_of_other_tools(text):
    """Files of other tools are read."""
    order = None if "(mm/dd" in text else "dmy"
    row = only_row(text, order=order)
    assert (row.local, row.text) == (WHEN, "Hello")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
def test_byte_order_marks(encoding):
    """Encodings are detected by their byte order marks."""
    text = "text,date\r\nLené 🌷,2026-04-07 09:30\r\n"
    data = (
        b"\xfe\xff" + text.encode("utf-16-be")
        if encoding.endswith("bom")
        else text.encode(encoding)
    )
    assert only_row(data).text == "Lené 🌷"


def test_line_breaks_in_cells():
    """Line breaks in cells do not change the numbers of the rows."""
    sheet = read_csv(b'text,date\n"two\nlines, and ""quotes""",\nsecond,2026-02-30 09:00\n')
    assert sheet.rows[0].text == 'two\nlines, and "quotes"'
    assert (sheet.rows[0].number, sheet.rows[0].local) == (2, None)
    assert sheet.problems[0].row == 3


def test_wrong_encoding():
    """A wrong encoding is one problem, with its byte and row."""
    data = "text,note\r\nfirst,1\r\nLené,2\r\n".encode("cp1252")
    found = only_problem(data)
    assert (found.code, found.row, found.value) == ("sheet.encoding", 3, "0xE9")
    assert 'in cp1252, this byte is "é"' in found.suggestion
    sheet = read_csv(data, encoding="cp1252")
    assert sheet.rows[1].text == "Lené"
    marked = only_problem(b"\xef\xbb\xbftext\r\nab\xff\r\n")
    assert (marked.row, marked.reason["position"]) == (2, "11")
    assert only_problem("text\r\nhello\r\n".encode("utf-16-le")).code == "sheet.encoding"
    with pytest.raises(InvalidValueError, match="rot13"):
        read_csv(b"", encoding="rot13")


def test_wrong_byte_after_chunk():
    """An invalid byte after the first chunk is reported with its position."""
    # The chunk ends in the middle of a character.
    lead = b"text\r\n" + ("é" * 999 + "\r\n").encode() * 525
    found = only_problem(lead + b"x\xe9x\r\n")
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
        ("2026-04-07,", "sheet.no_time", "time"),
        (",09:30", "sheet.no_date", "date"),
        ("2020-04-07,09:30", "sheet.past", "date"),
        ("2026-03-29,02:30", "sheet.skipped_time", "date"),
        ("2026-10-25,02:30", "sheet.repeated_time", "date"),
        ("9999-12-31,23:59", "", ""),
        ("0001-01-01,00:00", "sheet.bad_date", "date"),
    ],
)
def test_invalid_times(cells, code, column):
    """An invalid time is a problem with its row, column and cells."""
    text = f"date,time,text\nok,\n\n{cells},Hello\n".replace("ok,\n", "")
    options = {"zone": "Europe/Amsterdam", "now": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    if not code:
        only_row(text, **options)
        return
    found = only_problem(text, **options)
    assert (code, column, 3) == (found.code, found.column, found.row)
    assert (*cells.split(","), "Hello") == found.cells


def test_ambiguous_date():
    """An ambiguous date is a problem that contains both possible dates."""
    text = only_problem("date,time,text\n03/04/2026,09:30,Hello\n").text()
    assert "2026-04-03" in text
    assert "2026-03-04" in text


def test_offset():
    """A time with a UTC offset is converted to the file's zone, or to UTC if none is known."""
    text = "text,date\nHello,2026-04-07T07:30:00Z\n"
    assert only_row(text, zone="Europe/Amsterdam").local == WHEN
    assert only_row(text.replace("07:30:00Z", "09:30+02:00"), zone="Europe/Amsterdam").local == WHEN
    row = only_row(text.replace("07:30:00Z", "09:30+02:00"))
    assert (row.local.hour, row.zone) == (7, "UTC")
    assert row.planned_at == dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "text,date,time,zone\nHello,2026-04-07,03:30,America/New_York\n",
        "text,date,time,Time Zone\nHello,2026-04-07T07:30:00Z,,America/New_York\n",
        "text,Date,Time (America/New_York)\nHello,2026-04-07,03:30\n",
        "text,date,tz\nHello,2026-04-07 03:30,America/New_York\n",
    ],
)
def test_row_zone(text):
    """The time zone of a row or of a header takes precedence over the caller's."""
    row = only_row(text, zone="Europe/Amsterdam")
    assert (row.zone, row.local) == ("America/New_York", WHEN.replace(hour=3))
    assert row.planned_at == dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("text,date,zone\nHello,2026-04-07 09:30,Amsterdm\n", 2),
        ("text,date (PST)\nHello,2026-04-07 09:30\n", 1),
    ],
)
def test_unknown_zone(text, row):
    """An unknown time zone of a row or of a header is a problem, never another time."""
    found = only_problem(text)
    assert ("sheet.bad_zone", row) == (found.code, found.row)
    assert found.blocks
    assert not read_csv(text.encode()).rows


@pytest.mark.parametrize(
    ("date", "time"),
    [
        ("Date", "Time"),
        ("Scheduled Date", "Scheduled Time"),
        ("scheduledDate", "scheduledTime"),
        ("schedule_date", "schedule_time"),
        ("Publish Date", "Publish Time"),
        ("Publication date", "Publication time (24h)"),
        ("Post Date", "Post Time"),
        ("Posting day", "Posting time"),
        ("Planned date", "Planned time"),
        ("Go-live date", "Go-live time"),
        ("Day", "Local time"),
        ("Due Date", "Time (HH:MM)"),
        ("Publicatiedatum", "Tijdstip"),
        ("Datum", "Uhrzeit"),
    ],
)
def test_separate_date_and_time(date, time):
    """Separate columns for the date and the time are recognised by their usual names."""
    assert only_row(f"Text,{time},{date}\nHello,09:30,2026-04-07\n").local == WHEN


@pytest.mark.parametrize(
    "name", ["Scheduled at", "Publish at", "Date & time", "Scheduled Time", "When", "Schedule"]
)
def test_date_and_time_in_one_column(name):
    """A column can contain both the date and the time."""
    assert only_row(f"Text,{name}\nHello,2026-04-07 09:30\n").local == WHEN


@pytest.mark.parametrize("name", ["Publicatiemoment", "Plaatsen op", "Gepland op", "Datum/tijd"])
def test_dutch_date_and_time_in_one_column(name):
    """A column with a Dutch name can contain both the date and the time."""
    assert only_row(f"Tekst,{name}\nHello,2026-04-07 09:30\n").local == WHEN


@pytest.mark.parametrize(
    "date",
    [
        "7 april 2026 09:30",
        "7 april 2026 om 9u30",
        "7 apr. 2026 9h30",
        '"April 7, 2026 at 9:30 AM"',
        '"dinsdag 7 april 2026, 9.30 uur"',
        "2026-04-07 9u30",
    ],
)
def test_written_dates(date):
    """Dates with the name of the month, and times with a letter, are read."""
    assert only_row(f"Tekst,Datum\nHello,{date}\n").local == WHEN


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("7u30", "07:30"),
        ("7h30", "07:30"),
        ("07H30", "07:30"),
        ("7:30 uur", "07:30"),
        ("7.30u", "07:30"),
        ("7u", "07:00"),
        ("7 uur", "07:00"),
        ("19h", "19:00"),
        ("7 pm", "19:00"),
        ("7am", "07:00"),
        ("12 a.m.", "00:00"),
    ],
)
def test_times_with_letters(time, expected):
    """Times in Dutch, French and American notation are read."""
    row = only_row(f"Tekst,Datum,Tijd\nHello,2026-04-07,{time}\n")
    assert f"{row.local:%H:%M}" == expected


@pytest.mark.parametrize("time", ["7", "19 pm", "25u", "7u60", "7 o'clock", "7uu"])
def test_times_with_other_letters(time):
    """A bare number and other letters are not times."""
    problem = only_problem(f"Tekst,Datum,Tijd\nHello,2026-04-07,{time}\n")
    assert problem.code == "sheet.bad_time"


def test_day_of_week_beside_date():
    """A column with the day of the week is not a second date."""
    sheet = read_csv(b"Dag,Datum,Tijd,Tekst\ndi,2026-04-07,9u30,Hello\n")
    assert [row.local for row in sheet.rows] == [WHEN]
    assert [problem.code for problem in sheet.problems] == ["sheet.unknown_column"]


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Foto", "images"),
        ("Foto's", "images"),
        ("Aantekening", "note"),
        ("Bijschrift", "text"),
        ("Alt-tekst", "alts"),
        ("Netwerk", "profiles"),
    ],
)
def test_dutch_headings(heading, field):
    """Common Dutch headings are recognised."""
    text = "" if field == "text" else "x"
    row = only_row(f"Post,Datum,{heading}\n{text},2026-04-07 09:30,value\n")
    assert getattr(row, field) in ("value", ("value",))


def test_date_in_parts():
    """A date in three columns is read together with a time."""
    assert only_row("text,year,month,day,hour,minute\nHello,2026,4,7,9,30\n").local == WHEN
    assert only_row("text,Year,Month,Day,Time\nHello,2026,4,7,09:30\n").local == WHEN


@pytest.mark.parametrize(
    ("text", "profiles"),
    [
        (
            'post,platforms,mediaUrls,scheduleDate\n"Hello","twitter, facebook",'
            "https://a.example/a.jpg,2026-04-07T07:30:00Z\n",
            ("twitter", "facebook"),
        ),
        (
            "content,scheduledAt,socialMediaId,mediaUrls\n"
            "Hello,2026-04-07T07:30:00.000Z,tulip-x,https://a.example/a.jpg\n",
            ("tulip-x",),
        ),
        (
            "content,platformIds,scheduledAt,mediaUrls,tags\n"
            'Hello,"tulip-x,tulip-fb",2026-04-07T07:30:00Z,https://a.example/a.jpg,spring\n',
            ("tulip-x", "tulip-fb"),
        ),
    ],
    ids=["Ayrshare", "PostFast", "SocialPatra"],
)
def test_more_tools(text, profiles):
    """Files of Ayrshare, PostFast and SocialPatra are read."""
    row = only_row(text, zone="Europe/Amsterdam")
    assert (row.local, row.profiles, row.text) == (WHEN, profiles, "Hello")
    assert row.images == ("https://a.example/a.jpg",)


def test_networks_beside_profiles():
    """A column of networks is reported as unread if another column contains the profiles."""
    sheet = read_csv(b"content,platforms,platformIds\nHello,twitter,tulip-x\n")
    assert sheet.rows[0].profiles == ("tulip-x",)
    assert [found.code for found in sheet.problems] == ["sheet.unread_column"]
    assert "`platformIds` contains the profiles" in sheet.problems[0].text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text,image 1,image 2\na,b.jpg,c.jpg\n", {"images": ("b.jpg", "c.jpg")}),
        ("text,image,gifUrl\na,b.jpg,c.gif\n", {"images": ("b.jpg", "c.gif")}),
        ("text,profile,account\na,x1,x2\n", {"profiles": ("x1", "x2")}),
        ("text,tags,labels\na,x1,#x2\n", {"tags": ("x1", "x2")}),
        ("text,note,comments\na,one,two\n", {"note": "one\ntwo"}),
        ("text,caption\n,a\n", {"text": "a"}),
        ("text,caption\na,a\n", {"text": "a"}),
        (
            "text,image1,alt1,image2,alt2\na,b.jpg,,c.jpg,A cat\n",
            {"images": ("b.jpg", "c.jpg"), "alts": ("", "A cat")},
        ),
        (
            "text,image1,alt1,image2,alt2\na,,,c.jpg,A cat\n",
            {"images": ("c.jpg",), "alts": ("A cat",)},
        ),
    ],
)
def test_two_columns_for_one_field(text, expected):
    """A second column for a field is read as well."""
    row = only_row(text)
    assert expected == {name: getattr(row, name) for name in expected}


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("text,caption\nHello,Bye\n", "caption"),
        ("text,link,url\nHello,https://a.example,https://b.example\n", "url"),
        ("text,date,publish date\nHello,2026-04-07 09:30,2026-04-08 09:30\n", "publish date"),
        ("text,date,time\nHello,2026-04-07 10:30,09:30\n", "time"),
        ("text,id,ref\nHello,a,b\n", "ref"),
    ],
)
def test_two_values(text, column):
    """A row with two different values for one field is rejected, so that neither is dropped."""
    found = only_problem(text)
    assert ("sheet.two_values", column, True) == (found.code, found.column, found.blocks)


def test_midnight_beside_time():
    """A midnight that a spreadsheet program added to a date does not contradict the time."""
    assert only_row("text,date,time\nHello,2026-04-07 00:00:00,09:30\n").local == WHEN


def test_unnamed_column():
    """A column without a name is reported once, when a row has content in it."""
    sheet = read_csv(b"text,,note\na,,\nb,lost,\nc,lost too,\n")
    assert len(sheet.rows) == 3
    (found,) = sheet.problems
    assert ("sheet.unnamed_column", 3, False) == (found.code, found.row, found.blocks)


@pytest.mark.parametrize("row", ['"He said "hi" to me",x', '"a"b,x', '"a \\"b\\" c",x'])
def test_bare_quote(row):
    """A quote that is not doubled is a problem; the other rows are read."""
    sheet = read_csv(f'text,note\n{row}\n"a ""b"" c",x\n"fine" , "x"\nHe said "hi",x\n'.encode())
    (found,) = sheet.problems
    assert ("sheet.bare_quote", 2, True) == (found.code, found.row, found.blocks)
    assert ['a "b" c', "fine", 'He said "hi"'] == [read.text for read in sheet.rows]


def test_past_without_zone():
    """If no zone is known, a time is past only if it is past in every zone."""
    now = dt.datetime(2026, 4, 7, 12, tzinfo=dt.UTC)
    assert only_row("text,date\nHello,2026-04-07 01:00\n", now=now)
    assert only_problem("text,date\nHello,2026-04-06 23:00\n", now=now).code == "sheet.past"


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
        " =1+1",
        "\u00a0\u2003=1+1",
        "\u200b=1+1",
        "\ufeff @SUM(1+1)",
        "+1+1",
        "＝1+1".replace("＝", "="),
    ],
)
def test_formulas_are_text(cell):
    """A formula is read as text and reported."""
    out = io.StringIO()
    csv.writer(out).writerows([["text", "note"], [cell, "x"]])
    sheet = read_csv(out.getvalue().encode())
    assert sheet.rows[0].text == cell.strip()
    assert [found.code for found in sheet.problems] == ["sheet.formula"]
    assert not sheet.problems[0].blocks


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
def test_other_problems(text, code):
    """Every other fault is reported as a specific problem."""
    assert code == only_problem(text).code


def test_limits():
    """Rows beyond the limit are a problem, and the limit itself is bounded."""
    data = b"text\n" + b"hello\n" * 5
    sheet = read_csv(data, limits=SheetLimits(rows=3))
    assert len(sheet.rows) == 3
    assert [found.code for found in sheet.problems] == ["sheet.too_many_rows"]
    assert len(read_csv(data, limits=SheetLimits(rows=5)).rows) == 5
    with pytest.raises(InvalidValueError, match="350000"):
        SheetLimits(rows=350_001)


def test_given_columns():
    """The caller can specify the columns."""
    assert only_row("Was\nHello\n", columns={"Was": "text"}).text == "Hello"
    assert only_row("Hello,x\n", columns=["text", ""]).text == "Hello"
    assert only_row("text,note\nHello,x\n", columns={"note": ""}).note == ""
    sheet = read_csv(b"text\nHello\n", columns={"Wanneer": "date"})
    assert [found.code for found in sheet.problems] == ["sheet.missing_column"]
    with pytest.raises(InvalidValueError, match="did you mean `text`"):
        read_csv(b"", columns=["txt"])


def test_blank_rows():
    """Blank files and rows are ignored."""
    assert read_csv(b"").rows == ()
    assert read_csv(b"\r\n ,\r\n").rows == ()
    assert only_row("\n\ntext,note\n\n , \nHello,\n\n").number == 6


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read(data):
    """Arbitrary bytes are either read or reported as problems."""
    list(iter_csv(data))
    list(iter_csv(b"text,date,time,image\n" + data, zone="Europe/Amsterdam"))


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=3, max_size=5),
        max_size=6,
    )
)
def test_no_row_is_lost(table):
    """Every row is read or has a problem with its cells."""
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


def test_real_files(shared_data):
    """Real files and the published formats of other tools are read."""
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


def test_workbook() -> None:
    """A workbook is a problem with a suggestion."""
    (problem,) = read_csv(b"PK\x03\x04\x14\x00 and so on").problems
    assert (0, "sheet.workbook") == (problem.row, problem.code)
    assert "save it as CSV" in problem.text()
    assert "sla het op als CSV" in problem.text("nl")

"""The command line: exit codes, JSON output, and no tracebacks for user errors."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from socialcollab.cli import main
from socialcollab.cli.demo import run_demo
from socialcollab.cli.output import Output, progress
from socialcollab.desk import Desk
from socialcollab.organization import Organization
from socialcollab.styleguide import RULES

WEEK = Path(__file__).resolve().parents[2] / "examples" / "agency_week"
AGENCY = str(WEEK / "agency.toml")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command, and return its exit code, standard output and standard error."""

    def go(*words: str) -> tuple[int, str, str]:
        code = main(words)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return go


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The journal of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder)
    return folder / "agency.db"


def test_check(run: Run) -> None:
    """A document without faults and without failing expectations results in exit code 0."""
    code, out, err = run("check", AGENCY, "--at", "2026-06-01T09:00+02:00")
    assert (0, "") == (code, err)
    assert "4 expectations, 0 failing" in out


def test_check_failing_expectation(run: Run, tmp_path: Path) -> None:
    """A failing expectation is printed and results in exit code 1."""
    text = (WEEK / "clients" / "tulip.toml").read_text(encoding="utf-8")
    (tmp_path / "clients").mkdir()
    (tmp_path / "clients" / "tulip.toml").write_text(text, encoding="utf-8")
    agency = (WEEK / "agency.toml").read_text(encoding="utf-8")
    start = agency.index("[style]")
    expectation = '[[expect]]\nmember = "ana"\ncan = "publish"\non = "tulip-x"\n'
    (tmp_path / "agency.toml").write_text(agency[:start] + expectation, encoding="utf-8")
    code, out, _ = run("check", str(tmp_path / "agency.toml"))
    assert code == 1
    assert "expectation fails" in out
    assert "ana" in out


def test_check_faults(run: Run, tmp_path: Path) -> None:
    """Every fault of a document is listed with its place and its suggestion."""
    document = tmp_path / "agency.toml"
    document.write_text(
        '[organization]\nid = "A B"\ntimezone = "Europe/Amsterdm"\n[[teams]]\nid = "t"\n'
        'members = ["nobody"]\n[[tims]]\nid = "x"\n',
        encoding="utf-8",
    )
    code, out, err = run("check", str(document))
    assert (1, "") == (code, out)
    for said in ("A B", "Europe/Amsterdm", "nobody", "tims"):
        assert said in err
    code, out, err = run("check", str(document), "--json")
    assert (1, "") == (code, err)
    problems = json.loads(out)["problems"]
    assert len(problems) >= 4
    assert all(problem["place"] and problem["problem"] for problem in problems)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["check", "no-such-file.toml"], 2, "no-such-file.toml"),
        (["check", AGENCY, "--at", "yesterday"], 2, "`yesterday` is not a day or a time"),
        (["check", AGENCY, "--at", "2026-03-29T02:30"], 2, "does not exist in `Europe/Amsterdam`"),
        (["lint", "no-such-file.csv"], 2, "no-such-file.csv"),
        (["history", "no.db", "p1"], 2, "there is no desk `no.db`"),
        (["bogus"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_wrong_usage(run: Run, words: list[str], code: int, said: str) -> None:
    """Wrong usage is reported in one line on standard error, with exit code 2."""
    found, _, err = run(*words)
    assert code == found
    assert said in err
    assert "Traceback" not in err


def test_help_and_version(run: Run) -> None:
    """`--help` and `--version` exit with code 0."""
    assert run("--help")[0] == 0
    code, out, _ = run("--version")
    assert code == 0
    assert out.startswith("socialcollab ")


def test_lint_text(run: Run, tmp_path: Path) -> None:
    """The findings on a text are printed; only an error results in exit code 1."""
    text = tmp_path / "post.txt"
    text.write_text("Fly cheap to Porto", encoding="utf-8")
    guide = str(WEEK / "style" / "house.toml")
    code, out, _ = run("lint", str(text), "--guide", guide, "--network", "x", "--json")
    assert code == 1
    (finding,) = json.loads(out)["findings"]
    assert ("SG102", 4, 9, "error") == tuple(
        finding[name] for name in ("code", "start", "end", "severity")
    )
    text.write_text("Fly to Porto for €39", encoding="utf-8")
    assert run("lint", str(text), "--guide", guide)[0] == 0


def test_lint_places(run: Run, tmp_path: Path) -> None:
    """The place of a finding is marked in its line, also after wide and joined characters."""
    text, guide = tmp_path / "post.txt", str(WEEK / "style" / "house.toml")
    text.write_text("Lente 🌷\n花 e\u0301 Cheap to Porto\r\nDag", encoding="utf-8")
    code, out, _ = run("lint", str(text), "--guide", guide)
    assert code == 1
    assert out.splitlines()[:3] == [
        f"{text}:2:6: {out.splitlines()[0].partition(':2:6: ')[2]}",
        "    花 e\u0301 Cheap to Porto",
        "         ^^^^^",
    ]
    [finding] = json.loads(run("lint", str(text), "--guide", guide, "--json")[1])["findings"]
    assert (finding["line"], finding["column"]) == (2, 6)
    text.write_text("x" * 500 + " cheap", encoding="utf-8")
    assert "^" not in run("lint", str(text), "--guide", guide)[1]


def test_lint_several(run: Run, tmp_path: Path) -> None:
    """Several files are linted together, and each finding names its file."""
    guide = str(WEEK / "style" / "house.toml")
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("cheap", encoding="utf-8")
    files = [str(tmp_path / "a.txt"), str(WEEK / "posts.csv"), str(tmp_path / "b.txt")]
    code, out, _ = run("lint", *files, "--guide", guide)
    assert code == 1
    assert [line.partition(":")[0] for line in out.splitlines() if "SG102" in line][:1] == files[:1]
    assert any(line.startswith(f"{files[1]}: row ") for line in out.splitlines())
    found = json.loads(run("lint", *files, "--guide", guide, "--json")[1])["findings"]
    assert list(dict.fromkeys(each["file"] for each in found)) == files
    code, out, err = run("lint", *files, str(tmp_path / "c.txt"), "--guide", guide)
    assert (code, out) == (2, "")
    assert "c.txt" in err


def test_hook_for_pre_commit(run: Run, tmp_path: Path) -> None:
    """The hook calls the command with the files at the end, after the hook's arguments."""
    [hook] = yaml.safe_load((WEEK.parents[1] / ".pre-commit-hooks.yaml").read_text("utf-8"))
    words = hook["entry"].split()
    assert words[0] == "socialcollab"
    text = tmp_path / "post.txt"
    text.write_text("cheap", encoding="utf-8")
    options = ("--guide", str(WEEK / "style" / "house.toml"))
    assert run(*words[1:], *options, str(text), str(text))[0] == 1


def test_lint_annotations(run: Run, tmp_path: Path) -> None:
    """Annotations contain the place, and text in a post cannot end one and begin another."""
    folder = tmp_path / "a,b:c"
    folder.mkdir()
    text, guide = folder / "post.txt", tmp_path / "guide.toml"
    text.write_text("\n100% sure", encoding="utf-8")
    guide.write_text('[[terms]]\nban = ["100% sure"]\nwhy = "::error::x"', encoding="utf-8")
    code, out, _ = run("lint", str(text), "--guide", str(guide), "--github")
    assert code == 0
    first = out.splitlines()[0]
    assert first.startswith("::warning file=")
    assert "a%2Cb%3Ac" in first
    assert ",title=SG102,line=2,col=1::" in first
    assert "`100%25 sure`: ::error::x" in first
    out = run("lint", str(WEEK / "posts.csv"), "--organization", AGENCY, "--github")[1]
    assert "posts.csv,title=SG103::row " in out
    assert "posts.csv::row 65, column date: " in out


def test_rules(run: Run) -> None:
    """The rules are listed, and each is explained; an unknown one gets a suggestion."""
    code, out, _ = run("rules")
    assert code == 0
    assert [line[:5] for line in out.splitlines()] == list(RULES)
    assert [each["code"] for each in json.loads(run("rules", "--json")[1])["rules"]] == list(RULES)
    for rule in RULES:
        code, out, _ = run("explain", rule.lower())
        assert code == 0
        assert out.startswith(f"# {rule} ")
        assert "## Why it matters" in out
    assert "summary" in json.loads(run("explain", "SG102", "--json")[1])
    code, _, err = run("explain", "SG102a")
    assert code == 2
    assert "did you mean `SG102`" in err


def test_lint_encoding(run: Run, tmp_path: Path) -> None:
    """A text that is not UTF-8 is rejected, and the message contains the first invalid byte."""
    text = tmp_path / "post.txt"
    text.write_bytes("café".encode("latin-1"))
    code, _, err = run("lint", str(text))
    assert code == 2
    assert "byte 3" in err


def test_lint_sheet(run: Run) -> None:
    """The rows of a spreadsheet are linted by the style guides of the given document."""
    code, out, _ = run(
        "lint", str(WEEK / "posts.csv"), "--organization", AGENCY, "--language", "nl"
    )
    assert code == 1
    for said in ("rij 23: ", "SG101", "SG103", "SG105", "tulip-twitter", "`tulip-x`"):
        assert said in out
    assert "row " not in out


def test_calendar(run: Run, desk: Path, tmp_path: Path) -> None:
    """The calendar is printed, and written as a page and as an iCalendar file."""
    page, ics = tmp_path / "calendar.html", tmp_path / "calendar.ics"
    code, out, _ = run(
        "calendar", str(desk), "--month", "2026-04", "--html", str(page), "--ics", str(ics)
    )
    assert code == 0
    assert "Tue 07 Apr 09:30" in out
    assert "published" in out
    assert "De lente is er" in page.read_text(encoding="utf-8")
    assert ics.read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    code, out, _ = run("calendar", str(desk), "--month", "2025-01")
    assert "nothing is planned" in out
    entries: list[dict[str, Any]] = json.loads(run("calendar", str(desk), "--json")[1])
    assert {"tulip-x", "tulip-mastodon"} == {entry["profile"] for entry in entries}


def test_calendar_holds(run: Run, tmp_path: Path) -> None:
    """The calendar shows active holds, and marks ended holds as ended."""
    path = tmp_path / "agency.db"
    now = dt.datetime(2026, 4, 6, 8, tzinfo=dt.UTC)
    with Desk.create(
        path, Organization.template("northwind"), owner="eva", clock=lambda: now
    ) as desk:
        eva = desk.acting_as("eva")
        eva.resume(eva.hold("tulip-x", reason="storm"))
        eva.hold({"workspace": "tulip"}, reason="strike")
    page = tmp_path / "calendar.html"
    code, out, _ = run("calendar", str(path), "--month", "2026-04", "--html", str(page))
    assert code == 0
    assert [
        "ended hold: profile tulip-x from 2026-04-06 10:00 until 2026-04-06 10:00, ended by eva:"
        " storm",
        "hold: workspace tulip from 2026-04-06 10:00 until a member ends it: strike",
        "nothing is planned for 2026-04",
    ] == out.splitlines()
    assert "Hold (ended)" in page.read_text(encoding="utf-8")
    _, out, _ = run("calendar", str(path), "--month", "2026-03")
    assert ["nothing is planned for 2026-03"] == out.splitlines()


def test_calendar_viewer(run: Run, desk: Path) -> None:
    """With `--viewer`, the calendar contains only entries that the member may view."""
    everything = run("calendar", str(desk), "--json")[1]
    assert everything == run("calendar", str(desk), "--viewer", "noor", "--json")[1]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["--week", "2026-W15"], "6–12 April 2026 (week 15)"),
        (["--week", "2026-W18", "--language", "nl"], "27 april – 3 mei 2026 (week 18)"),
        (["--month", "2026-04"], "April 2026"),
        (["--agenda", "2026-04-06..2026-04-19"], "6–19 April 2026"),
    ],
)
def test_calendar_title(run: Run, desk: Path, tmp_path: Path, words: list[str], title: str) -> None:
    """The title of a calendar page contains the month, the week or the days."""
    page = tmp_path / "calendar.html"
    assert run("calendar", str(desk), *words, "--html", str(page))[0] == 0
    assert f": {title}</title>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["calendar", "DESK", "--viewer", "nor"], "no member `nor`; did you mean `noor`?"),
        (["calendar", "DESK", "--workspace", "tulp"], "no workspace `tulp`; did you mean `tulip`?"),
        (["calendar", "DESK", "--workspace", "zzz"], "no workspace `zzz`; use one of `tulip`"),
        (["calendar", "DESK", "--id", "northwnd"], "did you mean `northwind`?"),
        (["permissions", "DESK", "--member", "an"], "did you mean `ana`?"),
        (["permissions", "DESK", "--workspace", "tulp"], "did you mean `tulip`?"),
        (["coverage", "DESK", "--without", "bn"], "did you mean `ben`?"),
        (["coverage", "DESK", "--absent", "0"], "--absent `0` is too few"),
        (["rotations", "DESK", "--rotation", "x"], "no rotation `x`; use one of `weekend-care`"),
        (["offboarding", "DESK", "bn"], "did you mean `ben`?"),
        (["can", "DESK", "bn", "view", "tulip-x"], "did you mean `ben`?"),
        (["audit", "DESK", "--id", "northwnd"], "did you mean `northwind`?"),
        (["reindex", "DESK", "--id", "northwnd"], "did you mean `northwind`?"),
        (["run-due", "DESK", "--id", "northwnd"], "did you mean `northwind`?"),
        (["import", "DESK", AGENCY, "--member", "bn"], "did you mean `ben`?"),
        (["import", "DESK", AGENCY, "--profile", "tulip-y"], "did you mean `tulip-x`?"),
        (["import", "DESK", AGENCY, "--profile", "twitter=tulip-y"], "did you mean `tulip-x`?"),
        (["import", "DESK", AGENCY, "--profile", "tulip"], "`tulip` is a workspace; name its"),
        (["import", "DESK", AGENCY, "--workspace", "tulp"], "did you mean `tulip`?"),
        (["lint", AGENCY, "--network", "mastodn"], "did you mean `mastodon`?"),
        (["lint", AGENCY, "--encoding", "utf-9"], "there is no text encoding `utf-9`"),
        (["init", "new.toml", "--template", "laddr"], "did you mean `ladder`?"),
        (["init", "new.toml", "--template", "ladder", "--set", "reeder=a"], "mean `reader`?"),
        (["init", "new.toml", "--template", "ladder", "--set", "id"], "not of the form NAME=VALUE"),
    ],
)
def test_unknown_names(run: Run, desk: Path, words: list[str], said: str) -> None:
    """An unknown name in any option is an error with a suggestion, and exit code 2."""
    code, out, err = run(*(str(desk) if word == "DESK" else word for word in words))
    assert (2, "") == (code, out)
    assert said in err


def test_desk_as_document(run: Run, desk: Path, tmp_path: Path) -> None:
    """Commands accept a desk's file wherever they accept a document."""
    code, out, err = run("check", str(desk))
    assert (0, "") == (code, err)
    assert "step client-signoff/client applies only if finding_at_least = warning" in out
    assert "northwind: 1 workspace, 2 profiles, 4 members" in out
    assert run("compare", str(desk), str(desk))[0] == 0
    sheet = tmp_path / "posts.csv"
    sheet.write_text("profiles,text\ntulip-y,Hello\n", encoding="utf-8")
    code, out, _ = run("lint", str(sheet), "--organization", str(desk))
    assert code == 1
    assert "there is no profile `tulip-y`; did you mean `tulip-x`?" in out
    assert "0 findings, 1 problem\n" in out


def test_written_files(run: Run, desk: Path, tmp_path: Path) -> None:
    """Every command that writes a file prints the file's name."""
    page, ics = tmp_path / "a.html", tmp_path / "a.ics"
    _, out, err = run("calendar", str(desk), "--html", str(page), "--ics", str(ics), "--json")
    assert f"wrote {page}: 2 entries of 2026-04\nwrote {ics}: 2 entries\n" == err
    assert len(json.loads(out)) == 2
    assert f"wrote {page}\n" == run("permissions", AGENCY, "--html", str(page))[2]


def test_init(run: Run, tmp_path: Path) -> None:
    """`init` writes a document from a template, and never overwrites a file."""
    path = tmp_path / "new" / "acme.toml"
    words = ("init", str(path), "--template", "by_network", "--set", "id=acme", "--set", "lead=eva")
    code, out, _ = run(*words)
    assert (0, True) == (code, f"wrote {path}" in out)
    organization = Organization.load(path)
    assert (organization.id, organization.workspaces[0].lead) == ("acme", "eva")
    assert run("check", str(path))[0] == 0
    code, _, err = run(*words)
    assert (2, True) == (code, "already exists" in err)
    code, _, err = run("init", str(tmp_path / "b.toml"), "--template", "ladder")
    assert (2, True) == (code, "template `ladder` requires `id`; pass --set id=..." in err)
    northwind = tmp_path / "northwind"
    code, out, _ = run("init", str(northwind / "a.toml"), "--template", "northwind", "--json")
    assert code == 0
    assert str(northwind / "style" / "house.toml") in json.loads(out)["files"]
    assert run("check", str(northwind / "a.toml"))[0] == 0


def test_init_questions(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--template`, `init` asks questions; an empty answer means the default."""
    path = tmp_path / "acme.toml"
    answers = "by_network\n\nacme\ntulip\nana\n" + "\n" * 9
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    code, _, err = run("init", str(path), "--set", "lead=eva")
    assert code == 0
    assert "first (publishes on the first network) [first]: " in err
    assert "lead (" not in err
    organization = Organization.load(path)
    assert (organization.id, organization.workspaces[0].lead) == ("acme", "eva")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    code, _, err = run("init", str(tmp_path / "b.toml"))
    assert (2, True) == (code, "pass --template and --set" in err)
    assert not (tmp_path / "b.toml").exists()


SHEET = """ref;profiles;Datum;Tijd;Wat;image;author
W1;tulip-x;07/04/2099;09:30;Hallo €;tulp.png;ana
W2;tulip-y;07/04/2099;10:30;Hallo;;ben
W3;tulip-x;07/04/2020;09:30;Oud;;ben
W4;twitter;07/04/2099;11:30;Netwerk;;
"""


def test_import(run: Run, tmp_path: Path) -> None:
    """`import` drafts each row as its author, reports rejected rows, and can be repeated."""
    run_demo(tmp_path / "demo")
    database, sheet = tmp_path / "demo" / "agency.db", tmp_path / "posts.csv"
    sheet.write_bytes(SHEET.encode("cp1252"))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "tulp.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 32)
    words = [
        "import", str(database), str(sheet), "--encoding", "cp1252", "--order", "dmy",
        "--columns", "Wat=text", "--images", str(tmp_path / "images"), "--profile",
        "twitter=tulip-mastodon",
    ]  # fmt: skip
    code, _, err = run(*words)
    assert (2, True) == (code, "row 5 has no author" in err)
    words += ["--member", "eva"]
    code, out, _ = run(*words, "--dry-run")
    assert code == 1
    assert "2 drafted, 2 refused; this was a dry run, so nothing was written" in out
    assert "row 3: `W2` was not imported: there is no profile `tulip-y`" in out
    assert "row 4, column Datum: 2020-04-07 09:30 is in the past" in out
    code, out, _ = run(*words, "--json")
    assert [("W1", "drafted"), ("W2", "refused"), ("W4", "drafted")] == [
        (row["external_id"], row["status"]) for row in json.loads(out)["rows"]
    ]
    assert "2 unchanged, 2 refused" in run(*words)[1]
    with Desk.open(database) as desk:
        first, last = desk.post_by_external_id("W1"), desk.post_by_external_id("W4")
    assert first is not None
    assert last is not None
    assert (first.author, first.text, last.author, last.targets) == (
        "ana", "Hallo €", "eva", ("tulip-mastodon",)
    )  # fmt: skip
    assert [image.name for image in first.media] == ["tulp.png"]
    sheet.write_bytes(SHEET.replace("Hallo €", "Dag").encode("cp1252"))
    assert "1 unchanged, 1 not updated, 2 refused" in run(*words)[1]
    _, out, _ = run(*words, "--update", "--language", "nl")
    assert "rij 2: `W1` is bijgewerkt (text)" in out


def test_import_images_outside_folder(run: Run, tmp_path: Path) -> None:
    """A sheet cannot read an image outside the folder."""
    run_demo(tmp_path / "demo")
    (tmp_path / "images").mkdir()
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 32)
    sheet = tmp_path / "posts.csv"
    sheet.write_text("text,profiles,image\na,tulip-x,../secret.png\n", encoding="utf-8")
    code, out, _ = run(
        "import", str(tmp_path / "demo" / "agency.db"), str(sheet), "--member", "ana",
        "--images", str(tmp_path / "images"),
    )  # fmt: skip
    assert (1, True) == (code, "the image `../secret.png` was not supplied" in out)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["Wat"], "a spreadsheet has no field `Wat`"),
        (["text,date", "link"], "has no `=`"),
        (["Wat=text", "date"], "`date` has no `=`"),
        (["Wat=txt"], "did you mean `text`?"),
    ],
)
def test_columns_option(run: Run, tmp_path: Path, columns: list[str], said: str) -> None:
    """An invalid value of `--columns` is rejected."""
    sheet = tmp_path / "posts.csv"
    sheet.write_text("Wat\na\n", encoding="utf-8")
    options = [word for column in columns for word in ("--columns", column)]
    code, _, err = run("lint", str(sheet), *options)
    assert (2, True) == (code, said in err)


def test_lint_sheet_options(run: Run, tmp_path: Path) -> None:
    """`lint` reads a spreadsheet with the given encoding, order, columns and zone."""
    sheet = tmp_path / "posts.csv"
    sheet.write_bytes("07/04/2026 09:30,Café\n29/03/2026 02:30,Nooit\n".encode("cp1252"))
    words = ("lint", str(sheet), "--encoding", "cp1252", "--columns", "date,text")
    code, out, _ = run(*words, "--order", "dmy")
    assert (0, "0 findings, 0 problems") == (code, out.strip())
    code, out, _ = run(*words, "--order", "dmy", "--zone", "Europe/Amsterdam")
    assert (1, True) == (code, "does not exist in Europe/Amsterdam" in out)
    assert "can mean 2026-04-07" in run(*words)[1]
    assert run(*words, "--zone", "Europe/Amsterdm")[0] == 2


def test_run_due(run: Run, tmp_path: Path) -> None:
    """`run-due` publishes to a sandbox, and reports deliveries that have no network."""
    database, sandbox = tmp_path / "agency.db", tmp_path / "sandbox"
    now = dt.datetime.now(dt.UTC)
    clock = lambda: now - dt.timedelta(minutes=10)  # noqa: E731
    with Desk.create(
        database, Organization.template("northwind"), owner="eva", clock=clock
    ) as desk:
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        post = ana.draft("Hallo", profiles=["tulip-x"], planned_at=now - dt.timedelta(minutes=1))
        ben.approve(ana.submit(post))
    code, out, _ = run("run-due", str(database))
    assert code == 1
    assert "no network is configured for profile `tulip-x`" in out
    code, out, err = run("run-due", str(database), "--sandbox", str(sandbox), "--json")
    assert code == 0
    assert [one["state"] for one in json.loads(out)["deliveries"]] == ["published"]
    assert f"wrote {sandbox / 'timeline.html'}" in err
    code, out, _ = run("run-due", str(database), "--budget", "5")
    assert (0, True) == (code, "0 streams processed, 0 problems" in out)


def test_run_due_names_posts(run: Run, tmp_path: Path) -> None:
    """`run-due` names the posts by their external ids."""
    database, sandbox = tmp_path / "agency.db", tmp_path / "sandbox"
    now = dt.datetime.now(dt.UTC)
    with Desk.create(
        database,
        Organization.template("northwind"),
        owner="eva",
        clock=lambda: now - dt.timedelta(minutes=10),
    ) as desk:
        ana, ben = desk.acting_as("ana"), desk.acting_as("ben")
        at = now - dt.timedelta(minutes=1)
        post = ana.draft("Hallo", profiles=["tulip-x"], planned_at=at, external_id="W1")
        ben.approve(ana.submit(post))
    _, out, _ = run("run-due", str(database), "--sandbox", str(sandbox))
    assert out.startswith("`W1` on `tulip-x`: published\n")


def test_help_is_light() -> None:
    """`--help` loads neither the packages of the library nor third-party packages."""
    code = (
        "import sys; from socialcollab.cli import main; main(['--help']); "
        "print(sorted(m for m in sys.modules if m.partition('.')[0] in "
        "('attr', 'attrs', 'cattrs', 'httpx', 'tenacity', 'dateutil', 'importlib.metadata') "
        "or m.startswith('socialcollab.') and m.split('.')[1] not in "
        "('cli', 'errors', 'identifiers')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]


@pytest.mark.parametrize("month", ["2026", "2026-13", "juni", "0000-01"])
def test_calendar_month(run: Run, desk: Path, month: str) -> None:
    """A value of `--month` that is not a month is rejected."""
    code, _, err = run("calendar", str(desk), "--month", month)
    assert code == 2
    assert f"`{month}` is not a month" in err


def test_history(run: Run, desk: Path) -> None:
    """The history shows each action in words with actor and local time, or as JSON."""
    entries = json.loads(run("calendar", str(desk), "--json")[1])
    code, out, _ = run("history", str(desk), entries[0]["post"])
    assert code == 0
    assert "2026-04-06 10:00 CEST  ana          drafted the post\n" in out
    assert "ben          approved step `editorial/edit`" in out
    assert "publisher    published the post on `tulip-x`: " in out
    code, out, _ = run("history", str(desk), entries[0]["post"], "--language", "nl", "--json")
    decided = next(one for one in json.loads(out) if one["type"] == "post.decided")
    assert decided["text"].startswith("keurde stap `editorial/edit` goed")
    assert (decided["values"]["verdict"], decided["values"]["steps"]) == (
        "approve",
        ["editorial/edit"],
    )


def test_notifications_and_to_do(run: Run, tmp_path: Path) -> None:
    """`notifications` and `to-do` print texts in the member's own time zone, since a given day."""
    now = dt.datetime(2026, 4, 6, 8, tzinfo=dt.UTC)
    path = str(tmp_path / "agency.db")
    with Desk.create(
        path, Organization.template("northwind"), owner="eva", clock=lambda: now
    ) as agency:
        ana, ben = agency.acting_as("ana"), agency.acting_as("ben")
        ben.approve(ana.submit(ana.draft("Zon", profiles=["tulip-x"], external_id="W1")))
        now += dt.timedelta(days=1)
        ben.request_changes(
            ana.submit(
                ana.draft(
                    "Zee", profiles=["tulip-x"], planned_at="2026-04-09 09:30", external_id="W2"
                )
            ),
            "shorter",
        )
    notified = ["notifications", path, "ana"]
    # Ana lives in Lisbon.
    approved = "2026-04-06 09:00 WEST  post `W1` is approved, but not scheduled yet; schedule it\n"
    changed = "2026-04-07 09:00 WEST  ben requested changes to post `W2`\n"
    assert (0, approved + changed, "") == run(*notified)
    assert (0, changed, "") == run(*notified, "--since", "2026-04-07")
    (value,) = json.loads(run(*notified, "--since", "2026-04-07 09:00", "--json")[1])
    assert ("changes_requested", "ben") == (value["kind"], value["by"])
    assert (0, "there are no notifications\n", "") == run(*notified, "--since", "2026-05-01")
    assert (
        0,
        "2026-04-09 08:30 WEST  change post `W2` as requested, and submit it again\n"
        "no planned time        post `W1` is approved, but not scheduled on `tulip-x`; schedule it,"
        " or publish it now\n",
        "",
    ) == run("to-do", path, "ana")
    tasks = json.loads(run("to-do", path, "ana", "--language", "nl", "--json")[1])
    assert ["change", "schedule"] == [one["kind"] for one in tasks]
    assert "maar nog niet ingepland op `tulip-x`" in tasks[1]["text"]
    assert (0, "there is nothing to do\n", "") == run("to-do", path, "ben")
    for command in ("notifications", "to-do"):
        code, out, err = run(command, path, "anna")
        assert (2, "") == (code, out)
        assert "did you mean `ana`?" in err
    assert run(*notified, "--since", "yesterday")[0] == 2


APPROVERS = """
[organization]
id = "acme"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "editorial"
[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
[[members]]
id = "ana"
[[members]]
id = "ben"
[[members]]
id = "eva"
[roles.all]
permissions = ["*"]
[[grants]]
to = ["member:ben", "member:eva"]
role = "all"
on = { workspace = "*" }
[[approvals]]
id = "editorial"
on = { workspace = "tulip" }
[[approvals.steps]]
id = "edit"
reviewers = "member:eva"
"""


def test_who_approves(run: Run, tmp_path: Path) -> None:
    """For `approve`, each line lists the steps that the member can decide, even as a delegate."""
    document = tmp_path / "agency.toml"
    document.write_text(APPROVERS, encoding="utf-8")
    rule = "grants[0] grants `{}` `all` on `tulip-x`"
    ben = f"ben: {rule.format('ben')}; not a reviewer of any approval step\n"
    eva = f"eva: {rule.format('eva')}; can decide on step `editorial/edit`\n"
    assert (0, ben + eva, "") == run("who", str(document), "approve", "tulip-x")
    values = json.loads(run("who", str(document), "approve", "tulip", "--json")[1])
    assert {"ben": [], "eva": ["editorial/edit"]} == {one["member"]: one["steps"] for one in values}
    assert "step" not in run("who", str(document), "publish", "tulip-x")[1]
    now = dt.datetime(2026, 4, 6, 8, tzinfo=dt.UTC)
    path = str(tmp_path / "agency.db")
    with Desk.create(path, Organization.loads(APPROVERS), owner="eva", clock=lambda: now) as agency:
        agency.acting_as("eva").add_absence("2026-04-06", "2036-04-08", delegate="ana")
    _, out, _ = run("who", path, "approve", "tulip-x")
    (line,) = [line for line in out.splitlines() if line.startswith("ana: ")]
    assert line.endswith("; can decide on step `editorial/edit`")


def test_reindex(run: Run, desk: Path) -> None:
    """`reindex` repairs a damaged snapshot that `audit` found."""
    with sqlite3.connect(desk) as raw:
        raw.execute(
            "UPDATE socialcollab_streams SET snapshot = x'00' WHERE stream = 'organization'"
        )
    raw.close()
    assert run("audit", str(desk))[0] == 1
    code, out, _ = run("reindex", str(desk))
    assert code == 0
    assert "repaired organization" in out
    assert run("audit", str(desk))[0] == 0
    assert json.loads(run("reindex", str(desk), "--json")[1])["changed"] == []


def test_audit_anchor(run: Run, desk: Path) -> None:
    """`audit` prints an anchor, and compares the journal with a given anchor."""
    code, out, _ = run("audit", str(desk), "--json")
    report = json.loads(out)
    assert (0, True) == (code, report["clean"])
    assert run("audit", str(desk), "--anchor", report["anchor"])[0] == 0
    position, _, digest = report["anchor"].partition(":")
    other = f"{position}:{digest[::-1]}"
    code, out, _ = run("audit", str(desk), "--anchor", other)
    assert code == 1
    assert "DAMAGED" in out
    assert run("audit", str(desk), "--anchor", "x")[0] == 2


def test_not_a_journal(run: Run, tmp_path: Path) -> None:
    """A file that is not a journal is refused."""
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 100)
    code, _, err = run("audit", str(other))
    assert code in (1, 3)
    assert "other.db" in err
    assert "Traceback" not in err


def test_missing_desk(run: Run, tmp_path: Path) -> None:
    """A command on a missing file does not create it."""
    missing = tmp_path / "missing.db"
    assert run("audit", str(missing))[0] == 2
    assert not missing.exists()


def test_demo(run: Run, tmp_path: Path) -> None:
    """The demo prints its story, and rejects a folder that is not empty."""
    out = str(tmp_path / "demo")
    code, printed, _ = run("demo", "--out", out)
    assert code == 0
    assert "ben approves it" in printed
    assert "audit: clean" in printed
    code, _, err = run("demo", "--out", out)
    assert code == 2
    assert "is not empty" in err


@pytest.mark.integration
def test_closed_pipe(desk: Path) -> None:
    """`python -m socialcollab` runs, and exits without an error if its pipe is closed."""
    command = [sys.executable, "-m", "socialcollab", "audit", str(desk)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("clean")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in errors


def test_control_characters(run: Run, tmp_path: Path) -> None:
    """Control characters in texts are escaped."""
    text = tmp_path / "post.txt"
    guide = tmp_path / "guide.toml"
    guide.write_text('[[terms]]\nban = ["x"]\nwhy = "a\\u001b[2Jb"\n', encoding="utf-8")
    text.write_text("x", encoding="utf-8")
    out = run("lint", str(text), "--guide", str(guide))[1]
    assert "\x1b" not in out


def test_who(run: Run) -> None:
    """`who` lists each member with the rule that grants the permission."""
    code, out, err = run("who", AGENCY, "approve", "tulip-x", "--at", "2026-06-01T09:00+02:00")
    assert (0, "") == (code, err)
    assert "grants[" in out
    code, out, _ = run("who", AGENCY, "approve", "tulip-x", "--json")
    assert all(one["member"] and one["reasons"] for one in json.loads(out))


def test_who_unknown_names(run: Run) -> None:
    """An unknown permission or resource is refused with the nearest name."""
    for words, said in (
        (("who", AGENCY, "publsh", "tulip-x"), "did you mean `publish`"),
        (("who", AGENCY, "publish", "tulip-y"), "did you mean `tulip-x`"),
        (("can", AGENCY, "anna", "publish", "tulip-x"), "did you mean `ana`"),
    ):
        code, _, err = run(*words)
        assert code == 2
        assert said in err


def test_can(run: Run) -> None:
    """A refusal has reasons and remedies, in English and in Dutch."""
    words = ("can", AGENCY, "ana", "manage_access", "*")
    code, out, _ = run(*words)
    assert code == 1
    assert "to allow it" in out
    assert out != run(*words, "--language", "nl")[1]
    code, out, _ = run(*words, "--json")
    answer = json.loads(out)
    assert (1, False) == (code, answer["allowed"])
    assert all(one["text"] and one["code"] for one in answer["remedies"])


def test_compare(run: Run, tmp_path: Path) -> None:
    """`compare` prints which members gain or lose permissions between two documents."""
    plain = (
        '[organization]\nid = "acme"\nlanguage = "en"\ntimezone = "UTC"\n'
        '[[workspaces]]\nid = "tulip"\nlead = "eva"\ndefault_approval = "none"\n'
        '[[profiles]]\nid = "tulip-x"\nworkspace = "tulip"\nnetwork = "x"\n'
        '[[members]]\nid = "eva"\n[[members]]\nid = "ana"\n'
        '[[grants]]\nto = "member:ana"\npermissions = ["view"]\non = "tulip-x"\n'
    )
    before, after = tmp_path / "before.toml", tmp_path / "after.toml"
    before.write_text(plain, encoding="utf-8")
    after.write_text(plain.replace("view", "draft"), encoding="utf-8")
    code, out, err = run("compare", str(before), str(after))
    assert (0, "") == (code, err)
    assert [
        "- ana: view on tulip-x (grants[0])",
        "+ ana: draft on tulip-x (grants[0])",
        "no policy changes",
    ] == out.splitlines()
    _, out, _ = run("compare", str(before), str(after), "--json")
    assert ["loses", "gains"] == [one["kind"] for one in json.loads(out)["permissions"]]
    code, out, _ = run("who", str(before), "publish", "tulip-x")
    assert (1, "no member has `publish` on tulip-x") == (code, out.strip())
    _, out, _ = run("compare", str(before), str(before))
    assert "no member gains or loses a permission" in out
    after.write_text("x = = 1", encoding="utf-8")
    code, _, err = run("compare", str(before), str(after))
    assert (1, True) == (code, f"at {after}: line 1, column 5" in err)


POLICY = """
[organization]
id = "acme"
language = "en"
timezone = "UTC"
[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "brand"
[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
[[members]]
id = "eva"
[[members]]
id = "ana"
[[members]]
id = "ben"
[[grants]]
to = "member:eva"
permissions = ["approve", "draft"]
on = "tulip-x"
[[grants]]
to = "member:ana"
permissions = ["approve"]
on = "tulip-x"
[[approvals]]
id = "brand"
on = "tulip-x"
[[approvals.steps]]
id = "edit"
reviewers = ["member:eva", "member:ana"]
"""


def test_compare_policies(run: Run, tmp_path: Path) -> None:
    """`compare` prints the changed values of policies, step by step."""
    before, after = tmp_path / "before.toml", tmp_path / "after.toml"
    before.write_text(POLICY, encoding="utf-8")
    legal = '[[approvals.steps]]\nid = "legal"\nreviewers = "lead"\nonly_if = { media = "image" }\n'
    after.write_text(POLICY + "quorum = 2\n" + legal, encoding="utf-8")
    code, out, err = run("compare", str(before), str(after))
    assert (0, "") == (code, err)
    assert [
        "no member gains or loses a permission",
        "changed approvals brand (steps)",
        "    steps edit: quorum: default -> 2",
        "    steps legal: added with reviewers = lead, only_if = {media = image}",
    ] == out.splitlines()
    _, out, _ = run("compare", str(after), str(before), "--json")
    (change,) = json.loads(out)["policies"]
    assert ["steps edit: quorum: 2 -> default", "steps legal: removed"] == change["details"]


def test_check_examples_of_rules(run: Run, tmp_path: Path) -> None:
    """`check` warns about style rules whose examples fail."""
    document, guide = tmp_path / "acme.toml", tmp_path / "house.toml"
    document.write_text(POLICY + '[style]\nguides = ["house.toml"]\n', encoding="utf-8")
    guide.write_text(
        '[rules.no-sale]\nkind = "existence"\nwords = ["sale"]\nbad = ["Sale!", "sales"]\n',
        encoding="utf-8",
    )
    code, out, err = run("check", str(document))
    assert (code, err) == (0, "")
    assert "warning: rule `no-sale` does not report its bad example “sales”" in out.splitlines()
    assert "Sale!" not in out


def test_check_steps(run: Run, tmp_path: Path) -> None:
    """`check` warns about steps that too few members can approve."""
    document = tmp_path / "acme.toml"
    text = POLICY.replace(
        '["member:eva", "member:ana"]', '["member:eva", "member:ana", "member:ben"]'
    )
    document.write_text(text + "quorum = 3\n", encoding="utf-8")
    code, out, _ = run("check", str(document))
    assert code == 0
    assert [
        "warning: step `brand/edit` has reviewers who may not approve on tulip-x: `ben`; grant them"
        " `approve` there",
        "warning: step `brand/edit` needs 3 approvals on tulip-x, but only these members can decide:"
        " `ana`, `eva`",
    ] == out.splitlines()[:2]


def test_coverage_of_steps(run: Run, tmp_path: Path) -> None:
    """`coverage` names the only reviewer of a step."""
    document = tmp_path / "acme.toml"
    document.write_text(POLICY.replace('["member:eva", ', "["), encoding="utf-8")
    code, out, _ = run("coverage", str(document), "--start", "2026-07-01T00:00Z", "--days", "31")
    assert code == 1
    assert (
        "without ana: too few members can decide on step brand/edit on tulip-x from 2026-07-01 00:00"
        " until 2026-08-01 00:00 UTC" in out.splitlines()
    )
    _, out, _ = run("coverage", str(document), "--without", "ana", "--json")
    assert ["step:brand/edit"] == json.loads(out)["losses"][0]["permissions"]


def test_coverage(run: Run, tmp_path: Path) -> None:
    """`coverage` lists the members whose absence would leave nobody with a permission."""
    document = tmp_path / "acme.toml"
    document.write_text(
        '[organization]\nid = "acme"\nlanguage = "en"\ntimezone = "UTC"\n'
        '[[workspaces]]\nid = "tulip"\nlead = "ana"\ndefault_approval = "none"\n'
        '[[profiles]]\nid = "tulip-x"\nworkspace = "tulip"\nnetwork = "x"\n'
        '[[members]]\nid = "ben"\n[[members]]\nid = "ana"\n'
        '[[grants]]\nto = ["member:ana", "member:ben"]\npermissions = ["view"]\non = "tulip-x"\n',
        encoding="utf-8",
    )
    july = ("--start", "2026-07-01T00:00Z", "--days", "31")
    code, out, _ = run("coverage", str(document), *july)
    assert (0, ["nothing is lost", "every permission and approval step survives the absence of any one member"]) == (
        code, out.splitlines(),
    )  # fmt: skip
    code, out, _ = run("coverage", str(document), *july, "--absent", "2", "--json")
    (loss,) = json.loads(out)["losses"]
    assert (1, ["ana", "ben"], ["view"]) == (code, loss["absent"], loss["permissions"])
    code, out, _ = run("coverage", str(document), *july, "--without", "ana", "--without", "ben")
    assert code == 1
    assert out.startswith("without ana, ben: no member has view on tulip-x from 2026-07-01 00:00")
    code, out, _ = run("coverage", str(document), *july, "--without", "ana")
    assert (0, ["nothing is lost"]) == (code, out.splitlines()), "of others nothing is said"
    document.write_text(document.read_text("utf-8").replace(', "member:ben"]', "]"), "utf-8")
    code, out, _ = run("coverage", str(document), *july)
    assert code == 1
    assert "a permission or an approval step depends on a single member" in out.splitlines()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("coverage", "--absent", "2", "--without", "eva"), "not allowed with"),
        (("coverage", "--end", "2026-07-01", "--days", "3"), "not allowed with"),
        (("rotations", "--end", "2026-07-01", "--days", "3"), "not allowed with"),
        (
            ("coverage", "--start", "2026-07-01", "--end", "2026-06-01"),
            "--end `2026-06-01` is not after the start, `2026-07-01`",
        ),
        (("rotations", "--end", "1999-01-01"), "--end `1999-01-01` is not after the start, `now`"),
        (("coverage", "--days", "0"), "--days `0` is too few; write 1 or more"),
    ],
)
def test_coverage_wrong_period(run: Run, tmp_path: Path, given: tuple[str, ...], said: str) -> None:
    """An invalid period or number of absent members is rejected."""
    document = tmp_path / "rotating.toml"
    team = Organization.template(
        "rotating", id="acme", brand="tulip", lead="eva", first="ana", second="ben", third="mo"
    )
    document.write_text(team.to_toml(), encoding="utf-8")
    command, *options = given
    code, out, err = run(command, str(document), *options)
    assert (2, "", True) == (code, out, said in err)


def test_rotations(run: Run, tmp_path: Path) -> None:
    """`rotations` lists the shifts and the gaps."""
    document = tmp_path / "acme.toml"
    document.write_text(
        '[organization]\nid = "acme"\nlanguage = "en"\ntimezone = "Europe/Amsterdam"\n'
        '[[workspaces]]\nid = "tulip"\nlead = "ana"\ndefault_approval = "none"\n'
        '[[profiles]]\nid = "tulip-x"\nworkspace = "tulip"\nnetwork = "x"\n'
        '[[members]]\nid = "ben"\n[[members]]\nid = "ana"\n'
        '[roles.care]\npermissions = ["view", "hold"]\n'
        '[[rotations]]\nid = "care"\nrole = "care"\non = "tulip-x"\nhand_off = "09:00"\n'
        'shifts = [{ member = "ben", start = 2026-07-06 },\n'
        '{ member = "ana", start = 2026-07-01, end = 2026-07-03 }]\n',
        encoding="utf-8",
    )
    july = ("--start", "2026-07-01T07:00Z", "--days", "14")
    code, out, _ = run("rotations", str(document), *july)
    assert (
        1,
        [
            "care ana from 2026-07-01 09:00 until 2026-07-03 09:00 Europe/Amsterdam on tulip-x",
            "care ben from 2026-07-06 09:00 Europe/Amsterdam on tulip-x",
            "rotation care: no member has hold, view on tulip-x from 2026-07-03 09:00 until"
            " 2026-07-06 09:00 Europe/Amsterdam: no shift is scheduled",
        ],
    ) == (code, [" ".join(line.split()) for line in out.splitlines()])
    code, out, _ = run("rotations", str(document), *july, "--rotation", "care", "--json")
    answer = json.loads(out)
    assert (1, ["ana", "ben"]) == (code, [one["member"] for one in answer["shifts"]])
    assert [("no_shift", "2026-07-03T07:00:00+00:00")] == [
        (one["kind"], one["start"]) for one in answer["gaps"]
    ]
    code, _, err = run("rotations", str(document), "--rotation", "cure")
    assert code == 2
    assert "did you mean `care`?" in err
    code, out, _ = run(
        "rotations", str(document), "--start", "2026-07-01T07:00Z", "--end", "2026-07-02T07:00Z"
    )
    assert code == 0
    document.write_text(document.read_text("utf-8").partition("[[rotations]]")[0], "utf-8")
    code, out, _ = run("rotations", str(document))
    assert (0, "there are no rotations") == (code, out.strip())


def test_permissions_page(run: Run, tmp_path: Path) -> None:
    """The permissions table is written as a page, in English and in Dutch."""
    page = tmp_path / "rights.html"
    at = ("--at", "2026-06-01T09:00+02:00")
    code, out, _ = run("permissions", AGENCY, "--html", str(page), *at)
    assert code == 0
    assert "publish" in out
    english = page.read_text(encoding="utf-8")
    assert '<html lang="en">' in english
    assert "2026-06-01 09:00 Europe/Amsterdam" in english
    run("permissions", AGENCY, "--html", str(page), *at, "--language", "nl")
    assert "Rechten bij" in page.read_text(encoding="utf-8")
    _, out, _ = run("permissions", AGENCY, "--json", *at)
    assert {"member", "profile", "permissions"} == set(json.loads(out)[0])


def test_check_rule_matching_nothing(run: Run, tmp_path: Path) -> None:
    """A rule that matches no profile causes a warning, but the exit code is 0."""
    from socialcollab import Organization

    organization = Organization.template("northwind")
    table = organization.to_dict()
    table["grants"].append(
        {"to": ["member:ana"], "permissions": ["view"],
         "on": {"workspace": "tulip", "network": "instagram"}}
    )  # fmt: skip
    document = tmp_path / "agency.toml"
    document.write_text(
        Organization.from_dict(table, files=organization.files).to_toml(), encoding="utf-8"
    )
    for name, data in organization.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    code, out, _ = run("check", str(document), "--at", "2026-06-01T09:00+02:00", "--json")
    assert code == 0
    warning, _ = json.loads(out)["warnings"]
    assert warning.endswith("with workspace tulip, use network mastodon, x")
    assert f"warning: {warning}" in run("check", str(document))[1]


def test_offboarding(run: Run, tmp_path: Path) -> None:
    """`offboarding` shows what depends on a member, for a document and for a desk."""
    organization = Organization.template("northwind")
    document = tmp_path / "agency.toml"
    written(organization, document)
    database = tmp_path / "agency.db"
    with Desk.create(database, organization, owner="eva") as desk:
        desk.acting_as("ben").draft("half", profiles=["tulip-x"], external_id="half")
    code, out, _ = run("offboarding", str(document), "ben")
    assert code == 0
    assert "rotations[0].members[1]" in out
    code, out, _ = run("offboarding", str(document), "noor")
    assert code == 1
    assert "! approvals[1].steps[0].reviewers[0]" in out
    code, out, _ = run("offboarding", str(database), "ben", "--json")
    assert code == 0
    assert "half" in {one["name"] for one in json.loads(out)}
    code, out, _ = run("offboarding", str(database), "eva", "--language", "nl")
    assert code == 1
    assert "heeft een opvolger nodig" in out
    code, _, err = run("offboarding", str(document), "nobody")
    assert code == 2
    assert "there is no member `nobody`" in err


def test_local_time(run: Run, tmp_path: Path) -> None:
    """A time without an offset is local to the resource."""
    table = Organization.template("northwind").to_dict()
    table["workspaces"][0]["timezone"] = "America/New_York"
    organization = Organization.from_dict(table, files=Organization.template("northwind").files)
    document = tmp_path / "agency.toml"
    written(organization, document)
    # Noor's grant on Tulip ends with the year in Tulip's time zone, at 05:00 UTC.
    answers = [
        run("can", str(document), "noor", "approve", "tulip-x", "--at", at)[0]
        for at in ("2026-12-31T23:59", "2027-01-01T04:59Z", "2027-01-01", "2027-01-01T05:00Z")
    ]
    assert [0, 0, 1, 1] == answers
    _, out, _ = run("coverage", str(document), "--start", "2026-07-01", "--days", "1", "--json")
    assert "2026-06-30T22:00:00+00:00" == json.loads(out)["losses"][0]["start"]


def test_desk_runtime_state(run: Run, tmp_path: Path) -> None:
    """For a desk, absences, grants and swaps are taken into account."""
    organization = Organization.template("northwind")
    document = tmp_path / "agency.toml"
    written(organization, document)
    database = tmp_path / "agency.db"
    now = [dt.datetime(2020, 6, 1, 9, tzinfo=dt.UTC)]
    with Desk.create(database, organization, owner="eva", clock=lambda: now[0]) as desk:
        now[0] += dt.timedelta(days=1)
        desk.acting_as("eva").grant(
            "member:noor", permissions="publish", on="tulip-x", until="2029-01-01", reason="a test"
        )
        desk.acting_as("ben").add_absence("2020-06-03", "2029-01-01", delegate="ana")
    asked = ("can", "{}", "noor", "publish", "tulip-x", "--at", "2020-06-02T13:00")
    answers = {
        source: run(*(str(source) if word == "{}" else word for word in asked))[0]
        for source in (document, database)
    }
    assert {document: 1, database: 0} == answers
    code, out, _ = run(
        "can", str(database), "noor", "publish", "tulip-x", "--at", "2020-06-01T12:00"
    )
    assert (1, "refused") == (code, out[:7])
    _, out, _ = run("who", str(database), "approve", "tulip-x", "--at", "2020-06-04T12:00")
    assert ["ana", "ben", "eva"] == [line.partition(":")[0] for line in out.splitlines()[:3]]
    assert "(absent until 2029-01-01)" in out.splitlines()[1]
    july = ("--start", "2020-07-01", "--end", "2020-08-01")
    lost = {
        source: [one for one in json.loads(run("coverage", str(source), *july, "--json")[1])["losses"]
                 if "publish" in one["permissions"]]
        for source in (document, database)
    }  # fmt: skip
    # If Ben is absent, only Eva can publish on Mastodon, because a forbid applies to Ana.
    assert ([], ["eva"]) == (lost[document], lost[database][0]["absent"])
    assert 2 == run("who", str(tmp_path / "no.db"), "view", "tulip-x")[0]


def test_permissions_workspace(run: Run, tmp_path: Path) -> None:
    """With `--workspace`, the permissions table is limited to its profiles."""
    document = tmp_path / "acme.toml"
    document.write_text(
        '[organization]\nid = "acme"\nlanguage = "en"\ntimezone = "UTC"\n'
        + "".join(
            f'[[workspaces]]\nid = "{one}"\nlead = "{who}"\ndefault_approval = "none"\n'
            f'[[profiles]]\nid = "{one}-x"\nworkspace = "{one}"\nnetwork = "x"\n'
            f'[[members]]\nid = "{who}"\n'
            f'[[grants]]\nto = "member:{who}"\npermissions = ["view"]\non = "{one}-x"\n'
            for one, who in (("tulip", "ana"), ("dike", "ben"))
        ),
        encoding="utf-8",
    )
    page = tmp_path / "rights.html"
    code, out, _ = run("permissions", str(document), "--workspace", "dike", "--html", str(page))
    assert (0, [["ben", "dike-x", "view"]]) == (code, [line.split() for line in out.splitlines()])
    text = page.read_text("utf-8")
    assert "dike-x" in text
    assert "tulip-x" not in text
    assert "ana" not in re.findall(r"<bdi>(.*?)</bdi>", text)
    code, _, err = run("permissions", str(document), "--workspace", "dyke")
    assert (2, True) == (code, "did you mean `dike`?" in err)


def test_check_dangling_rule(run: Run, tmp_path: Path) -> None:
    """A rule that names only members who have left causes a warning."""
    organization = Organization.template("northwind")
    members = [
        attrs.evolve(one, left=dt.date(2026, 2, 1)) if one.id == "noor" else one
        for one in organization.members
    ]
    path = tmp_path / "agency.toml"
    written(attrs.evolve(organization, members=tuple(members)), path)
    _, out, _ = run("check", str(path), "--at", "2026-03-01T00:00Z")
    assert (
        "warning: approvals[1].steps[0].reviewers names only members who have left: `noor`" in out
    )
    _, out, _ = run("check", str(path), "--at", "2026-01-01T00:00Z", "--json")
    assert [] == [one for one in json.loads(out)["warnings"] if "who have left" in one]


def written(organization: Organization, path: Path) -> None:
    path.write_text(organization.to_toml(), encoding="utf-8")
    for name, data in organization.files.items():
        (path.parent / name).parent.mkdir(exist_ok=True)
        (path.parent / name).write_bytes(data)


def test_permissions_member(run: Run) -> None:
    """With `--member`, the permissions of one member and the member to ask for more are printed."""
    at = "2026-06-01T09:00+02:00"
    code, out, err = run("permissions", AGENCY, "--member", "ana", "--at", at)
    assert (0, "") == (code, err)
    assert "for more permissions, ask eva" in out
    code, out, _ = run("permissions", AGENCY, "--member", "ana", "--at", at, "--json")
    assert all(one["held"] and one["ask"] == "eva" for one in json.loads(out))
    code, _, err = run("permissions", AGENCY, "--member", "anna", "--at", at)
    assert code == 2
    assert "did you mean `ana`" in err


def test_check_shared_account(run: Run, tmp_path: Path) -> None:
    """Two profiles with the same account cause a warning."""
    organization = Organization.template("northwind")
    again = attrs.evolve(organization.profiles[0], id="again", handle="@tulip")
    first = attrs.evolve(organization.profiles[0], handle="Tulip")
    document = tmp_path / "agency.toml"
    whole = attrs.evolve(organization, profiles=(first, *organization.profiles[1:], again))
    document.write_text(whole.to_toml(), encoding="utf-8")
    for name, data in whole.files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    code, out, _ = run("check", str(document), "--at", "2026-06-01T09:00+02:00")
    assert code == 0
    assert f"warning: profiles `{first.id}`, `again` represent the same account" in out


class Terminal(io.StringIO):
    """Standard error on a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_of_failed_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error, the progress line is removed. It is written once for each percent."""
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    monkeypatch.delenv("TERM", raising=False)
    terminal = Terminal()
    output = Output(as_json=False, out=io.StringIO(), err=terminal)

    def fail() -> None:
        with progress(output, "checking events") as show:
            for done in range(1, 1001):
                show(done, 10_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    shown = terminal.getvalue()
    assert shown.count("checking events") == 11
    assert shown.endswith("checking events: 1000 of 10000\r\x1b[K")
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    with progress(
        Output(as_json=False, out=io.StringIO(), err=terminal), "checking events"
    ) as show:
        show(1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("extra", [True, False], ids=["rich", "plain"])
def test_progress(desk: Path, monkeypatch: pytest.MonkeyPatch, extra: bool) -> None:
    """An audit and a reindex show their progress only on a terminal."""
    monkeypatch.setenv("TERM", "xterm")
    if extra:
        pytest.importorskip("rich")
    else:
        monkeypatch.setitem(sys.modules, "rich.progress", None)
    for command, label in (("audit", "checking events"), ("reindex", "reading events")):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main([command, str(desk)]) == 0
        shown = terminal.getvalue()
        assert label in shown
        if not extra:
            assert re.search(r"events: (\d+) of \1\r", shown)
            assert shown.endswith("\r\x1b[K")
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert main([command, str(desk)]) == 0
        assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


def test_check_reports_routing_rules(run: Run, tmp_path: Path) -> None:
    """A routing rule that never applies causes a warning, but the exit code is 0."""
    document = tmp_path / "agency.toml"
    text = Organization.template("departments", id="acme").to_toml()
    first, rest = text.split("[[routing]]", 1)
    everything = '[[routing]]\nid = "everything"\non = { workspace = "*" }\npriority = "low"\n'
    document.write_text(f"{first}{everything}[[routing]]{rest}", encoding="utf-8")
    code, out, err = run("check", str(document), "--at", "2026-06-01T09:00+02:00")
    assert code == 0
    assert "routing rule `press` never applies, because the earlier rule `everything`" in out + err

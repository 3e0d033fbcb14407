"""The documentation: every package has a page that begins with an example, and its tables are correct."""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import runpy
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs
import pytest
from tests.source_tree import public_names, public_names_of

import socialcollab
from socialcollab.cli import command_line, output
from socialcollab.content import (
    PUBLISHED_FIELDS,
    DeliveryState,
    PostState,
    Summary,
    summarise,
)
from socialcollab.desk import MemberDesk, MemberInbox
from socialcollab.directory import NETWORKS
from socialcollab.permissions import COMMAND_PERMISSIONS
from socialcollab.scheduling import read_csv
from socialcollab.scheduling.csv.columns import FIELDS, HEADINGS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
EXAMPLES = ROOT / "examples"
PAGES = sorted([ROOT / "README.md", *(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)])
# The page of `testing` has no example, because pytest runs the kits.
PACKAGES = sorted(
    {
        module.name
        for module in pkgutil.iter_modules(socialcollab.__path__)
        if not module.name.startswith("_")
    }
    - {"testing"}
)
# examples/time.py would shadow the module `time`
EXAMPLE_OF = {"time": "business_hours"}
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def relative_names(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def prose(page: Path) -> str:
    """Return the text of a page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables in *text*."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def section(page: str, heading: str) -> str:
    """Return the text below a heading of a reference page."""
    text = (REFERENCE / page).read_text(encoding="utf-8")
    match = re.search(rf"^(#+) {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"{page} has no section {heading}"
    return match[2]


@pytest.mark.parametrize("package", PACKAGES)
def test_page_begins_with_example(package: str) -> None:
    """Every package has a page that begins with its example."""
    text = (REFERENCE / f"{package}.md").read_text(encoding="utf-8")
    assert re.match(r"# \S", text)
    first = re.search(r"^```.*$", text, re.MULTILINE)
    assert first
    assert f"```{{literalinclude}} ../../examples/{EXAMPLE_OF.get(package, package)}.py" == first[0]
    assert text[: first.start()].count("\n") <= 6, "the example must come first"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_documented(package: str) -> None:
    """Every public name of a package is in the reference."""
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    if re.search(rf"\.\. automodule:: socialcollab\.{package}\n(   .*\n)*   :members:", text):
        return
    directives = set(re.findall(r"\.\. auto\w+:: socialcollab\.([\w.]+)", text))
    described = {name.rpartition(".")[2] for name in directives}
    missing = [
        name
        for name in public_names_of(package)
        if name not in described and f"`{name}`" not in text
    ]
    assert not missing


@pytest.mark.parametrize("example", [path.stem for path in sorted(EXAMPLES.glob("*.py"))])
@pytest.mark.integration
def test_example_runs(
    example: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every example runs, prints something, and leaves no files; `nox -s examples` runs them alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLES / f"{example}.py")])
    runpy.run_path(sys.argv[0], run_name="__main__")
    assert capsys.readouterr().out.strip()
    assert not list(tmp_path.iterdir()), "an example must not leave files behind"


def test_every_example_is_used() -> None:
    """There is an example for each package, and the reference shows every example."""
    names = {path.stem for path in EXAMPLES.glob("*.py")}
    assert {EXAMPLE_OF.get(package, package) for package in PACKAGES} <= names
    shown = "".join(page.read_text("utf-8") for page in (DOCS / "reference").glob("*.md"))
    assert {name for name in names if f"../../examples/{name}.py" in shown} == names


def test_table_of_commands() -> None:
    """The table of commands has their methods and permissions."""
    table = {
        command.strip("`"): (method.strip("`"), permission.strip("`"))
        for command, method, permission, _ in rows(section("desk.md", "Commands"))
    }
    assert dict(COMMAND_PERMISSIONS) == {name: needs for name, (_, needs) in table.items()}
    classes = {"MemberDesk": MemberDesk, "MemberInbox": MemberInbox}
    for name, _ in table.values():
        cls, _, method = name.partition(".")
        assert callable(getattr(classes[cls], method))


def _commands() -> dict[str, argparse.ArgumentParser]:
    for action in command_line._parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the parser has no commands")


@pytest.mark.parametrize("command", _commands())
def test_command_line_options(command: str) -> None:
    """The page of the command line lists the options of each command with their help texts."""
    parser = _commands()[command]
    listed = {cells[0]: cells[1] for cells in rows(section("cli.md", command))}
    options = {
        ", ".join(f"`{name}`" for name in action.option_strings or [action.dest]): action.help
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    }
    assert sorted(options) == sorted(listed)
    for name, help_text in options.items():
        assert listed[name].startswith(help_text or "?"), name
    text = section("cli.md", command).casefold()
    assert (parser.description or "?").casefold() in text


def test_command_line_commands() -> None:
    """The page of the command line lists exactly the commands that exist."""
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert list(_commands()) == re.findall(r"^### ([\w-]+)$", text, re.MULTILINE)


def test_exit_codes() -> None:
    """The page of the command line lists every exit code."""
    listed = re.findall(r"^\| (\d) \|", section("cli.md", "Exit codes"), re.MULTILINE)
    codes = (output.OK, output.FOUND, output.MISUSED, output.UNAVAILABLE)
    assert [str(code) for code in codes] == listed


def test_console_blocks() -> None:
    """Console blocks use only commands and options that exist."""
    commands = _commands()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"^\$ (?:python -m )?socialcollab (.+)$", text, re.MULTILINE):
            words = line.split()
            assert words[0] in commands, (page, line)
            known = set(commands[words[0]]._option_string_actions)
            assert {word for word in words if word.startswith("--")} <= known, (page, line)


def test_table_of_networks() -> None:
    """The table of networks agrees with their descriptions."""
    listed = {
        cells[0].strip("`"): cells[1:] for cells in rows(section("directory.md", "The networks"))
    }
    assert sorted(NETWORKS) == sorted(listed)
    for name, (longest, unit, images, key) in listed.items():
        description = NETWORKS[name]
        assert str(description.text.at_most) == longest.split()[0]
        assert description.text.unit == unit
        assert str(description.media.images) == images
        assert f"`{description.create_once.key}`" == key


SHEETS = "../how-to/import-a-spreadsheet.md"


def test_table_of_headings() -> None:
    """The how-to page lists exactly the headings of spreadsheets that are recognised."""
    text = section(SHEETS, "Headings")
    assert dict(HEADINGS) == {row[0].strip("`"): row[1] for row in rows(text)}
    assert all(f"`{field}`" in text for field in FIELDS)


def test_forms_of_dates_and_times() -> None:
    """Each form of a date and time that the how-to page lists can be read."""
    table = section(SHEETS, "Dates, times and separators").split("\n\n")[1]
    cells = [SPAN.findall(line) for line in table.splitlines()[2:]]
    dates, times, both = cells
    for when in (
        *(f"{date} 09:30" for date in dates),
        *(f"2026-06-08 {time}" for time in times),
        *both,
    ):
        (row,) = read_csv(f'text,date\nHello,"{when}"\n'.encode(), order="dmy").rows
        assert row.local is not None
        assert row.local.date().isoformat() == "2026-06-08"


def test_tables_of_states() -> None:
    """The tables of states list every state once."""
    states = [
        name
        for cells in rows(section("content.md", "States"))
        for name in re.findall(r"`(\w+)`", cells[0])
    ]
    assert [*PostState, *DeliveryState] == states


def test_table_of_summaries() -> None:
    """The table of summaries has the same order as the docstring of `summarise`."""
    shown = [cells[0].strip("`") for cells in rows(section("content.md", "Status"))]
    documented = re.findall(r"^([a-z_]+)  +\S", inspect.getdoc(summarise) or "", re.MULTILINE)
    assert [word for word in documented if word != "status"] == shown
    assert set(shown) <= set(Summary)


@cache
def public_classes() -> dict[str, object]:
    """Return every public class of every package by its name."""
    classes: dict[str, object] = {}
    for package in [*PACKAGES, "testing"]:
        module = importlib.import_module(f"socialcollab.{package}")
        classes |= {
            name: getattr(module, name) for name in public_names(module) if name[0].isupper()
        }
    from socialcollab.networks.sandbox.faults import InjectedFault
    from socialcollab.networks.sandbox.network import Sandbox
    from socialcollab.networks.sandbox.timeline import RateLimit

    return classes | {"InjectedFault": InjectedFault, "RateLimit": RateLimit, "Sandbox": Sandbox}


@pytest.mark.parametrize("page", relative_names(PAGES))
def test_attributes_exist(page: str) -> None:
    """Attributes in code spans, such as `Desk.create`, exist."""
    wrong = []
    for span in SPAN.findall(prose(ROOT / page)):
        for owner, attribute in re.findall(r"\b([A-Z]\w+)\.([A-Za-z_]\w*)", span):
            cls = public_classes().get(owner)
            if cls is None:
                continue
            fields = attrs.fields_dict(cls) if attrs.has(cls) else {}  # type: ignore[arg-type]
            if not hasattr(cls, attribute) and attribute not in fields:
                wrong.append(f"{owner}.{attribute}")
        wrong += [
            f"socialcollab{dotted}"
            for dotted in re.findall(r"\bsocialcollab((?:\.[A-Za-z_]\w*)+)", span)
            if not _exists(dotted.strip(".").split("."))
        ]
    assert not wrong


def _exists(names: list[str]) -> bool:
    value: object = socialcollab
    path = "socialcollab"
    for name in names:
        path = f"{path}.{name}"
        try:
            value = importlib.import_module(path)
        except ImportError:
            if not hasattr(value, name):
                return False
            value = getattr(value, name)
    return True


def test_errors_exist() -> None:
    """Pages mention only errors that exist."""
    known = set(public_names_of("errors"))
    known |= {"TypeError", "ValueError", "LookupError", "OSError"}
    # This error carries contents of posts, which the package of errors does not know.
    known |= {"EditConflictError"} & set(public_names_of("collisions"))
    for page in PAGES:
        mentioned = set(re.findall(r"\b[A-Z]\w+Error\b", page.read_text(encoding="utf-8")))
        assert mentioned <= known, page


def test_no_local_paths() -> None:
    """Pages contain no absolute paths and no real hosts."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        paths = re.findall(r"(?:^|[\s`\"'(=])/(?:[a-z]+/)+", text)
        assert not paths, (page, "an absolute path")
        hosts = {host.partition(":")[0] for host in re.findall(r"https?://([^/\s)\"'`>]+)", text)}
        assert all(host.endswith((".example", ".invalid")) for host in hosts), (page, hosts)


def test_glossary() -> None:
    """The glossary explains each word once."""
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{glossary\}\n(.*?)```", text, re.DOTALL)
    words = [word for block in blocks for word in re.findall(r"^(\S.*)$", block, re.MULTILINE)]
    assert len(words) == len(set(words)) > 40


PRINTED = re.compile(
    r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)


# The ids of posts and of the sandbox's posts.
RANDOM_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{16,}")


@pytest.mark.parametrize("page", sorted((DOCS / "tutorial").glob("*-*.md")), ids=lambda p: p.stem)
@pytest.mark.integration
def test_tutorial_output(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code of each tutorial prints what its page shows, except for the ids of posts."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    compared = 0
    # A block after this comment needs a real account.
    text = re.sub(
        r"<!-- skip: next -->\n\n```python\n.*?^```\n",
        "",
        page.read_text(encoding="utf-8"),
        flags=re.MULTILINE | re.DOTALL,
    )
    for code, shown in PRINTED.findall(text):
        exec(compile(code, page.name, "exec"), names)
        printed = capsys.readouterr().out
        if shown:
            compared += 1
            assert RANDOM_ID.sub("ID", shown) == RANDOM_ID.sub("ID", printed)
    assert compared == text.count("```text")


def test_template_pages() -> None:
    """Every template has a page that shows its document."""
    folder = ROOT / "src" / "socialcollab" / "organization" / "templates"
    names = sorted(path.name for path in folder.iterdir() if (path / "agency.toml").is_file())
    assert names
    for name in names:
        page = DOCS / "templates" / f"{name.replace('_', '-')}.md"
        assert f"templates/{name}/agency.toml" in page.read_text(encoding="utf-8")


def test_published_fields() -> None:
    """The page of `content` lists all fields that a decision always covers."""
    text = (REFERENCE / "content.md").read_text(encoding="utf-8")
    assert f"| {', '.join(PUBLISHED_FIELDS)} | always |" in text


def test_extras() -> None:
    """The README lists all extras of the package."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Extras")[1].split("##")[0]
    listed = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert listed == sorted(extras["project"]["optional-dependencies"])

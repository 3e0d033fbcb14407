"""What holds for the pages: every room has one, it begins with its example, and it is true."""

from __future__ import annotations

import argparse
import importlib
import inspect
import pkgutil
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from tests.source_tree import public_names, public_names_of

import socialcollab
from socialcollab.cli import command_line, output
from socialcollab.content import DeliveryState, PostState, Summary, summarise
from socialcollab.desk import MemberDesk
from socialcollab.directory import NETWORKS
from socialcollab.permissions import COMMAND_PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
EXAMPLES = ROOT / "examples"
PAGES = sorted([ROOT / "README.md", *(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)])
# The kits are run by pytest, so their page has no script to begin with; the demo is a command.
ROOMS = sorted(
    {
        module.name
        for module in pkgutil.iter_modules(socialcollab.__path__)
        if not module.name.startswith("_")
    }
    - {"demo", "testing"}
)
EXAMPLE_OF = {"time": "business_hours"}  # examples/time.py would hide the module `time`
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1\s*$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def named(pages: list[Path]) -> list[str]:
    return [str(page.relative_to(ROOT)) for page in pages]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of the tables in *text*."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def section(page: str, heading: str) -> str:
    text = (REFERENCE / page).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"{page} has no section {heading}"
    return found[2]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_page_that_begins_with_its_example(room: str) -> None:
    text = (REFERENCE / f"{room}.md").read_text(encoding="utf-8")
    assert re.match(r"# \S", text)
    first = re.search(r"^```.*$", text, re.MULTILINE)
    assert first
    assert f"```{{literalinclude}} ../../examples/{EXAMPLE_OF.get(room, room)}.py" == first[0]
    assert text[: first.start()].count("\n") <= 6, "the example comes after long prose"


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_of_a_room_is_in_the_reference(room: str) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in DOCS.rglob("*.md"))
    if re.search(rf"\.\. automodule:: socialcollab\.{room}\n(   .*\n)*   :members:", text):
        return
    directives = set(re.findall(r"\.\. auto\w+:: socialcollab\.([\w.]+)", text))
    described = {name.rpartition(".")[2] for name in directives}
    missing = [
        name for name in public_names_of(room) if name not in described and f"`{name}`" not in text
    ]
    assert not missing


@pytest.mark.parametrize("example", [path.stem for path in sorted(EXAMPLES.glob("*.py"))])
def test_every_example_runs_and_says_something(
    example: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each has an interpreter of its own in the session `examples`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(EXAMPLES / f"{example}.py")])
    runpy.run_path(sys.argv[0], run_name="__main__")
    assert capsys.readouterr().out.strip()
    assert not list(tmp_path.iterdir()), "an example leaves nothing where it is run"


def test_every_example_belongs_to_a_room() -> None:
    known = {EXAMPLE_OF.get(room, room) for room in ROOMS}
    assert {path.stem for path in EXAMPLES.glob("*.py")} == known


def test_the_table_of_commands_is_that_of_their_permissions() -> None:
    table = {
        command.strip("`"): (method.strip("`"), permission.strip("`"))
        for command, method, permission, _ in rows(section("desk.md", "Commands"))
    }
    assert dict(COMMAND_PERMISSIONS) == {name: needs for name, (_, needs) in table.items()}
    for method, _ in table.values():
        assert callable(getattr(MemberDesk, method.removeprefix("MemberDesk.")))


def _commands() -> dict[str, argparse.ArgumentParser]:
    for action in command_line._parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the parser has no commands")


@pytest.mark.parametrize("command", _commands())
def test_the_page_of_the_command_line_lists_what_its_help_lists(command: str) -> None:
    parser = _commands()[command]
    told = {cells[0]: cells[1] for cells in rows(section("cli.md", command))}
    taken = {
        ", ".join(f"`{name}`" for name in action.option_strings or [action.dest]): action.help
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction)
    }
    assert sorted(taken) == sorted(told)
    for name, said in taken.items():
        assert told[name].startswith(said or "?"), name
    said = section("cli.md", command).casefold()
    assert (parser.description or "?").casefold() in said


def test_the_page_of_the_command_line_names_no_command_that_is_not_there() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    assert list(_commands()) == re.findall(r"^### (\w+)$", text, re.MULTILINE)


def test_the_page_of_the_command_line_has_every_exit_code() -> None:
    told = re.findall(r"^\| (\d) \|", section("cli.md", "Exit codes"), re.MULTILINE)
    codes = (output.OK, output.FOUND, output.MISUSED, output.UNAVAILABLE)
    assert [str(code) for code in codes] == told


def test_console_blocks_name_only_commands_and_options_that_exist() -> None:
    commands = _commands()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for line in re.findall(r"^\$ (?:python -m )?socialcollab (.+)$", text, re.MULTILINE):
            words = line.split()
            assert words[0] in commands, (page, line)
            known = set(commands[words[0]]._option_string_actions)
            assert {word for word in words if word.startswith("--")} <= known, (page, line)


def test_the_table_of_networks_is_that_of_the_descriptions() -> None:
    told = {
        cells[0].strip("`"): cells[1:] for cells in rows(section("directory.md", "The networks"))
    }
    assert sorted(NETWORKS) == sorted(told)
    for name, (longest, unit, images, key) in told.items():
        description = NETWORKS[name]
        assert str(description.text.at_most) == longest.split()[0]
        assert description.text.unit == unit
        assert str(description.media.images) == images
        assert f"`{description.create_once.key}`" == key


def test_the_tables_of_states_name_every_state_once() -> None:
    states = [
        name
        for cells in rows(section("content.md", "States"))
        for name in re.findall(r"`(\w+)`", cells[0])
    ]
    assert [*PostState, *DeliveryState] == states


def test_the_table_of_summarise_has_the_order_of_its_docstring() -> None:
    shown = [cells[0].strip("`") for cells in rows(section("content.md", "Status"))]
    told = re.findall(r"^([a-z_]+)  +\S", inspect.getdoc(summarise) or "", re.MULTILINE)
    assert [word for word in told if word != "status"] == shown
    assert set(shown) <= set(Summary)


def _public() -> dict[str, object]:
    """Every public class of every room, by its name."""
    found: dict[str, object] = {}
    for room in [*ROOMS, "testing"]:
        module = importlib.import_module(f"socialcollab.{room}")
        found |= {name: getattr(module, name) for name in public_names(module) if name[0].isupper()}
    from socialcollab.networks.sandbox.faults import InjectedFault
    from socialcollab.networks.sandbox.network import Sandbox
    from socialcollab.networks.sandbox.timeline import RateLimit

    return found | {"InjectedFault": InjectedFault, "RateLimit": RateLimit, "Sandbox": Sandbox}


PUBLIC = _public()


@pytest.mark.parametrize("page", named(PAGES))
def test_pages_name_only_attributes_that_exist(page: str) -> None:
    """`Desk.create` in a code span is a thing that a reader can use."""
    wrong = []
    for span in SPAN.findall(prose(ROOT / page)):
        for owner, attribute in re.findall(r"\b([A-Z]\w+)\.([A-Za-z_]\w*)", span):
            there = PUBLIC.get(owner)
            if there is None:
                continue
            fields = attrs.fields_dict(there) if attrs.has(there) else {}  # type: ignore[arg-type]
            if not hasattr(there, attribute) and attribute not in fields:
                wrong.append(f"{owner}.{attribute}")
        wrong += [
            f"socialcollab{dotted}"
            for dotted in re.findall(r"\bsocialcollab((?:\.[A-Za-z_]\w*)+)", span)
            if not _leads_somewhere(dotted.strip(".").split("."))
        ]
    assert not wrong


def _leads_somewhere(names: list[str]) -> bool:
    there: object = socialcollab
    path = "socialcollab"
    for name in names:
        path = f"{path}.{name}"
        try:
            there = importlib.import_module(path)
        except ImportError:
            if not hasattr(there, name):
                return False
            there = getattr(there, name)
    return True


def test_pages_name_only_errors_that_exist() -> None:
    known = set(public_names_of("errors"))
    known |= {"TypeError", "ValueError", "LookupError", "OSError"}
    for page in PAGES:
        mentioned = set(re.findall(r"\b[A-Z]\w+Error\b", page.read_text(encoding="utf-8")))
        assert mentioned <= known, page


def test_pages_name_no_place_of_one_machine() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        paths = re.findall(r"(?:^|[\s`\"'(=])/(?:[a-z]+/)+", text)
        assert not paths, (page, "an absolute path")
        hosts = {host.partition(":")[0] for host in re.findall(r"https?://([^/\s)\"'`>]+)", text)}
        assert all(host.endswith((".example", ".invalid")) for host in hosts), (page, hosts)


def test_the_glossary_explains_each_word_once() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```\{glossary\}\n(.*?)```", text, re.DOTALL)
    words = [word for block in blocks for word in re.findall(r"^(\S.*)$", block, re.MULTILINE)]
    assert len(words) == len(set(words)) > 40


PRINTED = re.compile(
    r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL
)


def test_what_the_tutorial_says_is_printed_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    told = 0
    text = (DOCS / "tutorial" / "who-may-what.md").read_text(encoding="utf-8")
    for code, shown in PRINTED.findall(text):
        exec(compile(code, "who-may-what.md", "exec"), names)
        printed = capsys.readouterr().out
        if shown:
            told += 1
            assert shown == printed
    assert told == text.count("```text")


def test_every_template_has_a_page_with_its_document() -> None:
    folder = ROOT / "src" / "socialcollab" / "organization" / "templates"
    names = sorted(one.name for one in folder.iterdir() if (one / "agency.toml").is_file())
    assert names
    for name in names:
        page = DOCS / "templates" / f"{name.replace('_', '-')}.md"
        assert f"templates/{name}/agency.toml" in page.read_text(encoding="utf-8")

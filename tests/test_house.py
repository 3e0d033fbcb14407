"""What holds for the whole house: exports, messages, doctests, imports."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import pkgutil
import string
import subprocess
import sys
from pathlib import Path

import pytest

import socialcollab
from socialcollab.verdicts import LANGUAGES
from socialcollab.verdicts.catalogue import catalogue

ROOT = Path(socialcollab.__path__[0])
READS_FILES = {"load.py", "zones.py"}  # zones.py reads the package `tzdata`, once per zone
OPTIONAL = {"socialcollab.__main__"}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(socialcollab.__path__, "socialcollab.")
    if module.name not in OPTIONAL
]
PURE = [
    "content",
    "directory",
    "errors",
    "identifiers",
    "inbox",
    "organization",
    "pages",
    "permissions",
    "scheduling",
    "sections",
    "showing",
    "styleguide",
    "text",
    "time",
    "verdicts",
    "workflow",
]


@pytest.mark.parametrize("name", MODULES)
def test_exports_are_sorted_and_there(name: str) -> None:
    """`__all__` is sorted as its readers sort it, and names only what is there."""
    module = importlib.import_module(name)
    exported = list(module.__all__)
    constants = [one for one in exported if one.isupper()]
    classes = [one for one in exported if one[0].isupper() and one not in constants]
    rest = [one for one in exported if one not in constants and one not in classes]
    assert [*sorted(constants), *sorted(classes), *sorted(rest)] == exported
    assert not [one for one in exported if not hasattr(module, one)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_languages_say_the_same_things() -> None:
    """Every catalogue has the same codes, each with the same placeholders."""
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert set(english) == set(other)
        for code, template in english.items():
            assert placeholders(template) == placeholders(other[code]), code


def loaded_after(statement: str) -> set[str]:
    """Return the top-level packages from outside that a statement loads."""
    script = (
        f"import sys\nbefore = set(sys.modules)\n{statement}\n"
        "import json\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    ).stdout
    outside = {"attr", "attrs", "httpx", "tenacity", "dateutil", "cattrs", "tomli_w", "icalendar"}
    outside |= {"rich", "PIL", "hypothesis", "pytest", "psycopg", "yaml", "sqlite3", "asyncio"}
    return set(json.loads(printed)) & outside


def test_importing_the_package_loads_nothing_from_outside() -> None:
    assert loaded_after("import socialcollab") == set()


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_only_attrs(room: str) -> None:
    assert loaded_after(f"import socialcollab.{room}") <= {"attr", "attrs"}


def calls_of(source: str) -> set[str]:
    return {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
    }


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_reads_no_clock_and_opens_nothing(room: str) -> None:
    place = ROOT / f"{room}.py"
    files = [place] if place.is_file() else sorted((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        if file.name in READS_FILES:
            continue
        found = calls_of(file.read_text(encoding="utf-8"))
        assert not found & {"now", "utcnow", "today", "open", "print", "input", "urandom"}, file


def test_importing_transport_does_not_load_an_http_library() -> None:
    assert loaded_after("import socialcollab.transport") <= {"attr", "attrs"}


def test_the_names_of_a_first_script_come_from_the_top() -> None:
    for name in socialcollab.__all__:
        assert getattr(socialcollab, name) is not None
    assert set(socialcollab.__all__) <= set(dir(socialcollab))
    with pytest.raises(AttributeError, match="no attribute `Dask`; did you mean `Desk`"):
        _ = socialcollab.Dask  # type: ignore[attr-defined]

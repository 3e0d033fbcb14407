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
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

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
ROOMS = sorted({".".join(name.split(".")[:2]) for name in MODULES})
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


def modules_of(room: str) -> Iterator[ModuleType]:
    for name in MODULES:
        if f"{name}.".startswith(f"{room}."):
            yield importlib.import_module(name)


@pytest.mark.parametrize("room", ROOMS)
def test_exports_are_sorted_and_there(room: str) -> None:
    """`__all__` is sorted as its readers sort it, and names only what is there."""
    for module in modules_of(room):
        exported = list(module.__all__)
        constants = [one for one in exported if one.isupper()]
        classes = [one for one in exported if one[0].isupper() and one not in constants]
        rest = [one for one in exported if one not in constants and one not in classes]
        in_order = [*sorted(constants), *sorted(classes), *sorted(rest)]
        assert in_order == exported, module.__name__
        assert not [one for one in exported if not hasattr(module, one)], module.__name__


@pytest.mark.parametrize("room", ROOMS)
def test_examples_in_docstrings_hold(room: str) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for module in modules_of(room):
        for test in doctest.DocTestFinder().find(module):
            # Running none takes as long as running some: each run looks for changed files.
            if test.examples:
                assert runner.run(test).failed == 0, test.name


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


LOAD_EACH = """
import json, sys
before = set(sys.modules)
loaded = {}
for name in sys.argv[1:]:
    # The package itself anew, so that each room is the first to be imported.
    for mine in [one for one in sys.modules if one.partition(".")[0] == "socialcollab"]:
        del sys.modules[mine]
    __import__(name)
    loaded[name] = sorted({one.partition(".")[0] for one in set(sys.modules) - before})
print(json.dumps(loaded))
"""


@cache
def loaded_after(*names: str) -> dict[str, set[str]]:
    """Return the top-level packages from outside that are loaded after each import in turn."""
    printed = subprocess.run(
        [sys.executable, "-c", LOAD_EACH, *names], check=True, capture_output=True, text=True
    ).stdout
    outside = {"attr", "attrs", "httpx", "tenacity", "dateutil", "cattrs", "tomli_w", "icalendar"}
    outside |= {"rich", "PIL", "hypothesis", "pytest", "psycopg", "yaml", "sqlite3", "asyncio"}
    return {name: set(loaded) & outside for name, loaded in json.loads(printed).items()}


def test_importing_the_package_loads_nothing_from_outside() -> None:
    assert loaded_after("socialcollab") == {"socialcollab": set()}


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_loads_only_attrs(room: str) -> None:
    loaded = loaded_after(*(f"socialcollab.{one}" for one in PURE))
    assert loaded[f"socialcollab.{room}"] <= {"attr", "attrs"}


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
    name = "socialcollab.transport"
    assert loaded_after(name)[name] <= {"attr", "attrs"}


def test_the_names_of_a_first_script_come_from_the_top() -> None:
    for name in socialcollab.__all__:
        assert getattr(socialcollab, name) is not None
    assert set(socialcollab.__all__) <= set(dir(socialcollab))
    with pytest.raises(AttributeError, match="no attribute `Dask`; did you mean `Desk`"):
        _ = socialcollab.Dask  # type: ignore[attr-defined]

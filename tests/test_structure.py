"""What holds for the library as a whole: exports, imports, messages, doctests, layout."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from types import ModuleType

import pytest
from tests.source_tree import Source, packages, sources

import socialcollab
from socialcollab.verdicts import LANGUAGES
from socialcollab.verdicts.catalogue import catalogue

MODULES = [name for name in sources() if name not in ("socialcollab", "socialcollab.__main__")]
# Modules that may read files; `zones` reads the package `tzdata`, once for each zone.
READS_FILES = {
    "socialcollab.organization.document.files",
    "socialcollab.styleguide.guide_file",
    "socialcollab.time.zones",
}
PURE = [
    "content",
    "directory",
    "document_fields",
    "errors",
    "identifiers",
    "organization",
    "pages",
    "permissions",
    "scheduling",
    "styleguide",
    "text",
    "time",
    "verdicts",
    "workflow",
]
MOST_MODULES_OF_A_FOLDER = 14


def modules_of(package: str) -> Iterator[ModuleType]:
    for name in MODULES:
        if f"{name}.".startswith(f"socialcollab.{package}."):
            yield importlib.import_module(name)


def type_checking_only(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes that type checkers alone see."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for branch in node.body
        for inner in ast.walk(branch)
    }


def imports_of(source: Source, *, types: bool = False) -> Iterator[tuple[str, list[str]]]:
    """
    Yield the modules of the library that *source* imports from, with the names it takes.

    Args:
        source: The module.
        types: Whether to include imports for type checkers only.
    """
    hidden = set() if types else type_checking_only(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node not in hidden:
            module = node.module or ""
            if module == "socialcollab" or module.startswith("socialcollab."):
                yield module, [one.name for one in node.names]


# Exports.


@pytest.mark.parametrize("package", packages())
def test_exports(package: str) -> None:
    """Packages alone have `__all__`; it is sorted and lists exactly what the package imports."""
    for module in modules_of(package):
        is_package = hasattr(module, "__path__")
        assert is_package or not hasattr(module, "__all__"), module.__name__
        if not hasattr(module, "__all__"):
            continue
        exported = list(module.__all__)
        constants = [one for one in exported if one.isupper()]
        classes = [one for one in exported if one[0].isupper() and one not in constants]
        rest = [one for one in exported if one not in constants and one not in classes]
        assert exported == [*sorted(constants), *sorted(classes), *sorted(rest)], module.__name__
        source = sources()[module.__name__]
        taken = {one for _, names in imports_of(source) for one in names}
        own = {
            name
            for node in source.tree.body
            for name in ([node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else [])
            if not name.startswith("_")
        }
        own |= {one for one in vars(module) if one.isupper()}
        assert {
            one for one in taken - set(exported) if f"{module.__name__}.{one}" not in sources()
        } <= {"Rule"}, module.__name__
        assert set(exported) <= taken | own, module.__name__


def test_first_script_names() -> None:
    """The names of a first script come from the top, and a slip of the pen is answered."""
    for name in socialcollab.__all__:
        assert getattr(socialcollab, name) is not None
    assert set(socialcollab.__all__) <= set(dir(socialcollab))
    with pytest.raises(AttributeError, match="no attribute `Dask`; did you mean `Desk`"):
        _ = socialcollab.Dask  # type: ignore[attr-defined]


# Imports.


@pytest.mark.parametrize("package", packages())
def test_imports_through_lists(package: str) -> None:
    """What a package takes from another comes from the list of that package or sub-package."""
    wrong = []
    for source in sources().values():
        if source.package != package:
            continue
        for module, names in imports_of(source):
            target = sources()[module]
            if target.package in ("", package) or target.package == source.package:
                continue
            depth = module.count(".")
            is_list = target.path.name == "__init__.py" and depth <= 2
            if depth > 1 and not is_list:
                wrong.append(f"{source.name} imports {', '.join(names)} from {module}")
    assert not wrong


def definer(module: str, name: str) -> str:
    """Return the module that defines what is imported as *name* from *module*."""
    inner = f"{module}.{name}"
    if inner in sources():
        return inner
    if sources()[module].path.name == "__init__.py":
        for other, names in imports_of(sources()[module]):
            if name in names:
                return definer(other, name)
    return module


# Pairs of classes that name each other in their signatures; one of them imports the other for type
# checkers only. The last pair is the hook by which a notebook finds the card of a value.
PAIRS = {
    ("socialcollab.errors", "socialcollab.verdicts.verdict"),
    ("socialcollab.time.duration", "socialcollab.time.business_hours"),
    ("socialcollab.desk.member_desk", "socialcollab.desk.desk"),
    ("socialcollab.desk.async_member_desk", "socialcollab.desk.async_desk"),
    ("socialcollab._notebook", "socialcollab.pages.notebook.registry"),
}


def test_no_circles() -> None:
    """No module imports itself through others, not even for type checkers or inside functions."""
    imports = {
        name: {
            definer(module, imported)
            for module, names in imports_of(source, types=True)
            for imported in names
        }
        for name, source in sources().items()
        # An `__init__` only lists names; the module that defines a name counts.
        if source.path.name != "__init__.py"
    }
    for importer, imported in PAIRS:
        imports[importer].remove(imported)
    try:
        tuple(TopologicalSorter(imports).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_load_only_attrs(package: str) -> None:
    loaded = loaded_after(*(f"socialcollab.{one}" for one in PURE))
    assert loaded[f"socialcollab.{package}"] <= {"attr", "attrs"}


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_do_no_io(package: str) -> None:
    """They read no clock, and no file but in the modules named for it."""
    mine = [one for one in sources().values() if one.package == package]
    assert mine
    for source in mine:
        if source.name in READS_FILES:
            continue
        found = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call)
        }
        assert not found & {"now", "utcnow", "today", "open", "print", "input", "urandom"}, (
            source.name
        )


LOAD_EACH = """
import json, sys
before = set(sys.modules)
loaded = {}
for name in sys.argv[1:]:
    # The package itself once more, so that each is the first to be imported.
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


def test_import_loads_nothing_from_outside() -> None:
    assert loaded_after("socialcollab") == {"socialcollab": set()}


def test_transport_loads_no_http_library() -> None:
    name = "socialcollab.transport"
    assert loaded_after(name)[name] <= {"attr", "attrs"}


# Layout.


def test_folders_stay_small() -> None:
    """No folder holds so many modules that a stranger cannot guess where a thing is."""
    sizes = Counter(one.path.parent for one in sources().values() if one.path.name != "__init__.py")
    assert not {folder: size for folder, size in sizes.items() if size > MOST_MODULES_OF_A_FOLDER}


# Messages and examples.


@pytest.mark.parametrize("package", packages())
def test_doctests(package: str) -> None:
    """The examples in docstrings hold."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for module in modules_of(package):
        for test in doctest.DocTestFinder().find(module):
            # Running none takes as long as running some: each run looks for changed files.
            if test.examples:
                assert runner.run(test).failed == 0, test.name


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_languages_say_the_same() -> None:
    """Every catalogue has the same codes, each with the same placeholders."""
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert set(english) == set(other)
        for code, template in english.items():
            assert placeholders(template) == placeholders(other[code]), code

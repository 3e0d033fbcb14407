"""The structure of the library: exports, imports, folders, doctests and catalogues of messages."""

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
from tests.source_tree import Source, modules, packages, sources

import socialcollab
from socialcollab.verdicts import LANGUAGES
from socialcollab.verdicts.catalogue import catalogue

MODULES = [name for name in modules() if name not in ("socialcollab", "socialcollab.__main__")]
# The modules that may read files; `zones` reads the data of the package `tzdata`.
READS_FILES = {
    "socialcollab.content.media",
    "socialcollab.organization.document.files",
    "socialcollab.styleguide.guide_file",
    "socialcollab.time.zones",
}
PURE = [
    "collisions",
    "content",
    "directory",
    "document_fields",
    "errors",
    "identifiers",
    "inbox",
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
MAX_MODULES_IN_FOLDER = 14


def modules_of(package: str) -> Iterator[ModuleType]:
    for name in MODULES:
        if f"{name}.".startswith(f"socialcollab.{package}."):
            yield importlib.import_module(name)


def only_for_type_checkers(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes below `if TYPE_CHECKING`."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for branch in node.body
        for inner in ast.walk(branch)
    }


def imports_of(source: Source, *, types: bool = False) -> Iterator[tuple[str, list[str]]]:
    """
    Yield each library module from which *source* imports names, with the imported names.

    Imports that only type checkers see are included if *types* is true.
    """
    hidden = set() if types else only_for_type_checkers(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node not in hidden:
            module = node.module or ""
            if module == "socialcollab" or module.startswith("socialcollab."):
                yield module, [alias.name for alias in node.names]


@pytest.mark.parametrize("package", packages())
def test_exports(package: str) -> None:
    """Only packages have `__all__`; it is sorted, and lists exactly what the package imports."""
    for module in modules_of(package):
        is_package = hasattr(module, "__path__")
        assert is_package or not hasattr(module, "__all__"), module.__name__
        if not hasattr(module, "__all__"):
            continue
        exported = list(module.__all__)
        constants = [name for name in exported if name.isupper()]
        classes = [name for name in exported if name[0].isupper() and name not in constants]
        rest = [name for name in exported if name not in constants and name not in classes]
        assert exported == [*sorted(constants), *sorted(classes), *sorted(rest)], module.__name__
        source = sources()[module.__name__]
        imported = {name for _, names in imports_of(source) for name in names}
        defined = {
            name
            for node in source.tree.body
            for name in ([node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else [])
            if not name.startswith("_")
        }
        defined |= {name for name in vars(module) if name.isupper()}
        assert {
            name
            for name in imported - set(exported)
            if f"{module.__name__}.{name}" not in sources()
        } <= {"Rule"}, module.__name__
        assert set(exported) <= imported | defined, module.__name__


def test_top_level_names() -> None:
    """Every name in `socialcollab.__all__` exists, and a misspelled name gets a suggestion."""
    for name in socialcollab.__all__:
        assert getattr(socialcollab, name) is not None
    assert set(socialcollab.__all__) <= set(dir(socialcollab))
    with pytest.raises(AttributeError, match="no attribute `Dask`; did you mean `Desk`"):
        _ = socialcollab.Dask  # type: ignore[attr-defined]


@pytest.mark.parametrize("package", packages())
def test_imports_through_lists(package: str) -> None:
    """Packages import from each other only through the exports of a public package."""
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


def defining_module(module: str, name: str) -> str:
    """Return the module that defines the object imported as *name* from *module*."""
    inner = f"{module}.{name}"
    if inner in sources():
        return inner
    if sources()[module].path.name == "__init__.py":
        for other, names in imports_of(sources()[module]):
            if name in names:
                return defining_module(other, name)
    return module


# Pairs of classes that refer to each other in their signatures. One of them imports the other only
# for type checkers. The last pair is the hook through which a notebook finds the card of a value.
PAIRS = {
    ("socialcollab.errors", "socialcollab.verdicts.verdict"),
    ("socialcollab.time.duration", "socialcollab.time.business_hours"),
    ("socialcollab.desk.member_desk", "socialcollab.desk.desk"),
    ("socialcollab.desk.async_member_desk", "socialcollab.desk.async_desk"),
    ("socialcollab.desk.member_inbox", "socialcollab.desk.desk"),
    ("socialcollab.desk.async_member_inbox", "socialcollab.desk.async_desk"),
    ("socialcollab._notebook", "socialcollab.pages.notebook.registry"),
}


def test_no_import_cycles() -> None:
    """No module imports itself indirectly, not even for type checkers or inside functions."""
    imports = {
        name: {
            defining_module(module, imported)
            for module, names in imports_of(source, types=True)
            for imported in names
        }
        for name, source in sources().items()
        # `__init__.py` only re-exports names, so the module that defines a name counts.
        if source.path.name != "__init__.py"
    }
    for importer, imported in PAIRS:
        imports[importer].remove(imported)
    try:
        tuple(TopologicalSorter(imports).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("package", PURE)
@pytest.mark.integration
def test_pure_packages_load_only_attrs(package: str) -> None:
    """A pure package loads no third-party package except attrs."""
    loaded = loaded_after(*(f"socialcollab.{name}" for name in PURE))
    assert loaded[f"socialcollab.{package}"] <= {"attr", "attrs"}


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_do_no_io(package: str) -> None:
    """A pure package does not read the clock, and only the modules listed here read files."""
    modules = [source for source in sources().values() if source.package == package]
    assert modules
    for source in modules:
        if source.name in READS_FILES:
            continue
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Call)
        }
        assert not called & {"now", "utcnow", "today", "open", "print", "input", "urandom"}, (
            source.name
        )


LOAD_EACH = """
import json, sys
before = set(sys.modules)
loaded = {}
for name in sys.argv[1:]:
    # Forget the library, so that each import is the first one.
    for module in [known for known in sys.modules if known.partition(".")[0] == "socialcollab"]:
        del sys.modules[module]
    __import__(name)
    loaded[name] = sorted({module.partition(".")[0] for module in set(sys.modules) - before})
print(json.dumps(loaded))
"""


@cache
def loaded_after(*names: str) -> dict[str, set[str]]:
    """Return the third-party packages that are loaded after each import in turn."""
    printed = subprocess.run(
        [sys.executable, "-c", LOAD_EACH, *names], check=True, capture_output=True, text=True
    ).stdout
    third_party = {
        "attr",
        "attrs",
        "httpx",
        "tenacity",
        "dateutil",
        "cattrs",
        "tomli_w",
        "icalendar",
    }
    third_party |= {"rich", "PIL", "hypothesis", "pytest", "psycopg", "yaml", "sqlite3", "asyncio"}
    return {name: set(loaded) & third_party for name, loaded in json.loads(printed).items()}


def test_import_loads_no_third_party_package() -> None:
    """`import socialcollab` loads no third-party package."""
    assert loaded_after("socialcollab") == {"socialcollab": set()}


def test_transport_loads_no_http_library() -> None:
    """`socialcollab.transport` loads httpx only when a transport is created."""
    name = "socialcollab.transport"
    assert loaded_after(name)[name] <= {"attr", "attrs"}


def test_folder_size() -> None:
    """No folder contains too many modules, including its `__init__`."""
    sizes = Counter(source.path.parent for source in sources().values())
    assert not {folder: size for folder, size in sizes.items() if size > MAX_MODULES_IN_FOLDER}


@pytest.mark.parametrize("package", packages())
def test_doctests(package: str) -> None:
    """The examples in docstrings return the results that they show."""
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for module in modules_of(package):
        for test in doctest.DocTestFinder().find(module):
            # Even a run without examples is slow, because it looks for changed files.
            if test.examples:
                assert runner.run(test).failed == 0, test.name


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_catalogues() -> None:
    """The catalogues of all languages have the same codes with the same placeholders."""
    english = catalogue("en")
    for language in LANGUAGES:
        other = catalogue(language)
        assert set(english) == set(other)
        for code, template in english.items():
            assert placeholders(template) == placeholders(other[code]), code

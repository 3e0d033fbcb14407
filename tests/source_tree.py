"""The source of the library, parsed once for all tests that read it."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

import attrs

import socialcollab

ROOT = Path(socialcollab.__path__[0])


@attrs.frozen
class Source:
    """A module: its dotted name, its file and its syntax tree."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        """The top-level package or module to which it belongs; empty for `socialcollab` itself."""
        return (*self.name.split("."), "")[1]


@cache
def modules() -> dict[str, Path]:
    """Return the file of every module of the library by its dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ["socialcollab", *path.relative_to(ROOT).with_suffix("").parts]
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


@cache
def sources() -> dict[str, Source]:
    """Return every module of the library by its dotted name, parsed. Parsing takes a second."""
    return {
        name: Source(name, path, ast.parse(path.read_text(encoding="utf-8")))
        for name, path in modules().items()
    }


@cache
def packages() -> tuple[str, ...]:
    """Return the names of the top-level packages and modules, sorted."""
    return tuple(sorted({(*name.split("."), "")[1] for name in modules()} - {"", "__main__"}))


def public_names(module: ModuleType) -> list[str]:
    """Return the `__all__` of a package, or the public names that a plain module defines."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return list(listed)
    names = []
    for node in sources()[module.__name__].tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    typevars = {"T", "R", "P", "N"}
    return [name for name in names if not name.startswith("_") and name not in typevars]


def public_names_of(package: str) -> list[str]:
    """Return the public names of a top-level package or module by its short name."""
    return public_names(importlib.import_module(f"socialcollab.{package}"))

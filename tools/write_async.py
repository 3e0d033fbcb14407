"""
Generate the async desk from the source of the blocking desk.

Run ``nox -s write_async`` after a change to ``desk.py``, ``member_desk.py`` or ``member_inbox.py``. The tool determines
which calls must be awaited: calls of `run`, and of every method and property that calls it,
directly or indirectly. Code that cannot be awaited is an error, which contains the line and a
suggestion.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

DESK = Path(__file__).resolve().parents[1] / "src" / "socialcollab" / "desk"
FILES = {
    "desk.py": "async_desk.py",
    "member_desk.py": "async_member_desk.py",
    "member_inbox.py": "async_member_inbox.py",
}
NAMES = {"Desk": "AsyncDesk", "MemberDesk": "AsyncMemberDesk", "MemberInbox": "AsyncMemberInbox"}
MODULES = {
    "socialcollab.desk.member_inbox": "socialcollab.desk.async_member_inbox",
    "socialcollab.desk.member_desk": "socialcollab.desk.async_member_desk",
    "socialcollab.desk.desk": "socialcollab.desk.async_desk",
    "socialcollab.desk.ports": "socialcollab.desk.async_ports",
}
# Both ports modules define these names; calls to the async versions are awaited.
AWAITED = {
    "run",
    "opened",
    "journal.close",
    "self._ports.close",
    "self._ports.compact",
    "desk._ports.ensure_projections",
}
DUNDERS = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
# For each class, the expressions that refer to objects of these classes, and their class.
OWNERS = {
    "Desk": {"self": "Desk", "desk": "Desk"},
    "MemberDesk": {"self": "MemberDesk", "self._desk": "Desk"},
    "MemberInbox": {"self": "MemberInbox", "self._desk": "Desk"},
}
PORTS = re.compile(r"\.(store|media|_ports\.(store|media|sleep))\.\w+$|^time\.sleep$|^open$")
HEADER = "# Generated from {source} by tools/write_async.py: edit that file, and run `nox -s write_async`."


class CannotWriteError(Exception):
    """Code in the blocking source that has no async counterpart."""


def dotted_name(node: ast.expr) -> str:
    """Return the name in an expression such as `self._desk.run`, or an empty string."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def is_property(method: ast.FunctionDef) -> bool:
    return any(dotted_name(decorator) == "property" for decorator in method.decorator_list)


class Source:
    """The source of one blocking class."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.lines = text.splitlines(keepends=True)
        self.tree = ast.parse(text)
        self.parents = {
            child: parent
            for parent in ast.walk(self.tree)
            for child in ast.iter_child_nodes(parent)
        }
        [self.cls] = [
            node for node in self.tree.body if isinstance(node, ast.ClassDef) and node.name in NAMES
        ]
        self.methods = {
            node.name: node for node in self.cls.body if isinstance(node, ast.FunctionDef)
        }

    def error_at(self, node: ast.AST, message: str) -> CannotWriteError:
        return CannotWriteError(f"{self.file}:{getattr(node, 'lineno', 0)}: {message}")

    def awaitables(self, method: ast.FunctionDef) -> Iterator[tuple[ast.expr, str, str]]:
        """Yield expressions in *method*, with the class and attribute that determine `await`."""
        for node in ast.walk(method):
            if isinstance(node, ast.Call):
                name = dotted_name(node.func)
                if name in AWAITED:
                    yield node, "", name
                    continue
                owner, _, attribute = name.rpartition(".")
                if owner in OWNERS[self.cls.name]:
                    yield node, OWNERS[self.cls.name][owner], attribute
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                owner = dotted_name(node.value)
                if owner in OWNERS[self.cls.name]:
                    yield node, OWNERS[self.cls.name][owner], f"@{node.attr}"


def awaited_names(sources: dict[str, Source]) -> set[tuple[str, str]]:
    """Return every method and property that awaits something; properties begin with an @."""
    names: set[tuple[str, str]] = set()
    while True:
        awaiting = {
            (name, f"@{method.name}" if is_property(method) else method.name)
            for name, source in sources.items()
            for method in source.methods.values()
            if any(
                not owner or (owner, called) in names
                for _, owner, called in source.awaitables(method)
            )
        }
        if awaiting <= names:
            return names
        names |= awaiting


def async_source(source: Source, awaited: set[tuple[str, str]]) -> str:
    """Return the async source for a blocking source."""
    edits: list[tuple[int, int, str]] = []
    starts = [0]
    for line in source.lines:
        starts.append(starts[-1] + len(line.encode()))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    for method in source.methods.values():
        name = f"@{method.name}" if is_property(method) else method.name
        if (source.cls.name, name) not in awaited:
            check_ports(source, method)
            continue
        if method.name in {"__init__", "__repr__"}:
            raise source.error_at(
                method, f"`{method.name}` cannot await; let `create` and `open` do it"
            )
        place = at(method.lineno, method.col_offset)
        edits.append((place, place, "async "))
        if method.name in DUNDERS:
            begin = place + len("def ")
            edits.append((begin, begin + len(method.name), DUNDERS[method.name]))
        check_ports(source, method)
        for node, owner, called in source.awaitables(method):
            if owner and (owner, called) not in awaited:
                continue
            check_awaitable(source, method, node)
            begin = at(node.lineno, node.col_offset)
            end = at(node.end_lineno or 0, node.end_col_offset or 0)
            parent = source.parents[node]
            needs_parentheses = isinstance(
                parent, (ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.Compare)
            )
            if isinstance(parent, ast.Call) and node is not parent.func:
                needs_parentheses = False
            if isinstance(parent, ast.Subscript) and node is not parent.value:
                needs_parentheses = False
            edits.append((begin, begin, "(await " if needs_parentheses else "await "))
            if needs_parentheses:
                edits.append((end, end, ")"))
    for method in ("__enter__", "__exit__"):
        special = source.methods.get(method)
        if special is not None and (source.cls.name, method) not in awaited:
            place = at(special.lineno, special.col_offset)
            edits.append((place, place + len(f"def {method}"), f"async def {DUNDERS[method]}"))
    data = source.text.encode()
    for begin, end, new in sorted(edits, key=lambda edit: edit[0], reverse=True):
        data = data[:begin] + new.encode() + data[end:]
    return with_async_names(data.decode(), source.file)


def check_awaitable(source: Source, method: ast.FunctionDef, node: ast.expr) -> None:
    """Raise an error if Python does not allow `await` at this place."""
    parent = source.parents[node]
    while parent is not method:
        if isinstance(parent, (ast.Lambda, ast.FunctionDef, ast.GeneratorExp)):
            raise source.error_at(
                node,
                f"`{ast.unparse(node)}` is in a {type(parent).__name__} and cannot be awaited there;"
                " write it as effects in another module, and `run` those",
            )
        parent = source.parents[parent]


def check_ports(source: Source, method: ast.FunctionDef) -> None:
    """Raise an error if a method calls a port without `run`, which would block the event loop."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and PORTS.search(dotted_name(node.func)):
            raise source.error_at(
                node,
                f"`{dotted_name(node.func)}` is called without `run` and would block the event loop; write"
                f" effects with `yield from call({dotted_name(node.func)}, ...)`, and `run` those",
            )


def with_async_names(source: str, file: str) -> str:
    """Rename the classes and modules, sort the imports, and add a header that names the source."""
    for old, new in NAMES.items():
        source = re.sub(rf"\b{old}\b", new, source)
    for old, new in MODULES.items():
        source = re.sub(rf"\b{re.escape(old)}\b", new, source)
    docstring, rest = source.split("\n\n", 1)
    return f"{docstring}\n\n{HEADER.format(source=file)}\n{sorted_imports(rest)}"


def sorted_imports(source: str) -> str:
    """Sort the top-level imports of this package by module."""
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    ours = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("socialcollab.")
    ]
    texts = sorted(
        ((node.module or "", "".join(lines[node.lineno - 1 : node.end_lineno])) for node in ours),
        key=lambda pair: pair[0],
    )
    first, last = ours[0].lineno - 1, ours[-1].end_lineno or 0
    return "".join([*lines[:first], *(text for _, text in texts), *lines[last:]])


def generate(sources: dict[str, str]) -> dict[str, str]:
    """Return the async sources by file name, given the blocking sources by file name."""
    parsed = [Source(file, text) for file, text in sources.items()]
    awaited = awaited_names({source.cls.name: source for source in parsed})
    return {FILES[source.file]: async_source(source, awaited) for source in parsed}


def main() -> int:
    sources = {name: (DESK / name).read_text("utf-8") for name in FILES}
    try:
        generated = generate(sources)
    except CannotWriteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, text in generated.items():
        (DESK / name).write_text(text, "utf-8")
        print(f"generated {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

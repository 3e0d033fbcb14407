"""
Write the async desk from the text of the blocking one.

Run ``nox -s write_async`` after a change to ``desk.py`` or ``member_desk.py``. What
is awaited is found, not listed: `run`, and every method and property that
comes to call it. Whatever cannot be awaited where it stands is an error that
names its line, and says what to do.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

DESK = Path(__file__).resolve().parents[1] / "src" / "socialcollab" / "desk"
TEXTS = {"desk.py": "async_desk.py", "member_desk.py": "async_member_desk.py"}
NAMES = {"Desk": "AsyncDesk", "MemberDesk": "AsyncMemberDesk"}
MODULES = {
    "socialcollab.desk.member_desk": "socialcollab.desk.async_member_desk",
    "socialcollab.desk.desk": "socialcollab.desk.async_desk",
    "socialcollab.desk.ports": "socialcollab.desk.async_ports",
}
# Both modules of ports have these; the async ones are awaited.
AWAITED = {
    "run",
    "opened",
    "journal.close",
    "self._ports.close",
    "self._ports.compact",
    "desk._ports.ensure_projections",
}
DUNDERS = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
# How methods of either class reach the methods of a desk, and of themselves.
OWNERS = {
    "Desk": {"self": "Desk", "desk": "Desk"},
    "MemberDesk": {"self": "MemberDesk", "self._desk": "Desk"},
}
PORTS = re.compile(r"\.(store|media|_ports\.(store|media|sleep))\.\w+$|^time\.sleep$|^open$")
HEADER = (
    "# Written from {source} by tools/write_async.py: change that, and run `nox -s write_async`."
)


class CannotWriteError(Exception):
    """A place of the blocking text that has no async counterpart."""


def dotted(node: ast.expr) -> str:
    """Return `self._desk.run` for such an expression, or nothing."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def is_property(method: ast.FunctionDef) -> bool:
    return any(dotted(one) == "property" for one in method.decorator_list)


class Text:
    """One class of the blocking text."""

    def __init__(self, name: str, source: str) -> None:
        self.file, self.source = name, source
        self.lines = source.splitlines(keepends=True)
        self.tree = ast.parse(source)
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

    def wrong(self, node: ast.AST, what: str) -> CannotWriteError:
        return CannotWriteError(f"{self.file}:{getattr(node, 'lineno', 0)}: {what}")

    def called(self, method: ast.FunctionDef) -> Iterator[tuple[ast.expr, str, str]]:
        """Yield what *method* awaits, if the named attribute of the named class is awaited."""
        for node in ast.walk(method):
            if isinstance(node, ast.Call):
                name = dotted(node.func)
                if name in AWAITED:
                    yield node, "", name
                    continue
                owner, _, attribute = name.rpartition(".")
                if owner in OWNERS[self.cls.name]:
                    yield node, OWNERS[self.cls.name][owner], attribute
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                owner = dotted(node.value)
                if owner in OWNERS[self.cls.name]:
                    yield node, OWNERS[self.cls.name][owner], f"@{node.attr}"


def awaited_of(texts: dict[str, Text]) -> set[tuple[str, str]]:
    """Return every method and property, the latter with an @, that comes to await something."""
    found: set[tuple[str, str]] = set()
    while True:
        more = {
            (name, f"@{method.name}" if is_property(method) else method.name)
            for name, text in texts.items()
            for method in text.methods.values()
            if any(
                not owner or (owner, called) in found for _, owner, called in text.called(method)
            )
        }
        if more <= found:
            return found
        found |= more


def written(text: Text, awaited: set[tuple[str, str]]) -> str:
    """Return the async text of one blocking one."""
    edits: list[tuple[int, int, str]] = []
    starts = [0]
    for line in text.lines:
        starts.append(starts[-1] + len(line.encode()))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + column

    for method in text.methods.values():
        name = f"@{method.name}" if is_property(method) else method.name
        if (text.cls.name, name) not in awaited:
            check_ports(text, method)
            continue
        if method.name in {"__init__", "__repr__"}:
            raise text.wrong(method, f"`{method.name}` cannot await; let `create` and `open` do it")
        place = at(method.lineno, method.col_offset)
        edits.append((place, place, "async "))
        if method.name in DUNDERS:
            begin = place + len("def ")
            edits.append((begin, begin + len(method.name), DUNDERS[method.name]))
        check_ports(text, method)
        for node, owner, called in text.called(method):
            if owner and (owner, called) not in awaited:
                continue
            check_place(text, method, node)
            begin = at(node.lineno, node.col_offset)
            end = at(node.end_lineno or 0, node.end_col_offset or 0)
            parent = text.parents[node]
            inside = isinstance(
                parent, (ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.Compare)
            )
            if isinstance(parent, ast.Call) and node is not parent.func:
                inside = False
            if isinstance(parent, ast.Subscript) and node is not parent.value:
                inside = False
            edits.append((begin, begin, "(await " if inside else "await "))
            if inside:
                edits.append((end, end, ")"))
    for method in ("__enter__", "__exit__"):
        found = text.methods.get(method)
        if found is not None and (text.cls.name, method) not in awaited:
            place = at(found.lineno, found.col_offset)
            edits.append((place, place + len(f"def {method}"), f"async def {DUNDERS[method]}"))
    data = text.source.encode()
    for begin, end, new in sorted(edits, key=lambda one: one[0], reverse=True):
        data = data[:begin] + new.encode() + data[end:]
    return renamed(data.decode(), text.file)


def check_place(text: Text, method: ast.FunctionDef, node: ast.expr) -> None:
    """Refuse to await where Python cannot."""
    parent = text.parents[node]
    while parent is not method:
        if isinstance(parent, (ast.Lambda, ast.FunctionDef, ast.GeneratorExp)):
            raise text.wrong(
                node,
                f"`{ast.unparse(node)}` stands in a {type(parent).__name__} and cannot be awaited"
                " there; write it as steps in a file of their own, and `run` those",
            )
        parent = text.parents[parent]


def check_ports(text: Text, method: ast.FunctionDef) -> None:
    """Refuse a port that is called past `run`: it would stop the host's event loop."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and PORTS.search(dotted(node.func)):
            raise text.wrong(
                node,
                f"`{dotted(node.func)}` is called past `run` and would block an async host; write"
                f" effects that say `yield from call({dotted(node.func)}, ...)`, and `run` those",
            )


def renamed(source: str, file: str) -> str:
    """Name the async classes and modules, sort the imports, and say where the text is from."""
    for old, new in NAMES.items():
        source = re.sub(rf"\b{old}\b", new, source)
    for old, new in MODULES.items():
        source = re.sub(rf"\b{re.escape(old)}\b", new, source)
    docstring, rest = source.split("\n\n", 1)
    return f"{docstring}\n\n{HEADER.format(source=file)}\n{sorted_imports(rest)}"


def sorted_imports(source: str) -> str:
    """Sort each run of top-level imports of this package by module."""
    tree, lines = ast.parse(source), source.splitlines(keepends=True)
    ours = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("socialcollab.")
    ]
    texts = sorted(
        ((node.module or "", "".join(lines[node.lineno - 1 : node.end_lineno])) for node in ours),
        key=lambda one: one[0],
    )
    first, last = ours[0].lineno - 1, ours[-1].end_lineno or 0
    return "".join([*lines[:first], *(text for _, text in texts), *lines[last:]])


def write(sources: dict[str, str]) -> dict[str, str]:
    """Return the async texts by file name, for blocking ones by file name."""
    texts = [Text(name, source) for name, source in sources.items()]
    awaited = awaited_of({text.cls.name: text for text in texts})
    return {TEXTS[text.file]: written(text, awaited) for text in texts}


def main() -> int:
    sources = {name: (DESK / name).read_text("utf-8") for name in TEXTS}
    try:
        texts = write(sources)
    except CannotWriteError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, text in texts.items():
        (DESK / name).write_text(text, "utf-8")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

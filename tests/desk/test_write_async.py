"""The async desk is what the tool writes from the blocking one, and the tool says where it cannot."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from socialcollab.desk import AsyncDesk, AsyncMemberDesk, Desk, MemberDesk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_async", ROOT / "tools/write_async.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_async_text_is_current(tool) -> None:
    """If this fails: run `nox -s write_async`, and commit what it writes."""
    written = tool.write({name: (tool.DESK / name).read_text("utf-8") for name in tool.TEXTS})
    for name, text in written.items():
        kept = (tool.DESK / name).read_text("utf-8")
        assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(kept)), (
            f"{name} is not what is written from the blocking text: run `nox -s write_async`"
        )
        assert "tools/write_async.py" in kept.splitlines()[2]


@pytest.mark.parametrize(
    ("blocking", "awaited"), [(Desk, AsyncDesk), (MemberDesk, AsyncMemberDesk)]
)
def test_both_desks_have_the_same_methods_with_the_same_parameters(blocking, awaited) -> None:
    names = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
    ours = {names.get(name, name): value for name, value in vars(blocking).items()}
    theirs = vars(awaited)
    skipped = {"__doc__", "__module__", "__firstlineno__", "__static_attributes__"}
    assert ours.keys() - skipped == theirs.keys() - skipped
    for name, value in ours.items():
        method = getattr(value, "__func__", value)
        if inspect.isfunction(method):
            other = getattr(theirs[name], "__func__", theirs[name])
            given, taken = inspect.signature(method), inspect.signature(other)
            assert list(given.parameters) == list(taken.parameters), name


def test_every_public_method_is_awaited() -> None:
    for cls in (AsyncDesk, AsyncMemberDesk):
        for name, value in vars(cls).items():
            if name.startswith("_") or name == "PROJECTIONS":
                continue
            function = value.fget if isinstance(value, property) else value
            function = getattr(function, "__func__", function)
            assert inspect.iscoroutinefunction(function), f"{cls.__name__}.{name}"


DESK_TEXT = '''
"""A desk."""

from socialcollab.desk.member_desk import MemberDesk
from socialcollab.desk.ports import run

__all__ = ["Desk"]


class Desk:
    """The desk."""

    def run(self, steps):
        return run(steps)

    @property
    def organization(self):
        return self.run(self.engine.state()).organization

    def many(self, names):
        return {name: self.organization[name] for name in names if self.has(name)}

    def has(self, name):
        return name in self.organization

    def plain(self):
        return self.id

    {more}
'''
ACTING_TEXT = '''
"""What one member does."""

from socialcollab.effects import Effects

__all__ = ["MemberDesk"]


class MemberDesk:
    def posts(self):
        return sorted(self._desk.posts, key=str) or self.each()[0].text

    def each(self):
        return self._desk.many(self.names)
'''


def write(tool: ModuleType, more: str = "") -> dict[str, str]:
    desk = DESK_TEXT.strip().replace(
        "{more}", textwrap.indent(textwrap.dedent(more), "    ").strip()
    )
    return tool.write({"desk.py": desk + "\n", "member_desk.py": ACTING_TEXT.strip() + "\n"})


def test_whatever_comes_to_call_run_is_awaited(tool) -> None:
    texts = write(tool)
    desk, acting = texts["async_desk.py"], texts["async_member_desk.py"]
    for line in (
        "class AsyncDesk:",
        "return await run(steps)",
        "async def organization(self):",
        "return (await self.run(self.engine.state())).organization",
        "{name: (await self.organization)[name] for name in names if await self.has(name)}",
        "return name in (await self.organization)",
        "    def plain(self):",
        "from socialcollab.desk.async_member_desk import AsyncMemberDesk",
        "from socialcollab.desk.async_ports import run",
    ):
        assert line in desk, line
    assert "or (await self.each())[0].text" in acting
    assert "return await self._desk.many(self.names)" in acting
    assert "self._desk.posts, key" in acting, "what no desk awaits is left alone"
    for text in texts.values():
        ast.parse(text)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (
            "def head(self):\n    return self.engine.store.read_all(limit=1)",
            r"desk\.py:29: `self\.engine\.store\.read_all` is called past `run` .* `yield from call\(",
        ),
        (
            "def keep(self, image):\n    return self.media.put(image)",
            r"desk\.py:29: `self\.media\.put` is called past `run`",
        ),
        (
            "def all_of(self, names):\n    return tuple(self.has(one) for one in names)",
            r"desk\.py:29: `self\.has\(one\)` stands in a GeneratorExp .* write it as steps",
        ),
        (
            "def later(self):\n    return lambda: self.has('ana')",
            r"desk\.py:29: `self\.has\('ana'\)` stands in a Lambda",
        ),
        (
            "def __repr__(self):\n    return str(self.organization)",
            r"desk\.py:28: `__repr__` cannot await",
        ),
    ],
)
def test_what_cannot_be_awaited_is_told_by_its_line(tool, more: str, told: str) -> None:
    with pytest.raises(tool.CannotWriteError, match=told):
        write(tool, more)


def test_a_desk_that_cannot_be_written_is_left_as_it_is(
    tool, tmp_path, monkeypatch, capsys
) -> None:
    for name, text in {"desk.py": DESK_TEXT, "member_desk.py": ACTING_TEXT}.items():
        body = text.strip().replace("{more}", "def keep(self):\n        time.sleep(1)")
        (tmp_path / name).write_text(f"{body}\n", "utf-8")
    monkeypatch.setattr(tool, "DESK", tmp_path)
    assert tool.main() == 1
    assert "`time.sleep` is called past `run`" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk.py", "member_desk.py"]

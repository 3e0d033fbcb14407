"""The generated async desk, and `tools/write_async.py`, which generates it."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from socialcollab.desk import (
    AsyncDesk,
    AsyncMemberDesk,
    AsyncMemberInbox,
    Desk,
    MemberDesk,
    MemberInbox,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("write_async", ROOT / "tools/write_async.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_source_is_current(tool) -> None:
    """The async sources are up to date; if this test fails, run `nox -s write_async`."""
    generated = tool.generate({name: (tool.DESK / name).read_text("utf-8") for name in tool.FILES})
    for name, text in generated.items():
        stored = (tool.DESK / name).read_text("utf-8")
        assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(stored)), (
            f"{name} is not generated from the current source: run `nox -s write_async`"
        )
        assert "tools/write_async.py" in stored.splitlines()[2]


@pytest.mark.parametrize(
    ("blocking", "awaited"),
    [(Desk, AsyncDesk), (MemberDesk, AsyncMemberDesk), (MemberInbox, AsyncMemberInbox)],
)
def test_same_methods_and_parameters(blocking, awaited) -> None:
    """The blocking and the async classes have the same methods with the same parameters."""
    names = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
    methods = {names.get(name, name): value for name, value in vars(blocking).items()}
    async_methods = vars(awaited)
    skipped = {"__doc__", "__module__", "__firstlineno__", "__static_attributes__"}
    assert methods.keys() - skipped == async_methods.keys() - skipped
    for name, value in methods.items():
        method = getattr(value, "__func__", value)
        if inspect.isfunction(method):
            other = getattr(async_methods[name], "__func__", async_methods[name])
            parameters = inspect.signature(method).parameters
            assert list(parameters) == list(inspect.signature(other).parameters), name


def test_public_methods_are_coroutines() -> None:
    """Every public method of the async classes is a coroutine function."""
    for cls in (AsyncDesk, AsyncMemberDesk, AsyncMemberInbox):
        for name, value in vars(cls).items():
            # The inbox itself reads nothing; its methods do.
            if name.startswith("_") or name in ("PROJECTIONS", "inbox"):
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
MEMBER_DESK_TEXT = '''
"""The desk as one member uses it."""

from socialcollab.effects import Effects

__all__ = ["MemberDesk"]


class MemberDesk:
    def posts(self):
        return sorted(self._desk.posts, key=str) or self.each()[0].text

    def each(self):
        return self._desk.many(self.names)
'''


def write(tool: ModuleType, method: str = "") -> dict[str, str]:
    """Generate the async source of a small desk with one additional method."""
    desk = DESK_TEXT.strip().replace(
        "{more}", textwrap.indent(textwrap.dedent(method), "    ").strip()
    )
    return tool.generate(
        {"desk.py": desk + "\n", "member_desk.py": MEMBER_DESK_TEXT.strip() + "\n"}
    )


def test_calls_of_run_are_awaited(tool) -> None:
    """Only calls of `run`, and of methods that call it, are awaited."""
    texts = write(tool)
    desk, member_desk = texts["async_desk.py"], texts["async_member_desk.py"]
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
    assert "or (await self.each())[0].text" in member_desk
    assert "return await self._desk.many(self.names)" in member_desk
    assert "self._desk.posts, key" in member_desk, "an attribute that is not awaited must stay"
    for text in texts.values():
        ast.parse(text)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "def head(self):\n    return self.engine.store.read_all(limit=1)",
            r"desk\.py:29: `self\.engine\.store\.read_all` is called without `run` .* `yield from call\(",
        ),
        (
            "def keep(self, image):\n    return self.media.put(image)",
            r"desk\.py:29: `self\.media\.put` is called without `run`",
        ),
        (
            "def all_of(self, names):\n    return tuple(self.has(one) for one in names)",
            r"desk\.py:29: `self\.has\(one\)` is in a GeneratorExp .* write it as effects",
        ),
        (
            "def later(self):\n    return lambda: self.has('ana')",
            r"desk\.py:29: `self\.has\('ana'\)` is in a Lambda",
        ),
        (
            "def __repr__(self):\n    return str(self.organization)",
            r"desk\.py:28: `__repr__` cannot await",
        ),
    ],
)
def test_code_that_cannot_be_awaited(tool, code: str, message: str) -> None:
    """Code that cannot be awaited is reported with its line and a suggestion."""
    with pytest.raises(tool.CannotWriteError, match=message):
        write(tool, code)


def test_failure_writes_nothing(tool, tmp_path, monkeypatch, capsys) -> None:
    """The tool writes no file if one source cannot be converted."""
    for name, text in {"desk.py": DESK_TEXT, "member_desk.py": MEMBER_DESK_TEXT}.items():
        body = text.strip().replace("{more}", "def keep(self):\n        time.sleep(1)")
        (tmp_path / name).write_text(f"{body}\n", "utf-8")
    monkeypatch.setattr(tool, "DESK", tmp_path)
    monkeypatch.setattr(
        tool, "FILES", {name: f"async_{name}" for name in ("desk.py", "member_desk.py")}
    )
    assert tool.main() == 1
    assert "`time.sleep` is called without `run`" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk.py", "member_desk.py"]

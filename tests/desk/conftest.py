"""An agency of two clients at a desk whose clock is set by hand."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.desk.awaited import AwaitedDesk

from socialcollab.desk import Desk
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryMedia, MemoryStore, SqliteStore

DOCUMENT = """
[organization]
id = "northwind"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "tulip"
lead = "eva"
default_approval = "house"

[[workspaces]]
id = "dike"
lead = "tom"
default_approval = "none"

[[profiles]]
id = "tulip-x"
workspace = "tulip"
network = "x"
handle = "@tulipair"

[[profiles]]
id = "tulip-mastodon"
workspace = "tulip"
network = "mastodon"
server = "https://mastodon.example"
handle = "@tulip"

[[profiles]]
id = "dike-x"
workspace = "dike"
network = "x"
handle = "@dike"

[[members]]
id = "ana"
[[members]]
id = "ben"
[[members]]
id = "eva"
[[members]]
id = "tom"
[[members]]
id = "noor"
kind = "client"
of = "tulip"
[[members]]
id = "dirk"
kind = "client"
of = "dike"

[roles.owner]
permissions = ["*"]
[roles.writer]
permissions = ["view", "draft", "submit", "comment"]
[roles.publisher]
includes = ["writer"]
permissions = ["schedule", "publish", "cancel", "note"]
[roles.editor]
includes = ["publisher"]
permissions = ["approve", "edit_others", "hold"]

[[grants]]
to = "member:ana"
role = "publisher"
on = { workspace = "tulip" }
[[grants]]
to = "member:ana"
role = "writer"
on = { workspace = "dike" }
start = 2026-04-03
[[grants]]
to = ["member:ben", "member:eva"]
role = "editor"
on = { workspace = "tulip" }
[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
[[grants]]
to = "member:tom"
role = "editor"
on = { workspace = "dike" }
[[grants]]
to = "member:noor"
permissions = ["view", "comment", "approve"]
on = { workspace = "tulip" }
end = 2026-04-05
[[grants]]
to = "member:dirk"
role = "publisher"
on = { workspace = "dike" }

[[forbids]]
to = "member:ben"
permissions = ["hold"]
on = "tulip-mastodon"
reason = "training first"

[[approvals]]
id = "house"
on = { workspace = "tulip" }
late = "hold"
[[approvals.steps]]
id = "edit"
reviewers = ["role:editor"]

[[approvals]]
id = "offers"
on = { workspace = "tulip", post_tag = "offer" }
extends = "house"
[[approvals.steps]]
id = "client"
after = ["edit"]
reviewers = ["member:noor"]

[[slot_plans]]
on = "tulip-x"
slots = ["mon-sun 09:30"]
"""

START = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)


class Office:
    """A desk with its clock, its store and its sandbox."""

    def __init__(self, folder: Path, kind: str, *, faults: tuple = (), **sandbox: object) -> None:
        self.now = START
        self.folder = folder
        self.sandbox = self._sandbox(faults, **sandbox)
        self.kind = AwaitedDesk if kind.startswith("async") else Desk
        if kind.endswith("memory"):
            self.store = MemoryStore()
        else:
            self.store = SqliteStore(str(folder / "desk.db"), durable=False)
        self.media = MemoryMedia()
        self.organization = Organization.loads(DOCUMENT)
        self.desk: Any = self.kind.create(
            self.store, self.organization, owner="eva", **self.options
        )

    @property
    def options(self) -> dict:
        return {
            "networks": {"*": self.sandbox},
            "media": self.media,
            "clock": self.clock,
            "real_clock": self.clock,
            "sleep": lambda _: None,
        }

    def _sandbox(self, faults: tuple, **options: object) -> Sandbox:
        return Sandbox(
            self.folder / "out",
            faults=faults,
            clock=self.clock,
            real_clock=self.clock,
            durable=False,
            sleep=lambda _: None,
            **options,
        )

    def let_go_wrong(self, *faults: InjectedFault, **options: object) -> None:
        """Let the same network go on with other faults, and the same desk reach it."""
        self.sandbox.close()
        self.sandbox = self._sandbox(faults, **options)
        self.desk = self.second_desk()

    def clock(self) -> dt.datetime:
        return self.now

    def acting(self, *people: str) -> tuple:
        return tuple(self.desk.acting_as(one) for one in people)

    def second_desk(self) -> Any:
        return self.kind.open(self.store, **self.options)

    def close(self) -> None:
        self.desk.close()
        self.store.close()
        self.sandbox.close()


KINDS = ("memory", "sqlite", "async sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    Choose the kinds of desk on which a test runs.

    `test_desk` runs on every kind. The other tests run on a desk in memory, and with --integration
    on every kind too.
    """
    if "office" not in metafunc.fixturenames or hasattr(metafunc.module, "office"):
        return
    every = metafunc.module.__name__.rpartition(".")[2] == "test_desk"
    kinds = KINDS if every or metafunc.config.getoption("--integration") else KINDS[:1]
    metafunc.parametrize("office", kinds, indirect=True)


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """An office on a kind of store, or at an async desk."""
    made = Office(tmp_path, request.param)
    yield made
    made.close()


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Open an office: `open_office("sqlite", faults=...)`."""
    made: list[Office] = []

    def make(kind: str, **more: object) -> Office:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Office(folder, kind, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """The naive evaluator of permissions, shared with their own tests."""
    path = Path(__file__).parents[1] / "permissions" / "naive_access.py"
    spec = importlib.util.spec_from_file_location("naive_access", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""The commands `worker` and `run-due`, and the networks that they load."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from socialcollab.cli import main
from socialcollab.cli.output import Output
from socialcollab.cli.worker import work
from socialcollab.desk import Desk
from socialcollab.errors import StoreUnavailableError
from socialcollab.networks.sandbox import InjectedFault, Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """A function that writes a module to the current folder and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    numbers = itertools.count()

    def write(text: str) -> str:
        name = f"networks_{tmp_path.name}_{next(numbers)}".replace("-", "_")
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        return name

    return write


@attrs.define
class Clock:
    """A clock that also is the request to stop: each wait moves the clock."""

    at: dt.datetime = NOW
    waits: list[float] = attrs.field(factory=list)
    stops_after: int = 1
    is_stopped: bool = False

    def __call__(self) -> dt.datetime:
        return self.at

    def is_requested(self) -> bool:
        return self.is_stopped or len(self.waits) >= self.stops_after

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.at += dt.timedelta(seconds=seconds)
        return self.is_requested()


@attrs.define
class Place:
    """A desk with a clock, and the output of a worker."""

    desk: Desk
    clock: Clock
    out: io.StringIO = attrs.field(factory=io.StringIO)
    err: io.StringIO = attrs.field(factory=io.StringIO)

    def plan(self, minutes: int, name: str = "W1") -> None:
        ana, ben = self.desk.acting_as("ana"), self.desk.acting_as("ben")
        at = self.clock.at + dt.timedelta(minutes=minutes)
        post = ana.draft(f"Post {name}", profiles=["tulip-x"], planned_at=at, external_id=name)
        ben.approve(ana.submit(post))

    def work(self, *, stops_after: int = 1, as_json: bool = False, **options: Any) -> int:
        self.clock.stops_after = stops_after
        output = Output(as_json=as_json, out=self.out, err=self.err)
        return work(self.desk, output, stop=self.clock, every_s=60.0, **options)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A desk that publishes to a sandbox."""
    clock = Clock()
    with Sandbox(tmp_path / "sandbox", clock=clock, real_clock=clock) as sandbox:
        yield Place(_desk(clock, {"*": sandbox}), clock)


def _desk(clock: Clock, networks: dict[str, Any]) -> Desk:
    return Desk.create(
        MemoryStore(),
        Organization.template("northwind"),
        owner="eva",
        networks=networks,
        clock=clock,
        real_clock=clock,
    )


def test_one_line_for_each_run(place: Place) -> None:
    """A worker prints one line for each run that did something."""
    place.plan(1)
    place.plan(30, "W2")
    assert place.work(stops_after=40) == 0
    first, second = place.out.getvalue().splitlines()
    assert first == (
        "2026-04-07 07:31:00 UTC  1 stream processed, 0 problems; `W1` on `tulip-x`: published"
    )
    assert second.startswith("2026-04-07 08:00:00 UTC  1 stream processed")
    assert "" == place.err.getvalue()


def test_wait_until_due(place: Place) -> None:
    """A worker waits for the given time, or until the next work is due."""
    place.desk.run_due()
    place.clock.at += dt.timedelta(seconds=20)
    place.plan(2)
    place.clock.at += dt.timedelta(seconds=15)
    place.work(stops_after=4)
    assert place.clock.waits == [60.0, 45.0, 60.0, 60.0]


def test_json_lines(place: Place) -> None:
    """With `--json`, each line is one JSON document."""
    place.plan(1)
    place.plan(2, "W2")
    place.work(stops_after=10, as_json=True)
    entries = [json.loads(line) for line in place.out.getvalue().splitlines()]
    assert [entry["deliveries"][0]["state"] for entry in entries] == ["published", "published"]


def test_repeated_problem() -> None:
    """A problem that does not change is printed once, and again after a change."""
    clock = Clock()
    place = Place(_desk(clock, {}), clock)
    place.plan(1)
    assert place.work(stops_after=5) == 0
    (line,) = place.out.getvalue().splitlines()
    assert "no network is configured for profile `tulip-x`" in line
    place.plan(1, "W2")
    place.work(stops_after=10)
    assert len(place.out.getvalue().splitlines()) == 2 + 1


def test_once(place: Place) -> None:
    """With `--once`, a worker ends after one run; problems result in exit code 1."""
    place.plan(1)
    place.clock.at += dt.timedelta(minutes=2)
    assert place.work(once=True) == 0
    assert "published" in place.out.getvalue()
    assert [] == place.clock.waits
    clock = Clock()
    without = Place(_desk(clock, {}), clock)
    without.plan(1)
    clock.at += dt.timedelta(minutes=2)
    assert without.work(once=True) == 1


def test_unavailable_store(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker tries again if the store is unavailable, but with `--once` it fails."""
    calls = itertools.count()
    run_due = place.desk.run_due

    def locked_at_first(*args: Any, **options: Any) -> Any:
        if next(calls) == 0:
            raise StoreUnavailableError("store `agency.db` is unavailable: it is locked")
        return run_due(*args, **options)

    place.plan(1)
    monkeypatch.setattr(place.desk, "run_due", locked_at_first)
    assert place.work(stops_after=3) == 0
    assert "it is locked; trying again in 60 seconds\n" in place.err.getvalue()
    assert "published" in place.out.getvalue()
    calls = itertools.count()
    place.clock.waits.clear()
    with pytest.raises(StoreUnavailableError):
        place.work(once=True)


def _signalling(number: str) -> str:
    """Return a module whose network sends a signal to its process when it publishes."""
    return f"""
import signal
from socialcollab.networks.sandbox import Sandbox

class Network:
    def __init__(self):
        self.sandbox = Sandbox("sandbox")
        self.is_closed = False
    def adapter(self, profile):
        signal.raise_signal(signal.{number})
        return self.sandbox.adapter(profile)
    def transport(self, profile):
        return self.sandbox.transport(profile)
    def close(self):
        self.sandbox.close()
        self.is_closed = True

network = Network()

def make():
    return {{"x": network, "mastodon": network}}
"""


def _desk_in(path: Path, posts: int) -> None:
    """Create a desk with posts that have been due for a few seconds."""
    now = dt.datetime.now(dt.UTC)
    clock = Clock(at=now - dt.timedelta(minutes=10))
    with Desk.create(path, Organization.template("northwind"), owner="eva", clock=clock) as desk:
        place = Place(desk, clock)
        for number in range(posts):
            place.plan(9, f"W{number}")


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
@pytest.mark.integration
def test_signal(
    module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: str
) -> None:
    """A signal ends a worker after the current piece of work, and the networks are closed."""
    _desk_in(tmp_path / "agency.db", posts=2)
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    name = module(_signalling(number))
    code = main(["worker", "agency.db", "--networks", f"{name}:make"])
    printed = capsys.readouterr()
    assert code == 0
    assert "1 stream processed, 0 problems, 1 left for the next run" in printed.out
    assert printed.out.count("published") == 1
    assert "doing the due work of `northwind`; press Ctrl+C to stop" in printed.err
    assert sys.modules[name].network.is_closed
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))


def test_signal_while_waiting(
    module: Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal that arrives while a worker waits ends the wait."""
    _desk_in(tmp_path / "agency.db", posts=0)
    next_due = Desk.next_due

    def interrupted(desk: Desk, **options: Any) -> Any:
        signal.raise_signal(signal.SIGTERM)
        return next_due(desk, **options)

    monkeypatch.setattr(Desk, "next_due", interrupted)
    name = module("networks = {}")
    assert main(["worker", "agency.db", "--networks", f"{name}:networks", "--every", "3600"]) == 0


@pytest.mark.parametrize("every", ["0", "-1", "nan", "inf", "86401"])
def test_wrong_interval(
    module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str], every: str
) -> None:
    """The interval must be a positive number of seconds, and at most a day."""
    _desk_in(tmp_path / "agency.db", posts=0)
    name = module("networks = {}")
    words = ["worker", "agency.db", "--networks", f"{name}:networks", "--every", every]
    assert main(words) == 2
    assert f"--every `{every}` is not a number of seconds" in capsys.readouterr().err


def test_run_due_with_networks(
    module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`run-due --networks` publishes to the networks of a module in the current folder."""
    _desk_in(tmp_path / "agency.db", posts=1)
    name = module(
        "from socialcollab import Sandbox\nclass Settings:\n    networks = {'x': Sandbox('sandbox')}"
    )
    code = main(["run-due", "agency.db", "--networks", f"{name}:Settings.networks"])
    assert (0, True) == (code, "`W0` on `tulip-x`: published" in capsys.readouterr().out)
    assert main(["run-due", "agency.db", "--networks", "a:b", "--sandbox", "sandbox"]) == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_media_folder(module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--media` names the folder with the media, which must belong to the organization."""
    _desk_in(tmp_path / "agency.db", posts=1)
    name = module("networks = {}")
    words = ["worker", "agency.db", "--once", "--networks", f"{name}:networks"]
    assert main([*words, "--media", "pictures"]) == 1
    assert (tmp_path / "pictures" / "organization" / "name").read_text() == "northwind"
    (tmp_path / "other" / "organization").mkdir(parents=True)
    (tmp_path / "other" / "organization" / "name").write_text("acme")
    assert main([*words, "--media", "other"]) == 2
    assert "acme" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("networks = {}", "netwrks", "has no object `netwrks`; did you mean `networks`?"),
        ("networks = []", "networks", "is a value of type `list`; it must be a mapping such as"),
        ("def networks(): pass", "networks", "is `None`; it must be a mapping"),
        ("networks = {1: 2}", "networks", "contains the name 1, which is not a string"),
        (
            "networks = {'x': 2}",
            "networks",
            "contains `x`, which is not a network but a value of type `int`",
        ),
        (
            "from socialcollab import Sandbox\nnetworks = {'x': Sandbox}",
            "networks",
            "contains `x`, which is not a network but the class `Sandbox`",
        ),
        (
            "class N:\n    adapter = transport = print\n    async def close(self): ...\n"
            "networks = {'x': N()}",
            "networks",
            "contains `x`, which is an async network; use a blocking network",
        ),
        (
            "import os\ndef networks():\n    return {'x': os.environ['X_TOKEN_MISSING']}",
            "networks",
            "the function raised an exception: KeyError: 'X_TOKEN_MISSING' (",
        ),
        ("import no_such_module", "networks", "ModuleNotFoundError: No module named"),
        ("1 / 0", "networks", "cannot be imported: ZeroDivisionError: division by zero ("),
        ("def", "networks", "cannot be imported: SyntaxError"),
        ("networks = {}", "networks.", "does not have the form MODULE:OBJECT"),
        ("networks = {}", "", "does not have the form MODULE:OBJECT"),
    ],
)
@pytest.mark.integration
def test_wrong_networks(  # noqa: PLR0917  fixtures
    module: Module,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    path: str,
    said: str,
) -> None:
    """Networks that cannot be loaded are reported in one line with the cause."""
    _desk_in(tmp_path / "agency.db", posts=0)
    name = module(text)
    code = main(["worker", "agency.db", "--once", "--networks", f"{name}:{path}"])
    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith(f"--networks `{name}:{path}` ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_line_of_the_error(
    module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the line of the user's code that raised an exception."""
    _desk_in(tmp_path / "agency.db", posts=0)
    name = module("\n\n1 / 0\n")
    main(["worker", "agency.db", "--networks", f"{name}:networks"])
    assert f"({tmp_path / name}.py, line 3)" in capsys.readouterr().err


def test_missing_module(module: Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A module that does not exist is reported with the folder that was searched."""
    _desk_in(tmp_path / "agency.db", posts=0)
    module("")
    assert main(["worker", "agency.db", "--networks", "no_such_module.settings:networks"]) == 2
    err = capsys.readouterr().err
    assert f"there is no module `no_such_module` in `{tmp_path}` or among the installed" in err


def test_lost_answer(place: Place, tmp_path: Path) -> None:
    """A worker settles an unknown outcome in later runs, without publishing the post again."""
    faults = [InjectedFault("lost_answer", times=1)]
    with Sandbox(
        tmp_path / "faulty", clock=place.clock, real_clock=place.clock, faults=faults
    ) as sandbox:
        place.desk = _desk(place.clock, {"*": sandbox})
        place.plan(1)
        place.work(stops_after=20)
        states = [line.rpartition(": ")[2] for line in place.out.getvalue().splitlines()]
        assert states == ["unknown", "published"]
        assert len(sandbox.posts()) == 1

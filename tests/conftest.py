"""What every test may ask for."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seconds",
        type=float,
        default=0.0,
        help="how long each slow session may run; 0 skips slow sessions",
    )


def pytest_configure(config: pytest.Config) -> None:
    compile_once(config)
    draw_examples(full=config.getoption("--seconds") > 0)


def compile_once(config: pytest.Config) -> None:
    """
    Keep compiled code, even where nothing is to be written beside the source.

    With PYTHONDONTWRITEBYTECODE each worker, and each process that a test
    starts, compiles all that it imports; the cache of pytest has room for it.
    """
    if not sys.dont_write_bytecode or not config.pluginmanager.has_plugin("cacheprovider"):
        return
    folder = str(config.cache.mkdir("bytecode"))
    sys.pycache_prefix, sys.dont_write_bytecode = folder, False
    os.environ["PYTHONPYCACHEPREFIX"] = folder
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def draw_examples(*, full: bool) -> None:
    """Let the properties draw a few examples each, or in slow sessions many."""
    # Imported here, once what is compiled is kept.
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "unit", deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("full", parent=settings.get_profile("unit"), max_examples=100)
    settings.load_profile("full" if full else "unit")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--seconds") > 0:
        return
    skip = pytest.mark.skip(reason="a slow session: give it --seconds")
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Let the garbage collector look no more at what stays for the whole session."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    """How long a slow session may run."""
    return float(request.config.getoption("--seconds"))


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Find a folder of real cases, or skip the test and name the folder."""

    def find(name: str) -> Path:
        root = Path(os.environ.get("SOCIALCOLLAB_SHARED", REPOSITORY.parent / "shared"))
        folder = root / "data" / name
        if not folder.is_dir():
            pytest.skip(f"real cases `{name}` are not here")
        return folder

    return find

"""Options and fixtures for all tests."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

# Failed checks in the modules that tests share are explained like those in tests.
pytest.register_assert_rewrite("tests.networks.faults", "tests.networks.publishing")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--seconds",
        type=float,
        default=0.0,
        help="how long each slow session may run; 0 skips slow sessions",
    )
    parser.addoption(
        "--integration",
        action="store_true",
        help="also run tests with real processes, whole weeks and many cases, on every store",
    )


def pytest_configure(config: pytest.Config) -> None:
    compile_once(config)
    draw_examples(full=config.getoption("--seconds") > 0)


def compile_once(config: pytest.Config) -> None:
    """
    Keep compiled code in the cache of pytest if it may not be written beside the source.

    Otherwise, with PYTHONDONTWRITEBYTECODE, each worker and each process that a test starts would
    compile everything it imports.
    """
    if not sys.dont_write_bytecode or not config.pluginmanager.has_plugin("cacheprovider"):
        return
    folder = str(config.cache.mkdir("bytecode"))
    sys.pycache_prefix, sys.dont_write_bytecode = folder, False
    os.environ["PYTHONPYCACHEPREFIX"] = folder
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def draw_examples(*, full: bool) -> None:
    """Draw a few examples for each property, or many in slow sessions."""
    # This is imported after `compile_once`, so that its compiled code is cached as well.
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "unit", deadline=None, max_examples=10, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("full", parent=settings.get_profile("unit"), max_examples=100)
    settings.load_profile("full" if full else "unit")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow = pytest.mark.skip(reason="a slow session: give it --seconds")
    integration = pytest.mark.skip(reason="an integration test: give it --integration")
    for item in items:
        if item.get_closest_marker("slow"):
            if not config.getoption("--seconds"):
                item.add_marker(slow)
        elif item.get_closest_marker("integration") and not config.getoption("--integration"):
            item.add_marker(integration)


def pytest_collection_finish() -> None:
    """Exclude objects that exist for the whole session from garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    """The number of seconds for which a slow session may run."""
    return float(request.config.getoption("--seconds"))


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """Return a function that finds a folder of real cases, or skips the test."""

    return lambda name: _shared("data", name)


@pytest.fixture
def shared_specs() -> Callable[[str], Path]:
    """Return a function that finds a vendor's API description, or skips the test."""
    return lambda name: _shared("specs", name)


def _shared(kind: str, name: str) -> Path:
    root = Path(os.environ.get("SOCIALCOLLAB_SHARED", REPOSITORY.parent / "shared"))
    folder = root / kind / name
    if not folder.is_dir():
        pytest.skip(
            f"the {'real cases' if kind == 'data' else 'API description'} `{name}` are absent"
        )
    return folder

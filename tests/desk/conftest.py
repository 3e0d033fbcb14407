"""Fixtures for a desk whose clock is set by tests."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.desk.agency import Agency

KINDS = ("memory", "sqlite", "async sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    Choose the kinds of desks on which a test runs.

    `test_desk` runs on every kind. The other tests run on a desk in memory or, with --integration,
    on every kind. A module with its own fixture `agency` is not affected.
    """
    if "agency" not in metafunc.fixturenames or hasattr(metafunc.module, "agency"):
        return
    every = metafunc.module.__name__.rpartition(".")[2] == "test_desk"
    kinds = KINDS if every or metafunc.config.getoption("--integration") else KINDS[:1]
    metafunc.parametrize("agency", kinds, indirect=True)


@pytest.fixture
def agency(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Agency]:
    """An agency with a blocking or an async desk on one kind of store."""
    created = Agency(tmp_path, request.param)
    yield created
    created.close()


@pytest.fixture
def open_agency(tmp_path: Path) -> Iterator[Callable[..., Agency]]:
    """Return a function that creates agencies: `open_agency("sqlite", faults=...)`."""
    created: list[Agency] = []

    def create(kind: str, **options: object) -> Agency:
        folder = tmp_path / str(len(created))
        folder.mkdir()
        created.append(Agency(folder, kind, **options))
        return created[-1]

    yield create
    for agency in created:
        agency.close()


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """The naive evaluator of permissions, which the tests of permissions also use."""
    path = Path(__file__).parents[1] / "permissions" / "naive_access.py"
    spec = importlib.util.spec_from_file_location("naive_access", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

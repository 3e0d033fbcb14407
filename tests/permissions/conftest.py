"""The naive evaluator as a fixture."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def naive() -> ModuleType:
    """Return the naive evaluator: `naive.may(organization, member, permission, resource, at)`."""
    path = Path(__file__).with_name("naive_access.py")
    spec = importlib.util.spec_from_file_location("naive_access", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

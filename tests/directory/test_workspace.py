"""Workspaces."""

from __future__ import annotations

import pytest

from socialcollab.directory import Workspace
from socialcollab.errors import InvalidValueError


def test_unknown_zone() -> None:
    """A zone that does not exist is an error."""
    with pytest.raises(InvalidValueError, match="Europe/Amsterdm"):
        Workspace(id="tulip", lead="eva", default_approval="none", timezone="Europe/Amsterdm")

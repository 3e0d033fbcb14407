"""Profiles."""

from __future__ import annotations

import pytest

from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError


def test_server_needs_address() -> None:
    """A server that is not a web address is an error."""
    with pytest.raises(InvalidValueError, match="is not a web address"):
        Profile(id="p", workspace="tulip", network="mastodon", server="mastodon.example")

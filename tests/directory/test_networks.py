"""The built-in networks."""

from __future__ import annotations

import pytest

from socialcollab.directory import NETWORKS, network
from socialcollab.errors import InvalidValueError


def test_names() -> None:
    """The six networks are listed under their own names."""
    assert sorted(NETWORKS) == ["bluesky", "facebook", "instagram", "linkedin", "mastodon", "x"]
    assert all(name == each.name for name, each in NETWORKS.items())


def test_unknown_name_gets_suggestion() -> None:
    """An unknown name is an error that suggests the nearest one."""
    with pytest.raises(InvalidValueError, match="did you mean `mastodon`"):
        network("mastodont")


def test_unlike_name_gets_list() -> None:
    """An unknown name that is not similar to any other is an error that lists all networks."""
    with pytest.raises(InvalidValueError, match="there are bluesky, facebook"):
        network("")


def test_description_is_returned() -> None:
    """A description is returned unchanged."""
    mine = network("x").with_limits(text=25_000)
    assert mine is network(mine)


def test_create_once_keys() -> None:
    """Only the listed networks document a safe way to repeat a send."""
    keys = {name: each.create_once.key for name, each in NETWORKS.items()}
    assert keys == {
        "bluesky": "client_id",
        "facebook": "none",
        "instagram": "container",
        "linkedin": "none",
        "mastodon": "client_key",
        "x": "none",
    }
    assert not network("mastodon").create_once.honoured

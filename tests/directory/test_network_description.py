"""Descriptions of networks."""

from __future__ import annotations

import datetime as dt

import attrs
import pytest

from socialcollab.directory import NETWORKS, CreateOnce, NetworkDescription, network
from socialcollab.errors import InvalidValueError


def test_with_limits() -> None:
    """A server's limits replace the network's limits, and all other values stay the same."""
    mine = network("mastodon").with_limits(text=5000, images=8)
    assert (mine.text.at_most, mine.media.images, mine.text.url_weight) == (5000, 8, 23)
    assert network("mastodon").text.at_most == 500


@pytest.mark.parametrize("limits", [{"text": 0}, {"images": -1}, {"alt_text": 0}, {"text": True}])
def test_invalid_limits(limits: dict[str, int]) -> None:
    """A number that is too small for a limit is an error."""
    with pytest.raises(InvalidValueError):
        network("x").with_limits(**limits)


def test_unknown_words() -> None:
    """An unknown feature or unit is an error that suggests the nearest one."""
    with pytest.raises(InvalidValueError, match="did you mean `poll`"):
        attrs.evolve(network("x"), features={"pol"})
    with pytest.raises(InvalidValueError, match="did you mean `graphemes`"):
        attrs.evolve(network("x").text, unit="grapheme")


def test_descriptions_are_frozen() -> None:
    """A description cannot be changed in place."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        network("x").title = "Twitter"  # type: ignore[misc]


def test_conclusive_after_is_not_negative() -> None:
    """A negative time is an error."""
    with pytest.raises(InvalidValueError, match="is negative"):
        CreateOnce(key="none", conclusive_after=dt.timedelta(seconds=-1))


def test_descriptions_are_values() -> None:
    """Descriptions are equal by value, and hashable."""
    assert network("x").with_limits(text=280) == network("x")
    assert isinstance(hash(network("x")), int)
    assert all(isinstance(each, NetworkDescription) for each in NETWORKS.values())

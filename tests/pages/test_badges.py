"""Badges and states."""

from __future__ import annotations

import pytest

from socialcollab.content import DeliveryState, PostState
from socialcollab.errors import InvalidValueError
from socialcollab.pages import STATES, badge, network_badge, state_badge


def test_every_state_has_a_tone() -> None:
    """Every state of a post or a delivery has a tone and a symbol."""
    assert set(STATES) >= set(PostState)
    assert set(STATES) >= set(DeliveryState)


def test_unknown_state_and_network() -> None:
    """An unknown state or network is displayed by its name."""
    assert "on the moon" in state_badge("on_the_moon")
    assert 'title="hyves"' in network_badge("hyves")


def test_unknown_tone() -> None:
    """An unknown tone is rejected."""
    with pytest.raises(InvalidValueError, match="`pink` is not a tone"):
        badge("x", "pink")  # type: ignore[arg-type]

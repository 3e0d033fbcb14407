"""Formulas in cells."""

from __future__ import annotations

import pytest

from socialcollab.scheduling import looks_like_formula


@pytest.mark.parametrize(
    "cell",
    ["@tulipair hello", "- a list", "-- sale --", "+31 20 123 45 67", "+1 (555) 123-4567", "=)", "=== SALE ===",
     "-50% today", "@ana (and @ben) fly", "+1 for tulips", "- one\n- two", "-10 degrees", "@a|b", "= equals",
     "- a (b)", "-", "@"],
)  # fmt: skip
def test_text_is_not_formula(cell):
    """Text that begins with a formula character but is not a formula is recognised as text."""
    assert not looks_like_formula(cell)

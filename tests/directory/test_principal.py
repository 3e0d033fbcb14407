"""Principals: references to people."""

from __future__ import annotations

import pytest

from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError


@pytest.mark.parametrize(
    "text", ["member:ana", "team:social", "role:editor", "rotation:care", "lead"]
)
def test_principal_round_trip(text: str) -> None:
    """Formatting a parsed principal returns the original text."""
    assert text == str(Principal.parse(text))


@pytest.mark.parametrize("text", ["ana", "person:ana", "member:", "lead:ana", "member:A B"])
def test_invalid_principals(text: str) -> None:
    """A string in any other form is an error."""
    with pytest.raises(InvalidValueError):
        Principal.parse(text)

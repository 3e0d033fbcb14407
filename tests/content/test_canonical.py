"""Canonical JSON and digests."""

from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.content import canonical_json, salted_digest
from socialcollab.errors import InvalidValueError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_agrees_with_another_implementation(value: object) -> None:
    """Canonical JSON is the same as that of the `rfc8785` package."""
    assert rfc8785.dumps(value) == canonical_json(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, r"float 1.5 at \$ has no canonical JSON form"),
        ({"a": [2**53]}, r"whole number 9007199254740992 at \$\.a\[0\]"),
        ({"a": "\ud800"}, "a lone surrogate"),
        ({1: "a"}, "key 1 at"),
        (b"x", "bytes"),
    ],
)
def test_values_without_canonical_form(value: object, message: str) -> None:
    """A value without a canonical form raises an error that contains its location."""
    with pytest.raises(InvalidValueError, match=message):
        canonical_json(value)  # type: ignore[arg-type]


def test_digest_is_stable() -> None:
    """A digest is the same on every platform."""
    digest = salted_digest(bytes(range(16)), {"text": "De lente is er 🌷", "n": [1, None, True]})
    assert digest == "b2c46225f16aa5501a879a505bb887450a2390c24b35f87739831dc3753c47c1"


def test_salt_changes_digest() -> None:
    """Different salts produce different digests."""
    assert salted_digest(bytes(16), "ana") != salted_digest(b"\x01" * 16, "ana")

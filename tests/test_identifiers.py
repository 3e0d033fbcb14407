"""Identifiers, suggestions and time-ordered ids."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import InvalidValueError, NaiveDatetimeError
from socialcollab.identifiers import check_id, nearest, uuid7
from socialcollab.testing.strategies import ids

INSTANTS = st.datetimes(
    min_value=dt.datetime(1970, 1, 1),  # noqa: DTZ001  the zone is a separate argument
    max_value=dt.datetime(9999, 1, 1),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
ENTROPY = st.binary(min_size=10, max_size=10)


@given(ids())
def test_check_id(name: str) -> None:
    """A valid identifier is returned unchanged."""
    assert check_id("member", name) == name


@pytest.mark.parametrize(
    "name", ["", "Ana", "-a", ".a", "_a", "a b", "a/b", "a|b", "é", "a" * 65, "a\n", None, 7, b"a"]
)
def test_invalid_identifiers(name: object) -> None:
    """Anything else is an error that contains the kind of the identifier."""
    with pytest.raises(InvalidValueError, match="member id"):
        check_id("member", name)


def test_long_value_is_shortened() -> None:
    """The message shortens a long value."""
    with pytest.raises(InvalidValueError) as caught:
        check_id("member", "A" * 1_000_000)
    assert len(str(caught.value)) < 400


@given(INSTANTS, ENTROPY)
def test_uuid7_form(at: dt.datetime, entropy: bytes) -> None:
    """An id is a version 7 UUID that begins with the timestamp in milliseconds."""
    value = uuid.UUID(uuid7(at, entropy))
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    passed = (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
    assert value.int >> 80 == passed
    assert uuid7(at, entropy) == str(value)


@given(INSTANTS, INSTANTS, ENTROPY, ENTROPY)
def test_uuid7_order(first, second, one: bytes, other: bytes) -> None:
    """Ids of different milliseconds sort by time."""
    if second - first >= dt.timedelta(milliseconds=1):
        assert uuid7(first, one) < uuid7(second, other)


@given(st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_uuid7_uses_entropy(one: int, other: int) -> None:
    """Different random bits give different ids."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    first, second = (uuid7(at, (bits).to_bytes(10, "big")) for bits in (one, other))
    assert (first == second) == (one == other)


def test_uuid7_errors() -> None:
    """A datetime without an offset or a wrong number of bytes is an error."""
    with pytest.raises(NaiveDatetimeError):
        uuid7(dt.datetime(2026, 1, 1), bytes(10))  # noqa: DTZ001
    with pytest.raises(InvalidValueError, match="10 bytes long, not 9"):
        uuid7(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), bytes(9))


def test_nearest() -> None:
    """The nearest name is suggested, or no name if none is similar."""
    assert nearest("publsher", ["writer", "publisher"]) == "publisher"
    assert nearest("zzz", ["writer", "publisher"]) == ""
    assert nearest("x", []) == ""

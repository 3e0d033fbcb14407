"""Names of things."""

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
    min_value=dt.datetime(1970, 1, 1),  # noqa: DTZ001  the zone is given beside
    max_value=dt.datetime(9999, 1, 1),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
ENTROPY = st.binary(min_size=10, max_size=10)


@given(ids())
def test_an_identifier_is_itself(name: str) -> None:
    assert check_id("member", name) == name


@pytest.mark.parametrize(
    "name", ["", "Ana", "-a", ".a", "_a", "a b", "a/b", "a|b", "é", "a" * 65, "a\n", None, 7, b"a"]
)
def test_what_is_no_identifier_is_refused_by_name(name: object) -> None:
    with pytest.raises(InvalidValueError, match="member id"):
        check_id("member", name)


@given(INSTANTS, ENTROPY)
def test_a_uuid7_is_one_of_version_7_with_its_millisecond(at: dt.datetime, entropy: bytes) -> None:
    value = uuid.UUID(uuid7(at, entropy))
    assert value.version == 7
    assert value.variant == uuid.RFC_4122
    passed = (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)
    assert value.int >> 80 == passed
    assert uuid7(at, entropy) == str(value)


@given(INSTANTS, INSTANTS, ENTROPY, ENTROPY)
def test_uuid7s_sort_by_their_milliseconds(first, second, one: bytes, other: bytes) -> None:
    if second - first >= dt.timedelta(milliseconds=1):
        assert uuid7(first, one) < uuid7(second, other)


@given(st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_different_random_bits_give_different_ids(one: int, other: int) -> None:
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    first, second = (uuid7(at, (bits).to_bytes(10, "big")) for bits in (one, other))
    assert (first == second) == (one == other)


def test_a_naive_instant_and_too_few_bytes_are_refused() -> None:
    with pytest.raises(NaiveDatetimeError):
        uuid7(dt.datetime(2026, 1, 1), bytes(10))  # noqa: DTZ001
    with pytest.raises(InvalidValueError, match="9 bytes"):
        uuid7(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), bytes(9))


def test_the_nearest_name_is_suggested_and_a_far_one_is_not() -> None:
    assert nearest("publsher", ["writer", "publisher"]) == "publisher"
    assert nearest("zzz", ["writer", "publisher"]) == ""
    assert nearest("x", []) == ""


def test_a_refused_identifier_is_not_repeated_at_length() -> None:
    with pytest.raises(InvalidValueError) as caught:
        check_id("member", "A" * 1_000_000)
    assert len(str(caught.value)) < 400

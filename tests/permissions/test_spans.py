"""Set operations on spans of time."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from socialcollab.permissions.engine._spans import merge_spans, subtract_spans

START = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
DAYS = 12


def day(number: int | None) -> dt.datetime | None:
    return None if number is None else START + dt.timedelta(days=number)


bound = st.one_of(st.none(), st.integers(0, DAYS))
spans = st.lists(
    st.tuples(bound, bound)
    .filter(lambda pair: None in pair or pair[0] < pair[1])
    .map(lambda pair: (day(pair[0]), day(pair[1]))),
    max_size=5,
)


def inside(spans: object, at: dt.datetime) -> bool:
    return any((low is None or low <= at) and (high is None or at < high) for low, high in spans)


INSTANTS = [START + dt.timedelta(hours=12) * number for number in range(-3, 2 * DAYS + 4)]


@given(spans)
def test_merge_spans(these) -> None:
    """Merged spans hold the same instants, in order and apart."""
    found = merge_spans(these)
    assert [inside(these, at) for at in INSTANTS] == [inside(found, at) for at in INSTANTS]
    for (_, end), (start, _) in pairwise(found):
        assert end is not None
        assert start is not None
        assert end < start


@given(spans, spans)
def test_subtract_spans(these, those) -> None:
    """What remains lies in the first spans and not in the others."""
    found = subtract_spans(merge_spans(these), merge_spans(those))
    assert [inside(these, at) and not inside(those, at) for at in INSTANTS] == [
        inside(found, at) for at in INSTANTS
    ]
    assert found == merge_spans(found)

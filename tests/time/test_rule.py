"""Recurrence rules: reading and printing them."""

from __future__ import annotations

import pytest
from hypothesis import given
from tests.time.rules import rules

from socialcollab.errors import InvalidValueError
from socialcollab.time import Rule


@given(text=rules())
def test_rule_round_trip(text):
    """A rule is the same after formatting and parsing."""
    assert Rule.parse(text) == Rule.parse(str(Rule.parse(text)))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("BYDAY=MO", "FREQ"),
        ("FREQ=WEEKLI", "did you mean WEEKLY"),
        ("FREQ=WEEKLY;BYDAI=MO", "did you mean BYDAY"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;COUNT=-1", "COUNT=-1"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24"),
        ("FREQ=DAILY;BYMONTH=-1", "BYMONTH=-1"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL=TOMORROW"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL=20260230"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20260101", "UNTIL"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS"),
        ("", "part"),
    ],
)
def test_rule_errors(text, part):
    """An error names the invalid part of the rule."""
    with pytest.raises(InvalidValueError, match=part):
        Rule.parse(text)

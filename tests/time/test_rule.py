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
        ("FREQ=HOURLY", "FREQ=HOURLY.*add BYHOUR to FREQ=DAILY"),
        ("FREQ=MINUTELY;INTERVAL=1440", "FREQ=MINUTELY"),
        ("FREQ=SECONDLY;COUNT=3", "FREQ=SECONDLY"),
        ("FREQ=DAILY;BYHOUR=9,10,11,12,13;BYMINUTE=0,10,20,30,40", "BYMINUTE=.*24 times a day"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO=3.*FREQ=YEARLY"),
        ("FREQ=DAILY;BYYEARDAY=100", "BYYEARDAY=100.*FREQ=YEARLY"),
        ("FREQ=MONTHLY;BYYEARDAY=100", "BYYEARDAY=100.*FREQ=YEARLY"),
        ("FREQ=WEEKLY;BYMONTHDAY=13", "BYMONTHDAY=13.*not WEEKLY"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY=1MO.*BYWEEKNO"),
        ("FREQ=DAILY;COUNT=10001", "COUNT=10001.*10000"),
        ("FREQ=DAILY;INTERVAL=1000001", "INTERVAL=1000001"),
        ("", "part"),
    ],
)
def test_rule_errors(text, part):
    """An error names the invalid part of the rule."""
    with pytest.raises(InvalidValueError, match=part):
        Rule.parse(text)


@pytest.mark.parametrize(
    "parts",
    [
        {"freq": "HOURLY"},
        {"freq": "DAILY", "by_week_no": (3,)},
        {"freq": "DAILY", "by_minute": tuple(range(60))},
        {"freq": "WEEKLY", "by_day": ((1, 0),)},
    ],
)
def test_rule_values_are_checked(parts):
    """A rule that is built from its parts is checked in the same way as text."""
    with pytest.raises(InvalidValueError, match="recurrence rule"):
        Rule(**parts)

"""How long a server asks to wait, in every form it may say so."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.transport import http_date, retry_after_s

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_forms_of_rfc_9110_are_one_instant(text):
    assert dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC) == http_date(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "+1", "1.5", "Sun, 31 Feb 2026 00:00:00 GMT", "²", "٣"]
)
def test_what_is_no_wait_is_none(text):
    assert retry_after_s({"retry-after": text}, now=NOW) is None


def test_an_instant_is_reckoned_from_the_answers_own_date():
    headers = {
        "date": "Tue, 07 Apr 2026 09:00:00 GMT",
        "retry-after": "Tue, 07 Apr 2026 09:02:00 GMT",
    }
    assert retry_after_s(headers, now=NOW) == 120.0
    assert retry_after_s(headers) == 120.0


def test_an_instant_in_the_past_asks_for_no_wait():
    assert retry_after_s({"retry-after": "Tue, 07 Apr 2020 09:02:00 GMT"}, now=NOW) == 0.0


@given(st.integers(min_value=-(10**10), max_value=10**11))
def test_print_then_read_is_the_same(seconds):
    at = dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    assert at == http_date(format_datetime(at, usegmt=True), now=NOW)


@given(st.text())
def test_any_text_is_read_or_none(text):
    retry_after_s({"retry-after": text, "date": text}, now=NOW)


def test_real_cases(shared_data):
    folder = shared_data("http-dates-retry")
    for line in (folder / "retry_after.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        now = dt.datetime.fromisoformat(case["now"])
        assert case["wait_seconds"] == retry_after_s({"retry-after": case["value"]}, now=now), case
    for line in (folder / "dates.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        read = http_date(case["test"], now=NOW)
        # The cases are of lenient cookie dates; what we read at all, we read as they do.
        if read is not None:
            assert case["expected"] is not None, case
            assert case["expected"] == format_datetime(read, usegmt=True), case

"""Rate limits are read from the headers of responses, and shared by threads and processes."""

from __future__ import annotations

import datetime as dt
import json
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import NaiveDatetimeError
from socialcollab.transport import RateLimit, http_date, read_rate_limit, retry_after_s

NOW = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
EPOCH = int(NOW.timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_date_formats(text):
    """The three formats of RFC 9110 denote the same instant."""
    assert dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC) == http_date(text, now=NOW)


@pytest.mark.parametrize(
    "text", ["", "soon", "-1", "+1", "1.5", "Sun, 31 Feb 2026 00:00:00 GMT", "²", "٣"]
)
def test_invalid_retry_after(text):
    """A value that is neither a number of seconds nor a date is ignored."""
    assert retry_after_s({"retry-after": text}, now=NOW) is None


def test_date_is_relative_to_answer():
    """A date is compared with the ``Date`` header of the response."""
    headers = {
        "date": "Tue, 07 Apr 2026 09:00:00 GMT",
        "retry-after": "Tue, 07 Apr 2026 09:02:00 GMT",
    }
    assert retry_after_s(headers, now=NOW) == 120.0
    assert retry_after_s(headers) == 120.0


def test_past_date():
    """A date in the past means that no wait is needed."""
    assert retry_after_s({"retry-after": "Tue, 07 Apr 2020 09:02:00 GMT"}, now=NOW) == 0.0


@given(st.integers(min_value=-(10**10), max_value=10**11))
def test_date_round_trip(seconds):
    """A date that is written and read back is the same instant."""
    at = dt.datetime(2000, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    assert at == http_date(format_datetime(at, usegmt=True), now=NOW)


@given(st.text())
def test_any_text(text):
    """No header value raises an error."""
    retry_after_s({"retry-after": text, "date": text}, now=NOW)


def test_real_cases(shared_data):
    """Dates and waits from published test suites are parsed as these suites expect."""
    folder = shared_data("http-dates-retry")
    for line in (folder / "retry_after.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        now = dt.datetime.fromisoformat(case["now"])
        assert case["wait_seconds"] == retry_after_s({"retry-after": case["value"]}, now=now), case
    for line in (folder / "dates.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        read = http_date(case["test"], now=NOW)
        # The cases are lenient cookie dates. Only cases that are also HTTP dates are compared.
        if read is not None:
            assert case["expected"] is not None, case
            assert case["expected"] == format_datetime(read, usegmt=True), case


def in_s(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def business(**values: Any) -> str:
    return json.dumps({"17841400000": [{"type": "pages", **values}]})


STATED: list[tuple[dict[str, str], RateLimit]] = [
    ({"retry-after": "120"}, RateLimit(remaining=0, resets_at=in_s(120))),
    (
        {"retry-after": "Tue, 07 Apr 2026 07:31:00 GMT"},
        RateLimit(remaining=0, resets_at=in_s(60)),
    ),
    # X
    (
        {
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "7",
            "x-rate-limit-reset": str(EPOCH + 900),
        },
        RateLimit(limit=300, remaining=7, resets_at=in_s(900)),
    ),
    (
        {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "99",
            "x-rate-limit-reset": str(EPOCH + 900),
            "x-app-limit-24hour-limit": "17",
            "x-app-limit-24hour-remaining": "0",
            "x-app-limit-24hour-reset": str(EPOCH + 4000),
        },
        RateLimit(limit=17, remaining=0, resets_at=in_s(4000)),
    ),
    # Mastodon
    (
        {
            "x-ratelimit-limit": "300",
            "x-ratelimit-remaining": "299",
            "x-ratelimit-reset": "2026-04-07T07:35:00.000000Z",
        },
        RateLimit(limit=300, remaining=299, resets_at=in_s(300)),
    ),
    # Bluesky
    (
        {
            "ratelimit-limit": "3000",
            "ratelimit-remaining": "2999",
            "ratelimit-reset": str(EPOCH + 300),
            "ratelimit-policy": "3000;w=300",
        },
        RateLimit(limit=3000, remaining=2999, resets_at=in_s(300)),
    ),
    # draft-polli
    (
        {
            "ratelimit-limit": "10, 10;w=1, 50;w=60",
            "ratelimit-remaining": "0",
            "ratelimit-reset": "5",
        },
        RateLimit(limit=10, remaining=0, resets_at=in_s(5)),
    ),
    # draft-ietf-httpapi-ratelimit-headers
    (
        {
            "ratelimit": '"burst";r=50;t=30, "daily";r=3;t=4000',
            "ratelimit-policy": '"burst";q=100;w=60, "daily";q=1000;w=86400',
        },
        RateLimit(limit=1000, remaining=3, resets_at=in_s(4000)),
    ),
    ({"ratelimit": '"default";r=0;t=30'}, RateLimit(remaining=0, resets_at=in_s(30))),
    ({"ratelimit": '"default";r=1'}, RateLimit(remaining=1)),
    (
        {"ratelimit": "limit=100, remaining=50, reset=5"},
        RateLimit(limit=100, remaining=50, resets_at=in_s(5)),
    ),
    # Meta
    (
        {"x-app-usage": '{"call_count":28,"total_time":25.5,"total_cputime":30.2}'},
        RateLimit(limit=100, remaining=69),
    ),
    ({"x-page-usage": '{"call_count":130}'}, RateLimit(limit=100, remaining=0)),
    (
        {
            "x-app-usage": '{"call_count":100}',
            "x-business-use-case-usage": business(
                call_count=100, estimated_time_to_regain_access=19
            ),
        },
        RateLimit(limit=100, remaining=0, resets_at=in_s(19 * 60)),
    ),
    (
        {
            "x-business-use-case-usage": business(
                call_count=97, total_time=3, estimated_time_to_regain_access=0
            )
        },
        RateLimit(limit=100, remaining=3),
    ),
    # Only a part is stated.
    ({"ratelimit-reset": "60"}, RateLimit(resets_at=in_s(60))),
    ({"x-ratelimit-remaining": "9", "x-ratelimit-reset": "soon"}, RateLimit(remaining=9)),
]


@pytest.mark.parametrize(("headers", "limit"), STATED)
def test_stated(headers: dict[str, str], limit: RateLimit) -> None:
    """Each network's headers are read."""
    assert limit == read_rate_limit(headers, now=NOW)


NONSENSE: list[dict[str, str]] = [
    {},
    {"retry-after": "-1"},
    {"retry-after": "999999999999"},
    {"ratelimit-limit": "100"},
    *(
        {name: value}
        for name in ("x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset")
        for value in (
            "",
            "-5",
            "1e9",
            "nan",
            "²",
            "٣٠",
            "99999999999999",
            "1775547000000",
            "9" * 5000,
            "2026-04-07T07:35:00",
            "2026-04-07",
            "9999-12-31T23:59:59Z",
            "0001-01-01T00:00:00+23:59",
        )
    ),
    *({"x-ratelimit-remaining": value} for value in ("-1", "many", "1.5", "9" * 16)),
    *(
        {"ratelimit": value}
        for value in (
            '"default"',
            '"default";r=-1',
            '"default";r=1.5',
            '"default";r="5"',
            '"default;r=5',
            "5;r=5",
            '("default");r=5',
            "remaining=?1",
            "remaining=(5)",
            "(" * 8000,
            "é",
        )
    ),
    *(
        {name: value}
        for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage")
        for value in ("", "28", "[]", "{", "null", "[" * 8000, '{"call_count":"28"}', '{"a":[1]}')
    ),
    *(
        {"x-app-usage": f'{{"call_count":{value}}}'}
        for value in ("-1", "NaN", "Infinity", "1e999", "9" * 5000, "[]")
    ),
    *(
        {"x-business-use-case-usage": business(estimated_time_to_regain_access=value)}
        for value in (-1, 0, 1.5, "19", 10**8, None)
    ),
]


@pytest.mark.parametrize("headers", NONSENSE)
def test_nonsense(headers: dict[str, str]) -> None:
    """Values that make no sense are ignored."""
    assert read_rate_limit(headers, now=NOW) is None


NAMES = sorted({name for headers, _ in STATED for name in headers} | {"date"})


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=40)))
def test_any_headers(headers: dict[str, str]) -> None:
    """No value raises an error, and each wait is finite."""
    limit = read_rate_limit(headers, now=NOW)
    if limit is not None:
        assert 0 <= (limit.wait_s(NOW) or 0) <= 366 * 86400


@pytest.mark.integration
def test_hostile_cases(shared_data) -> None:
    """Structured fields from a published test suite are a limit only if they contain one."""
    text = (shared_data("http-structured-fields") / "cases.jsonl").read_text(encoding="utf-8")
    for line in text.splitlines():
        raw = ", ".join(json.loads(line)["raw"])
        for name in NAMES:
            limit = read_rate_limit({name: raw}, now=NOW)
            assert limit is None or 0 <= (limit.wait_s(NOW) or 0) <= 366 * 86400, line
            if name == "ratelimit":
                assert limit is None, line


@given(st.integers(min_value=-1000, max_value=1000))
def test_clocks(difference: int) -> None:
    """If the server states its time, a difference between the clocks makes no difference."""
    sent_at = in_s(difference)
    for reset in (str(EPOCH + difference + 60), in_s(difference + 60).isoformat()):
        headers = {
            "date": format_datetime(sent_at, usegmt=True),
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": reset,
        }
        limit = read_rate_limit(headers, now=NOW)
        assert limit is not None
        assert limit.wait_s(NOW) == 60.0


def test_wait() -> None:
    """There is a wait only if no requests are left and the time of the reset is known."""
    assert RateLimit(remaining=0, resets_at=in_s(60)).wait_s(NOW) == 60
    assert RateLimit(resets_at=in_s(60)).wait_s(NOW) == 60
    assert RateLimit(remaining=0, resets_at=in_s(-60)).wait_s(NOW) == 0
    assert RateLimit(remaining=1, resets_at=in_s(60)).wait_s(NOW) is None
    assert RateLimit(remaining=0).wait_s(NOW) is None


def test_wait_of_a_refusal() -> None:
    """`Retry-After` takes precedence over the reset of a rate limit."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 60)}
    assert retry_after_s(headers, now=NOW) == 60
    assert retry_after_s(headers) is None
    assert retry_after_s({**headers, "date": "Tue, 07 Apr 2026 07:30:30 GMT"}) == 30
    assert retry_after_s({**headers, "retry-after": "5"}, now=NOW) == 5
    assert retry_after_s({**headers, "retry-after": "soon"}, now=NOW) == 60


def test_invalid_limits() -> None:
    """Numbers of a limit are not negative, and its time has a UTC offset."""
    for values in ({"limit": -1}, {"remaining": -1}):
        with pytest.raises(ValueError, match="-1"):
            RateLimit(**values)
    with pytest.raises(NaiveDatetimeError):
        RateLimit(resets_at=NOW.replace(tzinfo=None))

"""Local times mean what the zone data say, and never what the machine's clock says."""
# ruff: noqa: DTZ001  local times are what is tested

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.errors import (
    InvalidValueError,
    NaiveDatetimeError,
    RepeatedTimeError,
    SkippedTimeError,
)
from socialcollab.time import WallTime, ZoneName, local_time, resolve, tzdata_version, zone

NAMES = [
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Europe/Amsterdm", "Europe/Amsterdam"),
        ("europe/amsterdam", "Europe/Amsterdam"),
        ("Amsterdam", "Europe/Amsterdam"),
        ("New York", "America/New_York"),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name, near):
    with pytest.raises(InvalidValueError, match=near):
        zone(name)


@pytest.mark.parametrize(
    "name", ["localtime", "", "/etc/localtime", "../zones", "Factory", "nowhere"]
)
def test_a_name_that_is_no_place_is_refused(name):
    with pytest.raises(InvalidValueError, match="there is no time zone"):
        zone(name)


def test_a_zone_name_is_text_that_was_checked():
    assert str(ZoneName.parse("Europe/Amsterdam")) == "Europe/Amsterdam"
    with pytest.raises(InvalidValueError):
        ZoneName.parse("Mars/Base")


def test_skipped_times_are_refused_or_read_with_either_offset():
    local = dt.datetime(2026, 3, 29, 2, 30)
    with pytest.raises(SkippedTimeError, match="02:30"):
        resolve(local, "Europe/Amsterdam")
    assert resolve(local, "Europe/Amsterdam", skipped="next").hour == 1
    assert resolve(local, "Europe/Amsterdam", skipped="previous").hour == 0


def test_repeated_times_are_refused_or_chosen():
    local = dt.datetime(2026, 10, 25, 2, 30)
    with pytest.raises(RepeatedTimeError, match="02:30"):
        resolve(local, "Europe/Amsterdam")
    first = resolve(local, "Europe/Amsterdam", repeated="first")
    second = resolve(local, "Europe/Amsterdam", repeated="second")
    assert dt.timedelta(hours=1) == second - first


def test_an_unknown_choice_or_a_time_with_offset_is_refused():
    with pytest.raises(InvalidValueError, match="later"):
        resolve(dt.datetime(2026, 1, 1), "UTC", skipped="later")
    with pytest.raises(InvalidValueError, match="offset already"):
        resolve(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "UTC")
    with pytest.raises(InvalidValueError, match="out of range"):
        resolve(dt.datetime(1, 1, 1), "Europe/Amsterdam")


@given(
    st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2037, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from(NAMES),
)
def test_an_instant_survives_its_wall_time(instant, name):
    wall = WallTime.of(instant, name)
    assert instant == wall.instant


def test_every_change_of_the_tables_resolves(shared_data):
    """Rows around each clock change of 2014 to 2037 give their local times, and back."""
    path = shared_data("tz-transitions") / "transitions.jsonl"
    wrong: set[str] = set()
    rows = 0
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        rows += 1
        instant = dt.datetime.fromisoformat(row["utc"])
        expected = (instant - dt.timedelta(minutes=row["offset_minutes_west"])).replace(tzinfo=None)
        local = local_time(instant, row["zone"])
        both = {resolve(local, row["zone"], repeated=which) for which in ("first", "second")}
        assert instant in both
        if local.replace(microsecond=0) != expected:
            assert instant.year >= 2022, row["id"]
            wrong.add(row["zone"])
    assert rows > 9000
    # Canada, Cuba and Moldova changed their rules, or their history was put
    # right, after those tables were made (see the NEWS of tzdata).
    assert len(wrong) <= 12, wrong


def test_the_machine_zone_changes_nothing():
    code = (
        "from socialcollab.time import WallTime;"
        "print(WallTime(local='2026-07-01 12:00', zone='Europe/Amsterdam').instant.isoformat())"
    )
    environment = {**os.environ, "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2026-07-01T10:00:00+00:00"


def test_importing_time_loads_nothing_but_attrs():
    code = (
        "import sys, socialcollab.time;"
        "print([m for m in ('dateutil','icalendar','tzdata','zoneinfo','_strptime') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_datetime_without_offset_has_no_local_time():
    with pytest.raises(NaiveDatetimeError):
        local_time(dt.datetime(2026, 1, 1), "Europe/Amsterdam")


def test_the_version_of_the_zone_data_is_known():
    assert tzdata_version()[:4].isdigit()

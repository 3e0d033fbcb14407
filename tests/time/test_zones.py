"""Instants and local times agree with the zone data."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys

import pytest
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from socialcollab.errors import (
    InvalidValueError,
    NaiveDatetimeError,
    RepeatedTimeError,
    SkippedTimeError,
)
from socialcollab.time import ZoneName, as_utc, local_time, resolve, tzdata_version, zone
from socialcollab.time.windows_zones import WINDOWS_ZONES
from socialcollab.time.zones import _ABBREVIATIONS


def test_naive_datetime_is_no_instant() -> None:
    """A datetime without a UTC offset is not an instant."""
    with pytest.raises(NaiveDatetimeError):
        as_utc(dt.datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Europe/Amsterdm", "Europe/Amsterdam"),
        ("europe/amsterdam", "Europe/Amsterdam"),
        ("Amsterdam", "Europe/Amsterdam"),
        ("New York", "America/New_York"),
        ("Kopenhagen", "Europe/Copenhagen"),
        ("utc", "UTC"),
        ("Z", "UTC"),
        # Windows names, and the names that Outlook and Google show for them.
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("Eastern Daylight Time", "America/New_York"),
        ("Eastern Time (US & Canada)", "America/New_York"),
        ("Central Standard Time (Mexico)", "America/Mexico_City"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        # Abbreviations.
        ("PST", "America/Los_Angeles"),
        ("CEST", "Europe/Amsterdam"),
        ("EST", "America/New_York`, or `America/Panama` for this offset all year"),
        ("MST", "America/Denver`, or `America/Phoenix` for this offset all year"),
        ("IST", "Asia/Kolkata`, `Europe/Dublin` or `Asia/Jerusalem"),
    ],
)
def test_unknown_zone_gets_suggestion(name, near):
    """An unknown zone is an error that suggests the nearest name."""
    with pytest.raises(InvalidValueError, match=near):
        zone(name)


@pytest.mark.parametrize(
    ("name", "fixed"),
    [
        ("GMT+2", "Etc/GMT-2"),
        ("UTC-5", "Etc/GMT+5"),
        ("utc +02:00", "Etc/GMT-2"),
        ("+0200", "Etc/GMT-2"),
        ("(UTC-05:00)", "Etc/GMT+5"),
        ("UTC-02", "Etc/GMT+2"),
        ("GMT+5:30", ""),
        ("UTC+25", ""),
    ],
)
def test_offset_is_no_zone(name, fixed):
    """An offset is not a zone, and the suggested fixed zone has that offset."""
    with pytest.raises(InvalidValueError, match="it is an offset, not a zone") as caught:
        zone(name)
    assert (f"`{fixed}`, whose sign is reversed" in str(caught.value)) == bool(fixed)
    assert bool(fixed) == ("Etc/" in str(caught.value))
    if fixed:
        hours = dt.datetime(2026, 1, 1, tzinfo=zone(fixed)).utcoffset() // dt.timedelta(hours=1)
        assert f"{hours:+d}" in re.sub("0([1-9])", r"\1", name)


@pytest.mark.parametrize("name", ["AMT", "XST", "Local", "x" * 1_000_000])
def test_no_misleading_suggestion(name):
    """A name that is similar only to a zone in another part of the world gets no suggestion."""
    with pytest.raises(InvalidValueError, match="use an IANA name such as") as caught:
        zone(name)
    assert len(str(caught.value)) < 300


def test_windows_names():
    """Every Windows name maps to an existing zone, the same as in icalendar."""
    for windows, iana in WINDOWS_TO_OLSON.items():
        assert zone(WINDOWS_ZONES[windows])
        moments = [dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (1, 7)]
        for moment in moments:
            assert local_time(moment, iana) == local_time(moment, WINDOWS_ZONES[windows])


def test_suggested_zones_exist():
    """Every zone that is suggested for an abbreviation exists."""
    for places in _ABBREVIATIONS:
        for name in re.findall(r"[\w/]+/\w+", places):
            assert zone(name)


@pytest.mark.parametrize(
    "name", ["localtime", "", "/etc/localtime", "../zones", "Factory", "nowhere"]
)
def test_machine_names_are_unknown(name):
    """Names that are not IANA names or that depend on the machine are errors."""
    with pytest.raises(InvalidValueError, match="there is no time zone"):
        zone(name)


def test_zone_name():
    """A zone name is a string that names an existing zone."""
    assert str(ZoneName.parse("Europe/Amsterdam")) == "Europe/Amsterdam"
    with pytest.raises(InvalidValueError):
        ZoneName.parse("Mars/Base")


def test_skipped_time():
    """A skipped time is an error or is interpreted with either offset, depending on the option."""
    local = dt.datetime(2026, 3, 29, 2, 30)
    with pytest.raises(SkippedTimeError, match="02:30"):
        resolve(local, "Europe/Amsterdam")
    assert resolve(local, "Europe/Amsterdam", skipped="next").hour == 1
    assert resolve(local, "Europe/Amsterdam", skipped="previous").hour == 0


def test_repeated_time():
    """A repeated time is an error or one of its two instants, depending on the option."""
    local = dt.datetime(2026, 10, 25, 2, 30)
    with pytest.raises(RepeatedTimeError, match="02:30"):
        resolve(local, "Europe/Amsterdam")
    first = resolve(local, "Europe/Amsterdam", repeated="first")
    second = resolve(local, "Europe/Amsterdam", repeated="second")
    assert dt.timedelta(hours=1) == second - first


def test_resolve_errors():
    """Unknown options, times with an offset and times out of range are errors."""
    with pytest.raises(InvalidValueError, match="later"):
        resolve(dt.datetime(2026, 1, 1), "UTC", skipped="later")
    with pytest.raises(InvalidValueError, match="already has a UTC offset"):
        resolve(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "UTC")
    with pytest.raises(InvalidValueError, match="out of range"):
        resolve(dt.datetime(1, 1, 1), "Europe/Amsterdam")


@pytest.mark.integration
def test_published_transitions(shared_data):
    """Local times around each clock change from 2014 to 2037 can be resolved and converted back."""
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
    # Canada, Cuba and Moldova changed their rules, or their history was corrected, after those
    # tables were made (see the NEWS file of tzdata).
    assert len(wrong) <= 12, wrong


def test_import_is_light():
    """Importing the package loads no zone data and no third-party package except attrs."""
    code = (
        "import sys, socialcollab.time;"
        "print([m for m in ('dateutil','icalendar','tzdata','zoneinfo','_strptime') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_local_time_needs_instant():
    """A datetime without a UTC offset has no local time."""
    with pytest.raises(NaiveDatetimeError):
        local_time(dt.datetime(2026, 1, 1), "Europe/Amsterdam")


def test_tzdata_version():
    """The version of the zone data begins with its year."""
    assert tzdata_version()[:4].isdigit()

"""
The example of one week, from a spreadsheet to published posts, with runs that are killed or frozen.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.randomness import seeded_random

from socialcollab import Desk, Sandbox

pytestmark = pytest.mark.integration

END = dt.datetime(2026, 6, 7, 21, tzinfo=dt.UTC)
KILLS, FREEZES = 200, 50
SHORT = ("--lease-s", "0.5", "--send-within-s", "0.5")
FROZEN_S = 1.2
WEEK = Path(__file__).resolve().parents[2] / "examples" / "agency_week"


def start(out: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start the week in another process."""
    return subprocess.Popen(
        [sys.executable, str(WEEK), "--out", str(out), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(out: Path) -> None:
    """Run the week to its end in another process."""
    wait_for(start(out))


def published(out: Path) -> Counter[tuple[str, str]]:
    """Return how often each text is shown on each profile."""
    sandbox = Sandbox(out / "sandbox")
    try:
        return Counter((post.profile, post.text) for post in sandbox.posts())
    finally:
        sandbox.close()


def check_journal(out: Path) -> None:
    """Check that the audit is clean, and each published delivery is on the network once."""
    with Desk.open(out / "agency.db") as desk:
        report = desk.audit()
        assert not report.findings
        counts: Counter[str] = Counter()
        for post in desk.posts():
            for delivery in desk.deliveries(post):
                if delivery.state.value == "waiting":
                    assert delivery.at.instant > END
                    continue
                assert delivery.state.value in ("published", "cancelled", "missed"), delivery
                if delivery.state.value == "published":
                    assert delivery.published_at is not None
                    assert delivery.published_at >= delivery.at.instant
                    counts[delivery.network_id] += 1
    sandbox = Sandbox(out / "sandbox")
    assert counts == Counter(post.network_id for post in sandbox.posts())
    sandbox.close()


def finish_here(out: Path) -> None:
    """Run the week to its end in this process, which is faster than starting another process."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(WEEK), "--out", str(out)])
        with pytest.raises(SystemExit) as exit_:
            runpy.run_path(str(WEEK), run_name="__main__")
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(WEEK)):
            del sys.modules[name]
    assert exit_.value.code == 0


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one whole week, run without interruption."""
    out = tmp_path_factory.mktemp("week")
    finish_here(out)
    return out


def test_published_as_planned(week: Path) -> None:
    """Every post of the week is published once, on eight profiles."""
    check_journal(week)
    counts = published(week)
    assert set(counts.values()) == {1}
    assert len({profile for profile, _ in counts}) == 8
    assert len(counts) >= 70


def test_reports(week: Path) -> None:
    """The week writes a report, a calendar, the journal's events and an iCalendar file."""
    report = (week / "report.html").read_text(encoding="utf-8")
    for text in (
        "did you mean `tulip-x`",
        "2026-06-31",
        "looks like a formula",
        "05/06/2026",
        "is in the past",
        "belongs to Tulip Airlines",
        "too long for Bluesky",
        "has no alt text",
        "the approval came too late",
        "a hold; rescheduled and published later",
        "a lookup found the post",
        "the network limited the rate",
    ):
        assert text in report, text
    assert "<script" not in report
    calendar = (week / "calendar.html").read_text(encoding="utf-8")
    assert "<b>Hold 14:00–17:10</b> <bdi>Tulip</bdi>" in calendar
    assert re.search(r"<b>\d+ entries</b>", calendar)
    assert "<script" not in calendar
    events = [json.loads(line) for line in (week / "audit.jsonl").read_text().splitlines()]
    assert [event["position"] for event in events] == list(range(1, len(events) + 1))
    assert (week / "week.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert any((week / "sandbox").glob("*.html"))


def test_hold(week: Path) -> None:
    """Nothing is sent to Tulip's profiles during the hold."""
    with Desk.open(week / "agency.db") as desk:
        sends = [
            entry
            for post in desk.posts(workspace="tulip")
            for entry in desk.history(post)
            if entry.type == "delivery.send_started"
        ]
    assert sends
    assert not [
        send for send in sends if "2026-06-03T12:00" <= send.at.isoformat() < "2026-06-03T15:10"
    ]


def test_unknown_deliveries(week: Path) -> None:
    """A delivery without a response was looked up, and a rate-limited delivery was deferred."""
    with Desk.open(week / "agency.db") as desk:
        types = Counter(
            entry.type
            for post in desk.posts()
            for entry in desk.history(post)
            if entry.stream.startswith("delivery/")
        )
    assert types["delivery.unknown"] >= 1
    assert types["delivery.deferred"] >= 1
    assert types["delivery.send_started"] >= types["delivery.published"]


def test_second_run(week: Path) -> None:
    """A second run changes neither the journal nor the network."""
    with Desk.open(week / "agency.db") as desk:
        before = desk.audit()
    before_run = published(week)
    finish_here(week)
    with Desk.open(week / "agency.db") as desk:
        assert before == desk.audit(anchor=before.anchor)
    assert before_run == published(week)


def wait_for(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process ends, and check that it succeeded."""
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()


@pytest.mark.slow
def test_killed_at_any_moment(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run finishes a week that was killed at a random moment, without duplicates."""
    chance, seed = seeded_random()
    began = time.monotonic()
    finish(tmp_path / "whole")
    duration = time.monotonic() - began
    expected = published(tmp_path / "whole")
    kills = 0
    while kills < 1 or (time.monotonic() - began < seconds - 2 * duration and kills < KILLS):
        out = tmp_path / f"run-{kills}"
        process = start(out)
        time.sleep(chance.uniform(0.1, duration))  # the moment of the kill
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        finish(out)
        assert expected == published(out), f"seed {seed}, run {kills}"
        check_journal(out)
        shutil.rmtree(out)
    with capsys.disabled():
        print(f"\n{kills} of {KILLS} kills, each followed by a second run; seed {seed}")


@pytest.mark.slow
def test_frozen_at_any_moment(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A frozen run that resumes after another run took over causes no duplicates or losses.

    The second run starts after all leases and deadlines, and may still be working when the first
    run resumes with an outdated clock and outdated plans.
    """
    chance, seed = seeded_random()
    began = time.monotonic()
    finish(tmp_path / "whole")
    duration = time.monotonic() - began
    expected = published(tmp_path / "whole")
    freezes = still_working = 0
    while freezes < 1 or (time.monotonic() - began < seconds - 4 * duration and freezes < FREEZES):
        out = tmp_path / f"run-{freezes}"
        frozen = start(out, *SHORT)
        time.sleep(chance.uniform(0.1, duration))  # the moment of the freeze
        frozen.send_signal(signal.SIGSTOP)
        try:
            other = start(out, *SHORT)
            time.sleep(chance.uniform(FROZEN_S, 3 * FROZEN_S))  # after all leases and deadlines
        finally:
            frozen.send_signal(signal.SIGCONT)
        still_working += other.poll() is None
        freezes += 1
        wait_for(other)
        wait_for(frozen)
        finish(out)
        assert expected == published(out), f"seed {seed}, run {freezes}"
        check_journal(out)
        shutil.rmtree(out)
    with capsys.disabled():
        print(
            f"\n{freezes} of {FREEZES} freezes, {still_working} of which ended while the other run worked;"
            f" seed {seed}"
        )

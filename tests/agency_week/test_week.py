"""The main job: a week from a spreadsheet to published, however often it is killed."""

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
from tests.drawing import chance_of

from socialcollab import Desk, Sandbox

pytestmark = pytest.mark.integration

END = dt.datetime(2026, 6, 7, 21, tzinfo=dt.UTC)
KILLS, FREEZES = 200, 50
SHORT = ("--lease-s", "0.5", "--send-within-s", "0.5")
FROZEN_S = 1.2
WEEK = Path(__file__).resolve().parents[2] / "examples" / "agency_week"


def start(out: Path, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(WEEK), "--out", str(out), *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def finish(out: Path) -> None:
    process = start(out)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()


def sent(out: Path) -> Counter[tuple[str, str]]:
    """What stands on the sandbox's timeline: profile and text, with how often."""
    sandbox = Sandbox(out / "sandbox")
    try:
        return Counter((post.profile, post.text) for post in sandbox.posts())
    finally:
        sandbox.close()


def check_journal(out: Path) -> None:
    """The audit is clean, and every delivery that the journal calls published is out once."""
    with Desk.open(out / "agency.db") as desk:
        report = desk.audit()
        assert not report.findings
        published: Counter[str] = Counter()
        for post in desk.posts():
            for delivery in desk.deliveries(post):
                if delivery.state.value == "waiting":
                    assert delivery.at.instant > END
                    continue
                assert delivery.state.value in ("published", "cancelled", "missed"), delivery
                if delivery.state.value == "published":
                    assert delivery.published_at is not None
                    assert delivery.published_at >= delivery.at.instant
                    published[delivery.network_id] += 1
    sandbox = Sandbox(out / "sandbox")
    assert published == Counter(post.network_id for post in sandbox.posts())
    sandbox.close()


def finish_here(out: Path) -> None:
    """Run it to its end in this process, which has imported most of what it needs."""
    before = set(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [str(WEEK), "--out", str(out)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(WEEK), run_name="__main__")
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(WEEK)):
            del sys.modules[name]
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whole week, run without a break."""
    out = tmp_path_factory.mktemp("week")
    finish_here(out)
    return out


def test_the_week_is_published_as_planned(week: Path) -> None:
    check_journal(week)
    counts = sent(week)
    assert set(counts.values()) == {1}
    assert len({profile for profile, _ in counts}) == 8
    assert len(counts) >= 70


def test_the_week_leaves_what_a_manager_reads(week: Path) -> None:
    report = (week / "report.html").read_text(encoding="utf-8")
    for said in (
        "did you mean `tulip-x`",
        "2026-06-31",
        "looks like a formula",
        "05/06/2026",
        "has passed",
        "belongs to Tulip Airlines",
        "too long for Bluesky",
        "has no alt text",
        "the approval came too late",
        "hold; sent later",
        "a look found it published",
        "the network asked to wait",
    ):
        assert said in report, said
    assert "<script" not in report
    calendar = (week / "calendar.html").read_text(encoding="utf-8")
    assert "<b>Hold</b> <bdi>14:00-17:10, Tulip</bdi>" in calendar
    assert re.search(r"<b>\d+ entries</b>", calendar)
    assert "<script" not in calendar
    trail = [json.loads(line) for line in (week / "audit.jsonl").read_text().splitlines()]
    assert [entry["position"] for entry in trail] == list(range(1, len(trail) + 1))
    assert (week / "week.ics").read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")
    assert any((week / "sandbox").glob("*.html"))


def test_nothing_left_for_tulip_during_the_hold(week: Path) -> None:
    with Desk.open(week / "agency.db") as desk:
        begun = [
            entry
            for post in desk.posts(workspace="tulip")
            for entry in desk.history(post)
            if entry.type == "delivery.send_started"
        ]
    assert begun
    assert not [e for e in begun if "2026-06-03T12:00" <= e.at.isoformat() < "2026-06-03T15:10"]


def test_what_was_in_doubt_was_looked_for_and_not_sent_twice(week: Path) -> None:
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


def test_another_run_changes_nothing(week: Path) -> None:
    with Desk.open(week / "agency.db") as desk:
        before = desk.audit()
    timeline = sent(week)
    finish_here(week)
    with Desk.open(week / "agency.db") as desk:
        assert before == desk.audit(anchor=before.anchor)
    assert timeline == sent(week)


def ended(process: subprocess.Popen[bytes]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors.decode()


@pytest.mark.slow
def test_killed_at_any_moment_it_finishes_with_nothing_doubled_or_lost(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two hundred kills at random moments in the full count; each is rerun to the end."""
    chance, seed = chance_of()
    began = time.monotonic()
    finish(tmp_path / "whole")
    whole = time.monotonic() - began
    expected = sent(tmp_path / "whole")
    kills = 0
    while kills < 1 or (time.monotonic() - began < seconds - 2 * whole and kills < KILLS):
        out = tmp_path / f"run-{kills}"
        process = start(out)
        time.sleep(chance.uniform(0.1, whole))  # the moment of the kill, not a wait for luck
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        finish(out)
        assert expected == sent(out), f"seed {seed}, run {kills}"
        check_journal(out)
        shutil.rmtree(out)
    with capsys.disabled():
        print(f"\n{kills} of {KILLS} kills, each rerun to the end; seed {seed}")


@pytest.mark.slow
def test_frozen_past_every_lease_and_deadline_it_neither_doubles_nor_loses(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Fifty freezes at random moments in the full count.

    Another run of the same job goes on meanwhile, takes over what the frozen
    one had in hand, and is still at it, or done, when that wakes with its old
    clock and its old intentions.
    """
    chance, seed = chance_of()
    began = time.monotonic()
    finish(tmp_path / "whole")
    whole = time.monotonic() - began
    expected = sent(tmp_path / "whole")
    freezes = in_the_middle = 0
    while freezes < 1 or (time.monotonic() - began < seconds - 4 * whole and freezes < FREEZES):
        out = tmp_path / f"run-{freezes}"
        frozen = start(out, *SHORT)
        time.sleep(chance.uniform(0.1, whole))  # the moment of the freeze
        frozen.send_signal(signal.SIGSTOP)
        try:
            other = start(out, *SHORT)
            time.sleep(chance.uniform(FROZEN_S, 3 * FROZEN_S))  # past every lease and deadline
        finally:
            frozen.send_signal(signal.SIGCONT)
        in_the_middle += other.poll() is None
        freezes += 1
        ended(other)
        ended(frozen)
        finish(out)
        assert expected == sent(out), f"seed {seed}, run {freezes}"
        check_journal(out)
        shutil.rmtree(out)
    with capsys.disabled():
        print(
            f"\n{freezes} of {FREEZES} freezes, {in_the_middle} woken while the other worked;"
            f" seed {seed}"
        )

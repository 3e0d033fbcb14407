"""If a process is killed while offboarding a member, either everything is stored or nothing."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from tests.desk.agency import DOCUMENT
from tests.randomness import seeded_random
from tests.stores.processes import other_processes

from socialcollab.desk import Desk
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import SqliteStore

NOW = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
KILLS = 60
SUCCESSORS = {"temporary_grants": "ana", "absences": "eva"}


def options(folder: Path) -> dict[str, Any]:
    def clock() -> dt.datetime:
        return NOW

    return {
        "networks": {"*": Sandbox(folder / "out", clock=clock, real_clock=clock)},
        "clock": clock,
        "real_clock": clock,
        "sleep": lambda _: None,
    }


def open_desk(folder: Path) -> Desk:
    return Desk.open(
        SqliteStore(folder / "desk.db", projections=Desk.PROJECTIONS), **options(folder)
    )


def create_desk(folder: Path) -> None:
    """Create a desk's file in which posts, absences and grants depend on Ben."""
    store = SqliteStore(folder / "desk.db", projections=Desk.PROJECTIONS)
    with Desk.create(store, Organization.loads(DOCUMENT), owner="eva", **options(folder)) as desk:
        ana, ben, eva = (desk.acting_as(name) for name in ("ana", "ben", "eva"))
        for number in range(6):
            at = f"2026-05-0{number + 1} 09:30"
            ana.submit(ana.draft(f"post {number}", profiles=["tulip-x"], planned_at=at))
            ben.draft(f"half {number}", profiles=["tulip-x"])
        ben.add_absence("2026-06-01", "2026-06-09", delegate="eva")
        ana.add_absence("2026-07-01", "2026-07-09", delegate="ben", permissions=["view"])
        eva.grant(
            "member:ben",
            permissions="cancel",
            on={"workspace": "tulip"},
            until="2026-06-01",
            reason="x",
        )


def offboard(folder: Path, ready: Connection) -> None:
    """Offboard Ben in another process, which sends a message before and after the command."""
    with open_desk(folder) as desk:
        plan = desk.offboarding_plan("ben")
        ready.send("about to")
        desk.acting_as("eva").offboard(plan, reassign_to=SUCCESSORS, reason="a new job")
        ready.send("done")


def check_offboarded(desk: Desk) -> bool:
    """Check that all stored data are consistent, and return whether Ben has been offboarded."""
    offboarded = desk.organization.members_by_id["ben"].left is not None
    state = desk.runtime_state()
    (temporary_grant,) = state.temporary_grants
    types = Counter(entry.type for entry in desk.feed(limit=500))
    assert [str(principal) for principal in temporary_grant.grant.to] == [
        "member:ana" if offboarded else "member:ben"
    ]
    absences = [(absence.member, absence.delegate) for absence in state.absences]
    assert absences == ([("ana", "eva")] if offboarded else [("ben", "eva"), ("ana", "ben")])
    assert (types["member.offboarded"], types["organization.adopted"]) == (offboarded, offboarded)
    asked = {
        name
        for post in desk.posts()
        for step in desk.pending_steps(post)
        for name in step.reviewers
    }
    assert asked == ({"eva"} if offboarded else {"ben", "eva"})
    notified = [
        notification
        for notification in desk.acting_as("ana").notifications()
        if notification.kind == "successor"
    ]
    assert len(notified) == offboarded
    report = desk.audit()
    assert report.clean, report.findings
    return offboarded


@pytest.mark.slow
def test_killed_at_any_moment(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """A killed offboarding is stored completely or not at all, and can be repeated."""
    chance, seed = seeded_random()
    began = time.monotonic()
    before = tmp_path / "before"
    before.mkdir()
    create_desk(before)
    context = other_processes()
    duration = 0.0
    results: Counter[str] = Counter()
    kills = 0
    while kills < 2 or (kills < KILLS and time.monotonic() - began < seconds / 6):
        folder = tmp_path / str(kills)
        shutil.copytree(before, folder)
        here, there = context.Pipe()
        process = context.Process(target=offboard, args=(folder, there))
        process.start()
        there.close()  # so that `recv` fails instead of waiting forever if the process fails
        assert here.recv() == "about to"
        ready = time.monotonic()
        if kills == 0:
            # The first process is not killed, to measure how long the command takes.
            assert here.recv() == "done"
            duration = time.monotonic() - ready
        else:
            time.sleep(chance.uniform(0.3, 1.5) * duration)  # the moment of the kill
            process.kill()
        process.join()
        kills += 1
        with open_desk(folder) as desk:
            offboarded = check_offboarded(desk)
            results["stored" if offboarded else "not stored"] += 1
            assert offboarded or kills > 1
            if not offboarded:
                desk.acting_as("eva").offboard("ben", reassign_to=SUCCESSORS, reason="a new job")
                assert check_offboarded(desk), f"seed {seed}, kill {kills}"
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{kills} offboardings killed: {dict(results)}; seed {seed}")

"""Whoever writes that somebody leaves is killed at any moment: all of it stands, or nothing."""

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
from tests.drawing import chance_of
from tests.stores.processes import other_processes

from socialcollab.desk import Desk
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import SqliteStore

NOW = dt.datetime(2026, 4, 1, 8, tzinfo=dt.UTC)
KILLS = 60
SUCCESSORS = {"given": "ana", "absences": "eva"}


def options(folder: Path) -> dict[str, Any]:
    def clock() -> dt.datetime:
        return NOW

    return {
        "networks": {"*": Sandbox(folder / "out", clock=clock, real_clock=clock)},
        "clock": clock,
        "real_clock": clock,
        "sleep": lambda _: None,
    }


def opened(folder: Path) -> Desk:
    return Desk.open(
        SqliteStore(folder / "desk.db", projections=Desk.PROJECTIONS), **options(folder)
    )


def busy(folder: Path) -> None:
    """Make a desk's file in which something of every kind hangs on Ben."""
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


def departs(folder: Path, ready: Connection) -> None:
    """Let Ben leave, in a process of its own that says when it is about to."""
    with opened(folder) as desk:
        plan = desk.offboarding_plan("ben")
        ready.send("about to")
        desk.acting_as("eva").offboard(plan, reassign_to=SUCCESSORS, reason="a new job")
        ready.send("done")


def left(desk: Desk) -> bool:
    """Tell whether Ben has left, and hold everything else to that."""
    gone = desk.organization.members_by_id["ben"].left is not None
    facts = desk.runtime_state()
    (gift,) = facts.temporary_grants
    types = Counter(entry.type for entry in desk.feed(limit=500))
    assert [str(principal) for principal in gift.grant.to] == [
        "member:ana" if gone else "member:ben"
    ]
    absences = [(absence.member, absence.delegate) for absence in facts.absences]
    assert absences == ([("ana", "eva")] if gone else [("ben", "eva"), ("ana", "ben")])
    assert (types["member.offboarded"], types["organization.adopted"]) == (gone, gone)
    asked = {
        name for post in desk.posts() for one in desk.pending_steps(post) for name in one.asked
    }
    assert asked == ({"eva"} if gone else {"ben", "eva"})
    told = [
        notification
        for notification in desk.acting_as("ana").notifications()
        if notification.kind == "successor"
    ]
    assert len(told) == gone
    report = desk.audit()
    assert report.clean, report.findings
    return gone


@pytest.mark.slow
def test_killed_at_any_moment_all_of_it_stands_or_nothing(
    tmp_path: Path, seconds: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sixty kills in the full count; each is done again to the end."""
    chance, seed = chance_of()
    began = time.monotonic()
    before = tmp_path / "before"
    before.mkdir()
    busy(before)
    context = other_processes()
    takes = 0.0
    found: Counter[str] = Counter()
    kills = 0
    while kills < 2 or (kills < KILLS and time.monotonic() - began < seconds / 6):
        folder = tmp_path / str(kills)
        shutil.copytree(before, folder)
        here, there = context.Pipe()
        process = context.Process(target=departs, args=(folder, there))
        process.start()
        assert here.recv() == "about to"
        said = time.monotonic()
        if kills == 0:
            # The first is let be: it tells how long the act takes.
            assert here.recv() == "done"
            takes = time.monotonic() - said
        else:
            time.sleep(chance.uniform(0.3, 1.5) * takes)  # the moment of the kill
            process.kill()
        process.join()
        kills += 1
        with opened(folder) as desk:
            gone = left(desk)
            found["all of it" if gone else "nothing"] += 1
            assert gone or kills > 1
            if not gone:
                desk.acting_as("eva").offboard("ben", reassign_to=SUCCESSORS, reason="a new job")
                assert left(desk), f"seed {seed}, kill {kills}"
        shutil.rmtree(folder)
    with capsys.disabled():
        print(f"\n{kills} departures killed: {dict(found)} stood; seed {seed}")

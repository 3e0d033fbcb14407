"""Simulate the week scene by scene, starting from the last event in the journal."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from report import write_results
from scenes import Scenes

from socialcollab import Desk, Organization, Sandbox
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.networks.sandbox.faults import InjectedFault
from socialcollab.stores import FolderMedia

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TICK = dt.timedelta(minutes=15)

# The local time of each scene. In addition, the clock ticks every fifteen minutes.
SCRIPT = (
    ("2026-05-29 14:00", "import_sheet"),
    ("2026-05-29 15:30", "import_corrections"),
    ("2026-05-29 16:00", "submit_all"),
    ("2026-05-29 16:30", "editors_decide"),
    ("2026-05-29 17:00", "client_decides"),
    ("2026-06-01 08:00", "authors_answer"),
    ("2026-06-01 08:30", "editors_decide"),
    ("2026-06-01 09:00", "client_decides"),
    ("2026-06-03 14:00", "support_holds"),
    ("2026-06-03 17:10", "lead_resumes"),
    ("2026-06-03 17:20", "editors_decide"),
    ("2026-06-04 09:00", "rescue_expired"),
    ("2026-06-04 09:10", "editors_decide"),
    ("2026-06-04 09:20", "client_returns"),
)
END = "2026-06-07 23:00"


def amsterdam(text: str) -> dt.datetime:
    """Convert a local time in Amsterdam to an instant."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(dt.UTC)


class DeskClock:
    """A clock for the desk whose time changes only when the simulation sets it."""

    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at


def timeline() -> Iterator[tuple[dt.datetime, str]]:
    """Yield the scenes and the ticks in chronological order."""
    scenes = [(amsterdam(at), name) for at, name in SCRIPT]
    ticks = []
    at = amsterdam("2026-06-01 07:00")
    while at <= amsterdam(END):
        ticks.append((at, "tick"))
        at += TICK
    yield from sorted(scenes + ticks, key=lambda moment: (moment[0], moment[1] == "tick"))


def open_desk(
    here: Path, out: Path, clock: DeskClock, sandbox: Sandbox, media: FolderMedia
) -> Desk:
    """Open the desk that an earlier run created, or create a new desk."""
    journal = out / "agency.db"
    networks = {"*": sandbox}
    with suppress(NotFoundError):
        return Desk.open(journal, networks=networks, media=media, clock=clock)
    organization = Organization.load(here / "agency.toml")
    try:
        return Desk.create(
            journal, organization, owner="eva", networks=networks, media=media, clock=clock
        )
    except InvalidValueError:
        # Another run created the desk at the same moment.
        return Desk.open(journal, networks=networks, media=media, clock=clock)


def run_week(
    here: Path,
    out: Path,
    *,
    lease_s: float = 2.0,
    send_within_s: float = 1.0,
    log: Callable[[str], None] = print,
) -> bool:
    """
    Simulate the week from the point at which an earlier run stopped.

    Return whether the audit is clean.
    """
    started = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    clock = DeskClock(amsterdam(SCRIPT[0][0]))
    # The desk stores images in this folder, and the sandbox reads them from it.
    media = FolderMedia(out / "media")
    sandbox = Sandbox(
        out / "sandbox",
        clock=clock,
        send_within_s=send_within_s,
        media=media,
        faults=[
            InjectedFault("lost_answer", profile="van-dam-mastodon", times=1),
            InjectedFault("rate_limited", profile="van-dam-bluesky", times=1, retry_after_s=600),
        ],
    )
    with open_desk(here, out, clock, sandbox, media) as desk:
        scenes = Scenes(desk, here, log)
        resumed_at = desk.last_event_at()
        if resumed_at is not None and resumed_at > clock.at:
            log(f"continuing from {resumed_at.astimezone(AMSTERDAM):%A %d %B, %H:%M}")
        day = ""
        for at, name in timeline():
            if resumed_at is not None and at < resumed_at:
                continue
            clock.at = at
            today = f"{at.astimezone(AMSTERDAM):%A %d %B}"
            if today != day:
                log(today)
                day = today
            if name == "tick":
                do_due_work(desk, at, lease_s=lease_s)
            else:
                getattr(scenes, name)()
        clean = write_results(desk, sandbox, here, out, log=log)
    sandbox.close()
    log(f"took {time.monotonic() - started:.1f} s; the results are in {out}")
    return clean


def do_due_work(desk: Desk, now: dt.datetime, *, lease_s: float) -> None:
    """Call `run_due` until no more work is due."""
    while True:
        desk.run_due(lease_s=lease_s)
        due = desk.next_due()
        if due is None or due > now:
            return
        # An earlier run was killed while sending. Wait until its lease and its deadline have passed.
        time.sleep(0.05)

"""
Compare the search for clashes with python-dateutil and bisection.

A calendar has 2,000 entries in one year on 20 profiles, and 100 blackouts that repeat yearly,
monthly, weekly or daily. Both contenders find the entries that fall into a blackout, in interleaved
rounds, and their answers are compared. The peer expands each blackout's rule with
`dateutil.rrule` over the year of the calendar and bisects the sorted entries. `find_clashes` also
finds entries in the same minute and builds the reason of each clash. "One time" checks a
single time, as each delivery does, after the other checks; the peer searches each rule for its last
start before that time.

    python bench/scheduling.py
"""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
from bisect import bisect_left
from collections.abc import Callable
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from socialcollab.directory import Profile
from socialcollab.scheduling import Blackout, Calendar, Entry, check_stops, find_clashes

ZONE = "Europe/Amsterdam"
ROUNDS = 7
EVERY = {"year": "YEARLY", "month": "MONTHLY", "week": "WEEKLY", "day": "DAILY"}
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
YEAR = dt.timedelta(days=365)


def scene(seed: int) -> tuple[list[Profile], list[Blackout], list[Entry]]:
    """Return profiles, blackouts and entries."""
    chance = random.Random(seed)
    profiles = [Profile(id=f"p{n}", workspace="tulip", network="x") for n in range(20)]
    blackouts = []
    for number in range(100):
        start = dt.datetime.fromisoformat("2025-01-01 00:00") + dt.timedelta(
            minutes=chance.randrange(365 * 1440)
        )
        end = start + dt.timedelta(minutes=chance.choice([2, 10, 60]))
        every = list(EVERY)[number % 4]
        blackouts.append(Blackout(on={"workspace": "tulip"}, start=start, end=end, every=every))
    entries = [
        Entry(
            profile=f"p{number % 20}",
            post=f"post{number}",
            at=START + dt.timedelta(minutes=chance.randrange(365 * 1440)),
        )
        for number in range(2000)
    ]
    return profiles, blackouts, entries


def dateutil_windows(
    blackout: Blackout, first: dt.datetime, last: dt.datetime
) -> list[tuple[dt.datetime, dt.datetime]]:
    """Return the windows of a blackout, expanded by python-dateutil."""
    rule = rrulestr(f"FREQ={EVERY[str(blackout.every)]}", dtstart=blackout.start)
    tz, length = ZoneInfo(ZONE), blackout.end - blackout.start
    bounds = (edge.astimezone(tz).replace(tzinfo=None) for edge in (first - length, last))
    return [
        (
            local.replace(tzinfo=tz).astimezone(dt.UTC),
            (local + length).replace(tzinfo=tz).astimezone(dt.UTC),
        )
        for local in rule.between(*bounds, inc=True)
    ]


def with_dateutil(blackouts: list[Blackout], entries: list[Entry]) -> int:
    """Return the number of pairs of a blackout and an entry in it."""
    instants = sorted(entry.at for entry in entries)
    return sum(
        bisect_left(instants, end) - bisect_left(instants, start)
        for blackout in blackouts
        for start, end in dateutil_windows(blackout, START, START + YEAR)
    )


def interleaved(*contenders: Callable[[], int]) -> list[float]:
    """Return the median time of each contender; all must return the same number."""
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(ROUNDS):
        counts = []
        for taken, contender in zip(times, contenders, strict=True):
            begun = time.perf_counter()
            counts.append(contender())
            taken.append(time.perf_counter() - begun)
        assert len(set(counts)) == 1, counts
    return [statistics.median(taken) for taken in times]


def main() -> None:
    profiles, blackouts, entries = scene(7)
    calendar = Calendar.of(profiles, zone=ZONE, blackouts=blackouts, entries=entries)
    # Each round uses a new calendar, so that nothing is cached from the previous round.
    unused = []
    for number in range(ROUNDS):
        shift = dt.timedelta(microseconds=number + 1)
        fresh = [
            Blackout(
                on=each.on, start=each.start - shift, end=each.end - shift, every=str(each.every)
            )
            for each in blackouts
        ]
        unused.append(Calendar.of(profiles, zone=ZONE, blackouts=fresh, entries=entries))

    def first_time() -> int:
        return sum(clash.kind == "blackout" for clash in find_clashes(unused.pop()))

    def again() -> int:
        return sum(clash.kind == "blackout" for clash in find_clashes(calendar))

    def one_time() -> int:
        at = START + dt.timedelta(days=100)
        return len(check_stops(profiles[0], at, zone=ZONE, blackouts=blackouts))

    def one_time_with_dateutil() -> int:
        at = START + dt.timedelta(days=100)
        return sum(
            start <= at < end
            for blackout in blackouts
            for start, end in dateutil_windows(blackout, at, at)
        )

    print(f"{'':<28}{'socialcollab':>14}{'dateutil':>12}{'ratio':>8}")
    mine, again_time, peer = interleaved(
        first_time, again, lambda: with_dateutil(blackouts, entries)
    )
    for name, value in (("2,000 entries, first time", mine), ("2,000 entries, again", again_time)):
        print(f"{name:<28}{value * 1e3:>11.1f} ms{peer * 1e3:>9.1f} ms{value / peer:>8.2f}")
    mine, peer = interleaved(one_time, one_time_with_dateutil)
    print(f"{'one time':<28}{mine * 1e3:>11.2f} ms{peer * 1e3:>9.2f} ms{mine / peer:>8.2f}")


if __name__ == "__main__":
    main()

"""Spread the late deliveries of a profile after an outage, so that they are not sent in a burst."""

from __future__ import annotations

import datetime as dt
from typing import Final

from socialcollab.content import Delivery
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.streams import Budget
from socialcollab.desk.queries.calendar import all_rows, start_row
from socialcollab.effects import Effects
from socialcollab.time import local_time, resolve
from socialcollab.workflow.decide import Pace

GAP: Final = dt.timedelta(minutes=15)
"""The time between two late deliveries of a profile whose slot plans do not set `min_gap`."""

_LONGEST_OUTAGE: Final = dt.timedelta(days=31)


def pace_of(
    engine: Engine, state: State, delivery: Delivery, budget: Budget | None, now: dt.datetime
) -> Effects[Pace | None]:
    """
    Return the pace for a late delivery, or None if its profile does not exist.

    The late deliveries are spread so that they comply with the `min_gap` and `max_per_day` of the
    profile's slot plans.
    """
    organization = state.organization
    profile = organization.profiles_by_id.get(delivery.profile)
    if profile is None:
        return None
    plans = [plan for plan in organization.slot_plans if plan.on.matches_profile(profile)]
    gaps = [plan.min_gap.elapsed for plan in plans if plan.min_gap is not None]
    caps = [plan.max_per_day for plan in plans if plan.max_per_day is not None]
    until = budget.paced_until if budget is not None else None
    gap = max(gaps, default=GAP)
    # If the clock was set back, a stored pace may be far in the future; it is then ignored.
    if until is not None and until - now > gap:
        until = None
    if caps:
        zone = organization.zone_or_default(delivery.workspace)
        today = local_time(now, zone).date()
        published = yield from _published_on(engine, delivery.profile, today, zone)
        if published >= min(caps):
            midnight = dt.datetime.combine(today + dt.timedelta(days=1), dt.time())
            until = resolve(midnight, zone, skipped="next", repeated="first")
    return Pace(gap=gap, until=until)


def _published_on(engine: Engine, profile: str, day: dt.date, zone: str) -> Effects[int]:
    """Return the number of posts that were published on a profile on a local day."""
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    rows = yield from all_rows(
        engine,
        "deliveries",
        where={"profile": profile, "state": ("publishing", "published")},
        # Deliveries that were planned before this time are ignored.
        after=start_row("deliveries", noon - _LONGEST_OUTAGE),
    )
    count = 0
    for row in rows:
        at = (yield from engine.load(row.stream)).snapshot.published_at
        if at is None or local_time(at, zone).date() == day:
            count += 1
    return count

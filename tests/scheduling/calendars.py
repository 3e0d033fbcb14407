"""A calendar of two profiles, which several tests use."""

from __future__ import annotations

import datetime as dt

from socialcollab.directory import Profile
from socialcollab.scheduling import Blackout, Calendar, Entry, SlotPlan
from socialcollab.time import resolve

ZONE = "Europe/Amsterdam"
X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])
MASTODON = Profile(id="tulip-mastodon", workspace="tulip", network="mastodon")
PLAN = SlotPlan(
    on="tulip-x", slots=["mon-fri 09:30", "sat 11:00"], min_gap="45 minutes", max_per_day=2
)


BLACKOUT = Blackout(
    on={"workspace": "tulip"},
    start="2026-05-04 19:55",
    end="2026-05-04 20:05",
    every="year",
    reason="Remembrance Day silence",
)


def at(text):
    return resolve(dt.datetime.fromisoformat(text), ZONE)


def entry(text, post="p1", profile="tulip-x", **more):
    return Entry(profile=profile, at=at(text), post=post, title=f"Title of {post}", **more)


def calendar(*entries, **more):
    more = {"slot_plans": [PLAN], "blackouts": [BLACKOUT], **more}
    return Calendar.of([X, MASTODON], zone=ZONE, entries=entries, **more)


def kinds(clashes):
    return [clash.kind for clash in clashes]

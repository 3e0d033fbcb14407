"""Clashes."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.scheduling.calendars import BLACKOUT, MASTODON, ZONE, X, at, calendar, entry, kinds

from socialcollab.content import Hold
from socialcollab.directory import PostAttributes, as_selector
from socialcollab.scheduling import Blackout, Entry, check_stops, check_time, find_clashes


def test_kinds_of_clash():
    """Every kind of clash is found, for one time and on a whole calendar."""
    busy = calendar(entry("2026-04-07 09:30"), entry("2026-04-07 12:00", "p2"))
    assert kinds(check_time(busy, "tulip-x", at("2026-04-07 09:30"))) == ["same_slot", "cap"]
    assert kinds(check_time(busy, "tulip-x", at("2026-04-07 10:14"))) == ["gap", "cap"]
    assert kinds(check_time(busy, "tulip-x", at("2026-04-07 10:15"))) == ["cap"]
    assert kinds(check_time(busy, "tulip-x", at("2030-05-04 20:04"))) == ["blackout"]
    assert kinds(check_time(busy, "tulip-x", at("2030-05-04 20:05"))) == []
    assert kinds(check_time(busy, "tulip-mastodon", at("2026-04-07 09:30"))) == []
    clashes = find_clashes(
        calendar(
            entry("2026-04-07 09:30"),
            entry("2026-04-07 09:30", "p2"),
            entry("2026-04-07 10:00", "p3"),
            entry("2026-05-04 20:00", "p4", "tulip-mastodon"),
            entry("2026-04-07 09:40", "gone", state="cancelled"),
        )
    )
    assert kinds(clashes) == ["same_slot", "cap", "gap", "blackout"]
    assert all(clash.reason.text(language) for clash in clashes for language in ("en", "nl"))
    assert kinds(
        find_clashes(
            calendar(*[e for c in clashes for e in c.entries]), start=at("2026-05-01 00:00")
        )
    ) == ["blackout"]


def test_blackout_of_campaign():
    """A blackout for one campaign does not clash with posts of another campaign."""
    only = Blackout(
        on={"workspace": "tulip", "campaign": "spring"},
        start="2026-04-07 00:00",
        end="2026-04-08 00:00",
    )
    held = calendar(blackouts=[only])
    noon = at("2026-04-07 12:00")
    assert kinds(
        check_time(held, "tulip-x", noon, attributes=PostAttributes(campaign="spring"))
    ) == ["blackout"]
    assert (
        kinds(check_time(held, "tulip-x", noon, attributes=PostAttributes(campaign="autumn"))) == []
    )
    assert kinds(check_time(held, "tulip-x", noon)) == ["blackout"], "unknown attributes match"


def test_check_stops():
    """Blackouts and holds can be checked without a calendar."""
    hold = Hold(
        id="h", on=as_selector("tulip-x"), by="eva", reason="crisis", at=at("2026-05-04 19:00")
    )
    stops = {"zone": ZONE, "blackouts": [BLACKOUT], "holds": [hold]}
    assert kinds(check_stops(X, at("2026-05-04 20:00"), **stops)) == ["blackout", "hold"]
    assert kinds(check_stops(MASTODON, at("2026-05-04 20:00"), **stops)) == ["blackout"]
    assert kinds(check_stops(MASTODON, at("2026-05-04 20:05"), **stops)) == []


@given(
    steps=st.lists(st.integers(0, 4 * 365 * 24), max_size=20),
    ends=st.sampled_from([None, "2027-01-01 00:00"]),
)
def test_sweep_agrees_with_check_stops(steps, ends):
    """The sweep finds the same blackouts and holds as a check of each entry."""
    hold = Hold(
        id="h",
        on=as_selector("tulip-x"),
        reason="",
        by="eva",
        at=at("2026-05-04 19:00"),
        until=ends and at(ends),
    )
    silence = Blackout(
        on={"workspace": "tulip", "campaign": "spring"},
        start="2026-04-07 06:00",
        end="2026-04-07 18:00",
        every="week",
    )
    entries = [
        Entry(
            profile="tulip-x",
            at=at("2026-04-07 00:00") + dt.timedelta(hours=step),
            post=f"p{n}",
            attributes=PostAttributes(campaign="spring" if step % 2 else "autumn"),
        )
        for n, step in enumerate(steps)
    ]
    stops = {"blackouts": [BLACKOUT, silence], "holds": [hold]}
    expected = sorted(
        (clash.at, entry.post, clash.kind, str(clash.reason))
        for entry in entries
        for clash in check_stops(X, entry.at, zone=ZONE, attributes=entry.attributes, **stops)
    )
    found = find_clashes(calendar(*entries, slot_plans=[], **stops))
    assert expected == sorted(
        (clash.at, clash.entries[0].post, clash.kind, str(clash.reason))
        for clash in found
        if clash.kind in ("blackout", "hold")
    )


times = st.lists(st.integers(0, 3 * 24 * 12), max_size=14).map(
    lambda steps: [at("2026-04-07 00:00") + dt.timedelta(minutes=5 * step) for step in steps]
)


@given(times)
def test_sweep_agrees_with_pairs(instants):
    """The sweep finds a clash if and only if two entries are too close."""
    entries = [
        Entry(profile="tulip-x", at=instant, post=f"p{n}") for n, instant in enumerate(instants)
    ]
    clashes = find_clashes(calendar(*entries))
    assert clashes == find_clashes(calendar(*reversed(entries))), (
        "the order of entries does not matter"
    )
    pairs = [abs(a.at - b.at) for a, b in combinations(entries, 2)]
    assert any(pair == dt.timedelta() for pair in pairs) == ("same_slot" in kinds(clashes))
    close = any(dt.timedelta() < pair < dt.timedelta(minutes=45) for pair in pairs)
    assert close == ("gap" in kinds(clashes))

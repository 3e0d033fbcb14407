"""The next free slot of a profile."""
# ruff: noqa: DTZ001  the tests are about local times

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scheduling.calendars import at, calendar, entry

from socialcollab.content import Hold
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError, NaiveDatetimeError, NotFoundError
from socialcollab.scheduling import Blackout, Entry, check_time, find_clashes, next_slot


def test_first_slot():
    """The first slot of an empty calendar is free."""
    choice = next_slot(calendar(), "tulip-x", after=at("2026-04-07 09:30"))
    assert dt.datetime(2026, 4, 8, 9, 30) == choice.local
    assert choice
    assert choice.blocked_slots == ()
    assert "2026-04-08 09:30" in choice.explain()


def test_blocked_slots():
    """The result contains the reasons why earlier slots are not free."""
    holding = Hold(
        id="h",
        on=Selector.of("tulip-x"),
        reason="outage",
        by="ben",
        at=at("2026-04-10 00:00"),
        until=at("2026-04-11 00:00"),
    )
    full = calendar(
        entry("2026-04-07 09:30"),
        entry("2026-04-08 09:00", "p2"),
        entry("2026-04-09 12:00", "p3"),
        entry("2026-04-09 14:00", "p4"),
        holds=[holding],
        blackouts=[Blackout(on="tulip-x", start="2026-04-11 10:00", end="2026-04-11 12:00")],
    )
    choice = next_slot(full, "tulip-x", after=at("2026-04-07 00:00"))
    assert dt.datetime(2026, 4, 13, 9, 30) == choice.local
    codes = [reason.code for slot in choice.blocked_slots for reason in slot.reasons]
    assert codes == ["clash.same_slot", "clash.gap", "clash.cap", "clash.hold", "clash.blackout"]
    assert "45 minuten" in choice.explain("nl")
    assert (
        at("2026-04-07 09:30")
        == next_slot(full, "tulip-x", after=at("2026-04-07 00:00"), post="p1").at
    ), "a post does not clash with itself"


def test_no_slot():
    """If there is no plan or no free slot, the result contains the reason."""
    none = next_slot(calendar(), "tulip-mastodon", after=at("2026-04-07 00:00"))
    assert not none
    assert none.reason.code == "slot.no_plan"
    stop = Hold(
        id="h", on=Selector.EVERYWHERE, reason="crisis", by="eva", at=at("2026-04-01 00:00")
    )
    held = next_slot(
        calendar(holds=[stop]), "tulip-x", after=at("2026-04-07 00:00"), within_days=14
    )
    assert held.reason.code == "slot.none_free"
    assert len(held.blocked_slots) == 12
    assert "crisis" in held.explain()


def test_next_slot_errors() -> None:
    """An unknown profile, a naive datetime and an invalid number of days raise errors."""
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        next_slot(calendar(), "tulip-y", after=at("2026-04-07 00:00"))
    with pytest.raises(NaiveDatetimeError):
        next_slot(calendar(), "tulip-x", after=dt.datetime(2026, 4, 7))
    with pytest.raises(InvalidValueError, match="within_days"):
        next_slot(calendar(), "tulip-x", after=at("2026-04-07 00:00"), within_days=0)


instants_of_days = st.lists(st.integers(0, 3 * 24 * 12), max_size=14).map(
    lambda steps: [at("2026-04-07 00:00") + dt.timedelta(minutes=5 * step) for step in steps]
)


@given(instants_of_days, st.integers(0, 5000))
def test_slot_has_no_clash(instants, minutes):
    """A post in the slot causes no clash, and removing it restores the calendar."""
    entries = [
        Entry(profile="tulip-x", at=instant, post=f"p{n}") for n, instant in enumerate(instants)
    ]
    full = calendar(*entries)
    after = at("2026-04-07 00:00") + dt.timedelta(minutes=minutes)
    choice = next_slot(full, "tulip-x", after=after)
    assert choice.at > after
    assert check_time(full, "tulip-x", choice.at) == ()
    added = full.with_entries(Entry(profile="tulip-x", at=choice.at, post="new"))
    assert len(find_clashes(added)) == len(find_clashes(full))
    assert full == added.without_post("new")

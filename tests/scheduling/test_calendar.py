"""The calendar: what stands in the way of a time, and the next slot where nothing does."""
# ruff: noqa: DTZ001  local times are what is tested

from __future__ import annotations

import datetime as dt
from itertools import combinations

import attrs
import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

import socialcollab.scheduling
from socialcollab.content import Hold
from socialcollab.directory import PostAttributes, Profile, Selector
from socialcollab.document_fields import shape_of
from socialcollab.errors import (
    InvalidValueError,
    MissingExtraError,
    NaiveDatetimeError,
    NotFoundError,
)
from socialcollab.scheduling import (
    Blackout,
    Calendar,
    Entry,
    SlotPlan,
    check_time,
    find_clashes,
    next_slot,
    write_ics,
)
from socialcollab.time import resolve

ZONE = "Europe/Amsterdam"
X = Profile(id="tulip-x", workspace="tulip", network="x", tags=["care"])
MASTODON = Profile(id="tulip-mastodon", workspace="tulip", network="mastodon")
PLAN = SlotPlan(
    on="tulip-x", slots=["mon-fri 09:30", "sat 11:00"], min_gap="45 minutes", max_per_day=2
)
SILENCE = Blackout(
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
    more = {"slot_plans": [PLAN], "blackouts": [SILENCE], **more}
    return Calendar.of([X, MASTODON], zone=ZONE, entries=entries, **more)


def kinds(clashes):
    return [clash.kind for clash in clashes]


def test_all_is_sorted_and_there():
    assert (
        sorted(socialcollab.scheduling.__all__, key=lambda name: (not name[0].isupper(), name))
        == socialcollab.scheduling.__all__
    )
    assert all(hasattr(socialcollab.scheduling, name) for name in socialcollab.scheduling.__all__)


def test_sections_carry_their_shapes():
    for cls in (SlotPlan, Blackout):
        assert all(shape_of(one) is not None for one in attrs.fields(cls))


def test_a_free_calendar_gives_the_first_slot():
    choice = next_slot(calendar(), "tulip-x", after=at("2026-04-07 09:30"))
    assert dt.datetime(2026, 4, 8, 9, 30) == choice.local
    assert choice
    assert choice.blocked_slots == ()
    assert "2026-04-08 09:30" in choice.explain()


def test_a_slot_tells_what_blocked_the_earlier_ones():
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
    ), "a post is not in its own way"


def test_no_plan_and_no_free_slot_are_answers():
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


def test_bad_questions_are_refused():
    with pytest.raises(NotFoundError, match="did you mean `tulip-x`"):
        next_slot(calendar(), "tulip-y", after=at("2026-04-07 00:00"))
    with pytest.raises(NaiveDatetimeError):
        next_slot(calendar(), "tulip-x", after=dt.datetime(2026, 4, 7))
    with pytest.raises(InvalidValueError, match="within_days"):
        next_slot(calendar(), "tulip-x", after=at("2026-04-07 00:00"), within_days=0)
    with pytest.raises(InvalidValueError, match="no zone"):
        Calendar.of([X])
    with pytest.raises(InvalidValueError, match="twice"):
        Calendar.of([X, X], zone=ZONE)
    with pytest.raises(NotFoundError):
        Calendar.of([X], zone=ZONE, entries=[entry("2026-04-07 09:30", profile="other")])


def test_slots_keep_their_wall_time_over_clock_changes():
    daily = SlotPlan(on="tulip-x", slots=["day 02:30", "sat 24:00"])
    found = list(
        calendar(slot_plans=[daily])
        .profile_calendar("tulip-x")
        .slots_from(at("2026-03-28 12:00"), days=2)
    )
    assert [
        at("2026-03-29 00:00"),
        dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.UTC),
        at("2026-03-30 02:30"),
    ] == found[:3]


def test_each_kind_of_clash_is_found():
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


def test_a_blackout_of_a_campaign_lets_other_posts_through():
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
    assert kinds(check_time(held, "tulip-x", noon)) == ["blackout"], "unknown facts do not excuse"


def test_plans_and_blackouts_are_checked_when_made():
    with pytest.raises(InvalidValueError, match="by the clock"):
        SlotPlan(on="tulip-x", min_gap="1 business hour")
    with pytest.raises(InvalidValueError, match="max_per_day"):
        SlotPlan(on="tulip-x", max_per_day=0)
    with pytest.raises(InvalidValueError, match="does not end after"):
        Blackout(on="tulip-x", start="2026-05-04 20:00", end="2026-05-04 19:00")
    with pytest.raises(InvalidValueError, match="business days"):
        Blackout(
            on="tulip-x",
            start="2026-05-04 09:00",
            end="2026-05-04 19:00",
            every="first business day of the month 09:00",
        )
    assert (
        Blackout(on="tulip-x", start="2026-05-04 09:00", end="2026-05-04 19:00", every="").every
        is None
    )


times = st.lists(st.integers(0, 3 * 24 * 12), max_size=14).map(
    lambda steps: [at("2026-04-07 00:00") + dt.timedelta(minutes=5 * step) for step in steps]
)


@given(times)
def test_the_sweep_finds_what_looking_at_every_pair_finds(instants):
    """The sweep finds a gap or a doubled slot exactly when some pair is that close."""
    entries = [Entry(profile="tulip-x", at=one, post=f"p{n}") for n, one in enumerate(instants)]
    clashes = find_clashes(calendar(*entries))
    assert clashes == find_clashes(calendar(*reversed(entries))), "order does not matter"
    pairs = [abs(a.at - b.at) for a, b in combinations(entries, 2)]
    assert any(pair == dt.timedelta() for pair in pairs) == ("same_slot" in kinds(clashes))
    close = any(dt.timedelta() < pair < dt.timedelta(minutes=45) for pair in pairs)
    assert close == ("gap" in kinds(clashes))


@given(times, st.integers(0, 5000))
def test_a_chosen_slot_clashes_with_nothing(instants, minutes):
    entries = [Entry(profile="tulip-x", at=one, post=f"p{n}") for n, one in enumerate(instants)]
    full = calendar(*entries)
    after = at("2026-04-07 00:00") + dt.timedelta(minutes=minutes)
    choice = next_slot(full, "tulip-x", after=after)
    assert choice.at > after
    assert check_time(full, "tulip-x", choice.at) == ()
    added = full.adding(Entry(profile="tulip-x", at=choice.at, post="new"))
    assert len(find_clashes(added)) == len(find_clashes(full))
    assert full == added.without("new")


def test_an_ics_file_reads_back():
    week = calendar(
        entry("2026-04-07 09:30"),
        entry("2026-04-07 09:30", profile="tulip-mastodon", state="cancelled"),
        Entry(profile="tulip-x", at=at("2026-04-08 09:30"), post="p2", title="🌷" * 60 + ", \n;"),
    )
    now = dt.datetime(2026, 4, 1, tzinfo=dt.UTC)
    data = write_ics(week, now=now, name="Tulip")
    assert data == write_ics(week, now=now, name="Tulip")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    read = icalendar.Calendar.from_ical(data)
    events = read.walk("VEVENT")
    assert [at("2026-04-07 09:30")] * 2 + [at("2026-04-08 09:30")] == [
        e["DTSTART"].dt for e in events
    ]
    assert events[0]["DTSTART"].params["TZID"] == ZONE
    assert [str(zone["TZID"]) for zone in read.walk("VTIMEZONE")] == [ZONE]
    assert len({str(event["UID"]) for event in events}) == 3
    assert "🌷" * 60 + ", \n;" in str(events[2]["SUMMARY"])
    assert {"CONFIRMED", "CANCELLED"} == {str(event["STATUS"]) for event in events}
    alone = icalendar.Calendar.from_ical(write_ics(week.entries(), now=now))
    assert at("2026-04-07 09:30") == alone.walk("VEVENT")[0]["DTSTART"].dt


def test_without_the_extra_a_calendar_file_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "icalendar", None)
    with pytest.raises(MissingExtraError, match="calendar"):
        write_ics([], now=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

"""Presence: who is viewing, typing or away with unsaved changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialcollab.collisions import Presence
from socialcollab.errors import InvalidValueError, NaiveDatetimeError

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def states(presence: Presence, at: dt.datetime, **options: Any) -> list[tuple[str, str]]:
    return [(one.member, one.state) for one in presence.members("p1", at=at, **options)]


def test_states_of_a_page() -> None:
    """A page that types is shown as typing, then as viewing, and vanishes after its last signal."""
    presence = Presence().seen("ben", "p1", "typing", at=NOW)
    assert states(presence, after(7)) == [("ben", "typing")]
    assert states(presence, after(8)) == [("ben", "viewing")]
    assert states(presence, after(45)) == []
    assert presence.members("p2", at=NOW) == ()


def test_idle_member() -> None:
    """A page that only sends signals, without being used, is idle."""
    presence = Presence().seen("ben", "p1", at=NOW)
    presence = presence.seen("ben", "p1", at=after(200), active_at=NOW)
    assert states(presence, after(200)) == [("ben", "idle")]


def test_hidden_page_with_unsaved_changes_stays() -> None:
    """Browsers slow down hidden pages, so unsaved changes do not vanish from view."""
    presence = Presence().seen("ben", "p1", "typing", at=NOW, unsaved=True)
    presence = presence.seen("ben", "p1", "typing", at=after(5), unsaved=True, hidden=True)
    assert states(presence, after(6)) == [("ben", "unsaved")]
    assert states(presence, after(600)) == [("ben", "unsaved")]
    assert states(presence, after(1000)) == []
    hidden = Presence().seen("ben", "p1", at=NOW).seen("ben", "p1", at=after(9), hidden=True)
    (one,) = hidden.members("p1", at=after(100))
    assert (one.state, one.since) == ("idle", NOW)


def test_several_devices() -> None:
    """A member appears once, with the most important state of all devices."""
    presence = (
        Presence()
        .seen("ben", "p1", at=NOW, device="phone", hidden=True)
        .seen("ben", "p1", "typing", at=NOW, device="laptop")
        .seen("ana", "p1", at=NOW, unsaved=True)
    )
    assert states(presence, NOW) == [("ben", "typing"), ("ana", "unsaved")]
    assert presence.members("p1", at=NOW)[0].devices == 2
    left = presence.left("ben", device="laptop")
    assert states(left, NOW) == [("ana", "unsaved"), ("ben", "idle")]
    assert states(left.left("ben", item="p2"), NOW) == states(left, NOW)
    assert states(left.left("ben"), NOW) == [("ana", "unsaved")]


def test_only_members_who_may_view() -> None:
    """Members without the permission neither see others nor are seen."""
    presence = Presence().seen("ana", "p1", at=NOW).seen("client", "p1", at=NOW)
    presence = presence.seen("ben", "p1", at=NOW)
    staff = {"ana", "ben"}.__contains__
    assert states(presence, NOW, may_view=staff) == [("ana", "viewing"), ("ben", "viewing")]
    assert states(presence, NOW, may_view=staff, viewer="ana") == [("ben", "viewing")]
    assert states(presence, NOW, may_view=staff, viewer="client") == []


def test_late_signals_are_ignored() -> None:
    """A signal that overtook another one is not undone by it."""
    presence = Presence().seen("ben", "p1", at=after(10))
    assert presence.seen("ben", "p1", "typing", at=NOW) is presence


def test_bad_input() -> None:
    """Activities, durations and times are checked."""
    with pytest.raises(InvalidValueError, match="`sleeping` is not an activity"):
        Presence().seen("ben", "p1", "sleeping", at=NOW)  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="`ttl` is 0:00:00"):
        Presence(ttl=dt.timedelta())
    with pytest.raises(NaiveDatetimeError):
        Presence().seen("ben", "p1", at=NOW.replace(tzinfo=None))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ana", "ben"]),
            st.sampled_from(["a", "b"]),
            st.integers(0, 2000),
            st.booleans(),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_old_signals_do_not_pile_up(signals: list[tuple[str, str, int, bool, bool]]) -> None:
    """Each page has one signal, and nobody stays present for ever."""
    presence = Presence()
    for member, device, seconds, unsaved, hidden in signals:
        presence = presence.seen(
            member, "p1", at=after(seconds), device=device, unsaved=unsaved, hidden=hidden
        )
    assert len(presence.signals) <= 4
    assert presence.members("p1", at=after(2000 + 900)) == ()

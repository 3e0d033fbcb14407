"""Native posts: they are on the calendar, occupy slots, and never duplicate a post of the desk."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import DUE, MINUTE

from socialcollab.errors import NotFoundError


def test_add_and_remove(agency) -> None:
    """A native post is on the calendar until it is removed; the desk's posts are not added."""
    eva, dirk = agency.acting("eva", "dirk")
    seen = dt.datetime(2026, 4, 1, 7, 30, tzinfo=dt.UTC)
    for _ in range(2):
        eva.add_native_post("tulip-x", network_id="at://native/1", at=seen, text="Zelf geplaatst")
    with pytest.raises(NotFoundError):
        dirk.add_native_post("tulip-x", network_id="n", at=seen)
    start, end = seen - 60 * MINUTE, seen + 60 * MINUTE
    (entry,) = agency.desk.calendar(start, end).entries()
    assert (entry.state, entry.title, entry.occupies) == ("native_post", "Zelf geplaatst", True)
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    eva.remove_native_post("tulip-x", network_id="at://native/1")
    assert agency.desk.calendar(start, end).entries() == ()
    eva.add_native_post("tulip-x", network_id="at://native/1", at=seen)
    assert len(agency.desk.calendar(start, end).entries()) == 1
    post = agency.approved_post(profiles=["tulip-x"])
    agency.run_due()
    ours = agency.delivery(post)
    eva.add_native_post("tulip-x", network_id=ours.network_id, at=agency.now)
    day = agency.desk.calendar(DUE - MINUTE, DUE + MINUTE).entries()
    assert [entry.state for entry in day] == ["published"]
    with pytest.raises(NotFoundError, match="native post"):
        eva.remove_native_post("tulip-x", network_id="never seen")
    agency.check_journal()


def test_slot_is_taken(agency) -> None:
    """A native post takes the slot at whose time it was published."""
    (eva,) = agency.acting("eva")
    agency.now = dt.datetime(2026, 4, 2, 7, 29, 30, tzinfo=dt.UTC)
    eva.add_native_post("tulip-x", network_id="1", at=agency.now)
    agency.now -= dt.timedelta(hours=12)
    ana, ben = agency.acting("ana", "ben")
    post = ben.approve(ana.submit(ana.draft("een", profiles=["tulip-x"]), at="next slot"))
    assert agency.delivery(post).at.local.isoformat() == "2026-04-02T09:30:00"
    agency.now += dt.timedelta(hours=12, minutes=1)
    eva.add_native_post("tulip-x", network_id="2", at=agency.now - dt.timedelta(seconds=30))
    assert [clash.kind for clash in agency.desk.clashes(DUE - 10000 * MINUTE, DUE)] == ["same_slot"]

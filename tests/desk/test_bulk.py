"""Commands on several posts, and the triage of a hold."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.desk.agency import MINUTE, PLANNED, PROFILE

from socialcollab.errors import InvalidValueError, NotFoundError


def test_one_outcome_each(agency) -> None:
    """A refused post does not prevent other posts from being submitted, approved and cancelled."""
    ana, ben = agency.acting("ana", "ben")
    posts = [ana.draft(f"{n}", profiles=[PROFILE], planned_at=PLANNED) for n in range(3)]
    empty = ana.draft("no targets", workspace="tulip")
    outcomes = ana.submit_all([posts[0], empty, posts[1], posts[2]])
    assert [True, False, True, True] == [outcome.ok for outcome in outcomes]
    assert empty.id == outcomes[1].id
    assert "no target" in str(outcomes[1].problem)
    submitted = [outcome.post for outcome in outcomes if outcome.ok]
    ana.edit(submitted[2], text="changed meanwhile")
    approved = ben.approve_all(submitted, note="fine")
    assert [True, True, False] == [outcome.ok for outcome in approved]
    cancelled = ana.cancel_all([outcome.post for outcome in approved if outcome.ok], reason="x")
    assert ["cancelled"] * 2 == [outcome.post.state for outcome in cancelled]
    for odd in ([posts[0].id], [5], 5):
        with pytest.raises(InvalidValueError):
            ana.submit_all(odd)


def test_reschedule_by(agency) -> None:
    """All times of posts are moved in local time, even across a clock change."""
    (ana,) = agency.acting("ana")
    times = {"tulip-x": "2026-10-24 12:00"}
    both = ana.draft("a", profiles=["tulip-x", PROFILE], planned_at="2026-10-24 09:30", times=times)
    unplanned = ana.draft("b", profiles=[PROFILE])
    moved, refused = ana.reschedule_all([both, unplanned], by=dt.timedelta(days=2))
    assert "2026-10-26 09:30 Europe/Amsterdam" == str(moved.post.planned_at)
    assert "2026-10-26 12:00 Europe/Amsterdam" == str(moved.post.content.time_for("tulip-x"))
    assert not refused.ok
    (back,) = ana.reschedule_all([moved.post], by=dt.timedelta(days=-2))
    assert both.planned_at == back.post.planned_at


def test_reschedule_campaign(agency) -> None:
    """The open posts of a campaign are moved together."""
    ana, ben = agency.acting("ana", "ben")
    first = ana.draft("a", profiles=[PROFILE], planned_at=PLANNED, campaign="spring")
    second = ana.draft("b", profiles=[PROFILE], planned_at="2026-04-08 09:30", campaign="spring")
    ben.approve(ana.submit(second))
    ana.draft("no time", profiles=[PROFILE], campaign="spring")
    other = ana.draft("c", profiles=[PROFILE], planned_at=PLANNED)
    outcomes = ben.reschedule_all("spring", by="2 days")
    assert {first.id, second.id} == {outcome.id for outcome in outcomes if outcome.ok}
    assert "2026-04-09 09:30" in str(agency.desk.post(first.id).planned_at)
    assert other == agency.desk.post(other.id)


def test_triage_of_a_hold(agency) -> None:
    """Each post that a hold stopped is one item on the to-do list, with its deliveries."""
    post = agency.approved_post(profiles=["tulip-x", PROFILE])
    hold = agency.desk.acting_as("eva").hold({"workspace": "tulip"}, reason="storm")
    agency.run_due(after=MINUTE)
    (item,) = [item for item in agency.desk.acting_as("ana").to_do() if item.kind == "triage"]
    assert (post.id, "missed") == (item.post.id, item.attention)
    assert {"tulip-x", PROFILE} == {delivery.profile for delivery in item.deliveries}
    assert {f"hold {hold.id}"} == {delivery.problem for delivery in item.deliveries}


def test_delivery_by_id(agency) -> None:
    """A delivery can be found by its id."""
    post = agency.approved_post()
    delivery = agency.delivery(post)
    assert delivery == agency.desk.delivery(delivery.id)
    with pytest.raises(NotFoundError, match="no delivery `x`"):
        agency.desk.delivery("x")

"""Tests that the reducers agree with the table of delivery states in the documentation."""

from __future__ import annotations

import datetime as dt
import re
from itertools import product
from pathlib import Path

import attrs
import pytest

from socialcollab.content import Delivery, DeliveryState, Hold, PublishedPart, SendAttempt
from socialcollab.directory import Selector
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import DeliveryId, PostId, ProfileId, WorkspaceId
from socialcollab.time import WallTime
from socialcollab.workflow import events as ev
from socialcollab.workflow import evolve_delivery

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "workflow.md"
AT = WallTime.of(NOW, "UTC")
EXAMPLES = {
    event.TYPE: event
    for event in (
        ev.DeliveryStarted(prepared={}),
        ev.DeliveryProgressed(progress={}),
        ev.SendStarted(number=2, part=1, started_at=NOW, deadline=NOW),
        ev.DeliveryPublished(network_id="new", url="", published_at=NOW),
        ev.PartPublished(number=1, part=1, network_id="new", url="", published_at=NOW),
        ev.DeliveryPublishedAgain(number=1, part=0, network_id="new", url="", published_at=NOW),
        ev.DeliveryFailed(problem="no"),
        ev.DeliveryUnknown(problem="no_answer"),
        ev.LookupInconclusive(problem="not_found_yet", not_before=NOW),
        ev.DeliveryRechecked(recheck_at=NOW),
        ev.DeliveryMarkedNotPublished(),
        ev.DeliveryDeferred(problem="transient"),
        ev.DeliveryMissed(problem="too_late"),
        ev.DeliveryCancelled(),
        ev.DeliveryRescheduled(before=NOW, after=NOW, tzdata="2026a"),
        ev.TakedownRequested(),
        ev.TakedownDeferred(problem="busy", not_before=NOW),
        ev.PublishedDifferently(fields=("text",)),
        ev.TakedownAbandoned(problem="profile_removed"),
        ev.DeliveryTakenDown(network_ids=("old",)),
        ev.AmendRequested(revision="r2"),
        ev.AmendStarted(number=1, revision="r2", started_at=NOW, deadline=NOW),
        ev.DeliveryAmended(revision="r2"),
        ev.AmendDeferred(problem="busy", not_before=NOW),
        ev.AmendRejected(problem="no"),
    )
}


def table() -> dict[str, tuple[set[str], set[str]]]:
    """Return the states before and after each event, as documented."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("## Delivery states")[2].partition("\n## ")[0]
    rows = {}
    for line in section.splitlines():
        if line.startswith("| `delivery."):
            event, before, after, _ = (cell.strip() for cell in line.strip("|").split("|"))
            rows[event.strip("`")] = (
                set(re.findall(r"`(\w+)`", before)),
                set(re.findall(r"`(\w+)`", after)),
            )
    return rows


def deliveries(state: str) -> list[Delivery]:
    """Return deliveries in a state, with and without a takedown request, parts and removed ids."""
    attempt = SendAttempt(number=1, part=0, started_at=NOW, deadline=NOW)
    whole = state in ("published", "removing", "removed")
    candidates = (
        Delivery(
            id=DeliveryId("p1.x.1"),
            post=PostId("p1"),
            workspace=WorkspaceId("tulip"),
            profile=ProfileId("x"),
            at=AT,
            revision="r1",
            state=DeliveryState(state),
            attempts=(attempt,),
            network_id="old" if whole else "",
            parts=(PublishedPart(network_id="part"),) if part else (),
            removed_ids=("old", "part") if removed else (),
            takedown_requested=takedown_requested,
        )
        for takedown_requested, part, removed in product((False, True), repeat=3)
    )
    return [delivery for delivery in candidates if is_possible(delivery)]


def is_possible(delivery: Delivery) -> bool:
    """Return whether a delivery can be in its state."""
    state, live = delivery.state.value, bool(delivery.live_ids)
    wanted_down, removed = delivery.takedown_requested, bool(delivery.removed_ids)
    return {
        "waiting": not wanted_down and not removed,
        "missed": not wanted_down and not removed,
        "failed": not (wanted_down and live) and not removed,
        "cancelled": not live and not removed,
        "publishing": not removed,
        "unknown": not removed,
        "published": live and not wanted_down and not removed,
        "removing": live and wanted_down,
        "removed": not live,
    }[state]


def test_table_is_complete() -> None:
    """The documentation contains a row for every event of a delivery."""
    types = {
        event.TYPE
        for event in vars(ev).values()
        if hasattr(event, "TYPE") and event.TYPE.startswith("delivery.")
    }
    assert types == set(table())
    assert set(EXAMPLES) == types - {"delivery.planned"}


@pytest.mark.parametrize("event", sorted(EXAMPLES))
def test_table_is_right(event: str) -> None:
    """Each event leads from the documented states before it to the documented states after it."""
    before, after = table()[event]
    assert before
    reached = {
        evolve_delivery(delivery, EXAMPLES[event], at=NOW).state.value
        for state in before
        for delivery in deliveries(state)
    }
    if event == "delivery.taken_down":
        # If only one of several copies was taken down, the delivery stays published.
        reached |= {"published"}
    if event == "delivery.takedown_abandoned":
        # A thread that was never published completely still lacks its other parts.
        part = attrs.evolve(deliveries("removing")[-1], network_id="")
        reached |= {evolve_delivery(part, EXAMPLES[event], at=NOW).state.value}
    assert reached == after, event


def test_planned_delivery_waits() -> None:
    """A delivery begins in the state `waiting`."""
    assert table()["delivery.planned"] == (set(), {"waiting"})


@pytest.mark.parametrize("event", sorted(EXAMPLES))
def test_states_claim_what_is_known(event: str) -> None:
    """A published post is never shown as cancelled or removed, and vice versa."""
    for state in table()[event][0]:
        for delivery in deliveries(state):
            after = evolve_delivery(delivery, EXAMPLES[event], at=NOW)
            if after.live_ids:
                assert after.state.value not in ("cancelled", "removed"), delivery
            if after.state.value in ("published", "removing"):
                assert after.live_ids, delivery
            if after.takedown_requested and after.state.value not in ("publishing", "unknown"):
                assert after.state.value not in ("waiting", "missed", "published"), delivery


def test_first_event() -> None:
    """The first event of a delivery plans it."""
    hold = Hold(id="h1", on=Selector(workspace="tulip"), reason="", by="member:eva", at=NOW)
    with pytest.raises(InvalidValueError, match="cannot be the first event of a delivery"):
        evolve_delivery(None, ev.HoldPlaced(hold=hold))

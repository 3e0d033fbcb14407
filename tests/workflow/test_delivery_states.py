"""The table of a delivery's states is what the fold does, and holds for what simulations did."""

from __future__ import annotations

import datetime as dt
import re
from itertools import product
from pathlib import Path

import attrs
import pytest

from socialcollab.content import Delivery, DeliveryState, PublishedPart, SendAttempt
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
        ev.DeliveryDeferred(problem="temporary"),
        ev.DeliveryMissed(problem="too_late"),
        ev.DeliveryCancelled(),
        ev.DeliveryRescheduled(was=NOW, now=NOW, tzdata="2026a"),
        ev.TakedownRequested(),
        ev.TakedownDeferred(problem="busy", not_before=NOW),
        ev.TakedownAbandoned(problem="profile_gone"),
        ev.DeliveryTakenDown(network_ids=("old",)),
        ev.AmendRequested(revision="r2"),
        ev.AmendStarted(number=1, revision="r2", started_at=NOW, deadline=NOW),
        ev.DeliveryAmended(revision="r2"),
        ev.AmendDeferred(problem="busy", not_before=NOW),
        ev.AmendRejected(problem="no"),
    )
}


def table() -> dict[str, tuple[set[str], set[str]]]:
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition("## States of a delivery")[2].partition("\n## ")[0]
    found = {}
    for line in section.splitlines():
        if line.startswith("| `delivery."):
            event, before, after, _ = (cell.strip() for cell in line.strip("|").split("|"))
            found[event.strip("`")] = (
                set(re.findall(r"`(\w+)`", before)),
                set(re.findall(r"`(\w+)`", after)),
            )
    return found


def deliveries(state: str) -> list[Delivery]:
    """Deliveries in a state that can stand in it: with and without a wish, parts and copies."""
    attempt = SendAttempt(number=1, part=0, started_at=NOW, deadline=NOW)
    found = []
    for takedown_requested, part, removed in product((False, True), (False, True), (False, True)):
        whole = state in ("published", "removing", "removed")
        one = Delivery(
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
        if _can_stand(one):
            found.append(one)
    return found


def _can_stand(one: Delivery) -> bool:
    state, out = one.state.value, bool(one.live_ids)
    return {
        "waiting": not one.takedown_requested and not one.removed_ids,
        "missed": not one.takedown_requested and not one.removed_ids,
        "failed": not (one.takedown_requested and out) and not one.removed_ids,
        "cancelled": not out and not one.removed_ids,
        "publishing": not one.removed_ids,
        "unknown": not one.removed_ids,
        "published": out and not one.takedown_requested and not one.removed_ids,
        "removing": out and one.takedown_requested,
        "removed": not out,
    }[state]


def test_every_event_has_its_row() -> None:
    assert {event.TYPE for event in ev.DELIVERY_EVENTS} == set(table())
    assert set(EXAMPLES) == set(table()) - {"delivery.planned"}


@pytest.mark.parametrize("event", sorted(EXAMPLES))
def test_the_table_says_where_each_event_leads(event: str) -> None:
    before, after = table()[event]
    assert before
    led = {
        evolve_delivery(one, EXAMPLES[event], at=NOW).state.value
        for state in before
        for one in deliveries(state)
    }
    if event == "delivery.taken_down":
        # What alone was taken down of something leaves the rest as it was.
        led |= {"published"}
    if event == "delivery.takedown_abandoned":
        # Parts that are out and never became the whole still miss the rest.
        part = attrs.evolve(deliveries("removing")[-1], network_id="")
        led |= {evolve_delivery(part, EXAMPLES[event], at=NOW).state.value}
    assert led == after, event


def test_a_plan_begins_by_waiting() -> None:
    assert table()["delivery.planned"] == (set(), {"waiting"})


def test_no_wish_leads_to_a_state_that_claims_less_or_more() -> None:
    """Out and unwanted is removing; out never shows as called off or removed."""
    for event, (before, _) in table().items():
        if event == "delivery.planned":
            continue
        for state in before:
            for one in deliveries(state):
                after = evolve_delivery(one, EXAMPLES[event], at=NOW)
                if after.live_ids:
                    assert after.state.value not in ("cancelled", "removed"), (event, one)
                if after.state.value in ("published", "removing"):
                    assert after.live_ids, (event, one)
                if after.takedown_requested and after.state.value not in ("publishing", "unknown"):
                    assert after.state.value not in ("waiting", "missed", "published"), event
                assert attrs.evolve(after) == after

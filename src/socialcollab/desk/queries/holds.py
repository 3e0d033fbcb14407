"""Read active and ended holds, and the deliveries that they affect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from socialcollab.content import Delivery, Hold
from socialcollab.desk.arguments import check_text
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.encoding import event_data
from socialcollab.desk.journal.streams import HOLDS
from socialcollab.desk.queries.calendar import all_rows, instant_of
from socialcollab.desk.queries.visibility import is_staff
from socialcollab.effects import Effects, call
from socialcollab.errors import NotFoundError
from socialcollab.workflow import PostSnapshot
from socialcollab.workflow.events import HoldEnded, HoldPlaced

_PROBLEM = "hold "
"""The prefix of the problem of a delivery that was stopped by a hold; the hold's id follows."""


@attrs.frozen(kw_only=True)
class HoldResult:
    """
    The ids of the deliveries that a hold concerns; `Desk.delivery` returns each of them.

    Attributes:
        id: The identifier of the hold.
        under_way: Deliveries that were being sent when the hold was placed, and that the hold does
            not stop.
        waiting: Deliveries that the hold stops, or that `MemberDesk.resume` has released. Empty if
            the hold ended earlier.
        missed: Deliveries that missed their planned time because of the hold.
        ended_at: When the hold ended, in UTC, or None if it is active.
        ended_by: The member who ended the hold, or an empty string if it ended automatically.
    """

    id: str
    under_way: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    ended_at: dt.datetime | None = None
    ended_by: str = ""


def read_holds(
    engine: Engine, *, ended: bool, workspace: str = "", viewer: str = ""
) -> Effects[tuple[Hold, ...]]:
    """
    Return holds, oldest first.

    Args:
        engine: The desk's engine.
        ended: Whether to include holds that have ended.
        workspace: Only holds that apply to a profile of this workspace, or all holds if empty.
        viewer: Only holds that apply to a profile that this member can view, without reasons for
            clients and guests; all holds if empty.
    """
    check_text(workspace, "workspace")
    check_text(viewer, "viewer")
    state = yield from engine.state()
    now = engine.now()
    if ended:
        holds = yield from _all_holds(engine, now)
    else:
        holds = tuple(hold for hold in state.holds.holds if hold.is_active(now))
    if not workspace and not viewer:
        return holds
    access = state.organization.access
    profiles = [
        profile
        for profile in state.organization.profiles
        if workspace in ("", profile.workspace)
        and (not viewer or access.allows(viewer, "view", profile.id, at=now))
    ]
    shown = tuple(
        hold for hold in holds if any(hold.on.matches_profile(profile) for profile in profiles)
    )
    return shown_to(viewer, shown, state) if viewer else shown


def shown_to(member: str, holds: Iterable[Hold], state: State) -> tuple[Hold, ...]:
    """Return holds as visible to a member, without the reasons for clients and guests."""
    if is_staff(member, state.organization.access):
        return tuple(holds)
    return tuple(attrs.evolve(hold, reason="") for hold in holds)


def _all_holds(engine: Engine, now: dt.datetime) -> Effects[tuple[Hold, ...]]:
    """Return every hold that was ever placed, with the time at which it ended."""
    holds: dict[str, Hold] = {}
    for event in (yield from call(engine.store.read, HOLDS)):
        data = event_data(event)
        if isinstance(data, HoldPlaced):
            holds[data.hold.id] = attrs.evolve(data.hold, reason=data.reason)
        elif isinstance(data, HoldEnded) and holds[data.hold].is_active(event.at):
            holds[data.hold] = attrs.evolve(
                holds[data.hold], ended_at=event.at, ended_by=event.actor
            )
    return tuple(
        hold
        if hold.ended_at is not None or hold.is_active(now)
        else attrs.evolve(hold, ended_at=hold.until)
        for hold in holds.values()
    )


def holds_of_post(
    engine: Engine,
    state: State,
    snapshot: PostSnapshot,
    deliveries: Iterable[Delivery],
    *,
    now: dt.datetime,
) -> Effects[tuple[Hold, ...]]:
    """
    Return the holds that stop a post now, and the holds that made a delivery of the post late.

    Holds from which the post is exempt are omitted.
    """
    organization = state.organization
    attributes = organization.attributes_of(snapshot.post)
    profiles = [
        organization.profiles_by_id[name]
        for name in snapshot.post.targets
        if name in organization.profiles_by_id
    ]
    found = {
        hold.id: hold
        for hold in snapshot.holds_on(state.holds.holds)
        if any(hold.stops(profile, attributes, now=now) for profile in profiles)
    }
    late = {hold for delivery in deliveries if (hold := hold_that_stopped(delivery))}
    if late <= found.keys():
        return tuple(found.values())
    every = yield from _all_holds(engine, now)
    return tuple(hold for hold in every if hold.id in found or hold.id in late)


def hold_that_stopped(delivery: Delivery) -> str:
    """Return the id of the hold that made a delivery late, or an empty string."""
    _, is_hold, hold = delivery.problem.partition(_PROBLEM)
    return hold if is_hold and delivery.problem.startswith(_PROBLEM) else ""


def read_hold_status(engine: Engine, name: str) -> Effects[HoldResult]:
    """
    Return the deliveries that a hold affects, and when it ended.

    Raises:
        NotFoundError: If the hold has never existed.
    """
    holds = yield from _all_holds(engine, engine.now())
    hold = next((hold for hold in holds if hold.id == name), None)
    if hold is None:
        raise NotFoundError("hold", name)
    result = yield from affected_by(engine, hold)
    # An ended hold stops nothing, even though deliveries planned later may match its selector.
    return result if hold.ended_at is None else attrs.evolve(result, waiting=(), under_way=())


def affected_by(engine: Engine, hold: Hold) -> Effects[HoldResult]:
    """Return the deliveries that a hold affects, or affected before it ended."""
    organization = (yield from engine.state()).organization
    profiles = {
        profile.id: profile for profile in organization.profiles if hold.on.matches_profile(profile)
    }
    states = ("waiting", "publishing", "unknown", "missed")
    rows = yield from all_rows(
        engine, "deliveries", where={"profile": tuple(profiles), "state": states}
    )
    posts = yield from engine.load_all(f"post/{row.columns['post']}" for row in rows)
    deliveries = yield from engine.load_all(
        row.stream for row in rows if row.columns["state"] in ("waiting", "missed")
    )
    under_way: list[str] = []
    waiting: list[str] = []
    missed: list[str] = []
    for row in rows:
        profile = profiles[str(row.columns["profile"])]
        snapshot: PostSnapshot = posts[f"post/{row.columns['post']}"].snapshot
        if hold.id in snapshot.exempt:
            continue
        selector = hold.on.without_attributes() if hold.id in snapshot.caught else hold.on
        if not selector.matches(profile, organization.attributes_of(snapshot.post)):
            continue
        if row.columns["state"] == "waiting":
            delivery: Delivery = deliveries[row.stream].snapshot
            # If no worker ran during the hold, the next run records that a delivery is missed.
            late = not delivery.attempts and hold.was_active(
                instant_of(row.columns["at"]), now=engine.now()
            )
            (missed if late else waiting).append(row.key)
        elif row.columns["state"] != "missed":
            under_way.append(row.key)
        elif hold_that_stopped(deliveries[row.stream].snapshot) == hold.id:
            missed.append(row.key)
    return HoldResult(
        id=hold.id,
        under_way=tuple(under_way),
        waiting=tuple(waiting),
        missed=tuple(missed),
        ended_at=hold.ended_at,
        ended_by=hold.ended_by,
    )

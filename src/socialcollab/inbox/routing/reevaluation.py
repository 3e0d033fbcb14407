"""Re-evaluation: which items change hands when capacity frees, a shift ends or a target nears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, TypeAlias

import attrs

from socialcollab.directory import Principal
from socialcollab.inbox.routing.assignment import choose_member
from socialcollab.inbox.routing.facts import RoutingState
from socialcollab.inbox.routing.rule import Assign
from socialcollab.time import as_utc

MoveReason: TypeAlias = Literal["capacity_freed", "offline", "off_shift", "unknown", "target_near"]
"""
Why an item moves: a member can take a waiting item, its member went offline, ended a shift or is no
longer known, or its target nears and another member has fewer open items.
"""


def _as_optional_utc(value: dt.datetime | None) -> dt.datetime | None:
    return None if value is None else as_utc(value)


@attrs.frozen(kw_only=True)
class RoutedItem:
    """
    An open item that a rule assigned.

    Attributes:
        id: The conversation or case.
        assign: The party to which the rule assigned it, and how a member is chosen.
        member: The member who has it, or an empty string if it waits for one.
        since: When it was assigned to the party.
        target_at: When its target nears, such as the instant of the warning; None without a target.
        kept: Whether it stays with its member: the member has begun to work on it, or a person
            assigned it.
    """

    id: str
    assign: Assign
    member: str = ""
    since: dt.datetime = attrs.field(converter=as_utc)
    target_at: dt.datetime | None = attrs.field(default=None, converter=_as_optional_utc)
    kept: bool = False


@attrs.frozen(kw_only=True)
class Move:
    """
    An item that changes hands.

    Attributes:
        item: The id of the item.
        party: The party that stays accountable if there is no new member.
        before: The member who had it, or an empty string.
        after: The member who gets it, or an empty string if it waits for one.
        reason: Why.
    """

    item: str
    party: Principal
    before: str
    after: str
    reason: MoveReason


@attrs.frozen(kw_only=True)
class Reevaluation:
    """
    The items that change hands at an instant.

    Attributes:
        moves: The moves, in the order in which they were decided.
        next_at: When to evaluate again even if nothing happens: at the next end or start of an
            agent's shift that matters, or when the next target nears; None if never. Evaluate also
            whenever an item is closed, a member goes online or offline, or a rotation's shift ends.
        state: The state after the moves.
    """

    moves: tuple[Move, ...]
    next_at: dt.datetime | None
    state: RoutingState = attrs.field(repr=False)


def reevaluate(
    items: Iterable[RoutedItem], state: RoutingState, *, at: dt.datetime
) -> Reevaluation:
    """
    Decide which items change hands.

    Items whose member has gone are moved first, then items that wait, then items whose target nears.
    Within each group, those with the earliest target come first, then the oldest. An item that no
    member can take waits with its party. No member gets more items than the capacity.

    Items that are kept move only if their member is no longer known as an agent.

    Args:
        items: The open items that rules have assigned. They count in the loads of the state.
        state: The state.
        at: The current time.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    queue = sorted(items, key=_urgency)
    members = {item.id: item.member for item in queue}
    moves: list[Move] = []
    for item in queue:
        gone = _gone(item, state, now)
        if gone is None:
            continue
        chosen, state = _reassign(item, state, now)
        # A member who is away keeps nothing, so that the party can see what waits.
        moves.append(_move(item, item.member, chosen, gone))
        members[item.id] = chosen
    for item in queue:
        if not members[item.id] and not item.member:
            chosen, state = _reassign(item, state, now)
            if chosen:
                moves.append(_move(item, "", chosen, "capacity_freed"))
                members[item.id] = chosen
    for item in queue:
        near = item.target_at is not None and item.target_at <= now
        if near and not item.kept and item.member and members[item.id] == item.member:
            chosen, after = _reassign(item, state, now)
            # With the item, the new member must still have fewer items than the present one.
            # Otherwise, the item would move back at the next evaluation.
            if chosen and after.agents[chosen].load < state.agents[item.member].load:
                moves.append(_move(item, item.member, chosen, "target_near"))
                members[item.id], state = chosen, after
    return Reevaluation(
        moves=tuple(moves), next_at=_next_at(queue, members, state, now), state=state
    )


def _gone(item: RoutedItem, state: RoutingState, at: dt.datetime) -> MoveReason | None:
    """Return why the member of an item no longer works on it, or None."""
    if not item.member:
        return None
    agent = state.agents.get(item.member)
    if agent is None:
        return "unknown"
    if item.kept:
        return None
    if not agent.online:
        return "offline"
    party = item.assign.to
    on_duty = party.kind != "rotation" or item.member in state.members_of(party)
    return None if on_duty and agent.works_at(at) else "off_shift"


def _urgency(item: RoutedItem) -> tuple[bool, dt.datetime, str]:
    return item.target_at is None, item.target_at or item.since, item.id


def _move(item: RoutedItem, before: str, after: str, reason: MoveReason) -> Move:
    return Move(item=item.id, party=item.assign.to, before=before, after=after, reason=reason)


def _reassign(item: RoutedItem, state: RoutingState, at: dt.datetime) -> tuple[str, RoutingState]:
    """Return the new member of an item without its present member, and the state after that."""
    released = state.with_load(item.member, -1) if item.member else state
    party = str(item.assign.to)
    others = [one for one in state.members_of(item.assign.to) if one != item.member]
    narrowed = attrs.evolve(released, groups={**state.groups, party: others})
    if item.assign.to.kind == "member" and item.assign.to.name == item.member:
        return "", released
    assignment, after = choose_member(item.assign, narrowed, at=at)
    return assignment.member, attrs.evolve(after, groups=state.groups)


def _next_at(
    items: Iterable[RoutedItem],
    members: dict[str, str],
    state: RoutingState,
    now: dt.datetime,
) -> dt.datetime | None:
    instants: list[dt.datetime | None] = []
    for item in items:
        if item.target_at is not None and item.target_at > now and not item.kept:
            instants.append(item.target_at)
        member = members[item.id]
        if member and not item.kept and member in state.agents:
            instants.append(state.agents[member].shift_end(now))
        elif not member:
            instants += [
                state.agents[one].next_shift(now)
                for one in state.members_of(item.assign.to)
                if one in state.agents
            ]
    return min((instant for instant in instants if instant is not None), default=None)

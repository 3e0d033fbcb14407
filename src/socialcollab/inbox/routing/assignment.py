"""Assignment: which member of a party takes a message."""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

import attrs

from socialcollab.directory import Principal
from socialcollab.inbox.routing.facts import Agent, RoutingState
from socialcollab.inbox.routing.rule import Assign
from socialcollab.time import as_utc

Unavailability: TypeAlias = Literal["unknown", "offline", "off_shift", "at_capacity"]
"""Why a member cannot take a message."""

AssignmentReason: TypeAlias = Literal[
    "sticky", "only_member", "least_loaded", "round_robin", "no_member", "unavailable"
]
"""Why a member was chosen; or, if none was, that the party has no members or none is available."""


@attrs.frozen(kw_only=True)
class Candidate:
    """
    A member of a party who was considered for a message.

    Attributes:
        member: The member.
        unavailable: Why the member cannot take the message, or an empty string.
        load: The number of open items that the member has.
    """

    member: str
    unavailable: Unavailability | Literal[""] = ""
    load: int = 0


@attrs.frozen(kw_only=True)
class Assignment:
    """
    Who is accountable for a message.

    Attributes:
        to: The party to which the rule assigns. It is accountable as long as there is no member.
        member: The member who takes the message, or an empty string if none can.
        reason: Why this member was chosen, or why none was.
        candidates: The members who were considered.
    """

    to: Principal
    member: str
    reason: AssignmentReason
    candidates: tuple[Candidate, ...]

    @property
    def owner(self) -> Principal:
        """The accountable member, or the party if no member can take the message."""
        return Principal("member", self.member) if self.member else self.to


def unavailability(
    agent: Agent | None, at: dt.datetime, *, ignore_capacity: bool = False
) -> Unavailability | Literal[""]:
    """
    Return why a member cannot take a message at an instant, or an empty string.

    Args:
        agent: The member, or None if the host knows nothing about the member.
        at: The instant.
        ignore_capacity: Whether a full member can still take it. Rules never assign beyond a
            member's capacity; a person who assigns may, and should be warned with "at_capacity".
    """
    if agent is None:
        return "unknown"
    if not agent.online:
        return "offline"
    if not agent.works_at(at):
        return "off_shift"
    full = agent.capacity is not None and agent.load >= agent.capacity
    return "at_capacity" if full and not ignore_capacity else ""


def choose_member(
    assign: Assign,
    state: RoutingState,
    *,
    at: dt.datetime,
    earlier_assignee: str = "",
) -> tuple[Assignment, RoutingState]:
    """
    Choose the member who takes a message, and return the state after that.

    Members with equal load are chosen in turn, so that a new team starts evenly. Members whom the
    state does not list as agents are never chosen.

    Args:
        assign: The party, and how a member is chosen.
        state: The state.
        at: The current time.
        earlier_assignee: The member who handled the customer's last case.
    """
    now = as_utc(at)
    members = tuple(dict.fromkeys(state.members_of(assign.to)))
    candidates = tuple(
        Candidate(
            member=member,
            unavailable=unavailability(state.agents.get(member), now),
            load=state.agents[member].load if member in state.agents else 0,
        )
        for member in members
    )
    free = [one for one in candidates if not one.unavailable]
    party = str(assign.to)
    reason: AssignmentReason
    if not free:
        reason = "unavailable" if members else "no_member"
        return Assignment(to=assign.to, member="", reason=reason, candidates=candidates), state
    chosen = next((one for one in free if assign.sticky and one.member == earlier_assignee), None)
    turns = state.turns
    if chosen is not None:
        # A returning customer does not use up a turn.
        reason = "sticky"
    else:
        order = _in_turn(members, state.turns.get(party, ""))
        if assign.by == "round_robin":
            chosen = min(free, key=lambda one: order[one.member])
        else:
            chosen = min(free, key=lambda one: (one.load, order[one.member]))
        reason = "only_member" if len(members) == 1 else assign.by
        turns = {**state.turns, party: chosen.member}
    after = attrs.evolve(state, turns=turns).with_load(chosen.member, 1)
    assignment = Assignment(
        to=assign.to, member=chosen.member, reason=reason, candidates=candidates
    )
    return assignment, after


def _in_turn(members: tuple[str, ...], last: str) -> dict[str, int]:
    """Return the position of each member, counted from the one after *last*."""
    start = members.index(last) + 1 if last in members else 0
    return {member: (number - start) % len(members) for number, member in enumerate(members)}

"""The plain values that routing decides on: messages, their authors, agents and their load."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import attrs

from socialcollab.content import MESSAGE_KINDS, MessageKind
from socialcollab.directory import Principal, Profile
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.time import BusinessHours, Window, as_utc

Sentiment: TypeAlias = Literal["negative", "neutral", "positive"]
"""The mood of a message, as the host's own tool judges it."""


def _as_set(value: str | Iterable[str]) -> frozenset[str]:
    return frozenset(as_words(value))


@attrs.frozen(kw_only=True)
class AuthorFacts:
    """
    What the host knows about the author of a message.

    Attributes:
        id: The author's id on the network, or an empty string.
        followers: The number of followers.
        verified: Whether the network has verified the account.
        earlier_messages: The number of messages that the author sent before this one.
        tags: The author's tags, such as "vip".
    """

    id: str = ""
    followers: int = 0
    verified: bool = False
    earlier_messages: int = 0
    tags: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)


@attrs.frozen(kw_only=True)
class MessageFacts:
    """
    What the rules can ask about a message.

    Attributes:
        profile: The profile that received the message.
        text: The text.
        kind: The kind of message.
        language: The language, or an empty string if it is unknown.
        author: What is known about the author.
        tags: The tags of the conversation.
        sentiment: The sentiment that the host supplies, or an empty string.
        earlier_case: Whether the customer has had a case before.
        earlier_assignee: The member who handled the customer's last case, or an empty string.
        automatic: Why the message counts as sent by a program (see `automatic_reason`), or an empty
            string.

    Raises:
        InvalidValueError: If the kind or the sentiment does not exist.
    """

    profile: Profile
    text: str = ""
    kind: MessageKind = "mention"
    language: str = ""
    author: AuthorFacts = AuthorFacts()
    tags: frozenset[str] = attrs.field(default=frozenset(), converter=_as_set)
    sentiment: str = ""
    earlier_case: bool = False
    earlier_assignee: str = ""
    automatic: str = ""

    def __attrs_post_init__(self) -> None:
        if self.kind not in MESSAGE_KINDS:
            raise InvalidValueError(
                f"`{self.kind}` is not a kind of message",
                value=self.kind,
                expected=f"one of {', '.join(MESSAGE_KINDS)}",
            )
        if self.sentiment and self.sentiment not in get_args(Sentiment):
            raise InvalidValueError(
                f"`{self.sentiment}` is not a sentiment",
                value=self.sentiment,
                expected=f"one of {', '.join(get_args(Sentiment))}, or an empty string",
            )


def _as_windows(value: Iterable[Window]) -> tuple[Window, ...]:
    return tuple(sorted(value, key=lambda window: window.start))


@attrs.frozen(kw_only=True)
class Agent:
    """
    A member who answers messages.

    Attributes:
        id: The member.
        online: Whether the member is available, as the host knows it.
        load: The number of open items that the member has.
        capacity: The number of open items beyond which rules assign no more; None for no limit.
        shifts: When the member works; if empty, always.

    Raises:
        InvalidValueError: If the load or the capacity is negative.
    """

    id: str
    online: bool = True
    load: int = 0
    capacity: int | None = None
    shifts: tuple[Window, ...] = attrs.field(default=(), converter=_as_windows)

    def __attrs_post_init__(self) -> None:
        for key in ("load", "capacity"):
            value = getattr(self, key)
            if value is not None and value < 0:
                raise InvalidValueError(
                    f"the {key} of `{self.id}` is {value}, which is negative",
                    value=value,
                    expected="a whole number from 0",
                )

    def works_at(self, at: dt.datetime) -> bool:
        """Return whether an instant is within the member's shifts."""
        instant = as_utc(at)
        return not self.shifts or any(shift.contains(instant) for shift in self.shifts)

    def shift_end(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the member stops working, if the member works at an instant; otherwise None."""
        end = None
        for shift in self.shifts:
            # A shift that begins when another ends continues it.
            if shift.contains(at if end is None else end):
                end = shift.end
        return end

    def next_shift(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the member's next shift starts after an instant, or None."""
        return next((shift.start for shift in self.shifts if shift.start > at), None)


def _as_agents(value: Iterable[Agent]) -> Mapping[str, Agent]:
    # `attrs.evolve` passes the agents of the state that it copies.
    agents = value.values() if isinstance(value, Mapping) else value
    return MappingProxyType({agent.id: agent for agent in agents})


def _as_groups(value: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({name: tuple(members) for name, members in value.items()})


def _as_mapping(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class RoutingState:
    """
    Everything besides the message on which a routing decision depends.

    Routing returns a new state, which counts the assignment and remembers whose turn is next. Two
    decisions on equal states are equal.

    Attributes:
        agents: The members who answer messages, by id.
        groups: The members of each party that rules assign to, such as ``team:care`` or
            ``rotation:weekend``; of a rotation, the member on duty now. A party ``member:ana`` needs
            no entry.
        turns: For each party, the member who was assigned last in turn.
        hours: The business hours by profile. Without an entry, a profile counts as always open.
        auto_replies: When automatic replies were sent to each author, by the author's id.
    """

    agents: Mapping[str, Agent] = attrs.field(factory=dict, converter=_as_agents)
    groups: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, converter=_as_groups)
    turns: Mapping[str, str] = attrs.field(factory=dict, converter=_as_mapping)
    hours: Mapping[str, BusinessHours] = attrs.field(factory=dict, converter=_as_mapping)
    auto_replies: Mapping[str, tuple[dt.datetime, ...]] = attrs.field(
        factory=dict, converter=_as_mapping
    )

    def members_of(self, party: Principal) -> tuple[str, ...]:
        """Return the members of a party; an unknown party has none."""
        if party.kind == "member":
            return (party.name,)
        return self.groups.get(str(party), ())

    def is_open(self, profile: str, at: dt.datetime) -> bool:
        """Return whether an instant is within the business hours of a profile."""
        hours = self.hours.get(profile)
        return hours is None or hours.is_open(at)

    def with_load(self, member: str, change: int) -> RoutingState:
        """Return the state after an agent's load has changed by *change*, but not below 0."""
        agent = self.agents.get(member)
        if agent is None:
            return self
        return self.with_agent(attrs.evolve(agent, load=max(agent.load + change, 0)))

    def with_agent(self, agent: Agent) -> RoutingState:
        """Return the state with an agent added or replaced."""
        others = [other for other in self.agents.values() if other.id != agent.id]
        return attrs.evolve(self, agents=[*others, agent])

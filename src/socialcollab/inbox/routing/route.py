"""Routing a message: the rules that apply, what they do, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal, TypeAlias

import attrs

from socialcollab.directory import Principal
from socialcollab.inbox.routing.assignment import Assignment, choose_member
from socialcollab.inbox.routing.automatic_replies import AutoReplyLimit
from socialcollab.inbox.routing.facts import MessageFacts, RoutingState
from socialcollab.inbox.routing.rule import ConditionResult, RoutingRule
from socialcollab.inbox.routing.rule_set import RoutingRules
from socialcollab.time import as_utc

ReplySuppression: TypeAlias = Literal["automatic", "limit", "unknown_author"]
"""
Why an automatic reply is not sent: the message was sent by a program, its author has got enough of
them, or the author is unknown, so that the replies to the author cannot be counted.
"""


@attrs.frozen(kw_only=True)
class RuleExplanation:
    """
    Why a rule did or did not apply to a message.

    Attributes:
        rule: The id of the rule.
        applied: Whether it applied. In mode "first", rules after the first match do not apply.
        results: The result of each of its conditions.
    """

    rule: str
    applied: bool
    results: tuple[ConditionResult, ...]

    @property
    def matched(self) -> bool:
        """Whether all conditions matched."""
        return all(result.matched for result in self.results)

    @property
    def missing(self) -> tuple[ConditionResult, ...]:
        """The conditions that did not match."""
        return tuple(result for result in self.results if not result.matched)


@attrs.frozen(kw_only=True)
class Routing:
    """
    What the rules do with a message.

    Attributes:
        applied: The ids of the rules that apply, in order; empty if no rule catches the message.
        assignment: Who is accountable, or None if no rule assigns.
        priority: The priority, or an empty string.
        tags: The tags of the conversation after the tags of the rules were added and removed.
        target: The id of the response target, or an empty string.
        saved_reply: The id of the saved reply to send automatically, or an empty string.
        suppressed: Why an automatic reply of a rule is not sent, or an empty string.
        escalate: The party that is asked to take over, or None.
        alert: The parties that are informed.
        state: The state after the decision, for the next message.
    """

    applied: tuple[str, ...]
    assignment: Assignment | None
    priority: str
    tags: frozenset[str]
    target: str
    saved_reply: str
    suppressed: ReplySuppression | Literal[""]
    escalate: Principal | None
    alert: tuple[Principal, ...]
    state: RoutingState = attrs.field(repr=False)
    _rules: RoutingRules = attrs.field(repr=False, eq=False)
    _message: MessageFacts = attrs.field(repr=False, eq=False)
    _is_open: bool | None = attrs.field(repr=False, eq=False)
    _at: dt.datetime = attrs.field(repr=False, eq=False)

    def explain(self) -> Iterator[RuleExplanation]:
        """Yield why each rule did or did not apply, in the order of the rules."""
        is_open = self._is_open
        if is_open is None:
            is_open = self.state.is_open(self._message.profile.id, self._at)
        applied = set(self.applied)
        for rule in self._rules.rules:
            yield RuleExplanation(
                rule=rule.id,
                applied=rule.id in applied,
                results=tuple(rule.results(self._message, is_open=is_open)),
            )


def route(
    rules: RoutingRules,
    message: MessageFacts,
    state: RoutingState,
    *,
    at: dt.datetime,
    limit: AutoReplyLimit = AutoReplyLimit(),  # noqa: B008  a frozen value
) -> Routing:
    """
    Apply the rules to a message.

    The result depends on the arguments alone. Pass its `state` to the next call, so that turns and
    loads are counted.

    Args:
        rules: The rules.
        message: The message.
        state: Agents, parties, turns and business hours.
        at: The current time.
        limit: How many automatic replies an author gets.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    asked: list[bool] = []

    def is_open() -> bool:
        asked.append(state.is_open(message.profile.id, now))
        return asked[0]

    found = rules.applying(message, is_open=is_open)
    assignment = None
    after = state
    assigning = next((rule.assign for rule in found if rule.assign is not None), None)
    if assigning is not None:
        assignment, after = choose_member(
            assigning, state, at=now, earlier_assignee=message.earlier_assignee
        )
    wanted = _first(found, "saved_reply")
    suppressed = _suppression(message, state, now, limit) if wanted else ""
    if wanted and not suppressed:
        author = message.author.id
        # Replies before the period no longer count, so they are not kept.
        since = now - limit.within.elapsed
        sent = [one for one in state.auto_replies.get(author, ()) if one > since]
        after = attrs.evolve(after, auto_replies={**after.auto_replies, author: (*sent, now)})
    return Routing(
        applied=tuple(rule.id for rule in found),
        assignment=assignment,
        priority=_first(found, "priority"),
        tags=tags_after(found, message.tags),
        target=_first(found, "target"),
        saved_reply="" if suppressed else wanted,
        suppressed=suppressed,
        escalate=next((rule.escalate for rule in found if rule.escalate is not None), None),
        alert=tuple(dict.fromkeys(party for rule in found for party in rule.alert)),
        state=after,
        rules=rules,
        message=message,
        is_open=asked[0] if asked else None,
        at=now,
    )


def _first(rules: tuple[RoutingRule, ...], key: str) -> str:
    return next((value for rule in rules if (value := getattr(rule, key))), "")


def tags_after(rules: tuple[RoutingRule, ...], tags: frozenset[str]) -> frozenset[str]:
    """Return the tags of a conversation after rules have added and removed theirs, in order."""
    for rule in rules:
        if rule.tag or rule.untag:
            tags = (tags - set(rule.untag)) | set(rule.tag)
    return tags


def _suppression(
    message: MessageFacts, state: RoutingState, at: dt.datetime, limit: AutoReplyLimit
) -> ReplySuppression | Literal[""]:
    if message.automatic:
        return "automatic"
    if not message.author.id:
        return "unknown_author"
    sent = state.auto_replies.get(message.author.id, ())
    return "" if limit.allows(sent, at=at) else "limit"

"""Problems of routing rules, each with an example message that shows it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.content import MESSAGE_KINDS
from socialcollab.directory import Profile
from socialcollab.inbox.routing.facts import AuthorFacts, MessageFacts, RoutingState, Sentiment
from socialcollab.inbox.routing.phrases import Phrase
from socialcollab.inbox.routing.route import route, tags_after
from socialcollab.inbox.routing.rule import (
    Assign,
    AuthorCondition,
    MessageCondition,
    RoutingRule,
    language_matches,
)
from socialcollab.inbox.routing.rule_set import RoutingRules
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason

RoutingProblem: TypeAlias = Literal[
    "shadowed", "contradictory", "conflicting", "looping", "dead", "uncaught", "nobody_eligible"
]
"""
A problem of routing rules.

A rule is "shadowed" if an earlier one always applies instead, "contradictory" if its own conditions
exclude each other, and "dead" if nothing that it asks for exists: no profile, or no hour. Two rules
are "conflicting" if both apply to one message and disagree, and rules are "looping" if their changes
of tags make them apply in turn for ever. A message is "uncaught" if no rule applies to it. A rule has
"nobody_eligible" if at some hour within the profile's business hours no member of its party works who
could take a message; for a rule for "closed" hours, if that is so at all of them.
"""

_HOURS: Final = 7 * 24
_HOUR: Final = dt.timedelta(hours=1)
_MOST_ROUNDS: Final = 64
_BETWEEN: Final = " | "  # a symbol, so that no phrase extends over two parts of an example
_ENDING: Final = "zzz"
_SINGLE_ACTIONS: Final = ("assign", "priority", "target", "saved_reply", "escalate")


@attrs.frozen(kw_only=True)
class RoutingFinding:
    """
    A problem of routing rules.

    Attributes:
        problem: The problem.
        rule: The id of the rule, or an empty string for an uncaught message.
        other: The id of the rule that shadows it or conflicts with it; for a loop, the ids of the
            other rules, separated by commas.
        keys: For a contradictory rule, the conditions that the example does not meet; for a
            conflict, the actions on which the rules disagree; for a dead rule, "on" or
            "business_hours".
        hours: For "nobody_eligible", the number of such hours in the week from *at*.
        message: An example that shows the problem if it is routed at *at*.
        at: When the example arrives.
    """

    problem: RoutingProblem
    rule: str
    other: str = ""
    keys: tuple[str, ...] = ()
    hours: int = 0
    message: MessageFacts = attrs.field(repr=False)
    at: dt.datetime

    @property
    def reason(self) -> Reason:
        """The problem as a message that can be translated."""
        return Reason.of(
            f"routing.{self.problem}",
            rule=self.rule,
            other=self.other,
            keys=", ".join(self.keys),
            hours=self.hours,
            profile=self.message.profile.id,
            at=f"{self.at:%Y-%m-%d %H:%M} UTC",
        )

    def text(self, language: str = "en") -> str:
        """Return the problem as a sentence in *language*."""
        return self.reason.text(language)


@attrs.frozen
class _World:
    """What exists: the rules, the profiles, and the state at each hour of a week."""

    rules: RoutingRules
    profiles: tuple[Profile, ...]
    _state_at: Callable[[dt.datetime], RoutingState]
    hours: tuple[dt.datetime, ...]
    _states: dict[dt.datetime, RoutingState] = attrs.field(factory=dict)
    _open: dict[tuple[str, dt.datetime], bool] = attrs.field(factory=dict)

    def state_at(self, at: dt.datetime) -> RoutingState:
        """Return the state at an hour, which is computed once for all rules."""
        if at not in self._states:
            self._states[at] = self._state_at(at)
        return self._states[at]

    def is_open(self, profile: Profile, at: dt.datetime) -> bool:
        key = profile.id, at
        if key not in self._open:
            self._open[key] = self.state_at(at).is_open(profile.id, at)
        return self._open[key]

    def hour(self, profile: Profile, wanted: str) -> dt.datetime | None:
        """Return the first hour at which the profile is open or closed, as wanted, or None."""
        return next(
            (
                at
                for at in self.hours
                if not wanted or self.is_open(profile, at) == (wanted == "open")
            ),
            None,
        )


def lint_rules(
    rules: RoutingRules,
    state: RoutingState | Callable[[dt.datetime], RoutingState],
    *,
    profiles: Iterable[Profile],
    at: dt.datetime,
) -> tuple[RoutingFinding, ...]:
    """
    Return the problems of routing rules, in the order of the rules; uncaught messages come last.

    Each finding contains an example message, and routing it shows that the finding is true. Not
    every problem is found: a rule that several earlier rules shadow only together is not.

    >>> from socialcollab.inbox.routing import RoutingRule
    >>> rules = RoutingRules([
    ...     RoutingRule(id="all", on="tulip-x", assign="team:care"),
    ...     RoutingRule(id="bags", on="tulip-x", priority="high",
    ...                 only_if=MessageCondition(any_text=["lost bag"])),
    ... ])
    >>> tulip = Profile(id="tulip-x", workspace="tulip", network="x")
    >>> now = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)
    >>> findings = lint_rules(rules, RoutingState(), profiles=[tulip], at=now)
    >>> [(finding.rule, finding.problem) for finding in findings]
    [('all', 'nobody_eligible'), ('bags', 'shadowed')]

    Args:
        rules: The rules.
        state: The state, or a function that returns it at each instant, if shifts or rotations
            change who belongs to a party.
        profiles: All profiles that receive messages.
        at: The beginning of the week whose hours are examined.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    now = as_utc(at)
    hours = tuple(now + number * _HOUR for number in range(_HOURS))
    world = _World(rules, tuple(profiles), _as_function(state), hours)
    if not world.profiles:
        return ()
    examples = {rule.id: example for rule in rules.rules if (example := _example(rule, world))}
    findings: list[RoutingFinding] = []
    for number, rule in enumerate(rules.rules):
        if rule.id not in examples:
            findings.append(_impossible(rule, world))
            continue
        shadow = _shadow(number, world) if rules.mode == "first" else None
        if shadow is not None:
            findings.append(_finding("shadowed", rule, examples[rule.id], other=shadow.id))
            continue
        if rules.mode == "all":
            findings += _conflicts(number, world, examples)
        findings += _nobody_eligible(rule, world, examples[rule.id][0])
    return (*findings, *_loops(world, examples), *_uncaught(world))


def _as_function(
    state: RoutingState | Callable[[dt.datetime], RoutingState],
) -> Callable[[dt.datetime], RoutingState]:
    return (lambda _: state) if isinstance(state, RoutingState) else state


_Example: TypeAlias = tuple[MessageFacts, dt.datetime]


def _finding(
    problem: RoutingProblem,
    rule: RoutingRule | None,
    example: _Example,
    *,
    other: str = "",
    keys: tuple[str, ...] = (),
    hours: int = 0,
) -> RoutingFinding:
    return RoutingFinding(
        problem=problem,
        rule="" if rule is None else rule.id,
        other=other,
        keys=keys,
        hours=hours,
        message=example[0],
        at=example[1],
    )


def _written(phrase: str, ending: str = "") -> str:
    """Return a text that contains a phrase; the beginning of a word gets the given ending."""
    stripped = phrase.strip()
    return f"{stripped[:-1]}{ending}" if stripped.endswith("*") else stripped


def _messages(rule: RoutingRule, profile: Profile) -> Iterator[MessageFacts]:
    """Yield messages that meet the rule's conditions, one for each of its alternative phrases."""
    condition = rule.only_if
    author = condition.author or AuthorCondition()
    # A rule for "bag*" without "bag" matches only longer words.
    for ending in ("", _ENDING):
        for phrase, tag in product(condition.any_text or ("",), condition.tags or ("",)):
            texts = (phrase, *condition.all_text)
            yield MessageFacts(
                profile=profile,
                text=_BETWEEN.join(_written(text, ending) for text in texts if text),
                kind=condition.kind[0] if condition.kind else "mention",  # type: ignore[arg-type]  # checked
                language=condition.language[0] if condition.language else "",
                author=AuthorFacts(
                    id="example",
                    followers=author.followers_at_least or 0,
                    verified=bool(author.verified),
                    earlier_messages=author.messages_at_least or 0,
                    tags=author.tags[:1],
                ),
                tags=[tag] if tag else [],
                sentiment=condition.sentiment[0] if condition.sentiment else "",
                earlier_case=bool(condition.earlier_case),
            )


def _example(rule: RoutingRule, world: _World) -> _Example | None:
    """Return a message that the rule matches, or None if it matches none."""
    for profile in world.profiles:
        if not rule.on.matches_profile(profile):
            continue
        hour = world.hour(profile, rule.only_if.business_hours)
        if hour is None:
            continue
        for message in _messages(rule, profile):
            if rule.matches(message, is_open=world.is_open(profile, hour)):
                return message, hour
    return None


def _impossible(rule: RoutingRule, world: _World) -> RoutingFinding:
    """Return why a rule matches no message."""
    own = [profile for profile in world.profiles if rule.on.matches_profile(profile)]
    profile = own[0] if own else world.profiles[0]
    hour = world.hour(profile, rule.only_if.business_hours) or world.hours[0]
    # The example fails as few conditions as possible.
    tries = []
    for message in _messages(rule, profile):
        results = rule.results(message, is_open=world.is_open(profile, hour))
        tries.append((tuple(one.key for one in results if not one.matched), message))
    keys, message = min(tries, key=lambda one: len(one[0]))
    outside = {"on", "business_hours"}
    problem: RoutingProblem = "dead" if set(keys) & outside else "contradictory"
    named = tuple(key for key in keys if (key in outside) == (problem == "dead"))
    return _finding(problem, rule, (message, hour), keys=named)


def _shadow(number: int, world: _World) -> RoutingRule | None:
    """Return an earlier rule that matches every message that the rule matches, or None."""
    rule = world.rules.rules[number]
    own = [profile for profile in world.profiles if rule.on.matches_profile(profile)]
    for earlier in world.rules.rules[:number]:
        if all(map(earlier.on.matches_profile, own)) and _implies(rule.only_if, earlier.only_if):
            return earlier
    return None


def _implies(one: MessageCondition, other: MessageCondition) -> bool:
    """Return whether every message that meets *one* is sure to meet *other* too."""
    return (
        _text_implies(one, other)
        and _values_imply(one.kind, other.kind, MESSAGE_KINDS)
        # A message can also have no sentiment, so all three sentiments are not all values.
        and _values_imply(one.sentiment, other.sentiment, ())
        and (
            not other.language
            or (
                bool(one.language)
                and all(language_matches(other.language, value) for value in one.language)
            )
        )
        and _values_imply(one.tags, other.tags, ())
        and set(other.no_tags) <= set(one.no_tags)
        and other.business_hours in ("", one.business_hours)
        and other.earlier_case in (None, one.earlier_case)
        and _author_implies(one.author or AuthorCondition(), other.author or AuthorCondition())
    )


def _values_imply(one: tuple[str, ...], other: tuple[str, ...], every: tuple[str, ...]) -> bool:
    if not other or (every and set(every) <= set(other)):
        return True
    return bool(one) and set(one) <= set(other)


def _author_implies(one: AuthorCondition, other: AuthorCondition) -> bool:
    return (
        (one.followers_at_least or 0) >= (other.followers_at_least or 0)
        and (one.messages_at_least or 0) >= (other.messages_at_least or 0)
        and (
            other.messages_fewer_than is None
            or (
                one.messages_fewer_than is not None
                and one.messages_fewer_than <= other.messages_fewer_than
            )
        )
        and other.verified in (None, one.verified)
        and _values_imply(one.tags, other.tags, ())
    )


def _text_implies(one: MessageCondition, other: MessageCondition) -> bool:
    any_own, all_own, no_own = (
        [Phrase.parse(text) for text in getattr(one, key)]
        for key in ("any_text", "all_text", "no_text")
    )

    def certain(wanted: list[Phrase]) -> bool:
        """Return whether each text that meets *one* contains at least one of the phrases."""
        return any(mine.implies(phrase) for mine in all_own for phrase in wanted) or (
            bool(any_own)
            and all(any(mine.implies(phrase) for phrase in wanted) for mine in any_own)
        )

    any_other, all_other, no_other = (
        [Phrase.parse(text) for text in getattr(other, key)]
        for key in ("any_text", "all_text", "no_text")
    )
    return (
        (not any_other or certain(any_other))
        and all(certain([phrase]) for phrase in all_other)
        and all(any(phrase.implies(mine) for mine in no_own) for phrase in no_other)
    )


def _both(one: _Example, other: _Example, first: RoutingRule, second: RoutingRule) -> MessageFacts:
    """Return a message that may meet the conditions of both rules."""
    a, b = one[0], other[0]
    kinds = [
        kind
        for kind in MESSAGE_KINDS
        if all(kind in (rule.only_if.kind or MESSAGE_KINDS) for rule in (first, second))
    ]
    moods = [
        mood
        for mood in (first.only_if.sentiment or second.only_if.sentiment)
        if mood in (second.only_if.sentiment or get_args(Sentiment))
    ]
    # Of two languages, the more specific one may meet both conditions.
    language = max(a.language, b.language, key=len)
    return attrs.evolve(
        a,
        text=_BETWEEN.join(filter(None, (a.text, b.text))),
        kind=kinds[0] if kinds else a.kind,
        language=language,
        author=AuthorFacts(
            id="example",
            followers=max(a.author.followers, b.author.followers),
            verified=a.author.verified or b.author.verified,
            earlier_messages=max(a.author.earlier_messages, b.author.earlier_messages),
            tags=a.author.tags | b.author.tags,
        ),
        tags=a.tags | b.tags,
        sentiment=moods[0] if moods else "",
        earlier_case=a.earlier_case or b.earlier_case,
    )


def _conflicts(
    number: int, world: _World, examples: dict[str, _Example]
) -> Iterator[RoutingFinding]:
    rule = world.rules.rules[number]
    for earlier in world.rules.rules[:number]:
        keys = tuple(
            key
            for key in _SINGLE_ACTIONS
            if getattr(rule, key)
            and getattr(earlier, key)
            and getattr(rule, key) != getattr(earlier, key)
        )
        if not keys or earlier.id not in examples:
            continue
        profile = next(
            (
                profile
                for profile in world.profiles
                if rule.on.matches_profile(profile) and earlier.on.matches_profile(profile)
            ),
            None,
        )
        if profile is None:
            continue
        message = _both(examples[earlier.id], examples[rule.id], earlier, rule)
        message = attrs.evolve(message, profile=profile)
        wanted = earlier.only_if.business_hours or rule.only_if.business_hours
        hour = world.hour(profile, wanted)
        if hour is None:
            continue
        is_open = world.is_open(profile, hour)
        if all(one.matches(message, is_open=is_open) for one in (rule, earlier)):
            yield _finding("conflicting", rule, (message, hour), other=earlier.id, keys=keys)


def _nobody_eligible(
    rule: RoutingRule, world: _World, message: MessageFacts
) -> Iterator[RoutingFinding]:
    if rule.assign is None:
        return
    profile = message.profile
    # A team that works from nine to five is no problem as long as the profile is closed otherwise.
    wanted = rule.only_if.business_hours or "open"
    relevant = [hour for hour in world.hours if world.is_open(profile, hour) == (wanted == "open")]
    missing = [hour for hour in relevant if _nobody_works(rule.assign, world.state_at(hour), hour)]
    if wanted == "closed" and len(missing) < len(relevant):
        return
    for hour in missing:
        if rule.id in route(world.rules, message, world.state_at(hour), at=hour).applied:
            yield _finding("nobody_eligible", rule, (message, hour), hours=len(missing))
            return


def _nobody_works(assign: Assign, state: RoutingState, at: dt.datetime) -> bool:
    # Whether members are online, and how busy they are, is known only at that hour.
    agents = (state.agents.get(member) for member in state.members_of(assign.to))
    return not any(
        agent is not None and agent.works_at(at) and agent.capacity != 0 for agent in agents
    )


def _loops(world: _World, examples: dict[str, _Example]) -> Iterator[RoutingFinding]:
    """Yield the loops: the rules change tags so that the same tags come back later."""
    if not any(rule.untag for rule in world.rules.rules):
        return
    reported: set[frozenset[str]] = set()
    by_id = {rule.id: rule for rule in world.rules.rules}
    for message, hour in examples.values():
        is_open = world.is_open(message.profile, hour)
        seen: dict[frozenset[str], int] = {}
        steps: list[tuple[MessageFacts, tuple[str, ...]]] = []
        current = message
        for _ in range(_MOST_ROUNDS):
            if current.tags in seen:
                break
            seen[current.tags] = len(steps)
            found = world.rules.applying(current, is_open=is_open)
            steps.append((current, tuple(rule.id for rule in found)))
            current = attrs.evolve(current, tags=tags_after(found, current.tags))
        cycle = steps[seen.get(current.tags, len(steps)) :]
        names = frozenset(
            name for _, applied in cycle for name in applied if by_id[name].tag or by_id[name].untag
        )
        if len(cycle) > 1 and names not in reported:
            reported.add(names)
            first, *others = sorted(names)
            yield _finding("looping", by_id[first], (cycle[0][0], hour), other=", ".join(others))


def _uncaught(world: _World) -> Iterator[RoutingFinding]:
    """Yield an uncaught message for each profile that has one, among the typical messages."""
    conditions = [rule.only_if for rule in world.rules.rules]
    authors = [condition.author for condition in conditions if condition.author is not None]
    avoided = _BETWEEN.join(dict.fromkeys(_written(t) for one in conditions for t in one.no_text))
    unwanted = sorted({tag for one in conditions for tag in one.no_tags})
    options = (
        MESSAGE_KINDS if any(one.kind for one in conditions) else MESSAGE_KINDS[:1],
        ["", *get_args(Sentiment)] if any(one.sentiment for one in conditions) else [""],
        ["", "open", "closed"] if any(one.business_hours for one in conditions) else [""],
        [False, True] if any(one.earlier_case is not None for one in conditions) else [False],
        [False, True] if any(one.verified is not None for one in authors) else [False],
        [0, 1 << 40] if any(one.messages_fewer_than for one in authors) else [0],
        ["", avoided] if avoided else [""],
        [[], unwanted] if unwanted else [[]],
    )
    everything = [rule for rule in world.rules.rules if rule.only_if == MessageCondition()]
    for profile in world.profiles:
        if any(rule.on.matches_profile(profile) for rule in everything):
            continue
        for kind, mood, wanted, earlier, verified, messages, text, tags in product(*options):
            hour = world.hour(profile, wanted)
            if hour is None:
                continue
            message = MessageFacts(
                profile=profile,
                text=text,
                kind=kind,
                sentiment=mood,
                earlier_case=earlier,
                author=AuthorFacts(id="example", verified=verified, earlier_messages=messages),
                tags=tags,
            )
            is_open = world.is_open(profile, hour)
            if next(world.rules.matching(message, is_open=is_open), None) is None:
                yield _finding("uncaught", None, (message, hour))
                break

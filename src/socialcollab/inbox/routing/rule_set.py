"""Compiled sets of routing rules, which find the rules that match a message."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, TypeAlias

import attrs

from socialcollab.directory import Profile
from socialcollab.document_fields import as_items
from socialcollab.errors import InvalidValueError
from socialcollab.inbox.routing.facts import MessageFacts
from socialcollab.inbox.routing.phrases import Phrase, PhraseIndex, words
from socialcollab.inbox.routing.rule import AuthorCondition, RoutingRule

RoutingMode: TypeAlias = Literal["first", "all"]
"""Whether only the first rule that matches applies, or all of them."""

_MOST_PROFILES: Final = 10_000


def _as_rules(value: Iterable[RoutingRule]) -> tuple[RoutingRule, ...]:
    return as_items(value, "routing rules")


class _Values:
    """
    The rules that match a value: those that list it, and those that list nothing.

    Sets of rules are integers in which the bit with the rule's number is set, so that sets of
    hundreds of rules are combined in one operation.
    """

    def __init__(self, rules: list[Iterable[object]]) -> None:
        self.unconditional = 0
        self.listing: dict[object, int] = {}
        for number, values in enumerate(rules):
            listed = tuple(values)
            if not listed:
                self.unconditional |= 1 << number
            for value in listed:
                self.listing[value] = self.listing.get(value, 0) | 1 << number

    def matching(self, *values: object) -> int:
        found = self.unconditional
        for value in values:
            found |= self.listing.get(value, 0)
        return found

    def listing_any(self, values: Iterable[object]) -> int:
        found = 0
        for value in values:
            found |= self.listing.get(value, 0)
        return found


class _Thresholds:
    """The rules by a number that a value must reach; rules without one are at 0."""

    def __init__(self, minimums: list[int | None]) -> None:
        self._bounds = sorted({minimum or 0 for minimum in minimums} | {0})
        self._rules = [
            sum(1 << number for number, least in enumerate(minimums) if (least or 0) <= bound)
            for bound in self._bounds
        ]

    def reached_by(self, value: int) -> int:
        index = bisect_right(self._bounds, value) - 1
        return self._rules[index] if index >= 0 else 0


class _Index:
    """Everything that is compiled from a set of rules."""

    def __init__(self, rules: tuple[RoutingRule, ...]) -> None:
        conditions = [rule.only_if for rule in rules]
        authors = [condition.author or AuthorCondition() for condition in conditions]
        self.rules = rules
        self.everything = (1 << len(rules)) - 1
        self.kind = _Values([one.kind for one in conditions])
        self.language = _Values([map(str.casefold, one.language) for one in conditions])
        self.sentiment = _Values([one.sentiment for one in conditions])
        self.tags = _Values([one.tags for one in conditions])
        self.no_tags = _Values([one.no_tags for one in conditions])
        self.open = _Values([filter(None, [one.business_hours]) for one in conditions])
        self.earlier = _Values([_given(one.earlier_case) for one in conditions])
        self.verified = _Values([_given(one.verified) for one in authors])
        self.author_tags = _Values([one.tags for one in authors])
        self.followers = _Thresholds([one.followers_at_least for one in authors])
        self.messages = _Thresholds([one.messages_at_least for one in authors])
        # A rule for fewer than n messages is excluded once n is reached. Rules without such a bound
        # have none that can be reached.
        self.too_many = _Thresholds([one.messages_fewer_than or 1 << 62 for one in authors])
        self.wants_text = self._rules_with("any_text")
        self.wants_all = self._rules_with("all_text")
        # One search finds the phrases of all three keys: each has its own range of bits. A text with
        # all phrases of a rule contains its first one, which most texts do not.
        size = len(rules)
        self.phrases = PhraseIndex(
            (Phrase.parse(text), 1 << (offset * size + number))
            for number, one in enumerate(conditions)
            for offset, texts in enumerate((one.any_text, one.no_text, one.all_text[:1]))
            for text in texts
        )
        self.all_text = [tuple(map(Phrase.parse, one.all_text)) for one in conditions]
        self.of_profile: dict[Profile, int] = {}

    def _rules_with(self, key: str) -> int:
        return sum(
            1 << number for number, rule in enumerate(self.rules) if getattr(rule.only_if, key)
        )

    def profile(self, profile: Profile) -> int:
        rules = self.of_profile.get(profile)
        if rules is None:
            if len(self.of_profile) >= _MOST_PROFILES:
                self.of_profile.clear()
            rules = sum(
                1 << number
                for number, rule in enumerate(self.rules)
                if rule.on.matches_profile(profile)
            )
            self.of_profile[profile] = rules
        return rules

    def find(self, message: MessageFacts, is_open: Callable[[], bool]) -> Iterator[RoutingRule]:
        author = message.author
        found = (
            self.profile(message.profile)
            & self.kind.matching(message.kind)
            & self.language.matching(*_tags_of(message.language))
            & self.sentiment.matching(message.sentiment)
            & self.tags.matching(*message.tags)
            & ~self.no_tags.listing_any(message.tags)
            & self.earlier.matching(message.earlier_case)
            & self.verified.matching(author.verified)
            & self.author_tags.matching(*author.tags)
            & self.followers.reached_by(author.followers)
            & self.messages.reached_by(author.earlier_messages)
            & ~self.too_many.reached_by(author.earlier_messages)
        )
        if found and self.open.listing:
            found &= self.open.matching("open" if is_open() else "closed")
        if found:
            spoken = words(message.text)
            contained = self.phrases.find(spoken)
            size = len(self.rules)
            found &= contained | ~self.wants_text
            found &= ~(contained >> size)
            found &= (contained >> 2 * size) | ~self.wants_all
            while found:
                lowest = found & -found
                found ^= lowest
                number = lowest.bit_length() - 1
                if all(phrase.found_in(spoken) for phrase in self.all_text[number]):
                    yield self.rules[number]


def _given(value: bool | None) -> tuple[bool, ...]:  # noqa: FBT001  the value of a condition
    return () if value is None else (value,)


def _tags_of(language: str) -> Iterator[str]:
    """Yield a language tag and its shorter forms: pt-br and pt."""
    tag = language.casefold()
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


@attrs.frozen
class RoutingRules:
    """
    An ordered set of rules, compiled so that hundreds of them are checked at once.

    Attributes:
        rules: The rules, in order.
        mode: "first" if only the first matching rule applies, or "all". If several rules apply, the
            first of them that assigns, prioritises or sets a target, a reply or an escalation
            decides that; tags and alerts of all of them are combined.

    Raises:
        InvalidValueError: If two rules have the same id, or the mode does not exist.
    """

    rules: tuple[RoutingRule, ...] = attrs.field(converter=_as_rules)
    mode: RoutingMode = attrs.field(default="first", kw_only=True)
    _index: _Index = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.mode not in ("first", "all"):
            raise InvalidValueError(
                f"`{self.mode}` is not a mode of routing", value=self.mode, expected="first or all"
            )
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise InvalidValueError(f"two routing rules have the id `{rule.id}`", value=rule.id)
            seen.add(rule.id)
        object.__setattr__(self, "_index", _Index(self.rules))

    def matching(
        self, message: MessageFacts, *, is_open: bool | Callable[[], bool] = True
    ) -> Iterator[RoutingRule]:
        """
        Yield all rules that match a message, in order, whatever the mode.

        Args:
            message: The message.
            is_open: Whether the profile's business hours are open, or a function that returns it,
                which is called only if a rule asks.
        """
        return self._index.find(message, is_open if callable(is_open) else lambda: bool(is_open))

    def applying(
        self, message: MessageFacts, *, is_open: bool | Callable[[], bool] = True
    ) -> tuple[RoutingRule, ...]:
        """Return the rules that apply to a message in this mode."""
        found = self.matching(message, is_open=is_open)
        if self.mode == "all":
            return tuple(found)
        first = next(found, None)
        return () if first is None else (first,)

"""Routing rules: conditions on messages, and the actions for messages that meet them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, TypeAlias, get_args

import attrs

from socialcollab.content import MESSAGE_KINDS
from socialcollab.directory import (
    PROFILE_KEYS,
    Principal,
    Selector,
    as_principal,
    as_principals,
    as_selector,
)
from socialcollab.document_fields import (
    Boolean,
    Choice,
    Id,
    Integer,
    ListOf,
    NameShape,
    PrincipalShape,
    Section,
    Text,
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.inbox.routing.facts import MessageFacts, Sentiment
from socialcollab.inbox.routing.phrases import LONGEST_PHRASE, Phrase, words

AssignmentMethod: TypeAlias = Literal["least_loaded", "round_robin"]
"""How one of several members is chosen: the one with the fewest open items, or each in turn."""

RoutingPriority: TypeAlias = Literal["low", "normal", "high", "urgent"]
"""The priority that a rule gives to a message."""

_MOST_COUNT: Final = 1_000_000_000
_PARTY: Final = PrincipalShape(("member", "team", "rotation"))
_INFORMED: Final = PrincipalShape(("member", "team", "role", "rotation", "lead"))
_TAGS: Final = ListOf(item=Text(at_most=100), or_one=True)
_PHRASES: Final = ListOf(item=Text(at_most=LONGEST_PHRASE), or_one=True)


def _choices(*names: str) -> ListOf:
    return ListOf(item=Choice(names), or_one=True)


@attrs.frozen(kw_only=True)
class AuthorCondition:
    """
    A condition on the author of a message. All given keys must match.

    Attributes:
        followers_at_least: The smallest number of followers.
        verified: Whether the network must have verified the account, or must not.
        messages_at_least: The smallest number of earlier messages.
        messages_fewer_than: The number that earlier messages must not reach; 1 means that the
            author has never written before.
        tags: Tags, of which the author must have at least one.
    """

    followers_at_least: int | None = attrs.field(
        metadata=shape(Integer(at_least=1, at_most=_MOST_COUNT)), default=None
    )
    verified: bool | None = attrs.field(metadata=shape(Boolean()), default=None)
    messages_at_least: int | None = attrs.field(
        metadata=shape(Integer(at_least=1, at_most=_MOST_COUNT)), default=None
    )
    messages_fewer_than: int | None = attrs.field(
        metadata=shape(Integer(at_least=1, at_most=_MOST_COUNT)), default=None
    )
    tags: tuple[str, ...] = attrs.field(metadata=shape(_TAGS), default=(), converter=as_words)


@attrs.frozen(kw_only=True)
class MessageCondition:
    """
    A condition on a message. All given keys must match; a list matches if any of its values does.

    Words and phrases match whole words, without regard to case and accents; ``cancel*`` also
    matches "cancelled". They are not regular expressions.

    Attributes:
        any_text: Words and phrases, of which the text must contain at least one.
        all_text: Words and phrases that the text must all contain.
        no_text: Words and phrases that the text must not contain.
        kind: The kinds of message.
        language: The languages; ``pt`` also matches ``pt-BR``.
        tags: Tags, of which the conversation must have at least one.
        no_tags: Tags that the conversation must not have.
        sentiment: The sentiments, which the host supplies.
        business_hours: "open" for messages within the profile's business hours, "closed" for others.
        earlier_case: Whether the customer must have had a case before, or must not.
        author: A condition on the author.

    Raises:
        InvalidValueError: If a phrase is invalid or a value does not exist.
    """

    any_text: tuple[str, ...] = attrs.field(
        metadata=shape(_PHRASES), default=(), converter=as_words
    )
    all_text: tuple[str, ...] = attrs.field(
        metadata=shape(_PHRASES), default=(), converter=as_words
    )
    no_text: tuple[str, ...] = attrs.field(metadata=shape(_PHRASES), default=(), converter=as_words)
    kind: tuple[str, ...] = attrs.field(
        metadata=shape(_choices(*MESSAGE_KINDS)), default=(), converter=as_words
    )
    language: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=35), or_one=True)), default=(), converter=as_words
    )
    tags: tuple[str, ...] = attrs.field(metadata=shape(_TAGS), default=(), converter=as_words)
    no_tags: tuple[str, ...] = attrs.field(metadata=shape(_TAGS), default=(), converter=as_words)
    sentiment: tuple[str, ...] = attrs.field(
        metadata=shape(_choices(*get_args(Sentiment))), default=(), converter=as_words
    )
    business_hours: str = attrs.field(metadata=shape(Choice(("open", "closed"))), default="")
    earlier_case: bool | None = attrs.field(metadata=shape(Boolean()), default=None)
    author: AuthorCondition | None = attrs.field(
        metadata=shape(Section(AuthorCondition)), default=None
    )

    def __attrs_post_init__(self) -> None:
        for text in (*self.any_text, *self.all_text, *self.no_text):
            Phrase.parse(text)
        for key, known in (("kind", MESSAGE_KINDS), ("sentiment", get_args(Sentiment))):
            for value in getattr(self, key):
                if value not in known:
                    raise InvalidValueError(
                        f"`{value}` is not one of {', '.join(known)}", value=value
                    )
        if self.business_hours not in ("", "open", "closed"):
            raise InvalidValueError(
                f"business_hours is `{self.business_hours}`",
                value=self.business_hours,
                expected="open or closed",
            )


@attrs.frozen(kw_only=True)
class Assign:
    """
    Whom a rule assigns messages to.

    Attributes:
        to: The party: a member, a team, or the member on duty in a rotation. It stays accountable if none of its members can take the message.
        by: How one of several members is chosen.
        sticky: Whether the member who handled the customer's last case is preferred, if the member
            belongs to the party and can take the message.
    """

    to: Principal = attrs.field(metadata=shape(_PARTY), converter=as_principal)
    by: AssignmentMethod = attrs.field(
        metadata=shape(Choice(get_args(AssignmentMethod))), default="least_loaded"
    )
    sticky: bool = attrs.field(metadata=shape(Boolean()), default=True)

    def __attrs_post_init__(self) -> None:
        if self.to.kind not in _PARTY.kinds:
            raise InvalidValueError(
                f"messages cannot be assigned to `{self.to}`; use a member, a team or a rotation",
                value=str(self.to),
                expected="a party such as `team:care`",
            )
        if self.by not in get_args(AssignmentMethod):
            raise InvalidValueError(
                f"`{self.by}` is not a way to assign",
                value=self.by,
                expected=f"one of {', '.join(get_args(AssignmentMethod))}",
            )


def _as_assign(value: Assign | Principal | str | None) -> Assign | None:
    return Assign(to=value) if isinstance(value, (str, Principal)) else value


def _as_parties(value: Any) -> tuple[Principal, ...]:
    return as_principals(value)


@attrs.frozen(kw_only=True)
class ConditionResult:
    """
    Whether one condition of a rule matched a message.

    Attributes:
        key: The key of the condition, such as "any_text" or "author.verified".
        matched: Whether it matched.
        wanted: The value in the rule.
        found: The value in the message; for words, the phrases of the rule that the text contains.
    """

    key: str
    matched: bool
    wanted: str
    found: str


@attrs.frozen(kw_only=True)
class RoutingRule:
    """
    A rule: what happens with the messages on certain profiles that meet a condition.

    >>> rule = RoutingRule(
    ...     id="refunds", on={"workspace": "tulip"},
    ...     only_if=MessageCondition(any_text=["refund*", "money back"]), assign="team:care",
    ... )
    >>> str(rule.assign.to)
    'team:care'

    Attributes:
        id: The identifier.
        on: The profiles to which the rule applies.
        only_if: The condition; by default, the rule matches every message on its profiles.
        assign: Whom to assign the message to.
        priority: The priority, or an empty string.
        tag: Tags to add to the conversation.
        untag: Tags to remove from it.
        target: The id of a response target, or an empty string.
        saved_reply: The id of a saved reply that is sent automatically, or an empty string.
        escalate: The party that is asked to take over, or None.
        alert: The parties that are informed.

    Raises:
        InvalidValueError: If the rule has no action, or a value is invalid.
    """

    id: str = attrs.field(metadata=shape(Id("routing rule")))
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile", only=(*PROFILE_KEYS, "excluding"))),
        converter=as_selector,
    )
    only_if: MessageCondition = attrs.field(
        metadata=shape(Section(MessageCondition)), default=MessageCondition()
    )
    assign: Assign | None = attrs.field(
        metadata=shape(Section(Assign, plain="to")), default=None, converter=_as_assign
    )
    priority: str = attrs.field(metadata=shape(Choice(get_args(RoutingPriority))), default="")
    tag: tuple[str, ...] = attrs.field(metadata=shape(_TAGS), default=(), converter=as_words)
    untag: tuple[str, ...] = attrs.field(metadata=shape(_TAGS), default=(), converter=as_words)
    target: str = attrs.field(metadata=shape(NameShape("response target")), default="")
    saved_reply: str = attrs.field(metadata=shape(NameShape("saved reply")), default="")
    escalate: Principal | None = attrs.field(
        metadata=shape(_INFORMED), default=None, converter=attrs.converters.optional(as_principal)
    )
    alert: tuple[Principal, ...] = attrs.field(
        metadata=shape(ListOf(item=_INFORMED, or_one=True)), default=(), converter=_as_parties
    )

    def __attrs_post_init__(self) -> None:
        check_id("routing rule", self.id)
        if not any(getattr(self, key) for key in ACTIONS):
            raise InvalidValueError(
                f"routing rule `{self.id}` does nothing; give it one of {', '.join(ACTIONS)}",
                value=self.id,
                expected=f"one of {', '.join(ACTIONS)}",
            )
        if self.priority and self.priority not in get_args(RoutingPriority):
            raise InvalidValueError(
                f"`{self.priority}` is not a priority",
                value=self.priority,
                expected=f"one of {', '.join(get_args(RoutingPriority))}",
            )
        both = set(self.tag) & set(self.untag)
        if both:
            raise InvalidValueError(
                f"routing rule `{self.id}` both adds and removes the tag `{min(both)}`",
                value=min(both),
                expected="a tag in one of the two lists",
            )

    def results(self, message: MessageFacts, *, is_open: bool) -> Iterator[ConditionResult]:
        """Yield the result of each condition of the rule, in the order of the keys."""
        return _results(self, message, is_open=is_open)

    def matches(self, message: MessageFacts, *, is_open: bool) -> bool:
        """
        Return whether the rule matches a message.

        Args:
            message: The message.
            is_open: Whether the profile's business hours are open.
        """
        return all(result.matched for result in _results(self, message, is_open=is_open))


ACTIONS: Final = (
    "assign",
    "priority",
    "tag",
    "untag",
    "target",
    "saved_reply",
    "escalate",
    "alert",
)
"""The keys of a rule that are actions."""


def language_matches(wanted: Iterable[str], language: str) -> bool:
    """Return whether a language is one of the wanted languages, or a variety of one of them."""
    folded = language.casefold()
    return any(
        folded == one.casefold() or folded.startswith(f"{one.casefold()}-") for one in wanted
    )


def _results(
    rule: RoutingRule, message: MessageFacts, *, is_open: bool
) -> Iterator[ConditionResult]:
    condition = rule.only_if
    profile = message.profile
    yield ConditionResult(
        key="on", matched=rule.on.matches_profile(profile), wanted=str(rule.on), found=profile.id
    )
    if condition.any_text or condition.all_text or condition.no_text:
        spoken = words(message.text)
        for key in ("any_text", "all_text", "no_text"):
            wanted: tuple[str, ...] = getattr(condition, key)
            if wanted:
                found = [text for text in wanted if Phrase.parse(text).found_in(spoken)]
                matched = {
                    "any_text": bool(found),
                    "all_text": len(found) == len(wanted),
                    "no_text": not found,
                }[key]
                yield _result(key, wanted, found, matched=matched)
    if condition.kind:
        yield _result(
            "kind", condition.kind, [message.kind], matched=message.kind in condition.kind
        )
    if condition.language:
        matched = language_matches(condition.language, message.language)
        yield _result("language", condition.language, [message.language], matched=matched)
    if condition.tags:
        matched = not message.tags.isdisjoint(condition.tags)
        yield _result("tags", condition.tags, sorted(message.tags), matched=matched)
    if condition.no_tags:
        matched = message.tags.isdisjoint(condition.no_tags)
        yield _result("no_tags", condition.no_tags, sorted(message.tags), matched=matched)
    if condition.sentiment:
        matched = message.sentiment in condition.sentiment
        yield _result("sentiment", condition.sentiment, [message.sentiment], matched=matched)
    if condition.business_hours:
        now = "open" if is_open else "closed"
        matched = condition.business_hours == now
        yield _result("business_hours", [condition.business_hours], [now], matched=matched)
    if condition.earlier_case is not None:
        matched = condition.earlier_case == message.earlier_case
        yield _result(
            "earlier_case", [condition.earlier_case], [message.earlier_case], matched=matched
        )
    if condition.author is not None:
        yield from _author_results(condition.author, message)


def _author_results(wanted: AuthorCondition, message: MessageFacts) -> Iterator[ConditionResult]:
    author = message.author
    for key, limit, value, matched in (
        (
            "followers_at_least",
            wanted.followers_at_least,
            author.followers,
            author.followers >= (wanted.followers_at_least or 0),
        ),
        ("verified", wanted.verified, author.verified, author.verified == wanted.verified),
        (
            "messages_at_least",
            wanted.messages_at_least,
            author.earlier_messages,
            author.earlier_messages >= (wanted.messages_at_least or 0),
        ),
        (
            "messages_fewer_than",
            wanted.messages_fewer_than,
            author.earlier_messages,
            author.earlier_messages < (wanted.messages_fewer_than or 0),
        ),
    ):
        if limit is not None:
            yield _result(f"author.{key}", [limit], [value], matched=matched)
    if wanted.tags:
        matched = not author.tags.isdisjoint(wanted.tags)
        yield _result("author.tags", wanted.tags, sorted(author.tags), matched=matched)


def _result(
    key: str, wanted: Iterable[object], found: Iterable[object], *, matched: bool
) -> ConditionResult:
    return ConditionResult(key=key, matched=matched, wanted=_listed(wanted), found=_listed(found))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(
        str(value).lower() if isinstance(value, bool) else str(value) for value in values
    )

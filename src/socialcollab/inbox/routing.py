"""The sections of the document that say who gets a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from socialcollab.directory import PROFILE_KEYS, Principal, Selector, as_principal, as_selector
from socialcollab.document_fields import (
    Choice,
    Id,
    ListOf,
    Parsed,
    PrincipalShape,
    Section,
    Text,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.time import DURATION_PATTERN, Duration

PRIORITIES = ("critical", "high", "medium", "low", "none")


def _as_words(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _as_when(value: RoutingCondition | Mapping[str, Any] | None) -> RoutingCondition | None:
    return RoutingCondition(**value) if isinstance(value, Mapping) else value


def _as_duration(value: str | Duration) -> Duration:
    return Duration.parse(value) if isinstance(value, str) else value


@attrs.frozen(kw_only=True)
class InboxSettings:
    """
    The section ``[inbox]``.

    Attributes:
        fallback: Who owns what no rule gives to anybody, so that nothing is
            ever unowned.
    """

    fallback: Principal = attrs.field(metadata=shape(PrincipalShape()), converter=as_principal)


@attrs.frozen(kw_only=True)
class RoutingCondition:
    """
    What a message has to say for a rule to apply; content alone.

    Attributes:
        any_text: Words or phrases of which one has to occur, in any case.

    Raises:
        InvalidValueError: If it asks for nothing.
    """

    any_text: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Text(at_most=200), or_one=True, at_least=1)),
        converter=_as_words,
    )

    def __attrs_post_init__(self) -> None:
        if not self.any_text or not all(text.strip() for text in self.any_text):
            raise InvalidValueError(
                "`any_text` holds an empty text, which every message has",
                value=self.any_text,
                expected="words or phrases",
            )


@attrs.frozen(kw_only=True)
class Routing:
    """
    One ``[[routing]]``: which messages go to whom.

    Attributes:
        id: Its identifier.

        on: The profiles, kinds of message and languages it is about.

        when: What the message has to say, or None for any.

        assign: Who gets it.

        priority: "critical", "high", "medium", "low" or "none".

        respond_within: How soon an answer is due, or None.

    Raises:
        InvalidValueError: If the priority is no such word.
    """

    id: str = attrs.field(metadata=shape(Id("routing rule")))
    on: Selector = attrs.field(
        metadata=shape(
            Section(
                Selector, plain="profile", only=(*PROFILE_KEYS, "excluding", "kind", "language")
            )
        ),
        converter=as_selector,
    )
    when: RoutingCondition | None = attrs.field(
        metadata=shape(Section(RoutingCondition)), default=None, converter=_as_when
    )
    assign: Principal = attrs.field(metadata=shape(PrincipalShape()), converter=as_principal)
    priority: str = attrs.field(metadata=shape(Choice(PRIORITIES)), default="none")
    respond_within: Duration | None = attrs.field(
        metadata=shape(Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)),
        default=None,
        converter=attrs.converters.optional(_as_duration),
    )

    def __attrs_post_init__(self) -> None:
        check_id("routing rule", self.id)
        if self.priority not in PRIORITIES:
            raise InvalidValueError(
                f"priority `{self.priority}` of rule `{self.id}` is not one of"
                f" {', '.join(PRIORITIES)}",
                value=self.priority,
                expected=" or ".join(PRIORITIES),
            )

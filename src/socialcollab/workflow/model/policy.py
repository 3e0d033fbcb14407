"""Approval policies as a document holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from socialcollab.content import ALL_FIELDS, SEVERITIES
from socialcollab.directory import Principal, Selector, as_principal, as_principals, as_selector
from socialcollab.document_fields import (
    Boolean,
    Choice,
    Id,
    ListOf,
    NameShape,
    Parsed,
    PrincipalShape,
    Section,
    Text,
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import check_id
from socialcollab.time import DURATION_PATTERN, Duration
from socialcollab.workflow.model.quorum import Quorum


def _as_duration(value: str | Duration) -> Duration:
    return Duration.parse(value) if isinstance(value, str) else value


def _as_quorum(value: str | int | Quorum) -> Quorum:
    return value if isinstance(value, Quorum) else Quorum.parse(value)


def _one_of(name: str, value: str, words: Iterable[str]) -> None:
    if value not in words:
        raise InvalidValueError(
            f"{name} `{value}` is not one of {', '.join(words)}",
            value=value,
            expected=" or ".join(words),
        )


def _as_only_if(value: OnlyIf | Mapping[str, Any] | None) -> OnlyIf | None:
    return OnlyIf(**value) if isinstance(value, Mapping) else value


def _as_thens(values: Iterable[StepTimer | Mapping[str, Any]]) -> tuple[StepTimer, ...]:
    return tuple(StepTimer(**value) if isinstance(value, Mapping) else value for value in values)


def _as_steps(values: Iterable[Step | Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(**value) if isinstance(value, Mapping) else value for value in values)


_DURATION = Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)


@attrs.frozen(kw_only=True)
class OnlyIf:
    """
    Facts on which a step depends; more facts never mean fewer steps.

    Attributes:
        finding_at_least: The step is asked only if the style guide found
            something of this severity or graver.
    """

    finding_at_least: str = attrs.field(metadata=shape(Choice(SEVERITIES)))

    def __attrs_post_init__(self) -> None:
        _one_of("finding_at_least", self.finding_at_least, SEVERITIES)


@attrs.frozen(kw_only=True)
class StepTimer:
    """
    What happens while a step waits.

    Attributes:
        after: How long after the step opened.

        do: "remind" whoever is asked, or "escalate".

        to: Of an escalation, who is asked as well.
    """

    after: Duration = attrs.field(metadata=shape(_DURATION), converter=_as_duration)
    do: str = attrs.field(metadata=shape(Choice(("remind", "escalate"))))
    to: Principal | None = attrs.field(
        metadata=shape(PrincipalShape()),
        default=None,
        converter=attrs.converters.optional(as_principal),
    )

    def __attrs_post_init__(self) -> None:
        _one_of("do", self.do, ("remind", "escalate"))
        if (self.do == "escalate") != (self.to is not None):
            raise InvalidValueError(
                "an escalation says whom to ask in `to`, a reminder does not",
                value=self.to,
                expected='do = "escalate" with to = "lead"',
            )


@attrs.frozen(kw_only=True)
class Step:
    """
    One step of a policy.

    Attributes:
        id: Its name within the policy.

        after: Steps that have to pass before it opens; none: it opens at once.

        reviewers: Who is asked: those of them who hold `approve` on every target.

        quorum: How many of them have to say yes.

        within: How long they have before it is overdue.

        timers: What happens while it waits.

        only_if: Facts without which it is skipped.

        binds: The fields its decisions bind; none: all published ones.

        distinct: Whether a vote that counted for an earlier step does not count here too.

        may_edit: Whether a reviewer may change the post and approve it here.
    """

    id: str = attrs.field(metadata=shape(Id("step")))
    after: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("step"))), default=(), converter=as_words
    )
    reviewers: tuple[Principal, ...] = attrs.field(
        metadata=shape(ListOf(item=PrincipalShape(), or_one=True, at_least=1)),
        converter=as_principals,
    )
    quorum: Quorum = attrs.field(
        metadata=shape(Parsed(grammar=Quorum, name="quorum", pattern=Quorum.PATTERN, also=(int,))),
        default=Quorum(1),
        converter=_as_quorum,
    )
    within: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=attrs.converters.optional(_as_duration)
    )
    timers: tuple[StepTimer, ...] = attrs.field(
        metadata=shape(ListOf(item=Section(StepTimer))), default=(), converter=_as_thens
    )
    only_if: OnlyIf | None = attrs.field(
        metadata=shape(Section(OnlyIf)), default=None, converter=_as_only_if
    )
    binds: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Choice(ALL_FIELDS))), default=(), converter=as_words
    )
    distinct: bool = attrs.field(metadata=shape(Boolean()), default=False)
    may_edit: bool = attrs.field(metadata=shape(Boolean()), default=False)

    def __attrs_post_init__(self) -> None:
        check_id("step", self.id)
        if not self.reviewers:
            raise InvalidValueError(f"step `{self.id}` asks nobody", expected="reviewers = a party")
        for name in self.binds:
            _one_of(f"binds of step `{self.id}`", name, ALL_FIELDS)


@attrs.frozen(kw_only=True)
class ApprovalPolicy:
    """
    Who must agree to a post before it leaves.

    Attributes:
        id: Its identifier.

        on: The posts it is about.

        extends: A policy whose steps it has too.

        steps: Its own steps.

        on_approval: What the last yes sets off: "schedule" at the planned
            time, or "wait" for somebody to schedule it.

        late: What becomes of a post approved after its time: "expire",
            "hold" (its deliveries are missed), or "publish" at once.

        late_by: How much later than planned a delivery may begin; after that
            it is missed. None: however late.

        exempt: Roles that free a post, if every one of its authors holds one
            of them on every target.

    Raises:
        InvalidValueError: If a value is not what it should be, two steps
            share a name, a step waits for one that does not exist, or the
            context is not about profiles in `excluding`.
    """

    id: str = attrs.field(metadata=shape(Id("policy")))
    on: Selector = attrs.field(
        metadata=shape(Section(Selector, plain="profile")), converter=as_selector
    )
    extends: str = attrs.field(metadata=shape(NameShape("policy")), default="")
    steps: tuple[Step, ...] = attrs.field(
        metadata=shape(ListOf(item=Section(Step))), default=(), converter=_as_steps
    )
    on_approval: str = attrs.field(metadata=shape(Choice(("schedule", "wait"))), default="schedule")
    late: str = attrs.field(metadata=shape(Choice(("expire", "hold", "publish"))), default="expire")
    late_by: Duration | None = attrs.field(
        metadata=shape(_DURATION), default=None, converter=attrs.converters.optional(_as_duration)
    )
    exempt: tuple[Principal, ...] = attrs.field(
        metadata=shape(ListOf(item=PrincipalShape(("role",)))), default=(), converter=as_principals
    )
    reason: str = attrs.field(metadata=shape(Text(at_most=500, personal=True)), default="")

    def __attrs_post_init__(self) -> None:
        check_id("policy", self.id)
        _one_of("on_approval", self.on_approval, ("schedule", "wait"))
        _one_of("late", self.late, ("expire", "hold", "publish"))
        names = [step.id for step in self.steps]
        for name in names:
            if names.count(name) > 1:
                raise InvalidValueError(
                    f"policy `{self.id}` has two steps `{name}`", value=name, expected="other names"
                )
        for principal in self.exempt:
            if principal.kind != "role":
                raise InvalidValueError(
                    f"policy `{self.id}` exempts `{principal}`, which is no role",
                    value=str(principal),
                    expected="role:...",
                )
        if not self.steps and not self.extends:
            raise InvalidValueError(
                f"policy `{self.id}` has no step and extends none",
                value=self.id,
                expected="at least one step",
            )

"""Approval policies: what a document says of them, and the steps that a post needs by them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any, ClassVar, Self

import attrs

from socialcollab.content import ALL_FIELDS, PUBLISHED_FIELDS, SEVERITIES
from socialcollab.directory import (
    PostAttributes,
    Principal,
    Profile,
    Selector,
    Workspace,
    as_principal,
    as_principals,
    as_selector,
)
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
from socialcollab.identifiers import check_id, did_you_mean
from socialcollab.permissions import PolicyRoles
from socialcollab.time import DURATION_PATTERN, Duration


@attrs.frozen
class Quorum:
    """
    How many of those asked have to say yes.

    Attributes:
        least: A number from 1 on; 0 means all of them.
    """

    PATTERN: ClassVar[str] = r"^(any|all|[1-9][0-9]{0,2})$"

    least: int

    @classmethod
    def parse(cls, text: str | int, /) -> Self:
        """
        Read "any", "all", or a number.

        >>> Quorum.parse("any").least, Quorum.parse(2).least
        (1, 2)

        Raises:
            InvalidValueError: If it is none of these.
        """
        said = str(text)
        if isinstance(text, bool) or not re.fullmatch(cls.PATTERN[1:-1], said):
            raise InvalidValueError(
                f"`{text}` is no quorum; say `any`, `all`, or a number from 1 on",
                value=text,
                expected="any, all or a number",
            )
        return cls({"any": 1, "all": 0}[said] if said in ("any", "all") else int(said))

    def needed(self, asked: int) -> int:
        """Return how many of *asked* people it takes; at least one, even of nobody."""
        return max(1, asked) if self.least == 0 else self.least

    def __str__(self) -> str:
        return {0: "all", 1: "any"}.get(self.least, str(self.least))


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


NO_POLICY = "none"
"""In `default_approval`: no policy; one person with `publish`, or `approve`, is enough."""


@attrs.frozen(order=True)
class StepKey:
    """A step as all policies know it: who defined it, and its name there."""

    policy: str
    step: str

    def __str__(self) -> str:
        return f"{self.policy}/{self.step}"


@attrs.frozen(kw_only=True)
class RequiredStep:
    """
    A step that a post needs.

    Attributes:
        key: Its name.

        step: Its wording.

        after: The steps that have to pass before it opens.

        binds: The fields that its decisions bind.
    """

    key: StepKey
    step: Step
    after: frozenset[StepKey] = frozenset()
    binds: frozenset[str] = frozenset(PUBLISHED_FIELDS)


@attrs.frozen(kw_only=True)
class Requirement:
    """
    All that a post needs before it may leave.

    Attributes:
        steps: The union of the steps of all policies that match, by key.

        policies: Those policies' ids, sorted; empty if none matched.

        on_approval: "schedule", or "wait" if any of them says so.

        late: The strictest of "expire", "hold" and "publish".

        late_by: The shortest, or None.
    """

    steps: tuple[RequiredStep, ...]
    policies: tuple[str, ...] = ()
    on_approval: str = "schedule"
    late: str = "expire"
    late_by: Duration | None = None


_LATE = ("expire", "hold", "publish")
"""From strict to lax."""

_SOLO = RequiredStep(
    key=StepKey(NO_POLICY, "approve"), step=Step(id="approve", reviewers=(Principal("lead"),))
)


@attrs.frozen(slots=False)
class Policies:
    """
    All approval policies, with what each inherits worked out.

    Attributes:
        by_id: The policies.

    Raises:
        InvalidValueError: If one extends a policy that does not exist, they
            extend each other in a circle, or a step waits for one that its
            policy has not, or for itself through others.
    """

    by_id: Mapping[str, ApprovalPolicy]

    @classmethod
    def of(cls, policies: Iterable[ApprovalPolicy]) -> Self:
        """Make one of policies in any order."""
        return cls({policy.id: policy for policy in policies})

    def __attrs_post_init__(self) -> None:
        for policy in self.by_id.values():
            self.steps_of(policy.id)

    def steps_of(self, policy: str) -> tuple[RequiredStep, ...]:
        """Return a policy's steps, the inherited ones first."""
        return self._worked_out[policy]

    @cached_property
    def _worked_out(self) -> dict[str, tuple[RequiredStep, ...]]:
        done: dict[str, tuple[RequiredStep, ...]] = {}
        for start in self.by_id:
            trail: list[str] = []
            current = start
            while current and current not in done:
                if current in trail:
                    raise InvalidValueError(
                        "policies extend each other in a circle: "
                        f"{' > '.join([*trail[trail.index(current) :], current])}",
                        value=current,
                    )
                if current not in self.by_id:
                    hint = did_you_mean(current, self.by_id, before="; ")
                    raise InvalidValueError(
                        f"policy `{trail[-1]}` extends `{current}`, which is no policy{hint}",
                        value=current,
                    )
                trail.append(current)
                current = self.by_id[current].extends
            for policy in reversed(trail):
                done[policy] = self._own(policy, done.get(self.by_id[policy].extends, ()))
        return done

    def _own(self, policy: str, inherited: tuple[RequiredStep, ...]) -> tuple[RequiredStep, ...]:
        steps = self.by_id[policy].steps
        keys = {required.key.step: required.key for required in inherited}
        keys.update({step.id: StepKey(policy, step.id) for step in steps})
        own = []
        for step in steps:
            for other in step.after:
                if other not in keys:
                    hint = did_you_mean(other, keys, before="; ")
                    raise InvalidValueError(
                        f"step `{policy}/{step.id}` waits for `{other}`,"
                        f" which policy `{policy}` does not have{hint}",
                        value=other,
                    )
            own.append(
                RequiredStep(
                    key=StepKey(policy, step.id),
                    step=step,
                    after=frozenset(keys[other] for other in step.after),
                    binds=frozenset(step.binds or PUBLISHED_FIELDS),
                )
            )
        _refuse_circle(own)
        return (*inherited, *own)

    @cached_property
    def match_author_roles(self) -> bool:
        """Whether some policy depends on the roles of a post's authors."""
        return any(policy.on.author_role for policy in self.by_id.values())

    def requirement(
        self,
        *,
        targets: Iterable[Profile],
        attributes: Callable[[Profile], PostAttributes],
        default: str,
        exempted: Callable[[ApprovalPolicy], bool] = lambda _: False,
    ) -> Requirement:
        """
        Work out what a post needs.

        Args:
            targets: The profiles it goes to.

            attributes: What is known of it, as seen from one target.

            default: The policy's id that applies where none matches, or "none".

            exempted: Whether a policy's exemption frees this post.
        """
        matching = [
            policy
            for policy in self.by_id.values()
            if any(_matches(policy, profile, attributes(profile)) for profile in targets)
        ]
        if not matching and default != NO_POLICY:
            matching = [self.by_id[default]]
        applying = sorted(
            (policy for policy in matching if not exempted(policy)), key=lambda policy: policy.id
        )
        steps = {
            required.key: required for policy in applying for required in self.steps_of(policy.id)
        }
        covered = frozenset().union(*(required.binds for required in steps.values()))
        uncovered = frozenset(PUBLISHED_FIELDS) - covered
        lateness = [policy.late_by for policy in applying if policy.late_by is not None]
        return Requirement(
            steps=tuple(
                attrs.evolve(steps[key], binds=steps[key].binds | uncovered)
                for key in sorted(steps)
            ),
            policies=tuple(policy.id for policy in applying),
            on_approval="wait"
            if any(policy.on_approval == "wait" for policy in applying)
            else "schedule",
            late=min((policy.late for policy in applying), key=_LATE.index, default="expire"),
            late_by=min(lateness, key=_rough_length, default=None),
        )


def solo_requirement(requirement: Requirement) -> Requirement:
    """Return what a post needs if no step asks for anybody: one person with `approve`."""
    return attrs.evolve(requirement, steps=(_SOLO,))


def _matches(policy: ApprovalPolicy, profile: Profile, attributes: PostAttributes) -> bool:
    if attributes.kind != "post" and not policy.on.kind:
        return False
    return policy.on.matches(profile, attributes)


def _rough_length(duration: Duration) -> int:
    """Order durations: a business day counts as eight business hours."""
    day = 8 * 60 if duration.business else 24 * 60
    return (
        duration.amount
        * {"second": 0, "minute": 1, "hour": 60, "day": day, "week": 7 * day}[duration.unit]
    )


def _refuse_circle(steps: Iterable[RequiredStep]) -> None:
    after = {required.key: required.after for required in steps}
    for start, others in after.items():
        seen: set[StepKey] = set()
        ahead = list(others)
        while ahead:
            key = ahead.pop()
            if key == start:
                raise InvalidValueError(
                    f"step `{start}` waits for itself", value=str(start), expected="another order"
                )
            if key not in seen:
                seen.add(key)
                ahead.extend(after.get(key, ()))


def policy_roles(
    policies: Iterable[ApprovalPolicy],
    profiles: Iterable[Profile],
    workspaces: Mapping[str, Workspace],
) -> Iterator[PolicyRoles]:
    """Yield the roles of authors that policies exempt or cover, for each policy and profile."""
    by_role = [policy for policy in policies if policy.exempt or policy.on.author_role]
    for policy, profile in product(by_role, tuple(profiles)):
        is_default = workspaces[profile.workspace].default_approval == policy.id
        if is_default or policy.on.matches_profile(profile):
            yield PolicyRoles(
                profile=profile.id,
                exempt=tuple(principal.name for principal in policy.exempt),
                covered=tuple(policy.on.author_role),
            )

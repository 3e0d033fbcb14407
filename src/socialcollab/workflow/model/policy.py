"""Approval policies, and the approval steps that they require for a post."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import Any, ClassVar, Self

import attrs

from socialcollab.content import ALL_FIELDS, PUBLISHED_FIELDS
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
from socialcollab.workflow.model.condition import OnlyIf, check_choice


@attrs.frozen
class Quorum:
    """
    The number of a step's reviewers who must approve.

    Attributes:
        least: The minimum number, or 0 for all reviewers.
    """

    PATTERN: ClassVar[str] = r"^(any|all|[1-9][0-9]{0,2})$"

    least: int

    @classmethod
    def parse(cls, text: str | int, /) -> Self:
        """
        Parse "any", "all" or a number.

        >>> Quorum.parse("any").least, Quorum.parse(2).least
        (1, 2)

        Raises:
            InvalidValueError: If the value is not a quorum.
        """
        word = str(text)
        # Without this check, `True` would be parsed as 1.
        if isinstance(text, bool) or not re.fullmatch(cls.PATTERN[1:-1], word):
            raise InvalidValueError(
                f"`{text}` is not a quorum; write `any`, `all`, or a number from 1 to 999",
                value=text,
                expected="any, all or a number",
            )
        return cls({"any": 1, "all": 0}[word] if word in ("any", "all") else int(word))

    def needed(self, reviewers: int) -> int:
        """Return the number of approvals that a step with *reviewers* reviewers needs."""
        return max(1, reviewers) if self.least == 0 else self.least

    def __str__(self) -> str:
        return {0: "all", 1: "any"}.get(self.least, str(self.least))


def _as_duration(value: str | Duration) -> Duration:
    return Duration.parse(value) if isinstance(value, str) else value


def _as_quorum(value: str | int | Quorum) -> Quorum:
    return value if isinstance(value, Quorum) else Quorum.parse(value)


def _as_only_if(
    values: OnlyIf | Mapping[str, Any] | Iterable[OnlyIf | Mapping[str, Any]] | None,
) -> tuple[OnlyIf, ...]:
    if values is None:
        return ()
    if isinstance(values, OnlyIf | Mapping):
        values = (values,)
    return tuple(OnlyIf(**value) if isinstance(value, Mapping) else value for value in values)


def _as_timers(values: Iterable[StepTimer | Mapping[str, Any]]) -> tuple[StepTimer, ...]:
    return tuple(StepTimer(**value) if isinstance(value, Mapping) else value for value in values)


def _as_steps(values: Iterable[Step | Mapping[str, Any]]) -> tuple[Step, ...]:
    return tuple(Step(**value) if isinstance(value, Mapping) else value for value in values)


_DURATION = Parsed(grammar=Duration, name="duration", pattern=DURATION_PATTERN)


@attrs.frozen(kw_only=True)
class StepTimer:
    """
    A reminder or an escalation while a step is open.

    Attributes:
        after: How long after the opening of the step the timer fires.
        do: "remind" the reviewers who have not decided, or "escalate" to others.
        to: The principal that an escalation adds to the reviewers; not used for a reminder.
    """

    after: Duration = attrs.field(metadata=shape(_DURATION), converter=_as_duration)
    do: str = attrs.field(metadata=shape(Choice(("remind", "escalate"))))
    to: Principal | None = attrs.field(
        metadata=shape(PrincipalShape()),
        default=None,
        converter=attrs.converters.optional(as_principal),
    )

    def __attrs_post_init__(self) -> None:
        check_choice("do", self.do, ("remind", "escalate"))
        if (self.do == "escalate") != (self.to is not None):
            raise InvalidValueError(
                "an escalation requires `to`, and a reminder must not have it",
                value=self.to,
                expected='do = "escalate" with to = "lead"',
            )


@attrs.frozen(kw_only=True)
class Step:
    """
    An approval step of a policy.

    Attributes:
        id: The name of the step within the policy.
        after: The steps that must pass before this step opens. If empty, the step opens when the
            post is submitted.
        reviewers: The members who can decide, if they have `approve` on every target.
        quorum: The number of reviewers who must approve: "any" means one of them, "all" each of
            them.
        within: The time after which the step is overdue. If None, it is never overdue.
        timers: The reminders and escalations while the step is open.
        only_if: The step applies only to posts that meet at least one of these conditions. If
            empty, the step applies to every post of the policy.
        binds: The fields to which decisions are bound. If empty, decisions are bound to all
            published fields.
        distinct: Whether an approval that counts for this step cannot count for another step.
        may_edit: Whether a reviewer who has edited a post that another member drafted may still
            approve it in this step.
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
        metadata=shape(ListOf(item=Section(StepTimer))), default=(), converter=_as_timers
    )
    only_if: tuple[OnlyIf, ...] = attrs.field(
        metadata=shape(ListOf(item=Section(OnlyIf), or_one=True, at_least=1)),
        default=(),
        converter=_as_only_if,
    )
    binds: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=Choice(ALL_FIELDS))), default=(), converter=as_words
    )
    distinct: bool = attrs.field(metadata=shape(Boolean()), default=False)
    may_edit: bool = attrs.field(metadata=shape(Boolean()), default=False)

    def __attrs_post_init__(self) -> None:
        check_id("step", self.id)
        if not self.reviewers:
            raise InvalidValueError(
                f"step `{self.id}` has no reviewers", expected='reviewers = "role:editor"'
            )
        for name in self.binds:
            check_choice(f"binds of step `{self.id}`", name, ALL_FIELDS)


@attrs.frozen(kw_only=True)
class ApprovalPolicy:
    """
    The approvals that a post needs before it is published.

    Attributes:
        id: The identifier of the policy.
        on: The posts to which the policy applies.
        extends: Another policy, whose steps this policy includes. Its other keys are not inherited.
        steps: The steps of this policy, in addition to inherited steps.
        on_approval: The action after every step has passed: "schedule" the post for its planned
            time, or "wait" until a member schedules it. If several policies apply to a post, "wait"
            takes precedence.
        late: The action for a post that is approved after its planned time: "expire", "hold" (its
            deliveries are missed), or "publish" immediately. If several policies apply to a post,
            the first of these three values counts.
        late_by: The maximum delay before a delivery starts; after that, it is missed. If None,
            there is no limit. If several policies apply to a post, the shortest delay counts.
        exempt: Roles that exempt a post from the policy if each author has one of these roles on
            every target.
        reason: The reason for the policy, as free text.

    Raises:
        InvalidValueError: If a value is invalid, if the policy has no steps, if two steps have the
            same name, or if *exempt* contains a principal that is not a role.
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
    reason: str = attrs.field(
        metadata=shape(Text(at_most=500, prose=True, personal=True)), default=""
    )

    def __attrs_post_init__(self) -> None:
        check_id("policy", self.id)
        check_choice("on_approval", self.on_approval, ("schedule", "wait"))
        check_choice("late", self.late, ("expire", "hold", "publish"))
        names = [step.id for step in self.steps]
        for name in names:
            if names.count(name) > 1:
                raise InvalidValueError(
                    f"policy `{self.id}` has two steps `{name}`",
                    value=name,
                    expected="a different name for each step",
                )
        for principal in self.exempt:
            if principal.kind != "role":
                raise InvalidValueError(
                    f"policy `{self.id}` exempts `{principal}`, which is not a role",
                    value=str(principal),
                    expected="role:...",
                )
        if not self.steps and not self.extends:
            raise InvalidValueError(
                f"policy `{self.id}` has no steps and extends no policy",
                value=self.id,
                expected="at least one step",
            )

    def may_apply_to(self, author_roles: Collection[str], *, default: str) -> bool:
        """
        Return whether the policy can apply to posts by an author with these roles.

        The policy *default* also applies to authors whose roles it does not name.
        """
        if any(principal.name in author_roles for principal in self.exempt):
            return False
        covered = self.on.author_role
        return not covered or self.id == default or not set(covered).isdisjoint(author_roles)


MAX_EXTENDS = 20
"""The maximum length of a chain of policies that extend one another."""

NO_POLICY = "none"
"""
The value of `default_approval` that names no policy: one member with `publish` or `approve`
suffices.
"""


@attrs.frozen(order=True)
class StepKey:
    """The identifier of a step, which consists of the policy's id and the step's name."""

    policy: str
    step: str

    def __str__(self) -> str:
        return f"{self.policy}/{self.step}"


@attrs.frozen(kw_only=True)
class RequiredStep:
    """
    A step that a post needs.

    Attributes:
        key: The identifier of the step.
        step: The step as its policy defines it.
        after: The steps that must pass before this step opens.
        binds: The fields to which decisions are bound.
    """

    key: StepKey
    step: Step
    after: frozenset[StepKey] = frozenset()
    binds: frozenset[str] = frozenset(PUBLISHED_FIELDS)


@attrs.frozen(kw_only=True)
class Requirement:
    """
    The requirements that a post must meet before it can be published.

    Attributes:
        steps: The steps of all policies that apply, sorted by key.
        policies: The ids of these policies, sorted.
        on_approval: "wait" if one of the policies has this value, otherwise "schedule".
        late: The strictest of the policies' values: "expire", then "hold", then "publish".
        late_by: The shortest of the policies' values, or None.
    """

    steps: tuple[RequiredStep, ...]
    policies: tuple[str, ...] = ()
    on_approval: str = "schedule"
    late: str = "expire"
    late_by: Duration | None = None


_LATE = ("expire", "hold", "publish")
"""The values of `late`, from the strictest to the most lenient."""

SOLO_STEP = RequiredStep(
    key=StepKey(NO_POLICY, "approve"), step=Step(id="approve", reviewers=(Principal("lead"),))
)
"""The step for posts to which no other step applies; any member with `approve` can pass it."""


@attrs.frozen(slots=False)
class Policies:
    """
    All approval policies, with inherited steps resolved.

    Attributes:
        by_id: The policies.

    Raises:
        InvalidValueError: If a policy extends a policy that does not exist, if policies extend each
            other in a cycle or in too long a chain, or if a step waits for itself or for a step
            that is not in its policy.
    """

    by_id: Mapping[str, ApprovalPolicy]

    @classmethod
    def of(cls, policies: Iterable[ApprovalPolicy]) -> Self:
        """Combine policies that are given in any order."""
        return cls({policy.id: policy for policy in policies})

    def __attrs_post_init__(self) -> None:
        for policy in self.by_id.values():
            self.steps_of(policy.id)

    def steps_of(self, policy: str) -> tuple[RequiredStep, ...]:
        """Return a policy's steps, starting with the inherited steps."""
        return self._resolved_steps[policy]

    def steps_on(
        self, profile: Profile, *, default: str, author_roles: Collection[str] | None = None
    ) -> tuple[RequiredStep, ...]:
        """
        Return the steps that posts on a profile may need, sorted by key.

        Conditions, and the other keys of a policy that depend on the post, are not considered.

        Args:
            profile: The profile.
            default: The id of the policy that applies if no other policy does, or "none".
            author_roles: The roles of the posts' only author, or None for posts by any author.
        """
        steps = {
            step.key: step
            for policy in self.by_id.values()
            if policy.id == default or policy.on.matches_profile(profile)
            if author_roles is None or policy.may_apply_to(author_roles, default=default)
            for step in self.steps_of(policy.id)
        }
        return tuple(steps[key] for key in sorted(steps))

    @cached_property
    def _resolved_steps(self) -> dict[str, tuple[RequiredStep, ...]]:
        resolved: dict[str, tuple[RequiredStep, ...]] = {}
        depths: dict[str, int] = {}
        for start in self.by_id:
            # The chain leads from a policy to the policy that it extends, and so on, and is
            # resolved in reverse. A recursive function would fail on a long chain.
            chain: list[str] = []
            current = start
            while current and current not in resolved:
                if current in chain:
                    raise InvalidValueError(
                        "policies extend each other in a cycle: "
                        f"{' > '.join([*chain[chain.index(current) :], current])}",
                        value=current,
                    )
                if current not in self.by_id:
                    hint = did_you_mean(current, self.by_id, before="; ")
                    raise InvalidValueError(
                        f"policy `{chain[-1]}` extends `{current}`, which is not a policy{hint}",
                        value=current,
                    )
                chain.append(current)
                current = self.by_id[current].extends
            for policy in reversed(chain):
                parent = self.by_id[policy].extends
                depths[policy] = depths.get(parent, 0) + 1
                if depths[policy] > MAX_EXTENDS:
                    raise InvalidValueError(
                        f"policy `{policy}` extends `{parent}`, which is the last of {MAX_EXTENDS}"
                        " policies that extend each other",
                        value=policy,
                        expected=f"at most {MAX_EXTENDS} policies in a row",
                    )
                inherited = resolved.get(self.by_id[policy].extends, ())
                resolved[policy] = (*inherited, *self._own_steps(policy, inherited))
        return resolved

    def _own_steps(
        self, policy: str, inherited: tuple[RequiredStep, ...]
    ) -> tuple[RequiredStep, ...]:
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
        _check_no_circle(own)
        return tuple(own)

    @cached_property
    def depend_on_findings(self) -> bool:
        """Whether an approval step depends on the findings of the style guides."""
        return any(condition.depends_on_findings for _, condition in self.conditions)

    @cached_property
    def most_author_posts(self) -> int:
        """The highest number of an author's published posts on which a step depends."""
        return max((one.author_posts_fewer_than for _, one in self.conditions), default=0)

    @cached_property
    def conditions(self) -> tuple[tuple[StepKey, OnlyIf], ...]:
        """The conditions of all steps, in the order of the policies."""
        return tuple(
            (StepKey(policy.id, step.id), condition)
            for policy in self.by_id.values()
            for step in policy.steps
            for condition in step.only_if
        )

    @cached_property
    def match_author_roles(self) -> bool:
        """Whether any policy depends on the roles of a post's authors."""
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
        Return the requirements for a post.

        Args:
            targets: The profiles on which the post is to be published.
            attributes: Returns the post's attributes for one target.
            default: The id of the policy that applies if no other policy does, or "none".
            exempted: Returns whether a policy exempts the post.
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
        # Every step binds the published fields that no step binds explicitly. Otherwise these
        # fields could be changed after the approval.
        bound = frozenset().union(*(required.binds for required in steps.values()))
        unbound = frozenset(PUBLISHED_FIELDS) - bound
        lateness = [policy.late_by for policy in applying if policy.late_by is not None]
        return Requirement(
            steps=tuple(
                attrs.evolve(steps[key], binds=steps[key].binds | unbound) for key in sorted(steps)
            ),
            policies=tuple(policy.id for policy in applying),
            on_approval="wait"
            if any(policy.on_approval == "wait" for policy in applying)
            else "schedule",
            late=min((policy.late for policy in applying), key=_LATE.index, default="expire"),
            late_by=min(lateness, key=_rough_length, default=None),
        )


def _matches(policy: ApprovalPolicy, profile: Profile, attributes: PostAttributes) -> bool:
    return policy.on.matches(profile, attributes)


def _rough_length(duration: Duration) -> int:
    """Return the approximate length of a duration, counting a business day as eight hours."""
    day = 8 * 60 if duration.business else 24 * 60
    return (
        duration.amount
        * {"second": 0, "minute": 1, "hour": 60, "day": day, "week": 7 * day}[duration.unit]
    )


def _check_no_circle(steps: Iterable[RequiredStep]) -> None:
    # Sorted, so that the same policy always results in the same message.
    after = {required.key: sorted(required.after) for required in steps}
    try:
        tuple(TopologicalSorter(after).static_order())
    except CycleError as error:
        circle = [str(key) for key in error.args[1]]
        raise InvalidValueError(
            f"step `{circle[0]}` waits for itself: {' > '.join(circle)}",
            value=circle[0],
            expected="steps that wait only for earlier steps",
        ) from None


def policy_roles(
    policies: Iterable[ApprovalPolicy],
    profiles: Iterable[Profile],
    workspaces: Mapping[str, Workspace],
) -> Iterator[PolicyRoles]:
    """Yield, for each profile and policy, the author roles that the policy exempts or covers."""
    by_role = [policy for policy in policies if policy.exempt or policy.on.author_role]
    for policy, profile in product(by_role, tuple(profiles)):
        is_default = workspaces[profile.workspace].default_approval == policy.id
        if is_default or policy.on.matches_profile(profile):
            yield PolicyRoles(
                profile=profile.id,
                exempt=tuple(principal.name for principal in policy.exempt),
                covered=tuple(policy.on.author_role),
            )

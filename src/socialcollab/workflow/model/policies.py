"""Which steps a post needs: all policies that match it, taken together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Self

import attrs

from socialcollab.content import PUBLISHED_FIELDS
from socialcollab.directory import PostAttributes, Principal, Profile
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.time import Duration
from socialcollab.workflow.model.policy import ApprovalPolicy, Step

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
    def ask_author_roles(self) -> bool:
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

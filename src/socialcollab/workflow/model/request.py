"""The state that the workflow stores for a post, including its approval request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import attrs

from socialcollab.content import Hold, Post, PostState
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.workflow.model.policy import StepKey

DecisionVerdict = Literal["approve", "request_changes", "reject", "bypass"]
SubmitTiming = Literal["planned", "next slot", "as soon as approved"]


_ACCOUNT: Final = "account/"


def account_pin(profile: str) -> str:
    """Return the name under which a profile's account is pinned."""
    return f"{_ACCOUNT}{profile}"


def pinned_profile(name: str) -> str:
    """Return the profile whose account is pinned as *name*, or an empty string for a policy."""
    return name.removeprefix(_ACCOUNT) if name.startswith(_ACCOUNT) else ""


@attrs.frozen(kw_only=True)
class Decision:
    """
    A member's decision on one revision of a post.

    Attributes:
        by: The member who decided.
        at: The instant of the decision, in UTC.
        verdict: "approve", "request_changes" or "reject"; or "bypass" if the member skipped the
            steps in an emergency.
        steps: The steps for which the decision counts.
        revision: The digest of the revision that the member saw.
        fields: The salted digest of each field of that revision.
        note: The member's note, or an empty string.
        passed: The *steps* that passed because of this decision.
        on_behalf_of: The absent members whom the member represented as their delegate on one of the
            steps, sorted; empty for a decision that the member made only for themselves.
        internal: Whether the note is for staff only.
    """

    by: MemberId
    at: dt.datetime
    verdict: DecisionVerdict
    steps: tuple[StepKey, ...]
    revision: str
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    note: str = ""
    passed: tuple[StepKey, ...] = ()
    on_behalf_of: tuple[MemberId, ...] = ()
    internal: bool = True


@attrs.frozen(kw_only=True)
class StepClock:
    """
    The opening time of a step, and the actions on the step since then.

    Attributes:
        key: The step.
        opened_at: When the step opened, in UTC.
        done: The completed actions of the policy, in the form of `Timer.action`.
        overdue: Whether the step's time limit has passed.
        added: The principals that escalations added to the reviewers.
        notified: The reviewers who know that the step is waiting for them, or None if this was not
            recorded when the step opened.
        absent: The reviewers who were absent when the step was last evaluated.
        unreachable: Whether the author and the lead know that too few members can decide.
    """

    key: StepKey
    opened_at: dt.datetime
    done: tuple[str, ...] = ()
    overdue: bool = False
    added: tuple[str, ...] = ()
    notified: tuple[MemberId, ...] | None = None
    absent: tuple[MemberId, ...] = ()
    unreachable: bool = False


@attrs.frozen(kw_only=True)
class ApprovalRequest:
    """
    A request to approve a post, with the decisions on it.

    Attributes:
        by: The member who submitted the post.
        at: When the post was submitted, in UTC.
        when: When to publish the post after its approval.
        applicable: The steps that have applied to the post so far. A step that has applied once
            remains even if its condition is no longer met.
        pins: The digest of each policy's text when the policy first applied, and the account of
            each target when the post was first submitted for that target.
        author_posts: The number of posts by the author that had been published when the post was
            submitted, or None if no approval step depended on it.
        decisions: All decisions, oldest first.
        clocks: The clocks of the open steps.
        evaluated: Whether *clocks* and *wake_at* have been computed.
        wake_at: When the timer must evaluate the post next, in UTC, or None.
        outdated: Whether a policy is known to have changed since it was pinned.
    """

    by: MemberId
    at: dt.datetime
    when: SubmitTiming = "planned"
    applicable: frozenset[StepKey] = frozenset()
    pins: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    author_posts: int | None = None
    decisions: tuple[Decision, ...] = ()
    clocks: tuple[StepClock, ...] = ()
    evaluated: bool = False
    wake_at: dt.datetime | None = None
    outdated: bool = False

    def clock(self, key: StepKey) -> StepClock | None:
        """Return the clock of an open step, or None."""
        return next((clock for clock in self.clocks if clock.key == key), None)


@attrs.frozen(kw_only=True)
class Waiver:
    """
    A finding of the style guide that a member has accepted for one version of the content.

    Attributes:
        code: The rule's code, such as "SG102".
        fields: The salted digest of each published field at the time. If one of the fields changes,
            the waiver no longer counts.
        by: The member who accepted the finding.
        at: When the finding was accepted, in UTC.
        reason: The reason, as free text.
    """

    code: str
    fields: Mapping[str, str] = attrs.field(hash=False, repr=False)
    by: MemberId
    at: dt.datetime
    reason: str = ""


@attrs.frozen(kw_only=True)
class PostSnapshot:
    """
    A post with its latest approval request.

    Attributes:
        post: The post.
        request: The request, or None before the post is submitted.
        alone: Whether a member with `publish` approved the post alone, because no step applied.
        waivers: The findings of the style guide that members have accepted.
        caught: The ids of holds that have stopped the post, and that still stop it even if they no
            longer match its content.
        exempt: The ids of holds that do not stop the post, because a member exempted it.
        taken_down: The profiles from which the post was taken down, until it is approved again.
        taken_down_at: When the last of these takedowns was requested, in UTC, or None.
        changes: The number of events since it was drafted that changed its content or state.
        changed_at: When the latest of these events happened, or when it was drafted, in UTC.
    """

    post: Post
    request: ApprovalRequest | None = None
    alone: bool = False
    waivers: tuple[Waiver, ...] = ()
    caught: tuple[str, ...] = ()
    exempt: tuple[str, ...] = ()
    taken_down: tuple[ProfileId, ...] = ()
    taken_down_at: dt.datetime | None = None
    changes: int = 0
    changed_at: dt.datetime | None = None

    @property
    def may_need_scheduling(self) -> bool:
        """
        Whether the post is approved, but may not be scheduled on all of its targets.

        The deliveries must be checked as well, because the post may have been published immediately
        on a target without a planned time.
        """
        post, request = self.post, self.request
        if post.state is not PostState.APPROVED or not post.targets:
            return False
        planned = request is None or request.when == "planned"
        return not post.deliveries or (
            planned and any(post.content.time_for(target) is None for target in post.targets)
        )

    def holds_on(self, holds: Iterable[Hold]) -> tuple[Hold, ...]:
        """
        Return the *holds* that can affect this post, adapted to the post.

        Holds from which the post is exempt are omitted. A hold that has caught the post is returned
        as a hold on all posts of its profiles, so that an edit cannot free the post.
        """
        return tuple(
            attrs.evolve(hold, on=hold.on.without_attributes()) if hold.id in self.caught else hold
            for hold in holds
            if hold.id not in self.exempt
        )

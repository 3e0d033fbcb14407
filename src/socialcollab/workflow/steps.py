"""A post's approval steps, their progress, and the approval gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import attrs

from socialcollab._memo import Identity
from socialcollab._notebook import NotebookMixin
from socialcollab.content import Post, PostState, post_reason, post_remedy
from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.model.policy import (
    NO_POLICY,
    SOLO_STEP,
    RequiredStep,
    Requirement,
    StepKey,
)
from socialcollab.workflow.model.request import (
    Decision,
    PostSnapshot,
    SubmitTiming,
    account_pin,
    pinned_profile,
)


@attrs.frozen(kw_only=True)
class StepStatus(NotebookMixin):
    """
    The progress of an approval step.

    Attributes:
        key: The step.
        state: "passed"; "skipped" if its condition is not met; "open"; or "later" if other steps
            must pass first.
        reviewers: The members who can decide on the step now, sorted.
        approved_by: The members whose approval counts, sorted.
        needed: The number of approvals that the step needs.
        binds: The fields to which its decisions are bound.
        opened_at: When the step opened, in UTC, or None if it is not open.
        overdue: Whether the step's time limit has passed.
        absent: The reviewers who are absent now, sorted. They are not notified and count only
            through a delegate, but they can still decide.
        delegates: Pairs of a delegate among *reviewers* and the absent member, sorted.
        reasons: Why the step applies or is skipped, if it has a condition; otherwise empty.
    """

    key: StepKey
    state: Literal["passed", "skipped", "open", "later"]
    reviewers: tuple[MemberId, ...]
    approved_by: tuple[MemberId, ...]
    needed: int
    binds: frozenset[str]
    opened_at: dt.datetime | None = None
    overdue: bool = False
    absent: tuple[MemberId, ...] = ()
    delegates: tuple[tuple[MemberId, MemberId], ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the step needs no further decisions."""
        return self.state in ("passed", "skipped")

    @property
    def unreachable(self) -> bool:
        """Whether too few members can decide for the step to pass."""
        return len({*self.reviewers, *self.approved_by}) < self.needed

    def can_be_decided_by(self, member: str) -> bool:
        """Return whether *member* is a reviewer, present or absent, or a delegate."""
        return member in self.reviewers or member in self.absent

    def can_be_returned_by(self, member: str) -> bool:
        """
        Return whether *member* can reject the post or request changes because of this step.

        These are the members who can decide on a step that is not finished, and the members whose
        approval counts, who can change their minds as long as the post is in review.
        """
        return self.can_be_decided_by(member) and (not self.done or member in self.approved_by)

    @property
    def undecided(self) -> tuple[MemberId, ...]:
        """The reviewers who have not approved the step."""
        return tuple(member for member in self.reviewers if member not in self.approved_by)


def needed_steps(snapshot: PostSnapshot, context: Context) -> Requirement:
    """
    Return the steps that the post needs; if no step applies, one approval is added.

    The added approval is not required for a member with `publish` on every target; see `gate`.
    """
    requirement = _with_earlier_steps(snapshot, context)
    if _any_applies(requirement, snapshot, context):
        return requirement
    return attrs.evolve(requirement, steps=(*requirement.steps, SOLO_STEP))


def _with_earlier_steps(snapshot: PostSnapshot, context: Context) -> Requirement:
    """
    Return the steps that the policies require, including steps that applied earlier.

    A step that has applied once remains as long as its policy matches a target. Otherwise an author
    could avoid a step by removing the tag that triggered it.
    """
    requirement = context.requirement(snapshot.post)
    lost = _applied(snapshot) - {step.key for step in requirement.steps}
    if not lost:
        return requirement
    targets = context.targets_of(snapshot.post)
    kept = {
        step.key: step
        for policy in context.policies.by_id.values()
        if any(policy.on.matches_profile(target) for target in targets)
        for step in context.policies.steps_of(policy.id)
        if step.key in lost
    }
    steps = {**kept, **{step.key: step for step in requirement.steps}}
    return attrs.evolve(requirement, steps=tuple(steps[key] for key in sorted(steps)))


def _applied(snapshot: PostSnapshot) -> frozenset[StepKey]:
    """Return the steps that have applied so far."""
    return snapshot.request.applicable if snapshot.request else frozenset()


def _any_applies(requirement: Requirement, snapshot: PostSnapshot, context: Context) -> bool:
    return any(_applies(step, snapshot, context) for step in requirement.steps)


def _applies(step: RequiredStep, snapshot: PostSnapshot, context: Context) -> bool:
    return (
        not step.step.only_if
        or step.key in _applied(snapshot)
        or bool(_matches(step, snapshot, context))
    )


def _matches(
    step: RequiredStep, snapshot: PostSnapshot, context: Context
) -> Mapping[str, tuple[str, ...]]:
    """Return the matching values of the first condition that the post meets; empty if none."""
    content = snapshot.post.content
    author_posts = context.author_posts
    if author_posts is None and snapshot.request is not None:
        author_posts = snapshot.request.author_posts

    def find() -> Mapping[str, tuple[str, ...]]:
        for condition in step.step.only_if:
            matches = condition.matches(
                content,
                findings=lambda: context.findings,
                author_posts=author_posts,
                conditions=context.conditions,
            )
            if matches:
                return matches
        return {}

    return context.cached(("matches", step.key, Identity(content), author_posts), find)


def _condition_reasons(
    step: RequiredStep, snapshot: PostSnapshot, context: Context
) -> tuple[Reason, ...]:
    """Return why a step with a condition applies, or why it does not."""
    if not step.step.only_if:
        return ()
    matches = _matches(step, snapshot, context)
    if matches:
        return tuple(
            Reason.of(
                f"step_applies.{key}",
                step=step.key,
                # A number is not quoted.
                values=", ".join(one if one.isdecimal() else f"`{one}`" for one in values),
            )
            for key, values in matches.items()
        )
    if step.key in _applied(snapshot):
        return (Reason.of("step_applies.earlier", step=step.key),)
    condition = "; ".join(str(condition) for condition in step.step.only_if)
    return (Reason.of("step_skipped", step=step.key, condition=condition),)


def no_step_applies(snapshot: PostSnapshot, context: Context) -> bool:
    """Return whether no step applies, so that a member with `publish` can publish alone."""
    return not _any_applies(_with_earlier_steps(snapshot, context), snapshot, context)


def applicable_steps(snapshot: PostSnapshot, context: Context) -> frozenset[StepKey]:
    """Return the steps that apply now or have applied earlier."""
    applied = _applied(snapshot)
    return applied | {
        step.key
        for step in _with_earlier_steps(snapshot, context).steps
        if _applies(step, snapshot, context)
    }


def pins_of(snapshot: PostSnapshot, context: Context) -> dict[str, str]:
    """Return the digests of the policies that apply, and the accounts of the targets."""
    names = {key.policy for key in applicable_steps(snapshot, context)}
    names |= {account_pin(target) for target in snapshot.post.targets}
    names |= set(context.requirement(snapshot.post).policies)
    return {name: context.pins[name] for name in sorted(names) if name in context.pins}


@attrs.frozen
class _Reviewers:
    """The members who can decide on a step, in their own right and as delegates."""

    present: tuple[MemberId, ...]
    absent: tuple[MemberId, ...]
    delegates: tuple[tuple[MemberId, MemberId], ...]

    @property
    def all(self) -> tuple[MemberId, ...]:
        """The members who are asked to decide: present reviewers and delegates."""
        if not self.delegates:
            return self.present
        return tuple(sorted({*self.present, *(delegate for delegate, _ in self.delegates)}))

    @property
    def counted(self) -> set[MemberId]:
        """The members who count towards a quorum; absent members count only through a delegate."""
        return {*self.present, *(absent for _, absent in self.delegates)}


def _reviewers_of(
    step: RequiredStep, post: Post, context: Context, added: tuple[str, ...]
) -> _Reviewers:
    """Return a step's reviewers, including the principals *added* by escalations."""
    # A step that binds the time excludes the members who moved the post; see `_find_reviewers`.
    movers = {revision.author for revision in post.revisions} if "time" in step.binds else set()
    # Apart from the context, the reviewers depend only on these values.
    key = (
        "reviewers",
        step.key,
        post.workspace,
        post.targets,
        post.authors,
        frozenset(movers),
        added,
    )
    return context.cached(key, lambda: _find_reviewers(step, post, context, added))


def _find_reviewers(
    step: RequiredStep, post: Post, context: Context, added: tuple[str, ...]
) -> _Reviewers:
    if step.key.policy == NO_POLICY:
        candidates: set[MemberId] = set(context.access.member_ids)
    else:
        candidates = {
            member
            for principal in (*step.step.reviewers, *map(Principal.parse, added))
            for member in context.everyone_in(principal, post)
        }
    # A reviewer with `may_edit` may improve the posts of others, but a post that a reviewer drafted
    # still needs the approval of another member.
    excluded: set[str] = {post.author} if step.step.may_edit else set(post.authors)
    if "time" in step.binds and not step.step.may_edit:
        # A member who moved the post chose its time, and this step decides on that time.
        excluded |= {revision.author for revision in post.revisions}
    own = tuple(
        member
        for member in sorted(candidates - excluded)
        if post.targets and context.may(member, "approve", post)
    )
    # A delegate decides neither on their own work nor on the absent member's work, even on a step
    # with `may_edit`. Otherwise authors could have their own posts approved by their delegates.
    barred = excluded | set(post.authors)
    delegates = tuple(
        (delegate, member)
        for member in own
        if member not in barred
        for delegate in context.delegates_of(member, "approve", post)
        if delegate not in barred
    )
    absent = tuple(member for member in own if context.is_absent(member))
    present = tuple(member for member in own if member not in absent)
    return _Reviewers(present, absent, tuple(sorted(delegates)))


def is_named_reviewer(member: str, snapshot: PostSnapshot, context: Context) -> bool:
    """
    Return whether an unfinished step names a member as a reviewer, even if they may not approve.

    Delegates of a reviewer are included.
    """
    post, request = snapshot.post, snapshot.request
    names = {member} | {
        absence.member for absence in context.absences if absence.delegate == member
    }
    statuses = {status.key: status for status in step_statuses(snapshot, context)}
    for step in needed_steps(snapshot, context).steps:
        if statuses[step.key].done:
            continue
        clock = request.clock(step.key) if request else None
        added = map(Principal.parse, clock.added if clock else ())
        if step.key.policy == NO_POLICY or any(
            not names.isdisjoint(context.everyone_in(principal, post))
            for principal in (*step.step.reviewers, *added)
        ):
            return True
    return False


def _approvals(
    step: RequiredStep, decisions: tuple[Decision, ...], post: Post
) -> dict[MemberId, tuple[MemberId, ...]]:
    """Return the members whose approval counts, with the absent members they represented."""
    latest: dict[MemberId, Decision | None] = {}
    for decision in decisions:
        if step.key in decision.steps:
            # A member's later decision replaces the earlier one.
            counts = decision.verdict == "approve" and _still_binds(step, decision, post)
            latest[decision.by] = decision if counts else None
    return {
        member: decision.on_behalf_of
        for member, decision in sorted(latest.items(), key=lambda pair: pair[0])
        if decision is not None
    }


def _still_binds(step: RequiredStep, decision: Decision, post: Post) -> bool:
    """Return whether the fields that the step binds are unchanged since the decision."""
    fields = post.revision.fields
    return all(decision.fields.get(name) == fields.get(name) for name in step.binds)


def _has_passed(step: RequiredStep, decisions: tuple[Decision, ...], post: Post) -> bool:
    """
    Return whether the step passed earlier and its bound fields have not changed since.

    Such a step stays passed even if its reviewers change later. It is reopened only if a member who
    approved it makes a different decision.
    """
    passed = False
    approvers: set[MemberId] = set()
    for decision in decisions:
        if step.key not in decision.steps:
            continue
        if decision.verdict == "bypass":
            passed = passed or _still_binds(step, decision, post)
        elif decision.verdict == "approve":
            approvers.add(decision.by)
            passed = passed or (step.key in decision.passed and _still_binds(step, decision, post))
        elif decision.by in approvers:
            passed = False
    return passed


def step_statuses(snapshot: PostSnapshot, context: Context) -> tuple[StepStatus, ...]:
    """Return the status of each step that the post needs, by key."""
    return context.cached(
        ("statuses", Identity(snapshot), context.author_posts),
        lambda: _step_statuses(snapshot, context),
    )


def _step_statuses(snapshot: PostSnapshot, context: Context) -> tuple[StepStatus, ...]:
    needed = needed_steps(snapshot, context).steps
    statuses = {step.key: _status(step, snapshot, context) for step in needed}
    for step in needed:
        status = statuses[step.key]
        # An earlier step that is no longer needed does not prevent a later step from opening.
        waits = any(key in statuses and not statuses[key].done for key in step.after)
        if status.state == "open" and waits:
            statuses[step.key] = attrs.evolve(status, state="later", opened_at=None, overdue=False)
    return tuple(statuses.values())


def _status(step: RequiredStep, snapshot: PostSnapshot, context: Context) -> StepStatus:
    """Return a step's status, ignoring whether other steps must pass first."""
    post, request = snapshot.post, snapshot.request
    clock = request.clock(step.key) if request else None
    decisions = request.decisions if request else ()
    reviewers = _reviewers_of(step, post, context, clock.added if clock else ())
    approvals = _approvals(step, decisions, post)
    needed = step.step.quorum.needed(len(reviewers.counted))
    if step.step.quorum.least == 0:
        # For "all", every counted reviewer must have approved, in person or through a delegate. A
        # delegate who is also a reviewer has one vote, not two.
        represented = {absent for absents in approvals.values() for absent in absents}
        covered = reviewers.counted <= {*approvals, *represented}
        enough = bool(approvals) and covered and len(approvals) >= len(reviewers.counted)
    else:
        enough = len(approvals) >= needed
    state: Literal["passed", "skipped", "open"]
    if enough or _has_passed(step, decisions, post):
        state = "passed"
    elif not _applies(step, snapshot, context):
        state = "skipped"
    else:
        state = "open"
    return StepStatus(
        key=step.key,
        state=state,
        reviewers=reviewers.all,
        approved_by=tuple(approvals),
        needed=needed,
        binds=step.binds,
        opened_at=clock.opened_at if clock and state == "open" else None,
        overdue=bool(clock and clock.overdue and state == "open"),
        absent=reviewers.absent,
        delegates=reviewers.delegates,
        reasons=_condition_reasons(step, snapshot, context),
    )


def policies_unchanged(snapshot: PostSnapshot, context: Context) -> Verdict:
    """
    Return whether the policies and accounts on which the request is based are unchanged.

    If a policy or an account has changed, the decisions were made under different rules or for a
    different account, and the post must be submitted again.
    """
    post = snapshot.post
    for name, before in changed_pins(snapshot, context):
        profile = pinned_profile(name)
        if profile:
            now = context.pins.get(name, "-")
            reason = Reason.of("account_changed", profile=profile, before=before, after=now)
        else:
            reason = Reason.of("policy_changed", policy=name)
        return Verdict.no(reason, remedies=[post_remedy("resubmit", post)])
    return Verdict.yes(post_reason("policies_unchanged", post))


def changed_pins(snapshot: PostSnapshot, context: Context) -> tuple[tuple[str, str], ...]:
    """
    Return the pins of the request whose values have changed, with the original values.

    A policy that an adoption has removed counts as changed. A profile's account is compared only
    while the post targets the profile; a removed profile is a separate reason not to publish.
    """
    request, post = snapshot.request, snapshot.post
    return tuple(
        (name, value)
        for name, value in sorted(request.pins.items() if request else ())
        if context.pins.get(name) != value
        and (
            not (profile := pinned_profile(name))
            or (profile in post.targets and profile in context.profiles)
        )
    )


def gate(snapshot: PostSnapshot, context: Context, *, alone: bool = False) -> Verdict:
    """
    Return whether the post may be published with its current content.

    The gate is computed from the snapshot and the current rules every time. Its result is never
    stored, so an edit, a changed policy or a lost permission closes the gate immediately for every
    caller.

    Args:
        snapshot: The post with its decisions.
        context: The current rules.
        alone: Whether a member with `publish` on every target submitted the post, which is
            sufficient if no step applies.
    """
    post = snapshot.post
    unchanged = policies_unchanged(snapshot, context)
    if unchanged and alone and no_step_applies(snapshot, context):
        return Verdict.yes(post_reason("no_approval_required", post))
    missing = [status for status in step_statuses(snapshot, context) if not status.done]
    if unchanged and not missing:
        return Verdict.yes(post_reason("all_steps_passed", post))
    return Verdict.no(
        *(() if unchanged else unchanged.reasons),
        *(reason for status in missing for reason in _open_reasons(status)),
        remedies=approval_remedies(snapshot, context),
    )


def approval_remedies(snapshot: PostSnapshot, context: Context) -> tuple[Remedy, ...]:
    """
    Return the actions that lead to a post's approval, combined into one remedy.

    The result is empty if too few members can decide on one of the steps, or if a post in review
    needs no further action.
    """
    post = snapshot.post
    parts: list[Remedy] = []
    # Only a post in review can be approved.
    if post.state is not PostState.IN_REVIEW or not policies_unchanged(snapshot, context):
        in_progress = post.state in (PostState.IN_REVIEW, PostState.APPROVED)
        parts.append(post_remedy("resubmit" if in_progress else "submit_post", post))
        # Not all earlier decisions still count after a new submission.
        data = submission(snapshot, "planned", context)
        snapshot = evolve_post(snapshot, data, actor=context.actor, at=context.now)
    missing = [status for status in step_statuses(snapshot, context) if not status.done]
    if any(status.unreachable for status in missing):
        return ()
    parts += [Remedy.of("approve_step", by=status.undecided, step=status.key) for status in missing]
    return (attrs.evolve(parts[0], also=tuple(parts[1:])),) if parts else ()


def submission(snapshot: PostSnapshot, when: SubmitTiming, context: Context) -> ev.PostSubmitted:
    """Return the data of the event that submits a post."""
    return ev.PostSubmitted(
        revision=snapshot.post.digest,
        when=when,
        applicable=applicable_steps(snapshot, context),
        pins=pins_of(snapshot, context),
        author_posts=context.author_posts,
    )


def _open_reasons(status: StepStatus) -> tuple[Reason, ...]:
    approvals = len(status.approved_by)
    return (
        Reason.of("step_open", step=status.key, approvals=approvals, needed=status.needed),
        *status.reasons,
    )

"""How far a request has come, and whether a post may leave."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import attrs

from socialcollab._memo import Identity
from socialcollab._notebook import NotebookMixin
from socialcollab.content import Post, severity_at_least
from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow.context import Context
from socialcollab.workflow.model.policy import (
    NO_POLICY,
    RequiredStep,
    Requirement,
    StepKey,
    solo_requirement,
)
from socialcollab.workflow.model.request import Decision, PostSnapshot


@attrs.frozen(kw_only=True)
class StepStatus(NotebookMixin):
    """
    How far one step has come.

    Attributes:
        key: The step.

        state: "passed"; "skipped", as its facts do not hold; "open"; or
            "later", as others have to pass first.

        asked: Who can decide on it now, sorted.

        approved_by: Whose yes still holds, sorted.

        needed: How many it takes.

        binds: The fields it binds.

        opened_at: Of an open step, since when, in UTC; or None.

        overdue: Whether the time of its reviewers has lapsed.

        away: Those of *asked* who are away now, sorted.

        delegates: Who of *asked* stands in for whom: pairs of the delegate and
            the absent one, sorted.
    """

    key: StepKey
    state: Literal["passed", "skipped", "open", "later"]
    asked: tuple[MemberId, ...]
    approved_by: tuple[MemberId, ...]
    needed: int
    binds: frozenset[str]
    opened_at: dt.datetime | None = None
    overdue: bool = False
    absent: tuple[MemberId, ...] = ()
    delegates: tuple[tuple[MemberId, MemberId], ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing more is asked."""
        return self.state in ("passed", "skipped")


def needed_steps(snapshot: PostSnapshot, context: Context) -> Requirement:
    """
    Return what the post needs, with the one vote it takes where no step asks anybody.

    A requirement of which nothing is due is answered by whoever has `publish`
    on every target; see `decide`. Everyone else needs one person's `approve`.
    """
    requirement = _required(snapshot, context)
    due = snapshot.request.due if snapshot.request else frozenset()
    if any(_is_due(step, due, context) for step in requirement.steps):
        return requirement
    return attrs.evolve(
        solo_requirement(requirement),
        steps=(*requirement.steps, *solo_requirement(requirement).steps),
    )


def _required(snapshot: PostSnapshot, context: Context) -> Requirement:
    """
    Return what the policies ask, with the steps that have been due before.

    Once due, a step stays due: dropping the tag that brought it does not free
    the post, as long as a policy with that step is about one of its profiles.
    """
    requirement = context.requirement(snapshot.post)
    due = snapshot.request.due if snapshot.request else frozenset()
    gone = due - {step.key for step in requirement.steps}
    if not gone:
        return requirement
    targets = context.targets_of(snapshot.post)
    kept = {
        step.key: step
        for policy in context.policies.by_id.values()
        if any(policy.on.matches_profile(target) for target in targets)
        for step in context.policies.steps_of(policy.id)
        if step.key in gone
    }
    steps = {**kept, **{step.key: step for step in requirement.steps}}
    return attrs.evolve(requirement, steps=tuple(steps[key] for key in sorted(steps)))


def asks_nobody(snapshot: PostSnapshot, context: Context) -> bool:
    """Tell whether no policy's step is due: one person with `publish` may act alone."""
    due = snapshot.request.due if snapshot.request else frozenset()
    return not any(_is_due(step, due, context) for step in _required(snapshot, context).steps)


def due_steps(snapshot: PostSnapshot, context: Context) -> frozenset[StepKey]:
    """Return the steps that are due now or have been before."""
    due = snapshot.request.due if snapshot.request else frozenset()
    return due | {
        step.key
        for step in needed_steps(snapshot, context).steps
        if step.key.policy != NO_POLICY and _is_due(step, due, context)
    }


def _is_due(step: RequiredStep, due: frozenset[StepKey], context: Context) -> bool:
    only_if = step.step.only_if
    return (
        only_if is None
        or step.key in due
        or any(
            severity_at_least(finding.severity, only_if.finding_at_least)
            for finding in context.findings
        )
    )


@attrs.frozen
class _Asking:
    """Who can decide on a step: in their own place, and in whose stead."""

    own: tuple[MemberId, ...]
    delegates: tuple[tuple[MemberId, MemberId], ...]

    @property
    def all(self) -> tuple[MemberId, ...]:
        if not self.delegates:
            return self.own
        return tuple(sorted({*self.own, *(delegate for delegate, _ in self.delegates)}))


def _asked(step: RequiredStep, post: Post, context: Context, added: tuple[str, ...]) -> _Asking:
    # Of what makes up a step, what it binds alone depends on more than its key.
    movers = {one.author for one in post.revisions} if "time" in step.binds else set()
    key = ("asked", step.key, post.workspace, post.targets, post.authors, frozenset(movers), added)
    return context.cached(key, lambda: _now_asked(step, post, context, added))


def _now_asked(step: RequiredStep, post: Post, context: Context, added: tuple[str, ...]) -> _Asking:
    if step.key.policy == NO_POLICY:
        candidates: set[MemberId] = set(context.access.member_ids)
    else:
        candidates = {
            member
            for principal in (*step.step.reviewers, *map(Principal.parse, added))
            for member in context.everyone_in(principal, post)
        }
    authors: set[str] = set() if step.step.may_edit else set(post.authors)
    if "time" in step.binds and not step.step.may_edit:
        # Whoever moved a post wrote the one field that such a step binds beside its content.
        authors |= {revision.author for revision in post.revisions}
    own = tuple(
        member
        for member in sorted(candidates - authors)
        if post.targets and context.may(member, "approve", post)
    )
    # In the place of another nobody decides on their own work, nor on that one's.
    theirs = authors | set(post.authors)
    delegates = tuple(
        (delegate, member)
        for member in own
        if member not in theirs
        for delegate in context.delegates_of(member, "approve", post)
        if delegate not in theirs
    )
    return _Asking(own, tuple(sorted(delegates)))


def _holding(
    step: RequiredStep, decisions: tuple[Decision, ...], post: Post
) -> dict[MemberId, tuple[MemberId, ...]]:
    """Return whose yes still holds, each with whom they stood in for."""
    said: dict[MemberId, Decision | None] = {}
    for decision in decisions:
        if step.key in decision.steps:
            # A later word of the same person takes the place of an earlier one.
            yes = decision.verdict == "approve" and _binds(step, decision, post)
            said[decision.by] = decision if yes else None
    return {
        member: decision.on_behalf_of
        for member, decision in sorted(said.items(), key=lambda pair: pair[0])
        if decision is not None
    }


def _binds(step: RequiredStep, decision: Decision, post: Post) -> bool:
    fields = post.revision.fields
    return all(decision.fields.get(name) == fields.get(name) for name in step.binds)


def _passed_before(step: RequiredStep, decisions: tuple[Decision, ...], post: Post) -> bool:
    """Tell whether the step has passed on what stands: later comers are not asked again."""
    passed = False
    voters: set[MemberId] = set()
    for decision in decisions:
        if step.key not in decision.steps:
            continue
        if decision.verdict == "approve":
            voters.add(decision.by)
            passed = passed or (step.key in decision.passed and _binds(step, decision, post))
        elif decision.by in voters:
            passed = False
    return passed


def step_statuses(snapshot: PostSnapshot, context: Context) -> tuple[StepStatus, ...]:
    """Return the status of each step that the post needs, by key."""
    return context.cached(
        ("statuses", Identity(snapshot)), lambda: _step_statuses(snapshot, context)
    )


def _step_statuses(snapshot: PostSnapshot, context: Context) -> tuple[StepStatus, ...]:
    post = snapshot.post
    due = snapshot.request.due if snapshot.request else frozenset()
    decisions = snapshot.request.decisions if snapshot.request else ()
    needed = needed_steps(snapshot, context).steps
    states: dict[StepKey, StepStatus] = {}
    for step in needed:
        clock = snapshot.request.clock(step.key) if snapshot.request else None
        asking = _asked(step, post, context, clock.added if clock else ())
        asked = asking.all
        holding = _holding(step, decisions, post)
        approved = tuple(holding)
        least = step.step.quorum.needed(len(asking.own))
        spoken = {
            *holding,
            *(absent for on_behalf_of in holding.values() for absent in on_behalf_of),
        }
        enough = (
            len(approved) >= 1 and set(asking.own) <= spoken
            if step.step.quorum.least == 0
            else len(approved) >= least
        )
        state: Literal["passed", "skipped", "open", "later"]
        if enough or _passed_before(step, decisions, post):
            state = "passed"
        elif not _is_due(step, due, context):
            state = "skipped"
        else:
            state = "open"
        states[step.key] = StepStatus(
            key=step.key,
            state=state,
            asked=asked,
            approved_by=approved,
            needed=least,
            binds=step.binds,
            opened_at=clock.opened_at if clock and state == "open" else None,
            overdue=bool(clock and clock.overdue and state == "open"),
            absent=tuple(member for member in asked if context.is_absent(member)),
            delegates=asking.delegates,
        )
    for step in needed:
        status = states[step.key]
        # A step whose predecessor is no longer needed has nothing to wait for.
        waits = any(other in states and not states[other].done for other in step.after)
        if status.state == "open" and waits:
            states[step.key] = attrs.evolve(status, state="later", opened_at=None, overdue=False)
    return tuple(states[step.key] for step in needed)


def unchanged(snapshot: PostSnapshot, context: Context) -> Verdict:
    """Tell whether every policy that the request rests on still says what it said."""
    request = snapshot.request
    for policy, digest in sorted(request.pins.items() if request else ()):
        # A policy that is gone has changed too.
        if context.pins.get(policy) != digest:
            return Verdict.no(
                Reason.of("policy_changed", policy=policy),
                remedies=[Remedy.of("resubmit", post=snapshot.post.id)],
            )
    return Verdict.yes(Reason.of("policies_unchanged", post=snapshot.post.id))


def gate(snapshot: PostSnapshot, context: Context, *, alone: bool = False) -> Verdict:
    """
    Tell whether the post, as it stands, may leave.

    Args:
        snapshot: The post and its votes.

        context: The rules and facts of now.

        alone: Whether a person with `publish` on every target let it leave on
            her own word, which is enough where no step is due.
    """
    pinned = unchanged(snapshot, context)
    if not pinned:
        return pinned
    if alone and asks_nobody(snapshot, context):
        return Verdict.yes(Reason.of("no_step_due", post=snapshot.post.id))
    missing = [status for status in step_statuses(snapshot, context) if not status.done]
    if not missing:
        return Verdict.yes(Reason.of("all_steps_passed", post=snapshot.post.id))
    return Verdict.no(
        *(
            Reason.of("step_open", step=status.key, got=len(status.approved_by), need=status.needed)
            for status in missing
        ),
        remedies=[
            Remedy.of("vote", by=set(status.asked) - set(status.approved_by), step=status.key)
            for status in missing
        ],
    )

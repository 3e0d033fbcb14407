"""Offboard a member and hand over everything that depends on them, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import attrs

from socialcollab.content import PostState
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.adopt import adopted, check_permissions, sees
from socialcollab.desk.inbox.offboarding import hand_over_inbox
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan, plan_for_viewer
from socialcollab.desk.queries.proposal import undecidable_steps
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.identifiers import MemberId
from socialcollab.organization import (
    Organization,
    changes_between,
    check_successor,
    evolve_runtime_state,
    first_day_without,
    hand_over,
    steps_losing_reviewers,
    successors_by_place,
    workspaces_at,
)
from socialcollab.permissions import escalations_by_absence, escalations_by_swap
from socialcollab.time import local_time
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, Context
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import not_visible, refuse, verdict_on
from socialcollab.workflow.events import Event

_MAX_REASONS = 5


def offboard(
    engine: Engine, state: State, actor: Actor, command: dc.Offboard, *, now: dt.datetime
) -> Effects[tuple[tuple[Event, ...], list[Loaded]]]:
    """
    Return the events that offboard a member, and the posts on which the decision was based.

    Raises:
        NotFoundError: If the member or a successor does not exist.
        NotAllowedError: If the actor does not have `manage_access` on the affected resources, if a
            successor would gain permissions that the actor does not have, if an item requires a
            successor and none is given, or if a step or a post would be left without
            reviewers.
        StaleError: If an item that is not in the plan depends on the member, or if another document
            has been adopted since the plan was made.
        InvalidValueError: If the reason is empty, if the day is in the future, or if a successor is
            given for an item that does not exist.
    """
    member, me = command.member, actor.name
    _check_manages(state, member, engine.context(state, actor, now=now))
    if not command.reason.strip():
        raise InvalidValueError(
            "an offboarding needs a reason",
            value=command.reason,
            expected="why the member leaves",
        )
    organization = state.organization
    first_day = _first_day(organization, member, command.date, now)
    plan = yield from plan_for_viewer(engine, state, member, now, viewer=me)
    if command.seen is not None:
        _check_seen(state, plan, command.seen)
    successors = successors_by_place(plan.items, command.successors, member=member)
    for successor in sorted(set(successors.values())):
        check_successor(organization, member, successor, at=now)
    document, missing = hand_over(state.document, member, successors, left=first_day)
    if missing:
        _refuse_missing_successors(state, plan, missing, me, now)
    changes = changes_between(state.document, document)
    if not changes:
        raise InvalidValueError(
            f"`{member}` has already left, and nothing depends on them",
            value=member,
            expected="a member who has not left",
        )
    data = _offboarded(member, first_day, successors)
    runtime_state = evolve_runtime_state(state.runtime_state, data, actor=actor, at=now)
    after = engine.state_under(attrs.evolve(state, runtime_state=runtime_state), document)
    if not all(sees(state, me, change, now) for change in changes):
        raise _hidden(me)
    check_permissions(state, me, changes, after.organization, now)
    _check_delegates(state, after, me)
    _check_swaps(state, after, engine.context(state, actor, now=now))
    _check_reviewers(state, after, plan, me, now)
    posts = yield from _check_decidable(engine, state, after, me, now)
    handed_over, items = yield from hand_over_inbox(
        engine, state, actor, member, successors=successors, now=now
    )
    return (
        Event(ORGANIZATION, actor, adopted(state, document, changes, command.reason)),
        Event(RUNTIME_STATE, actor, data),
        *handed_over,
    ), [*posts, *items]


def _hidden(member: str) -> NotAllowedError:
    return refuse(Reason.of("not_visible", member=member, permission="manage_access"))


def _check_manages(state: State, member: str, context: Context) -> None:
    """Reject an actor who does not have `manage_access` on the resources of the member."""
    known = context.access.member(member)
    place = known.of if known is not None and known.of else "*"
    verdict = verdict_on("manage_access", (place,), context)
    if known is None and verdict:
        raise NotFoundError(
            "member", member, suggestion=state.organization.did_you_mean("member", member)
        )
    # An actor who cannot manage members gets the same result whether or not the member exists.
    if known is None or not_visible(verdict):
        raise _hidden(context.actor.name)
    if not verdict:
        raise NotAllowedError(verdict)


def _first_day(
    organization: Organization, member: str, date: dt.date | None, now: dt.datetime
) -> dt.date:
    """Return the first day without the member; *date* must not be in the future."""
    first = first_day_without(organization, member, now)
    known = organization.members_by_id[member]
    today = local_time(now, known.timezone or str(organization.settings.timezone)).date()
    if date is None or first <= date <= today:
        return first
    if date > first:
        raise InvalidValueError(
            f"`{member}` cannot be offboarded for {date}, which is in the future;"
            " offboard them on that day",
            value=date,
            expected=f"{today} or earlier; to plan ahead, write `left = {date}` in the document",
        )
    return date


def _check_seen(state: State, plan: OffboardingPlan, seen: OffboardingPlan) -> None:
    """Raise an error if *seen*, the plan that the actor saw, is outdated."""
    known = {item.place for item in seen.items}
    new = tuple(dict.fromkeys(item.place for item in plan.items if item.place not in known))
    if new or seen.digest != state.digest:
        raise StaleError(
            thing=f"what depends on `{plan.member}`",
            seen=f"digest {seen.digest[:12]}",
            current=f"digest {state.digest[:12]}",
            by="another member",
            changed=new or ("the document",),
        )


def _refuse_missing_successors(
    state: State, plan: OffboardingPlan, missing: frozenset[str], me: str, now: dt.datetime
) -> None:
    if not all(
        state.organization.access.allows(me, "view", workspace, at=now)
        for place in missing
        for workspace in workspaces_at(state.document, place)
    ):
        raise _hidden(me)
    consequences = {item.place: item.consequence for item in plan.items}
    raise refuse(
        *(
            consequences.get(place)
            or Reason.of("offboarding.needs_successor", place=place, label=place)
            for place in sorted(missing)
        )
    )


def _offboarded(member: str, left: dt.date, successors: Mapping[str, str]) -> ev.MemberOffboarded:
    def of(kind: str) -> dict[str, str]:
        return {
            place.removeprefix(f"{kind} "): successor
            for place, successor in successors.items()
            if place.startswith(f"{kind} ")
        }

    return ev.MemberOffboarded(
        member=MemberId(member),
        date=left,
        delegates=of("absence"),
        grants=of("grant"),
        swaps=of("swap"),
        successors=tuple(MemberId(successor) for successor in sorted(set(successors.values()))),
    )


def _check_delegates(state: State, after: State, me: str) -> None:
    """Reject a delegate who is absent or who would gain permissions that the actor lacks."""
    access = after.organization.access
    before: dict[str, Any] = {
        absence.id: absence.delegate for absence in state.runtime_state.absences
    }
    for absence in after.runtime_state.absences:
        if absence.delegate in ("", before.get(absence.id)) or absence.member == me:
            continue
        of_delegate = attrs.evolve(absence, member=absence.delegate, delegate="")
        for other in after.runtime_state.absences:
            if of_delegate.overlaps(other):
                raise refuse(
                    Reason.of(
                        "delegate_absent",
                        delegate=absence.delegate,
                        start=other.start,
                        end=other.end,
                    )
                )
        gains = escalations_by_absence(me, absence, access)
        if gains:
            raise refuse(*(gain.refused(me) for gain in gains[:_MAX_REASONS]))


def _check_swaps(state: State, after: State, context: Context) -> None:
    """Reject a successor on duty who would gain permissions that the actor lacks."""
    me = context.actor.name
    before = {swap.id: swap.member for swap in state.runtime_state.swaps}
    for swap in after.runtime_state.swaps:
        if swap.member == before[swap.id]:
            continue
        resources = context.access.rotation_binding(swap.rotation).resources
        verdict = verdict_on("manage_access", sorted(resources), context)
        if not verdict:
            raise NotAllowedError(verdict)
        gains = escalations_by_swap(me, swap, context.access)
        if gains:
            raise refuse(*(gain.refused(me) for gain in gains[:_MAX_REASONS]))


def _check_reviewers(
    state: State, after: State, plan: OffboardingPlan, me: str, now: dt.datetime
) -> None:
    """Reject an offboarding that leaves too few members who can approve a policy's step."""
    lost = steps_losing_reviewers(state.organization, after.organization, now, member=plan.member)
    if not all(
        state.organization.access.allows(me, "view", profile, at=now)
        for profiles in lost.values()
        for profile in profiles
    ):
        raise _hidden(me)
    places = ", ".join(item.consequence["label"] for item in plan.needing_successor) or "-"
    scope = state.organization.access.bindings.scope
    reasons = [
        Reason.of(
            "offboarding.step_without_reviewers",
            step=step,
            profiles=", ".join(scope.in_short(profiles)),
            member=plan.member,
            places=places,
        )
        for step, profiles in lost.items()
    ]
    if reasons:
        raise refuse(*reasons[:_MAX_REASONS])


def _check_decidable(
    engine: Engine, state: State, after: State, me: str, now: dt.datetime
) -> Effects[list[Loaded]]:
    """Return the posts in review, after checking that each still has enough reviewers."""
    rows = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    posts = yield from engine.load_all(row.stream for row in rows)
    undecidable = undecidable_steps(engine, state, after, now=now)
    context = engine.context(state, Actor.RULES, now=now)
    stuck: list[Reason] = []
    for loaded in posts.values():
        for orphan in undecidable(loaded):
            if not context.sees(me, loaded.snapshot.post):
                raise _hidden(me)
            stuck.append(orphan.reason)
    if stuck:
        raise refuse(*stuck[:_MAX_REASONS])
    return list(posts.values())

"""Somebody leaves for good: what hangs on them, an heir for each, and one act that hands it over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, DeliveryState, Post, PostState
from socialcollab.desk import commands as dc
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.handlers.adopt import adopted, check_permissions, sees
from socialcollab.desk.journal.snapshots import ORGANIZATION, RUNTIME_STATE
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.proposal import undecidable
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError, StaleError
from socialcollab.identifiers import MemberId
from socialcollab.organization import (
    OffboardingItem,
    Organization,
    evolve_runtime_state,
    first_day_without,
    handed_over,
    offboarding_items,
    refuse_successor,
    successors_by_place,
    workspaces_around,
)
from socialcollab.permissions import escalations_by_absence, escalations_by_swap
from socialcollab.time import local_time
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor, Context, step_statuses
from socialcollab.workflow import events as ev
from socialcollab.workflow.decide import not_visible, refuse, verdict_on
from socialcollab.workflow.events import Event

_SHOWN = 5
_OPEN = ("draft", "in_review", "changes_requested", "approved", "expired")
_TO_LEAVE = (DeliveryState.WAITING, DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


@attrs.frozen(kw_only=True)
class OffboardingPlan(NotebookMixin):
    """
    Everything that hangs on somebody, and what becomes of it when they leave.

    Attributes:
        member: Who.

        things: What hangs on them: of the document in its order, then the
            facts, then what they gave, then posts.

        digest: The digest of the document in which these places are.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    member: MemberId
    items: tuple[OffboardingItem, ...]
    digest: str = attrs.field(default="", repr=False)

    @property
    def needing_successor(self) -> tuple[OffboardingItem, ...]:
        """What somebody has to take over."""
        return tuple(one for one in self.items if one.needs_successor)

    @property
    def successors(self) -> dict[str, str]:
        """The heirs that are proposed, by place."""
        return {one.place: one.successor for one in self.items if one.successor}

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or f"nothing hangs on {self.member}"


def offboarding_plan(engine: Engine, member: str) -> Effects[OffboardingPlan]:
    """
    Return everything that hangs on a member, of the document, the facts and the posts.

    Raises:
        NotFoundError: If there is no such member.
    """
    state = yield from engine.state()
    return (yield from _departure(engine, state, member, engine.now()))


def _departure(
    engine: Engine, state: State, member: str, at: dt.datetime, *, viewer: str = ""
) -> Effects[OffboardingPlan]:
    organization = state.organization
    things = list(offboarding_items(organization, member, at=at))
    scope = organization.access.bindings.scope
    things += [
        OffboardingItem(
            place=f"given by them {one.id}",
            section="gave",
            name=one.id,
            takes_successor=False,
            consequence=Reason.of("offboarding.granted", member=member, until=one.until),
        )
        for one in organization.temporary_grants
        if one.by == member and not one.is_over(scope, at=at)
    ]
    rows = yield from all_rows(engine, "posts", where={"state": _OPEN})
    for row in rows:
        loaded = yield from engine.load(row.stream)
        deliveries = [one.snapshot for one in (yield from engine.deliveries(loaded.snapshot.post))]
        context = _context(engine, state, loaded, at)
        if not viewer or context.may(viewer, "view", loaded.snapshot.post):
            things += _of_post(loaded, deliveries, member, context)
    return OffboardingPlan(member=MemberId(member), items=tuple(things), digest=state.digest)


def _context(engine: Engine, state: State, loaded: Loaded, at: dt.datetime) -> Context:
    post: Post = loaded.snapshot.post
    return engine.context(
        state,
        Actor.RULES,
        now=at,
        content=post.content,
        workspace=post.workspace,
        snapshot=loaded.snapshot,
    )


def _of_post(
    loaded: Loaded, deliveries: list[Delivery], member: str, context: Context
) -> Iterator[OffboardingItem]:
    """Yield what of a post hangs on a member: a decision, unfinished work, and what is to leave."""
    post: Post = loaded.snapshot.post
    said: list[Reason] = []
    if post.state is PostState.IN_REVIEW:
        for status in step_statuses(loaded.snapshot, context):
            if not status.done and member in status.asked:
                others = [one for one in status.asked if one != member]
                code = "offboarding.asked" if others else "offboarding.asked_alone"
                said.append(
                    Reason.of(code, post=post.id, step=status.key, others=", ".join(others) or "-")
                )
    if member in post.authors:
        if post.state is PostState.APPROVED:
            if any(one.state in _TO_LEAVE for one in deliveries):
                said.append(Reason.of("offboarding.scheduled", post=post.id))
        else:
            others = [
                one
                for one in context.access.member_ids
                if one != member
                and context.may(one, "draft", post)
                and (one == post.author or context.may(one, "edit_others", post))
            ]
            code = "offboarding.unfinished" if others else "offboarding.unfinished_alone"
            state = post.state.value
            said.append(Reason.of(code, post=post.id, state=state, others=", ".join(others) or "-"))
    for reason in said:
        yield OffboardingItem(
            place=f"post {post.id}",
            section="posts",
            name=post.external_id or post.id,
            takes_successor=False,
            consequence=reason,
        )


def offboard(
    engine: Engine, state: State, actor: Actor, command: dc.Offboard, *, at: dt.datetime
) -> Effects[tuple[tuple[Event, ...], list[Loaded]]]:
    """
    Let a member leave, and their heirs take over, all or nothing.

    Returns:
        The events, and the posts on which it was decided.

    Raises:
        NotFoundError: If there is no such member, or heir.

        NotAllowedError: If the actor does not manage access where the member
            belongs and what changes is, would give an heir more than they
            hold, something has no heir that needs one, or a post would wait for nobody.

        StaleError: If more hangs on the member than when the plan was made.

        InvalidValueError: If there is no reason, the day lies ahead, or
            nothing of theirs is called what an heir is named for.
    """
    member, me = command.member, actor.name
    _check_manages(state, member, engine.context(state, actor, now=at))
    if not command.reason.strip():
        raise InvalidValueError(
            "a departure needs a reason", value=command.reason, expected="why they leave"
        )
    organization = state.organization
    left = _first_day(organization, member, command.on, at)
    plan = yield from _departure(engine, state, member, at, viewer=me)
    if command.seen is not None:
        _refuse_stale(state, plan, command.seen)
    successors = successors_by_place(plan.items, command.successors, member=member)
    for successor in sorted(set(successors.values())):
        refuse_successor(organization, member, successor, at=at)
    document, needed = handed_over(state.document, member, successors, left=left)
    if needed:
        if not all(
            organization.access.allows(me, "view", around, at=at)
            for place in needed
            for around in workspaces_around(state.document, place)
        ):
            raise _unseen(me)
        then = {one.place: one.consequence for one in plan.items}
        raise refuse(
            *(
                then.get(place)
                or Reason.of("offboarding.needs_successor", place=place, called=place)
                for place in sorted(needed)
            )
        )
    changes = state.document.changes_to(document)
    if not changes:
        raise InvalidValueError(
            f"`{member}` has left already, and nothing hangs on them", value=member
        )
    data = _state_after(member, left, successors)
    left_state = evolve_runtime_state(state.runtime_state, data, actor=actor, at=at)
    after = attrs.evolve(
        engine.under(attrs.evolve(state, runtime_state=left_state), document),
        runtime_state=left_state,
    )
    if not all(sees(state, me, change, at) for change in changes):
        raise _unseen(me)
    check_permissions(state, me, changes, after.organization, at)
    _check_stand_ins(state, after, me)
    _check_swaps(state, after, engine.context(state, actor, now=at))
    posts = yield from _check_decidable(engine, state, after, me, at)
    return (
        Event(ORGANIZATION, actor, adopted(state, document, changes, command.reason)),
        Event(RUNTIME_STATE, actor, data),
    ), posts


def _unseen(member: str) -> NotAllowedError:
    return refuse(Reason.of("not_visible", member=member, permission="manage_access"))


def _check_manages(state: State, member: str, context: Context) -> None:
    """Refuse whoever does not manage access where the member belongs."""
    known = context.access.member(member)
    place = known.of if known is not None and known.of else "*"
    verdict = verdict_on("manage_access", (place,), context)
    if known is None and verdict:
        raise NotFoundError(
            "member", member, suggestion=state.organization.did_you_mean("member", member)
        )
    if not verdict or known is None:
        # Who may not manage people learns nothing of who there is.
        hidden = known is None or not_visible(verdict)
        raise NotAllowedError(
            Verdict.no(
                Reason.of("not_visible", member=context.actor.name, permission="manage_access")
            )
            if hidden
            else verdict
        )


def _first_day(
    organization: Organization, member: str, on: dt.date | None, at: dt.datetime
) -> dt.date:
    first = first_day_without(organization, member, at)
    if on is None or first <= on <= _today(organization, member, at):
        return first
    if on > first:
        raise InvalidValueError(
            f"`{member}` is to leave on {on}, which lies ahead; what hangs on them is handed over"
            " on the day",
            value=on,
            expected=f"{_today(organization, member, at)} or before; until then write `left = {on}` in the document",
        )
    return on


def _today(organization: Organization, member: str, at: dt.datetime) -> dt.date:
    person = organization.members_by_id[member]
    return local_time(at, person.timezone or str(organization.settings.timezone)).date()


def _refuse_stale(state: State, plan: OffboardingPlan, seen: OffboardingPlan) -> None:
    """Refuse if more hangs on the member than was seen, or places may have other names by now."""
    known = {one.place for one in seen.items}
    fresh = tuple(dict.fromkeys(one.place for one in plan.items if one.place not in known))
    if fresh or seen.digest != state.digest:
        raise StaleError(
            thing=f"what hangs on `{plan.member}`",
            seen=f"digest {seen.digest[:12]}",
            current=f"digest {state.digest[:12]}",
            by="somebody",
            changed=fresh or ("the document",),
        )


def _state_after(member: str, left: dt.date, successors: Mapping[str, str]) -> ev.MemberOffboarded:
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


def _check_stand_ins(state: State, after: State, me: str) -> None:
    """Refuse whoever names a delegate for another who would come to have what neither holds."""
    access = after.organization.access
    before: dict[str, Any] = {one.id: one.delegate for one in state.runtime_state.absences}
    for absence in after.runtime_state.absences:
        if absence.delegate in ("", before.get(absence.id)) or absence.member == me:
            continue
        for other in after.runtime_state.absences:
            if attrs.evolve(absence, member=absence.delegate, delegate="").overlaps(other):
                raise refuse(
                    Reason.of(
                        "delegate_away",
                        delegate=absence.delegate,
                        start=other.start,
                        end=other.end,
                    )
                )
        more = escalations_by_absence(me, absence, access)
        if more:
            raise refuse(*(gain.refused(me) for gain in more[:_SHOWN]))


def _check_swaps(state: State, after: State, context: Context) -> None:
    """Refuse an heir on duty who would come to have what the actor does not hold or manage there."""
    before = {one.id: one.member for one in state.runtime_state.swaps}
    for swap in after.runtime_state.swaps:
        if swap.member == before[swap.id]:
            continue
        places = context.access.rotation_binding(swap.rotation).resources
        verdict = verdict_on("manage_access", sorted(places), context)
        if not verdict:
            raise NotAllowedError(verdict)
        more = escalations_by_swap(context.actor.name, swap, context.access)
        if more:
            raise refuse(*(gain.refused(context.actor.name) for gain in more[:_SHOWN]))


def _check_decidable(
    engine: Engine, state: State, after: State, me: str, at: dt.datetime
) -> Effects[list[Loaded]]:
    """Refuse a departure that leaves a post waiting for nobody; return the posts that wait."""
    rows = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    posts: list[Loaded] = []
    stuck: list[Reason] = []
    for row in rows:
        loaded = yield from engine.load(row.stream)
        posts.append(loaded)
        for orphan in undecidable(engine, loaded, state, after):
            if not _context(engine, state, loaded, at).may(me, "view", loaded.snapshot.post):
                raise _unseen(me)
            stuck.append(orphan.reason)
    if stuck:
        raise refuse(*stuck[:_SHOWN])
    return posts

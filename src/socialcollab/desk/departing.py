"""Somebody leaves for good: what hangs on them, an heir for each, and one act that hands it over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from socialcollab.content import Delivery, DeliveryState, Post, PostState
from socialcollab.desk import commands as dc
from socialcollab.desk.adopting import adopted, check_rights, sees
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.planning import all_rows
from socialcollab.desk.proposal import undecidable
from socialcollab.desk.steps import Steps
from socialcollab.desk.streams import FACTS, ORGANIZATION
from socialcollab.errors import InvalidValueError, NotFoundError, RefusedError, StaleError
from socialcollab.identifiers import MemberId
from socialcollab.organization import Organization, evolve_facts
from socialcollab.organization.departure import (
    Departing,
    departing,
    first_day_without,
    handed_over,
    heirs_by_place,
    refuse_heir,
    workspaces_around,
)
from socialcollab.permissions import unlendable, unswappable
from socialcollab.showing import show
from socialcollab.time import local_time
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import Actor, Context, Event, step_statuses
from socialcollab.workflow import fact_events as fe
from socialcollab.workflow.refusals import out_of_sight, refuse, verdict_on

__all__ = ["Departure", "depart", "departure"]

_SHOWN = 5
_OPEN = ("draft", "in_review", "changes_requested", "approved", "expired")
_TO_LEAVE = (DeliveryState.WAITING, DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)


@attrs.frozen(kw_only=True)
class Departure:
    """
    Everything that hangs on somebody, and what becomes of it when they leave.

    Attributes:
        member: Who.

        things: What hangs on them: of the document in its order, then the
            facts, then what they gave, then posts.

        digest: The digest of the document in which these places are.
    """

    member: MemberId
    things: tuple[Departing, ...]
    digest: str = attrs.field(default="", repr=False)

    @property
    def needing_an_heir(self) -> tuple[Departing, ...]:
        """What somebody has to take over."""
        return tuple(one for one in self.things if one.needs_heir)

    @property
    def heirs(self) -> dict[str, str]:
        """The heirs that are proposed, by place."""
        return {one.place: one.heir for one in self.things if one.heir}

    def __str__(self) -> str:
        return "\n".join(map(str, self.things)) or f"nothing hangs on {self.member}"

    def _repr_html_(self) -> str:
        return show(self.things, title=f"If {self.member} leaves").html


def departure(engine: Engine, member: str) -> Steps[Departure]:
    """
    Return everything that hangs on a member, of the document, the facts and the posts.

    Raises:
        NotFoundError: If there is no such member.
    """
    state = yield from engine.state()
    return (yield from _departure(engine, state, member, engine.now()))


def _departure(
    engine: Engine, state: State, member: str, at: dt.datetime, *, viewer: str = ""
) -> Steps[Departure]:
    organization = state.organization
    things = list(departing(organization, member, at=at))
    scope = organization.access.rulebook.scope
    things += [
        Departing(
            place=f"given by them {one.id}",
            section="gave",
            name=one.id,
            takes_heir=False,
            then=Reason.of("depart.gave", member=member, until=one.until),
        )
        for one in organization.given
        if one.by == member and not one.is_over(scope, at=at)
    ]
    rows = yield from all_rows(engine, "posts", where={"state": _OPEN})
    for row in rows:
        loaded = yield from engine.load(row.stream)
        deliveries = [one.record for one in (yield from engine.deliveries(loaded.record.post))]
        context = _context(engine, state, loaded, at)
        if not viewer or context.may(viewer, "view", loaded.record.post):
            things += _of_post(loaded, deliveries, member, context)
    return Departure(member=MemberId(member), things=tuple(things), digest=state.digest)


def _context(engine: Engine, state: State, loaded: Loaded, at: dt.datetime) -> Context:
    post: Post = loaded.record.post
    return engine.context(
        state,
        Actor.RULES,
        now=at,
        content=post.content,
        workspace=post.workspace,
        record=loaded.record,
    )


def _of_post(
    loaded: Loaded, deliveries: list[Delivery], member: str, context: Context
) -> Iterator[Departing]:
    """Yield what of a post hangs on a member: a decision, unfinished work, and what is to leave."""
    post: Post = loaded.record.post
    said: list[Reason] = []
    if post.state is PostState.IN_REVIEW:
        for status in step_statuses(loaded.record, context):
            if not status.done and member in status.asked:
                others = [one for one in status.asked if one != member]
                code = "depart.asked" if others else "depart.asked_alone"
                said.append(
                    Reason.of(code, post=post.id, step=status.key, others=", ".join(others) or "-")
                )
    if member in post.authors:
        if post.state is PostState.APPROVED:
            if any(one.state in _TO_LEAVE for one in deliveries):
                said.append(Reason.of("depart.leaves", post=post.id))
        else:
            others = [
                one
                for one in context.access.member_ids
                if one != member
                and context.may(one, "draft", post)
                and (one == post.author or context.may(one, "edit_others", post))
            ]
            code = "depart.unfinished" if others else "depart.unfinished_alone"
            state = post.state.value
            said.append(Reason.of(code, post=post.id, state=state, others=", ".join(others) or "-"))
    for reason in said:
        yield Departing(
            place=f"post {post.id}",
            section="posts",
            name=post.ref or post.id,
            takes_heir=False,
            then=reason,
        )


def depart(
    engine: Engine, state: State, actor: Actor, command: dc.Depart, *, at: dt.datetime
) -> Steps[tuple[tuple[Event, ...], list[Loaded]]]:
    """
    Let a member leave, and their heirs take over, all or nothing.

    Returns:
        The events, and the posts on which it was decided.

    Raises:
        NotFoundError: If there is no such member, or heir.

        RefusedError: If the actor does not manage access where the member
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
    heirs = heirs_by_place(plan.things, command.heirs, member=member)
    for heir in sorted(set(heirs.values())):
        refuse_heir(organization, member, heir, at=at)
    document, needed = handed_over(state.document, member, heirs, left=left)
    if needed:
        if not all(
            organization.access.allows(me, "view", around, at=at)
            for place in needed
            for around in workspaces_around(state.document, place)
        ):
            raise _unseen(me)
        then = {one.place: one.then for one in plan.things}
        raise refuse(
            *(
                then.get(place) or Reason.of("depart.needs_heir", place=place, called=place)
                for place in sorted(needed)
            )
        )
    changes = state.document.changes_to(document)
    if not changes:
        raise InvalidValueError(
            f"`{member}` has left already, and nothing hangs on them", value=member
        )
    data = _facts_after(member, left, heirs)
    facts = evolve_facts(state.facts, data, actor=actor, at=at)
    after = attrs.evolve(engine.under(attrs.evolve(state, facts=facts), document), facts=facts)
    if not all(sees(state, me, change, at) for change in changes):
        raise _unseen(me)
    check_rights(state, me, changes, after.organization, at)
    _check_stand_ins(state, after, me)
    _check_swaps(state, after, engine.context(state, actor, now=at))
    posts = yield from _check_decidable(engine, state, after, me, at)
    return (
        Event(ORGANIZATION, actor, adopted(state, document, changes, command.reason)),
        Event(FACTS, actor, data),
    ), posts


def _unseen(member: str) -> RefusedError:
    return refuse(Reason.of("out_of_sight", member=member, permission="manage_access"))


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
        hidden = known is None or out_of_sight(verdict)
        raise RefusedError(
            Verdict.no(
                Reason.of("out_of_sight", member=context.actor.name, permission="manage_access")
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


def _refuse_stale(state: State, plan: Departure, seen: Departure) -> None:
    """Refuse if more hangs on the member than was seen, or places may have other names by now."""
    known = {one.place for one in seen.things}
    fresh = tuple(dict.fromkeys(one.place for one in plan.things if one.place not in known))
    if fresh or seen.digest != state.digest:
        raise StaleError(
            thing=f"what hangs on `{plan.member}`",
            seen=f"digest {seen.digest[:12]}",
            current=f"digest {state.digest[:12]}",
            by="somebody",
            changed=fresh or ("the document",),
        )


def _facts_after(member: str, left: dt.date, heirs: Mapping[str, str]) -> fe.MemberDeparted:
    def of(kind: str) -> dict[str, str]:
        return {
            place.removeprefix(f"{kind} "): heir
            for place, heir in heirs.items()
            if place.startswith(f"{kind} ")
        }

    return fe.MemberDeparted(
        member=MemberId(member),
        on=left,
        stand_ins=of("absence"),
        given=of("given"),
        swaps=of("swap"),
        heirs=tuple(MemberId(heir) for heir in sorted(set(heirs.values()))),
    )


def _check_stand_ins(state: State, after: State, me: str) -> None:
    """Refuse whoever names a delegate for another who would come to have what neither holds."""
    access = after.organization.access
    before: dict[str, Any] = {one.id: one.delegate for one in state.facts.absences}
    for absence in after.facts.absences:
        if absence.delegate in ("", before.get(absence.id)) or absence.member == me:
            continue
        for other in after.facts.absences:
            if attrs.evolve(absence, member=absence.delegate, delegate="").overlaps(other):
                raise refuse(
                    Reason.of(
                        "delegate_away",
                        delegate=absence.delegate,
                        start=other.start,
                        end=other.end,
                    )
                )
        more = unlendable(me, absence, access)
        if more:
            raise refuse(*(gain.refused(me) for gain in more[:_SHOWN]))


def _check_swaps(state: State, after: State, context: Context) -> None:
    """Refuse an heir on duty who would come to have what the actor does not hold or manage there."""
    before = {one.id: one.member for one in state.facts.swaps}
    for swap in after.facts.swaps:
        if swap.member == before[swap.id]:
            continue
        places = context.access.duty_line(swap.duty).places
        verdict = verdict_on("manage_access", sorted(places), context)
        if not verdict:
            raise RefusedError(verdict)
        more = unswappable(context.actor.name, swap, context.access)
        if more:
            raise refuse(*(gain.refused(context.actor.name) for gain in more[:_SHOWN]))


def _check_decidable(
    engine: Engine, state: State, after: State, me: str, at: dt.datetime
) -> Steps[list[Loaded]]:
    """Refuse a departure that leaves a post waiting for nobody; return the posts that wait."""
    rows = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    posts: list[Loaded] = []
    stuck: list[Reason] = []
    for row in rows:
        loaded = yield from engine.load(row.stream)
        posts.append(loaded)
        for orphan in undecidable(engine, loaded, state, after):
            if not _context(engine, state, loaded, at).may(me, "view", loaded.record.post):
                raise _unseen(me)
            stuck.append(orphan.because)
    if stuck:
        raise refuse(*stuck[:_SHOWN])
    return posts

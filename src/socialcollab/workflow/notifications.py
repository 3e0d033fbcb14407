"""Who is to be told of what has happened: pure, from what stood before and stands after."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, Post
from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId
from socialcollab.permissions import ShiftSwap
from socialcollab.workflow import events as ev
from socialcollab.workflow.approval.steps import step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.events.notification import OutboxEntry
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot


def post_notifications(
    before: PostSnapshot | None, after: PostSnapshot, events: Sequence[ev.Event], context: Context
) -> tuple[OutboxEntry, ...]:
    """
    Return whom to tell of what happened to a post.

    Nobody is told of what they did themselves, of what they may not view, or
    of one thing twice.

    Args:
        before: The post and its request before, or None of a draft.

        after: After all of *events*.

        events: Those of the post's stream, in order.

        context: The rules and facts of now.
    """
    found: list[OutboxEntry] = []
    for event in events:
        teller = _TELLERS.get(type(event.data))
        if teller is not None:
            found += teller(before, after, event, context)
    found += _newly_asked(after.post, events, context)
    return _heard(found, after.post, context, {_name(event.actor) for event in events})


def delivery_notifications(
    post: Post,
    before: Delivery | None,
    after: Delivery,
    events: Sequence[ev.Event],
    context: Context,
) -> tuple[OutboxEntry, ...]:
    """
    Return whom to tell of what became of a delivery: its post's author, and who is accountable.

    The workspace's lead is told in place of an author who has left.

    Args:
        post: Its post.

        before: The delivery before the events, or None before the first.

        after: The delivery after them.

        events: Those of its stream, in order.

        context: The rules and facts of now.
    """
    found: list[OutboxEntry] = []
    for event in events:
        kind = _OUTCOMES.get(type(event.data))
        if before is not None and _turned_up(before, event.data):
            kind = "published_after_all"
        if kind is None:
            continue
        alone = kind in ("published", "removed")
        to = _going_on([post.author], post, context) if alone else _accountable(post, context)
        found += [
            OutboxEntry(to=member, kind=kind, post=post.id, profile=after.profile) for member in to
        ]
    return _heard(found, post, context, {_name(event.actor) for event in events})


def _turned_up(before: Delivery, data: ev.EventData) -> bool:
    """Tell whether something is out that nobody counted on any more."""
    if isinstance(data, ev.DeliveryPublished) and data.by_hand:
        return False
    return before.at_rest and isinstance(data, (ev.DeliveryPublished, ev.PartPublished))


def hold_notifications(events: Sequence[ev.Event], context: Context) -> tuple[OutboxEntry, ...]:
    """Return whom to tell that a profile's credentials are refused: the lead, and who may connect."""
    found: list[OutboxEntry] = []
    for event in events:
        if not isinstance(event.data, ev.HoldPlaced) or event.actor != Actor.PUBLISHER:
            continue
        for name in event.data.hold.on.profile:
            profile = context.profiles.get(name)
            if profile is None:
                continue
            workspace = context.workspaces.get(profile.workspace)
            to = {*context.access.members("connect", name, at=context.now)}
            to |= {MemberId(workspace.lead)} if workspace else set()
            found += [
                OutboxEntry(to=member, kind="credentials_refused", profile=name)
                for member in sorted(to)
            ]
    return tuple(
        _with_channels(told, context)
        for told in _once(found)
        if context.access.inactive_reason(told.to, at=context.now) is None
    )


def state_notifications(events: Sequence[ev.Event], context: Context) -> tuple[OutboxEntry, ...]:
    """
    Return whom to tell of facts.

    These are who is to stand in for somebody or takes over from one who leaves,
    who was given rights by name, or has them no more, and who takes over on
    duty, in whose place, or no more.
    """
    found: list[OutboxEntry] = []
    for event in events:
        data = event.data
        if isinstance(data, ev.AbsenceAdded) and data.absence.delegate:
            to = MemberId(data.absence.delegate)
            found.append(OutboxEntry(to=to, kind="delegate", by=data.absence.member))
        elif isinstance(data, ev.GrantAdded):
            found += _told_by_name(data.grant.to, "grant_added", event)
        elif isinstance(data, ev.GrantRevoked):
            found += _told_by_name(data.to, "grant_revoked", event)
        elif isinstance(data, ev.ShiftsSwapped):
            found += _told_of_swaps(data.swaps, event, context)
        elif isinstance(data, ev.ShiftSwapsCancelled):
            gone = [one for one in context.swaps if one.id in data.swaps]
            again = (to for swap in gone for to in _in_whose_place(swap, context, since=data.at))
            found += [
                OutboxEntry(to=to, kind="shift_swap_cancelled", by=_name(event.actor))
                for to in dict.fromkeys((*data.members, *again))
            ]
        elif isinstance(data, ev.MemberOffboarded):
            found += [
                OutboxEntry(to=successor, kind="successor", by=data.member)
                for successor in data.successors
            ]
    actors = {_name(event.actor) for event in events}
    return tuple(_with_channels(told, context) for told in _once(found) if told.to not in actors)


def _told_of_swaps(
    swaps: Iterable[ShiftSwap], event: ev.Event, context: Context
) -> list[OutboxEntry]:
    found = []
    for swap in swaps:
        found.append(OutboxEntry(to=swap.member, kind="shift_taken_over", by=_name(event.actor)))
        found += [
            OutboxEntry(to=to, kind="shift_handed_over", by=_name(event.actor))
            for to in _in_whose_place(swap, context)
        ]
    return found


def _in_whose_place(
    swap: ShiftSwap, context: Context, *, since: dt.datetime | None = None
) -> list[MemberId]:
    """Return who is on duty without a swap, of those whom it relieves, in order."""
    if swap.rotation not in context.access.rotation_ids:
        return []
    line = context.access.rotation_binding(swap.rotation)
    line = line.with_swaps(one for one in line.swaps if one.id != swap.id)
    zones = {line.zone_of(where): where for where in line.resources}
    found: set[MemberId] = set()
    for zone, where in zones.items():
        start, end = swap.span(zone)
        first = start if since is None else max(start, since)
        found.update(shift.member for shift in line.roster(where).between(first, end))
    return sorted(found - {swap.member})


def _told_by_name(to: Iterable[Principal], kind: str, event: ev.Event) -> list[OutboxEntry]:
    return [
        OutboxEntry(to=MemberId(principal.name), kind=kind, by=_name(event.actor))
        for principal in to
        if principal.kind == "member"
    ]


def _name(actor: Actor) -> str:
    return actor.name if actor.kind == "member" else ""


def _accountable(post: Post, context: Context) -> list[MemberId]:
    workspace = context.workspaces.get(post.workspace)
    return sorted({post.author} | ({MemberId(workspace.lead)} if workspace else set()))


def _going_on(people: Iterable[str], post: Post, context: Context) -> tuple[MemberId, ...]:
    """Return those of some people who are still here, or the workspace's lead if nobody is."""
    access = context.access
    here = tuple(
        MemberId(one)
        for one in people
        if access.member(one) is not None and not access.bindings.scope.has_left(one, context.now)
    )
    workspace = context.workspaces.get(post.workspace)
    return here or ((MemberId(workspace.lead),) if workspace is not None else ())


def _once(found: Iterable[OutboxEntry]) -> tuple[OutboxEntry, ...]:
    return tuple(dict.fromkeys(found))


def _heard(
    found: Iterable[OutboxEntry], post: Post, context: Context, actors: set[str]
) -> tuple[OutboxEntry, ...]:
    """Drop what its receivers did themselves or may not view, and add their channels."""
    return tuple(
        _with_channels(told, context)
        for told in _once(found)
        if told.to not in actors
        and context.access.member(told.to) is not None
        and context.may(told.to, "view", post)
    )


def _with_channels(told: OutboxEntry, context: Context) -> OutboxEntry:
    member = context.access.member(told.to)
    notify = member.notify if member is not None else ()
    return attrs.evolve(told, channels=tuple(one.channel for one in notify if not one.digest))


def _tell(
    to: Iterable[str], kind: str, post: Post, event: ev.Event, step: str = ""
) -> list[OutboxEntry]:
    return [
        OutboxEntry(to=MemberId(member), kind=kind, post=post.id, step=step, by=_name(event.actor))
        for member in sorted(set(to))
    ]


def _edited(
    before: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    post = after.post
    said = _tell(_going_on([post.author], post, context), "edited_by_other", post, event)
    if before is None or before.request is None:
        return said
    # Whoever said yes to what is no longer what it was has to know.
    was = {status.key: set(status.approved_by) for status in step_statuses(before, context)}
    now = {status.key: set(status.approved_by) for status in step_statuses(after, context)}
    lost = {member for key, voters in was.items() for member in voters - now.get(key, set())}
    return said + _tell(lost, "changed_after_vote", post, event)


def _decided(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.PostDecided)  # noqa: S101  the table's own key
    kind = {"request_changes": "changes_requested", "reject": "rejected"}.get(data.verdict)
    to = _going_on(after.post.authors, after.post, context)
    return [] if kind is None else _tell(to, kind, after.post, event)


def _commented(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.PostCommented)  # noqa: S101  the table's own key
    post = after.post
    part = {post.author, *(comment.by for comment in post.comments)}
    if data.internal:
        part = {
            name
            for name in part
            if (member := context.access.member(name)) is not None and member.kind == "staff"
        }
    return _tell(part, "commented", post, event)


def _overdue(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.StepOverdue)  # noqa: S101  the table's own key
    step = str(data.step)
    accountable = _accountable(after.post, context)
    if not data.asked:
        return _tell(accountable, "no_reviewer", after.post, event, step)
    return _tell({*data.asked, *accountable}, "overdue", after.post, event, step)


def _reminded(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.StepReminded)  # noqa: S101  the table's own key
    present = [member for member in data.to if not context.is_absent(member)]
    return _tell(present, "reminder", after.post, event, str(data.step))


def _to_authors(kind: str) -> _Teller:
    return lambda _, after, event, context: _tell(
        _going_on(after.post.authors, after.post, context), kind, after.post, event
    )


def _to_accountable(kind: str) -> _Teller:
    return lambda _, after, event, context: _tell(
        _accountable(after.post, context), kind, after.post, event
    )


_Teller = Callable[[PostSnapshot | None, PostSnapshot, ev.Event, Context], list[OutboxEntry]]

_TELLERS: Final[Mapping[type[Any], _Teller]] = {
    ev.PostApproved: _to_authors("approved"),
    ev.PostCancelled: _to_authors("cancelled"),
    ev.PostCommented: _commented,
    ev.PostDecided: _decided,
    ev.PostEdited: _edited,
    ev.PostExpired: _to_accountable("expired"),
    ev.DecisionsOutdated: _to_authors("policy_changed"),
    ev.StepOverdue: _overdue,
    ev.StepReminded: _reminded,
}

_OUTCOMES: Final[Mapping[type[Any], str]] = {
    ev.DeliveryFailed: "failed",
    ev.DeliveryMissed: "missed",
    ev.DeliveryPublished: "published",
    ev.DeliveryPublishedAgain: "published_twice",
    ev.DeliveryTakenDown: "removed",
    ev.DeliveryRescheduled: "zone_changed",
    ev.DeliveryUnknown: "unknown",
    ev.TakedownAbandoned: "takedown_failed",
}


def _newly_asked(post: Post, events: Sequence[ev.Event], context: Context) -> Iterator[OutboxEntry]:
    """Yield who was found to be asked and not to know: by an opening, an escalation, other rules."""
    asker = next((_name(event.actor) for event in events if _name(event.actor)), "")
    added = {
        (str(event.data.step), member)
        for event in events
        if isinstance(event.data, ev.StepEscalated)
        for member in context.everyone_in(Principal.parse(event.data.principal), post)
    }
    for event in events:
        if not isinstance(event.data, ev.PostReevaluated):
            continue
        for step, members in event.data.notified.items():
            for member in members:
                kind = "escalated" if (step, member) in added else "review_requested"
                yield OutboxEntry(to=member, kind=kind, post=post.id, step=step, by=asker)

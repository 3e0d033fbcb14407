"""Compute the notifications that result from events, as pure functions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.content import Delivery, Post
from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId
from socialcollab.permissions import Grant, ShiftSwap
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.events.notification import OutboxEntry
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.request import PostSnapshot
from socialcollab.workflow.steps import step_statuses


def post_notifications(
    before: PostSnapshot | None, after: PostSnapshot, events: Sequence[ev.Event], context: Context
) -> tuple[OutboxEntry, ...]:
    """
    Return the notifications that result from a post's events.

    Members are not notified of their own actions or of posts that they cannot view, and receive at
    most one notification about the same matter.

    Args:
        before: The post with its request before the events, or None for a new draft.
        after: The post with its request after the events.
        events: The events, in order.
        context: The current rules.
    """
    entries: list[OutboxEntry] = []
    for event in events:
        notifier = _NOTIFIERS.get(type(event.data))
        if notifier is not None:
            entries += notifier(before, after, event, context)
    entries += _review_requests(after.post, events, context)
    return _about_post(entries, after.post, events, context)


def delivery_notifications(
    post: Post,
    before: Delivery | None,
    after: Delivery,
    events: Sequence[ev.Event],
    context: Context,
) -> tuple[OutboxEntry, ...]:
    """
    Return the notifications that result from a delivery's events.

    The post's author is notified. If there is a problem, the workspace's lead and the delegates of
    an absent author are notified as well. If the author has left, the lead is notified instead.

    Args:
        post: The post.
        before: The delivery before the events, or None if the first event is among them.
        after: The delivery after the events.
        events: The events, in order.
        context: The current rules.
    """
    entries: list[OutboxEntry] = []
    for event in events:
        kind = _DELIVERY_KINDS.get(type(event.data))
        if before is not None and _appeared_late(before, event.data):
            kind = "published_after_all"
        if kind is None:
            continue
        expected = kind in ("published", "taken_down")
        to = (
            _present_or_lead([post.author], post, context)
            if expected
            else _author_and_lead(post, context)
        )
        entries += [
            OutboxEntry(to=member, kind=kind, post=post.id, profile=after.profile) for member in to
        ]
    return _about_post(entries, post, events, context)


def _appeared_late(before: Delivery, data: ev.EventData) -> bool:
    """Return whether a post is published after all, contrary to its previous state."""
    if isinstance(data, ev.DeliveryPublished) and data.by_hand:
        return False
    return before.at_rest and isinstance(data, (ev.DeliveryPublished, ev.PartPublished))


def hold_notifications(events: Sequence[ev.Event], context: Context) -> tuple[OutboxEntry, ...]:
    """Notify the lead, and members who can connect the profile, that a new sign-in is needed."""
    profiles: list[str] = []
    for event in events:
        # The publisher only places holds on profiles whose credentials were refused.
        if not isinstance(event.data, ev.HoldPlaced) or event.actor != Actor.PUBLISHER:
            continue
        profiles += event.data.hold.on.profile
    return tuple(
        _with_channels(OutboxEntry(to=member, kind="credentials_refused", profile=name), context)
        for name in dict.fromkeys(profiles)
        for member in _who_can_connect(name, context)
    )


def connection_notifications(
    events: Sequence[ev.Event], context: Context
) -> tuple[OutboxEntry, ...]:
    """Notify the lead, and members who can connect the profile, that its connection expires."""
    return tuple(
        _with_channels(
            OutboxEntry(
                to=member,
                kind="connection_expiring",
                profile=event.data.profile,
                details={
                    "account": event.data.account,
                    "expires_at": f"{event.data.expires_at:%Y-%m-%d %H:%M} UTC",
                },
            ),
            context,
        )
        for event in events
        if isinstance(event.data, ev.ExpiryAnnounced)
        for member in _who_can_connect(event.data.profile, context)
    )


def _who_can_connect(profile: str, context: Context) -> list[MemberId]:
    """Return the active members who can connect a profile, and the lead of its workspace, sorted."""
    known = context.profiles.get(profile)
    if known is None:
        return []
    workspace = context.workspaces.get(known.workspace)
    members = {*context.access.members("connect", profile, at=context.now)}
    members |= {MemberId(workspace.lead)} if workspace else set()
    return [
        member
        for member in sorted(members)
        if context.access.inactive_reason(member, at=context.now) is None
    ]


def state_notifications(events: Sequence[ev.Event], context: Context) -> tuple[OutboxEntry, ...]:
    """
    Return the notifications that result from the events of the runtime state.

    Delegates, successors, members named in a temporary grant, and members whose shifts are swapped
    are notified.
    """
    entries: list[OutboxEntry] = []
    for event in events:
        data, actor = event.data, _member(event.actor)
        if isinstance(data, ev.AbsenceAdded) and data.absence.delegate:
            absence = data.absence
            period = {"start": str(absence.start), "end": str(absence.end)}
            to = MemberId(absence.delegate)
            entries.append(OutboxEntry(to=to, kind="delegate", by=absence.member, details=period))
        elif isinstance(data, ev.GrantAdded):
            entries += _to_named(data.grant.to, "grant_added", actor, data.grant)
        elif isinstance(data, ev.GrantRevoked):
            revoked = next((one.grant for one in context.grants if one.id == data.grant_id), None)
            entries += _to_named(data.to, "grant_revoked", actor, revoked)
        elif isinstance(data, ev.ShiftsSwapped):
            for swap in data.swaps:
                shift = {
                    "rotation": swap.rotation,
                    "start": f"{swap.start:%Y-%m-%d %H:%M}",
                    "end": f"{swap.end:%Y-%m-%d %H:%M}",
                    "member": swap.member,
                }
                taken = OutboxEntry(
                    to=swap.member, kind="shift_taken_over", by=actor, details=shift
                )
                entries.append(taken)
                entries += [
                    attrs.evolve(taken, to=member, kind="shift_handed_over")
                    for member in _original_members(swap, context)
                ]
        elif isinstance(data, ev.ShiftSwapsCancelled):
            back_on_duty = (
                member
                for swap in context.swaps
                if swap.id in data.swaps
                for member in _original_members(swap, context, since=data.at)
            )
            entries += [
                OutboxEntry(to=member, kind="shift_swap_cancelled", by=actor)
                for member in dict.fromkeys((*data.members, *back_on_duty))
            ]
        elif isinstance(data, ev.MemberOffboarded):
            entries += [
                OutboxEntry(to=successor, kind="successor", by=data.member)
                for successor in data.successors
            ]
    actors = {_member(event.actor) for event in events}
    return tuple(
        _with_channels(entry, context) for entry in dict.fromkeys(entries) if entry.to not in actors
    )


def _original_members(
    swap: ShiftSwap, context: Context, *, since: dt.datetime | None = None
) -> list[MemberId]:
    """Return the members who would be on duty without *swap*, except the member who takes over."""
    if swap.rotation not in context.access.rotation_ids:
        return []
    binding = context.access.rotation_binding(swap.rotation)
    binding = binding.with_swaps(other for other in binding.swaps if other.id != swap.id)
    # One resource for each time zone is enough, because the roster depends only on the time zone.
    resources = {binding.zone_of(resource): resource for resource in binding.resources}
    members: set[MemberId] = set()
    for zone, resource in resources.items():
        start, end = swap.span(zone)
        first = start if since is None else max(start, since)
        members.update(shift.member for shift in binding.roster(resource).between(first, end))
    return sorted(members - {swap.member})


def _to_named(
    to: Iterable[Principal], kind: str, by: str, grant: Grant | None
) -> list[OutboxEntry]:
    """Return an entry for each principal that is a member; teams and roles are not notified."""
    details = {} if grant is None else grant.summary
    return [
        OutboxEntry(to=MemberId(principal.name), kind=kind, by=by, details=details)
        for principal in to
        if principal.kind == "member"
    ]


def _member(actor: Actor) -> str:
    return actor.name if actor.kind == "member" else ""


def _author_and_lead(post: Post, context: Context) -> list[MemberId]:
    workspace = context.workspaces.get(post.workspace)
    lead = {MemberId(workspace.lead)} if workspace else set()
    return sorted({*context.responsible_for(post)} | lead)


def _present_or_lead(members: Iterable[str], post: Post, context: Context) -> tuple[MemberId, ...]:
    """Return the active *members*, or the workspace's lead if all have left or are suspended."""
    present = tuple(MemberId(member) for member in members if context.is_active(member))
    workspace = context.workspaces.get(post.workspace)
    return present or ((MemberId(workspace.lead),) if workspace is not None else ())


def _about_post(
    entries: Iterable[OutboxEntry], post: Post, events: Sequence[ev.Event], context: Context
) -> tuple[OutboxEntry, ...]:
    """Drop entries for members who caused an event or cannot view the post, and add channels."""
    actors = {_member(event.actor) for event in events}
    return tuple(
        attrs.evolve(_with_channels(entry, context), external_id=post.external_id)
        for entry in dict.fromkeys(entries)
        if entry.to not in actors
        and context.access.member(entry.to) is not None
        and context.sees(entry.to, post)
    )


def _with_channels(entry: OutboxEntry, context: Context) -> OutboxEntry:
    """Add the channels on which to send the entry immediately; digests are added elsewhere."""
    member = context.access.member(entry.to)
    preferences = member.notify if member is not None else ()
    channels = tuple(preference.channel for preference in preferences if not preference.digest)
    return attrs.evolve(entry, channels=channels)


def _to_members(
    members: Iterable[str], kind: str, post: Post, event: ev.Event, step: str = ""
) -> list[OutboxEntry]:
    by = _member(event.actor)
    return [
        OutboxEntry(to=MemberId(member), kind=kind, post=post.id, step=step, by=by)
        for member in sorted(set(members))
    ]


def _edited(
    before: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    post = after.post
    to_author = _to_members(
        _present_or_lead([post.author], post, context), "edited_by_other", post, event
    )
    if before is None or before.request is None:
        return to_author
    # A member whose approval no longer counts must be notified.
    old = {status.key: set(status.approved_by) for status in step_statuses(before, context)}
    new = {status.key: set(status.approved_by) for status in step_statuses(after, context)}
    lost = {member for key, members in old.items() for member in members - new.get(key, set())}
    return to_author + _to_members(lost, "changed_after_decision", post, event)


def _decided(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.PostDecided)  # noqa: S101  the key of the table
    kind = {"request_changes": "changes_requested", "reject": "rejected"}.get(data.verdict)
    to = {
        *_present_or_lead(after.post.authors, after.post, context),
        *context.responsible_for(after.post),
    }
    return [] if kind is None else _to_members(to, kind, after.post, event)


def _approved(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    to = set(_present_or_lead(after.post.authors, after.post, context))
    if event.actor == Actor.TIMER:
        # The post was approved without a decision, because the rules changed or an edit was undone.
        to |= set(_author_and_lead(after.post, context))
    if after.may_need_scheduling and not after.post.deliveries:
        to |= {*context.schedulers_of(after.post)}
        return _to_members(to, "approved_not_scheduled", after.post, event)
    return _to_members(to, "approved", after.post, event)


def _bypassed(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.PostBypassed)  # noqa: S101  the key of the table
    to = {*data.reviewers, *after.post.authors, *_author_and_lead(after.post, context)}
    return _to_members(to, "bypassed", after.post, event)


def _commented(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.PostCommented)  # noqa: S101  the key of the table
    post = after.post
    participants = {
        *context.responsible_for(post),
        *(comment.by for comment in post.comments),
    } - {*data.mentions}
    if data.internal:
        participants = {
            name
            for name in participants
            if (member := context.access.member(name)) is not None and member.kind == "staff"
        }
    return [
        *_to_members(data.mentions, "mentioned", post, event),
        *_to_members(participants, "commented", post, event),
    ]


def _overdue(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.StepOverdue)  # noqa: S101  the key of the table
    step, responsible = str(data.step), _author_and_lead(after.post, context)
    if data.unreachable:
        return _to_members(responsible, "no_reviewer", after.post, event, step)
    return _to_members({*data.reviewers, *responsible}, "overdue", after.post, event, step)


def _reminded(
    _: PostSnapshot | None, after: PostSnapshot, event: ev.Event, context: Context
) -> list[OutboxEntry]:
    data = event.data
    assert isinstance(data, ev.StepReminded)  # noqa: S101  the key of the table
    present = [member for member in data.to if not context.is_absent(member)]
    return _to_members(present, "reminder", after.post, event, str(data.step))


def _to_authors(kind: str) -> _Notifier:
    return lambda _, after, event, context: _to_members(
        _present_or_lead(after.post.authors, after.post, context), kind, after.post, event
    )


def _to_author_and_lead(kind: str) -> _Notifier:
    return lambda _, after, event, context: _to_members(
        _author_and_lead(after.post, context), kind, after.post, event
    )


_Notifier = Callable[[PostSnapshot | None, PostSnapshot, ev.Event, Context], list[OutboxEntry]]

_NOTIFIERS: Final[Mapping[type[Any], _Notifier]] = {
    ev.PostApproved: _approved,
    ev.PostBypassed: _bypassed,
    ev.PostCancelled: _to_authors("cancelled"),
    ev.PostExempted: _to_author_and_lead("exempted"),
    ev.PostCommented: _commented,
    ev.PostDecided: _decided,
    ev.PostEdited: _edited,
    ev.PostExpired: _to_author_and_lead("expired"),
    ev.DecisionsOutdated: _to_author_and_lead("policy_changed"),
    ev.StepOverdue: _overdue,
    ev.StepReminded: _reminded,
}

_DELIVERY_KINDS: Final[Mapping[type[Any], str]] = {
    ev.DeliveryFailed: "failed",
    ev.DeliveryMissed: "missed",
    ev.DeliveryPublished: "published",
    ev.DeliveryPublishedAgain: "published_twice",
    ev.PublishedDifferently: "published_differently",
    ev.DeliveryTakenDown: "taken_down",
    ev.DeliveryRescheduled: "zone_changed",
    ev.DeliveryUnknown: "unknown",
    ev.TakedownAbandoned: "takedown_failed",
}


def _review_requests(
    post: Post, events: Sequence[ev.Event], context: Context
) -> Iterator[OutboxEntry]:
    """Yield an entry for each reviewer of an open step who has not been notified yet."""
    by = next((_member(event.actor) for event in events if _member(event.actor)), "")
    escalated_to = {
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
                kind = "escalated" if (step, member) in escalated_to else "review_requested"
                yield OutboxEntry(to=member, kind=kind, post=post.id, step=step, by=by)

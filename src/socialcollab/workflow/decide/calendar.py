"""Deciders for calendar entries that are not deliveries: notes, campaigns and native posts."""

from __future__ import annotations

import attrs

from socialcollab.content import NativePost
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, PostId, ProfileId, WorkspaceId, check_id
from socialcollab.time import as_utc, local_time
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import no_such, not_visible, verdict_on


def add_calendar_note(command: cm.AddCalendarNote, context: Context) -> tuple[ev.Event, ...]:
    """
    Add a note to the calendar of a workspace.

    Raises:
        NotFoundError: If the workspace does not exist or is not visible to the actor.
        NotAllowedError: If the actor is not allowed to add notes there.
        InvalidValueError: If the note is empty.
    """
    workspace = command.workspace
    if workspace not in context.workspaces:
        raise NotFoundError("workspace", workspace)
    if not command.text.strip():
        raise InvalidValueError(
            "a calendar note needs text", value=command.text, expected="a non-empty string"
        )
    verdict = verdict_on("note", (workspace,), context)
    if not_visible(verdict):
        raise NotFoundError("workspace", workspace)
    if not verdict:
        raise NotAllowedError(verdict)
    check_id("calendar note", command.note)
    data = ev.CalendarNoteAdded(
        note=command.note,
        workspace=WorkspaceId(workspace),
        date=command.date,
        by=MemberId(context.actor.name),
        text=command.text,
    )
    return (ev.runtime_event(data, context.actor),)


def start_campaign(command: cm.StartCampaign, context: Context) -> tuple[ev.Event, ...]:
    """
    Set the days on which a campaign runs.

    Raises:
        NotFoundError: If the campaign does not exist, or its workspace is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule` there.
        InvalidValueError: If the end is not after the start.
    """
    campaign = context.campaigns.get(command.campaign)
    if campaign is None:
        raise NotFoundError("campaign", command.campaign)
    verdict = verdict_on("schedule", (campaign.workspace,), context)
    if not_visible(verdict):
        raise NotFoundError("campaign", command.campaign)
    if not verdict:
        raise NotAllowedError(verdict)
    start = command.start or local_time(context.now, context.zones[campaign.workspace]).date()
    # `Campaign` raises an error if the end is not after the start.
    attrs.evolve(campaign, start=start, end=command.end)
    data = ev.CampaignStarted(
        campaign=campaign.id,
        workspace=WorkspaceId(campaign.workspace),
        start=start,
        end=command.end,
    )
    return (ev.runtime_event(data, context.actor),)


def add_native_post(
    native_post: NativePost | None, command: cm.AddNativePost, context: Context, *, delivered: bool
) -> tuple[ev.Event, ...]:
    """
    Record a post that was published directly on the network.

    This has no effect if the post has already been recorded or was published by a delivery.

    Raises:
        NotFoundError: If the profile does not exist or is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule` there.
        InvalidValueError: If the network id is empty, or if the time is in the future.
    """
    _check_may_schedule(command.profile, context)
    if not command.network_id.strip():
        raise InvalidValueError(
            "a native post needs its network id",
            value=command.network_id,
            expected="network_id = the id on the network",
        )
    published_at = as_utc(command.at)
    if published_at > context.now:
        raise InvalidValueError(
            f"a native post cannot have been published at `{published_at.isoformat()}`,"
            " which is in the future",
            value=command.at,
            expected="an instant in the past",
        )
    if delivered or (native_post is not None and not native_post.removed):
        return ()
    data = ev.NativePostAdded(
        profile=ProfileId(command.profile),
        workspace=WorkspaceId(context.profiles[command.profile].workspace),
        network_id=command.network_id,
        at=published_at,
        url=command.url,
        text=command.text,
    )
    stream = ev.native_post_stream(command.profile, command.network_id)
    slot = ev.SlotTaken(post=PostId(f"native_post:{command.network_id}"))
    return (
        ev.Event(stream, context.actor, data),
        ev.Event(ev.calendar_stream(command.profile), context.actor, slot),
    )


def remove_native_post(
    native_post: NativePost | None, command: cm.RemoveNativePost, context: Context
) -> tuple[ev.Event, ...]:
    """
    Remove a native post from the calendar; removing it again has no effect.

    Raises:
        NotFoundError: If no such post is recorded, or its profile is not visible to the actor.
        NotAllowedError: If the actor does not have `schedule` there.
    """
    _check_may_schedule(command.profile, context)
    if native_post is None:
        raise NotFoundError("native post", command.network_id)
    if native_post.removed:
        return ()
    stream = ev.native_post_stream(command.profile, command.network_id)
    return (ev.Event(stream, context.actor, ev.NativePostRemoved()),)


def _check_may_schedule(profile: str, context: Context) -> None:
    if profile not in context.profiles:
        raise no_such("profile", profile, context.profiles, context)
    verdict = verdict_on("schedule", (profile,), context)
    if not_visible(verdict):
        raise no_such("profile", profile, context.profiles, context)
    if not verdict:
        raise NotAllowedError(verdict)

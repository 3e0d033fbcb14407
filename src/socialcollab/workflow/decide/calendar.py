"""Change what the calendar shows besides posts: notes, campaigns and native posts."""

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
    Put a note on the calendar of a workspace.

    Raises:
        NotFoundError: If there is no such workspace, or the actor may not view it.
        NotAllowedError: If the actor may not add notes there.
        InvalidValueError: If the note is empty.
    """
    workspace = command.workspace
    if workspace not in context.workspaces:
        raise NotFoundError("workspace", workspace)
    if not command.text.strip():
        raise InvalidValueError(
            "a calendar note needs a text", value=command.text, expected="a text"
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
        NotFoundError: If there is no such campaign, or the actor may not view its workspace.
        NotAllowedError: If the actor may not `schedule` there.
        InvalidValueError: If it ends before it starts.
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
    # `Campaign` refuses an end that is not after the start.
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
    Record a post that was made on the network itself.

    Nothing changes if it is recorded already, or is the publication of a delivery.

    Raises:
        NotFoundError: If there is no such profile, or the actor may not view it.
        NotAllowedError: If the actor may not `schedule` there.
        InvalidValueError: If the network id is empty, or the time lies ahead.
    """
    _check_may_schedule(command.profile, context)
    if not command.network_id.strip():
        raise InvalidValueError(
            "a native post needs the network's own id",
            value=command.network_id,
            expected="network_id = the id that the network shows",
        )
    published_at = as_utc(command.at)
    if published_at > context.now:
        raise InvalidValueError(
            f"a native post cannot have been published at `{published_at.isoformat()}`,"
            " which lies ahead",
            value=command.at,
            expected="an instant that has passed",
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
    Take a native post off the calendar; removing it again changes nothing.

    Raises:
        NotFoundError: If no such post is recorded, or the actor may not view its profile.
        NotAllowedError: If the actor may not `schedule` there.
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

"""Decide on what stands on the calendar besides posts: notes, campaigns and native posts."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.content import NativePost
from socialcollab.directory import Campaign
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import MemberId, PostId, ProfileId, WorkspaceId
from socialcollab.time import as_utc
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import no_such, not_visible, verdict_on

RUNTIME_STATE = "runtime_state"


def add_calendar_note(
    note: str, *, workspace: str, on: dt.date, text: str, context: Context
) -> tuple[ev.Event, ...]:
    """
    Put a note on the calendar of a workspace.

    Raises:
        NotFoundError: If there is no such workspace.

        NotAllowedError: If the actor may not.
    """
    if workspace not in context.workspaces:
        raise NotFoundError("workspace", workspace)
    if not text.strip():
        raise InvalidValueError("a note has to say something", value=text)
    verdict = verdict_on("note", (workspace,), context)
    if not_visible(verdict):
        raise NotFoundError("workspace", workspace)
    if not verdict:
        raise NotAllowedError(verdict)
    data = ev.CalendarNoteAdded(
        note=note,
        workspace=WorkspaceId(workspace),
        date=on,
        by=MemberId(context.actor.name),
        text=text,
    )
    return (ev.Event(RUNTIME_STATE, context.actor, data),)


def start_campaign(
    campaign: Campaign, *, start: dt.date, end: dt.date | None, context: Context
) -> tuple[ev.Event, ...]:
    """
    Say on which days a campaign runs.

    Raises:
        NotFoundError: If the actor may not view its workspace.

        NotAllowedError: If the actor may not `schedule` there.

        InvalidValueError: If it ends before it starts.
    """
    verdict = verdict_on("schedule", (campaign.workspace,), context)
    if not_visible(verdict):
        raise NotFoundError("campaign", campaign.id)
    if not verdict:
        raise NotAllowedError(verdict)
    # The campaign's own checks refuse an end that is not after the start.
    attrs.evolve(campaign, start=start, end=end)
    data = ev.CampaignStarted(
        campaign=campaign.id, workspace=WorkspaceId(campaign.workspace), start=start, end=end
    )
    return (ev.Event(RUNTIME_STATE, context.actor, data),)


def add_native_post(
    snapshot: NativePost | None,
    *,
    stream: str,
    profile: str,
    network_id: str,
    at: dt.datetime,
    url: str,
    text: str,
    ours: bool,
    context: Context,
) -> tuple[ev.Event, ...]:
    """
    Put a post that nobody made here on the calendar of its profile, once.

    Args:
        snapshot: What is known of it already, or None.

        stream: Its stream.

        profile: The profile that it stands on.

        network_id: The network's own id of it.

        at: When it went out.

        url: Its address, or empty.

        text: What it says, or empty.

        ours: Whether a delivery of ours has that id: then it is no other post.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such profile, or the actor may not view it.

        NotAllowedError: If the actor may not.

        InvalidValueError: If there is no id, or it has not gone out yet.
    """
    _check(profile, context)
    if not network_id.strip():
        raise InvalidValueError(
            "an observed post has the network's own id; none was given",
            value=network_id,
            expected="network_id = the id that the network shows",
        )
    when = as_utc(at)
    if when > context.now:
        raise InvalidValueError(
            f"`{when.isoformat()}` has not come yet, so nothing was seen then",
            value=at,
            expected="an instant that has passed",
        )
    if ours or (snapshot is not None and not snapshot.removed):
        return ()
    seen = ev.NativePostAdded(
        profile=ProfileId(profile),
        workspace=WorkspaceId(context.profiles[profile].workspace),
        network_id=network_id,
        at=when,
        url=url,
        text=text,
    )
    taken = ev.SlotTaken(post=PostId(f"native_post:{network_id}"))
    return (
        ev.Event(stream, context.actor, seen),
        ev.Event(ev.calendar_stream(profile), context.actor, taken),
    )


def remove_native_post(
    snapshot: NativePost | None, *, stream: str, profile: str, network_id: str, context: Context
) -> tuple[ev.Event, ...]:
    """
    Take an observed post off the calendar: it is gone, or was noted by mistake.

    Raises:
        NotFoundError: If no such post was observed, or the actor may not view its profile.

        NotAllowedError: If the actor may not.
    """
    _check(profile, context)
    if snapshot is None:
        raise NotFoundError("native post", network_id)
    if snapshot.removed:
        return ()
    return (ev.Event(stream, context.actor, ev.NativePostRemoved()),)


def _check(profile: str, context: Context) -> None:
    if profile not in context.profiles:
        raise no_such("profile", profile, context.profiles, context)
    verdict = verdict_on("schedule", (profile,), context)
    if not_visible(verdict):
        raise no_such("profile", profile, context.profiles, context)
    if not verdict:
        raise NotAllowedError(verdict)

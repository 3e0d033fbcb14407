"""Draft and edit posts: parse the caller's values, store the media and perform the command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from socialcollab.content import Attachment, Post, PostContent
from socialcollab.desk.arguments import check_text, planned_time
from socialcollab.desk.commands import COMMANDS
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.media import (
    Source,
    content_without_bytes,
    store_media,
    without_bytes,
)
from socialcollab.desk.handlers.perform import decide, perform_on_post
from socialcollab.document_fields import as_words
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import PostId, did_you_mean
from socialcollab.time import TimeLike, WallTime
from socialcollab.workflow import Actor, check_command
from socialcollab.workflow import commands as cm
from socialcollab.workflow.decide import workspace_hint


class Unchanged:
    """The type of `UNCHANGED`."""


UNCHANGED: Final = Unchanged()
"""The default for arguments of `edit`, meaning that the current value is kept."""


def draft(
    engine: Engine,
    actor: Actor,
    text: str,
    *,
    profiles: Iterable[str],
    workspace: str,
    planned_at: TimeLike | None,
    times: Mapping[str, TimeLike] | None,
    media: Iterable[Attachment],
    external_id: str,
    fields: Mapping[str, Any],
) -> Effects[Post]:
    """Draft a post; see `MemberDesk.draft`."""
    command, data, state = yield from draft_command(
        engine,
        actor,
        text,
        profiles=profiles,
        workspace=workspace,
        planned_at=planned_at,
        times=times,
        media=media,
        external_id=external_id,
        fields=fields,
    )
    return (yield from perform_with_media(engine, actor, command, data, state))


def draft_command(
    engine: Engine,
    actor: Actor,
    text: str,
    *,
    profiles: Iterable[str] = (),
    workspace: str = "",
    planned_at: TimeLike | None = None,
    times: Mapping[str, TimeLike] | None = None,
    media: Iterable[Attachment] = (),
    external_id: str = "",
    fields: Mapping[str, Any],
) -> Effects[tuple[cm.Draft, dict[str, Source], State]]:
    """
    Return the command that drafts a post, the bytes of its media, and the current state.

    Args:
        engine: The engine.
        actor: The member.
        text: The text.
        profiles: The target profiles.
        workspace: The workspace.
        planned_at: The planned time.
        times: Different times for individual profiles.
        media: Images and videos.
        external_id: The caller's identifier for the post.
        fields: The other fields of the content, by their names in `PostContent`.
    """
    targets = as_words(profiles)
    state = yield from engine.state()
    organization = state.organization
    if targets:
        # A profile that the member cannot view causes the same error as a profile that does not
        # exist, so that the member cannot find out whether it exists.
        visible = organization.access.profiles(actor.name, "view", at=engine.now())
        known = {*visible, *organization.access.profiles(actor.name, "draft", at=engine.now())}
        if targets[0] not in known:
            profiles = [
                name for name in visible if organization.profile(name).workspace == targets[0]
            ]
            hint = workspace_hint(targets[0], profiles) or did_you_mean(targets[0], visible)
            raise NotFoundError("profile", targets[0], suggestion=hint)
        workspace = workspace or organization.profile(targets[0]).workspace
    elif not check_text(workspace, "workspace"):
        raise InvalidValueError(
            "a post needs profiles or a workspace; pass `profiles=[...]`, or `workspace=...` for a"
            " draft whose profiles are chosen later",
            expected="profiles = [...]",
        )
    zone = organization.zone_of(workspace)
    images, data = without_bytes(media)
    content, own = content_without_bytes(
        PostContent(
            text=text,
            media=images,
            targets=targets,
            planned_at=None if planned_at is None else planned_time(planned_at, zone),
            times=_as_times(times or {}, zone),
            **fields,
        )
    )
    command = cm.Draft(
        post=engine.new_id(),
        workspace=workspace,
        content=content,
        salt=engine.entropy(16),
        external_id=external_id,
    )
    return command, data | own, state


def perform_with_media(
    engine: Engine,
    actor: Actor,
    command: cm.Draft | cm.Edit,
    data: Mapping[str, Source],
    state: State,
) -> Effects[Post]:
    """Decide a command, store the bytes of its media, and perform the command."""
    check_command(command, COMMANDS)
    media = command.content.all_media
    if media:
        yield from decide(engine, state, actor, command, now=engine.now(), media=data)
        yield from store_media(engine, media, data)
    return (yield from perform_on_post(engine, actor, command, state=state, media=data))


def edit_command(
    engine: Engine,
    post: Post | PostId,
    *,
    seen: str,
    planned_at: TimeLike | Unchanged | None,
    times: Mapping[str, TimeLike] | Unchanged,
    media: Iterable[Attachment] | Unchanged,
    changes: Mapping[str, Any],
) -> Effects[tuple[cm.Edit, dict[str, Source], State]]:
    """Return the command that edits a post, the bytes of its media, and the current state."""
    state = yield from engine.state()
    organization = state.organization
    current: Post = post if isinstance(post, Post) else (yield from engine.post(post)).snapshot.post
    zone = organization.zone_or_default(current.workspace)
    fields = {name: value for name, value in changes.items() if not isinstance(value, Unchanged)}
    data: dict[str, Source] = {}
    if not isinstance(media, Unchanged):
        fields["media"], data = without_bytes(media)
    if not isinstance(planned_at, Unchanged):
        fields["planned_at"] = None if planned_at is None else planned_time(planned_at, zone)
    if not isinstance(times, Unchanged):
        fields["times"] = _as_times(times, zone)
    content, own = content_without_bytes(_changed(current.content, fields))
    return cm.Edit(post=current.id, seen=seen, content=content), data | own, state


def _as_times(times: Mapping[str, TimeLike], zone: str) -> dict[str, WallTime]:
    if not isinstance(times, Mapping):
        raise InvalidValueError(
            f"`{times!r}` is not a table of times",
            value=times,
            expected="a table of times by profile",
        )
    return {profile: planned_time(at, zone) for profile, at in times.items()}


def local_time_of(engine: Engine, post: str, at: TimeLike) -> Effects[WallTime]:
    """Return a local time in the time zone of a post's workspace."""
    current: Post = (yield from engine.post(post)).snapshot.post
    state = yield from engine.state()
    return planned_time(at, state.organization.zone_or_default(current.workspace))


def _changed(content: PostContent, changes: dict[str, Any]) -> PostContent:
    """Return the changed content, without the variants and times of removed targets."""
    if "targets" in changes:
        targets = changes["targets"] = as_words(changes["targets"])
        changes.setdefault(
            "variants", [variant for variant in content.variants if variant.profile in targets]
        )
        changes.setdefault(
            "times", [(profile, at) for profile, at in content.times if profile in targets]
        )
    return attrs.evolve(content, **changes)

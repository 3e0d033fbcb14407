"""Draft and edit posts: parse the caller's values, store the media and perform the command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import Image, Poll, Post, PostContent
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.media import store_media, without_bytes
from socialcollab.desk.handlers.perform import decide, perform_on_post
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import PostId, did_you_mean
from socialcollab.time import WallTime, parse_local
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

TimeLike: TypeAlias = str | dt.datetime | WallTime


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
    media: Iterable[Image],
    variants: Mapping[str, str] | None,
    links: Iterable[str],
    language: str,
    labels: Iterable[str],
    poll: Poll | None,
    campaign: str,
    tags: Iterable[str],
    external_id: str,
) -> Effects[Post]:
    """Draft a post; see `MemberDesk.draft`."""
    targets = (profiles,) if isinstance(profiles, str) else tuple(profiles)
    state = yield from engine.state()
    organization = state.organization
    if targets:
        # A profile that the member cannot view raises the same error as a profile that does not
        # exist, so that the member cannot find out whether it exists.
        visible = organization.access.profiles(actor.name, "view", at=engine.now())
        known = {*visible, *organization.access.profiles(actor.name, "draft", at=engine.now())}
        if targets[0] not in known:
            raise NotFoundError("profile", targets[0], suggestion=did_you_mean(targets[0], visible))
        workspace = workspace or organization.profile(targets[0]).workspace
    elif not workspace:
        raise InvalidValueError(
            "a post without profiles requires a workspace", expected="workspace = ..."
        )
    zone = organization.zone_of(workspace)
    images, data = without_bytes(media)
    content = PostContent(
        text=text,
        variants=variants or {},
        media=images,
        links=links,
        targets=targets,
        language=language,
        labels=labels,
        poll=poll,
        planned_at=None if planned_at is None else wall_time(planned_at, zone),
        times={profile: wall_time(at, zone) for profile, at in (times or {}).items()},
        campaign=campaign,
        tags=tags,
    )
    command = cm.Draft(
        post=engine.new_id(),
        workspace=workspace,
        content=content,
        salt=engine.entropy(16),
        external_id=external_id,
    )
    return (yield from _perform_with_media(engine, actor, command, data, state))


def _perform_with_media(
    engine: Engine,
    actor: Actor,
    command: cm.Draft | cm.Edit,
    data: Mapping[str, bytes],
    state: State,
) -> Effects[Post]:
    """Store the bytes of a command's media after deciding the command and before performing it."""
    media = command.content.media
    if media:
        yield from decide(engine, state, actor, command, now=engine.now(), media=data)
        yield from store_media(engine, media, data)
    return (yield from perform_on_post(engine, actor, command, state=state, media=data))


def edit(
    engine: Engine,
    actor: Actor,
    post: Post | PostId,
    *,
    seen: str,
    planned_at: TimeLike | Unchanged | None,
    times: Mapping[str, TimeLike] | Unchanged,
    media: Iterable[Image] | Unchanged,
    changes: Mapping[str, Any],
) -> Effects[Post]:
    """Store a new revision with *changes* to fields of the content; see `MemberDesk.edit`."""
    state = yield from engine.state()
    organization = state.organization
    current: Post = post if isinstance(post, Post) else (yield from engine.post(post)).snapshot.post
    zone = organization.zone_or_default(current.workspace)
    fields = {name: value for name, value in changes.items() if not isinstance(value, Unchanged)}
    data: dict[str, bytes] = {}
    if not isinstance(media, Unchanged):
        fields["media"], data = without_bytes(media)
    if not isinstance(planned_at, Unchanged):
        fields["planned_at"] = None if planned_at is None else wall_time(planned_at, zone)
    if not isinstance(times, Unchanged):
        fields["times"] = {name: wall_time(at, zone) for name, at in times.items()}
    content = _changed(current.content, fields)
    command = cm.Edit(post=current.id, seen=seen, content=content)
    if isinstance(media, Unchanged):
        return (yield from perform_on_post(engine, actor, command, state=state))
    return (yield from _perform_with_media(engine, actor, command, data, state))


def local_time_of(engine: Engine, post: str, at: TimeLike) -> Effects[WallTime]:
    """Return a local time in the time zone of a post's workspace."""
    current: Post = (yield from engine.post(post)).snapshot.post
    state = yield from engine.state()
    return wall_time(at, state.organization.zone_or_default(current.workspace))


def wall_time(value: TimeLike, zone: str) -> WallTime:
    """
    Convert a caller's value to a local time in *zone*.

    Raises:
        InvalidValueError: If the value is not a time.
        SkippedTimeError: If a clock change skips the time.
        RepeatedTimeError: If a clock change makes the time occur twice.
    """
    if isinstance(value, WallTime):
        at = value
    elif isinstance(value, str):
        at = WallTime(local=parse_local(value), zone=zone)
    elif isinstance(value, dt.datetime):
        at = WallTime.of(value, zone)
    else:
        raise InvalidValueError(
            f"`{value!r}` is not a time; write a time such as `2026-04-07 09:30`",
            value=value,
            expected="a text, a WallTime, or a datetime with a UTC offset",
        )
    # Reading the instant raises an error if the local time is skipped or repeated.
    _ = at.instant
    return at


def _changed(content: PostContent, changes: dict[str, Any]) -> PostContent:
    """Return the changed content, without the variants and times of removed targets."""
    if "targets" in changes:
        targets = changes["targets"]
        targets = (targets,) if isinstance(targets, str) else tuple(targets)
        changes["targets"] = targets
        changes.setdefault(
            "variants", [variant for variant in content.variants if variant.profile in targets]
        )
        changes.setdefault(
            "times", [(profile, at) for profile, at in content.times if profile in targets]
        )
    return attrs.evolve(content, **changes)

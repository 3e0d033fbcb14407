"""Begin and change posts: read what a person gives, keep the pictures, and carry it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import attrs

from socialcollab.content import Image, Poll, Post, PostContent
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.perform import decided, perform_on_post
from socialcollab.desk.handlers.pictures import keep, taken_apart
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import PostId, did_you_mean, uuid7
from socialcollab.time import WallTime, as_utc, parse_local
from socialcollab.workflow import Actor
from socialcollab.workflow import commands as cm

TimeLike: TypeAlias = str | dt.datetime | WallTime


class Unchanged:
    """The value of what an edit leaves as it is."""


UNCHANGED: Final = Unchanged()


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
    """Begin a post; see `MemberDesk.draft`."""
    targets = (profiles,) if isinstance(profiles, str) else tuple(profiles)
    state = yield from engine.state()
    organization = state.organization
    if targets:
        # What the member may not see is no more there than what does not exist.
        visible = organization.access.profiles(actor.name, "view", at=engine.now())
        known = {*visible, *organization.access.profiles(actor.name, "draft", at=engine.now())}
        if targets[0] not in known:
            raise NotFoundError("profile", targets[0], suggestion=did_you_mean(targets[0], visible))
        workspace = workspace or organization.profile(targets[0]).workspace
    elif not workspace:
        raise InvalidValueError(
            "a post without profiles has to say its workspace", expected="workspace = ..."
        )
    zone = organization.zone_of(workspace)
    images, data = taken_apart(media)
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
    post = PostId(uuid7(as_utc(engine.real_clock()), engine.entropy(10)))
    command = cm.Draft(
        post=post,
        workspace=workspace,
        content=content,
        salt=engine.entropy(16),
        external_id=external_id,
    )
    return (yield from _with_pictures(engine, actor, command, data, state))


def _with_pictures(
    engine: Engine,
    actor: Actor,
    command: cm.Draft | cm.Edit,
    data: Mapping[str, bytes],
    state: State,
) -> Effects[Post]:
    """Carry a command out whose pictures are kept once it is known that it may be."""
    media = command.content.media
    if media:
        yield from decided(engine, state, actor, command, at=engine.now(), pictures=data)
        yield from keep(engine, media, data)
    return (yield from perform_on_post(engine, actor, command, state=state, pictures=data))


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
    """Store a new revision, *changes* as fields of the content; see `MemberDesk.edit`."""
    state = yield from engine.state()
    organization = state.organization
    current: Post = post if isinstance(post, Post) else (yield from engine.post(post)).snapshot.post
    zone = organization.zone_around(current.workspace)
    fields = {name: value for name, value in changes.items() if not isinstance(value, Unchanged)}
    data: dict[str, bytes] = {}
    if not isinstance(media, Unchanged):
        fields["media"], data = taken_apart(media)
    if not isinstance(planned_at, Unchanged):
        fields["planned_at"] = None if planned_at is None else wall_time(planned_at, zone)
    if not isinstance(times, Unchanged):
        fields["times"] = {name: wall_time(at, zone) for name, at in times.items()}
    content = _changed(current.content, fields)
    command = cm.Edit(post=current.id, seen=seen, content=content)
    if isinstance(media, Unchanged):
        return (yield from perform_on_post(engine, actor, command, state=state))
    return (yield from _with_pictures(engine, actor, command, data, state))


def local_time_of(engine: Engine, post: str, at: TimeLike) -> Effects[WallTime]:
    """Read a time in the zone of a post's workspace."""
    current: Post = (yield from engine.post(post)).snapshot.post
    state = yield from engine.state()
    return wall_time(at, state.organization.zone_around(current.workspace))


def wall_time(value: TimeLike, zone: str) -> WallTime:
    """
    Read a time as a person gives it, in *zone*.

    Raises:
        InvalidValueError: If it is no time.

        SkippedTimeError: If a clock change jumps over it.

        RepeatedTimeError: If a clock change makes it happen twice.
    """
    if isinstance(value, WallTime):
        at = value
    elif isinstance(value, str):
        at = WallTime(local=parse_local(value), zone=zone)
    elif isinstance(value, dt.datetime):
        at = WallTime.of(value, zone)
    else:
        raise InvalidValueError(
            f"`{value!r}` is no time; write one such as `2026-04-07 09:30`",
            value=value,
            expected="a text, a WallTime, or a datetime with a UTC offset",
        )
    _ = at.instant
    return at


def _changed(content: PostContent, changes: dict[str, Any]) -> PostContent:
    """Apply changes; variants and times of targets that are dropped go with them."""
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

"""Merge an edit with the edits that other members have stored since its author saw the post."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from socialcollab.collisions import (
    EditConflictError,
    Merge,
    RebasedDecision,
    Resolution,
    merge,
    rebase_decisions,
)
from socialcollab.content import Attachment, Post, PostContent, Revision
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.handlers.draft import (
    Unchanged,
    edit_command,
    perform_with_media,
)
from socialcollab.desk.handlers.media import Source
from socialcollab.desk.handlers.perform import decide, perform_on_post
from socialcollab.desk.queries.history import history_of
from socialcollab.desk.queries.visibility import redacted_for, redacted_history
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, StaleError
from socialcollab.identifiers import PostId
from socialcollab.time import TimeLike
from socialcollab.workflow import Actor, PostSnapshot, step_statuses
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev

_MAX_MERGES: Final = 12


@attrs.frozen(kw_only=True, eq=False)
class MergedPost(Post):
    """
    The post after an edit that was merged with edits of other members.

    It compares equal to the same post read again.

    Attributes:
        merged_with: The members who had edited the post since the caller saw it, sorted.
        merged_fields: The fields that they had changed, in the order of `ALL_FIELDS`.
        rebased: For each member whose approval counted before the edit, whether the approval still
            holds: it does unless the edit changed a field that a step binds.
    """

    merged_with: tuple[str, ...]
    merged_fields: tuple[str, ...]
    rebased: tuple[RebasedDecision, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Post):
            return NotImplemented
        return all(
            getattr(self, each.name) == getattr(other, each.name) for each in attrs.fields(Post)
        )

    def __hash__(self) -> int:
        return hash((self.id, self.digest))


def edit(
    engine: Engine,
    actor: Actor,
    post: Post | PostId,
    *,
    seen: str,
    planned_at: TimeLike | Unchanged | None,
    times: Mapping[str, TimeLike] | Unchanged,
    media: Iterable[Attachment] | Unchanged,
    changes: Mapping[str, Any],
    resolutions: Iterable[Resolution],
) -> Effects[Post]:
    """
    Store a new revision, merged with the edits stored since *seen*; see `MemberDesk.edit`.

    The merge is decided on one version of the post. If the post changes before the merge is stored,
    it is merged again with the newer version.
    """
    decided = _as_resolutions(resolutions)
    base = yield from _content_seen(engine, actor, post, seen)
    if base is None:
        # The content that the author saw is not available, so the edit cannot be merged. If it is
        # outdated, the command fails as every other command does.
        source: Post | PostId = post
    else:
        current = post if isinstance(post, Post) else (yield from engine.post(post)).snapshot.post
        source = attrs.evolve(current, content=base)
    command, data, state = yield from edit_command(
        engine, source, seen=seen, planned_at=planned_at, times=times, media=media, changes=changes
    )
    has_media = bool(data) or not isinstance(media, Unchanged)
    if base is None:
        return (yield from _perform(engine, actor, command, data, state, has_media=has_media))
    if not decided:
        try:
            return (yield from _perform(engine, actor, command, data, state, has_media=has_media))
        except StaleError as error:
            if not error.by:
                raise
    return (
        yield from _merged_edit(
            engine, actor, command, data, base=base, resolutions=decided, has_media=has_media
        )
    )


def _perform(
    engine: Engine,
    actor: Actor,
    command: cm.Edit,
    data: Mapping[str, Source],
    state: State,
    *,
    has_media: bool,
) -> Effects[Post]:
    if not has_media:
        return (yield from perform_on_post(engine, actor, command, state=state))
    return (yield from perform_with_media(engine, actor, command, data, state))


def _as_resolutions(resolutions: object) -> tuple[Resolution, ...]:
    given = tuple(resolutions) if isinstance(resolutions, Iterable) else (resolutions,)
    for one in given:
        if not isinstance(one, Resolution):
            raise InvalidValueError(
                f"`{one!r}` is not the resolution of a conflict",
                value=one,
                expected='resolutions=[resolve(error.conflicts[0], "mine")]',
            )
    return given


def _content_seen(
    engine: Engine, actor: Actor, post: Post | PostId, seen: str
) -> Effects[PostContent | None]:
    """Return the content of the revision that the member saw, or None if they cannot see it."""
    if isinstance(post, Post) and post.digest == seen:
        return post.content
    loaded = yield from engine.post(post.id if isinstance(post, Post) else post)
    current: Post = loaded.snapshot.post
    if current.digest == seen:
        return current.content
    if current.revision_named(seen) is None:
        return None
    state = yield from engine.state()
    entries = yield from history_of(engine, loaded)
    for entry in redacted_history(actor.name, entries, current, state.organization.access):
        stored = entry.data
        if isinstance(stored, ev.PostDrafted | ev.PostEdited) and stored.revision.digest == seen:
            return stored.content
    return None


def _merged_edit(
    engine: Engine,
    actor: Actor,
    command: cm.Edit,
    data: Mapping[str, Source],
    *,
    base: PostContent,
    resolutions: tuple[Resolution, ...],
    has_media: bool,
) -> Effects[Post]:
    for attempt in range(_MAX_MERGES):
        state = yield from engine.state()
        loaded = yield from engine.post(command.post)
        snapshot: PostSnapshot = loaded.snapshot
        theirs = snapshot.post
        # The decision checks the permissions and the state of the post before the contents are
        # compared. Its error names the other members.
        outdated: StaleError | None = None
        try:
            yield from decide(engine, state, actor, command, now=engine.now(), media=data)
        except StaleError as error:
            outdated = error
        current = theirs.content if outdated is not None else base
        merged = _merge(base, command.content, current, resolutions)
        if outdated is not None and not merged:
            raise EditConflictError(
                outdated, base=base, mine=command.content, theirs=current, merged=merged
            )
        seen = theirs.revision_named(command.seen)
        if merged.result == theirs.content:
            # Both members made the same changes, so there is nothing left to store.
            stored = redacted_for(actor.name, theirs, state.organization.access)
        else:
            again = attrs.evolve(command, seen=theirs.digest, content=merged.result)
            try:
                stored = yield from _perform(engine, actor, again, data, state, has_media=has_media)
            except StaleError:
                if attempt == _MAX_MERGES - 1:
                    raise
                continue
        rebased = _rebased(engine, state, actor, snapshot, stored)
        return _answer(stored, theirs, seen, rebased)
    raise AssertionError(command.post)


def _merge(
    base: PostContent, mine: PostContent, theirs: PostContent, resolutions: tuple[Resolution, ...]
) -> Merge[PostContent]:
    """Merge two contents; resolutions of conflicts that a newer edit has changed are ignored."""
    plain = merge(base, mine, theirs)
    known = [each for each in resolutions if each.conflict in plain.conflicts]
    if not plain and len(known) < len(plain.conflicts):
        return merge(base, mine, theirs, resolutions=known)
    # Here every conflict is resolved, so a resolution that is left over is an error, because a
    # decision of the caller would get lost.
    return merge(base, mine, theirs, resolutions=resolutions)


def _rebased(
    engine: Engine, state: State, actor: Actor, before: PostSnapshot, after: Post
) -> tuple[RebasedDecision, ...]:
    """Return which approvals that counted before the edit still hold."""
    if before.request is None:
        return ()
    context = engine.post_context(state, actor, before, now=engine.now())
    binds = {status.key: status.binds for status in step_statuses(before, context)}
    rebased: dict[str, RebasedDecision] = {}
    for decision in before.request.decisions:
        if decision.verdict != "approve":
            continue
        bound = frozenset().union(*(binds.get(key, frozenset()) for key in decision.steps))
        sides = (decision.fields, before.post.revision.fields, after.revision.fields)
        decided, held, now = ({name: each.get(name, "") for name in bound} for each in sides)
        if bound and decided == held:
            [rebased[decision.by]] = rebase_decisions(held, now, {decision.by: bound})
    return tuple(rebased.values())


def _answer(
    stored: Post, theirs: Post, seen: Revision | None, rebased: tuple[RebasedDecision, ...]
) -> MergedPost:
    later = [each for each in theirs.revisions if seen is not None and each.number > seen.number]
    return MergedPost(
        **{each.name: getattr(stored, each.name) for each in attrs.fields(Post)},
        merged_with=tuple(sorted({str(revision.author) for revision in later})),
        merged_fields=theirs.revision.changed_since(seen) if seen is not None else (),
        rebased=rebased,
    )

"""Read posts, deliveries and the calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from socialcollab.content import Delivery, DeliveryState, Post, PostState, Summary, summarise
from socialcollab.desk.arguments import check_text
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.queries.calendar import all_rows, full_calendar, is_held
from socialcollab.document_fields import as_words
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization import CalendarNote
from socialcollab.scheduling import Calendar, Clash, find_clashes
from socialcollab.stores import Column
from socialcollab.time import TimeLike, as_instant
from socialcollab.workflow import Actor, PostSnapshot, StepStatus, step_statuses

_STATES = tuple(state.value for state in PostState)
_POSTS_AT_ONCE = 50
_POSSIBLY_PUBLISHED = ("approved", "in_review", "changes_requested", "expired", "cancelled")


def read_post(engine: Engine, post: str) -> Effects[Post]:
    """Return a post."""
    return (yield from engine.post(post)).snapshot.post  # type: ignore[no-any-return]


def find_external_id(engine: Engine, external_id: str) -> Effects[str]:
    """Return the id of the post with this external id, or an empty string."""
    rows = yield from call(
        engine.store.query, "external_ids", where={"external_id": external_id}, limit=1
    )
    return str(rows[0].columns["post"]) if rows else ""


def read_post_by_external_id(engine: Engine, external_id: str) -> Effects[Post | None]:
    """Return the post with this external id, or None."""
    post = yield from find_external_id(engine, external_id)
    return (yield from read_post(engine, post)) if post else None


def count_published(engine: Engine, author: str, workspace: str, *, at_most: int) -> Effects[int]:
    """Return how many posts by an author are published in a workspace, up to *at_most*."""
    count = 0
    after = None
    while count < at_most:
        # With a state as a further condition, the store would read the posts of all authors.
        page = yield from call(
            engine.store.query,
            "posts",
            where={"author": author, "workspace": workspace},
            after=after,
            limit=_POSTS_AT_ONCE,
        )
        posts = tuple(row.key for row in page if row.columns["state"] in _POSSIBLY_PUBLISHED)
        deliveries = yield from all_rows(engine, "deliveries", where={"post": posts})
        count += len(
            {
                row.columns["post"]
                for row in deliveries
                if row.columns["state"] == DeliveryState.PUBLISHED.value
            }
        )
        if len(page) < _POSTS_AT_ONCE:
            break
        after = page[-1]
    return min(count, at_most)


def read_posts(
    engine: Engine,
    *,
    workspace: str | None = None,
    state: str | tuple[str, ...] | None = None,
    author: str | None = None,
    campaign: str | None = None,
) -> Effects[tuple[Post, ...]]:
    """Return the matching posts by planned time, starting with posts that have no planned time."""
    for name in as_words(state or ()):
        if name not in _STATES:
            hint = did_you_mean(name, _STATES, otherwise=f"use one of {', '.join(_STATES)}")
            raise InvalidValueError(
                f"`{name}` is not a stored state of a post; {hint}", value=name, expected=hint
            )
    if workspace is not None:
        organization = (yield from engine.state()).organization
        if check_text(workspace, "workspace") not in organization.workspaces_by_id:
            hint = organization.did_you_mean("workspace", workspace)
            raise NotFoundError("workspace", workspace, suggestion=hint)
    filters = {"workspace": workspace, "state": state, "author": author, "campaign": campaign}
    where: Mapping[str, Column | tuple[Column, ...]] = {
        name: value for name, value in filters.items() if value is not None
    }
    rows = yield from all_rows(engine, "posts", where=where)
    posts = yield from engine.load_all(row.stream for row in rows)
    return tuple(loaded.snapshot.post for loaded in posts.values())


def read_calendar(
    engine: Engine,
    start: TimeLike,
    end: TimeLike,
    *,
    workspace: str,
    viewer: str,
    cancelled: bool,
) -> Effects[Calendar]:
    """Return the publishing calendar from *start* (inclusive) to *end* (exclusive)."""
    state = yield from engine.state()
    first, last = _instants(state, start, end, workspace)
    check_text(viewer, "viewer")
    return (
        yield from full_calendar(
            engine,
            state,
            start=first,
            end=last,
            workspace=workspace,
            viewer=viewer,
            cancelled=cancelled,
        )
    )


def read_clashes(
    engine: Engine, start: TimeLike, end: TimeLike, *, workspace: str
) -> Effects[tuple[Clash, ...]]:
    """Return the clashes on the calendar from *start* (inclusive) to *end* (exclusive)."""
    state = yield from engine.state()
    first, last = _instants(state, start, end, workspace)
    calendar = yield from full_calendar(
        engine, state, start=first, end=last, workspace=workspace, viewer=""
    )
    return tuple(find_clashes(calendar, start=first, end=last))


def _instants(
    state: State, start: TimeLike, end: TimeLike, workspace: str
) -> tuple[dt.datetime, dt.datetime]:
    zone = state.organization.zone_or_default(check_text(workspace, "workspace"))
    return as_instant(start, zone), as_instant(end, zone)


def read_deliveries(engine: Engine, post: str) -> Effects[tuple[Delivery, ...]]:
    """Return all deliveries of a post, in the order in which they were planned."""
    loaded = yield from engine.post(post)
    deliveries = yield from engine.deliveries(loaded.snapshot.post)
    return tuple(delivery.snapshot for delivery in deliveries)


def read_delivery(engine: Engine, delivery: str) -> Effects[Delivery]:
    """Return a delivery by its id."""
    loaded = yield from engine.load(f"delivery/{check_text(delivery, 'delivery')}")
    if loaded.snapshot is None:
        raise NotFoundError("delivery", delivery)
    return loaded.snapshot  # type: ignore[no-any-return]


def read_summary(engine: Engine, post: str) -> Effects[Summary]:
    """Return a one-word summary of a post's state."""
    state = yield from engine.state()
    snapshot: PostSnapshot = (yield from engine.post(post)).snapshot
    deliveries = yield from engine.deliveries(snapshot.post)
    held = is_held(state, snapshot, snapshot.post.targets, now=engine.now())
    return summarise(snapshot.post, [delivery.snapshot for delivery in deliveries], held=held)


def read_pending_steps(engine: Engine, post: str) -> Effects[tuple[StepStatus, ...]]:
    """Return a post's unfinished approval steps, with the members who can decide on each."""
    state = yield from engine.state()
    snapshot = (yield from engine.post(post)).snapshot
    if snapshot.post.state != "in_review":
        return ()
    context = engine.post_context(state, Actor.RULES, snapshot, now=engine.now())
    return tuple(status for status in step_statuses(snapshot, context) if not status.done)


def read_calendar_notes(
    engine: Engine, *, workspace: str, viewer: str
) -> Effects[tuple[CalendarNote, ...]]:
    """
    Return the calendar notes, sorted by date.

    Args:
        engine: The desk's engine.
        workspace: Only notes in this workspace, or in all workspaces if empty.
        viewer: Only notes in workspaces in which this member can view something, or all notes if
            empty.
    """
    check_text(workspace, "workspace")
    check_text(viewer, "viewer")
    state = yield from engine.state()
    organization, now = state.organization, engine.now()

    def may_view(resource: str) -> bool:
        return not viewer or organization.access.allows(viewer, "view", resource, at=now)

    visible = {profile.workspace for profile in organization.profiles if may_view(profile.id)}
    visible |= {name for name in organization.workspaces_by_id if may_view(name)}
    return tuple(
        sorted(
            (
                note
                for note in state.runtime_state.notes
                if workspace in ("", note.workspace) and note.workspace in visible
            ),
            key=lambda note: (note.date, note.id),
        )
    )

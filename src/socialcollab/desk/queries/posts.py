"""What can be read at a desk; every answer is steps, for blocking and async hosts alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab.content import Delivery, Post, PostState, Summary, summarise
from socialcollab.desk.engine import Engine
from socialcollab.desk.handlers.perform import find_external_id
from socialcollab.desk.queries.calendar import all_rows, full_calendar
from socialcollab.directory import Selector
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization import CalendarNote
from socialcollab.scheduling import Calendar
from socialcollab.stores import Column
from socialcollab.time import as_utc
from socialcollab.workflow import Actor, StepStatus, step_statuses

_STORED = tuple(state.value for state in PostState)


@attrs.frozen(kw_only=True)
class HoldResult:
    """
    What a hold or its end came to.

    Attributes:
        id: The hold's identifier.

        under_way: Deliveries that had been taken in hand before it: it does not stop these.

        waiting: Deliveries that it stops, or stopped no longer.

        missed: Deliveries that fell due during it, for a person to decide on.
    """

    id: str
    under_way: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


def read_post(engine: Engine, post: str) -> Effects[Post]:
    """Return a post."""
    found: Post = (yield from engine.post(post)).snapshot.post
    return found


def read_post_by_external_id(engine: Engine, external_id: str) -> Effects[Post | None]:
    """Return the post that was drafted with *external_id*, or None."""
    found = yield from find_external_id(engine, external_id)
    return (yield from read_post(engine, found)) if found else None


def read_posts(
    engine: Engine,
    *,
    workspace: str | None = None,
    state: str | tuple[str, ...] | None = None,
    author: str | None = None,
    campaign: str | None = None,
) -> Effects[tuple[Post, ...]]:
    """Return the posts that match, by their planned times, those without one first."""
    for wanted in (state,) if isinstance(state, str) else state or ():
        if wanted not in _STORED:
            hint = did_you_mean(wanted, _STORED, otherwise=f"use one of {', '.join(_STORED)}")
            raise InvalidValueError(
                f"`{wanted}` is no stored state of a post; {hint}", value=wanted, expected=hint
            )
    if workspace is not None:
        organization = (yield from engine.state()).organization
        if workspace not in organization.workspaces_by_id:
            hint = organization.did_you_mean("workspace", workspace)
            raise NotFoundError("workspace", workspace, suggestion=hint)
    asked = {"workspace": workspace, "state": state, "author": author, "campaign": campaign}
    where: Mapping[str, Column | tuple[Column, ...]] = {
        name: value for name, value in asked.items() if value is not None
    }
    rows = yield from all_rows(engine, "posts", where=where)
    found: list[Post] = []
    for row in rows:
        loaded = yield from engine.load(row.stream)
        found.append(loaded.snapshot.post)
    return tuple(found)


def read_calendar(
    engine: Engine, start: dt.datetime, end: dt.datetime, *, workspace: str, viewer: str
) -> Effects[Calendar]:
    """Return the publishing calendar from *start* on and before *end*."""
    state = yield from engine.state()
    return (
        yield from full_calendar(
            engine,
            state,
            start=as_utc(start),
            end=as_utc(end),
            workspace=workspace,
            viewer=viewer,
        )
    )


def read_deliveries(engine: Engine, post: str) -> Effects[tuple[Delivery, ...]]:
    """Return all deliveries of a post, in the order they were planned."""
    loaded = yield from engine.post(post)
    found = yield from engine.deliveries(loaded.snapshot.post)
    return tuple(one.snapshot for one in found)


def read_summary(engine: Engine, post: str) -> Effects[Summary]:
    """Return the one word that people see for a post now."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    current: Post = loaded.snapshot.post
    deliveries = yield from engine.deliveries(current)
    facts, now = state.organization.attributes_of(current), engine.now()
    held = any(
        hold.stops(state.organization.profiles_by_id[target], facts, now=now)
        for hold in state.holds.holds
        for target in current.targets
        if target in state.organization.profiles_by_id
    )
    return summarise(current, [one.snapshot for one in deliveries], held=held)


def read_pending_steps(engine: Engine, post: str) -> Effects[tuple[StepStatus, ...]]:
    """Return the steps that a post still waits for, and who is asked."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    snapshot = loaded.snapshot
    if snapshot.post.state != "in_review":
        return ()
    context = engine.context(
        state,
        Actor.RULES,
        now=engine.now(),
        content=snapshot.post.content,
        workspace=snapshot.post.workspace,
        snapshot=snapshot,
    )
    return tuple(status for status in step_statuses(snapshot, context) if not status.done)


def read_calendar_notes(
    engine: Engine, *, workspace: str, viewer: str
) -> Effects[tuple[CalendarNote, ...]]:
    """Return the notes of a workspace, or all, that a viewer, or anybody, may see; by date."""
    state = yield from engine.state()
    organization, now = state.organization, engine.now()

    def visible(place: str) -> bool:
        return not viewer or organization.access.allows(viewer, "view", place, at=now)

    seen = {profile.workspace for profile in organization.profiles if visible(profile.id)}
    seen |= {name for name in organization.workspaces_by_id if visible(name)}
    return tuple(
        sorted(
            (
                note
                for note in state.runtime_state.notes
                if workspace in ("", note.workspace) and note.workspace in seen
            ),
            key=lambda note: (note.date, note.id),
        )
    )


def read_held(engine: Engine, hold: str, on: Selector) -> Effects[HoldResult]:
    """Return what a hold stops, and what had been taken in hand before it."""
    state = yield from engine.state()
    organization = state.organization
    rows = yield from all_rows(
        engine,
        "deliveries",
        where={"state": ("waiting", "publishing", "unknown", "missed")},
    )
    found: dict[str, list[str]] = {"under_way": [], "waiting": [], "missed": []}
    for row in rows:
        profile = organization.profiles_by_id.get(str(row.columns["profile"]))
        post = (yield from engine.post(str(row.columns["post"]))).snapshot.post
        if profile is None or not on.matches(profile, organization.attributes_of(post)):
            continue
        left = str(row.columns["state"])
        if left == "missed":
            delivery = (yield from engine.load(row.stream)).snapshot
            if delivery.problem != f"hold {hold}":
                continue
        found[left if left in ("waiting", "missed") else "under_way"].append(row.key)
    return HoldResult(
        id=hold,
        under_way=tuple(found["under_way"]),
        waiting=tuple(found["waiting"]),
        missed=tuple(found["missed"]),
    )

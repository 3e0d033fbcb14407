"""What can be read at a desk; every answer is steps, for blocking and async hosts alike."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from socialcollab.content import Delivery, Post, Summary, summarise
from socialcollab.desk.engine import Engine
from socialcollab.desk.planning import all_rows
from socialcollab.desk.steps import Steps
from socialcollab.directory import Selector
from socialcollab.organization import Note
from socialcollab.stores import Column
from socialcollab.workflow import Actor, StepStatus, step_statuses

__all__ = [
    "HoldSet",
    "read_deliveries",
    "read_held",
    "read_notes",
    "read_posts",
    "read_summary",
    "read_waiting_for",
]


@attrs.frozen(kw_only=True)
class HoldSet:
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


def read_posts(
    engine: Engine, where: Mapping[str, Column | tuple[Column, ...]]
) -> Steps[tuple[Post, ...]]:
    """Return the posts whose rows match, by their planned times, those without one first."""
    rows = yield from all_rows(engine, "posts", where=where)
    found: list[Post] = []
    for row in rows:
        loaded = yield from engine.load(row.stream)
        found.append(loaded.record.post)
    return tuple(found)


def read_deliveries(engine: Engine, post: str) -> Steps[tuple[Delivery, ...]]:
    """Return all deliveries of a post, in the order they were planned."""
    loaded = yield from engine.post(post)
    found = yield from engine.deliveries(loaded.record.post)
    return tuple(one.record for one in found)


def read_summary(engine: Engine, post: str) -> Steps[Summary]:
    """Return the one word that people see for a post now."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    current: Post = loaded.record.post
    deliveries = yield from engine.deliveries(current)
    facts, now = state.organization.facts_of(current), engine.now()
    held = any(
        hold.stops(state.organization.profiles_by_id[target], facts, now=now)
        for hold in state.holds.holds
        for target in current.targets
        if target in state.organization.profiles_by_id
    )
    return summarise(current, [one.record for one in deliveries], held=held)


def read_waiting_for(engine: Engine, post: str) -> Steps[tuple[StepStatus, ...]]:
    """Return the steps that a post still waits for, and who is asked."""
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    record = loaded.record
    if record.post.state != "in_review":
        return ()
    context = engine.context(
        state,
        Actor.RULES,
        now=engine.now(),
        content=record.post.content,
        workspace=record.post.workspace,
    )
    return tuple(status for status in step_statuses(record, context) if not status.done)


def read_notes(engine: Engine, *, workspace: str, viewer: str) -> Steps[tuple[Note, ...]]:
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
                for note in state.facts.notes
                if workspace in ("", note.workspace) and note.workspace in seen
            ),
            key=lambda note: (note.on, note.id),
        )
    )


def read_held(engine: Engine, hold: str, on: Selector) -> Steps[HoldSet]:
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
        post = (yield from engine.post(str(row.columns["post"]))).record.post
        if profile is None or not on.matches(profile, organization.facts_of(post)):
            continue
        left = str(row.columns["state"])
        if left == "missed":
            delivery = (yield from engine.load(row.stream)).record
            if delivery.problem != f"hold {hold}":
                continue
        found[left if left in ("waiting", "missed") else "under_way"].append(row.key)
    return HoldSet(
        id=hold,
        under_way=tuple(found["under_way"]),
        waiting=tuple(found["waiting"]),
        missed=tuple(found["missed"]),
    )

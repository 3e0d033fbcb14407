"""What waits for one member."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, Post, current_deliveries
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.visibility import seen_by
from socialcollab.effects import Effects
from socialcollab.workflow import Actor, step_statuses


@attrs.frozen(kw_only=True)
class ToDo(NotebookMixin):
    """
    One thing that waits for a member.

    Attributes:
        kind: "decide" on a post, "change" one that came back, "move" one that
            expired, "triage" a delivery that is in trouble.

        post: The post.

        step: Of a decision, the step that asks.

        delivery: Of a triage, the delivery.

        trouble: Of a triage, what the trouble is: "missed", "failed",
            "unknown", "published_twice", "partly_published", "sign_in", "takedown_failed" or
            "not_amended".

        planned_at: When the post is to leave, in UTC, or None.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    kind: str
    post: Post
    step: str = ""
    delivery: Delivery | None = None
    attention: str = ""
    planned_at: dt.datetime | None = None


def _whose(post: Post, state: State, at: dt.datetime) -> str:
    """Return who has to go on with a post: its author, or the lead once the author has left."""
    access = state.organization.access
    workspace = state.organization.workspaces_by_id.get(post.workspace)
    gone = access.member(post.author) is None or access.bindings.scope.has_left(post.author, at)
    return workspace.lead if gone and workspace is not None else post.author


def to_do(engine: Engine, member: str) -> Effects[tuple[ToDo, ...]]:
    """Return what waits for *member*, by the time the posts are to leave."""
    now = engine.now()
    state = yield from engine.state()
    access = state.organization.access
    found: list[ToDo] = []

    plain = engine.context(state, Actor.member(member), now=now)

    def hidden(post: Post) -> bool:
        return not plain.may(member, "view", post)

    rows = yield from all_rows(
        engine, "posts", where={"state": ("in_review", "changes_requested", "expired")}
    )
    for row in rows:
        loaded = yield from engine.load(row.stream)
        post: Post = seen_by(loaded.snapshot.post, access, member)
        if hidden(post):
            continue
        planned = post.planned_at.instant if post.planned_at else None
        if row.columns["state"] == "in_review":
            context = engine.context(
                state,
                Actor.member(member),
                now=now,
                content=post.content,
                workspace=post.workspace,
                snapshot=loaded.snapshot,
            )
            found += [
                ToDo(kind="decide", post=post, step=str(status.key), planned_at=planned)
                for status in step_statuses(loaded.snapshot, context)
                if status.state == "open"
                and member in status.asked
                and member not in status.approved_by
            ]
        elif _whose(post, state, now) == member:
            kind = "move" if row.columns["state"] == "expired" else "change"
            found.append(ToDo(kind=kind, post=post, planned_at=planned))
    for row in (yield from all_rows(engine, "attention")):
        post = seen_by(
            (yield from engine.post(str(row.columns["post"]))).snapshot.post, access, member
        )
        if hidden(post):
            continue
        workspace = state.organization.workspaces_by_id.get(post.workspace)
        if member not in {post.author, workspace.lead if workspace else post.author}:
            continue
        deliveries: list[Delivery] = [one.snapshot for one in (yield from engine.deliveries(post))]
        found += [
            ToDo(
                kind="triage",
                post=post,
                delivery=delivery,
                attention=delivery.attention,
                planned_at=delivery.at.instant,
            )
            for delivery in current_deliveries(deliveries)
            if delivery.id == row.key and delivery.attention
        ]
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    return tuple(
        sorted(found, key=lambda item: (item.planned_at or latest, item.post.id, item.kind))
    )

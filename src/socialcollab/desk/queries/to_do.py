"""The to-do list of a member: posts to decide on, change or move, and deliveries to fix."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, Hold, Post, current_deliveries, post_reason
from socialcollab.desk.engine import Engine
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.holds import hold_that_stopped, read_holds, shown_to
from socialcollab.desk.queries.visibility import redacted_for
from socialcollab.effects import Effects
from socialcollab.identifiers import ProfileId
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, step_statuses


@attrs.frozen(kw_only=True)
class ToDo(NotebookMixin):
    """
    An item on a member's to-do list.

    Attributes:
        kind: "decide" on a post, "change" a post that was sent back, "move" a post that expired,
            "schedule" an approved post that is not scheduled, or "triage" deliveries that need
            attention.
        post: The post.
        step: The approval step to decide on; empty for other kinds.
        deliveries: The deliveries to triage, which need attention for the same reason; empty for other
            kinds.
        attention: Why the deliveries need attention: "missed", "failed", "unknown",
            "published_twice", "partly_published", "sign_in", "takedown_failed" or "not_amended"; empty
            for other kinds.
        holds: The holds because of which the deliveries are late; `Hold.ended_at` is set for those
            that have ended.
        planned_at: When the post is to be published, in UTC, or None.
        profiles: The profiles of the deliveries, or those on which to schedule the post; empty for
            other kinds.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    kind: str
    post: Post
    step: str = ""
    deliveries: tuple[Delivery, ...] = ()
    attention: str = ""
    holds: tuple[Hold, ...] = ()
    planned_at: dt.datetime | None = None
    profiles: tuple[ProfileId, ...] = ()

    @property
    def reason(self) -> Reason:
        """The task, as a code with parameters."""
        return post_reason(
            f"to_do.{self.kind}.{self.attention}" if self.attention else f"to_do.{self.kind}",
            self.post,
            step=self.step or "-",
            profiles=", ".join(f"`{profile}`" for profile in self.profiles) or "-",
        )

    def text(self, language: str = "en") -> str:
        """Return the task in words, such as "decide on step `brand/legal` of post `W1`"."""
        return self.reason.text(language)


def to_do(engine: Engine, member: str) -> Effects[tuple[ToDo, ...]]:
    """
    Return the to-do list of *member*, sorted by planned time.

    While the author of a post is absent, their delegate or the lead also has the post on the list.
    """
    now = engine.now()
    state = yield from engine.state()
    access = state.organization.access
    items: list[ToDo] = []
    plain = engine.context(state, Actor.member(member), now=now)
    rows = yield from all_rows(
        engine, "posts", where={"state": ("in_review", "changes_requested", "expired")}
    )
    for row in rows:
        loaded = yield from engine.load(row.stream)
        if plain.sees(member, loaded.snapshot.post):
            post = redacted_for(member, loaded.snapshot.post, access)
            planned_at = post.planned_at.instant if post.planned_at else None
            if row.columns["state"] == "in_review":
                context = engine.post_context(state, Actor.member(member), loaded.snapshot, now=now)
                items += [
                    ToDo(kind="decide", post=post, step=str(status.key), planned_at=planned_at)
                    for status in step_statuses(loaded.snapshot, context)
                    if status.state == "open" and member in status.undecided
                ]
            elif member in plain.responsible_for(loaded.snapshot.post):
                kind = "move" if row.columns["state"] == "expired" else "change"
                items.append(ToDo(kind=kind, post=post, planned_at=planned_at))
    every_hold: dict[str, Hold] = {}
    names: dict[str, list[str]] = {}
    for row in (yield from all_rows(engine, "attention")):
        names.setdefault(str(row.columns["post"]), []).append(row.key)
    for name, keys in names.items():
        snapshot = (yield from engine.post(name)).snapshot
        post = snapshot.post
        if name in keys and member in plain.schedulers_of(post) and plain.sees(member, post):
            current = current_deliveries(
                loaded.snapshot for loaded in (yield from engine.deliveries(post))
            )
            scheduled = {delivery.profile for delivery in current} | {*snapshot.taken_down}
            missing = tuple(target for target in post.targets if target not in scheduled)
            if missing:
                items.append(
                    ToDo(
                        kind="schedule",
                        post=redacted_for(member, post, access),
                        planned_at=post.planned_at.instant if post.planned_at else None,
                        profiles=missing,
                    )
                )
        workspace = state.organization.workspaces_by_id.get(post.workspace)
        responsible = {*plain.responsible_for(post), workspace.lead if workspace else post.author}
        if member not in responsible or not plain.sees(member, post):
            continue
        loads = yield from engine.deliveries(post)
        by_attention: dict[str, list[Delivery]] = {}
        for delivery in current_deliveries(loaded.snapshot for loaded in loads):
            if delivery.id in keys and delivery.attention:
                by_attention.setdefault(delivery.attention, []).append(delivery)
        for deliveries in by_attention.values():
            if not every_hold and any(map(hold_that_stopped, deliveries)):
                # The journal of the holds is read at most once, and only if it is needed.
                holds = yield from read_holds(engine, ended=True)
                every_hold = {hold.id: hold for hold in shown_to(member, holds, state)}
        items += [
            ToDo(
                kind="triage",
                post=redacted_for(member, post, access),
                deliveries=tuple(deliveries),
                attention=attention,
                profiles=tuple(delivery.profile for delivery in deliveries),
                holds=tuple(
                    hold
                    for hold in every_hold.values()
                    if hold.id in set(map(hold_that_stopped, deliveries))
                ),
                planned_at=min(delivery.at.instant for delivery in deliveries),
            )
            for attention, deliveries in by_attention.items()
        ]
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    return tuple(
        sorted(items, key=lambda item: (item.planned_at or latest, item.post.id, item.kind))
    )

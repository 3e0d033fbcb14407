"""A member's to-do list: posts to decide on, change or move, and deliveries to fix."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, Hold, Post, PostState, current_deliveries, post_reason
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.streams import ORGANIZATION, RUNTIME_STATE
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.holds import hold_that_stopped, read_holds, shown_to
from socialcollab.desk.queries.visibility import redacted_for
from socialcollab.effects import Effects
from socialcollab.identifiers import ProfileId
from socialcollab.stores import microseconds
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, Context, step_statuses


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
        holds: The holds that made the deliveries late; `Hold.ended_at` is set for ended holds.
        planned_at: The post's planned time, in UTC, or None.
        profiles: The profiles of the deliveries, or the profiles on which to schedule the post;
            empty for other kinds.
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
        """The task, as a `Reason` with a code and parameters."""
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

    While a post's author is absent, the post is also on the delegate's or the lead's list.
    """
    now = engine.now()
    state = yield from engine.state()
    items = yield from _decisions(engine, state, member, now)
    items += yield from _returned_posts(engine, state, member, now)
    items += yield from _unfinished(engine, state, member, now)
    latest = dt.datetime.max.replace(tzinfo=dt.UTC)
    return tuple(
        sorted(items, key=lambda item: (item.planned_at or latest, item.post.id, item.kind))
    )


def _decisions(engine: Engine, state: State, member: str, now: dt.datetime) -> Effects[list[ToDo]]:
    """Return the approval steps that *member* can decide on and has not approved."""
    access = state.organization.access
    streams = yield from _possible_decisions(engine, member, now)
    contexts = engine.contexts(state, now=now)
    items: list[ToDo] = []
    for loaded in (yield from engine.load_all(streams)).values():
        snapshot = loaded.snapshot
        if snapshot.post.state is not PostState.IN_REVIEW:
            continue
        context = contexts(snapshot)
        if not context.sees(member, snapshot.post):
            continue
        post = redacted_for(member, snapshot.post, access)
        items += [
            ToDo(kind="decide", post=post, step=str(status.key), planned_at=_planned_at(post))
            for status in step_statuses(snapshot, context)
            if status.state == "open" and member in status.undecided
        ]
    return items


def _possible_decisions(engine: Engine, member: str, now: dt.datetime) -> Effects[list[str]]:
    """Return the streams of the posts on which *member* may have to decide."""
    organization = (yield from engine.load(ORGANIZATION)).snapshot
    runtime_state = (yield from engine.load(RUNTIME_STATE)).snapshot
    if organization.stale_since or (runtime_state and runtime_state.stale_since):
        # Until a worker has reevaluated all posts in review, the rows contain the reviewers under
        # the previous rules.
        rows = yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    else:
        rows = yield from all_rows(engine, "reviewers", where={"member": (member, "")})
        # The reviewers of these posts may have changed with time, for example with a shift.
        rows += yield from all_rows(
            engine, "due", where={"kind": "timers"}, before=microseconds(now) + 1
        )
    return [row.stream for row in rows]


def _returned_posts(
    engine: Engine, state: State, member: str, now: dt.datetime
) -> Effects[list[ToDo]]:
    """Return the posts that *member* has to change or move."""
    states = (PostState.CHANGES_REQUESTED.value, PostState.EXPIRED.value)
    context = engine.context(state, Actor.member(member), now=now)
    authors = (member, *_represented_by(member, context))
    own = yield from all_rows(engine, "authors", where={"member": authors, "state": states})
    streams = [row.stream for row in own]
    led = _led_workspaces(state, member)
    for row in (yield from all_rows(engine, "posts", where={"workspace": led, "state": states})):
        author = str(row.columns["author"])
        if not context.is_active(author) or context.is_absent(author):
            streams.append(row.stream)
    items: list[ToDo] = []
    for loaded in (yield from engine.load_all(streams)).values():
        post: Post = loaded.snapshot.post
        if (
            post.state.value in states
            and member in context.responsible_for(post)
            and context.sees(member, post)
        ):
            kind = "move" if post.state is PostState.EXPIRED else "change"
            shown = redacted_for(member, post, state.organization.access)
            items.append(ToDo(kind=kind, post=shown, planned_at=_planned_at(post)))
    return items


def _unfinished(engine: Engine, state: State, member: str, now: dt.datetime) -> Effects[list[ToDo]]:
    """Return the posts that *member* has to schedule, and the deliveries to triage."""
    context = engine.context(state, Actor.member(member), now=now)
    # The author of a delivery is empty if it was planned by an earlier version of the library.
    authors = (member, *_represented_by(member, context), "")
    rows = yield from all_rows(engine, "attention", where={"author": authors})
    rows += yield from all_rows(
        engine, "attention", where={"workspace": _led_workspaces(state, member)}
    )
    keys = {row.key for row in rows}
    every_hold: dict[str, Hold] = {}
    items: list[ToDo] = []
    posts = yield from engine.load_posts(f"post/{row.columns['post']}" for row in rows)
    for loaded, loads in posts:
        post: Post = loaded.snapshot.post
        if not context.sees(member, post):
            continue
        deliveries = current_deliveries(each.snapshot for each in loads)
        shown = redacted_for(member, post, state.organization.access)
        if post.id in keys and member in context.schedulers_of(post):
            scheduled = {delivery.profile for delivery in deliveries} | {
                *loaded.snapshot.taken_down
            }
            missing = tuple(target for target in post.targets if target not in scheduled)
            if missing:
                items.append(
                    ToDo(
                        kind="schedule", post=shown, planned_at=_planned_at(post), profiles=missing
                    )
                )
        workspace = state.organization.workspaces_by_id.get(post.workspace)
        lead = workspace.lead if workspace else post.author
        if member not in (*context.responsible_for(post), lead):
            continue
        by_attention: dict[str, list[Delivery]] = {}
        for delivery in deliveries:
            if delivery.id in keys and delivery.attention:
                by_attention.setdefault(delivery.attention, []).append(delivery)
        for group in by_attention.values():
            if not every_hold and any(map(hold_that_stopped, group)):
                # The journal of the holds is read at most once, and only if it is needed.
                holds = yield from read_holds(engine, ended=True)
                every_hold = {hold.id: hold for hold in shown_to(member, holds, state)}
        items += [
            ToDo(
                kind="triage",
                post=shown,
                deliveries=tuple(group),
                attention=attention,
                profiles=tuple(delivery.profile for delivery in group),
                holds=tuple(
                    hold
                    for hold in every_hold.values()
                    if hold.id in set(map(hold_that_stopped, group))
                ),
                planned_at=min(delivery.at.instant for delivery in group),
            )
            for attention, group in by_attention.items()
        ]
    return items


def _led_workspaces(state: State, member: str) -> tuple[str, ...]:
    workspaces = state.organization.workspaces
    return tuple(workspace.id for workspace in workspaces if workspace.lead == member)


def _planned_at(post: Post) -> dt.datetime | None:
    return post.planned_at.instant if post.planned_at else None


def _represented_by(member: str, context: Context) -> tuple[str, ...]:
    """Return the absent members whose delegate is *member* at this time."""
    return tuple(
        absence.member
        for absence in context.absences
        if absence.delegate == member and absence.covers(context.now)
    )

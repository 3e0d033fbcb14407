"""The data that a page about a post shows to one member, from one consistent read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import (
    Delivery,
    Finding,
    Hold,
    Post,
    PostState,
    Summary,
    changed_fields,
    summarise,
)
from socialcollab.desk.engine import Engine
from socialcollab.desk.queries.allowed_actions import actions_on
from socialcollab.desk.queries.calendar import is_held
from socialcollab.desk.queries.history import HistoryEntry, history_of
from socialcollab.desk.queries.holds import holds_of_post, shown_to
from socialcollab.desk.queries.visibility import redacted_history, redacted_snapshot
from socialcollab.effects import Effects
from socialcollab.errors import NotFoundError
from socialcollab.verdicts import Verdict
from socialcollab.workflow import Actor, Decision, PostSnapshot, StepStatus, Waiver, step_statuses


@attrs.frozen(kw_only=True)
class PostView(NotebookMixin):
    """
    A post from the point of view of one member.

    Attributes:
        post: The post; without internal comments if the member is a client or a guest.
        summary: A one-word summary of the post's state.
        deliveries: All deliveries of the post, in the order in which they were planned.
        steps: The approval steps of the post, with their status; empty until it is submitted.
        decisions: The decisions on the current approval request, oldest first.
        changed_since_decision: The names of the fields that differ from the revision on which this
            member last decided; empty if they have not decided.
        allowed_actions: A verdict for each command: whether this member may perform it now.
        holds: The holds that stop the post now, and the holds that made a delivery late;
            `Hold.ended_at` is set for ended holds. Clients and guests do not see the reasons.
        findings: The limits of the networks that the post exceeds, which block it, and the findings
            of the style guide that are not waived.
        waivers: The waived findings.
        history: The history of the post; without internal comments for clients and guests.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    post: Post
    summary: Summary
    deliveries: tuple[Delivery, ...]
    steps: tuple[StepStatus, ...]
    decisions: tuple[Decision, ...]
    changed_since_decision: tuple[str, ...]
    allowed_actions: Mapping[str, Verdict]
    holds: tuple[Hold, ...]
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    history: tuple[HistoryEntry, ...]

    @property
    def seen(self) -> str:
        """The digest of the revision that this view shows, to be passed to commands."""
        return self.post.digest

    @property
    def pending_steps(self) -> tuple[StepStatus, ...]:
        """The unfinished steps; empty unless the post is in review, as in `Desk.pending_steps`."""
        if self.post.state is not PostState.IN_REVIEW:
            return ()
        return tuple(step for step in self.steps if not step.done)


def read_post_view(engine: Engine, actor: Actor, post: str) -> Effects[PostView]:
    """
    Read a post and the related data for the member *actor*.

    Raises:
        NotFoundError: If the post does not exist or is not visible to the member.
    """
    now = engine.now()
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    snapshot: PostSnapshot = loaded.snapshot
    context = engine.post_context(state, actor, snapshot, now=now, lint=True)
    if not context.sees(actor.name, snapshot.post):
        raise NotFoundError("post", post)
    deliveries = yield from engine.deliveries(snapshot.post)
    verdicts = yield from actions_on(engine, state, actor, loaded, deliveries, now=now)
    history = yield from history_of(engine, loaded)
    holds = yield from holds_of_post(
        engine, state, snapshot, [delivery.snapshot for delivery in deliveries], now=now
    )
    visible = redacted_snapshot(actor.name, snapshot, context.access)
    held = is_held(state, snapshot, snapshot.post.targets, now=now)
    request = visible.request
    return PostView(
        post=visible.post,
        summary=summarise(snapshot.post, [delivery.snapshot for delivery in deliveries], held=held),
        deliveries=tuple(delivery.snapshot for delivery in deliveries),
        steps=step_statuses(snapshot, context) if request is not None else (),
        decisions=request.decisions if request is not None else (),
        changed_since_decision=_changed_since_decision(snapshot, actor.name),
        allowed_actions=verdicts,
        holds=shown_to(actor.name, holds, state),
        findings=(
            *context.exceeded_limits(snapshot.post.content, snapshot.post.targets),
            *context.findings,
        ),
        waivers=visible.waivers,
        history=redacted_history(actor.name, history, snapshot.post, context.access),
    )


def _changed_since_decision(snapshot: PostSnapshot, member: str) -> tuple[str, ...]:
    decisions = snapshot.request.decisions if snapshot.request is not None else ()
    for decision in reversed(decisions):
        if decision.by == member:
            return changed_fields(decision.fields, snapshot.post.revision.fields)
    return ()

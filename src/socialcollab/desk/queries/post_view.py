"""Everything that a page about a post shows one member, in one read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, Finding, Post, Summary, summarise
from socialcollab.desk.engine import Engine
from socialcollab.desk.journal.history import HistoryEntry, entries_of
from socialcollab.desk.queries.allowed_actions import possible
from socialcollab.desk.queries.visibility import inside, seen_by
from socialcollab.effects import Effects
from socialcollab.errors import NotFoundError
from socialcollab.verdicts import Verdict
from socialcollab.workflow import Actor, Decision, StepStatus, Waiver, step_statuses
from socialcollab.workflow.events import PostCommented


@attrs.frozen(kw_only=True)
class PostView(NotebookMixin):
    """
    A post as one member sees it.

    Attributes:
        post: The post; internal comments are left out for clients and guests.

        summary: The one word that people see.

        deliveries: Each delivery it ever had, in the order they were planned.

        steps: Every approval step it needs, with how far it has come; empty
            before it is submitted.

        decisions: The votes of its newest request, oldest first.

        actions: For each command on it whether this member may give it now.

        findings: What the style guide says of it and nobody has let pass.

        waivers: What somebody has let pass.

        history: What happened, in order, what the member may not see left out.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    post: Post
    summary: Summary
    deliveries: tuple[Delivery, ...]
    steps: tuple[StepStatus, ...]
    decisions: tuple[Decision, ...]
    allowed_actions: Mapping[str, Verdict]
    findings: tuple[Finding, ...]
    waivers: tuple[Waiver, ...]
    history: tuple[HistoryEntry, ...]

    @property
    def seen(self) -> str:
        """The digest to send along with a command: what this page shows is what was seen."""
        return self.post.digest

    @property
    def pending_steps(self) -> tuple[StepStatus, ...]:
        """The steps that are not done."""
        return tuple(step for step in self.steps if not step.done)


def read_post_view(engine: Engine, actor: Actor, post: str) -> Effects[PostView]:
    """
    Read the page of a post for the member who is *actor*.

    Raises:
        NotFoundError: If there is no such post, or the member may not view it.
    """
    now = engine.now()
    state = yield from engine.state()
    loaded = yield from engine.post(post)
    snapshot = loaded.snapshot
    current: Post = snapshot.post
    context = engine.context(
        state,
        actor,
        now=now,
        content=current.content,
        workspace=current.workspace,
        snapshot=snapshot,
        lint=True,
    )
    if not context.may(actor.name, "view", current):
        raise NotFoundError("post", post)
    deliveries = yield from engine.deliveries(current)
    verdicts = yield from possible(engine, state, actor, loaded, deliveries, now=now)
    history = yield from entries_of(engine, loaded)
    current = seen_by(current, context.access, actor.name)
    if not inside(context.access, actor.name):
        history = tuple(one for one in history if not _internal(one))
    facts = state.organization.attributes_of(current)
    held = any(
        hold.stops(profile, facts, now=now)
        for hold in state.holds.holds
        for profile in context.targets_of(current)
    )
    return PostView(
        post=current,
        summary=summarise(current, [one.snapshot for one in deliveries], held=held),
        deliveries=tuple(one.snapshot for one in deliveries),
        steps=step_statuses(snapshot, context) if snapshot.request is not None else (),
        decisions=snapshot.request.decisions if snapshot.request is not None else (),
        allowed_actions=verdicts,
        findings=context.findings,
        waivers=snapshot.waivers,
        history=history,
    )


def _internal(entry: HistoryEntry) -> bool:
    return isinstance(entry.data, PostCommented) and entry.data.internal

"""What a new document would change, and what it would leave without an owner or a way on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import DeliveryState, Post, PostState
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Change, Organization, RuntimeState
from socialcollab.permissions import Comparison, TemporaryGrant, compare
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor, step_statuses

_OPEN = tuple(
    state.value for state in PostState if state not in (PostState.REJECTED, PostState.CANCELLED)
)
_UNDER_WAY = (
    DeliveryState.WAITING,
    DeliveryState.MISSED,
    DeliveryState.PUBLISHING,
    DeliveryState.UNKNOWN,
    DeliveryState.REMOVING,
)


@attrs.frozen(kw_only=True, order=True)
class Orphan:
    """
    Something that would be left without what it needs.

    Attributes:
        thing: What it is: "post", "delivery", "absence", "temporary_grants", "swap", "campaign" or "note".

        id: Its identifier.

        because: What it would lack.
    """

    thing: str
    id: str
    reason: Reason = attrs.field(order=False)

    def __str__(self) -> str:
        return self.reason.text()


@attrs.frozen(kw_only=True)
class Proposal(NotebookMixin):
    """
    A document that is not in force yet, and what would become of things.

    Attributes:
        organization: What is proposed.

        base: The organization in force that it was held against.

        changes: Every line that differs, in the document's order.

        orphans: What it would leave without a profile, a workspace, an author
            or anybody to decide, sorted.

        asked_again: Posts whose votes rest on a policy that would change: they
            are asked for again once the posts have been submitted anew.

        given: What has been given by command and is not over: it holds beside
            the document, this one or the other.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    organization: Organization = attrs.field(repr=False)
    base: Organization = attrs.field(repr=False)
    changes: tuple[Change, ...]
    orphans: tuple[Orphan, ...] = ()
    asked_again: tuple[str, ...] = ()
    temporary_grants: tuple[TemporaryGrant, ...] = ()

    @property
    def permission_changes(self) -> Comparison:
        """Who would gain and who would lose what, and by which line."""
        facts = RuntimeState(temporary_grants=self.temporary_grants)
        return compare(
            self.base.with_state(facts).access, self.organization.with_state(facts).access
        )

    @property
    def digest(self) -> str:
        """The digest of what is proposed."""
        return self.organization.digest

    def __str__(self) -> str:
        lines = [str(change) for change in self.changes] or ["nothing changes"]
        lines += map(str, self.permission_changes.changes)
        lines += [f"orphan: {orphan}" for orphan in self.orphans]
        lines += [f"asked again: post `{post}`" for post in self.asked_again]
        lines += [f"holds by command: {given}" for given in self.temporary_grants]
        return "\n".join(lines)


def propose(engine: Engine, organization: Organization) -> Effects[Proposal]:
    """
    Hold a document against what is in force and what is under way.

    Raises:
        InvalidValueError: If it is of another organization.
    """
    state = yield from engine.state()
    if organization.id != engine.store.organization:
        raise InvalidValueError(
            f"the document is of organization `{organization.id}`, and this desk of"
            f" `{engine.store.organization}`",
            value=organization.id,
            expected=engine.store.organization,
        )
    orphans: list[Orphan] = []
    again: list[str] = []
    after = engine.under(state, organization)
    rows = yield from all_rows(engine, "posts", where={"state": _OPEN})
    for row in rows:
        loaded = yield from engine.load(row.stream)
        deliveries = yield from engine.deliveries(loaded.snapshot.post)
        if loaded.snapshot.post.state is PostState.APPROVED and not any(
            one.snapshot.state in _UNDER_WAY for one in deliveries
        ):
            continue
        orphans += _of_post(loaded, after)
        orphans += _of_deliveries(deliveries, after)
        if _asked_again(loaded, state, after):
            again.append(loaded.snapshot.post.id)
        elif loaded.snapshot.post.state is PostState.IN_REVIEW:
            orphans += undecidable(engine, loaded, state, after)
    now = engine.now()
    orphans += _of_runtime_state(after, now)
    return Proposal(
        organization=organization,
        base=state.document,
        changes=state.document.changes_to(organization),
        orphans=tuple(sorted(orphans)),
        asked_again=tuple(sorted(again)),
        temporary_grants=tuple(
            one
            for one in state.runtime_state.temporary_grants
            if not one.is_over(state.document.access.bindings.scope, at=now)
        ),
    )


def _of_post(loaded: Loaded, after: State) -> Iterator[Orphan]:
    post: Post = loaded.snapshot.post
    organization = after.organization
    if post.workspace not in organization.workspaces_by_id:
        yield Orphan(
            thing="post",
            id=post.id,
            reason=Reason.of("orphan.workspace", post=post.id, workspace=post.workspace),
        )
        return
    for target in post.targets:
        if target not in organization.profiles_by_id:
            yield Orphan(
                thing="post",
                id=post.id,
                reason=Reason.of("orphan.profile", post=post.id, profile=target),
            )
    if post.author not in organization.members_by_id:
        yield Orphan(
            thing="post",
            id=post.id,
            reason=Reason.of("orphan.author", post=post.id, member=post.author),
        )


def _of_deliveries(deliveries: list[Loaded], after: State) -> Iterator[Orphan]:
    for one in deliveries:
        delivery = one.snapshot
        if delivery.state in _UNDER_WAY and (
            delivery.profile not in after.organization.profiles_by_id
        ):
            yield Orphan(
                thing="delivery",
                id=delivery.id,
                reason=Reason.of(
                    "orphan.delivery",
                    delivery=delivery.id,
                    profile=delivery.profile,
                    state=delivery.state.value,
                ),
            )


def _asked_again(loaded: Loaded, before: State, after: State) -> bool:
    request = loaded.snapshot.request
    if request is None or loaded.snapshot.post.state not in (
        PostState.IN_REVIEW,
        PostState.APPROVED,
    ):
        return False
    pins = before.organization.pins, after.organization.pins
    return any(
        pins[0].get(policy) == digest and pins[1].get(policy) != digest
        for policy, digest in request.pins.items()
    )


def undecidable(engine: Engine, loaded: Loaded, before: State, after: State) -> Iterator[Orphan]:
    """Yield the steps that would ask nobody, and ask somebody now."""
    post: Post = loaded.snapshot.post
    now = engine.now()

    def empty(state: State) -> set[str]:
        context = engine.context(
            state,
            Actor.RULES,
            now=now,
            content=post.content,
            workspace=post.workspace,
            snapshot=loaded.snapshot,
        )
        return {
            str(status.key)
            for status in step_statuses(loaded.snapshot, context)
            if not status.done and len(status.asked) < max(1, status.needed)
        }

    if not set(post.targets) <= set(after.organization.profiles_by_id):
        return
    for step in sorted(empty(after) - empty(before)):
        yield Orphan(
            thing="post", id=post.id, reason=Reason.of("orphan.step", post=post.id, step=step)
        )


def _of_runtime_state(after: State, now: dt.datetime) -> Iterator[Orphan]:
    organization = after.organization
    for absence in after.runtime_state.absences:
        for member in (absence.member, absence.delegate):
            if member and member not in organization.members_by_id:
                yield Orphan(
                    thing="absence",
                    id=absence.id,
                    reason=Reason.of("orphan.absence", member=member, start=absence.start),
                )
    scope = organization.access.bindings.scope
    for given in after.runtime_state.temporary_grants:
        for name in () if given.is_over(scope, at=now) else given.missing(scope):
            yield Orphan(
                thing="temporary_grants",
                id=given.id,
                reason=Reason.of("orphan.grant", by=given.by, until=given.until, name=name),
            )
    for swap in after.runtime_state.swaps:
        # A day on, it is over by any clock.
        if swap.until is not None or swap.end.date() < now.date() - dt.timedelta(days=1):
            continue
        for known, name in (
            (organization.rotations_by_id, swap.rotation),
            (organization.members_by_id, swap.member),
        ):
            if name not in known:
                yield Orphan(
                    thing="swap",
                    id=swap.id,
                    reason=Reason.of(
                        "orphan.swap", name=name, start=f"{swap.start:%Y-%m-%d %H:%M}"
                    ),
                )
    campaigns = {campaign.id for campaign in organization.campaigns}
    for started in after.runtime_state.campaigns:
        if started.campaign not in campaigns:
            yield Orphan(
                thing="campaign",
                id=started.campaign,
                reason=Reason.of("orphan.campaign", campaign=started.campaign),
            )
    for note in after.runtime_state.notes:
        if note.workspace not in organization.workspaces_by_id:
            yield Orphan(
                thing="note",
                id=note.id,
                reason=Reason.of("orphan.calendar_note", workspace=note.workspace, on=note.date),
            )

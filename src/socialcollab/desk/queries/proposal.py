"""Proposals, which describe the changes and the side effects of a new document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, DeliveryState, Post, PostState, post_reason
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.effects import Effects
from socialcollab.errors import InvalidValueError
from socialcollab.organization import Change, Organization, RuntimeState, changes_between
from socialcollab.permissions import Comparison, TemporaryGrant, compare
from socialcollab.stores import Row
from socialcollab.verdicts import Reason
from socialcollab.workflow import Context, PostSnapshot, check_registered, step_statuses

_BATCH = 500
_OPEN_STATES = tuple(
    state.value for state in PostState if state not in (PostState.REJECTED, PostState.CANCELLED)
)
_UNFINISHED_STATES = tuple(
    state.value
    for state in (
        DeliveryState.WAITING,
        DeliveryState.MISSED,
        DeliveryState.PUBLISHING,
        DeliveryState.UNKNOWN,
        DeliveryState.REMOVING,
    )
)


@attrs.frozen(kw_only=True, order=True)
class Orphan:
    """
    An object that would lose its profile, workspace, author, member or reviewers.

    Attributes:
        kind: "post", "delivery", "absence", "grant", "swap", "campaign" or "note".
        id: The identifier of the object.
        reason: What the object would lose.
    """

    kind: str
    id: str
    reason: Reason = attrs.field(order=False)

    def __str__(self) -> str:
        return self.reason.text()


@attrs.frozen(kw_only=True)
class Proposal(NotebookMixin):
    """
    A document that may replace the active document, with the changes that it would make.

    Attributes:
        organization: The proposed document.
        base: The document that was active when it was proposed.
        changes: The entries that differ, in the document's order.
        orphans: The objects that would lose a profile, a workspace, an author or reviewers, sorted.
        asked_again: The ids of the posts that were approved under a policy that changes. Their
            reviewers must decide again after the posts have been submitted again.
        temporary_grants: The temporary grants that have not ended, which stay active under the new
            document.
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
        """The permissions that members would gain or lose, with the rules responsible."""
        state = RuntimeState(temporary_grants=self.temporary_grants)
        return compare(
            self.base.with_state(state).access, self.organization.with_state(state).access
        )

    @property
    def digest(self) -> str:
        """The digest of the proposed document."""
        return self.organization.digest

    def __str__(self) -> str:
        lines = [str(change) for change in self.changes] or ["nothing changes"]
        lines += map(str, self.permission_changes.changes)
        lines += [f"orphan: {orphan}" for orphan in self.orphans]
        lines += [f"reviewers are asked again: post `{post}`" for post in self.asked_again]
        lines += [f"temporary grant: {grant}" for grant in self.temporary_grants]
        return "\n".join(lines)


def propose(engine: Engine, organization: Organization) -> Effects[Proposal]:
    """
    Compare a document with the active document, and check its effects on posts and runtime state.

    Raises:
        InvalidValueError: If the document belongs to another organization.
        NotFoundError: If a step depends on a condition that is not registered.
    """
    if not isinstance(organization, Organization):
        raise InvalidValueError(
            f"`{organization!r}` is not an organization",
            value=organization,
            expected="Organization.load(path)",
        )
    state = yield from engine.state()
    if organization.id != engine.store.organization:
        raise InvalidValueError(
            f"the document belongs to organization `{organization.id}`, but this desk belongs to"
            f" `{engine.store.organization}`",
            value=organization.id,
            expected=engine.store.organization,
        )
    check_registered(organization.policies.conditions, engine.conditions)
    now = engine.now()
    orphans: list[Orphan] = []
    asked_again: list[str] = []
    after = engine.state_under(state, organization)
    undecidable = undecidable_steps(engine, state, after, now=now)
    streams = yield from _concerned_posts(engine, state, after)
    for start in range(0, len(streams), _BATCH):
        posts = yield from engine.load_posts(streams[start : start + _BATCH])
        for loaded, deliveries in posts:
            post: Post = loaded.snapshot.post
            if post.state.value not in _OPEN_STATES or (
                post.state is PostState.APPROVED
                and not any(each.snapshot.state.value in _UNFINISHED_STATES for each in deliveries)
            ):
                continue
            orphans += _of_post(loaded, state, after)
            orphans += _of_deliveries(deliveries, state, after)
            if _asked_again(loaded, state, after):
                asked_again.append(post.id)
            elif post.state is PostState.IN_REVIEW:
                orphans += undecidable(loaded)
    orphans += _of_runtime_state(after, now)
    return Proposal(
        organization=organization,
        base=state.document,
        changes=changes_between(state.document, organization),
        orphans=tuple(sorted(orphans)),
        asked_again=tuple(sorted(asked_again)),
        temporary_grants=tuple(
            grant
            for grant in state.runtime_state.temporary_grants
            if not grant.is_over(state.document.access.bindings.scope, at=now)
        ),
    )


def _concerned_posts(engine: Engine, before: State, after: State) -> Effects[list[str]]:
    """Return the streams of the posts that a change to the document may affect."""
    old, new = before.organization, after.organization
    rows: list[Row] = []
    if before.digest != after.digest:
        # A change to almost any rule may leave a step without reviewers.
        rows += yield from all_rows(engine, "posts", where={"state": PostState.IN_REVIEW.value})
    streams = [row.stream for row in rows]
    workspaces = tuple(old.workspaces_by_id.keys() - new.workspaces_by_id.keys())
    profiles = tuple(old.profiles_by_id.keys() - new.profiles_by_id.keys())
    members = tuple(old.members_by_id.keys() - new.members_by_id.keys())
    removed: list[Row] = []
    for projection, column, names in (
        ("posts", "workspace", workspaces),
        ("posts", "author", members),
        ("plans", "profile", profiles),
    ):
        removed += yield from all_rows(
            engine, projection, where={column: names, "state": _OPEN_STATES}
        )
    unfinished = yield from all_rows(
        engine, "deliveries", where={"profile": profiles, "state": _UNFINISHED_STATES}
    )
    approved = {row.stream for row in removed if row.columns["state"] == PostState.APPROVED.value}
    changed_pins = old.pins.items() ^ new.pins.items()
    streams += [row.stream for row in removed if row.stream not in approved]
    streams += [f"post/{row.columns['post']}" for row in unfinished]
    if approved or changed_pins:
        # Most approved posts have been published, and a new document no longer affects them.
        rows = yield from all_rows(engine, "deliveries", where={"state": _UNFINISHED_STATES})
        open_posts = {f"post/{row.columns['post']}" for row in rows}
        streams += sorted(open_posts if changed_pins else open_posts & approved)
    return list(dict.fromkeys(streams))


def _of_post(loaded: Loaded, before: State, after: State) -> Iterator[Orphan]:
    post: Post = loaded.snapshot.post
    old, new = before.organization, after.organization
    if post.workspace in old.workspaces_by_id and post.workspace not in new.workspaces_by_id:
        yield Orphan(
            kind="post",
            id=post.id,
            reason=post_reason("orphan.workspace", post, workspace=post.workspace),
        )
        return
    for target in post.targets:
        if target in old.profiles_by_id and target not in new.profiles_by_id:
            yield Orphan(
                kind="post",
                id=post.id,
                reason=post_reason("orphan.profile", post, profile=target),
            )
    if post.author in old.members_by_id and post.author not in new.members_by_id:
        yield Orphan(
            kind="post",
            id=post.id,
            reason=post_reason("orphan.author", post, member=post.author),
        )


def _of_deliveries(deliveries: list[Loaded], before: State, after: State) -> Iterator[Orphan]:
    for loaded in deliveries:
        delivery: Delivery = loaded.snapshot
        if (
            delivery.state.value in _UNFINISHED_STATES
            and delivery.profile in before.organization.profiles_by_id
            and delivery.profile not in after.organization.profiles_by_id
        ):
            yield Orphan(
                kind="delivery",
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
    old, new = before.organization.pins, after.organization.pins
    return any(
        old.get(policy) == digest and new.get(policy) != digest
        for policy, digest in request.pins.items()
    )


def undecidable_steps(
    engine: Engine, before: State, after: State, *, now: dt.datetime
) -> Callable[[Loaded], list[Orphan]]:
    """
    Return a function that checks one post in review, for a change from *before* to *after*.

    The function returns the open steps of the post that have enough reviewers before the change,
    but too few after it.
    """
    contexts_before = engine.contexts(before, now=now)
    contexts_after = engine.contexts(after, now=now)

    def too_few(snapshot: PostSnapshot, context: Context) -> set[str]:
        return {
            str(status.key)
            for status in step_statuses(snapshot, context)
            if not status.done and len(status.reviewers) < max(1, status.needed)
        }

    def check(loaded: Loaded) -> list[Orphan]:
        snapshot: PostSnapshot = loaded.snapshot
        if not set(snapshot.post.targets) <= set(after.organization.profiles_by_id):
            return []
        steps = too_few(snapshot, contexts_after(snapshot))
        if steps:
            steps -= too_few(snapshot, contexts_before(snapshot))
        return [
            Orphan(
                kind="post",
                id=snapshot.post.id,
                reason=post_reason("orphan.step", snapshot.post, step=step),
            )
            for step in sorted(steps)
        ]

    return check


def _of_runtime_state(after: State, now: dt.datetime) -> Iterator[Orphan]:
    organization = after.organization
    for absence in after.runtime_state.absences:
        for member in (absence.member, absence.delegate):
            if member and member not in organization.members_by_id:
                yield Orphan(
                    kind="absence",
                    id=absence.id,
                    reason=Reason.of("orphan.absence", member=member, start=absence.start),
                )
    scope = organization.access.bindings.scope
    for grant in after.runtime_state.temporary_grants:
        for name in () if grant.is_over(scope, at=now) else grant.missing(scope):
            yield Orphan(
                kind="grant",
                id=grant.id,
                reason=Reason.of("orphan.grant", by=grant.by, until=grant.until, name=name),
            )
    for swap in after.runtime_state.swaps:
        # A swap is in local time. One day after its end it is over in every time zone.
        if swap.until is not None or swap.end.date() < now.date() - dt.timedelta(days=1):
            continue
        for known, name in (
            (organization.rotations_by_id, swap.rotation),
            (organization.members_by_id, swap.member),
        ):
            if name not in known:
                yield Orphan(
                    kind="swap",
                    id=swap.id,
                    reason=Reason.of(
                        "orphan.swap", name=name, start=f"{swap.start:%Y-%m-%d %H:%M}"
                    ),
                )
    campaigns = {campaign.id for campaign in organization.campaigns}
    for started in after.runtime_state.campaigns:
        if started.campaign not in campaigns:
            yield Orphan(
                kind="campaign",
                id=started.campaign,
                reason=Reason.of("orphan.campaign", campaign=started.campaign),
            )
    for note in after.runtime_state.notes:
        if note.workspace not in organization.workspaces_by_id:
            yield Orphan(
                kind="note",
                id=note.id,
                reason=Reason.of("orphan.calendar_note", workspace=note.workspace, on=note.date),
            )

"""Offboarding plans, which list everything that depends on a member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import ClassVar

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Delivery, DeliveryState, Post, PostState, post_reason
from socialcollab.desk.arguments import check_text
from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.inbox.offboarding import inbox_items_of
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.desk.queries.connections import read_connections
from socialcollab.effects import Effects
from socialcollab.identifiers import MemberId
from socialcollab.organization import OffboardingItem, offboarding_items
from socialcollab.stores import Row
from socialcollab.verdicts import Reason
from socialcollab.workflow import Context, step_statuses

_BATCH = 500
_OPEN_STATES = ("draft", "in_review", "changes_requested", "expired", "approved")
_UNSENT_STATES = tuple(
    state.value
    for state in (DeliveryState.WAITING, DeliveryState.PUBLISHING, DeliveryState.UNKNOWN)
)


@attrs.frozen(kw_only=True)
class OffboardingPlan(NotebookMixin):
    """
    A list of everything that depends on a member, with the consequences of offboarding the member.

    Attributes:
        member: The member.
        items: The items that depend on the member: first entries of the document, in document
            order; then the runtime state; then temporary grants that the member made; then accounts
            that the member connected; then conversations and cases; then posts by planned time.
        digest: The digest of the document to which the items refer.
    """

    _cards_module: ClassVar[str] = "socialcollab.desk.cards"

    member: MemberId
    items: tuple[OffboardingItem, ...]
    digest: str = attrs.field(default="", repr=False)

    @property
    def needing_successor(self) -> tuple[OffboardingItem, ...]:
        """The items that another member must take over."""
        return tuple(item for item in self.items if item.needs_successor)

    @property
    def successors(self) -> dict[str, str]:
        """The proposed successors, by place."""
        return {item.place: item.successor for item in self.items if item.successor}

    def __str__(self) -> str:
        return "\n".join(map(str, self.items)) or f"nothing depends on {self.member}"


def offboarding_plan(engine: Engine, member: str) -> Effects[OffboardingPlan]:
    """
    Return everything that depends on a member in the document, the runtime state and the posts.

    Raises:
        NotFoundError: If the member does not exist.
    """
    check_text(member, "member")
    state = yield from engine.state()
    return (yield from plan_for_viewer(engine, state, member, engine.now()))


def plan_for_viewer(
    engine: Engine, state: State, member: str, now: dt.datetime, *, viewer: str = ""
) -> Effects[OffboardingPlan]:
    """
    Return the plan without the posts that *viewer* cannot view.

    If *viewer* is empty, the plan contains all posts.
    """
    organization = state.organization
    items = list(offboarding_items(organization, member, at=now))
    scope = organization.access.bindings.scope
    items += [
        OffboardingItem(
            place=f"granted by them {grant.id}",
            section="grants_given",
            name=grant.id,
            transferable=False,
            consequence=Reason.of("offboarding.granted", member=member, until=grant.until),
        )
        for grant in organization.temporary_grants
        if grant.by == member and not grant.is_over(scope, at=now)
    ]
    items += yield from _connections_of(engine, state, member, now, viewer=viewer)
    items += yield from inbox_items_of(engine, state, member, now, viewer=viewer)
    contexts = engine.contexts(state, now=now)
    streams = yield from _concerned_posts(engine, state, member, now)
    of_posts: list[tuple[dt.datetime, str, list[OffboardingItem]]] = []
    for start in range(0, len(streams), _BATCH):
        posts = yield from engine.load_posts(streams[start : start + _BATCH])
        for loaded, deliveries in posts:
            context = contexts(loaded.snapshot)
            post: Post = loaded.snapshot.post
            # The post may have changed since its rows were read.
            is_open = post.state.value in _OPEN_STATES
            if is_open and (not viewer or context.sees(viewer, post)):
                snapshots = [delivery.snapshot for delivery in deliveries]
                found = list(_of_post(loaded, snapshots, member, context))
                of_posts.append((_first_time(post), post.id, found))
    for _, _, found in sorted(of_posts, key=lambda each: each[:2]):
        items += found
    return OffboardingPlan(member=MemberId(member), items=tuple(items), digest=state.digest)


def _connections_of(
    engine: Engine, state: State, member: str, now: dt.datetime, *, viewer: str
) -> Effects[list[OffboardingItem]]:
    """Return the accounts that a member has connected, and the number of posts that need them."""
    items = []
    for connection in (yield from read_connections(engine, viewer=viewer)):
        if connection.by != member:
            continue
        profile = connection.profile
        unsent = yield from all_rows(
            engine, "deliveries", where={"profile": profile, "state": _UNSENT_STATES}
        )
        others = [
            other
            for other in state.organization.access.members("connect", profile, at=now)
            if other != member
        ]
        consequence = Reason.of(
            "offboarding.connected" if others else "offboarding.connected_alone",
            member=member,
            profile=profile,
            account=connection.account,
            count=len(unsent),
            others=", ".join(others) or "-",
        )
        items.append(
            OffboardingItem(
                place=f"connection {profile}",
                section="connections",
                name=profile,
                transferable=False,
                consequence=consequence,
            )
        )
    return items


def _concerned_posts(
    engine: Engine, state: State, member: str, now: dt.datetime
) -> Effects[list[str]]:
    """Return the streams of the posts that may depend on a member."""
    in_review = yield from _possible_reviews(engine, state, member, now)
    written = yield from all_rows(
        engine, "authors", where={"member": member, "state": _OPEN_STATES}
    )
    unsent: set[str] = set()
    if any(row.columns["state"] == "approved" for row in written):
        rows = yield from all_rows(engine, "deliveries", where={"state": _UNSENT_STATES})
        unsent = {f"post/{row.columns['post']}" for row in rows}
    streams = [row.stream for row in in_review]
    streams += [
        row.stream for row in written if row.columns["state"] != "approved" or row.stream in unsent
    ]
    return list(dict.fromkeys(streams))


def _possible_reviews(
    engine: Engine, state: State, member: str, now: dt.datetime
) -> Effects[list[Row]]:
    """
    Return rows of the posts in review on which a member may decide.

    Nobody can decide on a post without `approve` on its profiles, in their own right or as the
    delegate of an absent member.
    """
    organization = state.organization
    access, in_review = organization.access, PostState.IN_REVIEW.value
    if access.allows(member, "approve", "*", at=now):
        # Such members can also decide on posts whose workspace has been removed.
        return (yield from all_rows(engine, "posts", where={"state": in_review}))
    profiles = access.profiles(member, "approve", at=now)
    rows = yield from all_rows(engine, "reviews", where={"profile": profiles})
    # If all profiles of a post have been removed, its workspace determines who can decide on it.
    workspaces = tuple(
        workspace
        for workspace in organization.workspaces_by_id
        if access.allows(member, "approve", workspace, at=now)
    )
    rows += yield from all_rows(
        engine, "posts", where={"workspace": workspaces, "state": in_review}
    )
    return rows


def _first_time(post: Post) -> dt.datetime:
    """Return the first planned time of a post, or the earliest possible time if it has none."""
    times = filter(None, map(post.content.time_for, post.targets))
    return min((at.instant for at in times), default=dt.datetime.min.replace(tzinfo=dt.UTC))


def _of_post(
    loaded: Loaded, deliveries: list[Delivery], member: str, context: Context
) -> Iterator[OffboardingItem]:
    """Yield a post's items: a pending decision, unfinished work, unsent deliveries."""
    post: Post = loaded.snapshot.post
    consequences: list[Reason] = []
    if post.state is PostState.IN_REVIEW:
        for status in step_statuses(loaded.snapshot, context):
            if not status.done and member in status.reviewers:
                others = [reviewer for reviewer in status.reviewers if reviewer != member]
                code = "offboarding.reviewer" if others else "offboarding.only_reviewer"
                consequences.append(
                    post_reason(code, post, step=status.key, others=", ".join(others) or "-")
                )
    if member in post.authors:
        if post.state is PostState.APPROVED:
            if any(delivery.state.value in _UNSENT_STATES for delivery in deliveries):
                consequences.append(post_reason("offboarding.scheduled", post))
        else:
            others = [
                other
                for other in context.access.member_ids
                if other != member
                and context.may(other, "draft", post)
                and (other == post.author or context.may(other, "edit_others", post))
            ]
            code = "offboarding.unfinished" if others else "offboarding.unfinished_alone"
            consequences.append(
                post_reason(
                    code,
                    post,
                    state=post.state.value,
                    others=", ".join(others) or "-",
                )
            )
    for consequence in consequences:
        yield OffboardingItem(
            place=f"post {post.id}",
            section="posts",
            name=post.external_id or post.id,
            transferable=False,
            consequence=consequence,
        )

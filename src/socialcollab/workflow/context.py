"""The context of a decision: all rules and facts that a decider can use, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final, TypeVar, cast

import attrs

from socialcollab.content import (
    Delivery,
    Finding,
    Hold,
    Post,
    PostContent,
    PostState,
    limit_findings,
)
from socialcollab.directory import (
    Campaign,
    NetworkDescription,
    PostAttributes,
    Principal,
    Profile,
    Workspace,
)
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions import Absence, Access, ShiftSwap, TemporaryGrant
from socialcollab.time import BusinessHours, WallTime
from socialcollab.verdicts import Reason, Remedy
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.condition import Condition
from socialcollab.workflow.model.policy import ApprovalPolicy, Policies, Requirement

_T = TypeVar("_T")


def _no_description(_: Profile) -> None:
    return None


def _no_hours(_: str) -> BusinessHours | None:
    return None


# Publishing is included, because it replaces the approval if no policy applies.
_DECISIONS = frozenset({"approve", "bypass", "publish", "waive"})


# The inbox's permissions, for posts that answer a conversation.
_FOR_ANSWERS: Final[Mapping[str, str]] = {
    "view": "view_inbox",
    "draft": "reply",
    "submit": "reply",
    "publish": "reply",
    "schedule": "reply",
    "cancel": "reply",
}


def permission_for(permission: str, post: Post) -> str:
    """
    Return the permission that a command on *post* needs.

    A post that answers a conversation needs the permissions of the inbox. A member who answers
    customers therefore does not need the permission to publish posts, and a member who sees posts
    does not see private answers.
    """
    return _FOR_ANSWERS.get(permission, permission) if post.conversation else permission


@attrs.frozen(kw_only=True)
class Context:
    """
    All rules and facts that a decider can use, in addition to the snapshot and the command.

    A context is immutable. Results that depend only on the context and a key are computed once (see
    `cached`), and `evolve` shares them with the contexts of other commands on the same content.

    Attributes:
        now: The current instant in UTC, according to the desk's clock.
        actor: The member or system actor that performs the command.
        access: The permissions of all members.
        policies: The approval policies.
        pins: The digest of each policy's text.
        profiles: All profiles, by id.
        workspaces: All workspaces, by id.
        zones: Each workspace's time zone.
        languages: The language of each workspace, for posts that do not specify one.
        hours: Each workspace's business hours.
        description_of: Returns the limits of a profile's account or server, or None if the limits
            in the built-in description apply.
        campaigns: All campaigns, by id, as defined in the document.
        findings: The style guide findings on the post after the command, or a function that
            computes them only when they are needed.
        deliveries: The post's deliveries.
        holds: The holds that no member has ended.
        ended_holds: The holds that members have ended recently.
        next_slots: The next free slot of each target, if the command requests a slot.
        barred: The targets whose requested time falls within a blackout or hold, with the reason.
        absences: The recorded absences, current and future.
        swaps: The recorded shift swaps.
        grants: The recorded temporary grants.
        hours_of: Returns a member's working hours, or None.
        conditions: The conditions that the application has registered, by name.
        author_posts: The number of published posts by the post's author, if the command submits the
            post and an approval step depends on it; otherwise None.
        real_now: The current instant according to the real clock, on which send deadlines are
            based, or None if it equals *now*.
    """

    now: dt.datetime
    actor: Actor
    access: Access
    policies: Policies
    profiles: Mapping[str, Profile]
    workspaces: Mapping[str, Workspace]
    zones: Mapping[str, str]
    pins: Mapping[str, str] = attrs.field(factory=dict)
    languages: Mapping[str, str] = attrs.field(factory=dict)
    hours: Mapping[str, BusinessHours] = attrs.field(factory=dict)
    campaigns: Mapping[str, Campaign] = attrs.field(factory=dict)
    description_of: Callable[[Profile], NetworkDescription | None] = attrs.field(
        default=_no_description, repr=False
    )
    _findings: tuple[Finding, ...] | Callable[[], tuple[Finding, ...]] = ()
    deliveries: tuple[Delivery, ...] = ()
    holds: tuple[Hold, ...] = ()
    ended_holds: tuple[Hold, ...] = ()
    next_slots: Mapping[str, WallTime] = attrs.field(factory=dict)
    barred: Mapping[str, Reason] = attrs.field(factory=dict)
    absences: tuple[Absence, ...] = ()
    swaps: tuple[ShiftSwap, ...] = ()
    grants: tuple[TemporaryGrant, ...] = ()
    hours_of: Callable[[str], BusinessHours | None] = attrs.field(default=_no_hours, repr=False)
    conditions: Mapping[str, Condition] = attrs.field(factory=dict)
    author_posts: int | None = None
    real_now: dt.datetime | None = None

    _cache: dict[Hashable, object] = attrs.field(
        factory=dict, init=False, repr=False, eq=False, hash=False
    )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The style guide findings on the post after the command."""
        findings = self._findings
        return self.cached("findings", findings) if callable(findings) else findings

    def exceeded_limits(self, content: PostContent, targets: Iterable[str]) -> tuple[Finding, ...]:
        """Return a finding for each network limit that *content* exceeds on *targets*."""
        profiles = [self.profiles[name] for name in targets if name in self.profiles]
        descriptions = {
            profile.id: description
            for profile in profiles
            if (description := self.description_of(profile)) is not None
        }
        return limit_findings(content, profiles, descriptions=descriptions)

    def evolve(
        self,
        *,
        actor: Actor | None = None,
        deliveries: tuple[Delivery, ...] | None = None,
        real_now: dt.datetime | None = None,
        next_slots: Mapping[str, WallTime] | None = None,
        barred: Mapping[str, Reason] | None = None,
        author_posts: int | None = None,
    ) -> Context:
        """
        Return a copy for another command on the same content, with some values replaced.

        The copy shares the cached results of this context, so only values that do not affect cached
        results can be replaced.
        """
        copy = attrs.evolve(
            self,
            actor=self.actor if actor is None else actor,
            deliveries=self.deliveries if deliveries is None else deliveries,
            real_now=self.real_now if real_now is None else real_now,
            next_slots=self.next_slots if next_slots is None else next_slots,
            barred=self.barred if barred is None else barred,
            author_posts=self.author_posts if author_posts is None else author_posts,
        )
        object.__setattr__(copy, "_cache", self._cache)
        return copy

    def after_remedy(self, remedy: Remedy) -> Context:
        """Return the context as it would be after a remedy has been followed."""
        start = dict(remedy.params).get("instant")
        return attrs.evolve(
            self,
            access=self.access.with_remedy(remedy),
            now=self.now if start is None else dt.datetime.fromisoformat(start),
        )

    @property
    def cached_count(self) -> int:
        """The number of cached results."""
        return len(self._cache)

    def cached(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """Return the result of *compute*, which is called only once for each key."""
        if key not in self._cache:
            self._cache[key] = compute()
        return cast("_T", self._cache[key])

    def profile(self, profile: str) -> Profile:
        """
        Return a profile by id.

        Raises:
            NotFoundError: If the profile does not exist; the error suggests the most similar id.
        """
        if profile not in self.profiles:
            raise NotFoundError("profile", profile, suggestion=did_you_mean(profile, self.profiles))
        return self.profiles[profile]

    def targets_of(self, post: Post) -> tuple[Profile, ...]:
        """Return the target profiles of *post*, except profiles that an adoption has removed."""
        return tuple(self.profiles[target] for target in post.targets if target in self.profiles)

    def attributes_of(self, post: Post, profile: Profile | None = None) -> PostAttributes:
        """Return the attributes of *post* for selectors, with the author roles on *profile*."""
        roles: frozenset[str] = frozenset()
        if profile is not None and self._matches_author_roles():
            roles = frozenset(
                role
                for role in self.access.roles.by_id
                if any(
                    self.access.has_role(author, role, profile.id, at=self.now)
                    for author in post.authors
                )
            )
        return PostAttributes(
            post_tag=post.content.tags,
            campaign=post.content.campaign,
            kind=post.kind,
            language=post.content.language or self.languages.get(post.workspace, ""),
            author_role=roles,
        )

    def _matches_author_roles(self) -> bool:
        return self.policies.match_author_roles or any(hold.on.author_role for hold in self.holds)

    def requirement(self, post: Post) -> Requirement:
        """Return the approval steps that *post* needs with its current content."""
        content = post.content
        key = (
            "requirement",
            post.workspace,
            post.targets,
            post.kind,
            post.authors,
            content.tags,
            content.campaign,
            content.language,
        )
        return self.cached(key, lambda: self._requirement(post))

    def _requirement(self, post: Post) -> Requirement:
        workspace = self.workspaces.get(post.workspace)
        return self.policies.requirement(
            targets=self.targets_of(post),
            attributes=lambda profile: self.attributes_of(post, profile),
            default=workspace.default_approval if workspace else "none",
            exempted=lambda policy: self._exempts(policy, post),
        )

    def _exempts(self, policy: ApprovalPolicy, post: Post) -> bool:
        """Return whether, on every target, each author has a role that *policy* exempts."""
        targets = self.targets_of(post)
        return bool(policy.exempt and targets) and all(
            any(
                all(
                    self.access.has_role(author, principal.name, target.id, at=self.now)
                    for target in targets
                )
                for principal in policy.exempt
            )
            for author in post.authors
        )

    def is_absent(self, member: str) -> bool:
        """Return whether *member* is absent now."""
        return any(
            absence.member == member and absence.covers(self.now) for absence in self.absences
        )

    def is_active(self, member: str) -> bool:
        """Return whether *member* exists, and has neither left nor been suspended."""
        known = self.access.member(member) is not None
        return known and self.access.inactive_reason(member, at=self.now) is None

    def resources_of(self, post: Post) -> tuple[str, ...]:
        """
        Return the resources on which a command on *post* requires its permission.

        These are the targets, or the workspace if the post has no targets. A target that an
        adoption has removed is replaced with its workspace, and a removed workspace with ``*``, so
        that a member with sufficiently broad permissions can still clean up.
        """
        return self.resources_for(post.workspace, post.targets)

    def resources_for(self, workspace: str, targets: Iterable[str]) -> tuple[str, ...]:
        """Return the resources of a post in *workspace* with *targets*; see `resources_of`."""
        fallback = workspace if workspace in self.workspaces else "*"
        resources = (name if name in self.profiles else fallback for name in targets)
        return tuple(dict.fromkeys(resources)) or (fallback,)

    def may(self, member: str, permission: str, post: Post) -> bool:
        """
        Return whether *member* has *permission* on every resource of *post*.

        A delegate cannot use another member's permissions to decide on a post that either of the two
        wrote.
        """
        authors = self.authors_for_delegation(post, permission)
        permission = permission_for(permission, post)
        return all(
            self.access.allows(member, permission, resource, at=self.now, authors=authors)
            for resource in self.resources_of(post)
        )

    def schedulers_of(self, post: Post) -> tuple[MemberId, ...]:
        """Return the responsible members who may schedule *post*, or the lead if there are none."""
        responsible = self.responsible_for(post)
        workspace = self.workspaces.get(post.workspace)
        if workspace is None:
            return responsible
        able = tuple(member for member in responsible if self.may(member, "schedule", post))
        return able or (MemberId(workspace.lead),)

    def sees(self, member: str, post: Post) -> bool:
        """Return whether *member* has the permission to view *post* and can see its stage."""
        return self.may(member, "view", post) and self.is_shown(post, member)

    def is_shown(self, post: Post, member: str) -> bool:
        """
        Return whether *post* has reached a stage at which it is visible to *member*.

        Staff and authors see every stage. For others, `Workspace.clients_see` defines the stage.
        """
        known = self.access.member(member)
        if known is None or known.kind == "staff" or member in post.authors:
            return True
        workspace = self.workspaces.get(post.workspace)
        stage = "submitted" if workspace is None else workspace.clients_see
        if stage == "all" or post.state is PostState.APPROVED or post.deliveries:
            return True
        if stage == "submitted":
            return post.state is not PostState.DRAFT
        return post.state is PostState.IN_REVIEW and self.may(member, "approve", post)

    def authors_for_delegation(self, post: Post, permission: str) -> tuple[MemberId, ...]:
        """Return the authors for whom delegates cannot use *permission*: none or all."""
        return post.authors if self.access.absences and permission in _DECISIONS else ()

    def delegates_of(self, member: str, permission: str, post: Post) -> tuple[MemberId, ...]:
        """Return the delegates who can use *permission* on *post* for the absent *member*."""
        if not self.access.absences:
            return ()
        by_resource = [
            set(self.access.delegates(member, permission, resource, at=self.now))
            for resource in self.resources_of(post)
        ]
        return tuple(sorted(set.intersection(*by_resource)))

    def responsible_for(self, post: Post) -> tuple[MemberId, ...]:
        """
        Return the members who are responsible for a post, for example if it is sent back.

        The author is responsible. During an absence of the author, the delegates who can edit the
        post are responsible as well, or the workspace's lead if there is no such delegate. If the
        author has left or is suspended, only the lead is responsible.
        """
        workspace = self.workspaces.get(post.workspace)
        lead = (MemberId(workspace.lead),) if workspace is not None else ()
        if not self.is_active(post.author):
            return lead or (post.author,)
        if not self.is_absent(post.author):
            return (post.author,)
        substitutes = self.delegates_of(post.author, "draft", post) or lead
        return tuple(dict.fromkeys((post.author, *substitutes)))

    def everyone_in(self, principal: Principal, post: Post) -> tuple[MemberId, ...]:
        """Return all members to whom *principal* refers on *post*, sorted."""
        if principal.kind == "lead":
            workspace = self.workspaces.get(post.workspace)
            return (MemberId(workspace.lead),) if workspace else ()
        if principal.kind == "role":
            return tuple(
                member
                for member in self.access.member_ids
                if post.targets
                and all(
                    self.access.has_role(member, principal.name, target, at=self.now)
                    for target in post.targets
                )
            )
        if principal.kind == "rotation":
            resource = post.workspace if post.workspace in self.workspaces else "*"
            if principal.name not in self.access.rotation_ids:
                return ()
            on_duty = self.access.on_duty(principal.name, resource, at=self.now)
            if on_duty is None or self.access.bindings.scope.has_left(on_duty, self.now):
                return ()
            return (on_duty,)
        return self.access.everyone_in(principal)

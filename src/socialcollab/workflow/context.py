"""Everything a decider may know, as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar, cast

import attrs

from socialcollab.content import Delivery, Finding, Hold, Post
from socialcollab.directory import PostAttributes, Principal, Profile, Workspace
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions import Absence, Access, ShiftSwap
from socialcollab.time import BusinessHours, WallTime
from socialcollab.verdicts import Reason
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import ApprovalPolicy, Policies, Requirement

_T = TypeVar("_T")


def _no_hours(_: str) -> BusinessHours | None:
    return None


@attrs.frozen(kw_only=True)
class Context:
    """
    Everything a decider may know beside the record and the command.

    Attributes:
        now: The plan's instant, in UTC.

        actor: Who gives the command.

        access: Who may do what.

        policies: The approval policies.

        pins: The digest of each policy's wording.

        profiles: All profiles, by id.

        workspaces: All workspaces, by id.

        zones: The zone of each workspace.

        languages: The language of each workspace's posts that do not say theirs.

        hours: The business hours of each workspace.

        findings: What the style guide says of the post as the command leaves it,
            or what tells it: most commands never ask.

        deliveries: The post's deliveries.

        holds: The holds in force.

        next_slots: The next free slot of each target, where the command asks for one.

        barred: Of targets whose wanted time is refused, why: a blackout or a hold.

        absences: Who is or will be away.

        swaps: Who takes over on duty, and when.

        hours_of: Tells when a member works, or None.

        real_now: The instant on the real clock, by which sends have their
            deadlines; None if it is the plan's.
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
    _findings: tuple[Finding, ...] | Callable[[], tuple[Finding, ...]] = ()
    deliveries: tuple[Delivery, ...] = ()
    holds: tuple[Hold, ...] = ()
    next_slots: Mapping[str, WallTime] = attrs.field(factory=dict)
    barred: Mapping[str, Reason] = attrs.field(factory=dict)
    absences: tuple[Absence, ...] = ()
    swaps: tuple[ShiftSwap, ...] = ()
    hours_of: Callable[[str], BusinessHours | None] = attrs.field(default=_no_hours, repr=False)
    real_now: dt.datetime | None = None

    _made: dict[Hashable, object] = attrs.field(
        factory=dict, init=False, repr=False, eq=False, hash=False
    )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the style guide says of the post as the command leaves it."""
        found = self._findings
        return self.once("findings", found) if callable(found) else found

    def beside(
        self,
        *,
        actor: Actor | None = None,
        deliveries: tuple[Delivery, ...] | None = None,
        real_now: dt.datetime | None = None,
        next_slots: Mapping[str, WallTime] | None = None,
        barred: Mapping[str, Reason] | None = None,
    ) -> Context:
        """
        Return the same rules, facts and instant for another command on the same content.

        What is None stays as it is. What has been worked out so far stays
        worked out: none of it rests on what may differ here.
        """
        other = attrs.evolve(
            self,
            actor=self.actor if actor is None else actor,
            deliveries=self.deliveries if deliveries is None else deliveries,
            real_now=self.real_now if real_now is None else real_now,
            next_slots=self.next_slots if next_slots is None else next_slots,
            barred=self.barred if barred is None else barred,
        )
        object.__setattr__(other, "_made", self._made)
        return other

    @property
    def worked_out(self) -> int:
        """How much has been worked out and is kept."""
        return len(self._made)

    def profile(self, profile: str) -> Profile:
        """
        Return a profile by id.

        Raises:
            NotFoundError: If there is none; it suggests the nearest.
        """
        if profile not in self.profiles:
            raise NotFoundError("profile", profile, suggestion=did_you_mean(profile, self.profiles))
        return self.profiles[profile]

    def targets_of(self, post: Post) -> tuple[Profile, ...]:
        """Return the profiles that *post* goes to; one that is gone is left out."""
        return tuple(self.profiles[target] for target in post.targets if target in self.profiles)

    def attributes_of(self, post: Post, profile: Profile | None = None) -> PostAttributes:
        """Return what selectors may know of *post*, as seen from one target."""
        roles: frozenset[str] = frozenset()
        if profile is not None and self._asks_roles():
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

    def _asks_roles(self) -> bool:
        return self.policies.ask_author_roles or any(hold.on.author_role for hold in self.holds)

    def once(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """
        Return what *make* makes, made once for each key.

        A context never changes, so that what rests on it and on the key alone
        is worked out once for all that is decided with it.
        """
        if key not in self._made:
            self._made[key] = make()
        return cast("_T", self._made[key])

    def requirement(self, post: Post) -> Requirement:
        """Return all steps that *post* needs as it stands."""
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
        return self.once(key, lambda: self._requirement(post))

    def _requirement(self, post: Post) -> Requirement:
        workspace = self.workspaces.get(post.workspace)
        return self.policies.requirement(
            targets=self.targets_of(post),
            attributes=lambda profile: self.attributes_of(post, profile),
            default=workspace.default_approval if workspace else "none",
            exempted=lambda policy: self._exempts(policy, post),
        )

    def _exempts(self, policy: ApprovalPolicy, post: Post) -> bool:
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
        """Tell whether *member* is away now."""
        return any(one.member == member and one.covers(self.now) for one in self.absences)

    def resources_of(self, post: Post) -> tuple[str, ...]:
        """
        Return where a post's commands need their permission: its targets, or its workspace if none.

        For a target that an adoption has removed its workspace stands in, and
        for a workspace that is gone ``*``: somebody has to be able to tidy up.
        """
        around = post.workspace if post.workspace in self.workspaces else "*"
        places = (name if name in self.profiles else around for name in post.targets)
        return tuple(dict.fromkeys(places)) or (around,)

    def may(self, member: str, permission: str, post: Post) -> bool:
        """
        Tell whether *member* has *permission* on every target, or on the workspace if none.

        What somebody may do in the place of another is never done on a post
        that either of them wrote; looking at it is.
        """
        authors = self.wrote(post, permission)
        return all(
            self.access.allows(member, permission, place, at=self.now, authors=authors)
            for place in self.resources_of(post)
        )

    def wrote(self, post: Post, permission: str) -> tuple[MemberId, ...]:
        """Return whose work a post is, where that matters: somebody stands in, and not to look."""
        return post.authors if self.access.absences and permission != "view" else ()

    def delegates_of(self, member: str, permission: str, post: Post) -> tuple[MemberId, ...]:
        """Return who may in the place of *member*, who is away, on every target, sorted."""
        if not self.access.absences:
            return ()
        each = [
            set(self.access.delegates(member, permission, place, at=self.now))
            for place in self.resources_of(post)
        ]
        return tuple(sorted(set.intersection(*each)))

    def everyone_in(self, principal: Principal, post: Post) -> tuple[MemberId, ...]:
        """Return who *principal* means for *post*, whatever their rights, sorted."""
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
            place = post.workspace if post.workspace in self.workspaces else "*"
            known = principal.name in self.access.rotation_ids
            on_duty = self.access.on_duty(principal.name, place, at=self.now) if known else None
            gone = on_duty and self.access.bindings.scope.has_left(on_duty, self.now)
            return () if on_duty is None or gone else (on_duty,)
        return self.access.everyone_in(principal)

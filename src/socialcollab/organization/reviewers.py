"""The members who can decide on each approval step, and warnings about such steps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, Literal

import attrs

from socialcollab.directory import Profile
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.organization.organization import Organization
from socialcollab.permissions import Access
from socialcollab.time import as_utc
from socialcollab.workflow import Step


@attrs.frozen(kw_only=True)
class StepWarning:
    """
    A problem with an approval step on some profiles.

    Attributes:
        kind: "cannot_approve" if *members* are reviewers but may not approve; "no_reviewer" if no
            member can decide; "quorum" if the step needs more approvals than *members*, its only
            reviewers, can give; "own_posts" if the posts of *members* cannot reach the quorum,
            because authors cannot decide on their own posts; "one_reviewer" if only one member can
            decide.
        step: The step's key.
        members: The members whom the problem concerns, sorted.
        profiles: The profiles, in the order of the document.
        needed: The number of approvals that the step needs.
        in_short: The profiles in short form, such as ``all of tulip``.
    """

    kind: Literal["cannot_approve", "no_reviewer", "quorum", "own_posts", "one_reviewer"]
    step: str
    members: tuple[MemberId, ...]
    profiles: tuple[ProfileId, ...]
    needed: int = 1
    in_short: tuple[str, ...] = ()

    def __str__(self) -> str:
        members = ", ".join(f"`{member}`" for member in self.members)
        return _STEP_WARNINGS[self.kind].format(
            step=self.step,
            members=members,
            places=", ".join(self.in_short or self.profiles),
            needed=f"{self.needed} approval{'' if self.needed == 1 else 's'}",
        )


_STEP_WARNINGS: Final[Mapping[str, str]] = {
    "cannot_approve": (
        "step `{step}` has reviewers who may not approve on {places}: {members}; grant them"
        " `approve` there"
    ),
    "no_reviewer": "no member can decide on step `{step}` on {places}, so no post passes it there",
    "quorum": (
        "step `{step}` needs {needed} on {places}, but only these members can decide: {members}"
    ),
    "own_posts": (
        "step `{step}` on {places} cannot reach {needed} for posts that these members write:"
        " {members}; add a reviewer"
    ),
    "one_reviewer": (
        "only {members} can decide on step `{step}` on {places}; in their absence, posts wait"
    ),
}


def step_warnings(organization: Organization, at: dt.datetime) -> tuple[StepWarning, ...]:
    """
    Return the approval steps for which too few members can decide at an instant, by step.

    Conditions of steps and delegates are not considered, and neither are reviewers whom an
    escalation adds.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    return _warnings(organization, organization.profiles, as_utc(at))


def _warnings(
    organization: Organization, profiles: Iterable[Profile], at: dt.datetime
) -> tuple[StepWarning, ...]:
    access = organization.access
    found: dict[tuple[Any, ...], list[ProfileId]] = {}
    for profile in profiles:
        workspace = organization.workspaces_by_id[profile.workspace]
        steps_on = partial(
            organization.policies.steps_on, profile, default=workspace.default_approval
        )
        for step in steps_on():
            reviewers = _Reviewers.of(step.step, profile, workspace.lead, access, at)
            if reviewers.drafting:
                own_posts = frozenset(
                    member
                    for member in reviewers.drafting
                    if step in steps_on(author_roles=_roles_of(member, profile, access, at))
                )
                reviewers = attrs.evolve(reviewers, drafting=own_posts)
            for kind, members, needed in reviewers.problems():
                key = (str(step.key), kind, members, needed)
                found.setdefault(key, []).append(ProfileId(profile.id))
    return tuple(
        StepWarning(
            kind=kind,
            step=step,
            members=members,
            needed=needed,
            profiles=tuple(places),
            in_short=access.bindings.scope.in_short(tuple(places)),
        )
        for (step, kind, members, needed), places in sorted(found.items())
    )


def step_reviewers(
    organization: Organization, profile: str, at: dt.datetime
) -> dict[str, tuple[MemberId, ...]]:
    """
    Return the members who can decide on each approval step that may apply to posts on a profile.

    These members have the `approve` permission and are among the step's reviewers, or are delegates
    of such members. If a reviewer is a rotation, only the member on duty can decide. Authors,
    conditions of steps, and reviewers whom an escalation adds are not considered.

    Args:
        organization: The organization.
        profile: The profile's id.
        at: The instant.

    Raises:
        NotFoundError: If the profile does not exist.
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    at = as_utc(at)
    access = organization.access
    on = organization.profiles_by_id.get(ProfileId(profile))
    if on is None:
        raise NotFoundError(
            "profile", profile, suggestion=organization.did_you_mean("profile", profile)
        )
    workspace = organization.workspaces_by_id[on.workspace]
    steps = organization.policies.steps_on(on, default=workspace.default_approval)
    members: dict[str, tuple[MemberId, ...]] = {}
    for step in steps:
        reviewers = _Reviewers.of(step.step, on, workspace.lead, access, at)
        on_duty = {access.on_duty(name, on.id, at=at) for name in reviewers.rotating}
        in_turn = {
            member
            for able in reviewers.rotating.values()
            for member in able & on_duty
            if access.allows(member, "approve", on.id, at=at)
        }
        able = reviewers.able | in_turn
        delegates = {
            delegate
            for member in able
            for delegate in access.delegates(member, "approve", on.id, at=at)
        }
        members[str(step.key)] = tuple(sorted(able | delegates))
    return members


def steps_losing_reviewers(
    before: Organization, after: Organization, at: dt.datetime, *, member: str
) -> dict[str, tuple[ProfileId, ...]]:
    """
    Return the steps for which enough members can decide until a member leaves, but not afterwards.

    Args:
        before: The organization with the member.
        after: The organization after the member has left.
        at: The instant.
        member: The member.

    Returns:
        The profiles on which each step is affected, by the step's key.
    """
    at = as_utc(at)
    access = before.access
    # Members of a rotation may approve only during their shifts.
    rotates = any(member in access.rotation_binding(name).members for name in access.rotation_ids)
    approves = set(access.profiles(member, "approve", at=at))
    affected = {one.id for one in before.profiles if rotates or one.id in approves}
    earlier = _impassable(before, affected, at)
    later = _impassable(after, affected, at)
    lost = {
        step: tuple(sorted(profiles - earlier.get(step, set()))) for step, profiles in later.items()
    }
    return {step: profiles for step, profiles in sorted(lost.items()) if profiles}


def _impassable(
    organization: Organization, names: Collection[str], at: dt.datetime
) -> dict[str, set[ProfileId]]:
    """Return the profiles with these names on which too few members can decide, by step."""
    profiles = [profile for profile in organization.profiles if profile.id in names]
    found: dict[str, set[ProfileId]] = {}
    for warning in _warnings(organization, profiles, at):
        if warning.kind in ("no_reviewer", "quorum"):
            found.setdefault(warning.step, set()).update(warning.profiles)
    return found


def _roles_of(member: str, profile: Profile, access: Access, at: dt.datetime) -> frozenset[str]:
    return frozenset(
        role for role in access.roles.by_id if access.has_role(member, role, profile.id, at=at)
    )


@attrs.frozen(kw_only=True)
class _Reviewers:
    """
    The reviewers of a step on one profile.

    Attributes:
        step: The step.
        able: The members who can decide at the same time.
        rotating: The members who can decide in turn, by rotation.
        unable: The members who are named or in a named team, but may not approve.
        drafting: The members of *able* who can draft posts there, if too few others remain to
            decide on the posts of one of them; otherwise empty.
    """

    step: Step
    able: frozenset[MemberId]
    rotating: Mapping[str, frozenset[MemberId]]
    unable: frozenset[MemberId]
    drafting: frozenset[MemberId]

    @classmethod
    def of(
        cls, step: Step, profile: Profile, lead: str, access: Access, at: dt.datetime
    ) -> _Reviewers:
        able: set[MemberId] = set()
        unable: set[MemberId] = set()
        rotating: dict[str, frozenset[MemberId]] = {}
        for principal in step.reviewers:
            if principal.kind == "rotation":
                rotation = access.rotation_binding(principal.name)
                rotating[principal.name] = frozenset(
                    MemberId(member)
                    for member in rotation.members
                    if access.allows(member, "approve", profile.id, at=at)
                    or (
                        "approve" in rotation.permissions
                        and rotation.applies_to(profile.id)
                        and access.inactive_reason(member, at=at) is None
                    )
                )
                continue
            if principal.kind == "role":
                members = tuple(
                    member
                    for member in access.member_ids
                    if access.has_role(member, principal.name, profile.id, at=at)
                )
            elif principal.kind == "lead":
                members = (MemberId(lead),)
            else:
                members = access.everyone_in(principal)
            for member in members:
                if access.allows(member, "approve", profile.id, at=at):
                    able.add(member)
                elif access.inactive_reason(member, at=at) is None:
                    unable.add(member)
        # A member of a rotation may be able to decide, so only steps without a rotation can be
        # said to lack reviewers.
        too_few = len(able) - 1 < max(1, step.quorum.least) and not any(rotating.values())
        drafting = {member for member in able if access.allows(member, "draft", profile.id, at=at)}
        return cls(
            step=step,
            able=frozenset(able),
            rotating=rotating,
            unable=frozenset(unable),
            drafting=frozenset(drafting if too_few else ()),
        )

    def problems(self) -> Iterator[tuple[str, tuple[MemberId, ...], int]]:
        """Yield the kind of each problem, the members concerned, and the approvals needed."""
        everyone = self.able.union(*self.rotating.values())
        needed = max(1, self.step.quorum.least)
        if self.unable:
            yield "cannot_approve", tuple(sorted(self.unable)), needed
        # Only one member of a rotation is on duty at a time.
        places = sum(1 for members in self.rotating.values() if members)
        if not everyone:
            yield "no_reviewer", (), needed
        elif len(self.able) + places < needed or len(everyone) < needed:
            yield "quorum", tuple(sorted(everyone)), needed
        else:
            if self.drafting:
                yield "own_posts", tuple(sorted(self.drafting)), needed
            if len(everyone) == 1:
                yield "one_reviewer", tuple(everyone), needed

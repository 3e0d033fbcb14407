"""The organization, checked as a whole, and the questions it answers."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Finding, Post, PostContent, canonical_json
from socialcollab.directory import Member, PostAttributes, Profile, Workspace
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import nearest
from socialcollab.organization.diff import Change, changes_between
from socialcollab.organization.document.writer import section_values
from socialcollab.organization.expectation import FailedExpectation
from socialcollab.organization.expected import failed_expectations
from socialcollab.organization.references import References, references_to
from socialcollab.organization.runtime_state import RuntimeState
from socialcollab.organization.written import WrittenOrganization
from socialcollab.permissions import (
    Access,
    Coverage,
    Gap,
    Rotation,
    coverage,
    gaps,
)
from socialcollab.time import BusinessHours, BusinessHoursSection
from socialcollab.workflow import Policies

if TYPE_CHECKING:
    from socialcollab.directory import NetworkDescription
    from socialcollab.styleguide import StyleGuide


# What grants and forbids are read against.
_AROUND_LINES: Final = (
    "members", "profiles", "teams", "workspaces", "roles", "permissions", "rotations",
)  # fmt: skip


@attrs.frozen(kw_only=True, slots=False)
class Organization(WrittenOrganization, NotebookMixin):
    """
    A team's set-up, from one document: who takes part, who may, who must agree, and when.

    Everything is checked when it is made, in whichever way; all faults are
    raised together, each with its place.

    Attributes:
        settings: The section ``[organization]``.

        workspaces: Brands, or an agency's clients.

        profiles: Their accounts on networks.

        members: The people.

        teams: Sets of them.

        campaigns: Marketing efforts.

        permissions: The organization's own permissions.

        roles: Named sets of permissions.

        grants: Who is given what.

        forbids: What is forbidden to whom, whatever is given.

        duties: Roles held in rotation.

        approvals: Who must agree.

        slot_plans: When profiles like to post.

        blackouts: Planned silence.

        style: The style guides.

        expect: The document's own tests.

        files: The files that the document names: style guides and calendars of
            holidays. The sections of included files are among the others.

        absences: Who is or will be away, and who stands in: a fact, which no
            document says; see `under`.

        given: What has been given by command: likewise.

        swaps: Who takes over on duty, and when: likewise.

    Raises:
        ExceptionGroup: Of one `FaultError` for each fault.

        MissingExtraError: If a calendar of holidays is named and the
            `calendar` extra is not installed.
    """

    @cached_property
    def id(self) -> str:
        """The organization's identifier."""
        return self.settings.id

    @cached_property
    def access(self) -> Access:
        """Who may do what, by the document, by what has been given or swapped, and by who is away."""
        access = self._document_access
        scope = access.bindings.scope
        given = [
            grant
            for one in self.temporary_grants
            if (grant := one.existing_part(scope)) is not None
        ]
        if given:
            access = access.with_grants(*given)
        if self.absences or self.swaps:
            access = access.with_state(self.absences, swaps=self.swaps)
        return access

    @cached_property
    def _document_access(self) -> Access:
        return Access.of(
            members=self.members,
            profiles=self.profiles,
            teams=self.teams,
            workspaces=self.workspaces,
            roles=self.roles,
            custom_permissions=self.permissions.custom,
            grants=self.grants,
            forbids=self.forbids,
            rotations=self.rotations,
            timezone=self.settings.timezone,
        )

    @cached_property
    def policies(self) -> Policies:
        """The approval policies, with what each inherits."""
        return Policies.of(self.approvals)

    @cached_property
    def pins(self) -> Mapping[str, str]:
        """The digest of each policy's wording, what it inherits included."""
        said = {policy.id: section_values(policy, digested=True) for policy in self.approvals}
        found = {}
        for policy in self.approvals:
            chain = [said[policy.id]]
            parent = policy.extends
            while parent:
                chain.append(said[parent])
                parent = self.policies.by_id[parent].extends
            found[policy.id] = hashlib.sha256(canonical_json(chain)).hexdigest()
        return MappingProxyType(found)

    @cached_property
    def profiles_by_id(self) -> Mapping[str, Profile]:
        """The profiles, by id."""
        return MappingProxyType({profile.id: profile for profile in self.profiles})

    @cached_property
    def workspaces_by_id(self) -> Mapping[str, Workspace]:
        """The workspaces, by id."""
        return MappingProxyType({workspace.id: workspace for workspace in self.workspaces})

    @cached_property
    def members_by_id(self) -> Mapping[str, Member]:
        """The members, by id."""
        return MappingProxyType({member.id: member for member in self.members})

    @cached_property
    def rotations_by_id(self) -> Mapping[str, Rotation]:
        """The duties, by id."""
        return MappingProxyType({rotation.id: rotation for rotation in self.rotations})

    @cached_property
    def zones(self) -> Mapping[str, str]:
        """The IANA name of each workspace's zone, its own or inherited."""
        return MappingProxyType(
            {one.id: one.timezone or str(self.settings.timezone) for one in self.workspaces}
        )

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The language of each workspace, its own or inherited."""
        return MappingProxyType(
            {one.id: one.language or self.settings.language for one in self.workspaces}
        )

    @cached_property
    def hours(self) -> Mapping[str, BusinessHours]:
        """The business hours of each workspace that has or inherits some, with their holidays."""
        found = {}
        for workspace in self.workspaces:
            section = workspace.business_hours or self.settings.business_hours
            if section is not None:
                found[workspace.id] = self._hours_in(section, self.zones[workspace.id])
        return MappingProxyType(found)

    def hours_of(self, member: str) -> BusinessHours | None:
        """
        Return when a member works, by their own hours or the organization's, in their own zone.

        None of somebody without hours, and of nobody.
        """
        known = self._member_hours
        if member not in known:
            person = self.members_by_id.get(member)
            section = None if person is None else person.business_hours
            section = section or (self.settings.business_hours if person else None)
            zone = (person.timezone if person else "") or str(self.settings.timezone)
            known[member] = None if section is None else self._hours_in(section, zone)
        return known[member]

    def _hours_in(self, section: BusinessHoursSection, zone: str) -> BusinessHours:
        """Return the hours of a section, the same for all who share them: holidays are read once."""
        key = section, zone
        if key not in self._hours:
            self._hours[key] = section.hours(zone=zone, files=self.files)
        return self._hours[key]

    @cached_property
    def _hours(self) -> dict[tuple[BusinessHoursSection, str], BusinessHours]:
        return {}

    @cached_property
    def _member_hours(self) -> dict[str, BusinessHours | None]:
        return {}

    def zone_of(self, workspace: str) -> str:
        """
        Return the IANA name of a workspace's zone.

        Raises:
            NotFoundError: If there is no such workspace.
        """
        return self.zones[self._known("workspace", workspace, self.zones)]

    def zone_around(self, workspace: str) -> str:
        """Return the IANA name of a workspace's zone, or the organization's if it is gone."""
        return self.zones.get(workspace) or str(self.settings.timezone)

    def language_of(self, workspace: str) -> str:
        """
        Return a workspace's language.

        Raises:
            NotFoundError: If there is no such workspace.
        """
        return self.languages[self._known("workspace", workspace, self.languages)]

    def profile(self, profile: str) -> Profile:
        """
        Return a profile by id.

        Raises:
            NotFoundError: If there is none; the nearest is suggested.
        """
        return self.profiles_by_id[self._known("profile", profile, self.profiles_by_id)]

    def _known(self, kind: str, name: str, known: Mapping[str, object]) -> str:
        if name in known:
            return name
        raise NotFoundError(kind, name, suggestion=self.did_you_mean(kind, name))

    def did_you_mean(self, kind: str, name: str) -> str:
        """
        Suggest the nearest name of a kind ("member", "profile", ...), or say nothing.

        Kinds are member, profile, workspace, team, campaign, role, policy and duty.
        """
        known: dict[str, Iterable[Any]] = {
            "member": self.members,
            "profile": self.profiles,
            "workspace": self.workspaces,
            "team": self.teams,
            "campaign": self.campaigns,
            "role": self.roles,
            "policy": self.approvals,
            "rotation": self.rotations,
        }
        names = [one.id for one in known.get(kind, ())]
        # People still say Twitter.
        said = name.replace("twitter", "x")
        near = said if said in names else nearest(name, names)
        return f"did you mean `{near}`?" if near else ""

    def attributes_of(self, post: Post) -> PostAttributes:
        """Return what selectors may know of a post, but for the roles of its authors."""
        return PostAttributes(
            post_tag=post.content.tags,
            campaign=post.content.campaign,
            kind=post.kind,
            language=post.content.language or self.languages.get(post.workspace, ""),
        )

    @cached_property
    def findings_matter(self) -> bool:
        """Whether some approval step depends on what the style guide finds."""
        return any(step.only_if is not None for policy in self.approvals for step in policy.steps)

    @cached_property
    def guide(self) -> StyleGuide:
        """The style guides, one upon the other."""
        from socialcollab.styleguide import StyleGuide  # noqa: PLC0415  only who lints pays for it

        return StyleGuide.stacked({name: self.files[name] for name in self.style.guides})

    def lint(
        self,
        content: PostContent,
        *,
        workspace: str,
        at: dt.datetime | None = None,
        networks: Mapping[str, NetworkDescription] | None = None,
    ) -> tuple[Finding, ...]:
        """
        Report what the style guides say of a post, for each of its targets.

        Args:
            content: What the post holds; targets that are gone are passed over.

            workspace: Whose post it is.

            at: When it is to go out.

            networks: Descriptions by network name or profile id, for servers
                and accounts with limits of their own.
        """
        from socialcollab.styleguide import Neighbour, lint  # noqa: PLC0415  likewise

        return lint(
            content,
            self.guide,
            profiles=self.profiles,
            networks=networks,
            workspace=workspace,
            neighbours=Neighbour.of(self.workspaces, self.profiles),
            language=self.languages.get(workspace, ""),
            at=at,
        )

    def changes_to(self, other: Organization) -> tuple[Change, ...]:
        """Return every line in which *other* differs from this one, in the document's order."""
        return changes_between(self, other)

    def with_state(self, state: RuntimeState) -> Organization:
        """
        Return what is in force when these facts hold.

        Campaigns run when they were started, what was given by command holds,
        whoever took over is on duty, and whoever stands in for somebody may do
        what that person may. Facts about what the document does not know any
        more are passed over.
        """
        started = {one.campaign: one for one in state.campaigns}
        campaigns = tuple(
            attrs.evolve(one, start=started[one.id].start, end=started[one.id].end)
            if one.id in started
            else one
            for one in self.campaigns
        )
        there = self
        if campaigns != self.campaigns:
            there = attrs.evolve(self, campaigns=campaigns)
            # What it takes longest to work out does not depend on campaigns.
            there.__dict__["_document_access"] = self._document_access
        said = state.absences, state.temporary_grants, state.swaps
        if said != (there.absences, there.temporary_grants, there.swaps):
            # Nothing but rights depends on these: all else stays worked out.
            there = copy(there)
            there.__dict__.pop("access", None)
            object.__setattr__(there, "absences", state.absences)
            object.__setattr__(there, "temporary_grants", state.temporary_grants)
            object.__setattr__(there, "swaps", state.swaps)
        return there

    def reuse_compiled(self, before: Organization) -> Organization:
        """
        Return the same, with who may do what taken over from *before* as far as it is the same.

        Where only grants and forbids differ, no more is worked out than what
        the changed lines touch.
        """
        known = before.__dict__.get("_document_access")
        same = self.settings.timezone == before.settings.timezone and all(
            getattr(self, name) == getattr(before, name) for name in _AROUND_LINES
        )
        if known is None or not same:
            return self
        there = copy(self)
        there.__dict__.pop("access", None)
        there.__dict__["_document_access"] = known.with_rules(
            grants=self.grants, forbids=self.forbids
        )
        return there

    def coverage(
        self,
        *,
        start: dt.datetime,
        end: dt.datetime,
        absent: int = 1,
        without: Collection[str] | None = None,
    ) -> Coverage:
        """
        Return what nobody could do if people were away; see `socialcollab.permissions.coverage`.

        Whoever is away by the facts is taken to be (see `under`).
        """
        return coverage(self.access, start=start, end=end, absent=absent, without=without)

    def gaps(self, *, start: dt.datetime, end: dt.datetime) -> tuple[Gap, ...]:
        """
        Return when nobody can do what a duty gives, though somebody should.

        See `socialcollab.permissions.analysis.gaps`. Whoever is away, or took over, by
        the facts is taken to be (see `under`).
        """
        return gaps(self.access, start=start, end=end)

    def references_to(self, member: str) -> References:
        """
        Return everything in the document, and among the facts, that hangs on a member.

        Raises:
            NotFoundError: If there is no such member.
        """
        return references_to(self, member)

    def check(self, at: dt.datetime) -> tuple[FailedExpectation, ...]:
        """
        Return the expectations of the document that do not hold.

        Args:
            at: The instant at which those without a time are judged.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        return failed_expectations(self, at)

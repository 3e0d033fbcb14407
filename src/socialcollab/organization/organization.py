"""The organization: a validated document, with the permissions and policies that it defines."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from functools import cached_property, lru_cache
from os import PathLike
from types import MappingProxyType
from typing import Any, Final, Self

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.content import Finding, Post, PostContent, canonical_json
from socialcollab.directory import (
    Campaign,
    Member,
    NetworkDescription,
    PostAttributes,
    Principal,
    Profile,
    Team,
    Workspace,
)
from socialcollab.document_fields import ListOf, MapOf, Section, fields_of, shape
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean, nearest
from socialcollab.inbox import InboxSettings, ResponseTarget, SavedReply
from socialcollab.inbox.routing import RoutingRule, RoutingRules
from socialcollab.organization.document.loader import load_document, tables_of
from socialcollab.organization.document.schema import document_schema
from socialcollab.organization.document.templates import (
    Template,
    fill_template,
    read_templates,
    template_files,
)
from socialcollab.organization.document.writer import plain_values, section_values
from socialcollab.organization.expectations import (
    Expectation,
    FailedExpectation,
    failed_expectations,
)
from socialcollab.organization.runtime_state import RuntimeState
from socialcollab.organization.settings import Settings
from socialcollab.permissions import (
    Absence,
    Access,
    Coverage,
    CustomPermissions,
    Forbid,
    Gap,
    Grant,
    ReviewerGroup,
    Role,
    Rotation,
    ShiftSwap,
    TemporaryGrant,
    coverage,
    gaps,
)
from socialcollab.scheduling import Blackout, SlotPlan
from socialcollab.styleguide import Neighbour, Style, StyleGuide, lint
from socialcollab.time import BusinessHours, BusinessHoursSection, TimeLike, as_instant
from socialcollab.workflow import ApprovalPolicy, Policies, account_pin

# The fields from which an `Access` is compiled, in addition to grants and forbids.
_ACCESS_FIELDS: Final = (
    "members", "profiles", "teams", "workspaces", "roles", "permissions", "rotations",
)  # fmt: skip


def _list_of(cls: type[Any]) -> Any:
    return attrs.field(metadata=shape(ListOf(item=Section(cls))), default=(), converter=tuple)


def _runtime() -> Any:
    return attrs.field(default=(), repr=False, eq=False)


def _as_files(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return MappingProxyType({name: files[name] for name in sorted(files)})


@attrs.frozen(kw_only=True, slots=False)
class Organization(NotebookMixin):
    """
    A team's set-up: its members, their permissions, the required approvals, and the times to post.

    An organization is validated as a whole, regardless of how it is created, and all faults are
    raised together.

    Attributes:
        settings: The ``[organization]`` section.
        workspaces: The brands, or an agency's clients.
        profiles: The accounts on social networks.
        members: The people who work on posts.
        teams: The groups of members.
        campaigns: The campaigns.
        permissions: The permissions that the organization defines for its own tools.
        roles: The named sets of permissions.
        grants: The rules that give roles and permissions.
        forbids: The rules that forbid permissions, regardless of any grants.
        rotations: The roles that members hold in turn.
        approvals: The approval policies.
        slot_plans: The times at which profiles post.
        blackouts: The periods during which nothing is published.
        routing: The routing rules, in order.
        response_targets: The response targets, of which the first that applies to a profile is
            used unless a routing rule chooses another.
        saved_replies: The saved replies.
        style: The style guides that the document names.
        inbox: How the inbox works.
        expect: The expectations, which `check` evaluates.
        files: The contents of the files that the document names, by name: style guides and holiday
            calendars. Included files are not part of this mapping; their sections are in the other
            fields.
        absences: The members' absences, from the runtime state (see `with_state`).
        temporary_grants: The temporary grants, from the runtime state.
        swaps: The shift swaps, from the runtime state.

    Raises:
        ExceptionGroup: With one `FaultError` for each fault.
    """

    settings: Settings = attrs.field(metadata=shape(Section(Settings), key="organization"))
    workspaces: tuple[Workspace, ...] = _list_of(Workspace)
    profiles: tuple[Profile, ...] = _list_of(Profile)
    members: tuple[Member, ...] = _list_of(Member)
    teams: tuple[Team, ...] = _list_of(Team)
    campaigns: tuple[Campaign, ...] = _list_of(Campaign)
    permissions: CustomPermissions = attrs.field(
        metadata=shape(Section(CustomPermissions)), factory=CustomPermissions
    )
    roles: tuple[Role, ...] = attrs.field(
        metadata=shape(MapOf(item=Section(Role), key="role")), default=(), converter=tuple
    )
    grants: tuple[Grant, ...] = _list_of(Grant)
    forbids: tuple[Forbid, ...] = _list_of(Forbid)
    rotations: tuple[Rotation, ...] = _list_of(Rotation)
    approvals: tuple[ApprovalPolicy, ...] = _list_of(ApprovalPolicy)
    slot_plans: tuple[SlotPlan, ...] = _list_of(SlotPlan)
    blackouts: tuple[Blackout, ...] = _list_of(Blackout)
    routing: tuple[RoutingRule, ...] = _list_of(RoutingRule)
    response_targets: tuple[ResponseTarget, ...] = _list_of(ResponseTarget)
    saved_replies: tuple[SavedReply, ...] = _list_of(SavedReply)
    style: Style = attrs.field(metadata=shape(Section(Style)), factory=Style)
    inbox: InboxSettings = attrs.field(
        metadata=shape(Section(InboxSettings)), factory=InboxSettings
    )
    expect: tuple[Expectation, ...] = _list_of(Expectation)
    files: Mapping[str, bytes] = attrs.field(
        factory=dict, converter=_as_files, repr=False, hash=False
    )
    absences: tuple[Absence, ...] = _runtime()
    temporary_grants: tuple[TemporaryGrant, ...] = _runtime()
    swaps: tuple[ShiftSwap, ...] = _runtime()

    def __attrs_post_init__(self) -> None:
        # An organization that is created in Python must pass the same checks as a document.
        load_document(self.to_dict(), fields_of(type(self)), files=self.files)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """
        Load a document, and the files in its folder that it includes or names.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault.
            OSError: If the document itself cannot be read.
        """
        from socialcollab.organization.document.files import read_files  # noqa: PLC0415  loads pathlib

        text, files = read_files(path, fields_of(cls))
        return cls.loads(text, files=files)

    @classmethod
    def loads(cls, text: str | bytes, *, files: Mapping[str, bytes] | None = None) -> Self:
        """
        Load a document from its text.

        The results for the most recent texts are cached.

        Args:
            text: TOML, at most 5 MB.
            files: The contents of the files that the document includes and names, by name.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault.
        """
        try:
            hashable = frozenset((files or {}).items())
        except TypeError:  # a mutable value, such as a bytearray
            return cls._load(text, files or {})
        cached: Self = _load_cached(cls._load, text, hashable)
        return cached

    @classmethod
    def from_dict(
        cls, document: Mapping[str, Any], *, files: Mapping[str, bytes] | None = None
    ) -> Self:
        """
        Create an organization from plain values, such as parsed TOML or JSON.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault.
        """
        return cls._load(document, files or {})

    @classmethod
    def _load(cls, document: str | bytes | Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        values, named = load_document(document, fields_of(cls), files=files)
        return cls(**values, files=named)

    @classmethod
    def assemble(
        cls,
        document: str | bytes | Mapping[str, Any],
        *,
        members: Iterable[Member] = (),
        teams: Iterable[Team] = (),
        grants: Iterable[Grant] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> Self:
        """
        Create an organization from a document and the users of a host application.

        It is a fault if a member or team occurs in both.

        Args:
            document: The text or plain values of the document.
            members: The members to add, such as the host's users.
            teams: The teams to add, such as the host's groups.
            grants: The grants to add.
            files: The contents of the files that the document includes and names, by name.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault.
        """
        table = dict(tables_of(document))
        for key, added in (("members", members), ("teams", teams), ("grants", grants)):
            entries = table.get(key, [])
            # A value of any other type is a fault, which the loader reports.
            if isinstance(entries, list | tuple):
                table[key] = [*entries, *(section_values(entry) for entry in added)]
        return cls._load(table, files or {})

    @classmethod
    def template(cls, name: str, /, **params: str) -> Self:
        """
        Create an organization from a template that is included in the library.

        Args:
            name: "northwind", "client_signs_off", "co_publishing", "by_network", "by_function",
                "rotating", "ladder" or "departments".
            params: The template's parameters; ``id`` is required.

        Raises:
            NotFoundError: If the template does not exist.
            InvalidValueError: If a parameter is unknown or missing.
            ExceptionGroup: With one `FaultError` for each fault that the parameters cause.
        """
        document, files = fill_template(name, params)
        return cls._load(document, files)

    @staticmethod
    def template_files(name: str, /, **params: str) -> dict[str, bytes]:
        """
        Return the files of a template, such as ``agency.toml``, with its parameters filled in.

        Unlike the result of `to_toml`, the document contains the template's comments, and its
        sections are in the same order as in the template.

        Args:
            name: Same as in `template`.
            params: Same as in `template`.

        Raises:
            NotFoundError: If the template does not exist.
            InvalidValueError: If a parameter is unknown or missing.
        """
        return template_files(name, params)

    @staticmethod
    def templates() -> tuple[Template, ...]:
        """
        Return the templates that are included in the library, with their parameters.

        >>> [template.name for template in Organization.templates()][:2]
        ['by_function', 'by_network']
        """
        return read_templates()

    def with_sections(
        self, *, files: Mapping[str, bytes] | None = None, **sections: Iterable[Any]
    ) -> Self:
        """
        Return the organization with additional entries, such as ``members=[...]``.

        Raises:
            ExceptionGroup: With one `FaultError` for each fault that the entries cause.
            InvalidValueError: If there is no section with that name.
        """
        lists = [
            name
            for name, value in attrs.asdict(self, recurse=False).items()
            if type(value) is tuple
        ]
        for name in sections:
            if name not in lists:
                hint = did_you_mean(name, lists, otherwise=f"use one of {', '.join(lists)}")
                raise InvalidValueError(
                    f"entries cannot be added to `{name}`, which is not a section; {hint}",
                    value=name,
                )
        changes: dict[str, Any] = {
            name: (*getattr(self, name), *added) for name, added in sections.items()
        }
        return attrs.evolve(self, **changes, files={**self.files, **(files or {})})

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain values, omitting values that equal their defaults."""
        document: dict[str, Any] = {}
        for field in fields_of(type(self)):
            values = plain_values(field.shape, getattr(self, field.name))
            if values or field.required:
                document[field.key] = values
        return document

    def to_toml(self) -> str:
        """
        Return the document as TOML, including the sections of included files.

        Loading the result returns an equal organization:
        ``Organization.loads(o.to_toml(), files=o.files) == o``.
        """
        import tomli_w  # noqa: PLC0415  needed only to write a document

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """
        Return the JSON Schema of the document, draft 2020-12.

        The schema cannot check everything that is checked on loading, such as references, unique
        ids, the order of bounds, names of time zones, recurrence rules and files.
        """
        return document_schema(fields_of(cls))

    @cached_property
    def digest(self) -> str:
        """
        The SHA-256 digest, in hex, of the document's values and the hashes of the named files.

        Comments, formatting and the order of keys do not matter. Names, contacts and reasons are
        excluded, because they are personal data that can be erased.
        """
        document: dict[str, Any] = {}
        for field in fields_of(type(self)):
            values = plain_values(field.shape, getattr(self, field.name), digested=True)
            if values:
                document[field.key] = values
        files = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return hashlib.sha256(canonical_json({"document": document, "files": files})).hexdigest()

    @cached_property
    def pins(self) -> Mapping[str, str]:
        """
        The digests to which decisions on a post are bound, in addition to the post's content.

        They are the digest of each policy with the policies that it extends, and the account of
        each profile, under the name that `account_pin` returns.
        """
        values = {policy.id: section_values(policy, digested=True) for policy in self.approvals}
        pins = {}
        for policy in self.approvals:
            chain = [values[policy.id]]
            parent = policy.extends
            while parent:
                chain.append(values[parent])
                parent = self.policies.by_id[parent].extends
            pins[policy.id] = hashlib.sha256(canonical_json(chain)).hexdigest()
        pins.update({account_pin(profile.id): profile.account for profile in self.profiles})
        return MappingProxyType(pins)

    @cached_property
    def id(self) -> str:
        """The organization's identifier."""
        return self.settings.id

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
        """The rotations, by id."""
        return MappingProxyType({rotation.id: rotation for rotation in self.rotations})

    def profile(self, profile: str) -> Profile:
        """
        Return a profile by id.

        Raises:
            NotFoundError: If the profile does not exist; the message suggests the most similar id.
        """
        self._check_exists("profile", profile, self.profiles_by_id)
        return self.profiles_by_id[profile]

    def member(self, member: str) -> Member:
        """
        Return a member by id.

        Raises:
            NotFoundError: If the member does not exist; the message suggests the most similar id.
        """
        self._check_exists("member", member, self.members_by_id)
        return self.members_by_id[member]

    def _check_exists(self, kind: str, name: str, known: Mapping[str, object]) -> None:
        if name not in known:
            raise NotFoundError(kind, name, suggestion=self.did_you_mean(kind, name))

    def did_you_mean(self, kind: str, name: str) -> str:
        """
        Return a suggestion with the id nearest to *name*, or an empty string if no id is similar.

        Args:
            kind: "member", "profile", "workspace", "team", "campaign", "role", "policy" or
                "rotation".
            name: The unknown id.
        """
        sections: dict[str, tuple[Any, ...]] = {
            "member": self.members,
            "profile": self.profiles,
            "workspace": self.workspaces,
            "team": self.teams,
            "campaign": self.campaigns,
            "role": self.roles,
            "policy": self.approvals,
            "rotation": self.rotations,
        }
        ids = [section.id for section in sections.get(kind, ())]
        # Many people still write `twitter` although the id contains `x`.
        renamed = name.replace("twitter", "x")
        near = renamed if renamed in ids else nearest(name, ids)
        return f"did you mean `{near}`?" if near else ""

    @cached_property
    def zones(self) -> Mapping[str, str]:
        """The IANA name of each workspace's time zone."""
        default = str(self.settings.timezone)
        return MappingProxyType(
            {workspace.id: workspace.timezone or default for workspace in self.workspaces}
        )

    def zone_of(self, workspace: str) -> str:
        """
        Return the IANA name of a workspace's time zone.

        Raises:
            NotFoundError: If the workspace does not exist.
        """
        self._check_exists("workspace", workspace, self.zones)
        return self.zones[workspace]

    def zone_or_default(self, workspace: str) -> str:
        """Return a workspace's time zone, or the organization's if it no longer exists."""
        return self.zones.get(workspace) or str(self.settings.timezone)

    @cached_property
    def languages(self) -> Mapping[str, str]:
        """The language of each workspace."""
        default = self.settings.language
        return MappingProxyType(
            {workspace.id: workspace.language or default for workspace in self.workspaces}
        )

    def language_of(self, workspace: str) -> str:
        """
        Return the language of a workspace.

        Raises:
            NotFoundError: If the workspace does not exist.
        """
        self._check_exists("workspace", workspace, self.languages)
        return self.languages[workspace]

    @cached_property
    def hours(self) -> Mapping[str, BusinessHours]:
        """The business hours, with holidays, of each workspace that defines or inherits them."""
        hours = {}
        for workspace in self.workspaces:
            section = workspace.business_hours or self.settings.business_hours
            if section is not None:
                hours[workspace.id] = self._business_hours(section, self.zones[workspace.id])
        return MappingProxyType(hours)

    def hours_of(self, member: str) -> BusinessHours | None:
        """Return a member's own or inherited business hours, or None if there are none."""
        person = self.members_by_id.get(member)
        if person is None:
            return None
        section = person.business_hours or self.settings.business_hours
        if section is None:
            return None
        return self._business_hours(section, person.timezone or str(self.settings.timezone))

    def _business_hours(self, section: BusinessHoursSection, zone: str) -> BusinessHours:
        # Workspaces and members with the same hours share one object, so holidays are parsed once.
        key = section, zone
        if key not in self._hours_cache:
            self._hours_cache[key] = section.hours(zone=zone, files=self.files)
        return self._hours_cache[key]

    @cached_property
    def _hours_cache(self) -> dict[tuple[BusinessHoursSection, str], BusinessHours]:
        return {}

    @cached_property
    def routing_rules(self) -> RoutingRules:
        """The routing rules, compiled; the first rule that matches a message applies."""
        return RoutingRules(self.routing)

    def target_hours(self, target: ResponseTarget, profile: str) -> BusinessHours | None:
        """
        Return the business hours in which a response target counts time on a profile.

        They are the target's own hours, in the time zone of the profile's workspace, or the hours
        of the workspace; None if there are none.

        Raises:
            NotFoundError: If the profile does not exist.
        """
        self._check_exists("profile", profile, self.profiles_by_id)
        workspace = self.profiles_by_id[profile].workspace
        if target.business_hours is None:
            return self.hours.get(workspace)
        return self._business_hours(target.business_hours, self.zones[workspace])

    @cached_property
    def policies(self) -> Policies:
        """The approval policies, with their inherited steps."""
        return Policies.of(self.approvals)

    def attributes_of(self, post: Post) -> PostAttributes:
        """Return the attributes of a post that selectors match, without the authors' roles."""
        return PostAttributes(
            post_tag=post.content.tags,
            campaign=post.content.campaign,
            kind=post.kind,
            language=post.content.language or self.languages.get(post.workspace, ""),
        )

    @cached_property
    def guide(self) -> StyleGuide:
        """The style guides, combined."""
        return StyleGuide.stacked({name: self.files[name] for name in self.style.guides})

    @cached_property
    def _neighbours(self) -> tuple[Neighbour, ...]:
        return Neighbour.of(self.workspaces, self.profiles)

    def lint(
        self,
        content: PostContent,
        *,
        workspace: str,
        at: TimeLike | None = None,
        networks: Mapping[str, NetworkDescription] | None = None,
    ) -> tuple[Finding, ...]:
        """
        Return the findings of the style guides about a post, for each of its targets.

        Args:
            content: The post's content; targets that do not exist are ignored.
            workspace: The workspace of the post.
            at: The post's planned time; a local time is in the workspace's time zone.
            networks: Network descriptions by network or profile id, for servers and accounts that
                have special limits.
        """
        zone = self.zone_or_default(workspace)
        return lint(
            content,
            self.guide,
            profiles=self.profiles,
            networks=networks,
            workspace=workspace,
            neighbours=self._neighbours,
            language=self.languages.get(workspace, ""),
            at=None if at is None else as_instant(at, zone),
        )

    @cached_property
    def access(self) -> Access:
        """The members' permissions according to the document and the runtime state."""
        access = self._document_access
        scope = access.bindings.scope
        grants = [
            grant
            for given in self.temporary_grants
            if (grant := given.existing_part(scope)) is not None
        ]
        if grants:
            access = access.with_grants(*grants)
        if self.absences or self.swaps:
            access = access.with_state(self.absences, swaps=self.swaps)
        return access

    @cached_property
    def _document_access(self) -> Access:
        """The members' permissions according to the document alone."""
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

    def with_state(self, state: RuntimeState) -> Organization:
        """
        Return the organization with a runtime state.

        Started campaigns have the dates that were set when they were started, and `access` takes
        temporary grants, absences, delegates and shift swaps into account. References to names that
        the document no longer contains are ignored.
        """
        starts = {start.campaign: start for start in state.campaigns}
        campaigns = tuple(
            attrs.evolve(campaign, start=starts[campaign.id].start, end=starts[campaign.id].end)
            if campaign.id in starts
            else campaign
            for campaign in self.campaigns
        )
        organization = self
        if campaigns != self.campaigns:
            organization = attrs.evolve(self, campaigns=campaigns)
            # Compiling permissions is the slowest step and does not depend on campaigns.
            organization.__dict__["_document_access"] = self._document_access
        new = {
            "absences": state.absences,
            "temporary_grants": state.temporary_grants,
            "swaps": state.swaps,
        }
        if any(getattr(organization, name) != value for name, value in new.items()):
            # A copy keeps all cached properties. Only `access` depends on the runtime state.
            organization = copy(organization)
            organization.__dict__.pop("access", None)
            organization.__dict__.update(new)
        return organization

    def reuse_compiled(self, before: Organization) -> Organization:
        """
        Return the organization, reusing the compiled permissions of *before* as far as possible.

        If only grants and forbids differ, only the changed rules are compiled.
        """
        compiled = before.__dict__.get("_document_access")
        same = self.settings.timezone == before.settings.timezone and all(
            getattr(self, name) == getattr(before, name) for name in _ACCESS_FIELDS
        )
        if compiled is None or not same:
            return self
        organization = copy(self)
        organization.__dict__.pop("access", None)
        organization.__dict__["_document_access"] = compiled.with_rules(
            grants=self.grants, forbids=self.forbids
        )
        return organization

    def coverage(
        self,
        *,
        start: TimeLike,
        end: TimeLike,
        absent: int = 1,
        without: Collection[str] | None = None,
    ) -> Coverage:
        """
        Return the permissions that would be lost between two times if members were absent.

        Approval steps for which too few reviewers would be left are included. See
        `socialcollab.permissions.coverage`. The absences, delegates and swaps of the runtime
        state are taken into account (see `with_state`). Local times and dates are in the
        organization's time zone.
        """
        zone = str(self.settings.timezone)
        return coverage(
            self.access,
            start=as_instant(start, zone),
            end=as_instant(end, zone),
            absent=absent,
            without=without,
            steps=self._reviewer_groups,
        )

    @cached_property
    def _reviewer_groups(self) -> tuple[ReviewerGroup, ...]:
        """The reviewers of each approval step on each profile."""
        groups: list[ReviewerGroup] = []
        for profile in self.profiles:
            workspace = self.workspaces_by_id[profile.workspace]
            lead = Principal("member", workspace.lead)
            groups += (
                ReviewerGroup(
                    step=str(step.key),
                    resource=profile.id,
                    reviewers=tuple(
                        lead if principal.kind == "lead" else principal
                        for principal in step.step.reviewers
                    ),
                    needed=max(1, step.step.quorum.least),
                )
                for step in self.policies.steps_on(profile, default=workspace.default_approval)
            )
        return tuple(groups)

    def gaps(self, *, start: TimeLike, end: TimeLike) -> tuple[Gap, ...]:
        """
        Return the periods in which a member should be on duty but no member has the permissions.

        See `socialcollab.permissions.gaps`. The absences, delegates and swaps of the runtime state
        are taken into account (see `with_state`). Local times and dates are in the
        organization's time zone.
        """
        zone = str(self.settings.timezone)
        return gaps(self.access, start=as_instant(start, zone), end=as_instant(end, zone))

    def check(self, at: TimeLike) -> tuple[FailedExpectation, ...]:
        """
        Return the expectations of the document that are not met.

        Args:
            at: The time for which expectations without a time are checked; local times and dates
                are in the organization's time zone.
        """
        return failed_expectations(
            self.expect,
            self.access,
            profiles=self.profiles,
            workspaces=self.workspaces,
            at=as_instant(at, str(self.settings.timezone)),
        )


# A desk loads its document each time it is opened, and the document rarely changes.
@lru_cache(maxsize=8)
def _load_cached(
    load: Callable[[str | bytes, Mapping[str, bytes]], Any],
    text: str | bytes,
    files: frozenset[tuple[str, bytes]],
) -> Any:
    return load(text, dict(files))

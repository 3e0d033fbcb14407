"""The organization: its document, checked as a whole, and the questions it answers."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from functools import cached_property, lru_cache
from os import PathLike
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Self

import attrs

from socialcollab.content import Finding, Post, PostContent, canonical_json
from socialcollab.directory import Campaign, Facts, Member, Profile, Team, Workspace
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean, nearest
from socialcollab.inbox import InboxSettings, Routine, Routing
from socialcollab.organization.change import Change, changes_between
from socialcollab.organization.document import read_document
from socialcollab.organization.expectation import Expectation, FailedExpectation
from socialcollab.organization.expected import failed_expectations
from socialcollab.organization.reader import fields_of
from socialcollab.organization.removal import Removal, removal
from socialcollab.organization.settings import Settings
from socialcollab.organization.standing_facts import StandingFacts
from socialcollab.organization.write import plain_values, section_values
from socialcollab.permissions import (
    Absence,
    Access,
    Coverage,
    CustomPermissions,
    Duty,
    Forbid,
    Gap,
    GivenGrant,
    Grant,
    Role,
    Swap,
    coverage,
    gaps,
)
from socialcollab.scheduling import Blackout, SlotPlan
from socialcollab.sections import ListOf, MapOf, Section, shape
from socialcollab.styleguide.section import Style
from socialcollab.time import BusinessHours, BusinessHoursSection
from socialcollab.workflow import ApprovalPolicy, Policies

if TYPE_CHECKING:
    from socialcollab.directory import NetworkDescription
    from socialcollab.pages import Html
    from socialcollab.styleguide import StyleGuide

__all__ = ["Organization"]


def _many(cls: type[Any], *, key: str = "") -> Any:
    return attrs.field(
        metadata=shape(ListOf(item=Section(cls)), key=key), default=(), converter=tuple
    )


def _as_files(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return MappingProxyType({name: files[name] for name in sorted(files)})


# What grants and forbids are read against.
_AROUND_LINES: Final = (
    "members", "profiles", "teams", "workspaces", "roles", "permissions", "duties",
)  # fmt: skip


@attrs.frozen(kw_only=True, slots=False)
class Organization:
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

        inbox: What holds for all messages, or None without an inbox.

        routing: Which messages go to whom.

        routines: Work that comes again and again.

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

    settings: Settings = attrs.field(metadata=shape(Section(Settings), key="organization"))
    workspaces: tuple[Workspace, ...] = _many(Workspace)
    profiles: tuple[Profile, ...] = _many(Profile)
    members: tuple[Member, ...] = _many(Member)
    teams: tuple[Team, ...] = _many(Team)
    campaigns: tuple[Campaign, ...] = _many(Campaign)
    permissions: CustomPermissions = attrs.field(
        metadata=shape(Section(CustomPermissions)), factory=CustomPermissions
    )
    roles: tuple[Role, ...] = attrs.field(
        metadata=shape(MapOf(item=Section(Role), key="role")), default=(), converter=tuple
    )
    grants: tuple[Grant, ...] = _many(Grant)
    forbids: tuple[Forbid, ...] = _many(Forbid)
    duties: tuple[Duty, ...] = _many(Duty)
    approvals: tuple[ApprovalPolicy, ...] = _many(ApprovalPolicy)
    slot_plans: tuple[SlotPlan, ...] = _many(SlotPlan)
    blackouts: tuple[Blackout, ...] = _many(Blackout)
    inbox: InboxSettings | None = attrs.field(metadata=shape(Section(InboxSettings)), default=None)
    routing: tuple[Routing, ...] = _many(Routing)
    routines: tuple[Routine, ...] = _many(Routine)
    style: Style = attrs.field(metadata=shape(Section(Style)), factory=Style)
    expect: tuple[Expectation, ...] = _many(Expectation)
    files: Mapping[str, bytes] = attrs.field(
        factory=dict, converter=_as_files, repr=False, hash=False
    )
    absences: tuple[Absence, ...] = attrs.field(default=(), repr=False, eq=False, kw_only=True)
    given: tuple[GivenGrant, ...] = attrs.field(default=(), repr=False, eq=False, kw_only=True)
    swaps: tuple[Swap, ...] = attrs.field(default=(), repr=False, eq=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        # What was made by hand is held to the same rules as what was read.
        read_document(self.to_dict(), fields_of(type(self)), files=self.files)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Self:
        """
        Read a document, and the files beside it that it includes and names.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault.

            OSError: If the document itself cannot be read.
        """
        from socialcollab.organization.load import read_files  # noqa: PLC0415  the file that reads

        text, files = read_files(path, fields_of(cls))
        return cls.loads(text, files=files)

    @classmethod
    def loads(cls, text: str | bytes, *, files: Mapping[str, bytes] | None = None) -> Self:
        """
        Read a document from its text; the last few that were read are kept.

        Args:
            text: TOML, at most 5 MB.

            files: What it includes and names, by name.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault.
        """
        kept = _kept(text, files or {}) if cls is Organization else None
        return kept if isinstance(kept, cls) else cls._read(text, files or {})

    @classmethod
    def from_dict(
        cls, document: Mapping[str, Any], *, files: Mapping[str, bytes] | None = None
    ) -> Self:
        """
        Make one of plain values, as TOML or JSON give them.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault.
        """
        return cls._read(document, files or {})

    @classmethod
    def _read(cls, document: str | bytes | Mapping[str, Any], files: Mapping[str, bytes]) -> Self:
        values, named = read_document(document, fields_of(cls), files=files)
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
        Make one of a document without people and the people of a host application.

        Whoever is in both is a fault.

        Args:
            document: Its text, or its plain values.

            members: The host's users.

            teams: Its groups.

            grants: What it gives them, beside the document's grants.

            files: What the document includes and names.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault.
        """
        from socialcollab.organization.document import tables_of  # noqa: PLC0415

        table = dict(tables_of(document))
        for key, added in (("members", members), ("teams", teams), ("grants", grants)):
            said = table.get(key, [])
            if isinstance(said, list | tuple):
                table[key] = [*said, *(section_values(one) for one in added)]
        return cls._read(table, files or {})

    @classmethod
    def template(cls, name: str, /, **params: str) -> Self:
        """
        Make one from a template that ships with the library.

        Args:
            name: "northwind", "client_signs_off", "co_publishing", "by_network",
                "by_function", "rotating", "ladder" or "departments".

            params: What fills it, beginning with ``id``; see each template.

        Raises:
            NotFoundError: If there is no such template.

            InvalidValueError: If a parameter is unknown or missing.

            ExceptionGroup: Of one `FaultError` for each fault that the
                parameters bring about.
        """
        from socialcollab.organization.template import fill_template  # noqa: PLC0415

        document, files = fill_template(name, params)
        return cls._read(document, files)

    def adding(
        self, *, files: Mapping[str, bytes] | None = None, **sections: Iterable[Any]
    ) -> Self:
        """
        Return it with more sections, such as ``members=[...]`` or ``profiles=[...]``.

        Raises:
            ExceptionGroup: Of one `FaultError` for each fault that they bring about.

            InvalidValueError: If there are no sections of such a name.
        """
        lists = [
            name
            for name, value in attrs.asdict(self, recurse=False).items()
            if type(value) is tuple
        ]
        changes: dict[str, Any] = {}
        for name, added in sections.items():
            if name not in lists:
                hint = did_you_mean(
                    name, lists, before="; ", otherwise=f"there are {', '.join(lists)}"
                )
                raise InvalidValueError(
                    f"there are no sections `{name}` to add to{hint}", value=name
                )
            changes[name] = (*getattr(self, name), *added)
        return attrs.evolve(self, **changes, files={**self.files, **(files or {})})

    def to_dict(self) -> dict[str, Any]:
        """Return the document as plain values; what is as by default is left out."""
        found: dict[str, Any] = {}
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            said = None if value is None else plain_values(field.shape, value)
            if said or field.required:
                found[field.key] = said
        return found

    def to_toml(self) -> str:
        """
        Return the document as TOML, the sections of included files among the others.

        ``Organization.loads(o.to_toml(), files=o.files) == o``.
        """
        import tomli_w  # noqa: PLC0415  only who writes pays for it

        return tomli_w.dumps(self.to_dict())

    @cached_property
    def id(self) -> str:
        """The organization's identifier."""
        return self.settings.id

    @cached_property
    def digest(self) -> str:
        """
        SHA-256 over the values, and over the hash of each named file, in hex.

        Comments, formatting and the order of keys do not matter. Names,
        contacts and free-text reasons lie outside it.
        """
        said: dict[str, Any] = {}
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            written = None if value is None else plain_values(field.shape, value, digested=True)
            if written:
                said[field.key] = written
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return hashlib.sha256(canonical_json({"document": said, "files": hashes})).hexdigest()

    @cached_property
    def access(self) -> Access:
        """Who may do what, by the document, by what has been given or swapped, and by who is away."""
        access = self._document_access
        scope = access.rulebook.scope
        given = [grant for one in self.given if (grant := one.within(scope)) is not None]
        if given:
            access = access.adding(*given)
        if self.absences or self.swaps:
            access = access.under(self.absences, swaps=self.swaps)
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
            duties=self.duties,
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
    def duties_by_id(self) -> Mapping[str, Duty]:
        """The duties, by id."""
        return MappingProxyType({duty.id: duty for duty in self.duties})

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
            "duty": self.duties,
        }
        names = [one.id for one in known.get(kind, ())]
        # People still say Twitter.
        said = name.replace("twitter", "x")
        near = said if said in names else nearest(name, names)
        return f"did you mean `{near}`?" if near else ""

    def facts_of(self, post: Post) -> Facts:
        """Return what selectors may know of a post, but for the roles of its authors."""
        return Facts(
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

    def under(self, facts: StandingFacts) -> Organization:
        """
        Return what is in force when these facts hold.

        Campaigns run when they were started, what was given by command holds,
        whoever took over is on duty, and whoever stands in for somebody may do
        what that person may. Facts about what the document does not know any
        more are passed over.
        """
        started = {one.campaign: one for one in facts.campaigns}
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
        said = facts.absences, facts.given, facts.swaps
        if said != (there.absences, there.given, there.swaps):
            # Nothing but rights depends on these: all else stays worked out.
            there = copy(there)
            there.__dict__.pop("access", None)
            object.__setattr__(there, "absences", facts.absences)
            object.__setattr__(there, "given", facts.given)
            object.__setattr__(there, "swaps", facts.swaps)
        return there

    def like(self, before: Organization) -> Organization:
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
        there.__dict__["_document_access"] = known.replacing(
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

        See `socialcollab.permissions.gaps`. Whoever is away, or took over, by
        the facts is taken to be (see `under`).
        """
        return gaps(self.access, start=start, end=end)

    def rights(self, *, at: dt.datetime, language: str = "en") -> Html:
        """Return a table of who may do what at an instant: members by profiles."""
        from socialcollab.organization.rights import rights_of  # noqa: PLC0415  as needed

        return rights_of(self, at=at, language=language)

    def removal(self, member: str) -> Removal:
        """
        Return everything in the document, and among the facts, that hangs on a member.

        Raises:
            NotFoundError: If there is no such member.
        """
        return removal(self, member)

    def check(self, at: dt.datetime) -> tuple[FailedExpectation, ...]:
        """
        Return the expectations of the document that do not hold.

        Args:
            at: The instant at which those without a time are judged.

        Raises:
            NaiveDatetimeError: If *at* has no UTC offset.
        """
        return failed_expectations(self, at)

    def _repr_html_(self) -> str:
        from socialcollab.organization.shown import organization_html  # noqa: PLC0415  as needed

        return organization_html(self)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """
        Return the JSON Schema of the document, draft 2020-12.

        It lets through what only the loader can know: references, uniqueness,
        the order of bounds, names of zones, rules, and named files.
        """
        from socialcollab.organization.schema import document_schema  # noqa: PLC0415

        return document_schema(fields_of(Organization))


def _kept(text: str | bytes, files: Mapping[str, bytes]) -> Organization | None:
    """Return what was made of the same before, or now; None if it cannot be told to be the same."""
    try:
        given = frozenset(files.items())
    except TypeError:  # of a bytearray, say
        return None
    return _loaded(text, given)


# A desk reads its document again each time it is opened, and it is seldom another one.
@lru_cache(maxsize=8)
def _loaded(text: str | bytes, files: frozenset[tuple[str, bytes]]) -> Organization:
    return Organization._read(text, dict(files))

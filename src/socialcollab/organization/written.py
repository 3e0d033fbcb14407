"""The sections of an organization, and how they are read from a document and written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache
from os import PathLike
from types import MappingProxyType
from typing import Any, Self

import attrs

from socialcollab.content import canonical_json
from socialcollab.directory import Campaign, Member, Profile, Team, Workspace
from socialcollab.document_fields import ListOf, MapOf, Section, shape
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.document.document import read_document
from socialcollab.organization.document.reader import fields_of
from socialcollab.organization.document.writer import plain_values, section_values
from socialcollab.organization.expectation import Expectation
from socialcollab.organization.settings import Settings
from socialcollab.permissions import (
    Absence,
    CustomPermissions,
    Forbid,
    Grant,
    Role,
    Rotation,
    ShiftSwap,
    TemporaryGrant,
)
from socialcollab.scheduling import Blackout, SlotPlan
from socialcollab.styleguide import Style
from socialcollab.workflow import ApprovalPolicy


def _many(cls: type[Any], *, key: str = "") -> Any:
    return attrs.field(
        metadata=shape(ListOf(item=Section(cls)), key=key), default=(), converter=tuple
    )


def _as_files(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return MappingProxyType({name: files[name] for name in sorted(files)})


@attrs.frozen(kw_only=True, slots=False)
class WrittenOrganization:
    """
    What an organization holds, and how it is read from a document and written as one.

    The questions that it answers, and what each section means, are with `Organization`.

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
    rotations: tuple[Rotation, ...] = _many(Rotation)
    approvals: tuple[ApprovalPolicy, ...] = _many(ApprovalPolicy)
    slot_plans: tuple[SlotPlan, ...] = _many(SlotPlan)
    blackouts: tuple[Blackout, ...] = _many(Blackout)
    style: Style = attrs.field(metadata=shape(Section(Style)), factory=Style)
    expect: tuple[Expectation, ...] = _many(Expectation)
    files: Mapping[str, bytes] = attrs.field(
        factory=dict, converter=_as_files, repr=False, hash=False
    )
    absences: tuple[Absence, ...] = attrs.field(default=(), repr=False, eq=False, kw_only=True)
    temporary_grants: tuple[TemporaryGrant, ...] = attrs.field(
        default=(), repr=False, eq=False, kw_only=True
    )
    swaps: tuple[ShiftSwap, ...] = attrs.field(default=(), repr=False, eq=False, kw_only=True)

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
        from socialcollab.organization.document.files import read_files  # noqa: PLC0415  the file that reads

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
        kept = _kept(cls._read, text, files or {})
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
        from socialcollab.organization.document.document import tables_of  # noqa: PLC0415

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
        from socialcollab.organization.document.template import fill_template  # noqa: PLC0415

        document, files = fill_template(name, params)
        return cls._read(document, files)

    def with_sections(
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

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """
        Return the JSON Schema of the document, draft 2020-12.

        It lets through what only the loader can know: references, uniqueness,
        the order of bounds, names of zones, rules, and named files.
        """
        from socialcollab.organization.document.schema import document_schema  # noqa: PLC0415

        return document_schema(fields_of(cls))


_Read = Callable[[str | bytes, Mapping[str, bytes]], WrittenOrganization]


def _kept(read: _Read, text: str | bytes, files: Mapping[str, bytes]) -> WrittenOrganization | None:
    """Return what was made of the same before, or now; None if it cannot be told to be the same."""
    try:
        given = frozenset(files.items())
    except TypeError:  # of a bytearray, say
        return None
    return _loaded(read, text, given)


# A desk reads its document again each time it is opened, and it is seldom another one.
@lru_cache(maxsize=8)
def _loaded(
    read: _Read, text: str | bytes, files: frozenset[tuple[str, bytes]]
) -> WrittenOrganization:
    return read(text, dict(files))

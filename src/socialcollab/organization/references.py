"""Everything in a document, and among the facts, that hangs on one person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import attrs

from socialcollab import document_fields as sh
from socialcollab._notebook import NotebookMixin
from socialcollab.errors import NotFoundError
from socialcollab.identifiers import MemberId
from socialcollab.organization.document.reader import fields_of

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

_LINE = re.compile(r"(grants|forbids)\[(\d+)\]")


@attrs.frozen(kw_only=True)
class Reference(NotebookMixin):
    """
    One thing that hangs on a person.

    Attributes:
        place: Where the document names them, such as ``rotations[0].members[2]``,
            or ``absence ID``, ``given ID`` or ``swap ID`` of a fact.

        section: The section it stands in, such as ``rotations``.

        name: The thing's identifier, or its place where it has none.

        others: How many others the same list names.

        about: What the thing is, where it has no identifier: what a grant gives
            and where, such as ``editor on workspace tulip``.
    """

    place: str
    section: str
    name: str
    others: int = 0
    about: str = ""

    @property
    def alone(self) -> bool:
        """Whether nobody else is named there: it needs an heir, or goes too."""
        return self.others == 0

    @property
    def called(self) -> str:
        """What people call it: ``teams[0].members[1] (social)``."""
        where = {self.place, self.place.partition(".")[0], self.place.partition(" ")[2]}
        about = self.about or ("" if self.name in where else self.name)
        return f"{self.place} ({about})" if about else self.place

    def __str__(self) -> str:
        return self.called + (": nobody else" if self.alone else "")


@attrs.frozen(kw_only=True)
class References(NotebookMixin):
    """
    What hangs on a person, in the document's order, facts last.

    Attributes:
        member: Who.

        hangs: Everything that does.
    """

    member: MemberId
    references: tuple[Reference, ...]

    @property
    def needing_successor(self) -> tuple[Reference, ...]:
        """What nobody else is named for."""
        return tuple(one for one in self.references if one.alone)

    def __str__(self) -> str:
        return "\n".join(map(str, self.references)) or f"nothing hangs on {self.member}"


def references_to(organization: Organization, member: str) -> References:
    """
    Return everything that hangs on a member.

    Raises:
        NotFoundError: If there is no such member.
    """
    if member not in organization.members_by_id:
        raise NotFoundError(
            "member", member, suggestion=organization.did_you_mean("member", member)
        )
    found = []
    for field in fields_of(type(organization)):
        value = getattr(organization, field.name)
        for path, others, thing in _naming(field.shape, value, member, "", None):
            place = f"{field.key}{path}"
            name = getattr(thing, "id", "") or place.partition(".")[0]
            found.append(
                Reference(
                    place=place, section=field.key, name=str(name), others=others,
                    about=_about(organization, place),
                )
            )  # fmt: skip
    found += [
        Reference(place=f"absence {one.id}", section="absences", name=one.id)
        for one in organization.absences
        if member in (one.member, one.delegate)
    ]
    found += [
        Reference(
            place=one.place, section="temporary_grants", name=one.id, others=len(one.grant.to) - 1
        )
        for one in organization.temporary_grants
        if any(
            principal.kind == "member" and principal.name == member for principal in one.grant.to
        )
    ]
    found += [
        Reference(place=f"swap {one.id}", section="swaps", name=one.id)
        for one in organization.swaps
        if one.member == member
    ]
    return References(member=MemberId(member), references=tuple(found))


def _about(organization: Organization, place: str) -> str:
    """Say what a grant gives or a forbid forbids, and where."""
    found = _LINE.match(place)
    if found is None:
        return ""
    line = getattr(organization, found[1])[int(found[2])]
    role = getattr(line, "role", "")
    return f"{role or ', '.join(sorted(line.permissions))} on {line.on}"


def _naming(
    shape: sh.Shape, value: Any, member: str, path: str, thing: Any, *, others: int = 0
) -> Iterator[tuple[str, int, Any]]:
    """Yield where *member* is named: the path, how many are named beside, and the thing around it."""
    if value is None:
        return
    match shape:
        case sh.NameShape(kind="member"):
            if value == member:
                yield path, others, thing
        case sh.PrincipalShape():
            if value.kind == "member" and value.name == member:
                yield path, others, thing
        case sh.Section():
            around = value if thing is None and hasattr(value, "id") else thing
            for field in fields_of(type(value)):
                inner = getattr(value, field.name)
                yield from _naming(field.shape, inner, member, f"{path}.{field.key}", around)
        case sh.ListOf(item=item):
            many = sorted(value) if isinstance(value, frozenset) else value
            for number, one in enumerate(many):
                yield from _naming(
                    item, one, member, f"{path}[{number}]", thing, others=len(many) - 1
                )
        case sh.MapOf(item=sh.Section() as item):
            for one in value:
                yield from _naming(item, one, member, f".{one.id}", one)
        case _:
            return

"""What becomes of everything that hangs on somebody who leaves, and the document without them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from socialcollab import document_fields as sh
from socialcollab._notebook import NotebookMixin
from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.diff import resources_of
from socialcollab.organization.document.reader import fields_of
from socialcollab.organization.references import Reference, references_to
from socialcollab.permissions import EVERYWHERE, PERMISSIONS, owners
from socialcollab.time import local_time
from socialcollab.verdicts import Reason

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

# What stands for itself alone may go with whom it names; of all else somebody has to take care.
_MAY_GO = re.compile(r"(grants|forbids|expect)\[\d+\]")
# A turn that is taken out would let the one before last longer.
_SHIFT = re.compile(r"rotations\[(\d+)\]\.shifts\[(\d+)\]\.member")


@attrs.frozen(kw_only=True)
class OffboardingItem(NotebookMixin):
    """
    One thing that hangs on somebody who leaves, and what becomes of it.

    Attributes:
        place: What it is called: where the document names them, such as
            ``rotations[0].members[2]``, or ``absence ID``, ``given ID``, ``post ID``.

        section: The section it stands in, or "absences", "temporary_grants", "posts".

        name: The thing's identifier, or its place where it has none.

        needs_successor: Whether somebody has to take it over.

        takes_successor: Whether somebody can.

        heir: Who is proposed; empty where nobody needs to, or is proposed
            to be given everything.

        consequence: What becomes of it if nobody takes it over.
    """

    place: str
    section: str
    name: str
    needs_successor: bool = False
    takes_successor: bool = True
    successor: str = ""
    consequence: Reason

    def __str__(self) -> str:
        return self.text()

    def text(self, language: str = "en") -> str:
        """Say what becomes of it, by its place so that an heir can be named, and who is proposed."""
        said = self.consequence.text(language)
        if self.place not in said and f"`{self.name}`" not in said:
            said = f"{self.place}: {said}"
        return f"{said} ({self.successor}?)" if self.successor else said


def first_day_without(organization: Organization, member: str, at: dt.datetime) -> dt.date:
    """Return the day on which a member has left, or today in their own zone."""
    person = organization.members_by_id[member]
    today = local_time(at, person.timezone or str(organization.settings.timezone)).date()
    return today if person.left is None else min(person.left, today)


def offboarding_items(
    organization: Organization, member: str, *, at: dt.datetime
) -> tuple[OffboardingItem, ...]:
    """
    Return everything in the document and among the facts that hangs on a member.

    Args:
        organization: What is in force, with its facts if they are to count.

        member: Who leaves.

        at: When.

    Raises:
        NotFoundError: If there is no such member.
    """
    reference = references_to(organization, member).references
    _, needed = _rewritten_all(organization, member, {})
    last = owners(organization.access, at=at) == (member,)
    return tuple(
        _departing(organization, member, one, needed, at, last_owner=last)
        for one in reference
        if not _is_over(organization, one, at)
    )


def _is_over(organization: Organization, reference: Reference, at: dt.datetime) -> bool:
    if reference.section == "absences":
        return any(one.id == reference.name and one.ends_at <= at for one in organization.absences)
    if reference.section == "swaps":
        swap = next(one for one in organization.swaps if one.id == reference.name)
        if swap.until is not None or swap.rotation not in organization.rotations_by_id:
            return True
        line = organization.access.rotation_binding(swap.rotation)
        return all(swap.span(line.zone_of(where))[1] <= at for where in line.resources)
    scope = organization.access.bindings.scope
    return reference.section == "temporary_grants" and any(
        one.id == reference.name and one.is_over(scope, at=at)
        for one in organization.temporary_grants
    )


def _departing(
    organization: Organization,
    member: str,
    reference: Reference,
    needed: frozenset[str],
    at: dt.datetime,
    *,
    last_owner: bool,
) -> OffboardingItem:
    if reference.section == "absences":
        absence = next(one for one in organization.absences if one.id == reference.name)
        theirs = absence.member == member
        code = "offboarding.absence_ends" if theirs else "offboarding.no_delegate"
        then = Reason.of(code, member=member, absent=absence.member, start=absence.start,
                         end=absence.end)  # fmt: skip
        return _thing(reference, consequence=then, takes_successor=not theirs)
    if reference.section == "temporary_grants":
        given = next(one for one in organization.temporary_grants if one.id == reference.name)
        code = "offboarding.grant_ends" if reference.alone else "offboarding.grant_stays"
        then = Reason.of(code, member=member, by=given.by, until=given.until)
        return _thing(reference, consequence=then)
    if reference.section == "swaps":
        swap = next(one for one in organization.swaps if one.id == reference.name)
        then = Reason.of(
            "offboarding.swap_ends", rotation=swap.rotation, start=f"{swap.start:%Y-%m-%d %H:%M}"
        )
        return _thing(reference, consequence=then)
    if reference.place in needed:
        return _thing(
            reference,
            consequence=Reason.of(
                "offboarding.needs_successor", place=reference.place, called=reference.called
            ),
            needs_successor=True,
            successor=_proposed(organization, member, reference, at),
        )
    if last_owner and _is_everywhere(organization, reference):
        # Nobody is proposed: whom everything is given to, a person says.
        then = Reason.of("offboarding.last_owner", place=reference.place, called=reference.called)
        return _thing(reference, consequence=then, needs_successor=True)
    shift = _SHIFT.fullmatch(reference.place)
    if shift is not None:
        start = organization.rotations[int(shift[1])].shifts[int(shift[2])].start
        day = start.date() if isinstance(start, dt.datetime) else start
        then = Reason.of(
            "offboarding.shift_stays", place=reference.place, called=reference.called, start=start
        )
        return _thing(
            reference,
            consequence=then,
            takes_successor=day >= first_day_without(organization, member, at),
        )
    code = "offboarding.rule_removed" if reference.alone else "offboarding.others_stay"
    return _thing(
        reference,
        consequence=Reason.of(code, place=reference.place, called=reference.called, member=member),
    )


def _is_everywhere(organization: Organization, reference: Reference) -> bool:
    """Tell whether it gives what an owner has, everywhere: a grant, or a place in a team."""
    lines = [
        one
        for one in organization.access.bindings.grants
        if EVERYWHERE in one.resources and one.source.end is None
    ]
    # Where no line gives it all, it takes what several give together.
    lines = [one for one in lines if one.permissions >= PERMISSIONS.keys()] or lines
    if reference.section == "teams":
        return any(
            str(principal) == f"team:{reference.name}"
            for one in lines
            for principal in one.source.to
        )
    return reference.section == "grants" and any(
        reference.place.startswith(f"{one.source.place}.") for one in lines
    )


def workspaces_around(organization: Organization, place: str) -> tuple[str, ...]:
    """Return the workspaces that a place of the document is about, or ``*``."""
    found = re.match(r"(\w+)\[(\d+)\]", place)
    if found is None:
        return ("*",)
    thing = getattr(organization, found[1])[int(found[2])]
    return resources_of(found[1], thing, organization)


def _thing(reference: Reference, **more: Any) -> OffboardingItem:
    return OffboardingItem(
        place=reference.place, section=reference.section, name=reference.name, **more
    )


def _proposed(
    organization: Organization, member: str, reference: Reference, at: dt.datetime
) -> str:
    """Propose the lead of where it counts, or else whoever may do most there."""
    access = organization.access
    present = [
        one.id
        for one in organization.members
        if one.id != member
        and one.kind == "staff"
        and access.inactive_reason(one.id, at=at) is None
    ]
    places = workspaces_around(organization, reference.place)
    known = organization.workspaces_by_id
    leads = [known[place].lead for place in places if place in known]
    return next(
        (lead for lead in leads if lead in present),
        max(
            sorted(present),
            key=lambda one: sum(len(access.permissions_of(one, place, at=at)) for place in places),
            default="",
        ),
    )


def successors_by_place(
    things: tuple[OffboardingItem, ...], successors: Mapping[str, str], *, member: str
) -> dict[str, str]:
    """
    Return who takes over each thing, of heirs by place or by section; a place goes first.

    Raises:
        InvalidValueError: If a key is neither, or of something that nobody can take over.
    """
    found: dict[str, str] = {}
    by_place = {one.place: one for one in things}
    by_section = {one.section for one in things}
    for key, successor in successors.items():
        of_place = by_place.get(key)
        if of_place is None and key not in by_section:
            names = sorted({*by_place, *by_section})
            raise InvalidValueError(
                f"nothing of `{member}` is called `{key}`{did_you_mean(key, names, before='; ')}",
                value=key,
                expected="a place or a section of the departure",
            )
        for one in things:
            if one.place == key or (one.section == key and one.place not in successors):
                if one.takes_successor:
                    found[one.place] = successor
                elif of_place is not None:
                    raise InvalidValueError(
                        f"nobody can take over {key}: {one.consequence.text()}", value=successor
                    )
    return found


def refuse_successor(
    organization: Organization, member: str, successor: str, *, at: dt.datetime
) -> None:
    """
    Refuse an heir who is nobody, or the one who leaves.

    Raises:
        NotFoundError: If there is no such member.

        InvalidValueError: If they are the same, or the heir's own rights rest or have ended.
    """
    if successor not in organization.members_by_id:
        raise NotFoundError(
            "member", successor, suggestion=organization.did_you_mean("member", successor)
        )
    if successor == member:
        raise InvalidValueError(
            f"`{member}` cannot take over from themselves",
            value=successor,
            expected="somebody else",
        )
    barred = organization.access.inactive_reason(successor, at=at)
    if barred is not None:
        raise InvalidValueError(
            f"`{successor}` cannot take anything over: {barred.text()}",
            value=successor,
            expected="somebody who is there",
        )


def handed_over(
    organization: Organization, member: str, successors: Mapping[str, str], *, left: dt.date
) -> tuple[Organization, frozenset[str]]:
    """
    Return the document in which a member has left and heirs stand in their places.

    Args:
        organization: The document.

        member: Who leaves.

        successors: Who takes over, by place.

        left: The first day without them.

    Returns:
        It, and the places that need an heir and have none: as long as there
        are some, it names the member there.
    """
    sections, needed = _rewritten_all(organization, member, successors)
    members = tuple(
        attrs.evolve(one, left=left) if one.id == member else one
        for one in sections.get("members", organization.members)
    )
    sections["members"] = members
    return attrs.evolve(organization, **sections), needed


@attrs.frozen
class _Gone:
    """In place of a value: nothing of it is left, for want of an heir at these places."""

    places: tuple[str, ...]


def _rewritten_all(
    organization: Organization, member: str, successors: Mapping[str, str]
) -> tuple[dict[str, Any], frozenset[str]]:
    changed: dict[str, Any] = {}
    needed: set[str] = set()
    for field in fields_of(type(organization)):
        value = getattr(organization, field.name)
        new = _rewritten(field.shape, value, member, field.key, successors)
        if isinstance(new, _Gone):
            needed.update(new.places)
        elif new is not value:
            changed[field.name] = new
    return changed, frozenset(needed)


def _rewritten(
    shape: sh.Shape, value: Any, member: str, path: str, successors: Mapping[str, str]
) -> Any:
    """Return a value in which heirs stand for *member*, or are one name less; itself if in none."""
    if value is None:
        return value
    match shape:
        case sh.NameShape(kind="member"):
            if value != member or (path not in successors and _SHIFT.fullmatch(path)):
                return value
            return successors.get(path) or _Gone((path,))
        case sh.PrincipalShape():
            if (value.kind, value.name) != ("member", member):
                return value
            return Principal("member", successors[path]) if path in successors else _Gone((path,))
        case sh.Section():
            return _rewritten_section(value, member, path, successors)
        case sh.ListOf(item=item):
            many = sorted(value) if isinstance(value, frozenset) else value
            new = [
                _rewritten(item, one, member, f"{path}[{number}]", successors)
                for number, one in enumerate(many)
            ]
            least = shape.at_least
            return _collected(value, list(many), new, path, item, at_least=least)
        case sh.MapOf(item=sh.Section() as item):
            new = [_rewritten(item, one, member, f"{path}.{one.id}", successors) for one in value]
            return _collected(value, list(value), new, path, item, at_least=0)
        case _:
            return value


def _rewritten_section(value: Any, member: str, path: str, successors: Mapping[str, str]) -> Any:
    changed: dict[str, Any] = {}
    gone: list[str] = []
    for field in fields_of(type(value)):
        before = getattr(value, field.name)
        new = _rewritten(field.shape, before, member, f"{path}.{field.key}", successors)
        if isinstance(new, _Gone):
            gone += new.places
        elif new is not before:
            changed[field.name] = new
    if gone:
        return _Gone(tuple(gone))
    return attrs.evolve(value, **changed) if changed else value


def _collected(
    value: Any, before: list[Any], after: list[Any], path: str, item: sh.Shape, *, at_least: int
) -> Any:
    """Return a list without what is gone, or what is gone if it cannot go."""
    if all(new is old for new, old in zip(after, before, strict=True)):
        return value
    gone = dict(_gone_of(after))
    staying = [
        place
        for number, places in gone.items()
        for place in places
        if isinstance(item, sh.Section) and not _MAY_GO.fullmatch(f"{path}[{number}]")
    ]
    left = [one for one in after if not isinstance(one, _Gone)]
    if staying:
        return _Gone(tuple(staying))
    if len(left) < at_least:
        return _Gone(tuple(place for places in gone.values() for place in places))
    if not isinstance(item, sh.Section):
        left = list(dict.fromkeys(left))
    return type(value)(left)


def _gone_of(values: list[Any]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for number, one in enumerate(values):
        if isinstance(one, _Gone):
            yield number, one.places

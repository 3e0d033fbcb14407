"""Offboarding: the references to a member, and the document without the member."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from socialcollab import document_fields as sh
from socialcollab._notebook import NotebookMixin
from socialcollab.directory import Principal
from socialcollab.document_fields import fields_of
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, ProfileId, did_you_mean
from socialcollab.organization.diff import resources_of
from socialcollab.organization.organization import Organization
from socialcollab.organization.reviewers import steps_losing_reviewers
from socialcollab.permissions import (
    EVERYWHERE,
    PERMISSIONS,
    Absence,
    ShiftSwap,
    TemporaryGrant,
    owners,
)
from socialcollab.time import local_time
from socialcollab.verdicts import Reason

_RuntimeEntry: TypeAlias = Absence | TemporaryGrant | ShiftSwap

_RULE = re.compile(r"(grants|forbids)\[(\d+)\]")
# These entries concern only the members they name. All other entries are still needed after the
# member has left.
_REMOVABLE = re.compile(r"(grants|forbids|expect)\[\d+\]")
# The sections through which a member can be a reviewer.
_REVIEWER_SECTIONS = ("teams", "grants", "rotations", "approvals")
# If a listed shift were removed, the shift before it would become longer.
_SHIFT = re.compile(r"rotations\[(\d+)\]\.shifts\[(\d+)\]\.member")


@attrs.frozen(kw_only=True)
class Reference(NotebookMixin):
    """
    A reference to a member in the document or the runtime state.

    Attributes:
        place: The place in the document, such as ``rotations[0].members[2]``; in the runtime
            state, ``absence ID``, ``grant ID`` or ``swap ID``.
        section: The section, such as "rotations"; in the runtime state, "absences",
            "temporary_grants" or "swaps".
        name: The id of the entry that refers to the member, or its place if it has no id.
        others: The number of other members in the same list.
        description: The role or permissions of a grant or forbid and its selector, such as
            ``editor on workspace tulip``; empty for other entries.
    """

    place: str
    section: str
    name: str
    others: int = 0
    description: str = ""

    @property
    def is_only_member(self) -> bool:
        """Whether the list or key names no other member."""
        return self.others == 0

    @property
    def label(self) -> str:
        """The place with the name or description of the entry: ``teams[0].members[1] (social)``."""
        place_and_id = {self.place, self.place.partition(".")[0], self.place.partition(" ")[2]}
        entry = self.description or ("" if self.name in place_and_id else self.name)
        return f"{self.place} ({entry})" if entry else self.place

    def __str__(self) -> str:
        return self.label + (": no other member" if self.is_only_member else "")


@attrs.frozen(kw_only=True)
class References(NotebookMixin):
    """
    All references to a member.

    Attributes:
        member: The member.
        references: The references in the document, in document order, followed by the references in
            the runtime state.
    """

    member: MemberId
    references: tuple[Reference, ...]

    @property
    def needing_successor(self) -> tuple[Reference, ...]:
        """The references whose list or key names no other member."""
        return tuple(reference for reference in self.references if reference.is_only_member)

    def __str__(self) -> str:
        return "\n".join(map(str, self.references)) or f"nothing depends on {self.member}"


def references_to(organization: Organization, member: str) -> References:
    """
    Return all references to a member in the document and the runtime state.

    Raises:
        NotFoundError: If the member does not exist.
    """
    organization.member(member)
    runtime = (reference for reference, _ in _runtime_references(organization, member))
    return References(
        member=MemberId(member),
        references=(*_document_references(organization, member), *runtime),
    )


def _document_references(organization: Organization, member: str) -> Iterator[Reference]:
    for field in fields_of(Organization):
        value = getattr(organization, field.name)
        for place, others, owner in _mentions(field.shape, value, member, field.key):
            rule = _RULE.match(place)
            yield Reference(
                place=place,
                section=field.key,
                name=str(getattr(owner, "id", "") or place.partition(".")[0]),
                others=others,
                description=_describe(getattr(organization, rule[1])[int(rule[2])]) if rule else "",
            )


def _describe(rule: Any) -> str:
    role = getattr(rule, "role", "")
    return f"{role or ', '.join(sorted(rule.permissions))} on {rule.on}"


def _mentions(
    shape: sh.Shape, value: Any, member: str, path: str, owner: Any = None, *, others: int = 0
) -> Iterator[tuple[str, int, Any]]:
    """Yield the path, the number of other list items and the owning section of each mention."""
    if value is None:
        return
    match shape:
        case sh.Section():
            owner = value if owner is None and hasattr(value, "id") else owner
            for field in fields_of(type(value)):
                inner = getattr(value, field.name)
                yield from _mentions(field.shape, inner, member, f"{path}.{field.key}", owner)
        case sh.ListOf(item=item):
            items = _items_of(value)
            for number, inner in enumerate(items):
                here = f"{path}[{number}]"
                yield from _mentions(item, inner, member, here, owner, others=len(items) - 1)
        case sh.MapOf(item=sh.Section() as item):
            for inner in value:
                yield from _mentions(item, inner, member, f"{path}.{inner.id}", inner)
        case _ if _is_mention(shape, value, member):
            yield path, others, owner


def _is_mention(shape: sh.Shape, value: Any, member: str) -> bool:
    match shape:
        case sh.NameShape(kind="member"):
            return bool(value == member)
        case sh.PrincipalShape():
            return (value.kind, value.name) == ("member", member)
    return False


def _items_of(value: Any) -> list[Any]:
    # The document contains sets as sorted lists, and places count the items in that order.
    return sorted(value) if isinstance(value, frozenset) else list(value)


def _runtime_references(
    organization: Organization, member: str
) -> Iterator[tuple[Reference, _RuntimeEntry]]:
    """Yield the references in the runtime state, each with the entry that contains it."""
    for absence in organization.absences:
        if member in (absence.member, absence.delegate):
            place = f"absence {absence.id}"
            yield Reference(place=place, section="absences", name=absence.id), absence
    for given in organization.temporary_grants:
        if Principal("member", member) in given.grant.to:
            reference = Reference(
                place=given.place,
                section="temporary_grants",
                name=given.id,
                others=len(given.grant.to) - 1,
            )
            yield reference, given
    for swap in organization.swaps:
        if swap.member == member:
            yield Reference(place=f"swap {swap.id}", section="swaps", name=swap.id), swap


@attrs.frozen(kw_only=True)
class OffboardingItem(NotebookMixin):
    """
    A reference to a member who leaves, with the consequence of the offboarding.

    Attributes:
        place: The place of the reference, as in `Reference`, or ``post ID``.
        section: The section, as in `Reference`; a desk adds "grants_given",
            "connections", "conversations", "cases" and "posts".
        name: The id of the entry that depends on the member, or its place if it has no id.
        needs_successor: Whether another member must take over the item.
        transferable: Whether another member can take over the item.
        successor: The proposed successor; empty if no successor is needed, or if the item makes
            the member an owner, because no member is ever proposed as an owner.
        consequence: The consequence if no member takes over the item.
    """

    place: str
    section: str
    name: str
    needs_successor: bool = False
    transferable: bool = True
    successor: str = ""
    consequence: Reason

    def __str__(self) -> str:
        return self.text()

    def text(self, language: str = "en") -> str:
        """Return the consequence with the place and the proposed successor."""
        text = self.consequence.text(language)
        if self.place not in text and f"`{self.name}`" not in text:
            text = f"{self.place}: {text}"
        return f"{text} ({self.successor}?)" if self.successor else text


def first_day_without(organization: Organization, member: str, at: dt.datetime) -> dt.date:
    """Return the first day without a member: the day on which they left, or today in their zone."""
    person = organization.members_by_id[member]
    today = local_time(at, person.timezone or str(organization.settings.timezone)).date()
    return today if person.left is None else min(person.left, today)


def offboarding_items(
    organization: Organization, member: str, *, at: dt.datetime
) -> tuple[OffboardingItem, ...]:
    """
    Return the items in the document and the runtime state that depend on a member.

    Args:
        organization: The organization, with its runtime state if this state is to be included.
        member: The member who leaves.
        at: The instant of the offboarding; entries that ended before it are omitted.

    Raises:
        NotFoundError: If the member does not exist.
    """
    organization.member(member)
    _, needed = _sections_without(organization, member, {})
    is_last_owner = owners(organization.access, at=at) == (member,)
    steps_by_place = _steps_losing_reviewers(organization, member, needed, at)
    items = []
    for reference in _document_references(organization, member):
        if reference.place in needed:
            proposed = _propose_successor(organization, member, reference.place, at)
            item = _item(reference, "needs_successor", needs_successor=True, successor=proposed)
        elif is_last_owner and _makes_owner(organization, reference):
            # No successor is proposed, because people must decide who owns the organization.
            item = _item(reference, "last_owner", needs_successor=True)
        elif reference.place in steps_by_place:
            steps = steps_by_place[reference.place]
            proposed = _propose_successor(organization, member, reference.place, at)
            item = _item(
                reference,
                "too_few_reviewers",
                needs_successor=True,
                successor=proposed,
                steps=", ".join(f"`{step}`" for step in steps),
            )
        elif shift := _SHIFT.fullmatch(reference.place):
            start = organization.rotations[int(shift[1])].shifts[int(shift[2])].start
            day = start.date() if isinstance(start, dt.datetime) else start
            is_ahead = day >= first_day_without(organization, member, at)
            item = _item(reference, "shift_stays", transferable=is_ahead, start=start)
        else:
            code = "rule_removed" if reference.is_only_member else "others_stay"
            item = _item(reference, code, member=member)
        items.append(item)
    items += [
        _runtime_item(reference, entry, member)
        for reference, entry in _runtime_references(organization, member)
        if not _is_over(organization, entry, at)
    ]
    return tuple(items)


def _steps_losing_reviewers(
    organization: Organization, member: str, needed: Collection[str], at: dt.datetime
) -> dict[str, tuple[str, ...]]:
    """
    Return the steps for which too few members could decide without a member, by place.

    Only places at which the proposed successor would become a reviewer in place of the member are
    included, or all places where the member could be a reviewer if no single place is sufficient.

    Args:
        organization: The organization.
        member: The member.
        needed: The places that need a successor in any case.
        at: The instant.
    """
    left = first_day_without(organization, member, at)

    def lost(*places: str) -> dict[str, tuple[ProfileId, ...]]:
        successors = {
            place: _propose_successor(organization, member, place, at)
            for place in (*needed, *places)
        }
        after, _ = hand_over(organization, member, successors, left=left)
        return steps_losing_reviewers(organization, after, at, member=member)

    before = lost()
    if not before:
        return {}
    candidates = [
        reference.place
        for reference in _document_references(organization, member)
        if reference.section in _REVIEWER_SECTIONS
        and reference.place not in needed
        and not _SHIFT.fullmatch(reference.place)
    ]
    found = {
        place: tuple(step for step, profiles in before.items() if after.get(step) != profiles)
        for place in candidates
        for after in (lost(place),)
    }
    found = {place: steps for place, steps in found.items() if steps}
    return found or dict.fromkeys(candidates, tuple(before))


def _item(
    reference: Reference,
    code: str,
    *,
    needs_successor: bool = False,
    transferable: bool = True,
    successor: str = "",
    **params: object,
) -> OffboardingItem:
    return OffboardingItem(
        place=reference.place,
        section=reference.section,
        name=reference.name,
        needs_successor=needs_successor,
        transferable=transferable,
        successor=successor,
        consequence=Reason.of(
            f"offboarding.{code}", place=reference.place, label=reference.label, **params
        ),
    )


def _runtime_item(reference: Reference, entry: _RuntimeEntry, member: str) -> OffboardingItem:
    match entry:
        case Absence():
            is_own = entry.member == member
            return _item(
                reference,
                "absence_ends" if is_own else "no_delegate",
                transferable=not is_own,
                member=member,
                absent=entry.member,
                start=entry.start,
                end=entry.end,
            )
        case TemporaryGrant():
            code = "grant_ends" if reference.is_only_member else "grant_stays"
            return _item(reference, code, member=member, by=entry.by, until=entry.until)
        case ShiftSwap():
            start = f"{entry.start:%Y-%m-%d %H:%M}"
            return _item(reference, "swap_ends", rotation=entry.rotation, start=start)


def _is_over(organization: Organization, entry: _RuntimeEntry, at: dt.datetime) -> bool:
    match entry:
        case Absence():
            return entry.ends_at <= at
        case TemporaryGrant():
            return entry.is_over(organization.access.bindings.scope, at=at)
        case ShiftSwap():
            if entry.until is not None or entry.rotation not in organization.rotations_by_id:
                return True
            binding = organization.access.rotation_binding(entry.rotation)
            zones = {binding.zone_of(resource) for resource in binding.resources}
            return all(entry.span(zone)[1] <= at for zone in zones)


def _makes_owner(organization: Organization, reference: Reference) -> bool:
    """Return whether a grant or a team membership gives a member every permission everywhere."""
    bindings = [
        binding
        for binding in organization.access.bindings.grants
        if EVERYWHERE in binding.resources and binding.source.end is None
    ]
    # If no single grant provides all permissions, combine several grants.
    bindings = [one for one in bindings if one.permissions >= PERMISSIONS.keys()] or bindings
    if reference.section == "teams":
        team = Principal("team", reference.name)
        return any(team in binding.source.to for binding in bindings)
    return reference.section == "grants" and any(
        reference.place.startswith(f"{binding.source.place}.") for binding in bindings
    )


def workspaces_at(organization: Organization, place: str) -> tuple[str, ...]:
    """Return the workspaces to which the entry at a place of the document applies, or ``*``."""
    entry = re.match(r"(\w+)\[(\d+)\]", place)
    if entry is None:
        return ("*",)
    section, number = entry[1], int(entry[2])
    return resources_of(section, getattr(organization, section)[number], organization)


def _propose_successor(organization: Organization, member: str, place: str, at: dt.datetime) -> str:
    """Return the workspace's lead, or else the staff member with the most permissions in it."""
    access = organization.access
    present = [
        other.id
        for other in organization.members
        if other.id != member
        and other.kind == "staff"
        and access.inactive_reason(other.id, at=at) is None
    ]
    resources = workspaces_at(organization, place)
    workspaces = organization.workspaces_by_id
    for resource in resources:
        if resource in workspaces and workspaces[resource].lead in present:
            return workspaces[resource].lead

    def permissions(other: str) -> int:
        return sum(len(access.permissions_of(other, one, at=at)) for one in resources)

    return max(sorted(present), key=permissions, default="")


def successors_by_place(
    items: tuple[OffboardingItem, ...], successors: Mapping[str, str], *, member: str
) -> dict[str, str]:
    """
    Return the successor for each place.

    Args:
        items: The items that depend on the member.
        successors: The successors by place or by section; a place takes precedence over its
            section.
        member: The member who leaves.

    Raises:
        InvalidValueError: If a key is neither a place nor a section of the items, or if the item
            at a place is not transferable.
    """
    by_place = {item.place: item for item in items}
    sections = {item.section for item in items}
    resolved: dict[str, str] = {}
    for key, successor in successors.items():
        if key not in by_place and key not in sections:
            hint = did_you_mean(key, sorted({*by_place, *sections}), before="; ")
            raise InvalidValueError(
                f"`{key}` is not a place or section of the plan to offboard `{member}`{hint}",
                value=key,
                expected="a place or a section of the offboarding plan",
            )
        if key in by_place and not by_place[key].transferable:
            raise InvalidValueError(
                f"{key} cannot have a successor: {by_place[key].consequence.text()}",
                value=successor,
            )
        for item in items:
            in_section = item.section == key and item.place not in successors
            if item.transferable and (item.place == key or in_section):
                resolved[item.place] = successor
    return resolved


def check_successor(
    organization: Organization, member: str, successor: str, *, at: dt.datetime
) -> None:
    """
    Reject a successor who does not exist, is not active, or is the member who leaves.

    Raises:
        NotFoundError: If the member *successor* does not exist.
        InvalidValueError: If the successor is *member*, is suspended or has left.
    """
    organization.member(successor)
    if successor == member:
        raise InvalidValueError(
            f"`{member}` cannot be their own successor", value=successor, expected="another member"
        )
    inactive = organization.access.inactive_reason(successor, at=at)
    if inactive is not None:
        raise InvalidValueError(
            f"`{successor}` cannot be a successor: {inactive.text()}",
            value=successor,
            expected="an active member",
        )


def hand_over(
    organization: Organization, member: str, successors: Mapping[str, str], *, left: dt.date
) -> tuple[Organization, frozenset[str]]:
    """
    Return the document in which a member has left and the successors have taken over.

    Args:
        organization: The organization.
        member: The member who leaves.
        successors: The successors, by place.
        left: The first day without the member.

    Returns:
        The document, and the places that still need a successor, in which the document keeps the
        member.
    """
    sections, needed = _sections_without(organization, member, successors)
    sections["members"] = tuple(
        attrs.evolve(other, left=left) if other.id == member else other
        for other in sections.get("members", organization.members)
    )
    return attrs.evolve(organization, **sections), needed


@attrs.frozen
class _Removed:
    """A placeholder for a value that is removed unless a successor is given for these places."""

    places: tuple[str, ...]


def _sections_without(
    organization: Organization, member: str, successors: Mapping[str, str]
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the changed sections, by field, and the places that need a successor."""
    changed: dict[str, Any] = {}
    needed: set[str] = set()
    for field in fields_of(Organization):
        value = getattr(organization, field.name)
        new = _without(field.shape, value, member, field.key, successors)
        if isinstance(new, _Removed):
            needed.update(new.places)
        elif new is not value:
            changed[field.name] = new
    return changed, frozenset(needed)


def _without(
    shape: sh.Shape, value: Any, member: str, path: str, successors: Mapping[str, str]
) -> Any:
    """Return *value* with *member* replaced or removed, or *value* itself if nothing changes."""
    if value is None:
        return value
    match shape:
        case sh.Section():
            return _section_without(value, member, path, successors)
        case sh.ListOf(item=item):
            items = _items_of(value)
            new = [
                _without(item, old, member, f"{path}[{number}]", successors)
                for number, old in enumerate(items)
            ]
            return _list_without(shape, value, items, new, path)
        case sh.MapOf(item=sh.Section() as item):
            new = [_without(item, old, member, f"{path}.{old.id}", successors) for old in value]
            return _list_without(sh.ListOf(item=item), value, list(value), new, path)
        case _ if _is_mention(shape, value, member):
            successor = successors.get(path)
            if not successor:
                return value if _SHIFT.fullmatch(path) else _Removed((path,))
            return successor if isinstance(value, str) else Principal("member", successor)
    return value


def _section_without(section: Any, member: str, path: str, successors: Mapping[str, str]) -> Any:
    changed: dict[str, Any] = {}
    removed: list[str] = []
    for field in fields_of(type(section)):
        old = getattr(section, field.name)
        new = _without(field.shape, old, member, f"{path}.{field.key}", successors)
        if isinstance(new, _Removed):
            removed += new.places
        elif new is not old:
            changed[field.name] = new
    if removed:
        return _Removed(tuple(removed))
    return attrs.evolve(section, **changed) if changed else section


def _list_without(
    shape: sh.ListOf, value: Any, old_items: list[Any], new_items: list[Any], path: str
) -> Any:
    """Return a list without its removed items, or `_Removed` if they cannot be omitted."""
    if all(new is old for new, old in zip(new_items, old_items, strict=True)):
        return value
    has_sections = isinstance(shape.item, sh.Section)
    removed = {
        number: item.places for number, item in enumerate(new_items) if isinstance(item, _Removed)
    }
    needed = [
        place
        for number, places in removed.items()
        if has_sections and not _REMOVABLE.fullmatch(f"{path}[{number}]")
        for place in places
    ]
    remaining = [item for item in new_items if not isinstance(item, _Removed)]
    if not needed and len(remaining) < shape.at_least:
        needed = [place for places in removed.values() for place in places]
    if needed:
        return _Removed(tuple(needed))
    # A successor may be in the list already.
    return type(value)(remaining if has_sections else dict.fromkeys(remaining))

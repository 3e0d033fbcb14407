"""What becomes of everything that hangs on somebody who leaves, and the document without them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from socialcollab import sections as sh
from socialcollab.directory import Party
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.organization.change import places_of
from socialcollab.organization.reader import fields_of
from socialcollab.organization.removal import Hanging, removal
from socialcollab.permissions import PERMISSIONS
from socialcollab.permissions.owning import owners
from socialcollab.permissions.scope import EVERYWHERE
from socialcollab.showing import badge, card, facts
from socialcollab.time import local_time
from socialcollab.verdicts import Reason

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

__all__ = [
    "Departing",
    "departing",
    "first_day_without",
    "handed_over",
    "heirs_by_place",
    "refuse_heir",
    "workspaces_around",
]

# What stands for itself alone may go with whom it names; of all else somebody has to take care.
_MAY_GO = re.compile(r"(grants|forbids|expect)\[\d+\]")
# A turn that is taken out would let the one before last longer.
_TURN = re.compile(r"duties\[(\d+)\]\.turns\[(\d+)\]\.member")


@attrs.frozen(kw_only=True)
class Departing:
    """
    One thing that hangs on somebody who leaves, and what becomes of it.

    Attributes:
        place: What it is called: where the document names them, such as
            ``duties[0].members[2]``, or ``absence ID``, ``given ID``, ``post ID``.

        section: The section it stands in, or "absences", "given", "posts".

        name: The thing's identifier, or its place where it has none.

        needs_heir: Whether somebody has to take it over.

        takes_heir: Whether somebody can.

        heir: Who is proposed; empty where nobody needs to, or is proposed
            to be given everything.

        then: What becomes of it if nobody takes it over.
    """

    place: str
    section: str
    name: str
    needs_heir: bool = False
    takes_heir: bool = True
    heir: str = ""
    then: Reason

    def __str__(self) -> str:
        return self.text()

    def text(self, language: str = "en") -> str:
        """Say what becomes of it, by its place so that an heir can be named, and who is proposed."""
        said = self.then.text(language)
        if self.place not in said and f"`{self.name}`" not in said:
            said = f"{self.place}: {said}"
        return f"{said} ({self.heir}?)" if self.heir else said

    def _html_cells_(self) -> dict[str, str]:
        return {
            "place": self.place,
            "name": self.name,
            "then": self.then.text(),
            "heir": self.heir,
            "": badge("needs an heir", "red") if self.needs_heir else "",
        }

    def _repr_html_(self) -> str:
        cells = self._html_cells_()
        mark = cells.pop("")
        return card(cells.pop("place"), facts(cells), badges=[mark] if mark else [])


def first_day_without(organization: Organization, member: str, at: dt.datetime) -> dt.date:
    """Return the day on which a member has left, or today in their own zone."""
    person = organization.members_by_id[member]
    today = local_time(at, person.timezone or str(organization.settings.timezone)).date()
    return today if person.left is None else min(person.left, today)


def departing(organization: Organization, member: str, *, at: dt.datetime) -> tuple[Departing, ...]:
    """
    Return everything in the document and among the facts that hangs on a member.

    Args:
        organization: What is in force, with its facts if they are to count.

        member: Who leaves.

        at: When.

    Raises:
        NotFoundError: If there is no such member.
    """
    hanging = removal(organization, member).hangs
    _, needed = _rewritten_all(organization, member, {})
    last = owners(organization.access, at=at) == (member,)
    return tuple(
        _departing(organization, member, one, needed, at, last_owner=last)
        for one in hanging
        if not _is_over(organization, one, at)
    )


def _is_over(organization: Organization, hanging: Hanging, at: dt.datetime) -> bool:
    if hanging.section == "absences":
        return any(one.id == hanging.name and one.ends_at <= at for one in organization.absences)
    if hanging.section == "swaps":
        swap = next(one for one in organization.swaps if one.id == hanging.name)
        if swap.until is not None or swap.duty not in organization.duties_by_id:
            return True
        line = organization.access.duty_line(swap.duty)
        return all(swap.span(line.zone_of(where))[1] <= at for where in line.places)
    scope = organization.access.rulebook.scope
    return hanging.section == "given" and any(
        one.id == hanging.name and one.is_over(scope, at=at) for one in organization.given
    )


def _departing(
    organization: Organization,
    member: str,
    hanging: Hanging,
    needed: frozenset[str],
    at: dt.datetime,
    *,
    last_owner: bool,
) -> Departing:
    if hanging.section == "absences":
        absence = next(one for one in organization.absences if one.id == hanging.name)
        theirs = absence.member == member
        code = "depart.away_ends" if theirs else "depart.no_stand_in"
        then = Reason.of(code, member=member, absent=absence.member, start=absence.start,
                         end=absence.end)  # fmt: skip
        return _thing(hanging, then=then, takes_heir=not theirs)
    if hanging.section == "given":
        given = next(one for one in organization.given if one.id == hanging.name)
        code = "depart.given_ends" if hanging.alone else "depart.given_stays"
        then = Reason.of(code, member=member, by=given.by, until=given.until)
        return _thing(hanging, then=then)
    if hanging.section == "swaps":
        swap = next(one for one in organization.swaps if one.id == hanging.name)
        then = Reason.of("depart.swap_ends", duty=swap.duty, start=f"{swap.start:%Y-%m-%d %H:%M}")
        return _thing(hanging, then=then)
    if hanging.place in needed:
        return _thing(
            hanging,
            then=Reason.of("depart.needs_heir", place=hanging.place, called=hanging.called),
            needs_heir=True,
            heir=_proposed(organization, member, hanging, at),
        )
    if last_owner and _is_everywhere(organization, hanging):
        # Nobody is proposed: whom everything is given to, a person says.
        then = Reason.of("depart.last_owner", place=hanging.place, called=hanging.called)
        return _thing(hanging, then=then, needs_heir=True)
    turn = _TURN.fullmatch(hanging.place)
    if turn is not None:
        start = organization.duties[int(turn[1])].turns[int(turn[2])].start
        day = start.date() if isinstance(start, dt.datetime) else start
        then = Reason.of(
            "depart.turn_stays", place=hanging.place, called=hanging.called, start=start
        )
        return _thing(
            hanging, then=then, takes_heir=day >= first_day_without(organization, member, at)
        )
    code = "depart.line_goes" if hanging.alone else "depart.others_stay"
    return _thing(
        hanging, then=Reason.of(code, place=hanging.place, called=hanging.called, member=member)
    )


def _is_everywhere(organization: Organization, hanging: Hanging) -> bool:
    """Tell whether it gives what an owner has, everywhere: a grant, or a place in a team."""
    lines = [
        one
        for one in organization.access.rulebook.grants
        if EVERYWHERE in one.places and one.source.end is None
    ]
    # Where no line gives it all, it takes what several give together.
    lines = [one for one in lines if one.permissions >= PERMISSIONS.keys()] or lines
    if hanging.section == "teams":
        return any(str(party) == f"team:{hanging.name}" for one in lines for party in one.source.to)
    return hanging.section == "grants" and any(
        hanging.place.startswith(f"{one.source.place}.") for one in lines
    )


def workspaces_around(organization: Organization, place: str) -> tuple[str, ...]:
    """Return the workspaces that a place of the document is about, or ``*``."""
    found = re.match(r"(\w+)\[(\d+)\]", place)
    if found is None:
        return ("*",)
    thing = getattr(organization, found[1])[int(found[2])]
    return places_of(found[1], thing, organization)


def _thing(hanging: Hanging, **more: Any) -> Departing:
    return Departing(place=hanging.place, section=hanging.section, name=hanging.name, **more)


def _proposed(organization: Organization, member: str, hanging: Hanging, at: dt.datetime) -> str:
    """Propose the lead of where it counts, or else whoever may do most there."""
    access = organization.access
    present = [
        one.id
        for one in organization.members
        if one.id != member
        and one.kind == "staff"
        and access.barred_altogether(one.id, at=at) is None
    ]
    places = workspaces_around(organization, hanging.place)
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


def heirs_by_place(
    things: tuple[Departing, ...], heirs: Mapping[str, str], *, member: str
) -> dict[str, str]:
    """
    Return who takes over each thing, of heirs by place or by section; a place goes first.

    Raises:
        InvalidValueError: If a key is neither, or of something that nobody can take over.
    """
    found: dict[str, str] = {}
    by_place = {one.place: one for one in things}
    by_section = {one.section for one in things}
    for key, heir in heirs.items():
        of_place = by_place.get(key)
        if of_place is None and key not in by_section:
            names = sorted({*by_place, *by_section})
            raise InvalidValueError(
                f"nothing of `{member}` is called `{key}`{did_you_mean(key, names, before='; ')}",
                value=key,
                expected="a place or a section of the departure",
            )
        for one in things:
            if one.place == key or (one.section == key and one.place not in heirs):
                if one.takes_heir:
                    found[one.place] = heir
                elif of_place is not None:
                    raise InvalidValueError(
                        f"nobody can take over {key}: {one.then.text()}", value=heir
                    )
    return found


def refuse_heir(organization: Organization, member: str, heir: str, *, at: dt.datetime) -> None:
    """
    Refuse an heir who is nobody, or the one who leaves.

    Raises:
        NotFoundError: If there is no such member.

        InvalidValueError: If they are the same, or the heir's own rights rest or have ended.
    """
    if heir not in organization.members_by_id:
        raise NotFoundError("member", heir, suggestion=organization.did_you_mean("member", heir))
    if heir == member:
        raise InvalidValueError(
            f"`{member}` cannot take over from themselves", value=heir, expected="somebody else"
        )
    barred = organization.access.barred_altogether(heir, at=at)
    if barred is not None:
        raise InvalidValueError(
            f"`{heir}` cannot take anything over: {barred.text()}",
            value=heir,
            expected="somebody who is there",
        )


def handed_over(
    organization: Organization, member: str, heirs: Mapping[str, str], *, left: dt.date
) -> tuple[Organization, frozenset[str]]:
    """
    Return the document in which a member has left and heirs stand in their places.

    Args:
        organization: The document.

        member: Who leaves.

        heirs: Who takes over, by place.

        left: The first day without them.

    Returns:
        It, and the places that need an heir and have none: as long as there
        are some, it names the member there.
    """
    sections, needed = _rewritten_all(organization, member, heirs)
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
    organization: Organization, member: str, heirs: Mapping[str, str]
) -> tuple[dict[str, Any], frozenset[str]]:
    changed: dict[str, Any] = {}
    needed: set[str] = set()
    for field in fields_of(type(organization)):
        value = getattr(organization, field.name)
        new = _rewritten(field.shape, value, member, field.key, heirs)
        if isinstance(new, _Gone):
            needed.update(new.places)
        elif new is not value:
            changed[field.name] = new
    return changed, frozenset(needed)


def _rewritten(
    shape: sh.Shape, value: Any, member: str, path: str, heirs: Mapping[str, str]
) -> Any:
    """Return a value in which heirs stand for *member*, or are one name less; itself if in none."""
    if value is None:
        return value
    match shape:
        case sh.Ref(kind="member"):
            if value != member or (path not in heirs and _TURN.fullmatch(path)):
                return value
            return heirs.get(path) or _Gone((path,))
        case sh.Party():
            if (value.kind, value.name) != ("member", member):
                return value
            return Party("member", heirs[path]) if path in heirs else _Gone((path,))
        case sh.Section():
            return _rewritten_section(value, member, path, heirs)
        case sh.ListOf(item=item):
            many = sorted(value) if isinstance(value, frozenset) else value
            new = [
                _rewritten(item, one, member, f"{path}[{number}]", heirs)
                for number, one in enumerate(many)
            ]
            least = shape.at_least
            return _collected(value, list(many), new, path, item, at_least=least)
        case sh.MapOf(item=sh.Section() as item):
            new = [_rewritten(item, one, member, f"{path}.{one.id}", heirs) for one in value]
            return _collected(value, list(value), new, path, item, at_least=0)
        case _:
            return value


def _rewritten_section(value: Any, member: str, path: str, heirs: Mapping[str, str]) -> Any:
    changed: dict[str, Any] = {}
    gone: list[str] = []
    for field in fields_of(type(value)):
        before = getattr(value, field.name)
        new = _rewritten(field.shape, before, member, f"{path}.{field.key}", heirs)
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

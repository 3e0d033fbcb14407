"""Lines of a document that mean nobody any more, since those they name have left."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.organization.references import references_to
from socialcollab.time import as_utc

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization

_PASSED_OVER = frozenset({"teams", "expect", "absences", "temporary_grants", "swaps"})


@attrs.frozen(kw_only=True)
class DanglingRule:
    """
    A line that names only people who have left.

    Attributes:
        place: Where it names them, such as ``grants[3].to``.

        members: Who, sorted.
    """

    place: str
    members: tuple[MemberId, ...]

    def __str__(self) -> str:
        names = ", ".join(f"`{member}`" for member in self.members)
        return f"{self.place} names only who has left: {names}"


def dangling_rules(organization: Organization, at: dt.datetime) -> tuple[DanglingRule, ...]:
    """
    Return where the document names only people who have left by an instant, sorted.

    A team of nobody is none: it may be filled again. Expectations about them may well stay.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    scope = organization.access.bindings.scope
    found: dict[str, list[tuple[MemberId, int]]] = {}
    for member in sorted(scope.leaving):
        if scope.has_left(member, as_utc(at)):
            for one in references_to(organization, member).references:
                if one.section not in _PASSED_OVER:
                    place = re.sub(r"\[\d+\]$", "", one.place)
                    found.setdefault(place, []).append((MemberId(member), one.others))
    return tuple(
        DanglingRule(place=place, members=tuple(member for member, _ in named))
        for place, named in sorted(found.items())
        if named[0][1] < len(named)
    )

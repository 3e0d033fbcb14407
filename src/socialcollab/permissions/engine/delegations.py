"""Who stands in for whom, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator

from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.question import Question
from socialcollab.permissions.model.absence import Absence


class Delegations:
    """
    The absences of members, and what those who stand in may by them.

    Args:
        rulebook: What the lines give and bar.

        absences: Who is away, in any order; of whom nobody knows is passed over.
    """

    def __init__(self, bindings: BindingSet, absences: Iterable[Absence]) -> None:
        self._bindings = bindings
        known = bindings.scope.members
        self.all_absences = tuple(
            sorted(
                (one for one in absences if one.member in known),
                key=lambda one: (one.start, one.member, one.delegate, one.end, one.id),
            )
        )
        # One in favour of nobody gives nothing to anybody.
        self.absences = tuple(one for one in self.all_absences if one.delegate in known)
        self._of: dict[str, tuple[Absence, ...]] = {}
        for one in self.absences:
            if not known[one.delegate].suspended:
                self._of[one.delegate] = (*self._of.get(one.delegate, ()), one)

    @property
    def people(self) -> frozenset[str]:
        """Everyone who stands in for somebody, some time."""
        return frozenset(self._of)

    def delegators(self, member: str, permission: str) -> tuple[MemberId, ...]:
        """Return for whom somebody stands in with a permission, some time."""
        return tuple(one.member for one in self._of.get(member, ()) if one.delegates(permission))

    def possible(self, question: Question) -> Iterator[Absence]:
        """Yield the absences, past and to come too, in which the asker stands in with what is asked."""
        if question.member not in question.authors:
            for one in self._of.get(question.member, ()):
                if one.delegates(question.permission) and one.member not in question.authors:
                    yield one

    def carrying(
        self, member: str, permission: str, resource: str, at: dt.datetime, authors: Collection[str]
    ) -> Iterator[Absence]:
        """Yield the absences in which a member may in the place of the absent one."""
        if member in authors:
            return
        for one in self._of.get(member, ()):
            if (
                one.delegates(permission)
                and one.member not in authors
                and one.covers(at)
                and self._bindings.allows(one.member, permission, resource, at)
            ):
                yield one

    def delegates(
        self, member: str, permission: str, resource: str, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """Return who may in the place of *member* then, because *member* is away, sorted."""
        if not self.absences or not self._bindings.allows(member, permission, resource, at):
            return ()
        found = {
            one.delegate
            for one in self.absences
            if one.member == member and one.delegates(permission) and one.covers(at)
        }
        return tuple(
            MemberId(name)
            for name in sorted(found)
            if not self._bindings.scope.members[name].suspended
            and not self._bindings.bindings_of(name).forbids_at(permission, resource, at)
        )

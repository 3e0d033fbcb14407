"""Delegations: the permissions that delegates may use for absent members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator

from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.engine.periods import Periods, subtract_periods
from socialcollab.permissions.model.absence import Absence
from socialcollab.time import intersect_spans


class Delegations:
    """
    The absences of members, and the permissions that their delegates have during them.

    A delegate may use the permissions from the absent member's own grants and shifts, but not
    permissions that the absent member has as a delegate of another member.

    Args:
        bindings: The rules and rotations.
        absences: The absences, in any order. Absences of unknown members are ignored.
    """

    def __init__(self, bindings: BindingSet, absences: Iterable[Absence]) -> None:
        self._bindings = bindings
        members = bindings.scope.members
        self.all_absences = tuple(
            sorted(
                (absence for absence in absences if absence.member in members),
                key=lambda one: (one.start, one.member, one.delegate, one.end, one.id),
            )
        )
        self.absences = tuple(
            absence for absence in self.all_absences if absence.delegate in members
        )
        self._by_delegate: dict[str, tuple[Absence, ...]] = {}
        for absence in self.absences:
            if not members[absence.delegate].suspended:
                own = self._by_delegate.get(absence.delegate, ())
                self._by_delegate[absence.delegate] = (*own, absence)

    @property
    def delegates(self) -> frozenset[str]:
        """The members who are a delegate in at least one absence."""
        return frozenset(self._by_delegate)

    def delegators(self, member: str, permission: str) -> tuple[MemberId, ...]:
        """Return the members for whom *member* may use a permission as a delegate at some time."""
        return tuple(
            absence.member
            for absence in self._by_delegate.get(member, ())
            if absence.delegates(permission)
        )

    def allowing(
        self, member: str, permission: str, resource: str, at: dt.datetime, authors: Collection[str]
    ) -> Iterator[Absence]:
        """Yield the absences that allow *member* to use a permission as a delegate."""
        if member in authors:
            return
        for absence in self._by_delegate.get(member, ()):
            if (
                absence.delegates(permission)
                and absence.member not in authors
                and absence.covers(at)
                and self._bindings.allows(absence.member, permission, resource, at)
            ):
                yield absence

    def delegates_of(
        self, member: str, permission: str, resource: str, at: dt.datetime
    ) -> tuple[MemberId, ...]:
        """Return the delegates who may use a permission of the absent *member*, sorted."""
        if not self.absences or not self._bindings.allows(member, permission, resource, at):
            return ()
        delegates = {
            absence.delegate
            for absence in self.absences
            if absence.member == member and absence.delegates(permission) and absence.covers(at)
        }
        return tuple(
            MemberId(delegate)
            for delegate in sorted(delegates)
            if not self._bindings.scope.members[delegate].suspended
            and not self._bindings.bindings_of(delegate).forbids_at(permission, resource, at)
        )


def delegated_periods(
    bindings: BindingSet, absence: Absence, periods: Periods, *, forbidden: Periods
) -> Periods:
    """
    Return the periods in which a delegate may use permissions of the absent member.

    Args:
        bindings: The rules.
        absence: The absence, with a delegate.
        periods: The periods of the absent member's own permissions.
        forbidden: The periods in which permissions are forbidden to the delegate.
    """
    days = ((absence.begins_at, absence.ends_at),)
    during = {
        key: intersect_spans(days, spans)
        for key, spans in periods.items()
        if absence.delegates(key[0])
    }
    return bindings.while_active(absence.delegate, subtract_periods(during, forbidden))

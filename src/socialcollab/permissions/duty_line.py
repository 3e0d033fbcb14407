"""A duty with everything it names worked out: what whoever is on duty may do."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions.duty import Duty
from socialcollab.permissions.rota import Rota, Turn
from socialcollab.permissions.scope import Scope
from socialcollab.verdicts import Reason

__all__ = ["DutyLine", "read_duty"]


@attrs.frozen
class DutyLine:
    """
    A duty with everything it names worked out.

    Attributes:
        source: The duty as it stands in the document.

        place: Where it stands.

        permissions: Everything its role allows.

        roles: Its role and those it includes.

        places: Every place that it is about.

        scope: Whom and what it can be about.
    """

    source: Duty
    place: str
    permissions: frozenset[str]
    roles: frozenset[str]
    places: frozenset[str] = attrs.field(repr=False)
    scope: Scope = attrs.field(repr=False, eq=False)

    @property
    def members(self) -> frozenset[str]:
        """Everyone who takes turns."""
        return frozenset(self.source.members)

    def speaks_of(self, where: str) -> bool:
        """Tell whether it is about a place."""
        return where in self.places

    def rota(self, where: str) -> Rota:
        """Return its turns as they fall at a place, in that place's zone."""
        return self.source.rota(self.scope.zone_of(where))

    def turn(self, member: str, where: str, at: dt.datetime) -> Turn | None:
        """Return the turn that *member* has there at an instant, or None."""
        turn = self.rota(where).at(at)
        return turn if turn is not None and turn.member == member else None

    def reason(self, turn: Turn, where: str) -> Reason:
        """Say what a turn gives its member there."""
        return Reason.of(
            "duty.turn" if turn.end is not None else "duty.turn_open",
            member=turn.member,
            duty=self.source.id,
            gives=self.source.role,
            where=where,
            **({} if turn.end is None else {"until": self.scope.local_text(turn.end, where)}),
        )


def read_duty(source: Duty, number: int, scope: Scope) -> DutyLine:
    """
    Work a duty out.

    Args:
        source: The duty.

        number: Its place among the duties, for messages.

        scope: Whom and what it can be about.

    Raises:
        InvalidValueError: If it names what does not exist.
    """
    place = f"duties[{number}]"
    scope.check_members(f"duty `{source.id}`", source.members)
    if source.role not in scope.roles.by_id:
        raise InvalidValueError(
            f"duty `{source.id}` gives `{source.role}`, which is no role"
            f"{did_you_mean(source.role, scope.roles.by_id, before='; ')}",
            value=source.role,
        )
    for rule in (source.every, source.end):
        if rule is not None and rule.rule is None:
            raise InvalidValueError(
                f"duty `{source.id}` cannot turn on `{rule}`: business days differ",
                value=str(rule),
                expected="a weekly time such as `friday 17:00`",
            )
    scope.check_selector(f"duty `{source.id}`", source.on)
    if source.on.excluding is not None:
        scope.check_selector(f"duty `{source.id}`", source.on.excluding)
    return DutyLine(
        source,
        place,
        scope.roles.permissions_of(source.role),
        scope.roles.included_in(source.role),
        scope.places_of(source.on),
        scope,
    )

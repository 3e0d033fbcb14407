"""A duty with everything it names worked out: what whoever is on duty may do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias
from zoneinfo import ZoneInfo

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions.engine.scope import Scope
from socialcollab.permissions.rotations.overrides import SwappedRoster
from socialcollab.permissions.rotations.roster import Roster, Shift
from socialcollab.permissions.rotations.rotation import Rotation, Timing
from socialcollab.permissions.rotations.shift_swap import ShiftSwap
from socialcollab.time import Span, merge_spans, resolve, zone
from socialcollab.verdicts import Reason

TimingAt: TypeAlias = tuple[Timing, str]
"""All that the turns of a rotation depend on at a place, its zone by IANA name last."""

_MOMENT = dt.timedelta(microseconds=1)
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.frozen
class RotationBinding:
    """
    A duty with everything it names worked out.

    Attributes:
        source: The duty as it stands in the document.

        place: Where it stands.

        permissions: Everything its role allows.

        roles: Its role and those it includes.

        places: Every place that it is about.

        scope: Whom and what it can be about.

        swaps: Who takes over when: facts, which no document says.
    """

    source: Rotation
    place: str
    permissions: frozenset[str]
    roles: frozenset[str]
    resources: frozenset[str] = attrs.field(repr=False)
    scope: Scope = attrs.field(repr=False, eq=False)
    swaps: tuple[ShiftSwap, ...] = ()
    _rosters: dict[ZoneInfo, Roster] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    _given: dict[ZoneInfo, Mapping[str, tuple[Span, ...]]] = attrs.field(
        factory=dict, init=False, repr=False, eq=False
    )

    @property
    def members(self) -> frozenset[str]:
        """Everyone who takes turns, by a swap too."""
        return frozenset(self.source.everyone).union(swap.member for swap in self.swaps)

    def with_swaps(self, swaps: Iterable[ShiftSwap]) -> RotationBinding:
        """Return the same with those of some swaps that are of this duty, and no others."""
        mine = tuple(
            sorted(
                (
                    one
                    for one in swaps
                    if one.rotation == self.source.id and one.member in self.scope.members
                ),
                key=lambda one: one.rank,
            )
        )
        return self if mine == self.swaps else attrs.evolve(self, swaps=mine)

    def applies_to(self, resource: str) -> bool:
        """Tell whether it is about a place."""
        return resource in self.resources

    def zone_of(self, resource: str) -> str:
        """Return the zone in which its turns fall at a place."""
        return self.source.timezone or self.scope.zone_of(resource)

    def timing(self, resource: str) -> TimingAt | None:
        """Return all that the turns of a rotation depend on at a place; None of a list."""
        timing = self.source.timing
        return None if timing is None else (timing, self.zone_of(resource))

    def roster(self, resource: str) -> Roster:
        """Return its turns as they fall at a place, in its own zone or else the place's."""
        where_it_falls = zone(self.zone_of(resource))
        found = self._rosters.get(where_it_falls)
        if found is None:
            written = self.source.roster(where_it_falls.key)
            found = (
                SwappedRoster(written, self.swaps, where_it_falls.key) if self.swaps else written
            )
            self._rosters[where_it_falls] = found
        return found

    def given_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """
        Return when a member is on duty there, by the document or by a swap, as far as one can say.

        The turns of a list are known, and what is swapped; a place in a rotation
        counts from its first day on, since any turn may become theirs.
        """
        written, swapped = (
            self.written_spans(member, resource),
            self._swapped_spans(member, resource),
        )
        return merge_spans((*written, *swapped)) if swapped else written

    def known_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """Return of these what is known: the turns of a list, and what is swapped."""
        swapped = self._swapped_spans(member, resource)
        if not self.source.shifts:
            return swapped
        return merge_spans((*self.written_spans(member, resource), *swapped))

    def _swapped_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        rota = self.roster(resource) if self.swaps else None
        return rota.stretches(member) if isinstance(rota, SwappedRoster) else ()

    def written_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """Return when the document alone puts a member on duty there, likewise."""
        place = zone(self.zone_of(resource))
        found = self._given.get(place)
        if found is None:
            found = self._given[place] = self._given_in(place.key)
        return found.get(member, ())

    def _given_in(self, name: str) -> Mapping[str, tuple[Span, ...]]:
        if self.source.start is not None:
            day = self.source.start
            midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  local by meaning
            start = resolve(midnight, name, skipped="next", repeated="first")
            return dict.fromkeys(self.source.everyone, ((start, None),))
        found: dict[str, list[Span]] = {member: [] for member in self.source.everyone}
        for shift in self.source.roster(name).between(_FIRST, _LAST):
            found[shift.member].append((shift.start, shift.end))
        return {member: merge_spans(spans) for member, spans in found.items()}

    def shift(self, member: str, resource: str, at: dt.datetime) -> Shift | None:
        """Return the turn that *member* has there at an instant, or None."""
        shift = self.roster(resource).at(at)
        return shift if shift is not None and shift.member == member else None

    def beginnings(
        self, resource: str, *, after: dt.datetime, bounds: Iterable[dt.datetime]
    ) -> Iterator[dt.datetime]:
        """
        Yield when turns begin there after one instant, in order, as far as they tell anything new.

        A list ends by itself. A rotation begins again once each has had a turn,
        and nothing new comes of it until something else changes.

        Args:
            resource: A place.

            after: The instant.

            bounds: When something else may change, so that each one's next turn counts again.
        """
        rota = self.roster(resource)
        # Where a swap begins or ends a turn does, which is not to be passed by.
        swapped = (
            one - _MOMENT for swap in self.swaps for one in swap.span(self.zone_of(resource))
        )
        ahead = sorted({one for one in (*bounds, *swapped) if one > after}, reverse=True)
        fresh = 0
        start = rota.after(after)
        while start is not None:
            while ahead and ahead[-1] < start:
                ahead.pop()
                fresh = 0
            yield start
            fresh += 1
            if self.source.members and fresh >= len(self.source.members):
                if not ahead:
                    return
                start = rota.after(max(start, ahead.pop()))
                fresh = 0
            else:
                start = rota.after(start)

    def next_shift(
        self, member: str, resource: str, *, after: dt.datetime, before: dt.datetime | None
    ) -> dt.datetime | None:
        """Return when the first turn of *member* there begins after one instant and before another."""
        rota = self.roster(resource)
        settled = max((one.span(self.zone_of(resource))[1] for one in self.swaps), default=after)
        ahead = len(self.source.members)
        start = rota.after(after)
        while start is not None and (before is None or start < before):
            shift = rota.at(start)
            if shift is not None and shift.member == member:
                return start
            if self.source.members and start >= settled:
                # By rule, and with no swap to come, each of them has one turn in so many.
                ahead -= 1
                if not ahead:
                    return None
            start = rota.after(start)
        return None

    def reason(self, shift: Shift, resource: str) -> Reason:
        """Say what a turn gives its member there."""
        until = {} if shift.end is None else {"until": self.scope.local_text(shift.end, resource)}
        said = {
            "member": shift.member,
            "rotation": self.source.id,
            "granted": self.source.role,
            "resource": resource,
            **until,
        }
        if not shift.swapped:
            return Reason.of("shift.on_duty" if until else "shift.open_ended", **said)
        if not shift.instead_of:
            return Reason.of("shift.swapped_in", **said)
        return Reason.of("shift.swapped", instead_of=shift.instead_of, **said)


def bind_rotation(source: Rotation, number: int, scope: Scope) -> RotationBinding:
    """
    Work a duty out.

    Args:
        source: The duty.

        number: Its place among the duties, for messages.

        scope: Whom and what it can be about.

    Raises:
        InvalidValueError: If it names what does not exist.
    """
    place = f"rotations[{number}]"
    scope.check_members(f"rotation `{source.id}`", source.everyone)
    if source.role not in scope.roles.by_id:
        raise InvalidValueError(
            f"rotation `{source.id}` gives `{source.role}`, which is no role"
            f"{did_you_mean(source.role, scope.roles.by_id, before='; ')}",
            value=source.role,
        )
    for rule in (source.every, source.end):
        if rule is not None and rule.rule is None:
            raise InvalidValueError(
                f"rotation `{source.id}` cannot turn on `{rule}`: business days differ",
                value=str(rule),
                expected="a weekly time such as `friday 17:00`",
            )
    scope.check_selector(f"rotation `{source.id}`", source.on)
    if source.on.excluding is not None:
        scope.check_selector(f"rotation `{source.id}`", source.on.excluding)
    return RotationBinding(
        source,
        place,
        scope.roles.permissions_of(source.role),
        scope.roles.included_in(source.role),
        scope.resources_of(source.on),
        scope,
    )

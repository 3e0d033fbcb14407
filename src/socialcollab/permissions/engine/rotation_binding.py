"""Rotations with resolved names: who is on duty when, and with which permissions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias
from zoneinfo import ZoneInfo

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions.engine.scope import Scope
from socialcollab.permissions.rotations.overrides import ShiftSwap, SwappedRoster
from socialcollab.permissions.rotations.roster import Roster, Shift
from socialcollab.permissions.rotations.rotation import Rotation, Timing
from socialcollab.time import Span, merge_spans, resolve, zone
from socialcollab.verdicts import Reason

ResourceTiming: TypeAlias = tuple[Timing, str]
"""The values that determine rule-based shifts on a resource: the timing and the IANA zone name."""

_MOMENT = dt.timedelta(microseconds=1)
_MIN = dt.datetime.min.replace(tzinfo=dt.UTC)
_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)


@attrs.frozen
class RotationBinding:
    """
    A rotation with resolved names.

    Attributes:
        source: The rotation as written in the document.
        place: The position in the document.
        permissions: The permissions of the rotation's role.
        roles: The rotation's role and the roles that this role includes.
        resources: The resources to which it applies.
        scope: The scope in which its names were resolved.
        swaps: The shift swaps, which are runtime state and not part of the document.
    """

    source: Rotation
    place: str
    permissions: frozenset[str]
    roles: frozenset[str]
    resources: frozenset[str] = attrs.field(repr=False)
    scope: Scope = attrs.field(repr=False, eq=False)
    swaps: tuple[ShiftSwap, ...] = ()
    _rosters: dict[ZoneInfo, Roster] = attrs.field(factory=dict, init=False, repr=False, eq=False)
    _scheduled: dict[ZoneInfo, Mapping[str, tuple[Span, ...]]] = attrs.field(
        factory=dict, init=False, repr=False, eq=False
    )

    @property
    def members(self) -> frozenset[str]:
        """The members who take shifts, as scheduled or because of a swap."""
        return frozenset(self.source.everyone).union(swap.member for swap in self.swaps)

    def with_swaps(self, swaps: Iterable[ShiftSwap]) -> RotationBinding:
        """Return the binding with only the *swaps* that belong to this rotation."""
        own = tuple(
            sorted(
                (
                    swap
                    for swap in swaps
                    if swap.rotation == self.source.id and swap.member in self.scope.members
                ),
                key=lambda swap: swap.rank,
            )
        )
        return self if own == self.swaps else attrs.evolve(self, swaps=own)

    def applies_to(self, resource: str) -> bool:
        """Return whether the rotation applies to a resource."""
        return resource in self.resources

    def zone_of(self, resource: str) -> str:
        """Return the IANA name of the time zone for the shifts on a resource."""
        return self.source.timezone or self.scope.zone_of(resource)

    def timing(self, resource: str) -> ResourceTiming | None:
        """Return the values that determine shifts on a resource, or None if shifts are listed."""
        timing = self.source.timing
        return None if timing is None else (timing, self.zone_of(resource))

    def roster(self, resource: str) -> Roster:
        """Return the shifts on a resource, with swaps applied."""
        tz = zone(self.zone_of(resource))
        roster = self._rosters.get(tz)
        if roster is None:
            scheduled = self.source.roster(tz.key)
            roster = SwappedRoster(scheduled, self.swaps, tz.key) if self.swaps else scheduled
            self._rosters[tz] = roster
        return roster

    def scheduled_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """
        Return when the document puts a member on duty on a resource.

        For a rule-based rotation, this is the entire time from its first day on, because any shift
        may pass to the member when the rotation's members change.
        """
        tz = zone(self.zone_of(resource))
        spans = self._scheduled.get(tz)
        if spans is None:
            spans = self._scheduled[tz] = self._scheduled_in(tz.key)
        return spans.get(member, ())

    def known_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """Return when listed shifts and swaps put a member on duty on a resource."""
        swapped = self._swapped_spans(member, resource)
        if not self.source.shifts:
            return swapped
        return merge_spans((*self.scheduled_spans(member, resource), *swapped))

    def possible_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        """Return when the document or a swap may put a member on duty on a resource."""
        scheduled = self.scheduled_spans(member, resource)
        swapped = self._swapped_spans(member, resource)
        return merge_spans((*scheduled, *swapped)) if swapped else scheduled

    def _swapped_spans(self, member: str, resource: str) -> tuple[Span, ...]:
        roster = self.roster(resource) if self.swaps else None
        return roster.swapped_spans(member) if isinstance(roster, SwappedRoster) else ()

    def _scheduled_in(self, zone_name: str) -> Mapping[str, tuple[Span, ...]]:
        if self.source.start is not None:
            day = self.source.start
            midnight = dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  resolved below
            start = resolve(midnight, zone_name, skipped="next", repeated="first")
            return dict.fromkeys(self.source.everyone, ((start, None),))
        spans: dict[str, list[Span]] = {member: [] for member in self.source.everyone}
        for shift in self.source.roster(zone_name).between(_MIN, _MAX):
            spans[shift.member].append((shift.start, shift.end))
        return {member: merge_spans(own) for member, own in spans.items()}

    def shift(self, member: str, resource: str, at: dt.datetime) -> Shift | None:
        """Return the shift that *member* has on a resource at an instant, or None."""
        shift = self.roster(resource).at(at)
        return shift if shift is not None and shift.member == member else None

    def shift_starts(
        self, resource: str, *, after: dt.datetime, changes: Iterable[dt.datetime]
    ) -> Iterator[dt.datetime]:
        """
        Yield, in order, the relevant starts of shifts on a resource after an instant.

        There are finitely many listed shifts. Rule-based shifts never end, but once every member
        has had a shift, later shifts do not put any new member on duty. After one full round, the
        next relevant shift is therefore the first shift after the next of *changes*.

        Args:
            resource: The resource.
            after: The instant.
            changes: The instants at which other rules change. After each of these instants, every
                member's next shift is relevant again.
        """
        roster = self.roster(resource)
        # Shifts also start at the bounds of a swap. Searching from just before each bound ensures
        # that these shifts are not skipped along with the remainder of a round.
        swapped = (
            bound - _MOMENT for swap in self.swaps for bound in swap.span(self.zone_of(resource))
        )
        ahead = sorted({at for at in (*changes, *swapped) if at > after}, reverse=True)
        shifts = 0
        start = roster.next_start(after)
        while start is not None:
            while ahead and ahead[-1] < start:
                ahead.pop()
                shifts = 0
            yield start
            shifts += 1
            if self.source.members and shifts >= len(self.source.members):
                if not ahead:
                    return
                start = roster.next_start(max(start, ahead.pop()))
                shifts = 0
            else:
                start = roster.next_start(start)

    def next_shift(
        self, member: str, resource: str, *, after: dt.datetime, before: dt.datetime | None
    ) -> dt.datetime | None:
        """Return when the first shift of *member* between two instants starts, or None."""
        roster = self.roster(resource)
        last_swap = max(
            (swap.span(self.zone_of(resource))[1] for swap in self.swaps), default=after
        )
        remaining = len(self.source.members)
        start = roster.next_start(after)
        while start is not None and (before is None or start < before):
            shift = roster.at(start)
            if shift is not None and shift.member == member:
                return start
            if self.source.members and start >= last_swap:
                # After the last swap, one round of the rule includes every member who takes
                # shifts. Without this limit, the search for any other member would never end.
                remaining -= 1
                if not remaining:
                    return None
            start = roster.next_start(start)
        return None

    def reason(self, shift: Shift, resource: str) -> Reason:
        """Return a reason stating that a shift gives its member permissions on a resource."""
        until = {} if shift.end is None else {"until": self.scope.local_text(shift.end, resource)}
        params = {
            "member": shift.member,
            "rotation": self.source.id,
            "granted": self.source.role,
            "resource": resource,
            **until,
        }
        if not shift.swapped:
            return Reason.of("shift.on_duty" if until else "shift.open_ended", **params)
        if not shift.instead_of:
            return Reason.of("shift.swapped_in", **params)
        return Reason.of("shift.swapped", original=shift.instead_of, **params)


def bind_rotation(source: Rotation, number: int, scope: Scope) -> RotationBinding:
    """
    Resolve the names in a rotation.

    Args:
        source: The rotation.
        number: The position of the rotation in the list of rotations, for messages.
        scope: The scope in which to resolve names.

    Raises:
        InvalidValueError: If the rotation refers to a name that does not exist, or its shifts
            depend on business days.
    """
    scope.check_members(f"rotation `{source.id}`", source.everyone)
    if source.role not in scope.roles.by_id:
        raise InvalidValueError(
            f"rotation `{source.id}` gives `{source.role}`, which is not a role"
            f"{did_you_mean(source.role, scope.roles.by_id, before='; ')}",
            value=source.role,
        )
    for rule in (source.every, source.end):
        if rule is not None and rule.rule is None:
            raise InvalidValueError(
                f"rotation `{source.id}` cannot follow `{rule}`, because business days differ"
                " between workspaces",
                value=str(rule),
                expected="a weekly time such as `friday 17:00`",
            )
    scope.check_selector(f"rotation `{source.id}`", source.on)
    return RotationBinding(
        source,
        f"rotations[{number}]",
        scope.roles.permissions_of(source.role),
        scope.roles.included_in(source.role),
        scope.resources_of(source.on),
        scope,
    )

"""Rotations: roles that members hold in turn, by a rule or by a list of shifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import attrs

from socialcollab.directory import Selector, as_selector
from socialcollab.document_fields import (
    Date,
    Id,
    ListOf,
    NameShape,
    Parsed,
    Section,
    Text,
    TimeOrDate,
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.permissions.rotations.roster import ScheduledRoster, listed_roster, rule_roster
from socialcollab.time import TIME_OF_DAY_PATTERN, Every, TimeOfDay
from socialcollab.time import zone as load_zone

Timing: TypeAlias = tuple[tuple[str, ...], dt.date, Every, Every | None, str]
"""The values that determine rule-based shifts: members, first day, starts, ends and zone."""

_RULE = Parsed(grammar=Every, name="recurring time", pattern=r"^.+$")
_MIDNIGHT = TimeOfDay(0)
EARLIEST_YEAR = 1970


@attrs.frozen(kw_only=True)
class ListedShift:
    """
    A shift that the document lists.

    Attributes:
        member: The member on duty.
        start: The first day, on which the shift starts at the rotation's `hand_off`, or the first
            local time.
        end: The first day, or local time, after the shift; None if it lasts until the next shift.

    Raises:
        InvalidValueError: If a bound has a UTC offset.
    """

    member: str = attrs.field(metadata=shape(NameShape("member")))
    start: dt.date = attrs.field(metadata=shape(TimeOrDate()))
    end: dt.date | None = attrs.field(metadata=shape(TimeOrDate()), default=None)

    def __attrs_post_init__(self) -> None:
        for bound in (self.start, self.end):
            if isinstance(bound, dt.datetime) and bound.tzinfo is not None:
                raise InvalidValueError(
                    f"the shift bound `{bound.isoformat(sep=' ')}` has a UTC offset, but must be a"
                    " local time",
                    value=bound,
                    expected="a date, or a local time such as 2026-04-07 09:30",
                )

    def local_span(self, hand_off: TimeOfDay) -> tuple[dt.datetime, dt.datetime | None]:
        """Return the local times at which the shift starts and ends, with None for an open end."""
        return (
            _local(self.start, hand_off),
            None if self.end is None else _local(self.end, hand_off),
        )


def _local(bound: dt.date, hand_off: TimeOfDay) -> dt.datetime:
    return bound if isinstance(bound, dt.datetime) else hand_off.on(bound)


def _as_every(value: str | Every) -> Every:
    return Every.parse(value) if isinstance(value, str) else value


def _as_time(value: str | dt.time | TimeOfDay) -> TimeOfDay:
    return value if isinstance(value, TimeOfDay) else TimeOfDay.parse(value)


def _as_shifts(value: Iterable[ListedShift | Mapping[str, Any]]) -> tuple[ListedShift, ...]:
    return tuple(
        shift if isinstance(shift, ListedShift) else ListedShift(**shift) for shift in value
    )


@attrs.frozen(kw_only=True)
class Rotation:
    """
    A role that members hold in turn, each for one shift.

    A rule-based rotation has members, a first day, and a rule that determines when shifts start. A
    list-based rotation lists its shifts explicitly, in any order.

    Attributes:
        id: The identifier.
        role: The role of the member on duty.
        on: The profiles or workspaces on which the member on duty has the role.
        members: The members who take shifts, in order (rule-based rotations only).
        start: The day from which the first member is on duty (rule-based rotations only).
        every: When a shift starts, such as ``friday 17:00`` (rule-based rotations only).
        shifts: The shifts (list-based rotations only).
        hand_off: The time of day at which listed shifts given as dates start and end; 00:00 by
            default.
        end: When a shift ends, if it ends before the next shift starts.
        timezone: The IANA name of the time zone for the shifts, which then change at the same
            instant everywhere; if empty, shifts follow the local time of each resource.

    Raises:
        InvalidValueError: If the rotation has neither a rule nor listed shifts or has both, if the
            zone does not exist, if the rule starts before 1970 or does not occur within 12 years of
            its start, if two listed shifts overlap or start at the same time, or if a listed shift
            does not end after its start.
    """

    id: str = attrs.field(metadata=shape(Id("rotation")))
    role: str = attrs.field(metadata=shape(NameShape("role")))
    on: Selector = attrs.field(
        metadata=shape(
            Section(
                Selector,
                plain="profile",
                only=("workspace", "network", "profile", "profile_tag", "excluding"),
            )
        ),
        converter=as_selector,
    )
    members: tuple[str, ...] = attrs.field(
        metadata=shape(ListOf(item=NameShape("member"), at_least=1)), default=(), converter=as_words
    )
    start: dt.date | None = attrs.field(metadata=shape(Date()), default=None)
    every: Every | None = attrs.field(
        metadata=shape(_RULE), default=None, converter=attrs.converters.optional(_as_every)
    )
    shifts: tuple[ListedShift, ...] = attrs.field(
        metadata=shape(ListOf(item=Section(ListedShift), at_least=1)),
        default=(),
        converter=_as_shifts,
    )
    hand_off: TimeOfDay | None = attrs.field(
        metadata=shape(
            Parsed(
                grammar=TimeOfDay,
                name="time of day",
                pattern=TIME_OF_DAY_PATTERN,
                also=(dt.time,),
            )
        ),
        default=None,
        converter=attrs.converters.optional(_as_time),
    )
    end: Every | None = attrs.field(
        metadata=shape(_RULE), default=None, converter=attrs.converters.optional(_as_every)
    )
    timezone: str = attrs.field(metadata=shape(Text(at_most=64)), default="")
    # Computing the shifts of a long list takes time, and the same zones are needed repeatedly.
    _rosters: dict[ZoneInfo, ScheduledRoster] = attrs.field(
        factory=dict, init=False, repr=False, eq=False
    )

    def __attrs_post_init__(self) -> None:
        check_id("rotation", self.id)
        if self.timezone:
            load_zone(self.timezone)
        if self.shifts:
            self._check_list()
        else:
            self._check_rule()

    def _check_rule(self) -> None:
        if not self.members:
            raise InvalidValueError(
                f"rotation `{self.id}` has neither members nor shifts",
                expected="members = [...], or shifts = [...]",
            )
        for key, value in (("start", self.start), ("every", self.every)):
            if value is None:
                raise InvalidValueError(
                    f"rotation `{self.id}` has `members` but no `{key}`",
                    expected="members, start and every; or shifts",
                )
        if self.start is not None and self.start.year < EARLIEST_YEAR:
            # Shifts are counted one by one from the first shift, so the first day must not be too
            # far in the past.
            raise InvalidValueError(
                f"rotation `{self.id}` starts on `{self.start}`, before {EARLIEST_YEAR}",
                value=self.start,
                expected=f"a date in {EARLIEST_YEAR} or later",
            )
        self._check_occurs("every", self.every, self.start)
        self._check_occurs("end", self.end, self.start)
        if self.hand_off is not None:
            raise InvalidValueError(
                f"rotation `{self.id}` has `hand_off = {self.hand_off}`, which applies only to"
                " listed shifts; the shifts of this rotation start at the times in `every`",
                value=self.hand_off,
                expected="no hand_off, or shifts",
            )

    def _check_occurs(self, key: str, every: Every | None, start: dt.date | None) -> None:
        if every is not None and start is not None and not every.occurs_from(start):
            raise InvalidValueError(
                f"rotation `{self.id}` has `{key} = {every}`, which does not occur in the 12 years"
                f" after its start, `{start}`",
                value=str(every),
                expected="a recurring time that occurs, such as `friday 17:00`",
            )

    def _check_list(self) -> None:
        for key, value in (
            ("members", self.members),
            ("start", self.start),
            ("every", self.every),
        ):
            if value:
                raise InvalidValueError(
                    f"rotation `{self.id}` has both `shifts` and `{key}`",
                    value=value,
                    expected="shifts; or members, start and every",
                )
        spans = sorted(
            ((*shift.local_span(self._hand_off), shift) for shift in self.shifts),
            key=lambda span: span[0],
        )
        for start, end, shift in spans:
            if end is not None and end <= start:
                raise InvalidValueError(
                    f"the shift of `{shift.member}` from `{shift.start}` in rotation `{self.id}`"
                    f" ends at `{shift.end}`, which is not after its start",
                    value=shift.end,
                    expected="an end after the start",
                )
        for (start, end, shift), (next_start, _, following) in pairwise(spans):
            if start == next_start:
                raise InvalidValueError(
                    f"the shifts of `{shift.member}` and `{following.member}` in rotation"
                    f" `{self.id}` both start at `{start:%Y-%m-%d %H:%M}`",
                    value=following.start,
                    expected="one shift at a time",
                )
            if end is not None and end > next_start:
                raise InvalidValueError(
                    f"the shift of `{shift.member}` from `{shift.start}` in rotation `{self.id}`"
                    f" overlaps the shift of `{following.member}` from `{following.start}`",
                    value=shift.end,
                    expected="one shift at a time",
                )

        self._check_occurs("end", self.end, spans[0][0])

    @property
    def _hand_off(self) -> TimeOfDay:
        return self.hand_off or _MIDNIGHT

    @property
    def everyone(self) -> tuple[str, ...]:
        """The distinct members who take shifts: in turn order for a rule, sorted for a list."""
        if self.shifts:
            return tuple(sorted({shift.member for shift in self.shifts}))
        return tuple(dict.fromkeys(self.members))

    def on_duty(self, at: dt.datetime, *, zone: str) -> MemberId | None:
        """
        Return the scheduled member on duty, or None between shifts and before the first shift.

        Args:
            at: The instant.
            zone: The time zone of the shifts, used if the rotation has no `timezone`.
        """
        shift = self.roster(zone).at(at)
        return None if shift is None else shift.member

    def next_shift(self, at: dt.datetime, *, zone: str) -> dt.datetime | None:
        """Return when the next shift after an instant starts, or None if there is none."""
        return self.roster(zone).next_start(at)

    @property
    def timing(self) -> Timing | None:
        """The values that determine rule-based shifts, or None if shifts are listed."""
        if self.start is None or self.every is None:
            return None
        return self.members, self.start, self.every, self.end, self.timezone

    def roster(self, zone: str) -> ScheduledRoster:
        """Return the shifts in the rotation's zone or, if it has none, in *zone*, an IANA name."""
        tz = load_zone(self.timezone or zone)
        roster = self._rosters.get(tz)
        if roster is None:
            roster = self._rosters[tz] = self._make_roster(tz)
        return roster

    def _make_roster(self, tz: ZoneInfo) -> ScheduledRoster:
        if self.start is not None and self.every is not None:
            return rule_roster(self.members, self.start, self.every, self.end, tz)
        return listed_roster(
            ((*shift.local_span(self._hand_off), shift.member) for shift in self.shifts),
            self.end,
            tz,
        )

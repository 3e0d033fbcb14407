"""A role that members hold in rotation."""

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
    as_words,
    shape,
)
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, check_id
from socialcollab.permissions.rotations.listed_shift import ListedShift
from socialcollab.permissions.rotations.roster import Written, listed_roster, rule_roster
from socialcollab.time import TIME_OF_DAY_PATTERN, Every, TimeOfDay
from socialcollab.time import zone as zone_named

Timing: TypeAlias = tuple[tuple[str, ...], dt.date, Every, Every | None, str]
"""All that the turns of a rotation depend on: members, first day, beginnings, ends, own zone."""

_RULE = Parsed(grammar=Every, name="recurring time", pattern=r"^.+$")
_MIDNIGHT = TimeOfDay(0)


def _as_every(value: str | Every) -> Every:
    return Every.parse(value) if isinstance(value, str) else value


def _as_time(value: str | dt.time | TimeOfDay) -> TimeOfDay:
    return value if isinstance(value, TimeOfDay) else TimeOfDay.parse(value)


def _as_shifts(value: Iterable[ListedShift | Mapping[str, Any]]) -> tuple[ListedShift, ...]:
    return tuple(one if isinstance(one, ListedShift) else ListedShift(**one) for one in value)


@attrs.frozen(kw_only=True)
class Rotation:
    """
    A role that members hold in rotation, by rule or by list.

    A rotation has members, a first day, and a rule for when turns begin; a list
    has its turns written out, in any order.

    Attributes:
        id: Its identifier.

        role: The role that whoever is on duty holds.

        on: Where it holds.

        members: Of a rotation, who takes turns, in order.

        start: Of a rotation, the day from which the first of them is on duty.

        every: Of a rotation, when a turn begins, such as ``friday 17:00``.

        shifts: Instead, the shifts of a list.

        hand_off: Of a list, when turns that name a day begin on it; 00:00 if not said.

        end: When a turn ends, if before the next begins.

        timezone: IANA name of the zone of these times, which then come at one
            instant everywhere; if empty, that of each place.

    Raises:
        InvalidValueError: If nobody takes turns, there are both a rotation and a
            list or neither, the zone does not exist, two turns of a list begin
            together or overlap, or one does not end after its start.
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
    # What is asked over and over is kept: by a rule's or a list's length it takes long to make.
    _rosters: dict[ZoneInfo, Written] = attrs.field(factory=dict, init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_id("rotation", self.id)
        if self.timezone:
            zone_named(self.timezone)
        if self.shifts:
            self._check_list()
        else:
            self._check_rotation()

    def _check_rotation(self) -> None:
        if not self.members:
            raise InvalidValueError(
                f"nobody takes turns in rotation `{self.id}`", expected="members = [...], or turns"
            )
        for key, said in (("start", self.start), ("every", self.every)):
            if said is None:
                raise InvalidValueError(
                    f"the rotation of rotation `{self.id}` does not say `{key}`",
                    expected="members, start and every; or turns",
                )
        if self.hand_off is not None:
            raise InvalidValueError(
                f"rotation `{self.id}` is a rotation, whose turns begin as `every` says, and not at"
                f" `{self.hand_off}`",
                value=self.hand_off,
                expected="no hand_off, or turns",
            )

    def _check_list(self) -> None:
        for key, said in (("members", self.members), ("start", self.start), ("every", self.every)):
            if said:
                raise InvalidValueError(
                    f"rotation `{self.id}` has a list of turns and `{key}` of a rotation too",
                    value=said,
                    expected="turns; or members, start and every",
                )
        hand_off = self.hand_off or _MIDNIGHT
        bounds = sorted(
            ((shift.first(hand_off), shift.over(hand_off), shift) for shift in self.shifts),
            key=lambda bound: bound[0],
        )
        for first, over, shift in bounds:
            if over is not None and over <= first:
                raise InvalidValueError(
                    f"the turn of `{shift.member}` from `{shift.start}` in rotation `{self.id}` ends at"
                    f" `{shift.end}`, which is not after its start",
                    value=shift.end,
                    expected="an end after the start",
                )
        for (first, over, shift), (then, _, following) in pairwise(bounds):
            if first == then:
                raise InvalidValueError(
                    f"two turns of rotation `{self.id}` begin at `{first:%Y-%m-%d %H:%M}`: those of"
                    f" `{shift.member}` and `{following.member}`",
                    value=following.start,
                    expected="one turn at a time",
                )
            if over is not None and over > then:
                raise InvalidValueError(
                    f"the turn of `{shift.member}` from `{shift.start}` in rotation `{self.id}` overlaps"
                    f" that of `{following.member}` from `{following.start}`",
                    value=shift.end,
                    expected="one turn at a time",
                )

    @property
    def everyone(self) -> tuple[str, ...]:
        """Whoever takes turns, each once: in the order of the rotation, or sorted."""
        if self.shifts:
            return tuple(sorted({shift.member for shift in self.shifts}))
        return tuple(dict.fromkeys(self.members))

    def on_duty(self, at: dt.datetime, *, zone: str) -> MemberId | None:
        """
        Return who is on duty by the document, or None between turns and before the first.

        Args:
            at: The instant.

            zone: The zone in which turns begin and end, if the duty has none of its own.
        """
        shift = self.roster(zone).at(at)
        return None if shift is None else shift.member

    def next_shift(self, at: dt.datetime, *, zone: str) -> dt.datetime | None:
        """Return when the next turn after an instant begins, or None if none does."""
        return self.roster(zone).after(at)

    @property
    def timing(self) -> Timing | None:
        """All that the turns of a rotation depend on, but for the place's zone; None of a list."""
        if self.start is None or self.every is None:
            return None
        return self.members, self.start, self.every, self.end, self.timezone

    def roster(self, zone: str) -> Written:
        """Return its turns in a zone, given by its IANA name; in its own if it has one."""
        resource = zone_named(self.timezone or zone)
        found = self._rosters.get(resource)
        if found is None:
            found = self._rosters[resource] = self._worked_out(resource.key)
        return found

    def _worked_out(self, zone: str) -> Written:
        if self.start is not None and self.every is not None:
            return rule_roster(self.members, self.start, self.every, self.end, zone_name=zone)
        hand_off = self.hand_off or _MIDNIGHT
        return listed_roster(
            ((shift.first(hand_off), shift.over(hand_off), shift.member) for shift in self.shifts),
            self.end,
            zone_name=zone,
        )

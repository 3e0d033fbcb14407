"""When nobody can do what a duty gives, though somebody should."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.time import Span, as_utc, local_time, merge_spans, subtract_spans

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access

Kind = Literal["no_shift", "suspended", "left", "absent", "forbidden"]

_Lack = tuple[Kind, str, tuple[str, ...]]

_SAID: dict[str, str] = {
    "no_shift": "nobody has a turn",
    "suspended": "{member} is suspended",
    "left": "{member} has left",
    "absent": "{member} is away, and nobody stands in",
    "forbidden": "{member} is forbidden it",
}


@attrs.frozen(kw_only=True)
class Gap(NotebookMixin):
    """
    A time in which nobody can do what a duty gives, or a part of it, though somebody should.

    Attributes:
        duty: The duty.

        kind: Why: "no_shift" if it is nobody's turn, else what keeps the one
            whose turn it is: "suspended", "left" for good, "absent" with nobody to
            stand in, or "forbidden".

        member: Whose turn it is, or empty.

        permissions: What nobody can do by the duty, sorted; not all of what the
            role allows if somebody stands in for a part, or is forbidden one.

        where: The profiles, sorted, or the other places if the duty takes in none.

        start: First instant of it, in UTC.

        end: First instant after it.

        in_short: Where, for people: ``*`` for every profile, ``all of tulip``
            for a workspace with all of its profiles.

        zone: The zone that all of these places are in, or "UTC".
    """

    rotation: str
    kind: Kind
    member: str
    permissions: tuple[str, ...]
    resources: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    in_short: tuple[str, ...] = ()
    zone: str = "UTC"

    @property
    def cause(self) -> str:
        """The reason in words, such as ``ana has left``."""
        return _SAID[self.kind].format(member=self.member)

    def __str__(self) -> str:
        what = f"may {', '.join(self.permissions)}" if self.permissions else "is"
        return (
            f"duty {self.rotation}: nobody {what} on {', '.join(self.in_short or self.resources)} from"
            f" {self._local(self.start)} until {self._local(self.end)} {self.zone}:"
            f" {self.cause}"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M}"


def gaps(access: Access, *, start: dt.datetime, end: dt.datetime) -> tuple[Gap, ...]:
    """
    Return when nobody can do what a duty gives, though somebody should.

    The time from the `end` of a turn until the next one is meant to be nobody's.
    Before the first turn of a duty and after its last one it is not.

    Args:
        access: The rules, with who is away and what is swapped.

        start: First instant looked at.

        end: First instant after it.

    Returns:
        The gaps by duty and time, each as long as it lasts within these.

    Raises:
        InvalidValueError: If *end* is not after *start*.

        NaiveDatetimeError: If an instant has no UTC offset.
    """
    window = as_utc(start), as_utc(end)
    if window[1] <= window[0]:
        raise InvalidValueError(
            f"gaps until {end.isoformat()}, which is not after {start.isoformat()}", value=end
        )
    scope = access.bindings.scope
    found: dict[tuple[str, _Lack, dt.datetime, dt.datetime], list[str]] = {}
    for line in access.bindings.rotations:
        profiles = line.resources & scope.profiles.keys()
        for resource in sorted(profiles or line.resources):
            for lack, spans in _lacking(access, line, resource, window).items():
                for first, last in spans:
                    assert first is not None  # noqa: S101  cut to the window
                    assert last is not None  # noqa: S101
                    found.setdefault((line.source.id, lack, first, last), []).append(resource)
    return tuple(
        sorted(
            (
                Gap(
                    rotation=rotation, kind=kind, member=member, permissions=permissions,
                    resources=tuple(resources), start=first, end=last,
                    in_short=scope.in_short(resources), zone=scope.zone_around(resources),
                )
                for (rotation, (kind, member, permissions), first, last), resources in found.items()
            ),
            key=lambda gap: (gap.rotation, gap.start, gap.end, gap.kind, gap.resources, gap.permissions),
        )
    )  # fmt: skip


def _lacking(
    access: Access, line: RotationBinding, resource: str, window: tuple[dt.datetime, dt.datetime]
) -> dict[_Lack, tuple[Span, ...]]:
    """Return by what is lacking when it is, at one place."""
    found: dict[_Lack, list[Span]] = {}
    taken: list[Span] = []
    for shift in line.roster(resource).between(*window):
        first = max(shift.start, window[0])
        last = window[1] if shift.end is None else min(shift.end, window[1])
        taken.append((first, last))
        cuts = sorted({first, last, *_changes(access, line, shift.member, resource, (first, last))})
        for since, until in itertools.pairwise(cuts):
            for kind, permissions in _missing(access, line, shift.member, resource, since):
                found.setdefault((kind, shift.member, permissions), []).append((since, until))
    nobody = subtract_spans([window], merge_spans([*taken, *_breaks(line, resource, window)]))
    if nobody:
        found["no_shift", "", tuple(sorted(line.permissions))] = list(nobody)
    return {lack: merge_spans(spans) for lack, spans in found.items()}


def _breaks(
    line: RotationBinding, resource: str, window: tuple[dt.datetime, dt.datetime]
) -> Iterator[Span]:
    """Yield the times that a duty's rule leaves to nobody: from an end until the next turn."""
    written = line.source.roster(line.zone_of(resource))
    last = written.before(window[0])
    for shift in (*(() if last is None else (last,)), *written.between(*window)):
        following = written.after(shift.start)
        if shift.due_end is not None and following is not None and shift.due_end < following:
            yield shift.due_end, following


def _changes(
    access: Access,
    line: RotationBinding,
    member: str,
    resource: str,
    within: tuple[dt.datetime, dt.datetime],
) -> Iterator[dt.datetime]:
    """Yield the instants at which what keeps somebody may change."""
    people = {member, *(one.delegate for one in access.absences if one.member == member)}
    bounds = [access.bindings.scope.leaving.get(name) for name in people]
    for one in access.all_absences:
        if one.member in people:
            bounds += (one.begins_at, one.ends_at)
    for name in people:
        for permission in line.permissions:
            for span in access.bindings.forbidden_spans(name, permission, resource):
                bounds += span
    yield from (one for one in bounds if one is not None and within[0] < one < within[1])


def _missing(
    access: Access, line: RotationBinding, member: MemberId, resource: str, at: dt.datetime
) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    """Yield what nobody can do in a turn of *member* at an instant, and why."""
    every = tuple(sorted(line.permissions))
    resting = access.inactive_reason(member, at=at)
    if resting is not None:
        yield ("left" if resting.code == "left" else "suspended"), every
        return
    bars = access.bindings.bindings_of(member).forbids_at
    barred = tuple(one for one in every if bars(one, resource, at))
    if barred:
        yield "forbidden", barred
    if not _away(access, member, at):
        return
    there = [
        one
        for one in access.absences
        if one.member == member
        and one.covers(at)
        and access.inactive_reason(one.delegate, at=at) is None
        and not _away(access, one.delegate, at)
    ]
    left = tuple(
        permission
        for permission in every
        if permission not in barred
        and not any(
            one.delegates(permission)
            and not access.bindings.bindings_of(one.delegate).forbids_at(permission, resource, at)
            for one in there
        )
    )
    if left or not (every or there):
        yield "absent", left


def _away(access: Access, member: str, at: dt.datetime) -> bool:
    return any(one.member == member and one.covers(at) for one in access.all_absences)

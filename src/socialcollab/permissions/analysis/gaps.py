"""Gaps: periods in which no member has a rotation's permissions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId
from socialcollab.permissions.access import Access
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.time import Span, as_utc, local_time, merge_spans, subtract_spans

GapKind = Literal["no_shift", "suspended", "left", "absent", "forbidden"]

_Window = tuple[dt.datetime, dt.datetime]
_Cause = tuple[GapKind, str, tuple[str, ...]]
"""The kind of a gap, the member whose shift it is, and the missing permissions."""

_CAUSES: dict[GapKind, str] = {
    "no_shift": "no shift is scheduled",
    "suspended": "{member} is suspended",
    "left": "{member} has left",
    "absent": "{member} is absent, and no delegate is available",
    "forbidden": "a forbid applies to {member}",
}


@attrs.frozen(kw_only=True)
class Gap(NotebookMixin):
    """
    A period in which a member should be on duty but no member has all permissions of the rotation.

    Attributes:
        rotation: The rotation's id.
        kind: The cause: "no_shift", or the reason why the member on duty cannot act: "suspended",
            "left", "absent" (without an available delegate) or "forbidden".
        member: The member on duty, or an empty string.
        permissions: The missing permissions, sorted. These are only some of the role's permissions
            if a delegate has all others, or if a forbid applies only to some.
        resources: The profiles, sorted, or other resources if the rotation does not apply to any
            profile.
        start: The first instant, in UTC.
        end: The first instant after it.
        in_short: The profiles in short form: ``*`` for all profiles, ``all of tulip`` for all
            profiles of a workspace.
        zone: The IANA name of the zone that all the resources share, or "UTC".
    """

    rotation: str
    kind: GapKind
    member: str
    permissions: tuple[str, ...]
    resources: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    in_short: tuple[str, ...] = ()
    zone: str = "UTC"

    @property
    def cause(self) -> str:
        """The cause in words, such as ``ana has left``."""
        return _CAUSES[self.kind].format(member=self.member)

    def __str__(self) -> str:
        missing = f"has {', '.join(self.permissions)}" if self.permissions else "is on duty"
        return (
            f"rotation {self.rotation}: no member {missing} on"
            f" {', '.join(self.in_short or self.resources)} from {self._local(self.start)} until"
            f" {self._local(self.end)} {self.zone}: {self.cause}"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M}"


def gaps(access: Access, *, start: dt.datetime, end: dt.datetime) -> tuple[Gap, ...]:
    """
    Return the periods in which a member should be on duty but no member has the permissions.

    The break between a shift's `end` and the next shift is intended and is not a gap. The periods
    before the first shift and after the last shift are gaps.

    Args:
        access: The rules, with absences and swaps.
        start: The first instant.
        end: The first instant after the period to check.

    Returns:
        The gaps, sorted by rotation and time. Each gap lasts as long as its cause.

    Raises:
        InvalidValueError: If *end* is not after *start*.
        NaiveDatetimeError: If an instant has no UTC offset.
    """
    window = as_utc(start), as_utc(end)
    if window[1] <= window[0]:
        raise InvalidValueError(
            f"the period to check for gaps ends at {end.isoformat()}, which is not after its start"
            f" {start.isoformat()}",
            value=end,
        )
    scope = access.bindings.scope
    groups: dict[tuple[str, _Cause, dt.datetime, dt.datetime], list[str]] = {}
    for rotation in access.bindings.rotations:
        profiles = rotation.resources & scope.profiles.keys()
        for resource in sorted(profiles or rotation.resources):
            for cause, spans in _gaps_on(access, rotation, resource, window).items():
                for first, last in spans:
                    assert first is not None  # noqa: S101  cut to the window
                    assert last is not None  # noqa: S101
                    key = rotation.source.id, cause, first, last
                    groups.setdefault(key, []).append(resource)
    found = (
        Gap(
            rotation=rotation_id,
            kind=kind,
            member=member,
            permissions=permissions,
            resources=tuple(resources),
            start=first,
            end=last,
            in_short=scope.in_short(resources),
            zone=scope.zone_around(resources),
        )
        for (rotation_id, (kind, member, permissions), first, last), resources in groups.items()
    )
    return tuple(
        sorted(
            found,
            key=lambda gap: (
                gap.rotation, gap.start, gap.end, gap.kind, gap.resources, gap.permissions
            ),
        )
    )  # fmt: skip


def _gaps_on(
    access: Access, rotation: RotationBinding, resource: str, window: _Window
) -> dict[_Cause, tuple[Span, ...]]:
    """Return the gaps on one resource, by their causes."""
    spans: dict[_Cause, list[Span]] = {}
    covered: list[Span] = []
    for shift in rotation.roster(resource).between(*window):
        first = max(shift.start, window[0])
        last = window[1] if shift.end is None else min(shift.end, window[1])
        covered.append((first, last))
        changes = _changes(access, rotation, shift.member, resource, (first, last))
        for since, until in pairwise(sorted({first, last, *changes})):
            for kind, permissions in _missing(access, rotation, shift.member, resource, since):
                spans.setdefault((kind, shift.member, permissions), []).append((since, until))
    intended = _intended_breaks(rotation, resource, window)
    uncovered = subtract_spans([window], merge_spans([*covered, *intended]))
    if uncovered:
        spans["no_shift", "", tuple(sorted(rotation.permissions))] = list(uncovered)
    return {cause: merge_spans(own) for cause, own in spans.items()}


def _intended_breaks(rotation: RotationBinding, resource: str, window: _Window) -> Iterator[Span]:
    """Yield the breaks between a shift's `end` and the next shift."""
    scheduled = rotation.source.roster(rotation.zone_of(resource))
    latest = scheduled.latest(window[0])
    for shift in (*(() if latest is None else (latest,)), *scheduled.between(*window)):
        following = scheduled.next_start(shift.start)
        if shift.due_end is not None and following is not None and shift.due_end < following:
            yield shift.due_end, following


def _changes(
    access: Access, rotation: RotationBinding, member: str, resource: str, within: _Window
) -> Iterator[dt.datetime]:
    """Yield the instants at which the permissions of a member or a delegate may change."""
    members = {
        member,
        *(absence.delegate for absence in access.absences if absence.member == member),
    }
    bounds = [access.bindings.scope.leaving.get(name) for name in members]
    for absence in access.all_absences:
        if absence.member in members:
            bounds += (absence.begins_at, absence.ends_at)
    for name in members:
        for permission in rotation.permissions:
            for span in access.bindings.forbidden_spans(name, permission, resource):
                bounds += span
    yield from (bound for bound in bounds if bound is not None and within[0] < bound < within[1])


def _missing(
    access: Access, rotation: RotationBinding, member: MemberId, resource: str, at: dt.datetime
) -> Iterator[tuple[GapKind, tuple[str, ...]]]:
    """Yield the permissions that are missing during one of *member*'s shifts, and why."""
    permissions = tuple(sorted(rotation.permissions))
    inactive = access.inactive_reason(member, at=at)
    if inactive is not None:
        yield ("left" if inactive.code == "left" else "suspended"), permissions
        return
    forbids_at = access.bindings.bindings_of(member).forbids_at
    forbidden = tuple(name for name in permissions if forbids_at(name, resource, at))
    if forbidden:
        yield "forbidden", forbidden
    if not _is_absent(access, member, at):
        return
    available = [
        absence
        for absence in access.absences
        if absence.member == member
        and absence.covers(at)
        and access.inactive_reason(absence.delegate, at=at) is None
        and not _is_absent(access, absence.delegate, at)
    ]
    missing = tuple(
        permission
        for permission in permissions
        if permission not in forbidden
        and not any(
            absence.delegates(permission)
            and not access.bindings.bindings_of(absence.delegate).forbids_at(
                permission, resource, at
            )
            for absence in available
        )
    )
    if missing or not (permissions or available):
        yield "absent", missing


def _is_absent(access: Access, member: str, at: dt.datetime) -> bool:
    return any(absence.member == member and absence.covers(at) for absence in access.all_absences)

"""Coverage: the permissions that would be lost if some members were absent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.directory import Principal
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.access import Access
from socialcollab.permissions.engine.delegations import delegated_periods
from socialcollab.permissions.engine.periods import Periods, periods_of
from socialcollab.permissions.engine.scope import Scope
from socialcollab.time import (
    Span,
    as_utc,
    intersect_spans,
    local_time,
    merge_spans,
    subtract_spans,
)

ROTATION = "rotation:"
STEP = "step:"
_APPROVE = "approve"
_MIN = dt.datetime.min.replace(tzinfo=dt.UTC)
_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)

_Window = tuple[dt.datetime, dt.datetime]
_Available = dict[tuple[str, str], dict[str, list[Span]]]
"""The spans in which each member is available, by permission or rotation and by profile."""


@attrs.frozen(kw_only=True)
class Loss(NotebookMixin):
    """
    Permissions that no member would have for some time if certain members were absent.

    Attributes:
        absent: The members whose absence at the same time causes the loss, sorted.
        lost: Permissions, rotations as ``rotation:ID``, and approval steps with too few reviewers as
            ``step:POLICY/STEP``, sorted.
        resources: The profiles, sorted.
        start: The first instant, in UTC.
        end: The first instant after it.
        in_short: The profiles in short form: ``*`` for all profiles, ``all of tulip`` for all
            profiles of a workspace.
        zone: The IANA name of the zone that all the profiles share, or "UTC".
    """

    absent: tuple[MemberId, ...]
    lost: tuple[str, ...]
    resources: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    in_short: tuple[str, ...] = ()
    zone: str = "UTC"

    def __str__(self) -> str:
        rotations = [name.removeprefix(ROTATION) for name in self.lost if name.startswith(ROTATION)]
        steps = [name.removeprefix(STEP) for name in self.lost if name.startswith(STEP)]
        permissions = [name for name in self.lost if not name.startswith((ROTATION, STEP))]
        lost = [f"has {', '.join(permissions)}"] if permissions else []
        lost += [f"is on duty for {', '.join(rotations)}"] if rotations else []
        parts = [f"no member {' or '.join(lost)}"] if lost else []
        parts += [f"too few members can decide on step {', '.join(steps)}"] if steps else []
        return (
            f"without {', '.join(self.absent)}: {' and '.join(parts)} on"
            f" {', '.join(self.in_short or self.resources)} from {self._local(self.start)} until"
            f" {self._local(self.end)} {self.zone}"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M}"


@attrs.frozen(kw_only=True)
class Coverage(NotebookMixin):
    """
    The permissions that are lost if members are absent.

    Attributes:
        losses: The losses, sorted by the number of absent members.
        survives: The number of members who may be absent, in any combination, before a permission
            on a profile or the quorum of a step is lost; None if no member has any permission.
            Rotations are not considered, because only one member is on duty at a time.
    """

    losses: tuple[Loss, ...]
    survives: int | None

    def __str__(self) -> str:
        return "\n".join(map(str, self.losses)) or "nothing is lost"


@attrs.frozen(kw_only=True)
class ReviewerGroup:
    """
    The reviewers of an approval step on one profile.

    Attributes:
        step: The step's key, such as ``brand/legal``.
        resource: The profile.
        reviewers: The principals who can decide, if they have `approve` on the profile.
        needed: The number of approvals that the step needs.
    """

    step: str
    resource: str
    reviewers: tuple[Principal, ...]
    needed: int = 1

    @property
    def key(self) -> tuple[str, str]:
        """The step, in the form used in `Loss.lost`, and the profile."""
        return f"{STEP}{self.step}", self.resource

    @property
    def rotates(self) -> bool:
        """Whether all reviewers take turns, so that only one of them can decide at a time."""
        return all(principal.kind == "rotation" for principal in self.reviewers)


def coverage(
    access: Access,
    *,
    start: dt.datetime,
    end: dt.datetime,
    absent: int = 1,
    without: Collection[str] | None = None,
    steps: Iterable[ReviewerGroup] = (),
) -> Coverage:
    """
    Return the permissions on profiles that would be lost if members were absent.

    Recorded absences and their delegates are taken into account. Other members who are assumed to
    be absent have no delegates. If no member has a permission at some time even without these
    assumptions, the permission is not lost at that time.

    Args:
        access: The rules.
        start: The first instant.
        end: The first instant after the period to check.
        absent: The maximum number of members who are assumed to be absent at the same time.
        without: Members who are all assumed to be absent, instead of every combination of *absent*
            members; each loss names the members among them who cause it.
        steps: The approval steps to check, too. The authors of posts are not considered.

    Returns:
        The losses, each with the smallest set of members whose absence causes it.

    Raises:
        InvalidValueError: If *end* is not after *start*, *absent* is not a positive number, or
            *without* names an unknown member.
        NaiveDatetimeError: If an instant has no UTC offset.
    """
    window = as_utc(start), as_utc(end)
    if window[1] <= window[0]:
        raise InvalidValueError(
            f"coverage ends at {end.isoformat()}, which is not after its start {start.isoformat()}",
            value=end,
        )
    if type(absent) is not int or absent < 1:
        raise InvalidValueError(
            f"absent={absent!r} is not a positive number of members; to see what is lost without"
            " certain members, pass them as `without`",
            value=absent,
            expected="1 or more",
        )
    for member in without or ():
        if access.member(member) is None:
            raise InvalidValueError(
                f"`{member}` is not a member{did_you_mean(member, access.member_ids, before='; ')}",
                value=member,
                expected="members' ids",
            )
    chosen = None if without is None else frozenset(without)
    groups: dict[tuple[tuple[str, ...], Span], dict[str, set[str]]] = {}
    fewest: int | None = None
    by_step = {group.key: group for group in steps}
    needed_by_step = {key: group.needed for key, group in by_step.items()}
    rotating = {key for key, group in by_step.items() if group.rotates}
    for key, by_member in sorted(_available(access, window, by_step.values()).items()):
        name, resource = key
        needed = needed_by_step.get(key, 1)
        always = {member for member, spans in by_member.items() if spans == [window]}
        if not (name.startswith(ROTATION) or key in rotating) and (
            fewest is None or len(always) - needed < fewest
        ):
            counts = [
                len(members) - needed for members, _ in _sweep(by_member) if len(members) >= needed
            ]
            fewest = min((*counts, *(() if fewest is None else (fewest,))), default=None)
        # Nothing is lost if enough members are always available and cannot be among the absent.
        if (len(always) - absent if chosen is None else len(always - chosen)) >= needed:
            continue
        for members, span in _sweep(by_member):
            for missing in _missing_members(members, needed, absent, chosen):
                groups.setdefault((missing, span), {}).setdefault(resource, set()).add(name)
    return Coverage(
        losses=tuple(sorted(_losses(groups, access.bindings.scope), key=_order)),
        survives=fewest,
    )


def _missing_members(
    members: frozenset[str], needed: int, absent: int, chosen: frozenset[str] | None
) -> Iterator[tuple[str, ...]]:
    """Yield the members whose combined absence leaves fewer than *needed* of *members*."""
    # If there are too few members even when all are present, no absence causes the loss.
    if not members or len(members) < needed:
        return
    if chosen is not None:
        if len(members - chosen) < needed:
            yield tuple(sorted(members & chosen))
        return
    size = len(members) - needed + 1
    if size <= absent:
        yield from combinations(sorted(members), size)


def _order(loss: Loss) -> tuple[int, tuple[str, ...], dt.datetime, dt.datetime, tuple[str, ...]]:
    return len(loss.absent), loss.absent, loss.start, loss.end, loss.lost


def _losses(
    groups: Mapping[tuple[tuple[str, ...], Span], Mapping[str, set[str]]], scope: Scope
) -> Iterator[Loss]:
    for (members, (start, end)), by_resource in groups.items():
        resources_by_lost: dict[tuple[str, ...], list[str]] = {}
        for resource in sorted(by_resource):
            resources_by_lost.setdefault(tuple(sorted(by_resource[resource])), []).append(resource)
        for lost, resources in resources_by_lost.items():
            assert start is not None  # noqa: S101  cut to the window
            assert end is not None  # noqa: S101
            yield Loss(
                absent=tuple(MemberId(member) for member in members),
                lost=lost,
                resources=tuple(resources),
                start=start,
                end=end,
                in_short=scope.in_short(resources),
                zone=scope.zone_around(resources),
            )


def _available(access: Access, window: _Window, steps: Collection[ReviewerGroup]) -> _Available:
    """Return the spans in which members are present and have permissions, limited to a window."""
    available: _Available = {}
    bindings = access.bindings
    away = _away(access)
    # The members' own permissions, ignoring absences, because delegates use them too.
    own: dict[str, Periods] = {
        member: _own_periods(access, member, window) for member in access.member_ids
    }
    reviews = _review_periods(access, steps, own)
    for member, periods in own.items():
        _add(available, periods, member, away, window)
        _add(available, reviews.get(member, {}), member, away, window)
    for absence in access.absences:
        delegate = absence.delegate
        delegated = delegated_periods(
            bindings,
            absence,
            own.get(absence.member, {}),
            forbidden=periods_of(bindings.bindings_of(delegate).forbids),
        )
        _add(available, delegated, delegate, away, window)
        decided = {
            (step, resource): intersect_spans(spans, delegated.get((_APPROVE, resource), ()))
            for (step, resource), spans in reviews.get(absence.member, {}).items()
        }
        _add(available, decided, delegate, away, window)
    for by_member in available.values():
        for name, spans in by_member.items():
            # Merging replaces the earliest and the latest possible instant with None, but the
            # sweep needs instants.
            by_member[name] = [(a or _MIN, b or _MAX) for a, b in merge_spans(spans)]
    return available


def _review_periods(
    access: Access, steps: Collection[ReviewerGroup], own: Mapping[str, Periods]
) -> dict[str, dict[tuple[str, str], tuple[Span, ...]]]:
    """Return when each member is a reviewer of each step and may approve, ignoring absences."""
    periods: dict[str, dict[tuple[str, str], tuple[Span, ...]]] = {}
    for group in steps:
        spans: dict[str, list[Span]] = {}
        for principal in group.reviewers:
            for member, during in _periods_in(access, principal, group.resource, own):
                spans.setdefault(member, []).extend(during)
        for member, during in spans.items():
            approving = own[member].get((_APPROVE, group.resource), ())
            common = intersect_spans(merge_spans(during), approving)
            if common:
                periods.setdefault(member, {})[group.key] = common
    return periods


def _periods_in(
    access: Access, principal: Principal, resource: str, own: Mapping[str, Periods]
) -> Iterator[tuple[str, Iterable[Span]]]:
    """Yield the members to whom *principal* refers on a profile, with each member's periods."""
    if principal.kind == "rotation":
        rotations = {ROTATION + principal.name}
    elif principal.kind == "role":
        yield from access.role_periods(principal.name, resource).items()
        # The periods of a role do not include rule-based shifts.
        rotations = {
            ROTATION + rotation.source.id
            for rotation in access.bindings.rotations
            if principal.name in rotation.roles
        }
    else:
        yield from ((member, ((None, None),)) for member in access.everyone_in(principal))
        return
    for member, periods in own.items():
        for rotation in rotations:
            yield member, periods.get((rotation, resource), ())


def _away(access: Access) -> dict[str, tuple[Span, ...]]:
    spans: dict[str, list[Span]] = {}
    for absence in access.all_absences:
        spans.setdefault(absence.member, []).append((absence.begins_at, absence.ends_at))
    return {member: merge_spans(own) for member, own in spans.items()}


def _own_periods(access: Access, member: str, window: _Window) -> Periods:
    """Return when *member* has permissions on profiles and is on duty, ignoring absences."""
    bindings = access.bindings
    profiles = bindings.scope.profiles.keys()
    spans: dict[tuple[str, str], list[Span]] = {
        key: list(granted)
        for key, granted in access.permission_periods(member).items()
        if key[1] in profiles
    }
    for rotation in bindings.rotations:
        if member not in rotation.members:
            continue
        for resource in rotation.resources & profiles:
            shifts = merge_spans(
                (shift.start, shift.end)
                for shift in rotation.roster(resource).between(*window)
                if shift.member == member
            )
            spans.setdefault((ROTATION + rotation.source.id, resource), []).extend(shifts)
            for permission in rotation.permissions:
                forbidden = bindings.forbidden_spans(member, permission, resource)
                allowed = subtract_spans(shifts, forbidden)
                spans.setdefault((permission, resource), []).extend(allowed)
    periods = {key: merge_spans(own) for key, own in spans.items() if own}
    return bindings.while_active(member, periods)


def _add(
    available: _Available,
    periods: Periods,
    member: str,
    away: Mapping[str, tuple[Span, ...]],
    window: _Window,
) -> None:
    for key, spans in periods.items():
        for start, end in subtract_spans(spans, away.get(member, ())):
            first = window[0] if start is None else max(start, window[0])
            last = window[1] if end is None else min(end, window[1])
            if first < last:
                available.setdefault(key, {}).setdefault(member, []).append((first, last))


def _sweep(by_member: Mapping[str, Iterable[Span]]) -> Iterator[tuple[frozenset[str], Span]]:
    """Yield each period in which the set of available members is constant, with its members."""
    bounds: dict[dt.datetime, tuple[list[str], list[str]]] = {}
    for member, spans in by_member.items():
        for start, end in spans:
            assert start is not None  # noqa: S101  cut to the window
            assert end is not None  # noqa: S101
            bounds.setdefault(start, ([], []))[0].append(member)
            bounds.setdefault(end, ([], []))[1].append(member)
    members: set[str] = set()
    since: dt.datetime | None = None
    for at in sorted(bounds):
        arriving, leaving = bounds[at]
        after = (members - set(leaving)) | set(arriving)
        if after == members:
            continue
        if since is not None:
            yield frozenset(members), (since, at)
        members, since = after, at

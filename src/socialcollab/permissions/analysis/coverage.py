"""What nobody could do any more if some people were away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import MemberId, did_you_mean
from socialcollab.permissions.engine.scope import Scope
from socialcollab.time import Span, as_utc, intersect_spans, local_time, merge_spans, subtract_spans

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access

ROTATION = "rotation:"
_FIRST = dt.datetime.min.replace(tzinfo=dt.UTC)
_LAST = dt.datetime.max.replace(tzinfo=dt.UTC)

_Acting = dict[tuple[str, str], dict[str, list[Span]]]


@attrs.frozen(kw_only=True)
class Loss(NotebookMixin):
    """
    What nobody could do over some time if some people were away.

    Attributes:
        absent: Whose absence it takes, all of them together and nobody else, sorted.

        what: Permissions, and duties as ``rotation:ID``, sorted.

        where: The profiles, sorted.

        start: First instant of it, in UTC.

        end: First instant after it.

        in_short: Where, for people: ``*`` for every profile, ``all of tulip``
            for a workspace with all of its profiles.

        zone: The zone that all of the profiles are in, or "UTC".
    """

    absent: tuple[MemberId, ...]
    what: tuple[str, ...]
    resources: tuple[str, ...]
    start: dt.datetime
    end: dt.datetime
    in_short: tuple[str, ...] = ()
    zone: str = "UTC"

    def __str__(self) -> str:
        rotations = [one.removeprefix(ROTATION) for one in self.what if one.startswith(ROTATION)]
        acts = [one for one in self.what if not one.startswith(ROTATION)]
        lost = [f"may {', '.join(acts)}"] if acts else []
        lost += [f"is on duty {', '.join(rotations)}"] if rotations else []
        return (
            f"without {', '.join(self.absent)}: nobody {', or '.join(lost)} on"
            f" {', '.join(self.in_short or self.resources)} from {self._local(self.start)} until"
            f" {self._local(self.end)} {self.zone}"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M}"


@attrs.frozen(kw_only=True)
class Coverage(NotebookMixin):
    """
    What is lost if people are away, and how many absences everything survives.

    Attributes:
        losses: What is lost, the fewest absences first.

        survives: How many people may be away, whoever they are, so that each
            permission somebody has on a profile is still somebody's at every
            instant; None if nobody has any. Duties are not counted: whoever is
            on duty is alone.
    """

    losses: tuple[Loss, ...]
    survives: int | None

    def __str__(self) -> str:
        return "\n".join(map(str, self.losses)) or "nothing is lost"


def coverage(
    access: Access,
    *,
    start: dt.datetime,
    end: dt.datetime,
    absent: int = 1,
    without: Collection[str] | None = None,
) -> Coverage:
    """
    Return what nobody could do on a profile between two instants if people were away.

    Whoever is known to be away is taken to be, and their delegates to stand in;
    for those who would be away beside them nobody stands in. Rights that nobody
    has at an instant anyhow are not lost then.

    Args:
        access: The rules.

        start: First instant looked at.

        end: First instant after it.

        absent: How many people may be away: sets of at most so many are named.

        without: These people instead, all of them away: what is lost is named
            with those of them it takes.

    Returns:
        The losses, each with the one set of people that it takes: of no smaller
        part of it would it be lost.

    Raises:
        InvalidValueError: If *end* is not after *start*, *absent* is no number
            from 1 on, or somebody in *without* is no member.

        NaiveDatetimeError: If an instant has no UTC offset.
    """
    window = as_utc(start), as_utc(end)
    if window[1] <= window[0]:
        raise InvalidValueError(
            f"coverage until {end.isoformat()}, which is not after {start.isoformat()}", value=end
        )
    if type(absent) is not int or absent < 1:
        raise InvalidValueError(
            f"absent={absent!r} is no number of people from 1 on; for what is lost if certain"
            " people are away, name them with `without`",
            value=absent,
            expected="1 or more",
        )
    for member in without or ():
        if access.member(member) is None:
            raise InvalidValueError(
                f"`{member}` is no member{did_you_mean(member, access.member_ids, before='; ')}",
                value=member,
                expected="members' ids",
            )
    away = None if without is None else frozenset(without)
    groups: dict[tuple[tuple[str, ...], Span], dict[str, set[str]]] = {}
    fewest: int | None = None
    for (what, resource), by_member in sorted(_acting(access, window).items()):
        rotation = what.startswith(ROTATION)
        always = {member for member, spans in by_member.items() if spans == [window]}
        if not rotation and (fewest is None or len(always) < fewest):
            counts = [len(who) for who, _ in _sweep(by_member) if who]
            fewest = min((*counts, *(() if fewest is None else (fewest,))), default=None)
        if (len(always) > absent) if away is None else bool(always - away):
            continue
        for who, span in _sweep(by_member):
            lost = bool(who) and ((len(who) <= absent) if away is None else who <= away)
            if lost:
                key = tuple(sorted(who)), span
                groups.setdefault(key, {}).setdefault(resource, set()).add(what)
    return Coverage(
        losses=tuple(sorted(_losses(groups, access.bindings.scope), key=_order)),
        survives=None if fewest is None else fewest - 1,
    )


def _order(loss: Loss) -> tuple[int, tuple[str, ...], dt.datetime, dt.datetime, tuple[str, ...]]:
    return len(loss.absent), loss.absent, loss.start, loss.end, loss.what


def _losses(
    groups: Mapping[tuple[tuple[str, ...], Span], Mapping[str, set[str]]], scope: Scope
) -> Iterator[Loss]:
    for (who, (start, end)), by_place in groups.items():
        together: dict[tuple[str, ...], list[str]] = {}
        for resource in sorted(by_place):
            together.setdefault(tuple(sorted(by_place[resource])), []).append(resource)
        for what, resources in together.items():
            assert start is not None  # noqa: S101  cut to the window
            assert end is not None  # noqa: S101
            yield Loss(
                absent=tuple(MemberId(member) for member in who),
                what=what,
                resources=tuple(resources),
                start=start,
                end=end,
                in_short=scope.in_short(resources),
                zone=scope.zone_around(resources),
            )


def _acting(access: Access, window: tuple[dt.datetime, dt.datetime]) -> _Acting:
    """Return who is there to do what where, and when, cut to a window."""
    found: _Acting = {}
    resources = frozenset(access.bindings.scope.profiles)
    gone = _gone(access)
    # By their own grants and turns, whether they are there or not.
    own = {member: _own(access, member, resources, window) for member in access.member_ids}
    for member, by_key in own.items():
        for key, spans in by_key.items():
            _add(found, key, member, subtract_spans(spans, gone.get(member, ())), window)
    for absence in access.absences:
        days = ((absence.begins_at, absence.ends_at),)
        delegate = MemberId(absence.delegate)
        stay = access.bindings.scope.stay(delegate)
        if stay is None:
            continue
        for key, spans in own.get(absence.member, {}).items():
            rotation = key[0].startswith(ROTATION)
            if not rotation and not absence.delegates(key[0]):
                continue
            if rotation and absence.permissions:
                continue
            lent = intersect_spans(days, spans)
            barred = (
                subtract_spans([(None, None)], [stay])
                if rotation
                else access.bindings.forbidden_spans(delegate, *key)
            )
            left = subtract_spans(subtract_spans(lent, barred), gone.get(delegate, ()))
            _add(found, key, delegate, left, window)
    for by_member in found.values():
        for who, spans_of in by_member.items():
            # A window may begin with the first instant there is: none is open here.
            by_member[who] = [(a or _FIRST, b or _LAST) for a, b in merge_spans(spans_of)]
    return found


def _gone(access: Access) -> dict[str, tuple[Span, ...]]:
    found: dict[str, list[Span]] = {}
    for absence in access.all_absences:
        found.setdefault(absence.member, []).append((absence.begins_at, absence.ends_at))
    return {member: merge_spans(spans) for member, spans in found.items()}


def _own(
    access: Access, member: str, resources: Collection[str], window: tuple[dt.datetime, dt.datetime]
) -> dict[tuple[str, str], tuple[Span, ...]]:
    spans: dict[tuple[str, str], list[Span]] = {
        key: list(given)
        for key, given in access.permission_periods(member).items()
        if key[1] in resources
    }
    stay = access.bindings.scope.stay(member)
    if stay is None:
        return {}
    for line in access.bindings.rotations:
        if member not in line.members:
            continue
        for resource in resources:
            if not line.applies_to(resource):
                continue
            shifts: list[Span] = [
                (shift.start, shift.end)
                for shift in line.roster(resource).between(*window)
                if shift.member == member
            ]
            if stay[1] is not None:
                shifts = list(subtract_spans(merge_spans(shifts), [(stay[1], None)]))
            spans.setdefault((ROTATION + line.source.id, resource), []).extend(shifts)
            for permission in line.permissions:
                barred = access.bindings.forbidden_spans(member, permission, resource)
                left = subtract_spans(merge_spans(shifts), barred)
                spans.setdefault((permission, resource), []).extend(left)
    return {key: merge_spans(given) for key, given in spans.items() if given}


def _add(
    found: _Acting,
    key: tuple[str, str],
    member: str,
    spans: Iterable[Span],
    window: tuple[dt.datetime, dt.datetime],
) -> None:
    for start, end in spans:
        first = window[0] if start is None else max(start, window[0])
        last = window[1] if end is None else min(end, window[1])
        if first < last:
            found.setdefault(key, {}).setdefault(member, []).append((first, last))


def _sweep(by_member: Mapping[str, Iterable[Span]]) -> Iterator[tuple[frozenset[str], Span]]:
    """Yield who is there, for each time over which they stay the same."""
    bounds: dict[dt.datetime, tuple[list[str], list[str]]] = {}
    for member, spans in by_member.items():
        for start, end in spans:
            assert start is not None  # noqa: S101  cut to the window
            assert end is not None  # noqa: S101
            bounds.setdefault(start, ([], []))[0].append(member)
            bounds.setdefault(end, ([], []))[1].append(member)
    here: set[str] = set()
    since: dt.datetime | None = None
    for at in sorted(bounds):
        come, leave = bounds[at]
        after = (here - set(leave)) | set(come)
        if after == here:
            continue
        if since is not None:
            yield frozenset(here), (since, at)
        here, since = after, at

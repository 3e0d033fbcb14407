"""Who gains and who loses what between two sets of rules, and by which line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import MemberId
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.time import Span, as_utc, local_time, merge_spans, subtract_spans

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access


@attrs.frozen(kw_only=True)
class PermissionChange(NotebookMixin):
    """
    Rights that one member gains or loses, for one reason and over one stretch of time.

    Attributes:
        kind: "gains" or "loses".

        member: Who.

        gives: A role if the permissions are exactly its own, else the
            permissions, sorted.

        permissions: The permissions, sorted.

        places: Where, every profile, workspace and ``*`` by itself, sorted.

        where: The same for people: ``*`` for everywhere, a workspace for all of
            it, ``tulip (itself)`` for a workspace without all of its profiles,
            ``tulip (its profiles)`` for these without the workspace.

        start: First instant of it in UTC, or None for always.

        end: First instant without it, or None for ever.

        because: What does it: lines as they stand in the document that has
            them, such as ``grants[3]`` (a forbid that begins or ends is one
            too), or a duty.

        zone: The zone that all of the places are in, or "UTC".
    """

    kind: Literal["gains", "loses"]
    member: MemberId
    gives: tuple[str, ...]
    permissions: tuple[str, ...]
    resources: tuple[str, ...]
    resources_in_short: tuple[str, ...]
    start: dt.datetime | None
    end: dt.datetime | None
    rules: tuple[str, ...]
    zone: str = "UTC"

    def __str__(self) -> str:
        sign = "+" if self.kind == "gains" else "-"
        times = "".join(
            f" {word} {self._local(at)}"
            for word, at in (("from", self.start), ("until", self.end))
            if at is not None
        )
        return (
            f"{sign} {self.member}: {', '.join(self.gives)} on {', '.join(self.resources_in_short)}{times}"
            f" ({', '.join(self.rules)})"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M} {self.zone}"


@attrs.frozen
class Comparison(NotebookMixin):
    """
    All that members gain and lose, by member, losses first.

    Attributes:
        changes: Every change.
    """

    changes: tuple[PermissionChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def gains(self) -> tuple[PermissionChange, ...]:
        """What is gained."""
        return tuple(one for one in self.changes if one.kind == "gains")

    @property
    def losses(self) -> tuple[PermissionChange, ...]:
        """What is lost."""
        return tuple(one for one in self.changes if one.kind == "loses")

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "nobody gains or loses a right"


def compare(before: Access, after: Access, *, at: dt.datetime | None = None) -> Comparison:
    """
    Return who gains and who loses what, where and when, and by which lines.

    Only what differs is in it: of a line that moved or says the same in other
    words nothing is, and of one that is renewed only the time that is new. A
    place in a rotation counts as what its role allows from the rotation's first
    day on, a turn of a list, or by a swap, for as long as it lasts. Who stands in
    for whom is a fact, and no part of it.

    >>> from socialcollab.directory import Profile
    >>> from socialcollab.permissions import Access, Grant
    >>> def rules(*permissions):
    ...     return Access.of(
    ...         members=["ana"],
    ...         profiles=[Profile(id="tulip-x", workspace="tulip", network="x")],
    ...         grants=[Grant(to="member:ana", permissions=permissions, on="tulip-x")],
    ...     )
    >>> print(compare(rules("view", "draft"), rules("view", "publish")))
    - ana: draft on tulip-x (grants[0])
    + ana: publish on tulip-x (grants[0])

    Args:
        before: The rules that are.

        after: The rules that are to be.

        at: Rights that end before this instant are left out; None keeps all.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    since = None if at is None else as_utc(at)
    found: list[PermissionChange] = []
    for member in sorted({*before.member_ids, *after.member_ids}):
        found += _changes(member, "loses", after, before, since)
        found += _changes(member, "gains", before, after, since)
    return Comparison(tuple(found))


def _changes(
    member: MemberId,
    kind: Literal["gains", "loses"],
    less: Access,
    more: Access,
    since: dt.datetime | None,
) -> Iterator[PermissionChange]:
    """Yield what a member has in *more* and not in *less*, in as few lines as say it."""
    groups: dict[tuple[Span, tuple[str, ...]], dict[str, set[str]]] = {}
    for (permission, resource), span, because in _differing(member, less, more):
        if since is not None and span[1] is not None and span[1] <= since:
            continue
        groups.setdefault((span, because), {}).setdefault(resource, set()).add(permission)
    for (span, because), by_place in sorted(groups.items(), key=lambda one: _order(one[0])):
        for permissions, resources in _rectangles(by_place):
            yield PermissionChange(
                kind=kind,
                member=member,
                gives=_named(permissions, more),
                permissions=permissions,
                resources=resources,
                resources_in_short=_shortened(resources, more),
                start=span[0],
                end=span[1],
                rules=because,
                zone=more.bindings.scope.zone_around(resources),
            )


def _order(key: tuple[Span, tuple[str, ...]]) -> tuple[str, str, list[list[str | int]]]:
    (start, end), because = key
    return str(start or ""), str(end or "9"), [_in_order(one) for one in because]


def _in_order(place: str) -> list[str | int]:
    """Return a key by which ``grants[9]`` comes before ``grants[10]``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", place)]


def _differing(
    member: str, less: Access, more: Access
) -> Iterator[tuple[tuple[str, str], Span, tuple[str, ...]]]:
    """Yield each permission and place with the times it is there in *more* alone, and by what."""
    there, here = more.permission_periods(member), less.permission_periods(member)
    # Turns of a list are known: a grant for their time brings nothing new.
    listed = less.bindings.listed(member)
    for key in sorted(there):
        held = merge_spans((*here.get(key, ()), *listed.get(key, ())))
        for span in subtract_spans(there[key], held):
            for part, because in _by_cause(member, key, span, less, more):
                yield key, part, because
    shifts = more.bindings.rule_shift_periods(member, unlike=less.bindings)
    for key in sorted(shifts):
        held = merge_spans((*here.get(key, ()), *there.get(key, ()), *listed.get(key, ())))
        for span in subtract_spans(shifts[key], held):
            yield key, span, _shifts_cause(member, key, span, less, more)


def _shifts_cause(
    member: str, key: tuple[str, str], span: Span, less: Access, more: Access
) -> tuple[str, ...]:
    """Name the duties that make the difference, or the forbids that keep them from it."""
    barring = less.bindings.matching_forbids(member, *key, at=_middle(*span))
    if barring and less.bindings.rotations_granting(member, *key, during=span):
        return tuple(sorted(line.place for line in barring))
    return more.bindings.rotations_granting(member, *key, during=span)


def _by_cause(
    member: str, key: tuple[str, str], span: Span, less: Access, more: Access
) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Cut a span where another line takes over, and name for each part what carries it."""
    cuts = sorted(
        bound
        for line in (*more.bindings.lines_of(member, *key), *less.bindings.lines_of(member, *key))
        for bound in line.span(key[1])
        if bound is not None and _inside(bound, span)
    )
    start = span[0]
    parts: list[tuple[Span, tuple[str, ...]]] = []
    for end in (*dict.fromkeys(cuts), span[1]):
        because = _cause(member, key, start, end, less, more)
        if parts and parts[-1][1] == because:
            parts[-1] = ((parts[-1][0][0], end), because)
        else:
            parts.append(((start, end), because))
        start = end
    yield from parts


def _inside(bound: dt.datetime, span: Span) -> bool:
    start, end = span
    return (start is None or start < bound) and (end is None or bound < end)


def _cause(  # noqa: PLR0917  the parts of one question
    member: str,
    key: tuple[str, str],
    start: dt.datetime | None,
    end: dt.datetime | None,
    less: Access,
    more: Access,
) -> tuple[str, ...]:
    """Name what makes the difference at some instant of a span in which no line begins or ends."""
    instant = _middle(start, end)
    barring = [line.place for line in less.bindings.matching_forbids(member, *key, at=instant)]
    if barring and less.bindings.matching_grants(member, *key, at=instant):
        # The grant is on both sides: what bars it on one makes the difference.
        return tuple(sorted(barring))
    giving = more.bindings.matching_grants(member, *key, at=instant)
    return (giving[0].place,)


def _middle(start: dt.datetime | None, end: dt.datetime | None) -> dt.datetime:
    """Return an instant of a span."""
    if start is not None:
        return start
    if end is not None and end.year > 1:
        return end - dt.timedelta(microseconds=1)
    return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def _rectangles(
    by_place: Mapping[str, set[str]],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Put together the places at which the same permissions differ."""
    found: dict[tuple[str, ...], list[str]] = {}
    for resource in sorted(by_place):
        found.setdefault(tuple(sorted(by_place[resource])), []).append(resource)
    for permissions in sorted(found):
        yield permissions, tuple(found[permissions])


def _named(permissions: Sequence[str], access: Access) -> tuple[str, ...]:
    """Return the role that allows exactly these, or the permissions themselves."""
    wanted = frozenset(permissions)
    if len(wanted) > 1:
        for role in sorted(access.roles.by_id):
            if access.roles.permissions_of(role) == wanted:
                return (role,)
    return tuple(permissions)


def _shortened(resources: Sequence[str], access: Access) -> tuple[str, ...]:
    """Say places in as few words as mean the same: a whole by its name, its parts not."""
    named = set(resources)
    scope = access.bindings.scope
    if named == set(scope.resources):
        return (EVERYWHERE,)
    said: set[str] = set()
    for workspace, profiles in scope.profiles_by_workspace.items():
        here = profiles & named
        if workspace not in named:
            whole = here == profiles and len(here) > 1
            said |= {f"{workspace} (its profiles)"} if whole else here
        elif here == profiles:
            said.add(workspace)
        else:
            said |= {f"{workspace} (itself)", *here}
    # Workspaces without a profile, and everywhere without some place.
    said |= named - scope.profiles.keys() - scope.profiles_by_workspace.keys() - {EVERYWHERE}
    if EVERYWHERE in named:
        said.add(f"{EVERYWHERE} (itself)")
    return tuple(sorted(said))

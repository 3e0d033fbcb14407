"""The differences between two sets of rules: which members gain or lose permissions, and why."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import MemberId
from socialcollab.permissions.access import Access
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.time import Span, as_utc, local_time, merge_spans, subtract_spans

_Key = tuple[str, str]
"""A permission and a resource."""


@attrs.frozen(kw_only=True)
class PermissionChange(NotebookMixin):
    """
    Permissions that a member gains or loses because of the same rules and for the same period.

    Attributes:
        kind: "gains" or "loses".
        member: The member.
        granted: The role that has exactly these permissions, or the sorted permissions if there is
            none.
        permissions: The permissions, sorted.
        resources: The profiles, the workspaces and ``*``, each listed individually, sorted.
        resources_in_short: The resources in short form: ``*`` for all of them, ``tulip`` for a
            workspace and all of its profiles, ``tulip (itself)`` for a workspace without all of
            its profiles, ``tulip (its profiles)`` for the profiles without the workspace.
        start: The first instant in UTC, or None if there is no start.
        end: The first instant after the period, or None if there is no end.
        rules: The positions of the rules that cause the change, such as ``grants[3]``, in the
            document that contains them. A rotation, or a forbid that starts or ends, can also be a
            cause.
        zone: The IANA name of the zone that all the resources share, or "UTC".
    """

    kind: Literal["gains", "loses"]
    member: MemberId
    granted: tuple[str, ...]
    permissions: tuple[str, ...]
    resources: tuple[str, ...]
    resources_in_short: tuple[str, ...]
    start: dt.datetime | None
    end: dt.datetime | None
    rules: tuple[str, ...]
    zone: str = "UTC"

    def __str__(self) -> str:
        sign = "+" if self.kind == "gains" else "-"
        bounds = "".join(
            f" {word} {self._local(at)}"
            for word, at in (("from", self.start), ("until", self.end))
            if at is not None
        )
        return (
            f"{sign} {self.member}: {', '.join(self.granted)} on"
            f" {', '.join(self.resources_in_short)}{bounds} ({', '.join(self.rules)})"
        )

    def _local(self, at: dt.datetime) -> str:
        return f"{local_time(at, self.zone):%Y-%m-%d %H:%M} {self.zone}"


@attrs.frozen
class Comparison(NotebookMixin):
    """
    The permissions that members gain and lose, which is true in a boolean context if there are any.

    Attributes:
        changes: The changes, sorted by member, with losses first.
    """

    changes: tuple[PermissionChange, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def gains(self) -> tuple[PermissionChange, ...]:
        """The changes by which members gain permissions."""
        return tuple(change for change in self.changes if change.kind == "gains")

    @property
    def losses(self) -> tuple[PermissionChange, ...]:
        """The changes by which members lose permissions."""
        return tuple(change for change in self.changes if change.kind == "loses")

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no member gains or loses a permission"


def compare(before: Access, after: Access, *, at: dt.datetime | None = None) -> Comparison:
    """
    Return which members gain or lose permissions, where and when, and because of which rules.

    Only permissions are compared: moving a rule, or rewriting it with the same effect, is not a
    change, and extending a rule changes only the added period. Membership in a rule-based rotation
    counts as having its role from the rotation's first day on; a listed shift or a swap counts for
    as long as it lasts. Delegations are runtime state and are not compared.

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
        before: The rules before the change.
        after: The rules after the change.
        at: Changes that end by this instant are omitted; None includes all changes.

    Raises:
        NaiveDatetimeError: If *at* has no UTC offset.
    """
    since = None if at is None else as_utc(at)
    changes: list[PermissionChange] = []
    for member in sorted({*before.member_ids, *after.member_ids}):
        changes += _changes(member, "loses", after, before, since)
        changes += _changes(member, "gains", before, after, since)
    return Comparison(tuple(changes))


def _changes(
    member: MemberId,
    kind: Literal["gains", "loses"],
    less: Access,
    more: Access,
    since: dt.datetime | None,
) -> Iterator[PermissionChange]:
    """Yield the permissions that a member has only in *more*, grouped into few changes."""
    groups: dict[tuple[Span, tuple[str, ...]], dict[str, set[str]]] = {}
    for (permission, resource), span, rules in _differences(member, less, more):
        if since is not None and span[1] is not None and span[1] <= since:
            continue
        groups.setdefault((span, rules), {}).setdefault(resource, set()).add(permission)
    for (span, rules), by_resource in sorted(groups.items(), key=lambda group: _order(group[0])):
        for permissions, resources in _group_resources(by_resource):
            yield PermissionChange(
                kind=kind,
                member=member,
                granted=_role_or_permissions(permissions, more),
                permissions=permissions,
                resources=resources,
                resources_in_short=_in_short(resources, more),
                start=span[0],
                end=span[1],
                rules=rules,
                zone=more.bindings.scope.zone_around(resources),
            )


def _order(key: tuple[Span, tuple[str, ...]]) -> tuple[str, str, list[list[str | int]]]:
    (start, end), rules = key
    return str(start or ""), str(end or "9"), [_natural_order(rule) for rule in rules]


def _natural_order(place: str) -> list[str | int]:
    """Return a sort key that puts ``grants[9]`` before ``grants[10]``."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", place)]


def _differences(
    member: str, less: Access, more: Access
) -> Iterator[tuple[_Key, Span, tuple[str, ...]]]:
    """Yield when a member has a permission only in *more*, with the rules that cause this."""
    granted_more, granted_less = more.permission_periods(member), less.permission_periods(member)
    # A grant adds nothing during a shift that already gives the member the same permissions.
    known_shifts = less.bindings.known_shift_periods(member)
    for key in sorted(granted_more):
        held = merge_spans((*granted_less.get(key, ()), *known_shifts.get(key, ())))
        for span in subtract_spans(granted_more[key], held):
            for part, rules in _split_by_cause(member, key, span, less, more):
                yield key, part, rules
    shifts = more.bindings.possible_shift_periods(member, unlike=less.bindings)
    for key in sorted(shifts):
        held = merge_spans(
            (*granted_less.get(key, ()), *granted_more.get(key, ()), *known_shifts.get(key, ()))
        )
        for span in subtract_spans(shifts[key], held):
            yield key, span, _cause_of_shifts(member, key, span, less, more)


def _cause_of_shifts(
    member: str, key: _Key, span: Span, less: Access, more: Access
) -> tuple[str, ...]:
    """Return the rotations that cause the difference, or the forbids in *less* that cause it."""
    forbids = less.bindings.matching_forbids(member, *key, at=_instant_in(*span))
    if forbids and less.bindings.rotations_granting(member, *key, during=span):
        return tuple(sorted(forbid.place for forbid in forbids))
    return more.bindings.rotations_granting(member, *key, during=span)


def _split_by_cause(
    member: str, key: _Key, span: Span, less: Access, more: Access
) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Split a span where its cause changes, and yield the rules for each part."""
    bounds = sorted(
        bound
        for rule in (
            *more.bindings.rules_about(member, *key),
            *less.bindings.rules_about(member, *key),
        )
        for bound in rule.span(key[1])
        if bound is not None and _is_inside(bound, span)
    )
    start = span[0]
    parts: list[tuple[Span, tuple[str, ...]]] = []
    for end in (*dict.fromkeys(bounds), span[1]):
        rules = _cause(member, key, (start, end), less, more)
        if parts and parts[-1][1] == rules:
            parts[-1] = ((parts[-1][0][0], end), rules)
        else:
            parts.append(((start, end), rules))
        start = end
    yield from parts


def _is_inside(bound: dt.datetime, span: Span) -> bool:
    start, end = span
    return (start is None or start < bound) and (end is None or bound < end)


def _cause(member: str, key: _Key, span: Span, less: Access, more: Access) -> tuple[str, ...]:
    """Return the rules that cause the difference in a span during which no rule starts or ends."""
    instant = _instant_in(*span)
    forbids = [rule.place for rule in less.bindings.matching_forbids(member, *key, at=instant)]
    if forbids and less.bindings.matching_grants(member, *key, at=instant):
        # Both sides have a grant, so the forbid on one side causes the difference.
        return tuple(sorted(forbids))
    grants = more.bindings.matching_grants(member, *key, at=instant)
    return (grants[0].place,)


def _instant_in(start: dt.datetime | None, end: dt.datetime | None) -> dt.datetime:
    """Return an arbitrary instant in a span."""
    if start is not None:
        return start
    if end is not None and end.year > 1:
        return end - dt.timedelta(microseconds=1)
    return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def _group_resources(
    by_resource: Mapping[str, set[str]],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Yield each set of permissions with the resources on which exactly these differ."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for resource in sorted(by_resource):
        groups.setdefault(tuple(sorted(by_resource[resource])), []).append(resource)
    for permissions in sorted(groups):
        yield permissions, tuple(groups[permissions])


def _role_or_permissions(permissions: Sequence[str], access: Access) -> tuple[str, ...]:
    """Return the role with exactly these permissions, or the permissions."""
    wanted = frozenset(permissions)
    if len(wanted) > 1:
        for role in sorted(access.roles.by_id):
            if access.roles.permissions_of(role) == wanted:
                return (role,)
    return tuple(permissions)


def _in_short(resources: Sequence[str], access: Access) -> tuple[str, ...]:
    """Return as few names as possible for the resources."""
    named = set(resources)
    scope = access.bindings.scope
    if named == set(scope.resources):
        return (EVERYWHERE,)
    names: set[str] = set()
    for workspace, profiles in scope.profiles_by_workspace.items():
        here = profiles & named
        if workspace not in named:
            complete = here == profiles and len(here) > 1
            names |= {f"{workspace} (its profiles)"} if complete else here
        elif here == profiles:
            names.add(workspace)
        else:
            names |= {f"{workspace} (itself)", *here}
    # Only workspaces without profiles remain.
    names |= named - scope.profiles.keys() - scope.profiles_by_workspace.keys() - {EVERYWHERE}
    if EVERYWHERE in named:
        names.add(f"{EVERYWHERE} (itself)")
    return tuple(sorted(names))

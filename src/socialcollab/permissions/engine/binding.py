"""Grants and forbids with resolved names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import is_not

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions.engine.scope import Scope
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.model.permission import ALL
from socialcollab.time import Span
from socialcollab.verdicts import Reason


@attrs.frozen(eq=False)
class Binding:
    """
    A grant or forbid with resolved names.

    Bindings are compared by identity, because a document may contain the same rule twice.

    Attributes:
        source: The rule as written in the document.
        place: The position in the document, such as ``grants[3]``.
        unbounded: Whether it has neither a start nor an end.
        members: The members it names, directly or through teams.
        permissions: The permissions it gives or forbids, directly or through a role.
        roles: The role that it gives and the roles that this role includes.
        resources: The resources to which it applies.
        scope: The scope in which its names were resolved.
    """

    source: Grant | Forbid
    place: str
    unbounded: bool
    members: frozenset[str]
    permissions: frozenset[str]
    roles: frozenset[str]
    resources: frozenset[str] = attrs.field(repr=False)
    scope: Scope = attrs.field(repr=False)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """A sort key that makes results independent of the order of rules in the document."""
        source = self.source
        return (
            ",".join(sorted(map(str, source.to))),
            str(source.on),
            str(source.start or ""),
            str(source.end or ""),
            source.role if isinstance(source, Grant) else "",
            ",".join(sorted(source.permissions)),
            self.place,
        )

    def applies_to(self, resource: str) -> bool:
        """Return whether the rule applies to a resource."""
        return resource in self.resources

    def span(self, resource: str) -> Span:
        """Return the span in which the rule is active on a resource."""
        return self.scope.span(self.source.start, self.source.end, resource)

    def is_active(self, resource: str, at: dt.datetime) -> bool:
        """Return whether the rule applies to a resource and is active there at an instant."""
        return self.applies_to(resource) and span_contains(self.span(resource), at)

    def binds(self, member: str, permission: str, resource: str) -> bool:
        """Return whether the rule names the member, permission and resource, at any time."""
        return (
            member in self.members and permission in self.permissions and self.applies_to(resource)
        )

    def reason(self, member: str, resource: str) -> Reason:
        """Return a reason stating that this grant gives *member* permissions on a resource."""
        grant, team = self.source, self._team_of(member)
        granted = ", ".join(grant.permissions)
        if isinstance(grant, Grant):
            granted = grant.role or granted
            if grant.by:
                return Reason.of(
                    "temporary_grant.team" if team else "temporary_grant.member",
                    member=member,
                    granted=granted,
                    resource=resource,
                    rule=self.place,
                    team=team or "-",
                    by=grant.by,
                    until=grant.end,
                    reason=grant.reason or "-",
                )
        # The pairs are already sorted. `Reason.of` would sort and convert them again, which takes
        # longer than all other steps of creating a positive answer.
        return Reason.of_sorted(
            "grant.team" if team else "grant.member",
            (
                ("granted", granted),
                ("member", member),
                ("resource", resource),
                ("rule", self.place),
                ("team", team or "-"),
            ),
        )

    def at(self, place: str) -> Binding:
        """Return the same binding with another position in the document."""
        return self if place == self.place else attrs.evolve(self, place=place)

    def _team_of(self, member: str) -> str:
        """Return the team through which the rule names a member, or empty if there is none."""
        team = ""
        for principal in self.source.to:
            if principal.kind == "member":
                if principal.name == member:
                    return ""
            elif not team and member in self.scope.everyone_in(principal):
                team = principal.name
        return team


def span_contains(span: Span, at: dt.datetime) -> bool:
    """Return whether a span contains an instant."""
    start, end = span
    return (start is None or start <= at) and (end is None or at < end)


def bind_rule(source: Grant | Forbid, number: int, scope: Scope) -> Binding:
    """
    Resolve the names in a grant or forbid.

    Args:
        source: The rule.
        number: The rule's position among the rules of its kind, for messages.
        scope: The scope in which to resolve names.

    Raises:
        InvalidValueError: If the rule refers to a name that does not exist.
    """
    kind = "grant" if isinstance(source, Grant) else "forbid"
    place = _place(source, number)
    for principal in source.to:
        known: Mapping[str, object] = scope.teams if principal.kind == "team" else scope.members
        if principal.name not in known:
            raise InvalidValueError(
                f"{kind} at {place} applies to `{principal}`, which does not exist"
                f"{did_you_mean(principal.name, known, before='; ')}",
                value=str(principal),
            )
    scope.check_selector(f"{kind} at {place}", source.on)
    roles: frozenset[str] = frozenset()
    if isinstance(source, Grant) and source.role:
        if source.role not in scope.roles.by_id:
            raise InvalidValueError(
                f"grant at {place} gives `{source.role}`, which is not a role"
                f"{did_you_mean(source.role, scope.roles.by_id, before='; ')}",
                value=source.role,
            )
        roles = scope.roles.included_in(source.role)
        permissions = scope.roles.permissions_of(source.role)
    else:
        names = scope.roles.permission_names
        for permission in source.permissions:
            if permission not in names and permission != ALL:
                raise InvalidValueError(
                    f"{kind} at {place} names `{permission}`, which is not a permission"
                    f"{did_you_mean(permission, names, before='; ')}",
                    value=permission,
                )
        permissions = scope.permissions_of(source.permissions)
    return Binding(
        source,
        place,
        source.start is None and source.end is None,
        scope.members_of(source.to),
        permissions,
        roles,
        scope.resources_of(source.on),
        scope,
    )


@attrs.frozen(kw_only=True)
class Rebinding:
    """
    The bindings of a changed list of rules.

    Attributes:
        bindings: The bindings, in order.
        changed: The new bindings, and the previous bindings that are no longer used.
        moved: Whether an unchanged rule has moved to another position in the document.
    """

    bindings: tuple[Binding, ...]
    changed: tuple[Binding, ...]
    moved: bool


def rebind_rules(
    before: Sequence[Binding], sources: Iterable[Grant | Forbid], scope: Scope
) -> Rebinding:
    """
    Bind a list of rules, reusing the bindings of equal rules at its beginning and its end.

    Raises:
        InvalidValueError: If a rule refers to a name that does not exist.
    """
    sources = tuple(sources)
    head = _count_equal(zip(before, sources, strict=False))
    remaining = min(len(before), len(sources)) - head
    tail = _count_equal(islice(zip(reversed(before), reversed(sources), strict=False), remaining))
    old_end, new_end = len(before) - tail, len(sources) - tail
    first = _renumbered(before[:head], sources, 0, moved=False)
    last = _renumbered(before[old_end:], sources, new_end, moved=old_end != new_end)
    new = [
        bind_rule(source, number, scope)
        for number, source in enumerate(sources[head:new_end], head)
    ]
    return Rebinding(
        bindings=(*first, *new, *last),
        changed=(*before[head:old_end], *new),
        moved=any(map(is_not, (*first, *last), (*before[:head], *before[old_end:]))),
    )


def _count_equal(pairs: Iterable[tuple[Binding, Grant | Forbid]]) -> int:
    """Return the number of equal pairs before the first unequal pair."""
    count = 0
    for binding, source in pairs:
        if binding.source is not source and binding.source != source:
            break
        count += 1
    return count


def _renumbered(
    bindings: Sequence[Binding], sources: Sequence[Grant | Forbid], start: int, *, moved: bool
) -> Sequence[Binding]:
    """Return bindings with their new positions in *sources*, beginning at *start*."""
    numbered = zip(bindings, sources[start:], range(start, start + len(bindings)), strict=False)
    return [
        # If the rule is the same object and has not moved, its position is still correct. This
        # avoids formatting thousands of positions when one rule changes.
        binding if binding.source is source and not moved else binding.at(_place(source, number))
        for binding, source, number in numbered
    ]


def _place(source: Grant | Forbid, number: int) -> str:
    kind = "grant" if isinstance(source, Grant) else "forbid"
    return source.place or f"{kind}s[{number}]"

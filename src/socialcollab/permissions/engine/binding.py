"""A grant or forbid with everything it names worked out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from operator import is_not

import attrs

from socialcollab.errors import InvalidValueError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions.engine.scope import Scope, within
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.model.permission import ALL
from socialcollab.time import Span
from socialcollab.verdicts import Reason


@attrs.frozen(eq=False)
class Binding:
    """
    A grant or forbid with everything it names worked out.

    A line is equal to itself alone: two may say the same in two places.

    Attributes:
        source: The line as it is written.

        place: Where it stands in the document.

        unbounded: Whether it holds always.

        members: Everyone it is to, teams taken apart.

        permissions: Everything it gives or forbids, roles taken apart.

        roles: The roles it gives, the included ones too.

        places: Every place that it is about.

        scope: Whom and what it can be about.
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
        """What lines are sorted by, whatever order they stand in."""
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
        """Tell whether it is about a place."""
        return resource in self.resources

    def span(self, resource: str) -> Span:
        """Return when it holds at a place."""
        return self.scope.span(self.source.start, self.source.end, resource)

    def holds(self, resource: str, at: dt.datetime) -> bool:
        """Tell whether it is about a place and holds there at an instant."""
        return self.applies_to(resource) and within(self.span(resource), at)

    def binds(self, member: str, permission: str, resource: str) -> bool:
        """Tell whether it is about all three, whenever it holds."""
        return (
            member in self.members and permission in self.permissions and self.applies_to(resource)
        )

    def reason(self, member: str, resource: str) -> Reason:
        """Say that it gives *member* something there, through a team if so."""
        grant, team = self.source, self._through(member)
        gives = ", ".join(grant.permissions)
        if isinstance(grant, Grant):
            gives = grant.role or gives
            if grant.by:
                return Reason.of(
                    "temporary_grant.team" if team else "temporary_grant.member",
                    member=member,
                    granted=gives,
                    resource=resource,
                    rule=self.place,
                    team=team or "-",
                    by=grant.by,
                    until=grant.end,
                    reason=grant.reason or "-",
                )
        return Reason.of_sorted(
            "grant.team" if team else "grant.member",
            (
                ("granted", gives),
                ("member", member),
                ("resource", resource),
                ("rule", self.place),
                ("team", team or "-"),
            ),
        )

    def at(self, place: str) -> Binding:
        """Return the same as it stands at a place of the document."""
        return self if place == self.place else attrs.evolve(self, place=place)

    def _through(self, member: str) -> str:
        """Return the team through which it means a member; empty if it names the member."""
        team = ""
        for principal in self.source.to:
            if principal.kind == "member":
                if principal.name == member:
                    return ""
            elif not team and member in self.scope.everyone_in(principal):
                team = principal.name
        return team


def bind_rule(source: Grant | Forbid, number: int, scope: Scope) -> Binding:
    """
    Work a grant or forbid out.

    Args:
        source: The line.

        number: Its place among those of its kind, for messages.

        scope: Whom and what it can be about.

    Raises:
        InvalidValueError: If it names what does not exist.
    """
    what = "grant" if isinstance(source, Grant) else "forbid"
    place = _place(source, number)
    for principal in source.to:
        known: Mapping[str, object] = scope.teams if principal.kind == "team" else scope.members
        if principal.name not in known:
            raise InvalidValueError(
                f"{what} at {place} is to `{principal}`, which does not exist{did_you_mean(principal.name, known, before='; ')}",
                value=str(principal),
            )
    scope.check_selector(f"{what} at {place}", source.on)
    if source.on.excluding is not None:
        scope.check_selector(f"{what} at {place}", source.on.excluding)
    roles: frozenset[str] = frozenset()
    if isinstance(source, Grant) and source.role:
        if source.role not in scope.roles.by_id:
            raise InvalidValueError(
                f"grant at {place} gives `{source.role}`, which is no role"
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
                    f"{what} at {place} names `{permission}`, which is no permission"
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
class Reread:
    """
    Lines read with others of before at hand.

    Attributes:
        lines: The lines.

        changed: Those that are new, and those of before that are gone.

        moved: Whether one that says the same stands at another place now.
    """

    lines: tuple[Binding, ...]
    changed: tuple[Binding, ...]
    moved: bool


def reread(before: Sequence[Binding], sources: Iterable[Grant | Forbid], scope: Scope) -> Reread:
    """
    Work lines out of which most, at the beginning and the end, read as *before*.

    Raises:
        InvalidValueError: If one names what does not exist.
    """
    sources = tuple(sources)
    head = _alike(zip(before, sources, strict=False))
    most = min(len(before), len(sources)) - head
    tail = _alike(islice(zip(reversed(before), reversed(sources), strict=False), most))
    gone, until = len(before) - tail, len(sources) - tail
    first = _kept(before[:head], sources, 0, moved=False)
    last = _kept(before[gone:], sources, until, moved=gone != until)
    new = [bind_rule(one, number, scope) for number, one in enumerate(sources[head:until], head)]
    return Reread(
        lines=(*first, *new, *last),
        changed=(*before[head:gone], *new),
        moved=any(map(is_not, (*first, *last), (*before[:head], *before[gone:]))),
    )


def _alike(pairs: Iterable[tuple[Binding, Grant | Forbid]]) -> int:
    """Return how many say the same, from the first on."""
    found = 0
    for line, source in pairs:
        if line.source is not source and line.source != source:
            break
        found += 1
    return found


def _kept(
    lines: Sequence[Binding], sources: Sequence[Grant | Forbid], first: int, *, moved: bool
) -> Sequence[Binding]:
    """Return lines as they stand among *sources* now, from the number *first* on."""
    numbered = zip(lines, sources[first:], range(first, first + len(lines)), strict=False)
    return [
        # Nearly always the very value of before: its place is the same, then.
        line if line.source is source and not moved else line.at(_place(source, number))
        for line, source, number in numbered
    ]


def _place(source: Grant | Forbid, number: int) -> str:
    what = "grant" if isinstance(source, Grant) else "forbid"
    return source.place or f"{what}s[{number}]"

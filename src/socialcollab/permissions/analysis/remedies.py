"""What would turn a no into a yes: the smallest change of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs

from socialcollab.directory import Principal, Selector
from socialcollab.permissions.analysis.effect import Effect, could_make, effect_of, whom_to_ask
from socialcollab.permissions.analysis.waiting import wait
from socialcollab.permissions.engine.binding import Binding, bind_rule
from socialcollab.permissions.engine.question import Question
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.permissions.model.grant import Grant
from socialcollab.verdicts import Remedy

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access


@attrs.frozen
class _Change:
    """
    One way to a yes.

    Attributes:
        first: The change that gives the kind its name; None if forbids end and that is all.

        name: Its name, to choose between two that are alike.

        ended: The forbids that have to end, sorted.

        added: The lines that come to bind the member.

        places: Where one has to manage access to make it.
    """

    first: Remedy | None
    name: str
    ended: tuple[Binding, ...]
    added: tuple[Binding, ...] = ()
    resources: frozenset[str] = frozenset()

    @property
    def lines(self) -> int:
        """How many lines of a document it touches."""
        return len(self.ended) + (self.first is not None)


def remedies(access: Access, question: Question) -> tuple[Remedy, ...]:
    """
    Return what would turn a no into a yes: of each kind the smallest change.

    The kinds are to wait, to end forbids, to join a team and to be given a
    grant, the last two with the forbids to end beside. The smallest touches
    the fewest lines of a document, and of those brings people the fewest
    rights. Nothing is named of which a part is enough.

    Args:
        access: The rules.

        question: What was refused.
    """
    found = [wait(access, question)]
    barring = tuple(
        access.bindings.matching_forbids(
            question.member, question.permission, question.resource, at=question.at
        )
    )
    ending = list(_endings(access, question, barring))
    found.append(_smallest(access, question, ending))
    if not any(set(one.ended) <= set(barring) for one in ending):
        found.append(_smallest(access, question, _joinings(access, question, barring)))
        found.append(_smallest(access, question, _grants(access, question, barring)))
    return tuple(one for one in found if one is not None)


def _endings(access: Access, question: Question, barring: tuple[Binding, ...]) -> Iterator[_Change]:
    """Yield the forbids without which what somebody has already, or stands in with, is enough."""
    what = question.permission, question.resource
    if access.bindings.granting_rule(question.member, *what, at=question.at) is not None:
        yield _Change(None, "", barring)
    for one in access.possible_delegations(question):
        if not one.covers(question.at):
            continue
        if access.bindings.granting_rule(one.member, *what, at=question.at) is not None:
            theirs = access.bindings.matching_forbids(one.member, *what, at=question.at)
            yield _Change(None, one.member, _sorted({*barring, *theirs}))


def _joinings(
    access: Access, question: Question, barring: tuple[Binding, ...]
) -> Iterator[_Change]:
    """Yield the teams that would bring it, each with the forbids that would bar it then."""
    scope, bindings = access.bindings.scope, access.bindings
    what = question.permission, question.resource

    def carries(line: Binding) -> bool:
        return what[0] in line.permissions and line.holds(what[1], question.at)

    giving = {
        principal.name
        for line in bindings.lines_with(question.permission)[0]
        if carries(line)
        for principal in line.source.to
        if principal.kind == "team"
    }
    for team in sorted(frozenset[str]().union(*(scope.teams_in(one) for one in giving))):
        if question.member in scope.everyone_in(Principal("team", team)):
            continue
        around = scope.teams_around(team)
        added = tuple(
            line for line in bindings.lines_to_teams(around) if question.member not in line.members
        )
        bars = [one for one in added if not isinstance(one.source, Grant) and carries(one)]
        ended = _sorted({*barring, *bars})
        yield _Change(
            Remedy.of("join_team", member=question.member, team=team),
            team,
            ended,
            added=tuple(line for line in added if line not in ended),
            resources=frozenset({EVERYWHERE}),
        )


def _grants(access: Access, question: Question, barring: tuple[Binding, ...]) -> Iterator[_Change]:
    """Yield a grant of each role that has it, and of it alone."""
    scope = access.bindings.scope
    on = (
        Selector.of(question.resource)
        if question.resource in scope.profiles
        else Selector(workspace=(question.resource,))
    )
    member, resource = question.member, question.resource
    named: list[tuple[str, Remedy, Grant]] = [
        (
            f"0 {role}",
            Remedy.of("grant_role", role=role, member=member, resource=resource),
            Grant(to=f"member:{question.member}", role=role, on=on),
        )
        for role in sorted(scope.roles.by_id)
        if question.permission in scope.roles.permissions_of(role)
    ]
    named.append(
        (
            "1",
            Remedy.of(
                "grant_permission", permission=question.permission, member=member, resource=resource
            ),
            Grant(to=f"member:{question.member}", permissions=(question.permission,), on=on),
        )
    )
    for name, remedy, grant in named:
        line = bind_rule(grant, len(access.bindings.grants), scope)
        yield _Change(remedy, name, barring, added=(line,), resources=line.resources)


def _smallest(access: Access, question: Question, changes: Iterable[_Change]) -> Remedy | None:
    """Return the change that touches the fewest lines, and of those brings the fewest rights."""
    candidates = list(changes)
    fewest = min((one.lines for one in candidates), default=0)
    weighed: list[tuple[int, str, Effect, _Change]] = []
    for one in candidates:
        if one.lines == fewest:
            effect = effect_of(
                access.bindings,
                at=question.at,
                ended=one.ended,
                member=question.member,
                added=one.added,
                absences=access.absences,
            )
            weighed.append((effect.count, one.name, effect, one))
    if not weighed:
        return None
    _, _, effect, change = min(weighed, key=lambda one: one[:2])
    return _remedy(access, question, change, effect)


def _remedy(access: Access, question: Question, change: _Change, effect: Effect) -> Remedy:
    scope = access.bindings.scope
    resources = change.resources.union(*(scope.managed_at(line.source.on) for line in change.ended))
    by = could_make(access, effect, resources, at=question.at)
    endings = [Remedy.of("end_forbid", rule=line.place) for line in change.ended]
    first = change.first or endings.pop(0)
    return attrs.evolve(
        first,
        by=by,
        ask=whom_to_ask(access, by, question.resource, at=question.at),
        also=tuple(endings),
    )


def _sorted(lines: Iterable[Binding]) -> tuple[Binding, ...]:
    return tuple(sorted(lines, key=lambda line: line.order))

"""Remedies: the smallest changes that would allow an action, and the members who can make them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import attrs

from socialcollab.directory import Principal
from socialcollab.identifiers import MemberId
from socialcollab.permissions.analysis.escalation import Effect, effect_of, holds_effect
from socialcollab.permissions.engine.binding import Binding, bind_rule
from socialcollab.permissions.engine.evaluator import Evaluator, Question
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.permissions.model.absence import Absence
from socialcollab.permissions.model.grant import Grant
from socialcollab.verdicts import Remedy


@attrs.frozen
class _Change:
    """
    A change to the rules that would make the answer yes.

    Attributes:
        first: The main part of the change, or None if only forbids have to end.
        name: A name that determines the order of changes that are otherwise equal.
        ended: The forbids that have to end, sorted.
        added: The rules that would name the member after the change.
        resources: The resources on which the change requires `manage_access`.
    """

    first: Remedy | None
    name: str
    ended: tuple[Binding, ...]
    added: tuple[Binding, ...] = ()
    resources: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """The number of rules in the document that the change affects."""
        return len(self.ended) + (self.first is not None)


def remedies(access: Evaluator, question: Question) -> tuple[Remedy, ...]:
    """
    Return the smallest change of each kind that would make the answer yes.

    The kinds are waiting, ending forbids, joining a team and adding a grant; the last two may
    require ending forbids as well. The smallest change is the one that affects the fewest rules;
    among several such changes, it is the one that gives members the fewest permissions. A change is
    omitted if a part of the change would be enough.
    """
    found = [_waiting(access, question)]
    forbids = tuple(
        access.bindings.matching_forbids(
            question.member, question.permission, question.resource, at=question.at
        )
    )
    ending = list(_ending_forbids(access, question, forbids))
    found.append(_smallest(access, question, ending))
    # If ending the forbids on the member is enough, there is no need to add a team or a grant.
    if not any(set(change.ended) <= set(forbids) for change in ending):
        found.append(_smallest(access, question, _joining_teams(access, question, forbids)))
        found.append(_smallest(access, question, _new_grants(access, question, forbids)))
    return tuple(remedy for remedy in found if remedy is not None)


def joint_remedies(
    access: Evaluator, options: Sequence[Sequence[Remedy]], resource: str, *, at: dt.datetime
) -> tuple[Remedy, ...]:
    """
    Return combinations of remedies that may give a permission on several resources.

    A combination can be insufficient: the wait for one resource may be too short for another, and
    joining a team may add a forbid on a resource for which it was not suggested.

    Args:
        access: The rules.
        options: The remedies for each resource on which the permission is missing.
        resource: One of the resources, whose lead is the preferred contact.
        at: The instant of the question.
    """
    found = [remedy for one in options for remedy in one if "instant" in dict(remedy.params)]
    for codes in (("end_forbid",), ("join_team",), ("grant_role", "grant_permission")):
        # If ending forbids is enough on a resource, no other change is suggested for it.
        usable = [
            next(
                (one for code in (*codes, "end_forbid") for one in remedies if one.code == code),
                None,
            )
            for remedies in options
        ]
        chosen = [remedy for remedy in usable if remedy is not None]
        if len(chosen) == len(options):
            found.append(_joined(access, chosen, resource, at))
    return tuple(dict.fromkeys(found))


def _joined(
    access: Evaluator, remedies: Sequence[Remedy], resource: str, at: dt.datetime
) -> Remedy:
    """Combine several remedies into one; its `by` names the members who could make every change."""
    alone = [
        attrs.evolve(part, by=(), also=(), ask="")
        for remedy in remedies
        for part in (remedy, *remedy.also)
    ]
    # A grant on a workspace applies to its profiles, and a grant on ``*`` to every workspace.
    granted = {part["resource"] for part in alone if part.code.startswith("grant_")}
    scope = access.bindings.scope
    alone = [
        part
        for part in alone
        if not part.code.startswith("grant_")
        or granted.isdisjoint(
            {scope.workspace_of(part["resource"]), EVERYWHERE} - {part["resource"]}
        )
    ]
    # Ending a forbid comes last, as in the remedies for one resource.
    first, *others = sorted(dict.fromkeys(alone), key=lambda part: part.code == "end_forbid")
    by = tuple(sorted(set.intersection(*(set(remedy.by) for remedy in remedies))))
    return attrs.evolve(
        first, by=by, also=tuple(others), ask=choose_contact(access, by, resource, at=at)
    )


def _ending_forbids(
    access: Evaluator, question: Question, forbids: tuple[Binding, ...]
) -> Iterator[_Change]:
    """Yield the forbids that would have to end for the member to have the permission."""
    target = question.permission, question.resource
    if access.bindings.granting_rule(question.member, *target, at=question.at) is not None:
        yield _Change(None, "", forbids)
    for absence in _delegations(access, question):
        if not absence.covers(question.at):
            continue
        if access.bindings.granting_rule(absence.member, *target, at=question.at) is not None:
            others = access.bindings.matching_forbids(absence.member, *target, at=question.at)
            yield _Change(None, absence.member, _sorted({*forbids, *others}))


def _delegations(access: Evaluator, question: Question) -> tuple[Absence, ...]:
    """Return the absences, past and future, in which the member may act with the permission."""
    if question.member in question.authors:
        return ()
    return tuple(
        absence
        for absence in access.absences
        if absence.delegate == question.member
        and absence.delegates(question.permission)
        and absence.member not in question.authors
    )


def _joining_teams(
    access: Evaluator, question: Question, forbids: tuple[Binding, ...]
) -> Iterator[_Change]:
    """Yield the teams that would give the permission, each with the forbids that have to end."""
    scope, bindings = access.bindings.scope, access.bindings
    giving = {
        principal.name
        for grant in bindings.grants_with(question.permission)
        if grant.is_active(question.resource, question.at)
        for principal in grant.source.to
        if principal.kind == "team"
    }
    for team in sorted(frozenset[str]().union(*(scope.teams_in(name) for name in giving))):
        others = scope.everyone_in(Principal("team", team))
        if question.member in others or not _suits(access, question.member, others):
            continue
        added = tuple(
            rule
            for rule in bindings.rules_to_teams(scope.teams_around(team))
            if question.member not in rule.members
        )
        new_forbids = [
            rule
            for rule in added
            if not isinstance(rule.source, Grant)
            and question.permission in rule.permissions
            and rule.is_active(question.resource, question.at)
        ]
        ended = _sorted({*forbids, *new_forbids})
        yield _Change(
            Remedy.of("join_team", member=question.member, team=team),
            team,
            ended,
            added=tuple(rule for rule in added if rule not in ended),
            resources=frozenset({EVERYWHERE}),
        )


def _suits(access: Evaluator, member: str, others: Collection[str]) -> bool:
    """Return whether *member* can join a team: clients and guests do not join staff teams."""
    members = access.bindings.scope.members
    kinds = {members[name].kind for name in others if name in members}
    known = members.get(member)
    return known is None or known.kind == "staff" or (bool(kinds) and "staff" not in kinds)


def _new_grants(
    access: Evaluator, question: Question, forbids: tuple[Binding, ...]
) -> Iterator[_Change]:
    """Yield a grant of each role with the permission, and a grant of only the permission."""
    scope = access.bindings.scope
    member, permission, resource = question.member, question.permission, question.resource
    on = scope.selector_of(resource)
    # The names sort roles before the individual permission, which is chosen only if it gives less.
    changes: list[tuple[str, Remedy, Grant]] = [
        (
            f"0 {role}",
            Remedy.of("grant_role", role=role, member=member, resource=resource),
            Grant(to=f"member:{member}", role=role, on=on),
        )
        for role in sorted(scope.roles.by_id)
        if permission in scope.roles.permissions_of(role)
    ]
    changes.append(
        (
            "1",
            Remedy.of("grant_permission", permission=permission, member=member, resource=resource),
            Grant(to=f"member:{member}", permissions=(permission,), on=on),
        )
    )
    for name, remedy, grant in changes:
        binding = bind_rule(grant, len(access.bindings.grants), scope)
        yield _Change(remedy, name, forbids, added=(binding,), resources=binding.resources)


def _smallest(access: Evaluator, question: Question, changes: Iterable[_Change]) -> Remedy | None:
    """Return the change that affects the fewest rules and gives the fewest permissions, or None."""
    candidates = list(changes)
    fewest = min((change.size for change in candidates), default=0)
    measured: list[tuple[int, str, Effect, _Change]] = []
    for change in candidates:
        if change.size == fewest:
            effect = effect_of(
                access.bindings,
                at=question.at,
                ended=change.ended,
                member=question.member,
                added=change.added,
                absences=access.absences,
            )
            measured.append((effect.count, change.name, effect, change))
    if not measured:
        return None
    _, _, effect, change = min(measured, key=lambda candidate: candidate[:2])
    return _as_remedy(access, question, change, effect)


def _as_remedy(access: Evaluator, question: Question, change: _Change, effect: Effect) -> Remedy:
    scope = access.bindings.scope
    resources = change.resources.union(
        *(scope.managed_at(forbid.source.on) for forbid in change.ended)
    )
    managers = [
        set(access.members("manage_access", resource, at=question.at)) for resource in resources
    ]
    by = tuple(
        MemberId(member)
        for member in sorted(set.intersection(*managers) if managers else ())
        if holds_effect(member, effect, access, at=question.at)
    )
    ends = [Remedy.of("end_forbid", rule=forbid.place) for forbid in change.ended]
    first = change.first or ends.pop(0)
    contact = choose_contact(access, by, question.resource, at=question.at)
    return attrs.evolve(first, by=by, ask=contact, also=tuple(ends))


def choose_contact(
    access: Evaluator, members: Sequence[MemberId], resource: str, *, at: dt.datetime
) -> str:
    """
    Return the member to ask first, or an empty string if *members* is empty.

    Members who are not absent are preferred. Among them, the workspace's lead comes first, followed
    by the member who manages access to the fewest profiles.
    """
    absent = {absence.member for absence in access.all_absences if absence.covers(at)}
    present = [member for member in members if member not in absent] or list(members)
    if not present:
        return ""
    lead = access.bindings.scope.lead_of(resource)
    if lead in present:
        return lead
    return min(
        present, key=lambda member: (len(access.profiles(member, "manage_access", at=at)), member)
    )


def _sorted(rules: Iterable[Binding]) -> tuple[Binding, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.order))


def _waiting(access: Evaluator, question: Question) -> Remedy | None:
    """Return the remedy of waiting until the answer is yes, or None if it never will be."""
    delegations = _delegations(access, question)
    bounds = sorted({question.at, *_bounds(access, question, delegations)})
    for start, end in pairwise((*bounds, None)):
        assert start is not None  # noqa: S101  only the last of a pair is None
        # Between two bounds only the member on duty changes.
        shifts = (
            shift
            for shift in _first_shifts(access, question, delegations, start, end)
            if _allows(access, question, shift)
        )
        first = start if start > question.at and _allows(access, question, start) else None
        first = first or min(shifts, default=None)
        if first is not None:
            return _as_waiting(access, question, delegations, first)
    return None


def _allows(access: Evaluator, question: Question, at: dt.datetime) -> bool:
    return access.allows(
        question.member, question.permission, question.resource, at=at, authors=question.authors
    )


def _bounds(
    access: Evaluator, question: Question, delegations: tuple[Absence, ...]
) -> Iterator[dt.datetime]:
    """Yield the later instants at which a relevant rule or absence starts or ends."""
    members = {question.member, *(absence.member for absence in delegations)}
    rules = (
        rule
        for member in members
        for rule in access.bindings.rules_about(member, question.permission, question.resource)
    )
    for span in (
        *(rule.span(question.resource) for rule in rules),
        *((absence.begins_at, absence.ends_at) for absence in delegations),
    ):
        for bound in span:
            if bound is not None and bound > question.at:
                yield bound


def _first_shifts(
    access: Evaluator,
    question: Question,
    delegations: tuple[Absence, ...],
    start: dt.datetime,
    end: dt.datetime | None,
) -> Iterator[dt.datetime]:
    """Yield the start of the first shift in a span for each relevant member and rotation."""
    members = {
        question.member,
        *(absence.member for absence in delegations if absence.covers(start)),
    }
    for rotation in access.bindings.rotations:
        if question.permission in rotation.permissions and rotation.applies_to(question.resource):
            for member in members & rotation.members:
                shift = rotation.next_shift(member, question.resource, after=start, before=end)
                if shift is not None:
                    yield shift


def _as_waiting(
    access: Evaluator, question: Question, delegations: tuple[Absence, ...], at: dt.datetime
) -> Remedy:
    """Return the remedy of waiting until a rule, shift or absence starts or ends."""
    local = access.bindings.scope.local_text(at, question.resource)
    wait = partial(Remedy.of, start=local, instant=at.isoformat())
    permission, resource = question.permission, question.resource
    for member in dict.fromkeys((question.member, *(absence.member for absence in delegations))):
        rules = access.bindings.rules_about(member, permission, resource)
        for rule in _sorted(rules):
            start, end = rule.span(resource)
            if isinstance(rule.source, Grant) and start == at:
                return wait("wait", rule=rule.place)
            if not isinstance(rule.source, Grant) and end == at:
                return wait("wait_for_forbid_end", rule=rule.place)
        for rotation in sorted(access.bindings.rotations, key=lambda binding: binding.source.id):
            if permission in rotation.permissions and rotation.applies_to(resource):
                shift = rotation.shift(member, resource, at)
                if shift is not None and shift.start == at:
                    return wait("wait_for_shift", member=member, rotation=rotation.source.id)
    absent = min(absence.member for absence in delegations if absence.begins_at == at)
    return wait("wait_for_absence", member=question.member, absent=absent)

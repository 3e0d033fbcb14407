"""What comes nearest to carrying a yes and does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from socialcollab.permissions.engine.question import Question
from socialcollab.permissions.engine.scope import within
from socialcollab.verdicts import Reason

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access


def near_misses(access: Access, question: Question) -> Iterator[Reason]:
    """
    Yield what fails in one thing alone, at most one of each kind.

    In this order: a grant that has ended, a turn that is another's, a holiday
    in which the permission is not lent or which is about one's own work, a
    grant of it elsewhere, and a grant there of something else. Nothing comes
    near where something carries it, and forbids alone are in the way.
    """
    what = question.permission, question.resource
    if access.bindings.granting_rule(question.member, *what, at=question.at) is not None:
        return
    yield from _ended(access, question)
    yield from _off_rotation(access, question)
    yield from _not_lent(access, question)
    yield from _elsewhere(access, question)
    yield from _something_else(access, question)


def _ended(access: Access, question: Question) -> Iterator[Reason]:
    member, resource = question.member, question.resource
    ended = [
        (end, line.order, line)
        for line in access.bindings.bindings_of(member).grants
        if line.binds(member, question.permission, resource)
        and (end := line.span(resource)[1]) is not None
        and end <= question.at
    ]
    if ended:
        last = max(end for end, _, _ in ended)
        _, _, line = min(one for one in ended if one[0] == last)
        yield Reason.of(
            "near_miss.ended",
            member=member,
            granted=question.permission,
            resource=resource,
            rule=line.place,
            until=access.bindings.scope.local_text(last, resource),
        )


def _off_rotation(access: Access, question: Question) -> Iterator[Reason]:
    for line in sorted(
        access.bindings.bindings_of(question.member).rotations, key=lambda one: one.source.id
    ):
        if (
            question.permission in line.permissions
            and line.applies_to(question.resource)
            and line.shift(question.member, question.resource, question.at) is None
        ):
            yield Reason.of(
                "near_miss.off_duty",
                member=question.member,
                rotation=line.source.id,
                granted=line.source.role,
                resource=question.resource,
            )
            return


def _not_lent(access: Access, question: Question) -> Iterator[Reason]:
    for one in access.absences:
        if (
            one.delegate != question.member
            or not one.covers(question.at)
            or not access.bindings.allows(
                one.member, question.permission, question.resource, question.at
            )
        ):
            continue
        if not one.delegates(question.permission):
            code = "near_miss.not_delegated"
        elif question.member in question.authors or one.member in question.authors:
            code = "near_miss.own_work"
        else:
            continue
        yield Reason.of(
            code,
            member=question.member,
            absent=one.member,
            permission=question.permission,
            resource=question.resource,
        )
        return


def _elsewhere(access: Access, question: Question) -> Iterator[Reason]:
    scope = access.bindings.scope
    here = scope.workspace_of(question.resource)
    found = [
        (scope.workspace_of(place) != here, line.order, place, line)
        for line in access.bindings.bindings_of(question.member).grants
        if question.permission in line.permissions and not line.applies_to(question.resource)
        for place in line.resources
        if within(line.span(place), question.at)
    ]
    if found:
        _, _, place, line = min(found, key=lambda one: one[:3])
        yield Reason.of(
            "near_miss.elsewhere",
            member=question.member,
            permission=question.permission,
            resource=question.resource,
            elsewhere=place,
            rule=line.place,
        )


def _something_else(access: Access, question: Question) -> Iterator[Reason]:
    found = [
        line
        for line in access.bindings.bindings_of(question.member).grants
        if question.permission not in line.permissions
        and line.holds(question.resource, question.at)
    ]
    if found:
        yield Reason.of(
            "near_miss.other_permission",
            permission=question.permission,
            **dict(
                min(found, key=lambda line: line.order)
                .reason(question.member, question.resource)
                .params
            ),
        )

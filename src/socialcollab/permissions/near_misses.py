"""What comes nearest to carrying a yes and does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from socialcollab.permissions.question import Question
from socialcollab.permissions.scope import within
from socialcollab.verdicts import Reason

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access

__all__ = ["near_misses"]


def near_misses(access: Access, question: Question) -> Iterator[Reason]:
    """
    Yield what fails in one thing alone, at most one of each kind.

    In this order: a grant that has ended, a turn that is another's, a holiday
    in which the permission is not lent or which is about one's own work, a
    grant of it elsewhere, and a grant there of something else. Nothing comes
    near where something carries it, and forbids alone are in the way.
    """
    what = question.permission, question.where
    if access.rulebook.carrying(question.member, *what, at=question.at) is not None:
        return
    yield from _ended(access, question)
    yield from _off_duty(access, question)
    yield from _not_lent(access, question)
    yield from _elsewhere(access, question)
    yield from _something_else(access, question)


def _ended(access: Access, question: Question) -> Iterator[Reason]:
    member, where = question.member, question.where
    ended = [
        (end, line.order, line)
        for line in access.rulebook.rights(member).grants
        if line.binds(member, question.permission, where)
        and (end := line.span(where)[1]) is not None
        and end <= question.at
    ]
    if ended:
        last = max(end for end, _, _ in ended)
        _, _, line = min(one for one in ended if one[0] == last)
        yield Reason.of(
            "near.ended",
            member=member,
            gives=question.permission,
            where=where,
            line=line.place,
            until=access.rulebook.scope.local_text(last, where),
        )


def _off_duty(access: Access, question: Question) -> Iterator[Reason]:
    for line in sorted(
        access.rulebook.rights(question.member).duties, key=lambda one: one.source.id
    ):
        if (
            question.permission in line.permissions
            and line.speaks_of(question.where)
            and line.turn(question.member, question.where, question.at) is None
        ):
            yield Reason.of(
                "near.off_duty",
                member=question.member,
                duty=line.source.id,
                gives=line.source.role,
                where=question.where,
            )
            return


def _not_lent(access: Access, question: Question) -> Iterator[Reason]:
    for one in access.absences:
        if (
            one.delegate != question.member
            or not one.covers(question.at)
            or not access.rulebook.allows(
                one.member, question.permission, question.where, question.at
            )
        ):
            continue
        if not one.delegates(question.permission):
            code = "near.not_lent"
        elif question.member in question.authors or one.member in question.authors:
            code = "near.own_work"
        else:
            continue
        yield Reason.of(
            code,
            member=question.member,
            absent=one.member,
            permission=question.permission,
            where=question.where,
        )
        return


def _elsewhere(access: Access, question: Question) -> Iterator[Reason]:
    scope = access.rulebook.scope
    here = scope.workspace_of(question.where)
    found = [
        (scope.workspace_of(place) != here, line.order, place, line)
        for line in access.rulebook.rights(question.member).grants
        if question.permission in line.permissions and not line.speaks_of(question.where)
        for place in line.places
        if within(line.span(place), question.at)
    ]
    if found:
        _, _, place, line = min(found, key=lambda one: one[:3])
        yield Reason.of(
            "near.elsewhere",
            member=question.member,
            permission=question.permission,
            where=question.where,
            elsewhere=place,
            line=line.place,
        )


def _something_else(access: Access, question: Question) -> Iterator[Reason]:
    found = [
        line
        for line in access.rulebook.rights(question.member).grants
        if question.permission not in line.permissions and line.holds(question.where, question.at)
    ]
    if found:
        yield Reason.of(
            "near.something_else",
            permission=question.permission,
            **dict(
                min(found, key=lambda line: line.order)
                .reason(question.member, question.where)
                .params
            ),
        )

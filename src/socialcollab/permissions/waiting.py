"""When somebody who may not will, if nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from socialcollab.permissions.grant import Grant
from socialcollab.permissions.question import Question
from socialcollab.verdicts import Remedy

if TYPE_CHECKING:
    from socialcollab.permissions.absence import Absence
    from socialcollab.permissions.access import Access

__all__ = ["wait"]


def wait(access: Access, question: Question) -> Remedy | None:
    """Return until when to wait, the first instant at which the answer is yes, or None."""
    standing_in = tuple(access.could_stand_in(question))
    bounds = sorted({question.at, *_bounds(access, question, standing_in)})
    for start, end in pairwise((*bounds, None)):
        assert start is not None  # noqa: S101  only the last is none
        # Between two bounds nothing changes but whose turn it is.
        turns = (
            turn
            for turn in _turns(access, question, standing_in, start, end)
            if _allows(access, question, turn)
        )
        first = start if start > question.at and _allows(access, question, start) else None
        first = first or min(turns, default=None)
        if first is not None:
            return _named(access, question, standing_in, first)
    return None


def _allows(access: Access, question: Question, at: dt.datetime) -> bool:
    return access.allows(
        question.member, question.permission, question.where, at=at, authors=question.authors
    )


def _bounds(
    access: Access, question: Question, standing_in: tuple[Absence, ...]
) -> Iterator[dt.datetime]:
    people = {question.member, *(one.member for one in standing_in)}
    lines = (
        line
        for person in people
        for line in access.rulebook.lines_of(person, question.permission, question.where)
    )
    for start, end in (
        *(line.span(question.where) for line in lines),
        *((one.begins_at, one.ends_at) for one in standing_in),
    ):
        for bound in (start, end):
            if bound is not None and bound > question.at:
                yield bound


def _turns(
    access: Access,
    question: Question,
    standing_in: tuple[Absence, ...],
    start: dt.datetime,
    end: dt.datetime | None,
) -> Iterator[dt.datetime]:
    """Yield the first turn after one instant and before another of each duty that may count."""
    people = {question.member, *(one.member for one in standing_in if one.covers(start))}
    for line in access.rulebook.duties:
        if question.permission in line.permissions and line.speaks_of(question.where):
            for person in people & line.members:
                turn = line.next_turn(person, question.where, after=start, before=end)
                if turn is not None:
                    yield turn


def _named(
    access: Access, question: Question, standing_in: tuple[Absence, ...], at: dt.datetime
) -> Remedy:
    """Say what begins or ends at an instant, in local time and in UTC, so that the answer is yes then."""
    local = access.rulebook.scope.local_text(at, question.where)
    say = partial(Remedy.of, start=local, instant=at.isoformat())
    for person in dict.fromkeys((question.member, *(one.member for one in standing_in))):
        lines = access.rulebook.lines_of(person, question.permission, question.where)
        for line in sorted(lines, key=lambda one: one.order):
            begins, ends = line.span(question.where)
            if isinstance(line.source, Grant) and begins == at:
                return say("wait", line=line.place)
            if not isinstance(line.source, Grant) and ends == at:
                return say("wait_forbid", line=line.place)
        for duty in sorted(access.rulebook.duties, key=lambda one: one.source.id):
            if question.permission in duty.permissions and duty.speaks_of(question.where):
                turn = duty.turn(person, question.where, at)
                if turn is not None and turn.start == at:
                    return say("wait_turn", member=person, duty=duty.source.id)
    absent = min(one.member for one in standing_in if one.begins_at == at)
    return say("wait_absence", member=question.member, absent=absent)

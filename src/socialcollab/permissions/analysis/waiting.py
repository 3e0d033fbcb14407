"""When somebody who may not will, if nothing is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from socialcollab.permissions.engine.question import Question
from socialcollab.permissions.model.grant import Grant
from socialcollab.verdicts import Remedy

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access
    from socialcollab.permissions.model.absence import Absence


def wait(access: Access, question: Question) -> Remedy | None:
    """Return until when to wait, the first instant at which the answer is yes, or None."""
    standing_in = tuple(access.possible_delegations(question))
    bounds = sorted({question.at, *_bounds(access, question, standing_in)})
    for start, end in pairwise((*bounds, None)):
        assert start is not None  # noqa: S101  only the last is none
        # Between two bounds nothing changes but whose turn it is.
        shifts = (
            shift
            for shift in _shifts(access, question, standing_in, start, end)
            if _allows(access, question, shift)
        )
        first = start if start > question.at and _allows(access, question, start) else None
        first = first or min(shifts, default=None)
        if first is not None:
            return _named(access, question, standing_in, first)
    return None


def _allows(access: Access, question: Question, at: dt.datetime) -> bool:
    return access.allows(
        question.member, question.permission, question.resource, at=at, authors=question.authors
    )


def _bounds(
    access: Access, question: Question, standing_in: tuple[Absence, ...]
) -> Iterator[dt.datetime]:
    people = {question.member, *(one.member for one in standing_in)}
    lines = (
        line
        for person in people
        for line in access.bindings.lines_of(person, question.permission, question.resource)
    )
    for start, end in (
        *(line.span(question.resource) for line in lines),
        *((one.begins_at, one.ends_at) for one in standing_in),
    ):
        for bound in (start, end):
            if bound is not None and bound > question.at:
                yield bound


def _shifts(
    access: Access,
    question: Question,
    standing_in: tuple[Absence, ...],
    start: dt.datetime,
    end: dt.datetime | None,
) -> Iterator[dt.datetime]:
    """Yield the first turn after one instant and before another of each duty that may count."""
    people = {question.member, *(one.member for one in standing_in if one.covers(start))}
    for line in access.bindings.rotations:
        if question.permission in line.permissions and line.applies_to(question.resource):
            for person in people & line.members:
                shift = line.next_shift(person, question.resource, after=start, before=end)
                if shift is not None:
                    yield shift


def _named(
    access: Access, question: Question, standing_in: tuple[Absence, ...], at: dt.datetime
) -> Remedy:
    """Say what begins or ends at an instant, in local time and in UTC, so that the answer is yes then."""
    local = access.bindings.scope.local_text(at, question.resource)
    say = partial(Remedy.of, start=local, instant=at.isoformat())
    for person in dict.fromkeys((question.member, *(one.member for one in standing_in))):
        lines = access.bindings.lines_of(person, question.permission, question.resource)
        for line in sorted(lines, key=lambda one: one.order):
            begins, ends = line.span(question.resource)
            if isinstance(line.source, Grant) and begins == at:
                return say("wait", rule=line.place)
            if not isinstance(line.source, Grant) and ends == at:
                return say("wait_for_forbid_end", rule=line.place)
        for rotation in sorted(access.bindings.rotations, key=lambda one: one.source.id):
            if question.permission in rotation.permissions and rotation.applies_to(
                question.resource
            ):
                shift = rotation.shift(person, question.resource, at)
                if shift is not None and shift.start == at:
                    return say("wait_for_shift", member=person, rotation=rotation.source.id)
    absent = min(one.member for one in standing_in if one.begins_at == at)
    return say("wait_for_absence", member=question.member, absent=absent)

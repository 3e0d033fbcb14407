"""What is said of an answer on request: what would help, what comes near, and to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

import attrs

from socialcollab.directory import Principal
from socialcollab.permissions.analysis.near_misses import near_misses
from socialcollab.permissions.analysis.remedies import remedies
from socialcollab.permissions.analysis.visibility import knows
from socialcollab.permissions.engine.question import Question
from socialcollab.verdicts import Reason, Remedy, Verdict

if TYPE_CHECKING:
    from socialcollab.permissions.access import Access

_PEOPLE = ("member", "absent", "by", "instead_of")


class AccessAdvice:
    """
    What an `Access` can say of its answer to one question.

    Args:
        access: The rules that gave it.

        asked: The question, as the fields of a `Question`.
    """

    def __init__(
        self,
        access: Access,
        *asked: *tuple[str, str, str, dt.datetime, Collection[str]],
    ) -> None:
        self._access = access
        self._asked = asked

    @cached_property
    def _question(self) -> Question:
        # Every yes has its advice, and hardly anybody asks for it.
        return Question(*self._asked)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the smallest change of each kind."""
        return self._remedies

    def near_misses(self) -> tuple[Reason, ...]:
        """Return the near misses."""
        return self._near_misses

    @cached_property
    def _remedies(self) -> tuple[Remedy, ...]:
        return remedies(self._access, self._question) if self._may_be_helped else ()

    @cached_property
    def _near_misses(self) -> tuple[Reason, ...]:
        return tuple(near_misses(self._access, self._question)) if self._may_be_helped else ()

    @property
    def _may_be_helped(self) -> bool:
        member = self._question.member
        return (
            self._access.member(member) is not None
            and self._access.inactive_reason(member, at=self._question.at) is None
        )

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return the answer without what *member* may not know."""
        question = self._question
        if not self._may_be_helped:
            if member == question.member or self._knows(member, question.member):
                return Verdict.no(*verdict.reasons)
        elif self._views(member, question.resource):
            seen = _SeenAdvice(self, verdict, member)
            because = [one for one in verdict.reasons if self.shows(member, one)]
            answer = Verdict.yes if verdict else Verdict.no
            return answer(*because, advice=seen)
        if verdict:
            return Verdict.yes()
        code = "not_visible" if member == question.member else "not_visible_to"
        return Verdict.no(
            Reason.of(
                code, member=question.member, permission=question.permission,
                **({} if member == question.member else {"viewer": member}),
            )
        )  # fmt: skip

    def shows(self, viewer: str, said: Reason | Remedy) -> bool:
        """Tell whether somebody may know all that a reason or remedy names."""
        params = dict(said.params)
        resources = [params[name] for name in ("resource", "elsewhere") if name in params]
        people = [params[name] for name in _PEOPLE if name in params]
        team = params.get("team", "-")
        return (
            all(self._views(viewer, place) for place in resources)
            and all(
                person == self._question.member or self._knows(viewer, person) for person in people
            )
            and (team == "-" or self._knows_team(viewer, team))
        )

    def redacted(self, viewer: str, remedy: Remedy) -> Remedy:
        """Return a remedy without the people whom somebody may not know."""
        by = tuple(one for one in remedy.by if self._knows(viewer, one))
        return attrs.evolve(remedy, by=by, ask=remedy.ask if remedy.ask in by else "")

    def _views(self, viewer: str, place: str) -> bool:
        scope = self._access.bindings.scope
        return place in scope.resources and self._access.allows(
            viewer, "view", place, at=self._question.at
        )

    def _knows(self, viewer: str, other: str) -> bool:
        return knows(self._access, viewer, other, at=self._question.at)

    def _knows_team(self, viewer: str, team: str) -> bool:
        scope = self._access.bindings.scope
        return any(self._knows(viewer, one) for one in scope.everyone_in(Principal("team", team)))


@attrs.frozen
class _SeenAdvice:
    """The same for somebody who may not know all of it."""

    whole: AccessAdvice
    verdict: Verdict = attrs.field(repr=False)
    viewer: str

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the remedies that name nothing out of sight."""
        return tuple(
            self.whole.redacted(self.viewer, one)
            for one in self.verdict.remedies
            if all(self.whole.shows(self.viewer, part) for part in (one, *one.also))
        )

    def near_misses(self) -> tuple[Reason, ...]:
        """Return the near misses that name nothing out of sight."""
        return tuple(one for one in self.verdict.near_misses if self.whole.shows(self.viewer, one))

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return what both may know."""
        return self.whole.for_viewer(verdict, member)

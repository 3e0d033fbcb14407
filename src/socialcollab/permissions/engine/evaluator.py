"""The `Question` value, and the interface that the analyses use to answer questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Protocol

import attrs

from socialcollab.identifiers import MemberId, ProfileId
from socialcollab.permissions.engine.binding_set import BindingSet
from socialcollab.permissions.model.absence import Absence
from socialcollab.verdicts import Reason, Remedy, Verdict


@attrs.frozen
class Question:
    """
    The question of whether a member has a permission on a resource at an instant.

    Attributes:
        member: A member's id.
        permission: A permission's name.
        resource: A profile, a workspace, or ``*``.
        at: The instant, in UTC.
        authors: The post's authors, if the question is about a post.
    """

    member: str
    permission: str
    resource: str
    at: dt.datetime
    authors: Collection[str] = ()


class Evaluator(Protocol):
    """
    The part of `Access` that the analyses use.

    `Access` imports the analyses to compute its advice. They therefore cannot import `Access`, and
    use this protocol instead.
    """

    @property
    def bindings(self) -> BindingSet:
        """The rules and rotations."""
        ...

    @property
    def absences(self) -> tuple[Absence, ...]:
        """The absences with a delegate."""
        ...

    @property
    def all_absences(self) -> tuple[Absence, ...]:
        """The absences, with or without a delegate."""
        ...

    def allows(
        self,
        member: str,
        permission: str,
        resource: str,
        *,
        at: dt.datetime,
        authors: Collection[str] = (),
    ) -> bool:
        """Return whether *member* has a permission on a resource at an instant."""
        ...

    def check(self, member: str, permission: str, resource: str, *, at: dt.datetime) -> Verdict:
        """Return whether *member* has a permission, with the reasons."""
        ...

    def with_remedy(self, remedy: Remedy) -> Evaluator:
        """Return an evaluator in which a remedy has been applied."""
        ...

    def inactive_reason(self, member: str, *, at: dt.datetime) -> Reason | None:
        """Return why a member has no permissions at all, or None."""
        ...

    def members(self, permission: str, resource: str, *, at: dt.datetime) -> tuple[MemberId, ...]:
        """Return the members who have a permission, sorted."""
        ...

    def profiles(self, member: str, permission: str, *, at: dt.datetime) -> tuple[ProfileId, ...]:
        """Return the profiles on which *member* has a permission, sorted."""
        ...

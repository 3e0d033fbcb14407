"""Advice on an answer, computed on demand: remedies, near misses, and a view for each member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from functools import cached_property

import attrs

from socialcollab.directory import Principal
from socialcollab.permissions.analysis.remedies import joint_remedies, remedies
from socialcollab.permissions.engine.binding import span_contains
from socialcollab.permissions.engine.evaluator import Evaluator, Question
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.verdicts import Reason, Remedy, Verdict

_MEMBER_PARAMS = ("member", "absent", "by", "original")


class AccessAdvice:
    """
    The advice of an `Access` on its answer to one question.

    Args:
        access: The rules on which the answer is based.
        question: The fields of a `Question`.
    """

    def __init__(
        self,
        access: Evaluator,
        *question: *tuple[str, str, str, dt.datetime, Collection[str]],
    ) -> None:
        self._access = access
        self._fields = question

    @cached_property
    def _question(self) -> Question:
        # Every answer has advice, but few callers use it, so creating it must be cheap.
        return Question(*self._fields)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the smallest change of each kind that would make the answer yes."""
        return self._remedies

    def near_misses(self) -> tuple[Reason, ...]:
        """Return descriptions of the rules that almost allow the action."""
        return self._near_misses

    @cached_property
    def _remedies(self) -> tuple[Remedy, ...]:
        return remedies(self._access, self._question) if self._is_active_member else ()

    @cached_property
    def _near_misses(self) -> tuple[Reason, ...]:
        return tuple(near_misses(self._access, self._question)) if self._is_active_member else ()

    @property
    def _is_active_member(self) -> bool:
        """Whether the member is active; permissions have no effect for an inactive member."""
        member = self._question.member
        return (
            member in self._access.bindings.scope.members
            and self._access.inactive_reason(member, at=self._question.at) is None
        )

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return the answer without the details that are hidden from *member*."""
        question = self._question
        if not self._is_active_member:
            if member == question.member or self._knows(member, question.member):
                return Verdict.no(*verdict.reasons)
        elif self._can_view(member, question.resource):
            advice = _ViewerAdvice(self, verdict, member)
            reasons = [reason for reason in verdict.reasons if self.is_visible(member, reason)]
            answer = Verdict.yes if verdict else Verdict.no
            return answer(*reasons, advice=advice)
        if verdict:
            return Verdict.yes()
        if member == question.member:
            reason = Reason.of("not_visible", member=member, permission=question.permission)
        else:
            reason = Reason.of(
                "not_visible_to",
                member=question.member,
                permission=question.permission,
                viewer=member,
            )
        return Verdict.no(reason)

    def is_visible(self, viewer: str, part: Reason | Remedy) -> bool:
        """Return whether *viewer* may know everything that a reason or remedy names."""
        params = dict(part.params)
        resources = [params[name] for name in ("resource", "elsewhere") if name in params]
        members = [params[name] for name in _MEMBER_PARAMS if name in params]
        team = params.get("team", "-")
        return (
            all(self._can_view(viewer, resource) for resource in resources)
            and all(
                member == self._question.member or self._knows(viewer, member) for member in members
            )
            and (team == "-" or self._knows_team(viewer, team))
        )

    def redact(self, viewer: str, remedy: Remedy) -> Remedy:
        """Return a remedy without members who are hidden from *viewer*."""
        by = tuple(member for member in remedy.by if self._knows(viewer, member))
        return attrs.evolve(remedy, by=by, ask=remedy.ask if remedy.ask in by else "")

    def _can_view(self, viewer: str, resource: str) -> bool:
        scope = self._access.bindings.scope
        return resource in scope.resources and self._access.allows(
            viewer, "view", resource, at=self._question.at
        )

    def _knows(self, viewer: str, member: str) -> bool:
        return knows(self._access, viewer, member, at=self._question.at)

    def _knows_team(self, viewer: str, team: str) -> bool:
        scope = self._access.bindings.scope
        return any(
            self._knows(viewer, member) for member in scope.everyone_in(Principal("team", team))
        )


@attrs.frozen
class _ViewerAdvice:
    """The part of the advice that one viewer may see."""

    full: AccessAdvice
    verdict: Verdict = attrs.field(repr=False)
    viewer: str

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the remedies that name nothing hidden from the viewer."""
        return tuple(
            self.full.redact(self.viewer, remedy)
            for remedy in self.verdict.remedies
            if all(self.full.is_visible(self.viewer, part) for part in (remedy, *remedy.also))
        )

    def near_misses(self) -> tuple[Reason, ...]:
        """Return the near misses that name nothing hidden from the viewer."""
        return tuple(
            reason
            for reason in self.verdict.near_misses
            if self.full.is_visible(self.viewer, reason)
        )

    def for_viewer(self, verdict: Verdict, member: str) -> Verdict:
        """Return only the details that both *member* and the original viewer may see."""
        return self.full.for_viewer(verdict, member)


@attrs.frozen
class JointAdvice:
    """
    The advice on a permission that is needed on several resources.

    Attributes:
        access: The rules on which the answers are based.
        question: The member, the permission, the instant and the authors, as in a `Question`.
        resources: All the resources on which the permission is needed.
        refused: The answer for each resource on which the member does not have the permission.
    """

    access: Evaluator = attrs.field(repr=False)
    question: tuple[str, str, dt.datetime, Collection[str]]
    resources: tuple[str, ...]
    refused: tuple[Verdict, ...] = attrs.field(repr=False)

    def remedies(self) -> tuple[Remedy, ...]:
        """Return the changes that give the permission on all the resources."""
        options = [verdict.remedies for verdict in self.refused]
        found = joint_remedies(self.access, options, self.resources[0], at=self.question[2])
        return tuple(remedy for remedy in found if self._is_enough(remedy))

    def _is_enough(self, remedy: Remedy) -> bool:
        member, permission, at, authors = self.question
        access = self.access.with_remedy(remedy)
        instant = dict(remedy.params).get("instant")
        at = at if instant is None else dt.datetime.fromisoformat(instant)
        return all(
            access.allows(member, permission, resource, at=at, authors=authors)
            for resource in self.resources
        )

    def near_misses(self) -> tuple[Reason, ...]:
        """Return descriptions of the rules that almost allow the action on one of the resources."""
        return tuple(
            dict.fromkeys(reason for verdict in self.refused for reason in verdict.near_misses)
        )

    def for_viewer(self, _: Verdict, member: str) -> Verdict:
        """Return the answer without the details that are hidden from *member*."""
        refused = tuple(verdict.for_viewer(member) for verdict in self.refused)
        for verdict in refused:
            # The answer about a hidden resource must not be combined with details of other
            # resources.
            if any(reason.code.startswith("not_visible") for reason in verdict.reasons):
                return verdict
        reasons = dict.fromkeys(reason for verdict in refused for reason in verdict.reasons)
        return Verdict.no(*reasons, advice=attrs.evolve(self, refused=refused))


def knows(access: Evaluator, viewer: str, member: str, *, at: dt.datetime) -> bool:
    """
    Return whether *viewer* may know that *member* exists.

    This is the case if both can view the same profile, or if *viewer* manages access everywhere.
    """
    if viewer == member or access.allows(viewer, "manage_access", EVERYWHERE, at=at):
        return True
    return any(
        access.allows(member, "view", profile, at=at)
        for profile in access.profiles(viewer, "view", at=at)
    )


def near_misses(access: Evaluator, question: Question) -> Iterator[Reason]:
    """
    Yield descriptions of rules that almost allow the action, at most one of each kind.

    The kinds are, in order: a grant that has ended, a rotation in which
    another member is on duty, a delegation that excludes the permission or the member's own work,
    a grant of the permission on another resource, and a grant of other permissions on the
    resource. There are no near misses if a grant or shift gives the permission and only forbids
    prevent it.
    """
    granting = access.bindings.granting_rule(
        question.member, question.permission, question.resource, at=question.at
    )
    if granting is None:
        yield from _ended_grant(access, question)
        yield from _rotation_off_duty(access, question)
        yield from _narrow_delegation(access, question)
        yield from _grant_elsewhere(access, question)
        yield from _grant_of_others(access, question)


def _ended_grant(access: Evaluator, question: Question) -> Iterator[Reason]:
    member, resource = question.member, question.resource
    ended = [
        (end, grant)
        for grant in access.bindings.bindings_of(member).grants
        if grant.binds(member, question.permission, resource)
        and (end := grant.span(resource)[1]) is not None
        and end <= question.at
    ]
    if ended:
        last = max(end for end, _ in ended)
        grant = min((grant for end, grant in ended if end == last), key=lambda one: one.order)
        yield Reason.of(
            "near_miss.ended",
            member=member,
            granted=question.permission,
            resource=resource,
            rule=grant.place,
            until=access.bindings.scope.local_text(last, resource),
        )


def _rotation_off_duty(access: Evaluator, question: Question) -> Iterator[Reason]:
    rotations = access.bindings.bindings_of(question.member).rotations
    for rotation in sorted(rotations, key=lambda binding: binding.source.id):
        if (
            question.permission in rotation.permissions
            and rotation.applies_to(question.resource)
            and rotation.shift(question.member, question.resource, question.at) is None
        ):
            yield Reason.of(
                "near_miss.off_duty",
                member=question.member,
                rotation=rotation.source.id,
                granted=rotation.source.role,
                resource=question.resource,
            )
            return


def _narrow_delegation(access: Evaluator, question: Question) -> Iterator[Reason]:
    for absence in access.absences:
        if (
            absence.delegate != question.member
            or not absence.covers(question.at)
            or not access.bindings.allows(
                absence.member, question.permission, question.resource, question.at
            )
        ):
            continue
        if not absence.delegates(question.permission):
            code = "near_miss.not_delegated"
        elif question.member in question.authors or absence.member in question.authors:
            code = "near_miss.own_work"
        else:
            continue
        yield Reason.of(
            code,
            member=question.member,
            absent=absence.member,
            permission=question.permission,
            resource=question.resource,
        )
        return


def _grant_elsewhere(access: Evaluator, question: Question) -> Iterator[Reason]:
    scope = access.bindings.scope
    workspace = scope.workspace_of(question.resource)
    candidates = [
        (scope.workspace_of(resource) != workspace, grant.order, resource, grant)
        for grant in access.bindings.bindings_of(question.member).grants
        if question.permission in grant.permissions and not grant.applies_to(question.resource)
        for resource in grant.resources
        if span_contains(grant.span(resource), question.at)
    ]
    if candidates:
        # Prefer a resource in the same workspace.
        _, _, resource, grant = min(candidates, key=lambda candidate: candidate[:3])
        yield Reason.of(
            "near_miss.elsewhere",
            member=question.member,
            permission=question.permission,
            resource=question.resource,
            elsewhere=resource,
            rule=grant.place,
        )


def _grant_of_others(access: Evaluator, question: Question) -> Iterator[Reason]:
    grants = [
        grant
        for grant in access.bindings.bindings_of(question.member).grants
        if question.permission not in grant.permissions
        and grant.is_active(question.resource, question.at)
    ]
    if grants:
        reason = min(grants, key=lambda grant: grant.order).reason(
            question.member, question.resource
        )
        yield Reason.of(
            "near_miss.other_permission", permission=question.permission, **dict(reason.params)
        )

"""Whose posts a change frees from an approval, by a role that it gives them or takes from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from socialcollab.directory import Profile, Workspace
from socialcollab.identifiers import MemberId
from socialcollab.permissions import Access
from socialcollab.time import intersect_spans, merge_spans, subtract_spans
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow.model.policy import ApprovalPolicy


def refused_freeing(
    giver: str,
    before: Access,
    after: Access,
    *,
    policies: Iterable[ApprovalPolicy],
    profiles: Iterable[Profile],
    workspaces: Mapping[str, Workspace],
    at: dt.datetime,
) -> Verdict | None:
    """
    Return why *giver* may not bring a change about that frees posts from a policy, or None.

    Whoever frees somebody's posts from a policy changes what it says: it takes
    `manage_policies` there.
    """
    about_roles = (one for one in policies if one.exempt or one.on.author_role)
    for policy, profile in product(about_roles, tuple(profiles)):
        workspace = workspaces[profile.workspace]
        if not (policy.on.matches_profile(profile) or workspace.default_approval == policy.id):
            continue
        place = before.nearest_resource(profile.id, after)
        freed = [
            *(("exempts_author", *one) for one in _freed(policy, profile.id, before, after, at=at)),
            *(
                ("removes_policy_role", *one)
                for one in _let_go(policy, profile.id, before, after, at=at)
            ),
        ]
        for code, member, role in freed:
            verdict = before.check(giver, "manage_policies", place, at=at)
            if not verdict:
                return Verdict.no(
                    Reason.of(code, member=giver, other=member, role=role, resource=place),
                    *verdict.reasons,
                    remedies=verdict.remedies,
                )
    return None


def _freed(
    policy: ApprovalPolicy, profile: str, before: Access, after: Access, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield who is to hold a role that frees their posts on a profile from a policy, and which."""
    for principal in policy.exempt:
        was, is_ = (
            before.role_periods(principal.name, profile),
            after.role_periods(principal.name, profile),
        )
        shifts = after.bindings.rotating(principal.name, profile, unlike=before.bindings)
        for member in sorted({*is_, *shifts}):
            spans = merge_spans((*is_.get(member, ()), *shifts.get(member, ())))
            fresh = subtract_spans(spans, was.get(member, ()))
            if any(end is None or end > at for _, end in fresh):
                yield member, principal.name


def _let_go(
    policy: ApprovalPolicy, profile: str, before: Access, after: Access, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield who is to lose a role whose holders' posts a policy is about, and goes on drafting."""
    for role in sorted(policy.on.author_role):
        was, is_ = before.role_periods(role, profile), after.role_periods(role, profile)
        for member, spans in sorted(was.items()):
            lost = subtract_spans(spans, is_.get(member, ()))
            drafting = merge_spans(after.permission_periods(member).get(("draft", profile), ()))
            meanwhile = intersect_spans(lost, drafting)
            if any(end is None or end > at for _, end in meanwhile):
                yield member, role

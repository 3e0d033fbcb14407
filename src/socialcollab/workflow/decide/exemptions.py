"""Refuse changes that exempt a member's posts from an approval policy without `manage_policies`."""

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


def exemption_refusal(
    actor: str,
    before: Access,
    after: Access,
    *,
    policies: Iterable[ApprovalPolicy],
    profiles: Iterable[Profile],
    workspaces: Mapping[str, Workspace],
    at: dt.datetime,
) -> Verdict | None:
    """
    Return why *actor* may not change access from *before* to *after*, or None.

    A member's roles decide whether a policy applies to their posts: it may exempt a role, or apply
    only to the posts of one. A change of roles that takes posts out of a policy has the effect of
    changing the policy, and needs the same permission, `manage_policies`.
    """
    about_roles = (policy for policy in policies if policy.exempt or policy.on.author_role)
    for policy, profile in product(about_roles, tuple(profiles)):
        workspace = workspaces[profile.workspace]
        if not (policy.on.matches_profile(profile) or workspace.default_approval == policy.id):
            continue
        resource = before.nearest_resource(profile.id, after)
        exempted = [
            *(
                ("exempts_author", member, role)
                for member, role in _gains_exempt_role(policy, profile.id, before, after, at=at)
            ),
            *(
                ("removes_policy_role", member, role)
                for member, role in _loses_policy_role(policy, profile.id, before, after, at=at)
            ),
        ]
        for code, member, role in exempted:
            verdict = before.check(actor, "manage_policies", resource, at=at)
            if not verdict:
                return Verdict.no(
                    Reason.of(code, member=actor, other=member, role=role, resource=resource),
                    *verdict.reasons,
                    remedies=verdict.remedies,
                )
    return None


def _gains_exempt_role(
    policy: ApprovalPolicy, profile: str, before: Access, after: Access, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield the members who would gain a role that the policy exempts, and the role."""
    for principal in policy.exempt:
        old = before.role_periods(principal.name, profile)
        new = after.role_periods(principal.name, profile)
        shifts = after.bindings.rotating(principal.name, profile, unlike=before.bindings)
        for member in sorted({*new, *shifts}):
            periods = merge_spans((*new.get(member, ()), *shifts.get(member, ())))
            gained = subtract_spans(periods, old.get(member, ()))
            if any(end is None or end > at for _, end in gained):
                yield member, principal.name


def _loses_policy_role(
    policy: ApprovalPolicy, profile: str, before: Access, after: Access, *, at: dt.datetime
) -> Iterator[tuple[MemberId, str]]:
    """Yield the members who would lose a role that the policy is about, but could still draft."""
    for role in sorted(policy.on.author_role):
        old, new = before.role_periods(role, profile), after.role_periods(role, profile)
        for member, periods in sorted(old.items()):
            lost = subtract_spans(periods, new.get(member, ()))
            drafting = merge_spans(after.permission_periods(member).get(("draft", profile), ()))
            both = intersect_spans(lost, drafting)
            if any(end is None or end > at for _, end in both):
                yield member, role

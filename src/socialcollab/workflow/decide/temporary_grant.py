"""Deciders for granting permissions for a limited time, and for revoking such grants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from socialcollab.directory import CONTEXT_KEYS, PROFILE_KEYS, Excluding, Selector
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions import (
    EVERYWHERE,
    Access,
    Forbid,
    Grant,
    bind_rule,
    exemption_refusal,
)
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import (
    check_new_id,
    no_such,
    not_visible,
    refuse,
    verdict_on,
)
from socialcollab.workflow.model.policy import policy_roles

_MAX_REASONS = 5


def add_grant(command: cm.AddGrant, context: Context) -> tuple[ev.Event, ...]:
    """
    Grant permissions for a limited time.

    Raises:
        NotFoundError: If the grant refers to a resource that does not exist or is not visible to
            the actor, or to a member or team that does not exist.
        InvalidValueError: If the reason is empty, if the grant depends on anything other than
            resources, if a role or permission does not exist, or if the identifier is already in
            use.
        NotAllowedError: If the grant has already ended, if the actor does not have `manage_access`
            on all of its resources, if the actor does not have the granted permissions there for
            the same period, or if the grant would exempt a member from an approval policy that the
            actor cannot change.
    """
    requested = command.grant
    grant = attrs.evolve(requested.grant, by=context.actor.name, place=requested.place)
    _check_names(grant.on, context)
    if not grant.reason.strip():
        raise InvalidValueError(
            "a temporary grant needs a reason", value=grant.reason, expected="why it is needed"
        )
    check_new_id("grant", requested.id, {known.id for known in context.grants})
    me, now, access = context.actor.name, context.now, context.access
    scope = access.bindings.scope
    if not _visible(scope.resources_of(grant.on), context):
        raise refuse(Reason.of("nothing_matches", on=grant.on))
    verdict = verdict_on("manage_access", sorted(scope.resources_of(grant.on)), context)
    if not verdict:
        raise NotAllowedError(verdict)
    _check_recipients(grant, context)
    # `bind_rule` raises an error if a role or permission does not exist.
    bind_rule(grant, 0, scope)
    if requested.is_over(scope, at=now):
        raise refuse(Reason.of("grant_over", until=requested.until))
    # `TemporaryGrant` raises an error if the time from now until the end is too long.
    attrs.evolve(requested, grant=grant, at=now)
    verdict = access.can_give(me, grant, at=now)
    if not verdict:
        raise NotAllowedError(_without_hidden(verdict, context))
    if grant.role:
        _check_exemptions(access.with_grants(grant), context)
    data = ev.GrantAdded(
        grant_id=requested.id, grant=attrs.evolve(grant, reason="", by=""), reason=grant.reason
    )
    return (ev.runtime_event(data, context.actor),)


def _check_recipients(grant: Grant, context: Context) -> None:
    access, scope = context.access, context.access.bindings.scope
    for principal in grant.to:
        names = scope.teams if principal.kind == "team" else access.member_ids
        if principal.name not in names:
            hint = did_you_mean(principal.name, names)
            raise NotFoundError(principal.kind, principal.name, suggestion=hint)
        if principal.kind == "member" and scope.has_left(principal.name, context.now):
            inactive = access.inactive_reason(principal.name, at=context.now)
            raise refuse(*([] if inactive is None else [inactive]))


def _check_exemptions(after: Access, context: Context) -> None:
    refusal = exemption_refusal(
        context.actor.name,
        context.access,
        after,
        policies=policy_roles(
            context.policies.by_id.values(), context.profiles.values(), context.workspaces
        ),
        at=context.now,
    )
    if refusal is not None:
        raise NotAllowedError(refusal)


def revoke_grant(command: cm.RevokeGrant, context: Context) -> tuple[ev.Event, ...]:
    """
    Revoke a temporary grant.

    Both the grantor and any member with `manage_access` on all of its resources may revoke a grant,
    because revoking a grant does not give any member a permission.

    Raises:
        NotFoundError: If the grant does not exist, or its resources are not visible to the actor.
        NotAllowedError: If the actor neither made the grant nor has `manage_access` there, if the
            grant has ended, or if revoking it would exempt a member's posts from an approval
            policy.
    """
    grant = next((grant for grant in context.grants if grant.id == command.grant), None)
    if grant is None:
        raise NotFoundError("grant", command.grant)
    scope = context.access.bindings.scope
    inactive = context.access.inactive_reason(context.actor.name, at=context.now)
    if inactive is not None:
        raise refuse(inactive)
    if grant.by != context.actor.name:
        rest = grant.existing_part(scope)
        resources = sorted(scope.resources_of(rest.on)) if rest is not None else []
        # If adoptions have removed all resources of a grant, a member with `manage_access` on all
        # resources may revoke it.
        verdict = verdict_on("manage_access", resources or (EVERYWHERE,), context)
        if not_visible(verdict):
            raise NotFoundError("grant", command.grant)
        if not verdict:
            raise NotAllowedError(verdict)
    if grant.is_over(scope, at=context.now):
        raise refuse(Reason.of("grant_over", until=grant.until))
    # A policy for posts by members with a role no longer applies to a member who loses that role.
    if grant.grant.role and context.policies.match_author_roles:
        bindings = context.access.bindings
        remaining = [binding.source for binding in bindings.grants if binding.place != grant.place]
        after = context.access.with_rules(
            grants=[rule for rule in remaining if isinstance(rule, Grant)],
            forbids=[
                binding.source for binding in bindings.forbids if isinstance(binding.source, Forbid)
            ],
        )
        _check_exemptions(after, context)
    data = ev.GrantRevoked(grant_id=grant.id, to=grant.grant.to)
    return (ev.runtime_event(data, context.actor),)


def _check_names(on: Selector, context: Context) -> None:
    """Raise an error for a name that does not exist or is not visible to the actor."""
    scope = context.access.bindings.scope
    for key in CONTEXT_KEYS:
        if getattr(on, key):
            raise InvalidValueError(
                f"a grant cannot depend on `{key}`, only on workspaces, profiles or networks",
                value=key,
                expected=f"only the keys {', '.join(PROFILE_KEYS)} and excluding",
            )
    for part in (on, on.excluding):
        if part is None:
            continue
        for kind, name in _named(part):
            within = (
                (name, *scope.profiles_by_workspace.get(name, ()))
                if kind == "workspace"
                else (name,)
            )
            known = scope.workspace_names if kind == "workspace" else scope.profiles.keys()
            if name not in known or not _visible(within, context):
                raise no_such(kind, name, known, context, in_selector=True)
        for network in part.network:
            names = {
                profile.network
                for profile in scope.profiles.values()
                if _visible((profile.id,), context)
            }
            if network not in names:
                hint = did_you_mean(network, names)
                raise NotFoundError("network", network, suggestion=hint)


def _named(part: Selector | Excluding) -> Iterator[tuple[str, str]]:
    for workspace in part.workspace:
        if workspace != EVERYWHERE:
            yield "workspace", workspace
    for profile in part.profile:
        yield "profile", profile


def _visible(resources: Iterable[str], context: Context) -> list[str]:
    """Return the resources that the actor can view or manage access to, sorted."""
    me, now, access = context.actor.name, context.now, context.access
    return [
        resource
        for resource in sorted(resources)
        if access.allows(me, "view", resource, at=now)
        or access.allows(me, "manage_access", resource, at=now)
    ]


def _without_hidden(verdict: Verdict, context: Context) -> Verdict:
    """Return a refusal without the reasons about resources that the actor cannot view."""
    me = context.actor.name
    reasons = [
        reason for reason in verdict.reasons if _visible((reason["resource"],), context)
    ] or [Reason.of("not_visible", member=me, permission="manage_access")]
    return Verdict.no(*reasons[:_MAX_REASONS], remedies=verdict.remedies)

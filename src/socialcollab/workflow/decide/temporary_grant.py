"""Decide on rights that are given, and taken back, by command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from socialcollab.directory import CONTEXT_KEYS, PROFILE_KEYS, Excluding, Selector
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import did_you_mean
from socialcollab.permissions import (
    EVERYWHERE,
    Forbid,
    Grant,
    TemporaryGrant,
    bind_rule,
    exemption_refusal,
)
from socialcollab.verdicts import Reason, Verdict
from socialcollab.workflow import events as ev
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.refusals import no_such, not_visible, refuse, verdict_on
from socialcollab.workflow.model.policy import policy_roles

RUNTIME_STATE = "runtime_state"
_SHOWN = 5


def add_grant(
    given: TemporaryGrant, *, known: Iterable[TemporaryGrant], context: Context
) -> tuple[ev.Event, ...]:
    """
    Give rights until a time.

    Args:
        given: What is given.

        known: What has been given so far.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If a place that it names does not exist, or may not be
            viewed, or somebody whom it names does not exist.

        NotAllowedError: If the actor does not manage access wherever it would
            hold, or does not hold all of it there for as long, would free somebody from
            a policy that they may not change, or it is over.

        InvalidValueError: If there is no reason, or what is given does not exist.
    """
    grant = attrs.evolve(given.grant, by=context.actor.name, place=given.place)
    _check_names(grant.on, context)
    if not grant.reason.strip():
        raise InvalidValueError(
            "what is given needs a reason", value=grant.reason, expected="why they need it"
        )
    if any(one.id == given.id for one in known):
        raise InvalidValueError(f"grant `{given.id}` is known already", value=given.id)
    me, now, access = context.actor.name, context.now, context.access
    places = _visible(access.bindings.scope.resources_of(grant.on), context)
    if not places:
        raise refuse(Reason.of("holds_nothing", on=grant.on))
    _check_manages(grant.on, context)
    for principal in grant.to:
        names = access.bindings.scope.teams if principal.kind == "team" else access.member_ids
        if principal.name not in names:
            hint = did_you_mean(principal.name, names)
            raise NotFoundError(principal.kind, principal.name, suggestion=hint)
        if principal.kind == "member" and access.bindings.scope.has_left(principal.name, now):
            raise refuse(*_barred(principal.name, context))
    bind_rule(grant, 0, access.bindings.scope)
    if given.is_over(access.bindings.scope, at=now):
        raise refuse(Reason.of("grant_over", until=given.until))
    # Its own checks refuse what lasts too long from now on.
    attrs.evolve(given, grant=grant, at=now)
    verdict = access.can_give(me, grant, at=now)
    if not verdict:
        raise NotAllowedError(_seen(verdict, context))
    if grant.role:
        freeing = exemption_refusal(
            me,
            access,
            access.with_grants(grant),
            policies=policy_roles(
                context.policies.by_id.values(), context.profiles.values(), context.workspaces
            ),
            at=now,
        )
        if freeing is not None:
            raise NotAllowedError(freeing)
    data = ev.GrantAdded(
        grant_id=given.id, grant=attrs.evolve(grant, reason="", by=""), reason=grant.reason
    )
    return (ev.Event(RUNTIME_STATE, context.actor, data),)


def revoke_grant(
    given: str, *, known: Iterable[TemporaryGrant], context: Context
) -> tuple[ev.Event, ...]:
    """
    Take back what was given by command.

    Whoever gave it may, and whoever manages access wherever it holds: taking
    back gives nobody anything.

    Args:
        given: What was given, by its identifier.

        known: What has been given and not taken back.

        context: The rules and facts of now.

    Raises:
        NotFoundError: If there is no such thing, or the actor may not view
            where it holds.

        NotAllowedError: If the actor neither gave it nor manages access there, it
            is over, or it frees somebody's posts from a policy.
    """
    found = next((one for one in known if one.id == given), None)
    if found is None:
        raise NotFoundError("grant", given)
    scope = context.access.bindings.scope
    barred = context.access.inactive_reason(context.actor.name, at=context.now)
    if barred is not None:
        raise refuse(barred)
    left = found.existing_part(scope)
    if found.by != context.actor.name:
        verdict = verdict_on("manage_access", _places(left, context), context)
        if not_visible(verdict):
            raise NotFoundError("grant", given)
        if not verdict:
            raise NotAllowedError(verdict)
    if found.is_over(scope, at=context.now):
        raise refuse(Reason.of("grant_over", until=found.until))
    _check_frees_nobody(found, context)
    data = ev.GrantRevoked(grant_id=given, to=found.grant.to)
    return (ev.Event(RUNTIME_STATE, context.actor, data),)


def _check_frees_nobody(found: TemporaryGrant, context: Context) -> None:
    """Refuse to take a role back whose holders' posts a policy is about, without `manage_policies`."""
    if not found.grant.role or not context.policies.ask_author_roles:
        return
    bindings = context.access.bindings
    left = [one.source for one in bindings.grants if one.place != found.place]
    freeing = exemption_refusal(
        context.actor.name,
        context.access,
        context.access.with_rules(
            grants=[one for one in left if isinstance(one, Grant)],
            forbids=[one.source for one in bindings.forbids if isinstance(one.source, Forbid)],
        ),
        policies=policy_roles(
            context.policies.by_id.values(), context.profiles.values(), context.workspaces
        ),
        at=context.now,
    )
    if freeing is not None:
        raise NotAllowedError(freeing)


def _barred(member: str, context: Context) -> list[Reason]:
    barred = context.access.inactive_reason(member, at=context.now)
    return [] if barred is None else [barred]


def _places(left: Grant | None, context: Context) -> tuple[str, ...]:
    """Return where something holds; what is left of nothing is everybody's to tidy who may everywhere."""
    places = () if left is None else context.access.bindings.scope.resources_of(left.on)
    return tuple(sorted(places)) or (EVERYWHERE,)


def _check_manages(on: Selector, context: Context) -> None:
    places = context.access.bindings.scope.resources_of(on)
    verdict = verdict_on("manage_access", sorted(places), context)
    if not verdict:
        raise NotAllowedError(verdict)


def _check_names(on: Selector, context: Context) -> None:
    """Refuse what a selector names and the actor may not view, as if it did not exist."""
    scope = context.access.bindings.scope
    for key in CONTEXT_KEYS:
        if getattr(on, key):
            raise InvalidValueError(
                f"rights are on places, and not by `{key}`",
                value=key,
                expected=f"keys among {', '.join(PROFILE_KEYS)} and excluding",
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
                raise no_such(kind, name, known, context)
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


def _visible(places: Iterable[str], context: Context) -> list[str]:
    me, now, access = context.actor.name, context.now, context.access
    return [
        place
        for place in sorted(places)
        if access.allows(me, "view", place, at=now)
        or access.allows(me, "manage_access", place, at=now)
    ]


def _seen(verdict: Verdict, context: Context) -> Verdict:
    """Leave out of a refusal what is about places that the actor may not view."""
    me = context.actor.name
    because = [
        reason for reason in verdict.reasons if _visible((reason["resource"],), context)
    ] or [Reason.of("not_visible", member=me, permission="manage_access")]
    return Verdict.no(*because[:_SHOWN], remedies=verdict.remedies)

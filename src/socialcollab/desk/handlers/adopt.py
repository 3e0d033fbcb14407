"""Adopt a proposed document unless it would grant permissions that the actor does not have."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable

from socialcollab.desk.commands import Adopt
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.document_versions import versions_of
from socialcollab.desk.journal.organization_events import OrganizationAdopted
from socialcollab.desk.journal.streams import ORGANIZATION
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotAllowedError, StaleError
from socialcollab.organization import Change, Organization, changes_between
from socialcollab.permissions import escalations, exemption_refusal, holds_for_ever, owners
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import Actor, check_registered, policy_roles
from socialcollab.workflow.events import Event, PersonErased

_MAX_REASONS = 5


def adopt(
    engine: Engine, state: State, actor: Actor, command: Adopt, *, now: dt.datetime
) -> Effects[tuple[Event, ...]]:
    """
    Return the events that make a proposal the active document.

    Raises:
        StaleError: If another document has been adopted since the proposal was made.
        NotAllowedError: If the actor does not have a permission that a change requires, if the
            document would exempt a member from an approval policy that the actor cannot change, if
            it would grant permissions that the actor does not have, or if no member would be left
            with every permission on all resources.
        InvalidValueError: If nothing would change, if the reason is empty, if the document belongs
            to another organization, or if a removed profile would be added again in another
            workspace.
        NotFoundError: If a step depends on a condition that is not registered.
    """
    proposal = command.proposal
    if not command.reason.strip():
        raise InvalidValueError(
            "an adoption needs a reason", value=command.reason, expected="why the document changes"
        )
    if proposal.organization.id != engine.store.organization:
        raise InvalidValueError(
            f"the document belongs to organization `{proposal.organization.id}`, but this desk"
            f" belongs to `{engine.store.organization}`",
            value=proposal.organization.id,
            expected=engine.store.organization,
        )
    check_registered(proposal.organization.policies.conditions, engine.conditions)
    if state.document != proposal.base:
        raise (yield from _stale(engine, state, proposal.base, actor.name, now))
    changes = changes_between(state.document, proposal.organization)
    if not changes:
        raise InvalidValueError(
            "the proposal does not differ from the active document",
            value=proposal.digest,
            expected="a document with a change",
        )
    # The runtime state, such as temporary grants, stays active under the new document.
    after = proposal.organization.with_state(state.runtime_state)
    check_permissions(state, actor.name, changes, after, now)
    yield from _check_returning_profiles(engine, state, after, actor.name, now=now)
    data = adopted(state, proposal.organization, changes, command.reason)
    return (Event(ORGANIZATION, actor, data),)


def _check_returning_profiles(
    engine: Engine, state: State, after: Organization, member: str, *, now: dt.datetime
) -> Effects[None]:
    """
    Reject a document that adds a removed profile again in another workspace.

    Moving a profile requires permissions on both workspaces. Without this check, a member could
    bypass that requirement by removing the profile in one adoption and adding it elsewhere in the
    next.

    Raises:
        InvalidValueError: If the document adds a removed profile in another workspace.
    """
    new = [profile for profile in after.profiles if profile.id not in state.document.profiles_by_id]
    if not new:
        return
    versions = versions_of((yield from call(engine.store.read, ORGANIZATION)))
    for profile in new:
        former = versions.workspace_of(profile.id)
        # Removing a whole workspace already required the permissions on every profile in it.
        if former in (None, profile.workspace) or former not in after.workspaces_by_id:
            continue
        visible = state.organization.access.allows(member, "view", former, at=now)
        where = f"workspace `{former}`" if visible else "another workspace"
        raise InvalidValueError(
            f"profile `{profile.id}` was in {where} when it was removed, and cannot be added again in"
            f" `{profile.workspace}`; add it there first and then move it, or choose another id",
            value=profile.workspace,
            expected=former if visible else "another id",
        )


def adopted(
    state: State, organization: Organization, changes: Iterable[Change], reason: str
) -> OrganizationAdopted:
    """Return the event that replaces the active document."""
    return OrganizationAdopted(
        document_digest=organization.digest,
        before=state.digest,
        changes=tuple(str(change) for change in changes),
        document=organization.to_toml(),
        files=files_text(organization),
        reason=reason,
    )


def files_text(organization: Organization) -> dict[str, str]:
    """Return the files that a document refers to, encoded as base64."""
    return {
        name: base64.b64encode(data).decode() for name, data in sorted(organization.files.items())
    }


def _stale(
    engine: Engine, state: State, base: Organization, member: str, now: dt.datetime
) -> Effects[StaleError]:
    events = yield from call(engine.store.read, ORGANIZATION)
    changing = (OrganizationAdopted.TYPE, PersonErased.TYPE)
    last = next(event for event in reversed(events) if event.type in changing)
    return StaleError(
        thing=f"organization `{engine.store.organization}`",
        seen=f"digest {base.digest[:12]}",
        current=f"digest {state.digest[:12]}",
        by=last.actor.partition(":")[2],
        changed=tuple(
            str(change)
            for change in changes_between(base, state.document)
            if sees(state, member, change, now)
        ),
    )


def sees(state: State, member: str, change: Change, now: dt.datetime) -> bool:
    """Return whether a member can view every resource that a change affects."""
    known = state.organization.workspaces_by_id
    return all(
        state.organization.access.allows(
            member, "view", resource if resource in known else "*", at=now
        )
        for resource in change.resources
    )


def check_permissions(
    state: State,
    member: str,
    changes: tuple[Change, ...],
    after: Organization,
    now: dt.datetime,
) -> None:
    """
    Reject changes that a member is not allowed to make.

    *after* is the new document together with the runtime state.

    Raises:
        NotAllowedError: Under the same conditions as `adopt`.
    """
    access = state.organization.access
    for change in changes:
        for resource in change.resources:
            known = resource if resource in state.organization.workspaces_by_id else "*"
            for permission in change.required_permissions:
                verdict = access.check(member, permission, known, at=now)
                if not verdict:
                    reason = Reason.of(
                        "change_needs",
                        member=member,
                        change=change,
                        permission=permission,
                        resource=known,
                    )
                    raise NotAllowedError(
                        Verdict.no(reason, *verdict.reasons, remedies=verdict.remedies)
                    )
    refusal = exemption_refusal(
        member,
        access,
        after.access,
        policies=policy_roles(after.approvals, after.profiles, after.workspaces_by_id),
        at=now,
    )
    if refusal is not None:
        raise NotAllowedError(refusal)
    gains = escalations(member, access, after.access, at=now)
    if gains:
        managers = access.members("manage_access", "*", at=now)
        others = [manager for manager in managers if manager != member]
        raise NotAllowedError(
            Verdict.no(
                *(gain.refused(member) for gain in gains[:_MAX_REASONS]),
                remedies=[Remedy.of("ask_another_to_adopt", by=others)],
            )
        )
    # A resource that already has no manager may remain without one, but a change must not leave
    # another resource without a manager.
    loses_managers = not _is_managed(after, now) and _is_managed(state.organization, now)
    if loses_managers or not owners(after.access, at=now):
        raise NotAllowedError(Verdict.no(Reason.of("no_owner_left")))


def _is_managed(organization: Organization, now: dt.datetime) -> bool:
    """
    Return whether every resource has a member who can manage access to it permanently.

    A grant on ``*`` is not enough, because a forbid can exclude a single resource.
    """
    access = organization.access
    return all(
        any(
            holds_for_ever(access, member, "manage_access", resource, at=now)
            for member in access.members("manage_access", resource, at=now)
        )
        for resource in access.bindings.scope.resources
    )

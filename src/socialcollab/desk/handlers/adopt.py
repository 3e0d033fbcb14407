"""Bring a proposed organization into force: one guarded event, and nobody gives more than they hold."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterable

from socialcollab.desk.commands import Adopt
from socialcollab.desk.engine import Engine, State
from socialcollab.desk.journal.erased_documents import versions_of
from socialcollab.desk.journal.organization_events import OrganizationAdopted
from socialcollab.desk.journal.snapshots import ORGANIZATION
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotAllowedError, StaleError
from socialcollab.organization import Change, Organization
from socialcollab.permissions import escalations, exemption_refusal, holds_for_ever, owners
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import Actor, policy_roles
from socialcollab.workflow.events import Event, PersonErased

_SHOWN = 5


def adopt(
    engine: Engine, state: State, actor: Actor, command: Adopt, *, at: dt.datetime
) -> Effects[tuple[Event, ...]]:
    """
    Bring a proposal into force.

    Raises:
        StaleError: If another organization has come into force since it was proposed.

        NotAllowedError: If the actor lacks a permission that a changed line
            needs, would free somebody from a policy that they may not change,
            would give more than they hold, or nobody would be left who
            may do everything everywhere.

        InvalidValueError: If nothing would change, there is no reason, it is
            of another organization, or a profile that was removed would come
            back in another workspace than it was in.
    """
    proposal = command.proposal
    if not command.reason.strip():
        raise InvalidValueError(
            "an adoption needs a reason", value=command.reason, expected="why it changes"
        )
    if proposal.organization.id != engine.store.organization:
        raise InvalidValueError(
            f"the document is of organization `{proposal.organization.id}`, and this desk of"
            f" `{engine.store.organization}`",
            value=proposal.organization.id,
            expected=engine.store.organization,
        )
    if state.document != proposal.base:
        raise (yield from _stale(engine, state, proposal.base, actor.name, at))
    changes = state.document.changes_to(proposal.organization)
    if not changes:
        raise InvalidValueError(
            "what is proposed is in force already", value=proposal.digest, expected="a change"
        )
    # What has been given by command holds under the new document too.
    after = proposal.organization.with_state(state.runtime_state)
    check_permissions(state, actor.name, changes, after, at)
    yield from _check_returns(engine, state, after, actor.name, at=at)
    data = adopted(state, proposal.organization, changes, command.reason)
    return (Event(ORGANIZATION, actor, data),)


def _check_returns(
    engine: Engine, state: State, after: Organization, member: str, *, at: dt.datetime
) -> Effects[None]:
    """
    Refuse a profile that comes back elsewhere.

    Moving a profile takes the rights of both workspaces. To remove it here and
    add it there in two steps must take no less.

    Raises:
        InvalidValueError: If one does.
    """
    new = [one for one in after.profiles if one.id not in state.document.profiles_by_id]
    if not new:
        return
    versions = versions_of((yield from call(engine.store.read, ORGANIZATION)))
    for profile in new:
        was_in = versions.workspace_of(profile.id)
        # A workspace that has gone took the rights of all that was in it.
        if was_in in (None, profile.workspace) or was_in not in after.workspaces_by_id:
            continue
        seen = state.organization.access.allows(member, "view", was_in, at=at)
        resource = f"workspace `{was_in}`" if seen else "another workspace"
        raise InvalidValueError(
            f"profile `{profile.id}` was in {resource} when it was removed, and cannot come"
            f" back in `{profile.workspace}`:"
            " bring it back there and move it then, or give this one another id",
            value=profile.workspace,
            expected=was_in if seen else "another id",
        )


def adopted(
    state: State, organization: Organization, changes: Iterable[Change], reason: str
) -> OrganizationAdopted:
    """Say that an organization comes into force in place of the one that is."""
    return OrganizationAdopted(
        document_digest=organization.digest,
        before=state.digest,
        changes=tuple(str(change) for change in changes),
        document=organization.to_toml(),
        files=files_text(organization),
        reason=reason,
    )


def files_text(organization: Organization) -> dict[str, str]:
    """Return the files that an organization names, in base64."""
    return {
        name: base64.b64encode(data).decode() for name, data in sorted(organization.files.items())
    }


def _stale(
    engine: Engine, state: State, base: Organization, member: str, at: dt.datetime
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
            for change in base.changes_to(state.document)
            if sees(state, member, change, at)
        ),
    )


def sees(state: State, member: str, change: Change, at: dt.datetime) -> bool:
    """Tell whether a member may view every place that a change is about."""
    known = state.organization.workspaces_by_id
    return all(
        state.organization.access.allows(member, "view", place if place in known else "*", at=at)
        for place in change.resources
    )


def check_permissions(
    state: State,
    member: str,
    changes: tuple[Change, ...],
    after: Organization,
    at: dt.datetime,
) -> None:
    """
    Refuse changes that a member may not bring about; *after* is under what holds by command.

    Raises:
        NotAllowedError: As `adopt` does.
    """
    access = state.organization.access
    for change in changes:
        for place in change.resources:
            known = place if place in state.organization.workspaces_by_id else "*"
            for permission in change.needs:
                verdict = access.check(member, permission, known, at=at)
                if not verdict:
                    raise NotAllowedError(
                        Verdict.no(
                            Reason.of(
                                "change_needs",
                                member=member,
                                change=change,
                                permission=permission,
                                resource=known,
                            ),
                            *verdict.reasons,
                            remedies=verdict.remedies,
                        )
                    )
    refused = exemption_refusal(
        member,
        access,
        after.access,
        policies=policy_roles(after.approvals, after.profiles, after.workspaces_by_id),
        at=at,
    )
    if refused is not None:
        raise NotAllowedError(refused)
    more = escalations(member, access, after.access, at=at)
    if more:
        givers = access.members("manage_access", "*", at=at)
        raise NotAllowedError(
            Verdict.no(
                *(gain.refused(member) for gain in more[:_SHOWN]),
                remedies=[
                    Remedy.of("ask_another_to_adopt", by=[one for one in givers if one != member])
                ],
            )
        )
    # What was so already is nothing that this change brings.
    locked = not _managed(after, at) and _managed(state.organization, at)
    if locked or not owners(after.access, at=at):
        raise NotAllowedError(Verdict.no(Reason.of("no_owner_left")))


def _managed(organization: Organization, at: dt.datetime) -> bool:
    """Tell whether somebody manages access on each place: a forbid on one is none on ``*``."""
    access = organization.access
    return all(
        any(
            holds_for_ever(access, member, "manage_access", resource, at=at)
            for member in access.members("manage_access", resource, at=at)
        )
        for resource in access.bindings.scope.resources
    )

"""Accountability: the one member or team that answers for a conversation or case."""

from __future__ import annotations

import attrs

from socialcollab.directory import Principal
from socialcollab.inbox.model import Case, Item
from socialcollab.inbox.settings import InboxSettings
from socialcollab.verdicts import Reason
from socialcollab.workflow import Context


@attrs.frozen(kw_only=True)
class Accountability:
    """
    The one party that is accountable for an item.

    Attributes:
        principal: A member or a team; a rotation is replaced with the member on duty.
        reasons: Why, starting with the owner.
    """

    principal: Principal
    reasons: tuple[Reason, ...]

    @property
    def reason(self) -> Reason:
        """The reason that decided."""
        return self.reasons[-1]


def accountable(
    item: Item, context: Context, settings: InboxSettings, *, case: Case | None = None
) -> Accountability:
    """
    Return the one party that is accountable for an item at the context's instant.

    There is always exactly one. It is the owner, or the owner of the open case to which a
    conversation belongs. A rotation stands for the member on duty, and an absent owner for their
    delegate. If none of these is available, it is the fallback of the ``[inbox]`` section, and
    otherwise the lead of the workspace. An offer to hand the item off changes nothing until it is
    accepted.

    Args:
        item: The conversation or case.
        context: The current rules, with the instant.
        settings: The ``[inbox]`` section.
        case: The conversation's case, if it belongs to one.
    """
    owner, why = item.owner, "accountable.owner"
    if case is not None and case.is_open and case.owner:
        owner, why = case.owner, "accountable.case"
    reasons: list[Reason] = []
    if owner:
        principal = Principal.parse(owner)
        reasons.append(Reason.of(why, principal=principal))
        found = _resolve(principal, item, context, reasons)
        if found is not None:
            return Accountability(principal=found, reasons=tuple(reasons))
    else:
        reasons.append(Reason.of("accountable.no_owner"))
    if settings.fallback is not None:
        reasons.append(Reason.of("accountable.fallback", principal=settings.fallback))
        found = _resolve(settings.fallback, item, context, reasons)
        if found is not None:
            return Accountability(principal=found, reasons=tuple(reasons))
    workspace = context.workspaces.get(item.workspace)
    if workspace is None:
        # An adoption has removed the workspace. The team that adopted it has to clean up.
        last = settings.fallback or (Principal.parse(owner) if owner else Principal("lead"))
        reasons.append(Reason.of("accountable.workspace_removed", workspace=item.workspace))
        return Accountability(principal=last, reasons=tuple(reasons))
    lead = Principal("member", workspace.lead)
    reasons.append(Reason.of("accountable.lead", principal=lead, workspace=workspace.id))
    # The lead's delegate acts during an absence, but there is no party after the lead.
    return Accountability(
        principal=_resolve(lead, item, context, reasons) or lead, reasons=tuple(reasons)
    )


def _resolve(
    principal: Principal, item: Item, context: Context, reasons: list[Reason]
) -> Principal | None:
    """Return the available party to whom a principal refers, or None; add the reasons."""
    if principal.kind == "lead":
        workspace = context.workspaces.get(item.workspace)
        return None if workspace is None else Principal("member", workspace.lead)
    if principal.kind == "team":
        if any(context.is_active(member) for member in context.access.everyone_in(principal)):
            return principal
        reasons.append(Reason.of("accountable.empty_team", principal=principal))
        return None
    member = principal.name
    if principal.kind == "rotation":
        resource = item.workspace if item.workspace in context.workspaces else "*"
        known = principal.name in context.access.rotation_ids
        on_duty = (
            context.access.on_duty(principal.name, resource, at=context.now) if known else None
        )
        if on_duty is None:
            reasons.append(Reason.of("accountable.nobody_on_duty", principal=principal))
            return None
        member = on_duty
        reasons.append(Reason.of("accountable.on_duty", member=member, principal=principal))
    if not context.is_active(member):
        reasons.append(Reason.of("accountable.left", member=member))
        return None
    if not context.is_absent(member):
        return Principal("member", member)
    for absence in context.absences:
        if absence.member == member and absence.covers(context.now) and absence.delegate:
            delegate = absence.delegate
            if context.is_active(delegate) and not context.is_absent(delegate):
                reasons.append(Reason.of("accountable.delegate", member=delegate, absent=member))
                return Principal("member", delegate)
    reasons.append(Reason.of("accountable.absent", member=member))
    return None

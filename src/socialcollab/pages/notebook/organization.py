"""Notebook cards for organizations, and for the references that an offboarding resolves."""

from __future__ import annotations

from socialcollab.organization import OffboardingItem, Organization, Reference, References
from socialcollab.pages.badges import badge
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import card, definitions, rows_table
from socialcollab.pages.notebook.registry import card_of, cells_of, table_card
from socialcollab.permissions import Forbid, Grant
from socialcollab.workflow import ApprovalPolicy


@card_of.register
def organization_card(organization: Organization) -> Html:
    # Notebooks are often shared, so the card shows identifiers but no names or contact details.
    counts = {
        "members": len(organization.members),
        "teams": len(organization.teams),
        "rotations": len(organization.rotations),
        "campaigns": len(organization.campaigns),
        "blackouts": len(organization.blackouts),
        "slot plans": len(organization.slot_plans),
    }
    profiles = {
        workspace.id: ", ".join(
            f"{profile.id} ({profile.network})"
            for profile in organization.profiles
            if profile.workspace == workspace.id
        )
        for workspace in organization.workspaces
    }
    return card(
        "Organization",
        rows_table(
            ["workspace", "profiles", "lead", "approval"],
            [
                [workspace.id, profiles[workspace.id], workspace.lead, workspace.default_approval]
                for workspace in organization.workspaces
            ],
        ),
        rows_table(
            ["policy", "applies to", "steps"],
            [[policy.id, str(policy.on), _steps(policy)] for policy in organization.approvals],
        ),
        rows_table(
            ["member or team", "role or permissions", "resources"],
            [
                *([_to(grant), _granted(grant), str(grant.on)] for grant in organization.grants),
                *(
                    [_to(forbid), f"never {_granted(forbid)}", str(forbid.on)]
                    for forbid in organization.forbids
                ),
            ],
        ),
        definitions(
            {name: str(count) for name, count in counts.items() if count}
            | {"zone": organization.settings.timezone, "digest": f"{organization.digest[:19]}…"}
        ),
        aside=organization.id,
    )


def _steps(policy: ApprovalPolicy) -> str:
    steps = ", then ".join(
        f"{step.id} ({', '.join(map(str, step.reviewers))})" for step in policy.steps
    )
    if policy.extends and steps:
        return f"the steps of {policy.extends}, then {steps}"
    return steps or policy.extends


def _to(rule: Grant | Forbid) -> str:
    return ", ".join(map(str, rule.to))


def _granted(rule: Grant | Forbid) -> str:
    role = rule.role if isinstance(rule, Grant) else ""
    return role or ", ".join(sorted(rule.permissions))


@cells_of.register
def reference_cells(reference: Reference) -> dict[str, str]:
    return {
        "place": reference.place,
        "section": reference.section,
        "name": reference.name,
        "": badge("only member", "red") if reference.is_only_member else "",
    }


@card_of.register
def references_card(references: References) -> Html:
    return table_card(references.references, title=f"References to {references.member}")


@cells_of.register
def offboarding_cells(item: OffboardingItem) -> dict[str, str]:
    return {
        "place": item.place,
        "name": item.name,
        "consequence": item.consequence.text(),
        "successor": item.successor,
        "": badge("needs a successor", "red") if item.needs_successor else "",
    }

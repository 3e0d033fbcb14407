"""How an organization looks in a notebook: whose it is, who must agree, who may what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socialcollab.permissions import Forbid, Grant
from socialcollab.showing import card, facts, rows
from socialcollab.workflow import ApprovalPolicy

if TYPE_CHECKING:
    from socialcollab.organization.organization import Organization


def organization_html(organization: Organization) -> str:
    """Return the HTML of an organization: identifiers alone, no names and no contacts."""
    counted = {
        "members": len(organization.members),
        "teams": len(organization.teams),
        "rotations": len(organization.rotations),
        "campaigns": len(organization.campaigns),
        "blackouts": len(organization.blackouts),
        "slot plans": len(organization.slot_plans),
    }
    profiles = {
        workspace.id: [one for one in organization.profiles if one.workspace == workspace.id]
        for workspace in organization.workspaces
    }
    return card(
        "Organization",
        rows(
            ["workspace", "profiles", "lead", "sign-off"],
            [
                [
                    workspace.id,
                    ", ".join(f"{one.id} ({one.network})" for one in profiles[workspace.id]),
                    workspace.lead,
                    workspace.default_approval,
                ]
                for workspace in organization.workspaces
            ],
        ),
        rows(
            ["policy", "about", "steps"],
            [[one.id, str(one.on), _steps(one)] for one in organization.approvals],
        ),
        rows(
            ["who", "may", "where"],
            [
                *([_to(one), _what(one), str(one.on)] for one in organization.grants),
                *([_to(one), f"never {_what(one)}", str(one.on)] for one in organization.forbids),
            ],
        ),
        facts(
            {name: str(number) for name, number in counted.items() if number}
            | {"zone": organization.settings.timezone, "digest": f"{organization.digest[:19]}…"}
        ),
        aside=organization.id,
    )


def _steps(policy: ApprovalPolicy) -> str:
    own = ", then ".join(
        f"{step.id} ({', '.join(map(str, step.reviewers))})" for step in policy.steps
    )
    return f"those of {policy.extends}, {own}" if policy.extends and own else own or policy.extends


def _to(line: Grant | Forbid) -> str:
    return ", ".join(map(str, line.to))


def _what(line: Grant | Forbid) -> str:
    role = line.role if isinstance(line, Grant) else ""
    return role or ", ".join(sorted(line.permissions))

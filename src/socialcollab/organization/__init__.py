"""The organization document, diffs and warnings about it, and the offboarding of members."""

from socialcollab.organization.diff import Change, changes_between, policy_changes
from socialcollab.organization.document.templates import Template, TemplateParameter
from socialcollab.organization.expectations import Expectation, FailedExpectation
from socialcollab.organization.offboarding import (
    OffboardingItem,
    Reference,
    References,
    check_successor,
    first_day_without,
    hand_over,
    offboarding_items,
    references_to,
    successors_by_place,
    workspaces_at,
)
from socialcollab.organization.organization import Organization
from socialcollab.organization.reviewers import (
    StepWarning,
    step_reviewers,
    step_warnings,
    steps_losing_reviewers,
)
from socialcollab.organization.routing_warnings import routing_findings, routing_state
from socialcollab.organization.runtime_state import (
    CalendarNote,
    CampaignStart,
    RuntimeState,
    evolve_runtime_state,
)
from socialcollab.organization.settings import Settings
from socialcollab.organization.warnings import (
    DanglingRule,
    SharedAccount,
    UnmatchedRule,
    dangling_rules,
    rules_matching_nothing,
    shared_accounts,
)

__all__ = [
    "CalendarNote",
    "CampaignStart",
    "Change",
    "DanglingRule",
    "Expectation",
    "FailedExpectation",
    "OffboardingItem",
    "Organization",
    "Reference",
    "References",
    "RuntimeState",
    "Settings",
    "SharedAccount",
    "StepWarning",
    "Template",
    "TemplateParameter",
    "UnmatchedRule",
    "changes_between",
    "check_successor",
    "dangling_rules",
    "evolve_runtime_state",
    "first_day_without",
    "hand_over",
    "offboarding_items",
    "policy_changes",
    "references_to",
    "routing_findings",
    "routing_state",
    "rules_matching_nothing",
    "shared_accounts",
    "step_reviewers",
    "step_warnings",
    "steps_losing_reviewers",
    "successors_by_place",
    "workspaces_at",
]

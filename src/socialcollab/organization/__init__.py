"""The whole team in one document: who takes part, who may, who must agree, and when."""

from socialcollab.organization.diff import Change, changes_between
from socialcollab.organization.expectation import Expectation, FailedExpectation
from socialcollab.organization.leftovers import DanglingRule, dangling_rules
from socialcollab.organization.offboarding import (
    OffboardingItem,
    first_day_without,
    handed_over,
    offboarding_items,
    refuse_successor,
    successors_by_place,
    workspaces_around,
)
from socialcollab.organization.organization import Organization
from socialcollab.organization.references import Reference, References, references_to
from socialcollab.organization.runtime_state import (
    CalendarNote,
    CampaignStart,
    RuntimeState,
    evolve_runtime_state,
)
from socialcollab.organization.settings import Settings
from socialcollab.organization.shared_accounts import SharedAccount, shared_accounts
from socialcollab.organization.unmatched import UnmatchedRule, rules_matching_nothing

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
    "UnmatchedRule",
    "changes_between",
    "dangling_rules",
    "evolve_runtime_state",
    "first_day_without",
    "handed_over",
    "offboarding_items",
    "references_to",
    "refuse_successor",
    "rules_matching_nothing",
    "shared_accounts",
    "successors_by_place",
    "workspaces_around",
]

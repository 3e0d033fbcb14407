"""The whole team in one document: who takes part, who may, who must agree, and when."""

from socialcollab.organization.change import Change, changes_between
from socialcollab.organization.departure import Departing, departing
from socialcollab.organization.expectation import Expectation, FailedExpectation
from socialcollab.organization.leftovers import Leftover, leftovers
from socialcollab.organization.organization import Organization
from socialcollab.organization.removal import Hanging, Removal, removal
from socialcollab.organization.settings import Settings
from socialcollab.organization.shared_accounts import SharedAccount, shared_accounts
from socialcollab.organization.standing_facts import (
    CampaignStart,
    Note,
    StandingFacts,
    evolve_facts,
)
from socialcollab.organization.unmatched import Unmatched, unmatched

__all__ = [
    "CampaignStart",
    "Change",
    "Departing",
    "Expectation",
    "FailedExpectation",
    "Hanging",
    "Leftover",
    "Note",
    "Organization",
    "Removal",
    "Settings",
    "SharedAccount",
    "StandingFacts",
    "Unmatched",
    "changes_between",
    "departing",
    "evolve_facts",
    "leftovers",
    "removal",
    "shared_accounts",
    "unmatched",
]

"""The whole team in one document: who takes part, who may, who must agree, and when."""

from socialcollab.organization.expectation import Expectation, FailedExpectation
from socialcollab.organization.organization import Organization
from socialcollab.organization.settings import Settings

__all__ = ["Expectation", "FailedExpectation", "Organization", "Settings"]

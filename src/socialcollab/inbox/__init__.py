"""Whose is this message? The sections of the document that say so."""

from socialcollab.inbox.routine import Routine
from socialcollab.inbox.routing import InboxSettings, Routing, RoutingCondition

__all__ = [
    "InboxSettings",
    "Routine",
    "Routing",
    "RoutingCondition",
]

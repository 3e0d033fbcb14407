"""Routing: rules that decide who answers a message, and explain why."""

from socialcollab.inbox.routing.assignment import (
    Assignment,
    AssignmentReason,
    Candidate,
    Unavailability,
    choose_member,
    unavailability,
)
from socialcollab.inbox.routing.automatic_replies import AutoReplyLimit, automatic_reason
from socialcollab.inbox.routing.facts import (
    Agent,
    AuthorFacts,
    MessageFacts,
    RoutingState,
    Sentiment,
)
from socialcollab.inbox.routing.lint_rules import RoutingFinding, RoutingProblem, lint_rules
from socialcollab.inbox.routing.phrases import Phrase
from socialcollab.inbox.routing.reevaluation import (
    Move,
    MoveReason,
    Reevaluation,
    RoutedItem,
    reevaluate,
)
from socialcollab.inbox.routing.route import (
    ReplySuppression,
    Routing,
    RuleExplanation,
    route,
)
from socialcollab.inbox.routing.rule import (
    Assign,
    AssignmentMethod,
    AuthorCondition,
    ConditionResult,
    MessageCondition,
    RoutingPriority,
    RoutingRule,
)
from socialcollab.inbox.routing.rule_set import RoutingMode, RoutingRules

__all__ = [
    "Agent",
    "Assign",
    "Assignment",
    "AssignmentMethod",
    "AssignmentReason",
    "AuthorCondition",
    "AuthorFacts",
    "AutoReplyLimit",
    "Candidate",
    "ConditionResult",
    "MessageCondition",
    "MessageFacts",
    "Move",
    "MoveReason",
    "Phrase",
    "Reevaluation",
    "ReplySuppression",
    "RoutedItem",
    "Routing",
    "RoutingFinding",
    "RoutingMode",
    "RoutingPriority",
    "RoutingProblem",
    "RoutingRule",
    "RoutingRules",
    "RoutingState",
    "RuleExplanation",
    "Sentiment",
    "Unavailability",
    "automatic_reason",
    "choose_member",
    "lint_rules",
    "reevaluate",
    "route",
    "unavailability",
]

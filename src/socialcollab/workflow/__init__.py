"""Approval and delivery of posts: policies, steps, commands and events."""

from socialcollab.workflow import commands, events
from socialcollab.workflow.connections import (
    Connection,
    announce_expiry,
    decide_connection,
    evolve_connection,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.dispatch import decide_native_post, decide_post, decide_runtime
from socialcollab.workflow.events.event import Event
from socialcollab.workflow.events.notification import OutboxEntry
from socialcollab.workflow.evolve import evolve_delivery, evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.condition import (
    Condition,
    OnlyIf,
    check_conditions,
    check_registered,
)
from socialcollab.workflow.model.policy import (
    NO_POLICY,
    ApprovalPolicy,
    Policies,
    Quorum,
    RequiredStep,
    Requirement,
    Step,
    StepKey,
    StepTimer,
    policy_roles,
)
from socialcollab.workflow.model.request import (
    ApprovalRequest,
    Decision,
    PostSnapshot,
    StepClock,
    Waiver,
    account_pin,
)
from socialcollab.workflow.notifications import (
    connection_notifications,
    delivery_notifications,
    hold_notifications,
    post_notifications,
    state_notifications,
)
from socialcollab.workflow.reminders import (
    Timer,
    fire_due,
    record_outdated,
    reevaluate,
    timers,
)
from socialcollab.workflow.steps import StepStatus, applicable_steps, gate, step_statuses
from socialcollab.workflow.validation import COMPUTED, MAX_ITEMS, MAX_TEXT, check_command

__all__ = [
    "COMPUTED",
    "MAX_ITEMS",
    "MAX_TEXT",
    "NO_POLICY",
    "Actor",
    "ApprovalPolicy",
    "ApprovalRequest",
    "Condition",
    "Connection",
    "Context",
    "Decision",
    "Event",
    "OnlyIf",
    "OutboxEntry",
    "Policies",
    "PostSnapshot",
    "Quorum",
    "RequiredStep",
    "Requirement",
    "Step",
    "StepClock",
    "StepKey",
    "StepStatus",
    "StepTimer",
    "Timer",
    "Waiver",
    "account_pin",
    "announce_expiry",
    "applicable_steps",
    "check_command",
    "check_conditions",
    "check_registered",
    "commands",
    "connection_notifications",
    "decide_connection",
    "decide_native_post",
    "decide_post",
    "decide_runtime",
    "delivery_notifications",
    "events",
    "evolve_connection",
    "evolve_delivery",
    "evolve_post",
    "fire_due",
    "gate",
    "hold_notifications",
    "policy_roles",
    "post_notifications",
    "record_outdated",
    "reevaluate",
    "state_notifications",
    "step_statuses",
    "timers",
]

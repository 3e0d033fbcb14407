"""Approval: policies, requests, decisions and deliveries; commands go in, events come out."""

from socialcollab.workflow import commands, events
from socialcollab.workflow.approval.reminders import Timer, fire_due, outdated, reevaluate, timers
from socialcollab.workflow.approval.steps import StepStatus, due_steps, gate, step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.dispatch import decide_native_post, decide_post, decide_runtime
from socialcollab.workflow.events.event import SYSTEM_MAY, Event
from socialcollab.workflow.events.notification import OutboxEntry
from socialcollab.workflow.evolve.delivery import evolve_delivery
from socialcollab.workflow.evolve.post import evolve_post
from socialcollab.workflow.model.actor import Actor
from socialcollab.workflow.model.policy import (
    NO_POLICY,
    ApprovalPolicy,
    OnlyIf,
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
)
from socialcollab.workflow.notifications import (
    delivery_notifications,
    hold_notifications,
    post_notifications,
    state_notifications,
)

__all__ = [
    "NO_POLICY",
    "SYSTEM_MAY",
    "Actor",
    "ApprovalPolicy",
    "ApprovalRequest",
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
    "commands",
    "decide_native_post",
    "decide_post",
    "decide_runtime",
    "delivery_notifications",
    "due_steps",
    "events",
    "evolve_delivery",
    "evolve_post",
    "fire_due",
    "gate",
    "hold_notifications",
    "outdated",
    "policy_roles",
    "post_notifications",
    "reevaluate",
    "state_notifications",
    "step_statuses",
    "timers",
]

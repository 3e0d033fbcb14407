"""Who must agree: policies, requests, decisions, and the one guarded way out."""

from socialcollab.workflow import commands, events, fact_events
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide_delivery import (
    Sent,
    absent,
    begin,
    give_up,
    may_leave,
    missed_by,
    settle,
    start_send,
)
from socialcollab.workflow.decide_facts import away, back, start_campaign, write_note
from socialcollab.workflow.decide_hold import resume, set_hold
from socialcollab.workflow.decide_post import decide
from socialcollab.workflow.events import SYSTEM_MAY, Event
from socialcollab.workflow.evolve import evolve_delivery, evolve_post
from socialcollab.workflow.policies import (
    NO_POLICY,
    Policies,
    RequiredStep,
    Requirement,
    StepKey,
)
from socialcollab.workflow.policy import ApprovalPolicy, OnlyIf, Step, Then
from socialcollab.workflow.quorum import Quorum
from socialcollab.workflow.request import Decision, PostRecord, Request
from socialcollab.workflow.revising import new_revision
from socialcollab.workflow.steps import StepStatus, due_steps, gate, step_statuses
from socialcollab.workflow.timing import expire

__all__ = [
    "NO_POLICY",
    "SYSTEM_MAY",
    "Actor",
    "ApprovalPolicy",
    "Context",
    "Decision",
    "Event",
    "OnlyIf",
    "Policies",
    "PostRecord",
    "Quorum",
    "Request",
    "RequiredStep",
    "Requirement",
    "Sent",
    "Step",
    "StepKey",
    "StepStatus",
    "Then",
    "absent",
    "away",
    "back",
    "begin",
    "commands",
    "decide",
    "due_steps",
    "events",
    "evolve_delivery",
    "evolve_post",
    "expire",
    "fact_events",
    "gate",
    "give_up",
    "may_leave",
    "missed_by",
    "new_revision",
    "resume",
    "set_hold",
    "settle",
    "start_campaign",
    "start_send",
    "step_statuses",
    "write_note",
]

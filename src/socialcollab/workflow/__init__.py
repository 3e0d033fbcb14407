"""Who must agree: policies, requests, decisions, and the one guarded way out."""

from socialcollab.workflow import commands, events, fact_events
from socialcollab.workflow.actor import Actor
from socialcollab.workflow.amending import (
    amend_in_doubt,
    differs_from_out,
    give_up_amend,
    settle_amend,
    start_amend,
)
from socialcollab.workflow.context import Context
from socialcollab.workflow.deadlines import Alarm, alarms, outdated, replan, ring
from socialcollab.workflow.decide_delivery import (
    begin,
    may_amend,
    may_leave,
    missed_by,
    start_send,
    stopping,
    strand,
)
from socialcollab.workflow.decide_facts import away, back, start_campaign, write_note
from socialcollab.workflow.decide_giving import give, take_back
from socialcollab.workflow.decide_hold import resume, set_hold
from socialcollab.workflow.decide_post import decide
from socialcollab.workflow.decide_swapping import swap_duty, unswap
from socialcollab.workflow.events import SYSTEM_MAY, Event
from socialcollab.workflow.evolve import evolve_post
from socialcollab.workflow.evolve_delivery import evolve_delivery
from socialcollab.workflow.notice_events import Told
from socialcollab.workflow.noticing import (
    told_of_delivery,
    told_of_facts,
    told_of_hold,
    told_of_post,
)
from socialcollab.workflow.observing import forget, observe
from socialcollab.workflow.outcome import (
    Sent,
    absent,
    give_up,
    looked,
    looked_again,
    settle,
    settle_part,
)
from socialcollab.workflow.policies import (
    NO_POLICY,
    Policies,
    RequiredStep,
    Requirement,
    StepKey,
)
from socialcollab.workflow.policy import ApprovalPolicy, OnlyIf, Step, Then
from socialcollab.workflow.quorum import Quorum
from socialcollab.workflow.request import Decision, PostRecord, Request, StepClock
from socialcollab.workflow.revising import new_revision
from socialcollab.workflow.steps import StepStatus, due_steps, gate, step_statuses
from socialcollab.workflow.taking_down import give_up_removal, put_off_removal, removed
from socialcollab.workflow.timing import expire
from socialcollab.workflow.waiving import Waiver, not_waived

__all__ = [
    "NO_POLICY",
    "SYSTEM_MAY",
    "Actor",
    "Alarm",
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
    "StepClock",
    "StepKey",
    "StepStatus",
    "Then",
    "Told",
    "Waiver",
    "absent",
    "alarms",
    "amend_in_doubt",
    "away",
    "back",
    "begin",
    "commands",
    "decide",
    "differs_from_out",
    "due_steps",
    "events",
    "evolve_delivery",
    "evolve_post",
    "expire",
    "fact_events",
    "forget",
    "gate",
    "give",
    "give_up",
    "give_up_amend",
    "give_up_removal",
    "looked",
    "looked_again",
    "may_amend",
    "may_leave",
    "missed_by",
    "new_revision",
    "not_waived",
    "observe",
    "outdated",
    "put_off_removal",
    "removed",
    "replan",
    "resume",
    "ring",
    "set_hold",
    "settle",
    "settle_amend",
    "settle_part",
    "start_amend",
    "start_campaign",
    "start_send",
    "step_statuses",
    "stopping",
    "strand",
    "swap_duty",
    "take_back",
    "told_of_delivery",
    "told_of_facts",
    "told_of_hold",
    "told_of_post",
    "unswap",
    "write_note",
]

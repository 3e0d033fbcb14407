"""Who must agree: policies, requests, decisions, and the one guarded way out."""

from socialcollab.workflow import commands, events
from socialcollab.workflow.approval.reminders import Timer, fire_due, outdated, reevaluate, timers
from socialcollab.workflow.approval.steps import StepStatus, due_steps, gate, step_statuses
from socialcollab.workflow.context import Context
from socialcollab.workflow.decide.absence import add_absence, end_absence
from socialcollab.workflow.decide.approval import not_waived
from socialcollab.workflow.decide.calendar import (
    add_calendar_note,
    add_native_post,
    remove_native_post,
    start_campaign,
)
from socialcollab.workflow.decide.delivery import (
    begin,
    may_amend,
    may_leave,
    missed_by,
    start_send,
    stopping,
    strand,
)
from socialcollab.workflow.decide.hold import place_hold, resume
from socialcollab.workflow.decide.outcome import (
    Sent,
    record_lookup,
    record_missing,
    record_no_answer,
    record_outcome,
    record_part,
    record_recheck,
)
from socialcollab.workflow.decide.published import (
    abandon_amend,
    abandon_takedown,
    amend_in_doubt,
    defer_takedown,
    differs_from_out,
    record_amend_outcome,
    record_takedown,
    start_amend,
)
from socialcollab.workflow.decide.revision import new_revision
from socialcollab.workflow.decide.schedule import expire
from socialcollab.workflow.decide.shift_swap import cancel_shift_swap, swap_shift
from socialcollab.workflow.decide.temporary_grant import add_grant, revoke_grant
from socialcollab.workflow.dispatch import decide_post
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
    "Sent",
    "Step",
    "StepClock",
    "StepKey",
    "StepStatus",
    "StepTimer",
    "Timer",
    "Waiver",
    "abandon_amend",
    "abandon_takedown",
    "add_absence",
    "add_calendar_note",
    "add_grant",
    "add_native_post",
    "amend_in_doubt",
    "begin",
    "cancel_shift_swap",
    "commands",
    "decide_post",
    "defer_takedown",
    "delivery_notifications",
    "differs_from_out",
    "due_steps",
    "end_absence",
    "events",
    "evolve_delivery",
    "evolve_post",
    "expire",
    "fire_due",
    "gate",
    "hold_notifications",
    "may_amend",
    "may_leave",
    "missed_by",
    "new_revision",
    "not_waived",
    "outdated",
    "place_hold",
    "policy_roles",
    "post_notifications",
    "record_amend_outcome",
    "record_lookup",
    "record_missing",
    "record_no_answer",
    "record_outcome",
    "record_part",
    "record_recheck",
    "record_takedown",
    "reevaluate",
    "remove_native_post",
    "resume",
    "revoke_grant",
    "start_amend",
    "start_campaign",
    "start_send",
    "state_notifications",
    "step_statuses",
    "stopping",
    "strand",
    "swap_shift",
    "timers",
]

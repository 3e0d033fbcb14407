"""Deciders: pure functions that convert a command into events, or refuse the command."""

from socialcollab.workflow.decide.amendment import (
    abandon_amend,
    is_outdated,
    record_amend_outcome,
    start_amend,
)
from socialcollab.workflow.decide.approval import not_waived
from socialcollab.workflow.decide.outcome import (
    Publication,
    hold_profile,
    record_differences,
    record_lookup,
    record_missing,
    record_no_answer,
    record_outcome,
    record_part,
    record_recheck,
)
from socialcollab.workflow.decide.refusals import not_visible, refuse, verdict_on, workspace_hint
from socialcollab.workflow.decide.sending import (
    Pace,
    end_interrupted,
    is_late,
    start_delivery,
    start_send,
    waits_for_sign_in,
)
from socialcollab.workflow.decide.shift_swap import on_duty_throughout
from socialcollab.workflow.decide.takedown import (
    abandon_takedown,
    defer_takedown,
    record_takedown,
)

__all__ = [
    "Pace",
    "Publication",
    "abandon_amend",
    "abandon_takedown",
    "defer_takedown",
    "end_interrupted",
    "hold_profile",
    "is_late",
    "is_outdated",
    "not_visible",
    "not_waived",
    "on_duty_throughout",
    "record_amend_outcome",
    "record_differences",
    "record_lookup",
    "record_missing",
    "record_no_answer",
    "record_outcome",
    "record_part",
    "record_recheck",
    "record_takedown",
    "refuse",
    "start_amend",
    "start_delivery",
    "start_send",
    "verdict_on",
    "waits_for_sign_in",
    "workspace_hint",
]

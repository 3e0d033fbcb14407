"""Deciders: pure functions that turn a command and a context into events, or refuse it."""

from socialcollab.workflow.decide.approval import not_waived
from socialcollab.workflow.decide.delivery import (
    begin,
    may_amend,
    may_leave,
    missed_by,
    start_send,
    stopping,
    strand,
    waits_to_sign_in,
)
from socialcollab.workflow.decide.outcome import (
    Sent,
    hold_profile,
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
from socialcollab.workflow.decide.refusals import not_visible, refuse, verdict_on
from socialcollab.workflow.decide.revision import new_revision
from socialcollab.workflow.decide.schedule import expire
from socialcollab.workflow.decide.shift_swap import on_duty_throughout

__all__ = [
    "Sent",
    "abandon_amend",
    "abandon_takedown",
    "amend_in_doubt",
    "begin",
    "defer_takedown",
    "differs_from_out",
    "expire",
    "hold_profile",
    "may_amend",
    "may_leave",
    "missed_by",
    "new_revision",
    "not_visible",
    "not_waived",
    "on_duty_throughout",
    "record_amend_outcome",
    "record_lookup",
    "record_missing",
    "record_no_answer",
    "record_outcome",
    "record_part",
    "record_recheck",
    "record_takedown",
    "refuse",
    "start_amend",
    "start_send",
    "stopping",
    "strand",
    "verdict_on",
    "waits_to_sign_in",
]

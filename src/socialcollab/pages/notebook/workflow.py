"""Notebook cards for approval steps."""

from __future__ import annotations

from typing import Final

from socialcollab.pages.badges import Tone, badge
from socialcollab.pages.notebook.cards import format_time
from socialcollab.pages.notebook.registry import cells_of
from socialcollab.workflow import StepStatus

_TONES: Final[dict[str, Tone]] = {"passed": "green", "open": "amber"}


@cells_of.register
def step_cells(step: StepStatus) -> dict[str, str]:
    return {
        "step": str(step.key),
        "state": badge(step.state, _TONES.get(step.state, "grey")),
        "reviewers": ", ".join(step.reviewers),
        "approved by": ", ".join(step.approved_by),
        "needed": str(step.needed),
        "open since": format_time(step.opened_at),
        "overdue": badge("overdue", "red") if step.overdue else "",
        "absent": ", ".join(step.absent),
        "delegates": ", ".join(f"{delegate} for {absent}" for delegate, absent in step.delegates),
        "condition": "; ".join(reason.text() for reason in step.reasons),
    }

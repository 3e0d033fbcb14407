"""Notebook cards for the results of a desk; `NotebookMixin` imports this module lazily."""

from __future__ import annotations

from collections import Counter
from typing import Final

from socialcollab.content import Hold
from socialcollab.desk.handlers.erasure_report import ErasureReport
from socialcollab.desk.queries.history import HistoryEntry
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan
from socialcollab.desk.queries.post_view import PostView
from socialcollab.desk.queries.proposal import Proposal
from socialcollab.desk.queries.to_do import ToDo
from socialcollab.desk.worker.due import DueReport
from socialcollab.pages import Html, Tone, badge, hold_block, state_badge
from socialcollab.pages.notebook import (
    card,
    card_of,
    cells_of,
    definitions,
    excerpt,
    format_time,
    nowrap,
    quote,
    rows_table,
    table_card,
)

_CHANGE_TONES: Final[dict[str, Tone]] = {
    "added": "green",
    "removed": "red",
    "changed": "amber",
    "gains": "green",
    "loses": "red",
}


@cells_of.register
def to_do_cells(to_do: ToDo) -> dict[str, str]:
    return {
        "task": badge(to_do.kind, "red" if to_do.kind == "triage" else "amber"),
        "text": excerpt(to_do.post.text),
        "step": to_do.step,
        "profiles": ", ".join(delivery.profile for delivery in to_do.deliveries),
        "holds": "; ".join(map(_hold_text, to_do.holds)),
        "planned": format_time(to_do.planned_at),
    }


def _hold_text(hold: Hold) -> str:
    return hold_block(hold, zone="UTC").text


@card_of.register
def to_do_card(to_do: ToDo) -> Html:
    cells = to_do_cells(to_do)
    details = {name: cells[name] for name in ("step", "profiles", "holds", "planned")}
    return card("To do", quote(to_do.post.text), definitions(details), badges=[cells["task"]])


@cells_of.register
def history_cells(entry: HistoryEntry) -> dict[str, str]:
    return {
        "position": str(entry.position),
        "time": nowrap(format_time(entry.at)),
        "actor": entry.actor,
        "event": entry.type,
        "stream": entry.stream,
    }


@card_of.register
def post_view_card(view: PostView) -> Html:
    steps = [cells_of(step) for step in view.steps]
    findings = [cells_of(finding) for finding in view.findings]
    step_names = ("step", "state", "reviewers", "approved by", "condition")
    finding_names = ("rule", "severity", "message", "field")
    return card(
        "Post",
        quote(view.post.text),
        rows_table(step_names, [[cells[name] for name in step_names] for cells in steps]),
        rows_table(
            ["action", "allowed", "reasons"],
            [
                [action, *cells_of(verdict).values()]
                for action, verdict in view.allowed_actions.items()
            ],
        ),
        rows_table(finding_names, [[cells[name] for name in finding_names] for cells in findings]),
        rows_table(
            ["hold", "text"],
            [
                [
                    badge("active", "red") if hold.ended_at is None else badge("ended"),
                    _hold_text(hold),
                ]
                for hold in view.holds
            ],
        ),
        badges=[state_badge(view.summary.value)],
        aside=f"to {', '.join(view.post.targets)}",
    )


@card_of.register
def proposal_card(proposal: Proposal) -> Html:
    changes = [
        [
            badge(change.kind, _CHANGE_TONES[change.kind]),
            f"{change.section} {change.name}",
            ", ".join(change.resources),
            ", ".join(change.required_permissions),
        ]
        for change in proposal.changes
    ]
    permission_changes = [
        [
            change.member,
            badge(change.kind, _CHANGE_TONES[change.kind]),
            ", ".join(change.granted),
            ", ".join(change.resources_in_short),
            ", ".join(change.rules),
        ]
        for change in proposal.permission_changes.changes
    ]
    details = {
        "votes to repeat": ", ".join(proposal.asked_again),
        "temporary grants": "; ".join(map(str, proposal.temporary_grants)),
    }
    return card(
        "Proposal",
        rows_table(["change", "entry", "resources", "permissions needed"], changes),
        rows_table(["member", "change", "permissions", "resources", "rules"], permission_changes),
        rows_table(
            ["orphan", "reason"],
            [[f"{orphan.kind} {orphan.id}", orphan.reason.text()] for orphan in proposal.orphans],
        ),
        definitions(details),
        aside=f"entries of {proposal.base.id} that change: {len(proposal.changes)}",
    )


@card_of.register
def due_card(report: DueReport) -> Html:
    counts = Counter(state for _, state in report.states)
    return card(
        "Due work",
        rows_table(
            ["state", "deliveries"],
            [[state_badge(state), count] for state, count in sorted(counts.items())],
        ),
        rows_table(["needs attention", "problem"], report.problems),
        aside=f"until {format_time(report.at)}, {len(report.worked)} streams processed",
    )


@card_of.register
def offboarding_card(plan: OffboardingPlan) -> Html:
    return table_card(plan.items, title=f"Offboarding of {plan.member}")


@card_of.register
def erasure_card(report: ErasureReport) -> Html:
    return card(
        "Dry run of an erasure" if report.dry_run else "Erasure",
        rows_table(["erased from"], [[stream] for stream in report.streams]),
        rows_table(
            ["remains in", "part", "by", "written", "text"],
            [
                [one.stream, one.field, one.by, nowrap(format_time(one.at)), excerpt(one.excerpt)]
                for one in report.mentions
            ],
        ),
    )

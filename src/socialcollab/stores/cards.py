"""Notebook cards for store reports, which `NotebookMixin` imports when it displays a report."""

from __future__ import annotations

from socialcollab.pages import Html, badge
from socialcollab.pages.notebook import card, card_of, definitions, rows_table
from socialcollab.stores.reports import AuditReport


@card_of.register
def audit_card(report: AuditReport) -> Html:
    anchor = report.anchor
    details = {
        "read": f"{report.events} events in {report.streams} streams",
        "erased": f"{report.erased} personal values" if report.erased else "",
        "anchor": f"position {anchor.position}, {anchor.hash[:12]}…" if anchor.hash else "",
    }
    damage = rows_table(
        ["place", "problem"], [[damage.place, damage.problem] for damage in report.findings]
    )
    count = len(report.findings)
    result = badge("clean", "green") if report.clean else badge(f"{count} damaged", "red")
    return card("Audit", definitions(details), damage, badges=[result])

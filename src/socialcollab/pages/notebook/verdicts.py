"""Notebook cards for verdicts."""

from __future__ import annotations

from socialcollab.pages.badges import badge
from socialcollab.pages.elements import bullet_list
from socialcollab.pages.markup import Html
from socialcollab.pages.notebook.cards import card, labelled
from socialcollab.pages.notebook.registry import card_of, cells_of
from socialcollab.verdicts import Verdict, message


@cells_of.register
def verdict_cells(verdict: Verdict) -> dict[str, str]:
    return {"allowed": _badge(verdict), "reasons": "; ".join(_reasons(verdict))}


@card_of.register
def verdict_card(verdict: Verdict) -> Html:
    near_misses = bullet_list(reason.text() for reason in verdict.near_misses)
    remedies = bullet_list(remedy.text() for remedy in verdict.remedies)
    return card(
        "Verdict",
        bullet_list(_reasons(verdict)),
        labelled("Near misses:", near_misses),
        labelled("What would help:", remedies),
        badges=[_badge(verdict)],
    )


def _badge(verdict: Verdict) -> Html:
    return badge("yes", "green") if verdict.allowed else badge("no", "red")


def _reasons(verdict: Verdict) -> list[str]:
    reasons = [reason.text() for reason in verdict.reasons]
    if not reasons and not verdict.allowed:
        # If there is no reason for a refusal, the action was refused because no rule allows it.
        return [message("verdict.default_deny", {})]
    return reasons

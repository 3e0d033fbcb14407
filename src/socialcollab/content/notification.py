"""Something that somebody is to be told."""

from __future__ import annotations

import datetime as dt

import attrs

from socialcollab.identifiers import MemberId
from socialcollab.showing import card, facts, listed, moment, quoted, unbroken
from socialcollab.verdicts import Reason

NOTIFICATION_KINDS = (
    "approved",
    "cancelled",
    "changed_after_vote",
    "changes_requested",
    "commented",
    "credentials_refused",
    "delegate",
    "digest",
    "edited_by_other",
    "escalated",
    "expired",
    "failed",
    "grant_added",
    "grant_revoked",
    "missed",
    "no_reviewer",
    "overdue",
    "policy_changed",
    "published",
    "published_after_all",
    "published_twice",
    "rejected",
    "reminder",
    "review_requested",
    "shift_handed_over",
    "shift_swap_cancelled",
    "shift_taken_over",
    "successor",
    "takedown_failed",
    "taken_down",
    "unknown",
    "zone_changed",
)
"""Every kind of notice there is, sorted."""


@attrs.frozen(kw_only=True)
class Notification:
    """
    Something that one member is to be told, once for each of its channels.

    Its text names posts by their ids alone: what they hold is read when the
    notice is shown, by whoever may view it then.

    Attributes:
        id: The same whenever and wherever it is read; a host that has told it
            once knows it by this.
        to: Who is to be told.
        kind: One of `NOTIFICATION_KINDS`.
        at: When it came about, on the plan's clock, in UTC.
        post: The post it is about, or empty.
        profile: The profile it is about, or empty.
        step: The approval step it is about, or empty.
        by: Who brought it about, such as "ben", or empty.
        channels: Where this member wants it at once, in order of preference;
            none: it is kept for a digest, or shown in the application alone.
        items: Of a digest, what it sums up, oldest first.
    """

    id: str = ""
    to: MemberId
    kind: str
    at: dt.datetime
    post: str = ""
    profile: str = ""
    step: str = ""
    by: str = ""
    channels: tuple[str, ...] = ()
    items: tuple[Notification, ...] = ()

    @property
    def reason(self) -> Reason:
        """Its message, as a code and what fills it."""
        return Reason.of(
            f"notification.{self.kind}",
            post=self.post or "-",
            profile=self.profile or "-",
            step=self.step or "-",
            by=self.by or "-",
            count=len(self.items),
        )

    def text(self, language: str = "en") -> str:
        """Say it in *language*, a digest with a line for each of its items."""
        said = self.reason.text(language)
        return "\n".join([said, *(f"- {item.text(language)}" for item in self.items)])

    def _html_cells_(self) -> dict[str, str]:
        return {
            "when": unbroken(moment(self.at)),
            "to": self.to,
            "what": self.reason.text(),
            "by": ", ".join(self.channels),
            "of": str(len(self.items) or ""),
        }

    def _repr_html_(self) -> str:
        cells = self._html_cells_()
        told = listed(item.reason.text() for item in self.items)
        beside = {"to": cells["to"], "when": cells["when"], "by": cells["by"]}
        return card("Notification", quoted(cells["what"]), told, facts(beside))

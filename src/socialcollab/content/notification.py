"""Notifications to members."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import attrs

from socialcollab._notebook import NotebookMixin
from socialcollab.identifiers import MemberId
from socialcollab.verdicts import Reason

NOTIFICATION_KINDS = (
    "approved",
    "approved_not_scheduled",
    "bypassed",
    "cancelled",
    "changed_after_decision",
    "changes_requested",
    "commented",
    "connection_expiring",
    "credentials_refused",
    "delegate",
    "digest",
    "edited_by_other",
    "escalated",
    "exempted",
    "expired",
    "failed",
    "grant_added",
    "grant_revoked",
    "mentioned",
    "missed",
    "no_reviewer",
    "overdue",
    "policy_changed",
    "published",
    "published_after_all",
    "published_differently",
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
"""All kinds of notification, sorted."""


@attrs.frozen(kw_only=True)
class Notification(NotebookMixin):
    """
    A notification to one member, to be sent once on each of its channels.

    The text of a notification identifies a post only by the post's external id or, if there is
    none, by the post's id. The host reads the post's content when it displays the notification, so
    that a member who may no longer view the post does not see the content.

    Attributes:
        id: The identifier. It is the same each time the notification is read,
            so that a host can remember which notifications it has sent.
        to: The member to notify.
        kind: One of `NOTIFICATION_KINDS`.
        at: When its cause occurred, according to the desk's clock, in UTC.
        post: The post that it is about, or an empty string.
        profile: The profile that it is about, or an empty string.
        step: The approval step that it is about, or an empty string.
        by: The member who caused it, such as "ben", or an empty string.
        channels: The channels on which to send it immediately, in order of
            preference; empty if it is saved for a digest or only displayed.
        items: The notifications in a digest, oldest first.
        external_id: The post's external id, or an empty string.
        details: Further parameters of the message, by name, such as the role and
            the end of a temporary grant.
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
    external_id: str = ""
    details: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    @property
    def reason(self) -> Reason:
        """The message, as a code with parameters."""
        code = f"notification.{self.kind}"
        return Reason.of(
            f"{code}.details" if self.details else code,
            **self.details,
            post=self.external_id or self.post or "-",
            post_id=self.post or "-",
            profile=self.profile or "-",
            step=self.step or "-",
            by=self.by or "-",
            count=len(self.items),
        )

    def text(self, language: str = "en") -> str:
        """Return the message in *language*. The text of a digest has one line per item."""
        head = self.reason.text(language)
        return "\n".join([head, *(f"- {item.text(language)}" for item in self.items)])

"""Permissions, and the commands that need them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from socialcollab.document_fields import MapOf, Text, shape
from socialcollab.errors import InvalidValueError

ALL: Final = "*"
"""Every permission, including custom permissions and permissions added in later versions."""

PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "view": "see posts, their decisions and the calendar",
        "draft": "write posts, and edit your own posts",
        "edit_others": "edit posts that others wrote",
        "comment": "comment on posts",
        "submit": "submit posts for approval, and withdraw them",
        "approve": "decide on posts: approve, request changes, reject",
        "schedule": "set, change and clear the time of an approved post",
        "publish": "publish an approved post, or a post to which no policy applies, immediately",
        "bypass": "skip open approval steps in an emergency",
        "cancel": "cancel a post permanently",
        "hold": "hold posts before they are published, exempt posts from a hold, and end the hold",
        "take_down": "take down or amend published posts",
        "waive": "waive a style guide finding, with a reason",
        "note": "write calendar notes",
        "view_inbox": "see the messages of customers, conversations and cases",
        "reply": "answer customers, and work on conversations and cases",
        "assign": "assign conversations and cases to others, take them over, merge and split them",
        "moderate": "hide and delete comments on the network, and block accounts",
        "connect": "connect a profile to its network",
        "manage_style": "change the style guides",
        "manage_policies": "change approval policies",
        "manage_access": "change members, roles, grants and forbids",
        "erase": "erase a person's data or a post",
    }
)

COMMAND_PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "draft": "draft",
        "edit": "draft",  # and edit_others for posts by other authors
        "comment": "comment",
        "resolve_comment": "comment",
        "submit": "submit",
        "withdraw": "submit",
        "approve": "approve",
        "request_changes": "approve",
        "reject": "approve",
        "schedule": "schedule",
        "unschedule": "schedule",
        "reschedule": "schedule",
        "cancel": "cancel",
        "hold": "hold",
        "resume": "hold",
        "exempt": "hold",
        "publish_now": "publish",
        "bypass": "bypass",
        "waive": "waive",
        "add_calendar_note": "note",
        "add_absence": "manage_access",  # not needed for the member's own absence
        "end_absence": "manage_access",  # not needed for the member's own absence
        "grant": "manage_access",  # and every permission that the grant gives
        "offboard": "manage_access",  # and the permissions that the changed rules require
        "revoke": "manage_access",  # not needed for the member's own grants
        "swap_shift": "manage_access",  # not needed for the member's own shifts
        "cancel_shift_swap": "manage_access",  # not needed for the member's own shifts
        "start_campaign": "schedule",
        "adopt": "manage_access",  # and manage_policies or manage_style for such changes
        "take_down": "take_down",
        "amend": "take_down",
        "mark_published": "publish",
        "mark_not_published": "publish",
        "add_native_post": "schedule",
        "remove_native_post": "schedule",
        "connect": "connect",
        "disconnect": "connect",
        "erase": "erase",
        "assign": "assign",
        "claim": "reply",
        "release": "reply",
        "take_over": "assign",
        "hand_off": "reply",
        "accept_hand_off": "reply",
        "escalate": "reply",
        "snooze": "reply",
        "resolve": "reply",
        "reopen": "reply",
        "set_priority": "reply",
        "tag": "reply",
        "write_note": "comment",
        "link": "reply",
        "reply": "reply",  # and bypass to send anyway
        "confirm_reply": "reply",
        "approve_reply": "approve",
        "moderate": "moderate",
        "merge": "assign",
        "open_case": "reply",
        "file": "reply",
        "split": "assign",
        "keep_together": "assign",
        "link_account": "reply",
        "unlink_account": "reply",
    }
)
"""The permission that each command of the desk needs."""

_CUSTOM = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def _as_custom(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class CustomPermissions:
    """
    Permissions that an organization defines for its own tools.

    Attributes:
        custom: A description of each permission, by name. Every name contains a dot
            (``ads.boost``), so that it never collides with a permission of the library.

    Raises:
        InvalidValueError: If a name has no dot or contains an invalid character.
    """

    custom: Mapping[str, str] = attrs.field(
        metadata=shape(MapOf(item=Text(at_most=300, prose=True), dotted=True)),
        factory=dict,
        converter=_as_custom,
        hash=False,
    )

    def __attrs_post_init__(self) -> None:
        for name in self.custom:
            if not _CUSTOM.fullmatch(name):
                raise InvalidValueError(
                    f"`{name}` is not a valid name for a custom permission; use lower-case words"
                    " joined by dots",
                    value=name,
                    expected="a name such as ads.boost",
                )

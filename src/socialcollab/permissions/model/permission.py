"""What may be allowed: every permission, and the commands that need it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from socialcollab.document_fields import MapOf, Text, shape
from socialcollab.errors import InvalidValueError

ALL: Final = "*"
"""In a role: every permission, own ones and later ones too."""

PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "view": "see posts, the calendar and what was decided",
        "draft": "write posts, and change one's own",
        "edit_others": "change posts that others wrote",
        "comment": "remark on posts",
        "submit": "ask for sign-off, or withdraw the request",
        "approve": "decide on posts: approve, ask for changes, reject",
        "schedule": "set, move and clear the time of an approved post",
        "publish": "let a post leave: alone where no policy applies, at once where it is approved",
        "cancel": "give a post up for good",
        "hold": "stop what would go out, and let it go on",
        "take_down": "remove or amend what is published",
        "waive": "let a finding of the style guide pass, with a reason",
        "note": "write notes on the calendar",
        "connect": "connect a profile to its network",
        "manage_style": "change the style guides",
        "manage_policies": "change approval policies and postures",
        "manage_access": "change members, roles, grants and forbids",
        "erase": "erase a person's data or a message",
    }
)

COMMAND_PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "draft": "draft",
        "edit": "draft",  # with edit_others besides, on what others wrote
        "comment": "comment",
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
        "waive": "waive",
        "add_calendar_note": "note",
        "add_absence": "manage_access",  # of others; of oneself it takes none
        "end_absence": "manage_access",  # likewise
        "grant": "manage_access",  # and all that it gives
        "offboard": "manage_access",  # and what the changed lines need
        "revoke": "manage_access",  # of what oneself gave it takes none
        "swap_shift": "manage_access",  # of others' turns; of one's own it takes none
        "cancel_shift_swap": "manage_access",  # likewise
        "start_campaign": "schedule",
        "adopt": "manage_access",  # and manage_policies, manage_style: what the changed lines need
        "take_down": "take_down",
        "amend": "take_down",
        "mark_published": "publish",
        "mark_not_published": "publish",
        "add_native_post": "schedule",
        "remove_native_post": "schedule",
        "erase": "erase",
    }
)
"""Each command of the desk and the permission that it needs."""

_CUSTOM = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def _as_custom(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


@attrs.frozen(kw_only=True)
class CustomPermissions:
    """
    An organization's own permissions, for its own tools to ask about.

    Attributes:
        custom: What each allows, by name; a name holds a dot (``ads.boost``),
            so that it never meets one of the library's.

    Raises:
        InvalidValueError: If a name has no dot, or is none.
    """

    custom: Mapping[str, str] = attrs.field(
        metadata=shape(MapOf(item=Text(at_most=300), dotted=True)),
        factory=dict,
        converter=_as_custom,
        hash=False,
    )

    def __attrs_post_init__(self) -> None:
        for name in self.custom:
            if not _CUSTOM.fullmatch(name):
                raise InvalidValueError(
                    f"`{name}` cannot name an own permission: use lower-case words joined by a dot",
                    value=name,
                    expected="a name such as ads.boost",
                )

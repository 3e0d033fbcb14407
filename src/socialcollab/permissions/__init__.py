"""Who may do what, where and when."""

from socialcollab.permissions.access import Access
from socialcollab.permissions.duty import Duty
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.permission import (
    ALL,
    COMMAND_PERMISSIONS,
    PERMISSIONS,
    TO_COME,
    CustomPermissions,
)
from socialcollab.permissions.role import Role, Roles

__all__ = [
    "ALL",
    "COMMAND_PERMISSIONS",
    "PERMISSIONS",
    "TO_COME",
    "Access",
    "CustomPermissions",
    "Duty",
    "Forbid",
    "Grant",
    "Role",
    "Roles",
]

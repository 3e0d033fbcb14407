"""Who may do what, where and when."""

from socialcollab.permissions.absence import Absence
from socialcollab.permissions.access import Access
from socialcollab.permissions.duty import Duty
from socialcollab.permissions.gaining import Gain, gains, ungivable
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
    "Absence",
    "Access",
    "CustomPermissions",
    "Duty",
    "Forbid",
    "Gain",
    "Grant",
    "Role",
    "Roles",
    "gains",
    "ungivable",
]

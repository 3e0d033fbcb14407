"""Permissions: who may do what, where and when."""

from socialcollab.permissions.access import Access
from socialcollab.permissions.analysis.coverage import Coverage, Loss, ReviewerGroup, coverage
from socialcollab.permissions.analysis.diff import Comparison, PermissionChange, compare
from socialcollab.permissions.analysis.effective import (
    EffectivePermissions,
    HeldPermissions,
    ResourcePermissions,
    effective_permissions,
    holds_for_ever,
    owners,
)
from socialcollab.permissions.analysis.escalation import (
    Gain,
    PolicyRoles,
    escalations,
    escalations_by_absence,
    escalations_by_swap,
    exemption_refusal,
    gains,
    spans_beyond_rotation,
)
from socialcollab.permissions.analysis.gaps import Gap, gaps
from socialcollab.permissions.engine.binding import bind_rule
from socialcollab.permissions.engine.rotation_binding import RotationBinding
from socialcollab.permissions.engine.scope import EVERYWHERE
from socialcollab.permissions.model.absence import Absence
from socialcollab.permissions.model.grant import Forbid, Grant
from socialcollab.permissions.model.permission import (
    ALL,
    COMMAND_PERMISSIONS,
    PERMISSIONS,
    CustomPermissions,
)
from socialcollab.permissions.model.role import Role, Roles, find_cycle
from socialcollab.permissions.model.temporary_grant import TemporaryGrant
from socialcollab.permissions.rotations.overrides import ShiftSwap
from socialcollab.permissions.rotations.roster import Shift
from socialcollab.permissions.rotations.rotation import ListedShift, Rotation

__all__ = [
    "ALL",
    "COMMAND_PERMISSIONS",
    "EVERYWHERE",
    "PERMISSIONS",
    "Absence",
    "Access",
    "Comparison",
    "Coverage",
    "CustomPermissions",
    "EffectivePermissions",
    "Forbid",
    "Gain",
    "Gap",
    "Grant",
    "HeldPermissions",
    "ListedShift",
    "Loss",
    "PermissionChange",
    "PolicyRoles",
    "ResourcePermissions",
    "ReviewerGroup",
    "Role",
    "Roles",
    "Rotation",
    "RotationBinding",
    "Shift",
    "ShiftSwap",
    "TemporaryGrant",
    "bind_rule",
    "compare",
    "coverage",
    "effective_permissions",
    "escalations",
    "escalations_by_absence",
    "escalations_by_swap",
    "exemption_refusal",
    "find_cycle",
    "gains",
    "gaps",
    "holds_for_ever",
    "owners",
    "spans_beyond_rotation",
]

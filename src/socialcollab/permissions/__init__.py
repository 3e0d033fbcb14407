"""Who may do what, where and when."""

from socialcollab.permissions.absence import Absence
from socialcollab.permissions.access import Access
from socialcollab.permissions.comparing import Comparison, RightsChange, compare
from socialcollab.permissions.covering import Coverage, Loss, coverage
from socialcollab.permissions.duty import Duty
from socialcollab.permissions.gaining import Gain, gains, ungivable, unlendable, unswappable
from socialcollab.permissions.gaps import Gap, gaps
from socialcollab.permissions.given import GivenGrant
from socialcollab.permissions.grant import Forbid, Grant
from socialcollab.permissions.listed_turn import ListedTurn
from socialcollab.permissions.own_rights import HeldRights, MemberRights, PlaceRights, rights_of
from socialcollab.permissions.permission import (
    ALL,
    COMMAND_PERMISSIONS,
    PERMISSIONS,
    TO_COME,
    CustomPermissions,
)
from socialcollab.permissions.role import Role, Roles
from socialcollab.permissions.rota import Turn
from socialcollab.permissions.swap import Swap

__all__ = [
    "ALL",
    "COMMAND_PERMISSIONS",
    "PERMISSIONS",
    "TO_COME",
    "Absence",
    "Access",
    "Comparison",
    "Coverage",
    "CustomPermissions",
    "Duty",
    "Forbid",
    "Gain",
    "Gap",
    "GivenGrant",
    "Grant",
    "HeldRights",
    "ListedTurn",
    "Loss",
    "MemberRights",
    "PlaceRights",
    "RightsChange",
    "Role",
    "Roles",
    "Swap",
    "Turn",
    "compare",
    "coverage",
    "gains",
    "gaps",
    "rights_of",
    "ungivable",
    "unlendable",
    "unswappable",
]

"""The desk: read, decide, write; publish what is due."""

from socialcollab.desk.async_desk import AsyncDesk
from socialcollab.desk.async_member_desk import AsyncMemberDesk
from socialcollab.desk.commands import (
    AddAbsence,
    AddCalendarNote,
    AddGrant,
    Adopt,
    CancelShiftSwap,
    Command,
    EndAbsence,
    Erase,
    Offboard,
    PlaceHold,
    Resume,
    RevokeGrant,
    StartCampaign,
    SwapShift,
)
from socialcollab.desk.desk import Desk
from socialcollab.desk.handlers.offboard import OffboardingPlan
from socialcollab.desk.journal.as_of import ActiveDocument
from socialcollab.desk.journal.history import HistoryEntry
from socialcollab.desk.journal.maintenance import audit_file, reindex_file
from socialcollab.desk.journal.reducers import reducer
from socialcollab.desk.journal.snapshots import PROJECTIONS
from socialcollab.desk.member_desk import MemberDesk, SubmitTiming
from socialcollab.desk.queries.notifications import NotificationBatch
from socialcollab.desk.queries.post_view import PostView
from socialcollab.desk.queries.posts import HoldResult
from socialcollab.desk.queries.proposal import Orphan, Proposal
from socialcollab.desk.queries.to_do import ToDo
from socialcollab.desk.worker.due import DueReport

__all__ = [
    "PROJECTIONS",
    "ActiveDocument",
    "AddAbsence",
    "AddCalendarNote",
    "AddGrant",
    "Adopt",
    "AsyncDesk",
    "AsyncMemberDesk",
    "CancelShiftSwap",
    "Command",
    "Desk",
    "DueReport",
    "EndAbsence",
    "Erase",
    "HistoryEntry",
    "HoldResult",
    "MemberDesk",
    "NotificationBatch",
    "Offboard",
    "OffboardingPlan",
    "Orphan",
    "PlaceHold",
    "PostView",
    "Proposal",
    "Resume",
    "RevokeGrant",
    "StartCampaign",
    "SubmitTiming",
    "SwapShift",
    "ToDo",
    "audit_file",
    "reducer",
    "reindex_file",
]

"""The desk: the commands, queries and due work of one organization, stored in one journal."""

from socialcollab.desk.async_desk import AsyncDesk
from socialcollab.desk.async_member_desk import AsyncMemberDesk
from socialcollab.desk.async_member_inbox import AsyncMemberInbox
from socialcollab.desk.commands import Adopt, Command, Erase, Offboard
from socialcollab.desk.desk import Desk
from socialcollab.desk.handlers.bulk import BulkOutcome
from socialcollab.desk.handlers.erasure_report import ErasureReport, Mention
from socialcollab.desk.handlers.merge_edit import MergedPost
from socialcollab.desk.handlers.sheet_import import ImportReport, ImportStatus, RowOutcome
from socialcollab.desk.inbox.actions import InboxOutcome
from socialcollab.desk.inbox.arrival import Received
from socialcollab.desk.inbox.fetching import Fetched
from socialcollab.desk.inbox.queries import ConversationView, FoundConversations, InboxToDo
from socialcollab.desk.journal.maintenance import audit_file, media_folder, reindex_file
from socialcollab.desk.journal.streams import PROJECTIONS, reducer
from socialcollab.desk.member_desk import MemberDesk, SubmitTiming
from socialcollab.desk.member_inbox import MemberInbox
from socialcollab.desk.ports import network_for
from socialcollab.desk.queries.history import ActiveDocument, HistoryEntry
from socialcollab.desk.queries.holds import HoldResult
from socialcollab.desk.queries.notifications import NotificationBatch
from socialcollab.desk.queries.offboarding_plan import OffboardingPlan
from socialcollab.desk.queries.post_view import PostView
from socialcollab.desk.queries.proposal import Orphan, Proposal
from socialcollab.desk.queries.to_do import ToDo
from socialcollab.desk.worker.due import DueReport, DueWork

__all__ = [
    "PROJECTIONS",
    "ActiveDocument",
    "Adopt",
    "AsyncDesk",
    "AsyncMemberDesk",
    "AsyncMemberInbox",
    "BulkOutcome",
    "Command",
    "ConversationView",
    "Desk",
    "DueReport",
    "DueWork",
    "Erase",
    "ErasureReport",
    "Fetched",
    "FoundConversations",
    "HistoryEntry",
    "HoldResult",
    "ImportReport",
    "ImportStatus",
    "InboxOutcome",
    "InboxToDo",
    "MemberDesk",
    "MemberInbox",
    "Mention",
    "MergedPost",
    "NotificationBatch",
    "Offboard",
    "OffboardingPlan",
    "Orphan",
    "PostView",
    "Proposal",
    "Received",
    "RowOutcome",
    "SubmitTiming",
    "ToDo",
    "audit_file",
    "media_folder",
    "network_for",
    "reducer",
    "reindex_file",
]

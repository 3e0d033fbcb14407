"""The desk: read, decide, write; publish what is due."""

from socialcollab.desk.acting import Acting, When
from socialcollab.desk.async_acting import AsyncActing
from socialcollab.desk.async_desk import AsyncDesk
from socialcollab.desk.commands import (
    Adopt,
    Away,
    Back,
    Command,
    Depart,
    Erase,
    Give,
    Resume,
    SetHold,
    StartCampaign,
    SwapDuty,
    TakeBack,
    Unswap,
    WriteNote,
)
from socialcollab.desk.departing import Departure
from socialcollab.desk.desk import Desk
from socialcollab.desk.due import DueReport
from socialcollab.desk.history import HistoryEntry
from socialcollab.desk.in_force import InForce
from socialcollab.desk.notices import NoticeBatch
from socialcollab.desk.opening import audit_file, reindex_file
from socialcollab.desk.post_page import PostPage
from socialcollab.desk.proposal import Orphan, Proposal
from socialcollab.desk.reading import HoldSet
from socialcollab.desk.streams import INDEXES, fold
from socialcollab.desk.todo import ToDo

__all__ = [
    "INDEXES",
    "Acting",
    "Adopt",
    "AsyncActing",
    "AsyncDesk",
    "Away",
    "Back",
    "Command",
    "Depart",
    "Departure",
    "Desk",
    "DueReport",
    "Erase",
    "Give",
    "HistoryEntry",
    "HoldSet",
    "InForce",
    "NoticeBatch",
    "Orphan",
    "PostPage",
    "Proposal",
    "Resume",
    "SetHold",
    "StartCampaign",
    "SwapDuty",
    "TakeBack",
    "ToDo",
    "Unswap",
    "When",
    "WriteNote",
    "audit_file",
    "fold",
    "reindex_file",
]

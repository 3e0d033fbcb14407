"""The desk: read, decide, write; publish what is due."""

from socialcollab.desk.acting import Acting
from socialcollab.desk.commands import Command, Resume, SetHold, WriteNote
from socialcollab.desk.desk import Desk
from socialcollab.desk.due import DueReport
from socialcollab.desk.history import HistoryEntry
from socialcollab.desk.opening import audit_file
from socialcollab.desk.reading import HoldSet
from socialcollab.desk.streams import INDEXES, Note, fold
from socialcollab.desk.todo import ToDo

__all__ = [
    "INDEXES",
    "Acting",
    "Command",
    "Desk",
    "DueReport",
    "HistoryEntry",
    "HoldSet",
    "Note",
    "Resume",
    "SetHold",
    "ToDo",
    "WriteNote",
    "audit_file",
    "fold",
]

"""Journals: streams of sealed events, with records and projection rows beside them."""

from socialcollab.stores.async_protocol import AsyncBoundStore, AsyncStore
from socialcollab.stores.building.envelope import hash_of
from socialcollab.stores.events import STORE_KEYS, Event, NewEvent, check_stream, microseconds
from socialcollab.stores.media import FolderMedia, MemoryMedia
from socialcollab.stores.memory import MemoryJournal, MemoryStore
from socialcollab.stores.protocol import BoundStore, Reducer, Store
from socialcollab.stores.reports import Anchor, AuditReport, Damage, ReindexReport
from socialcollab.stores.rows import DUE, Column, Projection, Row
from socialcollab.stores.sqlite.media import SqliteMedia
from socialcollab.stores.sqlite.store import SqliteStore
from socialcollab.stores.threaded import ThreadedStore

__all__ = [
    "DUE",
    "STORE_KEYS",
    "Anchor",
    "AsyncBoundStore",
    "AsyncStore",
    "AuditReport",
    "BoundStore",
    "Column",
    "Damage",
    "Event",
    "FolderMedia",
    "MemoryJournal",
    "MemoryMedia",
    "MemoryStore",
    "NewEvent",
    "Projection",
    "Reducer",
    "ReindexReport",
    "Row",
    "SqliteMedia",
    "SqliteStore",
    "Store",
    "ThreadedStore",
    "check_stream",
    "hash_of",
    "microseconds",
]

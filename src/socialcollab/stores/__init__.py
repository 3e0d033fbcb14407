"""Journals: streams of sealed events, with records and index rows beside them."""

from socialcollab.stores.async_protocol import AsyncBoundStore, AsyncStore
from socialcollab.stores.envelope import hash_of
from socialcollab.stores.events import STORE_KEYS, Event, NewEvent, check_stream, microseconds
from socialcollab.stores.media import FolderMedia, MemoryMedia
from socialcollab.stores.memory import MemoryStore
from socialcollab.stores.protocol import BoundStore, Fold, Store
from socialcollab.stores.reports import Anchor, AuditReport, Damage, ReindexReport
from socialcollab.stores.rows import DUE, Column, Index, Row
from socialcollab.stores.sqlite import SqliteMedia, SqliteStore
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
    "Fold",
    "FolderMedia",
    "Index",
    "MemoryMedia",
    "MemoryStore",
    "NewEvent",
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

"""Stores for media and for journals. A journal has event streams, snapshots and projections."""

from socialcollab.stores.budgets import SqliteBudgets
from socialcollab.stores.collisions import CollisionStore, MemoryCollisions, SqliteCollisions
from socialcollab.stores.credentials import Cipher, SqliteCredentials, fernet_cipher
from socialcollab.stores.events import STORE_KEYS, Event, NewEvent, check_stream, microseconds
from socialcollab.stores.media import FolderMedia, MemoryMedia
from socialcollab.stores.memory import MemoryJournal, MemoryStore
from socialcollab.stores.projections import DUE, Column, Projection, Row
from socialcollab.stores.protocols import (
    AsyncBoundStore,
    AsyncStore,
    BoundStore,
    Progress,
    Reducer,
    Store,
)
from socialcollab.stores.reports import Anchor, AuditReport, Damage, ReindexReport
from socialcollab.stores.s3 import S3Media
from socialcollab.stores.sqlite.inspection import FileReport, inspect_file
from socialcollab.stores.sqlite.media import SqliteMedia
from socialcollab.stores.sqlite.store import SqliteStore
from socialcollab.stores.threaded import ThreadedStore
from socialcollab.stores.tokens import EnvironmentTokens, FileTokens
from socialcollab.stores.toolkit.envelope import envelope_hash

__all__ = [
    "DUE",
    "STORE_KEYS",
    "Anchor",
    "AsyncBoundStore",
    "AsyncStore",
    "AuditReport",
    "BoundStore",
    "Cipher",
    "CollisionStore",
    "Column",
    "Damage",
    "EnvironmentTokens",
    "Event",
    "FileReport",
    "FileTokens",
    "FolderMedia",
    "MemoryCollisions",
    "MemoryJournal",
    "MemoryMedia",
    "MemoryStore",
    "NewEvent",
    "Progress",
    "Projection",
    "Reducer",
    "ReindexReport",
    "Row",
    "S3Media",
    "SqliteBudgets",
    "SqliteCollisions",
    "SqliteCredentials",
    "SqliteMedia",
    "SqliteStore",
    "Store",
    "ThreadedStore",
    "check_stream",
    "envelope_hash",
    "fernet_cipher",
    "inspect_file",
    "microseconds",
]

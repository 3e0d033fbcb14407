"""Journals and media in SQLite files."""

from socialcollab.stores.sqlite.media import SqliteMedia
from socialcollab.stores.sqlite.store import SqliteStore

__all__ = [
    "SqliteMedia",
    "SqliteStore",
]

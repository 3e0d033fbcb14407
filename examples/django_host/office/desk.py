"""The desk, in the office's own file and on the connection that Django has opened."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import connection

from socialcollab import Desk, Sandbox, SqliteStore
from socialcollab.stores import FolderMedia

ID = "office"
PROJECTIONS = Desk.PROJECTIONS

_kept = threading.local()


def store() -> SqliteStore:
    """Return the journal in the office's file; what it appends commits with Django's rows."""
    connection.ensure_connection()
    return SqliteStore.joined(connection.connection, projections=PROJECTIONS)


def media() -> FolderMedia:
    return FolderMedia(settings.HOME / "media")


def desk() -> Desk:
    """Return the desk on this thread's connection."""
    connection.ensure_connection()
    if getattr(_kept, "connection", None) is not connection.connection:
        _kept.desk = Desk(
            store(), ID, media=media(), networks=networks(), clock=settings.DESK_CLOCK
        )
        _kept.connection = connection.connection
    return _kept.desk


def networks() -> dict[str, Sandbox]:
    """Return how profiles are reached: here a sandbox, in production your networks."""
    if not hasattr(_kept, "sandbox"):
        _kept.sandbox = Sandbox(settings.HOME / "sandbox", media=media())
    return {"*": _kept.sandbox}

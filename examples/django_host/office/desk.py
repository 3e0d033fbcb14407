"""Open the desk in the application's database, on the connection that Django uses."""

from __future__ import annotations

import threading

from django.conf import settings
from django.db import connection

from socialcollab import Desk, Sandbox, SqliteStore
from socialcollab.stores import FolderMedia

ORGANIZATION = "office"

_local = threading.local()


def open_store() -> SqliteStore:
    """Return a store on Django's connection, so that events and rows are committed together."""
    connection.ensure_connection()
    return SqliteStore.joined(connection.connection, projections=Desk.PROJECTIONS)


def open_media() -> FolderMedia:
    return FolderMedia(settings.HOME / "media")


def open_desk() -> Desk:
    """Return this thread's desk, or open a new desk if Django has opened a new connection."""
    connection.ensure_connection()
    if getattr(_local, "connection", None) is not connection.connection:
        _local.desk = Desk(
            open_store(),
            ORGANIZATION,
            media=open_media(),
            networks=networks(),
            clock=settings.DESK_CLOCK,
        )
        _local.connection = connection.connection
    return _local.desk


def networks() -> dict[str, Sandbox]:
    """Return the networks of the profiles. In production, replace the sandbox with real networks."""
    if not hasattr(_local, "sandbox"):
        _local.sandbox = Sandbox(settings.HOME / "sandbox", media=open_media())
    return {"*": _local.sandbox}

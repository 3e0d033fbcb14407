"""Append an event unless its stream has changed, read the stream, and audit the journal."""

import datetime as dt
import os

from socialcollab.errors import ConflictError
from socialcollab.identifiers import uuid7
from socialcollab.stores import MemoryStore, NewEvent

journal = MemoryStore().for_organization("northwind")
now = dt.datetime(2026, 4, 7, 7, 30, tzinfo=dt.UTC)
for actor in ("member:ana", "member:ben"):
    note = NewEvent(
        stream="post/p1", type="noted", id=uuid7(now, os.urandom(10)), at=now, actor=actor
    )
    try:
        journal.append([note], expected_versions={"post/p1": 0}, snapshots={"post/p1": b"noted"})
    except ConflictError as error:
        print(f"{actor} was too late: {error}")
print([event.actor for event in journal.read("post/p1")], journal.audit().clean)

"""An event id that stands twice in a journal is found, even where every hash fits."""

from __future__ import annotations

import datetime as dt

from socialcollab.identifiers import uuid7
from socialcollab.stores import MemoryStore, NewEvent
from socialcollab.stores.building.envelope import hash_of

NOW = dt.datetime(2026, 4, 7, tzinfo=dt.UTC)


def test_an_id_that_was_stored_before_is_found() -> None:
    store = MemoryStore()
    journal = store.for_organization("northwind")
    for number, stream in enumerate(("post/a", "post/b")):
        event = NewEvent(
            stream=stream, type="done", id=uuid7(NOW, bytes([number] * 10)), at=NOW,
            actor="member:ana",
        )  # fmt: skip
        journal.append([event], expected_versions={stream: 0}, snapshots={stream: b"{}"})
    events = store._journals["northwind"].events
    first, second = events
    # The second takes the first one's id, and is sealed anew so that its hash fits.
    forged = (*second[:4], first[4], *second[5:14])
    events[1] = (*forged, hash_of(*forged))
    said = [str(finding) for finding in journal.audit().findings]
    assert [one for one in said if "its id has been stored before" in one and "post/b" in one]

"""A message costs the same in a conversation with many messages."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import pytest
from tests.desk.test_inbox import NOW, Inbox, message

from socialcollab.stores import SqliteStore

SECOND = dt.timedelta(seconds=1)


def _size_after(inbox: Inbox, first: int, count: int) -> int:
    """Receive messages of one thread, and return the size of the conversation's snapshot."""
    for number in range(first, first + count):
        inbox.desk.receive(
            [message(network_id=str(number), root="7", created_at=NOW + number * SECOND)]
        )
    (conversation,) = inbox.acting_as("eva").find().conversations
    _, data = inbox.desk.engine.store.snapshot(conversation.stream)
    return len(data)


def _time_of(inbox: Inbox, first: int) -> float:
    """Return the processor time of 500 messages, in seconds."""
    start = time.process_time()
    _size_after(inbox, first, 500)
    return time.process_time() - start


def test_conversation_stays_small(tmp_path: Path) -> None:
    """The stored conversation does not grow with its messages."""
    inbox = Inbox(tmp_path)
    inbox.later(days=1)
    few = _size_after(inbox, 0, 40)
    assert _size_after(inbox, 40, 200) <= few + 40
    view = inbox.acting_as("eva").view(inbox.acting_as("eva").find().conversations[0], limit=100)
    assert [entry.message.network_id for entry in view.entries] == [
        str(number) for number in range(140, 240)
    ]
    older = inbox.acting_as("eva").view(view.item, before=view.older, limit=100)
    assert [entry.message.network_id for entry in older.entries][-1] == "139"


@pytest.mark.integration
@pytest.mark.slow
def test_100_000_messages(tmp_path: Path, seconds: float) -> None:
    """
    A conversation with 100,000 messages stays small, and its last messages cost as the first.

    This takes some minutes. With fewer seconds, there are 10,000 messages.
    """
    total = 100_000 if seconds >= 300 else 10_000
    inbox = Inbox(tmp_path, SqliteStore(tmp_path / "desk.db", durable=False))
    inbox.later(days=30)
    few = _size_after(inbox, 0, 100)
    first = _time_of(inbox, 100)
    # The numbers of the 20 versions that are kept have more digits.
    assert _size_after(inbox, 600, total - 1_100) <= few + 200
    assert _time_of(inbox, total - 500) <= 3 * first
    (conversation,) = inbox.acting_as("eva").find().conversations
    assert conversation.messages == total
    assert len(inbox.acting_as("eva").view(conversation).entries) == 50

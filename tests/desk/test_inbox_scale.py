"""A message costs the same in a conversation with many messages."""

from __future__ import annotations

import datetime as dt
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
def test_100_000_messages(tmp_path: Path) -> None:
    """The cost of a message, in operations of the store, is flat up to 100,000 messages."""
    inbox = Inbox(tmp_path, SqliteStore(tmp_path / "desk.db", durable=False))
    inbox.later(days=30)
    few = _size_after(inbox, 0, 100)
    assert _size_after(inbox, 100, 99_900) <= few + 60
    (conversation,) = inbox.acting_as("eva").find().conversations
    assert conversation.messages == 100_000
    assert len(inbox.acting_as("eva").view(conversation).entries) == 50

"""The inbox: messages arrive once, have one owner, and get one answer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from socialcollab.content import Message, MessageAuthor
from socialcollab.desk import Desk
from socialcollab.errors import NotAllowedError, NotFoundError
from socialcollab.inbox import Conversation, Note
from socialcollab.networks.sandbox.network import Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
DOCUMENT = """
[organization]
id = "northwind"
timezone = "Europe/Amsterdam"

[[workspaces]]
id = "air"
lead = "eva"
default_approval = "none"
[[workspaces]]
id = "other"
lead = "tom"
default_approval = "none"

[[profiles]]
id = "air-x"
workspace = "air"
network = "x"
handle = "@air"
[[profiles]]
id = "air-bluesky"
workspace = "air"
network = "bluesky"
handle = "air.example"
[[profiles]]
id = "other-x"
workspace = "other"
network = "x"
handle = "@other"

[[members]]
id = "ana"
[[members]]
id = "ben"
[[members]]
id = "eva"
[[members]]
id = "tom"
[[members]]
id = "noor"
kind = "client"
of = "air"

[[teams]]
id = "care"
members = ["ana", "ben"]

[roles.owner]
permissions = ["*"]
[roles.agent]
permissions = ["view", "view_inbox", "reply", "comment", "assign", "moderate"]

[[grants]]
to = "member:eva"
role = "owner"
on = { workspace = "*" }
[[grants]]
to = "team:care"
role = "agent"
on = { workspace = "air" }
[[grants]]
to = "member:tom"
role = "agent"
on = { workspace = "other" }
[[grants]]
to = "member:noor"
permissions = ["view", "view_inbox", "comment"]
on = { workspace = "air" }

[inbox]
fallback = "team:care"
"""


class Inbox:
    """A desk with a sandbox as its network, and a clock that tests set."""

    def __init__(self, folder: Path, store: Any = None, *, document: str = DOCUMENT) -> None:
        self.now = NOW
        self.network = Sandbox(
            folder / "out",
            clock=lambda: self.now,
            real_clock=lambda: self.now,
            durable=False,
            sleep=lambda _: None,
        )
        self.desk = Desk.create(
            MemoryStore() if store is None else store,
            Organization.loads(document),
            owner="eva",
            networks={"*": self.network},
            clock=lambda: self.now,
            real_clock=lambda: self.now,
        )

    def acting_as(self, member: str) -> Any:
        return self.desk.acting_as(member).inbox

    def receive(self, **values: Any) -> Conversation:
        """Receive a message, and return its conversation as the owner sees it."""
        (received,) = self.desk.receive([message(**values)])
        found: Conversation = self.acting_as("eva").conversation(received.conversation)
        return found

    def later(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


def message(**values: Any) -> Message:
    author = values.pop("author", "c1")
    fields = {
        "network": "x",
        "profile": "air-x",
        "network_id": "1",
        "kind": "mention",
        "author": MessageAuthor(id=author, handle=f"{author}-handle"),
        "created_at": NOW,
        "text": "My flight was cancelled",
    }
    return Message(**{**fields, **values})


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


def test_message_is_answered(inbox: Inbox) -> None:
    """A reply leaves through the publisher, and the conversation then waits for the customer."""
    conversation = inbox.receive()
    assert conversation.unanswered_since == NOW
    replied = inbox.acting_as("ben").reply(conversation, "We are sorry")
    assert [reply.status for reply in replied.replies] == ["reserved"]
    inbox.desk.run_due()
    after = inbox.acting_as("ben").view(conversation)
    assert after.item.state == "waiting"
    assert after.item.unanswered_since is None
    assert after.item.replies == ()
    assert [(each.message.text, each.message.own) for each in after.entries] == [
        ("My flight was cancelled", False),
        ("We are sorry", True),
    ]


def test_second_answer_to_one_version_is_refused(inbox: Inbox) -> None:
    """Of two replies to the same version, the second is refused and learns what happened."""
    conversation = inbox.receive()
    inbox.acting_as("ben").reply(conversation, "We are sorry")
    with pytest.raises(NotAllowedError) as refused:
        inbox.acting_as("ana").reply(conversation, "Sorry!")
    assert "`ben` replied" in refused.value.verdict.explain()


def test_follow_up_stops_reply(inbox: Inbox) -> None:
    """A reply that is outdated when it leaves is stopped; its author can confirm it."""
    conversation = inbox.receive()
    inbox.acting_as("ben").reply(conversation, "We are sorry")
    inbox.receive(network_id="2", parent="1", text="It is solved")
    inbox.desk.run_due()
    ben = inbox.acting_as("ben")
    stopped = ben.conversation(conversation)
    assert [reply.status for reply in stopped.replies] == ["stopped"]
    assert {task.kind for task in ben.to_do()} == {"send", "answer"}
    ben.confirm_reply(stopped, stopped.replies[0].post)
    inbox.desk.run_due()
    assert ben.conversation(conversation).state == "waiting"


def test_same_message_again(inbox: Inbox) -> None:
    """The same message twice, or under another sender, is one message."""
    first = inbox.receive()
    again = inbox.receive()
    other_sender = inbox.receive(author="c2")
    assert first == again == other_sender
    assert first.messages == 1


def test_other_workspace_sees_nothing(inbox: Inbox) -> None:
    """A member of another workspace gets the same answer as for a conversation that is missing."""
    conversation = inbox.receive()
    with pytest.raises(NotFoundError):
        inbox.acting_as("tom").conversation(conversation)
    assert inbox.acting_as("tom").find().conversations == ()
    assert inbox.acting_as("tom").to_do() == ()


def test_internal_notes_are_for_staff(inbox: Inbox) -> None:
    """A client sees external notes only."""
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    ben.note(conversation, "a difficult customer")
    inbox.later(minutes=1)
    ben.note(conversation, "refund granted", internal=False)

    def notes(member: str) -> list[str]:
        entries = inbox.acting_as(member).view(conversation).entries
        return [entry.text for entry in entries if isinstance(entry, Note)]

    assert notes("noor") == ["refund granted"]
    assert notes("ben") == ["a difficult customer", "refund granted"]

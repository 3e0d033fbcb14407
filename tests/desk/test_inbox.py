"""The inbox: messages arrive once, have one owner, and get one answer."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from socialcollab.content import Message, MessageAuthor
from socialcollab.desk import AsyncDesk, Desk
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.inbox import Conversation, Note
from socialcollab.networks.sandbox import InjectedFault, Sandbox
from socialcollab.organization import Organization
from socialcollab.stores import MemoryStore, SqliteStore

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

    def __init__(
        self,
        folder: Path,
        store: Any = None,
        *,
        document: str = DOCUMENT,
        faults: Iterable[InjectedFault] = (),
    ) -> None:
        self.now = NOW
        self.network = Sandbox(
            folder / "out",
            faults=faults,
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
    ben.note(conversation, "refund granted", internal=False)

    def notes(member: str) -> list[str]:
        entries = inbox.acting_as(member).view(conversation).entries
        return [entry.text for entry in entries if isinstance(entry, Note)]

    assert notes("noor") == ["refund granted"]
    assert notes("ben") == ["a difficult customer", "refund granted"]


POLICY = """
[[approvals]]
id = "answers"
on = { workspace = "air" }
[[approvals.steps]]
id = "check"
reviewers = ["member:eva"]
"""


def test_guard_when_approved(tmp_path: Path) -> None:
    """A proposed reply cannot be approved after the customer has written again."""
    inbox = Inbox(tmp_path, document=DOCUMENT + POLICY)
    conversation = inbox.receive()
    ben, eva = inbox.acting_as("ben"), inbox.acting_as("eva")
    with pytest.raises(NotAllowedError):
        ben.reply(conversation, "We are sorry")
    proposed = ben.submit_reply(conversation, "We are sorry")
    (reply,) = proposed.replies
    assert reply.status == "proposed"
    inbox.receive(network_id="2", parent="1", text="It is solved")
    post = inbox.desk.post(reply.post)
    with pytest.raises(NotAllowedError) as refused:
        inbox.desk.acting_as("eva").approve(post)
    assert "sent another message" in refused.value.verdict.explain()
    ben.confirm_reply(ben.conversation(conversation), reply.post, submit=True)
    eva.approve_reply(conversation, inbox.desk.post(reply.post))
    inbox.desk.run_due()
    assert ben.conversation(conversation).state == "waiting"


def test_rivals(tmp_path: Path) -> None:
    """Approving one of several proposed replies asks about the others."""
    inbox = Inbox(tmp_path, document=DOCUMENT + POLICY)
    conversation = inbox.receive()
    for member in ("ben", "ana"):
        inbox.acting_as(member).submit_reply(conversation, f"Sorry, {member}")
    eva = inbox.acting_as("eva")
    first, second = (inbox.desk.post(each.post) for each in eva.conversation(conversation).replies)
    with pytest.raises(NotAllowedError) as refused:
        inbox.desk.acting_as("eva").approve(first)
    assert [reason.code for reason in refused.value.verdict.reasons] == ["reply.rivals"]
    eva.approve_reply(conversation, first, rivals="withdraw")
    assert inbox.desk.post(second.id).state == "cancelled"
    inbox.desk.run_due()
    assert len(inbox.network.posts()) == 1
    assert eva.conversation(conversation).replies == ()


def test_kept_rival_never_leaves(tmp_path: Path) -> None:
    """A rival that is kept and approved later is stopped, because the version is answered."""
    inbox = Inbox(tmp_path, document=DOCUMENT + POLICY)
    conversation = inbox.receive()
    for member in ("ben", "ana"):
        inbox.acting_as(member).submit_reply(conversation, f"Sorry, {member}")
    eva = inbox.acting_as("eva")
    first, second = (inbox.desk.post(each.post) for each in eva.conversation(conversation).replies)
    eva.approve_reply(conversation, first, rivals="keep")
    eva.approve_reply(conversation, second, rivals="keep")
    inbox.desk.run_due()
    # Both are due at the same instant, so either of them may leave first.
    assert len(inbox.network.posts()) == 1
    assert [each.status for each in eva.conversation(conversation).replies] == ["stopped"]


def test_send_anyway(inbox: Inbox) -> None:
    """Sending anyway needs `bypass`, and the event records it."""
    conversation = inbox.receive()
    later = inbox.receive(network_id="2", parent="1", text="Hello?")
    with pytest.raises(NotAllowedError):
        inbox.acting_as("ben").reply(conversation, "Sorry", send_anyway=later.version)
    inbox.acting_as("eva").reply(conversation, "Sorry", send_anyway=later.version)
    inbox.desk.run_due()
    assert len(inbox.network.posts()) == 1
    assert any(getattr(entry.data, "sent_anyway", False) for entry in inbox.desk.feed(limit=10_000))


def echo_of_the_reply(inbox: Inbox) -> Message:
    """Return the reply on the network as a webhook reports it."""
    (post,) = inbox.network.posts()
    return message(network_id=post.network_id, own=True, author="us", text="Sorry", parent="1")


def test_echo_after_outcome(inbox: Inbox) -> None:
    """One's own reply that a webhook reports after its outcome is known is stored once."""
    conversation = inbox.receive()
    inbox.acting_as("ben").reply(conversation, "Sorry")
    inbox.desk.run_due()
    inbox.desk.receive([echo_of_the_reply(inbox)] * 5)
    view = inbox.acting_as("ben").view(conversation)
    assert [entry.text for entry in view.entries] == ["My flight was cancelled", "Sorry"]
    assert (view.item.state, view.item.messages) == ("waiting", 2)
    assert view.entries[1].post


@pytest.mark.parametrize("follows_up", [False, True])
@pytest.mark.parametrize("fault", ["lost_answer", "late_server_error"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_echo_before_outcome(tmp_path: Path, kind: str, fault: str, follows_up: bool) -> None:
    """A reply that a webhook reports while its outcome is unknown is stored and sent once."""
    store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "desk.db", durable=False)
    inbox = Inbox(tmp_path, store, faults=[InjectedFault(fault)])
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    ben.reply(conversation, "Sorry")
    inbox.desk.run_due()
    assert [each.status for each in ben.conversation(conversation).replies] == ["leaving"]
    inbox.desk.receive([echo_of_the_reply(inbox)] * 5)
    texts = ["My flight was cancelled", "Sorry"]
    if follows_up:
        inbox.later(minutes=1)
        inbox.receive(network_id="2", parent="1", text="Still here", created_at=inbox.now)
        texts.append("Still here")
    for _ in range(3):
        inbox.later(minutes=10)
        inbox.desk.run_due()
    view = ben.view(conversation)
    assert len(inbox.network.posts()) == 1
    assert [entry.text for entry in view.entries] == texts
    assert view.entries[1].post
    assert view.item.messages == len(texts)
    assert view.item.replies == ()
    assert view.item.state == ("open" if follows_up else "waiting")
    assert (view.item.unanswered_since is not None) == follows_up
    assert inbox.desk.audit().clean


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_same_event_five_times_at_once(tmp_path: Path, kind: str) -> None:
    """Five threads, on two desks on one file, that receive one message store it once."""
    store = MemoryStore() if kind == "memory" else SqliteStore(tmp_path / "desk.db", durable=False)
    inbox = Inbox(tmp_path, store)
    desks = [inbox.desk, Desk(store, "northwind", clock=lambda: NOW)]
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda n: desks[n % 2].receive([message()]), range(5)))
    assert sorted(one.kind for (one,) in results) == ["known"] * 4 + ["new"]
    found = inbox.acting_as("eva").find().conversations
    assert [each.messages for each in found] == [1]
    assert inbox.desk.audit().clean


def test_closed_case_of_a_stranger(inbox: Inbox) -> None:
    """A message of another account reopens the conversation, but never the customer's case."""
    conversation = inbox.receive(root="77")
    ben = inbox.acting_as("ben")
    case = ben.open_case("Cancelled flight", conversation)
    ben.resolve(ben.conversation(conversation))
    case = ben.resolve(ben.case(case))
    reopened = inbox.receive(network_id="2", root="77", author="stranger", text="Me too")
    assert reopened.state == "open"
    assert not reopened.reopen_case
    assert ben.case(case).state == "resolved"
    own = inbox.receive(network_id="3", root="77", author="c1", text="Again")
    assert own.state == "open"


def test_closed_case_of_the_customer(tmp_path: Path) -> None:
    """If its customer writes again, a resolved case is proposed for reopening, or reopened."""
    for setting, state in (("propose", "resolved"), ("reopen", "open")):
        folder = tmp_path / setting
        folder.mkdir()
        inbox = Inbox(folder, document=f'{DOCUMENT}\nresolved_cases = "{setting}"\n')
        conversation = inbox.receive()
        ben = inbox.acting_as("ben")
        case = ben.open_case("Cancelled flight", conversation)
        ben.resolve(ben.conversation(conversation))
        ben.resolve(ben.case(case))
        again = inbox.receive(network_id="2", parent="1", text="Again")
        assert again.reopen_case == (setting == "propose")
        assert ben.case(case).state == state


def test_recycled_thread_is_proposed(inbox: Inbox) -> None:
    """A message long after the end is marked, and a member splits the conversation off."""
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    case = ben.open_case("Cancelled flight", conversation)
    ben.resolve(ben.conversation(conversation))
    inbox.later(days=40)
    again = inbox.receive(network_id="2", parent="1", text="A new question")
    assert again.recycled
    assert again.case == case.id, "the machine does not split it off"
    assert "decide" in {task.kind for task in ben.to_do()}
    split = ben.split(again, title="A new question")
    assert split.case not in ("", case.id)
    assert not split.recycled
    assert ben.case(case).conversations == ()


def test_merge_keeps_draft_and_internal_notes(inbox: Inbox) -> None:
    """Merging keeps an unsent draft, whose author confirms it, and internal notes internal."""
    first = inbox.receive()
    second = inbox.receive(network_id="2", text="A second thread")
    ben = inbox.acting_as("ben")
    second = ben.draft_reply(second, "Half a sentence")
    ben.note(second, "secret")
    merged = ben.merge(first, second)
    assert [(each.status, each.by) for each in merged.replies] == [("draft", "ben")]
    assert ben.conversation(second.id).id == first.id
    noor = inbox.acting_as("noor").view(first)
    assert "secret" not in [entry.text for entry in noor.entries]
    assert "secret" in [entry.text for entry in ben.view(first).entries]
    later = inbox.receive(network_id="3", parent="2", text="Third")
    assert later.id == first.id
    ben.confirm_reply(later, merged.replies[0].post)
    inbox.desk.run_due()
    assert [post.text for post in inbox.network.posts()] == ["Half a sentence"]


def test_edits_and_deletions(inbox: Inbox) -> None:
    """Changes by the author are recorded; old versions and late ones after a deletion are not."""
    conversation = inbox.receive(version="a")
    inbox.desk.receive([message(version="b", text="Edited")])
    inbox.desk.receive([message(version="a")])
    ben = inbox.acting_as("ben")
    (entry,) = ben.view(conversation).entries
    assert (entry.text, entry.edits) == ("Edited", 1)
    with pytest.raises(NotAllowedError):
        ben.reply(conversation, "Sorry")
    inbox.desk.receive([message(version="c", text="", deleted=True)])
    inbox.desk.receive([message(version="b", text="Edited")])
    (entry,) = ben.view(conversation).entries
    assert (entry.text, entry.message.deleted) == ("", True)


def test_future_and_out_of_order_and_not_nfc(inbox: Inbox) -> None:
    """Messages are sorted by time, one from the future by its arrival; searches compare in NFC."""
    conversation = inbox.receive(
        network_id="9", root="7", text="future", created_at=NOW + dt.timedelta(days=900)
    )
    inbox.later(minutes=1)
    inbox.receive(network_id="8", root="7", text="cafe\u0301", created_at=inbox.now)
    inbox.receive(network_id="6", root="7", text="old", created_at=NOW - dt.timedelta(days=1))
    ben = inbox.acting_as("ben")
    assert [entry.text for entry in ben.view(conversation).entries] == [
        "old",
        "future",
        "cafe\u0301",
    ]
    assert [each.id for each in ben.find(text="CAF\u00c9").conversations] == [conversation.id]


def test_hand_off(inbox: Inbox) -> None:
    """Until a hand-off is accepted, the previous owner stays accountable."""
    conversation = inbox.receive()
    ben, ana = inbox.acting_as("ben"), inbox.acting_as("ana")
    ben.claim(conversation)
    ben.hand_off(conversation, "member:ana")
    assert str(ana.view(conversation).accountable.principal) == "member:ben"
    assert "accept" in {task.kind for task in ana.to_do()}
    ana.accept(conversation)
    assert str(ana.view(conversation).accountable.principal) == "member:ana"
    with pytest.raises(NotAllowedError):
        ben.claim(conversation)
    ben.take_over(conversation, reason="ana has left for today")
    assert ben.conversation(conversation).owner == "member:ben"


def test_absence_and_case_owner(inbox: Inbox) -> None:
    """The delegate of an absent owner is accountable, and the owner of a case for its conversations."""
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    ben.claim(conversation)
    ben.open_case("Flight", conversation, owner="member:ana")
    assert str(ben.view(conversation).accountable.principal) == "member:ana"
    inbox.desk.acting_as("eva").add_absence(
        "2026-04-07", "2026-04-09", member="ana", delegate="ben"
    )
    assert str(ben.view(conversation).accountable.principal) == "member:ben"


def test_snooze(inbox: Inbox) -> None:
    """A worker ends a hold at its instant, and a message ends it earlier."""
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    ben.snooze(conversation, until=NOW + dt.timedelta(hours=2))
    inbox.desk.run_due()
    assert ben.conversation(conversation).state == "on_hold"
    inbox.later(hours=2)
    inbox.desk.run_due()
    assert ben.conversation(conversation).state == "open"
    ben.snooze(conversation, until=inbox.now + dt.timedelta(hours=2))
    assert inbox.receive(network_id="2", parent="1").state == "open"


def test_moderation(inbox: Inbox) -> None:
    """A request is carried out through the adapter, or its failure is recorded."""
    network_id = inbox.network.add_message("air-x", "spam", kind="comment")
    inbox.desk.fetch_messages("air-x")
    (conversation,) = inbox.acting_as("ben").find().conversations
    ben = inbox.acting_as("ben")
    asked = ben.moderate(conversation, "hide", conversation.last_message, reason="spam")
    assert [each.network_id for each in asked.requests] == [network_id]
    inbox.desk.run_due()
    view = ben.view(conversation)
    assert view.item.requests == ()
    assert view.entries[0].message.hidden


def test_many_items(inbox: Inbox) -> None:
    """Each of several items is guarded and answered by itself."""
    first = inbox.receive()
    second = inbox.receive(network_id="2")
    inbox.receive(network_id="3", parent="2")
    outcomes = inbox.acting_as("ben").resolve_many([first, second])
    assert [outcome.ok for outcome in outcomes] == [True, False]


def test_customer_is_linked_by_a_member(inbox: Inbox) -> None:
    """The timeline of a customer contains only accounts that a member has linked."""
    inbox.receive(text="on X")
    inbox.receive(
        profile="air-bluesky", network="bluesky", author="d1", network_id="5", text="on Bluesky"
    )
    ben = inbox.acting_as("ben")
    customer = ben.link_account("x:c1", workspace="air")
    assert [entry.text for entry in ben.timeline(customer)[0]] == ["on X"]
    customer = ben.link_account("bluesky:d1", workspace="air", customer=customer)
    assert {entry.text for entry in ben.timeline(customer)[0]} == {"on X", "on Bluesky"}
    with pytest.raises(InvalidValueError, match="is linked to customer"):
        ben.link_account("x:c1", workspace="air")
    ben.unlink_account("x:c1", customer)
    assert [entry.text for entry in ben.timeline(customer)[0]] == ["on Bluesky"]


def test_erasure(inbox: Inbox) -> None:
    """No text, name or handle of an erased account remains, and the message is not stored again."""
    conversation = inbox.receive()
    eva = inbox.acting_as("eva")
    eva.open_case("A case", conversation)
    eva.link_account("x:c1", workspace="air")
    assert eva.erase_customer("x:c1", workspace="air", reason="request of 7 April") >= 3
    for entry in inbox.desk.feed(limit=10_000):
        assert "flight" not in repr(entry)
        # The ids of items are hexadecimal, and may contain the same letters.
        assert not re.search(r"(?<![0-9a-f])c1(?![0-9a-f])", repr(entry.data)), entry
    assert inbox.desk.receive([message()])[0].kind != "new"
    assert inbox.desk.audit().clean


def test_direct_message(inbox: Inbox) -> None:
    """A direct message is answered as one, and refused where none can be sent."""
    direct = inbox.receive(kind="direct", root="chat-1")
    inbox.acting_as("ben").reply(direct, "Sorry")
    (post,) = inbox.desk.posts()
    assert (post.content.format, post.content.reply_to) == ("message", "chat-1")


def test_reindex_and_audit(inbox: Inbox) -> None:
    """Snapshots and rows of the inbox can be rebuilt from the events."""
    test_message_is_answered(inbox)
    test_hand_off(Inbox(inbox.network.path.parent / "second"))
    before = inbox.acting_as("ben").find()
    inbox.desk.reindex()
    assert inbox.acting_as("ben").find() == before
    assert inbox.desk.audit().clean


def test_unanswered(inbox: Inbox) -> None:
    """Unanswered conversations are listed by how long they wait, to those who may see them."""
    for number, profile in enumerate(("air-x", "other-x", "air-bluesky", "air-x", "air-x"), 1):
        inbox.receive(network_id=str(number), profile=profile, author=f"c{number}")
        inbox.later(minutes=1)
    ben = inbox.acting_as("ben")
    first, third, fourth, fifth = ben.unanswered()
    assert [each.profile for each in (first, third)] == ["air-x", "air-bluesky"]
    waits = [each.unanswered_since for each in (first, third, fourth, fifth)]
    assert waits == sorted(waits)
    assert ben.unanswered(profile="air-bluesky") == (third,)
    assert [each.profile for each in inbox.acting_as("tom").unanswered()] == ["other-x"]
    # A later message does not move a conversation back, and an answer removes it.
    inbox.receive(network_id="6", parent="1", author="c1")
    ben.reply(fourth, "Sorry")
    inbox.desk.run_due()
    ben.snooze(fifth, until=NOW + dt.timedelta(days=1))
    assert [each.id for each in ben.unanswered()] == [first.id, third.id, fifth.id]
    with pytest.raises(NotFoundError):
        ben.unanswered(profile="other-x")


def test_to_do_of_a_team(inbox: Inbox) -> None:
    """What a team is accountable for is on the list of each member, the oldest task first."""
    first = inbox.receive()
    inbox.later(minutes=1)
    second = inbox.receive(network_id="2", author="c2")
    ben, ana = inbox.acting_as("ben"), inbox.acting_as("ana")
    for each in (ana, ben):
        assert [(task.kind, task.item.id) for task in each.to_do()] == [
            ("answer", first.id),
            ("answer", second.id),
        ]
    ben.claim(first)
    assert [task.item.id for task in ana.to_do()] == [second.id]
    assert [task.item.id for task in ben.to_do()] == [first.id, second.id]
    inbox.later(minutes=1)
    case = ben.open_case("Cancelled flight", first)
    ben.claim(case)
    assert [(task.kind, task.item.id) for task in ben.to_do()] == [
        ("answer", first.id),
        ("answer", second.id),
        ("work", case.id),
    ]
    assert inbox.acting_as("noor").to_do() == ()


def test_missing_answers_name_what_to_do(inbox: Inbox) -> None:
    """Bad input gets an error that names the value."""
    conversation = inbox.receive()
    ben = inbox.acting_as("ben")
    with pytest.raises(InvalidValueError, match="is only an id"):
        ben.reply(conversation.id, "x")
    with pytest.raises(InvalidValueError, match="cannot have been seen"):
        ben.reply(conversation, "x", seen=99)
    with pytest.raises(InvalidValueError, match="needs text"):
        ben.reply(conversation, " ")
    with pytest.raises(InvalidValueError, match="has passed"):
        ben.snooze(conversation, until=NOW)
    with pytest.raises(InvalidValueError, match="is not a state"):
        ben.find(state="closed")
    with pytest.raises(InvalidValueError, match="is not a cursor"):
        ben.find(after="x")
    with pytest.raises(NotFoundError):
        inbox.desk.receive([message(profile="nowhere")])


def test_offboarding(inbox: Inbox) -> None:
    """The plan lists a leaver's conversations, cases and unsent replies, which are handed over."""
    conversation = inbox.receive()
    second = inbox.receive(network_id="2", text="Other")
    ana, ben = inbox.acting_as("ana"), inbox.acting_as("ben")
    ana.claim(conversation)
    ana.draft_reply(conversation, "Half a sentence")
    ana.claim(second)
    case = ana.open_case("Flight", conversation, owner="member:ana")
    eva = inbox.desk.acting_as("eva")
    plan = inbox.desk.offboarding_plan("ana")
    places = {item.place for item in plan.items}
    assert {f"conversation {conversation.id}", f"case {case.id}"} <= places
    eva.offboard(
        "ana",
        reassign_to={f"conversation {conversation.id}": "ben", "cases": "ben"},
        reason="a new job",
    )
    moved = ben.conversation(conversation)
    assert moved.owner == "member:ben"
    assert [reply.by for reply in moved.replies] == ["ben"]
    assert ben.case(case).owner == "member:ben"
    assert ben.conversation(second).owner == ""
    assert str(ben.view(second).accountable.principal) == "team:care"


def test_equal_times_keep_order_of_arrival(inbox: Inbox) -> None:
    """Many networks report whole seconds; messages of one second stay in their order of arrival."""
    for number in range(12):
        conversation = inbox.receive(network_id=str(number), root="7", text=str(number))
    ben = inbox.acting_as("ben")
    newest = ben.view(conversation, limit=5)
    older = ben.view(conversation, before=newest.older, limit=7)
    texts = [entry.text for entry in (*older.entries, *newest.entries)]
    assert texts == [str(number) for number in range(12)]


def test_reply_is_hidden_without_view_inbox(tmp_path: Path) -> None:
    """A member who sees posts but not the inbox does not see the text of a private answer."""
    document = DOCUMENT.replace('["view", "view_inbox", "comment"]', '["view", "comment"]')
    inbox = Inbox(tmp_path, document=document)
    direct = inbox.receive(kind="direct", root="chat-1")
    inbox.acting_as("ben").reply(direct, "A private answer")
    (post,) = inbox.desk.posts()
    noor = inbox.desk.acting_as("noor")
    with pytest.raises(NotFoundError):
        noor.post_view(post.id)
    for published in (False, True):
        if published:
            inbox.desk.run_due()
        for viewer, sees in (("noor", False), ("ben", True)):
            calendar = inbox.desk.calendar("2026-04-01", "2026-05-01", viewer=viewer)
            assert ("private" in repr(calendar.entries())) is sees


def test_async_inbox(tmp_path: Path) -> None:
    """The async inbox performs the same commands and queries."""

    async def answer() -> list[str]:
        sandbox = Sandbox(tmp_path / "out", durable=False)
        desk = await AsyncDesk.create(
            tmp_path / "desk.db",
            Organization.loads(DOCUMENT),
            owner="eva",
            networks={"*": sandbox},
        )
        (received,) = await desk.receive([message(created_at=NOW)])
        ben = (await desk.acting_as("ben")).inbox
        view = await ben.view(received.conversation)
        await ben.reply(view.item, "Sorry")
        with pytest.raises(NotAllowedError):
            await ben.reply(view.item, "Sorry again")
        await desk.run_due()
        texts = [entry.text for entry in (await ben.view(view.item)).entries]
        await desk.close()
        return texts

    assert asyncio.run(answer()) == ["My flight was cancelled", "Sorry"]

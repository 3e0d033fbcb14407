"""The streams of the inbox, with their snapshots, reducers and projection rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final

from socialcollab.inbox import (
    Case,
    Conversation,
    Customer,
    Item,
    Note,
    StoredMessage,
    evolve_case,
    evolve_conversation,
    evolve_customer,
    evolve_message,
    evolve_note,
    excerpt,
    normalised,
)
from socialcollab.stores import Column, Projection, Row, microseconds
from socialcollab.workflow import Actor

_SEARCHED: Final = 1_000

INBOX_PROJECTIONS: Final = (
    Projection(
        "conversations",
        (
            *("profile", "workspace", "state", "priority", "owner"),
            *("case", "customer", "unanswered", "newest", "title"),
        ),
        ("newest",),
        indexes=(("profile", "state"), "profile", "owner", "case", "customer", "state"),
    ),
    Projection(
        "cases",
        ("workspace", "state", "priority", "owner", "newest", "title"),
        ("newest",),
        indexes=(("workspace", "state"), "workspace", "owner", "state"),
    ),
    Projection("inbox_tags", ("tag", "item"), indexes=("tag",)),
    # The members on whom open items depend: their owners, and the authors of unsent replies.
    Projection("inbox_members", ("member", "item"), indexes=("member",)),
    # The messages and notes of a conversation or case, newest first.
    Projection(
        "inbox_entries",
        ("item", "newest", "number", "text"),
        ("newest", "number"),
        indexes=("item",),
    ),
    Projection("accounts", ("account", "workspace", "customer"), indexes=("account", "customer")),
)
"""The projections of the inbox."""


def newest_first(at: dt.datetime) -> int:
    """Return the value of a column by which later instants are sorted first."""
    return -microseconds(at)


def _message(name: str, snapshot: Any, data: Any, _: Actor, at: dt.datetime) -> StoredMessage:
    return evolve_message(snapshot, data, identifier=name, at=at)


def _note(name: str, _: Any, data: Any, actor: Actor, at: dt.datetime) -> Note:
    return evolve_note(data, identifier=name, actor=actor, at=at)


def _conversation(
    name: str, snapshot: Any, data: Any, actor: Actor, at: dt.datetime
) -> Conversation:
    return evolve_conversation(snapshot, data, identifier=name, actor=actor, at=at)


def _case(name: str, snapshot: Any, data: Any, actor: Actor, at: dt.datetime) -> Case:
    return evolve_case(snapshot, data, identifier=name, actor=actor, at=at)


def _customer(name: str, snapshot: Any, data: Any, _: Actor, __: dt.datetime) -> Customer:
    return evolve_customer(snapshot, data, identifier=name)


INBOX_KINDS: Final[
    Mapping[str, tuple[type[Any], Callable[[str, Any, Any, Actor, dt.datetime], Any]]]
] = {
    "conversation": (Conversation, _conversation),
    "case": (Case, _case),
    "customer": (Customer, _customer),
    "message": (StoredMessage, _message),
    "note": (Note, _note),
}
"""The snapshot class of each kind, and the function that applies one event to a snapshot."""


def inbox_rows(stream: str, snapshot: Any) -> list[Row]:
    """Return the projection rows of a stream of the inbox."""
    if isinstance(snapshot, Conversation):
        return _conversation_rows(stream, snapshot)
    if isinstance(snapshot, Case):
        return _case_rows(stream, snapshot)
    if isinstance(snapshot, Customer):
        return [
            Row(
                "accounts",
                f"{snapshot.id}|{account}",
                stream,
                {"account": account, "workspace": snapshot.workspace, "customer": snapshot.id},
            )
            for account in snapshot.accounts
        ]
    if isinstance(snapshot, StoredMessage):
        item = f"conversation/{snapshot.conversation}"
        return [_entry(stream, item, snapshot, snapshot.text)]
    if isinstance(snapshot, Note):
        # Searches do not read notes, because a hit would reveal an internal note.
        return [_entry(stream, snapshot.item, snapshot, "")]
    return []


def _entry(stream: str, item: str, entry: StoredMessage | Note, text: str) -> Row:
    columns: dict[str, Column] = {
        "item": item,
        "newest": newest_first(entry.at),
        "number": -entry.number,
        "text": normalised(text[:_SEARCHED]),
    }
    return Row("inbox_entries", stream, stream, columns)


def _conversation_rows(stream: str, conversation: Conversation) -> list[Row]:
    since = conversation.unanswered_since
    columns: dict[str, Column] = {
        "profile": conversation.profile,
        "workspace": conversation.workspace,
        "state": "merged" if conversation.merged_into else conversation.state,
        "priority": conversation.priority,
        "owner": conversation.owner,
        "case": conversation.case,
        "customer": conversation.customer,
        "unanswered": None if since is None else microseconds(since),
        "newest": newest_first(conversation.changed_at),
        "title": excerpt(conversation.title),
    }
    rows = [Row("conversations", conversation.id, stream, columns)]
    rows += _tag_rows(stream, conversation)
    rows += _member_rows(stream, conversation)
    at = _due_at(conversation)
    if at is not None:
        due: dict[str, Column] = {"at": microseconds(at), "kind": "inbox"}
        rows.append(Row("due", stream, stream, due))
    return rows


def _case_rows(stream: str, case: Case) -> list[Row]:
    columns: dict[str, Column] = {
        "workspace": case.workspace,
        "state": "merged" if case.merged_into else case.state,
        "priority": case.priority,
        "owner": case.owner,
        "newest": newest_first(case.changed_at),
        "title": excerpt(case.title),
    }
    rows = [
        Row("cases", case.id, stream, columns),
        *_tag_rows(stream, case),
        *_member_rows(stream, case),
    ]
    if case.until is not None and case.state == "on_hold":
        due: dict[str, Column] = {"at": microseconds(case.until), "kind": "inbox"}
        rows.append(Row("due", stream, stream, due))
    return rows


def _tag_rows(stream: str, item: Item) -> list[Row]:
    return [
        Row("inbox_tags", f"{stream}|{tag}", stream, {"tag": tag, "item": stream})
        for tag in item.tags
    ]


def _member_rows(stream: str, item: Item) -> list[Row]:
    if not item.is_open:
        return []
    principals = [item.owner, item.hand_off.to if item.hand_off is not None else ""]
    members = {each.removeprefix("member:") for each in principals if each.startswith("member:")}
    if isinstance(item, Conversation):
        members |= {reply.by for reply in item.replies}
    return [
        Row("inbox_members", f"{stream}|{member}", stream, {"member": member, "item": stream})
        for member in sorted(members)
    ]


def _due_at(conversation: Conversation) -> dt.datetime | None:
    """Return when a worker has to act: to end the hold, or to moderate."""
    instants = [each.not_before or each.at for each in conversation.requests]
    if conversation.state == "on_hold" and conversation.until is not None:
        instants.append(conversation.until)
    return min(instants, default=None)

"""Queries of the inbox, each limited to what a member may see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.desk.engine import Engine, State
from socialcollab.desk.inbox.commands import load_item
from socialcollab.desk.queries.calendar import all_rows
from socialcollab.directory import Principal
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.inbox import (
    ITEM_STATES,
    Accountability,
    Case,
    Conversation,
    Customer,
    InboxRules,
    Item,
    Note,
    StoredMessage,
    accountable,
    is_visible,
    normalised,
)
from socialcollab.stores import Column, Row
from socialcollab.verdicts import Reason
from socialcollab.workflow import Actor

_PAGE: Final = 200
_MOST: Final = 1_000


@attrs.frozen(kw_only=True)
class ConversationView:
    """
    A conversation or case as a member sees it.

    Attributes:
        item: The conversation or case. Pass `item.version` as *seen* to a reply.
        accountable: The one party that is accountable for it, with the reasons.
        entries: Messages and notes, oldest first. Internal notes are for staff only.
        older: The cursor for the entries before these, or an empty string if there are none.
        case: The conversation's case, or None.
        conversations: The conversations of a case that the member may see.
    """

    item: Item
    accountable: Accountability
    entries: tuple[StoredMessage | Note, ...] = ()
    older: str = ""
    case: Case | None = None
    conversations: tuple[Conversation, ...] = ()


@attrs.frozen(kw_only=True)
class FoundConversations:
    """
    A page of conversations, those that changed last first.

    Attributes:
        conversations: The conversations.
        cursor: The cursor for the next page, or an empty string if there is none.
    """

    conversations: tuple[Conversation, ...]
    cursor: str = ""


@attrs.frozen(kw_only=True)
class InboxToDo:
    """
    A conversation or case on a member's to-do list.

    Attributes:
        kind: "answer" a customer, "accept" an item that was offered, "decide" on a proposal about
            the conversation, "send" a reply that was stopped, or "work" on an open item.
        item: The conversation or case.
        since: Since when, in UTC.
    """

    kind: str
    item: Item
    since: dt.datetime

    @property
    def reason(self) -> Reason:
        """The task, as a `Reason` with a code and parameters."""
        name = f"“{self.item.title}”" if self.item.title else f"`{self.item.id}`"
        return Reason.of(f"to_do.inbox.{self.kind}", item=name, item_id=self.item.id)

    def text(self, language: str = "en") -> str:
        """Return the task in words, such as "answer “My flight was cancelled”"."""
        return self.reason.text(language)


def inbox_rules(engine: Engine, state: State, actor: Actor) -> InboxRules:
    """Return the rules for a query by an actor at this time."""
    context = engine.context(state, actor, now=engine.now())
    return InboxRules(context=context, settings=state.organization.inbox)


def read_item(engine: Engine, actor: Actor, item: str) -> Effects[Any]:
    """Return a conversation or case that the actor may see."""
    state = yield from engine.state()
    loaded = yield from load_item(engine, item, inbox_rules(engine, state, actor))
    return loaded.snapshot


def read_view(
    engine: Engine, actor: Actor, item: str, *, before: str, limit: int
) -> Effects[ConversationView]:
    """Return a conversation or case with a page of its messages and notes."""
    _check_limit(limit)
    state = yield from engine.state()
    rules = inbox_rules(engine, state, actor)
    found: Item = (yield from load_item(engine, item, rules)).snapshot
    case = None
    conversations: tuple[Conversation, ...] = ()
    if isinstance(found, Conversation) and found.case:
        case = (yield from engine.load(f"case/{found.case}")).snapshot
    if isinstance(found, Case):
        names = [f"conversation/{name}" for name in found.conversations]
        loaded = yield from engine.load_all(names)
        conversations = tuple(
            each.snapshot
            for each in loaded.values()
            if is_visible(each.snapshot, actor.name, rules)
        )
    items = [found.stream, *(f"{found.stream.partition('/')[0]}/{n}" for n in found.merged_from)]
    entries, older = yield from _entries(engine, rules, items, before=before, limit=limit)
    return ConversationView(
        item=found,
        accountable=accountable(found, rules.context, rules.settings, case=case),
        entries=entries,
        older=older,
        case=case if case is not None and is_visible(case, actor.name, rules) else None,
        conversations=conversations,
    )


def _entries(
    engine: Engine, rules: InboxRules, items: Sequence[str], *, before: str, limit: int
) -> Effects[tuple[tuple[StoredMessage | Note, ...], str]]:
    """Return a page of messages and notes, oldest first, and the cursor of the page before it."""
    member = rules.context.access.member(rules.me)
    staff = member is not None and member.kind == "staff"
    rows = yield from call(
        engine.store.query,
        "inbox_entries",
        where={"item": tuple(items)},
        after=_as_row("inbox_entries", before),
        limit=limit + 1,
    )
    page = rows[:limit]
    loaded = yield from engine.load_all(row.stream for row in page)
    entries = [
        each.snapshot
        for each in loaded.values()
        if staff or not (isinstance(each.snapshot, Note) and each.snapshot.internal)
    ]
    older = _as_cursor(page[-1]) if len(rows) > limit else ""
    return tuple(reversed(entries)), older


def _as_cursor(row: Row) -> str:
    return f"{row.columns['newest']}|{row.columns.get('number', 0)}|{row.key}"


def _as_row(projection: str, cursor: str) -> Row | None:
    """Return the row after which a page begins; a store compares only the sorted columns."""
    if not cursor:
        return None
    newest, _, rest = cursor.partition("|")
    number, bar, key = rest.partition("|")
    if not bar or not all(part.removeprefix("-").isdecimal() for part in (newest, number)):
        raise InvalidValueError(
            f"`{cursor}` is not a cursor", value=cursor, expected="the cursor of an earlier page"
        )
    empty: dict[str, Column] = dict.fromkeys(_COLUMNS[projection], "")
    if "number" in empty:
        empty["number"] = int(number)
    return Row(projection, key, key, {**empty, "newest": int(newest)})


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "inbox_entries": ("item", "newest", "number", "text"),
    "conversations": (
        *("profile", "workspace", "state", "priority", "owner"),
        *("case", "customer", "unanswered", "newest", "title"),
    ),
}


def _check_limit(limit: int) -> None:
    if type(limit) is not int or not 1 <= limit <= _MOST:
        raise InvalidValueError(
            f"the limit is {limit!r}", value=limit, expected=f"a number from 1 to {_MOST}"
        )


def find(
    engine: Engine,
    actor: Actor,
    *,
    state: tuple[str, ...],
    profile: str,
    owner: str,
    tag: str,
    text: str,
    customer: str,
    after: str,
    limit: int,
) -> Effects[FoundConversations]:
    """Return a page of the conversations that match all conditions; see `MemberInbox.find`."""
    _check_limit(limit)
    for name in state:
        if name not in ITEM_STATES:
            raise InvalidValueError(
                f"`{name}` is not a state of a conversation",
                value=name,
                expected=" or ".join(ITEM_STATES),
            )
    current = yield from engine.state()
    rules = inbox_rules(engine, current, actor)
    visible = _visible_profiles(rules, profile)
    where: dict[str, Column | tuple[Column, ...]] = {
        "profile": visible,
        "state": state or ITEM_STATES,
    }
    if owner:
        where["owner"] = str(Principal.parse(owner))
    if customer:
        where["customer"] = yield from _accounts(engine, rules, customer)
    tagged = None
    if tag:
        rows = yield from all_rows(engine, "inbox_tags", where={"tag": tag})
        tagged = {str(row.columns["item"]) for row in rows}
    wanted = normalised(text)
    found: list[Row] = []
    last = _as_row("conversations", after)
    more = bool(visible)
    while more and len(found) <= limit:
        candidates = yield from call(
            engine.store.query, "conversations", where=where, after=last, limit=_PAGE
        )
        for row in candidates:
            if tagged is not None and row.stream not in tagged:
                continue
            if not wanted or (yield from _contains(engine, row, wanted)):
                found.append(row)
        more = len(candidates) == _PAGE
        last = candidates[-1] if candidates else None
    page = found[:limit]
    loaded = yield from engine.load_all(row.stream for row in page)
    return FoundConversations(
        conversations=tuple(each.snapshot for each in loaded.values()),
        cursor=_as_cursor(page[-1]) if len(found) > limit else "",
    )


def _contains(engine: Engine, row: Row, wanted: str) -> Effects[bool]:
    """Return whether a message of a conversation contains a text."""
    conversation: Conversation = (yield from engine.load(row.stream)).snapshot
    items = (row.stream, *(f"conversation/{name}" for name in conversation.merged_from))
    last: Row | None = None
    while True:
        entries = yield from call(
            engine.store.query, "inbox_entries", where={"item": items}, after=last, limit=_MOST
        )
        if any(wanted in str(entry.columns["text"]) for entry in entries):
            return True
        if len(entries) < _MOST:
            return False
        last = entries[-1]


def _visible_profiles(rules: InboxRules, profile: str = "") -> tuple[str, ...]:
    names = rules.context.access.profiles(rules.me, "view_inbox", at=rules.context.now)
    if not profile:
        return tuple(names)
    if profile not in names:
        raise NotFoundError("profile", profile)
    return (profile,)


def unanswered(engine: Engine, actor: Actor, *, profile: str) -> Effects[tuple[Conversation, ...]]:
    """Return the conversations with an unanswered message, the longest waiting first."""
    state = yield from engine.state()
    rules = inbox_rules(engine, state, actor)
    where = {"profile": _visible_profiles(rules, profile), "state": ("open", "waiting", "on_hold")}
    rows = yield from all_rows(engine, "conversations", where=where)
    waiting = [row for row in rows if row.columns["unanswered"] is not None]
    waiting.sort(key=lambda row: (_number(row.columns["unanswered"]), row.key))
    loaded = yield from engine.load_all(row.stream for row in waiting)
    return tuple(each.snapshot for each in loaded.values())


def _number(value: Column) -> int:
    return value if isinstance(value, int) else 0


def inbox_to_do(engine: Engine, member: str) -> Effects[tuple[InboxToDo, ...]]:
    """
    Return the conversations and cases for which a member is accountable, the oldest task first.

    Items that belong to a team are on the lists of all of its members.
    """
    state = yield from engine.state()
    rules = inbox_rules(engine, state, Actor.member(member))
    rows = yield from all_rows(
        engine,
        "conversations",
        where={"profile": _visible_profiles(rules), "state": ("open", "waiting", "on_hold")},
    )
    rows += yield from all_rows(engine, "cases", where={"state": ("open", "waiting", "on_hold")})
    loaded = yield from engine.load_all(row.stream for row in rows)
    names = {f"case/{each.snapshot.case}" for each in loaded.values() if _case_of(each.snapshot)}
    cases = yield from engine.load_all(sorted(names))
    tasks: list[InboxToDo] = []
    for each in loaded.values():
        item: Item = each.snapshot
        if not is_visible(item, member, rules):
            continue
        case = cases[f"case/{_case_of(item)}"].snapshot if _case_of(item) else None
        party = accountable(item, rules.context, rules.settings, case=case).principal
        tasks += _tasks(item, member, rules, accountable_for=_includes(party, member, rules))
    return tuple(sorted(tasks, key=lambda task: (task.since, task.item.id, task.kind)))


def _case_of(item: Item) -> str:
    return item.case if isinstance(item, Conversation) else ""


def _includes(principal: Principal, member: str, rules: InboxRules) -> bool:
    return member in rules.context.access.everyone_in(principal)


def _tasks(
    item: Item, member: str, rules: InboxRules, *, accountable_for: bool
) -> Iterator[InboxToDo]:
    offer = item.hand_off
    if offer is not None and _includes(Principal.parse(offer.to), member, rules):
        yield InboxToDo(kind="accept", item=item, since=offer.at)
    if isinstance(item, Conversation):
        for reply in item.replies:
            if reply.by == member and reply.status == "stopped":
                yield InboxToDo(kind="send", item=item, since=item.changed_at)
    if not accountable_for:
        return
    if isinstance(item, Conversation):
        if item.recycled or item.reopen_case:
            yield InboxToDo(kind="decide", item=item, since=item.changed_at)
        if item.unanswered_since is not None and item.state != "on_hold":
            yield InboxToDo(kind="answer", item=item, since=item.unanswered_since)
    elif item.state == "open":
        yield InboxToDo(kind="work", item=item, since=item.opened_at)


def _accounts(engine: Engine, rules: InboxRules, customer: str) -> Effects[tuple[str, ...]]:
    """Return the accounts of a customer, or the account itself if it is written as ``x:12345``."""
    if ":" in customer:
        return (customer,)
    found = yield from read_customer(engine, rules, customer)
    return found.accounts


def read_customer(engine: Engine, rules: InboxRules, customer: str) -> Effects[Customer]:
    """
    Return a customer.

    Raises:
        NotFoundError: If the customer does not exist or is not visible to the actor.
    """
    found: Customer | None = (yield from engine.load(f"customer/{customer}")).snapshot
    context = rules.context
    if found is None or not context.access.allows(
        rules.me, "view_inbox", found.workspace, at=context.now
    ):
        raise NotFoundError("customer", customer)
    return found


def customer_timeline(
    engine: Engine, actor: Actor, customer: str, *, before: str, limit: int
) -> Effects[tuple[tuple[StoredMessage | Note, ...], str]]:
    """Return the messages and notes of a customer on all networks; see `MemberInbox.timeline`."""
    _check_limit(limit)
    state = yield from engine.state()
    rules = inbox_rules(engine, state, actor)
    found = yield from read_customer(engine, rules, customer)
    rows: list[Row] = []
    if found.accounts:
        where: dict[str, Column | tuple[Column, ...]] = {
            "customer": found.accounts,
            "workspace": found.workspace,
            "profile": _visible_profiles(rules),
        }
        rows = yield from all_rows(engine, "conversations", where=where)
    if not rows:
        return (), ""
    items = [row.stream for row in rows]
    return (yield from _entries(engine, rules, items, before=before, limit=limit))

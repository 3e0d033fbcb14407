"""Decide the commands of the inbox, with the states that they depend on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import attrs

from socialcollab.desk.engine import Engine, Loaded, State
from socialcollab.desk.inbox.replies import load_conversation
from socialcollab.effects import Effects, call
from socialcollab.errors import InvalidValueError, NotFoundError
from socialcollab.inbox import (
    ApproveReply,
    Case,
    ConfirmReply,
    Conversation,
    FileConversation,
    InboxCommand,
    InboxRules,
    LinkAccount,
    MergeItems,
    Moderate,
    OpenCase,
    Reply,
    SplitOff,
    UnlinkAccount,
    answer_content,
    check_allowed,
    check_approval,
    check_reply,
    decide_item,
    decide_moderation,
    file_conversation,
    link_account,
    merge_cases,
    merge_conversations,
    open_case,
    prepare_reply,
    rivals_of,
    split_off,
    unlink_account,
    withdraw_reply,
)
from socialcollab.workflow import Actor, decide_post, evolve_post
from socialcollab.workflow import commands as cm
from socialcollab.workflow import events as ev
from socialcollab.workflow.events import Event


@attrs.frozen(kw_only=True)
class _Answer:
    """A conversation to answer, with the inputs of the decision."""

    engine: Engine
    state: State
    actor: Actor
    rules: InboxRules
    now: dt.datetime
    item: Loaded
    conversation: Conversation
    decide_on_post: DecidePost


DecidePost = Callable[..., Effects[tuple[tuple[Event, ...], list[Loaded]]]]
"""Decides a command on a post that has been read; see `decide_on_post` in `perform`."""


def decide_inbox(
    engine: Engine,
    state: State,
    actor: Actor,
    command: InboxCommand,
    *,
    now: dt.datetime,
    decide_on_post: DecidePost,
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    """
    Return the events of a command, the streams on which they depend, and the salt of a new post.

    Args:
        engine: The desk's engine.
        state: The current state.
        actor: The actor who performs the command.
        command: The command.
        now: The current instant, according to the desk's clock.
        decide_on_post: Decides a command on the post that contains a reply.
    """
    context = engine.context(state, actor, now=now)
    rules = InboxRules(context=context, settings=state.organization.inbox)
    if isinstance(command, LinkAccount | UnlinkAccount):
        return (yield from _decide_customer(engine, command, rules))
    if isinstance(command, OpenCase):
        loaded = yield from engine.load(f"case/{command.case}")
        items = yield from _conversations(engine, command.conversations, rules)
        events = open_case(loaded.snapshot, command, [each.snapshot for each in items], rules)
        return events, [loaded, *items], b""
    if isinstance(command, MergeItems):
        return (yield from _decide_merge(engine, command, rules))
    item = yield from load_item(engine, command.item, rules)
    if isinstance(command, Reply | ConfirmReply | ApproveReply):
        answer = _Answer(
            engine=engine,
            state=state,
            actor=actor,
            rules=rules,
            now=now,
            item=item,
            conversation=_as_conversation(item),
            decide_on_post=decide_on_post,
        )
        if isinstance(command, Reply):
            return (yield from _decide_reply(answer, command))
        if isinstance(command, ConfirmReply):
            return (yield from _decide_confirm(answer, command))
        return (yield from _decide_approve(answer, command))
    if isinstance(command, FileConversation):
        case = yield from load_item(engine, f"case/{command.case}", rules)
        events = file_conversation(_as_conversation(item), case.snapshot, rules)
        return events, [item, case], b""
    if isinstance(command, SplitOff):
        return (yield from _decide_split(engine, item, command, rules))
    if isinstance(command, Moderate):
        message = yield from engine.load(f"message/{command.message}")
        events = decide_moderation(_as_conversation(item), message.snapshot, command, rules)
        return events, [item, message], b""
    events = decide_item(item.snapshot, command, rules)
    return events, [item], b""


def load_item(engine: Engine, item: str, rules: InboxRules) -> Effects[Loaded]:
    """
    Read a conversation or case; a merged conversation is replaced with the one that absorbed it.

    Raises:
        NotFoundError: If the item does not exist or is not visible to the actor.
        InvalidValueError: If *item* is not the name of an item's stream.
    """
    kind, _, name = item.partition("/")
    if kind not in ("conversation", "case") or not name:
        raise InvalidValueError(
            f"`{item}` is not a conversation or case",
            value=item,
            expected="conversation/ or case/, followed by its id",
        )
    if kind == "conversation":
        loaded: Loaded = yield from load_conversation(engine.load, name)
    else:
        loaded = yield from engine.load(item)
        while loaded.snapshot is not None and loaded.snapshot.merged_into:
            loaded = yield from engine.load(f"case/{loaded.snapshot.merged_into}")
    if loaded.snapshot is None:
        raise NotFoundError(kind, name)
    check_allowed("view_inbox", loaded.snapshot, rules)
    return loaded


def _as_conversation(loaded: Loaded) -> Conversation:
    if not isinstance(loaded.snapshot, Conversation):
        raise InvalidValueError(
            f"`{loaded.stream}` is not a conversation",
            value=loaded.stream,
            expected="a conversation",
        )
    return loaded.snapshot


def _conversations(
    engine: Engine, names: tuple[str, ...], rules: InboxRules
) -> Effects[list[Loaded]]:
    items: list[Loaded] = []
    for name in dict.fromkeys(names):
        loaded = yield from load_item(engine, f"conversation/{name}", rules)
        if all(each.stream != loaded.stream for each in items):
            items.append(loaded)
    return items


def _decide_customer(
    engine: Engine, command: LinkAccount | UnlinkAccount, rules: InboxRules
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    loaded = yield from engine.load(f"customer/{command.customer}")
    if isinstance(command, UnlinkAccount):
        return unlink_account(loaded.snapshot, command, rules), [loaded], b""
    where = {"account": command.account, "workspace": command.workspace}
    rows = yield from call(engine.store.query, "accounts", where=where, limit=1)
    owner = str(rows[0].columns["customer"]) if rows else ""
    return link_account(loaded.snapshot, owner, command, rules), [loaded], b""


def _decide_merge(
    engine: Engine, command: MergeItems, rules: InboxRules
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    target = yield from load_item(engine, command.item, rules)
    others: list[Loaded] = []
    for name in dict.fromkeys(command.others):
        other = yield from load_item(engine, name, rules)
        others.append(other)
    loaded = [target, *others]
    if any(type(each.snapshot) is not type(target.snapshot) for each in others):
        raise InvalidValueError(
            "a conversation and a case cannot be merged",
            value=command.others,
            expected="items of one kind",
        )
    if isinstance(target.snapshot, Conversation):
        events = merge_conversations(target.snapshot, [each.snapshot for each in others], rules)
        return events, loaded, b""
    names = [name for each in others for name in each.snapshot.conversations]
    moved = list((yield from engine.load_all(f"conversation/{name}" for name in names)).values())
    events = merge_cases(
        target.snapshot,
        [each.snapshot for each in others],
        [each.snapshot for each in moved],
        rules,
    )
    return events, [*loaded, *moved], b""


def _decide_split(
    engine: Engine, item: Loaded, command: SplitOff, rules: InboxRules
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    conversation = _as_conversation(item)
    loaded = [item]
    case: Case | None = None
    new: Case | None = None
    if conversation.case:
        old = yield from engine.load(f"case/{conversation.case}")
        case = old.snapshot
        loaded.append(old)
    if command.case:
        created = yield from engine.load(f"case/{command.case}")
        new = created.snapshot
        loaded.append(created)
    return split_off(conversation, case, new, command, rules), loaded, b""


def _decide_reply(
    answer: _Answer, command: Reply
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    engine, item, conversation = answer.engine, answer.item, answer.conversation
    anyway = check_reply(conversation, command, answer.rules)
    answered = yield from engine.load(f"message/{conversation.last_message}")
    content = answer_content(
        conversation, answered.snapshot.message, command.text, command.language, answer.rules
    )
    drafting = cm.Draft(
        post=command.post,
        workspace=conversation.workspace,
        content=content,
        salt=command.salt,
        kind="reply",
        conversation=conversation.id,
    )
    context = engine.context(
        answer.state,
        answer.actor,
        now=answer.now,
        content=content,
        workspace=conversation.workspace,
    )
    stream = f"post/{command.post}"
    post = yield from engine.load(stream)
    drafted = decide_post(post.snapshot, drafting, context)
    snapshot = None
    for event in drafted:
        snapshot = evolve_post(
            snapshot, event.data, actor=answer.actor, at=answer.now, salt=command.salt
        )
    assert snapshot is not None  # noqa: S101  the first event creates it
    events: tuple[Event, ...] = drafted
    loaded = [item]
    if command.mode != "draft":
        sent, read = yield from answer.decide_on_post(
            engine,
            answer.state,
            answer.actor,
            _leaving(command.mode, command.post, snapshot.post.digest),
            now=answer.now,
            read=(Loaded(stream=stream, version=post.version, snapshot=snapshot), []),
        )
        events = (*events, *sent)
        loaded += [each for each in read if each.stream != stream]
    prepared = prepare_reply(
        conversation,
        command.post,
        mode=_reached(command.mode, events),
        seen=command.seen,
        sent_anyway=anyway,
        rules=answer.rules,
    )
    return (*events, prepared), [*loaded, post], command.salt


def _leaving(mode: str, post: str, revision: str) -> cm.PostCommand:
    if mode == "send":
        return cm.PublishNow(post=post, seen=revision)
    return cm.Submit(post=post, seen=revision, when="as soon as approved")


def _reached(mode: str, events: tuple[Event, ...]) -> str:
    """Return the mode that a reply has reached: a proposal may not need anyone's approval."""
    approved = any(isinstance(event.data, ev.DeliveryPlanned) for event in events)
    return "send" if mode == "propose" and approved else mode


def _decide_confirm(
    answer: _Answer, command: ConfirmReply
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    engine, item, conversation = answer.engine, answer.item, answer.conversation
    check_reply(conversation, command, answer.rules)
    post = yield from engine.post(command.post)
    deliveries = yield from engine.deliveries(post.snapshot.post)
    current = post.snapshot.post
    events: tuple[Event, ...] = ()
    loaded = [item, post, *deliveries]
    if current.state.value != "in_review":
        mode = "send" if current.state.value == "approved" else command.mode
        events, loaded = yield from answer.decide_on_post(
            engine,
            answer.state,
            answer.actor,
            _leaving(mode, command.post, current.digest),
            now=answer.now,
            read=(post, deliveries),
        )
        loaded = [item, *loaded]
        reached = _reached(mode, events)
    else:
        reached = "propose"
    prepared = prepare_reply(
        conversation,
        command.post,
        mode=reached,
        seen=command.seen,
        sent_anyway=False,
        rules=answer.rules,
    )
    return (*events, prepared), loaded, current.salt


def _decide_approve(
    answer: _Answer, command: ApproveReply
) -> Effects[tuple[tuple[Event, ...], list[Loaded], bytes]]:
    engine, item, conversation = answer.engine, answer.item, answer.conversation
    if conversation.reply(command.post) is None:
        raise NotFoundError("reply", command.post)
    post = yield from engine.post(command.post)
    deliveries = yield from engine.deliveries(post.snapshot.post)
    events, loaded = yield from answer.decide_on_post(
        engine,
        answer.state,
        answer.actor,
        cm.Approve(post=command.post, seen=command.revision, note=command.note),
        now=answer.now,
        read=(post, deliveries),
        rivals=command.rivals or "ask",
    )
    loaded = [item, *(each for each in loaded if each.stream != item.stream)]
    if command.rivals == "withdraw" and _approves(events):
        for rival in rivals_of(conversation, command.post):
            other = yield from engine.post(rival.post)
            loaded.append(other)
            cancelled = ev.PostCancelled(reason="")
            events = (
                *events,
                ev.post_event(rival.post, cancelled, answer.actor),
                *withdraw_reply(conversation, rival.post, answer.actor),
            )
    return events, loaded, post.snapshot.post.salt


def _approves(events: tuple[Event, ...]) -> bool:
    return any(isinstance(event.data, ev.PostApproved) for event in events)


def check_answer(
    engine: Engine, events: tuple[Event, ...], conversation: str, post: str, *, rivals: str
) -> Effects[list[Loaded]]:
    """
    Check a command that approves a reply, and return the conversation's stream.

    Raises:
        NotAllowedError: If the conversation has changed since the reply was written, or if other
            replies are proposed and *rivals* is "ask".
    """
    if not _approves(events):
        return []
    loaded = yield from load_conversation(engine.load, conversation)
    if loaded.snapshot is not None:
        check_approval(loaded.snapshot, post, rivals="" if rivals == "ask" else rivals)
    return [loaded]

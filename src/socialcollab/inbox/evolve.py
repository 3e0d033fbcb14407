"""Apply the events of the inbox to the stored states."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

import attrs

from socialcollab.collisions import ActivityKind, ItemActivity
from socialcollab.content import Message, MessageAuthor
from socialcollab.errors import InvalidValueError
from socialcollab.inbox import events as ie
from socialcollab.inbox.model import (
    Case,
    Conversation,
    Customer,
    HandOff,
    Item,
    ModerationRequest,
    Note,
    PendingReply,
    StoredMessage,
    as_tags,
)
from socialcollab.workflow import Actor
from socialcollab.workflow.events import ERASED_TEXT

T = TypeVar("T", Conversation, Case)


def evolve_message(
    stored: StoredMessage | None, data: Any, *, identifier: str, at: dt.datetime
) -> StoredMessage:
    """
    Return a message after one event.

    Raises:
        InvalidValueError: If the event does not belong to a message, or is not its first one.
    """
    if isinstance(data, ie.MessageReceived):
        message = Message(
            network=data.network,
            profile=data.profile,
            network_id=data.network_id,
            kind=data.kind,
            author=MessageAuthor(
                id=_unless_erased(data.author_id),
                handle=_unless_erased(data.author_handle),
                name=data.author_name,
            ),
            created_at=data.created_at,
            text=data.text,
            language=_unless_erased(data.language),
            url=_unless_erased(data.url),
            parent=data.parent,
            root=data.root,
            media=data.media_urls,
            own=data.own,
            hidden=data.hidden,
            deleted=data.deleted,
            version=data.version,
        )
        received = StoredMessage(
            id=identifier,
            conversation=data.conversation,
            message=message,
            received_at=at,
            # A message that claims to come from the future must not stay the newest one for years.
            at=min(data.created_at, at),
            post=data.post,
            number=data.number,
        )
        return received.seen(data.version)
    if stored is None:
        raise InvalidValueError(f"`{data.TYPE}` cannot be the first event of a message")
    if isinstance(data, ie.MessageEdited):
        changed = attrs.evolve(
            stored.message,
            text=data.text,
            media=data.media_urls,
            hidden=data.hidden,
            version=data.version or stored.message.version,
        )
        edits = stored.edits + (data.text != stored.message.text)
        return attrs.evolve(stored, message=changed, edits=edits).seen(data.version)
    if isinstance(data, ie.MessageDeleted):
        return attrs.evolve(stored, message=attrs.evolve(stored.message, text="", deleted=True))
    if isinstance(data, ie.MessageRecognised):
        return attrs.evolve(stored, post=data.post)
    raise InvalidValueError(f"`{data.TYPE}` is not an event of a message", value=data.TYPE)


def evolve_note(data: ie.NoteWritten, *, identifier: str, actor: Actor, at: dt.datetime) -> Note:
    """Return the note that an event contains."""
    return Note(
        id=identifier,
        item=data.item,
        by=actor.name,
        at=at,
        text=data.text,
        internal=data.internal,
        number=data.number,
    )


def evolve_customer(customer: Customer | None, data: Any, *, identifier: str) -> Customer:
    """Return a customer after one event."""
    if isinstance(data, ie.CustomerLinked):
        before = customer or Customer(id=identifier, workspace=data.workspace)
        if data.account == ERASED_TEXT:
            return before
        return attrs.evolve(before, accounts=(*before.accounts, data.account))
    if customer is None or not isinstance(data, ie.CustomerUnlinked):
        raise InvalidValueError(f"`{data.TYPE}` is not an event of a customer", value=data.TYPE)
    return attrs.evolve(
        customer, accounts=tuple(each for each in customer.accounts if each != data.account)
    )


def evolve_conversation(
    conversation: Conversation | None, data: Any, *, identifier: str, actor: Actor, at: dt.datetime
) -> Conversation:
    """
    Return a conversation after one event.

    Raises:
        InvalidValueError: If the event does not belong to a conversation, or is not its first one.
    """
    if isinstance(data, ie.ConversationOpened):
        return Conversation(
            id=identifier,
            profile=data.profile,
            workspace=data.workspace,
            kind=data.kind,
            opened_at=at,
            changed_at=at,
        )
    if conversation is None:
        raise InvalidValueError(
            f"`{data.TYPE}` cannot be the first event of a conversation", value=data.TYPE
        )
    after = _on_item(conversation, data, actor, at)
    if after is not None and after.state == "resolved":
        after = attrs.evolve(after, unanswered_since=None, recycled=False, reopen_case=False)
    if after is None:
        after = _on_conversation(conversation, data, actor, at)
    return attrs.evolve(after, changed_at=at)


def evolve_case(
    case: Case | None, data: Any, *, identifier: str, actor: Actor, at: dt.datetime
) -> Case:
    """
    Return a case after one event.

    Raises:
        InvalidValueError: If the event does not belong to a case, or is not its first one.
    """
    if isinstance(data, ie.CaseOpened):
        return Case(
            id=identifier,
            workspace=data.workspace,
            title=data.title,
            priority=data.priority,
            owner=data.owner,
            customer=_unless_erased(data.customer),
            opened_at=at,
            changed_at=at,
        )
    if case is None:
        raise InvalidValueError(
            f"`{data.TYPE}` cannot be the first event of a case", value=data.TYPE
        )
    after = _on_item(case, data, actor, at)
    if after is None:
        after = _on_case(case, data, actor, at)
    return attrs.evolve(after, changed_at=at)


def _unless_erased(text: str) -> str:
    # Two erased accounts must never count as the same account.
    return "" if text == ERASED_TEXT else text


def _did(item: Item, kind: ActivityKind, by: str, at: dt.datetime) -> ItemActivity:
    return ItemActivity(version=item.version + 1, kind=kind, by=by, at=at)


def _on_item(item: T, data: Any, actor: Actor, at: dt.datetime) -> T | None:
    """Return the item after an event that conversations and cases have in common, or None."""
    if isinstance(data, ie.ItemAssigned):
        return attrs.evolve(item, owner=data.to, hand_off=None)
    if isinstance(data, ie.HandOffOffered):
        offer = HandOff(to=data.to, by=actor.name, at=at) if data.to else None
        return attrs.evolve(item, hand_off=offer)
    if isinstance(data, ie.ItemStateChanged):
        changed = attrs.evolve(
            item,
            state=data.state,
            until=data.until,
            resolved_at=at if data.state == "resolved" else item.resolved_at,
        )
        return changed.with_activity(_did(item, "state", actor.name, at))
    if isinstance(data, ie.ItemPrioritised):
        return attrs.evolve(item, priority=data.priority)
    if isinstance(data, ie.ItemTagged):
        return attrs.evolve(item, tags=as_tags(data.tags))
    if isinstance(data, ie.ItemLinked):
        return attrs.evolve(item, posts=data.posts, campaigns=data.campaigns)
    if isinstance(data, ie.ItemNoted):
        return item.with_activity(_did(item, "note", actor.name, at))
    return None


def _on_conversation(
    before: Conversation, data: Any, actor: Actor, at: dt.datetime
) -> Conversation:
    if isinstance(data, ie.ConversationMessaged):
        return _messaged(before, data, at)
    if isinstance(data, ie.ConversationMessageChanged):
        return before.with_activity(_did(before, "customer_message", data.by or "?", at))
    if isinstance(data, ie.ReplyPrepared):
        return _prepared(before, data, actor, at)
    if isinstance(data, ie.ReplyMoved):
        return _moved(before, data, at)
    if isinstance(data, ie.ReplyHandedOver):
        replies = tuple(
            attrs.evolve(each, by=data.to) if each.post == data.post else each
            for each in before.replies
        )
        return attrs.evolve(before, replies=replies)
    if isinstance(data, ie.ReplyWithdrawn):
        return _without_reply(before, data.post)
    if isinstance(data, ie.ModerationRequested):
        request = ModerationRequest(
            id=data.request,
            action=data.action,
            message=data.message,
            network_id=data.network_id,
            by=actor.name,
            at=at,
        )
        return attrs.evolve(before, requests=(*before.requests, request))
    if isinstance(data, ie.ModerationDone):
        kept = tuple(each for each in before.requests if each.id != data.request)
        return attrs.evolve(before, requests=kept)
    if isinstance(data, ie.ModerationFailed):
        return attrs.evolve(before, requests=_failed(before, data))
    if isinstance(data, ie.ConversationMerged):
        moved = attrs.evolve(
            before, merged_into=data.into, replies=(), unanswered_since=None, hand_off=None, case=""
        )
        return moved.with_activity(_did(before, "state", actor.name, at))
    if isinstance(data, ie.ConversationAbsorbed):
        return _absorbed(before, data, actor, at)
    if isinstance(data, ie.ConversationFiled):
        return attrs.evolve(before, case=data.case, recycled=False, reopen_case=False)
    if isinstance(data, ie.ProposalsCleared):
        return attrs.evolve(before, recycled=False, reopen_case=False)
    raise InvalidValueError(f"`{data.TYPE}` is not an event of a conversation", value=data.TYPE)


def _messaged(before: Conversation, data: ie.ConversationMessaged, at: dt.datetime) -> Conversation:
    account, name = _unless_erased(data.account), data.name
    counted = attrs.evolve(before, messages=before.messages + 1, title=before.title or data.excerpt)
    if data.own:
        # An answer that was written in the network's app is an answer as well.
        answered = attrs.evolve(
            counted,
            unanswered_since=None,
            state="waiting" if counted.state == "open" else counted.state,
        )
        return answered.with_activity(_did(before, "reply", name or before.profile, at))
    if data.deleted:
        return counted
    wakes = before.state != "open"
    leaving = [
        attrs.evolve(each, followed_up_at=at)
        if each.status == "leaving" and each.followed_up_at is None
        else each
        for each in before.replies
    ]
    messaged = attrs.evolve(
        counted,
        customer=before.customer or account,
        customer_name=before.customer_name or name,
        last_message=data.message,
        last_network_id=data.network_id,
        state="open",
        until=None if wakes else before.until,
        unanswered_since=before.unanswered_since or at,
        recycled=before.recycled or data.recycled,
        reopen_case=before.reopen_case or data.reopen_case,
        replies=tuple(leaving),
    )
    return messaged.with_activity(_did(before, "customer_message", name or account or "?", at))


def _prepared(
    before: Conversation, data: ie.ReplyPrepared, actor: Actor, at: dt.datetime
) -> Conversation:
    known = before.reply(data.post)
    author = known.by if known is not None else actor.name
    reserves = data.status == "reserved"
    # The reservation is itself an activity, so that every other reply to the same version stops.
    seen = before.version + 1 if reserves else data.seen
    reply = PendingReply(post=data.post, by=author, status=data.status, seen=seen)
    others = tuple(each for each in before.replies if each.post != data.post)
    after = attrs.evolve(before, replies=(*others, reply))
    return after.with_activity(_did(before, "reply", author, at)) if reserves else after


def _moved(before: Conversation, data: ie.ReplyMoved, at: dt.datetime) -> Conversation:
    known = before.reply(data.post)
    if data.status == "published":
        follow_up = None if known is None else known.followed_up_at
        after = _without_reply(before, data.post)
        after = attrs.evolve(after, messages=after.messages + data.messages)
        if before.state == "resolved":
            return after
        return attrs.evolve(
            after,
            unanswered_since=follow_up,
            state="open" if follow_up is not None else "waiting",
            until=None,
        )
    if known is None:
        return before
    if data.status == "leaving":
        # A reply that was only proposed is an answer as soon as it leaves.
        after = before
        if known.status != "reserved":
            after = before.with_activity(_did(before, "reply", known.by, at))
        reply = attrs.evolve(known, status="leaving", seen=after.version, followed_up_at=None)
    else:
        after, reply = before, attrs.evolve(known, status=data.status)
    replies = tuple(reply if each.post == data.post else each for each in after.replies)
    return attrs.evolve(after, replies=replies)


def _without_reply(before: Conversation, post: str) -> Conversation:
    return attrs.evolve(before, replies=tuple(each for each in before.replies if each.post != post))


def _failed(before: Conversation, data: ie.ModerationFailed) -> tuple[ModerationRequest, ...]:
    return tuple(
        attrs.evolve(
            each,
            attempts=each.attempts + 1,
            not_before=data.not_before,
            problem=data.problem,
        )
        if each.id == data.request
        else each
        for each in before.requests
        if each.id != data.request or data.not_before is not None
    )


def _absorbed(
    before: Conversation, data: ie.ConversationAbsorbed, actor: Actor, at: dt.datetime
) -> Conversation:
    # The version that the author of a moved reply saw belongs to the other conversation.
    moved = tuple(attrs.evolve(each, seen=0) for each in data.replies)
    since = [each for each in (before.unanswered_since, data.unanswered_since) if each is not None]
    after = attrs.evolve(
        before,
        merged_from=(*before.merged_from, data.other, *data.merged_from),
        replies=(*before.replies, *moved),
        messages=before.messages + data.messages,
        unanswered_since=min(since, default=None),
        state="open" if data.unanswered_since is not None else before.state,
        tags=as_tags((*before.tags, *data.tags)),
    )
    return after.with_activity(_did(before, "state", actor.name, at))


def _on_case(before: Case, data: Any, actor: Actor, at: dt.datetime) -> Case:
    changed = _did(before, "state", actor.name, at)
    if isinstance(data, ie.CaseConversationsChanged):
        kept = tuple(each for each in before.conversations if each not in data.removed)
        return attrs.evolve(
            before,
            conversations=(*kept, *(each for each in data.added if each not in kept)),
            customer=before.customer or _unless_erased(data.customer),
        ).with_activity(changed)
    if isinstance(data, ie.CaseMerged):
        merged = attrs.evolve(before, merged_into=data.into, conversations=(), hand_off=None)
        return merged.with_activity(changed)
    if isinstance(data, ie.CaseAbsorbed):
        return attrs.evolve(
            before,
            merged_from=(*before.merged_from, data.other, *data.merged_from),
            conversations=tuple(dict.fromkeys((*before.conversations, *data.conversations))),
            tags=as_tags((*before.tags, *data.tags)),
            posts=tuple(dict.fromkeys((*before.posts, *data.posts))),
            campaigns=tuple(dict.fromkeys((*before.campaigns, *data.campaigns))),
        ).with_activity(changed)
    raise InvalidValueError(f"`{data.TYPE}` is not an event of a case", value=data.TYPE)

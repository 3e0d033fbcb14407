"""Deciders of the inbox: the events that a command or a message causes, or the refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from socialcollab.collisions import GuardResult, send_guard
from socialcollab.content import Message, PostContent
from socialcollab.directory import Principal, find_network
from socialcollab.errors import InvalidValueError, NotAllowedError, NotFoundError
from socialcollab.identifiers import ProfileId, check_id
from socialcollab.inbox import commands as ic
from socialcollab.inbox import events as ie
from socialcollab.inbox.model import (
    PRIORITIES,
    Case,
    Conversation,
    Customer,
    Item,
    Moderation,
    PendingReply,
    ReplyStatus,
    StoredMessage,
    account_of,
    as_tags,
    check_word,
    conversation_key,
    excerpt,
    message_key,
)
from socialcollab.inbox.settings import InboxSettings
from socialcollab.permissions import COMMAND_PERMISSIONS
from socialcollab.time import as_utc
from socialcollab.verdicts import Reason, Remedy, Verdict
from socialcollab.workflow import Actor, Context
from socialcollab.workflow.decide import verdict_on
from socialcollab.workflow.events import Event

_OWNERS: Final = ("member", "team", "rotation")


@attrs.frozen(kw_only=True)
class InboxRules:
    """
    The rules and facts for a decision.

    Attributes:
        context: The rules that apply to posts as well.
        settings: The ``[inbox]`` section.
    """

    context: Context
    settings: InboxSettings = attrs.field(factory=InboxSettings)

    @property
    def me(self) -> str:
        """The id of the actor."""
        return self.context.actor.name


# Visibility and permissions


def resources_of(item: Item, rules: InboxRules) -> tuple[str, ...]:
    """Return the resource on which an item's permissions count: its profile, or its workspace."""
    context = rules.context
    if isinstance(item, Conversation) and item.profile in context.profiles:
        return (item.profile,)
    return (item.workspace if item.workspace in context.workspaces else "*",)


def is_visible(item: Item, member: str, rules: InboxRules) -> bool:
    """
    Return whether a member may see an item.

    A case is visible to members who see the inbox of its whole workspace. It may contain
    conversations of any of the workspace's profiles.
    """
    access, now = rules.context.access, rules.context.now
    return all(
        access.allows(member, "view_inbox", resource, at=now)
        for resource in resources_of(item, rules)
    )


def check_allowed(permission: str, item: Item, rules: InboxRules) -> None:
    """
    Reject an actor without a permission on an item.

    Raises:
        NotFoundError: If the item is not visible to the actor.
        NotAllowedError: If it is visible but the actor does not have the permission.
    """
    if not is_visible(item, rules.me, rules):
        raise NotFoundError(item_kind(item), item.id)
    verdict = verdict_on(permission, resources_of(item, rules), rules.context)
    if not verdict:
        raise NotAllowedError(verdict)


def item_kind(item: Item) -> str:
    """Return the kind of an item for messages: "conversation" or "case"."""
    return "case" if isinstance(item, Case) else "conversation"


def _refuse(code: str, item: Item, *remedies: Remedy, **params: object) -> NotAllowedError:
    reason = Reason.of(code, item=_name(item), item_id=item.id, **params)
    return NotAllowedError(Verdict.no(reason, remedies=remedies))


def _name(item: Item) -> str:
    return f"“{item.title}”" if item.title else f"`{item.id}`"


def _event(item: Item, data: Any, rules: InboxRules) -> Event:
    return Event(item.stream, rules.context.actor, data)


# Commands on one item


def decide_item(item: Item, command: ic.ItemCommand, rules: InboxRules) -> tuple[Event, ...]:
    """
    Return the events that a command on a conversation or case causes.

    Raises:
        NotFoundError: If the item is not visible to the actor.
        NotAllowedError: If the command is refused; the verdict contains the reasons and remedies.
        InvalidValueError: If a value of the command is invalid.
    """
    check_allowed(COMMAND_PERMISSIONS[command.NAME], item, rules)
    _check_not_merged(item)
    return _ITEM_DECIDERS[type(command)](item, command, rules)


def _check_not_merged(item: Item) -> None:
    if item.merged_into:
        raise _refuse("inbox.merged", item, into=item.merged_into)


def _check_open(item: Item, command: str) -> None:
    if not item.is_open:
        raise _refuse("inbox.resolved", item, Remedy.of("inbox.reopen"), command=command)


def _owner(text: str, item: Item, rules: InboxRules) -> Principal:
    """Return the principal who can own an item, or raise an error."""
    principal = Principal.parse(text)
    context = rules.context
    if principal.kind == "lead":
        workspace = context.workspaces.get(item.workspace)
        if workspace is None:
            raise NotFoundError("workspace", item.workspace)
        return Principal("member", workspace.lead)
    if principal.kind not in _OWNERS:
        raise InvalidValueError(
            f"`{text}` cannot own a {item_kind(item)}",
            value=text,
            expected="a principal such as member:ana, team:care or rotation:weekend",
        )
    if principal.kind == "rotation":
        if principal.name not in context.access.rotation_ids:
            raise NotFoundError("rotation", principal.name)
        return principal
    members = (
        (principal.name,)
        if principal.kind == "member"
        else tuple(context.access.everyone_in(principal))
    )
    able = [
        member
        for member in members
        if context.is_active(member) and is_visible(item, member, rules)
    ]
    if not able:
        raise _refuse("inbox.cannot_own", item, principal=principal)
    return principal


def _assigned(item: Item, to: str, why: str, rules: InboxRules, reason: str = "") -> Event:
    return _event(item, ie.ItemAssigned(to=to, why=why, reason=reason), rules)


def _assign(item: Item, command: ic.Assign, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    to = str(_owner(command.to, item, rules))
    if to == item.owner:
        return ()
    return (_assigned(item, to, "assign", rules, command.reason),)


def _claim(item: Item, command: ic.Claim, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    mine = f"member:{rules.me}"
    if item.owner == mine:
        return ()
    if item.owner.startswith("member:") and rules.context.is_active(item.owner[7:]):
        raise _refuse(
            "inbox.owned", item, Remedy.of("inbox.take_over", owner=item.owner), owner=item.owner
        )
    return (_assigned(item, mine, "claim", rules),)


def _release(item: Item, _: ic.Release, rules: InboxRules) -> tuple[Event, ...]:
    if item.owner != f"member:{rules.me}":
        raise _refuse("inbox.not_owner", item, member=rules.me)
    return (_assigned(item, "", "release", rules),)


def _take_over(item: Item, command: ic.TakeOver, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    _check_reason(command.reason, "a takeover")
    mine = f"member:{rules.me}"
    if item.owner == mine:
        return ()
    return (_assigned(item, mine, "take_over", rules, command.reason.strip()),)


def _check_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise InvalidValueError(f"{what} needs a reason", value=reason, expected="a reason")


def _hand_off(item: Item, command: ic.HandOffItem, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    if item.owner != f"member:{rules.me}":
        raise _refuse("inbox.not_owner", item, member=rules.me)
    to = str(_owner(command.to, item, rules))
    if to == item.owner:
        raise _refuse("inbox.owned", item, owner=item.owner)
    return (_event(item, ie.HandOffOffered(to=to, note=command.note), rules),)


def _accept(item: Item, command: ic.AcceptHandOff, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    if item.hand_off is None:
        raise _refuse("inbox.no_offer", item)
    to = Principal.parse(item.hand_off.to)
    context = rules.context
    if to.kind == "rotation":
        resource = item.workspace if item.workspace in context.workspaces else "*"
        members: Sequence[str | None] = (context.access.on_duty(to.name, resource, at=context.now),)
    else:
        members = context.access.everyone_in(to)
    if rules.me not in members:
        raise _refuse("inbox.offered_to", item, principal=to)
    return (_assigned(item, f"member:{rules.me}", "accept", rules),)


def _escalate(item: Item, command: ic.EscalateItem, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    _check_reason(command.reason, "an escalation")
    to = str(_owner(command.to, item, rules))
    events: list[Event] = []
    if item.priority != "urgent":
        events.append(_event(item, ie.ItemPrioritised(priority="urgent"), rules))
    if to != item.owner:
        events.append(_assigned(item, to, "escalate", rules, command.reason.strip()))
    return tuple(events)


def _snooze(item: Item, command: ic.Snooze, rules: InboxRules) -> tuple[Event, ...]:
    _check_open(item, command.NAME)
    until = as_utc(command.until)
    if until <= rules.context.now:
        raise InvalidValueError(
            f"a {item_kind(item)} cannot be put on hold until `{until.isoformat()}`, which has"
            " passed",
            value=command.until,
            expected="an instant in the future",
        )
    return (_event(item, ie.ItemStateChanged(state="on_hold", until=until), rules),)


def _resolve(item: Item, command: ic.ResolveItem, rules: InboxRules) -> tuple[Event, ...]:
    if item.state == "resolved":
        return ()
    guard = send_guard(
        "edit",
        item=item.title or item.id,
        seen=command.seen,
        now=item.version,
        activity=item.activity,
    )
    if not guard:
        look = [offer.remedy for offer in guard.offers if offer.kind == "look"]
        raise NotAllowedError(Verdict.no(*guard.verdict.reasons, remedies=look))
    if isinstance(item, Conversation):
        going = [each for each in item.replies if each.status in ("reserved", "leaving")]
        if going:
            raise _refuse("inbox.reply_leaving", item, by=going[0].by)
    return (_event(item, ie.ItemStateChanged(state="resolved"), rules),)


def _reopen(item: Item, command: ic.ReopenItem, rules: InboxRules) -> tuple[Event, ...]:
    if item.state == "open":
        return ()
    return (_event(item, ie.ItemStateChanged(state="open", reason=command.reason), rules),)


def _prioritise(item: Item, command: ic.SetPriority, rules: InboxRules) -> tuple[Event, ...]:
    check_word("priority", command.priority, PRIORITIES)
    if item.priority == command.priority:
        return ()
    return (_event(item, ie.ItemPrioritised(priority=command.priority), rules),)


def _tag(item: Item, command: ic.TagItem, rules: InboxRules) -> tuple[Event, ...]:
    removed = as_tags(command.remove)
    tags = as_tags((*(tag for tag in item.tags if tag not in removed), *command.add))
    return () if tags == item.tags else (_event(item, ie.ItemTagged(tags=tags), rules),)


def _note(item: Item, command: ic.NoteItem, rules: InboxRules) -> tuple[Event, ...]:
    check_id("note", command.note)
    if not command.text.strip():
        raise InvalidValueError(
            "a note needs text", value=command.text, expected="a non-empty string"
        )
    member = rules.context.access.member(rules.me)
    # A client's note is always visible to the client who wrote it.
    internal = command.internal and (member is None or member.kind == "staff")
    written = ie.NoteWritten(
        item=item.stream, internal=internal, number=item.version + 1, text=command.text
    )
    return (
        Event(f"note/{command.note}", rules.context.actor, written),
        _event(item, ie.ItemNoted(note=command.note, internal=internal), rules),
    )


def _link(item: Item, command: ic.LinkItem, rules: InboxRules) -> tuple[Event, ...]:
    for campaign in command.campaigns:
        known = rules.context.campaigns.get(campaign)
        if known is None or known.workspace != item.workspace:
            raise NotFoundError("campaign", campaign)
    posts = tuple(dict.fromkeys((*item.posts, *command.posts)))
    campaigns = tuple(dict.fromkeys((*item.campaigns, *command.campaigns)))
    if (posts, campaigns) == (item.posts, item.campaigns):
        return ()
    return (_event(item, ie.ItemLinked(posts=posts, campaigns=campaigns), rules),)


def _keep_together(item: Item, _: ic.KeepTogether, rules: InboxRules) -> tuple[Event, ...]:
    if not isinstance(item, Conversation) or not (item.recycled or item.reopen_case):
        return ()
    return (_event(item, ie.ProposalsCleared(), rules),)


_ITEM_DECIDERS: Final[Mapping[type[Any], Callable[[Any, Any, InboxRules], tuple[Event, ...]]]] = {
    ic.Assign: _assign,
    ic.Claim: _claim,
    ic.Release: _release,
    ic.TakeOver: _take_over,
    ic.HandOffItem: _hand_off,
    ic.AcceptHandOff: _accept,
    ic.EscalateItem: _escalate,
    ic.Snooze: _snooze,
    ic.ResolveItem: _resolve,
    ic.ReopenItem: _reopen,
    ic.SetPriority: _prioritise,
    ic.TagItem: _tag,
    ic.NoteItem: _note,
    ic.LinkItem: _link,
    ic.KeepTogether: _keep_together,
}


def decide_moderation(
    conversation: Conversation,
    stored: StoredMessage | None,
    command: ic.Moderate,
    rules: InboxRules,
) -> tuple[Event, ...]:
    """
    Return the event that requests an action on a customer's message or account.

    Raises:
        NotFoundError: If the conversation or message does not exist or is not visible.
        NotAllowedError: If the actor does not have `moderate`, or the profile wrote the message.
    """
    check_allowed("moderate", conversation, rules)
    check_id("request", command.request)
    ours = {conversation.id, *conversation.merged_from}
    if stored is None or stored.conversation not in ours:
        raise NotFoundError("message", command.message)
    if stored.message.own:
        raise _refuse("inbox.own_message", conversation, action=command.action)
    if any(
        each.action == command.action and each.message == command.message
        for each in conversation.requests
    ):
        return ()
    data = ie.ModerationRequested(
        request=command.request,
        action=command.action,
        message=command.message,
        network_id=stored.message.network_id,
        reason=command.reason,
    )
    return (_event(conversation, data, rules),)


def moderated(stored: StoredMessage, action: Moderation) -> tuple[Event, ...]:
    """Return the event that records the effect of an action on a message."""
    stream, message = f"message/{stored.id}", stored.message
    if action == "delete" and not message.deleted:
        return (Event(stream, Actor.PUBLISHER, ie.MessageDeleted()),)
    if action in ("hide", "unhide") and message.hidden != (action == "hide"):
        edited = ie.MessageEdited(
            hidden=action == "hide", text=message.text, media_urls=message.media
        )
        return (Event(stream, Actor.PUBLISHER, edited),)
    return ()


def wake(item: Item, *, now: dt.datetime) -> tuple[Event, ...]:
    """Return the event that ends the hold of an item whose instant has come."""
    if item.state != "on_hold" or item.until is None or item.until > now:
        return ()
    return (Event(item.stream, Actor.TIMER, ie.ItemStateChanged(state="open")),)


# Replies


def guard_reply(
    conversation: Conversation, *, seen: int, send_anyway: int | None, rules: InboxRules
) -> GuardResult:
    """
    Check that a reply is to the current version of a conversation; see `send_guard`.

    Raises:
        NotAllowedError: If it is not, with what happened and how to go on; or if the reply is to be
            sent anyway and the actor does not have `bypass`.
        InvalidValueError: If the version does not exist.
    """
    if send_anyway is not None:
        check_allowed("bypass", conversation, rules)
    guard = send_guard(
        "reply",
        item=conversation.title or conversation.id,
        seen=seen,
        now=conversation.version,
        activity=conversation.activity,
        send_anyway=send_anyway,
    )
    if not guard:
        raise NotAllowedError(guard.verdict)
    return guard


def check_reply(
    conversation: Conversation, command: ic.Reply | ic.ConfirmReply, rules: InboxRules
) -> bool:
    """
    Check whether the actor may answer a conversation now.

    A draft is not checked by the guard, because it answers nothing yet.

    Returns:
        Whether the reply is sent although the conversation has changed, which is recorded.

    Raises:
        NotFoundError: If the conversation is not visible to the actor.
        NotAllowedError: If the actor may not answer it, it was merged, it has no message to answer,
            or the guard stops the reply.
        InvalidValueError: If the text is empty, or the version does not exist.
    """
    check_allowed("reply", conversation, rules)
    _check_not_merged(conversation)
    if not conversation.last_network_id:
        raise _refuse("inbox.nothing_to_answer", conversation)
    if isinstance(command, ic.Reply):
        if not command.text.strip():
            raise InvalidValueError(
                "a reply needs text", value=command.text, expected="a non-empty string"
            )
        if command.mode == "draft":
            return False
        anyway = command.send_anyway
    else:
        anyway = None
        reply = conversation.reply(command.post)
        if reply is None:
            raise NotFoundError("reply", command.post)
        if reply.status in ("reserved", "leaving"):
            raise _refuse("inbox.reply_leaving", conversation, by=reply.by)
    guard_reply(conversation, seen=command.seen, send_anyway=anyway, rules=rules)
    return anyway is not None and command.seen != conversation.version


def answer_content(
    conversation: Conversation, answered: Message, text: str, language: str, rules: InboxRules
) -> PostContent:
    """
    Return the content of the post that answers a message.

    Raises:
        NotAllowedError: If *answered* is a direct message, and direct messages cannot be sent on the
            network.
        NotFoundError: If the profile no longer exists.
    """
    profile = rules.context.profile(conversation.profile)
    content = PostContent(
        text=text,
        targets=(ProfileId(conversation.profile),),
        reply_to=answered.network_id,
        language=language,
    )
    if answered.kind != "direct":
        return content
    description = rules.context.description_of(profile) or find_network(profile.network)
    if description is not None and "message" in description.formats:
        to = answered.root or answered.author.id or answered.network_id
        return attrs.evolve(content, format="message", reply_to=to)
    if description is not None and "direct" in description.visibilities:
        # On these networks, a direct message is a post that only the mentioned accounts can see.
        mention = f"@{answered.author.handle}"
        if answered.author.handle and mention.casefold() not in text.casefold().split():
            text = f"{mention} {text}"
        return attrs.evolve(content, text=text, visibility="direct")
    raise _refuse(
        "inbox.no_direct_messages", conversation, network=profile.network, profile=profile.id
    )


_STATUS_OF: Final[Mapping[str, ReplyStatus]] = {
    "send": "reserved",
    "propose": "proposed",
    "draft": "draft",
}


def prepare_reply(
    conversation: Conversation,
    post: str,
    *,
    mode: str,
    seen: int,
    sent_anyway: bool,
    rules: InboxRules,
) -> Event:
    """
    Return the event that records a reply; for a reply that is sent, it reserves the conversation.

    It must be stored together with the events of the post, at the version that was checked.
    """
    data = ie.ReplyPrepared(
        post=post,
        status=_STATUS_OF[mode],
        seen=conversation.version if sent_anyway else seen,
        sent_anyway=sent_anyway,
    )
    return _event(conversation, data, rules)


def rivals_of(conversation: Conversation, post: str) -> tuple[PendingReply, ...]:
    """Return the other replies that wait for approval."""
    return tuple(
        each for each in conversation.replies if each.post != post and each.status == "proposed"
    )


def check_approval(conversation: Conversation, post: str, *, rivals: str) -> None:
    """
    Check the approval of a proposed reply.

    Raises:
        NotAllowedError: If the conversation has changed since the author of the reply saw it, or if
            other replies are proposed and *rivals* does not say what becomes of them.
    """
    reply = conversation.reply(post)
    if reply is None or reply.status != "proposed":
        return
    guard = send_guard(
        "approve",
        item=conversation.title or conversation.id,
        seen=min(reply.seen, conversation.version),
        now=conversation.version,
        activity=conversation.activity,
    )
    if not guard:
        confirm = Remedy.of("reply.confirm", author=reply.by)
        raise NotAllowedError(Verdict.no(*guard.verdict.reasons, remedies=[confirm]))
    others = rivals_of(conversation, post)
    if others and not rivals:
        names = ", ".join(f"`{each.by}`" for each in others)
        raise _refuse(
            "reply.rivals",
            conversation,
            Remedy.of("reply.choose_rivals"),
            count=len(others),
            authors=names,
        )


def may_leave(conversation: Conversation, post: str) -> bool:
    """
    Return whether a reply may still be sent: nothing has happened since the version that it answers.

    This is checked with the values that are expected when the permission to send is stored. Of two
    replies to one version, the second one therefore never leaves.
    """
    reply = conversation.reply(post)
    return (
        reply is not None
        and not conversation.merged_into
        and bool(
            send_guard(
                "reply",
                item=conversation.title or conversation.id,
                seen=min(reply.seen, conversation.version),
                now=conversation.version,
                activity=conversation.activity,
            )
        )
    )


def move_reply(
    conversation: Conversation, post: str, status: ReplyStatus, *, messages: int = 1
) -> tuple[Event, ...]:
    """
    Return the event that records the progress of a reply, if it has changed.

    Args:
        conversation: The conversation.
        post: The post of the reply.
        status: The new status.
        messages: The number of messages that the publication adds to the conversation.
    """
    reply = conversation.reply(post)
    if reply is None or reply.status == status:
        return ()
    data = ie.ReplyMoved(post=post, status=status, by=reply.by, messages=messages)
    return (Event(conversation.stream, Actor.PUBLISHER, data),)


def withdraw_reply(conversation: Conversation, post: str, actor: Actor) -> tuple[Event, ...]:
    """Return the event that records that a reply will not be sent."""
    if conversation.reply(post) is None:
        return ()
    return (Event(conversation.stream, actor, ie.ReplyWithdrawn(post=post)),)


# Offboarding


def hand_over_items(
    item: Item, member: str, successor: str, rules: InboxRules
) -> tuple[Event, ...]:
    """
    Return the events that hand over an item, and its unsent replies, of a member who leaves.

    Without a successor, the item has no owner, so the fallback is accountable, and the lead of the
    workspace is responsible for the replies. A reply that is leaving is not affected.

    Raises:
        NotAllowedError: If the successor does not see the inbox of the item.
    """
    leaver = f"member:{member}"
    to = str(_owner(f"member:{successor}", item, rules)) if successor else ""
    events: list[Event] = []
    if item.owner == leaver:
        events.append(_assigned(item, to, "offboard", rules))
    elif item.hand_off is not None and item.hand_off.to == leaver:
        events.append(_event(item, ie.HandOffOffered(to=""), rules))
    if isinstance(item, Conversation):
        workspace = rules.context.workspaces.get(item.workspace)
        next_author = successor or (str(workspace.lead) if workspace is not None else "")
        events += [
            _event(item, ie.ReplyHandedOver(post=each.post, to=next_author), rules)
            for each in item.replies
            if each.by == member and each.status in ("draft", "proposed", "stopped") and next_author
        ]
    return tuple(events)


# Merging and splitting


def merge_conversations(
    target: Conversation, others: Sequence[Conversation], rules: InboxRules
) -> tuple[Event, ...]:
    """
    Return the events that merge conversations of one profile.

    Unsent replies are kept: their authors have to confirm them. Notes stay internal or external as
    they are. Messages that arrive later in one of the threads belong to *target*.

    Raises:
        NotFoundError: If a conversation is not visible to the actor.
        NotAllowedError: If the actor does not have `assign`; if two conversations belong to
            different profiles or customers or to different cases; or if a reply is leaving.
    """
    events: list[Event] = []
    check_allowed("assign", target, rules)
    _check_not_merged(target)
    case, customer = target.case, target.customer
    for other in others:
        check_allowed("assign", other, rules)
        _check_not_merged(other)
        if other.id == target.id:
            raise _refuse("inbox.merge_with_itself", target)
        if other.profile != target.profile:
            raise _refuse("inbox.other_profile", other, profile=other.profile)
        if other.customer and customer and other.customer != customer:
            raise _refuse("inbox.other_customer", other)
        if other.case and other.case != case:
            raise _refuse("inbox.other_case", other)
        going = [each for each in other.replies if each.status in ("reserved", "leaving")]
        if going:
            raise _refuse("inbox.reply_leaving", other, by=going[0].by)
        events.append(_event(other, ie.ConversationMerged(into=target.id), rules))
        absorbed = ie.ConversationAbsorbed(
            other=other.id,
            merged_from=other.merged_from,
            replies=other.replies,
            messages=other.messages,
            unanswered_since=other.unanswered_since,
            tags=other.tags,
        )
        events.append(_event(target, absorbed, rules))
    return tuple(events)


def merge_cases(
    target: Case,
    others: Sequence[Case],
    conversations: Sequence[Conversation],
    rules: InboxRules,
) -> tuple[Event, ...]:
    """
    Return the events that merge cases of one workspace; *conversations* are those of *others*.

    Raises:
        NotFoundError: If a case is not visible to the actor.
        NotAllowedError: If the actor does not have `assign`, or if the cases belong to different
            workspaces.
    """
    check_allowed("assign", target, rules)
    _check_not_merged(target)
    events: list[Event] = []
    for other in others:
        check_allowed("assign", other, rules)
        _check_not_merged(other)
        if other.id == target.id:
            raise _refuse("inbox.merge_with_itself", target)
        if other.workspace != target.workspace:
            raise _refuse("inbox.other_workspace", other, workspace=target.workspace)
        events.append(_event(other, ie.CaseMerged(into=target.id), rules))
        absorbed = ie.CaseAbsorbed(
            other=other.id,
            merged_from=other.merged_from,
            conversations=other.conversations,
            tags=other.tags,
            posts=other.posts,
            campaigns=other.campaigns,
        )
        events.append(_event(target, absorbed, rules))
    events += [_event(each, ie.ConversationFiled(case=target.id), rules) for each in conversations]
    return tuple(events)


def open_case(
    case: Case | None,
    command: ic.OpenCase,
    conversations: Sequence[Conversation],
    rules: InboxRules,
) -> tuple[Event, ...]:
    """
    Return the events that open a case for conversations.

    Raises:
        InvalidValueError: If the case exists, or its title is empty.
        NotFoundError: If the workspace or a conversation is not visible to the actor.
        NotAllowedError: If the actor does not have `reply` on the workspace, or a conversation
            belongs to another case or workspace.
    """
    check_id("case", command.case)
    if case is not None:
        raise InvalidValueError(f"case `{command.case}` already exists", value=command.case)
    if not command.title.strip():
        raise InvalidValueError(
            "a case needs a title", value=command.title, expected="a non-empty string"
        )
    check_word("priority", command.priority, PRIORITIES)
    if command.workspace not in rules.context.workspaces:
        raise NotFoundError("workspace", command.workspace)
    new = Case(
        id=command.case,
        workspace=command.workspace,
        title=command.title.strip(),
        opened_at=rules.context.now,
        changed_at=rules.context.now,
    )
    check_allowed("reply", new, rules)
    owner = str(_owner(command.owner, new, rules)) if command.owner else ""
    events: list[Event] = []
    for conversation in conversations:
        events += _filed(conversation, new, rules)
    customer = next((each.customer for each in conversations if each.customer), "")
    opened = ie.CaseOpened(
        workspace=command.workspace,
        title=new.title,
        priority=command.priority,
        owner=owner,
        customer=customer,
    )
    added = ie.CaseConversationsChanged(added=tuple(each.id for each in conversations))
    linked = (_event(new, added, rules),) if conversations else ()
    return (_event(new, opened, rules), *linked, *events)


def _filed(conversation: Conversation, case: Case, rules: InboxRules) -> tuple[Event, ...]:
    check_allowed("reply", conversation, rules)
    _check_not_merged(conversation)
    if conversation.workspace != case.workspace:
        raise _refuse("inbox.other_workspace", conversation, workspace=case.workspace)
    if conversation.case and conversation.case != case.id:
        raise _refuse("inbox.other_case", conversation, Remedy.of("inbox.split_off"))
    if conversation.case == case.id:
        return ()
    return (_event(conversation, ie.ConversationFiled(case=case.id), rules),)


def file_conversation(
    conversation: Conversation, case: Case, rules: InboxRules
) -> tuple[Event, ...]:
    """
    Return the events that link a conversation to a case.

    Raises:
        NotFoundError: If one of them is not visible to the actor.
        NotAllowedError: If the actor does not have `reply`, the conversation belongs to another
            case or workspace, or the case was merged.
    """
    check_allowed("reply", case, rules)
    _check_not_merged(case)
    filed = _filed(conversation, case, rules)
    if not filed:
        return ()
    added = ie.CaseConversationsChanged(added=(conversation.id,), customer=conversation.customer)
    return (*filed, _event(case, added, rules))


def split_off(
    conversation: Conversation,
    case: Case | None,
    new: Case | None,
    command: ic.SplitOff,
    rules: InboxRules,
) -> tuple[Event, ...]:
    """
    Return the events that split a conversation off from its case, if it belongs to one.

    Args:
        conversation: The conversation.
        case: Its case, or None.
        new: The stored case with the id of the new case; it must not exist.
        command: The command.
        rules: The current rules.

    Raises:
        NotFoundError: If the conversation is not visible to the actor.
        NotAllowedError: If the actor does not have `assign`.
        InvalidValueError: If the new case exists or has no title.
    """
    check_allowed("assign", conversation, rules)
    _check_not_merged(conversation)
    events: list[Event] = []
    if case is not None:
        removed = ie.CaseConversationsChanged(removed=(conversation.id,))
        events.append(_event(case, removed, rules))
    if not command.case:
        if case is None and not conversation.recycled:
            return ()
        return (*events, _event(conversation, ie.ConversationFiled(), rules))
    free = attrs.evolve(conversation, case="")
    opening = ic.OpenCase(case=command.case, workspace=conversation.workspace, title=command.title)
    return (*events, *open_case(new, opening, [free], rules))


# Customers


def link_account(
    customer: Customer | None, owner: str, command: ic.LinkAccount, rules: InboxRules
) -> tuple[Event, ...]:
    """
    Return the event that links an account to a customer.

    Args:
        customer: The customer, or None if they do not exist yet.
        owner: The id of the customer to whom the account is linked now, or an empty string.
        command: The command.
        rules: The current rules.

    Raises:
        NotFoundError: If the workspace is not visible to the actor, or the customer belongs to
            another one.
        NotAllowedError: If the actor does not have `reply` on the workspace.
        InvalidValueError: If the account is not written as ``network:id``, or belongs to another
            customer.
    """
    check_id("customer", command.customer)
    _check_workspace("reply", command.workspace, rules)
    if customer is not None and customer.workspace != command.workspace:
        raise NotFoundError("customer", command.customer)
    network, _, account = command.account.partition(":")
    if not network or not account:
        raise InvalidValueError(
            f"`{command.account}` is not an account",
            value=command.account,
            expected="a network and an id, such as x:12345",
        )
    if owner == command.customer:
        return ()
    if owner:
        raise InvalidValueError(
            f"account `{command.account}` is linked to customer `{owner}`",
            value=command.account,
            expected="an account that is not linked; unlink it first",
        )
    data = ie.CustomerLinked(workspace=command.workspace, account=command.account)
    return (Event(f"customer/{command.customer}", rules.context.actor, data),)


def unlink_account(
    customer: Customer | None, command: ic.UnlinkAccount, rules: InboxRules
) -> tuple[Event, ...]:
    """
    Return the event that unlinks an account from a customer.

    Raises:
        NotFoundError: If the customer does not exist or is not visible, or does not have the
            account.
        NotAllowedError: If the actor does not have `reply` on the workspace.
    """
    if customer is None:
        raise NotFoundError("customer", command.customer)
    try:
        _check_workspace("reply", customer.workspace, rules)
    except NotFoundError:
        raise NotFoundError("customer", command.customer) from None
    if command.account not in customer.accounts:
        raise NotFoundError("account", command.account)
    data = ie.CustomerUnlinked(account=command.account)
    return (Event(customer.stream, rules.context.actor, data),)


def _check_workspace(permission: str, workspace: str, rules: InboxRules) -> None:
    context = rules.context
    if workspace not in context.workspaces or not context.access.allows(
        rules.me, "view_inbox", workspace, at=context.now
    ):
        raise NotFoundError("workspace", workspace)
    verdict = verdict_on(permission, (workspace,), context)
    if not verdict:
        raise NotAllowedError(verdict)


# Messages


@attrs.frozen(kw_only=True)
class Arrival:
    """
    A message that arrived, with the stored states that the decision depends on.

    Attributes:
        message: The message.
        stored: The message as it is stored, or None.
        conversation: The conversation in which it belongs, or None if it begins one.
        case: The conversation's case, or None.
        key: The id of the conversation.
        post: The id of the post if a delivery of the desk created the message, or an empty string.
    """

    message: Message
    stored: StoredMessage | None
    conversation: Conversation | None
    case: Case | None
    key: str
    post: str = ""


def thread_of(message: Message, *, parent: str, root_is_own: bool) -> str:
    """
    Return the id of the conversation to which a message belongs.

    A direct message belongs to its chat. A reply to a stored message belongs to the conversation of
    that message. Other messages belong to the thread that the network reports. If that thread began
    with a post of the profile, each comment on the post begins a conversation of its own, because
    different people wrote them.

    Args:
        message: The message.
        parent: The conversation of the stored message that it replies to, or an empty string.
        root_is_own: Whether the profile published the post that began the thread.
    """
    if message.kind == "direct":
        thread = message.root or message.author.id or message.network_id
        return conversation_key(message.profile, message.kind, thread)
    if parent:
        return parent
    if message.kind == "comment" or root_is_own:
        direct = message.parent in ("", message.root)
        thread = message.network_id if direct else message.parent
    else:
        thread = message.root or message.network_id
    return conversation_key(message.profile, message.kind, thread)


def receive(arrival: Arrival, rules: InboxRules) -> tuple[Event, ...]:
    """
    Return the events that a message causes; none if it is known and has not changed.

    A message is identified by its profile and network id alone, also if the network reports another
    sender. A message that was deleted stays deleted, whatever arrives later. An own message that
    the desk has sent is recognised by its network id, before or after the desk knows the outcome
    of the delivery.
    """
    message, stored = arrival.message, arrival.stored
    if stored is None:
        return _received(arrival, rules)
    stream = f"message/{stored.id}"
    actor = rules.context.actor
    if stored.message.deleted:
        return ()
    theirs = not stored.message.own
    name = stored.message.author.handle or stored.message.author.name
    conversation = arrival.conversation
    changed: list[Event] = []
    if message.deleted:
        changed.append(Event(stream, actor, ie.MessageDeleted()))
    elif _is_change(message, stored):
        edited = ie.MessageEdited(
            version=message.version,
            hidden=message.hidden,
            text=message.text,
            media_urls=message.media,
        )
        changed.append(Event(stream, actor, edited))
        if message.text == stored.message.text:
            return tuple(changed)
    if changed and theirs and conversation is not None:
        note = ie.ConversationMessageChanged(
            message=stored.id, deleted=message.deleted, by=name or "?"
        )
        changed.append(Event(conversation.stream, actor, note))
    return tuple(changed)


def _is_change(message: Message, stored: StoredMessage) -> bool:
    if message.version and message.version in stored.versions:
        return False
    before = stored.message
    # The addresses of media expire, so different addresses alone are not a change.
    return (message.text, message.hidden) != (before.text, before.hidden)


def _received(arrival: Arrival, rules: InboxRules) -> tuple[Event, ...]:
    message, conversation = arrival.message, arrival.conversation
    context = rules.context
    key = message_key(message.profile, message.network_id)
    stored = ie.MessageReceived(
        conversation=arrival.key,
        network=message.network,
        profile=message.profile,
        network_id=message.network_id,
        kind=message.kind,
        created_at=message.created_at,
        parent=message.parent,
        root=message.root,
        own=message.own,
        hidden=message.hidden,
        deleted=message.deleted,
        version=message.version,
        post=arrival.post,
        number=1 if conversation is None else conversation.version + 1,
        author_id=message.author.id,
        author_handle=message.author.handle,
        author_name=message.author.name,
        text="" if message.deleted else message.text,
        language=message.language,
        url=message.url,
        media_urls=() if message.deleted else message.media,
    )
    events = [Event(f"message/{key}", context.actor, stored)]
    stream = f"conversation/{arrival.key}"
    if conversation is None:
        opened = ie.ConversationOpened(
            profile=message.profile,
            workspace=context.profile(message.profile).workspace,
            kind=message.kind,
        )
        events.append(Event(stream, context.actor, opened))
    if arrival.post:
        # The reply's own events already say that the conversation was answered.
        return tuple(events)
    account = account_of(message.network, message.author)
    resolved = conversation is not None and conversation.state == "resolved"
    case = arrival.case
    same_customer = case is not None and bool(account) and account == case.customer
    reopens = (
        resolved
        and same_customer
        and case is not None
        and case.state == "resolved"
        and not case.merged_into
        and not message.own
        and not message.deleted
    )
    recycled = (
        resolved
        and conversation is not None
        and conversation.resolved_at is not None
        and not message.own
        and context.now - conversation.resolved_at >= rules.settings.recycled_after.elapsed
    )
    at_once = reopens and not recycled and rules.settings.resolved_cases == "reopen"
    events.append(
        Event(
            stream,
            context.actor,
            ie.ConversationMessaged(
                message=key,
                network_id=message.network_id,
                own=message.own,
                deleted=message.deleted,
                recycled=recycled,
                reopen_case=reopens and not at_once,
                account=account,
                name=message.author.handle or message.author.name,
                excerpt="" if message.deleted else excerpt(message.text),
            ),
        )
    )
    if at_once and case is not None:
        events.append(Event(case.stream, context.actor, ie.ItemStateChanged(state="open")))
    return tuple(events)

"""The inbox through which one member answers customers; each method is a command or a query."""

# Generated from member_inbox.py by tools/write_async.py: edit that file, and run `nox -s write_async`.
from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from socialcollab.content import Post
from socialcollab.desk.arguments import check_text, id_of
from socialcollab.desk.inbox.actions import InboxOutcome, act, act_on_many, stream_of
from socialcollab.desk.inbox.erasure import erase_customer
from socialcollab.desk.inbox.queries import (
    ConversationView,
    FoundConversations,
    InboxToDo,
    customer_timeline,
    find,
    inbox_to_do,
    read_item,
    read_view,
    unanswered,
)
from socialcollab.document_fields import as_words
from socialcollab.errors import InvalidValueError
from socialcollab.inbox import (
    AcceptHandOff,
    ApproveReply,
    Assign,
    Case,
    Claim,
    ConfirmReply,
    Conversation,
    Customer,
    EscalateItem,
    FileConversation,
    HandOffItem,
    Item,
    KeepTogether,
    LinkAccount,
    LinkItem,
    MergeItems,
    Moderate,
    Moderation,
    Note,
    NoteItem,
    OpenCase,
    Priority,
    Release,
    ReopenItem,
    Reply,
    ResolveItem,
    SetPriority,
    Snooze,
    SplitOff,
    StoredMessage,
    TagItem,
    TakeOver,
    UnlinkAccount,
)
from socialcollab.time import as_utc
from socialcollab.workflow import Actor

if TYPE_CHECKING:
    from socialcollab.desk.async_desk import AsyncDesk

ItemLike = Item | str


class AsyncMemberInbox:
    """
    The inbox through which one member answers customers; see `AsyncMemberDesk.inbox`.

    An item is a conversation or a case. Methods accept the item, its stream, or the id of a
    conversation. Each item has a `version`, which counts messages, replies, notes and changes of
    state. A reply names the version that its author saw, and is refused if more has happened since.

    All methods raise `NotFoundError` for an item that does not exist or is not visible to the
    member, and `NotAllowedError` if a command is refused; its verdict contains the reasons and
    remedies.
    """

    def __init__(self, desk: AsyncDesk, member: str) -> None:
        self._desk = desk
        self.member = member
        self._actor = Actor.member(member)

    def __repr__(self) -> str:
        return f"<the inbox of {self.member} at the desk of {self._desk.id}>"

    async def do(self, command: Any, *, result: str) -> Any:
        """Perform a command of `socialcollab.inbox`, and return the item with the stream *result*."""
        return await self._desk.run(act(self._desk.engine, self._actor, command, result=result))

    async def conversation(self, conversation: Conversation | str) -> Conversation:
        """Return a conversation; a merged one is replaced with the one that absorbed it."""
        stream = f"conversation/{id_of(conversation, Conversation)}"
        found: Conversation = await self._desk.run(
            read_item(self._desk.engine, self._actor, stream)
        )
        return found

    async def case(self, case: Case | str) -> Case:
        """Return a case; a merged one is replaced with the one that absorbed it."""
        stream = f"case/{id_of(case, Case)}"
        found: Case = await self._desk.run(read_item(self._desk.engine, self._actor, stream))
        return found

    async def view(self, item: ItemLike, *, before: str = "", limit: int = 50) -> ConversationView:
        """
        Return a conversation or case with its newest messages and notes.

        Args:
            item: The conversation or case.
            before: The cursor `ConversationView.older` of a later page, or empty for the newest page.
            limit: The maximum number of messages and notes, up to 1,000.
        """
        return await self._desk.run(
            read_view(self._desk.engine, self._actor, stream_of(item), before=before, limit=limit)
        )

    async def find(
        self,
        *,
        text: str = "",
        state: str | Iterable[str] = (),
        profile: str = "",
        owner: str = "",
        tag: str = "",
        customer: str = "",
        after: str = "",
        limit: int = 50,
    ) -> FoundConversations:
        """
        Return a page of the conversations that match all conditions, those changed last first.

        Args:
            text: A text that one of the messages contains, regardless of case and Unicode form.
            state: One or more states; by default all of them.
            profile: The profile.
            owner: The owner as a principal, such as ``member:ana``.
            tag: A tag.
            customer: The id of a customer, or an account such as ``x:12345``.
            after: The cursor of the previous page.
            limit: The maximum number of conversations, up to 1,000.

        Raises:
            InvalidValueError: If a value is invalid.
        """
        return await self._desk.run(
            find(
                self._desk.engine,
                self._actor,
                state=as_words(state),
                profile=profile,
                owner=owner,
                tag=tag,
                text=check_text(text, "text"),
                customer=customer,
                after=after,
                limit=limit,
            )
        )

    async def unanswered(self, *, profile: str = "") -> tuple[Conversation, ...]:
        """Return the conversations with an unanswered message, the longest waiting first."""
        return await self._desk.run(unanswered(self._desk.engine, self._actor, profile=profile))

    async def to_do(self) -> tuple[InboxToDo, ...]:
        """Return the conversations and cases that wait for this member, the oldest task first."""
        return await self._desk.run(inbox_to_do(self._desk.engine, self.member))

    async def timeline(
        self, customer: Customer | str, *, before: str = "", limit: int = 50
    ) -> tuple[tuple[StoredMessage | Note, ...], str]:
        """
        Return the messages and notes of a customer on all linked accounts, oldest first.

        Args:
            customer: The customer, or their id.
            before: The cursor of a later page, or an empty string for the newest page.
            limit: The maximum number of messages and notes, up to 1,000.

        Returns:
            The messages and notes, and the cursor of the page before them, or an empty string.
        """
        name = id_of(customer, Customer)
        return await self._desk.run(
            customer_timeline(self._desk.engine, self._actor, name, before=before, limit=limit)
        )

    async def reply(
        self,
        conversation: ItemLike,
        text: str,
        *,
        seen: int | None = None,
        send_anyway: int | None = None,
        language: str = "",
    ) -> Conversation:
        """
        Answer the newest message of a conversation.

        The reply reserves the conversation, so that no other reply to the same version can be sent.
        It is checked again when it leaves. If the customer has written again by then, it is stopped
        and appears on the author's to-do list; see `confirm_reply`.

        Args:
            conversation: The conversation that the member saw, or its id.
            text: The text.
            seen: The version that the member saw; required if *conversation* is an id.
            send_anyway: The version up to which the member was shown what had happened, to send the
                reply regardless. This needs `bypass` and is recorded.
            language: The language of the text; by default the workspace's language.

        Raises:
            NotAllowedError: If the conversation has changed since the member saw it, or if a policy
                requires an approval; see `submit_reply`.
        """
        return await self._answer(
            conversation, text, seen=seen, mode="send", anyway=send_anyway, language=language
        )

    async def submit_reply(
        self,
        conversation: ItemLike,
        text: str,
        *,
        seen: int | None = None,
        language: str = "",
    ) -> Conversation:
        """
        Submit a reply for approval. It leaves as soon as it is approved, if nothing has changed.

        If no policy requires an approval and the member may reply, it is sent at once.
        """
        return await self._answer(conversation, text, seen=seen, mode="propose", language=language)

    async def draft_reply(
        self,
        conversation: ItemLike,
        text: str,
        *,
        seen: int | None = None,
        language: str = "",
    ) -> Conversation:
        """Keep a reply without sending it; `confirm_reply` sends it."""
        return await self._answer(conversation, text, seen=seen, mode="draft", language=language)

    async def _answer(
        self,
        conversation: ItemLike,
        text: str,
        *,
        seen: int | None,
        mode: Literal["send", "propose", "draft"],
        anyway: int | None = None,
        language: str = "",
    ) -> Conversation:
        engine = self._desk.engine
        stream = stream_of(conversation)
        version = _seen(conversation, seen)
        command = Reply(
            item=stream,
            post=engine.new_id(),
            text=text,
            seen=version,
            mode=mode,
            send_anyway=anyway,
            salt=engine.entropy(16),
            language=language,
        )
        result: Conversation = await self.do(command, result=stream)
        return result

    async def confirm_reply(
        self,
        conversation: ItemLike,
        post: Post | str,
        *,
        seen: int | None = None,
        submit: bool = False,
    ) -> Conversation:
        """
        Send a reply that was kept or stopped, after looking at the conversation again.

        Args:
            conversation: The conversation that the member has seen now, or its id.
            post: The post that contains the reply, or its id; see `Conversation.replies`.
            seen: The version that the member has seen now; required if *conversation* is an id.
            submit: Whether to submit the reply for approval instead of sending it.
        """
        stream = stream_of(conversation)
        command = ConfirmReply(
            item=stream,
            post=id_of(post, Post),
            seen=_seen(conversation, seen),
            mode="propose" if submit else "send",
        )
        result: Conversation = await self.do(command, result=stream)
        return result

    async def approve_reply(
        self,
        conversation: ItemLike,
        post: Post,
        *,
        rivals: Literal["", "withdraw", "keep"] = "",
        note: str = "",
    ) -> Conversation:
        """
        Approve a proposed reply.

        Args:
            conversation: The conversation, or its id.
            post: The post that contains the reply, as the member saw it.
            rivals: What becomes of the other proposed replies: "withdraw" or "keep" them. It must be
                given if there are any.
            note: A note to the author.

        Raises:
            NotAllowedError: If the conversation has changed since the reply was written, or if there
                are other proposed replies and *rivals* is empty.
        """
        stream = stream_of(conversation)
        command = ApproveReply(
            item=stream, post=post.id, revision=post.digest, rivals=rivals, note=note
        )
        result: Conversation = await self.do(command, result=stream)
        return result

    async def assign(self, item: ItemLike, to: str, *, reason: str = "") -> Any:
        """Make a principal, such as ``member:ben`` or ``team:care``, the owner of an item."""
        stream = stream_of(item)
        return await self.do(Assign(item=stream, to=to, reason=reason), result=stream)

    async def claim(self, item: ItemLike) -> Any:
        """Become the owner of an item that no other active member owns."""
        stream = stream_of(item)
        return await self.do(Claim(item=stream), result=stream)

    async def release(self, item: ItemLike) -> Any:
        """Give up an own item; the fallback is then accountable."""
        stream = stream_of(item)
        return await self.do(Release(item=stream), result=stream)

    async def take_over(self, item: ItemLike, *, reason: str) -> Any:
        """Become the owner of an item that another member owns; that member sees the reason."""
        stream = stream_of(item)
        return await self.do(TakeOver(item=stream, reason=reason), result=stream)

    async def hand_off(self, item: ItemLike, to: str, *, note: str = "") -> Any:
        """Offer an own item to another principal; the member stays accountable until it accepts."""
        stream = stream_of(item)
        return await self.do(HandOffItem(item=stream, to=to, note=note), result=stream)

    async def accept(self, item: ItemLike) -> Any:
        """Accept an item that was offered to the member or to one of their teams."""
        stream = stream_of(item)
        return await self.do(AcceptHandOff(item=stream), result=stream)

    async def escalate(self, item: ItemLike, *, reason: str, to: str = "lead") -> Any:
        """Make an item urgent, and assign it to a principal, by default the workspace's lead."""
        stream = stream_of(item)
        return await self.do(EscalateItem(item=stream, to=to, reason=reason), result=stream)

    async def snooze(self, item: ItemLike, *, until: dt.datetime) -> Any:
        """Put an item on hold until an instant; a message from the customer ends the hold."""
        stream = stream_of(item)
        return await self.do(Snooze(item=stream, until=as_utc(until)), result=stream)

    async def resolve(self, item: ItemLike, *, seen: int | None = None) -> Any:
        """Resolve an item, unless more has happened since the version that the member saw."""
        stream = stream_of(item)
        return await self.do(ResolveItem(item=stream, seen=_seen(item, seen)), result=stream)

    async def reopen(self, item: ItemLike, *, reason: str = "") -> Any:
        """Reopen a resolved item, or end its hold."""
        stream = stream_of(item)
        return await self.do(ReopenItem(item=stream, reason=reason), result=stream)

    async def set_priority(self, item: ItemLike, priority: Priority) -> Any:
        """Set the priority of an item: "low", "normal", "high" or "urgent"."""
        stream = stream_of(item)
        return await self.do(SetPriority(item=stream, priority=priority), result=stream)

    async def tag(self, item: ItemLike, *add: str, remove: Iterable[str] = ()) -> Any:
        """Add and remove tags of an item."""
        stream = stream_of(item)
        return await self.do(TagItem(item=stream, add=add, remove=as_words(remove)), result=stream)

    async def note(self, item: ItemLike, text: str, *, internal: bool = True) -> Any:
        """Write a note on an item. Clients and guests do not see internal notes."""
        stream = stream_of(item)
        note = self._desk.engine.new_id()
        command = NoteItem(item=stream, note=note, text=text, internal=internal)
        return await self.do(command, result=stream)

    async def link(
        self, item: ItemLike, *, posts: Iterable[str] = (), campaigns: Iterable[str] = ()
    ) -> Any:
        """Link an item to posts and campaigns, by their ids."""
        stream = stream_of(item)
        command = LinkItem(item=stream, posts=as_words(posts), campaigns=as_words(campaigns))
        return await self.do(command, result=stream)

    async def moderate(
        self,
        conversation: ItemLike,
        action: Moderation,
        message: StoredMessage | str,
        *,
        reason: str = "",
    ) -> Conversation:
        """
        Request that a message is hidden, shown or deleted on the network, or its author is blocked.

        `AsyncDesk.run_due` carries out the request. `Conversation.requests` lists open requests.

        Args:
            conversation: The conversation.
            action: "hide", "unhide", "delete", "block" or "unblock".
            message: The message, or its key.
            reason: The reason.
        """
        stream = stream_of(conversation)
        command = Moderate(
            item=stream,
            request=self._desk.engine.new_id(),
            action=action,
            message=id_of(message, StoredMessage),
            reason=reason,
        )
        result: Conversation = await self.do(command, result=stream)
        return result

    async def merge(self, item: ItemLike, *others: ItemLike) -> Any:
        """
        Merge conversations or cases into *item*, which keeps their messages and notes.

        Unsent replies are kept, and internal notes stay internal.
        """
        stream = stream_of(item)
        command = MergeItems(item=stream, others=tuple(map(stream_of, others)))
        return await self.do(command, result=stream)

    async def open_case(
        self,
        title: str,
        *conversations: Conversation | str,
        workspace: str = "",
        priority: Priority = "normal",
        owner: str = "",
    ) -> Case:
        """
        Open a case for conversations.

        Args:
            title: The title.
            conversations: The conversations of the case.
            workspace: The workspace; required if there are no conversations.
            priority: The priority.
            owner: The owner as a principal, or an empty string.
        """
        if not workspace and conversations:
            workspace = (await self.conversation(conversations[0])).workspace
        case = self._desk.engine.new_id()
        command = OpenCase(
            case=case,
            workspace=workspace,
            title=title,
            conversations=tuple(id_of(each, Conversation) for each in conversations),
            priority=priority,
            owner=owner,
        )
        result: Case = await self.do(command, result=f"case/{case}")
        return result

    async def file(self, conversation: ItemLike, case: Case | str) -> Conversation:
        """Link a conversation to an existing case."""
        stream = stream_of(conversation)
        command = FileConversation(item=stream, case=id_of(case, Case))
        result: Conversation = await self.do(command, result=stream)
        return result

    async def split(self, conversation: ItemLike, *, title: str = "") -> Conversation:
        """Split a conversation off from its case: into a new case if *title* is given."""
        stream = stream_of(conversation)
        case = self._desk.engine.new_id() if title else ""
        result: Conversation = await self.do(
            SplitOff(item=stream, case=case, title=title), result=stream
        )
        return result

    async def keep_together(self, conversation: ItemLike) -> Conversation:
        """Dismiss the proposals to split a conversation off or to reopen its case."""
        stream = stream_of(conversation)
        result: Conversation = await self.do(KeepTogether(item=stream), result=stream)
        return result

    async def link_account(
        self, account: str, *, workspace: str, customer: Customer | str = ""
    ) -> Customer:
        """
        Record that an account belongs to a customer.

        Args:
            account: The account, such as ``x:12345``; see `Conversation.customer`.
            workspace: The workspace of the customer.
            customer: The customer or their id; by default, a new customer is created.
        """
        name = id_of(customer, Customer) or self._desk.engine.new_id()
        command = LinkAccount(customer=name, workspace=workspace, account=account)
        result: Customer = await self.do(command, result=f"customer/{name}")
        return result

    async def unlink_account(self, account: str, customer: Customer | str) -> Customer:
        """Record that an account does not belong to a customer."""
        name = id_of(customer, Customer)
        command = UnlinkAccount(customer=name, account=account)
        result: Customer = await self.do(command, result=f"customer/{name}")
        return result

    async def erase_customer(self, account: str, *, workspace: str, reason: str) -> int:
        """
        Erase the personal data of an account in a workspace: its texts, names and handles.

        Args:
            account: The account, such as ``x:12345``.
            workspace: The workspace.
            reason: The reason, without personal data.

        Returns:
            The number of streams from which data were erased.
        """
        return await self._desk.run(
            erase_customer(
                self._desk.engine,
                self._actor,
                account=account,
                workspace=workspace,
                reason=reason,
            )
        )

    async def assign_many(
        self, items: Iterable[ItemLike], to: str, *, reason: str = ""
    ) -> tuple[InboxOutcome, ...]:
        """Assign several items, with one outcome for each."""
        return await self._desk.run(
            act_on_many(
                self._desk.engine,
                self._actor,
                items,
                lambda item, _: Assign(item=item, to=to, reason=reason),
            )
        )

    async def claim_many(self, items: Iterable[ItemLike]) -> tuple[InboxOutcome, ...]:
        """Claim several items, with one outcome for each."""
        return await self._desk.run(
            act_on_many(self._desk.engine, self._actor, items, lambda item, _: Claim(item=item))
        )

    async def resolve_many(self, items: Iterable[Item]) -> tuple[InboxOutcome, ...]:
        """Resolve several items as the member saw them, with one outcome for each."""
        return await self._desk.run(
            act_on_many(
                self._desk.engine,
                self._actor,
                items,
                lambda item, seen: ResolveItem(item=item, seen=seen),
                versioned=True,
            )
        )

    async def snooze_many(
        self, items: Iterable[ItemLike], *, until: dt.datetime
    ) -> tuple[InboxOutcome, ...]:
        """Put several items on hold, with one outcome for each."""
        at = as_utc(until)
        return await self._desk.run(
            act_on_many(
                self._desk.engine,
                self._actor,
                items,
                lambda item, _: Snooze(item=item, until=at),
            )
        )

    async def set_priority_many(
        self, items: Iterable[ItemLike], priority: Priority
    ) -> tuple[InboxOutcome, ...]:
        """Set the priority of several items, with one outcome for each."""
        return await self._desk.run(
            act_on_many(
                self._desk.engine,
                self._actor,
                items,
                lambda item, _: SetPriority(item=item, priority=priority),
            )
        )

    async def tag_many(
        self, items: Iterable[ItemLike], *add: str, remove: Iterable[str] = ()
    ) -> tuple[InboxOutcome, ...]:
        """Add and remove tags of several items, with one outcome for each."""
        removed = as_words(remove)
        return await self._desk.run(
            act_on_many(
                self._desk.engine,
                self._actor,
                items,
                lambda item, _: TagItem(item=item, add=add, remove=removed),
            )
        )


def _seen(item: ItemLike, seen: int | None) -> int:
    """Return the version that the member saw."""
    if seen is not None:
        return seen
    if isinstance(item, str):
        raise InvalidValueError(
            f"`{item}` is only an id: pass the item that the member saw, or `seen=` with its version",
            value=item,
            expected="an item, or its id and `seen=`",
        )
    return item.version

"""The inbox, a conversation and a case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from socialcollab.directory import Principal
from socialcollab.inbox import Accountability, Case, Conversation, Item, Note, StoredMessage
from socialcollab.pages.badges import Badge, Tone, badge, network_badge
from socialcollab.pages.elements import heading, link
from socialcollab.pages.markup import Html, escape, join, safe_file
from socialcollab.pages.words import MONTHS, base_language, words
from socialcollab.time import as_utc, local_time

_STATES: Final[Mapping[str, tuple[Tone, str]]] = {
    "open": ("blue", "○"),
    "waiting": ("grey", "◷"),
    "on_hold": ("violet", "‖"),
    "resolved": ("green", "✓"),
}
_PRIORITIES: Final[Mapping[str, tuple[Tone, str]]] = {
    "urgent": ("red", "!!"),
    "high": ("orange", "!"),
    "low": ("grey", "↓"),
}
_REPLIES: Final[Mapping[str, Tone]] = {
    "draft": "grey",
    "leaving": "green",
    "proposed": "amber",
    "published": "green",
    "reserved": "blue",
    "stopped": "red",
}
_DAY: Final = 24 * 60
_LATE: Final = "late"


def _no_file(_: str) -> str:
    return ""


def _as_written(principal: str) -> str:
    """Return a principal without the kind of a member."""
    return principal.removeprefix("member:")


def inbox_list(
    conversations: Iterable[Conversation],
    *,
    now: dt.datetime,
    networks: Mapping[str, str] | None = None,
    targets: Mapping[str, dt.datetime] | None = None,
    names: Callable[[str], str] = _as_written,
    file: Callable[[str], str] = _no_file,
    language: str = "en",
) -> Html:
    """
    Return a list of conversations, in the given order, with those that wait for an answer marked.

    Args:
        conversations: The conversations.
        now: The current instant.
        networks: The network of each profile, by its id, for the symbols.
        targets: When the next response target of a conversation is missed, by its id.
        names: Returns the name of a principal, such as ``member:ana``, to display.
        file: Returns the page of a conversation, by its id, as for `file_link`; by default there
            are no links.
        language: "en" or "nl".

    Raises:
        InvalidValueError: If pages are not available in *language*.
        NaiveDatetimeError: If *now* has no UTC offset.
    """
    labels, at = words(language), as_utc(now)
    rows = []
    shown = list(conversations)
    for each in shown:
        name = escape(each.title or labels["inbox.no_text"])
        address = safe_file(file(each.id))
        title = Html(f'<a href="{escape(address)}">{name}</a>') if address else name
        facts = [
            _customer(each, networks or {}),
            Html(f"<span>{escape(labels['inbox.owner'].format(name=names(each.owner)))}</span>")
            if each.owner
            else Html(f'<span class="soft">{escape(labels["inbox.no_owner"])}</span>'),
            *(Html(f'<span class="tag">{escape(tag)}</span>') for tag in each.tags),
        ]
        due = (targets or {}).get(each.id)
        badges = [*_badges(each, labels), *_waiting(each, at, due, labels)]
        needs = " needs" if each.unanswered_since is not None and each.is_open else ""
        rows.append(
            Html(
                f'<li class="conv{needs}"><div class="conv-top">{join(facts)}</div>'
                f'<div class="conv-title wrap"><bdi>{title}</bdi></div>'
                f'<div class="conv-badges">{join(badges)}</div></li>'
            )
        )
    if not rows:
        return Html(f'<p class="lede">{escape(labels["inbox.empty"])}</p>')
    waiting = sum(each.unanswered_since is not None and each.is_open for each in shown)
    summary = labels["inbox.summary"].format(count=len(shown), waiting=waiting)
    return Html(f'<p class="lede">{escape(summary)}</p>\n<ul class="inbox">{"".join(rows)}</ul>')


def conversation_view(
    conversation: Conversation,
    entries: Iterable[StoredMessage | Note],
    *,
    now: dt.datetime,
    zone: str,
    accountable: Accountability | None = None,
    case: Case | None = None,
    network: str = "",
    target: dt.datetime | None = None,
    names: Callable[[str], str] = _as_written,
    file: Callable[[str], str] = _no_file,
    language: str = "en",
) -> Html:
    """
    Return a conversation: who answers for it, its messages and notes, and its open replies.

    Internal notes are shown if *entries* contain them, so pass only what the reader may see, as
    `ConversationView.entries` has it.

    Args:
        conversation: The conversation.
        entries: Messages and notes, oldest first.
        now: The current instant.
        zone: The IANA name of the time zone in which times are displayed.
        accountable: The party that is accountable for it.
        case: Its case, or None.
        network: The name of the profile's network, for its symbol.
        target: When the next response target is missed, or None.
        names: Returns the name of a principal to display.
        file: Returns the page of a case, by its id, as for `file_link`.
        language: "en" or "nl".

    Raises:
        InvalidValueError: If pages are not available in *language*, or *zone* does not exist.
    """
    labels, at = words(language), as_utc(now)
    facts = [
        (labels["inbox.customer"], _customer(conversation, {conversation.profile: network})),
        (labels["inbox.profile"], escape(conversation.profile)),
        *_accountability(accountable, labels, names, language),
    ]
    if case is not None:
        title = escape(case.title or case.id)
        address = safe_file(file(case.id))
        facts.append(
            (
                labels["inbox.case"],
                Html(f'<a href="{escape(address)}">{title}</a>') if address else title,
            )
        )
    if conversation.hand_off is not None:
        offered = labels["inbox.hand_off"].format(name=names(conversation.hand_off.to))
        facts.append((labels["inbox.offered"], escape(offered)))
    if conversation.until is not None:
        facts.append((labels["inbox.until"], _time(conversation.until, zone, language)))
    badges = [
        *_badges(conversation, labels),
        *_waiting(conversation, at, target, labels),
        *(badge(tag) for tag in conversation.tags),
    ]
    notices = [labels["inbox.recycled"]] if conversation.recycled else []
    notices += [labels["inbox.reopen_case"]] if conversation.reopen_case else []
    return join(
        [
            Html(f'<div class="conv-badges">{join(badges)}</div>'),
            _facts(facts),
            *(Html(f'<p class="notice" role="note">{escape(text)}</p>') for text in notices),
            _timeline(entries, zone, labels, names, language),
            _replies(conversation, labels, names),
        ]
    )


def case_view(
    case: Case,
    conversations: Iterable[Conversation],
    entries: Iterable[StoredMessage | Note] = (),
    *,
    now: dt.datetime,
    zone: str,
    accountable: Accountability | None = None,
    networks: Mapping[str, str] | None = None,
    names: Callable[[str], str] = _as_written,
    file: Callable[[str], str] = _no_file,
    language: str = "en",
) -> Html:
    """
    Return a case: who answers for it, its conversations and its notes.

    Args:
        case: The case.
        conversations: Its conversations.
        entries: The notes on the case, oldest first.
        now: The current instant.
        zone: The IANA name of the time zone in which times are displayed.
        accountable: The party that is accountable for it.
        networks: The network of each profile, by its id.
        names: Returns the name of a principal to display.
        file: Returns the page of a conversation, by its id, as for `file_link`.
        language: "en" or "nl".

    Raises:
        InvalidValueError: If pages are not available in *language*, or *zone* does not exist.
    """
    labels = words(language)
    facts = [
        *_accountability(accountable, labels, names, language),
        (labels["inbox.opened"], _time(case.opened_at, zone, language)),
    ]
    if case.until is not None:
        facts.append((labels["inbox.until"], _time(case.until, zone, language)))
    notes = list(entries)
    return join(
        [
            Html(f'<div class="conv-badges">{join(_badges(case, labels))}</div>'),
            _facts(facts),
            heading(labels["inbox.conversations"]),
            inbox_list(
                conversations,
                now=now,
                networks=networks,
                names=names,
                file=file,
                language=language,
            ),
            *(
                [heading(labels["inbox.notes"]), _timeline(notes, zone, labels, names, language)]
                if notes
                else []
            ),
        ]
    )


def _badges(item: Item, labels: Mapping[str, str]) -> list[Badge]:
    tone, sign = _STATES[item.state]
    found = [badge(f"{sign} {labels[f'inbox.state.{item.state}']}", tone)]
    if item.priority in _PRIORITIES:
        tone, sign = _PRIORITIES[item.priority]
        found.append(badge(f"{sign} {labels[f'inbox.priority.{item.priority}']}", tone))
    return found


def _waiting(
    conversation: Conversation,
    now: dt.datetime,
    due: dt.datetime | None,
    labels: Mapping[str, str],
) -> list[Badge]:
    """Return how long the customer has waited, and when a target is missed."""
    since = conversation.unanswered_since
    if since is None or not conversation.is_open:
        return []
    found = [badge(labels["inbox.waits"].format(time=_span(now - since, labels)), "amber")]
    if due is not None:
        key = _LATE if due <= now else "due"
        text = labels[f"inbox.{key}"].format(time=_span(abs(due - now), labels))
        found.append(badge(text, "red" if key == _LATE else "grey"))
    return found


def _span(length: dt.timedelta, labels: Mapping[str, str]) -> str:
    """Return a length of time in its two largest units, such as "2 h 10 min"."""
    minutes = max(int(length.total_seconds() // 60), 0)
    days, rest = divmod(minutes, _DAY)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "inbox.days"), (hours, "inbox.hours"), (minutes, "inbox.minutes")]
    shown = [labels[key].format(count=count) for count, key in parts if count][:2]
    return " ".join(shown) or labels["inbox.minutes"].format(count=0)


def _customer(conversation: Conversation, networks: Mapping[str, str]) -> Html:
    account = conversation.customer
    network = networks.get(conversation.profile) or account.partition(":")[0]
    name = conversation.customer_name or account.partition(":")[2] or "?"
    return Html(f"<span>{network_badge(network)} <bdi>{escape(name)}</bdi></span>")


def _accountability(
    accountable: Accountability | None,
    labels: Mapping[str, str],
    names: Callable[[str], str],
    language: str,
) -> list[tuple[str, Html]]:
    if accountable is None:
        return []
    principal: Principal = accountable.principal
    reason = accountable.reason.text(base_language(language))
    text = Html(
        f"<b><bdi>{escape(names(str(principal)))}</bdi></b>"
        f' <span class="soft">{escape(reason)}</span>'
    )
    return [(labels["inbox.accountable"], text)]


def _facts(facts: Iterable[tuple[str, Html]]) -> Html:
    rows = "".join(
        f'<div><dt>{escape(label)}</dt><dd class="wrap">{value}</dd></div>'
        for label, value in facts
    )
    return Html(f'<dl class="facts">{rows}</dl>')


def _time(at: dt.datetime, zone: str, language: str) -> Html:
    local = local_time(at, zone)
    month = MONTHS[base_language(language)][local.month - 1]
    shown = f"{local.day} {month} {local.year} {local:%H:%M}"
    return Html(f'<time datetime="{as_utc(at).isoformat()}">{escape(shown)}</time>')


def _timeline(
    entries: Iterable[StoredMessage | Note],
    zone: str,
    labels: Mapping[str, str],
    names: Callable[[str], str],
    language: str,
) -> Html:
    parts: list[str] = []
    day: dt.date | None = None
    for entry in entries:
        local = local_time(entry.at, zone)
        if local.date() != day:
            day = local.date()
            month = MONTHS[base_language(language)][day.month - 1]
            parts.append(f'<li class="day-line">{escape(f"{day.day} {month} {day.year}")}</li>')
        clock = f'<time datetime="{as_utc(entry.at).isoformat()}">{local:%H:%M}</time>'
        parts.append(
            _note(entry, clock, labels, names)
            if isinstance(entry, Note)
            else _message(entry, clock, labels)
        )
    if not parts:
        return Html(f'<p class="lede">{escape(labels["inbox.no_messages"])}</p>')
    return Html(f'<ol class="timeline">{"".join(parts)}</ol>')


def _note(note: Note, clock: str, labels: Mapping[str, str], names: Callable[[str], str]) -> str:
    kind = labels["inbox.internal_note" if note.internal else "inbox.external_note"]
    by = escape(names(f"member:{note.by}"))
    return (
        f'<li class="msg note"><div class="msg-top"><b><bdi>{by}</bdi></b> {clock}'
        f' <span class="soft">{escape(kind)}</span></div>{_text(note.text)}</li>'
    )


def _message(entry: StoredMessage, clock: str, labels: Mapping[str, str]) -> str:
    message = entry.message
    author = message.author.name or message.author.handle or message.author.id
    who = labels["inbox.us"] if message.own else author or labels["inbox.unknown"]
    marks = []
    if message.hidden:
        marks.append(labels["inbox.hidden"])
    if message.deleted:
        marks.append(labels["inbox.deleted"])
    elif entry.edits:
        marks.append(labels["inbox.edited"].format(count=entry.edits))
    state = "".join(f' <span class="soft">{escape(mark)}</span>' for mark in marks)
    body = "" if message.deleted else _text(message.text)
    files = "".join(
        f"<li>{link(address, labels['inbox.file'].format(number=number))}</li>"
        for number, address in enumerate(message.media, start=1)
    )
    side = "own" if message.own else "theirs"
    where = f" {link(message.url, labels['inbox.on_network'])}" if message.url else ""
    return (
        f'<li class="msg {side}"><div class="msg-top"><b><bdi>{escape(who)}</bdi></b> {clock}'
        f"{state}{where}</div>{body}{f'<ul>{files}</ul>' if files else ''}</li>"
    )


def _text(text: str) -> str:
    lines = "<br>".join(escape(line) for line in text.split("\n"))
    return f'<p class="wrap" dir="auto">{lines}</p>' if text else ""


def _replies(
    conversation: Conversation, labels: Mapping[str, str], names: Callable[[str], str]
) -> Html:
    if not conversation.replies:
        return Html("")
    rows = []
    for reply in conversation.replies:
        status = badge(labels[f"inbox.reply.{reply.status}"], _REPLIES[reply.status])
        by = escape(names(f"member:{reply.by}"))
        rows.append(f"<li>{status} <bdi>{by}</bdi></li>")
    return join(
        [
            heading(labels["inbox.replies"]),
            Html(f'<ul class="open-replies">{"".join(rows)}</ul>'),
        ]
    )

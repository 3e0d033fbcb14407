"""The inbox, a conversation and a case as HTML."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, cast

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pages.html_reader import Reader

from socialcollab.content import Message, MessageAuthor
from socialcollab.directory import Principal
from socialcollab.inbox import (
    Accountability,
    Case,
    Conversation,
    HandOff,
    Note,
    PendingReply,
    StoredMessage,
)
from socialcollab.pages import Html, page
from socialcollab.pages.inbox import case_view, conversation_view, inbox_list
from socialcollab.verdicts import Reason

NOW = dt.datetime(2026, 4, 7, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ZONE = "Europe/Amsterdam"


def conversation(**fields: Any) -> Conversation:
    """Return a conversation that waits for an answer since two hours and five minutes."""
    values: dict[str, Any] = {
        "id": "c1",
        "profile": "tulip-x",
        "workspace": "tulip",
        "kind": "direct",
        "title": "Waar is mijn koffer?",
        "customer": "x:42",
        "customer_name": "ken",
        "opened_at": NOW - 2 * HOUR,
        "changed_at": NOW,
        "unanswered_since": NOW - dt.timedelta(hours=2, minutes=5),
    }
    return Conversation(**values | fields)


def message(text: str, *, at: dt.datetime = NOW, edits: int = 0, **fields: Any) -> StoredMessage:
    """Return a message of the customer."""
    values: dict[str, Any] = {
        "network": "x",
        "profile": "tulip-x",
        "network_id": "7",
        "kind": "direct",
        "author": MessageAuthor(id="42", handle="ken", name="Ken"),
        "created_at": at,
        "text": text,
    }
    return StoredMessage(
        id="m",
        conversation="c1",
        message=Message(**values | fields),
        received_at=at,
        at=at,
        edits=edits,
    )


def shown(html: str) -> str:
    """Return the visible text of a part of a page, after checking that its HTML is well formed."""
    # The reader accepts only links to web sites.
    local = re.sub(r'href="[\w-]+\.html"', "", html)
    text: str = Reader(page("Inbox", Html(local))).text
    return text


def test_list() -> None:
    """Each conversation shows its customer, owner, state, priority and waiting time."""
    urgent = conversation(priority="urgent", owner="member:ana", tags=("bagage",))
    resolved = conversation(id="c2", title="", state="resolved", unanswered_since=None)
    html = inbox_list(
        [urgent, resolved],
        now=NOW,
        targets={"c1": NOW - 5 * HOUR},
        file=lambda name: f"conversation-{name}.html",
    )
    text = shown(html)
    for part in (
        "Conversations: 2. Waiting for an answer: 1.",
        "ken",
        "Owner: ana",
        "bagage",
        "!! urgent",
        "waiting for 2 h 5 min",
        "late by 5 h",
        "✓ resolved",
        "No text",
        "no owner",
    ):
        assert part in text
    assert 'href="conversation-c1.html"' in html
    assert html.count("conv needs") == 1


def test_empty_list() -> None:
    """An empty list says so, in the chosen language."""
    assert "No conversations." in inbox_list([], now=NOW)
    assert "Geen gesprekken." in inbox_list([], now=NOW, language="nl-BE")


def test_conversation() -> None:
    """A conversation shows who is accountable, its messages by day, and its open replies."""
    entries: list[StoredMessage | Note] = [
        message("Waar is\nmijn koffer?", at=NOW - 30 * HOUR, edits=2),
        message("Wij zoeken het uit.", own=True, url="https://x.com/i/8"),
        message("", deleted=True, hidden=True, media=("https://pbs.example/1.jpg", "javascript:1")),
        Note(id="n", item="conversation/c1", by="ben", at=NOW, text="Bel Praag"),
        Note(id="o", item="conversation/c1", by="ben", at=NOW, text="Morgen", internal=False),
    ]
    item = conversation(
        state="on_hold",
        until=NOW + HOUR,
        hand_off=HandOff(to="team:support", by="ana", at=NOW),
        recycled=True,
        reopen_case=True,
        replies=(
            PendingReply(post="p", by="ana", status="proposed", seen=3),
            PendingReply(post="q", by="ben", status="stopped", seen=2),
        ),
    )
    answers = Accountability(
        principal=Principal("member", "ana"),
        reasons=(Reason.of("accountable.owner", principal="member:ana"),),
    )
    case = Case(id="k1", workspace="tulip", title="Koffer", opened_at=NOW, changed_at=NOW)
    html = conversation_view(
        item,
        entries,
        now=NOW,
        zone=ZONE,
        accountable=answers,
        case=case,
        file=lambda name: f"case-{name}.html",
    )
    text = shown(html)
    for part in (
        "‖ on hold",
        "6 April 2026",
        "05:00",
        "edited 2 times",
        "Our account",
        "deleted",
        "hidden",
        "internal note",
        "note, visible to the client",
        "offered to team:support, not accepted yet",
        "7 April 2026 12:00",
        "It may be a new matter",
        "Reopen the case",
        "waits for approval",
        "stopped: look again",
        "File 1",
        "Koffer",
    ):
        assert part in text
    assert 'href="case-k1.html"' in html
    assert 'href="javascript' not in html
    assert "Waar is<br>mijn koffer?" in html


def test_case() -> None:
    """A case shows its conversations and its notes."""
    case = Case(
        id="k1",
        workspace="tulip",
        title="Koffer",
        priority="high",
        until=NOW + HOUR,
        opened_at=NOW,
        changed_at=NOW,
    )
    note = Note(id="n", item="case/k1", by="ben", at=NOW, text="Koffer gevonden")
    text = shown(case_view(case, [conversation()], [note], now=NOW, zone=ZONE, language="nl"))
    for part in (
        "! hoge prioriteit",
        "Waar is mijn koffer?",
        "Koffer gevonden",
        "7 april 2026 11:00",
    ):
        assert part in text


@pytest.mark.parametrize("language", ["en", "nl"])
def test_every_state(language: str) -> None:
    """Each state, priority and status has words and a tone."""
    for state in ("open", "waiting", "on_hold", "resolved"):
        for priority in ("low", "normal", "high", "urgent"):
            item = conversation(state=state, priority=priority)
            assert "{" not in shown(inbox_list([item], now=NOW, language=language))
    for status in ("draft", "proposed", "reserved", "leaving", "stopped", "published"):
        reply = PendingReply(post="p", by="ana", status=cast("Any", status), seen=1)
        item = conversation(replies=(reply,))
        assert "{" not in shown(conversation_view(item, [], now=NOW, zone=ZONE, language=language))


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
def test_hostile_texts(text: str, name: str) -> None:
    """Texts and names of customers are shown literally."""
    hostile = f"<script>{text}</script>"
    item = conversation(title=hostile, customer_name=name, tags=(hostile,))
    entry = message(hostile, author=MessageAuthor(id="1", name=hostile))
    html = conversation_view(item, [entry], now=NOW, zone=ZONE) + inbox_list([item], now=NOW)
    assert "<script" not in html
    shown(html)


def test_long_conversation() -> None:
    """The size of a page grows with the number of entries only."""
    entries: list[StoredMessage | Note] = [
        attrs.evolve(message("hallo"), id=str(number)) for number in range(500)
    ]
    html = conversation_view(conversation(), entries, now=NOW, zone=ZONE)
    assert len(html) < 500 * 300

"""Messages to the sandbox's profiles, the posts of a profile, and their counts."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Final

from socialcollab.content import Json, Message, MessageAuthor, MessageKind
from socialcollab.directory import Profile
from socialcollab.errors import InvalidValueError
from socialcollab.networks.reading import Entry, entries_of, identifier, instant, number, table
from socialcollab.networks.responses import error_for, object_of, text_in, unreadable
from socialcollab.time import as_utc
from socialcollab.transport import Counts, MessagePage, OwnPost, OwnPosts, Response, retry_after_s

MOST_MESSAGES: Final = 100
_FIRST_ID: Final = 10**17
_RECORDS: Final = "at://did:plc:sandbox/app.bsky.feed.post/"


def add_message(
    db: sqlite3.Connection,
    profile: str,
    *,
    kind: MessageKind,
    text: str,
    author: MessageAuthor,
    parent: str,
    at: dt.datetime,
) -> str:
    """Store a message to a profile, and return its id."""
    number_ = db.execute("SELECT coalesce(max(number), 0) + 1 FROM messages").fetchone()[0]
    # Most networks have ids of this form.
    network_id = str(_FIRST_ID + number_)
    # The message is checked in the form in which the adapter returns it.
    Message(
        network="sandbox",
        profile=profile,
        network_id=network_id,
        kind=kind,
        author=author,
        created_at=at,
    )
    body: dict[str, Json] = {
        "id": network_id,
        "kind": kind,
        "text": text,
        "author": {"id": author.id, "handle": author.handle, "name": author.name},
        "parent": parent,
        "created_at": as_utc(at).isoformat(),
    }
    db.execute(
        "INSERT INTO messages VALUES (?, ?, ?, ?)", (number_, profile, parent, json.dumps(body))
    )
    return network_id


def messages_after(db: sqlite3.Connection, profile: str, after: str) -> Json:
    """Return the body of the response with a page of messages, oldest first."""
    rows = db.execute(
        "SELECT number, body FROM messages WHERE profile = ? AND number > ? ORDER BY number LIMIT ?",
        (profile, int(after) if _is_number(after) else 0, MOST_MESSAGES + 1),
    ).fetchall()
    page = rows[:MOST_MESSAGES]
    return {
        "messages": [json.loads(body) for _, body in page],
        "last": str(page[-1][0]) if page else after,
        "more": len(rows) > len(page),
    }


def moderate(db: sqlite3.Connection, profile: str, action: str, subject: str) -> bool:
    """
    Carry out a moderation action, and return whether the message exists.

    Args:
        db: The database.
        profile: The id of the profile.
        action: The action.
        subject: The id of the message, or of the account to block.
    """
    if action == "block":
        db.execute("INSERT OR IGNORE INTO blocked VALUES (?, ?)", (profile, subject))
        return True
    if action == "unblock":
        db.execute("DELETE FROM blocked WHERE profile = ? AND author = ?", (profile, subject))
        return True
    name = subject.rpartition("/")[2]
    number_ = int(name) - _FIRST_ID if _is_number(name) else 0
    row = db.execute(
        "SELECT body FROM messages WHERE profile = ? AND number = ?",
        (profile, number_),
    ).fetchone()
    if row is None:
        return False
    body = json.loads(row[0])
    if action == "delete":
        body |= {"deleted": True, "text": ""}
    else:
        body["hidden"] = action == "hide"
    db.execute("UPDATE messages SET body = ? WHERE number = ?", (json.dumps(body), number_))
    return True


def posts_since(db: sqlite3.Connection, profile: str, since: str) -> Json:
    """Return the body of the response with the posts of a profile that were not removed."""
    rows = db.execute(
        "SELECT id, text, url, created_at FROM posts"
        " WHERE profile = ? AND removed_at IS NULL ORDER BY number",
        (profile,),
    )
    first = dt.datetime.fromisoformat(since)
    return {
        "posts": [
            {"id": network_id, "text": text, "url": url, "created_at": created_at}
            for network_id, text, url, created_at in rows
            if dt.datetime.fromisoformat(created_at) >= first
        ]
    }


def counts_of(db: sqlite3.Connection, profile: str, network_ids: Collection[str]) -> Json:
    """Return the body of the response with the number of replies to each post that exists."""
    found: dict[str, Json] = {}
    for network_id in network_ids:
        row = db.execute(
            "SELECT (SELECT count(*) FROM messages WHERE parent = posts.id) FROM posts"
            " WHERE id = ? AND profile = ? AND removed_at IS NULL",
            (network_id, profile),
        ).fetchone()
        if row is not None:
            found[network_id] = {"replies": row[0]}
    return {"counts": found}


def check_cursor(cursor: str) -> None:
    """
    Check a cursor of the sandbox.

    Raises:
        InvalidValueError: If it is not a number.
    """
    if cursor and not _is_number(cursor):
        raise InvalidValueError(
            f"cursor `{cursor[:40]}` is not a cursor of the sandbox",
            value=cursor,
            expected="the cursor of the previous page, or an empty string",
        )


def read_page(
    response: Response,
    profile: Profile,
    cursor: str,
    kinds: Collection[MessageKind],
    since: dt.datetime | None,
) -> MessagePage:
    """
    Return the messages in a response.

    Raises:
        NetworkError: If the request failed, or if the response contains no messages.
    """
    _check(response, profile)
    body = object_of(response)
    items = body.get("messages")
    if not isinstance(items, list):
        raise unreadable(response, "list of messages", network=profile.network)

    def read(item: Mapping[str, Json]) -> Entry:
        author, at = table(item, "author"), instant(item, "created_at")
        message = Message(
            network=profile.network,
            profile=profile.id,
            network_id=_on_network(identifier(item), profile),
            kind=text_in(item, "kind"),  # type: ignore[arg-type]  # the message checks it
            author=MessageAuthor(
                id=text_in(author, "id"),
                handle=text_in(author, "handle"),
                name=text_in(author, "name"),
            ),
            created_at=at,
            text=text_in(item, "text"),
            parent=text_in(item, "parent"),
            root=text_in(item, "parent"),
            hidden=item.get("hidden") is True,
            deleted=item.get("deleted") is True,
        )
        is_wanted = message.kind in kinds and (since is None or at >= since)
        return Entry(at=at, message=message if is_wanted else None)

    entries, skipped = entries_of(items, read)
    last = text_in(body, "last")
    found = [entry.message for entry in entries if entry.message is not None]
    messages = sorted(found, key=lambda each: each.created_at)
    return MessagePage(
        messages=tuple(messages),
        cursor=last,
        # Without progress, reading would not end.
        more=body.get("more") is True and last != cursor,
        skipped=skipped,
    )


def read_posts(response: Response, profile: Profile) -> OwnPosts:
    """
    Return the posts in a response.

    Raises:
        NetworkError: If the request failed, or if the response contains no posts.
    """
    _check(response, profile)
    posts = object_of(response).get("posts")
    if not isinstance(posts, list):
        raise unreadable(response, "list of posts", network=profile.network)
    return OwnPosts(
        posts=tuple(
            OwnPost(
                network_id=identifier(table(post)),
                text=text_in(table(post), "text"),
                created_at=instant(table(post), "created_at"),
                url=text_in(table(post), "url"),
            )
            for post in posts
        )
    )


def read_counts(response: Response, profile: Profile) -> dict[str, Counts]:
    """
    Return the counts in a response.

    Raises:
        NetworkError: If the request failed.
    """
    _check(response, profile)
    counts = table(object_of(response), "counts")
    return {name: Counts(replies=number(table(each), "replies")) for name, each in counts.items()}


def _check(response: Response, profile: Profile) -> None:
    if response.status != 200:
        raise error_for(
            response.status,
            text_in(object_of(response), "error")
            or f"the sandbox answered with status {response.status}",
            network=profile.network,
            retry_after_s=retry_after_s(response.headers),
        )


def _on_network(network_id: str, profile: Profile) -> str:
    """Return an id in the form that the profile's network has, so that it can be replied to."""
    return f"{_RECORDS}{network_id}" if profile.network == "bluesky" else network_id


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18

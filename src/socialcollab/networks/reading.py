"""Read the lists of a network page by page, continuing after the entries that were read before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

import attrs

from socialcollab.content import MESSAGE_KINDS, Json, Message, MessageKind
from socialcollab.errors import InvalidValueError, SocialCollabError
from socialcollab.networks.responses import text_in
from socialcollab.time import as_utc
from socialcollab.transport import Flow, MessagePage, OwnPost, OwnPosts

# A network may show an entry only some time after the time that the entry states.
_OVERLAP: Final = dt.timedelta(minutes=2)
_MOST_KNOWN: Final = 300
_MOST_PAGES: Final = 50
_LONGEST_TEXT: Final = 16 * 1024
# No social network is older, and times far in the past cannot be subtracted from.
_FIRST_YEAR: Final = 2000


@attrs.frozen(kw_only=True)
class Entry:
    """
    An entry of a list.

    Attributes:
        at: The time by which the network sorts the list, in UTC.
        message: The message, or None if the entry is not a message of a wanted kind. Such an entry
            also marks the place up to which the list has been read.
        position: The id by which the list can be continued, if it is not the id of the message.
    """

    at: dt.datetime
    message: Message | None = None
    position: str = ""


@attrs.frozen(kw_only=True)
class ListPage:
    """
    One page of a list.

    Attributes:
        entries: The entries that can be read, in any order.
        skipped: The number of entries that cannot be read.
        next_page: The token of the next page, or an empty string.
        is_sorted: Whether all entries on later pages are older than those on this page.
        at: When the server returned the page, if it states that; otherwise None.
    """

    entries: tuple[Entry, ...]
    skipped: int = 0
    next_page: str = ""
    is_sorted: bool = True
    at: dt.datetime | None = None


@attrs.define(kw_only=True)
class Place:
    """
    The place that has been reached in a list, whose newest entries come first.

    A reading can take several pages. Entries that appear in the meantime are left to the next one.

    Attributes:
        after: The time from which entries are new, unless they are among the known entries.
        known: The digests of entries since then that have been returned.
        newest: The id of the newest entry when the last reading began.
        page: The token of the next page; empty if no reading is in progress.
        pages: The number of pages of the current reading.
        begun: The value of `after` for the next reading.
        first: The value of `newest` for the next reading.
    """

    after: str = ""
    known: list[str] = attrs.field(factory=list)
    newest: str = ""
    page: str = ""
    pages: int = 0
    begun: str = ""
    first: str = ""

    def is_new(self, at: dt.datetime) -> bool:
        """Return whether entries of this time may be new."""
        return not self.after or at >= dt.datetime.fromisoformat(self.after)

    def take(self, page: ListPage) -> tuple[list[Message], bool]:
        """Return the new messages of a page, oldest first, and whether older ones were given up."""
        if not self.pages:
            self._begin(page)
        known: set[str] = set(self.known)
        found: list[Message] = []
        for entry in sorted(page.entries, key=_time):
            digest = "" if entry.message is None else _digest(entry.message)
            if entry.message is None or not self.is_new(entry.at) or digest in known:
                continue
            known.add(digest)
            found.append(entry.message)
            if not self.begun or entry.at >= dt.datetime.fromisoformat(self.begun):
                self.known.append(digest)
        self.pages += 1
        is_past = page.is_sorted and any(not self.is_new(entry.at) for entry in page.entries)
        # A server can return pages without end, the same page again, or a token of any length.
        is_useless = page.next_page == self.page or len(page.next_page) > _LONGEST_TEXT
        gave_up = bool(page.next_page) and not is_past and (is_useless or self.pages >= _MOST_PAGES)
        self.page = "" if is_past or gave_up else page.next_page
        if not self.page:
            self._finish()
        return found, gave_up

    def _begin(self, page: ListPage) -> None:
        """
        Determine where the next reading begins.

        Entries can appear between the first page and the last one, for example on a post whose
        comments have already been read, so only the first page counts.
        """
        latest = max(page.entries, key=_time, default=None)
        at = page.at if latest is None else latest.at
        if latest is not None:
            named = "" if latest.message is None else latest.message.network_id
            self.first = latest.position or named
        begun = self.after if at is None else (at - _OVERLAP).isoformat()
        self.begun = max(self.after, begun)

    def _finish(self) -> None:
        self.after = self.begun or self.after
        self.newest = self.first or self.newest
        # Without this limit, the cursor of a busy account would grow.
        self.known = self.known[-_MOST_KNOWN:]
        self.pages, self.begun, self.first = 0, "", ""


@attrs.frozen(kw_only=True)
class Todo:
    """
    What is left to read of a list whose items contain lists, such as posts with comments.

    Attributes:
        after: The token of the next page of outer items.
        left: The number of outer items that may still be read.
        rest: The ids of outer items that have further new items, each with the token of the page on
            which they begin.
    """

    after: str = ""
    left: int = 0
    rest: list[list[str]] = attrs.field(factory=list)

    @classmethod
    def parse(cls, text: str, most: int) -> Todo:
        """Return what a page token describes, or the whole list with *most* outer items."""
        if not text:
            return cls(left=most)
        try:
            after, left, rest = json.loads(text)
            pairs = [[str(outer), str(token)] for outer, token in rest]
            return cls(after=str(after), left=int(left), rest=pairs)
        except (ValueError, TypeError, RecursionError):
            # The cursor was changed. Reading begins again.
            return cls(left=most)

    def text(self) -> str:
        """Return the page token, which is empty if nothing is left."""
        if not self.left and not self.rest:
            return ""
        return json.dumps([self.after, self.left, self.rest], separators=(",", ":"))


Source: TypeAlias = Callable[[Place], Flow[ListPage]]
"""A function that reads the page of a list at a place."""


def check_kinds(kinds: Collection[str]) -> None:
    """
    Check that kinds of message exist.

    Raises:
        InvalidValueError: If one does not.
    """
    unknown = [kind for kind in kinds if kind not in MESSAGE_KINDS]
    if unknown or isinstance(kinds, str):
        raise InvalidValueError(
            f"`{kinds if isinstance(kinds, str) else unknown[0]}` is not a list of kinds of message",
            value=kinds,
            expected=f"a list of kinds, such as [{', '.join(map(repr, MESSAGE_KINDS))}]",
        )


def read_messages(
    network: str,
    account: Callable[[], Flow[str]],
    sources: Callable[[str], Mapping[str, Source]],
    cursor: str,
    *,
    kinds: Collection[MessageKind],
    since: dt.datetime | None,
) -> Flow[MessagePage]:
    """
    Read one page of one of a network's lists, and return the cursor of the next one.

    Args:
        network: The name of the network.
        account: Returns the flow that reads the id of the account, which is done only once.
        sources: Returns the lists, by name, for the id of the account.
        cursor: The cursor of the previous page, or an empty string.
        kinds: The kinds of message, which *sources* has taken into account.
        since: The instant at which the first reading begins, or None.

    Raises:
        InvalidValueError: If the cursor or a kind is not valid.
    """
    check_kinds(kinds)
    state = _State.parse(network, cursor)
    first = "" if since is None else as_utc(since).isoformat()
    state.account = state.account or (yield from account())
    lists = sources(state.account)
    names = list(lists)
    if not names:
        return MessagePage(messages=(), cursor=cursor)
    name = state.turn if state.turn in lists else names[0]
    place = state.places.setdefault(name, Place(after=first))
    page = yield from lists[name](place)
    messages, gave_up = place.take(page)
    rest = names[names.index(name) :] if place.page else names[names.index(name) + 1 :]
    state.turn = rest[0] if rest else ""
    return MessagePage(
        messages=tuple(messages),
        cursor=state.text(),
        more=bool(rest),
        skipped=page.skipped,
        truncated=gave_up,
    )


def entries_of(
    items: Iterable[object], read: Callable[[Mapping[str, Json]], Entry]
) -> tuple[tuple[Entry, ...], int]:
    """
    Return the entries that can be read, and the number of those that cannot.

    Args:
        items: The items of a response, of any type.
        read: Returns the entry for an item. It raises an exception if the item cannot be read.
    """
    found, skipped = [], 0
    for item in items:
        try:
            entry = read(item) if isinstance(item, Mapping) else _unreadable(item)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, SocialCollabError):
            skipped += 1
        else:
            found.append(entry)
    return tuple(found), skipped


def identifier(values: Mapping[str, Json], key: str = "id") -> str:
    """
    Return an id as a string, even if it is a number.

    Raises:
        ValueError: If there is no id.
    """
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise ValueError(key)
    return str(value)


def instant(values: Mapping[str, Json], key: str) -> dt.datetime:
    """
    Return a time in UTC.

    Raises:
        ValueError: If there is no time, it has no UTC offset, or it is before the year 2000.
    """
    at = as_utc(dt.datetime.fromisoformat(text_in(values, key)))
    if at.year < _FIRST_YEAR:
        raise ValueError(key)
    return at


def table(values: Json, *keys: str) -> Mapping[str, Json]:
    """Return the JSON object under a path of keys, or an empty object."""
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values if isinstance(values, Mapping) else {}


def tables(values: Mapping[str, Json], key: str) -> Iterator[Mapping[str, Json]]:
    """Yield the JSON objects in a list, if there is one."""
    found = values.get(key)
    for each in found if isinstance(found, list) else ():
        if isinstance(each, Mapping):
            yield each


def number(values: Mapping[str, Json], key: str) -> int | None:
    """Return a number that is not negative, or None."""
    value = values.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def own_posts(
    posts: Iterable[Mapping[str, Json]],
    read: Callable[[Mapping[str, Json]], OwnPost],
    since: dt.datetime,
    *,
    complete: bool,
) -> OwnPosts:
    """Return the posts since an instant, without those that cannot be read."""
    found = []
    for post in posts:
        try:
            one = read(post)
        except (KeyError, TypeError, ValueError):
            continue
        if one.created_at >= as_utc(since):
            found.append(one)
    return OwnPosts(posts=tuple(sorted(found, key=lambda one: one.created_at)), complete=complete)


@attrs.define(kw_only=True)
class _State:
    """What a cursor contains: the account, the list to read next, and the place in each list."""

    network: str
    account: str = ""
    turn: str = ""
    places: dict[str, Place] = attrs.field(factory=dict)

    @classmethod
    def parse(cls, network: str, cursor: str) -> _State:
        if not cursor:
            return cls(network=network)
        try:
            data = json.loads(cursor)
            state = cls(
                network=data["network"],
                account=_text(data["account"]),
                turn=_text(data["turn"]),
                places={name: _place(values) for name, values in data["places"].items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            state = None
        if state is None or state.network != network:
            raise InvalidValueError(
                f"cursor `{cursor[:40]}` is not a cursor of {network}",
                value=cursor,
                expected="the cursor of the previous page, or an empty string",
            )
        return state

    def text(self) -> str:
        return json.dumps(attrs.asdict(self), separators=(",", ":"))


def _place(values: Mapping[str, object]) -> Place:
    place = Place(**values)  # type: ignore[arg-type]  # checked below
    for name in ("after", "newest", "page", "begun", "first"):
        _text(getattr(place, name))
    for at in (place.after, place.begun):
        if at:
            as_utc(dt.datetime.fromisoformat(at))
    if type(place.pages) is not int or type(place.known) is not list:
        raise TypeError(values)
    for each in place.known:
        _text(each)
    return place


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise TypeError(value)
    return value


def _unreadable(item: object) -> Entry:
    raise TypeError(item)


def _time(entry: Entry) -> dt.datetime:
    return entry.at


def _digest(message: Message) -> str:
    """Return a short text that identifies a version of a message."""
    text = f"{message.network_id}\0{message.version}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

"""Read lists of Meta's Graph API, and lists inside the items of lists, such as comments on posts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import quote

import attrs

from socialcollab.content import Json
from socialcollab.errors import RejectedError
from socialcollab.networks.graph import instant_of, is_gone, items_of, next_page, values_of
from socialcollab.networks.reading import (
    Entry,
    ListPage,
    Place,
    Todo,
    entries_of,
    number,
    table,
)
from socialcollab.networks.responses import unreadable
from socialcollab.transport import Counts, Flow, Request, Response, call, http_date

_PAGE: Final = 100
_MOST_PAGES: Final = 3
_OUTER: Final = 10
_INNER: Final = 25
# Only years with two digits are interpreted relative to this time.
_RECENT: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

Read: TypeAlias = Callable[[Mapping[str, Json]], Entry]
"""A function that reads an item; see `entries_of`."""

CountFields: TypeAlias = tuple[str, Callable[[Json], Counts]]
"""The fields that contain the counts of a kind of post, and a function that reads them."""


@attrs.frozen(kw_only=True)
class GraphReader:
    """
    The flows that read lists of the Graph API.

    Attributes:
        server: The address of the API, with its version.
        network: The name of the network.
    """

    server: str
    network: str

    def page(self, path: str, fields: str, read: Read, place: Place) -> Flow[ListPage]:
        """Read a page of a list, newest first."""
        params = {"fields": fields, "limit": str(_PAGE)}
        if place.page:
            params["after"] = place.page
        response = yield from call(self._get(path, params))
        entries, skipped = entries_of(self._data(response), read)
        return ListPage(entries=entries, skipped=skipped, next_page=next_page(response))

    def nested_page(self, nested: Nested, place: Place) -> Flow[ListPage]:
        """
        Read the newest inner items of a page of outer items, such as the comments on posts.

        If there are more new inner items than the response contains, the next pages have the rest.
        """
        todo = Todo.parse(place.page, nested.most)
        if todo.rest:
            return (yield from self._rest(nested, place, todo))
        return (yield from self._outer(nested, place, todo))

    def _rest(self, nested: Nested, place: Place, todo: Todo) -> Flow[ListPage]:
        (outer, after), *others = todo.rest
        params = {"fields": nested.fields, "limit": str(_PAGE), **nested.params, "after": after}
        response = yield from call(self._get(f"/{quote(outer, safe='')}/{nested.edge}", params))
        entries: tuple[Entry, ...] = ()
        skipped, rest = 0, None
        # The post may have been deleted since its first comments were read.
        if not is_gone(response):
            data = values_of(response, network=self.network)
            entries, skipped, rest = _inner(nested, {"id": outer}, data, place)
        todo = attrs.evolve(todo, rest=[*([rest] if rest else []), *others])
        return ListPage(entries=entries, skipped=skipped, next_page=todo.text(), is_sorted=False)

    def _outer(self, nested: Nested, place: Place, todo: Todo) -> Flow[ListPage]:
        modifiers = "".join(f".{name}({value})" for name, value in nested.params.items())
        inner = f"{nested.edge}{modifiers}.limit({_INNER}){{{nested.fields}}}"
        params = {"fields": f"{nested.outer_fields},{inner}", "limit": str(_OUTER)}
        if todo.after:
            params["after"] = todo.after
        response = yield from call(self._get(nested.path, params))
        found: list[Entry] = []
        unread, queue = 0, []
        items = self._data(response)
        for item in items:
            known = item.get("id") if isinstance(item, Mapping) else None
            if not isinstance(item, Mapping) or not known or type(known) not in (str, int):
                unread += 1
                continue
            entries, skipped, rest = _inner(nested, item, table(item, nested.edge), place)
            found += entries
            unread += skipped
            queue += [rest] if rest else []
        times = [instant_of(item, nested.sorted_by) for item in items if isinstance(item, Mapping)]
        is_past = bool(nested.sorted_by) and any(at and not place.is_new(at) for at in times)
        left = 0 if is_past or not next_page(response) else max(0, todo.left - len(items))
        todo = Todo(after=next_page(response), left=left, rest=queue)
        return ListPage(
            entries=tuple(found),
            skipped=unread,
            next_page=todo.text(),
            is_sorted=False,
            at=http_date(response.headers.get("date", ""), now=_RECENT),
        )

    def recent(
        self, path: str, fields: str, time_key: str, since: dt.datetime
    ) -> Flow[tuple[list[Mapping[str, Json]], bool]]:
        """Return the items of a list since an instant, newest first, and whether these are all."""
        params = {"fields": fields, "limit": str(_PAGE)}
        found: list[Mapping[str, Json]] = []
        for _ in range(_MOST_PAGES):
            response = yield from call(self._get(path, params))
            page = items_of(response, network=self.network)
            times = [instant_of(item, time_key) for item in page]
            recent = [
                item for item, at in zip(page, times, strict=True) if at is None or at >= since
            ]
            found += recent
            after = next_page(response)
            if len(recent) < len(page) or not after:
                return found, True
            params = {**params, "after": after}
        return found, False

    def counts(self, network_id: str, *kinds: CountFields) -> Flow[Counts | None]:
        """
        Read the counts of one post; None if it does not exist.

        An id does not reveal the kind of post, and the API rejects fields that a kind does not have.
        The kinds are therefore tried in turn. If all are rejected, the counts are unknown.
        """
        for fields, read in kinds:
            response = yield from call(
                self._get(f"/{quote(network_id, safe='')}", {"fields": fields})
            )
            if is_gone(response):
                return None
            try:
                return read(values_of(response, network=self.network))
            except RejectedError:
                continue
        return Counts()

    def _data(self, response: Response) -> list[Json]:
        data = values_of(response, network=self.network).get("data")
        if not isinstance(data, list):
            raise unreadable(response, "list `data`", network=self.network)
        return data

    def _get(self, path: str, params: Mapping[str, str]) -> Request:
        return Request(method="GET", url=f"{self.server}{path}", params=params)


@attrs.frozen(kw_only=True)
class Nested:
    """
    A list of outer items, each with a list of inner items that is sorted, newest first.

    Attributes:
        path: The path of the list of outer items.
        outer_fields: The fields of an outer item.
        edge: The name of the list of inner items.
        fields: The fields of an inner item.
        params: The parameters of the list of inner items.
        read: Returns the function that reads the inner items of an outer item.
        time_key: The field with the time of an inner item.
        more: Returns the further items that an inner item contains, such as replies to a comment.
        most: The number of outer items to read.
        sorted_by: The field by which the outer items are sorted, if it is the time of their newest
            inner item.
    """

    path: str
    outer_fields: str
    edge: str
    fields: str
    read: Callable[[Mapping[str, Json]], Read]
    params: Mapping[str, str] = attrs.field(factory=dict)
    more: Callable[[Mapping[str, Json]], list[Json]] = lambda _: []
    most: int = 50
    sorted_by: str = ""
    time_key: str = "created_time"


def total_of(values: Json, key: str) -> int | None:
    """Return the number of items in a list, from its summary."""
    return number(table(values, key, "summary"), "total_count")


def _inner(
    nested: Nested, outer: Mapping[str, Json], listed: Mapping[str, Json], place: Place
) -> tuple[tuple[Entry, ...], int, list[str] | None]:
    """Return the entries, how many cannot be read, and where further new ones begin, if any."""
    data = listed.get("data")
    items = list(data) if isinstance(data, list) else []
    more = [each for item in items if isinstance(item, Mapping) for each in nested.more(item)]
    entries, skipped = entries_of([*items, *more], nested.read(outer))
    times = [instant_of(item, nested.time_key) for item in items if isinstance(item, Mapping)]
    after = _after(listed)
    if not after or any(at and not place.is_new(at) for at in times):
        return entries, skipped, None
    return entries, skipped, [str(outer["id"]), after]


def _after(listed: Mapping[str, Json]) -> str:
    paging = table(listed, "paging")
    after = table(paging, "cursors").get("after")
    return after if isinstance(after, str) and paging.get("next") else ""

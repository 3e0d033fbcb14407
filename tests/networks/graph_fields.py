"""Read the parameter `fields` of the Graph API, in which a field can have fields of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Field(NamedTuple):
    """The parameters of a field, such as its limit, and its own fields."""

    params: dict[str, str]
    fields: dict[str, Field]


def parse_fields(text: str) -> dict[str, Field]:
    """
    Return the fields by name.

    >>> parse_fields("id,comments.limit(2){id}")["comments"].params
    {'limit': '2'}
    """
    found, rest = _parse(text)
    assert not rest, rest
    return found


def _parse(text: str) -> tuple[dict[str, Field], str]:
    found: dict[str, Field] = {}
    while match := re.match(r"(\w+)((?:\.\w+\([^()]*\))*)", text):
        text = text[match.end() :]
        inner: dict[str, Field] = {}
        if text.startswith("{"):
            inner, text = _parse(text[1:])
            assert text.startswith("}"), text
            text = text[1:]
        found[match[1]] = Field(dict(re.findall(r"\.(\w+)\(([^()]*)\)", match[2])), inner)
        if not text.startswith(","):
            break
        text = text[1:]
    return found, text


def show(item: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Return the fields of an item. A list of items becomes the first page of that list."""
    shown: dict[str, Any] = {}
    for name, field in fields.items():
        value = item.get(name)
        if isinstance(value, list):
            shown[name] = page(value, field.fields, int(field.params.get("limit", "25")), 0)
            if "summary" in field.params:
                shown[name]["summary"] = {"total_count": len(value)}
        elif value is not None:
            shown[name] = value
    return shown


def page(
    items: list[dict[str, Any]], fields: Mapping[str, Field], limit: int, first: int
) -> dict[str, Any]:
    """Return a page of a list of items."""
    data = [show(item, fields) for item in items[first : first + limit]]
    paging: dict[str, Any] = {"cursors": {"before": str(first), "after": str(first + limit)}}
    if first + limit < len(items):
        paging["next"] = "https://graph.example/next?access_token=graph-token-8d2e"
    return {"data": data, "paging": paging} if data else {"data": []}

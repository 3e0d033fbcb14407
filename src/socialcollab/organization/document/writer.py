"""From the sections' classes back to plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs

from socialcollab import document_fields as sh
from socialcollab.organization.document.reader import Field, fields_of


def section_values(section: Any, *, digested: bool = False, without: str = "") -> dict[str, Any]:
    """
    Return what a document says of one section; what is as it is by default is left out.

    Args:
        section: An instance of a section's class.

        digested: Whether to leave out what is personal, and to write dates as text.

        without: A key to leave out.
    """
    cls: Any = type(section)
    found: dict[str, Any] = {}
    for field, name, default in _defaults(cls):
        value = getattr(section, name)
        if field.key == without or (digested and _personal(field.shape)):
            continue
        if not field.required and value == default:
            continue
        found[field.key] = plain_values(field.shape, value, digested=digested)
    return found


def plain_values(shape: sh.Shape, value: Any, *, digested: bool = False) -> Any:
    """Return one value as a document of *shape* says it."""
    match shape:
        case sh.Section():
            said = section_values(value, digested=digested)
            plain = said.get(shape.plain) if len(said) == 1 and not digested else None
            return plain if isinstance(plain, str) else said
        case sh.ListOf(item=item):
            many = sorted(value) if isinstance(value, frozenset) else value
            items = [plain_values(item, one, digested=digested) for one in many]
            return items[0] if shape.or_one and len(items) == 1 and not digested else items
        case sh.MapOf(item=sh.Section() as item):
            key = next(one.key for one in fields_of(item.cls) if isinstance(one.shape, sh.Id))
            return {one.id: section_values(one, digested=digested, without=key) for one in value}
        case sh.MapOf() | sh.Contact():
            return dict(value)
        case sh.PrincipalShape() | sh.Parsed():
            return str(value)
    if isinstance(value, dt.date) and digested:
        return value.isoformat()
    return value


def _personal(shape: sh.Shape) -> bool:
    return isinstance(shape, sh.Contact) or (isinstance(shape, sh.Text) and shape.personal)


@cache
def _defaults(cls: Any) -> tuple[tuple[Field, str, object], ...]:
    """Return the fields of a section's class, with their attributes' names and defaults."""
    attributes = {one.name: one for one in attrs.fields(cls)}
    found = ((field, attributes[field.name.lstrip("_")]) for field in fields_of(cls))
    return tuple(
        (field, one.name, attrs.NOTHING if field.required else _default(one))
        for field, one in found
    )


def _default(attribute: attrs.Attribute[Any]) -> object:
    default: Any = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        default = default.factory()
    converter = attribute.converter
    if default is None or converter is None or isinstance(default, Mapping):
        return default
    return converter(default)  # type: ignore[operator]  # attrs' own converters are callable

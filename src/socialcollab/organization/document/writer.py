"""Writing a document's sections as plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Any

import attrs

from socialcollab import document_fields as sh
from socialcollab.document_fields import Field, fields_of


def section_values(section: Any, *, digested: bool = False, without: str = "") -> dict[str, Any]:
    """
    Return the keys and values of a section, omitting values that equal their defaults.

    Args:
        section: An instance of a section's class.
        digested: Whether to omit personal values and to convert dates to strings.
        without: A key to omit.
    """
    cls: Any = type(section)
    values: dict[str, Any] = {}
    for field, default in _defaults(cls):
        value = getattr(section, field.name)
        if field.key == without or (digested and _is_personal(field.shape)):
            continue
        if field.required or value != default:
            values[field.key] = plain_values(field.shape, value, digested=digested)
    return values


def plain_values(shape: sh.Shape, value: Any, *, digested: bool = False) -> Any:
    """Return a value of *shape* in the form in which a document contains it."""
    match shape:
        case sh.Section():
            values = section_values(value, digested=digested)
            plain = values.get(shape.plain) if len(values) == 1 and not digested else None
            return plain if isinstance(plain, str) else values
        case sh.ListOf(item=item):
            many = sorted(value) if isinstance(value, frozenset) else value
            items = [plain_values(item, one, digested=digested) for one in many]
            return items[0] if shape.or_one and len(items) == 1 and not digested else items
        case sh.MapOf(item=sh.Section() as item):
            key = next(field.key for field in fields_of(item.cls) if isinstance(field.shape, sh.Id))
            return {one.id: section_values(one, digested=digested, without=key) for one in value}
        case sh.MapOf() | sh.Contact():
            return dict(value)
        case sh.PrincipalShape() | sh.Parsed():
            return str(value)
    if isinstance(value, dt.date) and digested:
        return value.isoformat()
    return value


def _is_personal(shape: sh.Shape) -> bool:
    return isinstance(shape, sh.Contact) or (isinstance(shape, sh.Text) and shape.personal)


@cache
def _defaults(cls: Any) -> tuple[tuple[Field, object], ...]:
    """Return the fields of a section's class, each with its default value."""
    attributes = attrs.fields_dict(cls)
    return tuple((field, _default(attributes[field.name])) for field in fields_of(cls))


def _default(attribute: attrs.Attribute[Any]) -> object:
    default: Any = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        default = default.factory()
    converter = attribute.converter
    # The converter of a required field may not accept `NOTHING`.
    if (
        default is attrs.NOTHING
        or default is None
        or converter is None
        or isinstance(default, Mapping)
    ):
        return default
    return converter(default)  # type: ignore[operator]  # attrs' own converters are callable
